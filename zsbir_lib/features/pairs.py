"""What a method learns from: sketches and photos of seen classes, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from torch import Tensor

from zsbir_lib.errors import LabelError, ZsbirError
from zsbir_lib.features.checks import (
    check_attributes,
    check_integers,
    check_labels,
    check_matrix,
    class_mask,
    freeze,
    renumber,
)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Sketches, the photo that each is paired with, and the classes of both.

    Attributes
    ----------
    sketches : Tensor of float32, shape (n, d)
        Features of the sketches.
    photos : Tensor of float32, shape (m, d')
        Features of the photos, each once, however many sketches are paired with it.
    photo_index : Tensor of int64, shape (n,)
        The row of `photos` that each sketch was drawn from, or is paired with.
    labels, photo_labels : Tensor of int64, shape (n,), (m,)
        Class of each sketch and each photo: an index into `class_names`.
    class_names : tuple of str
        All classes of the data set, also those that no row belongs to.
    class_attributes : Tensor of float32, shape (classes, attributes), or None
        What is known of each of `class_names`, also of the unseen ones, where it is known.
    attribute_names : tuple of str
        What the columns of `class_attributes` say.

    Raises
    ------
    ZsbirError
        If shapes disagree, an index is out of range, a sketch and its photo differ in class, a
        feature is NaN or infinite, or there are no pairs, or pairs of one class only.
    """

    sketches: Tensor
    photos: Tensor
    photo_index: Tensor
    labels: Tensor
    photo_labels: Tensor
    class_names: tuple[str, ...]
    class_attributes: Tensor | None = None
    attribute_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        freeze(self, ("sketches", "photos"), ("class_names", "attribute_names"))
        check_matrix("sketches", self.sketches)
        check_matrix("photos", self.photos)
        n, m = len(self.sketches), len(self.photos)
        check_integers(self, photo_index=n, labels=n, photo_labels=m)
        if n == 0:
            raise ZsbirError("there are no pairs: no sketch comes with the photo it was drawn from")
        if not ((self.photo_index >= 0) & (self.photo_index < m)).all():
            raise ZsbirError(f"photo_index must be a row of the photos, 0 to {m - 1}")
        check_labels(self, "labels", "photo_labels")
        differs = self.labels != self.photo_labels[self.photo_index]
        if differs.any():
            raise LabelError(
                f"{int(differs.sum())} sketches are of another class than the photo they were "
                f"drawn from, the first in row {int(differs.nonzero()[0])}"
            )
        classes = self.labels.unique()
        if len(classes) < 2:
            raise ZsbirError(
                f"the pairs are of one class only ({self.class_names[int(classes[0])]}): "
                "learning to retrieve needs two or more"
            )
        check_attributes(self.class_attributes, self.attribute_names, self.class_names)

    def __len__(self) -> int:
        return len(self.sketches)

    def paired_photos(self) -> Tensor:
        """Return the photo of each sketch, shape (n, d'), row by row beside `sketches`."""
        return self.photos[self.photo_index]

    def subset(self, names: Iterable[str]) -> Pairs:
        """Return the pairs of some classes.

        Raises
        ------
        ZsbirError
            If a name is not among `class_names`, or fewer than two of the classes have pairs.
        """
        wanted = class_mask(names, self.class_names)
        sketches = wanted[self.labels]
        photos = wanted[self.photo_labels]
        return replace(
            self,
            sketches=self.sketches[sketches],
            photos=self.photos[photos],
            photo_index=renumber(photos)[self.photo_index[sketches]],
            labels=self.labels[sketches],
            photo_labels=self.photo_labels[photos],
        )
