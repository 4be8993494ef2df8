"""The methods of a class side by side: scores with intervals over classes, best first."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from zsbir_lib.check.capstone_scores import BASELINES
from zsbir_lib.course.grading import Grade
from zsbir_lib.protocols import Interval, class_bootstrap
from zsbir_lib.reading import printable

_HEAD = [
    "asked by", "student", "classes", "score", "low", "high",
    *(head for name in BASELINES.values() for head in (f"above {name}", "low", "high")),
    "expected low", "expected high", "as expected",
]  # fmt: skip


def score_table(grades: Mapping[str, Grade]) -> str | None:
    """Return a table as CSV, or None where no method was scored.

    A row for each student, and one for each baseline, and again for drawings by people where these
    were asked for. Scores are means over classes; what stands above a baseline is a paired
    difference; all intervals are those of `zsbir_lib.protocols.class_bootstrap`.

    Parameters
    ----------
    grades
        By student.
    """
    figures = {student: _figures(grade) for student, grade in grades.items()}
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_HEAD)
    empty = True
    for what, asked_by in (("hidden", "sketches"), ("drawings", "drawings by people")):
        rounds = {student: found[what] for student, found in figures.items() if what in found}
        if not rounds:
            continue
        empty = False
        # The same for all, since all were asked the same.
        first = next(iter(rounds.values()))
        known = {f"({title})": {**first, "method": first[name]}
                 for name, title in BASELINES.items()} | rounds  # fmt: skip
        means = {name: class_bootstrap(scores["method"]) for name, scores in known.items()}
        for name in sorted(known, key=lambda one: -means[one].estimate):
            scores = known[name]
            gains = [class_bootstrap(scores["method"], scores[other]) for other in BASELINES]
            expected = figures.get(name, {}).get("expected") if what == "hidden" else None
            writer.writerow([
                asked_by, harmless(printable(name)), len(scores["method"]), *_numbers(means[name]),
                *(number for gain in gains for number in _numbers(gain)),
                *_expected(expected, means[name].estimate),
            ])  # fmt: skip
    return None if empty else stream.getvalue()


def _figures(grade: Grade) -> dict[str, Any]:
    return {name: value for mark in grade.marks for name, value in mark.figures.items()}


def _numbers(interval: Interval) -> list[str]:
    if not interval.defined:
        return [f"{interval.estimate:.4f}", "", ""]
    return [f"{value:.4f}" for value in (interval.estimate, interval.low, interval.high)]


def _expected(bounds: list[float] | None, score: float) -> list[str]:
    if bounds is None:
        return ["", "", ""]
    low, high = bounds
    return [f"{low:.4f}", f"{high:.4f}", "yes" if low <= score <= high else "no"]


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text
