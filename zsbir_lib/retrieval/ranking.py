"""One call that ranks a gallery, whatever searches it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import torch

from zsbir_lib.devices import choose_device
from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.retrieval.index import DEFAULT_MEMORY, Index, Ranking
from zsbir_lib.retrieval.large import LargeIndex


def build_index(
    gallery: Any,
    search: str = "exact",
    *,
    device: str | torch.device | None = None,
    folder: str | os.PathLike[str] | None = None,
    **settings: Any,
) -> Index:
    """Return a gallery ready to be searched, exactly or approximately.

    Parameters
    ----------
    gallery
        Shape (m, D).
    search
        ``"exact"``, or a structure of FAISS: ``"ivf"``, ``"hnsw"`` or ``"ivfpq"``; see
        `LargeIndex`.
    device
        Where to compute an exact search; an approximate one is computed on the CPU.
    folder
        Where to keep it, in files that are mapped into memory; ``None`` keeps it in memory.
    **settings
        Those of `LargeIndex`.

    Returns
    -------
    Index
        A plain `Index` for an exact search in memory, else a `LargeIndex`.

    Raises
    ------
    ZsbirError
        As `Index` and `LargeIndex` do.
    """
    if search == "exact" and folder is None:
        if settings:
            raise ZsbirError(f"an exact search has no {', '.join(sorted(settings))}: leave it out")
        return Index(gallery, device=device)
    if device is not None and choose_device(device).type != "cpu":
        raise ZsbirError(
            f"{argument('search', search)} computes on the CPU: leave out {argument('device')}"
        )
    return LargeIndex(gallery, search, folder=folder, **settings)


def rank(
    queries: Any,
    gallery: Any,
    top_k: int | None = None,
    *,
    search: str = "exact",
    memory: int = DEFAULT_MEMORY,
    device: str | torch.device | None = None,
) -> Ranking:
    """Rank a gallery for every query by the smallest cosine distance to any of its centres.

    Exact, unless `search` names an approximate structure: then photos may be missing, and those
    that are there have their exact distances and order. Against the same gallery again and again,
    make an index once, by `build_index`.

    Parameters
    ----------
    queries
        Shape (n, D), or (n, K, D) for K centres each: a tensor or an array.
    gallery
        Shape (m, D).
    top_k
        How many photos to return for a query; ``None`` for all of them.
    search
        ``"exact"``, ``"ivf"``, ``"hnsw"`` or ``"ivfpq"``; see `LargeIndex`.
    memory
        Most bytes to use beside the inputs, the index (``4 m D`` bytes where it is exact) and the
        result (20 bytes for each photo returned); see `Index.iter_search`.
    device
        Where to compute; ``None`` stays where the gallery is.

    Returns
    -------
    Ranking
        On the CPU.

    Raises
    ------
    ZsbirError
        As `build_index` and `Index.iter_search` do.
    """
    return build_index(gallery, search, device=device).search(queries, top_k, memory=memory)


def iter_rank(
    queries: Any,
    gallery: Any,
    top_k: int | None = None,
    *,
    search: str = "exact",
    memory: int = DEFAULT_MEMORY,
    device: str | torch.device | None = None,
) -> Iterator[tuple[int, Ranking]]:
    """Rank as `rank` does, but give one block of queries after another.

    Parameters
    ----------
    queries, gallery, top_k, search, memory, device
        As for `rank`.

    Yields
    ------
    (int, Ranking)
        The number of the block's first query, and the block's ranking.
    """
    return build_index(gallery, search, device=device).iter_search(queries, top_k, memory=memory)
