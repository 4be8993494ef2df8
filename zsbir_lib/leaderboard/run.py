"""Running every method under the protocols, each with settings chosen on held-out seen classes."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from zsbir_lib.errors import explain
from zsbir_lib.features import FeatureSet
from zsbir_lib.leaderboard.keeping import FileOfRows, StoreOfRows
from zsbir_lib.leaderboard.results import Leaderboard, ObjectScores, Origin, Row, Scores
from zsbir_lib.leaderboard.settings import Settings
from zsbir_lib.methods import METHODS, RetrievalMethod, create_method
from zsbir_lib.metrics import RetrievalReport
from zsbir_lib.parallel import run_all
from zsbir_lib.progress import progress_bar
from zsbir_lib.protocols import Experiment, FineGrained, check_depth, choose, needs_pairs
from zsbir_lib.store import Store

_SMALL = 2**28  # bytes of features of which every worker may have its own workings


def run(
    features: FeatureSet,
    methods: Sequence[str] | None = None,
    *,
    settings: Settings | None = None,
    shapes: np.ndarray | None = None,
    state: str | os.PathLike | None = None,
    store: Store | None = None,
    fresh: bool = False,
    device: str | None = None,
    workers: int | None = None,
    progress: bool | None = None,
) -> Leaderboard:
    """Run methods under the protocols, each with settings chosen on held-out seen classes.

    A method that fails has a row that says why; the others go on.

    Parameters
    ----------
    features
        Of a whole data set, under its split.
    methods
        Names; every method by default.
    settings
        What to run them with.
    shapes
        True shape distances between the photos of the zero-shot gallery; see
        `zsbir_lib.protocols.fine_grained`.
    state
        A JSON file that holds the result after each method. If it is there already, the methods
        in it are not run again, and their rows stay in it. Several processes may share it.
    store
        Keeps each row as soon as it is done, and gives those that it has; None for none.
    fresh
        Run every method again, and replace what is kept of it.
    device
        Where methods that train do so; their own default by default.
    workers
        Processes; by default one for each processor, or a single one where the features are
        large. The results do not depend on it.
    progress
        Show a progress bar; by default on a terminal only.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    OptionsChangedError
        If `state` was begun with other features or settings.
    ZsbirError
        If the split or the depth does not suit a protocol, or results cannot be kept; this is
        found before the first method runs.
    """
    settings = settings or Settings()
    names = list(METHODS) if methods is None else list(dict.fromkeys(methods))
    identities = {name: method_id(type(create_method(name))) for name in names}
    experiment = _prepare(features, settings, [METHODS[name] for name in names])
    board = Leaderboard(origin(features, shapes), settings, {})
    keepers: list[FileOfRows | StoreOfRows] = []
    if store is not None:
        keepers.append(StoreOfRows(store, board))
    if state is not None:
        keepers.append(FileOfRows(state, board, fresh=fresh))
    if not fresh:
        for keeper in keepers:
            board.rows.update(keeper.find(identities))
    todo = [name for name in names if name not in board.rows]
    for keeper in keepers if todo else ():
        keeper.check()
    if workers is None and features.photos.nbytes + features.sketches.nbytes >= _SMALL:
        workers = 1
    bar = progress_bar(
        show=progress, total=len(names), initial=len(names) - len(todo), desc="Methods"
    )
    work = run_all(
        _run_task, [(name, METHODS[name]) for name in todo],
        shared=(experiment, settings, shapes, device), workers=workers, describe=itemgetter(0),
    )  # fmt: skip
    with bar, work as done:
        for (name, _), row in done:
            board.rows[name] = replace(row, method_id=identities[name])
            for keeper in keepers:
                keeper.keep(name, board.rows[name])
            bar.update()
            bar.set_postfix_str(name)
    for keeper in keepers:
        keeper.close(board.rows)
    return Leaderboard(board.origin, settings, {name: board.rows[name] for name in names})


def _prepare(
    features: FeatureSet, settings: Settings, methods: Sequence[type[RetrievalMethod]]
) -> Experiment:
    """Select what the protocols need, once for all methods, and check that the depth suits."""
    experiment = Experiment(features, held_out=settings.held_out)
    tasks = []
    if "zero-shot" in settings.protocols:
        if any(map(needs_pairs, methods)):
            _ = experiment.pairs
        tasks.append(experiment.task)
    if {"traditional", "generalised"} & set(settings.protocols):
        parts = experiment.instances
        tasks += [getattr(parts, name) for name in settings.protocols if name != "zero-shot"]
    for task in tasks:
        check_depth(settings.k, task)
    return experiment


def run_method(
    name: str, features: FeatureSet, settings: Settings, shapes: np.ndarray | None = None
) -> Row:
    """Choose a method's settings, and evaluate it under the protocols.

    Parameters
    ----------
    name
        Of the method.
    features
        Of a whole data set.
    settings
        Which protocols, how many seeds, and how much is tried.
    shapes
        As in `run`: outline distances of the gallery's photos, or None.
    """
    method = type(create_method(name))
    return _run_class(method, _prepare(features, settings, [method]), settings, shapes)


@dataclass
class _Clock:
    """Seconds spent on each part of a row."""

    begun: float = field(default_factory=time.perf_counter)
    choose: float = 0.0
    fits: list[float] = field(default_factory=list)

    def seconds(self) -> dict[str, float]:
        parts = {
            "choose": self.choose,
            "fit": float(np.mean(self.fits)) if self.fits else 0.0,
            "total": time.perf_counter() - self.begun,
        }
        return {name: round(value, 3) for name, value in parts.items()}


def _run_task(task: tuple[str, type[RetrievalMethod]], *shared: Any) -> Row:
    # The class travels along: another process need not know a notebook's method by its name.
    return _run_class(task[1], *shared)


def _run_class(
    method: type[RetrievalMethod],
    experiment: Experiment,
    settings: Settings,
    shapes: np.ndarray | None,
    device: str | None = None,
) -> Row:
    row = Row(method.title, error="not run yet")
    clock = _Clock()
    try:
        parameters: dict[str, Any] = {}
        known = method().get_params()
        placed = {"device": device} if device is not None and "device" in known else {}
        if settings.budget > 1 and method.search_space:
            choice = choose(
                method, None, experiment.features, budget=settings.budget,
                inner_splits=settings.inner_splits, k=settings.k, fixed=placed, progress=False,
            )  # fmt: skip
            parameters = choice.parameters
            row = replace(row, parameters=parameters, choice=choice.candidates, choice_k=choice.k)
            clock.choose = time.perf_counter() - clock.begun
        has_seed = "seed" in known
        seeds = [{"seed": seed} for seed in range(settings.seeds)] if has_seed else [{}]
        makes = [partial(method, **placed, **parameters, **seed) for seed in seeds]
        runs = [_run_once(make, experiment, settings, shapes, clock) for make in makes]
    except Exception as error:
        return replace(row, error=explain(error), seconds=clock.seconds())
    unseen = set(experiment.split.unseen)
    protocols = {
        name: _scores([reports[name] for reports, _ in runs], unseen) for name in runs[0][0]
    }
    if fine := [found for _, found in runs if found is not None]:
        protocols["zero-shot"] = replace(protocols["zero-shot"], fine_grained=_on_objects(fine))
    return replace(row, protocols=protocols, seconds=clock.seconds(), error=None)


def _run_once(
    make: Callable[[], RetrievalMethod],
    experiment: Experiment,
    settings: Settings,
    shapes: np.ndarray | None,
    clock: _Clock,
) -> tuple[dict[str, RetrievalReport], FineGrained | None]:
    """Return the reports of one seed by protocol, and the figures on single photos."""
    reports, fine = {}, None
    if "zero-shot" in settings.protocols:
        result = experiment.zero_shot(make(), settings.k, fine=True, shapes=shapes, progress=False)
        clock.fits.append(result.fit_seconds)
        reports["zero-shot"], fine = result.report, result.fine_grained
    others = tuple(name for name in settings.protocols if name != "zero-shot")
    if others:
        reports |= experiment.with_instances(make(), others, settings.k)
    return {name: reports[name] for name in settings.protocols}, fine


def _scores(reports: list[RetrievalReport], unseen: set[str]) -> Scores:
    """Put the figures of several seeds together."""
    first = reports[0]
    classes = tuple(str(row.label) for row in first.per_class)
    found = Scores(
        k=first.k,
        n_queries=first.n_queries,
        n_gallery=first.n_gallery,
        classes=classes,
        precision=tuple(tuple(row.precision for row in one.per_class) for one in reports),
        map=tuple(
            tuple(row.mean_average_precision["k"] for row in one.per_class) for one in reports
        ),
        map_definitions=tuple(dict(one.macro.mean_average_precision) for one in reports),
        map_all=tuple(one.macro.map_all for one in reports),
    )
    is_unseen = np.array([name in unseen for name in classes])
    if is_unseen.all() or not is_unseen.any():
        return found
    scores = np.array(found.map)
    of_seen, of_unseen = scores[:, ~is_unseen].mean(axis=1), scores[:, is_unseen].mean(axis=1)
    total = of_seen + of_unseen
    harmonic = np.divide(2 * of_seen * of_unseen, total, out=np.zeros_like(total), where=total > 0)
    return replace(
        found,
        unseen=tuple(is_unseen.tolist()),
        map_seen=tuple(of_seen.tolist()),
        map_unseen=tuple(of_unseen.tolist()),
        harmonic=tuple(harmonic.tolist()),
    )


def _on_objects(found: list[FineGrained]) -> ObjectScores:
    """Average the figures of several seeds."""

    def by_depth(name: str) -> dict[str, float]:
        first = getattr(found[0], name)
        return {str(k): float(np.mean([getattr(one, name)[k] for one in found])) for k in first}

    known = [one.shape_correlation for one in found if one.shape_correlation is not None]
    return ObjectScores(
        n_queries=float(found[0].n_queries),
        recall=by_depth("recall"),
        recall_in_class=by_depth("recall_in_class"),
        chance_in_class=by_depth("chance_in_class"),
        shape_correlation=float(np.mean(known)) if known else None,
    )


# ---------------------------------------------------------------------------------------------
# What a row belongs to
# ---------------------------------------------------------------------------------------------


def origin(features: FeatureSet, shapes: np.ndarray | None) -> Origin:
    """Return what results depend on besides settings and methods: the features, by content."""
    known = None if shapes is None else np.ascontiguousarray(shapes)
    return Origin(
        dataset=features.dataset,
        backbone=features.backbone,
        weights_id=features.weights_id,
        split=features.split.name,
        seen_classes=len(features.split.seen),
        unseen_classes=len(features.split.unseen),
        digest=features.content_id(),
        shapes=None if known is None else hashlib.sha256(known.data).hexdigest()[:16],
    )


def method_id(method: type[RetrievalMethod]) -> str:
    """Return what tells a method from what it was: its version, its defaults and search space.

    Its code is not looked at: a method whose results change is given another ``version``.
    """
    key = {
        "name": method.name,
        "version": getattr(method, "version", 1),
        "defaults": method().get_params(),
        "search_space": {name: list(values) for name, values in method.search_space.items()},
    }
    return hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()[:16]
