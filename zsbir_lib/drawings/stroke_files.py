"""Strokes as others keep them: Quick, Draw!, rows of pen positions, SVG.

`read_strokes` turns them into what `render_strokes` takes. A form that could be taken for another
is never guessed at: the message says how to name it.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

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

_MOST_BYTES = 4_000_000  # of an SVG, or of one drawing in JSON
_MOST_ELEMENTS = 20_000  # of an SVG, each <use> counted as what it repeats
_CURVE_POINTS = 16


def holds_strokes(path: str | os.PathLike) -> bool:
    """Tell whether a file holds strokes, by how it begins: as an SVG or as JSON."""
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as stream:
            head = _stripped(stream.read(65536))
    except OSError:
        return False
    return head.startswith((b"{", b"[")) or (head.startswith(b"<") and b"<svg" in head)


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
        with open(source, "rb") as stream:
            is_svg = _stripped(stream.read(512)).startswith(b"<")
        if is_svg:
            return _read_svg(Path(source), what)
        source = _choose(Path(source), what, number)
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


def read_all_strokes(path: str | os.PathLike) -> Iterator[list[Stroke]]:
    """Yield the strokes of each drawing in a ``.json`` or ``.ndjson`` file, in its order.

    Raises
    ------
    ZsbirError
        If the file is missing or damaged; the message says which drawing is, counted from 0.
    """
    what = f"the drawing {Path(path)}"
    check_file(path, what)
    with open(path, encoding="utf-8-sig") as stream:
        drawings, number = _drawings(stream), 0
        while True:
            try:
                drawing = next(drawings)
            except StopIteration:
                return
            except (ValueError, RecursionError):
                raise ZsbirError(
                    f"cannot read number {number} of {what}: it is no JSON, or is damaged"
                ) from None
            yield read_strokes(drawing)
            number += 1


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


# --- Files ---------------------------------------------------------------------------------------


def _choose(path: Path, what: str, number: int | None) -> Any:
    """Return one drawing of a JSON file, as JSON has it."""
    with open(path, encoding="utf-8-sig") as stream:
        drawings = _drawings(stream)
        try:
            # Two, where none is chosen, tell that there are several.
            first, count = (0, 2) if number is None else (max(0, number), 1)
            found = list(islice(drawings, first, first + count))
        except (ValueError, RecursionError) as error:
            reason = str(error) if isinstance(error, ZsbirError) else "it is no JSON, or is damaged"
            raise ZsbirError(f"cannot read {what}: {reason}") from None
    if len(found) > 1:
        raise ZsbirError(f"{what} is several: choose one by {argument('number', 0)} or the like")
    if not found:
        raise ZsbirError(f"{what} has no number {number}: it holds fewer, counted from 0")
    return found[0]


def _drawings(stream: io.TextIOBase) -> Iterator[Any]:
    """Yield the drawings of a file: one, a list of them, or one a line."""
    line = _line(stream)
    while line and not line.strip():
        line = _line(stream)
    try:
        first = json.loads(line)
    except ValueError:  # one drawing over several lines
        rest = stream.read(_MOST_BYTES)
        if len(rest) == _MOST_BYTES:
            raise ZsbirError(f"it has more than {_MOST_BYTES:,} letters") from None
        first = json.loads(line + rest)
    several = isinstance(first, list) and bool(first) and isinstance(first[0], dict)
    yield from first if several else [first]
    while line := _line(stream):
        if line.strip():
            yield json.loads(line)


def _line(stream: io.TextIOBase) -> str:
    line = stream.readline(_MOST_BYTES)
    if len(line) == _MOST_BYTES:
        raise ZsbirError(f"a line has more than {_MOST_BYTES:,} letters")
    return line


def _read_svg(path: Path, what: str) -> list[Stroke]:
    """Return the lines of an SVG; nothing that it refers to elsewhere is fetched."""
    check_file(path, what, limit=_MOST_BYTES)
    data = path.read_bytes()
    if b"<!ENTITY" in data.replace(b"\0", b""):
        raise ZsbirError(f"cannot read {what}: it defines entities; save it without them")
    # Slow to import, and rarely needed.
    import svgelements as svg

    try:
        _check_repetition(ElementTree.fromstring(data), what)
        image = svg.SVG.parse(io.BytesIO(data))
        shapes = [s for s in image.elements() if isinstance(s, svg.Shape) and _is_drawn(s, image)]
        strokes: list[Stroke] = []
        for shape in shapes:
            for segment in svg.Path(shape):
                if isinstance(segment, svg.Move):
                    strokes.append([])
                    places = [segment.end]
                elif isinstance(segment, svg.Line | svg.Close):
                    places = [segment.end]
                else:
                    places = [segment.point(k / _CURVE_POINTS) for k in range(1, _CURVE_POINTS + 1)]
                strokes[-1] += [(float(p.x), float(p.y)) for p in places if p is not None]
    except ZsbirError:
        raise
    except Exception as error:  # svgelements raises nearly anything on damaged files
        raise ZsbirError(f"cannot read {what}: it is no SVG, or is damaged ({error})") from None
    strokes = [stroke for stroke in strokes if stroke]
    if not strokes:
        raise ZsbirError(f"{what} is empty: it has no lines (texts and images in it are not read)")
    return strokes


def _is_drawn(shape: Any, image: Any) -> bool:
    """Tell lines and figures from what is invisible, and from the paper that they lie on."""

    def visible(colour: Any) -> bool:
        return colour is not None and colour.value is not None and colour.alpha > 0

    if visible(shape.stroke) and shape.stroke_width != 0:
        return True
    if not visible(shape.fill):
        return False
    left, top, right, bottom = shape.bbox()
    covers = right - left >= 0.99 * image.width and bottom - top >= 0.99 * image.height
    return not covers and shape.fill.lightness < 0.95


def _check_repetition(root: ElementTree.Element, what: str) -> None:
    """Refuse an SVG whose <use> elements, which may repeat each other, make it endless or huge."""
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    sizes: dict[ElementTree.Element, float] = {}

    def size(element: ElementTree.Element) -> float:
        if element not in sizes:
            sizes[element] = float("inf")  # where it comes back to itself
            total = 1.0 + sum(size(child) for child in element)
            if element.tag.rpartition("}")[2] == "use":
                link = element.get("href") or element.get("{http://www.w3.org/1999/xlink}href")
                total += size(by_id[link[1:]]) if link and link[1:] in by_id else 0
            sizes[element] = total
        return sizes[element]

    if size(root) > _MOST_ELEMENTS:
        raise ZsbirError(f"cannot read {what}: it has more than {_MOST_ELEMENTS:,} elements")
