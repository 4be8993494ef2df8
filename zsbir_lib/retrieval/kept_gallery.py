"""The folder of a large gallery: its shards, and one file, written last, that says what they are.

Shards are entries of a store, which writes them whole and never changes them. The list of them is
replaced as one file, so whoever opens the folder finds the gallery before a change, or after it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbir_lib.errors import DamagedError, ZsbirError
from zsbir_lib.files import digest_of, list_own_folder, write_json
from zsbir_lib.retrieval.faiss_search import (
    Settings,
    read_structure,
    structure_digest,
    write_structure,
)
from zsbir_lib.retrieval.shards import KIND, Shard, open_shard, refusal
from zsbir_lib.store import Draft, Entry, Store

if TYPE_CHECKING:
    from zsbir_lib.retrieval.large import LargeIndex

_RECORD = "zsbir-gallery.json"
_TRAINED, _PIECE = "gallery-trained", "trained.faiss"
_FORMAT = 1


class KeptGallery:
    """A folder that holds a large gallery, or is to hold one."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.store = Store(self.folder)
        self._record = self.folder / _RECORD
        self._seen = ""  # the checksum of the record that was read or written last

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one process at a time change the folder, and none that has not seen what is there.

        Raises
        ------
        ZsbirError
            If another process has changed it since it was opened.
        """
        with Store().alone(self.folder):
            seen = self._seen
            if self._record.exists() and self.read()["sha256"] != seen:
                self._seen = seen
                raise ZsbirError(f"another process changed the gallery {self.folder}: open it anew")
            yield

    def check_new(self) -> None:
        """Raise a `ZsbirError` unless a gallery can be made here, or finished."""
        if _RECORD in list_own_folder(self.folder, (KIND, _TRAINED, _RECORD), "a gallery"):
            raise ZsbirError(
                f"{self.folder} holds a gallery: LargeIndex.open opens it; give another folder for "
                "a new one"
            )

    def read(self) -> dict[str, Any]:
        """Return what the record says.

        Raises
        ------
        DamagedError
            If it is damaged or of another version.
        ZsbirError
            If there is none, or it cannot be read.
        """
        try:
            text = self._record.read_bytes() if self._record.is_file() else None
        except OSError as error:
            raise refusal(self.folder, error) from None
        if text is None:
            begun = (self.folder / KIND).is_dir()
            what = "a gallery that is not finished" if begun else "no gallery"
            raise ZsbirError(f"{self.folder} holds {what}: LargeIndex makes one")
        try:
            told = json.loads(text)
            version, checksum = told["format"], told["sha256"]
            body = {name: value for name, value in told.items() if name != "sha256"}
        except (ValueError, KeyError, TypeError):
            version, checksum, body = None, None, {}
        if isinstance(version, int) and version != _FORMAT:
            raise DamagedError(f"{self.folder} is of another version of this library: make it anew")
        if checksum != digest_of(body):
            raise DamagedError(f"{self._record} is damaged: make the gallery anew from its vectors")
        self._seen = checksum
        self._told = told
        return told

    def shards(self, settings: Settings, check: bool) -> tuple[list[Shard], Any]:
        """Return the shards of the record that was read, and the trained structure or None.

        Raises
        ------
        DamagedError
            If one of them is damaged or gone.
        ZsbirError
            If one cannot be read.
        """
        told, width = self._told, self._told["width"]
        entries = {entry.folder.name: entry for entry in self.store.entries() if entry.finished}
        wanted = [*told["shards"], *([told["trained"]] if told["trained"] else [])]
        for name in wanted:
            if name not in entries:
                raise refusal(self.folder, self._why_missing(name))
        shards = [open_shard(entries[name], settings, width, check=check)
                  for name in told["shards"]]  # fmt: skip
        empty = None
        if told["trained"]:
            entry = entries[told["trained"]]
            try:
                if entry.verify():  # it is small, and every shard to come depends on it
                    raise ValueError(f"{_PIECE} is not what was written")
                path = entry.path(_PIECE)
                empty = read_structure(settings, path, 0, width, mapped=False)
            except (KeyError, ValueError) as error:
                raise refusal(self.folder, error) from None
        return shards, empty

    def _why_missing(self, name: str) -> Exception:
        """Return what came of reading an entry that the store does not find."""
        try:
            for path in [*self.folder.glob(f"*/{name}/"), *self.folder.glob(f"*/{name}/*.*")]:
                if path.is_dir():
                    os.listdir(path)
                else:
                    path.open("rb").close()
        except OSError as error:
            return error
        return ValueError(f"{name} is gone")

    def write(self, index: LargeIndex) -> None:
        """Write the record of an index, and remove shards that are not in it any more."""
        trained = ""
        if index._empty is not None:
            write = partial(write_structure, index._empty)
            key = {"format": _FORMAT, "content": structure_digest(index.settings, index._empty)}

            def make(draft: Draft) -> None:
                draft.piece(_PIECE, write)

            trained = self.store.get(_TRAINED, key, make, check=False).folder.name
        entries: list[Entry] = [shard.entry for shard in index.shards if shard.entry is not None]
        body = {
            "format": _FORMAT,
            "settings": vars(index.settings),
            "width": index.width,
            "shard_size": index.shard_size,
            "breadth": index.breadth,
            "trained": trained,
            "shards": [entry.folder.name for entry in entries],
            "removed": index.removed.tolist(),
        }
        told = {**body, "sha256": digest_of(body)}
        write_json(self._record, told)
        self._seen, self._told = told["sha256"], told
        kept = {*body["shards"], trained}
        for entry in list(self.store.entries()):
            if entry.kind in (KIND, _TRAINED) and entry.folder.name not in kept:
                self.store.remove(entry)
