"""Other people's arrays: numbers of any kind, labels that are names or numbers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zsbir_lib.datasets.base import ZeroShotSplit
from zsbir_lib.datasets.splits import load_split
from zsbir_lib.errors import LabelError, ZsbirError
from zsbir_lib.features.checks import check_matrix, class_mask, describe


def as_array(values: Any) -> np.ndarray:
    """Return PyTorch's, NumPy's or Python's numbers as an array, bfloat16 as float32."""
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        values = values.float() if values.dtype == torch.bfloat16 else values
    return np.asarray(values)


def as_matrix(name: str, values: Any) -> Tensor:
    """Return features as float32 on the CPU, whatever numbers they were.

    Parameters
    ----------
    name
        For messages.
    values
        NumPy's, PyTorch's or Python's, of any kind of real number, shape (images, numbers).

    Raises
    ------
    ZsbirError
        If they are no such matrix, hold NaN or infinity, or do not fit into float32.
    """
    try:
        tensor = values.detach().cpu() if isinstance(values, Tensor) else _numbers(values)
    except (TypeError, ValueError):
        raise ZsbirError(f"{name} must be numbers, (images, numbers)") from None
    if tensor.ndim != 2 or not tensor.numel() or tensor.is_complex():
        raise ZsbirError(
            f"{name} must be real numbers of shape (images, numbers), not {describe(tensor)}"
        )
    check_matrix(name, features := tensor.to(torch.float32).contiguous())
    return features


def as_labels(name: str, values: Any, length: int) -> np.ndarray:
    """Return labels as an array of int64, or of str, shape (length,).

    Parameters
    ----------
    name
        For messages.
    values
        Names or whole numbers; NumPy's, PyTorch's or Python's.
    length
        How many there must be.

    Raises
    ------
    LabelError
        If there are more or fewer, or they are neither names nor whole numbers.
    """
    labels = as_array(values)
    if labels.shape != (length,):
        found = f"of shape {labels.shape}" if labels.ndim != 1 else f"{len(labels)}"
        raise LabelError(f"{name}: one label for each of {length} rows is needed, not {found}")
    if labels.dtype.kind == "O" and all(isinstance(value, str) for value in labels):
        return labels.astype(str)
    if labels.dtype.kind == "S":
        return np.char.decode(labels, "utf-8")
    if labels.dtype.kind == "U":
        return labels
    try:
        whole = labels.astype(np.int64)
    except (TypeError, ValueError, OverflowError):
        whole = None
    if whole is None or labels.dtype.kind not in "biufO" or (whole != labels).any():
        raise LabelError(f"{name} must be names or whole numbers, not {labels.dtype}")
    return whole


def _numbers(values: Any) -> Tensor:
    array = np.asarray(values)
    if array.dtype.kind not in "biufc":
        raise TypeError
    if (array.dtype.kind == "f" and array.dtype.itemsize > 8) or array.dtype.kind == "u":
        array = array.astype(np.float64)
    # Some arrays are read-only, or in another byte order, which PyTorch does not take.
    return torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("=")))


def number_classes(
    photos: np.ndarray, sketches: np.ndarray, class_names: Sequence[str] | None = None
) -> tuple[tuple[str, ...], Tensor, Tensor]:
    """Return the classes that two lists of labels name, and their numbers.

    Parameters
    ----------
    photos, sketches
        Labels, as `as_labels` returns them.
    class_names
        All classes; by default those that the labels name, sorted as text.

    Returns
    -------
    names : tuple of str
        All classes.
    of_photos, of_sketches : Tensor of int64
        Indices into `names`.

    Raises
    ------
    LabelError
        If one list holds names and the other numbers, or a label is not among `class_names`.
    """
    if photos.dtype.kind != sketches.dtype.kind:
        raise LabelError("photo_labels and sketch_labels must both be names, or both numbers")
    labels = np.concatenate([photos, sketches])
    if class_names is None:
        # Sorted as names, so that numbers and names are in one order everywhere.
        found, numbers = np.unique(labels.astype(str), return_inverse=True)
        return tuple(found.tolist()), *_halves(numbers.reshape(-1), len(photos))
    names = tuple(map(str, class_names))
    if len(set(names)) < len(names):
        raise LabelError("class_names holds a name twice")
    if labels.dtype.kind == "U":
        if unknown := sorted(set(labels.tolist()) - set(names)):
            raise LabelError(f"there is no class {', '.join(unknown[:5])} in class_names")
        number = {name: i for i, name in enumerate(names)}
        labels = np.array([number[label] for label in labels.tolist()])
    return names, *_halves(labels, len(photos))


def _halves(numbers: np.ndarray, first: int) -> tuple[Tensor, Tensor]:
    both = torch.from_numpy(numbers.astype(np.int64))
    return both[:first], both[first:]


def number_photos(sketch_photos: Any, photo_ids: Iterable[Any], length: int) -> Tensor:
    """Return the row of the photo that each sketch was drawn from, -1 where it is not known.

    Parameters
    ----------
    sketch_photos
        For each sketch, the name or the row of its photo; None where no pairs are known.
    photo_ids
        Names of the photos.
    length
        Number of sketches.
    """
    if sketch_photos is None:
        return torch.full((length,), -1)
    rows = as_labels("sketch_photos", sketch_photos, length)
    if rows.dtype.kind == "U":
        number = {str(name): i for i, name in enumerate(photo_ids)}
        rows = np.array([number.get(name, -1) for name in rows.tolist()], dtype=np.int64)
    return torch.from_numpy(rows)


def as_split(unseen: Any, names: tuple[str, ...], *, numbered: bool) -> ZeroShotSplit:
    """Return the split of classes that holds out those that are unseen.

    Parameters
    ----------
    unseen
        Classes, a split, or the name or file of one.
    names
        All classes.
    numbered
        Whether a whole number among `unseen` is a place in `names`; else it is a name.
    """
    if isinstance(unseen, ZeroShotSplit):
        class_mask((*unseen.seen, *unseen.unseen), names)
        return unseen
    if isinstance(unseen, (str, os.PathLike)):
        return load_split(unseen, names)
    unseen = unseen.tolist() if isinstance(unseen, (np.ndarray, Tensor)) else list(unseen)
    # Where classes have names, a number is a place among them; else it is its own name.
    held_out = [
        names[value]
        if numbered and isinstance(value, Integral) and 0 <= int(value) < len(names)
        else str(value)
        for value in unseen
    ]
    class_mask(held_out, names)
    return ZeroShotSplit.from_unseen("given", names, held_out)
