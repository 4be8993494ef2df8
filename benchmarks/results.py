"""The record of `make bench`, and the two pages made of it: RESULTS.md, and the goals in README.md.

The record, ``results.json``, has a column for each machine or card: what it is, and the figures of
each script with what they depend on.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from measures import BENCHMARKS, LEFT_OUT, Benchmark, Row
from record import write_record

from zsbir_lib.files import write_text

FOLDER = Path(__file__).resolve().parent
MARKS = "<!-- goals: written by `make bench` -->", "<!-- goals: until here -->"


def read_results(folder: Path) -> dict[str, Any]:
    """Return the record of a folder, an empty one if there is none."""
    path = folder / "results.json"
    if not path.exists():
        return {"made by": "benchmarks/bench.py", "main": None, "machines": {}, "runs": {}}
    return json.loads(path.read_text(encoding="utf-8"))


def write_results(folder: Path, record: Mapping[str, Any]) -> None:
    """Write the record and the page, each whole or not at all."""
    write_record(folder / "results.json", dict(record))
    write_text(folder / "RESULTS.md", results_page(record))


def figures(benchmark: Benchmark, found: Any) -> dict[str, float]:
    """Return what a script has measured, by the keys of its rows."""
    values = {}
    for row in benchmark.rows:
        try:
            value = row.find(found)
        except (KeyError, IndexError, StopIteration, ValueError):
            continue
        if value is not None and math.isfinite(value):
            values[row.key] = float(f"{value:.4g}")
    return values


def shown(value: float, unit: str) -> str:
    """Return a figure with three digits."""
    if value and abs(value) < 0.001:
        text = f"{value:.1e}"
    else:
        text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{text} {unit}" if unit else text


def _cell(row: Row, run: Mapping[str, Any] | None, card: bool) -> tuple[str, str]:
    """Return the figure of a row, or why there is none; and whether its goal is reached."""
    if run is None:
        return "not measured", ""
    value, goal = run["values"].get(row.key), row.aim(card)
    if value is None:
        return run["reason"] or row.absent, ""
    if goal is None:
        return shown(value, row.unit), ""
    if row.whole and run["sizes"] != "full":
        return shown(value, row.unit), "a goal for the full size"
    return shown(value, row.unit), "yes" if goal.reached(value) else "**no**"


def results_page(record: Mapping[str, Any]) -> str:
    """Return RESULTS.md."""
    main, machines = record["main"], record["machines"]
    others = [name for name in machines if name != main]
    runs = record["runs"]
    heads = ["what", "against", "size", "figure", "goal", "reached", *others]
    lines = [
        "# What was measured",
        "",
        "Written by `make bench`, which [README.md](README.md) explains: change nothing by hand. A "
        "figure without a unit is a ratio to what stands under *against*, measured in the same "
        "run.",
        "",
        "| " + " | ".join(heads) + " |",
        "|---" * len(heads) + "|",
    ]
    for benchmark in BENCHMARKS:
        run = runs.get(main, {}).get(benchmark.name)
        for row in benchmark.rows:
            card = bool(main) and machines[main]["card"]
            value, reached = _cell(row, run, card)
            goal = row.aim(card)
            cells = [
                f"{benchmark.name}: {row.what}", row.against, run["size"] if run else "", value,
                str(goal) if goal else "", reached,
            ]  # fmt: skip
            for name in others:
                cells.append(_other(row, runs.get(name, {}).get(benchmark.name),
                                    machines[name]["card"]))  # fmt: skip
            lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "## Where", ""]
    lines += [f"- {_machine(name, machines[name], runs.get(name, {}))}" for name in machines]
    lines += ["", "## Left out", ""]
    lines += [f"- `{script}`: {reason}." for script, reason in sorted(LEFT_OUT.items())]
    return "\n".join(lines) + "\n"


def _other(row: Row, run: Mapping[str, Any] | None, card: bool) -> str:
    """Return a cell of a further machine, with its goal if that is another."""
    if run is None or row.key not in run["values"]:
        return ""
    value, reached = _cell(row, run, card)
    goal = row.aim(card)
    if not reached or goal is None:
        return value
    return f"{value} (goal {goal}: {'reached' if reached == 'yes' else 'not reached'})"


def _machine(name: str, about: Mapping[str, Any], runs: Mapping[str, Any]) -> str:
    """Return a machine in a sentence or two."""
    dates = sorted({run["date"] for run in runs.values()})
    parts = [about["system"]]
    parts.append(", ".join(f"{one} {number}" for one, number in about["versions"].items()))
    parts.append(" to ".join(dict.fromkeys([*dates[:1], *dates[-1:]])))
    text = f"**{name}**: " + "; ".join(part for part in parts if part)
    loads = [run["load"] for run in runs.values() if run["load"] is not None]
    if loads:
        text += (
            f". Before each script, {min(loads):.1f} to {max(loads):.1f} processes were running or "
            "waiting for a core"
        )
    sizes = {run["sizes"] for run in runs.values()}
    if sizes & {"usual", "smallest"}:
        text += ". Sizes: " + " and ".join(sorted(sizes)) + " (`make bench FULL=1` for full ones)"
    return text + (f". {about['note']}" if about.get("note") else "") + "."


def goals_table() -> str:
    """Return the goals as README.md shows them: one row for each script and goal."""
    lines = ["| Script | What is measured | Against | Goal |", "| --- | --- | --- | --- |"]
    for benchmark in BENCHMARKS:
        for row in benchmark.rows:
            goal, card = row.aim(), row.aim(card=True)
            text = str(goal) if goal else ""
            if card != goal:
                text += f" ({card} on a card)"
            if row.whole:
                text += ", at the full size"
            name = f"`{benchmark.script}`"
            lines.append(f"| {name} | {benchmark.name}: {row.what} | {row.against} | {text} |")
    return "\n".join(lines)


def readme(text: str) -> str:
    """Return README.md with the goals as they are."""
    before, _, rest = text.partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    return f"{before}{MARKS[0]}\n\n{goals_table()}\n\n{MARKS[1]}{after}"
