"""How a script writes what it measured, for `zsbir_lib.measured`: one run a line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from zsbir_lib.files import write_text


def record_text(record: dict[str, Any]) -> str:
    """Return a record as JSON that is short to read, and of which a new run is one line more.

    Lists of runs, and runs by name and seed, are laid out; the rest is a line for each key.
    """
    laid_out = ("runs", "diffusion")
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in record.items()
             if key not in laid_out]  # fmt: skip
    lines += [f"  {json.dumps(key)}: {_runs(record[key], '    ')}" for key in laid_out
              if key in record]  # fmt: skip
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _runs(runs: Any, space: str) -> str:
    if isinstance(runs, list):
        return _within("[]", map(json.dumps, runs), space)
    inner = space + "  "
    rows = (
        f"{json.dumps(name)}: "
        + (
            _runs(by_seed, inner)
            if isinstance(by_seed, list)
            else _within(
                "{}",
                (f"{json.dumps(seed)}: {json.dumps(run)}" for seed, run in by_seed.items()),
                inner,
            )
        )
        for name, by_seed in runs.items()
    )
    return _within("{}", rows, space)


def _within(brackets: str, rows: Iterable[str], space: str) -> str:
    text = ",\n".join(space + row for row in rows)
    return f"{brackets[0]}\n{text}\n{space[2:]}{brackets[1]}" if text else brackets


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a record whole."""
    write_text(path, record_text(record))
