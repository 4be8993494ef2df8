import errno
import io
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image, UnidentifiedImageError
from torch import nn

from zsbir_lib.errors import ZsbirError, speaking_command_line
from zsbir_lib.features import Recipe, extract_features, load_backbone, register_backbone
from zsbir_lib.store import Store

# Eight images a batch, 32 batches a block.
BATCH, BLOCK = 8, 256


def files(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*/*/*") if path.name != ".lock"}


def block_files(folder):
    """The files of the blocks, in order."""
    return sorted(folder.glob("features/*/*.npy"))


def reads(drawer):
    """Images opened since this was called last (the question itself counts as nothing)."""
    before = getattr(drawer, "seen_reads", 0)
    now = next(drawer.reads)
    drawer.seen_reads = now + 1
    return now - before


def flip_a_bit(path, position):
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize("batch_size", [1, 7, 60, 1000])
def test_features_are_those_of_the_backbone(drawer, means, expected, batch_size, cache, tmp_path):
    features = extract_features(
        drawer, means, batch_size=batch_size, cache=cache and tmp_path, workers=3
    )
    n = len(drawer.photo_labels)
    np.testing.assert_allclose(features.photos, expected[:n], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(features.sketches, expected[n:], rtol=1e-4, atol=1e-4)
    assert features.photo_labels.tolist() == drawer.photo_labels.tolist()
    assert features.sketch_photos.tolist() == drawer.sketch_photos.tolist()
    assert features.sketch_ids == tuple(drawer.sketch_ids)
    assert (features.dataset, features.backbone, features.weights_id) == ("drawer", "means", "w0")
    assert features.skipped == ()
    assert features.photos.dtype == torch.float32
    assert features.split is drawer.split
    assert len(features.pairs()) == 19  # 2 classes, 5 photos, 2 sketches, less the lonely one


def test_the_second_call_reads_the_cache(drawer, means, tmp_path):
    first = extract_features(drawer, means, cache=tmp_path)
    assert reads(drawer) == 60
    again = extract_features(drawer, means, cache=tmp_path)
    assert reads(drawer) == 0
    assert torch.equal(first.photos, again.photos)
    assert [np.load(path).shape for path in block_files(tmp_path)] == [(60, 6)]


def test_cache_true_is_the_cache_folder(drawer, means, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path))
    extract_features(drawer, means)
    assert len(block_files(tmp_path)) == 1


def test_cache_false_writes_nothing(drawer, means, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path))
    extract_features(drawer, means, cache=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"weights_id": "w9"},
        {"transform_id": "plain-v2"},
        {"probe_id": "another network"},
    ],
)
def test_stale_features_are_never_read(drawer, means, tmp_path, change):
    extract_features(drawer, means, cache=tmp_path)
    reads(drawer)
    extract_features(drawer, replace(means, **change), cache=tmp_path)
    assert reads(drawer) == 60
    drawer.fingerprint = "changed"
    extract_features(drawer, means, cache=tmp_path)
    assert reads(drawer) == 60


@pytest.fixture
def make_large(make_drawer):
    """A data set of 600 images: 200 photos and 400 sketches, in blocks of 256, 256 and 88."""
    return lambda: make_drawer(photos_per_class=50)


@pytest.mark.parametrize("stop_at", [0, 255, 256, 400, 599])
def test_an_interrupted_run_resumes_with_identical_bytes(make_large, means, tmp_path, stop_at):
    whole = tmp_path / "whole"
    extract_features(make_large(), means, cache=whole, batch_size=BATCH)
    drawer = make_large()
    kind, index = ("photo", stop_at) if stop_at < 200 else ("sketch", stop_at - 200)
    drawer.unreadable[kind, index] = KeyboardInterrupt()
    parts = tmp_path / "parts"
    with pytest.raises(KeyboardInterrupt):
        extract_features(drawer, means, cache=parts, batch_size=BATCH)
    assert len(block_files(parts)) == stop_at // BLOCK
    drawer.unreadable.clear()
    reads(drawer)
    extract_features(drawer, means, cache=parts, batch_size=BATCH)
    assert reads(drawer) == 600 - stop_at // BLOCK * BLOCK
    assert files(parts) == files(whole)


def fork(work, *arguments):
    """Start a process that knows what this one does, so that nothing is imported again."""
    if sys.platform != "linux":
        pytest.skip("only Linux forks safely")

    def run():
        torch.set_num_threads(1)  # the threads of this process are not in the other one
        work(*arguments)

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    return process


def test_a_killed_process_leaves_what_the_next_one_continues(make_large, means, tmp_path):
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # as in the other process: the last digit may depend on it
    try:
        extract_features(make_large(), means, cache=tmp_path / "whole", batch_size=BATCH)

        def work():
            drawer = make_large()
            whole = drawer.sketch
            drawer.sketch = lambda i: os.kill(os.getpid(), signal.SIGKILL) if i == 380 else whole(i)
            extract_features(drawer, means, cache=tmp_path / "parts", batch_size=BATCH)

        process = fork(work)
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
        assert len(block_files(tmp_path / "parts")) == 2
        drawer = make_large()
        extract_features(drawer, means, cache=tmp_path / "parts", batch_size=BATCH)
    finally:
        torch.set_num_threads(before)
    # The killed process was reading image 200 + 380, in the third block.
    assert reads(drawer) == 600 - 2 * BLOCK
    assert files(tmp_path / "parts") == files(tmp_path / "whole")


@pytest.fixture
def interrupted(make_large, means, tmp_path):
    """A folder whose run stopped in the last of 3 blocks, and the bytes it should end with."""
    extract_features(make_large(), means, cache=tmp_path / "whole", batch_size=BATCH)
    drawer = make_large()
    drawer.unreadable["sketch", 399] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        extract_features(drawer, means, cache=tmp_path / "parts", batch_size=BATCH)
    drawer.unreadable.clear()
    reads(drawer)
    return drawer, tmp_path / "parts", files(tmp_path / "whole")


def resume(drawer, folder, means, **options):
    extract_features(drawer, means, cache=folder, **{"batch_size": BATCH, **options})
    return reads(drawer), files(folder)


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty"])
def test_a_damaged_block_of_an_interrupted_run_is_computed_again(interrupted, means, damage):
    drawer, folder, whole = interrupted
    path = block_files(folder)[0]
    if damage == "flip":
        flip_a_bit(path, 700)
    else:
        path.write_bytes(path.read_bytes()[:-10] if damage == "truncate" else b"")
    count, found = resume(drawer, folder, means)
    assert count == 600 - BLOCK
    assert {name: found[name] for name in whole} == whole


def test_another_batch_size_starts_over(interrupted, means):
    drawer, folder, whole = interrupted
    count, _ = resume(drawer, folder, means, batch_size=4)
    assert count == 600
    (entry,) = Store(folder).entries()
    assert entry.verify() == []
    assert not set(entry.pieces) & {name.partition("~")[0] + ".npy" for name in whole}


@pytest.mark.parametrize("damage", ["flip", "truncate", "gone"])
def test_a_damaged_block_of_a_finished_run_is_named_and_rebuilt(
    make_large, means, tmp_path, damage, caplog
):
    drawer = make_large()
    extract_features(drawer, means, cache=tmp_path, batch_size=BATCH)
    good = files(tmp_path)
    path = block_files(tmp_path)[1]
    if damage == "flip":
        flip_a_bit(path, 700)
    elif damage == "truncate":
        path.write_bytes(path.read_bytes()[:-10])
    else:
        path.unlink()
    reads(drawer)
    with caplog.at_level(logging.WARNING):
        extract_features(drawer, means, cache=tmp_path, batch_size=BATCH)
    assert f"{path} is damaged or gone" in caplog.text
    assert reads(drawer) == BLOCK
    assert files(tmp_path) == good


def test_an_unreadable_image_is_named_and_stops_the_run(make_large, means, tmp_path):
    drawer = make_large()
    drawer.unreadable["sketch", 333] = UnidentifiedImageError("cannot identify image file")
    message = f"cannot read sketch {drawer.sketch_ids[333]} \\(cannot identify image file\\)"
    for cache in (tmp_path, False):
        with pytest.raises(ZsbirError, match=message) as caught:
            extract_features(drawer, means, cache=cache, batch_size=BATCH)
        assert "on_error='skip'" in str(caught.value)
        assert "\n" not in str(caught.value)
    with speaking_command_line(), pytest.raises(ZsbirError, match="--on-error skip"):
        extract_features(drawer, means, cache=False, batch_size=BATCH)
    # Repaired, the run goes on behind what it had.
    drawer.unreadable.clear()
    reads(drawer)
    extract_features(drawer, means, cache=tmp_path, batch_size=BATCH)
    assert reads(drawer) == 600 - 2 * BLOCK


def test_really_broken_files_are_unreadable_images(drawer, means):
    stream = io.BytesIO()
    Image.fromarray(drawer.pixels[0]).resize((90, 90)).save(stream, "PNG")
    broken = {0: b"", 1: b"not an image", 2: stream.getvalue()[:-200], 3: b"\x89PNG\r\n\x1a\n" * 9}
    whole = drawer.photo
    drawer.photo = lambda i: (
        Image.open(io.BytesIO(broken[i])).convert("RGB") if i in broken else whole(i)
    )
    features = extract_features(drawer, means, cache=False, on_error="skip")
    assert features.skipped == tuple(f"photo {drawer.photo_ids[i]}" for i in broken)


@pytest.mark.parametrize("cached", [True, False])
def test_skipped_images_are_listed_and_leave_consistent_rows(
    drawer, means, expected, tmp_path, cached
):
    drawer.unreadable = {("photo", 2): OSError("truncated"), ("sketch", 8): OSError("truncated")}
    options = {"cache": cached and tmp_path, "on_error": "skip", "batch_size": 8}
    for _ in range(2):
        features = extract_features(drawer, means, **options)
        assert features.skipped == (
            f"photo {drawer.photo_ids[2]}",
            f"sketch {drawer.sketch_ids[8]}",
        )
        assert len(features.photos) == 19
        assert len(features.sketches) == 39
        row = features.photo_ids.index(drawer.photo_ids[7])
        np.testing.assert_allclose(features.photos[row], expected[7], rtol=1e-4, atol=1e-4)
        # A sketch of the skipped photo has no photo; all others still point at their own.
        for i, sketch_id in enumerate(features.sketch_ids):
            original = drawer.sketch_photos[drawer.sketch_ids.index(sketch_id)]
            found = features.sketch_photos[i]
            if original in (-1, 2):
                assert found == -1
            else:
                assert features.photo_ids[found] == drawer.photo_ids[original]


def test_a_cache_with_skipped_images_does_not_hide_them(make_large, means, tmp_path):
    drawer = make_large()
    drawer.unreadable["sketch", 399] = OSError("truncated")
    options = {"cache": tmp_path, "batch_size": BATCH}
    extract_features(drawer, means, **options, on_error="skip")
    with pytest.raises(ZsbirError, match=f"cannot read sketch {drawer.sketch_ids[399]}"):
        extract_features(drawer, means, **options)
    # Repaired, its block alone is computed again.
    drawer.unreadable.clear()
    reads(drawer)
    repaired = extract_features(drawer, means, **options)
    assert len(repaired.sketches) == 400
    assert reads(drawer) == 1 + 88
    assert torch.equal(repaired.sketches, extract_features(drawer, means, cache=False).sketches)


@pytest.mark.parametrize("on_error", ["skip", "raise"])
def test_an_interrupted_run_with_skipped_images_resumes_either_way(
    make_large, means, tmp_path, on_error
):
    drawer = make_large()
    drawer.unreadable["photo", 9] = OSError("truncated")
    drawer.unreadable["sketch", 330] = KeyboardInterrupt()
    options = {"cache": tmp_path, "batch_size": BATCH}
    with pytest.raises(KeyboardInterrupt):
        extract_features(drawer, means, **options, on_error="skip")
    del drawer.unreadable["sketch", 330]
    reads(drawer)
    if on_error == "skip":
        features = extract_features(drawer, means, **options, on_error="skip")
        assert features.skipped == (f"photo {drawer.photo_ids[9]}",)
        # The block, and twice the image: it might be readable by now.
        assert reads(drawer) == 600 - 2 * BLOCK + 2
    else:
        with pytest.raises(ZsbirError, match=f"cannot read photo {drawer.photo_ids[9]}"):
            extract_features(drawer, means, **options)


def test_a_program_error_is_not_an_unreadable_image(drawer, means):
    drawer.unreadable["photo", 2] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        extract_features(drawer, means, cache=False, on_error="skip")


def test_nan_features_name_the_image(drawer, means):
    means.module.network.weight.data[0, 0] = float("inf")
    with pytest.raises(ZsbirError, match="means returns NaN or infinity for photo bat/0"):
        extract_features(drawer, means, cache=False)


def test_several_threads_compute_once_and_agree(make_drawer, means, tmp_path):
    drawer = make_drawer()
    inside, results = [], []

    class Slow(nn.Module):
        def forward(self, images):
            inside.append(len(images))
            time.sleep(0.02)
            return means.module(images)

    slow = replace(means, module=Slow())

    def work():
        results.append(extract_features(drawer, slow, cache=tmp_path, batch_size=8))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(inside) == 60
    assert len(results) == 3
    assert all(torch.equal(results[0].photos, other.photos) for other in results)


class NoLock:
    """A lock on a file system that knows none."""

    def __init__(self, path, **options):
        pass

    def acquire(self, timeout=-1):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    def release(self):
        pass


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_without_locks_all_end_with_right_features(
    make_drawer, means, tmp_path, monkeypatch, processes
):
    monkeypatch.setattr("zsbir_lib.store.FileLock", NoLock)
    barrier = multiprocessing.get_context("fork").Barrier(processes)

    class Meeting(nn.Module):
        """Computes the first batch when all processes have come to theirs."""

        met = False

        def forward(self, images):
            if not self.met:
                self.met = barrier.wait(60) >= 0
            return means.module(images)

    def work(number):
        # Other batches: other last digits, so that what two processes write is not the same.
        found = extract_features(
            make_drawer(photos_per_class=100), replace(means, module=Meeting()),
            cache=tmp_path / "cache", batch_size=8 + 8 * (number % 2),
        )  # fmt: skip
        np.savez(tmp_path / f"found-{number}", photos=found.photos, sketches=found.sketches)

    racers = [fork(work, number) for number in range(processes)]
    for racer in racers:
        racer.join(120)
        assert racer.exitcode == 0
    right = extract_features(make_drawer(photos_per_class=100), means, cache=False)
    for number in range(processes):
        with np.load(tmp_path / f"found-{number}.npz") as found:
            np.testing.assert_allclose(found["photos"], right.photos, rtol=1e-4, atol=1e-4)
            np.testing.assert_allclose(found["sketches"], right.sketches, rtol=1e-4, atol=1e-4)
    (entry,) = Store(tmp_path / "cache").entries()
    assert entry.verify() == []
    assert sum(len(np.load(entry.path(name))) for name in entry.pieces) == 1200


def test_a_read_only_cache_serves_its_readers(drawer, means, tmp_path, monkeypatch):
    first = extract_features(drawer, means, cache=tmp_path)

    def refuse(*args, **options):
        raise PermissionError(errno.EACCES, "Permission denied", str(args[0]))

    for name in ("mkdir", "rename", "replace", "open", "unlink"):
        monkeypatch.setattr(os, name, refuse)
    assert torch.equal(extract_features(drawer, means, cache=tmp_path).photos, first.photos)


def test_a_full_disk_is_one_clear_line_and_the_run_goes_on_behind_it(
    make_large, means, tmp_path, monkeypatch
):
    drawer, save, saved = make_large(), np.save, []

    def fill(path, arr):
        if len(saved) == 1:
            path.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        saved.append(path)
        save(path, arr)

    monkeypatch.setattr(np, "save", fill)
    with pytest.raises(ZsbirError, match=r"cannot write to the cache .*No space left on device"):
        extract_features(drawer, means, cache=tmp_path, batch_size=BATCH)
    assert len(block_files(tmp_path)) == 1
    assert not list(tmp_path.rglob(".zsbir-partial*"))
    monkeypatch.undo()
    reads(drawer)
    extract_features(drawer, means, cache=tmp_path, batch_size=BATCH)
    assert reads(drawer) == 600 - BLOCK


def test_a_cache_that_cannot_be_written_is_named(drawer, means, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ZsbirError, match=r"cannot write to the cache .*file"):
        extract_features(drawer, means, cache=tmp_path / "file")


def test_mixed_precision_is_close_and_kept_apart(drawer, means, tmp_path):
    full = extract_features(drawer, means, cache=tmp_path)
    mixed = extract_features(drawer, means, cache=tmp_path, mixed_precision=True)
    assert not torch.equal(full.photos, mixed.photos)
    torch.testing.assert_close(full.photos, mixed.photos, rtol=0.02, atol=1)
    assert len(list(Store(tmp_path).entries())) == 2


class Watch(nn.Module):
    """Notes PyTorch's switches of precision while it computes."""

    def __init__(self, module):
        super().__init__()
        self.module, self.seen = module, []

    def forward(self, images):
        self.seen.append(tf32_switches())
        return self.module(images)


def tf32_switches():
    return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32


@pytest.mark.parametrize("before", [(False, True), (True, True), (False, False)])
@pytest.mark.parametrize("tf32", [False, True])
def test_the_precision_is_stated_and_the_process_keeps_its_own(drawer, means, before, tf32):
    kept = tf32_switches()
    try:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before
        watch = Watch(means.module)
        extract_features(drawer, replace(means, module=watch), cache=False, tf32=tf32)
        assert set(watch.seen) == {(tf32, tf32)}
        assert tf32_switches() == before
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = kept


def test_tf32_is_kept_apart(drawer, means, tmp_path):
    extract_features(drawer, means, cache=tmp_path)
    extract_features(drawer, means, cache=tmp_path, tf32=True)
    assert len(list(Store(tmp_path).entries())) == 2


def test_neither_backbone_nor_random_numbers_of_the_caller_are_touched(drawer, means, monkeypatch):
    moved = []
    monkeypatch.setattr(nn.Module, "to", lambda self, *args, **kwargs: moved.append(self) or self)
    state = torch.get_rng_state()
    extract_features(drawer, means, cache=False, device="cpu", workers=2)
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(module is means.module for module in moved)


def test_another_network_of_the_same_name_and_weights_has_its_own_features(drawer, tmp_path):
    """Case 02: mean pooling, then max pooling, over the same convolution."""
    torch.manual_seed(0)
    weights = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Identity(), nn.Flatten()).state_dict()

    def network(pool):
        return nn.Sequential(nn.Conv2d(3, 8, 3), pool, nn.Flatten())

    for pool in (nn.AdaptiveAvgPool2d(1), nn.AdaptiveMaxPool2d(1)):
        recipe = Recipe(partial(network, pool), 8, input_size=8, default_weights=lambda: weights)
        register_backbone("case-02", recipe, replace=True)
        backbone = load_backbone("case-02", device="cpu")
        cached = extract_features(drawer, backbone, cache=tmp_path).photos
        fresh = extract_features(drawer, backbone, cache=False).photos
        torch.testing.assert_close(cached, fresh)


def test_the_bar_is_on_standard_error(drawer, means, capsys):
    extract_features(drawer, means, cache=False, progress=True, device="cpu")
    out, err = capsys.readouterr()
    assert out == ""
    assert "means features of drawer" in err
    assert "60/60" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number, 1 or more"),
        ({"workers": 0}, "workers must be a whole number, 1 or more"),
        ({"on_error": "ignore"}, "on_error is raise or skip"),
        ({"device": "abacus"}, "unknown device"),
        ({"mixed_precision": True, "tf32": True}, "mixed_precision=True and tf32=True exclude"),
    ],
)
def test_bad_arguments(drawer, means, options, message):
    with pytest.raises(ZsbirError, match=message):
        extract_features(drawer, means, cache=False, **options)


def test_backbones_of_other_weights_do_not_share(drawer, means, other_means, tmp_path):
    a = extract_features(drawer, means, cache=tmp_path)
    b = extract_features(drawer, other_means, cache=tmp_path)
    assert not torch.equal(a.photos, b.photos)
