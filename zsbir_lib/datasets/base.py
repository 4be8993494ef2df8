"""What every data set of this library looks like: sketches, photos, pairs, classes, a split."""

from __future__ import annotations

import codecs
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from zsbir_lib.errors import ZsbirError
from zsbir_lib.paper import PAPER_TABLE_1
from zsbir_lib.reading import check_file

if TYPE_CHECKING:
    from zsbir_lib.datasets.folders import Unread


@dataclass(frozen=True)
class ZeroShotSplit:
    """Which classes a method may learn from, and which it meets only when tested.

    Attributes
    ----------
    name
        What the split is called in tables.
    seen, unseen
        Class names, sorted, without overlap. Training uses `seen` only.
    """

    name: str
    seen: tuple[str, ...]
    unseen: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "seen", tuple(sorted(self.seen)))
        object.__setattr__(self, "unseen", tuple(sorted(self.unseen)))
        both = sorted(set(self.seen) & set(self.unseen))
        if both:
            names = ", ".join(both)
            raise ZsbirError(f"split {self.name!r}: classes both seen and unseen: {names}")
        if not self.seen or not self.unseen:
            side = "seen" if not self.seen else "unseen"
            raise ZsbirError(f"split {self.name!r} has no {side} classes: each side needs some")

    def inner(self, n_unseen: int | float = 0.15, seed: int = 0) -> ZeroShotSplit:
        """Split the *seen* classes again, to choose settings without a look at the unseen ones.

        Parameters
        ----------
        n_unseen
            How many seen classes to hold out: a number, or a fraction below 1.
        seed
            Of the draw.

        Raises
        ------
        ZsbirError
            If fewer than one class would remain on a side.
        """
        count = len(self.seen)
        held_out = round(n_unseen * count) if n_unseen < 1 else int(n_unseen)
        if not 1 <= held_out < count:
            raise ZsbirError(
                f"cannot hold out {held_out} of {count} seen classes: leave one on each side"
            )
        chosen = np.random.default_rng(seed).permutation(count)[:held_out]
        unseen = [self.seen[i] for i in chosen]
        seen = [name for name in self.seen if name not in set(unseen)]
        return ZeroShotSplit(f"{self.name}/inner-{held_out}-seed{seed}", tuple(seen), tuple(unseen))

    @classmethod
    def from_unseen(
        cls, name: str, class_names: Iterable[str], unseen: Iterable[str]
    ) -> ZeroShotSplit:
        """Make the split of `class_names` that holds out `unseen`, and call it `name`.

        Raises
        ------
        ZsbirError
            If a held-out class is not among the classes; the message names it.
        """
        class_names, unseen = list(class_names), list(unseen)
        missing = sorted(set(unseen) - set(class_names))
        if missing:
            raise ZsbirError(
                f"split {name!r} names classes that the data set lacks: {', '.join(missing)}"
            )
        held_out = set(unseen)
        return cls(name, tuple(c for c in class_names if c not in held_out), tuple(unseen))


class SketchPhotoDataset(ABC):
    """Photos, sketches, and which photo each sketch was drawn from.

    Images are numbered; everything else is an array over these numbers.

    Attributes
    ----------
    name : str
        Short name, used in tables and file names.
    class_names : tuple of str
        All classes, sorted; a label is an index into it.
    split : ZeroShotSplit
        The split in force (see `with_split`).
    photo_ids, sketch_ids : sequence of str
        A stable identity of each image, such as ``"cow/n01887787_1010"``.
    photo_labels, sketch_labels : ndarray of int64, shape (n_photos,), (n_sketches,)
        Class of each image.
    sketch_photos : ndarray of int64, shape (n_sketches,)
        Number of the photo each sketch was drawn from; -1 where that photo is absent.
    fingerprint : str
        Changes whenever an image changes: cached features are keyed by it.
    class_attributes : ndarray of bool or float, shape (n_classes, n_attributes), or None
        What is known of each class, in the order of `class_names`; None where nothing is.
    attribute_names : tuple of str
        What each column of `class_attributes` says.
    unread : sequence of zsbir_lib.datasets.folders.Unread
        What was found of some classes and cannot be read.
    """

    name: str
    class_names: tuple[str, ...]
    split: ZeroShotSplit
    photo_ids: Sequence[str]
    sketch_ids: Sequence[str]
    photo_labels: np.ndarray
    sketch_labels: np.ndarray
    sketch_photos: np.ndarray
    fingerprint: str
    class_attributes: np.ndarray | None = None
    attribute_names: tuple[str, ...] = ()
    unread: Sequence[Unread] = ()

    @property
    def classes_without_photos(self) -> tuple[str, ...]:
        """The classes whose sketches have no photo to find."""
        return self._absent(self.photo_labels)

    @property
    def classes_without_sketches(self) -> tuple[str, ...]:
        """The classes whose photos nobody drew."""
        return self._absent(self.sketch_labels)

    def _absent(self, labels: np.ndarray) -> tuple[str, ...]:
        counts = np.bincount(labels, minlength=len(self.class_names))
        return tuple(self.class_names[label] for label in np.flatnonzero(counts == 0))

    @abstractmethod
    def photo(self, index: int) -> Image.Image:
        """Return photo number `index` as an RGB image."""

    def photo_alone(self, index: int) -> Image.Image:
        """Return photo number `index`, to be shown by itself: no other is made ready with it."""
        return self.photo(index)

    @abstractmethod
    def sketch(self, index: int) -> Image.Image:
        """Return sketch number `index` as an RGB image, dark strokes on white."""

    @abstractmethod
    def with_split(self, split: ZeroShotSplit) -> SketchPhotoDataset:
        """Return the same images under another split (nothing is copied)."""

    def prepare(self) -> None:  # noqa: B027 (most data sets have nothing to make ready)
        """Make ready what `photo` and `sketch` need, before worker processes ask for images."""

    def check_split(self, split: ZeroShotSplit) -> ZeroShotSplit:
        """Return `split` if this data set has all its classes.

        Raises
        ------
        ZsbirError
            If it lacks some; the message names them.
        """
        missing = sorted({*split.seen, *split.unseen} - set(self.class_names))
        if missing:
            raise ZsbirError(
                f"split {split.name!r} names classes that the data set lacks: {', '.join(missing)}"
            )
        return split

    def class_mask(self, labels: np.ndarray, names: Iterable[str]) -> np.ndarray:
        """Tell which of `labels` belong to the classes called `names`.

        Returns
        -------
        ndarray of bool, the shape of `labels`
        """
        wanted = set(names)
        return np.array([c in wanted for c in self.class_names], dtype=bool)[labels]

    def statistics(self) -> dict[str, int | float]:
        """Count what the paper's Table 1 counts.

        "Train images" are the seen photos that have a sketch; "DB images" are all photos of the
        seen or the unseen classes, the gallery that a query is ranked against; the average is
        over all classes, as the paper's figure is.
        """
        seen_photos = self.class_mask(self.photo_labels, self.split.seen)
        seen_sketches = self.class_mask(self.sketch_labels, self.split.seen)
        unseen_photos = self.class_mask(self.photo_labels, self.split.unseen)
        unseen_sketches = self.class_mask(self.sketch_labels, self.split.unseen)
        drawn = np.zeros(len(self.photo_labels), dtype=bool)
        drawn[self.sketch_photos[self.sketch_photos >= 0]] = True
        train_images = int((drawn & seen_photos).sum())
        paired = int((self.sketch_photos >= 0).sum())
        return {
            "Train classes": len(self.split.seen),
            "Test classes": len(self.split.unseen),
            "Train images": train_images,
            "Train sketches": int(seen_sketches.sum()),
            "Avg. sketches per image": round(paired / max(1, int(drawn.sum())), 5),
            "Test sketches": int(unseen_sketches.sum()),
            "DB images for training": int(seen_photos.sum()),
            "DB images for testing": int(unseen_photos.sum()),
        }

    def table(self) -> str:
        """Return `statistics` as a table beside the paper's Table 1, for reading."""
        rows = [("", self.name, "paper")]
        for name, value in self.statistics().items():
            rows.append((name, f"{value:,}", f"{PAPER_TABLE_1[name]:,}"))
        widths = [max(len(row[c]) for row in rows) for c in range(3)]
        return "\n".join(
            f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}".rstrip() for a, b, c in rows
        )


_MOST_BYTES = 4_000_000  # of a class list


def read_class_list(path: str | Path) -> list[str]:
    """Read class names from a text file, one a line; blank lines and ``#`` comments are skipped.

    A comment may stand behind a name, too, after a blank. The text is UTF-8, or UTF-16 with a
    byte-order mark, as some editors write it.

    Raises
    ------
    ZsbirError
        If the file cannot be read, is no such text, is empty, or names a class twice.
    """
    what = f"the class list {Path(path)}"
    check_file(path, what, limit=_MOST_BYTES)
    try:
        data = Path(path).read_bytes()
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ZsbirError(f"cannot read {what}: {error}; save it as UTF-8 text") from None
    if "\0" in text:
        raise ZsbirError(f"cannot read {what}: it is no text; save it as UTF-8 text")
    names = [re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines()]
    names = [name for name in names if name]
    if not names:
        raise ZsbirError(f"{path} names no class: write one class name a line")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ZsbirError(f"{path} names a class twice: {', '.join(twice)}")
    return names
