"""An assignment: data that its variant chooses, and the questions about them."""

from __future__ import annotations

import abc
import copy
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from zsbir_lib.check.plain import plain
from zsbir_lib.check.questions import Question, Reply, Request, Verdict
from zsbir_lib.errors import UnknownNameError, ZsbirError, argument, explain

ASSIGNMENTS = {
    "retrieval": "zsbir_lib.check.retrieval:Retrieval",
    "zero_shot": "zsbir_lib.check.zero_shot:ZeroShot",
    "capstone": "zsbir_lib.check.capstone:Capstone",
}
"""The assignments by name, and the class of each."""

_PUBLIC = 1  # the stream of random numbers from which a notebook's own checks draw


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
        question = self.question(tuple(answers))
        seed = (self.variant, _PUBLIC)
        replies = [reply_to(request, answers) for request in question.requests(seed)]
        return question.judge(seed, replies)

    def check(self, **answers: Any) -> None:
        """Print in one line what is made of an answer: ``work.check(precision_at=precision_at)``.

        It never stops a notebook.
        """
        try:
            text = f"{self.question(tuple(answers)).key}  {self.verdict(**answers).text}"
        except ZsbirError as error:
            text = str(error)
        print(text)


def reply_to(request: Request, names: dict[str, Any]) -> Reply:
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
