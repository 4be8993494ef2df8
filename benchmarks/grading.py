"""How long a class takes to be graded: 200 submissions of ten kinds, interrupted and resumed.

Assignment 1, in the sandbox as `zsbir course grade` uses it. The reference, measured in the same
run, is the solution run in one process with the libraries loaded, without a sandbox::

    python benchmarks/grading.py
    python benchmarks/grading.py --students 40 --workers 2 --json grading.json
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from zsbir_lib.course import build_assignment, grade_folder
from zsbir_lib.course.notebooks import Cell, Notebook, notebook_text, read_notebook
from zsbir_lib.files import write_json

SOURCE = (
    Path(__file__).resolve().parents[1] / "book" / "assignments" / "sources" / "retrieval.ipynb"
)


def wrong(name: str, body: str) -> str:
    return f"def {name}(*arguments):\n    {body}"


# What is appended to the right answers, and the points that are left of 30.
KINDS: dict[str, tuple[str, float]] = {
    "right": ("", 30),
    "wrong P@K": ("def precision_at(rel, k):\n    return sum(rel) / k", 27),
    "raises": (wrong("extremes", "return 1 / 0"), 25),
    "loops": ("while True: pass", 30),
    "loops in a question": (wrong("chance_average", "\n    while True: pass"), 25),
    "exits": ("import os; os._exit(0)", 30),
    "allocates": ("b = bytearray(10**12)", 30),
    "prints a grade": ("print('{\"points\": 35}')", 30),
    "starts processes": ("import subprocess\nsubprocess.Popen(['sleep', '600'])", 30),
    "no notebook": ("", 0),
}


def make_class(folder: Path, students: int, solution: Path) -> dict[str, float]:
    """Write submissions, no two of them alike, and return the points that each must get."""
    expected = {}
    found = read_notebook(solution)
    for number in range(students):
        kind = list(KINDS)[number % len(KINDS)]
        source, points = KINDS[kind]
        name = f"{number:03}-{kind.replace(' ', '-')}"
        cells = (Cell("markdown", f"Student {number}"), *found.cells, Cell("code", source))
        text = notebook_text(Notebook(cells, found.metadata))
        text = text[: len(text) // 2] if kind == "no notebook" else text
        (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
        expected[name] = points
    return expected


def bare_seconds(solution: Path) -> float:
    """Return the seconds of the solution's cells in this process, once all is imported."""
    times = []
    for _ in range(2):
        names: dict = {}
        start = time.perf_counter()
        for cell in read_notebook(solution).cells:
            if cell.kind == "code":
                source = re.sub(r"^( *)[%!].*", r"\1pass", cell.source, flags=re.M)
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(source, names)
        times.append(time.perf_counter() - start)
    return times[-1]


def interrupt_once(folder: Path, autograder: Path, out: Path, workers: int, after: int) -> int:
    """Begin in another process, interrupt it when `after` are graded; return how many were."""
    command = [sys.executable, "-m", "zsbir_lib", "course", "grade", str(folder), "--autograder",
               str(autograder), "--out", str(out), "--workers", str(workers)]  # fmt: skip
    begun = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while begun.poll() is None and len(list((out / "state").glob("*.json"))) < after:
        time.sleep(0.2)
    begun.send_signal(signal.SIGINT)
    begun.wait()
    return len(list((out / "state").glob("*.json")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ.setdefault("MPLBACKEND", "Agg")
    with tempfile.TemporaryDirectory() as top:
        base = Path(top)
        built = build_assignment(SOURCE, base / "built", 2027)
        (base / "in").mkdir()
        expected = make_class(base / "in", options.students, built.solution)
        bare = bare_seconds(built.solution)
        start = time.perf_counter()
        first = interrupt_once(base / "in", built.autograder, base / "out", options.workers,
                               options.students // 4)  # fmt: skip
        done = grade_folder(base / "in", built.autograder, base / "out", workers=options.workers)
        seconds = time.perf_counter() - start
        off = {name: done.grades[name].points for name, points in expected.items()
               if done.grades[name].points != points}  # fmt: skip
        size = sum(path.stat().st_size for path in (base / "out").rglob("*") if path.is_file())
    figures = {
        "students": options.students,
        "workers": options.workers,
        "graded before the interrupt": first,
        "taken over from it": done.kept,
        "seconds": round(seconds, 1),
        "seconds of the bare solution": round(bare, 2),
        "processor seconds a submission, in bare solutions": round(
            seconds * options.workers / options.students / bare, 1
        ),
        "bytes written": size,
        "not graded as they should be": off,
    }
    for name, value in figures.items():
        print(f"{name:52} {value}")
    if options.json:
        write_json(options.json, figures)
    sys.exit(1 if off else 0)


if __name__ == "__main__":
    main()
