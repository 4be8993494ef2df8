"""The folder of a page: looked at first, usable at every moment, and nothing of others touched."""

import hashlib
import json
import os
import sys

import pytest

from zsbir_lib.errors import ZsbirError
from zsbir_lib.web.folder import MARKER, PageFolder, named


def page(text, scripts="v1"):
    """Return the files of a small page: two with contents of their own, a script, the entry."""
    data = {named(f"{name}.bin", text.encode()): text.encode() for name in ("a", "b")}
    same = {named("same.bin", b"same"): b"same"}
    entry = json.dumps({"text": text, "files": [*data, *same]}).encode()
    return {**data, **same, "draw.js": scripts.encode(), "model.json": entry}


def shown(folder):
    """Return the text that the page in a folder shows; it fails if the page is not usable."""
    model = json.loads((folder / "model.json").read_text())
    for name in model["files"]:
        data = (folder / name).read_bytes()
        assert named(f"{name.split('.')[0]}.bin", data) == name
    assert (folder / "draw.js").is_file()
    return model["text"]


def names(folder):
    return {path.name for path in folder.iterdir()}


def holds(folder, files, *others):
    assert names(folder) == {*files, MARKER, *others}
    assert all((folder / name).read_bytes() == data for name, data in files.items())
    assert PageFolder(folder).damaged() == []


@pytest.fixture
def folder(tmp_path):
    """A folder with a page in it."""
    PageFolder(tmp_path / "page").write(page("old"))
    return tmp_path / "page"


def test_a_new_folder_is_made_with_its_parents(tmp_path):
    PageFolder(tmp_path / "a" / "b").write(page("new"))
    holds(tmp_path / "a" / "b", page("new"))


def test_writing_again_replaces_what_is_ours_and_keeps_what_is_not(folder):
    (folder / "CNAME").write_text("example.org")
    PageFolder(folder).write(page("new", "v2"))
    holds(folder, page("new", "v2"), "CNAME")


@pytest.mark.parametrize("name", ["model.json", "thesis.tex", ".hidden"])
def test_a_folder_with_other_files_is_refused_and_they_are_named(tmp_path, name):
    (tmp_path / name).write_text("a foreign model's shard")
    with pytest.raises(ZsbirError, match=f"holds other files \\({name}\\)"):
        PageFolder(tmp_path)
    assert names(tmp_path) == {name}


def test_a_file_of_somebody_else_is_not_replaced(folder):
    (folder / "worker.js").write_text("mine")
    with pytest.raises(ZsbirError, match=r"worker\.js is not of this page"):
        PageFolder(folder, ["worker.js"])
    with pytest.raises(ZsbirError, match=r"worker\.js is not of this page"):
        PageFolder(folder).write({"worker.js": b"ours", **page("new")})
    assert (folder / "worker.js").read_text() == "mine"
    assert shown(folder) == "old"


def test_an_empty_folder_and_a_new_volume_are_written_to(tmp_path):
    (tmp_path / "lost+found").mkdir()
    PageFolder(tmp_path).write(page("new"))
    holds(tmp_path, page("new"), "lost+found")


def test_the_folder_itself_is_never_moved_or_removed(folder, monkeypatch):
    """It may be a mount point, where both fail with "device or resource busy"."""
    before = folder.stat().st_ino
    real = os.replace

    def replace(source, target):
        assert os.fspath(folder) not in (os.fspath(source), os.fspath(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    PageFolder(folder).write(page("new"))
    holds(folder, page("new"))
    assert folder.stat().st_ino == before


def test_the_working_directory_can_be_written_again(folder, monkeypatch):
    monkeypatch.chdir(folder)
    for text in ("new", "newer"):
        PageFolder(".").write(page(text))
        holds(folder, page(text))


def test_a_link_is_followed_and_stays(folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder)
    PageFolder(link).write(page("new"))
    assert link.is_symlink()
    holds(folder, page("new"))


def test_what_can_be_no_folder_is_refused_at_once(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for path, reason in [("file", "is a file"), ("file/page", "file"), ("circle", "circle|link")]:
        with pytest.raises(ZsbirError, match=reason):
            PageFolder(tmp_path / path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_without_permission_is_refused_at_once(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ZsbirError, match="no permission"):
        PageFolder(tmp_path / "page")


def test_a_truncated_or_lost_file_is_found_and_mended(folder):
    (folder / "model.json").write_text('{"text": "o')
    (folder / named("a.bin", b"old")).unlink()
    assert set(PageFolder(folder).damaged()) == {"model.json", named("a.bin", b"old")}
    PageFolder(folder).write(page("old"))
    holds(folder, page("old"))


@pytest.mark.parametrize("text", ["", "{", '{"format": "zsbir-page-1", "fi', "\xff"])
def test_a_damaged_marker_does_not_lock_the_folder(folder, text):
    (folder / MARKER).write_bytes(text.encode("latin-1"))
    assert PageFolder(folder).damaged()
    PageFolder(folder).write(page("old"))
    holds(folder, page("old"))


def test_a_marker_cannot_lead_out_of_its_folder(folder, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    told = json.loads((folder / MARKER).read_text())
    told["leftovers"] = ["../mine.txt", os.fspath(tmp_path / "mine.txt")]
    told["files"]["../mine.txt"] = hashlib.sha256(b"mine").hexdigest()
    (folder / MARKER).write_text(json.dumps(told))
    PageFolder(folder).write(page("new"))
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_file_that_cannot_be_deleted_stays_until_it_can(folder, monkeypatch):
    stuck = named("a.bin", b"old")
    real = os.unlink

    def unlink(path, **options):
        if os.path.basename(path) == stuck:
            raise PermissionError(1, "Operation not permitted", os.fspath(path))
        real(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", unlink)
        for text in ("new", "newer"):
            PageFolder(folder).write(page(text))
            assert shown(folder) == text
            assert names(folder) == {*page(text), MARKER, stuck}
    PageFolder(folder).write(page("newest"))
    holds(folder, page("newest"))


def test_a_full_disk_leaves_the_old_page_and_nothing_else(folder, tmp_path, monkeypatch):
    real = os.replace

    def replace(source, target):
        if os.path.basename(target) == "model.json":
            raise OSError(28, "No space left on device", os.fspath(target))
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        with pytest.raises(ZsbirError, match="No space left on device"):
            PageFolder(folder).write(page("new"))
        with pytest.raises(ZsbirError, match="No space left on device"):
            PageFolder(tmp_path / "other").write(page("new"))
    assert not (tmp_path / "other").exists()
    holds(folder, page("old"))


def killed_at(number, action):
    """Do something in a child that dies before its `number`-th change of the disk.

    Return whether it came to its end before that.
    """
    child = os.fork()
    if child == 0:
        count = 0

        def hook(event, arguments):
            nonlocal count
            writes = event == "open" and isinstance(arguments[1], str) and "r" not in arguments[1]
            if writes or event in ("os.mkdir", "os.rmdir", "os.rename", "os.remove"):
                count += 1
                if count == number:
                    os._exit(9)

        try:
            sys.addaudithook(hook)
            action()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("start", ["nothing", "an empty folder", "an old page", "a killed write"])
def test_a_kill_at_any_moment_leaves_a_page_and_a_folder_that_can_be_written(tmp_path, start):
    ended, number = False, 0
    while not ended:
        number += 1
        folder = tmp_path / str(number) / "page"
        if start == "an empty folder":
            folder.mkdir(parents=True)
        elif start != "nothing":
            PageFolder(folder).write(page("old"))
            if start == "a killed write":
                assert not killed_at(9, lambda f=folder: PageFolder(f).write(page("between")))
            before = shown(folder)
        ended = killed_at(number, lambda f=folder: PageFolder(f).write(page("new", "v1")))
        if start in ("an old page", "a killed write"):
            assert shown(folder) in (before, "new")
        PageFolder(folder).write(page("last", "v2"))
        holds(folder, page("last", "v2"))
    assert number > 10
