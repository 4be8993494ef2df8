"""Processes that share an extraction: the same bytes as one process, and one fate."""

import os
import shutil
import signal

import numpy as np
import pytest
import torch
from ranks import in_processes

from zsbir_lib.distributed import world
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import extract_features
from zsbir_lib.features.blocks import Extraction


@pytest.fixture(autouse=True)
def _one_thread():
    """As torchrun starts its processes: the name of a block says how many threads computed it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def blocks(folder):
    return {path.name: path.read_bytes() for path in folder.glob("features/*/*.npy")}


@pytest.mark.parametrize("size", [2, 3])
def test_features_have_the_bytes_that_one_process_computes(make_drawer, means, tmp_path, size):
    drawer = make_drawer(photos_per_class=100)  # 1,200 images in 5 blocks
    alone = extract_features(drawer, means, cache=tmp_path / "alone", workers=1)
    assert len(blocks(tmp_path / "alone")) == 5

    def extract(rank):
        found = extract_features(drawer, means, cache=tmp_path / "shared", workers=1)
        return found, next(drawer.reads)

    before = next(drawer.reads)
    results = in_processes(extract, size)
    for found, _ in results:
        assert torch.equal(found.photos, alone.photos)
        assert torch.equal(found.sketches, alone.sketches)
    assert blocks(tmp_path / "shared") == blocks(tmp_path / "alone")
    # Each image was opened by one of them.
    assert sum(reads - before - 1 for _, reads in results) == 1200
    assert min(reads - before - 1 for _, reads in results) >= 256


def test_without_a_cache_each_process_gets_all(drawer, means):
    alone = extract_features(drawer, means, cache=False, batch_size=1)
    for found in in_processes(
        lambda rank: extract_features(drawer, means, cache=False, batch_size=1)
    ):
        assert torch.equal(found.photos, alone.photos)
        assert torch.equal(found.sketches, alone.sketches)


@pytest.mark.parametrize("row", [0, 300])  # of the first process's block, and of the second's
@pytest.mark.parametrize("cached", [True, False])
def test_an_unreadable_image_stops_all(make_drawer, means, tmp_path, row, cached):
    drawer = make_drawer(photos_per_class=100)
    drawer.unreadable["photo", row] = OSError("no picture")

    def extract(rank):
        extract_features(drawer, means, cache=cached and tmp_path, workers=1)

    errors = in_processes(extract)
    assert all(isinstance(error, ZsbirError) for error in errors)
    assert {str(error) for error in errors} == {
        f"cannot read photo {drawer.photo_ids[row]} (no picture): repair it, or pass "
        "on_error='skip' to leave it out"
    }


def test_a_killed_job_goes_on_where_it_stopped(make_drawer, means, tmp_path):
    drawer = make_drawer(photos_per_class=100)
    alone = extract_features(drawer, means, cache=tmp_path / "alone", workers=1)

    def extract(rank, dies):
        if dies and rank == 1:  # within its second block
            sketch = drawer.sketch
            drawer.sketch = lambda index: (
                os.kill(os.getpid(), signal.SIGKILL) if index >= 500 else sketch(index)
            )
        return extract_features(drawer, means, cache=tmp_path / "shared", workers=1).photos

    first, second = in_processes(lambda rank: extract(rank, True))
    assert (second, type(first)) == (-signal.SIGKILL, RuntimeError)
    kept = blocks(tmp_path / "shared")
    assert 2 <= len(kept) < 5
    opened = next(drawer.reads)
    again = in_processes(lambda rank: (extract(rank, False), next(drawer.reads) - opened - 1))
    assert torch.equal(again[0][0], alone.photos)
    assert torch.equal(again[1][0], alone.photos)
    assert blocks(tmp_path / "shared") == blocks(tmp_path / "alone")
    assert sum(reads for _, reads in again) <= 1200 - 2 * 256


def test_processes_without_a_common_folder_are_told_to_have_one(make_drawer, means, tmp_path):
    drawer = make_drawer(photos_per_class=100)
    errors = in_processes(
        lambda rank: extract_features(drawer, means, cache=tmp_path / str(rank), workers=1)
    )
    # The second process writes where the first one says, so only the reading can fail.
    assert torch.is_tensor(errors[0].photos)
    assert isinstance(errors[1], ZsbirError)
    assert "set ZSBIR_CACHE to a folder that all machines" in str(errors[1])


def test_what_another_process_wrote_elsewhere_is_missed(drawer, means, tmp_path, monkeypatch):
    keep = Extraction._fill

    def elsewhere(self, draft, work):
        if world().rank:
            shutil.copytree(draft.folder, tmp_path / "other")
            draft.folder = tmp_path / "other"
        keep(self, draft, work)

    monkeypatch.setattr(Extraction, "_fill", elsewhere)
    monkeypatch.setattr("zsbir_lib.features.blocks._BLOCK", 16)
    errors = in_processes(
        lambda rank: extract_features(drawer, means, cache=tmp_path / "a", batch_size=16, workers=1)
    )
    assert {type(error) for error in errors} == {ZsbirError}
    assert all("does not hold what another process wrote there" in str(e) for e in errors)


def test_the_rows_are_dealt_as_pytorch_deals_them():
    from torch.utils.data import DistributedSampler

    def deal(rank):
        sampler = DistributedSampler(range(12), world().size, world().rank, shuffle=False)
        return list(sampler), world().share(list(range(12)))

    for theirs, ours in in_processes(deal, 3):
        assert theirs == ours
    assert world().share(list(range(12))) == list(range(12))
    assert np.array_equal(world().gather(1), [1])
