"""One submission, graded: asked in a sandbox, judged here, where it has no say."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zsbir_lib.check import Assignment, open_assignment
from zsbir_lib.check.questions import Verdict
from zsbir_lib.course.build import KIT
from zsbir_lib.course.notebooks import Notebook, read_notebook
from zsbir_lib.course.sandbox import Sandbox
from zsbir_lib.errors import ZsbirError
from zsbir_lib.reading import check_file

_LARGEST = 2**22
_OPENED = re.compile(r"open_assignment\(\s*['\"](\w+)['\"](?:,\s*variant\s*=\s*(\d+))?")
_HAS_ANSWERS = re.compile(r"zsbir_lib\.(?:metrics|course|check\.\w+)|\bwork\._\w+")


@dataclass(frozen=True)
class Autograder:
    """What is graded, and by which data; read from the file that a build makes.

    Attributes
    ----------
    assignment, title : str
        Its name, by which `zsbir_lib.check.open_assignment` knows it, and its title.
    variant, hidden : int
        The number that the notebook shows, and the one that chooses the hidden data.
    seconds : float
        That a cell or a question may take.
    questions : tuple of dict
        What the source says of each; see `zsbir_lib.course.Asked`.
    drawings : Path or None
        A folder of people's drawings, for an assignment that takes some.
    """

    assignment: str
    title: str
    variant: int
    hidden: int
    seconds: float
    questions: tuple[dict[str, Any], ...]
    drawings: Path | None = None

    def open(self) -> Assignment:
        """Return the assignment of this variant, with the drawings.

        Raises
        ------
        ZsbirError
            If it takes no drawings, or they do not suit.
        """
        work = open_assignment(self.assignment, self.variant)
        if self.drawings is not None:
            work.bring(self.drawings)
        return work


@dataclass(frozen=True)
class Mark:
    """What one question got.

    Attributes
    ----------
    key : str
        The question's number.
    points : float or None
        None where a person has to read the answer.
    out_of : int
        The points that there are.
    text : str
        What the student is told.
    figures : dict
        As `zsbir_lib.check.Verdict` has them.
    """

    key: str
    points: float | None
    out_of: int
    text: str
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Grade:
    """The marks of a submission, and remarks on its notebook."""

    marks: tuple[Mark, ...]
    remarks: tuple[str, ...]

    @property
    def points(self) -> float:
        """All points that are settled."""
        return round(sum(mark.points or 0 for mark in self.marks), 2)

    @property
    def out_of(self) -> int:
        """The points that there are."""
        return sum(mark.out_of for mark in self.marks)

    @property
    def to_read(self) -> int:
        """The points of answers that a person has to read."""
        return sum(mark.out_of for mark in self.marks if mark.points is None)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Grade:
        """Return what `as_json` was made of."""
        return cls(tuple(Mark(**mark) for mark in found["marks"]), tuple(found["remarks"]))


def read_autograder(path: Path) -> Autograder:
    """Read the file ``autograder/NAME.json`` of a build.

    Raises
    ------
    ZsbirError
        If it is no such file, or one of another version of the kit.
    """
    check_file(path, f"the autograder {path}", limit=_LARGEST)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        kit = found.pop("kit")
        made = Autograder(**{**found, "questions": tuple(found["questions"])})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ZsbirError(f"{path} is no autograder: name the file that `zsbir course build` wrote "
                         "into autograder/") from None  # fmt: skip
    if kit != KIT:
        raise ZsbirError(f"{path} was built by version {kit} of the kit, this is {KIT}: build it "
                         "again, with the same variant")  # fmt: skip
    return made


def grade_submission(path: Path, autograder: Autograder, sandbox: Sandbox) -> Grade:
    """Grade one notebook; one that cannot be read gets 0 and a remark that says why.

    Parameters
    ----------
    path
        The notebook.
    autograder
        What is asked.
    sandbox
        Where its code runs.
    """
    assignment = autograder.open()
    try:
        if path.is_symlink():  # to the solution, say
            raise ZsbirError(f"{path.name}: it is a link; hand in the notebook itself")
        notebook = read_notebook(path)
    except ZsbirError as error:
        lost = tuple(Mark(one["key"], 0.0, one["points"], "nothing could be read.")
                     for one in autograder.questions)  # fmt: skip
        # Without the path, so that a grade is the same wherever the file lies.
        return Grade(lost, (str(error).partition(f"{path.name}: ")[2] or str(error),))
    cells = [cell.source for cell in notebook.cells if cell.kind == "code"]
    seed = assignment.seed(autograder.hidden)
    outcome = sandbox.run(
        cells, [question.requests(seed) for question in assignment.questions], autograder.seconds
    )
    opened = _OPENED.search("\n".join(cells))
    elsewhere = opened is not None and opened[1] != autograder.assignment
    marks = []
    for about, question, replies in zip(
        autograder.questions, assignment.questions, outcome.replies, strict=True
    ):
        verdict = question.judge(seed, replies)
        if verdict.share is None and elsewhere:  # two assignments may ask for a text of one name
            verdict = Verdict(0.0, "this text belongs to another assignment.")
        share, most = verdict.share, about["points"]
        points = None if share is None else round(share * most, 2)
        marks.append(Mark(about["key"], points, most, verdict.text, verdict.figures))
    return Grade(tuple(marks), (*_remarks(notebook, cells, autograder), *outcome.remarks))


def _remarks(notebook: Notebook, cells: list[str], autograder: Autograder) -> list[str]:
    """Say what does not fit: another assignment, another variant, an older kit, borrowed code."""
    told = []
    text = "\n".join(cells)
    if not text.strip():
        return ["the notebook has no code"]
    opened = _OPENED.search(text)
    if opened is None:
        told.append("no cell opens the assignment")
    elif opened[1] != autograder.assignment:
        told.append(f"this is assignment {opened[1]!r}, not {autograder.assignment!r}")
    elif int(opened[2] or 0) != autograder.variant:
        told.append(f"this is variant {int(opened[2] or 0)}, not {autograder.variant}")
    about = notebook.metadata.get("zsbir")
    kit = about.get("kit") if isinstance(about, dict) else None
    if kit is not None and kit != KIT:
        told.append(f"made by version {kit} of the kit, graded by version {KIT}")
    if borrowed := sorted(set(_HAS_ANSWERS.findall(text))):
        told.append(f"for the teacher: names {', '.join(borrowed)}, where answers can be found")
    return told
