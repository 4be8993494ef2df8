"""Quick, Draw! (Google, 2017) with the photos of QuickDraw extended.

The photos are those of Dey, Riba, Dutta, Llados and Song (Doodle to Search, CVPR 2019): 110
classes, 30 of them unseen. The sketches are the images published with them, or drawings of Quick,
Draw! in any form in which they are published. No sketch was drawn from a photo: there are no pairs.
"""

from __future__ import annotations

import logging
import os

from PIL import Image

from zsbir_lib.datasets.base import ZeroShotSplit
from zsbir_lib.datasets.field_dataset import FieldDataset
from zsbir_lib.datasets.field_layout import ClassNames, FieldLayout
from zsbir_lib.datasets.folders import ImageFiles, ImageTree, enumerate_some, list_images
from zsbir_lib.datasets.quickdraw_files import DrawingFiles, list_drawing_files
from zsbir_lib.datasets.quickdraw_forms import FILE_FORMS
from zsbir_lib.datasets.splits import QUICKDRAW_CLASSES
from zsbir_lib.datasets.verification import Published
from zsbir_lib.drawings import read_image

logger = logging.getLogger(__name__)

SKETCHES_PER_CLASS = 3001
"""How many sketches each unseen class but one (cake) has in QuickDraw extended."""

UNSEEN_PHOTOS = {
    "banana": 1705,
    "bat": 1996,
    "beach": 1677,
    "bread": 1961,
    "cactus": 2043,
    "cake": 1709,
    "campfire": 1304,
    "cow": 1576,
    "dolphin": 1619,
    "door": 2084,
    "fan": 1611,
    "feather": 1576,
    "fire_hydrant": 2000,
    "frog": 2118,
    "giraffe": 1735,
    "hamburger": 1873,
    "helicopter": 1654,
    "megaphone": 1894,
    "mouse": 2154,
    "palm tree": 1626,
    "raccoon": 1851,
    "rhinoceros": 1817,
    "saw": 1791,
    "scissors": 1759,
    "shark": 1315,
    "skyscraper": 1925,
    "tiger": 2726,
    "tree": 1614,
    "windmill": 1839,
    "zebra": 1599,
}
"""Photos of the unseen classes, from the file lists published with ZSE-SBIR (Lin et al., CVPR
2023)."""

# Words of Quick, Draw! that are called otherwise in QuickDraw extended.
_WORDS = {
    "crocodile": "crocodilian",
    "motorbike": "motorcycle",
    "The Eiffel Tower": "eiffel tower",
}

_LOOSE = ("sketches", "sketch", ".")
_LAYOUT = FieldLayout(
    name="QuickDraw",
    photos=("QuickDraw_images_final", "EXTEND_image_quickdraw", "images", "photos"),
    sketches={
        "png": ("QuickDraw_sketches_final", "QuickDraw_sketches", "sketches", "sketch"),
        **{form: (form, f"full/{form}", *_LOOSE) for form in FILE_FORMS},
    },
    picture="""\
expected:
    ROOT/                                              (give this folder)
    ├── QuickDraw_images_final/cow/image_00001.jpg
    └── QuickDraw_sketches_final/cow/5147947173937152.png
or, in place of the sketches, files of Quick, Draw!:
        simplified/cow.ndjson, raw/cow.ndjson, binary/cow.bin or numpy_bitmap/cow.npy""",
)


class QuickDraw(FieldDataset):
    """Drawings of Quick, Draw!, and the photos of QuickDraw extended, or any part of them.

    A file of drawings is gone through once, to find where each begins, and that is kept in the
    library's cache. A drawing is drawn when it is asked for, as thin dark lines on white, 256
    pixels wide and high; bitmaps are 28 pixels wide and high, as they are published. The identity
    of a drawing names file and place: ``cow/cow.ndjson:12`` is line 12, ``cow/cow.npy#12`` is row
    12, counted from 0, and so is the drawing of a ``.bin``.

    Words of Quick, Draw! that are no class of QuickDraw extended, and have no photos here, are
    left out.

    Parameters
    ----------
    root
        The folder that holds ``QuickDraw_images_final/`` and the sketches:
        ``QuickDraw_sketches_final/``, or a folder of files of Quick, Draw!, which is called
        ``simplified``, ``raw``, ``binary`` or ``numpy_bitmap`` as it is where they are published.
        Folders called ``images`` and ``sketches`` are found, too, as are files in `root` itself.
    split
        Which classes are unseen: the name of a shipped split, the path of a text file with the
        unseen class names, or a `ZeroShotSplit`. None holds out some of the seen classes that are
        present (`inner_split`), which works on any part of the data set.
    form
        ``"png"``, ``"simplified"``, ``"raw"``, ``"binary"`` or ``"numpy_bitmap"``; by default the
        first of these that is there.
    per_class
        Take the first sketches of each class, at most so many: of images by name, of files as
        they come, which is in no order. QuickDraw extended has about 3,000 of each.

    Raises
    ------
    ZsbirError
        If the folder does not hold the data set (the message shows the layout), or the split does
        not fit the classes present.
    """

    name = "quickdraw"
    published_split = "quickdraw30"
    holds = "the folder that holds QuickDraw_images_final/ and the sketches"
    published_forms = ("png",)
    # In all, sources say "330,000" sketches and "204,000" photos.
    published = Published(
        QUICKDRAW_CLASSES,
        {name: (SKETCHES_PER_CLASS, photos) for name, photos in UNSEEN_PHOTOS.items()}
        | {"cake": (5262, UNSEEN_PHOTOS["cake"])},
    )

    def __init__(
        self,
        root: str | os.PathLike,
        *,
        split: str | os.PathLike | ZeroShotSplit | None = published_split,
        form: str | None = None,
        per_class: int | None = None,
    ) -> None:
        self._begin(_LAYOUT.find(root, form), per_class)
        class_name = ClassNames(QUICKDRAW_CLASSES, _WORDS)
        photos = list_images(self.photo_folder, class_name)
        in_files = self.form in FILE_FORMS
        if in_files:
            sketches = list_drawing_files(self.sketch_folder, self.form, class_name)
            _leave_out_words(photos, sketches)
        else:
            sketches = list_images(self.sketch_folder, class_name)
        self._name_classes(photos, sketches)
        self._sketches: ImageFiles | DrawingFiles = (
            DrawingFiles(self.class_names, sketches.images, self.form, per_class)
            if in_files
            else ImageFiles.collect(self.class_names, sketches.images, per_class)
        )
        self._hold(ImageFiles.collect(self.class_names, photos.images), self._sketches)
        self.split = self._resolve(split)

    def sketch(self, index: int) -> Image.Image:
        """Return sketch number `index` as an RGB image, dark lines on white.

        Raises
        ------
        ZsbirError
            If it cannot be read, or nothing is drawn; the message names file and place.
        IndexError
            If there is no sketch of that number.
        """
        if isinstance(self._sketches, DrawingFiles):
            return self._sketches.read(index)
        return read_image(self._sketches.path(index, "sketch"), paper="contrast")


def _leave_out_words(photos: ImageTree, sketches: ImageTree) -> None:
    """Leave out the drawings of words that are no class and have no photo; name them on the log."""
    sketches.rename(photos.class_names)
    known = photos.class_names | set(QUICKDRAW_CLASSES)
    others = sorted(sketches.images.keys() - known)
    if others:
        logger.warning(
            "quickdraw: %d words have no photos and are left out: %s",
            len(others),
            enumerate_some(others),
        )
    for name in others:
        del sketches.images[name]
