"""Choosing hyper-parameters on held-out seen classes, never on the unseen ones."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zsbir_lib.errors import ZsbirError, explain
from zsbir_lib.features import FeatureSet
from zsbir_lib.methods import METHODS, RetrievalMethod, create_method
from zsbir_lib.progress import progress_bar
from zsbir_lib.protocols.experiment import Experiment
from zsbir_lib.protocols.trial import default_depth


@dataclass(frozen=True)
class Candidate:
    """Settings that were tried.

    Attributes
    ----------
    parameters
        The hyper-parameters.
    scores
        mAP@K on each inner split; empty if a fit failed.
    error
        Why it failed; None where it did not.
    """

    parameters: dict[str, Any]
    scores: tuple[float, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class Choice:
    """The outcome of `choose`: the best settings, and what every candidate reached.

    Attributes
    ----------
    parameters
        The settings with the highest mean mAP@K.
    candidates
        All that were tried, those that failed among them.
    k
        Depth of the mAP.
    """

    parameters: dict[str, Any]
    candidates: tuple[Candidate, ...]
    k: int

    @property
    def table(self) -> list[tuple[dict[str, Any], list[float]]]:
        """For each candidate that did not fail, its settings and its mAP@K on each split."""
        return [(row.parameters, list(row.scores)) for row in self.candidates if row.scores]


def candidates(
    method: str | type[RetrievalMethod],
    grid: Mapping[str, Iterable[Any]] | None = None,
    *,
    budget: int | None = None,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Return the settings to try for a method.

    Parameters
    ----------
    method
        The method, or its name.
    grid
        Values to try for each hyper-parameter; the method's own `search_space` by default.
    budget
        Most settings to return: its defaults, where the grid holds them, and others by chance.
        All combinations by default.
    seed
        Of that chance.
    """
    grid = _class_of(method).search_space if grid is None else grid
    rows = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    if budget is None or len(rows) <= budget:
        return rows
    defaults = _create(method, {}).get_params()
    first = [row for row in rows if row.items() <= defaults.items()]
    others = [row for row in rows if row not in first]
    picked = np.random.default_rng(seed).permutation(len(others))[: budget - len(first)]
    return first + [others[i] for i in sorted(picked)]


def choose(
    method: str | type[RetrievalMethod],
    grid: Mapping[str, Iterable[Any]] | None,
    features: FeatureSet,
    *,
    budget: int | None = None,
    inner_splits: int = 2,
    n_unseen: float = 0.15,
    k: int | None = None,
    seed: int = 0,
    fixed: Mapping[str, Any] | None = None,
    progress: bool | None = None,
) -> Choice:
    """Choose hyper-parameters on held-out *seen* classes.

    Each candidate is fitted on a part of the seen classes and evaluated on the rest, for several
    such inner splits; the unseen classes are not looked at. A candidate that cannot be fitted, or
    diverges, scores nothing.

    Parameters
    ----------
    method
        The method, or its name.
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
        Depth, lowered to the smallest of the inner galleries where it is larger; by default the
        `default_depth` of the first.
    fixed
        Hyper-parameters that every candidate has besides; a device, say.
    progress
        Show a progress bar; by default on a terminal only.

    Raises
    ------
    ZsbirError
        If the grid is empty or names a hyper-parameter that the method has not, an inner split
        cannot be made, or every candidate fails.
    """
    found = candidates(method, grid, budget=budget, seed=seed)
    if not found or not found[0]:
        raise ZsbirError("nothing to choose from: give a value or more for a hyper-parameter")
    fixed = fixed or {}
    for row in found:
        _create(method, {**fixed, **row})
    inner = [
        Experiment(features, features.split.inner(n_unseen, seed + i)) for i in range(inner_splits)
    ]
    galleries = [len(one.task.gallery) for one in inner]
    depth = min(k or default_depth(inner[0].task), *galleries)
    scores: list[list[float]] = [[] for _ in found]
    errors: list[str | None] = [None] * len(found)
    runs = list(itertools.product(inner, range(len(found))))
    for experiment, i in progress_bar(runs, show=progress, desc="Choosing", unit="fit"):
        if errors[i] is not None:
            continue
        try:
            fitted = _create(method, {**fixed, **found[i]})
            report = experiment.zero_shot(fitted, depth, with_map_all=False, progress=False).report
        except Exception as error:
            errors[i] = explain(error)
        else:
            scores[i].append(report.macro.mean_average_precision["k"])
    table = tuple(
        Candidate(row, () if error else tuple(of_row), error)
        for row, of_row, error in zip(found, scores, errors, strict=True)
    )
    scored = [row for row in table if row.scores]
    if not scored:
        raise ZsbirError(
            f"none of the {len(table)} settings tried for {_class_of(method).title} could be "
            f"fitted; the first: {table[0].error}"
        )
    best = max(scored, key=lambda row: float(np.mean(row.scores)))
    return Choice(best.parameters, table, depth)


def _class_of(method: str | type[RetrievalMethod]) -> type[RetrievalMethod]:
    return METHODS[method] if isinstance(method, str) else method


def _create(method: str | type[RetrievalMethod], parameters: Mapping[str, Any]) -> RetrievalMethod:
    return create_method(method, **parameters) if isinstance(method, str) else method(**parameters)
