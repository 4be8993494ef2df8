"""The chapter "The real thing" with a database that it fetches, not the folder that it draws."""

import functools
import hashlib
import http.server
import threading
import zipfile
from pathlib import Path

import nbformat
import pytest
from colab_cell import BOOK
from nbclient import NotebookClient

from zsbir_lib.datasets import load_dataset
from zsbir_lib.errors import ZsbirError


def chapter():
    return nbformat.read(BOOK / "sketchy.ipynb", as_version=4)


def source_with(words):
    return next(one.source for one in chapter().cells
                if one.cell_type == "code" and words in one.source)  # fmt: skip


@pytest.fixture
def place(tmp_path):
    """Serve a folder on this machine; return it and its address."""
    folder = tmp_path / "place"
    folder.mkdir()
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            asked.append(self.path)

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def archive(root, part, path):
    """Pack a part of a folder; return the MD5 of the archive."""
    with zipfile.ZipFile(path, "w") as opened:
        for file in sorted(path for path in (root / part).rglob("*") if path.is_file()):
            opened.write(file, file.relative_to(root))
    return hashlib.md5(path.read_bytes()).hexdigest()


class TestCell:
    """The one cell that downloads, checks, unpacks and sets the root."""

    @pytest.fixture
    def run(self, tmp_path, monkeypatch, place):
        work = tmp_path / "content"
        work.mkdir()
        monkeypatch.chdir(work)
        folder, address, _ = place
        (tmp_path / "from/256x256/photo").mkdir(parents=True)
        (tmp_path / "from/256x256/photo/a.jpg").write_bytes(b"a photo")
        md5 = archive(tmp_path / "from", "256x256", folder / "rendered.zip")

        def go(expected=md5):
            names = {
                "DOWNLOADS": {"rendered.zip": (f"{address}/rendered.zip", expected)},
                "ROOT": "",
            }
            exec(next(one.source for one in chapter().cells if one.get("id") == "data"), names)
            return names["ROOT"]

        return go

    def test_fetches_checks_unpacks_and_sets_the_root(self, run, capsys):
        root = run()
        assert (Path(root) / "256x256/photo/a.jpg").read_bytes() == b"a photo"
        sha256 = hashlib.sha256(Path("rendered.zip").read_bytes()).hexdigest()
        assert f"rendered.zip SHA-256 {sha256}" in capsys.readouterr().out

    def test_that_is_run_again_fetches_nothing(self, run, place):
        assert run() == run()
        assert len(place[2]) == 1

    def test_unpacks_nothing_that_has_another_checksum(self, run):
        with pytest.raises(ZsbirError, match="fetch it again, or from another place"):
            run("0" * 32)
        assert not Path("sketchy").exists()


def test_what_outlives_the_machine_lies_on_a_mounted_drive(monkeypatch):
    import os
    import sys
    import types

    mounted = []
    colab = types.ModuleType("google.colab")
    colab.drive = types.SimpleNamespace(mount=mounted.append)
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    monkeypatch.setenv("ZSBIR_CACHE", "elsewhere")
    settings = source_with("KEEP = ")
    exec(settings, {})
    assert (mounted, os.environ["ZSBIR_CACHE"]) == ([], "elsewhere")
    exec(settings.replace('KEEP = ""', 'KEEP = "drive/MyDrive/zsbir"'), {})
    assert mounted == [str(Path("drive").absolute())]
    assert os.environ["ZSBIR_CACHE"] == str(Path("drive/MyDrive/zsbir").absolute())


@pytest.mark.slow  # every cell of the chapter, on thousands of pictures
def test_the_whole_chapter_on_a_database_that_it_fetched(tmp_path, monkeypatch, place):
    names = {}
    exec(source_with("def draw_stand_in"), names)
    root = tmp_path / "database"
    names["draw_stand_in"](root, load_dataset("toybox", size="mini"))
    pictures = [path for path in root.rglob("*") if path.suffix in (".jpg", ".png")]
    assert len(pictures) == 8000
    assert len(list((root / "EXTEND_image_sketchy").iterdir())) == 125
    folder, address, _ = place
    wanted = {}
    for part in ("256x256", "EXTEND_image_sketchy"):
        md5 = archive(root, part, folder / f"{part}.zip")
        wanted[f"{part}.zip"] = (f"{address}/{part}.zip", md5)

    book = chapter()
    for one in book.cells:
        one.source = one.source.replace("DOWNLOADS = {}", f"DOWNLOADS = {wanted}")
    work = tmp_path / "content"
    work.mkdir()
    monkeypatch.setenv("ZSBIR_BACKBONE", "toynet")
    monkeypatch.delenv("ZSBIR_SKETCHY", raising=False)
    NotebookClient(
        book, timeout=1800, kernel_name="python3", resources={"metadata": {"path": str(work)}}
    ).execute()
    said = {
        one.id: "".join(out.get("text", "") for out in one.outputs)
        for one in book.cells
        if one.cell_type == "code"
    }
    everything = "".join(said.values())
    assert said["data"].count("SHA-256") == 2
    assert "the real database" in everything
    assert "split: sketchy21" in everything
    assert "different photos         2,000" in everything
    assert "the bytes of both runs are the same: True" in everything
    assert "skipped, because they could not be read: 0" in everything
    assert "No comparison is made" in everything
    assert "the copy is not complete" in everything
