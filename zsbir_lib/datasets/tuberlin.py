"""TU-Berlin (Eitz, Hays and Alexa, SIGGRAPH 2012) with the photos of its extension.

20,000 sketches of 250 classes, as images or as vectors. The photos are those that Zhang, Liu,
Zhang, Ren, Wang and Cao collected (SketchNet, CVPR 2016) and that later papers call TU-Berlin
extended. No sketch was drawn from a photo: there are no pairs.
"""

from __future__ import annotations

import os

from PIL import Image

from zsbir_lib.datasets.base import ZeroShotSplit
from zsbir_lib.datasets.field_dataset import FieldDataset
from zsbir_lib.datasets.field_layout import SVG, ClassNames, FieldLayout
from zsbir_lib.datasets.folders import ImageFiles, list_images
from zsbir_lib.datasets.quickdraw_forms import how_drawn, strokes_image
from zsbir_lib.datasets.splits import TUBERLIN_CLASSES
from zsbir_lib.datasets.verification import Published
from zsbir_lib.drawings import read_image, read_strokes
from zsbir_lib.files import digest_of

SKETCHES_PER_CLASS = 80
"""How many sketches each class has."""

UNSEEN_PHOTOS = {
    "ant": 424,
    "banana": 1194,
    "bottle opener": 993,
    "brain": 1297,
    "bread": 1273,
    "bridge": 1005,
    "bus": 437,
    "canoe": 409,
    "fan": 429,
    "frying-pan": 952,
    "horse": 504,
    "hot air balloon": 1264,
    "laptop": 437,
    "lighter": 1154,
    "parachute": 952,
    "penguin": 567,
    "pizza": 647,
    "rollerblades": 1135,
    "shoe": 1134,
    "snowboard": 1063,
    "space shuttle": 836,
    "streetlight": 1223,
    "suitcase": 682,
    "t-shirt": 1111,
    "table": 436,
    "teacup": 911,
    "telephone": 1095,
    "tractor": 1102,
    "trombone": 401,
    "windmill": 2922,
}
"""Photos of the unseen classes, from the file lists published with ZSE-SBIR (Lin et al., CVPR
2023); they add up to the 27,989 that papers report."""

# What the folders of photos are called where that is not the class, punctuated otherwise.
_PHOTO_FOLDERS = {
    "chandeler": "chandelier",
    "diamod": "diamond",
    "griaffe": "giraffe",
    "mouse": "mouse (animal)",
    "pipe": "pipe (for smoking)",
    "spacesshuttle": "space shuttle",
    "spidar": "spider",
    "tromobone": "trombone",
    "wristwatching": "wrist-watch",
}

_LAYOUT = FieldLayout(
    name="TU-Berlin",
    photos=("ImageResized", "ImageResized_ready", "images", "photos"),
    sketches={
        "png": ("png", "png_ready", "sketches"),
        "svg": ("svg", "sketches"),
    },
    picture="""\
expected:
    ROOT/                                         (give this folder)
    ├── png/hot air balloon/8801.png              (or svg/hot air balloon/8801.svg)
    └── ImageResized/hotairballoon/n02782093_1.JPEG""",
)


class TUBerlin(FieldDataset):
    """The sketches of TU-Berlin, and the photos of its extension, or any part of them.

    Class folders are found although they are punctuated differently, as the two archives are, and
    under the misspelt names that folders of photos have (``griaffe``, ``wristwatching``).

    Parameters
    ----------
    root
        The folder that holds ``png/`` or ``svg/``, and ``ImageResized/``. Folders named as later
        programs name them are found, too: ``sketches`` and ``images``, or ``png_ready`` and
        ``ImageResized_ready``.
    split
        Which classes are unseen: the name of a shipped split, the path of a text file with the
        unseen class names, or a `ZeroShotSplit`. None holds out some of the seen classes that are
        present (`inner_split`), which works on any part of the data set.
    form
        ``"png"`` or ``"svg"``; by default the first that is there. Vectors are drawn as thin dark
        lines on white, 256 pixels wide and high.
    per_class
        Take the first sketches of each class by name, at most so many.

    Raises
    ------
    ZsbirError
        If the folder does not hold the data set (the message shows the layout), or the split does
        not fit the classes present.
    """

    name = "tuberlin"
    published_split = "tuberlin30"
    holds = "the folder that holds png/ (or svg/) and ImageResized/"
    published = Published(
        TUBERLIN_CLASSES,
        {name: (SKETCHES_PER_CLASS, photos) for name, photos in UNSEEN_PHOTOS.items()},
        photos=204_489,
        sketches=20_000,
        sketches_per_class=SKETCHES_PER_CLASS,
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
        class_name = ClassNames(TUBERLIN_CLASSES, _PHOTO_FOLDERS)
        photos = list_images(self.photo_folder, class_name)
        suffixes = SVG if self.form == "svg" else None
        sketches = list_images(self.sketch_folder, class_name, suffixes)
        self._name_classes(photos, sketches)
        self._sketches = ImageFiles.collect(self.class_names, sketches.images, per_class)
        self._hold(ImageFiles.collect(self.class_names, photos.images), self._sketches)
        self.split = self._resolve(split)

    @property
    def fingerprint(self) -> str:  # type: ignore[override]  # nothing ever sets it
        """SHA-256 over the files' paths, sizes and times, and of vectors how they are drawn."""
        files = super().fingerprint
        if self.form != "svg":
            return files
        return digest_of([*how_drawn(), files])

    def sketch(self, index: int) -> Image.Image:
        """Return sketch number `index` as an RGB image, dark lines on white.

        Raises
        ------
        ZsbirError
            If the file cannot be read; the message names it.
        IndexError
            If there is no sketch of that number.
        """
        path = self._sketches.path(index, "sketch")
        if self.form == "svg":
            return strokes_image(read_strokes(path))
        return read_image(path, paper="contrast")
