"""Data sets: the Toybox that the library draws itself, and the real ones of the field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zsbir_lib.datasets.base import SketchPhotoDataset, ZeroShotSplit, read_class_list
from zsbir_lib.datasets.folder_dataset import FolderDataset
from zsbir_lib.datasets.part import SomeClasses
from zsbir_lib.datasets.quickdraw import QuickDraw
from zsbir_lib.datasets.sketchy import Sketchy
from zsbir_lib.datasets.splits import available_splits, load_split
from zsbir_lib.datasets.toybox import Toybox
from zsbir_lib.datasets.tuberlin import TUBerlin
from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.registry import Registry

DATASETS: Registry[Callable[..., SketchPhotoDataset]] = Registry("data set", "zsbir.datasets")
"""Every data set by the name that `load_dataset` takes."""

DATASETS.add("toybox", Toybox)
DATASETS.add("sketchy", Sketchy)
DATASETS.add("quickdraw", QuickDraw)
DATASETS.add("tuberlin", TUBerlin)


def load_dataset(name: str, **options: Any) -> SketchPhotoDataset:
    """Open a data set by name.

    Parameters
    ----------
    name
        ``"toybox"``, ``"sketchy"``, ``"quickdraw"``, ``"tuberlin"``, or what an installed package
        or a program added to `DATASETS`.
    **options
        Passed to `Toybox` (``size``, ``split``, ...), `Sketchy`, `QuickDraw` or `TUBerlin`
        (``root``, ``split``, ...).

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
    if "root" not in options and (holds := needs_root(opened)):
        root = argument("root", placeholder="FOLDER")
        raise ZsbirError(f"the data set {name!r} needs {root}, {holds}")
    return opened(**options)


def needs_root(opened: Any) -> str | None:
    """Return what the folder is that a data set of the reader's own needs; None for others.

    Parameters
    ----------
    opened
        What `DATASETS` has.
    """
    of_folders = isinstance(opened, type) and issubclass(opened, FolderDataset)
    return opened.holds if of_folders else None


__all__ = [
    "DATASETS",
    "FolderDataset",
    "QuickDraw",
    "SketchPhotoDataset",
    "Sketchy",
    "SomeClasses",
    "TUBerlin",
    "Toybox",
    "ZeroShotSplit",
    "available_splits",
    "load_dataset",
    "load_split",
    "needs_root",
    "read_class_list",
]
