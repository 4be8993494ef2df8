"""Assignment 4, Generating: the bound, a conditional VAE, and what a collapse says of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from zsbir_lib.check import cvae_functions, generating_functions
from zsbir_lib.check.assignment import Assignment
from zsbir_lib.check.linear_cvae import RATE, VARIANCE, Matrices, best_numbers, fit_linear
from zsbir_lib.check.questions import Question, TextQuestion, ValueQuestion, Verdict
from zsbir_lib.check.training_pairs import (
    REGULARISERS,
    LinearPairs,
    ToyboxPairs,
    TrainingPairs,
)
from zsbir_lib.errors import ZsbirError

_NOISES = (0.25, 1.0, 4.0)  # of `zsbir_lib.widgets.PosteriorExplorer`, whose others are too small
_CLOSE = 0.01
THRESHOLD = 0.1
"""Least variance of a posterior mean that counts as active in question 4.9."""
_BY_WEIGHT = "weight of the divergence"
_BY_REGULARISER = "weight of the regulariser"
_WEIGHTS = LinearPairs.weights
_MIDDLE = _WEIGHTS[1]  # of the divergence, while the regulariser's weight changes


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
        Weights of the divergence and of the regulariser that are tried on the made-up pairs.
    variance, rate : float
        Of the decoder, and of the training.
    """

    name = "generating"
    weights, regularisers = _WEIGHTS, REGULARISERS
    variance, rate, threshold = VARIANCE, RATE, THRESHOLD

    def _questions(self) -> tuple[Question, ...]:
        rng = np.random.default_rng([self.variant, 0])
        self.x = round(float(rng.choice([-1, 1]) * rng.uniform(0.8, 2.2)), 1)
        self.noise = float(rng.choice(_NOISES[:2]))
        place = int(rng.integers(1, len(_NOISES)))
        self._enough = _NOISES[place]
        around = [self._lost_by_silence(one) for one in _NOISES[place - 1 : place + 1]]
        self.limit = float(f"{math.sqrt(around[0] * around[1]):.2g}")
        self._place = int(rng.integers(1, len(_WEIGHTS) - 1))
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
            ValueQuestion("4.10", ("active",), self._judge_active),
            TextQuestion("4.11", "why", words=80),
        )

    @cached_property
    def pairs(self) -> LinearPairs:
        """Made-up pairs to learn from, sketches that are asked, and a gallery."""
        return LinearPairs(np.random.default_rng([self.variant, 1]))

    @cached_property
    def toybox(self) -> ToyboxPairs:
        """Pairs of the Toybox's seen classes; some classes are held out, to be asked."""
        return ToyboxPairs(np.random.default_rng([self.variant, 2]))

    def sweep(
        self, fit: Callable[..., Matrices | None], of: str = "divergence",
        pairs: TrainingPairs | None = None,
    ) -> dict[float, Matrices]:  # fmt: skip
        """Train with several weights of a term.

        Parameters
        ----------
        fit
            The function of question 4.7; as long as it returns nothing, the assignment's own.
        of
            ``"divergence"``, without the regulariser, or ``"regulariser"``, with one weight of the
            divergence.
        pairs
            What to learn from; None for the made-up pairs.

        Returns
        -------
        dict of float to dict of str to array
            By the weight, what the training returned.

        Raises
        ------
        ZsbirError
            If there is no such term.
        """
        pairs = pairs or self.pairs
        if of == "divergence":
            return {beta: _trained(fit, pairs, beta, 0.0) for beta in pairs.weights}
        if of == "regulariser":
            return {weight: _trained(fit, pairs, _MIDDLE, weight) for weight in REGULARISERS}
        raise ZsbirError(f"of is {of!r}: use 'divergence' or 'regulariser'")

    def evidence(self, models: Mapping[float, Matrices]) -> str:
        """Return what was measured of models of the Toybox by their weight, as a table.

        The last column is the difference of P@6 from the first model, with its interval over the
        classes that are asked.
        """
        pairs = self.toybox
        reference = next(iter(models.values()))
        lines = ["weight   nats  active  spread    P@6  minus the first [95% interval]"]
        for weight, model in models.items():
            nats, variances = pairs.posterior(model)
            lines.append(
                f"{weight:6g} {nats.sum():6.2f} {int((variances > THRESHOLD).sum()):7} "
                f"{pairs.spread(model):7.2f} {pairs.precision(model).mean():6.3f}  "
                f"{pairs.difference(model, reference)}"
            )
        return "\n".join(lines)

    def _active(self, place: int) -> int:
        """Return how many numbers of z pay at a weight of the divergence."""
        return int((best_numbers(self.pairs.kappa, _WEIGHTS[place], VARIANCE)["nats"] > 0).sum())

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
        if self._place < place < len(_WEIGHTS):
            return Verdict(0.0, "not yet: a smaller weight does it, too.")
        return Verdict(0.0, "not yet: more numbers than that are active there.")

    def _judge_active(self, active: Any) -> Verdict:
        pairs = self.toybox
        noises = np.array(pairs.weights) * VARIANCE
        said = [int(count) for count in active]
        if len(said) != len(noises):
            return Verdict(0.0, f"not yet: one count for each of the {len(noises)} weights.")
        most = pairs.noise.shape[2]

        def counts(sizes: np.ndarray, limits: np.ndarray) -> list[int]:
            return [min(most, int((sizes > limit).sum())) for limit in limits]

        everything = np.linalg.eigvalsh(pairs.photos.T @ pairs.photos / len(pairs.photos))
        # The variance of a mean is 1 - beta sigma^2 / kappa.
        visible = counts(pairs.kappa, noises / (1 - THRESHOLD))
        mistakes = {
            "that is compared with the weight alone; what does the decoder's noise do?":
                counts(pairs.kappa, noises / VARIANCE),
            "that is compared with the decoder's variance alone, whatever the weight is.":
                counts(pairs.kappa, 0 * noises + VARIANCE),
            "those are directions of the photos; what the sketch tells need not go through z.":
                counts(everything, noises),
            "those are the numbers that vary by more than a threshold; a number that pays a "
            "little varies less.": visible,
        }  # fmt: skip
        if said == counts(pairs.kappa, noises):
            return Verdict(1.0, "right: so many directions are worth their price.")
        for text, wrong in mistakes.items():
            if said == wrong:
                return Verdict(0.0, f"not yet: {text}")
        if max(said) > most:
            return Verdict(0.0, f"not yet: there are {most} numbers of z; no more can be active.")
        return Verdict(0.0, "not yet: count the variances that are larger than the limit, for each "
                            "weight.")  # fmt: skip


def _trained(
    fit: Callable[..., Matrices | None], pairs: TrainingPairs, beta: float, weight: float
) -> Matrices:
    first = {name: matrix.copy() for name, matrix in pairs.first.items()}
    given = (pairs.sketches, pairs.photos, first, pairs.noise, VARIANCE, beta, weight, RATE)
    found = fit(*given)
    made: Mapping[str, Any] = fit_linear(*given) if found is None else found
    return {
        name: np.asarray(value.detach() if hasattr(value, "detach") else value, float)
        for name, value in made.items()
    }


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
