"""The Sketchy database (Sangkloy, Burnell, Ham and Hays, SIGGRAPH 2016), read where it lies.

Nothing is copied, renamed or converted: the folders are listed once, and an image is opened when
it is asked for. The extended gallery is that of Liu, Shen, Shen, Liu and Shao (Deep Sketch
Hashing, CVPR 2017). `Sketchy.verify` says how a copy differs from what papers report.
"""

from __future__ import annotations

import copy
import hashlib
import operator
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from zsbir_lib.datasets.base import SketchPhotoDataset, ZeroShotSplit
from zsbir_lib.datasets.sketchy_counts import ClassCounts, VerificationReport, compare
from zsbir_lib.datasets.splits import (
    SKETCHY_CLASSES,
    match_class_names,
    plain_class_name,
    unseen_classes,
)
from zsbir_lib.errors import ZsbirError
from zsbir_lib.paper import PAPER_RENDERING, PAPER_SPLIT

WHOLE_RENDERING = "tx_000000000000"
"""Whole photos, and sketches placed as in the photo. Most later papers read these."""

# The second name is that of the copies prepared for SAKE and its successors.
_EXTENDED_NAMES = ("EXTEND_image_sketchy", "EXTEND_image_sketchy_ready")
_EXTENDED_PREFIX = "ext_"
_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
_CANONICAL = {plain_class_name(name): name for name in SKETCHY_CLASSES}

_LAYOUT = """\
expected:
    ROOT/                          (give this folder, or 256x256/ itself)
    ├── 256x256/
    │   ├── photo/tx_000100000000/cow/n01887787_1010.jpg
    │   └── sketch/tx_000100000000/cow/n01887787_1010-1.png
    └── EXTEND_image_sketchy/cow/ext_1.jpg         (optional)"""


class Sketchy(SketchPhotoDataset):
    """Sketches and photos of the Sketchy database, or of any part of it.

    A sketch ``<class>/nWWWWWWWW_ID-k.png`` was drawn from the photo ``<class>/nWWWWWWWW_ID.jpg``;
    where that photo is absent, `sketch_photos` holds -1. Folders whose names other tools have
    changed (``hot_air_balloon``) are read under the database's own class names
    (``hot-air_balloon``).

    The extended gallery holds the original photos too. They are counted once: the photos are those
    of ``photo/<rendering>``, then those of the extended gallery whose names are not among them.

    Parameters
    ----------
    root
        The folder that holds ``256x256/``, or ``256x256/`` itself.
    split
        Which classes are unseen: the name of a shipped split
        (`zsbir_lib.datasets.splits.available_splits`), the path of a text file with the unseen
        class names, or a `ZeroShotSplit`. None holds out some of the classes that are present and
        seen in the paper's split (`inner_split`), which works on any part of the database and
        leaves the paper's 21 unseen classes alone.
    photo_rendering, sketch_rendering
        The folder below ``photo/`` and below ``sketch/``, such as ``"tx_000000000000"``. By
        default each is `PAPER_RENDERING` if that is there, else `WHOLE_RENDERING`, else the first
        by name.
    extended
        Add the photos of ``EXTEND_image_sketchy/``, beside ``256x256/`` or inside it: None, if it
        is found; True, or fail; False, never.

    Attributes
    ----------
    root : Path
        The folder that holds ``photo/`` and ``sketch/``.
    photo_rendering, sketch_rendering : str
        The renderings in use.
    extended_root : Path or None
        The extended gallery in use.

    Raises
    ------
    ZsbirError
        If the folder is not laid out like the database (the message shows the layout), a rendering
        or the extended gallery asked for is absent, or the split does not fit the classes present.

    Notes
    -----
    The paper's code takes every gallery photo from the extended gallery, uncropped. Here an
    original photo is the one of `photo_rendering` wherever that has it.
    """

    name = "sketchy"

    def __init__(
        self,
        root: str | os.PathLike,
        *,
        split: str | os.PathLike | ZeroShotSplit | None = PAPER_SPLIT,
        photo_rendering: str | None = None,
        sketch_rendering: str | None = None,
        extended: bool | None = None,
    ) -> None:
        self.root = _find_root(Path(root))
        self.photo_rendering = _choose_rendering(self.root / "photo", photo_rendering)
        self.sketch_rendering = _choose_rendering(self.root / "sketch", sketch_rendering)
        self.extended_root = None if extended is False else _find_extended(self.root)
        if extended and self.extended_root is None:
            raise ZsbirError(
                f"no extended gallery found: expected a folder {_EXTENDED_NAMES[0]} in "
                f"{self.root.parent} or {self.root}; pass extended=False to do without it"
            )
        self._extended_refused = extended is False

        photos = _list_images(self.root / "photo" / self.photo_rendering)
        sketches = _list_images(self.root / "sketch" / self.sketch_rendering)
        for kind, rendering, images in (
            ("photo", self.photo_rendering, photos),
            ("sketch", self.sketch_rendering, sketches),
        ):
            if not images:
                raise ZsbirError(
                    f"no {kind} found in {self.root / kind / rendering}: "
                    "expected class folders with .jpg or .png files"
                )
        if self.extended_root is not None:
            gallery = _list_images(self.extended_root)
            if extended and not gallery:
                raise ZsbirError(f"no photo in the class folders of {self.extended_root}")
            for class_name, images in gallery.items():
                # The images of the rendering win: the extended gallery repeats the originals.
                photos[class_name] = images | photos.get(class_name, {})

        self.class_names = tuple(sorted(photos.keys() | sketches.keys()))
        self._photos = _Images.collect(self.class_names, photos)
        self._sketches = _Images.collect(self.class_names, sketches)
        self.photo_ids, self.photo_labels = self._photos.ids, self._photos.labels
        self.sketch_ids, self.sketch_labels = self._sketches.ids, self._sketches.labels
        numbers = {photo_id: number for number, photo_id in enumerate(self.photo_ids)}
        self.sketch_photos = np.array(
            [numbers.get(re.sub(r"-\d+$", "", sketch_id), -1) for sketch_id in self.sketch_ids],
            dtype=np.int64,
        )
        self.split = self._resolve(split)

    def __repr__(self) -> str:
        return (
            f"Sketchy({str(self.root)!r}: {len(self.class_names)} classes, "
            f"{len(self.photo_ids)} photos, {len(self.sketch_ids)} sketches, "
            f"split {self.split.name!r})"
        )

    def photo_path(self, index: int) -> Path:
        """Return the file of photo number `index`."""
        return Path(self._photos.path(index, "photo"))

    def sketch_path(self, index: int) -> Path:
        """Return the file of sketch number `index`."""
        return Path(self._sketches.path(index, "sketch"))

    def photo(self, index: int) -> Image.Image:
        """Return photo number `index` as an RGB image, as large as its file has it.

        Raises
        ------
        ZsbirError
            If the file cannot be read as an image; the message names it.
        IndexError
            If there is no photo of that number (-1 included: it marks an absent photo).
        """
        return _read_image(self._photos.path(index, "photo"))

    def sketch(self, index: int) -> Image.Image:
        """Return sketch number `index` as an RGB image; what is transparent becomes white.

        Raises
        ------
        ZsbirError
            If the file cannot be read as an image; the message names it.
        IndexError
            If there is no sketch of that number.
        """
        return _read_image(self._sketches.path(index, "sketch"))

    @property
    def fingerprint(self) -> str:
        """SHA-256 over each image's relative path, size in bytes and time of modification (ns).

        Computed when first asked for, then kept: construct the data set anew to see later changes.
        """
        # Reading every byte would take minutes at 148,000 files; a size and a time take a second,
        # and no ordinary way of changing a file leaves both as they were. Paths are relative, so
        # moving the folder changes nothing. A copy that does not preserve times gets another
        # fingerprint: that costs one more extraction, where the opposite error would serve stale
        # features.
        return hashlib.sha256(f"{self._photos.digest} {self._sketches.digest}".encode()).hexdigest()

    def with_split(self, split: str | os.PathLike | ZeroShotSplit | None) -> Sketchy:
        """Return the same images under another split (nothing is copied or listed again).

        Parameters
        ----------
        split
            As in the constructor.

        Raises
        ------
        ZsbirError
            If the split does not fit the classes present.
        """
        other = copy.copy(self)
        other.split = self._resolve(split)
        return other

    def inner_split(self, n_unseen: int | float | None = None, seed: int = 0) -> ZeroShotSplit:
        """Hold out some of the classes that the paper's split trains on.

        Drawn from the classes present with both photos and sketches; the paper's 21 unseen classes
        are on neither side. Where all 104 seen classes are present this is the inner split that
        the whole database has.

        Parameters
        ----------
        n_unseen
            How many to hold out: a number, or a fraction below 1. By default 21, as in the paper,
            or half of the classes where fewer than 42 are present.
        seed
            Of the draw.

        Raises
        ------
        ZsbirError
            If fewer than one class would remain on a side.
        """
        paper_unseen = unseen_classes(PAPER_SPLIT)[1]
        paired = np.intersect1d(self.photo_labels, self.sketch_labels)
        seen = [self.class_names[label] for label in paired]
        seen = [name for name in seen if name not in paper_unseen]
        if len(seen) < 2:
            raise ZsbirError(
                f"an inner split needs two seen classes with photos and sketches; {self.root} "
                f"holds {len(seen)}"
            )
        if n_unseen is None:
            n_unseen = min(len(paper_unseen), len(seen) // 2)
        # The draw looks at seen classes only, so it does not matter whether the others are here.
        whole = ZeroShotSplit(PAPER_SPLIT, tuple(seen), tuple(paper_unseen))
        return whole.inner(n_unseen, seed)

    def verify(self) -> VerificationReport:
        """Compare the files found with the published counts, class by class.

        Published are: 125 classes of 100 photos; the paper's Table 1; for its 21 unseen classes
        the number of sketches and of gallery photos of each. Sketches of a seen class are
        published only in total. Sources disagree about that total: 75,471 (the database's page),
        75,479 and 75,481 (file lists of later papers; Table 1) all count as complete, and the
        counts of sketches may then fall short by the same few.

        The comparison is made under the paper's split, whatever split is in force. The gallery is
        compared unless the data set was opened with ``extended=False``. Images are not opened, but
        files of 0 bytes are reported.
        """
        n_classes = len(self.class_names)

        def count(labels: np.ndarray) -> list[int]:
            return np.bincount(labels, minlength=n_classes).tolist()

        prefix = f"{self.root / 'photo'}{os.sep}"
        added = np.array([_is_added(photo_id) for photo_id in self.photo_ids], dtype=bool)
        elsewhere = np.array([not path.startswith(prefix) for path in self._photos.paths])
        drawn = np.zeros(len(self.photo_ids), dtype=bool)
        drawn[self.sketch_photos[self.sketch_photos >= 0]] = True
        by_class = zip(
            count(self.photo_labels[~added]),
            count(self.photo_labels[~added & drawn]),
            count(self.photo_labels[~added & elsewhere]),
            count(self.photo_labels[added]),
            count(self.sketch_labels),
            count(self.sketch_labels[self.sketch_photos < 0]),
            np.add(
                count(self.photo_labels[self._photos.sizes == 0]),
                count(self.sketch_labels[self._sketches.sizes == 0]),
            ).tolist(),
            strict=True,
        )
        counts = {
            name: ClassCounts(*numbers)
            for name, numbers in zip(self.class_names, by_class, strict=True)
        }
        gallery = "not used" if self._extended_refused else (self.extended_root or "not found")
        return compare(
            counts,
            source=(
                f"Sketchy at {self.root}\nphotos {self.photo_rendering}, "
                f"sketches {self.sketch_rendering}, extended gallery: {gallery}"
            ),
            gallery=not self._extended_refused,
            extended=self.extended_root is not None,
        )

    def _resolve(self, split: str | os.PathLike | ZeroShotSplit | None) -> ZeroShotSplit:
        """Turn what the caller gave as a split into one over the classes present."""
        if split is None:
            return self.inner_split()
        if isinstance(split, ZeroShotSplit):
            name, wanted = split.name, split.seen + split.unseen
        else:
            name, wanted = unseen_classes(split)
        found, missing = match_class_names(wanted, self.class_names)
        if missing:
            raise ZsbirError(
                f"{self.root} lacks {len(missing)} of the {len(wanted)} classes that the split "
                f"{name!r} names: {', '.join(missing)}. Pass split=None to hold out some of the "
                f"{len(self.class_names)} classes that are there, or the path of a file that "
                "names the unseen ones"
            )
        if isinstance(split, ZeroShotSplit):
            n_seen = len(split.seen)
            return ZeroShotSplit(name, tuple(found[:n_seen]), tuple(found[n_seen:]))
        return ZeroShotSplit.from_unseen(name, self.class_names, found)


# --- Listing and reading files -------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Images:
    """Images of one kind, class by class, each class in the order of its file names."""

    ids: tuple[str, ...]
    paths: tuple[str, ...]
    labels: np.ndarray

    @classmethod
    def collect(
        cls, class_names: tuple[str, ...], images: Mapping[str, Mapping[str, str]]
    ) -> _Images:
        ids, paths, labels = [], [], []
        for label, class_name in enumerate(class_names):
            # Sorted, because the order in which a file system lists its files means nothing.
            for stem, path in sorted(images.get(class_name, {}).items()):
                ids.append(f"{class_name}/{stem}")
                paths.append(path)
                labels.append(label)
        return cls(tuple(ids), tuple(paths), np.array(labels, dtype=np.int64))

    def path(self, index: int, kind: str) -> str:
        number = operator.index(index)
        # A negative number must not count from the end: -1 marks a sketch without its photo.
        if not 0 <= number < len(self.paths):
            raise IndexError(f"no {kind} {number}: they are numbered 0 to {len(self.paths) - 1}")
        return self.paths[number]

    @cached_property
    def _states(self) -> np.ndarray:
        """Size in bytes and time of modification in nanoseconds, int64, shape (n, 2)."""
        try:
            stats = (os.stat(path) for path in self.paths)
            states = [(stat.st_size, stat.st_mtime_ns) for stat in stats]
        except OSError as error:
            raise ZsbirError(f"cannot read {error.filename}: {error.strerror}") from None
        return np.array(states, dtype=np.int64).reshape(-1, 2)

    @property
    def sizes(self) -> np.ndarray:
        return self._states[:, 0]

    @cached_property
    def digest(self) -> str:
        digest = hashlib.sha256()
        for path, (size, time) in zip(self.paths, self._states.tolist(), strict=True):
            # Rendering (or extended gallery), class folder, file.
            relative = "/".join(path.rsplit(os.sep, 3)[-3:])
            digest.update(f"{relative}\0{size}\0{time}\n".encode())
        return digest.hexdigest()


def _read_image(path: str) -> Image.Image:
    """Read an image as RGB, on white where it is transparent."""
    try:
        with Image.open(path) as image:
            if not image.has_transparency_data:
                return image.convert("RGB")
            image = image.convert("RGBA")
            white = Image.new("RGBA", image.size, "white")
            return Image.alpha_composite(white, image).convert("RGB")
    except MemoryError:
        raise
    except UnidentifiedImageError:
        raise ZsbirError(f"cannot read the image {path}: it is empty or no image") from None
    except Exception as error:  # Pillow's readers raise nearly anything on damaged files
        reason = getattr(error, "strerror", None) or error
        raise ZsbirError(f"cannot read the image {path}: {reason}") from None


def _entries(folder: str | os.PathLike) -> Iterator[os.DirEntry[str]]:
    """List a folder, without hidden files such as ``.DS_Store`` and ``._cow.jpg``."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        raise ZsbirError(f"cannot list the folder {folder}: {error.strerror}") from None


def _list_images(tree: Path) -> dict[str, dict[str, str]]:
    """Return the path of each image of each class folder: {class: {file stem: path}}."""
    classes: dict[str, dict[str, str]] = {}
    folders: dict[str, str] = {}
    for folder in _entries(tree):
        if not folder.is_dir():
            continue
        images: dict[str, str] = {}
        for entry in _entries(folder.path):
            stem, suffix = os.path.splitext(entry.name)
            if suffix.lower() not in _SUFFIXES:
                continue
            if stem in images:
                raise ZsbirError(f"{images[stem]} and {entry.path} are one image: remove one")
            images[stem] = entry.path
        if not images:
            continue
        class_name = _CANONICAL.get(plain_class_name(folder.name), folder.name)
        if class_name in classes:
            raise ZsbirError(
                f"{folders[class_name]} and {folder.path} are both class {class_name}: merge them"
            )
        classes[class_name] = images
        folders[class_name] = folder.path
    return classes


def _is_added(photo_id: str) -> bool:
    """Tell whether a photo is one that the extended gallery added to the originals."""
    return photo_id.rpartition("/")[2].startswith(_EXTENDED_PREFIX)


# --- Finding the folders -------------------------------------------------------------------------


def _is_root(folder: Path) -> bool:
    # os.path, because Path.is_dir raises where a folder may not be entered.
    return all(os.path.isdir(folder / kind) for kind in ("photo", "sketch"))


def _find_root(given: Path) -> Path:
    """Return the folder that holds photo/ and sketch/, or explain what the given one is."""
    # Absolute, because the extended gallery is looked for beside it; symbolic links are kept.
    folder = Path(os.path.abspath(given.expanduser()))
    if not os.path.exists(folder):
        raise ZsbirError(f"no folder {folder}: it should hold the Sketchy database\n{_LAYOUT}")
    if not os.path.isdir(folder):
        raise ZsbirError(
            f"{folder} is a file; unpack the Sketchy database and give its folder\n{_LAYOUT}"
        )
    for candidate in (folder / "256x256", folder):
        if _is_root(candidate):
            return candidate
    raise ZsbirError(f"{folder} is not the Sketchy database: {_diagnose(folder)}")


def _diagnose(folder: Path) -> str:
    """Say what a wrong folder is, where the right one may be, what was expected and found."""
    entries = sorted(_entries(folder), key=lambda entry: entry.name)
    names = [entry.name + ("/" if entry.is_dir() else "") for entry in entries]
    if not entries:
        return f"the folder is empty\n{_LAYOUT}"
    ancestors = [parent for parent in folder.parents[:3] if _is_root(parent)]
    inside = [
        candidate
        for entry in entries
        if entry.is_dir()
        for candidate in (Path(entry.path), Path(entry.path) / "256x256")
        if _is_root(candidate)
    ]
    if _is_extended(folder, entries):
        beside = _is_root(folder.parent) or _is_root(folder.parent / "256x256")
        right = folder.parent if beside else "the folder that holds 256x256/"
        what = f"this is the extended gallery alone; give {right}"
    elif ancestors:
        what = f"this is a part of it; give {ancestors[0]}"
    elif inside:
        what = f"that lies further inside; give {inside[0]}"
    elif any(name.startswith("tx_") for name in names):
        what = "this holds renderings; give the folder that holds photo/ and sketch/"
    else:
        base = folder / "256x256" if os.path.isdir(folder / "256x256") else folder
        absent = [f"{kind}/" for kind in ("photo", "sketch") if not os.path.isdir(base / kind)]
        what = f"no {' and no '.join(absent)} in {base}"
        if base != folder:
            names = [f"256x256/{entry.name}" for entry in _entries(base)] or names
    more = f", ... ({len(names)} in all)" if len(names) > 8 else ""
    return f"{what}\n{_LAYOUT}\nfound:\n    {', '.join(sorted(names)[:8])}{more}"


def _is_extended(folder: Path, entries: list[os.DirEntry[str]]) -> bool:
    if folder.name in _EXTENDED_NAMES:
        return True
    # One class folder tells; one that may not be entered (lost+found) must not hide the message.
    first = next((e for e in entries if e.is_dir() and os.access(e.path, os.R_OK | os.X_OK)), None)
    return first is not None and any(
        entry.name.startswith(_EXTENDED_PREFIX) for entry in _entries(first.path)
    )


def _find_extended(root: Path) -> Path | None:
    for parent in (root.parent, root):
        for name in _EXTENDED_NAMES:
            if os.path.isdir(parent / name):
                return parent / name
    return None


def _choose_rendering(folder: Path, wanted: str | None) -> str:
    """Return the rendering to read: the one asked for, or the preferred one of those there."""
    if wanted and os.path.isdir(folder / wanted):
        return wanted
    found = sorted(
        entry.name
        for entry in _entries(folder)
        if entry.name.startswith("tx_") and entry.is_dir() and any(_entries(entry.path))
    )
    if wanted is not None:
        raise ZsbirError(f"no rendering {wanted!r} in {folder}: found {', '.join(found) or 'none'}")
    for name in (PAPER_RENDERING, WHOLE_RENDERING, *found):
        if name in found:
            return name
    names = sorted(entry.name for entry in _entries(folder))
    raise ZsbirError(
        f"{folder} holds no rendering: expected a folder such as {PAPER_RENDERING} between it and "
        f"the class folders\n{_LAYOUT}\nfound:\n    {', '.join(names[:8]) or 'nothing'}"
    )
