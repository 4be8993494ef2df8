"""What ``--sketch`` names: drawings of files, of files with many, and of folders of files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from zsbir_lib.errors import ZsbirError
from zsbir_lib.reading import printable

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    from zsbir_lib.drawings import DrawingStyle
    from zsbir_lib.drawings.stroke_files import Stroke


@dataclass
class Sketch:
    """One drawing that was asked about.

    Attributes
    ----------
    path
        Its file.
    below
        The folder that was given, if the file was found in one.
    number
        Its place in a file of several, counted from 0; None for a file of one.
    word
        What its file says that it shows.
    class_name
        What it is known to show, as the gallery spells it.
    error
        Why it cannot be read.
    """

    path: Path
    below: Path | None = None
    number: int | None = None
    word: str | None = None
    class_name: str | None = None
    error: ZsbirError | None = None
    strokes: list[Stroke] = field(default_factory=list, repr=False)
    ink: np.ndarray | None = field(default=None, repr=False)
    image: Image.Image | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What people call it, by its file and its number there."""
        return str(self.path) if self.number is None else f"{self.path}, number {self.number}"

    @property
    def stem(self) -> str:
        """What a file about it may be called, made of parts of its path and its number."""
        relative = self.path if self.below is None else self.path.relative_to(self.below)
        parts = [*relative.parts[:-1], relative.stem] if self.below else [relative.stem]
        if self.number is not None:
            parts.append(str(self.number))
        text = "-".join(parts)
        return "".join(c if c.isalnum() or c in "._+-" else "_" for c in text).lstrip(".")[:100]

    def picture(self, size: int, style: DrawingStyle | None) -> Image.Image:
        """Return it as the sketches of a data set are, of their size, with their pen; or as is."""
        from zsbir_lib.drawings import redraw_ink, render_strokes

        if self.image is not None or style is None:
            assert self.image is not None
            return self.image
        if self.ink is not None:
            return redraw_ink(self.ink, size=size, style=style)
        return render_strokes(self.strokes, size=size, style=style)


@dataclass
class Sketches:
    """All drawings that were asked about, in order.

    Attributes
    ----------
    all
        Those that could be read, and those that could not.
    many
        Whether several were meant: a folder, a file of several, or several files.
    unread
        For each folder, files by their ending that are no drawings.
    """

    all: list[Sketch]
    many: bool
    unread: dict[Path, Counter[str]]

    @property
    def read(self) -> list[Sketch]:
        """Those that could be read."""
        return [one for one in self.all if one.error is None]

    @property
    def failed(self) -> list[Sketch]:
        """Those that could not."""
        return [one for one in self.all if one.error is not None]


def read_sketches(
    paths: Sequence[Path], *, number: int | None = None, as_is: bool = False
) -> Sketches:
    """Read what ``--sketch`` names.

    Parameters
    ----------
    paths
        Files and folders.
    number
        Of a file of several, this drawing only.
    as_is
        Keep images as they are, and look for no ink in them.

    Raises
    ------
    ZsbirError
        If a folder holds no drawing, or a drawing is chosen from several files. What is wrong with
        one drawing is its `Sketch.error`.
    """
    unread: dict[Path, Counter[str]] = {}
    files: list[tuple[Path, Path | None]] = []
    for path in paths:
        if path.is_dir():
            found, unread[path] = _list_folder(path)
            files += [(file, path) for file in found]
        else:
            files.append((path, None))
    if number is not None and len(files) != 1:
        raise ZsbirError("--number chooses from one file: give one --sketch, or leave it out")
    sketches = [one for file, below in files for one in _read_file(file, below, number, as_is)]
    return Sketches(sketches, bool(unread) or len(sketches) > 1, unread)


def _list_folder(folder: Path) -> tuple[list[Path], Counter[str]]:
    """Return the drawings in a folder and below it, and what else lies there."""
    from zsbir_lib.drawings.images import readable_suffixes
    from zsbir_lib.drawings.stroke_files import STROKE_SUFFIXES

    def fail(error: OSError) -> None:
        raise ZsbirError(f"cannot list the folder {error.filename}: {error.strerror}")

    found: list[Path] = []
    unread: Counter[str] = Counter()
    for place, folders, names in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            suffix = Path(name).suffix.lower()
            if name.startswith("."):
                continue
            if suffix in STROKE_SUFFIXES or suffix in readable_suffixes():
                found.append(Path(place, name))
            else:
                unread[printable(suffix) or "without an ending"] += 1
    if not found:
        others = f", only {describe(unread)}" if unread else ""
        raise ZsbirError(
            f"the folder {folder} holds no drawing{others}: give images, SVG, .ndjson or .json"
        )
    return found, unread


def describe(unread: Counter[str]) -> str:
    """Return how many files there are of each ending."""
    return ", ".join(f"{count} {suffix}" for suffix, count in sorted(unread.items()))


def _read_file(path: Path, below: Path | None, number: int | None, as_is: bool) -> Iterator[Sketch]:
    from zsbir_lib.drawings import crop_ink, find_ink, read_all_strokes, read_drawing
    from zsbir_lib.drawings.stroke_files import holds_strokes

    try:
        if holds_strokes(path):
            any_of_it = False
            for stored in read_all_strokes(path):
                if number is not None and stored.number != number:
                    continue
                any_of_it = True
                sketch = Sketch(path, below, stored.number if stored.several else None)
                sketch.word, sketch.error, sketch.strokes = (
                    stored.word,
                    stored.error,
                    stored.strokes,
                )
                if sketch.error is None:
                    _settle_strokes(sketch, as_is)
                yield sketch
            if not any_of_it:
                raise ZsbirError(
                    f"the drawing {path} has no number {number}: it holds fewer, counted from 0"
                )
            return
        image = read_drawing(path, number=number)
        what = f"the drawing {path}"
        ink = crop_ink(find_ink(image, what), what)
        yield Sketch(path, below, image=image) if as_is else Sketch(path, below, ink=ink)
    except ZsbirError as error:
        yield Sketch(path, below, error=error)


def _settle_strokes(sketch: Sketch, as_is: bool) -> None:
    """Find out whether strokes can be drawn, and draw those that are to be taken as they are."""
    from math import isfinite

    from zsbir_lib.drawings import render_strokes
    from zsbir_lib.drawings.reading import STROKES_SIDE

    points = {
        point[:2] for stroke in sketch.strokes for point in stroke if all(map(isfinite, point))
    }
    if len(points) < 2:
        what = "one point only" if points else "no point with two finite numbers"
        sketch.error = ZsbirError(f"the drawing {sketch.name} is empty: it has {what}")
        sketch.strokes = []
    elif as_is:
        sketch.image = render_strokes(sketch.strokes, size=STROKES_SIDE)
