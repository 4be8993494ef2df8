"""Binary codes as packed bits: counting those that differ, and ranking by it."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from zsbir_lib.errors import ZsbirError

_BLOCK_BYTES = 64 * 2**20  # of distances sorted at once
_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)


def pack_codes(codes: Tensor | np.ndarray) -> np.ndarray:
    """Pack codes into bits, eight in a byte.

    Parameters
    ----------
    codes
        -1 and +1, shape (n, n_bits).

    Returns
    -------
    ndarray of uint8, shape (n, n_bits / 8, rounded up)
        +1 is a set bit, the first in the highest place; bits left over are 0.

    Raises
    ------
    ZsbirError
        If a number is neither -1 nor +1.
    """
    codes = np.asarray(codes)
    if codes.ndim != 2 or not (np.abs(codes) == 1).all():
        raise ZsbirError(
            f"codes must be a matrix of -1 and +1 only; these have shape {codes.shape}: "
            "encode them by DSH"
        )
    return np.packbits(codes > 0, axis=1)


def hamming_distances(queries: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """Count the bits that differ between all packed queries and all packed photos.

    Parameters
    ----------
    queries, gallery
        From `pack_codes`, shapes (n, bytes) and (m, bytes).

    Returns
    -------
    ndarray of uint16, shape (n, m)
        Distances.

    Raises
    ------
    ZsbirError
        If the two are not bytes of one width.
    """
    queries, gallery = np.asarray(queries), np.asarray(gallery)
    for name, value in (("queries", queries), ("gallery", gallery)):
        if value.dtype != np.uint8 or value.ndim != 2:
            raise ZsbirError(
                f"packed {name} must be bytes of shape (n, bytes), not {value.dtype} of shape "
                f"{value.shape}: use pack_codes"
            )
    if queries.shape[1] != gallery.shape[1]:
        raise ZsbirError(
            f"queries have {queries.shape[1]} bytes and the gallery {gallery.shape[1]}: "
            "both must come from the same method"
        )
    distances = np.zeros((len(queries), len(gallery)), dtype=np.uint16)
    # Eight bytes at once where NumPy (from version 2 on) counts the bits of a number.
    counts = getattr(np, "bitwise_count", _ONES.__getitem__)
    if hasattr(np, "bitwise_count") and queries.shape[1] % 8 == 0:
        queries = np.ascontiguousarray(queries).view(np.uint64)
        gallery = np.ascontiguousarray(gallery).view(np.uint64)
    for query, photo in zip(queries.T, gallery.T, strict=True):
        distances += counts(query[:, None] ^ photo)
    return distances


def hamming_rank(
    queries: np.ndarray, gallery: np.ndarray, top_k: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Rank packed photos for packed queries; equal distances keep the order of the gallery.

    Parameters
    ----------
    queries, gallery
        From `pack_codes`, shapes (n, bytes) and (m, bytes).
    top_k
        How many photos to return for a query; None for all of them.

    Returns
    -------
    indices : ndarray of int64, shape (n, top_k)
        Rows of the gallery, the nearest first.
    distances : ndarray of uint16, shape (n, top_k)
        Bits that differ.

    Raises
    ------
    ZsbirError
        If the two do not fit each other, or `top_k` is not 1 to m.
    """
    m = len(gallery)
    top_k = m if top_k is None else top_k
    if not 1 <= top_k <= m:
        raise ZsbirError(f"K must be a whole number from 1 to the gallery's {m} photos: {top_k}")
    indices = np.empty((len(queries), top_k), dtype=np.int64)
    found = np.empty((len(queries), top_k), dtype=np.uint16)
    step = max(1, _BLOCK_BYTES // (8 * m))
    for start in range(0, len(queries), step):
        rows = slice(start, start + step)
        distances = hamming_distances(queries[rows], gallery)
        # A stable sort of 16-bit integers is a radix sort.
        indices[rows] = distances.argsort(axis=1, kind="stable")[:, :top_k]
        found[rows] = np.take_along_axis(distances, indices[rows], axis=1)
    return indices, found
