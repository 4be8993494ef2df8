"""The Sketchy database (Sangkloy, Burnell, Ham and Hays, SIGGRAPH 2016), read where it lies.

Nothing is copied, renamed or converted: the folders are listed once, and an image is opened when
it is asked for. What they hold that cannot be read is named on the log. The extended gallery is
that of Liu, Shen, Shen, Liu and Shao (Deep Sketch Hashing, CVPR 2017). `Sketchy.verify` says how a
copy differs from what papers report.
"""

from __future__ import annotations

import copy
import hashlib
import logging
import os
from pathlib import Path

import numpy as np
from PIL import Image

from zsbir_lib.datasets.base import SketchPhotoDataset, ZeroShotSplit
from zsbir_lib.datasets.folders import (
    ImageFiles,
    ImageTree,
    Unread,
    enumerate_some,
    list_images,
    warn_of_unread,
)
from zsbir_lib.datasets.pairing import pair_by_name
from zsbir_lib.datasets.sketchy_counts import ClassCounts, VerificationReport, compare
from zsbir_lib.datasets.sketchy_layout import (
    EXTENDED_NAMES,
    choose_rendering,
    find_extended,
    find_root,
    is_added,
)
from zsbir_lib.datasets.splits import (
    SKETCHY_CLASSES,
    match_class_names,
    plain_class_name,
    unseen_classes,
)
from zsbir_lib.drawings.images import read_image
from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.paper import PAPER_SPLIT

logger = logging.getLogger(__name__)

_CANONICAL = {plain_class_name(name): name for name in SKETCHY_CLASSES}


class Sketchy(SketchPhotoDataset):
    """Sketches and photos of the Sketchy database, or of any part of it.

    A sketch ``<class>/nWWWWWWWW_ID-k.png`` was drawn from the photo ``<class>/nWWWWWWWW_ID.jpg``;
    other collections may use the photo's own name, or ``_k`` (`zsbir_lib.datasets.pairing`). Where
    that photo is absent, `sketch_photos` holds -1. Folders whose names other tools have changed
    (``hot_air_balloon``) are read under the database's own class names (``hot-air_balloon``); a
    class of one's own is called as its photo folder is, however its sketch folder is punctuated.

    The extended gallery holds the original photos too. They are counted once: the photos are those
    of ``photo/<rendering>``, then those of the extended gallery whose names are not among them.

    Parameters
    ----------
    root
        The folder that holds ``256x256/``, or ``256x256/`` itself.
    split
        Which classes are unseen: the name of a shipped split
        (`zsbir_lib.datasets.splits.available_splits`), the path of a text file with the unseen
        class names, or a `ZeroShotSplit`. None holds out some of the classes that are present and
        seen in the paper's split (`inner_split`), which works on any part of the database and
        leaves the paper's 21 unseen classes alone.
    photo_rendering, sketch_rendering
        The folder below ``photo/`` and below ``sketch/``, such as ``"tx_000000000000"``. By
        default each is `zsbir_lib.paper.PAPER_RENDERING` if that is there, else
        ``"tx_000000000000"`` (whole photos), else the first by name; ``"."`` where the class
        folders lie there themselves.
    extended
        Add the photos of ``EXTEND_image_sketchy/``, beside ``256x256/`` or inside it: None, if it
        is found; True, or fail; False, never.

    Attributes
    ----------
    root : Path
        The folder that holds ``photo/`` and ``sketch/``.
    photo_rendering, sketch_rendering : str
        The renderings in use.
    extended_root : Path or None
        The extended gallery in use.
    unread : tuple of zsbir_lib.datasets.folders.Unread
        What the class folders hold and is not read; it is named on the log, too.

    Raises
    ------
    ZsbirError
        If the folder is not laid out like the database (the message shows the layout), a rendering
        or the extended gallery asked for is absent, or the split does not fit the classes present.

    Notes
    -----
    The paper's code takes every gallery photo from the extended gallery, uncropped. Here an
    original photo is the one of `photo_rendering` wherever that has it.
    """

    name = "sketchy"

    def __init__(
        self,
        root: str | os.PathLike,
        *,
        split: str | os.PathLike | ZeroShotSplit | None = PAPER_SPLIT,
        photo_rendering: str | None = None,
        sketch_rendering: str | None = None,
        extended: bool | None = None,
    ) -> None:
        self.root = find_root(Path(root))
        self.photo_rendering = choose_rendering(self.root / "photo", photo_rendering)
        self.sketch_rendering = choose_rendering(self.root / "sketch", sketch_rendering)
        self.extended_root = None if extended is False else find_extended(self.root)
        if extended and self.extended_root is None:
            raise ZsbirError(
                f"no extended gallery found: expected a folder {EXTENDED_NAMES[0]} in "
                f"{self.root.parent} or {self.root}; "
                f"pass {argument('extended', False)} to do without it"
            )
        self._extended_refused = extended is False

        photos = self._list("photo", self.photo_rendering)
        sketches = self._list("sketch", self.sketch_rendering)
        sketches.rename(photos.class_names)
        trees = [photos, sketches]
        if self.extended_root is not None:
            gallery = list_images(self.extended_root, _class_name)
            if extended and not gallery.images:
                raise ZsbirError(f"no photo in the class folders of {self.extended_root}")
            gallery.rename(photos.class_names | sketches.class_names)
            for class_name, images in gallery.images.items():
                # The images of the rendering win: the extended gallery repeats the originals.
                photos.images[class_name] = images | photos.images.get(class_name, {})
            trees.append(gallery)

        self.class_names = tuple(sorted(photos.images.keys() | sketches.images.keys()))
        self._photos = ImageFiles.collect(self.class_names, photos.images)
        self._sketches = ImageFiles.collect(self.class_names, sketches.images)
        self.photo_ids, self.photo_labels = self._photos.ids, self._photos.labels
        self.sketch_ids, self.sketch_labels = self._sketches.ids, self._sketches.labels
        self.sketch_photos = pair_by_name(self.sketch_ids, self.photo_ids)
        self.unread: tuple[Unread, ...] = tuple(one for tree in trees for one in tree.unread)
        self._warn()
        self.split = self._resolve(split)

    def __repr__(self) -> str:
        return (
            f"Sketchy({str(self.root)!r}: {len(self.class_names)} classes, "
            f"{len(self.photo_ids)} photos, {len(self.sketch_ids)} sketches, "
            f"split {self.split.name!r})"
        )

    def _list(self, kind: str, rendering: str) -> ImageTree:
        tree = list_images(self.root / kind / rendering, _class_name)
        if not tree.images:
            unread = f"; not read are: {enumerate_some(map(str, tree.unread))}" * bool(tree.unread)
            raise ZsbirError(
                f"no {kind} found in {tree.folder}: expected class folders with .jpg or .png "
                f"files{unread}"
            )
        return tree

    def _warn(self) -> None:
        """Name on the log what was found and is of no use."""
        warn_of_unread(self.unread)
        for what, names in (
            ("sketches but no photos", self.classes_without_photos),
            ("photos but no sketches", self.classes_without_sketches),
        ):
            if names:
                logger.warning("%s: %s, by class: %s", self.name, what, enumerate_some(names))

    def photo_path(self, index: int) -> Path:
        """Return the file of photo number `index`."""
        return Path(self._photos.path(index, "photo"))

    def sketch_path(self, index: int) -> Path:
        """Return the file of sketch number `index`."""
        return Path(self._sketches.path(index, "sketch"))

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

    def sketch(self, index: int) -> Image.Image:
        """Return sketch number `index` as an RGB image, as `photo` does.

        What is transparent becomes white, or black if the strokes are light.

        Raises
        ------
        ZsbirError
            If the file cannot be read as an image; the message names it.
        IndexError
            If there is no sketch of that number.
        """
        return read_image(self._sketches.path(index, "sketch"), paper="contrast")

    @property
    def fingerprint(self) -> str:  # type: ignore[override]  # nothing ever sets it
        """SHA-256 over each image's relative path, size in bytes and time of modification (ns).

        Computed when first asked for, then kept: construct the data set anew to see later changes.
        """
        # Reading every byte would take minutes at 148,000 files; a size and a time take a second,
        # and no ordinary way of changing a file leaves both as they were. Paths are relative, so
        # moving the folder changes nothing. A copy that does not preserve times gets another
        # fingerprint: that costs one more extraction, where the opposite error would serve stale
        # features.
        return hashlib.sha256(f"{self._photos.digest} {self._sketches.digest}".encode()).hexdigest()

    def with_split(self, split: str | os.PathLike | ZeroShotSplit | None) -> Sketchy:
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
        """Hold out some of the classes that the paper's split trains on.

        Drawn from the classes present with both photos and sketches; the paper's 21 unseen classes
        are on neither side. Where all 104 seen classes are present this is the inner split that
        the whole database has.

        Parameters
        ----------
        n_unseen
            How many to hold out: a number, or a fraction below 1. By default 21, as in the paper,
            or half of the classes where fewer than 42 are present.
        seed
            Of the draw.

        Raises
        ------
        ZsbirError
            If fewer than one class would remain on a side.
        """
        paper_unseen = unseen_classes(PAPER_SPLIT)[1]
        paired = np.intersect1d(self.photo_labels, self.sketch_labels)
        seen = [self.class_names[label] for label in paired]
        seen = [name for name in seen if name not in paper_unseen]
        if len(seen) < 2:
            raise ZsbirError(
                f"an inner split needs two seen classes with photos and sketches; {self.root} "
                f"holds {len(seen)}"
            )
        if n_unseen is None:
            n_unseen = min(len(paper_unseen), len(seen) // 2)
        # The draw looks at seen classes only, so it does not matter whether the others are here.
        whole = ZeroShotSplit(PAPER_SPLIT, tuple(seen), tuple(paper_unseen))
        return whole.inner(n_unseen, seed)

    def verify(self) -> VerificationReport:
        """Compare the files found with the published counts, class by class.

        Published are: 125 classes of 100 photos; the paper's Table 1; for its 21 unseen classes
        the number of sketches and of gallery photos of each. Sketches of a seen class are
        published only in total. Sources disagree about that total: 75,471 (the database's page),
        75,479 and 75,481 (file lists of later papers; Table 1) all count as complete, and the
        counts of sketches may then fall short by the same few.

        The comparison is made under the paper's split, whatever split is in force. The gallery is
        compared unless the data set was opened with ``extended=False``. Images are not opened, but
        files of 0 bytes are reported.
        """
        n_classes = len(self.class_names)

        def count(labels: np.ndarray) -> list[int]:
            return np.bincount(labels, minlength=n_classes).tolist()

        prefix = f"{self.root / 'photo'}{os.sep}"
        added = np.array([is_added(photo_id) for photo_id in self.photo_ids], dtype=bool)
        elsewhere = np.array([not path.startswith(prefix) for path in self._photos.paths])
        drawn = np.zeros(len(self.photo_ids), dtype=bool)
        drawn[self.sketch_photos[self.sketch_photos >= 0]] = True
        unread = dict.fromkeys(self.class_names, 0)
        for one in self.unread:
            unread[one.class_name] = unread.get(one.class_name, 0) + one.count
        by_class = zip(
            count(self.photo_labels[~added]),
            count(self.photo_labels[~added & drawn]),
            count(self.photo_labels[~added & elsewhere]),
            count(self.photo_labels[added]),
            count(self.sketch_labels),
            count(self.sketch_labels[self.sketch_photos < 0]),
            np.add(
                count(self.photo_labels[self._photos.sizes == 0]),
                count(self.sketch_labels[self._sketches.sizes == 0]),
            ).tolist(),
            [unread[name] for name in self.class_names],
            strict=True,
        )
        counts = {
            name: ClassCounts(*numbers)
            for name, numbers in zip(self.class_names, by_class, strict=True)
        }
        gallery = "not used" if self._extended_refused else (self.extended_root or "not found")
        return compare(
            counts,
            source=(
                f"Sketchy at {self.root}\nphotos {self.photo_rendering}, "
                f"sketches {self.sketch_rendering}, extended gallery: {gallery}"
            ),
            gallery=not self._extended_refused,
            extended=self.extended_root is not None,
        )

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


def _class_name(folder_name: str) -> str:
    """Return the database's own name of a class, whatever a tool made of it."""
    return _CANONICAL.get(plain_class_name(folder_name), folder_name)
