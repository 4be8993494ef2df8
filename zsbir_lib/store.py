"""One place for everything that can be made again: made once, kept whole, checked, continued.

An *entry* is what was made for one key, and lies in a folder of its own: ``KIND/LABEL-DIGEST``.
It consists of *pieces*, files whose names hold the SHA-256 of their bytes, and of ``entry.json``,
written last, which lists them. From this follows the rest:

- A piece that a killed run left behind vouches for itself, so the next run goes on from there.
- Each piece is written under a temporary name and renamed, so two processes that make the same
  entry at the same time can only write whole pieces; if these differ, both are kept, and
  ``entry.json`` names those of one of them. Locks spare double work and are not needed for this.
- What is damaged is found by its checksum, and made again.
- An entry that is there is read without writing anything: the folder may be read-only. So many
  users can share one, named by ``ZSBIR_SHARED_CACHE``: what is in it, nobody makes again.
"""

from __future__ import annotations

import glob
import json
import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from safetensors import SafetensorError

from zsbir_lib.errors import ZsbirError, reason_of
from zsbir_lib.files import ABANDONED, digest_of, is_temporary, same_mode, sha256, temporary_file
from zsbir_lib.paths import cache_root, shared_root

logger = logging.getLogger(__name__)

_FORMAT = 1
_RECORD, _BEGUN, _LOCK = "entry.json", "begun.json", ".lock"
_DIGITS = 16
_PIECE = re.compile(rf".+~([0-9a-f]{{{_DIGITS}}})(\.[^.]*)?")


@dataclass(frozen=True)
class Piece:
    """A file of an entry.

    Attributes
    ----------
    file : str
        Its path in the entry's folder.
    sha256 : str
        Checksum of its bytes.
    size : int
        How many bytes it has.
    """

    file: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Entry:
    """What the store keeps for one key.

    Attributes
    ----------
    folder : Path
        Where it lies.
    kind : str
        What it is: ``"features"``, say.
    key : mapping
        Everything that it depends on.
    pieces : mapping of str to Piece
        Its files by their names; empty where it is unfinished.
    finished : bool
        Whether it is all there.
    """

    folder: Path
    kind: str
    key: Mapping[str, Any]
    pieces: Mapping[str, Piece] = field(default_factory=dict)
    finished: bool = True

    def path(self, name: str) -> Path:
        """Return the file of the piece called `name`."""
        return self.folder / self.pieces[name].file

    def is_intact(self, name: str) -> bool:
        """Tell whether the file of a piece is what was written."""
        piece, path = self.pieces[name], self.path(name)
        try:
            return path.stat().st_size == piece.size and sha256(path) == piece.sha256
        except OSError:
            return False

    def verify(self) -> list[Path]:
        """Return the files that are missing or are not what was written."""
        return [self.path(name) for name in self.pieces if not self.is_intact(name)]

    @property
    def size(self) -> int:
        """Bytes of its files, those of an unfinished entry included."""
        return sum(path.stat().st_size for path in _own_files(self.folder))

    @property
    def changed(self) -> float:
        """When something was last written to it, in seconds since 1970."""
        return max((path.stat().st_mtime for path in _own_files(self.folder)), default=0.0)


@dataclass
class Draft:
    """An entry that is being made; it may be handed to other processes, which write pieces too.

    Attributes
    ----------
    folder : Path
        Where it will lie.
    pieces : dict of str to Piece
        Those that are there, by their names.
    anew : bool
        Whether pieces of other runs are left aside.
    """

    folder: Path
    pieces: dict[str, Piece] = field(default_factory=dict)
    anew: bool = False

    def piece(self, name: str, write: Callable[[Path], object]) -> Path:
        """Return the file of a piece, written now unless it is there already, intact.

        Parameters
        ----------
        name
            Of the piece within the entry, such as ``"cow.photos.npy"``; it may have folders.
        write
            Is given the path to write to, a temporary one with the suffix of `name`.

        Raises
        ------
        ZsbirError
            If it cannot be written: the disk is full, say. Nothing half-written is left.
        """
        found = self.find(name)
        if found is not None:
            return found
        place = self.folder / name
        with _telling("write to", self.folder):
            place.parent.mkdir(parents=True, exist_ok=True)
            with temporary_file(place.parent, place.suffix) as temporary:
                with same_mode(temporary):
                    write(temporary)
                digest = sha256(temporary)
                path = place.with_name(f"{place.stem}~{digest[:_DIGITS]}{place.suffix}")
                os.replace(temporary, path)
            return self._add(name, path, digest)

    def find(self, name: str) -> Path | None:
        """Return the file of a piece if it is there, intact, whoever wrote it; else None."""
        if name in self.pieces:
            return self.folder / self.pieces[name].file
        if self.anew:
            return None
        place = self.folder / name
        pattern = f"{glob.escape(place.stem)}~{'[0-9a-f]' * _DIGITS}{glob.escape(place.suffix)}"
        for path in sorted(place.parent.glob(pattern)):
            with suppress(OSError):
                digest = sha256(path)
                if digest[:_DIGITS] == _digest_in(path):
                    return self._add(name, path, digest)
        return None

    def names(self) -> list[str]:
        """Return the names of the pieces that lie in the folder, of whatever run, in order."""
        found = []
        for path in self.folder.glob("*~*"):
            if digest := _digest_in(path):
                found.append(path.name.replace(f"~{digest}", "", 1))
        return sorted(set(found))

    def discard(self, name: str) -> None:
        """Forget a piece that is there, so that it is written anew."""
        while (path := self.find(name)) is not None:
            del self.pieces[name]
            path.unlink(missing_ok=True)

    def _add(self, name: str, path: Path, digest: str) -> Path:
        file = path.relative_to(self.folder).as_posix()
        self.pieces[name] = Piece(file, digest, path.stat().st_size)
        return path


class Store:
    """Entries on disk, by kind and key.

    Parameters
    ----------
    root
        Their folder; the library's cache folder by default, beside which ``ZSBIR_SHARED_CACHE``
        names a folder that is looked into and never written.
    """

    def __init__(self, root: str | os.PathLike | None = None) -> None:
        self.root = cache_root() if root is None else Path(root)
        self._shared = shared_root() if root is None else None

    def get(
        self,
        kind: str,
        key: Mapping[str, Any],
        make: Callable[[Draft], object],
        *,
        label: str = "",
        check: bool = True,
    ) -> Entry:
        """Return the entry of a key: as it is kept, or made now.

        Parameters
        ----------
        kind
            What it is, such as ``"features"``: the name of a folder.
        key
            Everything that the entry depends on (versions, contents, settings), as JSON values.
        make
            Makes it, by calling `Draft.piece` for each piece in turn. What an interrupted run has
            written is kept then, and what is damaged is written again.
        label
            How the folder's name begins, for those who look.
        check
            Whether to look for damage. Without it, ask `Entry.is_intact` before a piece is read.

        Raises
        ------
        ZsbirError
            If it has to be made and cannot be written.
        """
        key = _plain(key)
        folder = self._folder(kind, key, label)
        entry = _read(folder, kind, key)
        if entry is not None and not (check and entry.verify()):
            return entry
        if (shared := self._find_shared(kind, key, check)) is not None:
            return shared
        with _telling("write to", folder):
            folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            # Another process may have made it while this one waited.
            entry = _read(folder, kind, key)
            if entry is not None:
                damaged = entry.verify()
                if not damaged:
                    return entry
                with _telling("mend", folder):
                    for path in damaged:
                        logger.warning("%s is damaged or gone: making it again", path)
                        path.unlink(missing_ok=True)
            return self._make(folder, kind, key, make)

    def replace(
        self,
        kind: str,
        key: Mapping[str, Any],
        make: Callable[[Draft], object],
        *,
        label: str = "",
    ) -> Entry:
        """Make an entry, in place of the one that may be there.

        Whoever looks finds the old one or the new one, whole, also where there are no locks and
        wherever this run is killed. So the old pieces stay a day, as what killed runs leave does.

        Parameters
        ----------
        kind, key, make, label
            As for `get`.

        Raises
        ------
        ZsbirError
            If it cannot be written. The old one is then untouched.
        """
        key = _plain(key)
        folder = self._folder(kind, key, label)
        with _telling("write to", folder):
            folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            return self._make(folder, kind, key, make, anew=True)

    def _make(
        self,
        folder: Path,
        kind: str,
        key: dict[str, Any],
        make: Callable[[Draft], object],
        anew: bool = False,
    ) -> Entry:
        # More than once only if somebody clears the folder at the same time.
        for _ in range(3):
            with _telling("write to", folder):
                folder.mkdir(parents=True, exist_ok=True)
                _tidy(folder)
                _write_json(folder / _BEGUN, {"kind": kind, "key": key})
            draft = Draft(folder, anew=anew)
            make(draft)
            entry = Entry(folder, kind, key, dict(draft.pieces))
            with _telling("write to", folder):
                body = {"kind": kind, "key": key, "pieces": _sorted_pieces(draft.pieces)}
                _write_json(
                    folder / _RECORD, {**body, "format": _FORMAT, "sha256": digest_of(body)}
                )
                (folder / _BEGUN).unlink(missing_ok=True)
            if all((folder / piece.file).is_file() for piece in draft.pieces.values()):
                return entry
        raise ZsbirError(f"cannot keep {folder}: something else removes it at the same time")

    def find(self, kind: str, key: Mapping[str, Any], *, check: bool = True) -> Entry | None:
        """Return the entry of a `kind` and `key` if it is there, and intact; nothing is written.

        Unless `check` is set, damage is not looked for.
        """
        key = _plain(key)
        entry = _read(self._folder(kind, key), kind, key)
        if entry is None or (check and entry.verify()):
            return self._find_shared(kind, key, check)
        return entry

    def _find_shared(self, kind: str, key: Mapping[str, Any], check: bool) -> Entry | None:
        return None if self._shared is None else Store(self._shared).find(kind, key, check=check)

    def entries(self) -> Iterator[Entry]:
        """Yield every entry of this store, unfinished ones too, in the order of their folders."""
        for folder in sorted({path.parent for path in self.root.glob("*/*/*.json")}):
            if (entry := _read(folder)) is not None:
                yield entry

    def discard(self, entry: Entry, names: Iterable[str]) -> None:
        """Forget some pieces of an entry, so that they are made again when it is asked for."""
        with _telling("mend", entry.folder):
            (entry.folder / _RECORD).unlink(missing_ok=True)
            for name in names:
                entry.path(name).unlink(missing_ok=True)

    def remove(self, entry: Entry) -> bool:
        """Remove an entry: the files that the store made, and its folder if nothing else is in it.

        Returns
        -------
        bool
            False if a process is making it at the moment; nothing is removed then.
        """
        try:
            with _alone(entry.folder, wait=False), _telling("remove from", entry.folder):
                # The record first: an entry without one is unfinished, whatever is left of it.
                for path in sorted(_own_files(entry.folder), key=lambda path: path.name != _RECORD):
                    path.unlink(missing_ok=True)
        except Timeout:
            return False
        (entry.folder / _LOCK).unlink(missing_ok=True)
        for folder, _, _ in os.walk(entry.folder, topdown=False):
            with suppress(OSError):  # something is in it that is not ours
                os.rmdir(folder)
        return True

    def sweep(self) -> int:
        """Remove what killed runs left behind more than a day ago; return the bytes set free."""
        return sum(_tidy(entry.folder) for entry in list(self.entries()))

    @contextmanager
    def alone(self, path: str | os.PathLike) -> Iterator[None]:
        """Let one process at a time change a file elsewhere; the lock lies in this store."""
        folder = self.root / "locks" / digest_of(os.path.realpath(path))[:_DIGITS]
        with suppress(OSError):  # where nothing can be written, nothing can be locked
            folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            yield

    def _folder(self, kind: str, key: Mapping[str, Any], label: str = "") -> Path:
        digest = digest_of(key)[:_DIGITS]
        # The label is for people: an entry that is there is found whatever it was called.
        found = next(iter(sorted((self.root / kind).glob(f"*{digest}"))), None)
        name = re.sub(r"[^A-Za-z0-9._+-]", "_", label)[:60]
        return found or self.root / kind / (f"{name}-{digest}" if name else digest)


def _plain(key: Mapping[str, Any]) -> dict[str, Any]:
    """Return a key as it comes back from JSON."""
    return json.loads(json.dumps(key, sort_keys=True))


def _sorted_pieces(pieces: Mapping[str, Piece]) -> dict[str, Any]:
    return {name: asdict(pieces[name]) for name in sorted(pieces)}


def _write_json(target: Path, value: Any) -> None:
    with temporary_file(target.parent, target.suffix) as temporary:
        temporary.write_text(json.dumps(value, indent=1, sort_keys=True), encoding="utf-8")
        os.replace(temporary, target)


def _read(folder: Path, kind: str = "", key: Mapping[str, Any] | None = None) -> Entry | None:
    """Return the entry in a folder as its record says, or None if it has no sound record.

    Given a key, unfinished entries and entries of other keys are None, too.
    """
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        checksum, version = record.pop("sha256"), record.pop("format")
        if version == _FORMAT and checksum == digest_of(record):
            pieces = {name: Piece(**values) for name, values in record["pieces"].items()}
            if key is None or digest_of([record["kind"], record["key"]]) == digest_of([kind, key]):
                return Entry(folder, record["kind"], record["key"], pieces)
            return None
    if key is not None:
        return None
    with suppress(OSError, ValueError, KeyError, TypeError):
        begun = json.loads((folder / _BEGUN).read_text(encoding="utf-8"))
        return Entry(folder, begun["kind"], begun["key"], finished=False)
    # A damaged record is ours if pieces lie beside it, as only the store names files.
    ours = re.fullmatch(rf"(.*-)?[0-9a-f]{{{_DIGITS}}}", folder.name)
    if ours and any(_digest_in(path) for path in folder.rglob("*~*")):
        return Entry(folder, folder.parent.name, {}, finished=False)
    return None


def _digest_in(path: Path) -> str | None:
    """Return the digits of the checksum in the name of a piece's file, None for other files."""
    found = _PIECE.fullmatch(path.name)
    return found and found[1]


def _own_files(folder: Path) -> list[Path]:
    """Return the files of an entry's folder that the store made, as their names say."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not path.is_symlink()
        and (path.name in (_RECORD, _BEGUN) or _digest_in(path) or is_temporary(path.name))
    ]


def _tidy(folder: Path) -> int:
    """Remove old leftovers of an entry's folder: temporary files, and pieces not in its record."""
    entry = _read(folder)
    listed = {folder / piece.file for piece in entry.pieces.values()} if entry else set()
    unlisted_goes = entry is not None and entry.finished
    freed = 0
    for path in _own_files(folder):
        with suppress(OSError):
            about = path.stat()
            leftover = is_temporary(path.name) or (
                unlisted_goes and _digest_in(path) and path not in listed
            )
            if leftover and time.time() - about.st_mtime > ABANDONED:
                path.unlink()
                freed += about.st_size
    return freed


@contextmanager
def _alone(folder: Path, wait: bool = True) -> Iterator[None]:
    """Let one process at a time into the block, where the file system knows locks.

    Raises
    ------
    filelock.Timeout
        If another process is inside and this one is not to wait.
    """
    lock = _lock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if not wait:
            raise
        logger.info("another process makes %s: waiting for it", folder)
        lock.acquire()
    except (OSError, NotImplementedError):
        pass  # no locks here: two processes may do the same work, and both do it right
    try:
        yield
    finally:
        with suppress(OSError):
            lock.release()


def _lock(path: Path) -> FileLock:
    try:
        # A marker file in place of a lock would outlive a killed process.
        return FileLock(path, fallback_to_soft=False)
    except TypeError:  # filelock before version 4 has no such markers
        return FileLock(path)


@contextmanager
def _telling(doing: str, folder: Path) -> Iterator[None]:
    """Turn what the file system refuses into one clear line."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise ZsbirError(
            f"cannot {doing} the cache {folder} ({reason_of(error)}): make room or give "
            "permission, or set ZSBIR_CACHE to another folder"
        ) from None
