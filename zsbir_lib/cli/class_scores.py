"""What ``zsbir evaluate`` prints of a report: scores with intervals, and each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zsbir_lib.features import RetrievalTask
    from zsbir_lib.metrics import RetrievalReport


def summarise(report: RetrievalReport, task: RetrievalTask) -> tuple[list[dict[str, Any]], str]:
    """Return the scores with their intervals, as JSON values and as a table."""
    from zsbir_lib.metrics import DEFINITIONS
    from zsbir_lib.protocols import class_bootstrap

    rows = [(f"P@{report.k}", report.precision, [c.precision for c in report.per_class])]
    rows.append(
        (
            f"mAP@{report.k} ({DEFINITIONS['k']})",
            report.mean_average_precision["k"],
            [c.mean_average_precision["k"] for c in report.per_class],
        )
    )
    if report.map_all is not None:
        by_class = [c.map_all for c in report.per_class if c.map_all is not None]
        rows.append(("mAP@all", report.map_all, by_class))
    scores, lines = [], []
    width = max(len(name) for name, _, _ in rows)
    for name, mean, by_class in rows:
        # One class has no spread to estimate an interval from.
        interval = class_bootstrap(by_class) if len(by_class) > 1 else None
        scores.append(
            {
                "score": name,
                "mean_over_queries": mean,
                "mean_over_classes": sum(by_class) / len(by_class),
                "interval_95": [interval.low, interval.high] if interval else None,
            }
        )
        lines.append(f"{name:<{width}}  {mean:>12.3f}  {interval or 'one class only'}")
    heading = f"{'':<{width}}  over queries  over classes, with 95% interval"
    return scores, "\n".join([heading, *lines])


def class_rows(report: RetrievalReport, task: RetrievalTask) -> list[dict[str, Any]]:
    """Return the scores of each class as JSON values, under its name."""
    return [
        {
            "class": row.label if isinstance(row.label, str) else task.class_names[row.label],
            "queries": row.n_queries,
            "photos": row.n_photos,
            "P@K": row.precision,
            "mAP@K": row.mean_average_precision["k"],
            "mAP@all": row.map_all,
        }
        for row in report.per_class
    ]


def class_table(rows: list[dict[str, Any]], k: int) -> str:
    """Return the scores of each class as a table, best first."""
    width = max(len(row["class"]) for row in rows)
    lines = [f"{'':<{width}}  sketches  photos  {f'P@{k}':>7}  {f'mAP@{k}':>7}  mAP@all"]
    for row in sorted(rows, key=lambda row: -row["mAP@K"]):
        lines.append(
            f"{row['class']:<{width}}  {row['queries']:>8}  {row['photos']:>6}  "
            f"{row['P@K']:>7.3f}  {row['mAP@K']:>7.3f}  {row['mAP@all']:>7.3f}"
        )
    return "\n".join(lines)
