"""What a folder of photos holds, and what of it is passed over: nothing is opened here."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from zsbir_lib.drawings.images import readable_suffixes
from zsbir_lib.errors import ZsbirError, argument

State = tuple[int, int]
"""Size of a file in bytes, and when it was last changed, in nanoseconds since 1970."""


@dataclass
class Listing:
    """The photos below a folder.

    Attributes
    ----------
    folder : Path
        Where they lie, without links.
    photos : dict of str to State
        Each photo's path below the folder, with ``/`` between its parts, in order of these paths;
        with the state that tells whether it has changed.
    skipped : dict of str to int
        How many files of each ending are no images that can be read here: HEIC, RAW, video.
    links : list of str
        Links that were not followed; where they are to be followed, those that lead nowhere.
    unlisted : dict of str to str
        Folders that could not be listed, and why.
    gone : list of str
        Files and folders that vanished while they were listed.
    """

    folder: Path
    photos: dict[str, State] = field(default_factory=dict, repr=False)
    skipped: dict[str, int] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    unlisted: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)


def list_photos(
    folder: str | os.PathLike,
    *,
    follow_links: bool = False,
    leave_out: str | os.PathLike | None = None,
) -> Listing:
    """List the photos of a folder and of all folders in it.

    Hidden files and folders, whose names begin with a full stop, are passed over. A link to what
    is in the folder anyway is never followed.

    Parameters
    ----------
    folder
        Where to look; it may be a link itself.
    follow_links
        Whether to follow links that lead out of the folder.
    leave_out
        A folder not to look into: the index itself, say.

    Raises
    ------
    ZsbirError
        If there is no such folder, or it cannot be listed.
    """
    root = os.path.realpath(folder)
    walk = _Walk(root, None if leave_out is None else os.path.realpath(leave_out))
    if not os.path.isdir(root):
        what = "it is a file" if os.path.exists(root) else "there is no such folder"
        raise ZsbirError(f"cannot index {folder}: {what}; give a folder of photos")
    walk.look_into(root, "")
    if "" in walk.found.unlisted:
        raise ZsbirError(f"cannot list {folder}: {walk.found.unlisted['']}")
    if follow_links:
        walk.follow()
    found = walk.found
    found.photos = dict(sorted(found.photos.items()))
    found.skipped = dict(sorted(walk.skipped.items()))
    found.links.sort()
    return found


class _Walk:
    """A walk through a folder, which meets every folder and every linked file once."""

    def __init__(self, root: str, leave_out: str | None) -> None:
        self.root, self.leave_out = root, leave_out
        self.found = Listing(Path(root))
        self.skipped: Counter[str] = Counter()
        self._met: set[tuple[int, int]] = set()
        self._behind_links = False

    def look_into(self, path: str, name: str) -> None:
        """List a folder and the folders in it; `name` is what it is called from the root."""
        waiting = [(path, name)]
        while waiting:
            path, name = waiting.pop()
            if path == self.leave_out or not self._is_new(path, name):
                continue
            for entry in self._entries(path, name):
                below = f"{name}/{entry.name}" if name else entry.name
                try:
                    if entry.is_symlink():
                        self.found.links.append(below)
                    elif entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, below))
                    else:
                        state = entry.stat(follow_symlinks=False)
                        # A file behind two links counts once; hard links in the folder are two.
                        if not self._behind_links or self._meet(state):
                            self._add(below, state)
                except OSError:
                    self.found.gone.append(below)

    def follow(self) -> None:
        """Look at what the links lead to, behind all that is no link; and at links found there."""
        self._behind_links, broken = True, []
        while self.found.links:
            links, self.found.links = self.found.links, []
            for name in sorted(links):
                target = os.path.realpath(os.path.join(self.root, name))
                if _is_in(target, self.root):
                    continue
                try:
                    state = os.stat(target)
                except OSError:
                    broken.append(name)
                    continue
                if os.path.isdir(target):
                    self.look_into(target, name)
                elif self._meet(state):
                    self._add(name, state)
        self.found.links = broken

    def _is_new(self, path: str, name: str) -> bool:
        try:
            return self._meet(os.stat(path))
        except OSError:
            self.found.gone.append(name)
            return False

    def _meet(self, state: os.stat_result) -> bool:
        """Tell whether a file or a folder is met for the first time."""
        before = len(self._met)
        self._met.add((state.st_dev, state.st_ino))
        return len(self._met) > before

    def _entries(self, path: str, name: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(path) as entries:
                yield from (entry for entry in entries if not entry.name.startswith("."))
        except FileNotFoundError:
            self.found.gone.append(name)
        except OSError as error:
            self.found.unlisted[name] = error.strerror or str(error)

    def _add(self, name: str, state: os.stat_result) -> None:
        suffix = os.path.splitext(name)[1].lower()
        if suffix in readable_suffixes():
            self.found.photos[name] = (state.st_size, state.st_mtime_ns)
        else:
            self.skipped[suffix or "without an ending"] += 1


def _is_in(path: str, folder: str) -> bool:
    try:
        return os.path.commonpath([path, folder]) == folder
    except ValueError:  # of two drives
        return False


def check_some(listing: Listing) -> None:
    """Raise a `ZsbirError` unless there is a photo, naming what there is in their place."""
    if listing.photos:
        return
    there = [f"{count} {suffix}" for suffix, count in listing.skipped.items()]
    if listing.links:
        option = argument("follow_links", True)
        there.append(f"{len(listing.links)} links, which {option} follows")
    raise ZsbirError(
        f"{listing.folder} holds no photo that can be read here"
        + (f" (but {', '.join(there[:6])})" if there else "")
    )
