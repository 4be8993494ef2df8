"""The first code cell of every chapter, kept in one place.

Colab opens a chapter without the library; this cell installs it there. It names no version but
the library's own lower bounds, so that what Colab already has stays as it is. Anywhere else the
cell does nothing::

    python tools/colab_cell.py             # check every chapter
    python tools/colab_cell.py --write     # put the cell into every chapter
"""

import argparse
import sys
from pathlib import Path

import nbformat
from strip_notebook import write_text

BOOK = Path(__file__).resolve().parents[1] / "book"

CELL = """\
# In Colab this cell installs the book's library. Anywhere else it does nothing.
import sys

if "google.colab" in sys.modules:
    %pip install --quiet "zsbir @ git+https://github.com/zsbir/zsbir-book"
    import platform

    import torch
    import torchvision

    from zsbir_lib.devices import choose_device

    print(f"Python {platform.python_version()}, torch {torch.__version__}, "
          f"torchvision {torchvision.__version__}, device {choose_device()}")"""

# The built page leaves the cell out: its reader has nothing to install.
TAGS = ["remove-cell"]


def chapters() -> list[Path]:
    """Return every notebook of the book but the assignments, which are built from their sources."""
    left_out = {".ipynb_checkpoints", "assignments"}
    return sorted(p for p in BOOK.rglob("*.ipynb") if not left_out & set(p.parts))


def first_code_cell(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """Return the first code cell, or None."""
    return next((cell for cell in notebook.cells if cell.cell_type == "code"), None)


def is_right(notebook: nbformat.NotebookNode) -> bool:
    """Tell whether the first code cell is the cell above, with its tags."""
    cell = first_code_cell(notebook)
    return cell is not None and cell.source == CELL and cell.metadata.get("tags") == TAGS


def put(notebook: nbformat.NotebookNode) -> None:
    """Make the cell above the first code cell, below the title.

    An older text of it, known by the word ``google.colab``, is replaced.
    """
    cell = first_code_cell(notebook)
    if cell is None or "google.colab" not in cell.source:
        cell = nbformat.v4.new_code_cell()
        notebook.cells.insert(1, cell)
    cell.source = CELL
    cell.metadata["tags"] = TAGS


def main() -> int:
    """Check, or write, the first cell of every chapter."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the cell where it is not right")
    write = parser.parse_args().write
    wrong = 0
    for path in chapters():
        notebook = nbformat.read(path, as_version=4)
        if is_right(notebook):
            continue
        if write:
            put(notebook)
            write_text(path, notebook)
            continue
        wrong += 1
        name = path.relative_to(BOOK.parent)
        print(f"{name}: the first code cell differs; run tools/colab_cell.py --write")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
