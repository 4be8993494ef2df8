"""Assignment 4, Generating: the bound, a conditional VAE, and what a collapse says of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from zsbir_lib.check import cvae_functions, generating_functions
from zsbir_lib.check.assignment import Assignment
from zsbir_lib.check.linear_cvae import (
    RATE,
    REGULARISERS,
    VARIANCE,
    WEIGHTS,
    LinearPairs,
    Matrices,
    best_numbers,
    fit_linear,
)
from zsbir_lib.check.questions import Question, TextQuestion, ValueQuestion, Verdict
from zsbir_lib.errors import ZsbirError

_NOISES = (0.25, 1.0, 4.0)  # of `zsbir_lib.widgets.PosteriorExplorer`, whose others are too small
_CLOSE = 0.01
THRESHOLD = 0.1
"""Least variance of a posterior mean that counts as active in question 4.9."""
_BY_WEIGHT = "weight of the divergence"
_BY_REGULARISER = "weight of the regulariser"
_MIDDLE = WEIGHTS[1]  # of the divergence, while the regulariser's weight changes


class Generating(Assignment):
    """Data and questions of assignment 4.

    Attributes
    ----------
    x, noise : float
        Observation and variance of the noise in question 4.1.
    limit : float
        Nats that a guess which says nothing may lose in question 4.2.
    few : int
        The numbers of z that question 4.9 leaves active.
    threshold : float
        From which variance of its mean a number counts as active there.
    weights, regularisers : tuple of float
        Weights of the divergence and of the regulariser that are tried.
    variance, rate : float
        Of the decoder, and of the training.
    """

    name = "generating"
    weights, regularisers = WEIGHTS, REGULARISERS
    variance, rate, threshold = VARIANCE, RATE, THRESHOLD

    def _questions(self) -> tuple[Question, ...]:
        rng = np.random.default_rng([self.variant, 0])
        self.x = round(float(rng.choice([-1, 1]) * rng.uniform(0.8, 2.2)), 1)
        self.noise = float(rng.choice(_NOISES[:2]))
        place = int(rng.integers(1, len(_NOISES)))
        self._enough = _NOISES[place]
        around = [self._lost_by_silence(one) for one in _NOISES[place - 1 : place + 1]]
        self.limit = float(f"{math.sqrt(around[0] * around[1]):.2g}")
        self._place = int(rng.integers(1, len(WEIGHTS) - 1))
        self.few = self._active(self._place)
        return (
            ValueQuestion("4.1", ("closed",), self._judge_closed),
            ValueQuestion("4.2", ("silent",), self._judge_silent),
            generating_functions.KL,
            generating_functions.BOUND,
            generating_functions.DRAW,
            cvae_functions.LOSS,
            cvae_functions.FIT,
            cvae_functions.PAYS,
            ValueQuestion("4.9", ("kept",), self._judge_kept),
            TextQuestion("4.10", "why", words=80),
        )

    @cached_property
    def pairs(self) -> LinearPairs:
        """The pairs to learn from, the sketches that are asked, and the gallery."""
        return LinearPairs(np.random.default_rng([self.variant, 1]))

    def sweep(
        self, fit: Callable[..., Matrices | None], of: str = "divergence"
    ) -> dict[float, Matrices]:
        """Train with several weights of a term.

        Parameters
        ----------
        fit
            The function of question 4.7; as long as it returns nothing, the assignment's own.
        of
            ``"divergence"``, without the regulariser, or ``"regulariser"``, with one weight of the
            divergence.

        Returns
        -------
        dict of float to dict of str to array
            By the weight, what the training returned.

        Raises
        ------
        ZsbirError
            If there is no such term.
        """
        if of == "divergence":
            return {beta: self._trained(fit, beta, 0.0) for beta in WEIGHTS}
        if of == "regulariser":
            return {weight: self._trained(fit, _MIDDLE, weight) for weight in REGULARISERS}
        raise ZsbirError(f"of is {of!r}: use 'divergence' or 'regulariser'")

    def _trained(self, fit: Callable[..., Matrices | None], *weights: float) -> Matrices:
        pairs = self.pairs
        first = {name: matrix.copy() for name, matrix in pairs.first.items()}
        given = (pairs.sketches, pairs.photos, first, pairs.noise, VARIANCE, *weights, RATE)
        found = fit(*given)
        made: Mapping[str, Any] = fit_linear(*given) if found is None else found
        return {
            name: np.asarray(value.detach() if hasattr(value, "detach") else value, float)
            for name, value in made.items()
        }

    def evidence(self, models: Mapping[float, Matrices]) -> str:
        """Return what was measured of models by their weight, as a table.

        The last column is the difference of P@8 from the first model, over the sketches that are
        asked, with its interval.
        """
        reference = next(iter(models.values()))
        lines = ["weight   nats  active  spread    P@8  minus the first [95% interval]"]
        for weight, model in models.items():
            nats, variances = self.pairs.posterior(model)
            lines.append(
                f"{weight:6g} {nats.sum():6.2f} {int((variances > THRESHOLD).sum()):7} "
                f"{self.pairs.spread(model):7.2f} {self.pairs.precision(model).mean():6.3f}  "
                f"{self.pairs.difference(model, reference)}"
            )
        return "\n".join(lines)

    def _active(self, place: int) -> int:
        """Return how many numbers of z pay at a weight of the divergence."""
        return int((best_numbers(self.pairs.kappa, WEIGHTS[place], VARIANCE)["nats"] > 0).sum())

    def _lost_by_silence(self, noise: float) -> float:
        """Return the gap of the prior as a guess, in nats."""
        return _gap(0.0, 1.0, self.x, noise)

    def _judge_closed(self, closed: Any) -> Verdict:
        mean, deviation, x, noise = _choices(closed)
        if not math.isclose(x, self.x) or not math.isclose(noise, self.noise):
            return Verdict(0.0, "not yet: leave the observation and the noise as they are.")
        if _gap(mean, deviation, x, noise) < _CLOSE:
            return Verdict(1.0, "right: the bound is the likelihood, as nearly as sliders go.")
        if (mean, deviation) == (0, 1):
            return Verdict(0.0, "not yet: that is the prior, from which you started.")
        if abs(mean - x) < 0.06:
            return Verdict(0.0, "not yet: your guess believes the observation alone; the prior has "
                                "a say, too.")  # fmt: skip
        centre, spread = x / (1 + noise), math.sqrt(noise / (1 + noise))
        if abs(mean - centre) < 0.1 * spread:
            how = "wide, and fits badly" if deviation > spread else "narrow, and dear"
            return Verdict(0.0, f"not yet: the mean is good; the guess is too {how}.")
        if abs(deviation - spread) < 0.1 * spread:
            return Verdict(0.0, "not yet: the width is good; the mean is not.")
        return Verdict(0.0, "not yet: mean and width are both off. Move one until the bar is as "
                            "full as it gets, then the other.")  # fmt: skip

    def _judge_silent(self, silent: Any) -> Verdict:
        mean, deviation, x, noise = _choices(silent)
        if not math.isclose(x, self.x):
            return Verdict(0.0, "not yet: leave the observation as it is.")
        if abs(mean) > 1e-6 or abs(deviation - 1) > 1e-6:
            return Verdict(0.0, "not yet: this guess says something about x, and pays for it. "
                                "Which guess has the price 0?")  # fmt: skip
        if math.isclose(noise, self._enough):
            return Verdict(1.0, "right: with so much noise, silence costs hardly anything.")
        if noise > self._enough:
            return Verdict(0.0, "not yet: less noise is enough.")
        return Verdict(0.0, f"not yet: with this noise, silence loses more than {self.limit:g} "
                            "nats.")  # fmt: skip

    def _judge_kept(self, kept: Any) -> Verdict:
        sweep, place, threshold = kept["sweep"], int(kept["place"]), float(kept["threshold"])
        if sweep == _BY_REGULARISER:
            return Verdict(0.0, "not yet: that is the other term. Which of the two acts on q?")
        if sweep != _BY_WEIGHT:
            return Verdict(0.0, "not yet: take the line that is printed below the widget.")
        if not math.isclose(threshold, THRESHOLD):
            return Verdict(0.0, f"not yet: count what varies by more than {THRESHOLD:g}. With "
                                "another threshold it is another count.")  # fmt: skip
        if place == self._place:
            return Verdict(1.0, "right: no smaller weight of those that were tried does it.")
        if self._place < place < len(WEIGHTS):
            return Verdict(0.0, "not yet: a smaller weight does it, too.")
        return Verdict(0.0, "not yet: more numbers than that are active there.")


def _choices(kept: Any) -> tuple[float, float, float, float]:
    mean, deviation, x, noise = (float(kept[name])
                                 for name in ("mean", "deviation", "x", "variance"))  # fmt: skip
    if not deviation > 0 or not all(map(math.isfinite, (mean, deviation, x, noise))):
        raise ValueError("no choices of the widget")
    return mean, deviation, x, noise


def _gap(mean: float, deviation: float, x: float, noise: float) -> float:
    """Return the divergence of a guess from the posterior of x = z + noise, in nats."""
    posterior = [x / (1 + noise)], [math.sqrt(noise / (1 + noise))]
    return float(generating_functions.KL.right([mean], [deviation], *posterior)["kl"])
