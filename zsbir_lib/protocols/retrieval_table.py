"""What a ranking scores, in every convention, as one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zsbir_lib.field import EVALUATORS
from zsbir_lib.metrics.conventions import printed_with


@dataclass(frozen=True, eq=False)
class RetrievalTable:
    """Every metric of a ranking, in every convention.

    Attributes
    ----------
    per_query : dict of str to ndarray of float64, shape (queries,)
        Each metric by its name: ``"P@K"``, ``"hit@K"``, ``"recall@K"`` and each ``"mAP@K (...)"``
        for each K, ``"R-precision"``, ``"MAP@R"`` and, of complete rankings, ``"mAP@all"``.
    classes : tuple of str
        All classes.
    query_classes : ndarray of int64, shape (queries,)
        Class of each query: an index into `classes`.
    n_gallery : int
        Number of photos.
    n_without_match : int
        Queries whose class has no photo in the gallery. They count, with every score 0.
    distance : str
        By what the gallery was ranked.
    k : int
        The K of `by_evaluator`, the largest that was measured.
    by_evaluator : dict of str to dict of str to float
        What each evaluator of the field prints of this ranking, as
        `zsbir_lib.metrics.conventions.field_figures` returns it; empty where queries were left out
        of their gallery, as none of them does.
    gallery_classes : tuple of str
        The classes that have a photo.
    """

    per_query: dict[str, np.ndarray]
    classes: tuple[str, ...]
    query_classes: np.ndarray
    n_gallery: int
    n_without_match: int
    distance: str
    k: int
    by_evaluator: dict[str, dict[str, float]]
    gallery_classes: tuple[str, ...]

    def over_queries(self) -> dict[str, float]:
        """Return the mean of each metric over queries, so that a class counts by its size."""
        return {name: float(values.mean()) for name, values in self.per_query.items()}

    def per_class(self) -> dict[str, dict[str, float]]:
        """Return the mean of each metric over the queries of each class."""
        count = np.bincount(self.query_classes, minlength=len(self.classes))
        rows: dict[str, dict[str, float]] = {self.classes[i]: {} for i in np.flatnonzero(count)}
        for name, values in self.per_query.items():
            sums = np.bincount(self.query_classes, weights=values, minlength=len(count))
            for i in np.flatnonzero(count):
                rows[self.classes[i]][name] = float(sums[i] / count[i])
        return rows

    def over_classes(self) -> dict[str, float]:
        """Return the mean of each metric over classes, each being the mean of its queries."""
        rows = self.per_class().values()
        return {name: float(np.mean([row[name] for row in rows])) for name in self.per_query}

    def to_dict(self) -> dict[str, Any]:
        """Return everything but single queries as values that JSON can hold."""
        return {
            "queries": len(self.query_classes),
            "gallery": self.n_gallery,
            "queries without a match": self.n_without_match,
            "distance": self.distance,
            "mean over queries": self.over_queries(),
            "mean over classes": self.over_classes(),
            "by evaluator": self.by_evaluator,
            "per class": self.per_class(),
        }

    def __str__(self) -> str:
        """Return the means as one table, and what the field's evaluators print as another."""
        queries, classes = self.over_queries(), self.over_classes()
        width = max(map(len, queries))
        lines = [
            f"{len(self.query_classes):,} queries, {self.n_gallery:,} photos, {self.distance}",
            "",
            f"{'':{width}}  over queries  over classes",
        ]
        if self.n_without_match:
            lines[0] += (
                f"; {self.n_without_match:,} queries have no photo of their class (scored 0)"
            )
        lines += [
            f"{name:{width}}  {queries[name]:12.4f}  {classes[name]:12.4f}" for name in queries
        ]
        return "\n".join([*lines, *self._field_lines()])

    def _field_lines(self) -> list[str]:
        """Return what the field's evaluators print, and which tables print their figures."""
        if not self.by_evaluator:
            return []
        figures = (f"mAP@{self.k}", f"P@{self.k}", "mAP@all")
        width = max(map(len, self.by_evaluator))
        lines = [
            "",
            "This one ranking by the evaluators of the field, as their public code has them:",
        ]
        lines.append(f"{'':{width}}  " + "  ".join(f"{name:>8}" for name in figures))
        for name, row in self.by_evaluator.items():
            values = [f"{row[figure]:8.4f}" if figure in row else f"{'-':>8}" for figure in figures]
            lines.append(f"{name:{width}}  " + "  ".join(values))
        lines += ["", "Tables that we read, by what the code of a row's system computes:"]
        for key, wording in EVALUATORS.items():
            rows = [
                f"{system} ({', '.join(tables)})"
                for system, tables in printed_with(key).items()
                if tables
            ]
            lines.append(f"  {wording}: " + ("; ".join(rows) or "none"))
        return lines

    def class_table(self) -> str:
        """Return the first precision, and mAP over all where it is known, of each class."""
        names = [next(iter(self.per_query)), *(n for n in self.per_query if n == "mAP@all")]
        width = max(map(len, self.classes))
        lines = [f"{'':{width}}  " + "  ".join(f"{name:>7}" for name in names)]
        for label, row in self.per_class().items():
            lines.append(f"{label:{width}}  " + "  ".join(f"{row[name]:7.4f}" for name in names))
        return "\n".join(lines)
