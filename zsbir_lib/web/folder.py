"""A folder that is written again and again, and holds a usable page at every moment in between.

The folder itself is never renamed or removed: it may be a mount point, the working directory, or
full of things of others. Files with contents of their own have names of their own (`named`), so
the new ones come to lie beside the old ones; the file that names them all is replaced last, in
one step, and only then are the old ones deleted. A marker lists what is ours and its checksums.
Whatever an interruption leaves behind is in that list, and goes when the folder is written again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from zsbir_lib.errors import ZsbirError

MARKER = "zsbir-page.json"
_FORMAT = "zsbir-page-1"
_OF_THE_SYSTEM = {"lost+found"}  # at the root of a new volume


def named(name: str, data: bytes) -> str:
    """Return a file name that holds for these contents only, such as ``map.1f0c52aa.f32``."""
    stem, dot, suffix = name.rpartition(".")
    plain = re.sub(r"[^A-Za-z0-9.-]+", "_", stem).lstrip(".")
    return f"{plain}.{hashlib.sha256(data).hexdigest()[:8]}{dot}{suffix}"


class PageFolder:
    """A folder for a page, looked at before any work is done for it.

    Parameters
    ----------
    path
        A folder of ours, an empty one, or none yet; where it is a link, what that leads to.
    names
        Of files that will be written; none of them may be there already unless it is ours.

    Attributes
    ----------
    path : Path
        The folder, without links.

    Raises
    ------
    ZsbirError
        If something else is there, or nothing can be written; the message names what is in the way.
    """

    def __init__(self, path: str | os.PathLike, names: Iterable[str] = ()) -> None:
        try:
            self.path = Path(path).resolve()
            present = set(os.listdir(self.path)) if os.path.lexists(self.path) else None
        except NotADirectoryError:
            raise ZsbirError(f"{path} is a file: give a folder for the page") from None
        except (OSError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "its links lead in a circle"
            raise ZsbirError(f"cannot write a page to {path}: {reason}") from None
        self._files: dict[str, str] = {}  # what belongs to the page, with its checksums
        self._leftovers: set[str] = set()  # what else is ours
        self._all_known = True
        if present is None:
            _check_writable(path, next(p for p in self.path.parents if os.path.lexists(p)))
            return
        _check_writable(path, self.path)
        if MARKER in present:
            self._read_marker()
        elif other := sorted(present - _OF_THE_SYSTEM - {_part(MARKER)}):
            more = f" and {len(other) - 3} more" if len(other) > 3 else ""
            raise ZsbirError(
                f"{path} holds other files ({', '.join(other[:3])}{more}): give a new or empty "
                "folder for the page"
            )
        self._check_free(names)

    def _read_marker(self) -> None:
        try:
            told = json.loads((self.path / MARKER).read_bytes())
        except ValueError:
            self._all_known = False  # damaged: the folder is ours, but not known what is in it
            return
        except OSError as error:
            raise ZsbirError(f"cannot read {self.path / MARKER}: {error.strerror}") from None
        if not isinstance(told, dict) or told.get("format") != _FORMAT:
            raise ZsbirError(
                f"{self.path} holds a page of another version of this library: give a new folder"
            )
        # Nobody's list may lead to files elsewhere.
        self._files = {n: str(c) for n, c in dict(told.get("files", {})).items() if _is_plain(n)}
        self._leftovers = {name for name in told.get("leftovers", ()) if _is_plain(name)}

    def _check_free(self, names: Iterable[str]) -> None:
        for name in names:
            place = self.path / name
            foreign = self._all_known and name not in self._files and name not in self._leftovers
            if os.path.lexists(place) and (foreign or place.is_dir()):
                raise ZsbirError(f"{place} is not of this page: move it, or give another folder")

    def damaged(self) -> list[str]:
        """Return the names of files that are lost or differ from what was written.

        A folder that was never completely written lacks its marker, or files.
        """
        if not self._files:
            return [MARKER]
        return [name for name, digest in self._files.items() if not self._holds(name, digest)]

    def files(self) -> dict[str, bytes]:
        """Return the files of the page, in the order in which they were written."""
        return {name: (self.path / name).read_bytes() for name in self._files}

    def _holds(self, name: str, digest: str) -> bool:
        try:
            return hashlib.sha256((self.path / name).read_bytes()).hexdigest() == digest
        except OSError:
            return False

    def write(self, files: Mapping[str, bytes]) -> None:
        """Make the folder hold these files in place of what it held of ours.

        Parameters
        ----------
        files
            Contents by name, in the order in which to write them: the one that names the others
            comes last. Files that are there already are left alone.

        Raises
        ------
        ZsbirError
            If a file cannot be written; what was there before is then still usable.
        """
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        self._check_free(files)
        before = set(os.listdir(self.path)) if self.path.is_dir() else set()
        complete = False
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._mark(self._files, self._leftovers | (set(files) - set(self._files)))
            for name, data in files.items():
                if not self._holds(name, digests[name]):
                    self._put(name, data)
            complete = True
            self._mark(digests, (set(self._files) | self._leftovers) - set(digests))
        except OSError as error:
            if not complete:
                self._take_back(set(files) - before, keep_folder=bool(before))
            what = f" ({error.filename})" if error.filename else ""
            raise ZsbirError(
                f"cannot write the page to {self.path}: {error.strerror or error}{what}"
            ) from error
        self._delete_leftovers()

    def _take_back(self, names: set[str], keep_folder: bool) -> None:
        """Delete what an unsuccessful write has added."""
        own = [*names, *map(_part, [*names, *self._files, MARKER])]
        for name in own if keep_folder else [*own, MARKER]:
            with contextlib.suppress(OSError):
                (self.path / name).unlink(missing_ok=True)
        if not keep_folder:
            with contextlib.suppress(OSError):
                self.path.rmdir()

    def _put(self, name: str, data: bytes) -> None:
        part = self.path / _part(name)
        part.write_bytes(data)
        os.replace(part, self.path / name)

    def _mark(self, files: Mapping[str, str], leftovers: set[str]) -> None:
        told = {"format": _FORMAT, "files": dict(files), "leftovers": sorted(leftovers)}
        self._put(MARKER, (json.dumps(told, indent=1) + "\n").encode())
        self._files, self._leftovers, self._all_known = dict(files), set(leftovers), True

    def _delete_leftovers(self) -> None:
        """Delete what is ours and not of the page; keep in the list what cannot be deleted."""
        kept = set()
        for name in self._leftovers:
            try:
                (self.path / name).unlink(missing_ok=True)
            except OSError:
                kept.add(name)
        with contextlib.suppress(OSError):
            for name in map(_part, [*self._files, *self._leftovers]):
                (self.path / name).unlink(missing_ok=True)
            if kept != self._leftovers:
                self._mark(self._files, kept)


def _part(name: str) -> str:
    """Return the name under which a file is written before it takes its place."""
    return f".{name}.part"


def _is_plain(name: object) -> bool:
    return (
        isinstance(name, str)
        and name not in ("", ".", "..", MARKER)
        and not re.search(r"[/\\:\x00]", name)
    )


def _check_writable(asked: str | os.PathLike, place: Path) -> None:
    if not place.is_dir():
        raise ZsbirError(f"cannot write a page to {asked}: {place} is not a folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise ZsbirError(f"cannot write a page to {asked}: no permission to write in {place}")
