"""Independent tasks in several processes, from wherever they are asked for.

The processes are joblib's (loky): they start afresh, so a plain script needs no main guard, and
functions and classes that a script or a notebook defines travel with the tasks (cloudpickle).
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from io import BytesIO
from typing import Any, TypeVar

import joblib
import numpy as np
from cloudpickle import CloudPickler
from joblib.externals.loky import get_reusable_executor

from zsbir_lib.errors import (
    ZsbirError,
    argument,
    check_counts,
    speaking_command_line,
    speaks_command_line,
)

Task = TypeVar("Task")
Result = TypeVar("Result")

_LARGE = 2**20  # bytes from which an array is mapped from a file rather than sent
_opened: dict[str, tuple[Callable[..., Any], list[Any], tuple[Any, ...]]] = {}


def count_workers(workers: int | None, n_tasks: int) -> int:
    """Return how many processes to use: one a processor by default, never more than tasks.

    Processors are those that this process may use, by its affinity and its container's limit.

    Raises
    ------
    ZsbirError
        If `workers` is below 1.
    """
    check_counts(workers=workers)
    return max(1, min(workers or joblib.cpu_count(), n_tasks))


@contextmanager
def run_all(
    function: Callable[..., Result],
    tasks: Iterable[Task],
    *,
    shared: Sequence[Any] = (),
    workers: int | None = None,
    describe: Callable[[Task], str] = str,
) -> Generator[Iterator[tuple[Task, Result]], None, None]:
    """Call a function for every task, and give the results as they are done.

    However the block ends, no process and no temporary file stays behind. If this process is
    killed, its workers end within a second, and joblib's tracker removes the files.

    Parameters
    ----------
    function
        Called as ``function(task, *shared)``.
    tasks
        What it is called for.
    shared
        Further arguments, the same for every task. Large arrays and tensors in them are written
        to a temporary file once, and mapped by every process; what one changes, no other sees.
    workers
        Processes, see `count_workers`; 1 for this very process. Processors are shared out among
        them, so that the threads of one do not slow the others.
    describe
        Names a task in messages.

    Yields
    ------
    iterator of (task, result)
        In the order in which they are done.

    Raises
    ------
    ZsbirError
        If the function or its arguments cannot be sent to another process, or a process dies;
        what the function raises is raised here as it is.

    Examples
    --------
    >>> with run_all(pow, [1, 2, 3], shared=(2,), workers=1) as done:
    ...     dict(done)
    {1: 1, 2: 4, 3: 9}
    """
    tasks = list(tasks)
    workers = count_workers(workers, len(tasks))
    if workers == 1:
        yield ((task, function(task, *shared)) for task in tasks)
        return
    work = _Work(function, tasks, tuple(shared))
    results = _in_processes(work, len(tasks), workers, [describe(task) for task in tasks])
    try:
        yield ((tasks[number], result) for number, result in results)
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # joblib's, of what is cancelled here on purpose
            results.close()
        # joblib keeps its workers for later calls, and with them all the memory that they hold.
        get_reusable_executor().shutdown(wait=True, kill_workers=True)
        _opened.pop(work.token, None)


def _in_processes(
    work: _Work, n_tasks: int, workers: int, names: list[str]
) -> Generator[tuple[int, Any], None, None]:
    running: dict[int, str] = {}

    def calls() -> Iterator[Any]:
        for number in range(n_tasks):
            running[number] = names[number]
            yield joblib.delayed(_call)(work, number)

    # Tasks are handed out one by one, so that whatever was handed out is running.
    pool = joblib.Parallel(
        workers, backend="loky", return_as="generator_unordered", batch_size=1,
        pre_dispatch=workers, max_nbytes=_LARGE, mmap_mode="c", initializer=_start_worker,
        initargs=(os.getpid(),),
    )  # fmt: skip
    try:
        with joblib.parallel_config("loky", inner_max_num_threads=_threads(workers)):
            results = pool(calls())
        for number, result in results:
            running.pop(number)
            yield number, result
    except BrokenExecutor:
        raise ZsbirError(
            f"a process died, killed or out of memory, while {', '.join(running.values())} ran: "
            f"try again with fewer processes ({argument('workers', 1)})"
        ) from None


def _threads(workers: int) -> int:
    """Return the threads that each worker may use; fewer where the environment says so."""
    share = max(1, joblib.cpu_count() // workers)
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return min(share, int(wanted)) if wanted.isdigit() and int(wanted) else share


def _call(work: _Work, number: int) -> tuple[int, Any]:
    function, tasks, shared = work.open()
    with speaking_command_line(work.on_command_line):
        return number, function(tasks[number], *shared)


def _start_worker(parent: int) -> None:
    # An interrupt from the terminal reaches every process; the parent's answer is enough.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name == "posix":  # elsewhere, a process keeps its parent's number for ever
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


class _Work:
    """A function, its tasks and what they share: pickled once, and opened once in each process."""

    def __init__(self, *parts: Any) -> None:
        self.token = uuid.uuid4().hex
        self.on_command_line = speaks_command_line()
        buffers: list[pickle.PickleBuffer] = []

        def send_along(buffer: pickle.PickleBuffer) -> bool:
            if small := buffer.raw().nbytes < _LARGE:
                return small
            buffers.append(buffer)
            return False

        stream = BytesIO()
        try:
            _Pickler(stream, protocol=5, buffer_callback=send_along).dump(parts)
        except (pickle.PicklingError, TypeError, AttributeError, ValueError) as error:
            raise ZsbirError(
                f"this cannot run in other processes ({error}): use {argument('workers', 1)}"
            ) from error
        self._pickled = stream.getvalue()
        # Arrays of bytes are what joblib maps; it does so once for each array object.
        self._arrays = [np.frombuffer(buffer.raw(), dtype=np.uint8) for buffer in buffers]

    def open(self) -> Any:
        if self.token not in _opened:
            _opened[self.token] = pickle.loads(self._pickled, buffers=self._arrays)
        return _opened[self.token]


class _Pickler(CloudPickler):
    """Pickles tensors as the arrays that they are, so that these can be mapped."""

    def reducer_override(self, value: Any) -> Any:
        torch = sys.modules.get("torch")  # where it was never imported, nothing is a tensor
        if torch and type(value) is torch.Tensor and not value.requires_grad and value.is_cpu:
            try:
                return torch.from_numpy, (value.contiguous().numpy(),)
            except (TypeError, RuntimeError):  # sparse, or a type that NumPy has not
                pass
        return super().reducer_override(value)
