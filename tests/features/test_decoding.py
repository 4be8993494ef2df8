"""Decoding ahead: the same images by processes and threads, and nothing that stays behind."""

import multiprocessing
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import decoding, extract_features
from zsbir_lib.features.decoding import Images, decoded

CPU = torch.device("cpu")
needs_fork = pytest.mark.skipif(sys.platform != "linux", reason="processes only where forking is")


@pytest.fixture
def images(drawer, means):
    return Images(drawer, means.transform, 8)


def batches_of(images, size=8):
    return [list(range(i, min(i + size, len(images)))) for i in range(0, len(images), size)]


@pytest.mark.parametrize("workers", [None, 1, 2, 3])
@pytest.mark.parametrize("platform", ["linux", "elsewhere"])
def test_batches_are_the_images_in_order(drawer, images, workers, platform, monkeypatch):
    if platform == "elsewhere":
        monkeypatch.setattr(decoding.sys, "platform", "darwin")
    found = list(decoded(images, batches_of(images), CPU, workers))
    assert [len(batch.images) for batch in found] == [8] * 7 + [4]
    pixels = np.concatenate([drawer.pixels, drawer.sketch_pixels]).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(torch.cat([batch.images for batch in found]).numpy(), pixels)
    assert found[0].images.is_contiguous(memory_format=torch.channels_last)
    assert multiprocessing.active_children() == []


@needs_fork
def test_processes_decode(drawer, images):
    this = os.getpid()
    drawer.photo = lambda index: (
        pytest.fail("in this process") if os.getpid() == this else whole(index)
    )
    whole = type(drawer).photo.__get__(drawer)
    list(decoded(images, batches_of(images), CPU, 2))


@pytest.mark.parametrize("workers", [1, 2])
def test_what_cannot_be_read_is_told_and_blank(drawer, images, workers):
    drawer.unreadable = {("photo", 3): OSError("truncated"), ("sketch", 7): ValueError()}
    found = list(decoded(images, batches_of(images), CPU, workers))
    failures = [failure for batch in found for failure in batch.failures]
    assert failures == [(3, "truncated"), (27, "ValueError")]
    assert found[0].images[3].abs().max() == 0
    assert images.reason(3) == "truncated"
    assert images.reason(4) is None
    assert (images.identity(3), images.identity(27)) == ("photo bat/3", "sketch bat/3-2")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_program_error_comes_through(drawer, images, workers):
    drawer.unreadable["photo", 2] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        list(decoded(images, batches_of(images), CPU, workers))
    assert multiprocessing.active_children() == []


@needs_fork
def test_a_process_that_dies_is_one_clear_line(drawer, images):
    this, whole = os.getpid(), drawer.photo
    drawer.photo = lambda index: os._exit(9) if os.getpid() != this else whole(index)
    with pytest.raises(
        ZsbirError, match=r"a process that decodes images died.*workers=1"
    ) as caught:
        list(decoded(images, batches_of(images), CPU, 2))
    assert "\n" not in str(caught.value)
    assert multiprocessing.active_children() == []


@needs_fork
def test_what_is_left_early_leaves_no_process(images):
    with closing(decoded(images, batches_of(images), CPU, 2)) as found:
        next(found)
        assert len(multiprocessing.active_children()) == 2
    assert multiprocessing.active_children() == []


@needs_fork
def test_an_interrupted_extraction_leaves_no_process(drawer, means):
    class Interrupted(nn.Module):
        def forward(self, images):
            raise KeyboardInterrupt

    backbone = replace(means, module=Interrupted())
    with pytest.raises(KeyboardInterrupt) as caught:  # noqa: F841 (its frames are kept alive)
        extract_features(drawer, backbone, cache=False, batch_size=8, workers=2)
    assert multiprocessing.active_children() == []


@needs_fork
def test_little_shared_memory_means_threads(images, monkeypatch):
    monkeypatch.setattr(decoding.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 99}))
    assert decoding._share(images, batches_of(images), CPU, 8) == (0, 8)


SCRIPT = """
import numpy as np
from PIL import Image
from zsbir_lib.datasets.base import SketchPhotoDataset, ZeroShotSplit
from zsbir_lib.features import extract_features, load_backbone

class Mine(SketchPhotoDataset):
    name = fingerprint = "mine"
    class_names = ("a", "b")
    split = ZeroShotSplit("s", ("a",), ("b",))
    photo_ids = sketch_ids = [str(i) for i in range(20)]
    photo_labels = sketch_labels = np.arange(20) % 2
    sketch_photos = np.arange(20)
    def photo(self, index): return Image.new("RGB", (64, 64), (index, 0, 0))
    sketch = photo
    def with_split(self, split): return self

found = extract_features(Mine(), load_backbone("toynet", device="cpu"), cache=False, batch_size=4,
                         workers=2)
print(tuple(found.photos.shape))
"""


def test_a_plain_script_without_a_main_guard(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, tmp_path / "script.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("(20, 192)\n", "")
