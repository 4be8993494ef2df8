"""What every method reached: numbers, their intervals, and the file that holds them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from zsbir_lib.errors import UnknownNameError, ZsbirError, reason_of
from zsbir_lib.files import digest_of, write_json
from zsbir_lib.leaderboard.encoding import decode, encode
from zsbir_lib.leaderboard.settings import Settings
from zsbir_lib.paper import PAPER_RESULTS
from zsbir_lib.protocols import PROTOCOLS, Candidate, Interval, class_bootstrap
from zsbir_lib.protocols.places import DEPTHS

_FORMAT = "zsbir-leaderboard-1"
_MEASURES = ("map", "precision")


@dataclass(frozen=True)
class Origin:
    """What results were computed from.

    Attributes
    ----------
    dataset, backbone, weights_id, split
        Names, and the identity of the backbone's weights.
    seen_classes, unseen_classes
        Numbers of classes.
    digest
        Of the features, by content: labels, pairs and split included.
    shapes
        Digest of the true shape distances; None where there were none.
    code
        What earlier versions wrote about the code they ran; now empty.
    """

    dataset: str
    backbone: str
    weights_id: str
    split: str
    seen_classes: int
    unseen_classes: int
    digest: str
    shapes: Any = None
    code: str = ""


@dataclass(frozen=True)
class ObjectScores:
    """Figures on single photos, means over seeds; see `zsbir_lib.protocols.FineGrained`.

    Attributes
    ----------
    n_queries
        Sketches whose own photo is in the gallery.
    recall, recall_in_class, chance_in_class
        By depth K, written as text: in the whole gallery, among the photos of the sketch's class,
        and what the latter would be by chance.
    shape_correlation
        Rank correlation with the true shape distances; None where there are none.
    """

    n_queries: float
    recall: dict[str, float]
    recall_in_class: dict[str, float]
    chance_in_class: dict[str, float]
    shape_correlation: float | None = None

    def __post_init__(self) -> None:
        for name in ("recall", "recall_in_class", "chance_in_class"):
            if set(getattr(self, name)) != set(map(str, DEPTHS)):
                raise ZsbirError(f"{name} is not at depths {', '.join(map(str, DEPTHS))}")


@dataclass(frozen=True)
class Scores:
    """What a method reached under one protocol.

    Attributes
    ----------
    k
        Depth of the measures.
    n_queries, n_gallery
        Number of sketches and of photos.
    classes
        The classes of the queries.
    precision, map
        P@K, and mAP@K divided by K: for each seed, one figure for each class.
    map_definitions
        For each seed, the mean over classes by each of `zsbir_lib.metrics.DEFINITIONS`.
    map_all
        For each seed, the mean over classes for the whole gallery; None where it was not measured.
    unseen
        Generalised protocol: whether each class is an unseen one.
    map_seen, map_unseen, harmonic
        Generalised protocol, for each seed: mAP@K of seen and of unseen queries, and the harmonic
        mean of the two.
    fine_grained
        Figures on single photos, where the queries have theirs in the gallery.
    """

    k: int
    n_queries: int
    n_gallery: int
    classes: tuple[str, ...]
    precision: tuple[tuple[float, ...], ...]
    map: tuple[tuple[float, ...], ...]
    map_definitions: tuple[dict[str, float], ...]
    map_all: tuple[float | None, ...]
    unseen: tuple[bool, ...] = ()
    map_seen: tuple[float, ...] = ()
    map_unseen: tuple[float, ...] = ()
    harmonic: tuple[float, ...] = ()
    fine_grained: ObjectScores | None = None

    def __post_init__(self) -> None:
        seeds, n = len(self.map), len(self.classes)
        if not seeds or not n or self.k < 1:
            raise ZsbirError("no seeds, no classes, or a depth below 1")
        for name in (*_MEASURES, "map_definitions", "map_all"):
            if len(getattr(self, name)) != seeds:
                raise ZsbirError(f"{name} is not of {seeds} seeds, as map is")
        for name in _MEASURES:
            if any(len(values) != n for values in getattr(self, name)):
                raise ZsbirError(f"{name} is not of {n} classes")
        for name, length in (("unseen", n), ("harmonic", seeds)):
            if len(getattr(self, name)) not in (0, length):
                raise ZsbirError(f"{name} holds {len(getattr(self, name))} values, not {length}")


@dataclass(frozen=True)
class Row:
    """What one method reached.

    Attributes
    ----------
    title
        What the method is called in tables.
    parameters
        Its hyper-parameters, as they were chosen.
    choice
        What each candidate reached on held-out seen classes, at depth ``choice_k``.
    protocols
        Figures by protocol; empty if the method failed.
    seconds
        Time of ``"choose"``, of one ``"fit"``, and in ``"total"``.
    error
        Why the method failed; None if it did not.
    method_id
        Of the method's version and search space.
    """

    title: str
    parameters: dict[str, Any] = field(default_factory=dict)
    choice: tuple[Candidate, ...] = ()
    choice_k: int | None = None
    protocols: dict[str, Scores] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    error: str | None = None
    method_id: str = ""

    def __post_init__(self) -> None:
        if unknown := set(self.protocols) - set(PROTOCOLS):
            raise ZsbirError(f"unknown protocol {unknown.pop()!r}")
        if not self.protocols and self.error is None:
            raise ZsbirError("neither figures nor an error")


@dataclass(frozen=True, eq=False)
class Leaderboard:
    """What every method reached.

    Attributes
    ----------
    origin
        What it was computed from.
    settings
        What the methods were run with.
    rows
        For each method, by name, what it reached.

    Raises
    ------
    ZsbirError
        If rows were not measured on the same classes.
    """

    origin: Origin
    settings: Settings
    rows: dict[str, Row]

    def __post_init__(self) -> None:
        for protocol in PROTOCOLS:
            found = {row.protocols[protocol].classes for row in self.rows.values()
                     if protocol in row.protocols}  # fmt: skip
            if len(found) > 1:
                raise ZsbirError(f"rows are of different classes under {protocol}")

    def scores(self, method: str, protocol: str = "zero-shot") -> Scores:
        """Return what a method reached under a protocol.

        Raises
        ------
        UnknownNameError
            If there is no such row, or it has no such result; the message says why.
        """
        row = self.rows.get(method)
        if row is None or protocol not in row.protocols:
            reason = "was not run" if row is None else row.error or "has no result"
            raise UnknownNameError(f"{method!r} {reason} under {protocol!r}")
        return row.protocols[protocol]

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
        if measure not in _MEASURES:
            raise UnknownNameError(f"unknown measure {measure!r}: use {' or '.join(_MEASURES)}")
        return np.mean(getattr(self.scores(method, protocol), measure), axis=0)

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
            One of `zsbir_lib.protocols.PROTOCOLS`.
        measure
            ``"map"``, mAP@K divided by K, or ``"precision"``.
        baseline
            Name of another method, to which the difference is taken; None for none.
        """
        other = None if baseline is None else self.per_class(baseline, protocol, measure)
        return class_bootstrap(self.per_class(method, protocol, measure), other)

    def ranked(self, protocol: str = "zero-shot") -> list[str]:
        """Return the methods that have a result under a protocol, best mAP first."""
        done = [name for name, row in self.rows.items() if protocol in row.protocols]
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

    def table(self, width: int = 100) -> str:
        """Return the table as text; see `zsbir_lib.leaderboard.report.table`."""
        from zsbir_lib.leaderboard.report import table

        return table(self, width)

    def to_markdown(self) -> str:
        """Return the table in Markdown; see `zsbir_lib.leaderboard.report.markdown`."""
        from zsbir_lib.leaderboard.report import markdown

        return markdown(self)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values, with a checksum."""
        values = {"format": _FORMAT, **encode(self)}
        return {**values, "checksum": digest_of(values)[:16]}

    @classmethod
    def from_dict(cls, values: Any) -> Leaderboard:
        """Take back what `to_dict` returned.

        Raises
        ------
        ZsbirError
            If the values are something else, or have been altered; the message says where.
        """
        if not isinstance(values, Mapping) or values.get("format") != _FORMAT:
            raise ZsbirError(f"these are not the values of a leaderboard (format {_FORMAT})")
        checksum = values.get("checksum")  # older files have none
        rest = {name: value for name, value in values.items() if name != "checksum"}
        if "checksum" in values and checksum != digest_of(rest)[:16]:
            raise ZsbirError("the values of this leaderboard have been altered (checksum)")
        del rest["format"]
        return decode(cls, rest)

    def save(self, path: str | os.PathLike) -> None:
        """Write everything to a JSON file, whole or not at all."""
        write_json(path, self.to_dict())

    @classmethod
    def load(cls, path: str | os.PathLike) -> Leaderboard:
        """Read what `save` wrote.

        Raises
        ------
        ZsbirError
            If the file is missing, damaged, or holds something else.
        """
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
            return cls.from_dict(values)
        except (OSError, ValueError, RecursionError) as error:
            raise ZsbirError(f"cannot read the leaderboard {path}: {reason_of(error)}") from None
