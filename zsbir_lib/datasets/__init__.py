"""Data sets: the Toybox that the library draws itself, and the real Sketchy database."""

from __future__ import annotations

from typing import Any

from zsbir_lib.datasets.base import SketchPhotoDataset, ZeroShotSplit, read_class_list
from zsbir_lib.datasets.sketchy import Sketchy
from zsbir_lib.datasets.splits import available_splits, load_split
from zsbir_lib.datasets.toybox import Toybox
from zsbir_lib.errors import ZsbirError

DATASETS = {"toybox": Toybox, "sketchy": Sketchy}
"""Every data set by the name that `load_dataset` takes."""


def load_dataset(name: str, **options: Any) -> SketchPhotoDataset:
    """Open a data set by name.

    Parameters
    ----------
    name
        ``"toybox"`` or ``"sketchy"``.
    **options
        Passed to `Toybox` (``size``, ``split``, ...) or `Sketchy` (``root``, ``split``, ...).

    Raises
    ------
    ZsbirError
        If there is no such data set, or the data set refuses an option.

    Examples
    --------
    >>> load_dataset("toybox", size="mini").split.name
    'sketchy21'
    """
    if name not in DATASETS:
        raise ZsbirError(f"unknown data set {name!r}: use {' or '.join(DATASETS)}")
    if name == "sketchy" and "root" not in options:
        raise ZsbirError("the data set 'sketchy' needs root=..., the folder that holds 256x256/")
    return DATASETS[name](**options)


__all__ = [
    "DATASETS",
    "SketchPhotoDataset",
    "Sketchy",
    "Toybox",
    "ZeroShotSplit",
    "available_splits",
    "load_dataset",
    "load_split",
    "read_class_list",
]
