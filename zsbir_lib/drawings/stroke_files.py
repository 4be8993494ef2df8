"""Strokes as others keep them: Quick, Draw!, rows of pen positions, SVG.

`read_strokes` turns them into what `render_strokes` takes. A form that could be taken for another
is never guessed at: the message says how to name it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from zsbir_lib.drawings.images import is_image
from zsbir_lib.drawings.json_files import choose_drawing, json_drawings, why_no_drawing
from zsbir_lib.drawings.svg_files import read_svg
from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.reading import check_file

Stroke = list[tuple[float, ...]]

FORMS = {
    "points": "strokes of points (x, y) or (x, y, pressure)",
    "quickdraw": "strokes [[x, ...], [y, ...]], perhaps with [t, ...], as Quick, Draw! keeps them",
    "rows": "rows (x, y, pen) of places; pen is 1 at the last point of a stroke",
    "offsets": "rows (dx, dy, pen), or (dx, dy, down, up, end), from the last point, as sketch-rnn",
}
"""The forms of strokes that `read_strokes` knows, and what each is."""

STROKE_SUFFIXES = (".ndjson", ".json", ".svg")
"""The endings of files that hold strokes."""


def holds_strokes(path: str | os.PathLike) -> bool:
    """Tell whether a file holds strokes, by how it begins: as an SVG or as JSON.

    One that is named as a file of strokes is, too, unless it is an image: what is wrong in it is
    then said of strokes.
    """
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as stream:
            head = _stripped(stream.read(65536))
    except OSError:
        return False
    if head.startswith((b"{", b"[")) or (head.startswith(b"<") and b"<svg" in head):
        return True
    return Path(path).suffix.lower() in STROKE_SUFFIXES and not is_image(path)


def _stripped(head: bytes) -> bytes:
    """Return the beginning of a text without byte-order mark, blanks and UTF-16's null bytes."""
    return head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")


def read_strokes(
    source: Any, *, number: int | None = None, form: str | None = None
) -> list[Stroke]:
    """Read strokes that were kept by something else.

    Parameters
    ----------
    source
        The path of an SVG file, or of a ``.json`` or ``.ndjson`` file of Quick, Draw!; or what such
        a file holds, as Python has it: lists, an array of rows, a dictionary with ``drawing``.
    number
        Which drawing of a file of several, counted from 0.
    form
        What the lists are: one of ``FORMS``. By default it is recognised where it can be only one.

    Returns
    -------
    list of list of tuple of float
        Strokes of points (x, y) or (x, y, pressure), for `render_strokes`. Times are left out.

    Raises
    ------
    ZsbirError
        If the file holds several drawings and `number` chooses none, the strokes are of no known
        form or may be of two, or an SVG is damaged, too large, or has entities of its own.

    Examples
    --------
    >>> read_strokes({"drawing": [[[0, 9, 9], [0, 0, 9]]]})
    [[(0.0, 0.0), (9.0, 0.0), (9.0, 9.0)]]
    """
    if form is not None and form not in FORMS:
        raise ZsbirError(f"unknown form of strokes {form!r}: use {', '.join(FORMS)}")
    what = "the strokes"
    if isinstance(source, str | os.PathLike):
        what = f"the drawing {Path(source)}"
        check_file(source, what)
        if _is_svg(source):
            return read_svg(Path(source), what)
        source = choose_drawing(Path(source), what, number)
    return _from_value(source, what, form)


@dataclass(frozen=True)
class StoredDrawing:
    """One drawing of a file of strokes.

    Attributes
    ----------
    number : int
        Its place in the file, counted from 0.
    line : int or None
        The line that it is, counted from 1, where each drawing has a line.
    several : bool
        Whether the file holds more than this one.
    word : str or None
        What it shows, if the file says so, as Quick, Draw!'s do.
    strokes : list of list of tuple of float
        As `read_strokes` returns them; empty if it cannot be read.
    error : ZsbirError or None
        Why it cannot be read.
    """

    number: int
    several: bool
    word: str | None = None
    strokes: list[Stroke] = field(default_factory=list)
    error: ZsbirError | None = None
    line: int | None = None


def read_all_strokes(path: str | os.PathLike) -> Iterator[StoredDrawing]:
    """Read every drawing of a file of strokes; one that cannot be read does not end it.

    Parameters
    ----------
    path
        An SVG file, or a ``.json`` or ``.ndjson`` file of Quick, Draw!, simplified or raw.

    Yields
    ------
    StoredDrawing
        In the order of the file.

    Raises
    ------
    ZsbirError
        If there is no such file, or no drawing in it.
    """
    what = f"the drawing {Path(path)}"
    check_file(path, what)
    if _is_svg(path):
        yield StoredDrawing(0, False, None, read_svg(Path(path), what))
        return
    values = json_drawings(Path(path), what)
    before = next(values, None)
    if before is None:
        raise ZsbirError(f"cannot read {what}: no drawing is in it")
    number, several = 0, False
    while before is not None:
        after = next(values, None)
        several = several or after is not None
        line, value = before
        place = f", number {number}" + (f" (line {line})" if line is not None else "")
        name = what + (place if several else "")
        word, strokes, error = None, [], None
        try:
            if isinstance(value, Exception):
                raise ZsbirError(f"cannot read {name}: {why_no_drawing(value)}") from None
            word = value.get("word") if isinstance(value, dict) else None
            strokes = _from_value(value, name, None)
        except ZsbirError as found:
            error = found
        yield StoredDrawing(
            number, several, word if isinstance(word, str) else None, strokes, error, line
        )
        number, before = number + 1, after


def _is_svg(path: str | os.PathLike) -> bool:
    with open(path, "rb") as stream:
        head = _stripped(stream.read(512))
    named = Path(path).suffix.lower() == ".svg" and not head.startswith((b"{", b"["))
    return named or head.startswith(b"<")


def _from_value(source: Any, what: str, form: str | None) -> list[Stroke]:
    """Return the strokes that a JSON value, or Python's own lists, stand for."""
    if isinstance(source, dict):
        if "drawing" not in source:
            raise ZsbirError(f"{what} are no drawing of Quick, Draw!: there is no 'drawing' in it")
        source, form = source["drawing"], form or "quickdraw"
    try:
        return _READERS[form or _recognise(source, what)](source)
    except ZsbirError:
        raise
    except (TypeError, ValueError, IndexError, OverflowError):
        wanted = f"are not {FORMS[form]}" if form else "are of no form that is known here"
        raise ZsbirError(f"{what} {wanted}") from None


# --- Forms of lists ------------------------------------------------------------------------------


def _recognise(strokes: Sequence, what: str) -> str:
    """Return the only form that the lists can have."""
    if not len(strokes):
        raise ZsbirError(f"{what} are none: the list is empty")
    if np.ndim(strokes[0][0]) == 0:
        widths = {len(row) for row in strokes}
        if widths == {5}:
            return "offsets"
        if widths == {3}:
            raise ZsbirError(
                f"{what} are rows of three numbers, which may be places or offsets: say "
                f"{argument('form', 'rows')} or {argument('form', 'offsets')}"
            )
        raise ZsbirError(f"{what} are one row of points: give a list of strokes")
    as_points = all(
        len(point) == 2 or (len(point) == 3 and 0 <= point[2] <= 1)
        for stroke in strokes
        for point in stroke
    )
    as_lists = all(
        len(stroke) in (2, 3) and len({len(row) for row in stroke}) == 1 for stroke in strokes
    )
    if as_points and as_lists:
        raise ZsbirError(
            f"{what} may be points or the lists of Quick, Draw!: say "
            f"{argument('form', 'points')} or {argument('form', 'quickdraw')}"
        )
    if not (as_points or as_lists):
        if all(len(point) == 3 for stroke in strokes for point in stroke):
            raise ZsbirError(
                f"{what} are points with a third number that is no pressure, from 0 to 1: if it is "
                "a time, leave it out"
            )
        raise ValueError
    return "points" if as_points else "quickdraw"


def _from_points(strokes: Sequence) -> list[Stroke]:
    return [[tuple(float(v) for v in point) for point in stroke] for stroke in strokes]


def _from_lists(strokes: Sequence) -> list[Stroke]:
    found: list[Stroke] = []
    for stroke in strokes:
        x, y, *times = stroke
        if len(times) > 1:
            raise ValueError
        found.append([(float(a), float(b)) for a, b in zip(x, y, strict=True)])
    return found


def _from_rows(rows: Sequence | np.ndarray) -> list[Stroke]:
    table = np.asarray(rows, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != 3 or not np.isin(table[:, 2], (0, 1)).all():
        raise ValueError
    ends = np.flatnonzero(table[:, 2] == 1) + 1
    return [[tuple(p) for p in part.tolist()] for part in np.split(table[:, :2], ends) if len(part)]


def _from_offsets(rows: Sequence) -> list[Stroke]:
    table = np.asarray(rows, dtype=np.float64)
    if table.shape[1] == 5:
        end = np.flatnonzero(table[:, 4] == 1)
        table = table[: end[0] if len(end) else len(table), [0, 1, 3]]
    return _from_rows(np.column_stack([table[:, :2].cumsum(axis=0), table[:, 2]]))


_READERS = {
    "points": _from_points,
    "quickdraw": _from_lists,
    "rows": _from_rows,
    "offsets": _from_offsets,
}
