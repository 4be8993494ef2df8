"""Some classes of a data set as a data set of their own, which holds no image of any other."""

from __future__ import annotations

import copy
from collections.abc import Iterable

import numpy as np
from PIL import Image

from zsbir_lib.datasets.base import SketchPhotoDataset, ZeroShotSplit
from zsbir_lib.errors import UnknownNameError
from zsbir_lib.files import digest_of


class SomeClasses(SketchPhotoDataset):
    """The photos and sketches of some classes of a data set.

    Whoever is given it can read no image of another class, whatever number is asked for. Classes
    are named and numbered as in the whole.

    Parameters
    ----------
    whole
        The data set.
    names
        The classes.

    Raises
    ------
    UnknownNameError
        If the data set lacks one of them.
    """

    def __init__(self, whole: SketchPhotoDataset, names: Iterable[str]) -> None:
        names = sorted(set(names))
        if missing := sorted(set(names) - set(whole.class_names)):
            raise UnknownNameError(f"{whole.name} has no class {', '.join(missing)}")
        photos = np.flatnonzero(whole.class_mask(whole.photo_labels, names))
        sketches = np.flatnonzero(whole.class_mask(whole.sketch_labels, names))
        self._whole, self._photos, self._sketches = whole, photos.tolist(), sketches.tolist()
        self.name, self.class_names, self.split = whole.name, whole.class_names, whole.split
        self.photo_ids = [whole.photo_ids[i] for i in self._photos]
        self.sketch_ids = [whole.sketch_ids[i] for i in self._sketches]
        self.photo_labels = np.asarray(whole.photo_labels)[photos]
        self.sketch_labels = np.asarray(whole.sketch_labels)[sketches]
        # A sketch and its photo are of one class; the appended -1 is what "photo absent" reads.
        number = np.full(len(whole.photo_labels) + 1, -1)
        number[photos] = np.arange(len(photos))
        self.sketch_photos = number[np.asarray(whole.sketch_photos)[sketches]]
        self.fingerprint = digest_of([whole.fingerprint, names])[:16]
        self.class_attributes = whole.class_attributes
        self.attribute_names = whole.attribute_names
        self.unread = whole.unread

    def photo(self, index: int) -> Image.Image:
        """Return photo number `index` of these classes."""
        return self._whole.photo(self._photos[index])

    def sketch(self, index: int) -> Image.Image:
        """Return sketch number `index` of these classes."""
        return self._whole.sketch(self._sketches[index])

    def with_split(self, split: ZeroShotSplit) -> SomeClasses:
        """Return the same images under another split."""
        other = copy.copy(self)
        other.split = self.check_split(split)
        return other

    def prepare(self) -> None:
        """Make ready what images need, before worker processes ask for them."""
        self._whole.prepare()
