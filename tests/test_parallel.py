import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from zsbir_lib.errors import ZsbirError
from zsbir_lib.parallel import count_workers, run_all

ROOT = Path(__file__).resolve().parents[1]
# Tells its number, waits long enough to be caught at work, and would tell again.
SCRIPT = """
import os, sys, time
from zsbir_lib.parallel import run_all

class Scale:  # known in this file only, which has no main guard
    def __init__(self, by):
        self.by = by

def work(task, scale):
    os.write(1, f"at work {os.getpid()}\\n".encode())  # a line in one piece
    time.sleep(SECONDS)
    return task * scale.by

with run_all(work, [1, 2, 3], shared=(Scale(10),), workers=2) as done:
    for task, result in done:
        print("done", task, result, flush=True)
"""


def heed_interruption():
    """Let a child be interrupted, though a shell that runs us in the background shields us."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(tmp_path, script, **values):
    for name, value in values.items():
        script = script.replace(name, str(value))
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(script), encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "JOBLIB_TEMP_FOLDER": str(tmp_path / "files"),
    }
    (tmp_path / "files").mkdir()
    return subprocess.Popen(
        [sys.executable, str(path)], cwd=tmp_path, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        preexec_fn=heed_interruption,
    )  # fmt: skip


def all_gone(processes, seconds=20):
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not alive


def in_script(tmp_path, script, **values):
    process = start(tmp_path, script, **values)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_one_worker_is_this_process():
    with run_all(lambda task: (task, os.getpid()), "ab", workers=1) as done:
        assert list(done) == [("a", ("a", os.getpid())), ("b", ("b", os.getpid()))]


def test_there_are_no_more_workers_than_tasks():
    assert count_workers(8, 3) == 3
    assert count_workers(None, 1) == 1
    assert count_workers(2, 0) == 1
    with pytest.raises(ZsbirError, match="workers must be a whole number, 1 or more, not 0"):
        count_workers(0, 3)


def test_a_script_without_a_main_guard_and_a_class_of_its_own(tmp_path):
    code, out, err = in_script(tmp_path, SCRIPT, SECONDS=0.1)
    assert (code, err) == (0, "")
    lines = [line for line in out.splitlines() if line.startswith("done")]
    assert sorted(lines) == ["done 1 10", "done 2 20", "done 3 30"]


def test_large_arrays_are_mapped_and_nobody_sees_the_changes_of_others():
    import torch

    here = torch.arange(400_000, dtype=torch.float32)
    array = np.ones(300_000)

    def change(task, tensor, shared):
        owner = shared
        while owner is not None and not isinstance(owner, np.memmap):
            owner = getattr(owner, "base", None)
        tensor[0] += 1
        shared[0] += 1
        return float(tensor[-1]), owner is not None

    with run_all(change, [1, 2], shared=(here, array), workers=2) as done:
        results = [result for _, result in done]
    assert results == [(399_999.0, True)] * 2
    assert here[0] == 0
    assert array[0] == 1


def test_the_exception_of_a_task_is_raised_as_it_is_and_ends_the_others():
    def fail(task):
        if task == 1:
            raise KeyError("own kind")
        time.sleep(60)

    begun = time.monotonic()
    children = set(psutil.Process().children(recursive=True))
    with pytest.raises(KeyError, match="own kind"), run_all(fail, [0, 1], workers=2) as done:
        list(done)
    assert time.monotonic() - begun < 50
    assert workers_since(children) == []


def workers_since(before):
    """Return the worker processes that were not there before; joblib's tracker is none."""
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if child not in before and "resource_tracker" not in " ".join(child.cmdline())
    ]


def test_when_the_consumer_fails_no_process_stays():
    def slowly(task):
        time.sleep(60 * task)
        return task

    children = set(psutil.Process().children(recursive=True))
    with pytest.raises(ZeroDivisionError), run_all(slowly, [0, 1, 2], workers=2) as done:
        1 / next(done)[1]
    assert workers_since(children) == []


def test_no_process_stays_when_all_is_done():
    children = set(psutil.Process().children(recursive=True))
    with run_all(abs, [-1, -2], workers=2) as done:
        assert sorted(done) == [(-2, 2), (-1, 1)]
    assert workers_since(children) == []


def test_a_process_that_dies_is_named_by_what_it_ran():
    def die(task):
        if task == 7:
            os._exit(9)
        time.sleep(60)

    with (
        pytest.raises(ZsbirError, match=r"a process died.*while .*task 7.* ran: .*workers=1"),
        run_all(die, [7, 8], workers=2, describe="task {}".format) as done,
    ):
        list(done)


def test_what_cannot_travel_is_said_before_anything_runs():
    import threading

    lock = threading.Lock()
    with (
        pytest.raises(ZsbirError, match=r"cannot run in other processes.*lock.*workers=1"),
        run_all(lambda task: lock, [1, 2], workers=2) as done,
    ):
        list(done)


def at_work(process):
    """Wait until two tasks run, and return every process of the script."""
    for _ in range(2):
        assert process.stdout.readline().startswith("at work")
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_and_no_file_outlives_a_signal(tmp_path, number):
    script = "import numpy as np\nbig = np.zeros(10**6)\n" + SCRIPT.replace(
        "shared=(Scale(10),)", "shared=(Scale(big),)"
    )
    process = start(tmp_path, script, SECONDS=300)
    everything = at_work(process)
    assert list((tmp_path / "files").iterdir())
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as the terminal sends it, to all of them
    else:
        process.send_signal(number)
    assert all_gone(everything)
    out, err = process.communicate()
    assert "done" not in out
    if number == signal.SIGINT:
        assert err.count("Traceback") == 1  # the parent's own
    assert list((tmp_path / "files").iterdir()) == []


def test_what_a_worker_says_is_not_lost(tmp_path):
    script = """
    import sys
    from zsbir_lib.parallel import run_all
    with run_all(lambda task: print("hear me", file=sys.stderr), [1, 2], workers=2) as done:
        list(done)
    """
    code, _, err = in_script(tmp_path, script)
    assert code == 0
    assert err.count("hear me") == 2


def test_the_threads_of_workers_share_the_processors(tmp_path):
    script = """
    import os
    from zsbir_lib.parallel import run_all
    with run_all(lambda _: int(os.environ["OMP_NUM_THREADS"]), [1, 2], workers=2) as done:
        print([result for _, result in done])
    """
    code, out, err = in_script(tmp_path, script)
    share = max(1, len(psutil.Process().cpu_affinity()) // 2)
    assert code == 0, err
    assert max(eval(out)) <= share
