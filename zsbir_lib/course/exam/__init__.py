"""An exam of twenty questions: numbers drawn by a variant, answers computed by the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zsbir_lib.course.exam import generating, ranking, unseen
from zsbir_lib.course.exam.paper import ExamQuestion
from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import check_outputs, write_text

__all__ = ["BuiltExam", "ExamQuestion", "build_exam", "exam_questions"]

_MAKERS = (*ranking.QUESTIONS, *unseen.QUESTIONS, *generating.QUESTIONS)
_MINUTES = 120
_STREAM = 20  # apart from the streams that assignments of this variant draw from


@dataclass(frozen=True)
class BuiltExam:
    """The files of an exam.

    Attributes
    ----------
    paper, answers : Path
        What students get, and the same with what is right and what it is worth.
    """

    paper: Path
    answers: Path


def exam_questions(variant: int = 0) -> tuple[ExamQuestion, ...]:
    """Return the twenty questions with the numbers of a variant.

    Raises
    ------
    ZsbirError
        If the variant is below 0.
    """
    if variant < 0:
        raise ZsbirError(f"the variant is {variant}: it must be a whole number from 0 on")
    return tuple(
        make(np.random.default_rng([variant, _STREAM, number]))
        for number, make in enumerate(_MAKERS)
    )


def build_exam(out: Path, variant: int = 0) -> BuiltExam:
    """Write an exam as Markdown, once for students and once with answers and points.

    Parameters
    ----------
    out
        A folder; the files are ``exam/exam.md`` and ``exam/answers.md`` in it.
    variant
        Chooses numbers and data. Whoever knows it can compute the answers.

    Raises
    ------
    ZsbirError
        If the variant is below 0, or something cannot be written.
    """
    questions = exam_questions(variant)
    files = BuiltExam(out / "exam" / "exam.md", out / "exam" / "answers.md")
    check_outputs(files.paper, files.answers)
    for path, text in (
        (files.paper, _paper(questions)),
        (files.answers, _answers(questions, variant)),
    ):
        write_text(path, text)
    return files


def _paper(questions: Sequence[ExamQuestion]) -> str:
    total = sum(question.points for question in questions)
    lines = [
        "# Exam: zero-shot sketch-based image retrieval",
        f"{len(questions)} questions, {total} points, {_MINUTES} minutes. A calculator and the "
        "book may be used; numbers of equations are the book's. Logarithms are natural ones. Write "
        "down how you come to an answer. Three digits are enough.",
        "Name:",
    ]
    for number, question in enumerate(questions, start=1):
        lines += [f"## Question {number} ({question.points} points)", question.text]
    return "\n\n".join(lines) + "\n"


def _answers(questions: Sequence[ExamQuestion], variant: int) -> str:
    lines = [
        "# Exam: answers and points",
        f"Variant {variant}. Not to be handed out. A number that follows rightly from a wrong one "
        "before it gets its points.",
    ]
    for number, question in enumerate(questions, start=1):
        lines += [
            f"## Question {number} ({question.points} points)",
            f"*{question.goal}; chapter `{question.chapter}`*",
            question.text,
            "\n".join(f"- {points}: {answer}" for points, answer in question.answers),
        ]
    return "\n\n".join(lines) + "\n"
