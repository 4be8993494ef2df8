"""A class: every kind of submission of assignment 1, its table, its pages, and going on."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zsbir_lib.course import (
    build_assignment,
    find_submissions,
    grade_folder,
    grade_submission,
    read_autograder,
)
from zsbir_lib.course.notebooks import Cell, Notebook, read_notebook, write_notebook
from zsbir_lib.errors import ZsbirError

SOURCES = sorted(Path(__file__).parents[2].glob("book/assignments/sources/*.ipynb"))
ALL = {"1.1": 2, "1.2": 3, "1.3": 8, "1.4": 5, "1.5": 4, "1.6": 5, "1.7": 3, "1.8": None}


def change(path, out, edit):
    """Write a notebook with its cells edited: a list in, a list out."""
    found = read_notebook(path)
    about = {"zsbir": found.metadata["zsbir"]}
    write_notebook(out, Notebook(tuple(edit(list(found.cells))), about))
    return out


def points(grade):
    return {mark.key: mark.points for mark in grade.marks}


@pytest.fixture(scope="module")
def asked(built):
    return read_autograder(built.autograder)


@pytest.fixture
def graded(built, asked, sandbox, tmp_path):
    """Return a function that grades the solution, its cells edited."""

    def grade(edit=lambda cells: cells, path=None):
        return grade_submission(change(path or built.solution, tmp_path / "a.ipynb", edit), asked,
                                sandbox)  # fmt: skip

    return grade


def with_code(*sources, at=None):
    def edit(cells):
        new = [Cell("code", source) for source in sources]
        place = len(cells) if at is None else at
        return cells[:place] + new + cells[place:]

    return edit


def test_the_solution_gets_all_points(graded):
    grade = graded()
    assert points(grade) == ALL
    assert (grade.points, grade.to_read, grade.out_of, grade.remarks) == (30, 5, 35, ())


def test_what_was_handed_out_gets_none(graded, built):
    grade = graded(path=built.student)
    assert set(points(grade).values()) == {0}
    assert {mark.text for mark in grade.marks} == {"not answered yet."}
    assert grade.remarks == ()


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_solution_gets_all_and_every_blank_notebook_nothing(source, sandbox, tmp_path):
    made = build_assignment(source, tmp_path, 11)
    asked = read_autograder(made.autograder)
    solved, blank = (
        grade_submission(path, asked, sandbox) for path in (made.solution, made.student)
    )
    assert solved.points == solved.out_of - solved.to_read
    assert solved.remarks == ()
    assert (blank.points, blank.to_read, blank.remarks) == (0, 0, ())


CHEATS = {
    "edits the checks": "import zsbir_lib.check as c\n"
    "c.Assignment.check = lambda *a, **k: print('right')\n"
    "c.FunctionQuestion.judge = lambda *a: c.Verdict(1.0, 'right')",
    "patches the library": "import zsbir_lib.metrics as m\n"
    "m.average_precision = lambda *a, **k: [1.0]\n"
    "import zsbir_lib.check.plain as p\np.same = lambda *a: True",
    "answers with what agrees with all": "class Yes(float):\n    def __eq__(self, o): return True\n"
    "    def __sub__(self, o): return 0\nprecision_at = lambda rel, k: Yes(7)",
    "prints forged results": "print('{\"points\": 35}')\nprint('1.2  right in all 11 cases.')",
}


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_gets_what_its_functions_return(graded, name):
    spoil = "def precision_at(rel, k):\n    return 2"
    grade = graded(with_code(spoil, CHEATS[name]))
    assert points(grade) == {**ALL, "1.2": 0}


def test_one_mistake_costs_its_question_and_is_named(graded):
    grade = graded(with_code("def precision_at(rel, k):\n    return sum(rel) / k"))
    assert points(grade) == {**ALL, "1.2": 0}
    assert "whole list" in grade.marks[1].text


def test_cells_deleted_copied_and_reordered(graded):
    def defines(name):
        return lambda cell: f"def {name}(" in cell.source

    without = graded(lambda cells: [c for c in cells if not defines("extremes")(c)])
    assert points(without) == {**ALL, "1.6": 0}
    assert points(graded(lambda cells: cells + cells)) == ALL
    opened = lambda cells: next(i for i, c in enumerate(cells) if "open_assignment" in c.source)  # noqa: E731
    moved = graded(lambda cells: [*cells[: opened(cells)], *cells[opened(cells) + 1 :],
                                  cells[opened(cells)]])  # fmt: skip
    assert points(moved)["1.2"] == 3
    assert points(graded(lambda cells: [c for c in cells if c.kind == "code"])) == ALL


def test_what_does_not_fit_is_said_in_a_line(graded):
    def replaced(old, new):
        return lambda cells: [Cell(c.kind, c.source.replace(old, new)) for c in cells]

    assert "this is variant 3, not" in graded(replaced("variant=757299", "variant=3")).remarks[0]
    assert "no cell opens" in graded(replaced("open_assignment(", "open_it(")).remarks[0]
    other = graded(replaced('open_assignment("retrieval"', 'open_assignment("metric"'))
    assert "this is assignment 'metric', not 'retrieval'" in other.remarks
    assert other.to_read == 0  # its text is not for this question
    borrowed = graded(with_code("from zsbir_lib.metrics import precision_at_k"))
    assert "names zsbir_lib.metrics" in borrowed.remarks[0]
    assert graded(lambda cells: []).remarks == ("the notebook has no code",)


def test_an_older_kit_is_said(built, asked, sandbox, tmp_path):
    found = read_notebook(built.solution)
    write_notebook(tmp_path / "a.ipynb", Notebook(found.cells, {"zsbir": {"kit": 0}}))
    grade = grade_submission(tmp_path / "a.ipynb", asked, sandbox)
    assert grade.remarks == ("made by version 0 of the kit, graded by version 1",)
    assert points(grade) == ALL


def test_no_autograder_is_refused(built, tmp_path):
    for content, words in (("{}", "no autograder"), ("[", "no autograder"),
                           (built.autograder.read_text().replace('"kit": 1', '"kit": 9'),
                            "built by version 9")):  # fmt: skip
        (tmp_path / "a.json").write_text(content)
        with pytest.raises(ZsbirError, match=words):
            read_autograder(tmp_path / "a.json")


@pytest.fixture
def handed_in(built, tmp_path):
    folder = tmp_path / "in"
    (folder / "Élodie Ünal").mkdir(parents=True)
    (folder / ".ipynb_checkpoints").mkdir()
    shutil.copy(built.solution, folder / "Élodie Ünal" / "retrieval (1).ipynb")
    shutil.copy(built.solution, folder / ".ipynb_checkpoints" / "old.ipynb")
    shutil.copy(built.student, folder / "=cmd|'calc'!A1.ipynb")
    (folder / "broken.ipynb").write_text("nothing")
    return folder


def test_submissions_are_found_by_student(handed_in, built):
    assert [one.student for one in find_submissions(handed_in)] == [
        "=cmd|'calc'!A1", "broken", "Élodie Ünal",
    ]  # fmt: skip
    shutil.copy(built.student, handed_in / "Élodie Ünal" / "second.ipynb")
    assert [one.student for one in find_submissions(handed_in)][-2:] == [
        "Élodie Ünal/retrieval (1)", "Élodie Ünal/second",
    ]  # fmt: skip


def test_nothing_to_grade_is_said(tmp_path):
    with pytest.raises(ZsbirError, match="no folder"):
        find_submissions(tmp_path / "none")
    with pytest.raises(ZsbirError, match="no notebook"):
        find_submissions(tmp_path)


def rows(table):
    with table.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def quick(sandbox, monkeypatch):
    """Grade in the one sandbox that is there, rather than load all libraries again."""
    from zsbir_lib.course import classes

    monkeypatch.setattr(classes, "Sandbox", lambda limits: sandbox)
    monkeypatch.setattr(sandbox, "close", lambda: None)


def test_a_class_is_graded_to_a_table_and_pages(handed_in, built, tmp_path, quick):
    done = grade_folder(handed_in, built.autograder, tmp_path / "out", workers=1)
    table = rows(done.table)
    assert [row["student"] for row in table] == ["'=cmd|'calc'!A1", "broken", "Élodie Ünal"]
    assert [row["points"] for row in table] == ["0", "0", "30"]
    assert [row["to be read"] for row in table] == ["0", "0", "5"]
    assert table[2]["1.3"] == "8"
    assert table[1]["remarks"] == "it is no notebook, or was cut short"
    page = (tmp_path / "out" / table[2]["report"]).read_text(encoding="utf-8")
    assert "<strong>30 of 30 points</strong>" in page
    assert "5 more are given by your teacher" in page
    assert "http" not in page


def test_what_is_no_file_of_its_own_gets_nothing_and_holds_up_nobody(built, tmp_path, quick):
    folder = tmp_path / "in"
    (folder / "c.ipynb").mkdir(parents=True)
    (folder / "a.ipynb").symlink_to(built.solution)
    os.mkfifo(folder / "b.ipynb")
    (folder / "d.ipynb").symlink_to("/dev/zero")
    (folder / "e.ipynb").symlink_to("nowhere")
    table = rows(grade_folder(folder, built.autograder, tmp_path / "out", workers=1).table)
    told = {row["student"]: (row["points"], row["remarks"]) for row in table}
    link = ("0", "it is a link; hand in the notebook itself")
    assert told == {
        "a": link,
        "b": ("0", "it is a named pipe; give a regular file"),
        "c": ("0", "it is a folder; give a regular file"),
        "d": link,
        "e": link,
    }


def test_going_on_and_again_gives_the_same_bytes(handed_in, built, tmp_path, quick):
    def files(out):
        every = [path for path in out.rglob("*") if path.is_file()]
        return {path.relative_to(out): path.read_bytes() for path in every}

    one, other = tmp_path / "one", tmp_path / "other"
    assert grade_folder(handed_in, built.autograder, one, workers=1).kept == 0
    before = files(one)
    assert grade_folder(handed_in, built.autograder, one, workers=1).kept == 3
    assert files(one) == before
    grade_folder(handed_in, built.autograder, other, workers=2)
    assert files(other) == before
    state = next((one / "state").iterdir())
    state.write_text("damaged")
    assert grade_folder(handed_in, built.autograder, one, workers=1).kept == 2
    assert files(one) == before


def test_a_changed_notebook_is_graded_again(handed_in, built, tmp_path, quick):
    grade_folder(handed_in, built.autograder, tmp_path / "out", workers=1)
    shutil.copy(built.solution, handed_in / "broken.ipynb")
    done = grade_folder(handed_in, built.autograder, tmp_path / "out", workers=1)
    assert done.grades["broken"].points == 30
    assert done.kept == 3  # the same file as another student's


def test_grades_do_not_go_among_the_submissions(handed_in, built):
    with pytest.raises(ZsbirError, match="lies among the submissions"):
        grade_folder(handed_in, built.autograder, handed_in / "grades")


@pytest.mark.slow
def test_an_interrupted_run_goes_on(built, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    loops = with_code("import time", "time.sleep(2)")
    for number in range(3):
        edit = loops if number else (lambda cells: cells)
        last = Cell("code", f"number = {number}")
        change(built.solution, folder / f"{number}.ipynb",
               lambda cells, last=last, edit=edit: [*edit(cells), last])  # fmt: skip
    out = tmp_path / "out"
    command = [sys.executable, "-m", "zsbir_lib", "course", "grade", str(folder), "--autograder",
               str(built.autograder), "--out", str(out), "--workers", "1", "--json"]  # fmt: skip
    first = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A shell that runs us in the background has its programs ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    until = time.monotonic() + 90
    while not list((out / "state").glob("*.json")) and time.monotonic() < until:
        time.sleep(0.1)
    first.send_signal(signal.SIGINT)
    _, err = first.communicate(timeout=60)
    assert (first.returncode, err) == (130, "zsbir: interrupted\n")
    again = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    told = json.loads(again.stdout)
    assert told["submissions"] == 3
    assert 1 <= told["kept"] < 3
    assert {row["points"] for row in rows(out / "grades.csv")} == {"30"}
