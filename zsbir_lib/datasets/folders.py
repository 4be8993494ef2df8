"""Folders of images, one for each class: what is in them, and what in them cannot be read.

Nothing is opened here. What a folder holds that is no image for this library is counted, so that
no class loses its images without a word.
"""

from __future__ import annotations

import hashlib
import logging
import operator
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from zsbir_lib.datasets.splits import plain_class_name
from zsbir_lib.drawings import images as image_reader
from zsbir_lib.errors import ZsbirError
from zsbir_lib.reading import printable

logger = logging.getLogger(__name__)

# Files that lie beside images and are none.
_COMPANIONS = (".csv", ".db", ".html", ".ini", ".json", ".log", ".md", ".txt", ".xml", ".yaml")
_MOST_NAMED = 8


@dataclass(frozen=True)
class Unread:
    """Files of one class that are not read.

    Attributes
    ----------
    tree
        The folder that holds the class folders, such as ``"photo/tx_000000000000"``.
    class_name
        The class.
    kinds
        How many of each ending, such as ``{".heic": 3}``; of images in a folder inside the class
        folder, the folder's name: ``{"bear/": 6}``.
    """

    tree: str
    class_name: str
    kinds: Mapping[str, int]

    @property
    def count(self) -> int:
        """How many files in all."""
        return sum(self.kinds.values())

    def __str__(self) -> str:
        kinds = ", ".join(
            f"{n} in the folder {kind}" if kind.endswith("/") else f"{n} {kind}"
            for kind, n in self.kinds.items()
        )
        return f"{self.class_name} ({kinds})"


@dataclass
class ImageTree:
    """What a folder of class folders holds.

    Attributes
    ----------
    folder
        Where it is.
    images
        The path of each image, by class and by the file's name without its ending.
    unread
        What is there and is not read.
    """

    folder: Path
    images: dict[str, dict[str, str]] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)

    @property
    def class_names(self) -> set[str]:
        """The classes with anything in their folders."""
        return self.images.keys() | {one.class_name for one in self.unread}

    def rename(self, known: Iterable[str]) -> None:
        """Call the classes as `known` does, where names differ in spaces, case or the like."""
        names = match_folders(self.class_names, known)
        self.images = {names[name]: images for name, images in self.images.items()}
        self.unread = [Unread(u.tree, names[u.class_name], u.kinds) for u in self.unread]


def check_folder(given: Path, what: str, layout: str) -> Path:
    """Return the absolute path of a folder that somebody gave.

    Parameters
    ----------
    given
        Where it is said to be; symbolic links are kept.
    what
        What it should hold: ``"the Sketchy database"``.
    layout
        What it should look like, for the message.

    Raises
    ------
    ZsbirError
        If it is not there, or is no folder.
    """
    # os.path, because Path.is_dir raises where a folder may not be entered.
    folder = Path(os.path.abspath(given.expanduser()))
    if not os.path.exists(folder):
        raise ZsbirError(f"no folder {folder}: it should hold {what}\n{layout}")
    if not os.path.isdir(folder):
        raise ZsbirError(f"{folder} is a file; unpack {what} and give its folder\n{layout}")
    return folder


def list_entries(folder: str | os.PathLike[str]) -> Iterator[os.DirEntry[str]]:
    """List a folder, without hidden files such as ``.DS_Store`` and ``._cow.jpg``."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        raise ZsbirError(f"cannot list the folder {printable(folder)}: {error.strerror}") from None


def clean_name(name: str) -> str:
    """Return a file's name as text that can be shown and compared: composed (NFC), printable."""
    shown = printable(name).replace("\n", "\\n").replace("\t", "\\t")
    return unicodedata.normalize("NFC", shown)


def list_images(
    folder: Path,
    class_name: Callable[[str], str] = lambda name: name,
    suffixes: frozenset[str] | None = None,
) -> ImageTree:
    """List the images of each class folder in `folder`.

    Parameters
    ----------
    folder
        Holds a folder for each class.
    class_name
        What a class is called whose folder has this name.
    suffixes
        Endings of the files that are read, in lower case, with the dot; by default those of all
        images.

    Raises
    ------
    ZsbirError
        If a folder cannot be listed, two folders are one class, or two files are one image.
    """
    tree = ImageTree(folder)
    folders: dict[str, str] = {}
    for entry in list_entries(folder):
        if not entry.is_dir():
            continue
        name = class_name(clean_name(entry.name))
        images, kinds = _list_class(entry.path, suffixes or image_reader.readable_suffixes())
        if not images and not kinds:
            continue
        if name in folders:
            raise ZsbirError(
                f"{printable(folders[name])} and {printable(entry.path)} are both class {name}: "
                "merge them"
            )
        folders[name] = entry.path
        if images:
            tree.images[name] = images
        if kinds:
            place = "/".join(map(printable, folder.parts[-2:]))
            tree.unread.append(Unread(place, name, dict(sorted(kinds.items()))))
    tree.unread.sort(key=lambda one: one.class_name)
    return tree


def _list_class(folder: str, readable: frozenset[str]) -> tuple[dict[str, str], Counter[str]]:
    """Return the images of one class folder by their stems, and what is not read."""
    images: dict[str, str] = {}
    unread: Counter[str] = Counter()
    for entry in list_entries(folder):
        stem, suffix = os.path.splitext(entry.name)
        suffix = suffix.lower()
        if entry.is_dir():
            inside = sum(
                os.path.splitext(name)[1].lower() in readable
                for _, _, names in os.walk(entry.path)
                for name in names
            )
            if inside:
                unread[f"{clean_name(entry.name)}/"] += inside
        elif suffix in readable:
            stem = clean_name(stem)
            if stem in images:
                raise ZsbirError(
                    f"{printable(images[stem])} and {printable(entry.path)} are one image: "
                    "remove one"
                )
            images[stem] = entry.path
        elif suffix not in _COMPANIONS:
            unread[clean_name(suffix) or "without an ending"] += 1
    return images, unread


def match_folders(names: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Return what each class is called among `known`, or its own name where it is not there.

    The same name comes first; then one that differs in spaces, punctuation or case only
    (`zsbir_lib.datasets.splits.plain_class_name`), if no other class on either side does.
    """
    names, known = set(names), set(known)
    ours, theirs = _by_plain_name(names - known), _by_plain_name(known - names)
    found = {name: name for name in names}
    for plain, [name, *more] in ours.items():
        others = theirs.get(plain, [])
        if not more and len(others) == 1:
            found[name] = others[0]
    return found


def _by_plain_name(names: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        groups.setdefault(plain_class_name(name), []).append(name)
    return groups


def warn_of_unread(unread: Iterable[Unread]) -> None:
    """Name the classes with files that are not read, on the log."""
    by_tree: dict[str, list[Unread]] = {}
    for one in unread:
        by_tree.setdefault(one.tree, []).append(one)
    for tree, found in by_tree.items():
        logger.warning("%s: not read, by class: %s", tree, enumerate_some(map(str, found)))


def enumerate_some(names: Iterable[str]) -> str:
    """Join names, the first few of them if there are many."""
    names = list(names)
    rest = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


@dataclass(frozen=True, eq=False)
class ImageFiles:
    """Images of one kind, class by class, each class in the order of its file names.

    Attributes
    ----------
    ids, paths
        Of each image: its class and its name, and where it is.
    labels
        Of each image, the number of its class, int64 of shape (n,).
    """

    ids: tuple[str, ...]
    paths: tuple[str, ...]
    labels: np.ndarray

    @classmethod
    def collect(
        cls,
        class_names: tuple[str, ...],
        images: Mapping[str, Mapping[str, str]],
        per_class: int | None = None,
    ) -> ImageFiles:
        """Give the images of all classes their numbers.

        Parameters
        ----------
        class_names
            All classes.
        images
            As in `ImageTree`.
        per_class
            Take the first of each class by name, at most so many.
        """
        ids, paths, labels = [], [], []
        for label, class_name in enumerate(class_names):
            # Sorted, because the order in which a file system lists its files means nothing.
            for stem, path in sorted(images.get(class_name, {}).items())[:per_class]:
                ids.append(f"{class_name}/{stem}")
                paths.append(path)
                labels.append(label)
        return cls(tuple(ids), tuple(paths), np.array(labels, dtype=np.int64))

    def path(self, index: int, kind: str) -> str:
        """Return the file of image number `index`, or raise an `IndexError`."""
        number = operator.index(index)
        # A negative number must not count from the end: -1 marks a sketch without its photo.
        if not 0 <= number < len(self.paths):
            raise IndexError(f"no {kind} {number}: they are numbered 0 to {len(self.paths) - 1}")
        return self.paths[number]

    @cached_property
    def _states(self) -> np.ndarray:
        """Size in bytes and time of modification in nanoseconds, int64, shape (n, 2)."""
        return np.array([file_state(path) for path in self.paths], dtype=np.int64).reshape(-1, 2)

    @property
    def sizes(self) -> np.ndarray:
        """Bytes of each file, int64 of shape (n,); -1 where a link leads nowhere."""
        return self._states[:, 0]

    def empty_by_class(self, n_classes: int) -> np.ndarray:
        """Count the files of 0 bytes of each class, int64 of shape (n_classes,)."""
        return np.bincount(self.labels[self.sizes == 0], minlength=n_classes)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the ends of paths, the sizes and times of files, and how they are read."""
        digest = hashlib.sha256(f"reader {image_reader.VERSION}\n".encode())
        for path, (size, time) in zip(self.paths, self._states.tolist(), strict=True):
            # Rendering (or extended gallery), class folder, file.
            relative = "/".join(path.rsplit(os.sep, 3)[-3:])
            digest.update(os.fsencode(relative) + f"\0{size}\0{time}\n".encode())
        return digest.hexdigest()


def file_state(path: str) -> tuple[int, int]:
    """Return the size of a file and its time of modification in nanoseconds, -1 if it is gone."""
    try:
        found = os.stat(path)
    except OSError:  # a broken link: whoever reads the image says so
        return -1, -1
    return found.st_size, found.st_mtime_ns
