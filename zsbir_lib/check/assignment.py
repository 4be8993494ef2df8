"""An assignment: data that its variant chooses, and the questions about them."""

from __future__ import annotations

import abc
import copy
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from zsbir_lib.check.plain import plain
from zsbir_lib.check.questions import Question, Reply, Request, Verdict
from zsbir_lib.errors import UnknownNameError, ZsbirError, argument, explain

ASSIGNMENTS = {
    "retrieval": "zsbir_lib.check.retrieval:Retrieval",
    "zero_shot": "zsbir_lib.check.zero_shot:ZeroShot",
    "metric_learning": "zsbir_lib.check.metric_learning:MetricLearning",
    "adversarial": "zsbir_lib.check.adversarial:Adversarial",
    "generating": "zsbir_lib.check.generating:Generating",
    "capstone": "zsbir_lib.check.capstone:Capstone",
}
"""The assignments by name, and the class of each."""

# The streams of random numbers from which a notebook's own checks draw, and the graders.
_PUBLIC, _HIDDEN = 1, 2


class Assignment(abc.ABC):
    """Data and questions.

    Parameters
    ----------
    variant
        Chooses data, numbers and classes; 0 or more.

    Attributes
    ----------
    name : str
        By which `open_assignment` knows it.
    questions : tuple of Question
        In their order.
    """

    name: str

    def __init__(self, variant: int = 0) -> None:
        if isinstance(variant, bool) or not isinstance(variant, int) or variant < 0:
            raise ZsbirError(f"the variant is {variant!r}: it must be a whole number from 0 on")
        self.variant = variant
        self.questions = self._questions()

    @abc.abstractmethod
    def _questions(self) -> tuple[Question, ...]:
        """Make the data of this variant, and return the questions about them."""

    def bring(self, folder: Path) -> str:
        """Take drawings that a course brings, and return what tells them from others.

        Parameters
        ----------
        folder
            Where they lie.

        Raises
        ------
        ZsbirError
            If the assignment has no use for them, or they do not suit.
        """
        raise ZsbirError(f"assignment {self.name!r} takes no drawings: leave out "
                         f"{argument('drawings')}")  # fmt: skip

    def question(self, names: Sequence[str]) -> Question:
        """Return the question that asks for these names.

        Raises
        ------
        ZsbirError
            If none does.
        """
        for question in self.questions:
            if set(question.names) == set(names):
                return question
        known = "; ".join(", ".join(f"{n}={n}" for n in one.names) for one in self.questions)
        asked = ", ".join(names) or "nothing"
        raise ZsbirError(f"no question asks for {asked}: check one of {known}")

    def verdict(self, **answers: Any) -> Verdict:
        """Judge answers with the notebook's own data; what the function raises is told in the text.

        Raises
        ------
        ZsbirError
            If no question asks for these names.
        """
        return _judged(self.question(tuple(answers)), self.seed(), answers)

    def check(self, **answers: Any) -> None:
        """Print in one line what is made of an answer: ``work.check(precision_at=precision_at)``.

        It never stops a notebook.
        """
        try:
            text = f"{self.question(tuple(answers)).key}  {self.verdict(**answers).text}"
        except ZsbirError as error:
            text = str(error)
        print(text)

    def seed(self, hidden: int | None = None) -> tuple[int, ...]:
        """Return what chooses a question's data: the notebook's own, or those of a `hidden` number.

        Parameters
        ----------
        hidden
            Another number in each variant, which stands in no notebook.
        """
        return (self.variant, _PUBLIC) if hidden is None else (self.variant, _HIDDEN, hidden)

    def require(
        self, key: str, names: Mapping[str, Any], *, hidden: int | None = None, share: float = 1.0
    ) -> None:
        """Raise unless an answer earns a part of the points: a question as a test that can fail.

        Parameters
        ----------
        key
            The question's number.
        names
            All that the notebook has defined, its answers among them.
        hidden
            See `seed`.
        share
            The part, from 0 to 1. An answer that a person has to read earns it.

        Raises
        ------
        AssertionError
            With the line that the student is told.
        """
        (question,) = (one for one in self.questions if one.key == key)
        verdict = _judged(question, self.seed(hidden), names)
        if verdict.share is not None and verdict.share < share - 1e-9:
            raise AssertionError(verdict.text)


def _judged(question: Question, seed: Sequence[int], names: Mapping[str, Any]) -> Verdict:
    return question.judge(seed, [reply_to(request, names) for request in question.requests(seed)])


def reply_to(request: Request, names: Mapping[str, Any]) -> Reply:
    """Do what a request asks, in this process, with the objects that `names` holds."""
    value = names.get(request.name)
    if value is None or value is Ellipsis:
        return Reply()
    try:
        if request.arguments is not None:
            if not callable(value):
                return Reply(error=f"{request.name} is no function")
            # What one call changes in a list, the next one must not see.
            value = value(*copy.deepcopy(request.arguments))
        return Reply(plain(value))
    except Exception as error:
        return Reply(error=explain(error)[:200])


def open_assignment(name: str, variant: int = 0) -> Assignment:
    """Return an assignment by its name.

    Parameters
    ----------
    name
        A key of `ASSIGNMENTS`.
    variant
        The number that stands in the notebook, which chooses the data.

    Raises
    ------
    ZsbirError
        If there is no such assignment, or the variant is no number from 0 on.
    """
    if name not in ASSIGNMENTS:
        raise UnknownNameError(f"no assignment {name!r}: use one of {', '.join(ASSIGNMENTS)}")
    module, kind = ASSIGNMENTS[name].split(":")
    made: Callable[[int], Assignment] = getattr(import_module(module), kind)
    return made(variant)
