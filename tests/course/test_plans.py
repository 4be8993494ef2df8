"""The plans for teachers: nothing is due before it was read, and all assignments are in them."""

import re

import nbformat
import pytest
import yaml
from colab_cell import BOOK

PAGE = (BOOK / "appendix" / "teachers.md").read_text(encoding="utf-8")
PLANS = ("Three weeks", "Six weeks, generating", "Six weeks, finding", "Twelve weeks")
CHAPTER = re.compile(r"\]\(\.\./(\w+)\.ipynb\)")


def weeks(title):
    """Return (chapters read, what is due) for each week of a plan."""
    rows = PAGE.partition(f"**{title}**")[2].split("\n\n")[1]
    found = re.findall(r"^\| (\d+) \| ([^|]+) \| [^|]+ \| ([^|]+) \|$", rows, flags=re.M)
    assert [int(number) for number, *_ in found] == list(range(1, len(found) + 1))
    return [(set(CHAPTER.findall(read)), due) for _, read, due in found]


def assignments_due(due):
    return [int(number) for number in re.findall(r"\bassignment (\d)\b", due)]


def needed():
    """Return the chapters that each assignment asks for, by its number."""
    found = {}
    for path in (BOOK / "assignments").glob("*.ipynb"):
        first = nbformat.read(path, as_version=4).cells[0].source
        number = int(re.match(r"# Assignment (\d):", first)[1])
        needs = first.partition("**You need**")[2].partition("**Time**")[0]
        found[number] = set(CHAPTER.findall(needs))
    return found


def test_plans_are_as_long_as_they_say():
    assert [len(weeks(title)) for title in PLANS] == [3, 6, 6, 12]


@pytest.mark.parametrize("title", PLANS)
def test_an_assignment_is_due_after_its_chapters(title):
    read, needs = set(), needed()
    for chapters, due in weeks(title):
        read |= chapters
        for number in assignments_due(due):
            assert needs.get(number, set()) <= read, f"assignment {number}"
        for number in re.findall(r"\bquestions? (\d)\.", due):
            assert needs[int(number)] & read


def test_twelve_weeks_have_every_chapter_and_all_six_assignments():
    plan = weeks("Twelve weeks")
    parts = yaml.safe_load((BOOK.parent / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    chapters = {entry["file"].removeprefix("book/") for part in parts for entry in part["chapters"]
                if part["caption"] not in ("Start here", "Assignments", "Appendix")}  # fmt: skip
    assert set().union(*(read for read, _ in plan)) == chapters | {"tour"}
    assert [n for _, due in plan for n in assignments_due(due)] == [1, 2, 3, 4, 5, 6]
    assert set(needed()) <= {1, 2, 3, 4, 5, 6}


def test_both_plans_of_six_weeks_have_all_six_between_them():
    due = [n for title in PLANS[1:3] for _, text in weeks(title) for n in assignments_due(text)]
    assert set(due) == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("title", PLANS)
def test_every_week_has_something_to_read_and_something_due(title):
    for number, (chapters, due) in enumerate(weeks(title), start=1):
        assert chapters or number == 12  # reports of the others
        assert due.strip()
