"""One's own figures beside those of others, where both are of one kind; else a refusal.

Two figures are comparable if they are of the same classes, the same sketches and photos, the same
K, and divided by the same. A figure in print is set beside what the evaluator of its system prints
of one's own ranking.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbir_lib.datasets.splits import match_class_names, unseen_classes
from zsbir_lib.errors import UnknownNameError, ZsbirError, argument
from zsbir_lib.field import EVALUATORS, FIELD, LISTED_TWICE, PRINTED, SKETCHY_TEST, Printed
from zsbir_lib.metrics.conventions import FIELD_EVALUATORS
from zsbir_lib.protocols.retrieval_table import RetrievalTable
from zsbir_lib.reading import check_file, printable

_K = {21: 200, 25: 100}  # of the columns in print, by the number of unseen classes


@dataclass(frozen=True)
class Comparison:
    """Figures of one kind, side by side.

    Attributes
    ----------
    with_what : str
        The system, or the file of an earlier run.
    rows : tuple of (str, float, float, str)
        Name of the figure, one's own, the other one, and where that one is from.
    left_out : tuple of str
        Why some figures in print are not compared.
    """

    with_what: str
    rows: tuple[tuple[str, float, float, str], ...]
    left_out: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as values that JSON can hold."""
        keys = ("figure", "this", "other", "from")
        return {
            "with": self.with_what,
            "figures": [dict(zip(keys, row, strict=True)) for row in self.rows],
            "left out": list(self.left_out),
        }

    def __str__(self) -> str:
        """Return a table."""
        width = max(len(row[0]) for row in self.rows)
        lines = [f"beside {self.with_what}:", f"{'':{width}}      this    other"]
        lines += [f"{name:{width}}  {own:8.4f} {other:8.4f}  {where}"
                  for name, own, other, where in self.rows]  # fmt: skip
        return "\n".join([*lines, *self.left_out])


def compare(table: RetrievalTable, other: str) -> Comparison:
    """Set what was measured beside a published system, or beside an earlier run.

    Parameters
    ----------
    table
        What was measured here.
    other
        The name of a system of `zsbir_lib.field.FIELD`, or a file that ``zsbir evaluate --json``
        wrote of embeddings.

    Raises
    ------
    ZsbirError
        If the comparison does not hold: other classes, another gallery, another K, or figures that
        are divided by something else.
    """
    if other in {system.name for system in FIELD}:
        return _with_print(table, other)
    if Path(other).suffix == ".json" or Path(other).exists():
        return _with_run(table, Path(other))
    names = ", ".join(one.name for one in FIELD_EVALUATORS)
    raise UnknownNameError(
        f"{printable(other)!r} is neither a published system nor a file of an earlier run: give "
        f"one of {names}, or a file that `zsbir evaluate --json` wrote"
    )


def _with_print(table: RetrievalTable, name: str) -> Comparison:
    rows = [row for row in PRINTED if row.system == name]
    if not rows:
        raise ZsbirError(f"no row of {name} was read in a published table, so there is no figure")
    (system,) = (one for one in FIELD if one.name == name)
    evaluator = next((one for one in FIELD_EVALUATORS if one.name == name), None)
    if evaluator is None or not system.evaluator:
        why = EVALUATORS[system.evaluator] if evaluator is None else (
            "its public code computes mAP in a bag of random photos, which is not what is printed"
        )  # fmt: skip
        raise ZsbirError(
            f"{name} cannot be compared with: {why}, and no rule here is known to make its figures"
        )
    if not table.by_evaluator:
        raise ZsbirError(
            f"with {argument('exclude_same_id', True)} nothing compares with print: no published "
            "evaluator leaves the query out of its gallery"
        )
    unseen = _split(table, name, {row.unseen for row in rows})
    _check_sizes(table, name, unseen)
    if table.k != _K[unseen]:
        raise ZsbirError(
            f"other K: figures in print on these {unseen} classes are at {_K[unseen]}, these at "
            f"{table.k}: give {argument('k', _K[unseen])}"
        )
    own = table.by_evaluator[name]
    average = f"mAP@{table.k}" if unseen == 21 and f"mAP@{table.k}" in own else "mAP@all"
    found, left_out = [], []
    for row in (row for row in rows if row.unseen == unseen):
        for figure, printed in _printed(row, average, f"P@{table.k}"):
            if figure in own:
                found.append((figure, own[figure], printed, f"as the table of {row.table} has it"))
            else:
                left_out.append(f"{figure} {printed:.3f} is in print, but {name}'s code has none")
    if not found:
        raise ZsbirError(f"{name}'s evaluator prints none of the figures in its tables")
    return Comparison(name, tuple(found), tuple(dict.fromkeys(left_out)))


def _printed(row: Printed, average: str, precision: str) -> list[tuple[str, float]]:
    given = ((average, row.average), (precision, row.precision))
    return [(figure, value) for figure, value in given if value is not None]


def _split(table: RetrievalTable, name: str, sizes: set[int]) -> int:
    """Return how many classes are held out: those of a split that a figure in print is of."""
    queried = sorted(table.per_class())
    for unseen in sorted(sizes):
        wanted = unseen_classes(f"sketchy{unseen}")[1]
        found, missing = match_class_names(wanted, queried)
        if missing or len(found) != len(queried):
            continue
        seen = sorted(set(table.gallery_classes) - set(queried))
        if seen:
            raise ZsbirError(
                f"other gallery: it holds {len(seen)} classes beside the {unseen} unseen ones "
                f"({printable(seen[0])}, ...): that is generalised retrieval, not what {name}'s "
                "row is of"
            )
        return unseen
    kinds = " or ".join(f"sketchy{unseen}" for unseen in sorted(sizes))
    raise ZsbirError(
        f"other split: {name}'s figures are of the unseen classes of {kinds}, by their names; "
        f"these queries are of {len(queried)} classes ({printable(queried[0])}, ...)"
    )


def _check_sizes(table: RetrievalTable, name: str, unseen: int) -> None:
    n_sketches, once, twice = SKETCHY_TEST[unseen]
    n_photos = twice if name in LISTED_TWICE else once
    found = (len(table.query_classes), table.n_gallery)
    if found != (n_sketches, n_photos):
        note = ", those that were drawn listed twice" if name in LISTED_TWICE else ""
        raise ZsbirError(
            f"other gallery: {name}'s figures are of {n_sketches:,} sketches and {n_photos:,} "
            f"photos{note}; these are of {found[0]:,} and {found[1]:,}, and a smaller gallery "
            "raises every figure"
        )


def _with_run(table: RetrievalTable, path: Path) -> Comparison:
    check_file(path, f"the file {path}")
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
        sizes = {"queries": run["queries"], "gallery": run["gallery"]}
        means, classes = dict(run["mean over queries"]), set(run["per class"])
        means = {str(name): float(value) for name, value in means.items()}
    except (ValueError, KeyError, TypeError):
        raise ZsbirError(
            f"{path} is not what `zsbir evaluate --json` writes of embeddings"
        ) from None
    own = table.to_dict()
    if classes != set(own["per class"]):
        raise ZsbirError(
            f"other split: {path} is of {len(classes)} classes, not these {len(own['per class'])}"
        )
    for what, number in sizes.items():
        if number != own[what]:
            raise ZsbirError(f"other {what}: {path} has {number}, these are {own[what]}")
    mine = own["mean over queries"]
    rows = tuple((name, mine[name], means[name], str(path)) for name in mine if name in means)
    if not rows:
        raise ZsbirError(
            f"other K, or divided by something else: no figure of {path} is measured here"
        )
    return Comparison(str(path), rows)
