"""Where a letter has two meanings, the page Notation says in which chapters, and it is there."""

import re

import nbformat
import pytest
from colab_cell import BOOK

PAGE = (BOOK / "appendix" / "notation.md").read_text(encoding="utf-8")
TABLE = PAGE.partition("## Letters with more than one meaning")[2]


def rows():
    """Return (letter, meaning, chapters) for every row of the table."""
    found, letter = [], ""
    for line in TABLE.splitlines():
        cells = line.split("|")
        if len(cells) == 5 and "](" in cells[3]:
            letter = cells[1].strip(" $") or letter
            found.append((letter, cells[2], re.findall(r"\]\(\.\./(.*?)\)", cells[3])))
    return found


def formulae(name):
    notebook = nbformat.read(BOOK / name, as_version=4)
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return " ".join(a or b for a, b in re.findall(r"\$\$(.*?)\$\$|\$([^$]+)\$", text, flags=re.S))


@pytest.mark.parametrize(
    ("letter", "name"), sorted({(row[0], name) for row in rows() for name in row[2]})
)
def test_a_chapter_uses_the_letters_that_the_page_says(letter, name):
    assert re.search(rf"(?<![A-Za-z\\]){re.escape(letter)}(?![A-Za-z])", formulae(name))


def test_each_letter_has_two_meanings():
    meanings = {}
    for letter, meaning, _ in rows():
        # One row where an index tells two meanings apart.
        meanings.setdefault(letter, []).extend(meaning.split(";"))
    assert len(meanings) >= 17
    assert [letter for letter, found in meanings.items() if len(found) < 2] == []


def test_every_equation_that_is_named_is_there_and_once():
    tags, named = [], {}
    for path in sorted(BOOK.rglob("*.ipynb")) + sorted(BOOK.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            cells = nbformat.reads(text, as_version=4).cells
            text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        tags += re.findall(r"\\tag\{([\d.]+)\}", text)
        named[str(path)] = set(re.findall(r"\(((?:[1-9]|1\d)\.\d{1,2})\)", text))
    assert len(tags) == len(set(tags)) > 100
    assert {path: found - set(tags) for path, found in named.items() if found - set(tags)} == {}


def test_equations_that_the_library_names_are_there():
    chapters = "".join(path.read_text(encoding="utf-8") for path in BOOK.glob("*.ipynb"))
    named = set()
    for folder in ("check", "course"):
        for path in (BOOK.parent / "zsbir_lib" / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            named |= set(re.findall(r"(?<!\w)\(([1-9]\.\d{1,2})\)", text))
    assert len(named) > 20
    assert [one for one in sorted(named) if f"tag{{{one}}}" not in chapters] == []
