"""The Sketchy database (Sangkloy, Burnell, Ham and Hays, SIGGRAPH 2016), read where it lies.

The extended gallery is that of Liu, Shen, Shen, Liu and Shao (Deep Sketch Hashing, CVPR 2017).
`Sketchy.verify` says how a copy differs from what papers report.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image

from zsbir_lib.datasets.base import ZeroShotSplit
from zsbir_lib.datasets.folder_dataset import FolderDataset
from zsbir_lib.datasets.folders import (
    ImageFiles,
    ImageTree,
    enumerate_some,
    list_images,
)
from zsbir_lib.datasets.pairing import pair_by_name
from zsbir_lib.datasets.sketchy_counts import ClassCounts, compare
from zsbir_lib.datasets.sketchy_layout import (
    EXTENDED_NAMES,
    choose_rendering,
    find_extended,
    find_root,
    is_added,
)
from zsbir_lib.datasets.splits import SKETCHY_CLASSES, plain_class_name
from zsbir_lib.datasets.verification import VerificationReport
from zsbir_lib.drawings.images import read_image
from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.paper import PAPER_SPLIT

_CANONICAL = {plain_class_name(name): name for name in SKETCHY_CLASSES}


class Sketchy(FolderDataset):
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
    published_split = PAPER_SPLIT
    holds = "the folder that holds 256x256/"

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
        self.unread = tuple(one for tree in trees for one in tree.unread)
        pictures = ImageFiles.collect(self.class_names, photos.images)
        self._sketches = ImageFiles.collect(self.class_names, sketches.images)
        self._hold(pictures, self._sketches, pair_by_name(self._sketches.ids, pictures.ids))
        self.split = self._resolve(split)

    def _list(self, kind: str, rendering: str) -> ImageTree:
        tree = list_images(self.root / kind / rendering, _class_name)
        if not tree.images:
            unread = f"; not read are: {enumerate_some(map(str, tree.unread))}" * bool(tree.unread)
            raise ZsbirError(
                f"no {kind} found in {tree.folder}: expected class folders with .jpg or .png "
                f"files{unread}"
            )
        return tree

    def sketch_path(self, index: int) -> Path:
        """Return the file of sketch number `index`."""
        return Path(self._sketches.path(index, "sketch"))

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
        empty, unread = zip(*self._empty_and_unread(), strict=True)
        by_class = zip(
            count(self.photo_labels[~added]),
            count(self.photo_labels[~added & drawn]),
            count(self.photo_labels[~added & elsewhere]),
            count(self.photo_labels[added]),
            count(self.sketch_labels),
            count(self.sketch_labels[self.sketch_photos < 0]),
            empty,
            unread,
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


def _class_name(folder_name: str) -> str:
    """Return the database's own name of a class, whatever a tool made of it."""
    return _CANONICAL.get(plain_class_name(folder_name), folder_name)
