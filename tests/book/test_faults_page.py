"""The table of faults names tests that exist."""

import re

import pytest

ROW = re.compile(
    r"^\| (?P<fault>[^|]+) \| (?P<promise>[^|]+) \| `(?P<file>[^`:]+)::(?P<test>\w+)` \|$"
)


def rows(root):
    text = (root / "book/appendix/faults.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    head = ("| fault |", "| what is damaged |", "| input |", "|---|")
    return [line for line in lines if not line.startswith(head)]


def test_each_row_names_a_test(root):
    found = [ROW.match(line) for line in rows(root)]
    assert len(found) > 40
    assert all(found), [line for line, row in zip(rows(root), found, strict=True) if not row]
    gone = []
    for row in found:
        path = root / row["file"]
        if not path.is_file() or not re.search(
            rf"^ *def {row['test']}\(", path.read_text(encoding="utf-8"), re.MULTILINE
        ):
            gone.append(f"{row['file']}::{row['test']}")
    assert gone == []


@pytest.mark.parametrize("word", ["kill -9", "full disk", "read only", "four processes", "archive"])
def test_the_faults_that_everybody_meets_are_there(root, word):
    assert any(word in line for line in rows(root))
