"""Whatever became of a drawing's bytes, it is read, or refused in one line that names the file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).with_name("fuzz.py")
SHARED = Path(__file__).resolve().parents[3] / "shared"
SKETCHY = Path(os.environ.get("ZSBIR_SKETCHY_ROOT", SHARED / "sketchy25"))
QUICKDRAW = Path(os.environ.get("ZSBIR_QUICKDRAW_ROOT", SHARED / "quickdraw_seen"))
MEMORY = 1500  # MB, of the largest image that is read (64 million pixels) and its copies


def fuzz(tmp_path, *options):
    done = subprocess.run(
        [sys.executable, FUZZ, *map(str, options)],
        capture_output=True, text=True, timeout=1800, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    print(told)
    assert told["faults"] == []
    assert told["peak"] < MEMORY
    # A test of files that are all refused at once, or all read, would show nothing.
    assert told["read"] > 0.2 * told["tries"]
    assert told["refused"] > 0.2 * told["tries"]
    return told


def test_some_hundred_fuzzed_drawings_are_read_or_refused_in_one_line(tmp_path):
    fuzz(tmp_path, "--tries", 420)


@pytest.mark.slow
@pytest.mark.real_data
def test_ten_thousand_fuzzed_real_drawings_are_read_or_refused_in_one_line(tmp_path):
    for path in (SKETCHY, QUICKDRAW):
        if not path.is_dir():
            pytest.skip(f"{path} is not here: set ZSBIR_SKETCHY_ROOT and ZSBIR_QUICKDRAW_ROOT")
    told = fuzz(tmp_path, "--tries", 10_000, "--sketchy", SKETCHY, "--quickdraw", QUICKDRAW)
    assert all(told["read of each"].values()), "no file of some kind was ever read"
