"""What a chapter concludes from a number stands beside the cell that prints it.

``book/claims/NAME.yml`` lists the conclusions of a chapter: the words, the cell that decides, and
what it prints. The output of such a cell is compared whenever the book is built
(``test_outputs.py``).
"""

import re

import nbformat
import pytest
from chapter_facts import conclusions
from colab_cell import BOOK
from test_chapters import CHAPTERS
from test_outputs import CHECKED, texts

FEWEST = 3
SUMMARY = "What you have seen"


def plain(text):
    return re.sub(r"\s+", " ", text).strip()


def sections(notebook):
    """Return for each cell the heading under which it stands, of those that begin with ``##``."""
    found, title = [], ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            titles = re.findall(r"^## +(.*)$", cell.source, flags=re.M)
            title = titles[-1] if titles else title
        found.append(title)
    return found


def faults(notebook, claim):
    """Return what is wrong with an entry, in words."""
    cells, titles = notebook.cells, sections(notebook)
    said = [
        number
        for number, cell in enumerate(cells)
        if cell.cell_type == "markdown" and plain(claim["claim"]) in plain(cell.source)
    ]
    decides = [number for number, cell in enumerate(cells) if cell.get("id") == claim["cell"]]
    if not said:
        return "the chapter does not say this"
    if not decides or cells[decides[0]].cell_type != "code":
        return "no cell of code has this id"
    cell = cells[decides[0]]
    if CHECKED not in cell.metadata.get("tags", ()):
        return "the output of the cell is not checked"
    printed, returned = texts(cell)
    if plain(claim["shows"]) not in plain("\n".join([printed, *returned])):
        return "the cell does not print this"
    if not any(SUMMARY in cells[at].source or titles[at] == titles[decides[0]] for at in said):
        return "the cell is in another section"
    return ""


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_conclusions_stand_beside_the_cell_that_decides(chapter):
    notebook = nbformat.read(BOOK.parent / f"{chapter}.ipynb", as_version=4)
    listed = conclusions(chapter)
    assert len(listed) >= FEWEST
    assert {one["claim"]: faults(notebook, one) for one in listed if faults(notebook, one)} == {}


def test_every_list_is_of_a_chapter():
    names = {chapter.removeprefix("book/") for chapter in CHAPTERS}
    assert {path.stem for path in (BOOK / "claims").glob("*.yml")} <= names


def test_a_list_that_is_not_true_is_seen():
    nb = nbformat.v4
    cell = nb.new_code_cell("print(gain)", metadata={"tags": [CHECKED]}, id="decides")
    cell.outputs = [nb.new_output("stream", name="stdout", text="gain  0.2, above 0\n")]
    notebook = nb.new_notebook(
        cells=[
            nb.new_markdown_cell("## One\nIt\ngains."),
            cell,
            nb.new_markdown_cell("## Two\nSo."),
        ]
    )
    true = {"claim": "It gains.", "cell": "decides", "shows": "above 0"}
    assert faults(notebook, true) == ""
    assert "say" in faults(notebook, true | {"claim": "It loses."})
    assert "id" in faults(notebook, true | {"cell": "other"})
    assert "print" in faults(notebook, true | {"shows": "below 0"})
    assert "section" in faults(notebook, true | {"claim": "So."})
    cell.metadata.tags = []
    assert "checked" in faults(notebook, true)
