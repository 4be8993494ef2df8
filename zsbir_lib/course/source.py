"""The one source of an assignment: a solution notebook, whose metadata say what is asked.

In the notebook's metadata::

    {"zsbir": {"assignment": "retrieval", "title": "...", "seconds": 20}}

A Markdown cell that asks has the question in its own::

    {"zsbir": {"question": {"key": "1.2", "kind": "code", "points": 3, "difficulty": "easy",
                            "minutes": 10, "goal": "...", "hints": ["...", "...", "..."],
                            "rubric": [[2, "..."], [3, "..."]]}}}

The rubric is for what a person reads. In code cells, lines from ``# BEGIN SOLUTION`` to ``# END
SOLUTION`` are the answer, and so is the right-hand side of an assignment that ends in
``# SOLUTION``. A cell tagged ``instructor`` is in the solution only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbir_lib.check import ASSIGNMENTS, open_assignment
from zsbir_lib.course.notebooks import Cell, Notebook, read_notebook
from zsbir_lib.errors import ZsbirError

KINDS = ("code", "derivation", "experiment", "reading")
DIFFICULTIES = ("easy", "medium", "hard")
HINTS = 3
INSTRUCTOR = "instructor"
"""Tag of a cell that the solution has and the student's notebook has not."""
_BEGIN = re.compile(r"^[ \t]*# BEGIN SOLUTION[ \t]*$")
_END = re.compile(r"^[ \t]*# END SOLUTION[ \t]*$")
_INLINE = re.compile(r"^(?P<left>[ \t]*[\w, ]+=).*#[ \t]*SOLUTION[ \t]*$")


@dataclass(frozen=True)
class Asked:
    """What the source says of a question.

    Attributes
    ----------
    key : str
        Its number, by which `zsbir_lib.check` knows it.
    kind, difficulty : str
        One of `KINDS` and of `DIFFICULTIES`.
    points, minutes : int
        What it is worth, and how long it takes.
    goal : str
        What somebody who answers it can do.
    hints : tuple of str
        Three, each saying more than the one before.
    rubric : tuple of (int, str)
        For a text: points, and what earns them.
    """

    key: str
    kind: str
    points: int
    difficulty: str
    minutes: int
    goal: str
    hints: tuple[str, ...]
    rubric: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Source:
    """A source, read and checked.

    Attributes
    ----------
    name, title : str
        Of the assignment.
    seconds : int
        That a cell or a question may take.
    notebook : Notebook
        With all answers and marks.
    questions : tuple of Asked
        In their order.
    """

    name: str
    title: str
    seconds: int
    notebook: Notebook
    questions: tuple[Asked, ...]


def read_source(path: Path) -> Source:
    """Read and check a source.

    Raises
    ------
    ZsbirError
        If it is no notebook, or its metadata, its marks or its questions do not fit.
    """
    notebook = read_notebook(path)
    about = notebook.metadata.get("zsbir")
    if not isinstance(about, dict) or about.get("assignment") not in ASSIGNMENTS:
        raise ZsbirError(
            f"{path} is no source of an assignment: its metadata name none of "
            f"{', '.join(ASSIGNMENTS)}"
        )
    name = about["assignment"]
    questions = tuple(
        _asked(path, cell.metadata["zsbir"]["question"])
        for cell in notebook.cells
        if "question" in cell.metadata.get("zsbir", {})
    )
    known = [question.key for question in open_assignment(name).questions]
    if [question.key for question in questions] != known:
        raise ZsbirError(
            f"{path} asks {', '.join(q.key for q in questions) or 'nothing'}, but the checks of "
            f"{name!r} are for {', '.join(known)}"
        )
    for cell in notebook.cells:
        without_solution(cell.source, path)
    return Source(name, str(about["title"]), int(about["seconds"]), notebook, questions)


def _asked(path: Path, found: dict[str, Any]) -> Asked:
    try:
        made = Asked(**{
            **found,
            "hints": tuple(found["hints"]),
            "rubric": tuple((int(points), str(what)) for points, what in found.get("rubric", ())),
        })  # fmt: skip
    except (TypeError, KeyError, ValueError) as error:
        raise ZsbirError(f"{path}: a question's metadata do not fit: {error}") from None
    for what, value, allowed in (
        ("kind", made.kind, KINDS),
        ("difficulty", made.difficulty, DIFFICULTIES),
    ):
        if value not in allowed:
            raise ZsbirError(f"{path}, question {made.key}: {what} {value!r} is none of "
                             f"{', '.join(allowed)}")  # fmt: skip
    if len(made.hints) != HINTS:
        raise ZsbirError(f"{path}, question {made.key}: {len(made.hints)} hints, not {HINTS}")
    if made.rubric and sum(points for points, _ in made.rubric) != made.points:
        raise ZsbirError(f"{path}, question {made.key}: the rubric does not add up to "
                         f"{made.points} points")  # fmt: skip
    return made


def without_solution(source: str, where: object = "the cell") -> str:
    """Return a code cell as it is handed out: ``...`` in place of each answer.

    Raises
    ------
    ZsbirError
        If a mark of the beginning has no end, or the other way round.
    """
    lines, inside = [], False
    for line in source.split("\n"):
        if _BEGIN.match(line) or _END.match(line):
            if inside == bool(_BEGIN.match(line)):
                raise ZsbirError(f"{where}: the marks of a solution do not pair: {line.strip()!r}")
            inside = not inside
            if inside:
                lines.append(line[: len(line) - len(line.lstrip())] + "...  # your answer")
        elif not inside:
            found = _INLINE.match(line)
            lines.append(f"{found['left']} ...  # your answer" if found else line)
    if inside:
        raise ZsbirError(f"{where}: a solution has no end: write # END SOLUTION below it")
    return "\n".join(lines)


def with_solution(source: str) -> str:
    """Return a code cell as the solution shows it: without the marks."""
    kept = [line for line in source.split("\n") if not (_BEGIN.match(line) or _END.match(line))]
    return "\n".join(re.sub(r"[ \t]*#[ \t]*SOLUTION[ \t]*$", "", line) for line in kept)


def is_answered(cell: Cell) -> bool:
    """Tell whether a cell of the source holds an answer, or a part of one."""
    if cell.kind != "code":
        return False
    own = INSTRUCTOR in cell.metadata.get("tags", ())
    return own or without_solution(cell.source) != cell.source
