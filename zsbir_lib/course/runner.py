"""The process that starts submissions: loads the libraries once, and forks for each attempt.

Run as a script, by `zsbir_lib.course.sandbox`, with nothing of the grader in its memory: neither
answers nor the marks of others. It reads one job a line from standard input, and writes what came
of it as one line. A job is tried in a forked process, which tells before each step (a cell, a
question) that it begins; when it dies or takes too long, that step is named.

What the child sends is not trusted: it is JSON, bounded, and says what a function returned,
not whether that is right.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import select
import signal
import sys
import time
import types
from contextlib import suppress
from typing import Any

from zsbir_lib.check.plain import plain
from zsbir_lib.course.confine import Limits, adopt_orphans, limit_resources, shut_in

_DONE = b'{"done": true}\n'
_LOOK = 0.1  # seconds between two looks at what was started
# What is no Python: magics and commands of the shell. Nothing is installed while grading.
_MAGIC = re.compile(r"^([ \t]*)(?:[%!].*|\?.*|.*\?)$", re.M)


def main() -> None:
    """Serve jobs until standard input ends."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.set_inheritable(channel.fileno(), False)
    adopt_orphans()
    # So that what runs is ended on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the grader gets it too, and closes us
    first = json.loads(sys.stdin.readline())
    for name in first["preload"]:
        importlib.import_module(name)
    if torch := sys.modules.get("torch"):
        # Some operations look at the processor when first used, in files that are closed later.
        torch.ones(1, dtype=torch.half).float()
    print("{}", file=channel, flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        print(json.dumps(_attempt(job, channel.fileno())), file=channel, flush=True)


def _attempt(job: dict[str, Any], channel: int) -> dict[str, Any]:
    """Fork, let the child do the job, and return its messages and how it ended."""
    limits = Limits(**job["limits"])
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            os.close(reading)
            os.close(channel)
            _child(job, limits, writing)
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    try:
        return _watch(child, reading, limits)
    finally:
        os.close(reading)
        _end_all(child)


def _watch(child: int, reading: int, limits: Limits) -> dict[str, Any]:
    """Collect messages until the child is done, dead, slow, or has taken too much."""
    received, began, grader = b"", time.monotonic(), os.getppid()
    changed, seen = began, 0
    ended = "died"
    while True:
        now = time.monotonic()
        if os.getppid() != grader:
            break  # nobody waits for the answer
        if now - changed > limits.seconds:
            ended = "time"
            break
        if now - began > limits.total_seconds:
            ended = "total time"
            break
        if select.select([reading], [], [], _LOOK)[0]:
            block = os.read(reading, 1 << 16)
            if not block:
                break
            received += block
            if b"\n" in block and _DONE in received:
                ended = "done"  # what it left behind may still hold the pipe
                break
            if len(received) > limits.answer_bytes:
                ended = "too many answers"
                break
            # A step is over when the next one is told; a trickle of bytes is no step.
            if (count := received.count(b"\n")) > seen:
                changed, seen = now, count
        family = _descendants(os.getpid())
        if len(family) > limits.processes:
            ended = "too many processes"
            break
        if _takes_more(family, 2 * limits.memory):
            ended = "memory"
            break
    messages = []
    for line in received.split(b"\n")[:20_000]:
        with suppress(ValueError, RecursionError):
            messages.append(json.loads(line))
    return {"messages": messages, "ended": ended}


def _takes_more(family: dict[int, tuple[int, int]], most: int) -> bool:
    """Tell whether processes hold more bytes in memory, what they share counted once."""
    # All that a process has from its parent is there once. To count exactly takes longer.
    if sum(size for _, size in family.values()) <= most:
        return False
    return sum(_share(pid, size) for pid, (_, size) in family.items()) > most


def _share(pid: int, size: int) -> int:
    """Return a process's part of the memory that it and others hold, or else all that it holds."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii", errors="replace") as stream:
            parts = dict(line.split(":", 1) for line in stream if line.startswith("Pss:"))
        return int(parts["Pss"].split()[0]) * 1024
    except (OSError, ValueError, LookupError):
        return size


def _sizes() -> dict[int, tuple[int, int]]:
    """Return every process's parent, and the bytes that it holds in memory; on Linux."""
    found = {}
    with suppress(OSError):
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with suppress(OSError, ValueError, IndexError):
                    with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stream:
                        fields = stream.read().rpartition(")")[2].split()
                    found[int(entry)] = (int(fields[1]), int(fields[21]) * 4096)
    return found


def _descendants(ancestor: int) -> dict[int, tuple[int, int]]:
    every = _sizes()
    found: dict[int, tuple[int, int]] = {}
    front = {ancestor}
    while front:
        front = {pid for pid, (parent, _) in every.items() if parent in front and pid not in found}
        found |= {pid: every[pid] for pid in front}
    return found


def _end_all(child: int) -> None:
    """End the child and all that it started, also what it set free: all orphans come to us."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with suppress(OSError):
            os.killpg(child, signal.SIGKILL)
        for pid in _descendants(os.getpid()) or (child,):
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def _child(job: dict[str, Any], limits: Limits, writing: int) -> None:
    """Run the notebook and answer the requests; in the forked process."""
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.dup2(writing, 3)
    os.closerange(4, 4096)
    folder = job["folder"]
    os.chdir(folder)
    os.environ |= {"HOME": folder, "TMPDIR": folder, "MPLCONFIGDIR": folder, "IPYTHONDIR": folder}
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115 (for input(), which must end, not wait)
    limit_resources(limits)
    shut_in(folder, job["readable"])
    _run(job["cells"], job["requests"], set(job["skip"]))
    _tell({"done": True})


def _tell(message: dict[str, Any]) -> None:
    data = (json.dumps(message) + "\n").encode()
    while data:
        data = data[os.write(3, data) :]


def _run(cells: list[str], requests: list[list[dict[str, Any]]], skip: set[int]) -> None:
    """Run the cells in their order, then each question's requests; all but the steps to skip."""
    module = types.ModuleType("__main__")
    module.__dict__.update(display=lambda *_: None, get_ipython=lambda: None)
    sys.modules["__main__"] = module
    names = module.__dict__
    late = [number for number, cell in enumerate(cells)
            if number not in skip and _cell(number, cell, names) == "NameError"]  # fmt: skip
    for number in late:  # cells that were moved above what they need
        _cell(number, cells[number], names)
    for place, asked in enumerate(requests):
        step = len(cells) + place
        if step in skip:
            continue
        _tell({"start": step})
        _tell({"step": step, "replies": [_reply(request, names) for request in asked]})


def _cell(number: int, source: str, names: dict[str, Any]) -> str:
    """Run a cell; return the kind of error that stopped it, or nothing."""
    _tell({"start": number})
    error = ""
    try:
        exec(compile(_MAGIC.sub(r"\1pass", source), f"cell {number}", "exec"), names)
    except BaseException as stopped:  # SystemExit too: other cells may be right
        error = type(stopped).__name__
    _tell({"step": number, "error": error})
    return error


def _reply(request: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    try:
        value = names.get(request["name"])
        if value is None or value is Ellipsis:
            return {}
        if request["arguments"] is not None:
            if not callable(value):
                return {"error": f"{request['name']} is no function"}
            value = value(*request["arguments"])
        return {"value": plain(value)}
    except BaseException as stopped:
        text = " ".join(str(stopped).split())[:160]
        return {"error": f"{type(stopped).__name__}: {text}" if text else type(stopped).__name__}


if __name__ == "__main__":
    main()
