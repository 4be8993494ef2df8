"""A leaderboard as text: a table for a terminal, a table in Markdown, and how to read them."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np

from zsbir_lib.leaderboard.results import Leaderboard
from zsbir_lib.methods import METHODS
from zsbir_lib.paper import PAPER_RESULTS
from zsbir_lib.protocols import Interval
from zsbir_lib.reading import printable

_SHORT = {"traditional": "trad", "zero-shot": "ZS"}


def records(board: Leaderboard) -> list[dict[str, Any]]:
    """Return one flat row for each method, in the order of the paper's tables, then ours.

    Returns
    -------
    list of dict
        Figures by column; a method that failed has an ``"error"`` in their place.
    """
    order = {name: place for place, name in enumerate(METHODS)}
    best = board.best_of_paper()
    found = []
    for name in sorted(board.rows, key=lambda name: order.get(name, len(order))):
        row = board.rows[name]
        record: dict[str, Any] = {"method": row.title}
        if row.error is not None:
            found.append({**record, "error": row.error})
            continue
        for protocol, short in _SHORT.items():
            if protocol in row.protocols:
                k = row.protocols[protocol].k
                record[f"{short} P@{k}"] = board.interval(name, protocol, "precision").estimate
                record[f"{short} mAP@{k}"] = board.interval(name, protocol)
                record[f"paper {short}"] = PAPER_RESULTS.get(name, {}).get(protocol)
        if "zero-shot" in row.protocols:
            if best is not None and name != best:
                record[f"minus {board.rows[best].title}"] = board.interval(name, baseline=best)
            if fine := row.protocols["zero-shot"].fine_grained:
                record["own in 5"] = fine.recall_in_class["5"]
                record["shape rho"] = fine.shape_correlation
        if "generalised" in row.protocols and row.protocols["generalised"].harmonic:
            record["GZS H"] = float(np.mean(row.protocols["generalised"].harmonic))
        record["fit s"] = row.seconds.get("fit")
        found.append(record)
    return found


def markdown(board: Leaderboard) -> str:
    """Return the table in Markdown, with a paragraph on how to read it."""
    rows = records(board)
    columns = _columns(rows)
    lines = [_line(columns), "|" + "---|" * len(columns)]
    for record in rows:
        cells = [_cell(record.get(column), column) for column in columns]
        if "error" in record:
            cells[1:2] = [f"failed: {record['error']}"]
        lines.append(_line(cells))
    return "\n".join(lines) + "\n\n" + legend(board) + "\n"


def table(board: Leaderboard, width: int = 100) -> str:
    """Return the table for a terminal or a notebook.

    Columns that do not fit beside each other stand below, in further blocks. Methods that failed
    are listed after the table, with the reason.

    Parameters
    ----------
    board
        What to show.
    width
        Characters in a line.
    """
    rows = records(board)
    done = [record for record in rows if "error" not in record]
    method, *columns = _columns(done) or ["method"]
    cells = {
        column: [printable(column), *(_cell(record.get(column), column) for record in done)]
        for column in (method, *columns)
    }
    widths = {column: max(map(len, of_column)) for column, of_column in cells.items()}
    blocks: list[list[str]] = [[]]
    for column in columns:
        taken = widths[method] + sum(2 + widths[other] for other in (*blocks[-1], column))
        if blocks[-1] and taken > width:
            blocks.append([])
        blocks[-1].append(column)
    text = []
    for block in blocks if done else ():
        lines = [
            "  ".join([cells[method][i].ljust(widths[method]),
                       *(cells[column][i].rjust(widths[column]) for column in block)]).rstrip()
            for i in range(len(done) + 1)
        ]  # fmt: skip
        text += [lines[0], "-" * max(map(len, lines)), *lines[1:], ""]
    for record in rows:
        if "error" in record:
            failed = f"{record['method']} failed: {record['error']}"
            text += [*textwrap.wrap(printable(failed), width, subsequent_indent="  "), ""]
    return "\n".join([*text, textwrap.fill(legend(board), width)])


def legend(board: Leaderboard) -> str:
    """Return what the figures are, in a few sentences."""
    settings, about = board.settings, board.origin
    chosen = "the defaults"
    if settings.budget > 1:
        depths = sorted({row.choice_k for row in board.rows.values() if row.choice_k is not None})
        chosen = (
            f"chosen among {settings.budget} candidates on {settings.inner_splits} inner splits "
            "of the seen classes"
        )
        if depths:
            chosen += f", by mAP@{' and '.join(map(str, depths))}"
    intervals = "[95% bootstrap interval over classes]"
    if about.unseen_classes == 1:
        intervals += ", undefined for one class"
    text = (
        f"{about.dataset}, {about.backbone}, split {about.split}. Means over "
        f"classes; {intervals}; mAP@K is divided by K. Seeds: "
        f"{settings.seeds}. Settings: {chosen}. trad: seen classes, held-out objects. "
        "ZS: unseen classes. GZS H: harmonic mean of the mAP of seen and of unseen queries, in "
        "one gallery of both. own in 5: how often a sketch's own photo is among the first 5 of "
        "its class. shape rho: rank correlation with the true shape distance, within the class."
    )
    best = board.best_of_paper()
    if best is not None:
        text += (
            f" `minus {board.rows[best].title}`: the paired difference in zero-shot mAP to "
            "the best of the paper's methods here; * marks an interval that leaves out 0."
        )
    text += " Paper: P@200, mAP@200 as printed, on Sketchy with VGG-16."
    if against := board.contradictions():
        text += " Against the paper's order, and resolved: " + "; ".join(
            f"{board.rows[better].title} over {board.rows[worse].title}, by {difference}"
            for better, worse, difference in against
        ) + "."  # fmt: skip
    return printable(text)


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    """Return the columns in order: each where the fullest row has it."""
    found = dict.fromkeys(key for row in sorted(rows, key=len, reverse=True) for key in row)
    return [key for key in found if key != "error"]


def _line(cells: list[str]) -> str:
    # A cell is one line, whatever a message holds.
    texts = [printable(" ".join(cell.split())).replace("|", r"\|") for cell in cells]
    return "| " + " | ".join(texts) + " |"


def _cell(value: Any, column: str) -> str:
    """Return a figure as text."""
    if value is None:
        return "-"
    if isinstance(value, Interval):
        return f"{value}{' *' if column.startswith('minus') and value.resolved else ''}"
    if isinstance(value, tuple):
        return ", ".join(f"{v:.3f}" for v in value)
    if isinstance(value, float):
        return f"{value:.1f}" if column.endswith(" s") else f"{value:.3f}"
    return printable(str(value))
