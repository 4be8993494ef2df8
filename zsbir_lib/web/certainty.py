"""When a page says "not sure": a threshold, chosen on drawings of seen classes that were held out.

A page always finds twelve photos, also for a drawing that is unlike anything. How clear an answer
is can be seen without knowing any class: the first photo is near, and the photos found resemble
each other. From where on that is worth something is counted before the page is written: seen
classes are held out, a method is fitted on the rest, and drawings of the held-out ones look for
their photos. No unseen class takes part.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score, roc_curve
from torch import Tensor

from zsbir_lib.datasets import ZeroShotSplit
from zsbir_lib.datasets.quickdraw_files import read_words
from zsbir_lib.drawings import render_strokes
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Backbone, FeatureSet
from zsbir_lib.methods import create_method

SHOWN = 12
"""Photos that a page shows, and that clearness looks at."""

RECORD = "certainty.json"
"""What was counted on people's drawings, for the backbone that ships; see `packaged`."""


@dataclass(frozen=True)
class Certainty:
    """How often answers were right, above and below a threshold of their clearness.

    Attributes
    ----------
    threshold : float
        Below it a page says "not sure".
    source : str
        ``"people"``: counted on drawings by people. ``"sketches"``: on a data set's own.
    drawings : int
        How many of held-out classes.
    right : float
        Share of them whose first photo was of the right class.
    right_when_sure, right_when_unsure : float
        The same, among those at or above the threshold, and below it.
    unsure_when_right, unsure_when_wrong : float
        Share of right and of wrong answers that are said to be unsure.
    unsure_of_others : float or None
        Share of drawings of things that the gallery does not hold that are said to be unsure.
    roc_auc : float
        Chance that a right answer is clearer than a wrong one; 0.5 says nothing.
    """

    threshold: float
    source: str
    drawings: int
    right: float
    right_when_sure: float
    right_when_unsure: float
    unsure_when_right: float
    unsure_when_wrong: float
    unsure_of_others: float | None
    roc_auc: float


def clearness(queries: Tensor, gallery: Tensor, found: Tensor) -> Tensor:
    r"""Return how clear answers are: the script ``engine.js`` of a page does the same.

    .. math:: \cos(q, x_1) + \frac{1}{\binom{t}{2}} \sum_{i < j \le t} \cos(x_i, x_j)

    Parameters
    ----------
    queries
        Shape (n, e), or K centres for each, (n, K, e): the nearest centre counts.
    gallery
        Photos in the same space, shape (m, e).
    found
        The t photos found for each query, nearest first: places in the gallery, shape (n, t).

    Returns
    -------
    Tensor of float32, shape (n,)
        From -2 to 2.
    """
    photos = torch.nn.functional.normalize(gallery, dim=1)[found]
    centres = torch.nn.functional.normalize(
        queries if queries.ndim == 3 else queries[:, None], dim=2
    )
    near = (centres * photos[:, :1]).sum(dim=2).amax(dim=1)
    t = found.shape[1]
    both = (photos.sum(dim=1) ** 2).sum(dim=1) - t  # each pair twice
    return near + (both / (t * (t - 1)) if t > 1 else 1)


def count_certainty(
    method: str,
    features: FeatureSet,
    drawings: Tensor,
    classes: Sequence[str],
    *,
    others: Tensor | None = None,
    source: str = "people",
    folds: int = 4,
    seed: int = 0,
    **parameters: Any,
) -> Certainty:
    """Choose a threshold, and count how often it speaks, on seen classes that are held out in turn.

    The threshold is the one that tells right answers from wrong ones best: the largest difference
    of the share of right answers, and of wrong ones, at or above it (Youden, 1950).

    Parameters
    ----------
    method
        Name of a method; it is fitted once for each fold.
    features
        Of a data set: pairs to fit on, photos for the gallery. Only seen classes are used.
    drawings, classes
        Features of drawings, shape (n, d), and the class of each, a seen one.
    others
        Features of drawings of other things, shape (k, d); they do not take part in the choice.
    source
        See `Certainty`.
    folds
        Parts into which the classes that have drawings are divided; each is held out once.
    seed
        Of that division.
    **parameters
        Of the method.

    Raises
    ------
    ZsbirError
        If a drawing is of no seen class, there are fewer classes than folds, or all answers are
        right, or all wrong.
    """
    names = np.array(classes)
    known = sorted(set(classes))
    if strange := sorted(set(known) - set(features.split.seen)):
        raise ZsbirError(f"{strange[0]} is no seen class: a threshold is chosen on seen classes")
    if len(known) < folds:
        raise ZsbirError(f"drawings of {len(known)} classes for {folds} folds: there must be more")
    label_names = np.array(features.class_names)
    clear, right, other_clear = [], [], []
    order = np.random.default_rng(seed).permutation(known)
    for held in map(set, np.array_split(order, folds)):
        seen = tuple(name for name in features.split.seen if name not in held)
        split = ZeroShotSplit("held-out", seen, tuple(sorted(held)))
        fitted = create_method(method, **parameters)
        fitted.fit(features.with_split(split).pairs(), progress=False)
        in_gallery = np.isin(label_names, list(held))[features.photo_labels.numpy()]
        photos = features.photos[torch.from_numpy(in_gallery)]
        photo_names = label_names[features.photo_labels.numpy()[in_gallery]]
        index, codes = fitted.index(photos), fitted.encode_photos(photos)

        def answer(asked: Tensor, index: Any = index, codes: Tensor = codes, fitted: Any = fitted):
            queries = fitted.encode_sketches(asked)
            found = index.search(queries, min(SHOWN, len(codes))).indices
            return found, clearness(queries, codes, found).numpy()

        mine = np.isin(names, list(held))
        found, how_clear = answer(drawings[torch.from_numpy(mine)])
        clear.append(how_clear)
        right.append(photo_names[found[:, 0].numpy()] == names[mine])
        if others is not None:
            other_clear.append(answer(others)[1])
    return _choose(
        np.concatenate(clear),
        np.concatenate(right),
        np.concatenate(other_clear) if other_clear else None,
        source,
    )


def _choose(
    clear: np.ndarray, right: np.ndarray, others: np.ndarray | None, source: str
) -> Certainty:
    """Return the threshold that tells right from wrong best, and what it does."""
    if right.all() or not right.any():
        raise ZsbirError(f"{right.sum()} of {len(right)} answers are right: nothing to tell apart")
    wrong_above, right_above, at = roc_curve(right, clear)
    threshold = round(float(at[np.argmax(right_above - wrong_above)]), 4)
    sure = clear >= threshold

    def share(of: np.ndarray) -> float:
        return round(float(of.mean()), 4) if len(of) else 0.0

    return Certainty(
        threshold=threshold,
        source=source,
        drawings=len(clear),
        right=share(right),
        right_when_sure=share(right[sure]),
        right_when_unsure=share(right[~sure]),
        unsure_when_right=share(~sure[right]),
        unsure_when_wrong=share(~sure[~right]),
        unsure_of_others=None if others is None else share(others < threshold),
        roc_auc=round(float(roc_auc_score(right, clear)), 4),
    )


def read_drawings(folder: Path, backbone: Backbone, most: int | None = None) -> tuple[Tensor, list]:
    """Return features of the drawings in a folder of Quick, Draw!'s ``.ndjson`` files.

    Parameters
    ----------
    folder
        As `read_words` takes it: a class is what a file's name says.
    backbone
        The network that makes sketch features.
    most
        At most so many of each class.

    Returns
    -------
    features : Tensor of float32, shape (n, d)
    classes : list of str
        The class of each.

    Raises
    ------
    ZsbirError
        If there is no such folder or file, or a drawing cannot be read.
    """
    pictures, classes = [], []
    for word, drawings in read_words(folder, most):
        found = [render_strokes(strokes, size=backbone.input_size) for strokes in drawings]
        pictures += found
        classes += [word] * len(found)
    return backbone.for_sketches().features(pictures), classes


def packaged(weights_id: str) -> Mapping[str, dict[str, Any]]:
    """Return what was counted on people's drawings, by method; nothing for another backbone.

    Parameters
    ----------
    weights_id
        Of the backbone that made the features.
    """
    file = resources.files("zsbir_lib.web") / RECORD
    if not file.is_file():
        return {}
    record = json.loads(file.read_text(encoding="utf-8"))
    return record["methods"] if record["weights"] == weights_id else {}


def own_sketches(method: str, features: FeatureSet, **parameters: Any) -> dict[str, Any]:
    """Count on a data set's own sketches, where nobody's drawings are to be had; one fold.

    They are drawn as the method learnt them, so it is surer than with a person's drawing, and the
    page says on what it was counted.

    Parameters
    ----------
    method
        Name of a method.
    features
        Of the data set; a fifth of its seen classes is held out.
    **parameters
        Of the method.

    Raises
    ------
    ZsbirError
        As `count_certainty` does.
    """
    labels = np.array(features.class_names)[features.sketch_labels.numpy()]
    # With one class in the gallery every answer is right.
    held = features.split.inner(max(2, len(features.split.seen) // 5), seed=0).unseen
    mine = np.isin(labels, list(held))
    return asdict(count_certainty(
        method, features, features.sketches[torch.from_numpy(mine)], labels[mine].tolist(),
        source="sketches", folds=1, **parameters,
    ))  # fmt: skip
