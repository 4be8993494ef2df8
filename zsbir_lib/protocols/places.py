"""Fine-grained measures: is the very photo found, and does the order of photos follow shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from zsbir_lib.errors import NoRelevantPhotoError, ZsbirError
from zsbir_lib.features import RetrievalTask

DEPTHS = (1, 5, 10)
"""The K of the recall that is measured."""


@dataclass(frozen=True)
class FineGrained:
    """How well a method tells the objects of one class apart.

    All figures are means over classes, each class being the mean of its queries.

    Attributes
    ----------
    n_queries
        Sketches whose own photo is in the gallery.
    recall
        For each depth K: how often the photo that the sketch was drawn from is among the first K
        of the gallery.
    recall_in_class
        The same among the photos of its own class.
    chance_in_class
        What `recall_in_class` would be for an order by chance.
    shape_correlation
        Spearman's rank correlation between the order of a method and the order by true shape
        distance, over the photos of the sketch's class other than its own; None where shapes are
        not known.
    per_class
        The figures of each class, by its name.
    """

    n_queries: int
    recall: dict[int, float]
    recall_in_class: dict[int, float]
    chance_in_class: dict[int, float]
    shape_correlation: float | None
    per_class: dict[str, dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return dict(vars(self))


class Places:
    """Where the photos stand in full rankings of a task's gallery, filled block by block.

    Parameters
    ----------
    task
        Queries and gallery; a query whose photo is not in the gallery is left out.
    shapes
        True shape distances between the gallery's photos, shape (g, g), or None.

    Attributes
    ----------
    asked : ndarray of int64
        The queries whose own photo is in the gallery, in ascending order.

    Raises
    ------
    NoRelevantPhotoError
        If there is none.
    ZsbirError
        If `shapes` has another shape.
    """

    def __init__(self, task: RetrievalTask, shapes: np.ndarray | None = None) -> None:
        self.task, self.shapes = task, shapes
        gallery_labels = np.asarray(task.gallery_labels)
        g = len(gallery_labels)
        if shapes is not None and np.shape(shapes) != (g, g):
            raise ZsbirError(f"shapes must have shape {(g, g)}, not {np.shape(shapes)}")
        self._own = np.asarray(task.query_photo)
        self._labels = np.asarray(task.query_labels)
        self.asked = np.flatnonzero(self._own >= 0)
        if not len(self.asked):
            raise NoRelevantPhotoError("no sketch has the photo it was drawn from in the gallery")
        asked_of = np.unique(self._labels[self.asked])
        self._members = {label: np.flatnonzero(gallery_labels == label) for label in asked_of}
        q = len(self._own)
        self._rank, self._rank_in_class = np.zeros(q, dtype=int), np.zeros(q, dtype=int)
        self._correlation = np.full(q, np.nan)

    def add(self, queries: np.ndarray, ranked: np.ndarray) -> None:
        """Take the rankings of some queries.

        Parameters
        ----------
        queries
            Their rows in the task, shape (n,).
        ranked
            Gallery photos, nearest first, shape (n, g).
        """
        kept = self._own[queries] >= 0
        queries, ranked = queries[kept], ranked[kept]
        place = np.empty(ranked.shape, dtype=np.int32)
        order = np.arange(ranked.shape[1], dtype=np.int32)[None]
        np.put_along_axis(place, ranked, order, axis=1)
        own, labels = self._own[queries], self._labels[queries]
        self._rank[queries] = np.take_along_axis(place, own[:, None], axis=1)[:, 0]
        for label in np.unique(labels):
            rows = np.flatnonzero(labels == label)
            of_class, photo, asking = self._members[label], own[rows], queries[rows]
            places = place[rows][:, of_class]
            before = places < self._rank[asking, None]
            self._rank_in_class[asking] = before.sum(axis=1)
            if self.shapes is not None and len(of_class) > 2:
                others = of_class != photo[:, None]
                size = (len(rows), len(of_class) - 1)
                truth = self.shapes[photo][:, of_class][others].reshape(size)
                self._correlation[asking] = _spearman(places[others].reshape(size), truth)

    def result(self) -> FineGrained:
        """Return the figures, once every query that is asked has been ranked."""
        labels, rank, rank_in_class = (
            values[self.asked] for values in (self._labels, self._rank, self._rank_in_class)
        )
        correlation = self._correlation[self.asked]
        per_class: dict[str, dict[str, Any]] = {}
        for label, of_class in self._members.items():
            rows = labels == label
            per_class[self.task.class_names[label]] = {
                "n_queries": int(rows.sum()),
                "recall": {k: float((rank[rows] < k).mean()) for k in DEPTHS},
                "recall_in_class": {k: float((rank_in_class[rows] < k).mean()) for k in DEPTHS},
                "chance_in_class": {k: min(1.0, k / len(of_class)) for k in DEPTHS},
                "shape_correlation": _mean(correlation[rows]),
            }

        def over_classes(name: str) -> dict[int, float]:
            return {k: float(np.mean([row[name][k] for row in per_class.values()])) for k in DEPTHS}

        known = [row["shape_correlation"] for row in per_class.values()]
        return FineGrained(
            n_queries=len(self.asked),
            recall=over_classes("recall"),
            recall_in_class=over_classes("recall_in_class"),
            chance_in_class=over_classes("chance_in_class"),
            shape_correlation=_mean(np.array([v for v in known if v is not None])),
            per_class=per_class,
        )


def _spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the rank correlation of each row of `a` with the same row of `b`."""
    a, b = rankdata(a, axis=1), rankdata(b, axis=1)
    a -= a.mean(axis=1, keepdims=True)
    b -= b.mean(axis=1, keepdims=True)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.divide((a * b).sum(axis=1), scale, out=np.full(len(a), np.nan), where=scale > 0)


def _mean(values: np.ndarray) -> float | None:
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else None
