"""Grades enter the list of students that a platform exported, and nothing else changes there."""

import csv
import re

import pytest

from zsbir_lib.course import Grade, Gradebook, Mark
from zsbir_lib.errors import ZsbirError

TITLE = "Retrieval by drawing"
# As Canvas writes it: a row of posting policies, one of points, a test student without an account.
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Notes,Warming up (71),Retrieval by drawing (72),Final Score
,,,,,,,Manual Posting,
    Points Possible,,,,,,10.00,35.00,(read only)
"Doe, Jane",4051,S1,jdoe@x.edu,A,"likes, commas",9.00,,81.2
"Müller, Élodie",4052,S2,emueller@x.edu,A,,10.00,3.00,55.0
"Lee, Sam",4053,S3,slee@x.edu,B,,,,
"Student, Test",4054,,5f2a,A,,,,
"""  # noqa: E501
# As Moodle writes it, for an assignment with feedback comments.
WORKSHEET = """\
\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",\
"Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 881","Jane Doe",jane@x.edu,"Submitted for grading",,35.00,Yes,\
"Monday, 2 November 2026, 9:00 AM",-,
"Participant 882","Élodie Müller",elodie@x.edu,"Submitted for grading",3.00,35.00,Yes,\
"Monday, 2 November 2026, 9:00 AM","Monday, 2 November 2026, 9:30 AM",
"Participant 883","Sam Lee",sam@x.edu,"No submission",,35.00,Yes,-,-,
"""
EXPORT = """\
"First name",Surname,"ID number",Institution,Department,"Email address","Quiz: Warming up (Real)"
Jane,Doe,17,,,jane@x.edu,4.00
Sam,Lee,18,,,sam@x.edu,-
Sam,Lee,19,,,sam.lee@x.edu,-
"""


def grade(points, unread=0):
    marks = [Mark("1", points, 30, "told")]
    return Grade((*marks, Mark("2", None if unread else 0.0, 5, "told")), ())


@pytest.fixture
def filled(tmp_path):
    """Return a function that enters grades into a list, and gives the table and what was told."""

    def fill(platform, text, grades, column=None):
        (tmp_path / "students.csv").write_text(text, encoding="utf-8")
        book = Gradebook(platform, tmp_path / "students.csv", column)
        made = book.fill(grades, TITLE, tmp_path / "out.csv")
        assert (tmp_path / "students.csv").read_text(encoding="utf-8") == text
        return (tmp_path / "out.csv").read_text(encoding="utf-8"), made

    return fill


def test_canvas_gets_the_columns_that_it_asks_for_and_this_assignment_alone(filled):
    text, made = filled("canvas", CANVAS, {
        "doejane_4051_99001_retrieval": grade(27.5),
        "müllerélodie_LATE_4052_99002_retrieval-1": grade(30),
    })  # fmt: skip
    assert text == (
        "Student,ID,SIS User ID,SIS Login ID,Section,Retrieval by drawing (72)\n"
        ",,,,,Manual Posting\n"
        "    Points Possible,,,,,35.00\n"
        '"Doe, Jane",4051,S1,jdoe@x.edu,A,27.5\n'
        '"Müller, Élodie",4052,S2,emueller@x.edu,A,30\n'
        '"Lee, Sam",4053,S3,slee@x.edu,B,\n'
        '"Student, Test",4054,,5f2a,A,\n'
    )
    assert (made.entered, made.remarks) == (2, ())


@pytest.mark.parametrize("owner", ["Jane Doe", "doe,  jane", "S1", "jdoe@x.edu"])
def test_students_are_known_by_name_and_login_too(filled, owner):
    text, _ = filled("canvas", CANVAS, {owner: grade(1)})
    assert '"Doe, Jane",4051,S1,jdoe@x.edu,A,1\n' in text


def test_whoever_is_not_in_the_list_is_told(filled):
    text, made = filled("canvas", CANVAS, {"poirotagatha_9_1_retrieval": grade(1)})
    assert (made.entered, made.remarks) == (
        0, ("poirotagatha_9_1_retrieval is in no row of students.csv",),
    )  # fmt: skip
    assert "poirot" not in text


def test_an_assignment_that_canvas_does_not_know_becomes_a_column(filled):
    text, made = filled("canvas", CANVAS.replace("Retrieval by drawing", "Other"), {
        "Jane Doe": grade(20, unread=1),
    })  # fmt: skip
    assert text.startswith(f"Student,ID,SIS User ID,SIS Login ID,Section,{TITLE}\n")
    assert "    Points Possible,,,,,35\n" in text
    assert made.remarks == ("1 grades lack the points of texts, which a person has to read",)


def test_canvas_with_semicolons_first_and_last_names_and_another_column(filled):
    header = "LastName;FirstName;ID;SIS Login ID;Section;Retrieval by drawing (72);B (73)\n"
    text, made = filled("canvas", header + "Points Possible;;;;;35,00;30\nDoe;Jane;4051;j;A;;\n",
                        {"jane doe": grade(12.5)}, "b")  # fmt: skip
    assert text == ("LastName;FirstName;ID;SIS Login ID;Section;B (73)\nPoints Possible;;;;;30\n"
                    "Doe;Jane;4051;j;A;12.5\n")  # fmt: skip
    assert made.remarks == ("Canvas counts 30 points, the assignment 35: change it there",)


def test_moodles_worksheet_is_kept_and_gets_grades(filled):
    text, made = filled("moodle", WORKSHEET, {
        "Jane Doe_881_assignsubmission_file_": grade(27.5),
        "Élodie Müller_882_assignsubmission_file": grade(30),
    })  # fmt: skip
    before = list(csv.reader(WORKSHEET.removeprefix("\ufeff").splitlines()))
    after = list(csv.reader(text.splitlines()))
    assert after[0] == before[0]
    assert [row[4] for row in after] == ["Grade", "27.5", "30", ""]
    for old, new in zip(before, after, strict=True):
        assert old[:4] + old[5:] == new[:4] + new[5:]
    assert (made.entered, made.remarks) == (2, ())


def test_a_worksheet_in_another_language_needs_its_word_for_grade(filled):
    german = WORKSHEET.replace("Grade,", "Bewertung,").replace("Participant", "Teilnehmer/in ")
    grades = {"Jane Doe_881_assignsubmission_file_": grade(8)}
    with pytest.raises(ZsbirError, match=re.escape("has no column Grade")):
        filled("moodle", german, grades)
    text, _ = filled("moodle", german, grades, "Bewertung")
    assert text.splitlines()[1].split(",")[4] == "8"


def test_grades_above_moodles_maximum_are_told_of(filled):
    _, made = filled("moodle", WORKSHEET.replace("35.00", "30.00"), {"Jane Doe": grade(1)})
    assert made.remarks[0].startswith("Moodle's maximum is 30 points, the assignment's 35: set it")


def test_moodles_gradebook_is_filled_by_name_and_address_and_nobody_is_guessed(filled):
    text, made = filled("moodle", EXPORT, {
        "Jane Doe_881_assignsubmission_file_": grade(7),
        "Sam Lee_883_assignsubmission_file_": grade(9),
        "sam.lee@x.edu": grade(11),
    })  # fmt: skip
    rows = list(csv.reader(text.splitlines()))
    assert [row[-1] for row in rows] == [TITLE, "7", "", "11"]
    assert made.remarks == (
        "Sam Lee_883_assignsubmission_file_ fits several students of students.csv",
    )


def test_two_notebooks_of_one_student_get_no_grade(filled):
    text, made = filled("moodle", WORKSHEET, {
        "Jane Doe_881_assignsubmission_file_/a": grade(7),
        "Jane Doe_881_assignsubmission_file_/b": grade(9),
    })  # fmt: skip
    assert made.entered == 0
    assert "are by one student: no grade was entered" in made.remarks[0]
    assert ",7,35.00" not in text
    assert ",9,35.00" not in text


@pytest.mark.parametrize(
    ("platform", "text", "words"),
    [
        ("canvas", WORKSHEET, "is no gradebook of Canvas"),
        ("moodle", CANVAS, "is no list of Moodle"),
        ("moodle", "Identifier\n", "no rows below its header"),
        ("canvas", "", "the file is empty"),
        ("canvas", "Müller".encode("latin-1"), "no text in UTF-8"),
        ("blackboard", CANVAS, "no platform 'blackboard': use one of canvas, moodle"),
    ],
    ids=["moodle's", "canvas'", "header alone", "empty", "latin-1", "platform"],
)
def test_what_is_no_list_is_told(tmp_path, platform, text, words):
    path = tmp_path / "students.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ZsbirError, match=re.escape(words)):
        Gradebook(platform, path)


def test_a_column_that_is_not_there_or_there_twice_is_told(filled):
    with pytest.raises(ZsbirError, match="has no column 'Retrieval'"):
        filled("canvas", CANVAS, {"Jane Doe": grade(1)}, "Retrieval")
    twice = CANVAS.replace("Warming up (71)", "Retrieval by drawing (71)")
    with pytest.raises(ZsbirError, match="has 2 columns"):
        filled("canvas", twice, {"Jane Doe": grade(1)})
    text, _ = filled("canvas", twice, {"Jane Doe": grade(1)}, "Retrieval by drawing (71)")
    assert text.startswith("Student,ID,SIS User ID,SIS Login ID,Section,Retrieval by drawing (71)")
