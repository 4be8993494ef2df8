"""What can be scored: rankings, depths, and the labels of queries and gallery."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features.arrays import as_array


def check_depth(k: int, longest: int, what: str = "ranks given") -> int:
    """Return `k` if it is a whole number from 1 to `longest`, the number of `what` there are."""
    if not isinstance(k, (int, np.integer)) or isinstance(k, bool) or not 1 <= k <= longest:
        raise ZsbirError(f"K must be a whole number from 1 to the {longest} {what}, not {k!r}")
    return int(k)


def as_ranking(ranking: Any, n_gallery: int, *, gaps: bool = False) -> np.ndarray:
    """Return a ranking as places in the gallery, shape (queries, ranks), checked.

    Parameters
    ----------
    ranking
        NumPy's, PyTorch's or Python's whole numbers.
    n_gallery
        How many photos there are.
    gaps
        Whether -1 says that nothing was found, as FAISS writes it.

    Raises
    ------
    ZsbirError
        If it is no such matrix, or a row names a photo twice or one that is not there.
    """
    order = as_array(ranking)
    if order.ndim != 2 or order.dtype.kind not in "iu" or not order.size:
        raise ZsbirError(
            f"a ranking must be whole numbers of shape (queries, ranks), not {order.dtype} of "
            f"shape {order.shape}"
        )
    if order.dtype.kind == "u":
        order = order.astype(np.int64)
    least = -1 if gaps else 0
    if order.min() < least or order.max() >= n_gallery:
        row = int(((order < least) | (order >= n_gallery)).any(axis=1).argmax())
        raise ZsbirError(f"row {row} of the ranking names a photo outside the {n_gallery} given")
    for start, part in blocks(order):
        found = np.sort(part, axis=1)
        twice = ((found[:, 1:] == found[:, :-1]) & (found[:, 1:] >= 0)).any(axis=1)
        if twice.any():
            raise ZsbirError(
                f"row {start + int(twice.argmax())} of the ranking names a photo twice"
            )
    return order


def blocks(ranking: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield a ranking in blocks of some million places, each with the number of its first row."""
    step = max(1, 2**22 // ranking.shape[1])
    for start in range(0, len(ranking), step):
        yield start, ranking[start : start + step]


class Labels:
    """Labels of queries and gallery as numbers of common classes.

    Parameters
    ----------
    query_labels, gallery_labels
        Integers or strings, the same kind in both, at least one each.
    """

    def __init__(self, query_labels: Any, gallery_labels: Any) -> None:
        query = _one_kind("query labels", query_labels)
        gallery = _one_kind("gallery labels", gallery_labels)
        if query.dtype.kind != gallery.dtype.kind:
            kinds = {"i": "integers", "U": "strings"}
            raise ZsbirError(
                f"query labels are {kinds[query.dtype.kind]} and gallery labels "
                f"{kinds[gallery.dtype.kind]}: use the same kind for both"
            )
        self.names, codes = np.unique(np.concatenate([query, gallery]), return_inverse=True)
        codes = codes.reshape(-1).astype(np.int32)
        self.query, self.gallery = codes[: len(query)], codes[len(query) :]
        self.n_queries = np.bincount(self.query, minlength=len(self.names))
        self.n_photos = np.bincount(self.gallery, minlength=len(self.names))

    def check_sizes(self, n_queries: int, n_gallery: int) -> None:
        """Raise unless there are so many labels."""
        for what, labels, rows in (
            ("queries", self.query, n_queries),
            ("gallery", self.gallery, n_gallery),
        ):
            if len(labels) != rows:
                raise ZsbirError(f"{what}: {rows} rows but {len(labels)} labels")


def _one_kind(name: str, labels: Any) -> np.ndarray:
    labels = as_array(labels)
    if labels.dtype.kind == "O":
        values = labels.ravel()
        if all(isinstance(value, str) for value in values):
            labels = labels.astype(str)
        elif all(isinstance(value, (int, np.integer)) for value in values):
            labels = labels.astype(np.int64)
    if labels.ndim != 1 or not len(labels):
        raise ZsbirError(f"{name} must be a list of at least one, not of shape {labels.shape}")
    if labels.dtype.kind not in "iubU":
        raise ZsbirError(f"{name} must be integers or strings, not {labels.dtype}")
    return labels if labels.dtype.kind == "U" else labels.astype(np.int64)
