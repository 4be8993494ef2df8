"""Drawings in files of JSON: one, a list of them, or one a line, as Quick, Draw! keeps them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from zsbir_lib.errors import ZsbirError, argument

_MOST_LETTERS = 4_000_000  # of one drawing


def choose_drawing(path: Path, what: str, number: int | None) -> Any:
    """Return one drawing of a file, as JSON has it.

    Parameters
    ----------
    path
        Of the file.
    what
        What a message calls it.
    number
        Which, counted from 0; None for the only one.

    Raises
    ------
    ZsbirError
        If there is no such drawing, `number` is None and there are several, or it is no JSON.
    """
    # Two, where none is chosen, tell that there are several.
    first, count = (0, 2) if number is None else (max(0, number), 1)
    found = [value for _, value in islice(json_drawings(path, what), first, first + count)]
    if len(found) > 1:
        raise ZsbirError(f"{what} is several: choose one by {argument('number', 0)} or the like")
    if not found:
        if number is None:
            raise ZsbirError(f"cannot read {what}: no drawing is in it")
        raise ZsbirError(f"{what} has no number {number}: it holds fewer, counted from 0")
    if isinstance(found[0], Exception):
        raise ZsbirError(f"cannot read {what}: {why_no_drawing(found[0])}")
    return found[0]


def json_drawings(path: Path, what: str) -> Iterator[tuple[int | None, Any]]:
    """Read a file's drawings as JSON has them; a line that is none does not end it.

    Parameters
    ----------
    path, what
        As for `choose_drawing`.

    Yields
    ------
    line : int or None
        Counted from 1; None in a list.
    drawing : object
        Its value, or the exception that it is none.

    Raises
    ------
    ZsbirError
        If nothing in it is JSON, or a drawing has more than 4,000,000 letters.
    """
    with open(path, encoding="utf-8-sig") as stream:
        try:
            yield from _drawings(stream)
        except (ValueError, RecursionError) as error:
            raise ZsbirError(f"cannot read {what}: {why_no_drawing(error)}") from None


def why_no_drawing(error: Exception) -> str:
    """Say why a value that `json_drawings` gives is no drawing."""
    return str(error) if isinstance(error, ZsbirError) else "it is no JSON, or is damaged"


def _drawings(stream: io.TextIOBase) -> Iterator[tuple[int | None, Any]]:
    lines: Iterator[str] = iter(partial(_line, stream), "")
    number, text = next(((n, line) for n, line in enumerate(lines, 1) if line.strip()), (0, ""))
    if not text:
        return
    first = _parsed(text)
    if isinstance(first, Exception):  # one drawing over several lines, or a line that is none
        rest = stream.read(_MOST_LETTERS)
        is_all = len(rest) < _MOST_LETTERS
        whole = _parsed(text + rest) if is_all else first
        if isinstance(whole, Exception):
            rest += _line(stream)  # the end of the last of them
            others = list(_by_line(rest.split("\n"), number + 1))
            if any(isinstance(value, dict) for _, value in others):
                yield number, first
                yield from others
                yield from _by_line(lines, number + 1 + rest.count("\n"))
                return
            raise whole if is_all else ZsbirError(f"it has more than {_MOST_LETTERS:,} letters")
        first = whole
    several = isinstance(first, list) and bool(first) and isinstance(first[0], dict)
    yield from ((None, one) for one in first) if several else [(number, first)]
    yield from _by_line(lines, number + 1)


def _by_line(lines: Iterable[str], number: int) -> Iterator[tuple[int, Any]]:
    """Yield what lines are that are not blank, numbered from `number` on."""
    for line, text in enumerate(lines, start=number):
        if text.strip():
            yield line, _parsed(text)


def _parsed(text: str) -> Any:
    """Return what JSON says, or the exception that it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        return error


def _line(stream: io.TextIOBase) -> str:
    line = stream.readline(_MOST_LETTERS)
    if len(line) == _MOST_LETTERS:
        raise ZsbirError(f"a line has more than {_MOST_LETTERS:,} letters")
    return line
