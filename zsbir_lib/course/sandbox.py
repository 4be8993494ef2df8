"""From outside: ask a submission what its functions return, however it behaves.

A step that loops, crashes or takes too much is left out, and the notebook is run again without it,
so that one bad cell costs no more than what depends on it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeGuard

import zsbir_lib
from zsbir_lib.check import Reply, Request
from zsbir_lib.course.confine import Limits
from zsbir_lib.errors import ZsbirError

PRELOAD = (
    "matplotlib.pyplot",
    "numpy",
    "scipy.special",
    "torch",
    "zsbir_lib.check.metric_learning",
    "zsbir_lib.check.adversarial",
    "torch._dynamo",  # the first step of an optimiser imports it, which takes seconds
    "zsbir_lib.check.retrieval",
    "zsbir_lib.check.zero_shot",
    "zsbir_lib.check.generating",
    "zsbir_lib.check.capstone",
    "zsbir_lib.methods",
    "zsbir_lib.widgets",
)
"""What notebooks import, loaded once for all submissions; matplotlib with its fonts."""
_ATTEMPTS = 8
_LIBRARY = Path(zsbir_lib.__file__).resolve().parent
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "XDG_CACHE_HOME", "MPLCONFIGDIR")
_WORDS = {
    "time": "took too long",
    "total time": "took too long, with all others",
    "died": "ended the process",
    "memory": "took too much memory",
    "too many processes": "started too many processes",
    "too many answers": "sent too much",
}


@dataclass
class Outcome:
    """What a submission answered.

    Attributes
    ----------
    replies : list of list of Reply
        For each question, its replies.
    remarks : list of str
        What was wrong with its cells, a line each.
    """

    replies: list[list[Reply]]
    remarks: list[str] = field(default_factory=list)


class Sandbox:
    """A process that runs submissions one after the other; use it in a ``with`` block.

    Parameters
    ----------
    limits
        Of each submission.
    preload
        Modules to load once, before the first of them.

    Raises
    ------
    ZsbirError
        If this system has no processes that can be forked, or the helper cannot start.
    """

    def __init__(self, limits: Limits | None = None, preload: Iterable[str] = PRELOAD) -> None:
        if not hasattr(os, "fork"):
            raise ZsbirError("grading needs Linux or macOS: on Windows, run it in WSL")
        self.limits = limits or Limits()
        self._preload = list(preload)
        self._process: subprocess.Popen[str] | None = None
        self._closed = False

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the helper, and with it whatever it runs; nothing can be run afterwards."""
        self._closed = True
        self._end_helper()

    def _end_helper(self) -> None:
        # By another thread too, while this one waits for an answer.
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()  # it ends what it runs, and then itself
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError, ValueError):
                if stream is not None:
                    stream.close()

    def run(
        self,
        cells: Sequence[str],
        questions: Sequence[Sequence[Request]],
        seconds: float | None = None,
    ) -> Outcome:
        """Run cells in a fresh process and folder, and collect the replies to the requests.

        Parameters
        ----------
        cells
            The code, in its order.
        questions
            The requests of each question.
        seconds
            For each step, in place of the limits' own.
        """
        limits = replace(self.limits, seconds=seconds or self.limits.seconds)
        # Not asdict, which would copy every number of the arguments.
        asked = [[vars(request) for request in requests] for requests in questions]
        skip: dict[int, str] = {}
        with tempfile.TemporaryDirectory(prefix="zsbir-", ignore_cleanup_errors=True) as top:
            for attempt in range(_ATTEMPTS):
                folder = Path(top) / str(attempt)
                folder.mkdir()
                answer = self._ask({
                    "cells": list(cells), "requests": asked, "skip": sorted(skip),
                    "limits": asdict(limits), "folder": str(folder), "readable": readable(),
                })  # fmt: skip
                steps, errors, begun = _read(answer["messages"], len(cells), asked)
                if answer["ended"] == "done":
                    break
                if begun is None or begun in skip:
                    skip.setdefault(-1, answer["ended"])
                    break
                skip[begun] = answer["ended"]
        return _outcome(len(cells), asked, steps, errors, skip)

    def _ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """Send a job to the helper; one that died is started again for the next."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if line:
                return json.loads(line)
        except (OSError, ValueError):
            pass
        self._end_helper()
        return {"messages": [], "ended": "died"}

    def _started(self) -> subprocess.Popen[str]:
        if self._closed:
            raise ZsbirError("this sandbox is closed")
        if self._process is None or self._process.poll() is not None:
            environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
            environment |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONHASHSEED": "0"}
            # Isolated, so that no file of the folder it starts in is taken for a module.
            code = (
                f"import sys; sys.path.insert(0, {str(_LIBRARY.parent)!r}); "
                "from zsbir_lib.course import runner; runner.main()"
            )
            process = self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env=environment, text=True, encoding="utf-8",
            )  # fmt: skip
            assert process.stdin is not None
            assert process.stdout is not None
            started = ""
            with suppress(OSError, ValueError):
                process.stdin.write(json.dumps({"preload": self._preload}) + "\n")
                process.stdin.flush()
                started = process.stdout.readline()
            if not started:
                self._end_helper()
                raise ZsbirError(
                    "the process that runs submissions did not start: `zsbir doctor` says what is "
                    "missing"
                )
            return process
        return self._process


def readable() -> list[str]:
    """Return where a submission may read: Python, its packages, this library, the system's."""
    places = [sys.prefix, sys.base_prefix, str(_LIBRARY), "/usr", "/lib", "/lib64", "/etc"]
    places += [path for path in sys.path if path.endswith("-packages")]
    return sorted({os.path.realpath(place) for place in places if os.path.exists(place)})


def _read(
    messages: list[Any], n_cells: int, asked: list[list[dict[str, Any]]]
) -> tuple[dict[int, list[Reply]], dict[int, str], int | None]:
    """Return the replies by step, the errors of cells, and the step at which it stopped.

    That is the one that began and did not end, or else the last one that began.
    """
    steps: dict[int, list[Reply]] = {}
    errors: dict[int, str] = {}
    begun: int | None = None
    latest: int | None = None
    last = n_cells + len(asked)
    for message in messages:
        if not isinstance(message, dict):
            continue
        start, step = message.get("start"), message.get("step")
        if _is_step(start, last):
            begun = latest = start
        if not _is_step(step, last):
            continue
        begun = None if step == begun else begun
        if step < n_cells:
            errors[step] = "".join(str(message.get("error", "")).split())[:40]
            continue
        replies, wanted = message.get("replies"), len(asked[step - n_cells])
        # Said twice, the first holds: a thread that goes on talking changes nothing.
        if step not in steps and isinstance(replies, list) and len(replies) == wanted:
            steps[step] = [_reply(one) for one in replies]
    return steps, errors, latest if begun is None else begun


def _is_step(number: Any, last: int) -> TypeGuard[int]:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < last


def _reply(found: Any) -> Reply:
    if not isinstance(found, dict):
        return Reply(error="no answer")
    if "error" in found:
        return Reply(error=" ".join(str(found["error"]).split())[:200])
    return Reply(found.get("value"))


def _outcome(
    n_cells: int,
    asked: list[list[dict[str, Any]]],
    steps: dict[int, list[Reply]],
    errors: dict[int, str],
    skip: dict[int, str],
) -> Outcome:
    remarks = [f"code cell {number + 1} stops with {error}"
               for number, error in sorted(errors.items()) if error]  # fmt: skip
    remarks += [f"code cell {number + 1} {_WORDS[why]} and was left out"
                for number, why in sorted(skip.items()) if 0 <= number < n_cells]  # fmt: skip
    if -1 in skip:
        remarks.append(f"the notebook {_WORDS[skip[-1]]}; what it answered before counts")
    replies = []
    for place, requests in enumerate(asked):
        step = n_cells + place
        error = f"a stop: it {_WORDS[skip[step]]}" if step in skip else "no answer"
        replies.append(steps.get(step) or [Reply(error=error)] * len(requests))
    return Outcome(replies, remarks)
