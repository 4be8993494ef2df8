"""The root of the command line: what it prints where, its exit codes, one line for bad input."""

import os
import shlex
import shutil
import signal
import subprocess
import sys

import pytest
from cli_samples import assert_one_line, fail_with

from zsbir_lib.cli import options as options_module
from zsbir_lib.errors import ZsbirError

COMMANDS = (
    ["toybox", "build"],
    ["toybox", "table"],
    ["toybox", "classes"],
    ["toybox", "sheet"],
    ["toynet", "train"],
    ["features"],
    ["finetune"],
    ["train"],
    ["evaluate"],
    ["leaderboard"],
    ["retrieve"],
    ["course", "build"],
    ["course", "exam"],
    ["course", "grade"],
    ["doctor"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_examples(run, command):
    code, out, err = run(*command, "--help")
    assert (code, err) == (0, "")
    assert "--json" in out
    examples = out.partition("Examples:\n")[2].strip().splitlines()
    assert len(examples) >= 2
    assert all(line.strip().startswith("zsbir " + " ".join(command)) for line in examples[:2])


@pytest.mark.parametrize("arguments", [[], ["-h"], ["toybox"], ["toynet"], ["export"], ["course"]])
def test_help_is_what_incomplete_commands_say(run, arguments):
    code, out, _ = run(*arguments)
    assert code == 0
    assert out.startswith("Usage: zsbir")


def test_commands_stand_in_the_order_of_use(run):
    _, out, _ = run("--help")
    listed = out.partition("Commands:\n")[2].partition("\n\n")[0].split("\n")
    names = [line.split()[0] for line in listed]
    assert names == [
        "toybox",
        "toynet",
        "features",
        "finetune",
        "train",
        "evaluate",
        "leaderboard",
        "retrieve",
        "index",
        "serve",
        "export",
        "course",
        "cache",
        "doctor",
    ]


def test_help_loads_nothing_heavy():
    code = "import sys, zsbir_lib.cli as c; c.main(['--help']); print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert "zsbir_lib.cli.main" in loaded
    assert not loaded & {"torch", "numpy", "PIL", "matplotlib", "zsbir_lib.datasets"}


def test_it_is_a_module_too():
    command = [sys.executable, "-m", "zsbir_lib"]
    result = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("zsbir 0.")
    result = subprocess.run([*command, "nonsense"], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "nonsense" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["retrieve"], ["features", "--batch-size", "x"], ["evaluate", "--nope"]],
)
def test_wrong_usage_is_said_in_one_line(run, arguments):
    assert_one_line(run(*arguments), "--help")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "zsbir: interrupted"),
        (ZsbirError("wrong, do this"), 2, "zsbir: wrong, do this"),
        (OSError(28, "No space left on device", "/x/y"), 2, "zsbir: /x/y: No space left on device"),
        (MemoryError(), 2, "zsbir: out of memory: use a smaller --batch-size or data set"),
        (
            RuntimeError(
                "[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: can't allocate memory"
            ),
            2,
            "zsbir: out of memory: use a smaller --batch-size or data set",
        ),
        (RuntimeError("CUDA out of memory. Tried to allocate"), 2, "zsbir: out of memory: use a"),
        (RuntimeError("other"), 70, "zsbir: an error of zsbir itself, RuntimeError: other"),
        (KeyError("x"), 70, "zsbir: an error of zsbir itself, KeyError: 'x' (ZSBIR_DEBUG=1 shows"),
    ],
    ids=["interrupt", "bad input", "disk full", "memory", "torch", "cuda", "other", "bug"],
)
def test_errors_have_a_code_and_no_traceback(run, monkeypatch, error, code, line):
    monkeypatch.setattr(options_module.FeatureOptions, "load_backbone", fail_with(error))
    found, out, err = run("features")
    assert (found, out) == (code, "")
    assert err.startswith(line)
    assert err.count("\n") == 1


@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_traceback_is_shown_when_asked_for(run, monkeypatch, by):
    monkeypatch.setattr(
        options_module.FeatureOptions, "load_backbone", fail_with(ZsbirError("wrong"))
    )
    if by == "environment":
        monkeypatch.setenv("ZSBIR_DEBUG", "1")
    code, _, err = run(*(["--debug"] if by == "option" else []), "features")
    assert code == 2
    assert "Traceback" in err
    assert err.endswith("zsbir: wrong\n")
    if by == "option":
        assert "ZSBIR_DEBUG" not in os.environ


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_a_terminated_command_cleans_up(run, monkeypatch, tmp_path, data):
    before = signal.getsignal(signal.SIGTERM)

    def save(path, *_, **__):
        from zsbir_lib.files import atomic_path

        with atomic_path(path) as temporary:
            temporary.write_text("half")
            os.kill(os.getpid(), signal.SIGTERM)
            pytest.fail("the signal was ignored")

    monkeypatch.setattr("zsbir_lib.features.FeatureSet.save", lambda self, path: save(path))
    with pytest.raises(SystemExit) as caught:
        run("features", *data, "--out", tmp_path / "f.safetensors")
    assert caught.value.code == 143
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is before


def test_warnings_go_to_standard_error(run, monkeypatch, data):
    import logging

    def load(*_, **__):
        logging.getLogger("zsbir_lib.features").warning("a damaged file")
        raise ZsbirError("and an error")

    monkeypatch.setattr(options_module.FeatureOptions, "load", load)
    assert run("features", *data) == (2, "", "zsbir: a damaged file\nzsbir: and an error\n")


def zsbir(script, **environment):
    """Run a line of the shell in which ``zsbir`` is the command line."""
    command = f'zsbir() {{ {shlex.quote(sys.executable)} -m zsbir_lib "$@"; }}; {script}'
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env=os.environ | environment
    )


needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell")


@needs_bash
def test_a_reader_that_has_enough_is_no_error():
    found = zsbir("zsbir toybox classes --json | head -1; echo ${PIPESTATUS[0]}")
    assert found.stdout == "{\n0\n"
    assert found.stderr == ""


@needs_bash
@pytest.mark.parametrize("json", ["", " --json"])
def test_a_closed_standard_output_is_said_in_one_line(json):
    found = zsbir(f"zsbir toybox classes{json} >&-")
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == "zsbir: standard output is closed, so the result cannot be printed\n"


@needs_bash
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_behind_standard_output_is_said_in_one_line():
    found = zsbir("zsbir toybox classes > /dev/full")
    assert found.returncode == 2
    assert found.stderr == "zsbir: No space left on device\n"


@needs_bash
def test_a_terminal_of_few_letters_shows_the_others_as_codes(tmp_path):
    (tmp_path / "register_cafe.py").write_text("raise ValueError('caf\u00e9 \u2014')")
    found = zsbir(f"zsbir features --import {tmp_path}/register_cafe.py", PYTHONIOENCODING="ascii")
    assert found.returncode == 2
    assert "caf\\xe9 \\u2014" in found.stderr
