"""An index is made, taken up where it was interrupted, and brought up to date."""

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from zsbir_lib.drawings import read_image
from zsbir_lib.errors import ZsbirError
from zsbir_lib.gallery import PhotoIndex, index_photos, making, pictures
from zsbir_lib.store import Draft


@pytest.fixture
def out(tmp_path):
    return tmp_path / "index"


@pytest.fixture
def read(monkeypatch):
    """The names of the photos that were read, in order."""
    names = []

    def reading(path, **options):
        names.append(path.name)
        return read_image(path, **options)

    monkeypatch.setattr(pictures, "read_image", reading)
    return names


def contents(out):
    """Return all that an index holds, by the photos' names."""
    index = PhotoIndex(out)
    rows = range(len(index))
    return {index.name(i): (index.features[i].tobytes(), index.thumbnail(i)) for i in rows}


def test_each_photo_has_its_feature_and_a_small_picture(folder, out, backbone):
    report = index_photos(folder, out, backbone)
    assert (report.photos, report.read, report.kept, report.removed) == (7, 7, 0, 0)
    index = PhotoIndex(out)
    for row in range(len(index)):
        image = read_image(folder / index.name(row))
        torch.testing.assert_close(torch.tensor(index.features[row]), backbone.features([image])[0])
        small = read_image(index.thumbnail(row))
        assert small.size == (96, 96)
        middle = np.asarray(image.crop((5, 0, 35, 30)).resize((96, 96)), dtype=int)
        assert np.abs(middle - np.asarray(small, dtype=int)).mean() < 12


def test_what_did_not_change_is_not_read_again(folder, out, backbone, read):
    index_photos(folder, out, backbone)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    read.clear()
    report = index_photos(folder, out, backbone)
    assert (report.photos, report.read, report.kept, read) == (7, 0, 7, [])
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_photos_added_changed_and_removed_are_taken_up(folder, out, backbone, read, save):
    index_photos(folder, out, backbone)
    read.clear()
    save(folder / "0.jpg", 20)
    save(folder / "sea" / "c.webp", 21, (41, 30))
    (folder / "b.PNG").unlink()
    report = index_photos(folder, out, backbone)
    assert read == ["0.jpg", "c.webp"]
    assert (report.photos, report.read, report.kept, report.removed) == (7, 2, 5, 1)
    anew = out.parent / "anew"
    index_photos(folder, anew, backbone)
    assert contents(out) == contents(anew)
    assert len(list((out / "photo-index").iterdir())) == 1


def test_an_interrupted_run_goes_on_behind_its_blocks(folder, out, backbone, read, monkeypatch):
    monkeypatch.setattr(making, "_BLOCK", 2)
    piece = Draft.piece
    written = []

    def interrupted(self, name, write):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(name)
        return piece(self, name, write)

    monkeypatch.setattr(Draft, "piece", interrupted)
    with pytest.raises(KeyboardInterrupt):
        index_photos(folder, out, backbone, batch_size=2)
    with pytest.raises(ZsbirError, match="an index that is not finished"):
        PhotoIndex(out)
    monkeypatch.setattr(Draft, "piece", piece)
    read.clear()
    # What was added meanwhile comes first in the order of names, so all blocks would begin anew.
    shutil.copy(folder / "a.jpg", folder / "+.jpg")
    report = index_photos(folder, out, backbone, batch_size=2)
    assert (report.photos, report.read, report.kept) == (8, 4, 4)
    assert len(read) == 4
    anew = out.parent / "anew"
    index_photos(folder, anew, backbone, batch_size=2)
    assert contents(out) == contents(anew)
    assert [path.name for path in out.iterdir()] == ["photo-index"]  # the blocks are gone


def test_a_damaged_block_is_read_again(folder, out, backbone, monkeypatch):
    monkeypatch.setattr(making, "_BLOCK", 2)

    def interrupted(*_):
        raise KeyboardInterrupt

    merge = making.merge
    monkeypatch.setattr(making, "merge", interrupted)
    with pytest.raises(KeyboardInterrupt):
        index_photos(folder, out, backbone, batch_size=2)
    monkeypatch.setattr(making, "merge", merge)
    block = next(out.rglob("*.npz"))
    block.write_bytes(block.read_bytes()[:-20])
    report = index_photos(folder, out, backbone, batch_size=2)
    assert (report.photos, report.kept) in [(7, 5), (7, 6)]


def test_unreadable_photos_are_named_with_the_reason_and_tried_again(
    folder, out, backbone, read, save
):
    (folder / "bad.jpg").write_bytes((folder / "a.jpg").read_bytes()[:100])
    (folder / "sea" / "empty.png").touch()
    report = index_photos(folder, out, backbone)
    assert report.unreadable.keys() == {"bad.jpg", "sea/empty.png"}
    assert report.unreadable["sea/empty.png"] == "the file is empty (0 bytes)"
    assert report.photos == 7
    read.clear()
    assert index_photos(folder, out, backbone).unreadable == report.unreadable
    assert sorted(read) == ["bad.jpg", "empty.png"]
    save(folder / "bad.jpg")
    assert index_photos(folder, out, backbone).photos == 8


def test_a_photo_that_vanishes_meanwhile_is_named_and_does_not_stop_it(
    folder, out, backbone, monkeypatch
):
    def vanishing(path, **options):
        if path.name == "c.webp":
            shutil.rmtree(folder / "sea", ignore_errors=True)
        return read_image(path, **options)

    monkeypatch.setattr(pictures, "read_image", vanishing)
    report = index_photos(folder, out, backbone, batch_size=1)
    assert report.listing.gone[:1] == ["sea/c.webp"]
    assert report.unreadable == {}
    assert report.photos == 7 - len(report.listing.gone)


def test_photos_of_a_folder_that_cannot_be_listed_now_are_not_lost(
    folder, out, backbone, monkeypatch
):
    index_photos(folder, out, backbone)
    scandir = os.scandir

    def closed(path):
        if str(path).endswith("sea"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    report = index_photos(folder, out, backbone)
    assert (report.photos, report.removed) == (7, 0)
    assert report.listing.unlisted == {"sea": "Permission denied"}


def test_an_index_is_not_emptied_when_the_photos_are_not_there(folder, out, backbone):
    index_photos(folder, out, backbone)
    shutil.rmtree(folder)
    folder.mkdir()  # where a disk was mounted
    with pytest.raises(ZsbirError, match="holds no photo that can be read here"):
        index_photos(folder, out, backbone)
    assert len(PhotoIndex(out)) == 7


def test_a_folder_without_photos_says_what_it_holds(tmp_path, out, backbone):
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "a.mp4").touch()
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(ZsbirError, match=r"\(but 1 .mp4, 1 links, which follow_links=True follow"):
        index_photos(folder, out, backbone)
    assert not out.exists()


def test_another_network_is_refused_and_named(folder, out, backbone, monkeypatch):
    index_photos(folder, out, backbone)
    other = replace(backbone, weights_id="0123456789ab")
    with pytest.raises(ZsbirError, match=r"made with corners \(weights .*0123456789ab"):
        index_photos(folder, out, other)
    with pytest.raises(ZsbirError, match="was made with corners"):
        PhotoIndex(out).check_backbone(replace(backbone, probe_id="00000000"))
    PhotoIndex(out).check_backbone(backbone)


def test_an_index_of_another_folder_is_refused_unless_that_has_moved(
    folder, out, backbone, read, save
):
    index_photos(folder, out, backbone)
    save(folder.parent / "others" / "x.jpg")
    with pytest.raises(ZsbirError, match=r"is the index of .*photos, not of .*others"):
        index_photos(folder.parent / "others", out, backbone)
    read.clear()
    moved = folder.rename(folder.parent / "moved")
    report = index_photos(moved, out, backbone)
    assert (report.photos, read) == (7, [])
    assert PhotoIndex(out).folder == moved.resolve()


@pytest.mark.parametrize("what", ["folder", "file"])
def test_nothing_else_is_written_to(folder, out, backbone, what):
    if what == "file":
        out.write_text("mine")
    else:
        out.mkdir()
        (out / "mine.txt").touch()
    with pytest.raises(ZsbirError, match=f"{out}.*give a.*folder"):
        index_photos(folder, out, backbone)
    assert list(out.parent.glob("index/*")) == ([out / "mine.txt"] if what == "folder" else [])


def test_a_damaged_index_is_made_again(folder, out, backbone, read, caplog):
    index_photos(folder, out, backbone)
    features = next(out.rglob("features*"))
    data = bytearray(features.read_bytes())
    data[-1] ^= 1
    features.write_bytes(data)
    read.clear()
    assert index_photos(folder, out, backbone).read == len(read) == 7
    assert "is damaged" in caplog.text


def test_it_may_lie_in_the_folder_of_the_photos(folder, backbone):
    for read_ in (7, 0):
        report = index_photos(folder, folder / "index", backbone)
        assert (report.photos, report.read, report.listing.skipped) == (7, read_, {})


def test_large_photos_are_decoded_small_and_give_nearly_the_same(tmp_path, out, backbone, save):
    path = save(tmp_path / "photos" / "large.jpg", 3, (1600, 1200))
    index_photos(path.parent, out, backbone)
    with Image.open(path) as image:
        whole = backbone.features([image])[0].numpy()
    assert np.abs(PhotoIndex(out).features[0] - whole).max() < 0.05
