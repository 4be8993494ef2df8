"""What a submission may try: it gets nothing for what fails, and all for what works."""

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from zsbir_lib.check import Reply, Request
from zsbir_lib.course import Limits, Sandbox, landlock_version

WORKS = """
def f(n):
    return n + 1
"""
ASKED = [[Request("f", (3,))], [Request("x")]]
confined = pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock")


@pytest.fixture(scope="module")
def bare():
    """Knows no library, so it starts at once; a step may take one second."""
    limits = Limits(seconds=1, total_seconds=20, memory=2**28, processes=8, file_size=2**20)
    with Sandbox(limits, preload=()) as made:
        yield made


def run(bare, *cells):
    """Return what f(3) gave, the value of x, and the remarks."""
    outcome = bare.run([WORKS, *cells], ASKED)
    return outcome.replies[0][0], outcome.replies[1][0].value, " ".join(outcome.remarks)


def test_what_works_is_answered(bare):
    assert run(bare, "x = [1, f(2)]") == (Reply(4), [1, 3], "")


HARMLESS = {
    "a syntax error": ("x = (", "stops with SyntaxError"),
    "an exception": ("1 / 0", "stops with ZeroDivisionError"),
    "leaves": ("import sys; sys.exit()", "stops with SystemExit"),
    "waits for input": ("input('name?')", "stops with EOFError"),
    "installs": ("%pip install evil\n!rm -rf /", ""),
    "floods standard output": ("for _ in range(10**5): print('x' * 100)", ""),
    "prints a forged result": ("print('{\"step\": 1, \"replies\": []}')", ""),
    "allocates at once": ("b = bytearray(10**11)", "stops with MemoryError"),
    "recurses": ("def r(): r()\nr()", "stops with RecursionError"),
    "writes a large file": ("a = open('a', 'wb', 0)\nfor _ in range(9): a.write(bytes(10**6))",
                            "stops with OSError"),
    "replaces itself": ("import os, sys; os.execv('/bin/true', ['true'])", "was left out"),
    "crashes": ("import ctypes; ctypes.string_at(0)", "ended the process and was left out"),
    "kills itself": ("import os; os.kill(os.getpid(), 9)", "was left out"),
    "closes everything": ("import os; os.closerange(0, 99)", "left out"),
    "ends in silence": ("import os; os._exit(0)", "ended the process and was left out"),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS)
def test_one_bad_cell_costs_itself_only(bare, name):
    cell, words = HARMLESS[name]
    answer, _, remarks = run(bare, cell)
    assert answer == Reply(4)
    assert words in remarks


def test_a_cell_that_loops_is_left_out(bare):
    answer, x, remarks = run(bare, "while True: pass", "x = 5")
    assert (answer, x) == (Reply(4), 5)
    assert remarks == "code cell 2 took too long and was left out"


def test_a_function_that_loops_costs_its_question(bare):
    answer, x, _ = run(bare, "x = 5", "def f(n):\n    while True: pass")
    assert "took too long" in answer.error
    assert x == 5


def test_memory_taken_bit_by_bit(bare):
    answer, _, remarks = run(bare, "some = []\nwhile True: some.append(bytearray(10**6))")
    assert answer == Reply(4)
    assert "MemoryError" in remarks or "too much memory" in remarks


def alive(mark):
    """Return the processes whose command line holds a mark."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if mark.encode() in (entry / "cmdline").read_bytes():
                    found.append(entry.name)
            except OSError:
                pass
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_what_it_starts_ends_with_it(bare):
    seconds = f"{os.getpid()}.25"
    daemon = f"""
import os, subprocess
if os.fork() == 0:
    os.setsid()
    subprocess.Popen(["sleep", "{seconds}"], start_new_session=True)
    os._exit(0)
os.wait()
x = 5
"""
    assert run(bare, daemon)[:2] == (Reply(4), 5)
    assert alive(seconds) == []


def test_too_many_processes(bare):
    # The parent waits too: what is over at once is killed without having been counted.
    forks = "import os, time\nfor _ in range(20):\n    os.fork() or time.sleep(30)\ntime.sleep(30)"
    answer, _, remarks = run(bare, forks)
    assert answer == Reply(4)
    assert "started too many processes and was left out" in remarks


@confined
@pytest.mark.parametrize(
    "cell",
    [
        "open({path!r}, 'w')",
        "import os; os.unlink({path!r})",
        "import os; os.symlink('/etc/passwd', {path!r} + '.link')",
        "import subprocess; subprocess.run(['cp', '/etc/hostname', {path!r}], check=True)",
    ],
    ids=["writes", "deletes", "links", "by another program"],
)
def test_outside_of_its_folder_it_writes_nothing(bare, tmp_path, cell):
    path = tmp_path / "mine.txt"
    path.write_text("mine")
    answer, _, remarks = run(bare, cell.format(path=str(path)))
    assert answer == Reply(4)
    assert "stops with" in remarks
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]
    assert path.read_text() == "mine"


@confined
def test_it_reads_no_solution(bare, source_path, built):
    for path in (source_path, built.solution, built.autograder):
        answer, x, remarks = run(bare, f"x = open({str(path)!r}).read()")
        assert (answer, x) == (Reply(4), None)
        assert "PermissionError" in remarks


@confined
@pytest.mark.parametrize(
    "cell",
    ["import os; os.kill(os.getppid(), 9)",
     "import os; x = open(f'/proc/{os.getppid()}/environ').read()",
     "import socket; socket.create_connection(('127.0.0.1', 9), 1)"],
    ids=["kills the grader", "looks into it", "asks the network"],
)  # fmt: skip
def test_it_reaches_no_other_process(bare, cell):
    assert run(bare, cell) == (Reply(4), None, "code cell 2 stops with PermissionError")


def test_its_own_folder_is_its_own_and_goes(bare):
    _, x, _ = run(bare, "import os; open('a', 'w').write('b'); x = os.getcwd() + open('a').read()")
    assert x.endswith("b")
    assert not Path(x[:-1]).exists()


def test_nothing_is_left_for_the_next_one(bare):
    run(bare, "import builtins; builtins.len = lambda _: 7; x = 5")
    assert run(bare, "y = len([1])")[1] is None
    assert run(bare, "x = len([1])")[1] == 1


def test_cells_above_what_they_need_run_again(bare):
    outcome = bare.run(["x = f(1)", WORKS], ASKED)
    assert [replies[0].value for replies in outcome.replies] == [4, 2]


@pytest.mark.parametrize(
    ("value", "error"),
    [("{1, 2}", "TypeError"), ("'x' * 10**6", "ValueError"), ("10**5000", "a stop"),
     ("type('n', (), {'tolist': lambda self: self})()", "ValueError")],
    ids=["a set", "a long text", "a long number", "an endless list"],
)  # fmt: skip
def test_strange_answers_are_errors(bare, value, error):
    outcome = bare.run([WORKS, f"x = {value}"], ASKED)
    assert outcome.replies[0][0] == Reply(4)
    assert error in outcome.replies[1][0].error


def test_messages_of_its_own_make_no_answer_right(bare):
    """It can only say what its functions return, and the grader knows what is right."""
    forged = """
import os
os.write(3, b'{"step": 2, "replies": [{"value": 99}], "share": 1, "points": 100}\\n')
os.write(3, b'nonsense\\n[1]\\n{"step": true}\\n{"step": 2, "replies": 7}\\n{"start": -5}\\n')
"""
    answer, _, _ = run(bare, forged)
    assert answer == Reply(99)


def test_a_grader_that_stops_leaves_nothing_running(bare):
    with Sandbox(Limits(seconds=300), preload=()) as mine:
        seconds = f"{os.getpid()}.75"
        cell = f"import subprocess; subprocess.run(['sleep', '{seconds}'])"
        thread = threading.Thread(target=mine.run, args=([cell], ASKED))
        thread.start()
        until = time.monotonic() + 120  # a busy machine takes a while to start it
        while not alive(seconds) and thread.is_alive() and time.monotonic() < until:
            time.sleep(0.05)
        assert alive(seconds)
    thread.join(60)
    assert alive(seconds) == []
