"""From one source: no answer in what students get, none missing in the solution, and variants."""

import json
import re
import subprocess
import sys

import pytest

from zsbir_lib.check import FunctionQuestion, open_assignment
from zsbir_lib.course import build_assignment, public_number, read_autograder, read_source
from zsbir_lib.course.notebooks import Cell, Notebook, read_notebook, write_notebook
from zsbir_lib.course.source import KINDS, with_solution, without_solution
from zsbir_lib.errors import ZsbirError

MARKED = '''def f(x):
    """Double."""
    # BEGIN SOLUTION
    y = x
    return 2 * y
    # END SOLUTION


a = f(3)  # SOLUTION
check(a=a)'''


def test_answers_are_taken_out():
    assert (
        without_solution(MARKED)
        == '''def f(x):
    """Double."""
    ...  # your answer


a = ...  # your answer
check(a=a)'''
    )


def test_marks_are_taken_out_of_the_solution():
    text = with_solution(MARKED)
    assert "SOLUTION" not in text
    assert "    y = x\n    return 2 * y" in text
    assert "a = f(3)\n" in text


@pytest.mark.parametrize(
    "text",
    [
        "# BEGIN SOLUTION\na",
        "a\n# END SOLUTION",
        "# BEGIN SOLUTION\n# BEGIN SOLUTION\n# END SOLUTION",
    ],
    ids=["no end", "no beginning", "nested"],
)
def test_marks_pair(text):
    with pytest.raises(ZsbirError, match="SOLUTION"):
        without_solution(text)


def code_of(path):
    return [cell.source for cell in read_notebook(path).cells if cell.kind == "code"]


def test_the_solution_has_everything(built):
    text = "\n".join(code_of(built.solution))
    assert "SOLUTION" not in text
    assert "your answer" not in text


def test_questions_of_all_kinds_have_head_hints_and_points(built, source_path):
    source = read_source(source_path)
    assert {one.kind for one in source.questions} == set(KINDS)
    text = "\n".join(cell.source for cell in read_notebook(built.student).cells)
    for one in source.questions:
        head = f"### Question {one.key}\n\n*{one.kind}, {one.points} points, {one.difficulty}"
        assert head in text
    assert text.count("<summary>Hint 3</summary>") == len(source.questions)
    assert 120 <= sum(one.minutes for one in source.questions) <= 240


def test_notes_hold_answers_rubric_and_mistakes(built, source_path):
    text = built.notes.read_text(encoding="utf-8")
    assert "do not hand it out" in text
    assert "return sum(rel[:k]) / k" in text
    assert "that is recall" in text
    for one in read_source(source_path).questions:
        assert f"## Question {one.key}" in text
        for points, what in one.rubric:
            assert f"- {points} points: {what}" in text
    assert "```python\n```" not in text


def test_variants_differ_and_are_reproducible(tmp_path, source_path):
    one, again, other = (build_assignment(source_path, tmp_path / name, variant)
                         for name, variant in (("a", 7), ("b", 7), ("c", 8)))  # fmt: skip
    for kind in ("student", "solution", "autograder", "notes"):
        assert getattr(one, kind).read_bytes() == getattr(again, kind).read_bytes()
        assert getattr(one, kind).read_bytes() != getattr(other, kind).read_bytes()


def test_a_notebook_tells_neither_the_variant_nor_the_hidden_data(built):
    asked = read_autograder(built.autograder)
    text = built.student.read_text(encoding="utf-8")
    assert f'open_assignment("retrieval", variant={asked.variant})'.replace('"', '\\"') in text
    assert asked.variant == public_number(7) != 7
    assert str(asked.hidden) not in text
    assert public_number(0) == 0


def test_hidden_data_are_others(built):
    asked = read_autograder(built.autograder)
    work = open_assignment("retrieval", asked.variant)
    for question in work.questions:
        if isinstance(question, FunctionQuestion):
            hidden = question.requests(work.seed(asked.hidden))
            assert hidden != question.requests(work.seed())


def test_the_autograder_holds_no_answer(built):
    text = built.autograder.read_text(encoding="utf-8")
    flawed = open_assignment("retrieval", public_number(7))._table.flawed
    assert [secret for secret in ("sum(rel", "return", flawed) if secret in text] == []


@pytest.fixture
def spoilt(source_path, tmp_path):
    """Return a function that writes the source, changed, and gives its path."""

    def spoil(change_cells=None, **metadata):
        read = read_notebook(source_path)
        cells = [Cell(c.kind, c.source, json.loads(json.dumps(c.metadata))) for c in read.cells]
        if change_cells:
            cells = change_cells(cells)
        about = {**read.metadata["zsbir"], **metadata}
        write_notebook(tmp_path / "s.ipynb", Notebook(tuple(cells), {"zsbir": about}))
        return tmp_path / "s.ipynb"

    return spoil


def asking(cells):
    return next(c for c in cells if "zsbir" in c.metadata).metadata["zsbir"]["question"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda cells: asking(cells).update(kind="riddle") or cells, "kind 'riddle' is none of"),
        (lambda cells: asking(cells).update(hints=["a"]) or cells, "1 hints, not 3"),
        (lambda cells: asking(cells).pop("points") and cells, "do not fit"),
        (lambda cells: asking(cells).update(rubric=[[1, "a"]]) or cells, "add up to 2 points"),
        (lambda cells: asking(cells).update(key="9") or cells, "the checks of 'retrieval' are for"),
        (lambda cells: [c for c in cells if "open_assignment(" not in c.source], "must open its"),
    ],
    ids=["kind", "hints", "points", "rubric", "key", "never opened"],
)
def test_a_source_that_does_not_fit_is_refused(spoilt, tmp_path, change, words):
    with pytest.raises(ZsbirError, match=re.escape(words)):
        build_assignment(spoilt(change), tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.ipynb"))


def test_a_chapter_is_no_source(source_path):
    with pytest.raises(ZsbirError, match="no source of an assignment"):
        read_source(source_path.parents[2] / "measuring.ipynb")


def test_building_needs_nothing_that_windows_has_not():
    code = (
        "import sys; sys.modules['resource'] = sys.modules['fcntl'] = None\n"
        "import zsbir_lib.course, zsbir_lib.cli.course"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
