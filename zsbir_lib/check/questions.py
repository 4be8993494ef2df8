"""What a question is: what it asks of an answer, and what it says about what comes back.

A question never holds an answer and runs nothing of a student's: it makes requests (read this
name, call that function with these arguments) and judges the replies, which are plain values. So
the notebook, whose process the student controls, and the grader, which trusts no such process, use
the same question.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zsbir_lib.check.plain import plain, same


@dataclass(frozen=True)
class Request:
    """What is asked of a submission.

    Attributes
    ----------
    name : str
        Of a variable, or of a function.
    arguments : tuple or None
        To call the function with; None, to read the variable.
    """

    name: str
    arguments: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Reply:
    """What came back: a plain value, or in one line why there is none."""

    value: Any = None
    error: str | None = None

    @property
    def is_blank(self) -> bool:
        """Whether the question was left as it was handed out."""
        return self.value is None and self.error is None


@dataclass(frozen=True)
class Verdict:
    """What is made of an answer.

    Attributes
    ----------
    share : float or None
        Part of the points, from 0 to 1; None where a person has to read the answer.
    text : str
        One line for the student, which never tells the answer.
    figures : dict
        Numbers by name, as JSON has them, for a table of the class.
    """

    share: float | None
    text: str
    figures: dict[str, Any] = field(default_factory=dict)


BLANK = Verdict(0.0, "not answered yet.")


class Question(abc.ABC):
    """A question of an assignment."""

    key: str
    names: tuple[str, ...]

    @abc.abstractmethod
    def requests(self, seed: Sequence[int]) -> list[Request]:
        """Return what to ask of an answer; `seed` chooses the data."""

    @abc.abstractmethod
    def judge(self, seed: Sequence[int], replies: Sequence[Reply]) -> Verdict:
        """Judge the replies to `requests` of the same seed, in their order."""


@dataclass(frozen=True)
class Case:
    """Arguments to call an answer with, and in words what is special about them."""

    arguments: tuple[Any, ...]
    what: str


@dataclass(frozen=True)
class Mistake:
    """A misconception: what a function computes that has it, and what to tell its author.

    `function` takes the arguments of the question. It returns what comes out, or, for a question
    of several parts, a mapping of those parts that come out otherwise.
    """

    text: str
    function: Callable[..., Any]


@dataclass(frozen=True)
class FunctionQuestion(Question):
    """A function to be written, called with arguments that the seed chooses.

    Attributes
    ----------
    key : str
        The question's number, such as ``"1.2"``.
    name : str
        Of the function.
    cases : callable
        Draws the cases from a NumPy generator.
    right : callable
        What the function should do.
    mistakes : tuple of Mistake
        The first that agrees with an answer in every case is named.
    parts : tuple of str
        Where the function returns a mapping: its keys, which share the points equally.
    """

    key: str
    name: str
    cases: Callable[[np.random.Generator], list[Case]] = field(repr=False)
    right: Callable[..., Any] = field(repr=False)
    mistakes: tuple[Mistake, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:  # type: ignore[override]
        """The one name that it asks for."""
        return (self.name,)

    def _drawn(self, seed: Sequence[int]) -> list[Case]:
        return self.cases(np.random.default_rng(list(seed)))

    def requests(self, seed: Sequence[int]) -> list[Request]:
        """Return a call for each case."""
        return [Request(self.name, case.arguments) for case in self._drawn(seed)]

    def judge(self, seed: Sequence[int], replies: Sequence[Reply]) -> Verdict:
        """Give each part its points only if it is right in every case."""
        cases = self._drawn(seed)
        if all(reply.is_blank for reply in replies):
            return BLANK
        for case, reply in zip(cases, replies, strict=True):
            if reply.error is not None and not self.parts:
                return Verdict(0.0, f"not yet: for {case.what} it stops with {reply.error}.")
        if not self.parts:
            values = [reply.value for reply in replies]
            return self._one(cases, values, lambda value: value) or Verdict(
                1.0, f"right in all {len(cases)} cases."
            )
        found = {part: self._part(cases, replies, part) for part in self.parts}
        wrong = [f"{part}: {verdict.text}" for part, verdict in found.items() if verdict]
        share = sum(verdict is None for verdict in found.values()) / len(self.parts)
        if not wrong:
            return Verdict(1.0, f"right in all {len(cases)} cases.")
        good = ", ".join(part for part, verdict in found.items() if verdict is None)
        return Verdict(share, (f"right: {good}. " if good else "") + wrong[0])

    def _part(self, cases: Sequence[Case], replies: Sequence[Reply], part: str) -> Verdict | None:
        values = []
        for case, reply in zip(cases, replies, strict=True):
            if reply.error is not None:
                return Verdict(0.0, f"not yet: for {case.what} it stops with {reply.error}.")
            if not isinstance(reply.value, dict) or part not in reply.value:
                return Verdict(0.0, f"not yet: return a mapping that has the key {part!r}.")
            values.append(reply.value[part])

        def pick(value: Any) -> Any:
            return value.get(part) if isinstance(value, dict) else value

        return self._one(cases, values, pick)

    def _one(
        self, cases: Sequence[Case], values: Sequence[Any], pick: Callable[[Any], Any]
    ) -> Verdict | None:
        """Return what is wrong, or None."""
        wanted = [pick(plain(self.right(*case.arguments))) for case in cases]
        agree = [same(a, b) for a, b in zip(values, wanted, strict=True)]
        if all(agree):
            return None
        for mistake in self.mistakes:
            made = (pick(plain(mistake.function(*case.arguments))) for case in cases)
            if all(b is not None and same(a, b) for a, b in zip(values, made, strict=True)):
                return Verdict(0.0, f"not yet: {mistake.text}")
        first = cases[agree.index(False)]
        return Verdict(
            0.0, f"not yet: right in {sum(agree)} of {len(cases)} cases, but not for {first.what}."
        )


@dataclass(frozen=True)
class ValueQuestion(Question):
    """Variables to be set: what was chosen with a widget, or read off a table.

    Attributes
    ----------
    key : str
        The question's number.
    names : tuple of str
        The variables.
    judged : callable
        Given their plain values in that order, returns the verdict. The data of the question
        depend on the assignment's variant alone, since the student has to see them.
    """

    key: str
    names: tuple[str, ...]
    judged: Callable[..., Verdict] = field(repr=False)

    def requests(self, seed: Sequence[int]) -> list[Request]:
        """Return the variables to read, whatever the seed."""
        return [Request(name) for name in self.names]

    def judge(self, seed: Sequence[int], replies: Sequence[Reply]) -> Verdict:
        """Judge the values."""
        for name, reply in zip(self.names, replies, strict=True):
            if reply.error is not None:
                return Verdict(0.0, f"not yet: {name} cannot be read: {reply.error}.")
        if any(reply.is_blank for reply in replies):
            return BLANK
        try:
            return self.judged(*(reply.value for reply in replies))
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError):
            which = " and ".join(self.names)
            return Verdict(0.0, f"not yet: {which}: of another form than asked for; read the "
                                "question again.")  # fmt: skip


@dataclass(frozen=True)
class TextQuestion(Question):
    """A short text, which a person reads with a rubric; here only its length is looked at.

    Attributes
    ----------
    key : str
        The question's number.
    name : str
        The variable that holds the text.
    words : int
        The least number of words.
    """

    key: str
    name: str
    words: int

    @property
    def names(self) -> tuple[str, ...]:  # type: ignore[override]
        """The one name that it asks for."""
        return (self.name,)

    def requests(self, seed: Sequence[int]) -> list[Request]:
        """Return the variable to read."""
        return [Request(self.name)]

    def judge(self, seed: Sequence[int], replies: Sequence[Reply]) -> Verdict:
        """Count the words."""
        (reply,) = replies
        if reply.is_blank or (isinstance(reply.value, str) and not reply.value.strip()):
            return BLANK
        if not isinstance(reply.value, str):
            return Verdict(0.0, f"not yet: {self.name} must be a text in quotation marks.")
        count = len(reply.value.split())
        if count < self.words:
            return Verdict(0.0, f"not yet: {count} words; write {self.words} or more.")
        return Verdict(None, f"{count} words; your teacher reads them.")
