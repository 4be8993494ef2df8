"""Parts of a large gallery: vectors in memory or mapped from files, each searched for itself."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zsbir_lib.errors import DamagedError, ZsbirError, reason_of
from zsbir_lib.files import load_array
from zsbir_lib.retrieval.faiss_search import (
    LEAST,
    Settings,
    candidates,
    filled,
    read_structure,
    structure_digest,
    write_structure,
)
from zsbir_lib.retrieval.index import Index
from zsbir_lib.retrieval.selection import nearest_centre
from zsbir_lib.store import Draft, Entry, Store

KIND = "gallery-shard"  # of the store's entries
_VECTORS, _NORMS, _STRUCTURE = "vectors.npy", "inverse_norms.npy", "structure.faiss"
_FORMAT = 1
_PIECE = 2**16  # photos that an exact search looks at together: their products fit in 128 MiB
MISSING = np.iinfo(np.int64).max  # the key of no photo: it comes after every other


@dataclass
class Found:
    """Photos found for a block of queries: sorted keys (n, c), and their nearest centres.

    A key is a photo's distance, by its bits, followed by its place in the whole gallery.
    """

    keys: np.ndarray
    centres: np.ndarray

    def best(self, other: Found | None, top_k: int) -> Found:
        """Return the `top_k` first of both, or all where there are fewer."""
        keys, centres = self.keys, self.centres
        if other is not None:
            keys = np.concatenate([keys, other.keys], axis=1)
            centres = np.concatenate([centres, other.centres], axis=1)
        order = keys.argsort(axis=1)[:, :top_k]
        return Found(np.take_along_axis(keys, order, 1), np.take_along_axis(centres, order, 1))


class _Part(Index):
    """A run of photos, some of which are hidden: these come last, at an infinite distance."""

    hidden: Tensor | None = None

    def _rescore(self, distances: Tensor) -> Tensor:
        if self.hidden is None:
            return distances
        return distances.masked_fill_(self.hidden, float("inf"))


@dataclass
class Shard:
    """Photos that lie together.

    Attributes
    ----------
    vectors : Tensor of float32, shape (m, D)
        As `zsbir_lib.retrieval.vectors.scale_rows` writes them.
    inverse_norms : Tensor of float32, shape (m,)
    structure
        Of FAISS; None where they are few, or searched exactly.
    entry : Entry or None
        Its files, if it is kept.
    """

    vectors: Tensor
    inverse_norms: Tensor
    structure: Any = None
    entry: Entry | None = None

    def __len__(self) -> int:
        return len(self.vectors)

    def exact(
        self, queries: Tensor, top_k: int, first: int, hidden: np.ndarray | None, memory: int
    ) -> Found:
        """Return the nearest photos, each compared.

        Parameters
        ----------
        queries
            Shape (n, K, D), K centres of each.
        top_k
            How many photos for each query.
        first
            Place of the first photo in the whole gallery.
        hidden
            Photos that are passed over, a mask of shape (m,); None for none.
        memory
            As for `zsbir_lib.retrieval.rank`.
        """
        best: Found | None = None
        for start in range(0, len(self), _PIECE):
            rows = slice(start, start + _PIECE)
            state = {"gallery": self.vectors[rows], "inverse_norms": self.inverse_norms[rows]}
            part = _Part.from_state(state, torch.device("cpu"))
            if hidden is not None and hidden[rows].any():
                part.hidden = torch.from_numpy(hidden[rows])
            ranking = part.search(queries, min(top_k, len(part)), memory=memory)
            keys = _keys(ranking.distances, ranking.indices + (first + start))
            assert ranking.centres is not None
            best = Found(keys, ranking.centres.numpy()).best(best, top_k)
        assert best is not None
        return best

    def approximate(
        self,
        queries: tuple[Tensor, Tensor],
        top_k: int,
        first: int,
        hidden: np.ndarray | None,
        settings: Settings,
        breadth: int,
    ) -> Found:
        """Return the nearest of the candidates that FAISS finds, compared exactly.

        Parameters
        ----------
        queries
            Scaled centres (n, K, D), and the inverses of their norms (n, K).
        top_k, first, hidden
            As for `exact`.
        settings
            Of the gallery.
        breadth
            How far FAISS looks.
        """
        scaled, inverse_norms = queries
        count, n_centres, width = scaled.shape
        unit = (scaled * inverse_norms[..., None]).reshape(-1, width).numpy()
        depth = settings.depth(top_k)
        rows = candidates(settings, self.structure, unit, n_centres, depth, breadth, hidden)
        known = torch.from_numpy(rows.clip(0))
        near = self.vectors[known.ravel()].view(count, -1, width)
        cosines = torch.bmm(scaled, near.transpose(1, 2)).mul_(inverse_norms[..., None])
        distances = cosines.amax(dim=1)
        # The same operations as those of `Index`, in its order.
        distances.mul_(-self.inverse_norms[known]).add_(1).clamp_(min=0)
        distances.masked_fill_(torch.from_numpy(rows < 0), float("inf"))
        keys = _keys(distances, known + first)
        order = torch.from_numpy(keys.argsort(axis=1)[:, :top_k])
        nearest = nearest_centre(cosines, order).numpy()
        return Found(np.take_along_axis(keys, order.numpy(), axis=1), nearest)


def _keys(distances: Tensor, places: Tensor) -> np.ndarray:
    keys = distances.contiguous().view(torch.int32).to(torch.int64).numpy() << 32
    keys |= places.numpy()
    keys[~np.isfinite(distances.numpy())] = MISSING
    return keys


def make_shard(
    store: Store | None,
    settings: Settings,
    empty: Any,
    vectors: Tensor,
    inverse_norms: Tensor,
) -> Shard:
    """Return a shard of prepared vectors, kept in `store` and mapped from there if one is given.

    Parameters
    ----------
    store
        Where it is kept; None for memory.
    settings
        Of the gallery.
    empty
        The trained structure that is copied; None for an exact search.
    vectors, inverse_norms
        As in `Shard`.
    """

    def structure() -> Any:
        if empty is None or len(vectors) < LEAST:
            return None
        return filled(settings, empty, (vectors * inverse_norms[:, None]).numpy())

    if store is None:
        return Shard(vectors, inverse_norms, structure())

    def make(draft: Draft) -> None:
        draft.piece(_VECTORS, partial(_save, vectors.numpy()))
        draft.piece(_NORMS, partial(_save, inverse_norms.numpy()))
        if (found := structure()) is not None:
            draft.piece(_STRUCTURE, partial(write_structure, found))

    content = hashlib.sha256(vectors.numpy().data)
    content.update(inverse_norms.numpy().data)
    key = {
        "format": _FORMAT,
        "settings": vars(settings),
        "trained": structure_digest(settings, empty),
        "content": content.hexdigest(),
    }
    entry = store.get(KIND, key, make, label=f"{len(vectors)}", check=False)
    return open_shard(entry, settings, vectors.shape[1])


def _save(array: np.ndarray, path: Path) -> None:
    with path.open("wb") as stream:
        np.save(stream, array)


def open_shard(entry: Entry, settings: Settings, width: int, *, check: bool = False) -> Shard:
    """Map a kept shard into memory.

    Parameters
    ----------
    entry
        Its files.
    settings
        Of the gallery.
    width
        Numbers in a vector.
    check
        Whether to compare every byte with the checksums.

    Raises
    ------
    DamagedError
        If it is damaged.
    ZsbirError
        If it cannot be read.
    """
    try:
        for name, piece in entry.pieces.items():
            with entry.path(name).open("rb") as stream:  # FAISS does not say why it cannot
                if os.fstat(stream.fileno()).st_size != piece.size:
                    raise ValueError(f"{entry.path(name).name} has lost bytes")
        if check and (bad := entry.verify()):
            raise ValueError(f"{bad[0].name} is not what was written")
        vectors, norms = (
            torch.from_numpy(load_array(entry.path(name), mapped="c"))
            for name in (_VECTORS, _NORMS)
        )
        if vectors.shape != (len(norms), width):
            raise ValueError(f"vectors of shape {tuple(vectors.shape)}")
        structure = None
        if _STRUCTURE in entry.pieces:
            path = entry.path(_STRUCTURE)
            structure = read_structure(settings, path, len(vectors), width)
    except (KeyError, OSError, ValueError) as error:
        raise refusal(entry.folder.parents[1], error) from None
    return Shard(vectors, norms, structure, entry)


def refusal(folder: Path, error: Exception) -> ZsbirError:
    """Return what to raise of a gallery: whether it is damaged, or only cannot be read now.

    Parameters
    ----------
    folder
        Of the gallery.
    error
        What came of reading a file of it.
    """
    if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
        return ZsbirError(f"cannot read the gallery {folder}: {reason_of(error)}")
    return DamagedError(
        f"the gallery in {folder} is damaged ({reason_of(error)}): make it anew from its vectors"
    )
