"""One experiment: what is learnt from, what is asked for, and what methods reach.

Whatever several measures share is made once: an `Experiment` holds the pairs and the tasks of a
split, a `zsbir_lib.protocols.Trial` the encoded queries and the index of one fitted method.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from zsbir_lib.datasets import ZeroShotSplit
from zsbir_lib.features import FeatureSet, Pairs, RetrievalTask
from zsbir_lib.metrics import RetrievalReport
from zsbir_lib.protocols.bootstrap import Interval, class_bootstrap
from zsbir_lib.protocols.instances import InstanceSplit, hold_out_instances
from zsbir_lib.protocols.places import FineGrained, Places
from zsbir_lib.protocols.trial import Trial, check_depth

if TYPE_CHECKING:
    from zsbir_lib.methods import RetrievalMethod

PROTOCOLS = ("zero-shot", "traditional", "generalised")
"""What a method can be asked for. Unseen classes, unseen objects of seen classes, or both."""


@dataclass(frozen=True)
class Result:
    """What one method reached under one protocol.

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
    fine_grained
        Figures on single photos, where they were asked for.
    """

    method: str
    parameters: dict[str, Any]
    split: str
    report: RetrievalReport
    fit_seconds: float
    rank_seconds: float = 0.0
    fine_grained: FineGrained | None = None

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


def needs_pairs(method: RetrievalMethod | type[RetrievalMethod]) -> bool:
    """Whether a method learns from pairs; one that does not is fitted on None."""
    return getattr(method, "needs_pairs", True)


class Experiment:
    """Features under a split, and the protocols on them.

    What is learnt from and asked for is selected when it is first needed, and kept.

    Parameters
    ----------
    features
        Of a whole data set.
    split
        The features' own by default.
    held_out
        Part of the seen classes' drawn photos that the traditional and the generalised protocol
        keep for testing; see `hold_out_instances`.
    """

    def __init__(
        self, features: FeatureSet, split: ZeroShotSplit | None = None, *, held_out: float = 0.25
    ) -> None:
        self.features = features if split is None else features.with_split(split)
        self.held_out = held_out

    @property
    def split(self) -> ZeroShotSplit:
        """The split in force."""
        return self.features.split

    @cached_property
    def pairs(self) -> Pairs:
        """What the zero-shot protocol learns from."""
        return self.features.pairs()

    @cached_property
    def task(self) -> RetrievalTask:
        """What the zero-shot protocol asks."""
        return self.features.task()

    @cached_property
    def instances(self) -> InstanceSplit:
        """What the traditional and the generalised protocol learn from and ask."""
        return hold_out_instances(self.features, self.held_out)

    def zero_shot(
        self,
        method: RetrievalMethod,
        k: int | None = None,
        *,
        with_map_all: bool = True,
        fine: bool = False,
        shapes: np.ndarray | None = None,
        progress: bool | None = None,
    ) -> Result:
        """Fit a method on the seen classes, and evaluate it on the unseen ones.

        Parameters
        ----------
        method, k, with_map_all, progress
            See `zero_shot`.
        fine
            Also tell the objects of one class apart, where a query has its photo in the gallery.
        shapes
            See `fine_grained`.

        Raises
        ------
        ZsbirError
            As `zero_shot` does.
        """
        k = check_depth(k, self.task)
        start = time.perf_counter()
        method.fit(self.pairs if needs_pairs(method) else None, progress=progress)
        fitted = time.perf_counter()
        fine = fine and bool((self.task.query_photo >= 0).any())
        places = Places(self.task, shapes) if fine else None
        report = Trial(method, self.task).evaluate(
            k, with_map_all=with_map_all or fine, places=places
        )
        done = time.perf_counter()
        return Result(
            method.name, method.get_params(), self.split.name, report, fitted - start,
            done - fitted, None if places is None else places.result(),
        )  # fmt: skip

    def with_instances(
        self, method: RetrievalMethod, protocols: tuple[str, ...], k: int | None = None
    ) -> dict[str, RetrievalReport]:
        """Fit a method with objects of the seen classes held out, and evaluate it on these.

        Parameters
        ----------
        method
            Is fitted anew.
        protocols
            ``"traditional"``, ``"generalised"`` or both.
        k
            See `evaluate`.

        Returns
        -------
        dict of str to RetrievalReport
            By protocol.

        Raises
        ------
        ZsbirError
            As `hold_out_instances` and `evaluate` do.
        """
        parts = self.instances
        method.fit(parts.pairs if needs_pairs(method) else None, progress=False)
        traditional = Trial(method, parts.traditional)
        reports = {}
        if "traditional" in protocols:
            reports["traditional"] = traditional.evaluate(k, with_map_all=False)
        if "generalised" in protocols:
            # The queries of the traditional protocol ask here, too, and are not encoded again.
            task = parts.generalised
            of_seen = torch.isin(task.query_labels, parts.traditional.query_labels)
            queries = traditional.queries.new_empty(len(of_seen), *traditional.queries.shape[1:])
            queries[of_seen] = traditional.queries
            if not of_seen.all():
                queries[~of_seen] = method.encode_sketches(task.queries[~of_seen])
            reports["generalised"] = Trial(method, task, queries).evaluate(k, with_map_all=False)
        return reports


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
    experiment = Experiment(features, split)
    return experiment.zero_shot(method, k, with_map_all=with_map_all, progress=progress)
