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
    """
    keys = distances.to(places.device).contiguous().view(torch.int32).to(torch.int64)
    torch.add(places, keys, alpha=2**32, out=keys)
    if places.device.type == "cpu":
        # NumPy sorts and partitions 64-bit integers several times faster than torch does here,
        # and lets other threads run meanwhile.
        array = keys.numpy()
        parts = [part for part in np.array_split(array, torch.get_num_threads()) if len(part)]
        if len(parts) == 1:
            _sort_smallest(array, top_k)
        else:
            with ThreadPoolExecutor(len(parts)) as pool:
                list(pool.map(lambda part: _sort_smallest(part, top_k), parts))
        keys = torch.from_numpy(np.ascontiguousarray(array[:, :top_k]))
    else:
        keys = smallest_sorted(keys, top_k).cpu()
    smallest = (keys >> 32).to(torch.int32).view(torch.float32)
    return keys.bitwise_and_(0xFFFFFFFF), smallest


def _sort_smallest(keys: np.ndarray, top_k: int) -> None:
    """Bring the `top_k` smallest of each row to its front, in ascending order."""
    if top_k < keys.shape[1]:
        keys.partition(top_k - 1, axis=1)
    keys[:, :top_k].sort(axis=1)


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
