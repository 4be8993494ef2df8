"""What the chapters print when the book is built is what was committed with them.

The chapters are run once, by the build, which stops at an error; here the outputs that it kept are
compared. ``pytest --nbval-lax book/NAME.ipynb`` runs one chapter and compares the same cells.
"""

import copy

import nbformat
import pytest
from colab_cell import BOOK, chapters

CHECKED = "nbval-check-output"


def texts(cell):
    """Return what a cell printed, and the text of what it returned."""
    printed = [one.text for one in cell.outputs if one.get("name") == "stdout"]
    returned = [
        one.data["text/plain"] for one in cell.outputs if "text/plain" in one.get("data", "")
    ]
    return "".join(printed), returned


def differing(committed, executed):
    """Return the numbers of the checked cells that gave other outputs."""
    return [
        number
        for number, (cell, ran) in enumerate(zip(committed.cells, executed.cells, strict=True))
        if CHECKED in cell.metadata.get("tags", ()) and texts(cell) != texts(ran)
    ]


@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.relative_to(BOOK).as_posix())
def test_a_chapter_prints_what_is_committed(path, cache):
    committed = nbformat.read(path, as_version=4)
    _, executed = cache.merge_match_into_notebook(copy.deepcopy(committed))
    assert [
        (number, committed.cells[number].source, texts(executed.cells[number]))
        for number in differing(committed, executed)
    ] == []


def test_another_number_is_seen():
    nb = nbformat.v4

    def notebook(*printed, tags=(CHECKED,)):
        cell = nb.new_code_cell("print(score)", metadata={"tags": list(tags)})
        cell.outputs = [nb.new_output("stream", name="stdout", text=text) for text in printed]
        return nb.new_notebook(cells=[nb.new_markdown_cell("# Title"), cell])

    assert differing(notebook("0.1\n0.2\n"), notebook("0.1\n0.3\n")) == [1]
    # A kernel may send one text in two parts.
    assert differing(notebook("0.1\n0.2\n"), notebook("0.1\n", "0.2\n")) == []
    assert differing(notebook("0.1\n", tags=()), notebook("0.2\n", tags=())) == []
