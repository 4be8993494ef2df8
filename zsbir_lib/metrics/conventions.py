"""What the evaluators of the field print of one ranking, their rules written anew.

Each rule was read in the public code that its `Evaluator` names, at the commit in its address, and
is written here in words of this library; `tests/metrics/test_conventions.py` computes a small
ranking by hand for each. They agree on what is relevant, a photo of the sketch's class, and on
little else:

=============  ===============================  ================  ===================
evaluator      ``mAP@K``                        ``P@K``           ``mAP@all``
=============  ===============================  ================  ===================
CVAE           divided by K                     hits / K
SEM-PCYC       divided by the hits              hits / K          as scikit-learn's
SAKE           divided by min(R, K), enveloped  hits / K          enveloped, by class
Doodle2Search                                                     as scikit-learn's
ZSE-SBIR       divided by min(R, K), enveloped  hits / min(R, K)  enveloped
CLIP-AT                                                           in a bag of photos
=============  ===============================  ================  ===================

Where distances are equal and a code sorts in no stable order, its figure depends on the sort; here
the photo that stands first in the gallery comes first.

*Enveloped*: P(i) is replaced by the largest P(j) with j >= i, as PASCAL VOC did. *As
scikit-learn's*: photos at one distance form one step of the curve. *By class*: one number for each
class; the mean of these is taken here. *In a bag*: the gallery is a random photo of its own class
for every sketch, so that a photo may stand in it many times, and another not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zsbir_lib.errors import ZsbirError
from zsbir_lib.field import FIELD, PRINTED
from zsbir_lib.metrics.average_precision import divided, precision_sums
from zsbir_lib.metrics.inputs import Labels, as_ranking, blocks, check_depth


@dataclass(frozen=True, eq=False)
class Judged:
    """What an evaluator looks at: a ranking, photo by photo.

    Parameters
    ----------
    relevance : ndarray of bool, shape (n, ranks)
        Whether the photo at each rank is of the query's class, nearest first.
    n_relevant : ndarray of int, shape (n,)
        R, the photos of the query's class in the whole gallery.
    step_ends : ndarray of int, shape (n, ranks), or None
        The last rank that is as far away as each rank; None where no two are equally far.
    bag : ndarray of bool, shape (n, queries), or None
        The relevance in a bag of photos, nearest first; None where there is none.
    """

    relevance: np.ndarray
    n_relevant: np.ndarray
    step_ends: np.ndarray | None = None
    bag: np.ndarray | None = None


Rule = Callable[[Judged, int], np.ndarray]


@dataclass(frozen=True)
class Evaluator:
    """The evaluator of a system of `zsbir_lib.field.FIELD`.

    Parameters
    ----------
    name : str
        The system.
    code : str
        The address of the file that was read, with the commit.
    rules : dict of str to callable
        What it prints, ``"mAP@K"``, ``"P@K"`` or ``"mAP@all"``: from a `Judged` and K to the figure
        of each query, NaN for a query that it leaves out.
    by_class : bool
        Whether it prints a number for each class, whose mean is taken here, and not one for all.
    """

    name: str
    code: str
    rules: dict[str, Rule]
    by_class: bool = False

    @property
    def divides_by(self) -> str:
        """What ``mAP@200`` of the system means, a key of `zsbir_lib.field.EVALUATORS`."""
        (key,) = (system.evaluator for system in FIELD if system.name == self.name)
        return key


def _enveloped(judged: Judged, k: int) -> np.ndarray:
    hits, total = precision_sums(judged.relevance[:, :k], envelope=True)
    found = divided(total, hits, judged.n_relevant, k, "min")
    # With no photo of the class both codes divide 0 by 0, and `nanmean` passes it over.
    return np.where(judged.n_relevant > 0, found, np.nan)


def _enveloped_all(judged: Judged, _: int) -> np.ndarray:
    return _enveloped(judged, judged.relevance.shape[1])


def _divided_by_k(judged: Judged, k: int) -> np.ndarray:
    hits, total = precision_sums(judged.relevance[:, :k])
    return divided(total, hits, judged.n_relevant, k, "k")


def _stepwise(judged: Judged, k: int) -> np.ndarray:
    """Average precision of the first `k` as scikit-learn computes it: 0 where nothing is hit."""
    relevance = judged.relevance[:, :k]
    if judged.step_ends is None:
        hits, total = precision_sums(relevance)
    else:
        ends = np.minimum(judged.step_ends[:, :k], relevance.shape[1] - 1)
        so_far = relevance.cumsum(axis=1)
        precision = np.take_along_axis(so_far, ends, axis=1) / (ends + 1)
        hits, total = so_far[:, -1], (precision * relevance).sum(axis=1)
    return divided(total, hits, judged.n_relevant, k, "hits")


def _stepwise_all(judged: Judged, _: int) -> np.ndarray:
    return _stepwise(judged, judged.relevance.shape[1])


def _of_k(judged: Judged, k: int) -> np.ndarray:
    return np.count_nonzero(judged.relevance[:, :k], axis=1) / k


def _of_k_or_all_relevant(judged: Judged, k: int) -> np.ndarray:
    """Look only so far as all photos of the class would reach."""
    depth = np.minimum(judged.n_relevant, k)
    within = np.arange(min(k, judged.relevance.shape[1])) < depth[:, None]
    hits = np.count_nonzero(judged.relevance[:, :k] & within, axis=1)
    return np.where(depth > 0, hits / np.maximum(depth, 1), np.nan)


def _in_a_bag(judged: Judged, _: int) -> np.ndarray:
    if judged.bag is None:
        return np.full(len(judged.relevance), np.nan)
    hits, total = precision_sums(judged.bag)
    return divided(total, hits, hits, 1, "hits")


_GITHUB = "https://github.com/"

FIELD_EVALUATORS: tuple[Evaluator, ...] = (
    Evaluator(
        "CVAE",
        _GITHUB + "ShivaKrishnaM/ZS-SBIR/blob/4dde2a3233ff/trainCVAE_pre.py",
        {"mAP@K": _divided_by_k, "P@K": _of_k},
    ),
    Evaluator(
        "SEM-PCYC",
        _GITHUB + "AnjanDutta/sem-pcyc/blob/2e083facb54b/src/utils.py",
        {"mAP@K": _stepwise, "P@K": _of_k, "mAP@all": _stepwise_all},
    ),
    Evaluator(
        "SAKE",
        _GITHUB + "qliu24/SAKE/blob/aad0fe3236c6/src/test_cse_resnet_tuberlin_zeroshot.py",
        {"mAP@K": _enveloped, "P@K": _of_k, "mAP@all": _enveloped_all},
        by_class=True,
    ),
    Evaluator(
        "Doodle2Search",
        _GITHUB + "sounakdey/doodle2search/blob/07680c4756bb/src/test.py",
        {"mAP@all": _stepwise_all},
    ),
    Evaluator(
        "ZSE-SBIR",
        _GITHUB + "buptLinfy/ZSE-SBIR/blob/88f87f769208/utils/ap.py",
        {"mAP@K": _enveloped, "P@K": _of_k_or_all_relevant, "mAP@all": _enveloped_all},
    ),
    Evaluator(
        "CLIP-AT",
        _GITHUB + "aneeshan95/Sketch_LVM/blob/ca33be98cb9f/src/model_LN_prompt.py",
        {"mAP@all": _in_a_bag},
    ),
)
"""The evaluators that were read, by year; that of the paper of this book first."""


class FieldScores:
    """The figures of every evaluator, filled block by block.

    Parameters
    ----------
    query_classes, gallery_classes
        Shapes (n,), (m,): whole numbers, each class its own.
    k
        The K of ``mAP@K`` and ``P@K``.
    seed
        Of the bag of photos.
    """

    def __init__(
        self, query_classes: np.ndarray, gallery_classes: np.ndarray, k: int, seed: int = 0
    ) -> None:
        self.queries, self.gallery, self.k = query_classes, gallery_classes, int(k)
        self.counts = np.bincount(gallery_classes, minlength=int(query_classes.max()) + 1)
        self.bag = self._bag(seed)
        self.values: dict[tuple[str, str], np.ndarray] = {}

    def _bag(self, seed: int) -> np.ndarray | None:
        """Draw a photo of its class for every query; None where a query has none."""
        if (self.counts[self.queries] == 0).any():
            return None
        by_class = np.argsort(self.gallery, kind="stable")
        first = np.cumsum(self.counts) - self.counts
        drawn = np.random.default_rng(seed).random(len(self.queries))
        nth = (drawn * self.counts[self.queries]).astype(np.int64)
        return by_class[first[self.queries] + nth]

    def add(self, start: int, order: np.ndarray, distances: np.ndarray | None = None) -> None:
        """Judge queries from number `start` on.

        Parameters
        ----------
        start
            The number of the first.
        order
            Places in the gallery, nearest first, -1 for none, shape (b, ranks).
        distances
            How far away they are, in that order, shape (b, ranks); None where no two are equal.
        """
        classes = self.queries[start : start + len(order)]
        relevance = (self.gallery[order] == classes[:, None]) & (order >= 0)
        complete = order.shape[1] == len(self.gallery) and bool((order >= 0).all())
        judged = Judged(
            relevance,
            self.counts[classes],
            None if distances is None else _step_ends(distances),
            self._in_bag(order, classes) if complete else None,
        )
        for evaluator in FIELD_EVALUATORS:
            for figure, rule in evaluator.rules.items():
                if complete or figure != "mAP@all":
                    of_all = self.values.setdefault(
                        (evaluator.name, figure), np.full(len(self.queries), np.nan)
                    )
                    of_all[start : start + len(order)] = rule(judged, self.k)

    def _in_bag(self, order: np.ndarray, classes: np.ndarray) -> np.ndarray | None:
        if self.bag is None:
            return None
        place = np.empty_like(order)
        np.put_along_axis(place, order, np.arange(order.shape[1])[None], axis=1)
        nearest = np.argsort(place[:, self.bag], axis=1, kind="stable")
        return self.gallery[self.bag][nearest] == classes[:, None]

    def figures(self) -> dict[str, dict[str, float]]:
        """Return what each evaluator prints, by its name; what it does not print is missing."""
        found: dict[str, dict[str, float]] = {evaluator.name: {} for evaluator in FIELD_EVALUATORS}
        for evaluator in FIELD_EVALUATORS:
            for figure in evaluator.rules:
                values = self.values.get((evaluator.name, figure))
                if values is None or np.isnan(values).all():
                    continue
                name = figure.replace("K", str(self.k))
                found[evaluator.name][name] = self._mean(values, evaluator.by_class)
        return found

    def _mean(self, values: np.ndarray, by_class: bool) -> float:
        if not by_class:
            return float(np.nanmean(values))
        means = [values[self.queries == one] for one in np.unique(self.queries)]
        return float(np.mean([np.nanmean(one) for one in means if not np.isnan(one).all()]))


def _step_ends(distances: np.ndarray) -> np.ndarray:
    """Return, for each rank, the last rank at the same distance, shape (n, ranks)."""
    n_ranks = distances.shape[1]
    last = np.ones(distances.shape, dtype=bool)
    last[:, :-1] = distances[:, 1:] != distances[:, :-1]
    ends = np.where(last, np.arange(n_ranks), n_ranks)
    return np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]


def field_figures(
    ranking: object,
    query_labels: object,
    gallery_labels: object,
    k: int = 200,
    *,
    distances: np.ndarray | None = None,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """Return what each evaluator of the field prints of one ranking.

    Parameters
    ----------
    ranking
        Places in the gallery, nearest first, shape (n, at least k). A ranking of all photos also
        has the figures of whole rankings.
    query_labels, gallery_labels
        Classes, shape (n,), (m,): whole numbers or names, the same kind in both.
    k
        The K of ``mAP@K`` and ``P@K``.
    distances
        Of the ranked photos, in their order, shape of `ranking`; without them no two are equal.
    seed
        Of the bag of photos that CLIP-AT's code ranks.

    Returns
    -------
    dict of str to dict of str to float
        By the name of a system, ``"mAP@200"``, ``"P@200"`` and ``"mAP@all"``, those that its
        evaluator prints.

    Raises
    ------
    ZsbirError
        As `zsbir_lib.metrics.evaluate_ranking` does, or if `distances` decrease or have another
        shape.
    """
    labels = Labels(query_labels, gallery_labels)
    order = as_ranking(ranking, len(labels.gallery))
    labels.check_sizes(len(order), len(labels.gallery))
    check_depth(k, order.shape[1], "photos ranked for each query")
    if distances is not None:
        distances = np.asarray(distances)
        if distances.shape != order.shape or (np.diff(distances, axis=1) < 0).any():
            raise ZsbirError("distances must be those of the ranked photos, nearest first")
    scores = FieldScores(labels.query, labels.gallery, k, seed)
    for start, part in blocks(order):
        scores.add(start, part, None if distances is None else distances[start : start + len(part)])
    return scores.figures()


def printed_with(divides_by: str) -> dict[str, tuple[str, ...]]:
    """Return the systems whose code divides so, and the tables that print them.

    Parameters
    ----------
    divides_by
        A key of `zsbir_lib.field.EVALUATORS`.

    Returns
    -------
    dict of str to tuple of str
        For each system the tables of `zsbir_lib.field.TABLES` with a row of it, as they were read.
    """
    return {
        system.name: tuple(dict.fromkeys(row.table for row in PRINTED if row.system == system.name))
        for system in FIELD
        if system.evaluator == divides_by
    }
