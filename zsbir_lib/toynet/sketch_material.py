"""What the network for sketches learns from: toys, seen and drawn, and people's drawings.

The toys are drawn from a seed of their own, and are of no unseen class. People's drawings are used
where the reader has some: those named as a class that ToyNet may see belong to its photos; those of
other things have no photo, and still show how people draw.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from zsbir_lib.datasets.splits import plain_class_name, unseen_classes
from zsbir_lib.datasets.toybox.instance import Toy
from zsbir_lib.datasets.toybox.recipe import DRAWINGS_VERSION
from zsbir_lib.datasets.toybox.sketch import Strokes
from zsbir_lib.drawings.hands import StrokeDrawing
from zsbir_lib.drawings.stroke_files import read_all_strokes
from zsbir_lib.errors import ZsbirError
from zsbir_lib.paper import PAPER_SPLIT
from zsbir_lib.progress import progress_bar
from zsbir_lib.store import Draft, Store
from zsbir_lib.toynet.network import INPUT_SIZE

TOYS_SEED = 2
"""Seed of the toys. The data set has seed 0, and the photos that ToyNet learnt from have 1."""

TWINS = ("barn", "bird", "house", "palm tree", "picture frame", "square", "whale", "zigzag")
"""Words of Quick, Draw! that look like an unseen class, and are left out with it."""

OTHER_NAMES = {
    "cello": "violin", "clock": "alarm_clock", "coffee cup": "cup", "cruise ship": "steamship",
    "drums": "drum", "firetruck": "truck", "floor lamp": "table_lamp", "frying pan": "saucepan",
    "monkey": "ape", "motorbike": "motorcycle", "mug": "cup", "pants": "trousers",
    "police car": "car_(sedan)", "purse": "handbag", "school bus": "bus", "train": "locomotive",
    "van": "car_(sedan)",
}  # fmt: skip
"""Words of Quick, Draw! and the class of which photos show what was drawn."""

_FORMAT = 1


def _no_labels() -> np.ndarray:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class SketchMaterial:
    """What the network for sketches learns from.

    Attributes
    ----------
    class_names : tuple of str
        The classes that have photos.
    photos : ndarray of uint8, shape (n_toys, 64, 64, 3)
        A photo of each toy.
    toys : sequence of StrokeDrawing
        The lines of each toy.
    toy_labels : ndarray of int64, shape (n_toys,)
        Indices into `class_names`.
    drawings : sequence of StrokeDrawing
        People's drawings of some of the classes.
    drawing_labels : ndarray of int64, shape (n_drawings,)
        Indices into `class_names`.
    words : tuple of str
        Other things that people drew, of which there are no photos.
    word_drawings : sequence of StrokeDrawing
        Their drawings.
    word_labels : ndarray of int64
        Indices into `words`.
    left_out : tuple of str
        What was there and is not used, since it is unseen or looks like an unseen class.
    """

    class_names: tuple[str, ...]
    photos: np.ndarray
    toys: Sequence[StrokeDrawing]
    toy_labels: np.ndarray
    drawings: Sequence[StrokeDrawing] = ()
    drawing_labels: np.ndarray = field(default_factory=_no_labels)
    words: tuple[str, ...] = ()
    word_drawings: Sequence[StrokeDrawing] = ()
    word_labels: np.ndarray = field(default_factory=_no_labels)
    left_out: tuple[str, ...] = ()

    @property
    def drawn_classes(self) -> tuple[str, ...]:
        """The classes of which there are people's drawings."""
        return tuple(self.class_names[label] for label in np.unique(self.drawing_labels))

    def only(self, names: Collection[str]) -> SketchMaterial:
        """Return what is of some classes, and the drawings of other things."""
        kept = [number for number, name in enumerate(self.class_names) if name in names]
        number = np.full(len(self.class_names), -1)
        number[kept] = np.arange(len(kept))
        toys = np.flatnonzero(np.isin(self.toy_labels, kept)).tolist()
        drawings = np.flatnonzero(np.isin(self.drawing_labels, kept)).tolist()
        return replace(
            self,
            class_names=tuple(self.class_names[k] for k in kept),
            photos=self.photos[toys],
            toys=[self.toys[row] for row in toys],
            toy_labels=number[self.toy_labels[toys]],
            drawings=[self.drawings[row] for row in drawings],
            drawing_labels=number[self.drawing_labels[drawings]],
        )

    def without(self, names: Collection[str]) -> SketchMaterial:
        """Return everything that is not of some classes."""
        return self.only(set(self.class_names) - set(names))

    def without_drawings(self) -> SketchMaterial:
        """Return the toys alone."""
        return SketchMaterial(self.class_names, self.photos, self.toys, self.toy_labels)


def draw_sketch_material(
    class_names: Sequence[str],
    toys_per_class: int = 40,
    drawings: str | os.PathLike | None = None,
    *,
    workers: int | None = None,
    progress: bool | None = None,
    root: str | os.PathLike | None = None,
) -> SketchMaterial:
    """Draw toys into the cache, and read people's drawings.

    Parameters
    ----------
    class_names
        See `zsbir_lib.toynet.toynet_classes`.
    toys_per_class
        Toys of each class.
    drawings
        A folder with files of Quick, Draw!, ``WORD.ndjson``, at any depth; None for none.
    workers
        Processes to draw with; by default one for each processor.
    progress
        Show a progress bar; by default on a terminal only.
    root
        Folder of the store; the library's cache by default.

    Raises
    ------
    ZsbirError
        If `toys_per_class` is below 1, the folder holds no such file, or one cannot be read.
    """
    if toys_per_class < 1:
        raise ZsbirError(f"{toys_per_class} toys of a class: use 1 or more")
    people = read_people(drawings, class_names) if drawings is not None else {}
    key = {
        "format": _FORMAT,
        "drawings": DRAWINGS_VERSION,
        "classes": list(class_names),
        "toys": toys_per_class,
        "seed": TOYS_SEED,
    }
    make = partial(
        _keep_toys, names=class_names, count=toys_per_class, workers=workers, progress=progress
    )
    entry = Store(root).get("toynet-toys", key, make, label=f"toys-{toys_per_class}")
    photos: list[np.ndarray] = []
    toys: list[StrokeDrawing] = []
    for name in class_names:
        with np.load(entry.path(f"{name}.npz"), allow_pickle=False) as kept:
            photos.append(kept["photos"])
            toys += _unpacked(kept)
    return SketchMaterial(
        tuple(class_names),
        np.concatenate(photos),
        toys,
        np.arange(len(class_names)).repeat(toys_per_class),
        **people,
    )


def read_people(folder: str | os.PathLike, class_names: Sequence[str]) -> dict:
    """Read people's drawings of classes and of other things, but none of an unseen class.

    Returns
    -------
    dict
        The fields of `SketchMaterial` that are about them.

    Raises
    ------
    ZsbirError
        If there is no such folder or no file in it, or one cannot be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ZsbirError(f"there is no folder {folder} with drawings")
    paths = sorted(folder.rglob("*.ndjson"))
    if not paths:
        raise ZsbirError(f"{folder} holds no file WORD.ndjson: put Quick, Draw!'s files there")
    closed = {plain_class_name(name) for name in (*unseen_classes(PAPER_SPLIT)[1], *TWINS)}
    known = {plain_class_name(name): number for number, name in enumerate(class_names)}
    for word, name in OTHER_NAMES.items():
        if plain_class_name(name) in known:
            known.setdefault(plain_class_name(word), known[plain_class_name(name)])
    drawings: list[StrokeDrawing] = []
    labels: list[int] = []
    others: dict[str, list[StrokeDrawing]] = {}
    left_out = []
    for path in paths:
        word = plain_class_name(path.stem)
        if word in closed:
            left_out.append(path.stem)
            continue
        read = []
        for stored in read_all_strokes(path):
            if stored.error is not None:
                raise stored.error
            read.append(StrokeDrawing.of(stored.strokes))
        if word in known:
            drawings += read
            labels += [known[word]] * len(read)
        else:
            others.setdefault(path.stem, []).extend(read)
    return {
        "drawings": drawings,
        "drawing_labels": np.array(labels, dtype=np.int64),
        "words": tuple(others),
        "word_drawings": [drawing for found in others.values() for drawing in found],
        "word_labels": np.arange(len(others)).repeat([len(found) for found in others.values()]),
        "left_out": tuple(left_out),
    }


def toy_drawing(strokes: Strokes) -> StrokeDrawing:
    """Return the lines of a toy, with what a hand would leave out: small things, then details."""
    omission = []
    for number in strokes.part_numbers:
        part = strokes.parts[number]
        extent = float(np.ptp(part.points, axis=0).max())
        detail = max(0.0, 1.1 - part.importance)
        if not part.filled:
            omission.append(0.3 + 0.4 * detail)
        elif extent > 0.7:
            omission.append(0.0)
        else:
            omission.append(0.35 * detail * (2.2 if extent < 0.22 else 1.0))
    return StrokeDrawing.of(strokes.lines, strokes.part_numbers, omission)


def _keep_toys(
    draft: Draft, *, names: Sequence[str], count: int, workers: int | None, progress: bool | None
) -> None:
    from zsbir_lib.parallel import run_all

    todo = [name for name in names if draft.find(f"{name}.npz") is None]
    bar = progress_bar(total=len(todo), show=progress, desc="Drawing toys", unit="class")
    with bar, run_all(_keep_class, todo, shared=(draft, count), workers=workers) as done:
        for _ in done:
            bar.update()
    for name in names:  # what other processes wrote is known to them only
        _keep_class(name, draft, count)


def _keep_class(name: str, draft: Draft, count: int) -> None:
    """Draw the toys of a class into an entry of the store, unless they are there."""
    if draft.find(f"{name}.npz") is not None:
        return
    toys = [Toy(name, instance, TOYS_SEED) for instance in range(count)]
    drawings = [toy_drawing(toy.strokes) for toy in toys]
    arrays = {
        "photos": np.stack([toy.photo(size=INPUT_SIZE) for toy in toys]),
        "strokes": np.array([len(drawing.counts) for drawing in drawings]),
        "points": np.concatenate([drawing.points for drawing in drawings]),
        "counts": np.concatenate([drawing.counts for drawing in drawings]),
        "parts": np.concatenate([drawing.parts for drawing in drawings]),
        "omission": np.concatenate([drawing.omission for drawing in drawings]),
    }
    draft.piece(f"{name}.npz", partial(_save, arrays=arrays))


def _save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with open(path, "wb") as stream:  # np.savez adds an ending to a path
        np.savez(stream, allow_pickle=False, **arrays)


def _unpacked(kept: np.lib.npyio.NpzFile) -> list[StrokeDrawing]:
    ends = np.cumsum(kept["strokes"])
    strokes = [np.split(kept[name], ends[:-1]) for name in ("counts", "parts", "omission")]
    points = np.split(kept["points"], np.cumsum([part.sum() for part in strokes[0]])[:-1])
    return [StrokeDrawing(*one) for one in zip(points, *strokes, strict=True)]
