"""Photos that were read, in blocks on disk, and how many of these become one set of arrays."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from zsbir_lib.gallery.listing import State
from zsbir_lib.gallery.ragged import Ragged
from zsbir_lib.store import Draft

Place: TypeAlias = tuple[int, int]
"""The number of a source of rows, and the row in it."""


@dataclass(frozen=True)
class Rows:
    """Photos that were read: a block's, or those of an index.

    Names and states are few bytes and stay in memory; features and thumbnails are loaded where
    they are copied, from one source at a time.

    Attributes
    ----------
    names, states
        Of each photo.
    features
        Returns the features, float32 of shape (n, dim).
    thumbnails
        Returns the thumbnails.
    """

    names: Sequence[str]
    states: Sequence[State]
    features: Callable[[], np.ndarray]
    thumbnails: Callable[[], Ragged]

    @classmethod
    def in_block(cls, path: Path) -> Rows:
        """Return the rows of a file that `save_block` wrote."""

        def load(*names: str) -> list[np.ndarray]:
            with np.load(path, allow_pickle=False) as block:
                return [block[name] for name in names]

        data, ends, states = load("names.data", "names.ends", "states")
        return cls(
            list(map(os.fsdecode, Ragged(data, ends))),
            [(size, time) for size, time in states.tolist()],
            lambda: load("features")[0],
            lambda: Ragged(*load("thumbnails.data", "thumbnails.ends")),
        )


def save_block(
    path: Path,
    names: Sequence[str],
    states: Sequence[State],
    features: np.ndarray,
    thumbnails: Iterable[bytes],
) -> None:
    """Write `names`, `states`, `features` and `thumbnails` of photos that were read to `path`."""
    texts, small = Ragged.pack(map(os.fsencode, names)), Ragged.pack(thumbnails)
    arrays: dict[str, Any] = {
        "features": features,
        "states": np.array(states, dtype=np.int64),
        "names.data": texts.data,
        "names.ends": texts.ends,
        "thumbnails.data": small.data,
        "thumbnails.ends": small.ends,
    }
    np.savez(path, **arrays)


def newest(sources: Sequence[Rows], wanted: Mapping[str, State]) -> dict[str, Place]:
    """Return where each photo is found in the state in which it is wanted, by name, in order."""
    found: dict[str, Place] = {}
    for number, source in enumerate(sources):
        for row, (name, state) in enumerate(zip(source.names, source.states, strict=True)):
            if wanted.get(name) == state:
                found[name] = (number, row)
    return dict(sorted(found.items()))


def merge(sources: Sequence[Rows], found: Mapping[str, Place], dim: int, draft: Draft) -> None:
    """Write the rows of all photos, in order, as the arrays of an index.

    Parameters
    ----------
    sources
        Where the rows are.
    found
        From `newest`.
    dim
        Numbers of a feature.
    draft
        Where the pieces go.
    """
    places = np.array(list(found.values()), dtype=np.int64)
    # For each source, the rows that are taken from it, and where they come to lie.
    taken = [np.flatnonzero(places[:, 0] == number) for number in range(len(sources))]

    def features(path: Path) -> None:
        target = np.lib.format.open_memmap(path, mode="w+", dtype="<f4", shape=(len(places), dim))
        for source, to in zip(sources, taken, strict=True):
            if len(to):
                target[to] = source.features()[places[to, 1]]
        target.flush()

    def ends() -> np.ndarray:
        lengths = np.zeros(len(places), dtype=np.int64)
        for source, to in zip(sources, taken, strict=True):
            if len(to):
                lengths[to] = source.thumbnails().lengths[places[to, 1]]
        return np.cumsum(lengths)

    thumbnail_ends = ends()

    def thumbnails(path: Path) -> None:
        shape = (int(thumbnail_ends[-1]),)
        target = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
        for source, to in zip(sources, taken, strict=True):
            small = source.thumbnails() if len(to) else None
            for place, row in zip(to.tolist(), places[to, 1].tolist(), strict=True):
                run = small[row]  # type: ignore[index]
                end = int(thumbnail_ends[place])
                target[end - len(run) : end] = np.frombuffer(run, dtype=np.uint8)
        target.flush()

    names = Ragged.pack(map(os.fsencode, found))
    states = [sources[number].states[row] for number, row in found.values()]
    draft.piece("features.npy", features)
    draft.piece("thumbnails.data.npy", thumbnails)
    for name, array in (
        ("thumbnails.ends", thumbnail_ends),
        ("names.data", names.data),
        ("names.ends", names.ends),
        ("states", np.array(states, dtype=np.int64)),
    ):
        draft.piece(f"{name}.npy", lambda path, array=array: np.save(path, array))  # type: ignore[misc]
