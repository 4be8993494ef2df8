"""Every method under one protocol: one table, beside the paper's.

.. code-block:: python

    board = zsbir_lib.leaderboard(features)
    print(board.table())
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from zsbir_lib.errors import DivergedError, OptionsChangedError, UnknownNameError, ZsbirError
from zsbir_lib.evaluation import Interval, choose, class_bootstrap, default_depth, evaluate
from zsbir_lib.features import FeatureSet, RetrievalTask, hold_out_instances
from zsbir_lib.files import write_json
from zsbir_lib.fine_grained import fine_grained
from zsbir_lib.methods import METHODS, create_method
from zsbir_lib.metrics import RetrievalReport
from zsbir_lib.progress import progress_bar

PROTOCOLS = ("zero-shot", "traditional", "generalised")
"""What a method can be asked for. Unseen classes, unseen objects of seen classes, or both."""

PAPER_RESULTS: dict[str, dict[str, tuple[float | None, float | None]]] = {
    "cosine": {"zero-shot": (0.106, 0.054)},
    "siamese-1": {"zero-shot": (0.243, 0.134)},
    "siamese-2": {"zero-shot": (0.251, 0.149), "traditional": (0.690, 0.518)},
    "triplet-coarse": {"zero-shot": (0.169, 0.083), "traditional": (0.761, 0.573)},
    "triplet-fine": {"zero-shot": (0.155, 0.081)},
    "dsh": {"zero-shot": (0.153, 0.059), "traditional": (0.866, 0.783)},
    "regression": {"zero-shot": (0.066, 0.022)},
    "eszsl": {"zero-shot": (0.187, 0.117)},
    "sae": {"zero-shot": (0.238, 0.136)},
    "caae": {"zero-shot": (0.260, 0.156)},
    "cvae": {"zero-shot": (0.333, 0.225)},
}
"""Precision and mAP at 200 (divided by 200) printed in Tables 2 and 3 of Yelamarthi et al., ECCV
2018, on Sketchy with VGG-16."""

_FORMAT = "zsbir-leaderboard-1"
_SMALL = 2**28  # bytes of features that every worker may hold a copy of


@dataclass(frozen=True)
class Settings:
    """What every method is run with.

    Attributes
    ----------
    k
        Depth of the measures; None for `default_depth` of each protocol's gallery.
    seeds
        Each method that has a seed is fitted with 0, 1, ..., seeds - 1.
    protocols
        Some of `PROTOCOLS`.
    budget
        Settings that each method may try on held-out seen classes; 1 for its defaults.
    inner_splits
        Splits of the seen classes that settings are tried on.
    held_out
        Part of the seen classes' drawn photos that the traditional protocol keeps for testing.
    """

    k: int | None = None
    seeds: int = 3
    protocols: tuple[str, ...] = PROTOCOLS
    budget: int = 4
    inner_splits: int = 2
    held_out: float = 0.25

    def __post_init__(self) -> None:
        object.__setattr__(self, "protocols", tuple(self.protocols))
        unknown = [name for name in self.protocols if name not in PROTOCOLS]
        if unknown or not self.protocols:
            raise UnknownNameError(
                f"unknown protocol {', '.join(unknown) or '(none)'}: use {', '.join(PROTOCOLS)}"
            )
        for name in ("seeds", "budget", "inner_splits"):
            if getattr(self, name) < 1:
                raise ZsbirError(f"{name} is {getattr(self, name)}: it must be 1 or more")
        if self.k is not None and self.k < 1:
            raise ZsbirError(f"k is {self.k}: it must be 1 or more")


@dataclass(frozen=True, eq=False)
class Leaderboard:
    """What every method reached.

    Attributes
    ----------
    origin
        Data set, backbone, split, a digest of the features, and the version of the methods' code.
    settings
        What the methods were run with.
    rows
        For each method, by name: ``title``, ``parameters`` (those chosen), ``choice`` (what each
        candidate reached on held-out seen classes), ``seconds`` and, under ``protocols``, its
        figures for every seed and class. A method that failed has an ``error`` instead.
    """

    origin: dict[str, Any]
    settings: Settings
    rows: dict[str, dict[str, Any]]

    def per_class(
        self, method: str, protocol: str = "zero-shot", measure: str = "map"
    ) -> np.ndarray:
        """Return one figure for each class, the mean over seeds, shape (n_classes,).

        Parameters
        ----------
        method, protocol
            Which.
        measure
            ``"map"``, mAP@K divided by K, or ``"precision"``.
        """
        return np.mean(self.rows[method]["protocols"][protocol][measure], axis=0)

    def interval(
        self,
        method: str,
        protocol: str = "zero-shot",
        measure: str = "map",
        baseline: str | None = None,
    ) -> Interval:
        """Return a mean over classes, or its difference to another method's, with 95% interval.

        The classes are resampled; those of two methods in pairs. See `class_bootstrap`.

        Parameters
        ----------
        method
            Name of a method that has a row.
        protocol
            One of `PROTOCOLS`.
        measure
            ``"map"``, mAP@K divided by K, or ``"precision"``.
        baseline
            Name of another method, to which the difference is taken; None for none.
        """
        other = None if baseline is None else self.per_class(baseline, protocol, measure)
        return class_bootstrap(self.per_class(method, protocol, measure), other)

    def ranked(self, protocol: str = "zero-shot") -> list[str]:
        """Return the methods that have a result under a protocol, best mAP first."""
        done = [name for name, row in self.rows.items() if protocol in row.get("protocols", {})]
        return sorted(done, key=lambda name: -self.per_class(name, protocol).mean())

    def best_of_paper(self, protocol: str = "zero-shot") -> str | None:
        """Return the best of the methods that the paper's tables name."""
        return next((name for name in self.ranked(protocol) if name in PAPER_RESULTS), None)

    def contradictions(self) -> list[tuple[str, str, Interval]]:
        """Return where the zero-shot order here is not the paper's, and the difference resolved.

        Returns
        -------
        list of (better, worse, difference)
            Names of two methods, the one that is better here first although the paper prints a
            lower mAP for it, and the paired difference; the largest difference first.
        """
        done = [name for name in self.ranked() if name in PAPER_RESULTS]
        printed = {name: PAPER_RESULTS[name]["zero-shot"][1] for name in done}
        found = [
            (better, worse, self.interval(better, baseline=worse))
            for place, better in enumerate(done)
            for worse in done[place + 1 :]
            if printed[better] < printed[worse]
        ]
        resolved = [row for row in found if row[2].low > 0]
        return sorted(resolved, key=lambda row: -row[2].estimate)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat row for each method, in the order of the paper's tables, then ours."""
        order = {name: place for place, name in enumerate(METHODS)}
        best = self.best_of_paper()
        records = []
        for name in sorted(self.rows, key=lambda name: order.get(name, len(order))):
            row = self.rows[name]
            record: dict[str, Any] = {"method": row["title"]}
            if "error" in row:
                records.append({**record, "error": row["error"]})
                continue
            for protocol, short in (("traditional", "trad"), ("zero-shot", "ZS")):
                if protocol in row["protocols"]:
                    measured = row["protocols"][protocol]
                    record[f"{short} P@{measured['k']}"] = self.interval(
                        name, protocol, "precision"
                    ).estimate
                    record[f"{short} mAP@{measured['k']}"] = self.interval(name, protocol)
                    printed = PAPER_RESULTS.get(name, {}).get(protocol)
                    record[f"paper {short}"] = printed
            if "zero-shot" in row["protocols"]:
                if best is not None and name != best:
                    record[f"minus {self.rows[best]['title']}"] = self.interval(name, baseline=best)
                fine = row["protocols"]["zero-shot"].get("fine_grained")
                if fine:
                    record["own in 5"] = fine["recall_in_class"]["5"]
                    record["shape rho"] = fine["shape_correlation"]
            if "generalised" in row["protocols"]:
                record["GZS H"] = float(np.mean(row["protocols"]["generalised"]["harmonic"]))
            record["fit s"] = row["seconds"]["fit"]
            records.append(record)
        return records

    def to_markdown(self) -> str:
        """Return the table in Markdown, with a line on how to read it."""
        records = self.records()
        columns = [key for key in dict.fromkeys(k for r in records for k in r) if key != "error"]
        lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
        for record in records:
            cells = [_cell(record.get(column), column) for column in columns]
            if "error" in record:
                cells[1] = f"failed: {record['error']}"
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n\n" + self.legend()

    def table(self) -> str:
        """Return the table for a terminal or a notebook."""
        lines = self.to_markdown().splitlines()
        end = lines.index("")
        cells = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in [lines[0], *lines[2:end]]
        ]
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        text = [
            "  ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in cells
        ]
        return "\n".join([text[0], "-" * len(text[0]), *text[1:], *lines[end:]])

    def legend(self) -> str:
        """Return what the figures are, in a few sentences."""
        settings, origin = self.settings, self.origin
        chosen = (
            f"chosen among {settings.budget} candidates on {settings.inner_splits} inner splits "
            "of the seen classes"
            if settings.budget > 1
            else "the defaults"
        )
        text = (
            f"{origin['dataset']}, {origin['backbone']}, split {origin['split']}. Means over "
            f"classes; [95% bootstrap interval over classes]; mAP@K is divided by K. Seeds: "
            f"{settings.seeds}. Settings: {chosen}. trad: seen classes, held-out objects. "
            "ZS: unseen classes. GZS H: harmonic mean of the mAP of seen and of unseen queries, in "
            "one gallery of both. own in 5: how often a sketch's own photo is among the first 5 of "
            "its class. shape rho: rank correlation with the true shape distance, within the class."
        )
        best = self.best_of_paper()
        if best is not None:
            text += (
                f" `minus {self.rows[best]['title']}`: the paired difference in zero-shot mAP to "
                "the best of the paper's methods here; * marks an interval that leaves out 0."
            )
        text += " Paper: P@200, mAP@200 as printed, on Sketchy with VGG-16."
        against = self.contradictions()
        if against:
            text += " Against the paper's order, and resolved: " + "; ".join(
                f"{self.rows[better]['title']} over {self.rows[worse]['title']}, by {difference}"
                for better, worse, difference in against
            ) + "."  # fmt: skip
        return text + "\n"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "format": _FORMAT,
            "origin": self.origin,
            "settings": {**asdict(self.settings), "protocols": list(self.settings.protocols)},
            "rows": self.rows,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Leaderboard:
        """Take back what `to_dict` returned.

        Raises
        ------
        ZsbirError
            If the values are something else.
        """
        if not isinstance(values, dict) or values.get("format") != _FORMAT:
            raise ZsbirError(f"these are not the values of a leaderboard (format {_FORMAT})")
        return cls(values["origin"], Settings(**values["settings"]), values["rows"])


def leaderboard(
    features: FeatureSet,
    methods: Sequence[str] | None = None,
    *,
    settings: Settings | None = None,
    shapes: np.ndarray | None = None,
    state: str | os.PathLike | None = None,
    workers: int | None = None,
    progress: bool | None = None,
) -> Leaderboard:
    """Run methods under the protocols, each with settings chosen on held-out seen classes.

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
        `zsbir_lib.fine_grained.fine_grained`.
    state
        A JSON file that holds the result after each method. If it is there already, the methods
        in it are not run again.
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
    """
    settings = settings or Settings()
    names = list(METHODS) if methods is None else list(dict.fromkeys(methods))
    for name in names:
        create_method(name)
    if "zero-shot" in settings.protocols and settings.k is not None:
        _check_depth(settings.k, features.task())
    board = Leaderboard(_origin(features, shapes), settings, {})
    if state is not None:
        board = _resume(Path(state), board)
    todo = [name for name in names if name not in board.rows]
    if workers is None:
        size = features.photos.nbytes + features.sketches.nbytes
        workers = os.cpu_count() or 1 if size < _SMALL else 1
    bar = progress_bar(
        show=progress, total=len(names), initial=len(names) - len(todo), desc="Methods"
    )
    with bar, _runs(todo, features, settings, shapes, min(workers, max(1, len(todo)))) as runs:
        for name, row in runs:
            board.rows[name] = row
            if state is not None:
                write_json(state, board.to_dict())
            bar.update()
            bar.set_postfix_str(name)
    return Leaderboard(board.origin, settings, {name: board.rows[name] for name in names})


def run_method(
    name: str, features: FeatureSet, settings: Settings, shapes: np.ndarray | None = None
) -> dict[str, Any]:
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
        As in `leaderboard`: outline distances of the gallery's photos, or None.

    Returns
    -------
    dict
        One row of a `Leaderboard`.
    """
    row: dict[str, Any] = {"title": METHODS[name].title, "parameters": {}, "choice": []}
    seconds = {"choose": 0.0, "fit": 0.0, "total": 0.0}
    begun = time.perf_counter()
    try:
        if settings.budget > 1 and METHODS[name].search_space:
            choice = choose(
                name, None, features, budget=settings.budget, inner_splits=settings.inner_splits,
                k=settings.k, progress=False,
            )  # fmt: skip
            row["parameters"] = choice.parameters
            row["choice"] = [[candidate, scores] for candidate, scores in choice.table]
            seconds["choose"] = time.perf_counter() - begun
        has_seed = "seed" in create_method(name).get_params()
        runs = [
            _run_once(name, row["parameters"] | ({"seed": seed} if has_seed else {}),
                      features, settings, shapes, seconds)
            for seed in range(settings.seeds if has_seed else 1)
        ]  # fmt: skip
    except DivergedError as error:
        row["error"] = str(error)
        return row
    row["protocols"] = {protocol: _stack([run[protocol] for run in runs]) for protocol in runs[0]}
    seconds["fit"] /= len(runs)
    seconds["total"] = time.perf_counter() - begun
    row["seconds"] = {key: round(value, 3) for key, value in seconds.items()}
    return row


def _run_once(
    name: str,
    parameters: dict[str, Any],
    features: FeatureSet,
    settings: Settings,
    shapes: np.ndarray | None,
    seconds: dict[str, float],
) -> dict[str, dict[str, Any]]:
    """Return the figures of one seed under each protocol."""
    found = {}
    if "zero-shot" in settings.protocols:
        task = features.task()
        start = time.perf_counter()
        method = create_method(name, **parameters).fit(features.pairs(), progress=False)
        seconds["fit"] += time.perf_counter() - start
        k = settings.k or default_depth(task)
        queries = method.encode_sketches(task.queries)
        report = evaluate(method, task, k, queries=queries)
        found["zero-shot"] = _figures(report)
        if (task.query_photo >= 0).any():
            fine = fine_grained(method, task, shapes, queries=queries).to_dict()
            del fine["per_class"]
            found["zero-shot"]["fine_grained"] = json.loads(json.dumps(fine))
    if {"traditional", "generalised"} & set(settings.protocols):
        split = hold_out_instances(features, settings.held_out)
        method = create_method(name, **parameters).fit(split.pairs, progress=False)
        if "traditional" in settings.protocols:
            k = settings.k or default_depth(split.traditional)
            report = evaluate(method, split.traditional, k, with_map_all=False)
            found["traditional"] = _figures(report)
        if "generalised" in settings.protocols:
            k = settings.k or default_depth(split.generalised)
            report = evaluate(method, split.generalised, k, with_map_all=False)
            found["generalised"] = _generalised(report, features)
    return found


def _figures(report: RetrievalReport) -> dict[str, Any]:
    """Return what a leaderboard keeps of a report."""
    return {
        "k": report.k,
        "n_queries": report.n_queries,
        "n_gallery": report.n_gallery,
        "classes": [row.label for row in report.per_class],
        "precision": [row.precision for row in report.per_class],
        "map": [row.mean_average_precision["k"] for row in report.per_class],
        "map_definitions": dict(report.macro.mean_average_precision),
        "map_all": report.macro.map_all,
    }


def _generalised(report: RetrievalReport, features: FeatureSet) -> dict[str, Any]:
    """Return the figures of seen and unseen queries apart, and their harmonic mean."""
    figures = _figures(report)
    figures["unseen"] = [label in features.split.unseen for label in figures["classes"]]
    unseen = np.array(figures["unseen"])
    scores = np.array(figures["map"])
    of_seen, of_unseen = float(scores[~unseen].mean()), float(scores[unseen].mean())
    total = of_seen + of_unseen
    figures["map_seen"], figures["map_unseen"] = of_seen, of_unseen
    figures["harmonic"] = 2 * of_seen * of_unseen / total if total else 0.0
    return figures


_PER_SEED = ("precision", "map", "map_definitions", "map_all", "map_seen", "map_unseen", "harmonic")


def _stack(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the figures of several seeds together: a list for what differs between them."""
    stacked = {
        key: [run[key] for run in runs] if key in _PER_SEED else value
        for key, value in runs[0].items()
        if key != "fine_grained"
    }
    fine = [run["fine_grained"] for run in runs if "fine_grained" in run]
    if fine:
        stacked["fine_grained"] = _average(fine)
    return stacked


def _average(values: list[Any]) -> Any:
    """Average numbers at the same place of nested dicts."""
    if isinstance(values[0], dict):
        return {key: _average([value[key] for value in values]) for key in values[0]}
    return None if values[0] is None else float(np.mean(values))


# ---------------------------------------------------------------------------------------------
# Keeping and going on
# ---------------------------------------------------------------------------------------------


def _origin(features: FeatureSet, shapes: np.ndarray | None) -> dict[str, Any]:
    digest = hashlib.sha256()
    for tensor in (features.photos, features.sketches, features.photo_labels):
        digest.update(tensor.contiguous().numpy().data)
    digest.update(json.dumps([features.split.seen, features.split.unseen]).encode())
    return {
        "dataset": features.dataset,
        "backbone": features.backbone,
        "weights_id": features.weights_id,
        "split": features.split.name,
        "seen_classes": len(features.split.seen),
        "unseen_classes": len(features.split.unseen),
        "digest": digest.hexdigest()[:16],
        "shapes": shapes is not None,
        "code": {name: method.version for name, method in METHODS.items()},
    }


def _resume(path: Path, new: Leaderboard) -> Leaderboard:
    """Return the leaderboard in a file, if it was begun in the same way."""
    if not path.exists():
        return new
    try:
        old = Leaderboard.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ZsbirError(f"cannot go on from {path}: {error}; give another file") from None
    changed = [
        f"{field.name} was {getattr(old.settings, field.name)} and is "
        f"{getattr(new.settings, field.name)}"
        for field in fields(Settings)
        if getattr(old.settings, field.name) != getattr(new.settings, field.name)
    ]
    changed += [
        f"{key} was {old.origin.get(key)} and is {value}"
        for key, value in new.origin.items()
        if old.origin.get(key) != value
    ]
    if changed:
        raise OptionsChangedError(
            f"{path} was begun otherwise: {'; '.join(changed)}. Use the same options to go on, or "
            "another file to begin anew"
        )
    return old


def _check_depth(k: int, task: RetrievalTask) -> None:
    if k > len(task.gallery):
        raise ZsbirError(f"k is {k}, but the gallery holds {len(task.gallery)} photos only")


# ---------------------------------------------------------------------------------------------
# Workers
# ---------------------------------------------------------------------------------------------

_shared: dict[str, Any] = {}  # what every run of a worker process needs


@contextmanager
def _runs(
    names: list[str],
    features: FeatureSet,
    settings: Settings,
    shapes: np.ndarray | None,
    workers: int,
) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
    """Run methods, in this process or in several; yields names and rows as they are done."""
    if workers <= 1:
        yield ((name, run_method(name, features, settings, shapes)) for name in names)
        return
    with tempfile.TemporaryDirectory(prefix="zsbir-") as folder:
        path = Path(folder) / "features.safetensors"
        features.save(path)
        threads = max(1, (os.cpu_count() or 1) // workers)
        pool = ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start_worker,
            initargs=(path, settings, shapes, threads),
        )
        try:
            jobs = {pool.submit(_work, name): name for name in names}
            yield ((jobs[job], job.result()) for job in as_completed(jobs))
        except BaseException:
            # On an interrupt, what is running now ends with its process.
            for process in list((getattr(pool, "_processes", None) or {}).values()):
                process.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _start_worker(path: Path, settings: Settings, shapes: np.ndarray | None, threads: int) -> None:
    torch.set_num_threads(threads)
    _shared.update(features=FeatureSet.load(path), settings=settings, shapes=shapes)


def _work(name: str) -> dict[str, Any]:
    return run_method(name, _shared["features"], _shared["settings"], _shared["shapes"])


def _cell(value: Any, column: str) -> str:
    """Return a figure as text."""
    if value is None:
        return "–"
    if isinstance(value, Interval):
        star = ""
        if column.startswith("minus") and not value.low <= 0 <= value.high:
            star = " *"
        return f"{value}{star}"
    if isinstance(value, tuple):
        return ", ".join(f"{v:.3f}" for v in value)
    if isinstance(value, float):
        return f"{value:.1f}" if column.endswith(" s") else f"{value:.3f}"
    return str(value)
