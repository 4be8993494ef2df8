"""Which classes a fine-tuning learns from, and which it chooses the epoch on: seen ones only."""

from __future__ import annotations

import numpy as np

from zsbir_lib.datasets import SketchPhotoDataset, SomeClasses, ZeroShotSplit
from zsbir_lib.errors import ZsbirError

_FEWEST = 2  # of either side: in one class alone, nothing is right or wrong


def seen_parts(
    dataset: SketchPhotoDataset, held_out: float, seed: int
) -> tuple[SomeClasses, SomeClasses]:
    """Return the seen classes to learn from, and those that are held out.

    Neither part can read an image of an unseen class. Classes without photos or without sketches
    are left out.

    Parameters
    ----------
    dataset
        Under the split in force.
    held_out
        Part of the classes to hold out; two classes at least.
    seed
        Of the draw; see `zsbir_lib.datasets.ZeroShotSplit.inner`.

    Raises
    ------
    ZsbirError
        If fewer than four seen classes have photos and sketches.
    """
    with_photos, with_sketches = (
        {dataset.class_names[label] for label in np.unique(labels)}
        for labels in (dataset.photo_labels, dataset.sketch_labels)
    )
    split = dataset.split
    whole = [name for name in split.seen if name in with_photos & with_sketches]
    if len(whole) < 2 * _FEWEST:
        lacking = len(split.seen) - len(whole)
        raise ZsbirError(
            f"{len(whole)} of the {len(split.seen)} seen classes of {dataset.name} have photos and "
            f"sketches ({lacking} lack some): fine-tuning needs {2 * _FEWEST}, {_FEWEST} to learn "
            f"from and {_FEWEST} to choose the epoch on"
        )
    count = min(len(whole) - _FEWEST, max(_FEWEST, round(held_out * len(whole))))
    inner = ZeroShotSplit(split.name, tuple(whole), split.unseen).inner(count, seed)
    return SomeClasses(dataset, inner.seen), SomeClasses(dataset, inner.unseen)
