"""What data sets share that are read from folders where they lie: images, splits, what is absent.

Nothing is copied, renamed or converted: the folders are listed once, and an image is opened when
it is asked for. What they hold that cannot be read is named on the log.
"""

from __future__ import annotations

import copy
import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar

import numpy as np
from PIL import Image

from zsbir_lib.datasets.base import SketchPhotoDataset, ZeroShotSplit
from zsbir_lib.datasets.folders import ImageFiles, Unread, enumerate_some, warn_of_unread
from zsbir_lib.datasets.splits import match_class_names, unseen_classes
from zsbir_lib.drawings.images import read_image
from zsbir_lib.errors import ZsbirError, argument

logger = logging.getLogger(__name__)

Self = TypeVar("Self", bound="FolderDataset")


class SketchFiles(Protocol):
    """Sketches of all classes, in whatever files they are."""

    @property
    def ids(self) -> Sequence[str]:
        """A stable identity of each."""

    @property
    def labels(self) -> np.ndarray:
        """Of each, the number of its class, int64 of shape (n,)."""

    @property
    def digest(self) -> str:
        """Changes whenever a file changes, or the way in which it is read."""

    def empty_by_class(self, n_classes: int) -> np.ndarray:
        """Count the files of 0 bytes of each class, int64 of shape (n_classes,)."""


class FolderDataset(SketchPhotoDataset):
    """Photos and sketches in folders of the reader's own.

    A subclass finds them, and hands them to ``_hold``.

    Attributes
    ----------
    root : Path
        The folder in use.
    unread : tuple of zsbir_lib.datasets.folders.Unread
        What the class folders hold and is not read; it is named on the log, too.
    published_split : str
        The shipped split that papers report on for this data set.
    holds : str
        What the folder `root` is, for messages.
    """

    published_split: ClassVar[str]
    holds: ClassVar[str]
    root: Path
    unread: tuple[Unread, ...]
    _photos: ImageFiles

    def _hold(
        self, photos: ImageFiles, sketches: SketchFiles, sketch_photos: np.ndarray | None = None
    ) -> None:
        """Take the images; without `sketch_photos` no sketch has a photo of its own."""
        self._photos = photos
        self._of_sketches = sketches
        self.photo_ids, self.photo_labels = photos.ids, photos.labels
        self.sketch_ids, self.sketch_labels = sketches.ids, sketches.labels
        alone = np.full(len(sketches.labels), -1, dtype=np.int64)
        self.sketch_photos = alone if sketch_photos is None else sketch_photos
        warn_of_unread(self.unread)
        for what, names in (
            ("sketches but no photos", self.classes_without_photos),
            ("photos but no sketches", self.classes_without_sketches),
        ):
            if names:
                logger.warning("%s: %s, by class: %s", self.name, what, enumerate_some(names))

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({str(self.root)!r}: {len(self.class_names)} classes, "
            f"{len(self.photo_ids)} photos, {len(self.sketch_ids)} sketches, "
            f"split {self.split.name!r})"
        )

    def photo_path(self, index: int) -> Path:
        """Return the file of photo number `index`."""
        return Path(self._photos.path(index, "photo"))

    def photo(self, index: int) -> Image.Image:
        """Return photo number `index` as an RGB image, upright, as large as its file has it.

        Raises
        ------
        ZsbirError
            If the file cannot be read as an image; the message names it.
        IndexError
            If there is no photo of that number (-1 included: it marks an absent photo).
        """
        return read_image(self._photos.path(index, "photo"))

    @property
    def fingerprint(self) -> str:  # type: ignore[override]  # nothing ever sets it
        """SHA-256 over each file's relative path, size in bytes and time of modification (ns).

        Computed when first asked for, then kept: construct the data set anew to see later changes.
        """
        # Reading every byte would take minutes at 148,000 files; a size and a time take a second,
        # and no ordinary way of changing a file leaves both as they were. Paths are relative, so
        # moving the folder changes nothing. A copy that does not preserve times gets another
        # fingerprint: that costs one more extraction, where the opposite error would serve stale
        # features.
        both = f"{self._photos.digest} {self._of_sketches.digest}"
        return hashlib.sha256(both.encode()).hexdigest()

    def with_split(self: Self, split: str | os.PathLike | ZeroShotSplit | None) -> Self:
        """Return the same images under another split (nothing is copied or listed again).

        Parameters
        ----------
        split
            As in the constructor.

        Raises
        ------
        ZsbirError
            If the split does not fit the classes present.
        """
        other = copy.copy(self)
        other.split = self._resolve(split)
        return other

    def inner_split(self, n_unseen: int | float | None = None, seed: int = 0) -> ZeroShotSplit:
        """Hold out some of the classes that the published split trains on.

        Drawn from the classes present with both photos and sketches; the unseen classes of the
        published split are on neither side. Where all its seen classes are present this is the
        inner split that the whole data set has.

        Parameters
        ----------
        n_unseen
            How many to hold out: a number, or a fraction below 1. By default as many as the
            published split does, or half of the classes where fewer than twice as many are
            present.
        seed
            Of the draw.

        Raises
        ------
        ZsbirError
            If fewer than one class would remain on a side.
        """
        unseen = unseen_classes(self.published_split)[1]
        both = np.intersect1d(self.photo_labels, self.sketch_labels)
        seen = [self.class_names[label] for label in both]
        seen = [name for name in seen if name not in unseen]
        if len(seen) < 2:
            raise ZsbirError(
                f"an inner split needs two seen classes with photos and sketches; {self.root} "
                f"holds {len(seen)}"
            )
        if n_unseen is None:
            n_unseen = min(len(unseen), len(seen) // 2)
        # The draw looks at seen classes only, so it does not matter whether the others are here.
        whole = ZeroShotSplit(self.published_split, tuple(seen), tuple(unseen))
        return whole.inner(n_unseen, seed)

    def _empty_and_unread(self) -> list[tuple[int, int]]:
        """Return of each class how many files have 0 bytes, and how many are not read."""
        n_classes = len(self.class_names)
        empty = np.add(
            self._photos.empty_by_class(n_classes), self._of_sketches.empty_by_class(n_classes)
        )
        unread = dict.fromkeys(self.class_names, 0)
        for one in self.unread:
            unread[one.class_name] = unread.get(one.class_name, 0) + one.count
        return list(zip(empty.tolist(), map(unread.__getitem__, self.class_names), strict=True))

    def _resolve(self, split: str | os.PathLike | ZeroShotSplit | None) -> ZeroShotSplit:
        """Turn what the caller gave as a split into one over the classes present."""
        if split is None:
            return self.inner_split()
        if isinstance(split, ZeroShotSplit):
            name, wanted = split.name, [*split.seen, *split.unseen]
        else:
            name, wanted = unseen_classes(split)
        found, missing = match_class_names(wanted, self.class_names)
        if missing:
            raise ZsbirError(
                f"{self.root} lacks {len(missing)} of the {len(wanted)} classes that the split "
                f"{name!r} names: {', '.join(missing)}. Pass "
                f"{argument('split', None)} to hold out some of the {len(self.class_names)} that "
                f"are there, or {argument('split', placeholder='PATH')}, a file that names "
                "the unseen ones"
            )
        if isinstance(split, ZeroShotSplit):
            n_seen = len(split.seen)
            return ZeroShotSplit(name, tuple(found[:n_seen]), tuple(found[n_seen:]))
        return ZeroShotSplit.from_unseen(name, self.class_names, found)
