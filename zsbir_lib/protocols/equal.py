"""Questions that are equally hard for any classes: galleries of one size.

A gallery of 104 classes is harder than one of 21, whatever was learnt, so figures of the two do not
stand on one scale. Here all classes have the same number of photos, and as many of them ask.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import FeatureSet, RetrievalTask
from zsbir_lib.features.checks import class_mask


def deal(names: Sequence[str], groups: int, *, seed: int = 0) -> tuple[tuple[str, ...], ...]:
    """Return the names dealt into groups, like cards: no two of them differ by more than one.

    Parameters
    ----------
    names
        Of classes, say.
    groups
        How many.
    seed
        Of the order in which they are dealt.

    Raises
    ------
    ZsbirError
        If there are fewer names than groups.
    """
    if not 1 <= groups <= len(names):
        raise ZsbirError(f"cannot deal {len(names)} names into {groups} groups")
    order = np.random.default_rng(seed).permutation(len(names))
    return tuple(tuple(names[i] for i in order[g::groups]) for g in range(groups))


def equal_task(
    features: FeatureSet,
    classes: Sequence[str],
    among: Tensor | None = None,
    *,
    photos: int = 15,
    asking: int = 5,
) -> RetrievalTask:
    """Return the task of finding as many photos of each class, with sketches of as many of them.

    The first photos of a class are taken that a sketch was drawn from, and then others.

    Parameters
    ----------
    features
        Of a whole data set.
    classes
        Names of the classes to ask for.
    among
        Which photos may be taken, shape (n,), bool; all by default.
    photos, asking
        How many of each class stand in the gallery, and with the sketches of how many of these it
        is asked for.

    Raises
    ------
    ZsbirError
        If a class is unknown or has too few photos, or `asking` is not from 1 to `photos`.
    """
    if not 1 <= asking <= photos:
        raise ZsbirError(f"asking is {asking}: it must be from 1 to photos ({photos})")
    class_mask(classes, features.class_names)
    drawn = torch.zeros(len(features.photos), dtype=torch.bool)
    drawn[features.sketch_photos[features.sketch_photos >= 0]] = True
    in_gallery, asks = torch.zeros_like(drawn), torch.zeros_like(drawn)
    for name in classes:
        of_class = features.photo_labels == features.class_names.index(name)
        if among is not None:
            of_class &= among
        rows = torch.cat([(of_class & drawn).nonzero()[:, 0], (of_class & ~drawn).nonzero()[:, 0]])
        if len(rows) < photos or int((of_class & drawn).sum()) < asking:
            raise ZsbirError(
                f"{name} has {len(rows)} photos, {int((of_class & drawn).sum())} of them drawn: "
                f"too few for a gallery of {photos}, {asking} of which ask"
            )
        in_gallery[rows[:photos]] = True
        asks[rows[:asking]] = True
    of_asked = (features.sketch_photos >= 0) & asks[features.sketch_photos]
    return features.select_task(of_asked, in_gallery)


def photo_to_photo(task: RetrievalTask, mean: Tensor | None = None, k: int = 10) -> Tensor:
    """Return mAP@K (divided by K) of each class when every photo of a gallery asks for the others.

    No sketch and no method has a part in it: it tells what the features alone know of the classes.

    Parameters
    ----------
    task
        Whose gallery is asked; its sketches are not.
    mean
        Taken off the features before their cosines are compared, shape (d,); nothing by default.
    k
        Depth of the ranking.

    Returns
    -------
    Tensor of float64
        One figure for each class of the gallery, in the order of the labels.

    Raises
    ------
    ZsbirError
        If the gallery has no more than `k` photos, or `k` is below 1.
    """
    if not 1 <= k < len(task.gallery):
        raise ZsbirError(f"k is {k}: it must be from 1 to below the gallery's {len(task.gallery)}")
    x = task.gallery.double() if mean is None else (task.gallery - mean).double()
    x = torch.nn.functional.normalize(x, dim=1)
    nearest = (x @ x.T).fill_diagonal_(-2).topk(k, dim=1).indices
    labels = task.gallery_labels
    hit = (labels[nearest] == labels[:, None]).double()
    ap = (hit * hit.cumsum(dim=1) / torch.arange(1, k + 1)).sum(dim=1) / k
    return torch.stack([ap[labels == label].mean() for label in labels.unique()])
