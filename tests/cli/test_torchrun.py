"""``zsbir train --checkpoint`` in two processes that torchrun has started."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file

from zsbir_lib.datasets.base import ZeroShotSplit
from zsbir_lib.features import FeatureSet

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or shutil.which("ps") is None,
        reason="asks ps which processes train",
    ),
]


def write_features(path):
    """Write features of six classes, of which two are unseen: two sketches of each photo."""
    g = torch.Generator().manual_seed(0)
    names = tuple("abcdef")
    labels = torch.arange(90) % 6
    photos = (2 * torch.randn(6, 12, generator=g)[labels] + torch.randn(90, 12, generator=g)).relu()
    drawn = torch.arange(90).repeat_interleave(2)
    FeatureSet(
        photos=photos,
        sketches=photos[drawn] + 0.1,
        photo_labels=labels,
        sketch_labels=labels[drawn],
        sketch_photos=drawn,
        photo_ids=tuple(f"p{i}" for i in range(90)),
        sketch_ids=tuple(f"s{i}" for i in range(180)),
        class_names=names,
        split=ZeroShotSplit("two", names[:4], names[4:]),
        dataset="made",
        backbone="made",
        weights_id="0",
    ).save(path)


class Torchrun:
    """`zsbir train` in two processes on one machine."""

    def __init__(self, folder, *options, epochs=40):
        command = [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            *("--nproc-per-node", "2", "-m", "zsbir_lib", "train", "--method", "cvae"),
            *("-p", f"epochs={epochs}", "-p", "batch_size=32", "-p", "device=cpu"),
            *("--features", folder / "features.safetensors", *options),
        ]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        self.process = subprocess.Popen(
            list(map(str, command)), env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def workers(self):
        """Return the processes that train."""
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            capture_output=True, text=True, check=True,
        ).stdout.splitlines()  # fmt: skip
        return [int(line.split()[0]) for line in listed if "zsbir_lib" in line]

    def end(self):
        out, err = self.process.communicate(timeout=300)
        return self.process.returncode, out, err


@pytest.fixture
def torchrun(tmp_path):
    write_features(tmp_path / "features.safetensors")
    started = []

    def start(*options, **settings):
        started.append(Torchrun(tmp_path, *options, **settings))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()


def begun(job, state):
    """Wait for the first checkpoint of a job."""
    deadline = time.monotonic() + 300
    while not list(state.glob("epoch-*/zsbir.json")):
        assert job.process.poll() is None, job.end()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_killed_job_ends_with_the_model_of_one_that_was_not(torchrun, tmp_path):
    state, out = tmp_path / "state", tmp_path / "model.safetensors"
    code, printed, err = torchrun("--out", tmp_path / "undisturbed.safetensors").end()
    assert code == 0, err
    assert printed.count("fitted on") == 1  # the first process speaks
    job = torchrun("--out", out, "--checkpoint", state)
    begun(job, state)
    os.kill(job.workers()[1], signal.SIGKILL)
    assert job.end()[0] != 0
    assert not out.exists()

    # It asks for its own options, in one line of one process, and stays as it is.
    before = {path: path.read_bytes() for path in state.rglob("*") if path.is_file()}
    code, _, err = torchrun("--out", out, "--checkpoint", state, epochs=3).end()
    assert code != 0
    lines = [line for line in err.splitlines() if "holds checkpoints of another" in line]
    assert len(lines) == 1, err
    assert "(epochs=40, now 3)" in lines[0]
    assert lines[0].endswith("or another folder as --checkpoint")
    assert {path: path.read_bytes() for path in before} == before

    code, _, err = torchrun("--out", out, "--checkpoint", state).end()
    assert code == 0, err
    found, expected = load_file(out), load_file(tmp_path / "undisturbed.safetensors")
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert [path.name for path in state.iterdir()] == ["epoch-00040"]

    os.truncate(state / "epoch-00040" / "zsbir.json", 100)
    code, _, err = torchrun("--out", out, "--checkpoint", state).end()
    assert code != 0
    assert err.count("is damaged (zsbir.json is not as it was written)") == 1
