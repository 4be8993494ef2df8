"""``zsbir course``: what it says, and that nothing is half-written."""

import json
from pathlib import Path

import pytest
from cli_samples import assert_one_line

from zsbir_lib.cli.course import Platform
from zsbir_lib.course import PLATFORMS, has_otter

SOURCE = Path(__file__).parents[2] / "book" / "assignments" / "sources" / "retrieval.ipynb"


def test_build_says_what_it_made(run, run_json, tmp_path):
    told = run_json("course", "build", SOURCE, "--out", tmp_path, "--variant", "7")
    assert told == {"assignments": ["retrieval"], "out": str(tmp_path), "variant": 7,
                    "gradescope": False}  # fmt: skip
    code, out, _ = run("course", "build", SOURCE, "--out", tmp_path)
    assert code == 0
    assert "answers, not to be handed out" in out
    assert "autograder.zip" not in out
    address = "https://example.org/zsbir-0.1.0-py3-none-any.whl"
    code, out, _ = run("course", "build", SOURCE, "--out", tmp_path, "--library", address)
    assert code == 0
    assert (tmp_path / "otter" / "retrieval" / "autograder.zip").exists() == has_otter()
    assert ("no autograder.zip" in out) != has_otter()
    assert_one_line(
        run("course", "build", SOURCE, "--out", tmp_path, "--library", "zsbir"),
        "--library",
        "https://",
    )
    kinds = ("student", "solution", "autograder", "instructor", "otter")
    assert all(len(list((tmp_path / kind).iterdir())) == 1 for kind in kinds)


def test_build_finds_the_sources_of_the_repository(run_json, monkeypatch, tmp_path):
    monkeypatch.chdir(SOURCE.parents[3])
    assert "retrieval" in run_json("course", "build", "--out", tmp_path)["assignments"]


def test_build_elsewhere_is_told_what_is_missing(run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert_one_line(run("course", "build"), "no sources of assignments", "name them")
    assert list(tmp_path.iterdir()) == []


def test_exam_says_what_it_made(run, run_json, tmp_path):
    told = run_json("course", "exam", "--out", tmp_path, "--variant", "7")
    assert (told["questions"], told["variant"]) == (20, 7)
    code, out, err = run("course", "exam", "--out", tmp_path)
    assert (code, err) == (0, "")
    assert f"20 questions, {told['points']} points" in out
    assert f"not to be handed out: {told['answers']}" in out
    assert {path.name for path in (tmp_path / "exam").iterdir()} == {"exam.md", "answers.md"}


@pytest.fixture
def autograder(run, tmp_path):
    run("course", "build", SOURCE, "--out", tmp_path / "built")
    return tmp_path / "built" / "autograder" / "retrieval.json"


def test_grade_tells_of_what_was_wrong(run, tmp_path, autograder):
    (tmp_path / "in").mkdir()
    grade = ("course", "grade", tmp_path / "in", "--out", tmp_path / "out", "--autograder")
    assert_one_line(run(*grade, autograder), "no notebook", tmp_path / "in")
    (tmp_path / "in" / "a.ipynb").write_text("{")
    assert_one_line(run(*grade, SOURCE), "no autograder", "zsbir course build")
    assert not (tmp_path / "out").exists()


def test_grade_in_words_and_json(run, tmp_path, autograder):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.ipynb").write_text("{")  # so that nothing has to be run
    grade = ("course", "grade", tmp_path / "in", "--out", tmp_path / "out", "--autograder",
             autograder)  # fmt: skip
    code, out, err = run(*grade)
    assert (code, err) == (0, "")
    assert "1 submissions (0 graded before)" in out
    told = json.loads(run(*grade, "--json")[1])
    assert (told["submissions"], told["kept"], told["to_read"]) == (1, 1, 0)


def test_grades_for_a_platform(run, run_json, tmp_path, autograder):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "doejane_4051_99_retrieval.ipynb").write_text("{")
    (tmp_path / "in" / "stranger.ipynb").write_text("{")
    listed = tmp_path / "gradebook.csv"
    listed.write_text("Student,ID,SIS Login ID,Section\n"
                      '    Points Possible,,,\n"Doe, Jane",4051,jd,A\n')  # fmt: skip
    grade = ("course", "grade", tmp_path / "in", "--out", tmp_path / "out", "--autograder",
             autograder)  # fmt: skip
    told = run_json(*grade, "--platform", "canvas", "--students", listed)
    assert told["platform"] == str(tmp_path / "out" / "canvas.csv")
    assert (told["entered"], told["remarks"]) == (1, ["stranger is in no row of gradebook.csv"])
    assert (tmp_path / "out" / "canvas.csv").read_text() == (
        "Student,ID,SIS Login ID,Section,Retrieval by drawing\n"
        '    Points Possible,,,,35\n"Doe, Jane",4051,jd,A,0\n'
    )
    _, out, _ = run(*grade, "--platform", "canvas", "--students", listed)
    assert "1 grades for canvas" in out
    assert "- stranger is in no row" in out


def test_a_wrong_list_is_told_before_anything_is_graded(run, tmp_path, autograder):
    grade = ("course", "grade", tmp_path, "--out", tmp_path / "out", "--autograder", autograder)
    together = "belong together"
    assert_one_line(run(*grade, "--platform", "canvas"), together)
    assert_one_line(run(*grade, "--students", autograder), together)
    assert_one_line(run(*grade, "--column", "A"), together)
    assert_one_line(run(*grade, "--platform", "moodle", "--students", autograder), "no list of")
    assert not (tmp_path / "out").exists()


def test_the_platforms_are_those_of_the_library():
    assert tuple(one.value for one in Platform) == PLATFORMS


def test_link_prints_a_link_and_nothing_else(run, run_json):
    link = ("course", "link", "--hub", "https://hub.example.edu/", "--repo",
            "https://github.com/me/course")  # fmt: skip
    code, out, _ = run(*link, "--path", "a.ipynb")
    assert code == 0
    assert out == (
        "https://hub.example.edu/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2Fme"
        "%2Fcourse&urlpath=lab%2Ftree%2Fcourse%2Fa.ipynb&branch=main\n"
    )
    assert run_json(*link, "--path", "a.ipynb") == {"link": out.strip()}
    assert_one_line(run(*link, "--path", "../a.ipynb"), "no path in a repository", "--path")
