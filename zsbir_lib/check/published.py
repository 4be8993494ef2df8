"""A table as papers print them, made up, in which one row was counted otherwise than it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zsbir_lib.metrics import average_precision, precision_at_k

METHOD_NAMES = ("Harbour", "Lantern", "Mosaic", "Quill", "Thistle")
"""The methods of the table, which nobody has published."""
_K, _R, _QUERIES = 100, 300, 200


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes
    ----------
    name : str
        Of the method.
    precision, mean_average_precision : float
        Its scores, rounded as they are printed.
    """

    name: str
    precision: float
    mean_average_precision: float


@dataclass(frozen=True)
class Table:
    """The rows in their order, and the name of the one that is divided by the hits."""

    rows: tuple[Row, ...]
    flawed: str

    @property
    def text(self) -> str:
        """The table, with the caption that one row contradicts."""
        head = f"{'method':10}  {f'P@{_K}':>6}  {f'mAP@{_K}':>8}"
        lines = [f"{row.name:10}  {row.precision:6.3f}  {row.mean_average_precision:8.3f}"
                 for row in self.rows]  # fmt: skip
        caption = (
            f"Mean over {_QUERIES} sketches. mAP@{_K} is divided by K = {_K}.\n"
            f"Every class has R = {_R} photos in the gallery."
        )
        return "\n".join([head, "-" * len(head), *lines, "", caption])


def published_table(rng: np.random.Generator) -> Table:
    """Make up rankings of five methods, and score one of them by another count.

    The flawed row has neither the highest mAP nor the lowest P@K, so that no look at one column
    tells it.

    Parameters
    ----------
    rng
        From which all is drawn.
    """
    while True:
        levels = np.sort(rng.uniform(0.25, 0.65, 5)) + np.linspace(0, 0.2, 5)
        flawed = int(rng.integers(1, 4))
        scores = [_scores(level, "hits" if i == flawed else "k", rng)
                  for i, level in enumerate(levels)]  # fmt: skip
        precision, average = np.array(scores).T
        above = average - precision
        if above[flawed] >= 0.01 and average.argmax() != flawed != precision.argmin():
            break
    names = rng.permutation(METHOD_NAMES).tolist()
    rows = tuple(Row(names[i], *scores[i]) for i in rng.permutation(5).tolist())
    return Table(rows, names[flawed])


def _scores(level: float, definition: str, rng: np.random.Generator) -> tuple[float, float]:
    """Return P@K and mAP@K of a made-up method that is about as precise as `level`."""
    # Sketches differ in difficulty, and hits thin out down the list.
    chance = np.clip(rng.normal(level, 0.15, (_QUERIES, 1)), 0.05, 0.95)
    rel = rng.random((_QUERIES, _K)) < chance * np.linspace(1.15, 0.85, _K)
    return (
        round(float(precision_at_k(rel, _K).mean()), 3),
        round(float(average_precision(rel, _R, _K, definition).mean()), 3),
    )
