"""From a ranking, or from features, to the report of all its scores, block by block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from zsbir_lib.metrics.average_precision import DEFINITIONS, divided, precision_sums
from zsbir_lib.metrics.inputs import Labels, as_ranking, blocks, check_depth
from zsbir_lib.metrics.report import ClassScores, RetrievalReport
from zsbir_lib.retrieval import DEFAULT_MEMORY, Index, Ranking


def evaluate_ranking(
    ranking: Ranking | Any, query_labels: Any, gallery_labels: Any, k: int = 200
) -> RetrievalReport:
    """Score a ranking that was already made.

    Parameters
    ----------
    ranking
        A `Ranking`, or its indices: shape (n, at least k), places in the gallery, nearest first,
        each place once in a row. A complete ranking (of all m photos) also gives its mAP.
    query_labels, gallery_labels
        Classes of the n queries and the m photos: integers or strings, the same kind in both.
    k
        How many photos to look at.

    Returns
    -------
    RetrievalReport

    Raises
    ------
    ZsbirError
        If numbers of rows disagree, labels are not comparable, `k` is larger than the ranking or
        the gallery, or a row names a photo twice or one that is not there.
    """
    labels = Labels(query_labels, gallery_labels)
    n_gallery = len(labels.gallery)
    indices = as_ranking(ranking.indices if isinstance(ranking, Ranking) else ranking, n_gallery)
    labels.check_sizes(len(indices), n_gallery)
    check_depth(k, n_gallery, "photos of the gallery")
    check_depth(k, indices.shape[1], "photos ranked for each query")
    scores = Scores(labels, k, with_map_all=indices.shape[1] == n_gallery)
    for start, part in blocks(indices):
        scores.add(start, part)
    return scores.report()


def evaluate_retrieval(
    queries: Any,
    query_labels: Any,
    gallery: Any,
    gallery_labels: Any,
    k: int = 200,
    *,
    with_map_all: bool = True,
    memory: int = DEFAULT_MEMORY,
    device: str | torch.device | None = None,
    watch: Callable[[np.ndarray, np.ndarray], object] | None = None,
) -> RetrievalReport:
    """Rank a gallery for every query and score the result, block by block.

    Parameters
    ----------
    queries
        Shape (n, D), or (n, K, D) for K centres each.
    gallery
        Shape (m, D), or a `zsbir_lib.retrieval.Index`, which stays on its own device.
    query_labels, gallery_labels, k
        As in `evaluate_ranking`.
    with_map_all
        Whether to sort the whole gallery for every query, and score that too.
    memory
        Most bytes for ranking a block, as in `zsbir_lib.retrieval.rank`; its relevance (6 bytes
        for each photo ranked) comes on top.
    device
        Where to rank; ``None`` stays where the gallery is.
    watch
        Is called with every block of the ranking, for what else is to be read off it: the numbers
        of its queries, shape (b,), and the photos ranked for them, shape (b, m) or (b, k).

    Returns
    -------
    RetrievalReport

    Raises
    ------
    ZsbirError
        As `evaluate_ranking` and `zsbir_lib.retrieval.rank` do.
    """
    labels = Labels(query_labels, gallery_labels)
    labels.check_sizes(len(queries), len(gallery))
    check_depth(k, len(gallery), "photos of the gallery")
    index = gallery if isinstance(gallery, Index) else Index(gallery, device=device)
    scores = Scores(labels, k, with_map_all)
    top_k = len(gallery) if with_map_all else k
    for start, part in index.iter_search(queries, top_k, memory=memory, with_centres=False):
        ranked = part.indices.numpy()
        scores.add(start, ranked)
        if watch is not None:
            watch(np.arange(start, start + len(ranked)), ranked)
    return scores.report()


class Scores:
    """The scores of every query, filled block by block.

    Parameters
    ----------
    labels
        Of queries and gallery.
    k
        How many photos are looked at.
    with_map_all
        Whether rankings are complete, and scored whole too.
    """

    def __init__(self, labels: Labels, k: int, with_map_all: bool) -> None:
        self.labels, self.k, self.with_map_all = labels, int(k), with_map_all
        names = ["precision", *DEFINITIONS] + ["all"] * with_map_all
        self.per_query = {name: np.zeros(len(labels.query)) for name in names}

    def add(self, start: int, indices: np.ndarray) -> None:
        """Score queries from number `start` on, given their ranked photos."""
        rows = slice(start, start + len(indices))
        classes = self.labels.query[rows]
        n_relevant = self.labels.n_photos[classes]
        if not self.with_map_all:
            indices = indices[:, : self.k]
        relevance = self.labels.gallery.take(indices) == classes[:, None]
        hits, total = precision_sums(relevance[:, : self.k])
        self.per_query["precision"][rows] = hits / self.k
        for name in DEFINITIONS:
            self.per_query[name][rows] = divided(total, hits, n_relevant, self.k, name)
        if self.with_map_all:
            hits, total = precision_sums(relevance)
            self.per_query["all"][rows] = divided(total, hits, n_relevant, self.k, "relevant")

    def report(self) -> RetrievalReport:
        """Average over queries, and over the queries of each class."""
        labels = self.labels
        present = np.flatnonzero(labels.n_queries)
        by_class = {
            name: np.bincount(labels.query, weights=values, minlength=len(labels.names))[present]
            / labels.n_queries[present]
            for name, values in self.per_query.items()
        }

        def as_fields(values: dict[str, Any]) -> dict[str, Any]:
            return {
                "precision": float(values["precision"]),
                "mean_average_precision": {name: float(values[name]) for name in DEFINITIONS},
                "map_all": float(values["all"]) if self.with_map_all else None,
            }

        per_class = tuple(
            ClassScores(
                label=labels.names[code].item(),
                n_queries=int(labels.n_queries[code]),
                n_photos=int(labels.n_photos[code]),
                **as_fields({name: values[place] for name, values in by_class.items()}),
            )
            for place, code in enumerate(present)
        )
        n_queries, n_gallery = len(labels.query), len(labels.gallery)
        macro = as_fields({name: values.mean() for name, values in by_class.items()})
        return RetrievalReport(
            k=self.k,
            n_queries=n_queries,
            n_gallery=n_gallery,
            n_without_match=int((labels.n_photos[labels.query] == 0).sum()),
            **as_fields({name: values.mean() for name, values in self.per_query.items()}),
            macro=ClassScores("mean over classes", n_queries, n_gallery, **macro),
            per_class=per_class,
            per_query=self.per_query,
        )
