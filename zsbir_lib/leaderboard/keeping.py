"""Where rows are kept: one by one in the store, and together in a file that people pass on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from zsbir_lib.errors import OptionsChangedError, ZsbirError, argument
from zsbir_lib.files import check_outputs, temporary_file
from zsbir_lib.leaderboard.encoding import decode, encode
from zsbir_lib.leaderboard.results import Leaderboard, Row
from zsbir_lib.store import Draft, Store

_KIND = "leaderboard"


class StoreOfRows:
    """Keeps each row as an entry of its own, so that any number of processes may add some."""

    def __init__(self, store: Store, board: Leaderboard) -> None:
        self.store, self.board = store, board

    def _key(self, name: str, method_id: str) -> dict[str, Any]:
        board = self.board
        about = {"origin": encode(board.origin), "settings": encode(board.settings)}
        return {**about, "method": [name, method_id]}

    def find(self, methods: Mapping[str, str]) -> dict[str, Row]:
        """Return the rows that are there, of those methods (names and their ids)."""
        rows = {}
        for name, method_id in methods.items():
            entry = self.store.find(_KIND, self._key(name, method_id))
            if entry is None:
                continue
            with suppress(ZsbirError):  # written by another version of this library
                values = json.loads(entry.path("row.json").read_text(encoding="utf-8"))
                rows[name] = decode(Row, values, name)
        return rows

    def check(self) -> None:
        """Raise a `ZsbirError` if nothing can be kept, before hours of work."""
        folder = self.store.root / _KIND
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with temporary_file(folder, ".json"):
                pass
        except OSError as error:
            raise ZsbirError(
                f"cannot keep results in {folder}: {error.strerror}; set ZSBIR_CACHE to a folder "
                "that can be written"
            ) from None

    def keep(self, name: str, row: Row) -> None:
        """Keep a row; one that failed is not kept, so that it is tried again."""
        if row.error is not None:
            return
        text = json.dumps(encode(row), indent=1, allow_nan=False)

        def make(draft: Draft) -> None:
            draft.piece("row.json", lambda path: path.write_text(text, encoding="utf-8"))

        self.store.replace(
            _KIND, self._key(name, row.method_id), make,
            label=f"{self.board.origin.dataset}-{name}",
        )  # fmt: skip

    def close(self, rows: Mapping[str, Row]) -> None:
        """Do nothing: every row is there."""


class FileOfRows:
    """Keeps a whole leaderboard in a JSON file; several processes may add rows to one file.

    They do so in turn by a lock in the cache. Without it (a file system that has none, two
    machines) one that reads while another writes leaves that one's last row out of the file, which
    stays whole; `StoreOfRows` has the row.

    Parameters
    ----------
    path
        The file.
    board
        Without rows: what the rows have to belong to.
    fresh
        Whether what is in the file now is to be forgotten.

    Raises
    ------
    OptionsChangedError
        If the file was begun otherwise.
    ZsbirError
        If it holds something else, or cannot be written.
    """

    def __init__(self, path: str | os.PathLike, board: Leaderboard, *, fresh: bool = False) -> None:
        self.path, self.board = Path(path), board
        check_outputs(self.path)
        if fresh:
            self.check()
            self._write({})
        self._read()

    def _read(self) -> dict[str, Row]:
        if not self.path.exists():
            return {}
        try:
            old = Leaderboard.load(self.path)
        except ZsbirError as error:
            raise ZsbirError(
                f"{error}; begin it anew with {argument('fresh', True)}, or give another file"
            ) from None
        changed = [
            f"{f.name} was {getattr(before, f.name)} and is {getattr(now, f.name)}"
            for before, now in (
                (old.settings, self.board.settings), (old.origin, self.board.origin),
            )
            for f in fields(now)
            if getattr(before, f.name) != getattr(now, f.name)
        ]  # fmt: skip
        if changed:
            raise OptionsChangedError(
                f"{self.path} was begun otherwise: {'; '.join(changed)}. Use the same options to "
                "go on, or another file to begin anew"
            )
        return old.rows

    def find(self, methods: Mapping[str, str]) -> dict[str, Row]:
        """Return the rows that are there, of those methods (names and their ids)."""
        return {
            name: row
            for name, row in self._read().items()
            if row.error is None and row.method_id == methods.get(name)
        }

    def check(self) -> None:
        """Raise a `ZsbirError` if nothing can be kept, before hours of work."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with temporary_file(self.path.parent, ".json"):
                pass
        except OSError as error:
            raise ZsbirError(f"cannot write {self.path}: {error.strerror}") from None

    def keep(self, name: str, row: Row) -> None:
        """Add a row to those that are there by now, whoever wrote them."""
        self._merge({name: row})

    def close(self, rows: Mapping[str, Row]) -> None:
        """Add what other keepers knew."""
        if rows:
            self._merge(rows)

    def _merge(self, rows: Mapping[str, Row]) -> None:
        with Store().alone(self.path):
            there = self._read()
            if dict(there) != there | dict(rows):
                self._write(there | dict(rows))

    def _write(self, rows: Mapping[str, Row]) -> None:
        Leaderboard(self.board.origin, self.board.settings, dict(rows)).save(self.path)
