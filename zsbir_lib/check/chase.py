"""Codes in the plane that chase a prior, against discriminators of which one plays as it should.

The discriminator's logit is linear in its weights, so that a game takes a fraction of a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

STEPS = (0, 10, 20, 30, 35, 40, 45, 50, 60, 75, 100, 150, 200, 300)
"""At which a run is looked at."""
CAUSES = {
    "sound": "the codes must end with the prior's middle and the prior's variance. Do they?",
    "saturating": "log(1 - D) pushes a code hardly at all while D is sure of it. Which run is slow "
    "from its first step on, and slow still when others have arrived?",
    "frozen": "a discriminator that stands still has the same lines of equal height in the first "
    "frame and in the last. Has this one?",
    "linear": "a logit of degree one has straight lines of equal height, all of one direction. "
    "Are they?",
}
"""What was played, and how to see whether it was."""
EXTENT = 6.0
"""Heights are given from minus to plus this, along both coordinates."""

_CODES, _DISTANCE, _SPREAD = 120, 4.0, 0.5
_PRACTICE, _RATE, _LEARNING_RATE, _DECAY = 150, 0.03, 0.05, 0.01
_REACH, _WIDTH = 4.8, 1.5  # of the bumps of a logit
_GRID = 33


@dataclass(frozen=True)
class Moment:
    """A moment of a run.

    Attributes
    ----------
    step : int
        When.
    codes : ndarray of float, shape (n, 2)
        Where they are.
    heights : ndarray of float, shape (g, g)
        The discriminator on a square grid: a row for each value of the second coordinate, rising.
    """

    step: int
    codes: np.ndarray
    heights: np.ndarray

    @property
    def moments(self) -> tuple[float, float, float]:
        """Length of the codes' mean, least and greatest variance; the prior has 0, 1, 1."""
        least, greatest = np.linalg.eigvalsh(np.cov(self.codes.T))
        return float(np.linalg.norm(self.codes.mean(axis=0))), float(least), float(greatest)


def chase(cause: str, seed: list[int]) -> list[Moment]:
    """Play a game, and return what it looks like at `STEPS`.

    Parameters
    ----------
    cause
        One of `CAUSES`: what is played.
    seed
        Of where the codes begin, and of all draws.
    """
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi)
    start = _DISTANCE * np.array([np.cos(angle), np.sin(angle)])
    codes = start + _SPREAD * rng.normal(size=(_CODES, 2))
    critic = _Critic(flat=cause == "linear")
    for _ in range(_PRACTICE):
        critic.learn(rng.normal(size=codes.shape), codes)
    found = []
    for step in range(STEPS[-1] + 1):
        if step in STEPS:
            found.append(Moment(step, codes, critic.heights()))
        if cause != "frozen":
            critic.learn(rng.normal(size=codes.shape), codes)
        # How hard each loss pushes the logit up, by equation (8.7).
        height = expit(critic.logit(codes))
        push = height if cause == "saturating" else 1 - height
        codes = codes + _RATE * push[:, None] * critic.slope(codes)
    return found


class _Critic:
    """A discriminator whose logit is linear in its weights, learnt by Adam with momentum 0.5.

    Of degree one it sees no more than middles. Otherwise it also has terms of degree two, and
    round bumps on a grid, so that codes of the right moments and a wrong shape do not pass.
    """

    def __init__(self, flat: bool) -> None:
        side = np.linspace(-4.5, 4.5, 7)
        grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
        self._bumps = grid[(grid**2).sum(axis=1) < _REACH**2][: 0 if flat else None]
        self._flat = flat
        self.weights = np.zeros(3 if flat else 6 + len(self._bumps))
        self._first, self._second = np.zeros_like(self.weights), np.zeros_like(self.weights)
        self._steps = 0

    def _heights_of_bumps(self, z: np.ndarray) -> np.ndarray:
        squared = (z**2).sum(axis=1)[:, None] - 2 * z @ self._bumps.T
        squared = squared + (self._bumps**2).sum(axis=1)
        return np.exp(-squared / (2 * _WIDTH**2))

    def _terms(self, z: np.ndarray) -> np.ndarray:
        of_one = np.column_stack([np.ones(len(z)), z])
        if self._flat:
            return of_one
        x, y = z.T
        return np.column_stack([of_one, x * x / 2, x * y / 2, y * y / 2, self._heights_of_bumps(z)])

    def logit(self, z: np.ndarray) -> np.ndarray:
        return self._terms(z) @ self.weights

    def slope(self, z: np.ndarray) -> np.ndarray:
        """Return the slope of the logit by z, of z's shape."""
        if self._flat:
            return np.broadcast_to(self.weights[1:], z.shape)
        xx, xy, yy = self.weights[3:6]
        heights = self._heights_of_bumps(z) * self.weights[6:]
        towards = heights @ self._bumps - heights.sum(axis=1)[:, None] * z
        return self.weights[1:3] + z @ np.array([[xx, xy / 2], [xy / 2, yy]]) + towards / _WIDTH**2

    def learn(self, draws: np.ndarray, codes: np.ndarray) -> None:
        """Take a step up the pay (8.4), less a light penalty on the weights."""
        of_draws, of_codes = self._terms(draws), self._terms(codes)
        rise = of_draws.T @ expit(-of_draws @ self.weights)
        rise = (rise - of_codes.T @ expit(of_codes @ self.weights)) / len(codes)
        rise = rise - _DECAY * self.weights
        self._steps += 1
        self._first = 0.5 * self._first + 0.5 * rise
        self._second = 0.99 * self._second + 0.01 * rise**2
        first = self._first / (1 - 0.5**self._steps)
        second = self._second / (1 - 0.99**self._steps)
        self.weights = self.weights + _LEARNING_RATE * first / (np.sqrt(second) + 1e-8)

    def heights(self) -> np.ndarray:
        side = np.linspace(-EXTENT, EXTENT, _GRID)
        x, y = np.meshgrid(side, side)
        return expit(self.logit(np.stack([x.ravel(), y.ravel()], axis=1))).reshape(x.shape)
