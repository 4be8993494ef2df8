"""Vectors that a method returned, judged where it has no say: read, ranked, compared.

The protocol is that of `zsbir_lib.leaderboard`: the gallery is ranked by cosine distance for each
sketch, and mAP@K is averaged over classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zsbir_lib.check.capstone_data import PAIRS, Round
from zsbir_lib.check.questions import Reply
from zsbir_lib.errors import ZsbirError
from zsbir_lib.metrics import evaluate_retrieval
from zsbir_lib.protocols import Interval, class_bootstrap

BASELINES = {"cosine": "cosine", "ridge": "ridge map", "centred": "centred cosine"}
"""What methods are compared with, and what it is called."""
RIDGE_WEIGHT = 1.0
"""Of the ridge map that methods are compared with, in units of the features' mean variance."""


@dataclass(frozen=True)
class Codes:
    """What a method made of sketches and photos.

    Attributes
    ----------
    sketches : Tensor of float32, shape (q, e) or (q, K, e)
        The queries.
    photos : Tensor of float32, shape (g, e)
        The gallery.
    changed : tuple of str
        Which inputs it wrote into, as it says itself.
    """

    sketches: Tensor
    photos: Tensor
    changed: tuple[str, ...] = ()


def read_codes(reply: Reply, n_sketches: int, n_photos: int) -> Codes:
    """Return the codes of a reply that anybody may have made up.

    Parameters
    ----------
    reply
        With ``"sketches"`` and ``"photos"``, and perhaps ``"changed"``.
    n_sketches, n_photos
        How many codes there have to be of each.

    Raises
    ------
    ZsbirError
        If they are none; the message ends a sentence for the student.
    """
    if reply.error is not None:
        raise ZsbirError(f"it stops with {reply.error}")
    value = reply.value
    if not isinstance(value, dict) or not {"sketches", "photos"} <= value.keys():
        raise ZsbirError("the given function that calls your method was changed")
    sketches = _codes(value["sketches"], n_sketches, "sketches", (2, 3))
    photos = _codes(value["photos"], n_photos, "photos", (2,))
    if sketches.shape[-1] != photos.shape[-1]:
        raise ZsbirError(f"codes of sketches have {sketches.shape[-1]} numbers, codes of photos "
                         f"{photos.shape[-1]}: both must lie in one space")  # fmt: skip
    changed = value.get("changed")
    told = changed if isinstance(changed, list) else []
    return Codes(sketches, photos, tuple(str(one)[:20] for one in told[:4]))


def _codes(value: Any, count: int, what: str, dims: tuple[int, ...]) -> Tensor:
    try:
        codes = torch.from_numpy(np.array(value, dtype=np.float64)).float()
    except (ValueError, TypeError, OverflowError):
        raise ZsbirError(f"the codes of {what} are no array of numbers") from None
    if codes.ndim not in dims or codes.numel() == 0:
        raise ZsbirError(f"the codes of {what} have shape {tuple(codes.shape)}: return a row of "
                         "numbers for each")  # fmt: skip
    if len(codes) != count:
        raise ZsbirError(f"{len(codes)} codes come back for {count} {what}")
    if not torch.isfinite(codes).all():
        raise ZsbirError(f"the codes of {what} hold NaN or infinity")
    if torch.allclose(codes, codes[:1].expand_as(codes), rtol=1e-5, atol=1e-12):
        raise ZsbirError(f"all {what} get the same code")
    return codes


def per_class(asked: Round, codes: Codes) -> list[float]:
    """Return mAP@K of each class that has a query, in the order of the names."""
    report = evaluate_retrieval(
        codes.sketches, asked.task.query_labels.tolist(), codes.photos,
        asked.task.gallery_labels.tolist(), PAIRS, with_map_all=False,
    )  # fmt: skip
    return [row.mean_average_precision["k"] for row in report.per_class]


def baselines(asked: Round) -> dict[str, list[float]]:
    """Return mAP@K of each class for the methods that others are compared with, by name.

    Cosine compares features as they are; centred cosine, less the means of sketches and of photos
    in the training pairs. The ridge map predicts centred features of photos from those of sketches.
    """
    task = asked.task
    x, y = asked.pairs.sketches.double(), asked.pairs.paired_photos().double()
    mean_x, mean_y = x.mean(dim=0), y.mean(dim=0)
    x, y = x - mean_x, y - mean_y
    square = x.T @ x / len(x)
    ridge = RIDGE_WEIGHT * square.diagonal().mean() * torch.eye(len(square), dtype=square.dtype)
    weights = torch.linalg.solve(square + ridge, x.T @ y / len(x))
    mapped = Codes((task.queries - mean_x) @ weights, (task.gallery - mean_y))
    return {
        "cosine": per_class(asked, Codes(task.queries, task.gallery)),
        "centred": per_class(asked, Codes(task.queries - mean_x, task.gallery - mean_y)),
        "ridge": per_class(asked, mapped),
    }


@dataclass(frozen=True)
class Compared:
    """A method's scores beside those of the baselines, class by class.

    Attributes
    ----------
    scores : list of float
        mAP@K of the method.
    others : dict of str to list of float
        Of `BASELINES`.
    """

    scores: list[float]
    others: dict[str, list[float]]

    @property
    def interval(self) -> Interval:
        """The mean over classes, with its interval."""
        return class_bootstrap(self.scores)

    def gain(self, name: str) -> Interval:
        """Return the paired difference to a baseline, with its interval."""
        return class_bootstrap(self.scores, self.others[name])

    @property
    def share(self) -> float:
        """A third for being surely above cosine, and for a mean above each of the two others.

        Surely so is an interval over classes that leaves out 0.
        """
        above = [self.gain("cosine").low > 0]
        above += [self.gain(name).estimate > 0 for name in ("ridge", "centred")]
        return sum(above) / len(above)

    def as_json(self) -> dict[str, list[float]]:
        """Return all scores by name, rounded."""
        every = {"method": self.scores, **self.others}
        return {name: [round(value, 6) for value in scores] for name, scores in every.items()}


def compare(asked: Round, codes: Codes) -> Compared:
    """Return the scores of codes in a round, beside those of the baselines."""
    return Compared(per_class(asked, codes), baselines(asked))
