"""Run the benchmarks one after the other, and write what they found into one table.

    make bench                 # ten minutes or so on two quiet cores
    make bench FULL=1          # each at its own size: an hour or two
    python benchmarks/bench.py --only kmeans "closed form" --again
    python benchmarks/bench.py --device cuda

Each script runs in a process of its own. What was measured of the same code, with the same
versions, at the same size and on the same machine is kept, so an interrupted run goes on where it
stopped; ``--again`` measures it anew. A script that fails has its reason in the table, and the rest
is measured all the same. Figures of other machines and cards stay as further columns.
"""

from __future__ import annotations

import argparse
import ctypes
import datetime
import hashlib
import json
import os
import platform
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from measures import BENCHMARKS, ROOT, Benchmark
from results import FOLDER, figures, read_results, readme, write_results

from zsbir_lib.files import write_text

PACKAGES = ("torch", "torchvision", "numpy", "scipy", "scikit-learn", "faiss-cpu", "playwright")
SIZES = ("usual", "full", "smallest")
PATIENCE = {"usual": 1200, "full": 4 * 3600, "smallest": 600}  # seconds
# What a book that was built anew changes.
OF_THE_BOOK = ("chapters.py", "pages.py", "draw_page.py")


def this_machine(device: str | None) -> tuple[str, dict[str, Any]]:
    """Return a name for this machine, or its card, and what it is; never whose."""
    versions = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package).partition("+")[0]
        except PackageNotFoundError:
            continue
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        processor = re.findall(r"^model name\s*: (.*)$", told, re.MULTILINE)[0]
    except (OSError, IndexError):
        processor = platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    name = f"{' '.join(processor.split())}, {cores} cores"
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        system = platform.system()
    if hasattr(os, "sysconf"):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
        system += f", {memory:.0f} GB"
    card = device is not None and not device.startswith("cpu")
    if card:
        import torch

        system, name = f"{name}, {system}", torch.cuda.get_device_name(device)
    return name, {"system": system, "card": card, "versions": versions}


def code_id(benchmark: Benchmark, folder: Path) -> str:
    """Return what tells one state of the code from another, as far as a script depends on it."""
    digest = hashlib.sha256()
    files = [folder / benchmark.script, *sorted((ROOT / "zsbir_lib").rglob("*.py"))]
    digest.update("\n".join(row.key for row in benchmark.rows).encode())
    if benchmark.script in OF_THE_BOOK:
        built = ROOT / "_build" / "html"
        digest.update(str(sorted((p.name, p.stat().st_mtime) for p in built.glob("*"))).encode())
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _die_with_parent() -> None:
    """Ask Linux to kill this process when the one that started it is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def run(script: Path, options: Sequence[str], seconds: float) -> tuple[Any, str]:
    """Run a script; return what it has written, None for nothing, and why it failed, if it did."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        command = [sys.executable, str(script), *options, "--json", str(out)]
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True,
            preexec_fn=_die_with_parent,
        )  # fmt: skip
        try:
            complaint = process.communicate(timeout=seconds)[1]
        except subprocess.TimeoutExpired:
            return None, f"not done after {seconds:,.0f} s"
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        if out.exists():
            return json.loads(out.read_text(encoding="utf-8")), ""
    return None, reason(complaint, process.returncode)


def reason(complaint: str, status: int) -> str:
    """Return the last line of a complaint without paths of this machine."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    last = lines[-1] if lines else f"it ended with status {status} and said nothing"
    last = re.sub(r"(?<![\w.])/[^\s:,;'\")]+", lambda path: Path(path[0]).name, last)
    return last.removeprefix("error: ").replace("|", "/")[:200]


def measure(benchmark: Benchmark, folder: Path, about: dict[str, Any], options: Any) -> dict:
    """Run one benchmark; return what is kept of it."""
    given = [*benchmark.always, *shlex.split(getattr(benchmark, options.sizes))]
    if benchmark.device and options.device:
        given += ["--device", options.device]
    if benchmark.script == "toybox.py" and options.prototype:
        given += ["--reference", str(options.prototype)]
    load = round(os.getloadavg()[0], 2)
    start = time.perf_counter()
    found, why = run(folder / benchmark.script, given, PATIENCE[options.sizes])
    return {
        **about,
        "date": datetime.date.today().isoformat(),
        "load": load,
        "seconds": round(time.perf_counter() - start, 1),
        "size": "" if found is None else benchmark.size(found),
        "values": {} if found is None else figures(benchmark, found),
        "reason": why,
    }


def main() -> int:
    """Measure what is missing, and write the table after every script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [benchmark.name for benchmark in BENCHMARKS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME",
                        help=f"of {', '.join(names)}")  # fmt: skip
    parser.add_argument("--full", dest="sizes", action="store_const", const="full",
                        default="usual", help="each at its own size")  # fmt: skip
    parser.add_argument("--smallest", dest="sizes", action="store_const", const="smallest",
                        help="try whether all run; give --out too")  # fmt: skip
    parser.add_argument("--again", action="store_true", help="measure what is there already")
    parser.add_argument("--device", help="cuda: what knows a card, on this one")
    parser.add_argument("--prototype", type=Path, help="folder of the Toybox's prototype")
    parser.add_argument("--scripts", type=Path, default=FOLDER, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the table")
    parser.add_argument("--pages", action="store_true", help="measure nothing: write the pages")
    options = parser.parse_args()
    # An interrupt from a supervisor ends the script that runs, as one from the keyboard does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.sizes == "smallest" and options.out == FOLDER:
        parser.error("the smallest sizes say nothing about speed: give another folder as --out")
    options.out.mkdir(parents=True, exist_ok=True)
    record = read_results(options.out)
    if not options.pages:
        try:
            measure_all(record, options)
        except KeyboardInterrupt:
            print("interrupted: the same command goes on where it stopped", file=sys.stderr)
            return 130
    write_results(options.out, record)
    if options.out == FOLDER:
        page = FOLDER / "README.md"
        text = page.read_text(encoding="utf-8")
        write_text(page, readme(text))
    return 0


def measure_all(record: dict[str, Any], options: argparse.Namespace) -> None:
    """Run every benchmark that was asked for and is not there yet."""
    name, machine = this_machine(options.device)
    known = record["machines"].setdefault(name, machine)
    known.update(machine)
    if not machine["card"]:
        record["main"] = name
    runs = record["runs"].setdefault(name, {})
    versions = hashlib.sha256(json.dumps(machine["versions"]).encode()).hexdigest()[:12]
    for benchmark in BENCHMARKS:
        if benchmark.name not in options.only or (machine["card"] and not benchmark.device):
            continue
        about = {"code": code_id(benchmark, options.scripts), "versions": versions,
                 "sizes": options.sizes}  # fmt: skip
        before = runs.get(benchmark.name, {})
        if about.items() <= before.items() and not before["reason"] and not options.again:
            print(f"{benchmark.name}: kept", flush=True)
            continue
        print(f"{benchmark.name}: ", end="", flush=True)
        runs[benchmark.name] = one = measure(benchmark, options.scripts, about, options)
        write_results(options.out, record)
        what = f"no figures: {one['reason']}" if one["reason"] else f"{len(one['values'])} figures"
        print(f"{what}, {one['seconds']:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
