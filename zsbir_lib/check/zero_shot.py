"""Assignment 2, Seeing what was never shown: name a class by its description, and find a leak."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from zsbir_lib.check import zero_shot_functions as functions
from zsbir_lib.check.assignment import Assignment
from zsbir_lib.check.leaky_code import KINDS, leaky_code
from zsbir_lib.check.questions import Question, TextQuestion, ValueQuestion, Verdict
from zsbir_lib.check.zero_shot_split import HonestSplit
from zsbir_lib.datasets.splits import SKETCHY_CLASSES, unseen_classes
from zsbir_lib.datasets.toybox import toy_classes

_CLASSES, _ATTRIBUTES = 12, 16
CERTAINTY = 0.95
"""That an answer about an attribute is right, as `zsbir_lib.widgets.AttributeChooser` has it."""


class ZeroShot(Assignment):
    """Data and questions of assignment 2.

    Attributes
    ----------
    classes, attributes : list of str
        Their names; all classes are seen ones.
    table : ndarray of int, shape (classes, attributes)
        1 where a class has an attribute.
    priors : ndarray of float, shape (attributes,)
        The share of all seen classes that have an attribute.
    wanted : str
        The class that question 2.1 asks for.
    most : int
        The answers that are enough for it.
    code : str
        The code of question 2.6, with numbered lines.
    honest : HonestSplit
        The classes and features of question 2.5.
    """

    name = "zero_shot"

    def _questions(self) -> tuple[Question, ...]:
        rng = np.random.default_rng([self.variant, 0])
        while not self._choose_classes(rng):
            pass
        self._leak = leaky_code(rng)
        self.code = self._leak.text
        self.honest = HonestSplit(self.variant)
        return (
            ValueQuestion("2.1", ("kept",), self._judge_kept),
            functions.SCORES,
            functions.ESZSL_MAP,
            functions.MET,
            ValueQuestion("2.5", ("chosen", "drawn"), self.honest.judge),
            ValueQuestion("2.6", ("leak_line", "leak_kind"), self._judge_leak),
            TextQuestion("2.7", "why", words=60),
        )

    def _choose_classes(self, rng: np.random.Generator) -> bool:
        """Choose classes and attributes; tell whether one can be named by two or three answers."""
        toys, unseen = toy_classes(), set(unseen_classes("sketchy21")[1])
        seen = [name for name in SKETCHY_CLASSES if name in toys and name not in unseen]
        every = sorted(set().union(*(toys[name].attributes for name in seen)))
        has = np.array([[one in toys[name].attributes for one in every] for name in seen])
        rows = np.sort(rng.choice(len(seen), _CLASSES, replace=False))
        common = has[rows].sum(axis=0)
        # What one class has alone, or all but one, would name it at once.
        # Where a prior is more certain than an answer, a true answer would be evidence against.
        certain = np.abs(has.mean(axis=0) - 0.5) >= CERTAINTY - 0.5
        usable = np.flatnonzero((common >= 2) & (common <= _CLASSES - 2) & ~certain)
        if len(usable) < _ATTRIBUTES:
            return False
        columns = np.sort(rng.choice(usable, _ATTRIBUTES, replace=False))
        self.classes = [seen[i] for i in rows]
        self.attributes = [every[j] for j in columns]
        self.table = has[np.ix_(rows, columns)].astype(int)
        self.priors = has[:, columns].mean(axis=0)
        needed = {place: count for place in rng.permutation(_CLASSES).tolist()
                  if (count := self._answers_needed(place)) is not None}  # fmt: skip
        if not needed:
            return False
        hardest = max(needed, key=lambda place: needed[place])
        self.wanted, self.most = self.classes[hardest], needed[hardest]
        return True

    def _answers_needed(self, place: int) -> int | None:
        """Return how many true answers single out a class, if that is two or three."""
        for count in (1, 2, 3):
            for asked in combinations(range(_ATTRIBUTES), count):
                answers = {j: bool(self.table[place, j]) for j in asked}
                if self._named(answers) == [place]:
                    return count if count > 1 else None
        return None

    def _named(self, answers: Mapping[int, bool]) -> list[int]:
        """Return the classes with the highest score of direct attribute prediction."""
        scores = np.zeros(_CLASSES)
        for j, yes in answers.items():
            agrees = self.table[:, j] == yes
            prior = np.where(self.table[:, j] == 1, self.priors[j], 1 - self.priors[j])
            scores += np.log(np.where(agrees, CERTAINTY, 1 - CERTAINTY) / prior)
        return np.flatnonzero(scores >= scores.max() - 1e-9).tolist()

    def _judge_kept(self, kept: Any) -> Verdict:
        if unknown := set(kept) - set(self.attributes):
            first = repr(min(unknown))[:40]
            return Verdict(0.0, f"not yet: no attribute of the table: {first}.")
        if not all(isinstance(yes, bool) for yes in kept.values()):
            return Verdict(0.0, "not yet: an answer is True or False.")
        if not kept:
            return Verdict(0.0, "not yet: without an answer all classes stand alike.")
        place = self.classes.index(self.wanted)
        answers = {self.attributes.index(name): yes for name, yes in kept.items()}
        named = self._named(answers)
        if len(answers) > self.most:
            return Verdict(0.0, f"not yet: {self.most} answers are enough; you gave "
                                f"{len(answers)}. Which of them tell nothing new?")  # fmt: skip
        if any(yes != bool(self.table[place, j]) for j, yes in answers.items()):
            return Verdict(0.0, "not yet: an answer is not true of the class; look at its row.")
        if named == [place]:
            return Verdict(1.0, "right: no other class fits as well.")
        # Answers that are true of a class leave it among the first; see `_choose_classes`.
        return Verdict(0.0, f"not yet: {len(named)} classes fit equally well. What does one have "
                            "that the others lack?")  # fmt: skip

    def _judge_leak(self, line: Any, kind: Any) -> Verdict:
        if kind not in KINDS:
            return Verdict(0.0, "not yet: `leak_kind` must be one of "
                                + ", ".join(map(repr, KINDS)) + ".")  # fmt: skip
        if not isinstance(line, int) or not 1 <= line <= self._leak.lines:
            return Verdict(0.0, f"not yet: `leak_line` must be a line's number, 1 to "
                                f"{self._leak.lines}.")  # fmt: skip
        if line == self._leak.line:
            if kind == self._leak.kind:
                return Verdict(1.0, "right, both.")
            return Verdict(0.5, f"the line is right; the kind is not: {KINDS[kind]}")
        if kind == self._leak.kind:
            return Verdict(0.5, "the kind is right; it happens in another line.")
        if line == self._leak.lines:
            return Verdict(0.0, "not yet: to look at unseen classes once, at the end, is the test "
                                "itself.")  # fmt: skip
        return Verdict(0.0, "not yet: this line uses nothing that it must not know. Ask of each "
                            "line where its data come from.")  # fmt: skip
