"""Archives of other people: fetched, known by their checksum, unpacked where they can do no harm.

A download goes on where it was cut off. An archive is looked through before a byte of it is
written: a name that leads out of the folder, a link, or more bytes than the disk has are reasons to
refuse all of it. It is then unpacked beside the folder and moved into it when it is whole.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import shutil
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from zsbir_lib.errors import ZsbirError
from zsbir_lib.reading import check_file, printable

_KINDS = {32: "md5", 40: "sha1", 64: "sha256"}
_BLOCK = 1 << 20
# An entry of an archive: its name, the bytes that it becomes, whether it is a file or a folder.
_Entry = tuple[str, int, bool]


def download(
    address: str, path: str | os.PathLike[str], *, tries: int = 10, pause: float = 2.0
) -> Path:
    """Fetch a file, behind the bytes that are there already; do nothing where it is complete.

    While it grows it is called ``NAME.part``; it gets its name when all of it is there. A server
    that ignores the request's ``Range`` sends the file from its beginning, which then counts.

    Parameters
    ----------
    address
        Where it is; an ID alone is one on Google Drive, for which the package gdown is needed.
    path
        Where to put it.
    tries
        How often the line may be cut off.
    pause
        Seconds to wait before the next try.

    Raises
    ------
    ZsbirError
        If the server refuses, which is not tried again, or the file is not complete after all
        tries; what came is kept for the next call.
    """
    path = Path(path)
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    if "://" not in address:
        _from_drive(address, path)
        return path
    part = path.with_name(path.name + ".part")
    reason = ""
    for attempt in range(tries):
        if attempt:
            time.sleep(pause)
        try:
            if _continue(address, part):
                part.replace(path)
                return path
            reason = "the line was cut off"
        except HTTPError as error:
            raise ZsbirError(
                f"{address}: the server answers {error.code} {error.reason}: the link may be dead, "
                "or may want a permission; take another of the places that have the file"
            ) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = str(error)
    here = part.stat().st_size if part.exists() else 0
    raise ZsbirError(
        f"{path.name} is not complete ({here:,} bytes so far; {reason}): run this again, and it "
        "goes on where it stopped"
    )


def _continue(address: str, part: Path) -> bool:
    """Append what a server still has of a file; tell whether that was all."""
    have = part.stat().st_size if part.exists() else 0
    try:
        answer = urlopen(Request(address, headers={"Range": f"bytes={have}-"}), timeout=60)
    except HTTPError as error:
        # Nothing is left behind the last byte: all of it came before the run was stopped.
        if error.code == 416 and error.headers.get("Content-Range", "") == f"bytes */{have}":
            return True
        raise
    with answer:
        begin = have if getattr(answer, "status", None) == 206 else 0
        length = answer.headers.get("Content-Length")
        with open(part, "ab" if begin else "wb") as out:
            shutil.copyfileobj(answer, out, _BLOCK)
    return length is None or part.stat().st_size == begin + int(length)


def _from_drive(identity: str, path: Path) -> None:
    try:
        import gdown
    except ImportError:
        raise ZsbirError(
            f"{identity} is an ID on Google Drive, which needs a package: pip install gdown"
        ) from None
    try:
        gdown.download(id=identity, output=str(path), resume=True)
    except Exception as error:  # of several kinds, which differ between its versions
        reason = " ".join(str(error).split())[:300]
        raise ZsbirError(
            f"Google Drive does not give {path.name}: {reason} Open "
            f"https://drive.google.com/file/d/{identity} in a browser, and put the file here"
        ) from None
    if not path.exists():
        raise ZsbirError(f"Google Drive does not give {path.name}: take another of the places")


def checksum(path: str | os.PathLike[str], expected: str = "") -> str:
    """Return the SHA-256 of a file, after comparing it with what it should be.

    Parameters
    ----------
    path
        Of the file.
    expected
        Its MD5, SHA-1 or SHA-256 in hexadecimal digits; empty where none is known.

    Raises
    ------
    ZsbirError
        If the file has another checksum, or `expected` is none.
    """
    check_file(path, str(path))
    expected = expected.strip().lower()
    kind = _KINDS.get(len(expected), "") if re.fullmatch("[0-9a-f]*", expected) else ""
    if expected and not kind:
        raise ZsbirError(f"{expected!r} is no MD5, SHA-1 or SHA-256 in hexadecimal digits")
    digests = {name: hashlib.new(name) for name in {kind or "sha256", "sha256"}}
    with open(path, "rb") as stream:
        while block := stream.read(_BLOCK):
            for digest in digests.values():
                digest.update(block)
    if expected and digests[kind].hexdigest() != expected:
        raise ZsbirError(
            f"{path}: its {kind.upper()} is {digests[kind].hexdigest()}, not {expected}: it is "
            "damaged or another file; remove it and fetch it again, or from another place"
        )
    return digests["sha256"].hexdigest()


def unpack(archive: str | os.PathLike[str], folder: str | os.PathLike[str]) -> Path:
    """Unpack an archive (ZIP, tar, 7z) into a folder; do nothing where that was done.

    A file ``.unpacked-NAME`` in the folder says that it was.

    Parameters
    ----------
    archive
        The file; for 7z the program of that name is needed.
    folder
        Made if it is not there. Files of the same name are replaced.

    Raises
    ------
    ZsbirError
        If the file is no archive, damaged, larger than the disk, or holds a link or a name that
        leads out of the folder. Nothing is left in the folder then.
    """
    archive, folder = Path(archive), Path(folder)
    size = check_file(archive, f"the archive {archive}")
    done = folder / f".unpacked-{archive.name}"
    if done.exists() and done.read_text(encoding="utf-8") == str(size):
        return folder
    with open(archive, "rb") as stream:
        head = stream.read(512)
    kind = _kind(archive, head)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.parent / f".partial-{folder.name}-{archive.name}"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _check(archive, kind.entries(archive), folder.parent)
        partial.mkdir()
        kind.extract(archive, partial)
        _merge(partial, folder)
        done.write_text(str(size), encoding="utf-8")
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, RuntimeError, OSError) as error:
        reason = " ".join(str(error).split())
        raise ZsbirError(f"{archive} was not unpacked: {reason}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


class _Zip:
    @staticmethod
    def entries(archive: Path) -> Iterable[_Entry]:
        with zipfile.ZipFile(archive) as opened:
            for one in opened.infolist():
                kind = (one.external_attr >> 28) & 0xF  # of Unix: 10 is a link
                yield one.filename, one.file_size, kind in (0, 4, 8)

    @staticmethod
    def extract(archive: Path, folder: Path) -> None:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)


class _Tar:
    @staticmethod
    def entries(archive: Path) -> Iterable[_Entry]:
        with tarfile.open(archive) as opened:
            for one in opened:
                yield one.name, one.size, one.isreg() or one.isdir()

    @staticmethod
    def extract(archive: Path, folder: Path) -> None:
        with tarfile.open(archive) as opened:
            if hasattr(tarfile, "data_filter"):
                opened.extractall(folder, filter="data")
            else:  # Python 3.10 and 3.11 before 2023
                opened.extractall(folder)


class _SevenZip:
    @staticmethod
    def entries(archive: Path) -> Iterable[_Entry]:
        told = _run_7z("l", "-ba", "-slt", archive)
        for block in told.strip().split("\n\n"):
            about = dict(re.findall(r"^(\w[\w ]*?) = (.*)$", block, flags=re.M))
            # Attributes of Unix follow those of Windows: "A_ lrwxrwxrwx" is a link.
            linked = about.get("Symbolic Link") or re.search(r" [^-d]", about.get("Attributes", ""))
            yield about.get("Path", ""), int(about.get("Size") or 0), not linked

    @staticmethod
    def extract(archive: Path, folder: Path) -> None:
        _run_7z("x", "-y", f"-o{folder}", archive)


def _run_7z(*arguments: str | Path) -> str:
    program = shutil.which("7z") or shutil.which("7zz") or shutil.which("7za")
    if program is None:
        raise ZsbirError(
            f"{arguments[-1]} needs the program 7z: on Debian and Ubuntu, apt install p7zip-full"
        )
    # "-p": an archive that wants a password is refused, instead of asking at the keyboard.
    command = [program, arguments[0], "-p", *map(str, arguments[1:-1]), "--", str(arguments[-1])]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        said = [line for line in (done.stderr + done.stdout).splitlines() if "ERROR" in line]
        raise OSError(f"7z says {said[0] if said else f'status {done.returncode}'}")
    return done.stdout


def _kind(archive: Path, head: bytes) -> type[_Zip] | type[_Tar] | type[_SevenZip]:
    """Return how to read an archive, by its first bytes.

    Raises
    ------
    ZsbirError
        If it is none.
    """
    if head.startswith(b"7z\xbc\xaf\x27\x1c"):
        return _SevenZip
    if head.startswith(b"PK"):
        return _Zip
    with suppress(tarfile.TarError, OSError, EOFError):
        if tarfile.is_tarfile(archive):
            return _Tar
    if head.lstrip()[:1] == b"<":
        raise ZsbirError(
            f"{archive} is a page of the web, not an archive: the place asks for a permission or "
            "for patience; remove the file, and open the address in a browser"
        )
    raise ZsbirError(f"{archive} is no archive that can be read (ZIP, tar, 7z)")


def _check(archive: Path, entries: Iterable[_Entry], place: Path) -> None:
    """Refuse an archive that would write anything but files below its folder, or too much."""
    total = 0
    for name, size, plain in entries:
        path = PurePosixPath(name)
        outside = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name
        if outside or not name or not name.isprintable():
            raise ZsbirError(
                f"{archive} wants to write to {printable(name)!r}, out of its folder: nothing of "
                "it was unpacked"
            )
        if not plain:
            raise ZsbirError(
                f"{archive} holds a link or a device, {printable(name)!r}: nothing of it was "
                "unpacked"
            )
        total += size
    free = shutil.disk_usage(place).free
    if total > free:
        raise ZsbirError(
            f"{archive} becomes {total / 1e9:.1f} GB, and the disk of {place} has "
            f"{free / 1e9:.1f} GB free"
        )


def _merge(source: Path, target: Path) -> None:
    """Move what is in one folder into another on the same disk."""
    target.mkdir(parents=True, exist_ok=True)
    with os.scandir(source) as entries:
        for entry in entries:
            goal = target / entry.name
            if entry.is_dir(follow_symlinks=False) and goal.is_dir():
                _merge(Path(entry.path), goal)
            else:
                os.replace(entry.path, goal)
