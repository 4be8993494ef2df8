"""The book shows the student's notebook of each assignment, as its source makes it, and runs it."""

import itertools
import json
import re

import colab_cell
import nbformat
import pytest
import yaml
from home import Home

from zsbir_lib.course import read_source
from zsbir_lib.course.build import student_notebook
from zsbir_lib.course.notebooks import notebook_text
from zsbir_lib.course.source import (
    INSTRUCTOR,
    KINDS,
    is_answered,
    with_solution,
    without_solution,
)

BOOK = colab_cell.BOOK
SOURCES = sorted((BOOK / "assignments" / "sources").glob("*.ipynb"))


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def source(request):
    return request.param


def published(source):
    return BOOK / "assignments" / f"{read_source(source).name}.ipynb"


def test_there_is_one():
    assert SOURCES


def test_the_book_shows_what_the_source_makes(source):
    made = notebook_text(student_notebook(read_source(source), 0))
    assert published(source).read_text(encoding="utf-8") == made, "run make course"


def test_it_is_a_notebook_that_colab_opens(source):
    notebook = nbformat.read(published(source), as_version=4)
    nbformat.validate(notebook)
    assert colab_cell.is_right(published(source), Home.read())
    first = notebook.cells[0].source
    assert all(word in first for word in ("**You will**", "**You need**", "**Time**"))


def test_it_holds_no_answer(source):
    text = published(source).read_text(encoding="utf-8")
    assert "SOLUTION" not in text
    secret = set()
    for cell in read_source(source).notebook.cells:
        if is_answered(cell):
            own = INSTRUCTOR in cell.metadata.get("tags", ())
            shown = "" if own else without_solution(cell.source)
            secret |= {line.strip() for line in with_solution(cell.source).split("\n")
                       if line not in shown.split("\n") and len(line.strip()) > 8}  # fmt: skip
    secret -= {line for line in secret if line.startswith(("from ", "for "))}
    assert len(secret) > 15
    assert [line for line in secret if json.dumps(line, ensure_ascii=False)[1:-1] in text] == []


def test_it_takes_two_to_four_hours_and_has_all_kinds(source):
    questions = read_source(source).questions
    assert 120 <= sum(one.minutes for one in questions) <= 240
    assert {one.kind for one in questions} == set(KINDS)


def test_headings_nest(source):
    cells = nbformat.read(published(source), as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    levels = [len(marks) for marks in re.findall(r"^(#+) ", text, flags=re.M)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_site_has_it_and_no_answers(source):
    contents = (BOOK.parent / "_toc.yml").read_text(encoding="utf-8")
    assert f"book/assignments/{read_source(source).name}\n" in contents
    assert "sources" not in contents
    settings = yaml.safe_load((BOOK.parent / "_config.yml").read_text(encoding="utf-8"))
    assert settings["only_build_toc_files"]
    assert "book/assignments/sources" in settings["exclude_patterns"]


def test_built_answers_are_ignored_by_git():
    assert "_build/" in (BOOK.parent / ".gitignore").read_text(encoding="utf-8").split()
    assert "--out _build/course" in (BOOK.parent / "Makefile").read_text(encoding="utf-8")


def test_the_contents_say_points_questions_and_hours(source):
    text = (BOOK / "assignments" / "index.md").read_text(encoding="utf-8")
    read = read_source(source)
    points = sum(one.points for one in read.questions)
    [row] = [line for line in text.splitlines() if f"({read.name}.ipynb)" in line]
    teachers = (BOOK / "appendix" / "teachers.md").read_text(encoding="utf-8")
    for one in read.questions:
        by = ", read by a person" if one.rubric else ""
        assert f"| {one.key} | {one.goal} | {one.kind}{by} | {one.points} |" in teachers
    hours = round(sum(one.minutes for one in read.questions) / 60)
    assert f"| {len(read.questions)} | {points} | {hours} |" in row
