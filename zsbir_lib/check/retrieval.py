"""Assignment 1, Retrieval by drawing: rank by hand, measure, and read a table with suspicion."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from PIL import Image

from zsbir_lib.check import retrieval_functions as functions
from zsbir_lib.check.assignment import Assignment
from zsbir_lib.check.published import METHOD_NAMES, published_table
from zsbir_lib.check.questions import Question, TextQuestion, ValueQuestion, Verdict
from zsbir_lib.datasets.splits import SKETCHY_CLASSES, unseen_classes
from zsbir_lib.datasets.toybox import Toy, toy_classes
from zsbir_lib.metrics import DEFINITIONS, average_precision, precision_at_k

_PHOTOS, _RIGHT, _K = 12, 4, 8


class Retrieval(Assignment):
    """Data and questions of assignment 1.

    Attributes
    ----------
    class_name : str
        What the sketch shows: a seen class.
    names : list of str
        The class of each of the twelve photos.
    start : list of int
        The order of the photos from which question 1.5 starts.
    k, n_relevant : int
        Where that ranking is cut, and how many photos of the class the whole gallery has.
    target : dict of str to float
        The scores to be reached: ``"precision"`` and ``"k"``.
    table : str
        The published table of questions 1.7 and 1.8.
    """

    name = "retrieval"

    def _questions(self) -> tuple[Question, ...]:
        rng = np.random.default_rng([self.variant, 0])
        self._choose_photos(rng)
        self._choose_target(rng)
        self._table = published_table(rng)
        self.table = self._table.text
        return (
            ValueQuestion("1.1", ("my_ranking",), self._judge_ranking),
            functions.PRECISION,
            functions.AVERAGES,
            functions.CHANCE,
            ValueQuestion("1.5", ("kept",), self._judge_kept),
            functions.EXTREMES,
            ValueQuestion("1.7", ("flawed", "counted_by"), self._judge_table),
            TextQuestion("1.8", "why", words=60),
        )

    def _choose_photos(self, rng: np.random.Generator) -> None:
        """Choose a class, and photos of it and of classes of other families."""
        toys = toy_classes()
        unseen = set(unseen_classes("sketchy21")[1])
        seen = [name for name in SKETCHY_CLASSES if name in toys and name not in unseen]
        self.class_name = str(rng.choice(seen))
        family = toys[self.class_name].family
        others = [name for name in seen if toys[name].family != family]
        wrong = rng.choice(others, _PHOTOS - _RIGHT, replace=False).tolist()
        names = [self.class_name] * _RIGHT + wrong
        order = rng.permutation(_PHOTOS)
        self.names = [names[i] for i in order]
        # Number 0 is the one that is drawn, so no photo is of the very toy.
        self._instances = [int(i) + 1 for i in order]

    def _choose_target(self, rng: np.random.Generator) -> None:
        """Choose scores that three hits among the first `_K` photos have, and a start elsewhere."""
        right = [i for i, name in enumerate(self.names) if name == self.class_name]
        wrong = [i for i, name in enumerate(self.names) if name != self.class_name]
        self.k, self.n_relevant = _K, int(rng.integers(5, 8))
        # Neither all in front nor all behind, where one could guess.
        while True:
            hits = sorted(rng.choice(_K, _RIGHT - 1, replace=False).tolist())
            if hits[0] <= 3 and hits[-1] >= 4 and hits[-1] - hits[0] > 2:
                break
        rel = np.zeros((1, _K), dtype=bool)
        rel[0, hits] = True
        self.target = {
            "precision": float(precision_at_k(rel, _K)[0]),
            "k": float(average_precision(rel, self.n_relevant, _K, "k")[0]),
        }
        # One hit in front, the others behind the cut: this reaches neither score.
        rng.shuffle(wrong)
        self.start = [*wrong[:2], right[0], *wrong[2:], *right[1:]]

    @cached_property
    def sketch(self) -> Image.Image:
        """The drawing that asks."""
        return Image.fromarray(Toy(self.class_name, 0, self.variant).sketch(size=96)).convert("RGB")

    @cached_property
    def photos(self) -> list[Image.Image]:
        """The twelve photos, in the order of their numbers."""
        return [
            Image.fromarray(Toy(name, number, self.variant).photo(size=96, clutter=0.3))
            for name, number in zip(self.names, self._instances, strict=True)
        ]

    def relevance(self, order: Sequence[int] | None = None) -> list[bool]:
        """Return whether each photo is of the sketch's class, in an order (that of the numbers)."""
        return [self.names[i] == self.class_name for i in order or range(_PHOTOS)]

    def _judge_ranking(self, ranking: Any) -> Verdict:
        numbers = [int(n) for n in ranking]
        if sorted(numbers) == list(range(1, _PHOTOS + 1)):
            return Verdict(0.0, "not yet: you count from 1; the photos are numbered from 0.")
        if sorted(numbers) != list(range(_PHOTOS)):
            return Verdict(0.0, f"not yet: name each photo once, by its number from 0 to "
                                f"{_PHOTOS - 1}.")  # fmt: skip
        rel = self.relevance(numbers)
        if sum(rel[:_RIGHT]) >= _RIGHT - 1:
            return Verdict(1.0, "right: what the sketch shows stands in front.")
        if sum(rel[-_RIGHT:]) >= _RIGHT - 1:
            return Verdict(0.0, "not yet: the best photos come last; a ranking begins with them.")
        return Verdict(0.0, "not yet: photos of other things stand in front. Compare outlines: "
                            "colour and background say nothing about a drawing.")  # fmt: skip

    def _judge_kept(self, kept: Any) -> Verdict:
        order, k = [int(n) for n in kept["order"]], int(kept["k"])
        if sorted(order) != list(range(_PHOTOS)):
            return Verdict(0.0, "not yet: the order does not hold each photo once; take the line "
                                "that is printed below the widget.")  # fmt: skip
        if order == list(range(_PHOTOS)):
            return Verdict(0.0, "not yet: that is the order from which you started.")
        if k != self.k:
            return Verdict(0.0, f"not yet: leave the cut at K = {self.k}; only photos move.")
        rel = np.array([self.relevance([self.start[i] for i in order])])
        reached = float(precision_at_k(rel, k)[0])
        by = {d: float(average_precision(rel, self.n_relevant, k, d)[0]) for d in DEFINITIONS}
        enough = abs(reached - self.target["precision"]) < 1e-9
        if enough and abs(by["k"] - self.target["k"]) < 5e-4:
            return Verdict(1.0, "right: both scores are reached.")
        if any(abs(by[d] - self.target["k"]) < 5e-4 for d in ("min", "hits", "relevant")):
            return Verdict(0.0, "not yet: you reached the average precision that is divided by "
                                "another count than K.")  # fmt: skip
        if not enough:
            return Verdict(0.0, "not yet: P@K differs; it depends on how many hits stand above the "
                                "cut alone, so settle that first.")  # fmt: skip
        late = "late" if by["k"] < self.target["k"] else "early"
        return Verdict(0.0, f"not yet: P@K is reached, but the hits come too {late}.")

    def _judge_table(self, flawed: Any, counted_by: Any) -> Verdict:
        table = self._table
        if flawed not in METHOD_NAMES:
            return Verdict(0.0, "not yet: `flawed` must be a method of the table, as it is written "
                                "there.")  # fmt: skip
        if counted_by not in DEFINITIONS:
            return Verdict(0.0, "not yet: `counted_by` must be one of "
                                + ", ".join(map(repr, DEFINITIONS)) + ".")  # fmt: skip
        if flawed == table.flawed:
            if counted_by == "hits":
                return Verdict(1.0, "right, both.")
            told = {
                "k": "that is what the caption claims, and this row contradicts it.",
                "min": "with so many relevant photos, min(R, K) is K: the row would not change.",
                "relevant": "R is larger than K here, so dividing by it makes the mark smaller.",
            }
            return Verdict(2 / 3, f"the row is right; the count is not: {told[counted_by]}")
        rows = {row.name: row for row in table.rows}
        if rows[flawed] == max(table.rows, key=lambda row: row.mean_average_precision):
            return Verdict(0.0, "not yet: a high mAP is no flaw. Compare each row with itself.")
        if rows[flawed] == min(table.rows, key=lambda row: row.precision):
            return Verdict(0.0, "not yet: a low P@K is no flaw. Compare each row with itself.")
        return Verdict(0.0, "not yet: this row keeps the bound that ties mAP@K, divided by K, to "
                            "P@K. Derive it, and look for the row that breaks it.")  # fmt: skip
