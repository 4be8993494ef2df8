"""Data sets: the Toybox that the library draws itself, and the real Sketchy database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zsbir_lib.datasets.base import SketchPhotoDataset, ZeroShotSplit, read_class_list
from zsbir_lib.datasets.sketchy import Sketchy
from zsbir_lib.datasets.splits import available_splits, load_split
from zsbir_lib.datasets.toybox import Toybox
from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.registry import Registry

DATASETS: Registry[Callable[..., SketchPhotoDataset]] = Registry("data set", "zsbir.datasets")
"""Every data set by the name that `load_dataset` takes."""

DATASETS.add("toybox", Toybox)
DATASETS.add("sketchy", Sketchy)


def load_dataset(name: str, **options: Any) -> SketchPhotoDataset:
    """Open a data set by name.

    Parameters
    ----------
    name
        ``"toybox"``, ``"sketchy"``, or what an installed package or a program added to `DATASETS`.
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
    opened = DATASETS[name]
    if opened is Sketchy and "root" not in options:
        root = argument("root", placeholder="FOLDER")
        raise ZsbirError(f"the data set 'sketchy' needs {root}, the folder that holds 256x256/")
    return opened(**options)


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
