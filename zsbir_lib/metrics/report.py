"""The scores of one ranking: of every query, of every class, and their means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zsbir_lib.metrics.average_precision import DEFINITIONS


@dataclass(frozen=True)
class ClassScores:
    """The scores of one class, or a mean of classes.

    Attributes
    ----------
    label : int or str
        The class.
    n_queries, n_photos : int
        Its sketches, and its photos in the gallery.
    precision : float
        Mean precision@K of its sketches.
    mean_average_precision : dict of str to float
        Mean average precision at K of its sketches by each of `DEFINITIONS`.
    map_all : float or None
        Mean average precision over the whole gallery.
    """

    label: int | str
    n_queries: int
    n_photos: int
    precision: float
    mean_average_precision: dict[str, float]
    map_all: float | None


@dataclass(frozen=True, eq=False)
class RetrievalReport:
    """Every score of one ranking.

    Means are over queries, as in the paper, so that a class counts by its number of sketches; the
    means over classes are in `macro`.

    Attributes
    ----------
    k : int
        How many photos were looked at for each query.
    n_queries, n_gallery : int
        Number of sketches and of photos.
    n_without_match : int
        Queries whose class has no photo in the gallery. They count, with every score 0.
    precision : float
        Mean precision@K.
    mean_average_precision : dict of str to float
        mAP@K by each of `DEFINITIONS`.
    map_all : float or None
        Mean average precision over the whole gallery; ``None`` where it was not asked for.
    macro : ClassScores
        The mean over classes of every score.
    per_class : tuple of ClassScores
        One for each class that has a query, in the order of their labels.
    per_query : dict of str to ndarray of float64, shape (n_queries,)
        ``"precision"``, ``"k"``, ``"min"``, ``"hits"``, ``"relevant"`` and, where it was asked
        for, ``"all"``.
    """

    k: int
    n_queries: int
    n_gallery: int
    n_without_match: int
    precision: float
    mean_average_precision: dict[str, float]
    map_all: float | None
    macro: ClassScores
    per_class: tuple[ClassScores, ...]
    per_query: dict[str, np.ndarray] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the report, without the scores of single queries, as values JSON can hold."""

        def scores(of: RetrievalReport | ClassScores) -> dict[str, Any]:
            row: dict[str, Any] = {f"P@{self.k}": of.precision}
            for name, wording in DEFINITIONS.items():
                row[f"mAP@{self.k} ({wording})"] = of.mean_average_precision[name]
            if of.map_all is not None:
                row["mAP@all"] = of.map_all
            return row

        return {
            "k": self.k,
            "queries": self.n_queries,
            "gallery": self.n_gallery,
            "queries without a match": self.n_without_match,
            "mean over queries": scores(self),
            "mean over classes": scores(self.macro),
            "per class": [
                {
                    "class": row.label,
                    "queries": row.n_queries,
                    "photos": row.n_photos,
                    **scores(row),
                }
                for row in self.per_class
            ],
        }

    def __str__(self) -> str:
        """Return a table of the means, then one of the classes."""
        lines = [f"{self.n_queries} queries, {self.n_gallery} photos"]
        if self.n_without_match:
            lines[0] += (
                f"; {self.n_without_match} of them without a photo of their class (scored 0)"
            )
        report = self.to_dict()
        rows, macro = report["mean over queries"], report["mean over classes"]
        width = max(len(name) for name in rows)
        lines += ["", f"{'':{width}}  over queries  over classes"]
        for name, value in rows.items():
            lines.append(f"{name:{width}}  {value:12.4f}  {macro[name]:12.4f}")
        heads = [f"P@{self.k}", f"mAP@{self.k}"] + ["mAP@all"] * (self.map_all is not None)
        width = max(len("class"), *(len(str(row.label)) for row in self.per_class))
        lines += [
            "",
            f"per class, mAP@{self.k} {DEFINITIONS['k']}:",
            f"{'class':{width}}  queries  photos  " + "  ".join(f"{head:>8}" for head in heads),
        ]
        for row in self.per_class:
            values = [row.precision, row.mean_average_precision["k"]]
            values += [] if row.map_all is None else [row.map_all]
            lines.append(
                f"{row.label!s:{width}}  {row.n_queries:7d}  {row.n_photos:6d}  "
                + "  ".join(f"{value:8.4f}" for value in values)
            )
        return "\n".join(lines)
