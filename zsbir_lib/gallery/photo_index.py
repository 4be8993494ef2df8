"""An index of photos: features, names and small pictures, mapped into memory when it is opened."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from zsbir_lib.drawings import read_image
from zsbir_lib.drawings.images import VERSION
from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.features import Backbone
from zsbir_lib.files import load_array
from zsbir_lib.gallery.ragged import Ragged
from zsbir_lib.gallery.rows import Rows
from zsbir_lib.reading import printable
from zsbir_lib.store import Entry, Store

THUMBNAIL = 96
"""Side of the small pictures, in pixels."""

KIND = "photo-index"  # of the store's entry; no other folder of the index's is called so
SEARCH = "search"  # where the index keeps what it is searched by
BLOCKS = "photo-blocks"  # where an unfinished run keeps what it has read
_FORMAT = 1
_IDENTITY = ("backbone", "weights", "transform", "probe")
ARRAYS = ("features", "states", "names.data", "names.ends", "thumbnails.data", "thumbnails.ends")


def settings(backbone: Backbone) -> dict[str, Any]:
    """Return everything that what an index says about a photo depends on, but for the photo."""
    return {
        "format": _FORMAT,
        "reader": VERSION,
        "backbone": backbone.name,
        "weights": backbone.weights_id,
        "transform": backbone.transform_id,
        "probe": backbone.probe_id,
        "dim": backbone.dim,
        "thumbnail": THUMBNAIL,
    }


class PhotoIndex:
    """An index of a folder of photos, opened for reading.

    Nothing is read before it is asked for, so opening takes milliseconds whatever its size.

    Parameters
    ----------
    path
        The folder that `index_photos` wrote.

    Attributes
    ----------
    path : Path
        Where it is.
    features : ndarray of float32, shape (n, dim)
        Of each photo, in the order of their names; mapped into memory.
    states : ndarray of int64, shape (n, 2)
        Size in bytes, and time of the last change in nanoseconds, of the files that were read.

    Raises
    ------
    ZsbirError
        If there is no index, or it is damaged or of another version.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        found = find_entries(self.path)
        if not found:
            begun = (self.path / BLOCKS).is_dir()
            what = "an index that is not finished" if begun else "no index of photos"
            raise ZsbirError(f"{path} holds {what}: `zsbir index FOLDER --out {path}` makes it")
        # Two of them only where a run was stopped between writing one and removing the other.
        self.entry: Entry = max(found, key=lambda entry: entry.changed)
        self.settings: Mapping[str, Any] = self.entry.key["settings"]
        if self.settings.get("format") != _FORMAT:
            raise ZsbirError(f"{path} is of another version of this library: index the photos anew")
        arrays = {name: self._map(f"{name}.npy") for name in ARRAYS}
        self.features, self.states = arrays["features"], arrays["states"]
        self._names = Ragged(arrays["names.data"], arrays["names.ends"])
        self._thumbnails = Ragged(arrays["thumbnails.data"], arrays["thumbnails.ends"])

    def _map(self, name: str) -> np.ndarray:
        try:
            piece = self.entry.pieces[name]
            file = self.entry.path(name)
            if file.stat().st_size != piece.size:
                raise ValueError(f"{file.name} has lost bytes")
            return load_array(file, mapped="r")
        except (KeyError, OSError, ValueError) as error:
            raise ZsbirError(
                f"the index {self.path} is damaged ({error}): index the photos anew"
            ) from None

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self._names)

    @property
    def folder(self) -> Path:
        """The folder of the photos, on the machine where they were indexed."""
        return Path(self.entry.key["folder"])

    @property
    def backbone(self) -> str:
        """Name of the network that the photos went through."""
        return self.settings["backbone"]

    @property
    def weights_id(self) -> str:
        """Names the weights of that network."""
        return self.settings["weights"]

    @property
    def digest(self) -> str:
        """Eight digits that tell the photos from those of any other index."""
        return self.entry.key["photos"][:8]

    def check_backbone(self, backbone: Backbone) -> None:
        """Raise a `ZsbirError` unless a network is the one that the photos went through."""
        given = settings(backbone)
        if any(self.settings[name] != given[name] for name in _IDENTITY):
            raise ZsbirError(
                f"the index {self.path} was made with {_describe(self.settings)}, this is "
                f"{_describe(given)}: give the same {argument('backbone')} and "
                f"{argument('weights')}, or index the photos anew elsewhere"
            )

    def name(self, row: int) -> str:
        """Return the path of a photo below its folder, with ``/`` between the parts."""
        return os.fsdecode(self._names[row])

    def label(self, row: int) -> str:
        """Return the name of the folder that a photo lies in, as text that can be shown."""
        parts = self.name(row).split("/")
        return printable(parts[-2] if len(parts) > 1 else self.folder.name)

    def rows(self) -> Rows:
        """Return all that it holds, to be copied into another."""
        return Rows(
            list(map(os.fsdecode, self._names)),
            [(size, time) for size, time in self.states.tolist()],
            lambda: self.features,
            lambda: self._thumbnails,
        )

    def thumbnail(self, row: int) -> bytes:
        """Return a small picture of a photo: the middle square, as a WebP file."""
        return self._thumbnails[row]

    @property
    def thumbnail_bytes(self) -> int:
        """Bytes of all small pictures."""
        return len(self._thumbnails.data)

    def photo(self, row: int) -> Image.Image:
        """Return a photo from its file, or, where that is not there, the small picture of it."""
        try:
            return read_image(self.folder / self.name(row), what="the photo")
        except ZsbirError:
            return read_image(self.thumbnail(row), what="the thumbnail")


def find_entries(path: Path) -> list[Entry]:
    """Return the finished indexes in a folder: one, as a rule."""
    return [one for one in Store(path).entries() if one.kind == KIND and one.finished]


def _describe(given: Mapping[str, Any]) -> str:
    return f"{given['backbone']} (weights {given['weights']}, picture {given['probe']})"
