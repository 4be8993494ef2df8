"""Kill a work at random moments, run it again, and compare what it leaves with an undisturbed run.

    python tests/faults/kills.py extraction --tries 20 --seed 3

The libraries are loaded once, and every run is a fork of this process; only the process itself is
killed, so whatever it started has to end on its own. Every third try is killed twice. One line of
JSON says what happened: how many kills hit a run, how many runs ended before, what went wrong.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.faults.works import WORKS, left, prepare, submissions


def attempt(work, inputs, now, after=None):
    """Run a work in a process of its own, killed `after` so many seconds; return its exit code."""
    (now / "out").mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.setsid()
            os.environ["ZSBIR_CACHE"] = str(now / "cache")
            log = os.open(now.parent / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(log, 1)
            os.dup2(log, 2)
            work(inputs, now)
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    if after is not None:
        until = time.monotonic() + after
        while time.monotonic() < until:
            if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                break
            time.sleep(0.002)
        else:
            os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), child


def orphans(session, patience=20.0):
    """Return the processes of a session that are still there after some time; end them."""
    until = time.monotonic() + patience
    while (found := _members(session)) and time.monotonic() < until:
        time.sleep(0.1)
    for process in found:
        os.kill(process, signal.SIGKILL)
    return found


def _members(session):
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", choices=WORKS)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    work, chance = WORKS[options.work], random.Random(options.seed)
    result = {"work": options.work, "seed": options.seed, "killed": 0, "ended before": 0}
    faults = []
    with tempfile.TemporaryDirectory() as base:
        inputs, now = Path(base, "inputs"), Path(base, "now")
        prepare(inputs)
        if options.work == "grading":
            submissions(inputs)
        attempt(work, inputs, now)  # what is loaded late is loaded from the disk's cache then
        shutil.rmtree(now)
        start = time.monotonic()
        code, _ = attempt(work, inputs, now)
        seconds = time.monotonic() - start
        if code:
            sys.exit(f"the undisturbed run ended with {code}: {(now.parent / 'log').read_text()}")
        wanted = left(now)
        result["files"], result["seconds"] = len(wanted), round(seconds, 2)
        for number in range(options.tries):
            shutil.rmtree(now)
            moments = [chance.uniform(0, seconds) for _ in range(1 + (number % 3 == 2))]
            for moment in moments:
                code, session = attempt(work, inputs, now, moment)
                result["killed" if code == -signal.SIGKILL else "ended before"] += 1
                if stayed := orphans(session):
                    faults.append(f"try {number}: {len(stayed)} processes stayed")
            code, session = attempt(work, inputs, now)
            orphans(session, 5)
            where = f"try {number}, killed after {', '.join(f'{m:.3f}' for m in moments)} s"
            if code:
                faults.append(f"{where}: exit {code}: {(now.parent / 'log').read_text()[-600:]}")
            elif (found := left(now)) != wanted:
                unlike = sorted(name for name in {*found, *wanted}
                                if found.get(name) != wanted.get(name))  # fmt: skip
                faults.append(f"{where}: other files: {unlike[:5]}")
    print(json.dumps({**result, "faults": faults}))


if __name__ == "__main__":
    main()
