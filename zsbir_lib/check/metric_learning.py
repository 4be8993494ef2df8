"""Assignment 3, Metric learning: what moves, what teaches, and two exams on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zsbir_lib.check.assignment import Assignment
from zsbir_lib.check.metric_learning_codes import BITS, FOUR_BITS, TIED_AVERAGE, signs
from zsbir_lib.check.metric_learning_falls import FALL, measured_methods
from zsbir_lib.check.metric_learning_losses import CONTRASTIVE, SCALED_TRIPLET
from zsbir_lib.check.questions import Question, TextQuestion, ValueQuestion, Verdict
from zsbir_lib.datasets.splits import SKETCHY_CLASSES, unseen_classes
from zsbir_lib.datasets.toybox import toy_classes

RATE = 0.03
"""Of a step downhill, so small that a triplet takes several."""
SIDE = 2.0
"""The plane goes from -SIDE to SIDE, as the playground has it."""
_KINDS = {"hard": 2, "semi-hard": 3, "easy": 3}
_PHOTOS = 7
Point = list[float]


class MetricLearning(Assignment):
    """Data and questions of assignment 3.

    Attributes
    ----------
    sketch, positive : list of float
        Two points of the plane in question 3.3.
    class_name : str
        What they are of: a seen class.
    negatives : dict of str to list of float
        Photos of other seen classes, and where they are in the plane.
    margin, rate : float
        Of the triplet loss there, and of a step downhill.
    outputs : ndarray of float, shape (8, 4)
        What a network gives for a sketch, in the first row, and for seven photos.
    scores : dict of str to dict of str to ndarray
        Of each method, the score of each class: ``"wide"``, ``"seen"`` and ``"unseen"``.
    claim : str
        What somebody reads off two of its columns.
    """

    name = "metric_learning"
    rate = RATE

    def _questions(self) -> tuple[Question, ...]:
        rng = np.random.default_rng([self.variant, 0])
        while not self._choose_plane(rng):
            pass
        while not self._choose_outputs(rng):
            pass
        self._measured = made = measured_methods(rng)
        self.scores = made.scores
        self.claim = (
            f"{made.masked} does better on classes that it never met than on those it learnt. "
            f"{made.unresolved} does worse on them. And {made.first}, first on the classes that "
            "were learnt, is the one to use for new ones."
        )
        return (
            CONTRASTIVE,
            SCALED_TRIPLET,
            ValueQuestion("3.3", ("mined", "kept"), self._judge_mined),
            ValueQuestion("3.4", ("my_code", "my_distances", "may_be_first"), self._judge_codes),
            FOUR_BITS,
            TIED_AVERAGE,
            FALL,
            ValueQuestion("3.8", ("masked", "unresolved"), self._judge_scores),
            TextQuestion("3.9", "why", words=60),
        )

    def _choose_plane(self, rng: np.random.Generator) -> bool:
        """Choose a triplet's sketch and positive, and negatives; tell whether they make sense."""
        self.sketch, self.positive = (rng.integers(-7, 8, (2, 2)) / 10).tolist()
        self.margin = float(rng.choice((0.5, 0.6, 0.7, 0.8)))
        if not 0.4 <= _square(self.sketch, self.positive) <= 1.2:
            return False
        left = dict(_KINDS)
        places: list[Point] = []
        for place in (rng.integers(-17, 18, (300, 2)) / 10).tolist():
            kind, others = self._kind(place), (self.sketch, self.positive, *places)
            if left.get(kind) and not any(_overlap(place, other) for other in others):
                left[kind] -= 1
                places.append(place)
        if any(left.values()):
            return False
        semi = sorted((_square(self.sketch, place), place)
                      for place in places if self._kind(place) == "semi-hard")  # fmt: skip
        path = self._descent(semi[0][1])
        # What is mined is nearest by a clear difference, and takes a few steps to teach nothing.
        if semi[1][0] - semi[0][0] < 0.1 or len(path) < 5 or abs(self._loss(path[-1])) < 0.01:
            return False
        if np.abs(path[-1]).max() > SIDE:
            return False
        toys, unseen = toy_classes(), set(unseen_classes("sketchy21")[1])
        seen = [name for name in SKETCHY_CLASSES if name in toys and name not in unseen]
        self.class_name, *others = rng.choice(seen, len(places) + 1, replace=False).tolist()
        rng.shuffle(places)
        self.negatives = dict(zip(others, places, strict=True))
        self._mined = next(name for name in others if self.negatives[name] == semi[0][1])
        return True

    def _loss(self, points: Sequence[Point] | np.ndarray) -> float:
        """Return margin plus near minus far, whose positive part is the loss."""
        s, p, n = points
        return self.margin + _square(s, p) - _square(s, n)

    def _kind(self, negative: Point) -> str:
        """Return the kind of the triplet with this negative, or "" near a border of two kinds."""
        gap = _square(self.sketch, negative) - _square(self.sketch, self.positive)
        if min(abs(gap), abs(gap - self.margin)) < 0.05:
            return ""
        return "hard" if gap < 0 else "semi-hard" if gap < self.margin else "easy"

    def _descent(self, negative: Point) -> list[np.ndarray]:
        """Return sketch, positive and negative, (3, 2), before the first step and after each."""
        path = [np.array([self.sketch, self.positive, negative])]
        while self._loss(path[-1]) > 0 and len(path) < 100:
            s, p, n = path[-1]
            path.append(path[-1] - RATE * 2 * np.array([n - p, p - s, s - n]))
        return path

    def _judge_mined(self, mined: Any, kept: Any) -> Verdict:
        if mined not in self.negatives:
            return Verdict(0.0, "not yet: `mined` must be the name of a photo of another class, as "
                                "it is written in the list.")  # fmt: skip
        points = np.array([kept[name] for name in ("sketch", "positive", "negative")], dtype=float)
        margin = float(kept["margin"])
        if points.shape != (3, 2):
            raise ValueError("not three points")
        if mined != self._mined:
            told = {
                "hard": "that negative is nearer than the positive: hard. Mining semi-hard ones "
                        "looks beyond the full circle.",
                "semi-hard": "that negative is semi-hard, but another such one is nearer to the "
                             "sketch.",
                "easy": "that negative is beyond the margin: easy. Nothing moves, so nothing is "
                        "learnt.",
            }  # fmt: skip
            return Verdict(0.0, f"not yet: {told[self._kind(self.negatives[mined])]}")
        if abs(margin - self.margin) > 1e-6:
            return Verdict(0.5, "the negative is right; leave the margin as it was.")
        path = self._descent(self.negatives[mined])
        at = [step for step, place in enumerate(path) if np.abs(place - points).max() < 2e-3]
        if at == [len(path) - 1]:
            return Verdict(1.0, "right, both: this triplet has nothing left to teach.")
        if at == [0]:
            return Verdict(0.5, "the negative is right; now go downhill.")
        if at:
            return Verdict(0.5, "the negative is right; the triplet still has a loss: go on.")
        return Verdict(0.5, "the negative is right; but no number of steps leads to the points "
                            "that you kept. Start again, and use the button only.")  # fmt: skip

    def _choose_outputs(self, rng: np.random.Generator) -> bool:
        """Choose what a network gives; tell whether the codes have ties to be asked about."""
        size = rng.uniform(0.1, 0.95, (_PHOTOS + 1, BITS))
        self.outputs = (size * rng.choice((-1, 1), size.shape)).round(2)
        asked, photos = self.outputs[0], self.outputs[1:]
        away = self._distances
        # A nearest photo by the numbers themselves which is not nearest by the codes.
        by_numbers = {
            int(np.linalg.norm(photos - asked, axis=1).argmin()),
            int((photos @ asked / np.linalg.norm(photos, axis=1)).argmax()),
        }
        return (
            len(set(signs(asked).tolist())) == 2
            and min(away) == 1
            and len(set(away)) == BITS
            and 2 <= away.count(1) <= 3
            and not by_numbers & set(self._first)
        )

    @property
    def _distances(self) -> list[int]:
        codes = signs(self.outputs)
        return (codes[1:] != codes[0]).sum(axis=1).tolist()

    @property
    def _first(self) -> list[int]:
        """The numbers of the photos at the smallest distance."""
        return [i for i, d in enumerate(self._distances) if d == min(self._distances)]

    def _judge_codes(self, code: Any, distances: Any, first: Any) -> Verdict:
        told = (self._code_told(list(code)), self._distances_told(list(distances)),
                self._first_told(sorted(set(first))))  # fmt: skip
        wrong = [text for text in told if text]
        if not wrong:
            return Verdict(1.0, "right, all three.")
        return Verdict(1 - len(wrong) / 3, f"not yet: {wrong[0]}")

    def _code_told(self, code: list[int]) -> str | None:
        right = signs(self.outputs[0]).tolist()
        if code == right:
            return None
        if len(code) != BITS:
            return f"`my_code` has a bit for each of the {BITS} numbers of the sketch."
        if 0 in code:
            return "the bits of `my_code` are -1 and +1 here, not 0 and 1."
        return "`my_code`: a bit is the sign of its number, however small that is."

    def _distances_told(self, distances: list[float]) -> str | None:
        right = np.array(self._distances)
        if distances == right.tolist():
            return None
        if len(distances) != _PHOTOS:
            return f"`my_distances` has a number for each of the {_PHOTOS} photos."
        given = np.array(distances, dtype=float)
        told = {
            "`my_distances`: you count the bits that are equal.": BITS - right,
            "`my_distances`: that is the product of the codes; how does (5.15) go on?":
                BITS - 2 * right,
            "`my_distances`: that is the cosine distance of the codes, which has the same order; "
            "count the unequal bits.": 2 * right / BITS,
            "`my_distances`: that is the cosine of the codes; count the unequal bits.":
                1 - 2 * right / BITS,
            "`my_distances`: an unequal bit counts 1, not the difference of -1 and +1.": 2 * right,
        }  # fmt: skip
        for text, mistaken in told.items():
            if np.allclose(given, mistaken):
                return text
        n = int((given == right).sum())
        return f"`my_distances`: {n} of {_PHOTOS} are right."

    def _first_told(self, first: list[int]) -> str | None:
        right, photos = self._first, range(_PHOTOS)
        if first == right:
            return None
        if first == [i + 1 for i in right]:
            return "`may_be_first`: you count from 1; the photos are numbered from 0."
        if not set(first) <= set(photos):
            return f"`may_be_first`: the photos have the numbers 0 to {_PHOTOS - 1}."
        if set(first) < set(right):
            return "`may_be_first`: another photo is just as near, and ties may be ordered anyhow."
        if set(first) & set(right):
            return "`may_be_first`: one of them is farther than another photo, so it cannot be."
        return ("`may_be_first`: by its code, no such photo is nearest. The sizes of the numbers "
                "are gone once the signs are taken.")  # fmt: skip

    def _judge_scores(self, masked: Any, unresolved: Any) -> Verdict:
        made = self._measured
        for name, value in (("masked", masked), ("unresolved", unresolved)):
            if value not in self.scores:
                return Verdict(0.0, f"not yet: `{name}` must be a method of the table, as it is "
                                    "written there.")  # fmt: skip
        right = (masked == made.masked, unresolved == made.unresolved)
        if all(right):
            return Verdict(1.0, "right, both.")
        if not any(right):
            return Verdict(0.0, "not yet: for `masked`, compare the three means of a method; for "
                                "`unresolved`, look where its interval ends.")  # fmt: skip
        if right[1]:
            return Verdict(0.5, "`unresolved` is right. `masked` is not: its first mean is above "
                                "its third already, so no gallery hides its fall.")  # fmt: skip
        fall = {name: float(one["seen"].mean() - one["unseen"].mean())
                for name, one in self.scores.items()}  # fmt: skip
        why = ("the smallest fall need not be the least certain one."
               if unresolved == min(fall, key=lambda name: fall[name])
               else "its interval leaves 0 out.")  # fmt: skip
        return Verdict(0.5, f"`masked` is right. `unresolved` is not: {why}")


def _square(one: Sequence[float] | np.ndarray, other: Sequence[float] | np.ndarray) -> float:
    return float((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2)


def _overlap(one: Point, other: Point) -> bool:
    """Tell whether two points, or the names beside them, would overlap in a picture."""
    return abs(one[1] - other[1]) < 0.18 and abs(one[0] - other[0]) < 0.9
