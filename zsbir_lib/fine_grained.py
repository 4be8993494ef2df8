"""Fine-grained measures: is the very photo found, and does the order of photos follow shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata
from torch import Tensor

from zsbir_lib.errors import NoRelevantPhotoError, ZsbirError
from zsbir_lib.features import RetrievalTask

if TYPE_CHECKING:
    from zsbir_lib.methods import RetrievalMethod

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


def fine_grained(
    method: RetrievalMethod,
    task: RetrievalTask,
    shapes: np.ndarray | None = None,
    *,
    queries: Tensor | None = None,
) -> FineGrained:
    """Rank the whole gallery for every sketch, and see where its own photo comes.

    Parameters
    ----------
    method
        A fitted method.
    task
        Queries and gallery; a query whose photo is not in the gallery is left out.
    shapes
        True shape distances between the gallery's photos, shape (g, g), as
        `zsbir_lib.datasets.toybox.shape.shape_distances` returns.
    queries
        What the method encodes the task's sketches to, where that is known already.

    Raises
    ------
    NoRelevantPhotoError
        If no query has its photo in the gallery.
    ZsbirError
        If `shapes` has another shape, or the features do not fit the method.
    """
    gallery_labels = np.asarray(task.gallery_labels)
    g = len(gallery_labels)
    if shapes is not None and np.shape(shapes) != (g, g):
        raise ZsbirError(f"shapes must have shape {(g, g)}, not {np.shape(shapes)}")
    asked = np.flatnonzero(np.asarray(task.query_photo) >= 0)
    if not len(asked):
        raise NoRelevantPhotoError("no sketch has the photo it was drawn from in the gallery")
    own = np.asarray(task.query_photo)[asked]
    labels = np.asarray(task.query_labels)[asked]
    rank_all = np.zeros(len(asked), dtype=int)
    rank_class = np.zeros(len(asked), dtype=int)
    correlation = np.full(len(asked), np.nan)
    members = {label: np.flatnonzero(gallery_labels == label) for label in np.unique(labels)}
    index = method.index(task.gallery)
    if queries is None:
        queries = method.encode_sketches(task.queries)
    queries = queries[asked.tolist()]
    for start, part in index.iter_search(queries, None, with_centres=False):
        block = slice(start, start + len(part))
        place = np.empty(part.indices.shape, dtype=np.int32)
        order = part.indices.numpy()
        np.put_along_axis(place, order, np.arange(g, dtype=np.int32)[None], axis=1)
        rank_all[block] = np.take_along_axis(place, own[block, None], axis=1)[:, 0]
        for label in np.unique(labels[block]):
            rows = np.flatnonzero(labels[block] == label)
            of_class, photo = members[label], own[block][rows]
            places = place[rows][:, of_class]
            rank_class[start + rows] = (places < rank_all[start + rows, None]).sum(axis=1)
            if shapes is not None and len(of_class) > 2:
                others = of_class != photo[:, None]
                size = (len(rows), len(of_class) - 1)
                truth = shapes[photo][:, of_class][others].reshape(size)
                correlation[start + rows] = _spearman(places[others].reshape(size), truth)
    per_class = {}
    for label, of_class in members.items():
        rows = labels == label
        per_class[task.class_names[label]] = {
            "n_queries": int(rows.sum()),
            "recall": {k: float((rank_all[rows] < k).mean()) for k in DEPTHS},
            "recall_in_class": {k: float((rank_class[rows] < k).mean()) for k in DEPTHS},
            "chance_in_class": {k: min(1.0, k / len(of_class)) for k in DEPTHS},
            "shape_correlation": _mean(correlation[rows]),
        }

    def over_classes(name: str) -> dict[int, float]:
        return {k: float(np.mean([row[name][k] for row in per_class.values()])) for k in DEPTHS}

    known = [row["shape_correlation"] for row in per_class.values()]
    return FineGrained(
        n_queries=len(asked),
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
