"""Vectors to be compared by cosine: checked, and scaled without rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from zsbir_lib.errors import ZsbirError


def as_features(name: str, value: Any, ndims: tuple[int, ...]) -> Tensor | np.ndarray:
    """Return features as a tensor or array of real numbers, checked, without a copy.

    Parameters
    ----------
    name
        For messages.
    value
        PyTorch's, NumPy's or Python's numbers.
    ndims
        The numbers of dimensions that they may have: 2, or 3 with centres.

    Raises
    ------
    ZsbirError
        If they are not real numbers of such a shape, or there are none.
    """
    if isinstance(value, Tensor):
        value, kind = value.detach(), "c" if value.is_complex() else "f"
    else:
        value = np.asarray(value)
        kind = value.dtype.kind
    if kind not in "fiub":
        raise ZsbirError(f"{name} must be real numbers, not {value.dtype}")
    if value.ndim not in ndims:
        shapes = {2: "(rows, numbers)", 3: "(rows, centres, numbers)"}
        wanted = " or ".join(shapes[ndim] for ndim in ndims)
        raise ZsbirError(f"{name} must have shape {wanted}, not {tuple(value.shape)}")
    if 0 in value.shape:
        raise ZsbirError(f"empty {name}: shape {tuple(value.shape)}")
    return value


def as_floats(part: Tensor | np.ndarray, device: torch.device) -> Tensor:
    """Return a part of the features on `device`: float64 where it is so already, else float32.

    Arrays are converted part by part, since they may be larger than memory (a mapped file).
    """
    if not isinstance(part, Tensor):
        wide = part.dtype.kind == "f" and part.dtype.itemsize >= 8
        part = torch.from_numpy(np.array(part, dtype=np.float64 if wide else np.float32))
    # Apple's MPS has no float64.
    wide = part.dtype == torch.float64 and device.type != "mps"
    return part.to(device, torch.float64 if wide else torch.float32)


def scale_rows(
    name: str,
    source: Tensor,
    scaled: Tensor,
    inverse_norms: Tensor,
    first: int,
    rows_per_item: int = 1,
) -> None:
    """Write float32 rows of a largest number in [0.5, 1), and 1 / norm (0 for a row of zeros).

    The factors are powers of two, so nothing is rounded and nothing overflows in the product.

    Parameters
    ----------
    name
        For the message.
    source
        Rows of float32 or float64 numbers, shape (n, d).
    scaled
        Where the scaled rows are written, shape (n, d).
    inverse_norms
        Where 1 / norm of each scaled row is written, shape (n,).
    first
        Number of the item that the first row is of, for the message.
    rows_per_item
        Rows of one item: its centres.

    Raises
    ------
    ZsbirError
        If a row holds NaN or infinite numbers.
    """
    largest = torch.linalg.vector_norm(source, ord=float("inf"), dim=1).cpu()
    bad = ~torch.isfinite(largest)
    if bool(bad.any()):
        row = first + int(bad.nonzero()[0]) // rows_per_item
        raise ZsbirError(f"{name}: row {row} holds NaN or infinite numbers")
    exponent = torch.frexp(largest).exponent
    # The factor must itself be a normal number.
    limit = 1022 if largest.dtype == torch.float64 else 126
    factors = torch.ldexp(torch.ones_like(largest), -exponent.clamp(-limit, limit))
    torch.mul(source, factors[:, None].to(source.device), out=scaled)
    norms = torch.linalg.vector_norm(scaled, dim=1)
    inverse_norms.copy_(torch.where(norms > 0, 1 / norms, 0.0))


def prepared(
    name: str, rows: Tensor | np.ndarray, device: torch.device, first: int = 0
) -> tuple[Tensor, Tensor]:
    """Return a copy of rows as `scale_rows` writes them, and their inverse norms, on `device`.

    Parameters
    ----------
    name, first
        As for `scale_rows`.
    rows
        Shape (n, d), from `as_features`; converted part by part.
    device
        Where the copy is to be.

    Raises
    ------
    ZsbirError
        If a row holds NaN or infinite numbers.
    """
    scaled = torch.empty(tuple(rows.shape), dtype=torch.float32, device=device)
    inverse_norms = torch.empty(len(rows), dtype=torch.float32, device=device)
    step = max(1, 2**22 // rows.shape[1])
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        source = as_floats(rows[part], device)
        scale_rows(name, source, scaled[part], inverse_norms[part], first + start)
    return scaled, inverse_norms
