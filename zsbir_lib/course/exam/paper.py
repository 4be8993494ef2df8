"""What an exam is made of: questions whose numbers are drawn, and answers that are computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor


@dataclass(frozen=True)
class ExamQuestion:
    """A question with its numbers, and what is right for these numbers.

    Attributes
    ----------
    chapter : str
        The notebook in which the matter is taught.
    goal : str
        What somebody who answers it can do.
    text : str
        Markdown, as the students read it.
    answers : tuple of (int, str)
        Points, and what earns them.
    """

    chapter: str
    goal: str
    text: str
    answers: tuple[tuple[int, str], ...]

    @property
    def points(self) -> int:
        """What all of it is worth."""
        return sum(points for points, _ in self.answers)


Maker = Callable[[np.random.Generator], ExamQuestion]
"""Draws the numbers of a question and computes its answers."""


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def listed(values: Sequence[float] | np.ndarray | Tensor, digits: int = 2) -> str:
    """Return numbers in brackets: ``(0.50, -1.00)``."""
    # What rounds to 0 has no sign.
    return "(" + ", ".join(f"{round(float(v), digits) + 0.0:.{digits}f}" for v in values) + ")"


def counted(values: Sequence[int] | np.ndarray | Tensor) -> str:
    """Return whole numbers with commas between them."""
    return ", ".join(str(int(value)) for value in values)
