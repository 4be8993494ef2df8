"""Notebooks as files: read whatever people hand in, and write so that the same gives the same."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import write_text
from zsbir_lib.reading import check_file, printable

LARGEST = 250 * 2**20
"""Bytes of a notebook, its outputs included."""
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook.

    Attributes
    ----------
    kind : str
        ``"code"``, ``"markdown"`` or another one.
    source : str
        Its text.
    metadata : dict
        As they are in the file.
    """

    kind: str
    source: str
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Notebook:
    """The cells of a notebook, without their outputs, and its metadata."""

    cells: tuple[Cell, ...]
    metadata: dict[str, Any] = field(default_factory=dict)


def read_notebook(path: Path) -> Notebook:
    """Read a notebook of any version, with Windows line ends, a byte-order mark or large outputs.

    Raises
    ------
    ZsbirError
        If it is no notebook.
    """
    what = f"the notebook {printable(path)}"
    check_file(path, what, limit=LARGEST)
    try:
        found = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ZsbirError(f"cannot read {what}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ZsbirError(f"cannot read {what}: it is no text in UTF-8") from None
    except (ValueError, RecursionError):
        raise ZsbirError(f"cannot read {what}: it is no notebook, or was cut short") from None
    cells = found.get("cells") if isinstance(found, dict) else None
    if cells is None and isinstance(found, dict):  # version 3 and before
        sheets = found.get("worksheets")
        if isinstance(sheets, list) and sheets and isinstance(sheets[0], dict):
            cells = sheets[0].get("cells")
    if not isinstance(cells, list):
        raise ZsbirError(f"cannot read {what}: it is no notebook: it has no cells")
    metadata = found.get("metadata")
    return Notebook(
        tuple(_cell(one) for one in cells if isinstance(one, dict)),
        metadata if isinstance(metadata, dict) else {},
    )


def _cell(found: dict[str, Any]) -> Cell:
    source = found.get("source", found.get("input", ""))
    if isinstance(source, list):
        source = "".join(map(str, source))
    text = str(source).replace("\r\n", "\n").replace("\r", "\n")
    metadata = found.get("metadata")
    return Cell(
        str(found.get("cell_type", "")), text, metadata if isinstance(metadata, dict) else {}
    )


def write_notebook(path: Path, notebook: Notebook) -> None:
    """Write a notebook that was not run; the same cells give the same bytes.

    Raises
    ------
    ZsbirError
        If it cannot be written.
    """
    write_text(path, notebook_text(notebook))


def notebook_text(notebook: Notebook) -> str:
    """Return the text of a notebook's file, of format 4.5."""
    cells = []
    for number, cell in enumerate(notebook.cells):
        one: dict[str, Any] = {
            "cell_type": cell.kind,
            "id": f"c{number:03}",
            "metadata": cell.metadata,
            "source": cell.source.splitlines(keepends=True),
        }
        if cell.kind == "code":
            one |= {"execution_count": None, "outputs": []}
        cells.append(one)
    whole = {
        "cells": cells,
        "metadata": KERNEL | notebook.metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
