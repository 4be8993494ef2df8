"""Which photo a sketch was drawn from, as their names say."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

_HANDS = (re.compile(r"-\d+$"), re.compile(r"_\d+$"))  # of several sketches of one photo


def sought_photos(sketch_id: str) -> tuple[str, ...]:
    """Return the ids of the photos that a sketch may have been drawn from, the likeliest first.

    The photo may have the sketch's own name, or the sketch's without the number that tells several
    sketches of one photo apart: ``-3`` as in Sketchy, or ``_3``.

    Examples
    --------
    >>> sought_photos("cat/n02121620_7-3"), sought_photos("shoe/12_1")
    (('cat/n02121620_7-3', 'cat/n02121620_7'), ('shoe/12_1', 'shoe/12'))
    """
    others = (hand.sub("", sketch_id) for hand in _HANDS)
    return (sketch_id, *(name for name in others if name != sketch_id))


def pair_by_name(sketch_ids: Sequence[str], photo_ids: Sequence[str]) -> np.ndarray:
    """Return the number of the photo each sketch was drawn from, -1 where there is none.

    Returns
    -------
    ndarray of int64, shape (n_sketches,)
    """
    numbers = {photo_id: number for number, photo_id in enumerate(photo_ids)}
    found = (
        next((numbers[name] for name in sought_photos(sketch_id) if name in numbers), -1)
        for sketch_id in sketch_ids
    )
    return np.fromiter(found, dtype=np.int64, count=len(sketch_ids))


def describe_no_pairs(sketch_ids: Sequence[str]) -> str:
    """Say which photo was sought for a sketch, where no sketch has found its own."""
    if not sketch_ids:
        return "there are no pairs: there are no sketches"
    names = " or ".join(sought_photos(sketch_ids[0]))
    return (
        f"there are no pairs: no sketch comes with the photo it was drawn from (for the sketch "
        f"{sketch_ids[0]}, a photo {names} was sought)"
    )
