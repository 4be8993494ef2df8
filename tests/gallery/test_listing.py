"""What is found in a folder of photos, and what is passed over."""

import os
import sys

import pytest

from zsbir_lib.errors import ZsbirError
from zsbir_lib.gallery import list_photos

links = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")


def test_photos_are_found_at_any_depth_in_the_order_of_their_paths(folder):
    found = list_photos(folder)
    assert list(found.photos) == [
        "-rf/#f%2e.jpg", "a.jpg", "b.PNG", "sea/2019/e.jpg", "sea/2019/ü ñ.jpg", "sea/c.webp",
        "sea/d.tif",
    ]  # fmt: skip
    state = (folder / "a.jpg").stat()
    assert found.photos["a.jpg"] == (state.st_size, state.st_mtime_ns)


def test_other_files_are_counted_by_their_endings(folder):
    for name in ("x.heic", "y.HEIC", "sea/z.cr2", "film.mp4", "notes", "notes.txt"):
        (folder / name).write_bytes(b"?")
    found = list_photos(folder)
    assert found.skipped == {".cr2": 1, ".heic": 2, ".mp4": 1, ".txt": 1, "without an ending": 1}
    assert len(found.photos) == 7


def test_hidden_files_and_the_index_itself_are_passed_over(folder, save):
    save(folder / ".cache" / "x.jpg")
    save(folder / "._a.jpg")
    save(folder / "index" / "x.jpg")
    assert len(list_photos(folder, leave_out=folder / "index").photos) == 7


@links
class TestLinks:
    @pytest.fixture
    def outside(self, folder, save):
        """Links to a file and to a folder outside, back into the folder, in a circle, nowhere."""
        other = folder.parent / "other"
        save(other / "x.jpg")
        save(other / "deep" / "y.jpg")
        (other / "back").symlink_to(folder)
        (folder / "one.jpg").symlink_to(other / "x.jpg")
        (folder / "many").symlink_to(other)
        (folder / "inside.jpg").symlink_to("a.jpg")
        (folder / "sea" / "up").symlink_to(folder)
        (folder / "dead.jpg").symlink_to("nowhere.jpg")

    @pytest.mark.usefixtures("outside")
    def test_links_are_named_and_not_followed(self, folder):
        found = list_photos(folder)
        assert found.links == ["dead.jpg", "inside.jpg", "many", "one.jpg", "sea/up"]
        assert len(found.photos) == 7

    @pytest.mark.usefixtures("outside")
    def test_followed_ones_lead_out_and_to_nothing_twice(self, folder):
        found = list_photos(folder, follow_links=True)
        assert len(found.photos) == 9
        assert {"many/deep/y.jpg", "many/x.jpg"} <= set(found.photos)
        assert found.links == []  # also "nowhere.jpg" would be in the folder
        (folder / "dead.jpg").unlink()
        (folder / "dead.jpg").symlink_to("/nowhere/x.jpg")
        assert list_photos(folder, follow_links=True).links == ["dead.jpg"]

    def test_the_folder_itself_may_be_a_link(self, folder):
        (folder.parent / "link").symlink_to(folder)
        found = list_photos(folder.parent / "link")
        assert (len(found.photos), found.folder) == (7, folder.resolve())


def test_a_folder_that_vanishes_is_named_and_does_not_stop_it(folder, monkeypatch):
    scandir = os.scandir

    def gone(path):
        if str(path).endswith("2019"):
            raise FileNotFoundError(2, "No such file or directory", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", gone)
    found = list_photos(folder)
    assert (found.gone, len(found.photos)) == (["sea/2019"], 5)


def test_a_folder_that_may_not_be_listed_is_named_with_the_reason(folder, monkeypatch):
    scandir = os.scandir

    def closed(path):
        if str(path).endswith("2019"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert list_photos(folder).unlisted == {"sea/2019": "Permission denied"}


@pytest.mark.parametrize("name", ["nowhere", "a.jpg"])
def test_what_is_no_folder_is_refused(folder, name):
    with pytest.raises(ZsbirError, match=f"cannot index .*{name}: .*; give a folder of photos"):
        list_photos(folder / name)
