"""All drawings of Quick, Draw!'s files, each read when it is asked for.

A file holds the drawings of a word, up to hundreds of thousands. It is gone through once, to note
where each drawing begins; that is kept in the store, and mapped into memory.
"""

from __future__ import annotations

import hashlib
import json
import logging
import operator
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, overload

import numpy as np
from PIL import Image

from zsbir_lib.datasets.folders import ImageTree, clean_name, file_state, list_entries
from zsbir_lib.datasets.quickdraw_forms import (
    FILE_FORMS,
    check_bitmaps,
    how_drawn,
    word_of,
)
from zsbir_lib.drawings.stroke_files import Stroke, read_all_strokes
from zsbir_lib.errors import ZsbirError, argument, check_on_error, reason_of
from zsbir_lib.progress import progress_bar
from zsbir_lib.reading import check_file
from zsbir_lib.store import Draft, Store

logger = logging.getLogger(__name__)

_INDEX_VERSION = 1
_MOST_BYTES = 4_000_000  # of one drawing


def list_drawing_files(folder: Path, form: str, class_name: Callable[[str], str]) -> ImageTree:
    """List the files of drawings in a folder, one a class.

    Parameters
    ----------
    folder
        Where they are.
    form
        One of ``FILE_FORMS``.
    class_name
        What the class of a word is called.

    Raises
    ------
    ZsbirError
        If the folder cannot be listed, or two files are of one class.
    """
    tree = ImageTree(folder)
    for entry in list_entries(folder):
        word = None if entry.is_dir() else word_of(entry.name, form)
        if word is None:
            continue
        name = class_name(clean_name(word))
        if name in tree.images:
            [other] = tree.images[name].values()
            raise ZsbirError(f"{other} and {entry.path} are both class {name}: remove one")
        tree.images[name] = {clean_name(entry.name): entry.path}
    return tree


def read_words(
    folder: str | os.PathLike, most: int | None = None, *, on_error: str = "raise"
) -> Iterator[tuple[str, Iterator[list[Stroke]]]]:
    """Read all drawings of a folder of Quick, Draw!'s ``.ndjson`` files, word by word.

    Parameters
    ----------
    folder
        Holds ``WORD.ndjson``, or files that are called as downloads are, at any depth.
    most
        At most so many drawings of each file, the first ones.
    on_error
        ``"skip"`` leaves out drawings that cannot be read, and names the first of each file on the
        log; ``"raise"`` ends at the first.

    Yields
    ------
    word : str
        As the file's name says it, in the order of the paths.
    drawings : iterator of list of strokes
        Each as `zsbir_lib.drawings.read_strokes` returns it, read when it is asked for.

    Raises
    ------
    ZsbirError
        If there is no such folder or no file in it, or `on_error` is unknown; from the iterator,
        if a drawing cannot be read.
    """
    check_on_error(on_error)
    folder = Path(folder)
    if not folder.is_dir():
        raise ZsbirError(f"there is no folder {folder} with drawings")
    paths = sorted(folder.rglob("*.ndjson"))
    if not paths:
        raise ZsbirError(f"{folder} holds no file WORD.ndjson: put Quick, Draw!'s files there")
    for path in paths:
        word = word_of(path.name, "simplified") or word_of(path.name, "raw") or path.stem
        yield word, _drawings_of(path, most, on_error)


def _drawings_of(path: Path, most: int | None, on_error: str) -> Iterator[list[Stroke]]:
    left_out: list[ZsbirError] = []
    try:
        for stored in islice(read_all_strokes(path), most):
            if stored.error is None:
                yield stored.strokes
            elif on_error == "skip":
                left_out.append(stored.error)
            else:
                raise ZsbirError(
                    f"{stored.error}; mend it, or leave it out by {argument('on_error', 'skip')}"
                )
    except ZsbirError as error:  # of the whole file, or of what is behind a place in it
        if on_error != "skip":
            raise
        left_out.append(error)
    if left_out:
        more = f", and {len(left_out) - 1} more" if len(left_out) > 1 else ""
        logger.warning("left out: %s%s", left_out[0], more)


class DrawingFiles:
    """Drawings in files, class by class, in the order of the files.

    Parameters
    ----------
    class_names
        All classes.
    images
        The file of each class, by class and by name, as `list_drawing_files` found it.
    form
        One of ``FILE_FORMS``.
    per_class
        Take the first drawings of each class, at most so many.
    store
        Where the places of the drawings are kept; the library's cache folder by default.

    Raises
    ------
    ZsbirError
        If a file cannot be opened, or the places cannot be kept.
    """

    def __init__(
        self,
        class_names: Sequence[str],
        images: Mapping[str, Mapping[str, str]],
        form: str,
        per_class: int | None = None,
        store: Store | None = None,
    ) -> None:
        self._form, self._per_class = form, per_class
        kinds = [
            (label, class_name, file_name, path)
            for label, class_name in enumerate(class_names)
            for file_name, path in images.get(class_name, {}).items()
        ]
        self._classes = np.array([kind[0] for kind in kinds], dtype=np.int64)
        self._names = [f"{class_name}/{file_name}" for _, class_name, file_name, _ in kinds]
        self.paths = tuple(path for *_, path in kinds)
        self._states = [file_state(path) for path in self.paths]
        entry = (store or Store()).get("drawings", self._key(), self._fill, label="quickdraw")
        # Of the drawings of a file, one row more than there are: where the last one ends.
        self._places = np.load(entry.path("places.npy"), mmap_mode="r")
        counts = np.load(entry.path("counts.npy"))
        self._ends = np.cumsum(counts)
        self.labels = np.repeat(self._classes, counts)
        self.ids: Sequence[str] = _Ids(self)

    def _key(self) -> dict[str, Any]:
        files = [[name, *state] for name, state in zip(self._names, self._states, strict=True)]
        return {
            "version": _INDEX_VERSION,
            "form": self._form,
            "per_class": self._per_class,
            "files": files,
        }

    def _fill(self, draft: Draft) -> None:
        """Go through the files, and keep where each drawing begins."""
        places = [np.empty((0, 2), dtype=np.int64)]
        for path in progress_bar(self.paths, desc="finding drawings", unit="file"):
            try:
                places.append(FILE_FORMS[self._form].index(path, self._per_class))
            except OSError as error:
                raise ZsbirError(f"cannot read {path}: {error.strerror}") from None
        counts = np.array([len(one) - 1 for one in places[1:]], dtype=np.int64)
        draft.piece("places.npy", lambda file: np.save(file, np.concatenate(places)))
        draft.piece("counts.npy", lambda file: np.save(file, counts))

    def __len__(self) -> int:
        return len(self.labels)

    def empty_by_class(self, n_classes: int) -> np.ndarray:
        """Count the files of 0 bytes of each class, int64 of shape (n_classes,)."""
        empty = np.array([size == 0 for size, _ in self._states], dtype=bool)
        return np.bincount(self._classes[empty], minlength=n_classes)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the names, sizes and times of the files, and how they are drawn."""
        text = json.dumps([*how_drawn(), self._key()])
        return hashlib.sha256(text.encode()).hexdigest()

    def _locate(self, index: int) -> tuple[int, int]:
        """Return the number of a drawing's file, and its row in the table of places."""
        number = operator.index(index)
        if not 0 <= number < len(self):
            raise IndexError(f"no sketch {number}: they are numbered 0 to {len(self) - 1}")
        file = int(np.searchsorted(self._ends, number, side="right"))
        return file, number + file

    def path(self, index: int) -> str:
        """Return the file that holds drawing number `index`."""
        return self.paths[self._locate(index)[0]]

    def identity(self, index: int) -> str:
        """Return class, file and place of a drawing: ``"cat/cat.ndjson:12"`` is line 12.

        In files of other forms the place is the drawing's number, counted from 0, and stands
        behind ``#``.
        """
        file, row = self._locate(index)
        return f"{self._names[file]}{FILE_FORMS[self._form].mark}{self._places[row, 1]}"

    def read(self, index: int) -> Image.Image:
        """Return drawing number `index` as an RGB image, dark lines on white.

        Raises
        ------
        ZsbirError
            If the drawing is damaged, cut off or empty, or the file is of another form; the
            message names the file and the place.
        IndexError
            If there is no drawing of that number.
        """
        file, row = self._locate(index)
        path, form = self.paths[file], FILE_FORMS[self._form]
        (start, number), (stop, _) = self._places[row : row + 2].tolist()
        check_file(path, f"the drawings {path}")
        try:
            if stop == start:  # a file that holds no bitmaps
                check_bitmaps(path)
            if stop - start > _MOST_BYTES:
                raise ZsbirError(f"it has more than {_MOST_BYTES:,} bytes")
            with open(path, "rb") as stream:
                stream.seek(start)
                data = stream.read(stop - start)
            if len(data) < stop - start:
                raise ZsbirError("the file has become shorter: open the data set again")
            return form.read(data)
        except (ZsbirError, OSError) as error:
            place = form.place.format(number, path)
            raise ZsbirError(f"cannot read {place}: {reason_of(error)}") from None


class _Ids(Sequence[str]):
    """The identities of drawings, each made when it is asked for."""

    def __init__(self, drawings: DrawingFiles) -> None:
        self._drawings = drawings

    def __len__(self) -> int:
        return len(self._drawings)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return tuple(self._drawings.identity(i) for i in range(*index.indices(len(self))))
        number = operator.index(index)
        return self._drawings.identity(number + len(self) if number < 0 else number)

    def __iter__(self) -> Iterator[str]:
        return map(self._drawings.identity, range(len(self)))
