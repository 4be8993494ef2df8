"""How good a ranking is: precision, and mean average precision by its four definitions.

A photo is relevant to a sketch if both are of the same class. With rel(i) in {0, 1} the relevance
of the photo at rank i and P(i) the precision of the first i photos, every average precision at K
is the same sum over a denominator of its own:

    AP@K = 1/d * sum_{i=1..K} P(i) rel(i)

==============  ================================================================
definition      d
==============  ================================================================
``"k"``         K; the paper's, and the default here
``"min"``       min(R, K), R being the number of relevant photos in the gallery
``"hits"``      the number of relevant photos among the first K
``"relevant"``  R
==============  ================================================================

They differ by more than a factor of two on the same ranking, so every result here names its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from zsbir_lib.errors import ZsbirError
from zsbir_lib.retrieval import DEFAULT_MEMORY, Index, Ranking

DEFINITIONS = {
    "k": "divided by K",
    "min": "divided by min(R, K)",
    "hits": "divided by the hits in the top K",
    "relevant": "divided by R",
}
"""The definitions of average precision at K, and how to name each of them in print."""


@dataclass(frozen=True)
class ClassScores:
    """The scores of one class, or a mean of classes.

    Attributes
    ----------
    label : int or str
        The class.
    n_queries, n_photos : int
        Its sketches, and its photos in the gallery.
    precision : float
        Mean precision@K of its sketches.
    mean_average_precision : dict of str to float
        Mean average precision at K of its sketches by each of `DEFINITIONS`.
    map_all : float or None
        Mean average precision over the whole gallery.
    """

    label: int | str
    n_queries: int
    n_photos: int
    precision: float
    mean_average_precision: dict[str, float]
    map_all: float | None


@dataclass(frozen=True, eq=False)
class RetrievalReport:
    """Every score of one ranking.

    Means are over queries, as in the paper, so that a class counts by its number of sketches; the
    means over classes are in `macro`.

    Attributes
    ----------
    k : int
        How many photos were looked at for each query.
    n_queries, n_gallery : int
        Number of sketches and of photos.
    n_without_match : int
        Queries whose class has no photo in the gallery. They count, with every score 0.
    precision : float
        Mean precision@K.
    mean_average_precision : dict of str to float
        mAP@K by each of `DEFINITIONS`.
    map_all : float or None
        Mean average precision over the whole gallery; ``None`` where it was not asked for.
    macro : ClassScores
        The mean over classes of every score.
    per_class : tuple of ClassScores
        One for each class that has a query, in the order of their labels.
    per_query : dict of str to ndarray of float64, shape (n_queries,)
        ``"precision"``, ``"k"``, ``"min"``, ``"hits"``, ``"relevant"`` and, where it was asked
        for, ``"all"``.
    """

    k: int
    n_queries: int
    n_gallery: int
    n_without_match: int
    precision: float
    mean_average_precision: dict[str, float]
    map_all: float | None
    macro: ClassScores
    per_class: tuple[ClassScores, ...]
    per_query: dict[str, np.ndarray] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the report, without the scores of single queries, as values JSON can hold."""

        def scores(of: RetrievalReport | ClassScores) -> dict[str, Any]:
            row: dict[str, Any] = {f"P@{self.k}": of.precision}
            for name, wording in DEFINITIONS.items():
                row[f"mAP@{self.k} ({wording})"] = of.mean_average_precision[name]
            if of.map_all is not None:
                row["mAP@all"] = of.map_all
            return row

        return {
            "k": self.k,
            "queries": self.n_queries,
            "gallery": self.n_gallery,
            "queries without a match": self.n_without_match,
            "mean over queries": scores(self),
            "mean over classes": scores(self.macro),
            "per class": [
                {
                    "class": row.label,
                    "queries": row.n_queries,
                    "photos": row.n_photos,
                    **scores(row),
                }
                for row in self.per_class
            ],
        }

    def __str__(self) -> str:
        """Return a table of the means, then one of the classes."""
        lines = [f"{self.n_queries} queries, {self.n_gallery} photos"]
        if self.n_without_match:
            lines[0] += (
                f"; {self.n_without_match} of them without a photo of their class (scored 0)"
            )
        report = self.to_dict()
        rows, macro = report["mean over queries"], report["mean over classes"]
        width = max(len(name) for name in rows)
        lines += ["", f"{'':{width}}  over queries  over classes"]
        for name, value in rows.items():
            lines.append(f"{name:{width}}  {value:12.4f}  {macro[name]:12.4f}")
        heads = [f"P@{self.k}", f"mAP@{self.k}"] + ["mAP@all"] * (self.map_all is not None)
        width = max(len("class"), *(len(str(row.label)) for row in self.per_class))
        lines += [
            "",
            f"per class, mAP@{self.k} {DEFINITIONS['k']}:",
            f"{'class':{width}}  queries  photos  " + "  ".join(f"{head:>8}" for head in heads),
        ]
        for row in self.per_class:
            values = [row.precision, row.mean_average_precision["k"]]
            values += [] if row.map_all is None else [row.map_all]
            lines.append(
                f"{row.label!s:{width}}  {row.n_queries:7d}  {row.n_photos:6d}  "
                + "  ".join(f"{value:8.4f}" for value in values)
            )
        return "\n".join(lines)


# ---------------------------------------------------------------------------------------------
# From relevance
# ---------------------------------------------------------------------------------------------


def precision_at_k(relevance: Any, k: int) -> np.ndarray:
    """Return the share of relevant photos among the first `k`, for each query.

    Parameters
    ----------
    relevance
        Shape (n, at least k): whether the photo at each rank is relevant, nearest first; booleans
        or 0 and 1.
    k
        Divides the count even where the class has fewer photos.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    ZsbirError
        If `relevance` is not a matrix of truth values, or `k` is not in 1 to its width.
    """
    relevance = _relevance(relevance)
    k = _check_k(k, relevance.shape[1])
    return np.count_nonzero(relevance[:, :k], axis=1) / k


def average_precision(
    relevance: Any,
    n_relevant: Any,
    k: int | None = None,
    definition: str = "k",
    *,
    envelope: bool = False,
) -> np.ndarray:
    """Return the average precision of the first `k` photos, for each query.

    Parameters
    ----------
    relevance
        Shape (n, at least k): whether the photo at each rank is relevant, nearest first.
    n_relevant
        R, the relevant photos in the whole gallery: shape (n,), or one number for all queries.
    k
        How many ranks to look at; ``None`` for all that `relevance` holds. Average precision
        over the whole gallery is ``definition="relevant"`` on a complete ranking.
    definition
        A key of `DEFINITIONS`: what the sum of precisions is divided by.
    envelope
        Replace P(i) by the largest P(j) with i <= j <= k, as the PASCAL VOC evaluation did. With
        ``"min"`` this is the score of SAKE's code and of those that took it over.

    Returns
    -------
    ndarray of float64, shape (n,)
        0 where there is nothing to divide by: no relevant photo at all, or none in the top `k`.

    Raises
    ------
    ZsbirError
        If an argument is out of range, or R is smaller than the relevant photos that were found.
    """
    if definition not in DEFINITIONS:
        raise ZsbirError(
            f"unknown definition {definition!r} of average precision: "
            f"use one of {', '.join(DEFINITIONS)}"
        )
    relevance = _relevance(relevance)
    k = relevance.shape[1] if k is None else _check_k(k, relevance.shape[1])
    relevance = relevance[:, :k]
    n_relevant = _to_numpy(n_relevant)
    if n_relevant.shape not in ((), (len(relevance),)):
        raise ZsbirError(
            f"{len(relevance)} queries but n_relevant of shape {n_relevant.shape}: give one number "
            "for each query"
        )
    n_relevant = np.broadcast_to(n_relevant, len(relevance))
    hits, total = _precision_sums(relevance, envelope)
    if (hits > n_relevant).any():
        query = int(np.argmax(hits > n_relevant))
        raise ZsbirError(
            f"query {query} has {hits[query]} relevant photos in its ranking but only "
            f"{n_relevant[query]} in the gallery: does the ranking repeat a photo?"
        )
    return _divide(total, hits, n_relevant, k, definition)


def _precision_sums(relevance: np.ndarray, envelope: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each query, its hits and the sum of the precisions at them.

    Only the hits are visited: in a full ranking they are a small part.
    """
    n_ranks = relevance.shape[1]
    # Much faster than `nonzero` of the matrix.
    places = np.flatnonzero(relevance)
    rows = places // n_ranks
    hits = np.bincount(rows, minlength=len(relevance))
    first = np.cumsum(hits) - hits
    nth = np.arange(1, len(rows) + 1) - first[rows]
    precision = nth / (places - rows * n_ranks + 1)
    if envelope and len(rows):
        # The precision is largest at hits, so a look at later hits is enough. To take each
        # query's maximum alone, lift later queries below earlier ones: all precisions are <= 1.
        lifted = precision - 2.0 * rows
        reached = np.maximum.accumulate(lifted[::-1])[::-1] + 2.0 * rows
        precision = np.maximum(precision, reached)
    return hits, np.bincount(rows, weights=precision, minlength=len(relevance))


def _divide(
    total: np.ndarray, hits: np.ndarray, n_relevant: np.ndarray, k: int, definition: str
) -> np.ndarray:
    denominator = {
        "k": np.full(len(total), k),
        "min": np.minimum(n_relevant, k),
        "hits": hits,
        "relevant": n_relevant,
    }[definition]
    # The sum is 0 wherever the denominator is.
    return total / np.maximum(denominator, 1)


def _relevance(relevance: Any) -> np.ndarray:
    relevance = _to_numpy(relevance)
    if relevance.ndim != 2 or 0 in relevance.shape:
        raise ZsbirError(f"relevance must have shape (queries, ranks), not {relevance.shape}")
    if relevance.dtype != bool:
        if not np.isin(relevance, (0, 1)).all():
            raise ZsbirError("relevance must hold truth values, or 0 and 1")
        relevance = relevance.astype(bool)
    return relevance


def _check_k(k: int, longest: int, what: str = "ranks given") -> int:
    if not isinstance(k, (int, np.integer)) or isinstance(k, bool) or not 1 <= k <= longest:
        raise ZsbirError(f"K must be a whole number from 1 to the {longest} {what}, not {k!r}")
    return int(k)


def _to_numpy(value: Any) -> np.ndarray:
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


# ---------------------------------------------------------------------------------------------
# From rankings and labels
# ---------------------------------------------------------------------------------------------


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
    indices = _to_numpy(ranking.indices if isinstance(ranking, Ranking) else ranking)
    if indices.ndim != 2 or indices.dtype.kind not in "iu":
        raise ZsbirError(
            f"a ranking must be integers of shape (queries, ranks), "
            f"not {indices.dtype} of shape {indices.shape}"
        )
    labels = _Labels(query_labels, gallery_labels)
    labels.check_sizes(len(indices), None)
    n_gallery = len(labels.gallery)
    _check_k(k, n_gallery, "photos of the gallery")
    _check_k(k, indices.shape[1], "photos ranked for each query")
    _check_places(indices, n_gallery)
    scores = _Scores(labels, k, with_map_all=indices.shape[1] == n_gallery)
    step = max(1, 2**22 // indices.shape[1])
    for start in range(0, len(indices), step):
        scores.add(start, indices[start : start + step])
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
    query_labels, gallery_labels
        Classes of the n queries and the m photos: integers or strings, the same kind in both.
    gallery
        Shape (m, D), or an `Index`, which stays on its own device.
    k
        How many photos to look at.
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
    labels = _Labels(query_labels, gallery_labels)
    labels.check_sizes(len(queries), len(gallery))
    _check_k(k, len(gallery), "photos of the gallery")
    index = gallery if isinstance(gallery, Index) else Index(gallery, device=device)
    scores = _Scores(labels, k, with_map_all)
    top_k = len(gallery) if with_map_all else k
    for start, part in index.iter_search(queries, top_k, memory=memory, with_centres=False):
        ranked = part.indices.numpy()
        scores.add(start, ranked)
        if watch is not None:
            watch(np.arange(start, start + len(ranked)), ranked)
    return scores.report()


class _Labels:
    """Labels of queries and gallery as numbers of common classes."""

    def __init__(self, query_labels: Any, gallery_labels: Any) -> None:
        query = _as_labels("query labels", query_labels)
        gallery = _as_labels("gallery labels", gallery_labels)
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

    def check_sizes(self, n_queries: int, n_gallery: int | None) -> None:
        for what, labels, rows in (
            ("queries", self.query, n_queries),
            ("gallery", self.gallery, n_gallery),
        ):
            if rows is not None and len(labels) != rows:
                raise ZsbirError(f"{what}: {rows} rows but {len(labels)} labels")


def _as_labels(name: str, labels: Any) -> np.ndarray:
    labels = _to_numpy(labels)
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


def _check_places(indices: np.ndarray, n_gallery: int) -> None:
    if indices.min() < 0 or indices.max() >= n_gallery:
        row = int(np.argmax(((indices < 0) | (indices >= n_gallery)).any(axis=1)))
        raise ZsbirError(f"ranking: row {row} names a photo outside the gallery's {n_gallery}")
    step = max(1, 2**22 // indices.shape[1])
    for start in range(0, len(indices), step):
        ordered = np.sort(indices[start : start + step], axis=1)
        twice = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
        if twice.any():
            raise ZsbirError(f"ranking: row {start + int(np.argmax(twice))} names a photo twice")


class _Scores:
    """The scores of every query, filled block by block."""

    def __init__(self, labels: _Labels, k: int, with_map_all: bool) -> None:
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
        hits, total = _precision_sums(relevance[:, : self.k])
        self.per_query["precision"][rows] = hits / self.k
        for name in DEFINITIONS:
            self.per_query[name][rows] = _divide(total, hits, n_relevant, self.k, name)
        if self.with_map_all:
            hits, total = _precision_sums(relevance)
            self.per_query["all"][rows] = _divide(total, hits, n_relevant, self.k, "relevant")

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
