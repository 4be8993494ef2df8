"""Embeddings and rankings of others, measured in every convention of the field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from zsbir_lib.errors import LabelError, UnknownNameError, ZsbirError, argument
from zsbir_lib.features.arrays import as_array, as_labels, as_matrix, number_classes
from zsbir_lib.metrics import DEFINITIONS, average_precision, precision_at_k
from zsbir_lib.metrics.conventions import FieldScores
from zsbir_lib.metrics.inputs import as_ranking
from zsbir_lib.protocols.retrieval_table import RetrievalTable
from zsbir_lib.retrieval.hamming import hamming_distances

DISTANCES = ("cosine", "euclidean", "hamming")
"""By what a gallery is ranked."""

DEPTHS = (1, 5, 10, 50, 100, 200)
"""The K that are measured where none is given, as far as the gallery goes."""

BLOCK = 2**23
"""Distances that are held at once."""


def evaluate_embeddings(
    queries: Any,
    gallery: Any,
    query_labels: Any,
    gallery_labels: Any,
    *,
    k: int | Sequence[int] | None = None,
    distance: str | None = None,
    query_ids: Any = None,
    gallery_ids: Any = None,
    exclude_same_id: bool = False,
) -> RetrievalTable:
    """Rank a gallery for embeddings that were computed elsewhere, and measure the ranking.

    A photo is relevant to a query of its class. Of equal distances the photo that stands first in
    the gallery comes first.

    Parameters
    ----------
    queries, gallery
        Shape (n, d), (m, d), of any kind of number. Binary codes are 0 and 1, -1 and 1, or bits
        packed into uint8, as ``numpy.packbits`` does.
    query_labels, gallery_labels
        Classes, shape (n,), (m,): names or whole numbers, the same in both.
    k
        Depths to measure at; by default those of `DEPTHS` that the gallery fills.
    distance
        One of `DISTANCES`; by default Hamming for binary codes, cosine for all else.
    query_ids, gallery_ids
        What the images are called, shape (n,), (m,).
    exclude_same_id
        Leave out of each query's gallery what is called as the query is; without ids, the photo
        of the same row, for queries that are the gallery itself.

    Raises
    ------
    ZsbirError
        If shapes disagree, a number is NaN or infinite, or a depth is larger than the gallery.
    """
    q, g, distance = _embeddings(queries, gallery, distance)
    labels = _labels(query_labels, len(q), gallery_labels, len(g))
    same = None
    if exclude_same_id:
        same = _ids(query_ids, len(q), gallery_ids, len(g))
    elif query_ids is not None or gallery_ids is not None:
        raise ZsbirError(f"ids are for {argument('exclude_same_id', True)}: give both, or none")
    scores = _Scores(labels, k, len(g), len(g) - (same is not None))
    step = max(1, BLOCK // len(g))
    for start in range(0, len(q), step):
        distances = _distances(q[start : start + step], g, distance)
        left_out = None
        if same is not None:
            left_out = same[0][start : start + step, None] == same[1]
            distances[torch.from_numpy(left_out)] = torch.inf
        ranked, order = distances.sort(dim=1, stable=True)
        scores.add(start, order.numpy(), left_out, ranked.numpy())
    return scores.table(distance)


def evaluate_rankings(
    ranking: Any, query_labels: Any, gallery_labels: Any, *, k: int | Sequence[int] | None = None
) -> RetrievalTable:
    """Measure rankings that were made elsewhere.

    Parameters
    ----------
    ranking
        Places in the gallery, nearest first, shape (n, depth); -1 where nothing was found, as
        FAISS writes it.
    query_labels, gallery_labels, k
        See `evaluate_embeddings`.

    Raises
    ------
    ZsbirError
        If a row names a photo twice or one that is not there, or as `evaluate_embeddings` does.
    """
    n_gallery = len(gallery_labels)
    order = as_ranking(ranking, n_gallery, gaps=True)
    labels = _labels(query_labels, len(order), gallery_labels, n_gallery)
    scores = _Scores(labels, k, n_gallery, order.shape[1])
    scores.add(0, order, None)
    return scores.table("a ranking that was given")


class _Scores:
    """The scores of every query, filled block by block.

    Parameters
    ----------
    labels
        Names of classes, and the classes of queries and gallery.
    k
        Depths, or None.
    n_gallery, depth
        Photos, and how many of them a ranking names.
    """

    def __init__(
        self,
        labels: tuple[tuple[str, ...], np.ndarray, np.ndarray],
        k: int | Sequence[int] | None,
        n_gallery: int,
        depth: int,
    ) -> None:
        self.names, self.queries, self.gallery = labels
        self.n_gallery = n_gallery
        if k is None:
            self.depths = tuple(value for value in DEPTHS if value <= depth) or (1,)
        else:
            self.depths = (k,) if isinstance(k, int) else tuple(k)
        if bad := [value for value in self.depths if not 1 <= value <= depth]:
            raise ZsbirError(
                f"{argument('k')} is {bad[0]}, but {depth} photos are ranked: give 1 to {depth}"
            )
        self.n_photos = np.bincount(self.gallery, minlength=len(self.names))
        self.values: dict[str, np.ndarray] = {}
        self.without = 0
        # None of the field's evaluators leaves a query out of its gallery.
        self.field = FieldScores(self.queries, self.gallery, max(self.depths))
        self.field_is_whole = True

    def add(
        self,
        start: int,
        order: np.ndarray,
        left_out: np.ndarray | None,
        distances: np.ndarray | None = None,
    ) -> None:
        """Score queries from number `start` on, given their ranked photos, -1 for none."""
        if left_out is None:
            self.field.add(start, order, distances)
        else:
            self.field_is_whole = False
        rows = slice(start, start + len(order))
        classes = self.queries[rows, None]
        relevance = (self.gallery[order] == classes) & (order >= 0)
        n_relevant = self.n_photos[classes[:, 0]]
        if left_out is not None:
            relevance &= ~np.take_along_axis(left_out, order, axis=1)
            n_relevant = n_relevant - (left_out & (self.gallery == classes)).sum(axis=1)
        self.without += int((n_relevant == 0).sum())
        some = np.maximum(n_relevant, 1)
        complete = order.shape[1] == self.n_gallery
        for k in self.depths:
            hits = np.count_nonzero(relevance[:, :k], axis=1)
            self._put(f"P@{k}", rows, precision_at_k(relevance, k))
            self._put(f"hit@{k} (CMC, or recall of one)", rows, hits > 0)
            self._put(f"recall@{k} (of all R)", rows, hits / some)
            for name, wording in DEFINITIONS.items():
                value = average_precision(relevance, n_relevant, k, name)
                self._put(f"mAP@{k} ({wording})", rows, value)
            value = average_precision(relevance, n_relevant, k, "min", envelope=True)
            self._put(f"mAP@{k} (min(R, K), interpolated: SAKE's code)", rows, value)
        if complete:
            self._put("mAP@all", rows, average_precision(relevance, n_relevant, None, "relevant"))
        if complete or (n_relevant <= order.shape[1]).all():
            within = relevance & (np.arange(order.shape[1]) < n_relevant[:, None])
            self._put("R-precision", rows, within.sum(axis=1) / some)
            self._put("MAP@R", rows, average_precision(within, n_relevant, None, "relevant"))

    def _put(self, name: str, rows: slice, values: np.ndarray) -> None:
        self.values.setdefault(name, np.zeros(len(self.queries)))[rows] = values

    def table(self, distance: str) -> RetrievalTable:
        """Return what was measured."""
        return RetrievalTable(
            self.values, self.names, self.queries, self.n_gallery, self.without, distance,
            self.field.k, self.field.figures() if self.field_is_whole else {},
            tuple(self.names[i] for i in np.flatnonzero(self.n_photos)),
        )  # fmt: skip


def _labels(
    query_labels: Any, n_queries: int, gallery_labels: Any, n_gallery: int
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    of_queries = as_labels("query labels", query_labels, n_queries)
    of_gallery = as_labels("gallery labels", gallery_labels, n_gallery)
    if of_queries.dtype.kind != of_gallery.dtype.kind:
        raise LabelError("query and gallery labels must both be names, or both numbers")
    names, queries, gallery = number_classes(of_queries, of_gallery)
    return names, queries.numpy(), gallery.numpy()


def _ids(
    query_ids: Any, n_queries: int, gallery_ids: Any, n_gallery: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return what each query and each photo is called."""
    if (query_ids is None) != (gallery_ids is None):
        raise ZsbirError("ids of the queries and of the gallery are compared: give both, or none")
    if query_ids is None:
        if n_queries != n_gallery:
            raise ZsbirError(
                f"{n_queries} queries are not the gallery of {n_gallery} itself: to leave a query "
                f"out of its gallery give {argument('query_ids')} and {argument('gallery_ids')}"
            )
        return np.arange(n_queries), np.arange(n_gallery)
    return (
        as_labels("query ids", query_ids, n_queries).astype(str),
        as_labels("gallery ids", gallery_ids, n_gallery).astype(str),
    )


def _embeddings(
    queries: Any, gallery: Any, distance: str | None
) -> tuple[Tensor, Tensor, str] | tuple[np.ndarray, np.ndarray, str]:
    """Return both ready for `_distances`, codes as packed bits, and by which distance to rank."""
    if distance not in (None, *DISTANCES):
        raise UnknownNameError(
            f"unknown {argument('distance')} {distance!r}: use one of {', '.join(DISTANCES)}"
        )
    q, g = as_matrix("queries", queries), as_matrix("gallery", gallery)
    if q.shape[1] != g.shape[1]:
        raise ZsbirError(
            f"queries have {q.shape[1]} numbers, the gallery {g.shape[1]}: not comparable"
        )
    raw = as_array(queries), as_array(gallery)
    plain = any(all(_only(array, pair) for array in raw) for pair in ((0, 1), (-1, 1)))
    packed = not plain and all(array.dtype == np.uint8 for array in raw)
    if distance is None:
        distance = "hamming" if plain or packed else "cosine"
    if distance == "hamming":
        if packed:
            return *raw, distance
        if plain:
            return np.packbits(raw[0] > 0, axis=1), np.packbits(raw[1] > 0, axis=1), distance
        raise ZsbirError(
            "Hamming distance is of binary codes: 0 and 1, -1 and 1, or bits packed into uint8"
        )
    if distance == "cosine":
        return normalize(q), normalize(g), distance
    return q, g, distance


def _only(array: np.ndarray, pair: tuple[int, int]) -> bool:
    """Tell whether an array holds two values only; its first row tells of most that it does not."""
    return all(np.isin(part, pair).all() for part in (array[:1], array))


def _distances(queries: Tensor | np.ndarray, gallery: Tensor | np.ndarray, distance: str) -> Tensor:
    if isinstance(queries, Tensor) and isinstance(gallery, Tensor):
        return torch.cdist(queries, gallery) if distance == "euclidean" else -(queries @ gallery.T)
    unequal = hamming_distances(np.asarray(queries), np.asarray(gallery))
    return torch.from_numpy(unequal.astype(np.float32))
