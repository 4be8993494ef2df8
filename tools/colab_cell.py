"""The first code cell of every notebook of the book, kept in one place.

Colab opens a notebook without the library; this cell installs it there, and torch and the other
packages stay as Colab has them, since the library has lower bounds only. Anywhere else the cell
does nothing. Where the book has a home (see `home.py`), the cell installs the tag that the home
names. Where it has none, it installs a wheel that its reader brings, and fetches nothing that its
reader did not name::

    python tools/colab_cell.py             # check every notebook
    python tools/colab_cell.py --write     # put the cell into every notebook
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import nbformat
from home import Home

BOOK = Path(__file__).resolve().parents[1] / "book"

TITLE = "#@title In Colab this cell installs the book's library; anywhere else it does nothing"
FROM_HOME = """\
{title}
import sys

if "google.colab" in sys.modules:
    %pip install --quiet "zsbir @ git+{repository}@{tag}"
    from zsbir_lib.devices import describe_runtime

    print(describe_runtime({wants}))"""
FROM_WHEEL = """\
{title}
import sys

WHEEL = ""  #@param {{type: "string"}}
SHA256 = ""  #@param {{type: "string"}}

if "google.colab" in sys.modules:
    from hashlib import sha256
    from pathlib import Path
    from urllib.request import urlopen

    place = WHEEL or next(map(str, Path().glob("zsbir-*.whl")), "")
    if not place:
        sys.exit("Run `make wheel` on your computer, upload the wheel here, and write the SHA256 "
                 "that was printed into this cell; or give the wheel's path or address as WHEEL.")
    try:
        wheel = urlopen(place).read() if "://" in place else Path(place).read_bytes()
    except (OSError, ValueError) as error:
        sys.exit(f"{{place}} cannot be read ({{error}}): correct WHEEL.")
    if sha256(wheel).hexdigest() != SHA256.strip().lower():
        sys.exit(f"{{place}} has another SHA256 than stands in this cell: nothing is installed.")
    name = Path(place).name
    Path(name).write_bytes(wheel)
    %pip install --quiet ./{{name}}
    from zsbir_lib.devices import describe_runtime

    print(describe_runtime({wants}))"""

# The built page leaves the cell out: its reader has nothing to install. Colab shows its title only.
METADATA = {"cellView": "form", "tags": ["remove-cell"]}
WANT_A_CARD = {"sketchy"}


def notebooks(book: Path = BOOK) -> list[Path]:
    """Return every notebook of the book."""
    return sorted(p for p in book.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)


def chapters() -> list[Path]:
    """Return every notebook but the assignments, which are built from their sources."""
    return [path for path in notebooks() if "assignments" not in path.parts]


def cell_text(home: Home, *, wants_card: bool = False) -> str:
    """Return the cell of a notebook."""
    return (FROM_HOME if home.repository else FROM_WHEEL).format(
        title=TITLE,
        repository=home.repository,
        tag=home.tag,
        wants="wants_card=True" if wants_card else "",
    )


def first_code_cell(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """Return the first code cell, or None."""
    return next((cell for cell in notebook.cells if cell.cell_type == "code"), None)


def put(notebook: nbformat.NotebookNode, text: str) -> None:
    """Make this text the first code cell, below the title.

    An older text of it, known by the word ``google.colab``, is replaced.
    """
    cell = first_code_cell(notebook)
    if cell is None or "google.colab" not in cell.source:
        cell = nbformat.v4.new_code_cell()
        notebook.cells.insert(1, cell)
    cell.source = text
    cell.metadata = nbformat.from_dict(METADATA)


def with_cell(path: Path, home: Home) -> str:
    """Return the text of a notebook's file with the cell that this home asks for."""
    notebook = nbformat.read(path, as_version=4)
    put(notebook, cell_text(home, wants_card=path.stem in WANT_A_CARD))
    return nbformat.writes(notebook) + "\n"


def is_right(path: Path, home: Home) -> bool:
    """Tell whether a notebook has the cell that this home asks for."""
    return with_cell(path, home) == path.read_text(encoding="utf-8")


def main() -> int:
    """Check, or write, the first cell of every notebook."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the cell where it is not right")
    write = parser.parse_args().write
    home, wrong = Home.read(), 0
    for path in notebooks():
        if is_right(path, home):
            continue
        if write:
            path.write_text(with_cell(path, home), encoding="utf-8")
            continue
        wrong += 1
        name = path.relative_to(BOOK.parent)
        print(f"{name}: the first code cell differs; run tools/colab_cell.py --write")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
