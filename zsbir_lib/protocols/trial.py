"""A fitted method before the queries and the gallery of a task."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from zsbir_lib.errors import NoRelevantPhotoError, ZsbirError, argument
from zsbir_lib.features import RetrievalTask
from zsbir_lib.metrics import RetrievalReport, evaluate_retrieval
from zsbir_lib.protocols.places import FineGrained, Places
from zsbir_lib.retrieval import Index

if TYPE_CHECKING:
    from zsbir_lib.methods import RetrievalMethod

_DEPTHS = (200, 100, 50, 20, 10, 5, 1)


def default_depth(task: RetrievalTask) -> int:
    """Return a depth K that fits a gallery: 200, the paper's, where that can be filled.

    It is the largest of 200, 100, 50, 20, 10, 5 and 1 for which at least half of the classes have
    that many gallery photos.
    """
    counts = np.bincount(np.asarray(task.gallery_labels))
    middle = np.median(counts[counts > 0])
    return next(k for k in _DEPTHS if k <= middle)


def check_depth(k: int | None, task: RetrievalTask) -> int:
    """Return the depth to measure at: `k`, or by default what the gallery fills.

    Raises
    ------
    ZsbirError
        If `k` is below 1 or larger than the gallery.
    """
    if k is None:
        return default_depth(task)
    if k < 1:
        raise ZsbirError(f"k is {k}: it must be 1 or more")
    if k > len(task.gallery):
        raise ZsbirError(
            f"k is {k}, but the gallery holds {len(task.gallery)} photos only: lower "
            f"{argument('k')}"
        )
    return k


class Trial:
    """A fitted method before the queries and the gallery of a task.

    Parameters
    ----------
    method
        A fitted method.
    task
        Queries and gallery.
    queries
        What the method encodes the task's sketches to, where that is known already.
    """

    def __init__(
        self, method: RetrievalMethod, task: RetrievalTask, queries: Tensor | None = None
    ) -> None:
        self.method, self.task = method, task
        if queries is not None:
            self.queries = queries

    @cached_property
    def queries(self) -> Tensor:
        """The encoded sketches, shape (q, e), or (q, K, e) for K centres each."""
        return self.method.encode_sketches(self.task.queries)

    @cached_property
    def index(self) -> Index:
        """The encoded gallery, ready to be searched."""
        return self.method.index(self.task.gallery)

    def evaluate(
        self, k: int | None = None, *, with_map_all: bool = True, places: Places | None = None
    ) -> RetrievalReport:
        """Rank the gallery and measure the ranking.

        Parameters
        ----------
        k, with_map_all
            See `evaluate`.
        places
            Takes the places of the photos from the same ranking, which has to be a full one.

        Raises
        ------
        ZsbirError
            As `evaluate` does.
        """
        task = self.task
        if not set(task.query_labels.tolist()) & set(task.gallery_labels.tolist()):
            raise NoRelevantPhotoError(
                "no query has a photo of its class in the gallery: every figure would be 0; "
                "choose a split whose classes have sketches and photos"
            )
        names = np.asarray(task.class_names)
        return evaluate_retrieval(
            self.queries,
            names[np.asarray(task.query_labels)],
            self.index,
            names[np.asarray(task.gallery_labels)],
            check_depth(k, task),
            with_map_all=with_map_all,
            watch=None if places is None else places.add,
        )

    def fine_grained(self, shapes: np.ndarray | None = None) -> FineGrained:
        """Rank the whole gallery, and see where each sketch's own photo comes."""
        places = Places(self.task, shapes)
        queries = self.queries[places.asked.tolist()]
        for start, part in self.index.iter_search(queries, None, with_centres=False):
            places.add(places.asked[start : start + len(part)], part.indices.numpy())
        return places.result()


def evaluate(
    method: RetrievalMethod,
    task: RetrievalTask,
    k: int | None = None,
    *,
    with_map_all: bool = True,
) -> RetrievalReport:
    """Rank the gallery of a task with a fitted method, and measure the ranking.

    Parameters
    ----------
    method
        A fitted method.
    task
        Queries and gallery.
    k
        Depth; `default_depth` by default.
    with_map_all
        Also measure mAP over the whole ranking.

    Raises
    ------
    ZsbirError
        If `k` is larger than the gallery, or features do not fit the method.
    NoRelevantPhotoError
        If no query has a photo of its class in the gallery.
    """
    return Trial(method, task).evaluate(k, with_map_all=with_map_all)


def fine_grained(
    method: RetrievalMethod, task: RetrievalTask, shapes: np.ndarray | None = None
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

    Raises
    ------
    NoRelevantPhotoError
        If no query has its photo in the gallery.
    ZsbirError
        If `shapes` has another shape, or the features do not fit the method.
    """
    return Trial(method, task).fine_grained(shapes)
