"""The forms of Quick, Draw!'s files: where drawings begin in them, and what one of them is.

Going through a file finds nothing wrong with it: what cannot be told from the next drawing, what is
cut off, and a whole file that is something else, counts as one drawing, and reading that one says
what is the matter.
"""

from __future__ import annotations

import json
import mmap
import os
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote

import numpy as np
from PIL import Image

from zsbir_lib.drawings import DrawingStyle, read_strokes, render_strokes
from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import load_array
from zsbir_lib.reading import check_file

SKETCH_SIZE = 256
"""Side, in pixels, of the image that strokes become; Sketchy's sketches have it too."""

SKETCH_STYLE = DrawingStyle(fill=0.78, line_width=0.011)
"""Thin dark lines on white, with the pen that `zsbir_lib.drawings.measure_style` finds in Sketchy;
they fill as much of the frame as those of the paper's rendering."""

DRAWING_VERSION = 1
"""Rises whenever a drawing becomes other pixels than before; fingerprints hold it."""


def how_drawn() -> list:
    """Return what the pixels of drawn strokes depend on besides the file, for fingerprints."""
    return [DRAWING_VERSION, SKETCH_SIZE, repr(SKETCH_STYLE)]


_SHORTEST = 3  # bytes of a line that is surely not blank: more than "\r\n"
_BLOCK = 1 << 24  # bytes read at once
_SIDE = 28  # of a bitmap
_HEADER = struct.Struct("<Q2sBIH")  # key, country, recognised, time, number of strokes
_RECOGNISED = 10  # where in a header
_COUNT = struct.Struct("<H")  # of points
_DOWNLOADED = re.compile(r"full[_/](simplified|raw|binary|numpy_bitmap)[_/](.+)")


def strokes_image(strokes: Any) -> Image.Image:
    """Draw strokes as thin dark lines on white, ``SKETCH_SIZE`` pixels wide and high."""
    return render_strokes(strokes, size=SKETCH_SIZE, style=SKETCH_STYLE)


# --- One line a drawing: .ndjson, simplified or raw ----------------------------------------------


def _index_lines(path: str, limit: int | None) -> np.ndarray:
    """Return where each line begins that is not blank, and its number, counted from 1."""
    starts = [np.zeros(1, dtype=np.int64)]
    begin, found, block = 0, 0, b"\n"
    with open(path, "rb") as stream:
        while (limit is None or found < limit) and (block := stream.read(_BLOCK)):
            ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n")) + begin + 1
            found += int((np.diff(ends, prepend=starts[-1][-1]) >= _SHORTEST).sum())
            if len(ends):
                starts.append(ends)
            begin += len(block)
    begins = np.concatenate(starts)
    # The last line may have no end; where the reading stopped before, it is not wanted.
    stops = np.append(begins[1:], begins[-1] if block else begin)
    full = stops - begins >= _SHORTEST
    with open(path, "rb") as stream:
        for line in np.flatnonzero(~full & (stops > begins)):
            stream.seek(begins[line])
            full[line] = bool(stream.read(stops[line] - begins[line]).strip())
    lines = np.flatnonzero(full)[:limit]
    if not len(lines):
        return np.array([[0, 1], [begin, 0]], dtype=np.int64)
    places = np.column_stack([begins[lines], lines + 1])
    return np.vstack([places, [stops[lines[-1]], 0]])


def _read_line(data: bytes) -> Image.Image:
    try:
        drawing = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ZsbirError("it is no JSON, or is damaged") from None
    if not isinstance(drawing, dict):
        raise ZsbirError("it is JSON, but no drawing of Quick, Draw!")
    return strokes_image(read_strokes(drawing))


# --- One record a drawing: .bin ------------------------------------------------------------------


def _index_records(path: str, limit: int | None) -> np.ndarray:
    """Return where each drawing begins, and its number, counted from 0.

    The last may be cut off, or be bytes that are no drawing; it ends where the file does.
    """
    places: list[tuple[int, int]] = []
    place, size = 0, os.path.getsize(path)
    if not size:
        return np.zeros((2, 2), dtype=np.int64)
    with open(path, "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        while place < size and (limit is None or len(places) < limit):
            places.append((place, len(places)))
            place = _end_of_record(data, place)
    return np.array([*places, (min(place, size), 0)], dtype=np.int64)


def _end_of_record(data: bytes | mmap.mmap, place: int) -> int:
    """Return where the next drawing begins; behind the end where this one is cut off."""
    end = place + _HEADER.size
    # A byte that is neither yes nor no tells that something else has begun.
    if end > len(data) or data[place + _RECOGNISED] > 1:
        return len(data) + 1
    for _ in range(_COUNT.unpack_from(data, end - _COUNT.size)[0]):
        if end + _COUNT.size > len(data):
            return len(data) + 1
        end += _COUNT.size + 2 * _COUNT.unpack_from(data, end)[0]
    return end


def _read_record(data: bytes) -> Image.Image:
    if len(data) > _RECOGNISED and data[_RECOGNISED] > 1:
        raise ZsbirError("it is no drawing of Quick, Draw!, or the file is damaged before it")
    if _end_of_record(data, 0) != len(data):
        raise ZsbirError("the file ends in the middle of it")
    strokes, place = [], _HEADER.size
    while place < len(data):
        (count,) = _COUNT.unpack_from(data, place)
        x, y = np.frombuffer(data, np.uint8, 2 * count, place + _COUNT.size).reshape(2, count)
        strokes.append(np.column_stack([x, y]).tolist())
        place += _COUNT.size + 2 * count
    return strokes_image(strokes)


# --- One row a drawing: .npy ---------------------------------------------------------------------


def _index_rows(path: str, limit: int | None) -> np.ndarray:
    """Return where each row begins, and its number, counted from 0; one place of a bad file."""
    try:
        rows = check_bitmaps(path)
    except ZsbirError:
        return np.zeros((2, 2), dtype=np.int64)  # no bytes: `check_bitmaps` says why
    numbers = np.arange(len(rows[:limit]) + 1)
    return np.column_stack([rows.offset + numbers * _SIDE**2, numbers])


def check_bitmaps(path: str) -> np.memmap:
    """Return the bitmaps of a file, uint8 of shape (n, 784), mapped into memory.

    Raises
    ------
    ZsbirError
        If they are anything else.
    """
    check_file(path, f"the bitmaps {path}")
    wanted = f"not uint8 of shape (n, {_SIDE**2})"
    try:
        rows = cast(np.memmap, load_array(path, mapped="r"))
    except OSError as error:
        raise ZsbirError(error.strerror or str(error)) from None
    except ValueError as error:
        raise ZsbirError(f"{error}, {wanted}") from None
    if rows.dtype != np.uint8 or rows.shape[1:] != (_SIDE**2,) or not rows.flags.c_contiguous:
        order = "" if rows.flags.c_contiguous else " in Fortran's order"
        raise ZsbirError(f"it holds {rows.dtype} of shape {rows.shape}{order}, {wanted}")
    return rows


def _read_row(data: bytes) -> Image.Image:
    ink = np.frombuffer(data, dtype=np.uint8).reshape(_SIDE, _SIDE)
    if not ink.any():
        raise ZsbirError("nothing is drawn")
    # In these files 255 is ink and 0 is paper.
    return Image.fromarray(255 - ink).convert("RGB")


# --- All forms --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Form:
    """A form of the files.

    Attributes
    ----------
    ending
        Of the files' names.
    place
        What a message calls a drawing, with gaps for its number and the file's path.
    mark
        What stands between the file's name and the drawing's number in its identity.
    index
        Given a path and how many drawings are wanted at most (None for all), returns where each
        begins, in bytes, and its number, and at last where the last one ends: int64 of shape
        (n + 1, 2).
    read
        Makes an image of a drawing's bytes.
    """

    ending: str
    place: str
    mark: str
    index: Callable[[str, int | None], np.ndarray]
    read: Callable[[bytes], Image.Image]


_LINES = Form(".ndjson", "line {} of {}", ":", _index_lines, _read_line)
FILE_FORMS = {
    "simplified": _LINES,
    "raw": _LINES,
    "binary": Form(".bin", "drawing {} (counted from 0) of {}", "#", _index_records, _read_record),
    "numpy_bitmap": Form(".npy", "bitmap {} (counted from 0) of {}", "#", _index_rows, _read_row),
}
"""The forms in which Quick, Draw! is published, as its folders are called."""


def word_of(file_name: str, form: str) -> str | None:
    """Return the word whose drawings a file holds, None if it is no file of this form.

    Parameters
    ----------
    file_name
        Such as ``"palm tree.ndjson"``, or ``"full_simplified_palm tree.ndjson"`` as some
        downloads are called.
    form
        One of ``FILE_FORMS``.

    Examples
    --------
    >>> word_of("full%2Fraw%2Fpalm%20tree.ndjson", "raw"), word_of("palm tree.npy", "raw")
    ('palm tree', None)
    """
    stem, ending = os.path.splitext(file_name)
    if ending.lower() != FILE_FORMS[form].ending:
        return None
    if found := _DOWNLOADED.fullmatch(unquote(stem)):
        return found[2] if found[1] == form else None
    return unquote(stem)
