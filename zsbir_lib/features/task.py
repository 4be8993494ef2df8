"""What a method is tested on: queries to answer from a gallery."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features.checks import (
    check_ids,
    check_integers,
    check_labels,
    check_matrix,
    check_rows,
    freeze,
)


@dataclass(frozen=True, eq=False)
class RetrievalTask:
    """Queries to answer from a gallery.

    Attributes
    ----------
    queries : Tensor of float32, shape (q, d)
        Features of the sketches.
    gallery : Tensor of float32, shape (g, d)
        Features of the photos.
    query_labels, gallery_labels : Tensor of int64, shape (q,), (g,)
        Classes: indices into `class_names`. A photo is relevant to a query of the same class.
    class_names : tuple of str
        All classes of the data set.
    query_ids, gallery_ids : tuple of str
        Identities of the images, as in the data set.
    query_photo : Tensor of int64, shape (q,)
        The row of the gallery that each query was drawn from; -1 where it is not in the gallery.

    Raises
    ------
    ZsbirError
        If there are no queries or no photos, shapes disagree, or a feature is NaN or infinite.
    """

    queries: Tensor
    gallery: Tensor
    query_labels: Tensor
    gallery_labels: Tensor
    class_names: tuple[str, ...]
    query_ids: tuple[str, ...]
    gallery_ids: tuple[str, ...]
    query_photo: Tensor

    def __post_init__(self) -> None:
        freeze(self, ("queries", "gallery"), ("class_names", "query_ids", "gallery_ids"))
        q, g = len(self.queries), len(self.gallery)
        if not q or not g:
            raise ZsbirError(
                f"nothing to retrieve: {q} sketches of the unseen classes, {g} photos in the "
                "gallery; choose a split whose unseen classes have both"
            )
        check_matrix("queries", self.queries)
        check_matrix("gallery", self.gallery)
        check_integers(self, query_labels=q, gallery_labels=g, query_photo=q)
        check_labels(self, "query_labels", "gallery_labels")
        check_ids(self, query_ids=q, gallery_ids=g)
        check_rows("query_photo", self.query_photo, g, "gallery")
