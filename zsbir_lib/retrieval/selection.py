"""The smallest distances of each row, exactly: ties come in the order of the gallery."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor


def selection_device(device: torch.device) -> torch.device:
    """Return where to select: 64-bit selection is sure on the CPU and on CUDA only."""
    return device if device.type == "cuda" else torch.device("cpu")


def select_smallest(distances: Tensor, places: Tensor, top_k: int) -> tuple[Tensor, Tensor]:
    """Return places and distances of the `top_k` smallest of each row, the first of equals first.

    The bits of floats that are not negative order as the floats do.

    Parameters
    ----------
    distances
        Shape (n, m), float32, none of them negative.
    places
        0 to m - 1, int64, on the device that selects.
    top_k
        1 to m.

    Returns
    -------
    indices : Tensor of int64, shape (n, top_k)
        On the CPU, like the next.
    smallest : Tensor of float32, shape (n, top_k)
    """
    if places.device.type == "cpu":
        # NumPy sorts and partitions several times faster than torch does here, and lets other
        # threads run meanwhile.
        array = distances.cpu().contiguous().numpy()
        parts = [part for part in np.array_split(array, torch.get_num_threads()) if len(part)]
        if len(parts) == 1:
            found = [_smallest_keys(array, top_k)]
        else:
            with ThreadPoolExecutor(len(parts)) as pool:
                found = list(pool.map(lambda part: _smallest_keys(part, top_k), parts))
        keys = torch.from_numpy(found[0] if len(found) == 1 else np.concatenate(found))
    else:
        keys = distances.to(places.device).contiguous().view(torch.int32).to(torch.int64)
        torch.add(places, keys, alpha=2**32, out=keys)
        keys = smallest_sorted(keys, top_k).cpu()
    smallest = (keys >> 32).to(torch.int32).view(torch.float32)
    return keys.bitwise_and_(0xFFFFFFFF), smallest


def _smallest_keys(distances: np.ndarray, top_k: int) -> np.ndarray:
    """Return the `top_k` smallest keys of each row in ascending order."""
    keys = _few_keys(distances, top_k)
    if keys is None:
        keys = _keys(distances, np.arange(distances.shape[1]))
    if top_k < keys.shape[1]:
        keys.partition(top_k - 1, axis=1)
    keys = np.ascontiguousarray(keys[:, :top_k])
    keys.sort(axis=1)
    return keys


def _few_keys(distances: np.ndarray, top_k: int) -> np.ndarray | None:
    """Return keys among which the smallest of each row are, or None where they would be many.

    Of `top_k` groups of photos, each has a distance that is at most the largest of their minima.
    So what is farther than that is not among the smallest, and as a rule little is nearer.
    """
    count, size = distances.shape
    groups = 2 ** (4 * top_k - 1).bit_length()  # so many that two of the smallest seldom share one
    if size < 4 * groups:
        return None
    # Neighbours lie in different groups, so that minima are taken of whole runs of numbers.
    minima = distances[:, : size // groups * groups].reshape(count, -1, groups).min(axis=1)
    near = distances <= np.partition(minima, top_k - 1, axis=1)[:, top_k - 1 : top_k]
    width = int(near.sum(axis=1).max())
    if width > size // 16:  # many at one distance
        return None
    where = np.flatnonzero(near)
    rows, columns = np.divmod(where, size)
    starts = np.searchsorted(rows, np.arange(count))
    # A row that has fewer ends with keys that are larger than any.
    keys = np.full((count, width), np.iinfo(np.int64).max)
    keys[rows, np.arange(len(rows)) - starts[rows]] = _keys(distances.ravel()[where], columns)
    return keys


def _keys(distances: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return integers that order photos by distance, and those at the same distance by place."""
    keys = distances.view(np.int32).astype(np.int64)
    keys <<= 32
    keys |= places
    return keys


def smallest_sorted(keys: Tensor, top_k: int) -> Tensor:
    """Return the `top_k` smallest of each row in ascending order; the keys of a row all differ."""
    if top_k == keys.shape[1]:
        return keys.sort(dim=1).values
    return keys.topk(top_k, dim=1, largest=False, sorted=True).values


def nearest_centre(cosines: Tensor, indices: Tensor) -> Tensor:
    """Return which centre (of `cosines`, (n, K, m)) is the nearest to each photo of `indices`."""
    nearest = torch.zeros_like(indices)
    if cosines.shape[1] == 1:
        return nearest
    places = indices.to(cosines.device)
    best = cosines[:, 0].gather(1, places)
    nearest = nearest.to(cosines.device)
    for centre in range(1, cosines.shape[1]):
        other = cosines[:, centre].gather(1, places)
        nearest.masked_fill_(other > best, centre)
        best = torch.maximum(best, other)
    return nearest.cpu()
