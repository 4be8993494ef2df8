"""Seen classes with unseen instances: the traditional protocol, and the generalised one."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import FeatureSet, Pairs, RetrievalTask


@dataclass(frozen=True, eq=False)
class InstanceSplit:
    """What is learnt from and asked for when some photos of the seen classes are held out.

    Attributes
    ----------
    pairs : Pairs
        Of the seen classes: the photos that are kept, and their sketches.
    traditional : RetrievalTask
        Queries are the sketches of the photos held out; the gallery holds every photo of a seen
        class that `pairs` does not.
    generalised : RetrievalTask
        The queries and the gallery of `traditional`, and those of the unseen classes beside them.
    """

    pairs: Pairs
    traditional: RetrievalTask
    generalised: RetrievalTask


def hold_out_instances(
    features: FeatureSet, fraction: float = 0.25, *, seed: int = 0
) -> InstanceSplit:
    """Hold out some photos of every seen class, with all of their sketches.

    Parameters
    ----------
    features
        Of a whole data set, under its split.
    fraction
        Part of the drawn photos of each seen class to hold out: at least one, and never all.
    seed
        Of the choice.

    Raises
    ------
    ZsbirError
        If the fraction is not between 0 and 1, or no seen class has two drawn photos.
    """
    if not 0 < fraction < 1:
        raise ZsbirError(f"fraction is {fraction}: it must be above 0 and below 1")
    generator = torch.Generator().manual_seed(seed)
    names = features.class_names
    seen = torch.tensor([name in features.split.seen for name in names])
    unseen = torch.tensor([name in features.split.unseen for name in names])
    drawn = features.sketch_photos[seen[features.sketch_labels] & (features.sketch_photos >= 0)]
    drawn = drawn.unique()
    # In random order, and then by class: the first of each class are held out.
    drawn = drawn[torch.randperm(len(drawn), generator=generator)]
    labels = features.photo_labels[drawn]
    order = labels.argsort(stable=True)
    drawn, labels = drawn[order], labels[order]
    count = labels.bincount(minlength=len(names))
    place = torch.arange(len(drawn)) - (count.cumsum(0) - count)[labels]
    wanted = (count * fraction).round().long().clamp(min=1).minimum(count - 1)
    held = torch.zeros(len(features.photos), dtype=torch.bool)
    held[drawn[place < wanted[labels]]] = True
    if not held.any():
        raise ZsbirError(
            "nothing can be held out: every seen class has one drawn photo only; "
            "the traditional and the generalised protocol need two or more, the zero-shot one none"
        )
    kept = torch.zeros_like(held)
    kept[drawn] = True
    kept &= ~held
    has_photo = features.sketch_photos >= 0
    of_held = has_photo & held[features.sketch_photos]
    of_kept = has_photo & kept[features.sketch_photos]
    seen_gallery = seen[features.photo_labels] & ~kept
    return InstanceSplit(
        pairs=features.select_pairs(of_kept, kept),
        traditional=features.select_task(of_held, seen_gallery),
        generalised=features.select_task(
            of_held | unseen[features.sketch_labels], seen_gallery | unseen[features.photo_labels]
        ),
    )
