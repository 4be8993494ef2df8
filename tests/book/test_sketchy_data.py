"""The cell that fetches the Sketchy database, against a server whose line goes dead."""

import http.server
import shutil
import subprocess
import threading
import zipfile
from pathlib import Path

import nbformat
import pytest
from colab_cell import BOOK

CONTENT = bytes(range(250)) * 400
CUT = 40_000


class ShakyServer(http.server.BaseHTTPRequestHandler):
    """Send a file from where it is asked for, and hang up after 40,000 bytes."""

    obliges = True

    def do_GET(self):
        if self.path != "/archive.zip":
            self.send_error(404)
            return
        wanted = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        begin = wanted if self.obliges else 0
        self.send_response(206 if self.obliges else 200)
        self.send_header("Content-Length", str(len(CONTENT) - begin))
        self.end_headers()
        end = begin + CUT if self.obliges else None
        self.wfile.write(CONTENT[begin:end])

    def log_message(self, *_):
        pass


class OtherServer(ShakyServer):
    obliges = False


@pytest.fixture
def cell(tmp_path, monkeypatch):
    """Return the names that the cell defines; nothing is downloaded."""
    monkeypatch.chdir(tmp_path)
    notebook = nbformat.read(BOOK / "sketchy.ipynb", as_version=4)
    source = next(one.source for one in notebook.cells if one.id == "data")
    names = {"DOWNLOADS": {}, "Path": Path}
    exec(source, names)
    return names


@pytest.fixture
def serve():
    servers = []

    def start(handler):
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("handler", [ShakyServer, OtherServer])
def test_a_download_goes_on_where_it_stopped(cell, serve, tmp_path, handler):
    part = tmp_path / "archive.zip.part"
    part.write_bytes(CONTENT[:10_000])
    cell["fetch"](f"{serve(handler)}/archive.zip", tmp_path / "archive.zip")
    assert (tmp_path / "archive.zip").read_bytes() == CONTENT
    assert not part.exists()


def test_a_download_that_cannot_be_completed_says_so_and_keeps_what_is_there(cell, serve, tmp_path):
    with pytest.raises(RuntimeError, match=r"archive\.zip is not complete: run this again"):
        cell["fetch"](f"{serve(ShakyServer)}/archive.zip", tmp_path / "archive.zip", tries=2)
    assert (tmp_path / "archive.zip.part").read_bytes() == CONTENT[: 2 * CUT]


def test_without_a_network_what_is_there_is_kept(cell, tmp_path):
    (tmp_path / "archive.zip.part").write_bytes(CONTENT[:10_000])
    with pytest.raises(RuntimeError, match="run this again"):
        cell["fetch"]("http://127.0.0.1:9/archive.zip", tmp_path / "archive.zip", tries=1)
    assert (tmp_path / "archive.zip.part").read_bytes() == CONTENT[:10_000]


def test_a_dead_link_is_not_tried_again(cell, serve, tmp_path):
    with pytest.raises(OSError, match="404"):
        cell["fetch"](f"{serve(ShakyServer)}/gone.zip", tmp_path / "archive.zip")


def test_an_archive_cannot_write_outside(cell, tmp_path):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../outside.txt", "no")
        archive.writestr("256x256/inside.txt", "yes")
    cell["unpack"](tmp_path / "evil.zip", tmp_path / "sketchy")
    assert (tmp_path / "sketchy/256x256/inside.txt").is_file()
    assert not (tmp_path / "outside.txt").exists()


@pytest.mark.skipif(shutil.which("7z") is None, reason="7z is not installed here")
def test_an_archive_of_7z_is_unpacked(cell, tmp_path):
    (tmp_path / "256x256").mkdir()
    (tmp_path / "256x256/inside.txt").write_text("yes")
    subprocess.run(["7z", "a", "Sketchy.7z", "256x256"], check=True, capture_output=True)
    cell["unpack"](tmp_path / "Sketchy.7z", tmp_path / "sketchy")
    assert (tmp_path / "sketchy/256x256/inside.txt").read_text() == "yes"
