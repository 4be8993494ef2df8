"""Strip a notebook for committing: no pictures, no widget state, but the text outputs.

The pictures and widgets are made again when the book is built; the text outputs stay because
nbval compares them. Execution counts are renumbered, since nbval compares only cells that carry
one::

    python tools/strip_notebook.py book/*.ipynb            # rewrite in place
    python tools/strip_notebook.py --check book/*.ipynb    # fail where something is left to strip

A cell that draws has to say in words what is seen: a picture is stripped only where the cell's
metadata hold ``{"mystnb": {"image": {"alt": "..."}}}``.
"""

import argparse
import sys
from pathlib import Path

import nbformat

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
# cellView folds a solution away in Colab.
KEPT_CELL_METADATA = ("tags", "mystnb", "cellView")
WIDGETS = ("application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json")


class AuthorNeeded(ValueError):
    """Something that only the author of the notebook can mend."""


def is_picture(output: nbformat.NotebookNode) -> bool:
    """Tell whether an output shows a picture, also one inside HTML."""
    data = output.get("data", {})
    html = "".join(data.get("text/html", ""))
    return any(kind.startswith("image/") for kind in data) or "data:image" in html or "<svg" in html


def is_text(output: nbformat.NotebookNode) -> bool:
    """Tell whether an output is text worth comparing; progress on standard error is not."""
    if output.output_type == "stream":
        return output.name == "stdout"
    data = output.get("data", {})
    widget = any(kind in data for kind in WIDGETS)
    # What a chapter hands to another page (myst_nb.glue), made again when the book is built.
    glued = any(kind.startswith("application/papermill.record") for kind in data)
    return output.output_type == "error" or not (widget or glued or is_picture(output))


def alt_text(cell: nbformat.NotebookNode) -> str:
    """Return the words that stand for the picture of a cell, or an empty string."""
    return cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "").strip()


def strip(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Strip a notebook in place and return it.

    Raises
    ------
    AuthorNeeded
        If a cell draws a picture and has no alt text, or a picture was pasted into the text.
    """
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    notebook.nbformat_minor = 5
    count = 0
    for number, cell in enumerate(notebook.cells):
        if any(map(is_picture, cell.get("outputs", ()))) and not alt_text(cell):
            raise AuthorNeeded(
                f"cell {number} draws a picture: say what it shows in its metadata, "
                '{"mystnb": {"image": {"alt": "..."}}}'
            )
        for key in set(cell.metadata) - set(KEPT_CELL_METADATA):
            del cell.metadata[key]
        if cell.pop("attachments", None):
            raise AuthorNeeded(f"cell {number} holds a pasted picture: save it beside the chapter")
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        cell.outputs = [output for output in cell.outputs if is_text(output)]
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count
            if "metadata" in output:
                output.metadata = nbformat.from_dict({})
    return notebook


def write_text(path: Path, notebook: nbformat.NotebookNode) -> None:
    """Write a notebook as this tool writes it, so that a comparison of bytes is enough."""
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def main() -> int:
    """Strip the notebooks named on the command line, or check that they are stripped."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing, fail if needed")
    parser.add_argument("notebooks", nargs="+", type=Path)
    options = parser.parse_args()
    wrong = 0
    for path in options.notebooks:
        before = path.read_text(encoding="utf-8")
        try:
            notebook = strip(nbformat.reads(before, as_version=4))
        except AuthorNeeded as error:
            wrong += 1
            print(f"{path}: {error}")
            continue
        if nbformat.writes(notebook) + "\n" == before:
            continue
        if options.check:
            wrong += 1
            print(f"{path}: run python tools/strip_notebook.py {path}")
        else:
            write_text(path, notebook)
            print(f"{path}: stripped")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
