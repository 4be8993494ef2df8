"""Archives of others: a line that goes dead, a checksum, and what must not be unpacked."""

import hashlib
import http.server
import io
import shutil
import stat
import subprocess
import sys
import tarfile
import threading
import types
import zipfile

import pytest

from zsbir_lib.datasets import archives
from zsbir_lib.datasets.archives import checksum, download, unpack
from zsbir_lib.errors import ZsbirError

CONTENT = bytes(range(250)) * 400
CUT = 40_000


class ShakyServer(http.server.BaseHTTPRequestHandler):
    """Send a file from where it is asked for, and hang up after 40,000 bytes."""

    obliges = True
    says_how_long = True

    def do_GET(self):
        if self.path != "/archive.zip":
            self.send_error(404)
            return
        wanted = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        if self.obliges and wanted >= len(CONTENT):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(CONTENT)}")
            self.end_headers()
            return
        begin = wanted if self.obliges else 0
        self.send_response(206 if self.obliges else 200)
        if self.says_how_long:
            self.send_header("Content-Length", str(len(CONTENT) - begin))
        self.end_headers()
        end = begin + CUT if self.obliges else None
        self.wfile.write(CONTENT[begin:end])

    def log_message(self, *_):
        pass


class OtherServer(ShakyServer):
    obliges = False


class VagueServer(OtherServer):
    says_how_long = False


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


class TestDownload:
    @pytest.mark.parametrize("handler", [ShakyServer, OtherServer, VagueServer])
    @pytest.mark.parametrize("have", [0, 10_000])
    def test_goes_on_where_it_stopped(self, serve, tmp_path, handler, have):
        part = tmp_path / "archive.zip.part"
        part.write_bytes(CONTENT[:have])
        path = download(f"{serve(handler)}/archive.zip", tmp_path / "archive.zip", pause=0)
        assert path.read_bytes() == CONTENT
        assert not part.exists()

    def test_that_was_stopped_behind_the_last_byte_is_complete(self, serve, tmp_path):
        (tmp_path / "archive.zip.part").write_bytes(CONTENT)
        path = download(f"{serve(ShakyServer)}/archive.zip", tmp_path / "archive.zip", pause=0)
        assert path.read_bytes() == CONTENT

    def test_that_cannot_be_completed_says_so_and_keeps_what_is_there(self, serve, tmp_path):
        address = f"{serve(ShakyServer)}/archive.zip"
        with pytest.raises(ZsbirError, match=r"archive\.zip is not complete \(80,000 bytes so far"):
            download(address, tmp_path / "archive.zip", tries=2, pause=0)
        assert (tmp_path / "archive.zip.part").read_bytes() == CONTENT[: 2 * CUT]

    def test_without_a_network_keeps_what_is_there(self, tmp_path):
        (tmp_path / "archive.zip.part").write_bytes(CONTENT[:10_000])
        with pytest.raises(ZsbirError, match=r"10,000 bytes so far.*run this again"):
            download("http://127.0.0.1:9/archive.zip", tmp_path / "archive.zip", tries=1)
        assert (tmp_path / "archive.zip.part").read_bytes() == CONTENT[:10_000]

    def test_a_dead_link_is_not_tried_again(self, serve, tmp_path, monkeypatch):
        monkeypatch.setattr(archives.time, "sleep", pytest.fail)
        with pytest.raises(ZsbirError, match=r"answers 404 .*take another of the places"):
            download(f"{serve(ShakyServer)}/gone.zip", tmp_path / "archive.zip")

    def test_what_is_there_is_not_asked_for(self, tmp_path):
        (tmp_path / "archive.zip").write_bytes(b"brought by hand")
        assert download("", tmp_path / "archive.zip").read_bytes() == b"brought by hand"

    def test_an_id_is_one_on_google_drive(self, tmp_path, monkeypatch):
        def give(*, id, output, resume):
            if id != "known":
                raise RuntimeError("Cannot retrieve the public link.\nToo many users")
            tmp_path.joinpath(output).write_bytes(CONTENT)

        monkeypatch.setitem(sys.modules, "gdown", types.SimpleNamespace(download=give))
        assert download("known", tmp_path / "a.zip").read_bytes() == CONTENT
        with pytest.raises(ZsbirError, match="Too many users Open https://drive") as caught:
            download("dead", tmp_path / "b.zip")
        assert "\n" not in str(caught.value)

    def test_google_drive_needs_a_package(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "gdown", None)
        with pytest.raises(ZsbirError, match="pip install gdown"):
            download("0B7IS", tmp_path / "a.zip")


class TestChecksum:
    @pytest.mark.parametrize("kind", ["md5", "sha1", "sha256"])
    def test_is_compared_by_its_length(self, tmp_path, kind):
        path = tmp_path / "a.zip"
        path.write_bytes(CONTENT)
        right = hashlib.new(kind, CONTENT).hexdigest()
        assert checksum(path, f" {right.upper()}") == hashlib.sha256(CONTENT).hexdigest()
        wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
        with pytest.raises(ZsbirError, match=f"{kind.upper()} is {right}"):
            checksum(path, wrong)

    def test_none_is_needed_and_a_word_is_none(self, tmp_path):
        path = tmp_path / "a.zip"
        path.write_bytes(CONTENT)
        assert checksum(path) == hashlib.sha256(CONTENT).hexdigest()
        with pytest.raises(ZsbirError, match="'unknown' is no MD5"):
            checksum(path, "unknown")


FILES = {"README.txt": b"one", "256x256/photo/a.jpg": b"two"}


def zipped(path, files=FILES):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path, files=FILES):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return path


def sevened(path, files=FILES):
    program = shutil.which("7z")
    if program is None:
        pytest.skip("7z is not installed here: apt install p7zip-full")
    source = path.parent / "sources"
    for name, content in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    command = [program, "a", "-snl", str(path), "."]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    shutil.rmtree(source)
    return path


MAKERS = pytest.mark.parametrize(
    ("make", "name"), [(zipped, "a.zip"), (tarred, "a.tar.gz"), (sevened, "a.7z")]
)


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*")
            if p.is_file() and not p.name.startswith(".unpacked-")}  # fmt: skip


class TestUnpack:
    @MAKERS
    def test_puts_files_into_the_folder_beside_those_that_are_there(self, tmp_path, make, name):
        (tmp_path / "to/256x256/photo").mkdir(parents=True)
        (tmp_path / "to/256x256/photo/b.jpg").write_bytes(b"here")
        assert unpack(make(tmp_path / name), tmp_path / "to") == tmp_path / "to"
        assert tree(tmp_path / "to") == FILES | {"256x256/photo/b.jpg": b"here"}
        assert not list(tmp_path.glob(".partial-*"))

    def test_is_done_once_for_an_archive(self, tmp_path):
        archive = zipped(tmp_path / "a.zip")
        unpack(archive, tmp_path / "to")
        (tmp_path / "to/README.txt").unlink()
        unpack(archive, tmp_path / "to")
        assert "README.txt" not in tree(tmp_path / "to")
        zipped(archive, FILES | {"new.txt": b"another archive of that name"})
        unpack(archive, tmp_path / "to")
        assert {"README.txt", "new.txt"} <= tree(tmp_path / "to").keys()

    @pytest.mark.parametrize("make", [zipped, tarred])
    @pytest.mark.parametrize(
        "name",
        ["../outside.txt", "/outside.txt", "a/../../outside.txt", "C:\\outside.txt", "a\x1b[2J"],
    )
    def test_refuses_a_name_that_leads_out(self, tmp_path, make, name):
        archive = make(tmp_path / "a.zip", {"inside.txt": b"yes", name: b"no"})
        before = set(tmp_path.rglob("*"))
        with pytest.raises(ZsbirError, match="out of its folder: nothing of it was unpacked"):
            unpack(archive, tmp_path / "to")
        assert set(tmp_path.rglob("*")) == before

    def test_refuses_links_in_a_zip(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            link = zipfile.ZipInfo("link")
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, "/etc")
        with pytest.raises(ZsbirError, match="holds a link or a device, 'link'"):
            unpack(tmp_path / "a.zip", tmp_path / "to")

    def test_refuses_links_in_a_tar(self, tmp_path):
        with tarfile.open(tmp_path / "a.tar", "w") as archive:
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc"
            archive.addfile(link)
        with pytest.raises(ZsbirError, match="holds a link or a device, 'link'"):
            unpack(tmp_path / "a.tar", tmp_path / "to")

    def test_refuses_links_in_a_7z(self, tmp_path):
        (tmp_path / "sources").mkdir()
        (tmp_path / "sources/link").symlink_to("/etc")
        archive = sevened(tmp_path / "a.7z")
        with pytest.raises(ZsbirError, match="holds a link or a device, 'link'"):
            unpack(archive, tmp_path / "to")

    def test_refuses_what_the_disk_cannot_hold(self, tmp_path, monkeypatch):
        archive = zipped(tmp_path / "a.zip")
        monkeypatch.setattr(
            archives.shutil, "disk_usage", lambda place: types.SimpleNamespace(free=5)
        )
        with pytest.raises(ZsbirError, match="GB free"):
            unpack(archive, tmp_path / "to")

    @MAKERS
    def test_a_damaged_one_leaves_nothing(self, tmp_path, make, name):
        archive = make(tmp_path / name, {f"{i}.bin": bytes(range(256)) * 9 for i in range(9)})
        data = bytearray(archive.read_bytes())
        for place in range(40, len(data) // 2, 7):
            data[place] ^= 255
        archive.write_bytes(data)
        with pytest.raises(ZsbirError, match=name) as caught:
            unpack(archive, tmp_path / "to")
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "to").exists()
        assert not list(tmp_path.glob(".partial-*"))

    def test_a_page_of_the_web_is_told_from_an_archive(self, tmp_path):
        (tmp_path / "a.7z").write_bytes(b"\n<!DOCTYPE html><html>Sign in</html>")
        with pytest.raises(ZsbirError, match="is a page of the web"):
            unpack(tmp_path / "a.7z", tmp_path / "to")
        (tmp_path / "a.7z").write_bytes(b"nonsense")
        with pytest.raises(ZsbirError, match="no archive that can be read"):
            unpack(tmp_path / "a.7z", tmp_path / "to")

    def test_7z_is_named_where_it_is_missing(self, tmp_path, monkeypatch):
        (tmp_path / "a.7z").write_bytes(b"7z\xbc\xaf\x27\x1c and more")
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(ZsbirError, match="apt install p7zip-full"):
            unpack(tmp_path / "a.7z", tmp_path / "to")
