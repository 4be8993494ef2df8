"""The protocol: fit on pairs of seen classes, rank the gallery for sketches of unseen ones.

Settings are chosen on seen classes held out from training, never on the unseen ones. The classes
are the unit of uncertainty: with 21 of them, which classes a method met matters far more than
which random seed it had.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

from zsbir_lib.datasets import ZeroShotSplit
from zsbir_lib.errors import NoRelevantPhotoError, ZsbirError
from zsbir_lib.features import FeatureSet, RetrievalTask
from zsbir_lib.methods import METHODS, RetrievalMethod, create_method
from zsbir_lib.metrics import RetrievalReport, evaluate_retrieval
from zsbir_lib.progress import progress_bar

_DEPTHS = (200, 100, 50, 20, 10, 5, 1)


def default_depth(task: RetrievalTask) -> int:
    """Return a depth K that fits a gallery: 200, the paper's, where that can be filled.

    It is the largest of 200, 100, 50, 20, 10, 5 and 1 for which at least half of the classes have
    that many gallery photos.
    """
    counts = np.bincount(np.asarray(task.gallery_labels))
    middle = np.median(counts[counts > 0])
    return next(k for k in _DEPTHS if k <= middle)


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95% bootstrap interval.

    Attributes
    ----------
    estimate : float
        Of the whole sample.
    low, high : float
        The ends of the interval.
    """

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.estimate:.3f} [{self.low:.3f}, {self.high:.3f}]"


def class_bootstrap(
    per_class: Sequence[float] | np.ndarray,
    baseline: Sequence[float] | np.ndarray | None = None,
    *,
    n_resamples: int = 10_000,
    seed: int = 0,
) -> Interval:
    """Return the mean over classes with a 95% percentile bootstrap interval over classes.

    Parameters
    ----------
    per_class
        One figure for each class, shape (n_classes,).
    baseline
        The figures of another method on the same classes: the interval is then that of the mean
        difference, the classes being drawn in pairs, and the difference is resolved if the
        interval leaves out 0.
    n_resamples, seed
        Of the bootstrap.

    Raises
    ------
    ZsbirError
        If there are fewer than two classes, or the two methods have not the same number of them.
    """
    values = np.asarray(per_class, dtype=float)
    if baseline is not None:
        if len(baseline) != len(values):
            raise ZsbirError(
                f"cannot pair {len(values)} classes with {len(baseline)}: "
                "evaluate both methods on the same classes"
            )
        values = values - np.asarray(baseline, dtype=float)
    if len(values) < 2:
        raise ZsbirError("a bootstrap over classes needs two classes or more")
    rng = np.random.default_rng(seed)
    means = values[rng.integers(len(values), size=(n_resamples, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high))


@dataclass(frozen=True)
class Result:
    """What one method reached under the zero-shot protocol.

    Attributes
    ----------
    method
        Name of the method.
    parameters
        Its hyper-parameters.
    split
        Name of the split.
    report
        All figures; see `zsbir_lib.metrics.RetrievalReport`.
    fit_seconds, rank_seconds
        Time to learn; time to encode, rank and measure.
    """

    method: str
    parameters: dict[str, Any]
    split: str
    report: RetrievalReport
    fit_seconds: float
    rank_seconds: float = field(default=0.0)

    def interval(self, baseline: Result | None = None) -> Interval:
        """Return mAP@K, averaged over classes, with its interval; see `class_bootstrap`.

        Parameters
        ----------
        baseline
            Another method's result: the interval is then that of the paired difference.
        """
        others = None if baseline is None else baseline.per_class()
        return class_bootstrap(self.per_class(), others)

    def per_class(self) -> list[float]:
        """Return mAP@K of each class that has a query, in the order of their names."""
        return [row.mean_average_precision["k"] for row in self.report.per_class]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "method": self.method,
            "parameters": self.parameters,
            "split": self.split,
            "fit_seconds": round(self.fit_seconds, 3),
            "rank_seconds": round(self.rank_seconds, 3),
            **self.report.to_dict(),
        }


def evaluate(
    method: RetrievalMethod,
    task: RetrievalTask,
    k: int | None = None,
    *,
    with_map_all: bool = True,
    queries: Tensor | None = None,
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
    queries
        What the method encodes the task's sketches to, where that is known already.

    Raises
    ------
    ZsbirError
        If `k` is larger than the gallery, or features do not fit the method.
    NoRelevantPhotoError
        If no query has a photo of its class in the gallery.
    """
    if not set(task.query_labels.tolist()) & set(task.gallery_labels.tolist()):
        raise NoRelevantPhotoError(
            "no query has a photo of its class in the gallery: every figure would be 0; "
            "choose a split whose classes have sketches and photos"
        )
    names = np.asarray(task.class_names)
    return evaluate_retrieval(
        method.encode_sketches(task.queries) if queries is None else queries,
        names[np.asarray(task.query_labels)],
        method.index(task.gallery),
        names[np.asarray(task.gallery_labels)],
        k or default_depth(task),
        with_map_all=with_map_all,
    )


def zero_shot(
    method: RetrievalMethod,
    features: FeatureSet,
    *,
    split: ZeroShotSplit | None = None,
    k: int | None = None,
    with_map_all: bool = True,
    progress: bool | None = None,
) -> Result:
    """Fit a method on the seen classes, and evaluate it on the unseen ones.

    Parameters
    ----------
    method
        Is fitted anew.
    features
        Of a whole data set.
    split
        The features' own by default.
    k, with_map_all
        See `evaluate`.
    progress
        Show a progress bar; by default on a terminal only.

    Raises
    ------
    ZsbirError
        If the split leaves nothing to learn from or nothing to rank, or `k` is too large.
    """
    split = split or features.split
    task = features.task(split)
    k = k or default_depth(task)
    if k > len(task.gallery):
        raise ZsbirError(f"k is {k}, but the gallery holds {len(task.gallery)} photos only")
    start = time.perf_counter()
    method.fit(features.pairs(split), progress=progress)
    fitted = time.perf_counter()
    report = evaluate(method, task, k, with_map_all=with_map_all)
    done = time.perf_counter()
    return Result(
        method.name, method.get_params(), split.name, report, fitted - start, done - fitted
    )


@dataclass(frozen=True)
class Choice:
    """The outcome of `choose`: the best settings, and what every candidate reached.

    Attributes
    ----------
    parameters
        The settings with the highest mean mAP@K.
    table
        A pair for each candidate: its settings, and its mAP@K on each inner split.
    k
        Depth of the mAP.
    """

    parameters: dict[str, Any]
    table: list[tuple[dict[str, Any], list[float]]]
    k: int


def candidates(
    method: str,
    grid: Mapping[str, Iterable[Any]] | None = None,
    *,
    budget: int | None = None,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Return the settings to try for a method.

    Parameters
    ----------
    method
        Name of the method.
    grid
        Values to try for each hyper-parameter; the method's own `search_space` by default.
    budget
        Most settings to return: its defaults, where the grid holds them, and others by chance.
        All combinations by default.
    seed
        Of that chance.
    """
    grid = METHODS[method].search_space if grid is None else grid
    rows = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    if budget is None or len(rows) <= budget:
        return rows
    defaults = create_method(method).get_params()
    first = [row for row in rows if row.items() <= defaults.items()]
    others = [row for row in rows if row not in first]
    picked = np.random.default_rng(seed).permutation(len(others))[: budget - len(first)]
    return first + [others[i] for i in sorted(picked)]


def choose(
    method: str,
    grid: Mapping[str, Iterable[Any]] | None,
    features: FeatureSet,
    *,
    budget: int | None = None,
    inner_splits: int = 2,
    n_unseen: float = 0.15,
    k: int | None = None,
    seed: int = 0,
    progress: bool | None = None,
) -> Choice:
    """Choose hyper-parameters on held-out *seen* classes.

    Each candidate is fitted on a part of the seen classes and evaluated on the rest, for several
    such inner splits; the unseen classes are not looked at.

    Parameters
    ----------
    method
        Name of the method.
    grid
        Values to try for each hyper-parameter; None for the method's own `search_space`.
    features
        Of a whole data set.
    budget
        Most candidates to try; see `candidates`.
    inner_splits, n_unseen, seed
        How many inner splits, how many classes each holds out (see `ZeroShotSplit.inner`), and
        the seed of the first.
    k
        Depth; `default_depth` by default.
    progress
        Show a progress bar; by default on a terminal only.

    Raises
    ------
    ZsbirError
        If the grid is empty or names a hyper-parameter that the method has not.
    """
    found = candidates(method, grid, budget=budget, seed=seed)
    if not found or not found[0]:
        raise ZsbirError("nothing to choose from: give a value or more for a hyper-parameter")
    splits = [features.split.inner(n_unseen, seed + i) for i in range(inner_splits)]
    k = k or default_depth(features.task(splits[0]))
    runs = list(itertools.product(found, splits))
    scores = [
        zero_shot(
            create_method(method, **candidate), features, split=split, k=k, with_map_all=False
        ).report.macro.mean_average_precision["k"]
        for candidate, split in progress_bar(runs, show=progress, desc="Choosing", unit="fit")
    ]
    table = [
        (candidate, scores[i * len(splits) : (i + 1) * len(splits)])
        for i, candidate in enumerate(found)
    ]
    best = max(table, key=lambda row: float(np.mean(row[1])))
    return Choice(best[0], table, k)
