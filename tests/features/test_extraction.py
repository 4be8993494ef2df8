import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, UnidentifiedImageError
from torch import nn

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import extract_features


def files(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*/*") if path.name != "lock"}


def feature_file(folder):
    (path,) = folder.glob("*/features.npy")
    return path


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
    assert set(files(tmp_path)) == {"features.npy", "features.json"}
    assert np.load(feature_file(tmp_path)).shape == (60, 6)


def test_cache_true_is_the_cache_folder(drawer, means, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path))
    extract_features(drawer, means)
    assert feature_file(tmp_path / "features").exists()


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


@pytest.mark.parametrize("stop_at", [0, 1, 8, 30, 52, 59])
def test_an_interrupted_run_resumes_with_identical_bytes(make_drawer, means, tmp_path, stop_at):
    whole = tmp_path / "whole"
    extract_features(make_drawer(), means, cache=whole, batch_size=8)
    drawer = make_drawer()
    kind, index = ("photo", stop_at) if stop_at < 20 else ("sketch", stop_at - 20)
    drawer.unreadable[kind, index] = KeyboardInterrupt()
    parts = tmp_path / "parts"
    with pytest.raises(KeyboardInterrupt):
        extract_features(drawer, means, cache=parts, batch_size=8)
    assert not list(parts.glob("*/features.*"))
    drawer.unreadable.clear()
    reads(drawer)
    extract_features(drawer, means, cache=parts, batch_size=8)
    assert reads(drawer) == 60 - stop_at // 8 * 8
    assert files(parts) == files(whole)


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from features.conftest import Drawer, make_backbone
from zsbir_lib.features import extract_features
drawer = Drawer(photos_per_class=50)
whole = drawer.sketch
def sketch(index):
    if index == 123:
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(index)
drawer.sketch = sketch
extract_features(drawer, make_backbone(), cache={folder!r}, batch_size=16)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
def test_a_killed_process_leaves_what_the_next_one_continues(make_drawer, means, tmp_path):
    extract_features(
        make_drawer(photos_per_class=50), means, cache=tmp_path / "whole", batch_size=16
    )
    code = KILLED.format(tests=str(Path(__file__).parents[1]), folder=str(tmp_path / "parts"))
    # The thread count may change the last digit, so the child gets ours.
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    child = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert child.returncode == -signal.SIGKILL
    assert set(files(tmp_path / "parts")) == {"partial.npy", "partial.jsonl"}
    drawer = make_drawer(photos_per_class=50)
    extract_features(drawer, means, cache=tmp_path / "parts", batch_size=16)
    # The killed process was reading image 200 + 123, in block 20; at most two blocks were lost.
    assert 600 - 20 * 16 <= reads(drawer) <= 600 - 18 * 16
    assert files(tmp_path / "parts") == files(tmp_path / "whole")


@pytest.fixture
def interrupted(make_drawer, means, tmp_path):
    """A folder whose run stopped in the last of 8 blocks, and the bytes it should end with."""
    extract_features(make_drawer(), means, cache=tmp_path / "whole", batch_size=8)
    drawer = make_drawer()
    drawer.unreadable["sketch", 39] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        extract_features(drawer, means, cache=tmp_path / "parts", batch_size=8)
    drawer.unreadable.clear()
    reads(drawer)
    (partial,) = (tmp_path / "parts").glob("*/partial.npy")
    return drawer, partial, partial.with_name("partial.jsonl"), files(tmp_path / "whole")


def resume(drawer, partial, means, **options):
    extract_features(drawer, means, cache=partial.parents[1], **{"batch_size": 8, **options})
    return reads(drawer), files(partial.parents[1])


def test_a_damaged_block_of_a_partial_file_is_computed_again(interrupted, means):
    drawer, partial, _, whole = interrupted
    flip_a_bit(partial, 128 + 4 * 6 * 8 * 3 + 5)  # header, then numbers of three good blocks
    assert resume(drawer, partial, means) == (60 - 3 * 8, whole)


@pytest.mark.parametrize("cut", [1, 100, 128 + 10])
def test_a_truncated_partial_file_is_continued(interrupted, means, cut):
    drawer, partial, _, whole = interrupted
    partial.write_bytes(partial.read_bytes()[:-cut])
    count, found = resume(drawer, partial, means)
    assert found == whole
    assert 60 - 7 * 8 < count <= 60 - 5 * 8


def test_bytes_that_no_journal_line_vouches_for_are_dropped(interrupted, means):
    drawer, partial, journal, whole = interrupted
    lines = journal.read_text().splitlines()
    journal.write_text("\n".join([*lines[:5], lines[5][:20]]))
    assert resume(drawer, partial, means) == (60 - 4 * 8, whole)


def test_a_lost_journal_starts_over(interrupted, means):
    drawer, partial, journal, whole = interrupted
    journal.unlink()
    assert resume(drawer, partial, means) == (60, whole)


def test_another_batch_size_starts_over(interrupted, means):
    drawer, partial, _, whole = interrupted
    count, found = resume(drawer, partial, means, batch_size=4)
    assert count == 60
    assert json.loads(found["features.json"])["rounding"]["batch_size"] == 4
    assert len(found["features.npy"]) == len(whole["features.npy"])


@pytest.mark.parametrize("damage", ["flip", "truncate", "metadata", "other key"])
def test_a_damaged_cache_file_is_named_and_rebuilt(drawer, means, tmp_path, damage, caplog):
    extract_features(drawer, means, cache=tmp_path)
    good = files(tmp_path)
    path = feature_file(tmp_path)
    metadata = path.with_name("features.json")
    if damage == "flip":
        flip_a_bit(path, 700)
    elif damage == "truncate":
        path.write_bytes(path.read_bytes()[:-10])
    elif damage == "metadata":
        metadata.write_text("{")
    else:
        content = json.loads(metadata.read_text())
        content["key"]["fingerprint"] = "another"
        metadata.write_text(json.dumps(content))
    with caplog.at_level(logging.WARNING):
        extract_features(drawer, means, cache=tmp_path)
    assert str(path) in caplog.text
    assert "damaged" in caplog.text
    assert files(tmp_path) == good


def test_an_unreadable_image_is_named_and_stops_the_run(drawer, means, tmp_path):
    drawer.unreadable["sketch", 33] = UnidentifiedImageError("cannot identify image file")
    message = f"cannot read sketch {drawer.sketch_ids[33]} \\(cannot identify image file\\)"
    for cache in (tmp_path, False):
        with pytest.raises(ZsbirError, match=message) as caught:
            extract_features(drawer, means, cache=cache, batch_size=8)
        assert "on_error='skip'" in str(caught.value)
        assert "\n" not in str(caught.value)
    # Repaired, the run goes on behind what it had.
    drawer.unreadable.clear()
    reads(drawer)
    extract_features(drawer, means, cache=tmp_path, batch_size=8)
    assert reads(drawer) == 60 - 53 // 8 * 8


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


def test_a_cache_with_skipped_images_does_not_hide_them(drawer, means, tmp_path):
    drawer.unreadable["photo", 2] = OSError("truncated")
    extract_features(drawer, means, cache=tmp_path, on_error="skip")
    with pytest.raises(ZsbirError, match="cannot read photo bat/2"):
        extract_features(drawer, means, cache=tmp_path)
    drawer.unreadable.clear()
    assert len(extract_features(drawer, means, cache=tmp_path).photos) == 20


def test_an_interrupted_run_with_skipped_images_resumes_either_way(make_drawer, means, tmp_path):
    for on_error in ("skip", "raise"):
        drawer = make_drawer()
        drawer.unreadable["photo", 9] = OSError("truncated")
        drawer.unreadable["sketch", 30] = KeyboardInterrupt()
        options = {"cache": tmp_path / on_error, "batch_size": 8}
        with pytest.raises(KeyboardInterrupt):
            extract_features(drawer, means, **options, on_error="skip")
        del drawer.unreadable["sketch", 30]
        reads(drawer)
        if on_error == "skip":
            features = extract_features(drawer, means, **options, on_error="skip")
            assert features.skipped == ("photo cow/9",)
            assert reads(drawer) == 60 - 50 // 8 * 8
        else:
            with pytest.raises(ZsbirError, match="cannot read photo cow/9"):
                extract_features(drawer, means, **options)


def test_a_program_error_is_not_an_unreadable_image(drawer, means):
    drawer.unreadable["photo", 2] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        extract_features(drawer, means, cache=False, on_error="skip")


def test_nan_features_name_the_image(drawer, means):
    means.module.network.weight.data[0, 0] = float("inf")
    with pytest.raises(ZsbirError, match="means returns NaN or infinity for photo bat/0"):
        extract_features(drawer, means, cache=False)


def test_two_at_once_compute_once_and_agree(make_drawer, means, tmp_path):
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
    assert set(files(tmp_path)) == {"features.npy", "features.json"}


def test_a_file_system_without_locks_is_used_without(drawer, means, tmp_path, monkeypatch):
    def unsupported(stream):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("zsbir_lib.features.extraction._lock", unsupported)
    assert len(extract_features(drawer, means, cache=tmp_path).photos) == 20


def test_a_cache_that_cannot_be_written_is_named(drawer, means, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ZsbirError, match=r"cannot use the feature cache .*file"):
        extract_features(drawer, means, cache=tmp_path / "file")


def test_mixed_precision_is_close_and_kept_apart(drawer, means, tmp_path):
    full = extract_features(drawer, means, cache=tmp_path)
    mixed = extract_features(drawer, means, cache=tmp_path, mixed_precision=True)
    assert not torch.equal(full.photos, mixed.photos)
    torch.testing.assert_close(full.photos, mixed.photos, rtol=0.02, atol=1)
    assert len(list(tmp_path.glob("*/features.npy"))) == 2


def test_the_bar_is_on_standard_error(drawer, means, capsys):
    extract_features(drawer, means, cache=False, progress=True, device="cpu")
    out, err = capsys.readouterr()
    assert out == ""
    assert "means features of drawer" in err
    assert "60/60" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be 1 or more"),
        ({"workers": 0}, "workers must be 1 or more"),
        ({"on_error": "ignore"}, "on_error must be 'raise' or 'skip'"),
        ({"device": "abacus"}, "unknown device"),
    ],
)
def test_bad_arguments(drawer, means, options, message):
    with pytest.raises(ZsbirError, match=message):
        extract_features(drawer, means, cache=False, **options)


def test_backbones_of_other_weights_do_not_share(drawer, means, other_means, tmp_path):
    a = extract_features(drawer, means, cache=tmp_path)
    b = extract_features(drawer, other_means, cache=tmp_path)
    assert not torch.equal(a.photos, b.photos)
