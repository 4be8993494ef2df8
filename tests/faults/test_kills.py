"""Killed at any moment, every long work goes on, and ends with what an undisturbed run leaves."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = Path(__file__).with_name("kills.py")
TRIES = 20


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs fork and /proc")
@pytest.mark.parametrize(
    "work",
    ["generation", "extraction", "training", "leaderboard", "index", "grading", "export"],
)
def test_killed_at_twenty_random_moments_it_ends_as_if_it_had_not_been(work, tmp_path):
    if work == "export":
        pytest.importorskip("onnxscript", reason="pages need: pip install onnx onnxscript")
    seed = int(os.environ.get("ZSBIR_FAULT_SEED") or secrets.randbelow(10**6))
    print(f"ZSBIR_FAULT_SEED={seed} runs it again")
    done = subprocess.run(
        [sys.executable, KILLS, work, "--tries", str(TRIES), "--seed", str(seed)],
        capture_output=True, text=True, timeout=1800, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    print(told)
    assert told["faults"] == []
    assert told["killed"] >= TRIES // 2
