"""A whole class: found in a folder, graded side by side, continued where it was stopped."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue

from zsbir_lib.course.confine import Limits
from zsbir_lib.course.grading import (
    Autograder,
    Grade,
    grade_submission,
    read_autograder,
)
from zsbir_lib.course.report import report_page
from zsbir_lib.course.sandbox import Sandbox
from zsbir_lib.course.scores import harmless, score_table
from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.files import atomic_path, check_outputs, sha256, write_json
from zsbir_lib.parallel import count_workers
from zsbir_lib.progress import progress_bar
from zsbir_lib.reading import check_file, printable

GRADER = 1
"""Version of the grader, to be raised when the same notebook would get another grade."""


@dataclass(frozen=True)
class Submission:
    """Whose it is, as the folder says, and where it lies."""

    student: str
    path: Path


@dataclass(frozen=True)
class ClassGrades:
    """The grades of a class.

    Attributes
    ----------
    grades : dict of str to Grade
        By student.
    table : Path
        Of the CSV file.
    kept : int
        How many were taken from an earlier run.
    scores : Path or None
        The table of the methods' scores, for an assignment that asks for one.
    """

    grades: dict[str, Grade]
    table: Path
    kept: int
    scores: Path | None = None


def find_submissions(folder: Path) -> list[Submission]:
    """Return the notebooks of a folder, by student.

    A notebook in the folder itself is called after its student; one in a folder below, after that
    folder, which is how learning platforms pack what was handed in.

    Raises
    ------
    ZsbirError
        If there is no such folder, or no notebook in it.
    """
    if not folder.is_dir():
        raise ZsbirError(f"{printable(folder)} is no folder of submissions")
    paths = sorted(
        path
        for path in folder.rglob("*.ipynb")
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not paths:
        raise ZsbirError(f"no notebook (.ipynb) lies in {printable(folder)}")
    owners = [path.relative_to(folder).parts[0].removesuffix(".ipynb") for path in paths]
    return [
        Submission(
            owner
            if owners.count(owner) == 1
            else path.relative_to(folder).as_posix().removesuffix(".ipynb"),
            path,
        )
        for owner, path in zip(owners, paths, strict=True)
    ]


def grade_folder(
    folder: Path,
    autograder: Path,
    out: Path,
    *,
    workers: int | None = None,
    limits: Limits | None = None,
    progress: bool | None = None,
    drawings: Path | None = None,
) -> ClassGrades:
    """Grade every notebook of a folder.

    Writes ``grades.csv``, a page for each student in ``reports/``, and in ``state/`` what lets an
    interrupted run go on: a notebook that was graded, and did not change, is not run again. Where
    methods are scored, ``scores.csv`` compares them.

    Parameters
    ----------
    folder
        The submissions; nothing in it is changed.
    autograder
        The file that `zsbir_lib.course.build_assignment` made.
    out
        The folder to write.
    workers
        Processes; one a processor by default.
    limits
        What a submission may use.
    progress
        Whether to show a bar; by default on a terminal only.
    drawings
        A folder of people's drawings, for an assignment that takes some.

    Raises
    ------
    ZsbirError
        If there is nothing to grade, or something cannot be read or written.
    """
    found, asked = find_submissions(folder), read_autograder(autograder)
    work = asked.open()
    brought = "" if drawings is None else f" {work.bring(drawings)}"
    asked = replace(asked, drawings=drawings)
    if out.resolve() == folder.resolve() or folder.resolve() in out.resolve().parents:
        raise ZsbirError(f"{printable(out)} lies among the submissions: write the grades elsewhere "
                         f"({argument('out')})")  # fmt: skip
    table, scores = out / "grades.csv", out / "scores.csv"
    check_outputs(table, scores)
    key = f"{GRADER} {sha256(autograder)} {limits}{brought}"
    states = {one: out / "state" / f"{_digest(key, one.path)}.json" for one in found}
    grades = {one: grade for one in found if (grade := _kept(states[one])) is not None}
    kept = len(grades)
    # Two files that are the same are graded once, each by its own row.
    todo = {states[one]: one for one in found if one not in grades}
    bar = progress_bar(total=len(found), initial=kept, show=progress, unit="submission")
    with bar, _graded(list(todo.values()), asked, limits, workers) as done:
        for one, grade in done:
            write_json(states[one], grade.as_json())
            for twin in found:
                if states[twin] == states[one]:
                    grades[twin] = grade
                    bar.update()
    ordered = {one.student: grades[one] for one in found}
    pages = _page_names(list(ordered))
    for student, grade in ordered.items():
        _write(out / "reports" / pages[student], report_page(student, asked, grade))
    _write(table, _table(ordered, asked, pages))
    scored = score_table(ordered)
    if scored is None:
        return ClassGrades(ordered, table, kept)
    _write(scores, scored)
    return ClassGrades(ordered, table, kept, scores)


@contextmanager
def _graded(
    todo: list[Submission], asked: Autograder, limits: Limits | None, workers: int | None
) -> Iterator[Iterator[tuple[Submission, Grade]]]:
    """Give the grades as they are done.

    Threads are enough: the work is done by the processes that they wait for.
    """
    count = count_workers(workers, len(todo))
    sandboxes = [Sandbox(limits) for _ in range(count if todo else 0)]
    free: SimpleQueue[Sandbox] = SimpleQueue()
    for sandbox in sandboxes:
        free.put(sandbox)

    def one(submission: Submission) -> Grade:
        mine = free.get()
        try:
            return grade_submission(submission.path, asked, mine)
        finally:
            free.put(mine)

    pool = ThreadPoolExecutor(count)
    try:
        futures: dict[Future[Grade], Submission] = {pool.submit(one, each): each for each in todo}
        yield ((futures[future], future.result()) for future in as_completed(futures))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for sandbox in sandboxes:
            sandbox.close()
        pool.shutdown()


def _digest(key: str, path: Path) -> str:
    try:
        check_file(path, "it")  # a pipe would never end
        content = "a link" if path.is_symlink() else sha256(path)
    except (ZsbirError, OSError) as error:
        content = f"unreadable: {error}"
    return hashlib.sha256(f"{key} {content}".encode()).hexdigest()[:32]


def _kept(state: Path) -> Grade | None:
    """Return a grade of an earlier run, or None: a damaged one is made again."""
    try:
        return Grade.from_json(json.loads(state.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _page_names(students: list[str]) -> dict[str, str]:
    """Return a file name for each student: letters and digits, distinct on any file system."""
    names: dict[str, str] = {}
    for student in students:
        plain = re.sub(r"[^\w.-]+", "-", printable(student)).strip("-.")[:80] or "student"
        if any(plain.casefold() == name.casefold() for name in names.values()):
            own = hashlib.sha256(student.encode("utf-8", "surrogateescape")).hexdigest()
            plain += f"-{own[:8]}"
        names[student] = plain
    return {student: f"{name}.html" for student, name in names.items()}


def _table(grades: dict[str, Grade], asked: Autograder, pages: dict[str, str]) -> str:
    """Return the class as CSV: a row for each student, a column for each question."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    keys = [one["key"] for one in asked.questions]
    writer.writerow(["student", "points", "out of", "to be read", *keys, "remarks", "report"])
    for student, grade in grades.items():
        marks = ["" if mark.points is None else f"{mark.points:g}" for mark in grade.marks]
        writer.writerow([
            harmless(printable(student)), f"{grade.points:g}", grade.out_of, grade.to_read,
            *marks, harmless(printable("; ".join(grade.remarks))), f"reports/{pages[student]}",
        ])  # fmt: skip
    return stream.getvalue()


def _write(path: Path, text: str) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
