"""The losses that assignment 3 asks for, with their gradients, and what people take them for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zsbir_lib.check.questions import Case, FunctionQuestion, Mistake

Vector = Sequence[float]
Parts = dict[str, Any]


def _pair_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for number in range(9):
        u = rng.normal(size=int(rng.integers(2, 6)))
        step = rng.normal(size=len(u))
        away = float(rng.uniform(0.3, 0.85) if number % 3 < 2 else rng.uniform(1.2, 2.0))
        margin = round(rng.uniform(0.9, 1.1), 2)
        v = u + step / np.linalg.norm(step) * away * margin
        same = number % 3 == 0
        where = "inside" if away < 1 else "beyond"
        what = "a pair of one class" if same else f"a pair of two classes {where} the margin"
        cases.append(Case((u.round(4).tolist(), v.round(4).tolist(), same, margin), what))
    return cases


def _pair(u: Vector, v: Vector, value: float, slope: float, *, unit: bool = True) -> Parts:
    """Return a loss of the distance, and its derivatives by both ends of it, (5.6)."""
    line = np.subtract(u, v)
    along = slope * line / (np.linalg.norm(line) if unit else 1)
    return {"loss": value, "sketch": along, "photo": -along}


def _contrastive(u: Vector, v: Vector, same: bool, margin: float, *, unit: bool = True) -> Parts:
    delta = float(np.linalg.norm(np.subtract(u, v)))
    if same:
        return _pair(u, v, delta**2, 2 * delta, unit=unit)
    left = max(0.0, margin - delta)
    return _pair(u, v, left**2, -2 * left, unit=unit)


def _pushed(push: Callable[[float, float], tuple[float, float]]) -> Callable[..., Parts]:
    """Return the loss with another push: its value and slope, of distance and margin."""

    def loss(u: Vector, v: Vector, same: bool, margin: float) -> Parts:
        if same:
            return _contrastive(u, v, same, margin)
        return _pair(u, v, *push(float(np.linalg.norm(np.subtract(u, v))), margin))

    return loss


def _gradients(made: Parts, factor: float = 1.0) -> Parts:
    return {name: factor * value for name, value in made.items() if name != "loss"}


CONTRASTIVE = FunctionQuestion(
    "3.1",
    "contrastive",
    _pair_cases,
    _contrastive,
    (
        Mistake("pairs of one class and of two are exchanged: which ones are pulled together?",
                lambda u, v, same, m: _contrastive(u, v, not same, m)),
        Mistake("a pair of two classes beyond the margin still has a loss; what is the margin for?",
                _pushed(lambda d, m: ((m - d) ** 2, -2 * (m - d)))),
        Mistake("you compare the margin with the squared distance; (5.2) squares what is left of "
                "the margin.",
                _pushed(lambda d, m: (max(0, m - d**2), -2 * d * (d**2 < m)))),
        Mistake("what is left of the margin is squared, too.",
                _pushed(lambda d, m: (max(0, m - d), -float(d < m)))),
        Mistake("the derivative of the distance by a point is a unit vector; yours has the length "
                "of the distance.",
                lambda *pair: _gradients(_contrastive(*pair, unit=False))),
        Mistake("both ends would move the same way, and their distance stay; what is the sign of "
                "the derivative by the other end?",
                lambda *pair: {"photo": _contrastive(*pair)["sketch"]}),
        Mistake("that is the step downhill, which is the negative of the derivative.",
                lambda *pair: _gradients(_contrastive(*pair), -1)),
        Mistake("a factor of the derivative of a square is missing.",
                lambda *pair: _gradients(_contrastive(*pair), 0.5)),
    ),
    parts=("loss", "sketch", "photo"),
)  # fmt: skip

_TRIPLET = ("sketch", "positive", "negative")


def _triplet_cases(rng: np.random.Generator) -> list[Case]:
    kinds = {"hard": 0, "semi-hard": 0, "easy": 0}
    cases: list[Case] = []
    while len(cases) < 9:
        size, margin = int(rng.integers(2, 6)), round(rng.uniform(0.2, 0.9), 2)
        points = rng.normal(size=(3, size))
        points *= rng.uniform(0.4, 2.5, (3, 1)) / np.linalg.norm(points, axis=1, keepdims=True)
        s, p, n = (x / np.linalg.norm(x) for x in points)
        gap = float(((s - n) ** 2).sum() - ((s - p) ** 2).sum())
        kind = "hard" if gap < 0 else "semi-hard" if gap < margin else "easy"
        # Away from the borders, where a rounded digit decides.
        if kinds[kind] == 3 or min(abs(gap), abs(gap - margin)) < 0.05:
            continue
        kinds[kind] += 1
        arguments = (*points.round(4).tolist(), margin)
        article = "an" if kind == "easy" else "a"
        cases.append(Case(arguments, f"{article} {kind} triplet of {size} numbers each"))
    return cases


def _through(x: np.ndarray, slope: np.ndarray, *, project: bool = True, divide: bool = True) -> Any:
    """Return the derivative by x, given the one by x scaled to length 1."""
    length = np.linalg.norm(x)
    along = (slope @ x) * x / length**2 if project else 0.0
    return (slope - along) / (length if divide else 1)


def _triplet(
    sketch: Vector, positive: Vector, negative: Vector, margin: float,
    *, scale: bool = True, chain: bool = True, project: bool = True, divide: bool = True,
    power: int = 2, weight: float = 1.0, pull: bool = True, push: bool = True, ends: bool = True,
) -> Parts:  # fmt: skip
    """Return the triplet loss of vectors scaled to length 1, and its derivatives by the vectors.

    The options are those of mistakes: without the scaling, without its derivative or a part of it,
    of distances to the first power, of distances with a weight, without what pulls or pushes the
    sketch, and with the derivatives of triplets that are easy.
    """
    raw = [np.asarray(x, dtype=float) for x in (sketch, positive, negative)]
    s, p, n = (x / np.linalg.norm(x) for x in raw) if scale else raw
    near, far = (float(np.linalg.norm(s - x)) ** power * weight for x in (p, n))
    loss = max(0.0, margin + near - far)
    on = weight if loss > 0 or not ends else 0.0
    to_p, to_n = s - p, s - n
    if power == 1:
        to_p, to_n = to_p / (2 * near), to_n / (2 * far)
    slopes = (2 * on * (pull * to_p - push * to_n), -2 * on * to_p, 2 * on * to_n)
    if scale and chain:
        slopes = tuple(_through(x, g, project=project, divide=divide)
                       for x, g in zip(raw, slopes, strict=True))  # fmt: skip
    return {"loss": loss, **dict(zip(_TRIPLET, slopes, strict=True))}


def _unbounded(*triplet: Any) -> Parts:
    loss = _triplet(*triplet)["loss"]
    if loss > 0:
        return {"loss": loss}
    s, p, n = (np.asarray(x) / np.linalg.norm(x) for x in triplet[:3])
    return {"loss": triplet[3] + ((s - p) ** 2).sum() - ((s - n) ** 2).sum()}


SCALED_TRIPLET = FunctionQuestion(
    "3.2",
    "scaled_triplet",
    _triplet_cases,
    _triplet,
    (
        Mistake("you leave the scaling to length 1 out.", lambda *t: _triplet(*t, scale=False)),
        Mistake("that is without the maximum: an easy triplet has no negative loss.", _unbounded),
        Mistake("the distances of (5.7) are squared.", lambda *t: _triplet(*t, power=1)),
        Mistake("you take the cosine distance, which by (5.1) is half of the squared distance.",
                lambda *t: {"loss": _triplet(*t, weight=0.5)["loss"]}),
        Mistake("positive and negative are exchanged.",
                lambda s, p, n, m: {"loss": _triplet(s, n, p, m)["loss"]}),
        Mistake("that is the derivative by the vector of length 1, not by the one before scaling; "
                "the chain rule is missing.", lambda *t: _gradients(_triplet(*t, chain=False))),
        Mistake("you divide by the length only. Lengthening a vector does not change the loss, so "
                "the derivative cannot have a part along it.",
                lambda *t: _gradients(_triplet(*t, project=False))),
        Mistake("the part along the vector is gone, as it should; but how much does a step turn a "
                "long vector, how much a short one?",
                lambda *t: _gradients(_triplet(*t, divide=False))),
        Mistake("where the loss is 0 all around, so is its derivative.",
                lambda *t: _gradients(_triplet(*t, ends=False))),
        Mistake("the sketch is in both distances; you took the one to the positive only.",
                lambda *t: {"sketch": _triplet(*t, push=False)["sketch"]}),
        Mistake("the sketch is in both distances; you took the one to the negative only.",
                lambda *t: {"sketch": _triplet(*t, pull=False)["sketch"]}),
        Mistake("that is the step downhill, which is the negative of the derivative.",
                lambda *t: _gradients(_triplet(*t), -1)),
        Mistake("a factor of the derivative of a square is missing.",
                lambda *t: _gradients(_triplet(*t), 0.5)),
    ),
    parts=("loss", *_TRIPLET),
)  # fmt: skip
