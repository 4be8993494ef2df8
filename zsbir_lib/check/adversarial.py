"""Assignment 5, Playing a game: two losses, a run watched, centres of samples, a table read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from zsbir_lib.check import adversarial_functions as functions
from zsbir_lib.check import adversarial_ranking as ranking
from zsbir_lib.check.assignment import Assignment
from zsbir_lib.check.chase import CAUSES, STEPS, Moment, chase
from zsbir_lib.check.questions import Question, TextQuestion, ValueQuestion, Verdict
from zsbir_lib.check.scored_methods import scored_methods

_CLUMPS, _EACH = 4, 22
_MIDDLE, _VARIANCE = 0.5, 0.1
_ROUNDING = 0.011
"""What two numbers that the widget shows with two digits may be off."""
CLAIMS = ("yes", "open", "no")


class Adversarial(Assignment):
    """Data and questions of assignment 5.

    Attributes
    ----------
    causes : tuple of str
        The words of question 5.5.
    middle, variance : float
        Of question 5.4: how near the codes' mean has to be, and how small a variance.
    samples : list of list of float
        Points in the plane, for question 5.7.
    first_centres : list of list of float
        Where the widget's centres begin.
    worse : float
        The factor by which the distortion of question 5.7 has to be larger.
    scores : dict of str to list of float
        Of each method, one for each class, for the last questions.
    draws : ndarray of int, shape (draws, classes)
        Of classes, with replacement.
    pairs : tuple of (str, str)
        Of which question 5.10 asks whether the first is better.
    """

    name = "adversarial"
    causes = tuple(CAUSES)
    middle, variance, worse = _MIDDLE, _VARIANCE, 1.5

    def _questions(self) -> tuple[Question, ...]:
        rng = np.random.default_rng([self.variant, 0])
        self._played = dict(zip((f"run {n}" for n in range(1, len(CAUSES) + 1)),
                                rng.permutation(list(CAUSES)).tolist(), strict=True))  # fmt: skip
        self._choose_samples(rng)
        self._table = scored_methods(rng)
        self.scores, self.draws = self._table.scores, self._table.draws
        self.pairs = self._table.pairs
        return (
            functions.BEST,
            functions.LOSSES,
            functions.PUSH,
            ValueQuestion("5.4", ("kept", "read"), self._judge_kept),
            ValueQuestion("5.5", ("played",), self._judge_played),
            ranking.LLOYD,
            ValueQuestion("5.7", ("start", "stop"), self._judge_centres),
            ranking.NEAREST,
            ranking.PAIRED,
            ValueQuestion("5.10", ("claims",), self._judge_claims),
            TextQuestion("5.11", "why", words=80),
        )

    @cached_property
    def runs(self) -> dict[str, list[Moment]]:
        """Recorded games by name; they take a second, so they are played when asked for."""
        return {run: chase(cause, [self.variant, 1]) for run, cause in self._played.items()}

    def _choose_samples(self, rng: np.random.Generator) -> None:
        """Choose clumps for which some starts end much worse than others."""
        while True:
            middles = rng.uniform(-4, 4, (_CLUMPS, 2))
            gaps = np.sqrt(ranking.squared_distances(middles, middles))[np.triu_indices(_CLUMPS, 1)]
            if gaps.min() < 2.5:
                continue
            points = middles[:, None] + rng.normal(0, 0.5, (_CLUMPS, _EACH, 2))
            samples = rng.permutation(points.reshape(-1, 2)).round(3)
            starts = [samples[rng.choice(len(samples), _CLUMPS, replace=False)] for _ in range(30)]
            ends = [_distortion(samples, _settled(samples, start)) for start in starts]
            # Several ways lead there, and the widget's own start leads to the best.
            if sum(end > 1.1 * self.worse * min(ends) for end in ends) >= 4:
                self.samples = samples.tolist()
                self.first_centres = starts[int(np.argmin(ends))].tolist()
                self._least = min(ends)
                return

    def _judge_kept(self, kept: Any, read: Any) -> Verdict:
        if kept["game"] not in self.runs or kept["step"] not in STEPS:
            return Verdict(0.0, "not yet: take the line that is printed below the widget.")
        off, least, greatest = self.runs[kept["game"]][STEPS.index(kept["step"])].moments
        near = off < self.middle + _ROUNDING
        crowded = least < self.variance + _ROUNDING
        if self._played[kept["game"]] != "sound":
            ends = "it never fills the prior" if near else "it is not there"
            return Verdict(0.0, f"not yet: {ends}. Look at the last frame of each run first: which "
                                "of them ends as it should?")  # fmt: skip
        if not near:
            return Verdict(0.0, "not yet: the run is right; here the codes are still under way.")
        if not crowded:
            return Verdict(0.0, "not yet: the run is right; here the codes have spread already.")
        if len(read) != 3 or not np.allclose(read, (off, least, greatest), atol=_ROUNDING):
            return Verdict(0.5, "the moment is right; `read` is not what the widget shows at it: "
                                "middle, least variance, greatest variance.")  # fmt: skip
        return Verdict(1.0, "right: arrived, and not yet spread.")

    def _judge_played(self, played: Mapping[str, str]) -> Verdict:
        if set(played) != set(self._played):
            return Verdict(0.0, "not yet: name each run once: " + ", ".join(self._played) + ".")
        if unknown := [cause for cause in played.values() if cause not in CAUSES]:
            return Verdict(0.0, f"not yet: {unknown[0]!r:.40} is none of "
                                + ", ".join(map(repr, CAUSES)) + ".")  # fmt: skip
        if len(set(played.values())) < len(CAUSES):
            return Verdict(0.0, "not yet: each of the four was played once.")
        wrong = [run for run, cause in self._played.items() if played[run] != cause]
        if not wrong:
            return Verdict(1.0, "right, all four.")
        return Verdict(
            (len(CAUSES) - len(wrong)) / len(CAUSES),
            f"{len(wrong)} of four are not as you say. You have {wrong[0]} as "
            f"{played[wrong[0]]!r}: {CAUSES[played[wrong[0]]]}",
        )

    def _judge_centres(self, start: Sequence[Any], stop: Sequence[Any]) -> Verdict:
        first, last = np.array(start, dtype=float), np.array(stop, dtype=float)
        for name, centres in (("start", first), ("stop", last)):
            if centres.shape != (_CLUMPS, 2) or not (np.abs(centres) < 100).all():
                return Verdict(0.0, f"not yet: `{name}` must hold {_CLUMPS} centres, each a pair "
                                    "of numbers; take the line that is printed.")  # fmt: skip
        samples = np.array(self.samples)
        given = ranking.squared_distances(samples, first).argmin(axis=1)
        if len(set(given.tolist())) < _CLUMPS:
            return Verdict(0.0, "not yet: at your start a centre has no samples, so that it never "
                                "moves; drag it nearer to some.")  # fmt: skip
        end = _settled(samples, first)
        if _distortion(samples, end) <= self.worse * self._least:
            return Verdict(0.0, "not yet: from your start the steps lead to a distortion that is "
                                "too low. How could centres share the clumps unfairly, so that no "
                                "step mends it?")  # fmt: skip
        if np.abs(ranking.moved(samples, last) - last).max() > _ROUNDING:
            return Verdict(0.5, "the start is right; at `stop` a step would still move a centre. "
                                "Go on until nothing changes.")  # fmt: skip
        if np.abs(last - end).max() > _ROUNDING:
            return Verdict(0.5, "the start is right; nothing moves at `stop` either, but Lloyd's "
                                "steps lead elsewhere from this start.")  # fmt: skip
        return Verdict(1.0, "right: no step improves it, and it is far from the best.")

    def _judge_claims(self, claims: Sequence[str]) -> Verdict:
        if len(claims) != len(self.pairs) or any(one not in CLAIMS for one in claims):
            return Verdict(0.0, f"not yet: {len(self.pairs)} words, one for each pair, each "
                                "of them " + ", ".join(map(repr, CLAIMS)) + ".")  # fmt: skip
        found = [self._table.of_pair(pair) for pair in self.pairs]
        wrong = [n for n, one in enumerate(found) if claims[n] != one.claim]
        if not wrong:
            return Verdict(1.0, f"right, all {len(found)}.")
        if all(claims[n] == ("yes" if one.difference > 0 else "no") for n, one in enumerate(found)):
            told = "you go by the means. Which differences could as well be none?"
        elif all(found[n].claim != "open" and claims[n] == "open" for n in wrong):
            told = ("you leave open what the pairs settle. That the methods' own intervals overlap "
                    "says little: the classes are the same.")  # fmt: skip
        elif all({claims[n], found[n].claim} == {"yes", "no"} for n in wrong):
            told = "you have the sign turned: is the *first* of the pair better?"
        else:
            told = "look at where the interval of each difference lies, and whether it holds 0."
        share = (len(found) - len(wrong)) / len(found)
        # Whoever answers every pair alike has not looked.
        share = 0.0 if len(set(claims)) == 1 else share
        return Verdict(share, f"{len(wrong)} of {len(found)} are not so: {told}")


def _settled(samples: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return where Lloyd's steps end."""
    for _ in range(200):
        new = ranking.moved(samples, centres)
        if np.array_equal(new, centres):
            break
        centres = new
    return centres


def _distortion(samples: np.ndarray, centres: np.ndarray) -> float:
    return float(ranking.squared_distances(samples, centres).min(axis=1).sum())
