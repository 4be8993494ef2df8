"""otter-grader asks the same questions, and gives the points that our own grader gives."""

import json
import sys
import types
import zipfile

import pytest

from zsbir_lib.check import open_assignment
from zsbir_lib.course import (
    build_assignment,
    grade_submission,
    has_otter,
    read_autograder,
    read_source,
)
from zsbir_lib.course.notebooks import Cell, Notebook, read_notebook, write_notebook
from zsbir_lib.errors import ZsbirError

NEEDS_OTTER = pytest.mark.skipif(
    not has_otter(), reason="otter-grader is not installed: pip install otter-grader"
)


@pytest.fixture
def tests_of(built, monkeypatch):
    """Return a function that runs a test file as otter does, and gives what each case says."""
    stand_in = types.ModuleType("otter.test_files")

    class TestCase:
        def __init__(self, **about):
            self.about = about

        def __call__(self, function):
            self.function = function
            return self

    stand_in.test_case = TestCase
    monkeypatch.setitem(sys.modules, "otter", types.ModuleType("otter"))
    monkeypatch.setitem(sys.modules, "otter.test_files", stand_in)

    def run(key, **names):
        path = built.otter / "tests" / f"q{key.replace('.', '_')}.py"
        made = {}
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), made)
        assert (made["name"], made["OK_FORMAT"]) == (key, False)
        told = []
        for case in (value for value in made.values() if isinstance(value, TestCase)):
            try:
                case.function(names)
                told.append((case.about["hidden"], ""))
            except AssertionError as error:
                told.append((case.about["hidden"], str(error)))
        return made["points"], told

    return run


def test_every_question_has_a_test_and_texts_have_no_points(built, source_path, tests_of):
    for asked in read_source(source_path).questions:
        points, told = tests_of(asked.key)
        assert points == (0 if asked.rubric else asked.points)
        assert told[0] == (False, "not answered yet.")
        assert all(case == (True, "not answered yet.") for case in told[1:])


def test_the_notebooks_own_data_are_asked_openly_and_hidden_data_give_the_points(tests_of):
    assert tests_of("1.2", precision_at=lambda rel, k: sum(rel[:k]) / k) == (
        3, [(False, ""), (True, "")],
    )  # fmt: skip
    _, (own, hidden) = tests_of("1.2", precision_at=lambda rel, k: sum(rel) / k)
    assert own[1] == hidden[1]
    assert "whole list" in own[1]


def test_an_answer_learnt_by_heart_passes_in_the_notebook_only(built, tests_of):
    work = open_assignment("retrieval", read_autograder(built.autograder).variant)
    question = work.question(["precision_at"])
    known = {
        json.dumps(request.arguments): sum(request.arguments[0][: request.arguments[1]])
        / request.arguments[1]
        for request in question.requests(work.seed())
    }
    _, (own, hidden) = tests_of("1.2", precision_at=lambda *a: known.get(json.dumps(a), 0.5))
    assert own == (False, "")
    assert "not yet" in hidden[1]


def test_parts_of_an_answer_earn_their_parts(built, tests_of):
    work = open_assignment("retrieval", read_autograder(built.autograder).variant)
    _, told = tests_of("1.7", flawed=work._table.flawed, counted_by="k")
    assert [text == "" for _, text in told] == [False, True, True, False]


def test_the_hidden_number_is_in_the_tests_and_not_in_what_they_show(built):
    hidden = str(read_autograder(built.autograder).hidden)
    for path in (built.otter / "tests").iterdir():
        lines = [line for line in path.read_text(encoding="utf-8").split("\n") if hidden in line]
        assert lines == [f"HIDDEN = {hidden}"]


def test_the_image_gets_the_library_and_pytorch_for_the_cpu(built, library):
    lines = (built.otter / "requirements.txt").read_text(encoding="utf-8").split("\n")
    assert lines[0].startswith("--extra-index-url https://download.pytorch.org/whl/cpu")
    assert lines[1] == f"zsbir @ {library}"


def test_without_an_address_to_install_from_there_is_no_archive(source_path, tmp_path):
    made = build_assignment(source_path, tmp_path, 7).otter
    assert {one.name for one in made.iterdir()} == {"tests", "otter_config.json"}
    with pytest.raises(ZsbirError, match="library='zsbir' is no address"):
        build_assignment(source_path, tmp_path, 7, library="zsbir")


def test_the_same_variant_gives_the_same_tests(built, source_path, library, tmp_path):
    again = build_assignment(source_path, tmp_path, 7, library=library).otter
    for one in (*(built.otter / "tests").iterdir(), built.otter / "otter_config.json"):
        assert one.read_bytes() == (again / one.relative_to(built.otter)).read_bytes()


@NEEDS_OTTER
def test_the_archive_for_gradescope_holds_tests_settings_and_setup(built, library):
    with zipfile.ZipFile(built.otter / "autograder.zip") as archive:
        names = set(archive.namelist())
        assert {"run_autograder", "setup.sh", "environment.yml", "otter_config.json"} <= names
        assert {f"tests/q1_{n}.py" for n in range(1, 9)} <= names
        environment = archive.read("environment.yml").decode()
    assert f"zsbir @ {library}" in environment
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in environment


def with_cells(built, out, *cells):
    found = read_notebook(built.solution)
    changed = Notebook((*found.cells, *(Cell("code", cell) for cell in cells)), found.metadata)
    write_notebook(out, changed)
    return out


@NEEDS_OTTER
@pytest.mark.slow
@pytest.mark.parametrize(
    ("points", "cells"),
    [
        (30, ()),
        (
            18,
            (
                "def precision_at(rel, k):\n    return sum(rel) / k",  # wrong
                # One part of four:
                "right = four_averages\ndef four_averages(*a):\n    return {**right(*a), 'k': 2}",
                "flawed, kept = 'no such method', ...",  # wrong, and not answered
                "1 / 0",
            ),
        ),
    ],
    ids=["right", "wrong"],
)
def test_otters_own_grader_gives_what_ours_gives(built, sandbox, tmp_path, points, cells):
    from otter.api import grade_submission as by_otter

    path = with_cells(built, tmp_path / "a.ipynb", *cells)
    ours = grade_submission(path, read_autograder(built.autograder), sandbox)
    results = by_otter(str(path), str(built.otter / "autograder.zip"), quiet=True)
    assert results.catastrophic_error is None
    scores = {key: one.score for key, one in results.results.items()}
    assert scores == {mark.key: mark.points or 0 for mark in ours.marks}
    assert results.total == ours.points == points
    assert results.possible == 30
