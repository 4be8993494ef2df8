"""What the networks of ``toynet-sketch`` learn from: toys, inventions, and people's drawings.

The toys are drawn from a seed of their own, and are of no unseen class, nor are inventions made of
one. People's drawings are used where the reader has some: those named as a class that ToyNet may
see belong to its photos; those of other things have no photo, and still show how people draw.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from zsbir_lib.datasets.quickdraw_files import read_words
from zsbir_lib.datasets.splits import plain_class_name, unseen_classes
from zsbir_lib.datasets.toybox.instance import Toy
from zsbir_lib.datasets.toybox.recipe import DRAWINGS_VERSION
from zsbir_lib.datasets.toybox.sketch import Strokes
from zsbir_lib.drawings.hands import StrokeDrawing
from zsbir_lib.errors import ZsbirError
from zsbir_lib.paper import PAPER_SPLIT
from zsbir_lib.progress import progress_bar
from zsbir_lib.store import Draft, Store
from zsbir_lib.toynet.inventions import InventedToy, Invention
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

_FORMAT = 2
_AT_ONCE = 25  # inventions in a file of the cache


def _no_labels() -> np.ndarray:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class SketchMaterial:
    """What the networks learn from.

    Attributes
    ----------
    class_names : tuple of str
        The classes that have photos: the real ones, then the inventions.
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
    inventions : tuple of Invention
        The last of the classes.
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
    inventions: tuple[Invention, ...] = ()

    @property
    def n_real(self) -> int:
        """How many of the classes are no inventions."""
        return len(self.class_names) - len(self.inventions)

    @property
    def drawn_classes(self) -> tuple[str, ...]:
        """The classes of which there are people's drawings."""
        return tuple(self.class_names[label] for label in np.unique(self.drawing_labels))

    def only(self, names: Collection[str]) -> SketchMaterial:
        """Return what is of some classes, no inventions, and the drawings of other things."""
        return self._with([name in names for name in self.class_names[: self.n_real]], ())

    def without(self, names: Collection[str]) -> SketchMaterial:
        """Return everything that is not of some classes; nor are inventions made of these."""
        real = [name not in names for name in self.class_names[: self.n_real]]
        return self._with(real, [not one.uses(names) for one in self.inventions])

    def _with(self, real: Sequence[bool], invented: Sequence[bool]) -> SketchMaterial:
        chosen = np.zeros(len(self.class_names), dtype=bool)
        chosen[: len(real) + len(invented)] = [*real, *invented]
        kept = np.flatnonzero(chosen).tolist()
        number = np.full(len(chosen), -1)
        number[kept] = np.arange(len(kept))
        toys = np.flatnonzero(chosen[self.toy_labels]).tolist()
        drawings = np.flatnonzero(chosen[self.drawing_labels]).tolist()
        return replace(
            self,
            class_names=tuple(self.class_names[k] for k in kept),
            photos=self.photos[toys],
            toys=[self.toys[row] for row in toys],
            toy_labels=number[self.toy_labels[toys]],
            drawings=[self.drawings[row] for row in drawings],
            drawing_labels=number[self.drawing_labels[drawings]],
            inventions=tuple(self.inventions[k - self.n_real] for k in kept if k >= self.n_real),
        )

    def without_drawings(self) -> SketchMaterial:
        """Return the toys alone."""
        return SketchMaterial(
            self.class_names, self.photos, self.toys, self.toy_labels, inventions=self.inventions
        )


def draw_sketch_material(
    class_names: Sequence[str],
    toys_per_class: int = 40,
    drawings: str | os.PathLike | None = None,
    *,
    inventions: int = 0,
    per_invention: int = 12,
    workers: int | None = None,
    progress: bool | None = None,
    root: str | os.PathLike | None = None,
    on_error: str = "raise",
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
    inventions, per_invention
        Classes that are invented, and things drawn of each.
    workers
        Processes to draw with; by default one for each processor.
    progress
        Show a progress bar; by default on a terminal only.
    root
        Folder of the store; the library's cache by default.
    on_error
        What a drawing of people does that cannot be read; see `read_people`.

    Raises
    ------
    ZsbirError
        If a number is out of range, the folder holds no such file, or one cannot be read.
    """
    if toys_per_class < 1 or inventions < 0 or per_invention < 1:
        raise ZsbirError(
            f"{toys_per_class} toys of a class, {inventions} inventions, {per_invention} of each: "
            "use 1 or more, and 0 inventions for none"
        )
    people = read_people(drawings, class_names, on_error=on_error) if drawings is not None else {}
    invented = tuple(Invention.of(number, class_names) for number in range(inventions))
    groups: dict[str, list[Toy] | list[InventedToy]] = {
        name: [Toy(name, instance, TOYS_SEED) for instance in range(toys_per_class)]
        for name in class_names
    }
    for start in range(0, inventions, _AT_ONCE):
        groups[f"inventions-{start}"] = [
            InventedToy(one, instance, TOYS_SEED)
            for one in invented[start : start + _AT_ONCE]
            for instance in range(per_invention)
        ]
    key = {
        "format": _FORMAT,
        "drawings": DRAWINGS_VERSION,
        "classes": list(class_names),
        "toys": toys_per_class,
        "inventions": [inventions, per_invention],
        "seed": TOYS_SEED,
    }
    make = partial(_keep_toys, groups=groups, workers=workers, progress=progress)
    entry = Store(root).get("toynet-toys", key, make, label=f"toys-{toys_per_class}")
    photos: list[np.ndarray] = []
    toys: list[StrokeDrawing] = []
    for name in groups:
        with np.load(entry.path(f"{name}.npz"), allow_pickle=False) as kept:
            photos.append(kept["photos"])
            toys += _unpacked(kept)
    counts = [toys_per_class] * len(class_names) + [per_invention] * inventions
    return SketchMaterial(
        (*class_names, *(one.name for one in invented)),
        np.concatenate(photos),
        toys,
        np.arange(len(counts)).repeat(counts),
        inventions=invented,
        **people,
    )


def read_people(
    folder: str | os.PathLike, class_names: Sequence[str], *, on_error: str = "raise"
) -> dict:
    """Read people's drawings of classes and of other things, but none of an unseen class.

    Parameters
    ----------
    folder, on_error
        As for `zsbir_lib.datasets.quickdraw_files.read_words`.
    class_names
        The classes that are learnt.

    Returns
    -------
    dict
        The fields of `SketchMaterial` that are about them.

    Raises
    ------
    ZsbirError
        As `zsbir_lib.datasets.quickdraw_files.read_words` does.
    """
    closed = {plain_class_name(name) for name in (*unseen_classes(PAPER_SPLIT)[1], *TWINS)}
    known = {plain_class_name(name): number for number, name in enumerate(class_names)}
    for word, name in OTHER_NAMES.items():
        if plain_class_name(name) in known:
            known.setdefault(plain_class_name(word), known[plain_class_name(name)])
    drawings: list[StrokeDrawing] = []
    labels: list[int] = []
    others: dict[str, list[StrokeDrawing]] = {}
    left_out = []
    for word, drawn in read_words(folder, on_error=on_error):
        name = plain_class_name(word)
        if name in closed:
            left_out.append(word)
            continue
        read = [StrokeDrawing.of(strokes) for strokes in drawn]
        if name in known:
            drawings += read
            labels += [known[name]] * len(read)
        else:
            others.setdefault(word, []).extend(read)
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
    draft: Draft,
    *,
    groups: dict[str, list[Toy] | list[InventedToy]],
    workers: int | None,
    progress: bool | None,
) -> None:
    from zsbir_lib.parallel import run_all

    todo = [(name, toys) for name, toys in groups.items() if draft.find(f"{name}.npz") is None]
    bar = progress_bar(total=len(todo), show=progress, desc="Drawing toys", unit="class")
    drawn = run_all(
        _keep_group, todo, shared=(draft,), workers=workers, describe=lambda group: group[0]
    )
    with bar, drawn as done:
        for _ in done:
            bar.update()
    for group in groups.items():  # what other processes wrote is known to them only
        _keep_group(group, draft)


def _keep_group(group: tuple[str, Sequence[Toy | InventedToy]], draft: Draft) -> None:
    """Draw toys into an entry of the store, unless they are there."""
    name, toys = group
    if draft.find(f"{name}.npz") is not None:
        return
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
