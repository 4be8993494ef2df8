"""Precision, and average precision by its four definitions, from what is relevant at each rank.

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

from typing import Any

import numpy as np

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features.arrays import as_array
from zsbir_lib.metrics.inputs import check_depth

DEFINITIONS = {
    "k": "divided by K",
    "min": "divided by min(R, K)",
    "hits": "divided by the hits in the top K",
    "relevant": "divided by R",
}
"""The definitions of average precision at K, and how to name each of them in print."""


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
    k = check_depth(k, relevance.shape[1])
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
    k = relevance.shape[1] if k is None else check_depth(k, relevance.shape[1])
    relevance = relevance[:, :k]
    n_relevant = as_array(n_relevant)
    if n_relevant.shape not in ((), (len(relevance),)):
        raise ZsbirError(
            f"{len(relevance)} queries but n_relevant of shape {n_relevant.shape}: give one number "
            "for each query"
        )
    n_relevant = np.broadcast_to(n_relevant, len(relevance))
    hits, total = precision_sums(relevance, envelope)
    if (hits > n_relevant).any():
        query = int(np.argmax(hits > n_relevant))
        raise ZsbirError(
            f"query {query} has {hits[query]} relevant photos in its ranking but only "
            f"{n_relevant[query]} in the gallery: does the ranking repeat a photo?"
        )
    return divided(total, hits, n_relevant, k, definition)


def precision_sums(relevance: np.ndarray, envelope: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each query, its hits and the sum of the precisions at them, shape (n,) both.

    Only the hits are visited: in a full ranking they are a small part.

    Parameters
    ----------
    relevance
        Whether the photo at each rank is relevant, bool, shape (n, ranks).
    envelope
        As in `average_precision`.
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


def divided(
    total: np.ndarray, hits: np.ndarray, n_relevant: np.ndarray, k: int, definition: str
) -> np.ndarray:
    """Return the average precision of each query by one of `DEFINITIONS`, shape (n,).

    Parameters
    ----------
    total, hits
        As `precision_sums` returns them.
    n_relevant
        R of each query.
    k
        How many ranks they are of.
    definition
        A key of `DEFINITIONS`.
    """
    denominator = {
        "k": np.full(len(total), k),
        "min": np.minimum(n_relevant, k),
        "hits": hits,
        "relevant": n_relevant,
    }[definition]
    # The sum is 0 wherever the denominator is.
    return total / np.maximum(denominator, 1)


def _relevance(relevance: Any) -> np.ndarray:
    relevance = as_array(relevance)
    if relevance.ndim != 2 or 0 in relevance.shape:
        raise ZsbirError(f"relevance must have shape (queries, ranks), not {relevance.shape}")
    if relevance.dtype != bool:
        if not np.isin(relevance, (0, 1)).all():
            raise ZsbirError("relevance must hold truth values, or 0 and 1")
        relevance = relevance.astype(bool)
    return relevance
