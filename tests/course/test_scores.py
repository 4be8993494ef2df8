"""The methods of a class in one table, by sketches and by people's drawings."""

import csv
import io
import os
from pathlib import Path

import pytest

from zsbir_lib.check.capstone_scores import BASELINES
from zsbir_lib.course import Grade, Mark, build_assignment, grade_folder, score_table
from zsbir_lib.errors import ZsbirError

SOURCE = Path(__file__).parents[2] / "book" / "assignments" / "sources" / "capstone.ipynb"
SHARED = Path(__file__).resolve().parents[3] / "shared"
PEOPLE = Path(os.environ.get("ZSBIR_DRAWINGS", SHARED / "quickdraw_seen")) / "seen"
OTHERS = {"cosine": [0.1, 0.2, 0.3], "ridge": [0.2, 0.3, 0.3], "centred": [0.3, 0.3, 0.3]}


def graded(scores, expected=None, drawings=None):
    figures = {} if scores is None else {"hidden": {"method": scores, **OTHERS}}
    if drawings is not None:
        figures["drawings"] = {"method": drawings, **OTHERS}
    marks = [Mark("6.5", 9, 9, "", figures)]
    if expected is not None:
        marks.append(Mark("6.6", 3, 3, "", {"expected": expected}))
    return Grade(tuple(marks), ())


def rows(text):
    return list(csv.reader(io.StringIO(text)))[1:]


def test_best_first_with_the_baselines_among_them():
    found = rows(score_table({"ada": graded([0.2, 0.3, 0.4]), "bob": graded([0.1, 0.1, 0.1])}))
    order = ["(centred cosine)", "ada", "(ridge map)", "(cosine)", "bob"]
    assert [row[1] for row in found] == order
    ada = found[1]
    assert ada[:4] == ["sketches", "ada", "3", "0.3000"]
    # Every class is better than by cosine, by the same amount: no draw of classes says otherwise.
    assert ada[6:9] == ["0.1000"] * 3
    assert [len(row) for row in found] == [6 + 3 * len(BASELINES) + 3] * 5


def test_what_was_expected_stands_beside_what_came_out():
    found = rows(score_table({"ada": graded([0.2, 0.3, 0.4], [0.25, 0.35], [0.1, 0.1, 0.2]),
                              "bob": graded([0.1, 0.1, 0.1], [0.2, 0.3])}))  # fmt: skip
    told = {(row[0], row[1]): row[-3:] for row in found}
    assert told["sketches", "ada"] == ["0.2500", "0.3500", "yes"]
    assert told["sketches", "bob"] == ["0.2000", "0.3000", "no"]
    assert told["drawings by people", "ada"] == ["", "", ""]
    assert ("drawings by people", "bob") not in told


def test_no_table_where_nothing_was_scored():
    assert score_table({"ada": graded(None)}) is None


def test_a_name_is_no_formula():
    assert "'=1+1" in [row[1] for row in rows(score_table({"=1+1": graded([0.2, 0.3, 0.4])}))]


def test_an_assignment_without_methods_takes_no_drawings(built, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.ipynb").write_text("{}")
    with pytest.raises(ZsbirError, match="takes no drawings"):
        grade_folder(tmp_path / "in", built.autograder, tmp_path / "out", drawings=tmp_path)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_class_by_drawings_of_people(tmp_path):
    if not PEOPLE.is_dir():
        pytest.skip(f"{PEOPLE} is not here: set ZSBIR_DRAWINGS")
    built = build_assignment(SOURCE, tmp_path / "built", 2027)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada.ipynb").write_bytes(built.solution.read_bytes())
    out = tmp_path / "out"
    done = grade_folder(tmp_path / "in", built.autograder, out, workers=1, drawings=PEOPLE)
    found = {(row[0], row[1]): float(row[3]) for row in rows(done.scores.read_text())}
    # Hands are harder than the Toybox's pen, and no baseline is better with them.
    assert found["drawings by people", "ada"] < found["sketches", "ada"]
    assert found["drawings by people", "ada"] > found["drawings by people", "(cosine)"]
    before = done.scores.read_bytes()
    again = grade_folder(tmp_path / "in", built.autograder, out, workers=1, drawings=PEOPLE)
    assert (again.kept, again.scores.read_bytes()) == (1, before)
    plain = grade_folder(tmp_path / "in", built.autograder, tmp_path / "plain", workers=1)
    assert plain.kept == 0
    assert "drawings" not in plain.scores.read_text()
    assert plain.grades["ada"].points == done.grades["ada"].points
