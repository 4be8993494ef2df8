"""Where the data sets of the field lie on a disk: their archives' folders, and what programs make.

Each archive has its own folder; programs of the field have renamed some. `FieldLayout` names them
all, finds those that are there, and says what is missing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zsbir_lib.datasets.folders import check_folder, clean_name, list_entries
from zsbir_lib.datasets.quickdraw_forms import FILE_FORMS, word_of
from zsbir_lib.datasets.splits import plain_class_name
from zsbir_lib.drawings.images import readable_suffixes
from zsbir_lib.errors import ZsbirError, argument

SVG = frozenset({".svg"})
"""Endings of sketches that are vector files."""


@dataclass(frozen=True)
class Found:
    """The parts of a data set that are there.

    Attributes
    ----------
    root
        The folder that holds them.
    photos, sketches
        The folders of photos and of sketches.
    form
        What the sketches are: a key of `FieldLayout.sketches`.
    """

    root: Path
    photos: Path
    sketches: Path
    form: str


@dataclass(frozen=True)
class FieldLayout:
    """How a data set lies on a disk.

    Attributes
    ----------
    name
        What the data set is called in messages.
    photos
        Names of the folder of photos, the archive's own first.
    sketches
        For each form of the sketches, in order of preference, names of their folder.
    picture
        What the folders look like, for messages.
    """

    name: str
    photos: Sequence[str]
    sketches: Mapping[str, Sequence[str]]
    picture: str

    def find(self, given: str | os.PathLike, form: str | None = None) -> Found:
        """Find photos and sketches below a folder.

        Parameters
        ----------
        given
            The folder that holds them.
        form
            The form of the sketches; by default the first that is there.

        Raises
        ------
        ZsbirError
            If photos or sketches are not there, or not in the form asked for; the message shows
            the layout, and says where else they may be.
        """
        if form is not None and form not in self.sketches:
            raise ZsbirError(
                f"{self.name} has no sketches of the form {form!r}: use {', '.join(self.sketches)}"
            )
        root = check_folder(Path(given), self.name, self.picture)
        photos = self._photos(root)
        found = dict(self._sketches(root))
        if photos is None or not found:
            raise ZsbirError(f"{root} is not {self.name}: {self._diagnose(root, photos)}")
        if form is not None and form not in found:
            raise ZsbirError(
                f"{root} holds no sketches of the form {form!r}, but {' and '.join(found)}: say "
                f"{argument('form', next(iter(found)))}, or leave it out"
            )
        form = form or next(iter(found))
        return Found(root, photos, found[form], form)

    def _photos(self, root: Path) -> Path | None:
        folders = (root / name for name in self.photos)
        return next((one for one in folders if _holds_classes(one, readable_suffixes())), None)

    def _sketches(self, root: Path) -> Iterator[tuple[str, Path]]:
        for form, names in self.sketches.items():
            for folder in (root / name for name in names):
                if _holds(folder, form):
                    yield form, folder
                    break

    def _diagnose(self, root: Path, photos: Path | None) -> str:
        """Say what is missing, where else the data set may be, and what was found."""
        inside = [Path(entry.path) for entry in _readable_folders(root)]
        elsewhere = (
            one
            for one in (root.parent, *inside)
            if self._photos(one) is not None and any(self._sketches(one))
        )
        other = next(elsewhere, None)
        if other is not None:
            what = f"give {other}"
        else:
            what = "no sketches in it" if photos is not None else "no folder of photos in it"
        names = sorted(
            clean_name(entry.name) + "/" * entry.is_dir() for entry in list_entries(root)
        )
        more = f", ... ({len(names)} in all)" if len(names) > 8 else ""
        shown = ", ".join(names[:8]) or "nothing"
        return f"{what}\n{self.picture}\nfound:\n    {shown}{more}"


def _holds(folder: Path, form: str) -> bool:
    """Tell whether a folder holds sketches of a form: files of drawings, or class folders."""
    if form not in FILE_FORMS:
        return _holds_classes(folder, SVG if form == "svg" else readable_suffixes())
    return os.path.isdir(folder) and any(
        word_of(entry.name, form) is not None and not entry.is_dir()
        for entry in list_entries(folder)
    )


def _holds_classes(folder: Path, suffixes: frozenset[str]) -> bool:
    return os.path.isdir(folder) and any(
        os.path.splitext(entry.name)[1].lower() in suffixes and not entry.is_dir()
        for class_folder in _readable_folders(folder)
        for entry in list_entries(class_folder.path)
    )


def _readable_folders(folder: Path) -> Iterator[os.DirEntry[str]]:
    # One that may not be entered (lost+found) must not hide what is beside it.
    for entry in list_entries(folder):
        if entry.is_dir() and os.access(entry.path, os.R_OK | os.X_OK):
            yield entry


class ClassNames:
    """A data set's own names of its classes, whatever a folder or a file is called.

    Parameters
    ----------
    names
        All classes.
    others
        What a class is called elsewhere, misspelt or otherwise: ``{"griaffe": "giraffe"}``.
    """

    def __init__(self, names: Sequence[str], others: Mapping[str, str]) -> None:
        self._names = {plain_class_name(name): name for name in names}
        self._names |= {plain_class_name(other): name for other, name in others.items()}

    def __call__(self, name: str) -> str:
        """Return the data set's name of a class; a class of one's own keeps its name."""
        return self._names.get(plain_class_name(name), name)
