"""From one source: the student's notebook, the solution, the autograder, the instructor's notes.

A *variant* is a number that the instructor chooses. The notebook shows another one, which follows
from it, and what is graded draws its data from a third: so neither tells a student what the
hidden data are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zsbir_lib.check import Assignment, FunctionQuestion, open_assignment
from zsbir_lib.course.notebooks import Cell, Notebook, notebook_text
from zsbir_lib.course.otter import write_otter
from zsbir_lib.course.source import (
    INSTRUCTOR,
    Asked,
    Source,
    is_answered,
    read_source,
    with_solution,
    without_solution,
)
from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import check_outputs, write_json, write_text

KIT = 1
"""Version of what a built assignment and its grades look like."""
_OPENED = re.compile(r"(open_assignment\(\s*\"\w+\",\s*variant=)0(\s*\))")


@dataclass(frozen=True)
class Built:
    """The files made for one assignment.

    Attributes
    ----------
    name : str
        Of the assignment.
    student, solution, autograder, notes : Path
        Of its files; only the first may be given away.
    otter : Path
        The folder of what otter-grader needs; see `zsbir_lib.course.write_otter`.
    """

    name: str
    student: Path
    solution: Path
    autograder: Path
    notes: Path
    otter: Path


def public_number(variant: int) -> int:
    """Return the number that a notebook of this variant shows; 0 for variant 0, the book's own."""
    return _drawn("public", variant) % 10**6 if variant else 0


def _drawn(purpose: str, variant: int) -> int:
    return int(hashlib.sha256(f"zsbir {purpose} {variant}".encode()).hexdigest()[:15], 16)


def build_assignment(
    source: Path, out: Path, variant: int = 0, *, library: str | None = None
) -> Built:
    """Make everything that belongs to one assignment.

    Parameters
    ----------
    source
        The solution notebook; see `zsbir_lib.course.read_source`.
    out
        A folder. ``student/`` may be given away; ``solution/``, ``autograder/``, ``otter/`` and
        ``instructor/`` hold answers, or say how to get them.
    variant
        Chooses data, numbers and classes, the hidden ones too.
    library
        From where a machine of Gradescope installs this library; see
        `zsbir_lib.course.write_otter`.

    Raises
    ------
    ZsbirError
        If the source does not fit, or something cannot be written.
    """
    if variant < 0:
        raise ZsbirError(f"the variant is {variant}: it must be a whole number from 0 on")
    read = read_source(source)
    number = public_number(variant)
    files = Built(
        read.name,
        out / "student" / f"{read.name}.ipynb",
        out / "solution" / f"{read.name}.ipynb",
        out / "autograder" / f"{read.name}.json",
        out / "instructor" / f"{read.name}.md",
        out / "otter" / read.name,
    )
    check_outputs(files.student, files.solution, files.autograder, files.notes)
    texts = {
        files.student: notebook_text(student_notebook(read, number)),
        files.solution: notebook_text(solution_notebook(read, number)),
        files.notes: instructor_notes(read, open_assignment(read.name, number)),
    }
    for path, text in texts.items():
        write_text(path, text)
    asked = autograder(read, variant)
    write_json(files.autograder, asked)
    write_otter(read, number, asked["hidden"], files.otter, library)
    return files


def autograder(source: Source, variant: int) -> dict[str, Any]:
    """Return what `zsbir_lib.course.grade_folder` needs to know; no answer is in it."""
    return {
        "kit": KIT,
        "assignment": source.name,
        "title": source.title,
        "variant": public_number(variant),
        "hidden": _drawn("hidden", variant),
        "seconds": source.seconds,
        "questions": [asdict(question) for question in source.questions],
    }


def student_notebook(source: Source, number: int) -> Notebook:
    """Return the notebook that is handed out: no solution, and hints that unfold."""
    cells = []
    for cell in source.notebook.cells:
        if INSTRUCTOR in cell.metadata.get("tags", ()):
            continue
        text = without_solution(cell.source) if cell.kind == "code" else cell.source
        cells.append(_shown(source, cell, text))
    return _whole(source, cells, number)


def solution_notebook(source: Source, number: int) -> Notebook:
    """Return the notebook with all answers."""
    cells = [
        _shown(source, cell, with_solution(cell.source) if cell.kind == "code" else cell.source)
        for cell in source.notebook.cells
    ]
    return _whole(source, cells, number)


def _shown(source: Source, cell: Cell, text: str) -> Cell:
    """Return a cell with the head and the hints of the question that it asks."""
    metadata = {key: value for key, value in cell.metadata.items() if key != "zsbir"}
    about = cell.metadata.get("zsbir", {}).get("question")
    if about:
        asked = next(one for one in source.questions if one.key == about["key"])
        heading, _, rest = text.partition("\n\n") if text.startswith("#") else ("", "", text)
        text = "\n\n".join(filter(None, (heading, _head(asked), rest, _hints(asked))))
    return Cell(cell.kind, text, metadata)


def _head(asked: Asked) -> str:
    return (
        f"### Question {asked.key}\n\n*{asked.kind}, {asked.points} points, "
        f"{asked.difficulty}, about {asked.minutes} minutes*"
    )


def _hints(asked: Asked) -> str:
    return "\n\n".join(
        f"<details><summary>Hint {number}</summary>\n\n{hint}\n\n</details>"
        for number, hint in enumerate(asked.hints, start=1)
    )


def _whole(source: Source, cells: Iterable[Cell], number: int) -> Notebook:
    """Put the notebook together, and the variant's number into it."""
    count, made = 0, []
    for cell in cells:
        text, times = _OPENED.subn(rf"\g<1>{number}\2", cell.source)
        count += times if cell.kind == "code" else 0
        made.append(Cell(cell.kind, text if cell.kind == "code" else cell.source, cell.metadata))
    if count != 1:
        raise ZsbirError(f"the source of {source.name!r} must open its assignment once, by "
                         f'open_assignment("{source.name}", variant=0)')  # fmt: skip
    about = {"assignment": source.name, "kit": KIT, "variant": number}
    return Notebook(tuple(made), {"zsbir": about})


def instructor_notes(source: Source, work: Assignment) -> str:
    """Return the notes as Markdown: what each question is for, its answer, and what goes wrong."""
    total, minutes = (sum(getattr(one, what) for one in source.questions)
                      for what in ("points", "minutes"))  # fmt: skip
    lines = [
        f"# {source.title}: instructor's notes",
        "",
        f"Variant {work.variant} in the notebook. {total} points, about {minutes} minutes of work.",
        "This file holds answers: do not hand it out.",
        "",
        "| question | kind | points | difficulty | minutes | goal |",
        "|---|---|---|---|---|---|",
        *(
            f"| {one.key} | {one.kind} | {one.points} | {one.difficulty} | {one.minutes} "
            f"| {one.goal} |"
            for one in source.questions
        ),
    ]
    answers = _answers(source)
    for asked, question in zip(source.questions, work.questions, strict=True):
        lines += ["", f"## Question {asked.key}: {', '.join(question.names)}", ""]
        lines += ["```python", *answers[asked.key], "```"]
        if isinstance(question, FunctionQuestion):
            lines += ["", "What goes wrong, and what the student is told:", ""]
            lines += [f"- {mistake.text}" for mistake in question.mistakes]
        if asked.rubric:
            lines += ["", "Rubric, to be applied by a person:", ""]
            lines += [f"- {points} points: {what}" for points, what in asked.rubric]
    return "\n".join(lines) + "\n"


def _answers(source: Source) -> dict[str, list[str]]:
    """Return the answers in code cells, by the question that stands before them."""
    found: dict[str, list[str]] = {one.key: [] for one in source.questions}
    key = None
    for cell in source.notebook.cells:
        about = cell.metadata.get("zsbir", {}).get("question")
        key = about["key"] if about else key
        if key is not None and is_answered(cell):
            found[key] += with_solution(cell.source).split("\n")
    return found
