"""What data sets of the field without pairs have in common: forms, a limit, published counts."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np

from zsbir_lib.datasets.field_layout import Found
from zsbir_lib.datasets.folder_dataset import FolderDataset
from zsbir_lib.datasets.folders import ImageTree
from zsbir_lib.datasets.verification import (
    ClassFiles,
    Published,
    VerificationReport,
    compare_classes,
)
from zsbir_lib.errors import check_counts


class FieldDataset(FolderDataset):
    """Photos in class folders, and sketches in one of several forms.

    Attributes
    ----------
    photo_folder, sketch_folder : Path
        The folders in use.
    form : str
        What the sketches are: ``"png"``, say.
    per_class : int or None
        The most sketches of a class that are taken.
    published : Published
        What is published about the data set.
    published_forms : tuple of str
        The forms in which it is published; a copy's sketches are counted in these.
    """

    published: ClassVar[Published]
    published_forms: ClassVar[tuple[str, ...]] = ("png", "svg")
    photo_folder: Path
    sketch_folder: Path
    form: str
    per_class: int | None

    def _begin(self, found: Found, per_class: int | None) -> None:
        check_counts(per_class=per_class)
        self.root, self.form, self.per_class = found.root, found.form, per_class
        self.photo_folder, self.sketch_folder = found.photos, found.sketches

    def _name_classes(self, photos: ImageTree, sketches: ImageTree) -> None:
        """Call the classes of the sketches as the photos', and note what is not read."""
        sketches.rename(photos.class_names)
        self.class_names = tuple(sorted(photos.images.keys() | sketches.images.keys()))
        self.unread = (*photos.unread, *sketches.unread)

    def verify(self) -> VerificationReport:
        """Compare the files found with the published counts, class by class.

        Published are the classes, and of each unseen one how many photos and sketches it has.
        Sketches are compared where they are in a form that the data set is published in, and
        `per_class` leaves none out. Images are not opened, but files of 0 bytes are reported.
        """
        n_classes = len(self.class_names)
        photos = np.bincount(self.photo_labels, minlength=n_classes).tolist()
        sketches = np.bincount(self.sketch_labels, minlength=n_classes).tolist()
        counts = {
            name: ClassFiles(n_photos, n_sketches, empty, unread)
            for name, n_photos, n_sketches, (empty, unread) in zip(
                self.class_names, photos, sketches, self._empty_and_unread(), strict=True
            )
        }
        limit = "" if self.per_class is None else f", the first {self.per_class} of each class"
        return compare_classes(
            counts,
            self.published,
            f"{type(self).__name__} at {self.root}\nphotos {self.photo_folder.name}, sketches "
            f"{self.sketch_folder.name} ({self.form}){limit}",
            sketches=self.per_class is None and self.form in self.published_forms,
        )
