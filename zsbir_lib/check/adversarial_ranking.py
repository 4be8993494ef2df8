"""From samples to a table: the functions of assignment 5 that rank, and mistakes about them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zsbir_lib.check.questions import Case, FunctionQuestion, Mistake
from zsbir_lib.check.scored_methods import compared, interval

Numbers = list[float]
Matrix = list[list[float]]
Parts = dict[str, object]
_CLEAR = 1e-3
"""Least gap between two numbers of which the order matters, so that rounding decides nothing."""


def squared_distances(points: Matrix | np.ndarray, centres: Matrix | np.ndarray) -> np.ndarray:
    """Return the squared distance of each point from each centre, shape (points, centres)."""
    return ((np.asarray(points)[:, None] - np.asarray(centres)) ** 2).sum(axis=2)


def moved(points: Matrix | np.ndarray, centres: Matrix | np.ndarray) -> np.ndarray:
    """Return the centres after a step of Lloyd's; one without points stays where it is."""
    flat, assigned = np.asarray(points), squared_distances(points, centres).argmin(axis=1)
    return np.array([
        flat[assigned == k].mean(axis=0) if (assigned == k).any() else np.asarray(centre)
        for k, centre in enumerate(centres)
    ])  # fmt: skip


def _apart(values: np.ndarray) -> bool:
    """Tell whether the least gap along the last axis is clear."""
    return bool((np.diff(np.sort(values, axis=-1), axis=-1) > _CLEAR).all())


def _lloyd_cases(rng: np.random.Generator) -> list[Case]:
    cases: list[Case] = []
    while len(cases) < 8:
        n, k, d = (int(rng.integers(*ends)) for ends in ((8, 14), (2, 5), (2, 4)))
        points = rng.normal(0, 1, (n, d)).round(3) + 1
        centres = points[rng.choice(n, k, replace=False)] + rng.normal(0, 0.3, (k, d)).round(3)
        what = f"{n} points and {k} centres"
        if len(cases) % 4 == 3:
            centres[-1] += 40  # nobody's nearest
            what += ", of which one has no points"
        after = squared_distances(points, moved(points, centres))
        if _apart(squared_distances(points, centres)) and _apart(after):
            cases.append(Case((points.tolist(), centres.tolist()), what))
    return cases


def _of_assigned(points: np.ndarray, centres: np.ndarray, assigned: np.ndarray) -> np.ndarray:
    return squared_distances(points, centres)[np.arange(len(points)), assigned]


def _step(points: Matrix, centres: Matrix) -> Parts:
    assigned, new = squared_distances(points, centres).argmin(axis=1), moved(points, centres)
    total = float(_of_assigned(np.array(points), new, assigned).sum())
    return {"assignment": assigned, "centres": new, "distortion": total}


def _part(name: str, made: Callable[[Matrix, Matrix], object]) -> Callable[..., Parts]:
    return lambda points, centres: {name: made(points, centres)}


def _centres(
    summed: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    empty: Callable[[np.ndarray], np.ndarray] = lambda old: old,
) -> Callable[..., Parts]:
    """Return centres of another summary; it gets the own points, all points and the old centre."""

    def parts(points: Matrix, centres: Matrix) -> Parts:
        flat, assigned = np.array(points), squared_distances(points, centres).argmin(axis=1)
        return {"centres": np.array([
            summed(flat[assigned == k], flat, old) if (assigned == k).any() else empty(old)
            for k, old in enumerate(np.array(centres))
        ])}  # fmt: skip

    return parts


def _mean(own: np.ndarray, *_: np.ndarray) -> np.ndarray:
    return own.mean(axis=0)


def _distortion(
    made: Callable[[np.ndarray, np.ndarray, np.ndarray], float],
) -> Callable[..., Parts]:
    """Return a distortion of another kind; `made` gets points, moved centres and assignment."""

    def parts(points: Matrix, centres: Matrix) -> Parts:
        assigned = squared_distances(points, centres).argmin(axis=1)
        return {"distortion": made(np.array(points), moved(points, centres), assigned)}

    return parts


LLOYD = FunctionQuestion(
    "5.6",
    "lloyd_step",
    _lloyd_cases,
    _step,
    (
        Mistake("you give a point to the centre that is farthest from it.",
                _part("assignment", lambda p, c: squared_distances(p, c).argmax(axis=1))),
        Mistake("you give a point to the centre of the largest product; that is no distance, since "
                "long centres win.",
                _part("assignment", lambda p, c: (np.array(p) @ np.array(c).T).argmax(axis=1))),
        Mistake("you count centres from 1; the first is number 0.",
                _part("assignment", lambda p, c: squared_distances(p, c).argmin(axis=1) + 1)),
        Mistake("you give a point to the centre that is nearest after the move; assign first.",
                _part("assignment", lambda p, c: squared_distances(p, moved(p, c)).argmin(axis=1))),
        Mistake("a centre without points becomes no number; the mean of nothing is none. Let it "
                "stay where it is.", _centres(_mean, lambda old: np.full(len(old), np.nan))),
        Mistake("a centre without points jumps to the origin; let it stay where it is.",
                _centres(_mean, np.zeros_like)),
        Mistake("you take the median of the points; what makes the sum of squares least?",
                _centres(lambda own, every, old: np.median(own, axis=0))),
        Mistake("you divide by the number of all points, not by that of the centre's own.",
                _centres(lambda own, every, old: own.sum(axis=0) / len(every))),
        Mistake("you let the old centre count as one more point.",
                _centres(lambda own, every, old: np.vstack([own, old]).mean(axis=0))),
        Mistake("that is the distortion before the move; asked for is the one after it.",
                _part("distortion", lambda p, c: float(squared_distances(p, c).min(axis=1).sum()))),
        Mistake("you assign once more after the move; asked for is the distortion of the "
                "assignment that you return.",
                _distortion(lambda p, c, a: float(squared_distances(p, c).min(axis=1).sum()))),
        Mistake("you add distances; distortion adds their squares.",
                _distortion(lambda p, c, a: float(np.sqrt(_of_assigned(p, c, a)).sum()))),
        Mistake("that is a mean over the points; distortion is the sum.",
                _distortion(lambda p, c, a: float(_of_assigned(p, c, a).mean()))),
    ),
    parts=("assignment", "centres", "distortion"),
)  # fmt: skip


def _cosines(centres: Matrix, photos: Matrix) -> np.ndarray:
    """Return the cosine of each photo with each centre, shape (photos, centres)."""
    rows, others = np.array(photos), np.array(centres)
    lengths = np.linalg.norm(rows, axis=1)[:, None] * np.linalg.norm(others, axis=1)
    return rows @ others.T / lengths


def _products(centres: Matrix, photos: Matrix) -> np.ndarray:
    return np.array(photos) @ np.array(centres).T


def _of_mean(centres: Matrix, photos: Matrix) -> np.ndarray:
    return 1 - _cosines([np.mean(centres, axis=0).tolist()], photos)[:, 0]


def _nearest_cases(rng: np.random.Generator) -> list[Case]:
    cases: list[Case] = []
    while len(cases) < 8:
        k, n, d = (int(rng.integers(*ends)) for ends in ((2, 5), (6, 10), (2, 5)))
        # Lengths differ widely: only the direction of a feature counts.
        centres = (rng.normal(size=(k, d)) * rng.uniform(0.3, 4, (k, 1))).round(3).tolist()
        photos = (rng.normal(size=(n, d)) * rng.uniform(0.3, 4, (n, 1))).round(3).tolist()
        if _apart((1 - _cosines(centres, photos)).min(axis=1)):
            cases.append(Case((centres, photos), f"{k} centres and {n} photos"))
    return cases


def _order(distances: np.ndarray) -> np.ndarray:
    return distances.argsort(kind="stable")


def _at(made: Callable[[Matrix, Matrix], np.ndarray]) -> Callable[..., Parts]:
    """Return distances of another kind, and the order by them."""
    return lambda centres, photos: {
        "distances": made(centres, photos),
        "order": _order(made(centres, photos)),
    }


def _nearest(centres: Matrix, photos: Matrix) -> Parts:
    return _at(lambda c, p: (1 - _cosines(c, p)).min(axis=1))(centres, photos)


def _ordered(made: Callable[[np.ndarray], np.ndarray]) -> Callable[..., Parts]:
    return lambda c, p: {"order": made((1 - _cosines(c, p)).min(axis=1))}


NEAREST = FunctionQuestion(
    "5.8",
    "rank_by_centres",
    _nearest_cases,
    _nearest,
    (
        Mistake("you take the least cosine, which belongs to the centre that is farthest. The "
                "least distance is asked for: what is a cosine where the distance is least?",
                _at(lambda c, p: 1 - _cosines(c, p).min(axis=1))),
        Mistake("that is the least cosine, which is no distance: it is large for what is alike.",
                _at(lambda c, p: _cosines(c, p).min(axis=1))),
        Mistake("that is a cosine: it is large for what is alike. Make a distance of it.",
                lambda c, p: {"distances": _cosines(c, p).max(axis=1)}),
        Mistake("you forget to divide by the lengths: a long photo is near to everything then.",
                _at(lambda c, p: (1 - _products(c, p)).min(axis=1))),
        Mistake("that is the Euclidean distance; only the direction counts here.",
                _at(lambda c, p: np.sqrt(squared_distances(p, c)).min(axis=1))),
        Mistake("that is the mean over the centres; the nearest one alone counts.",
                _at(lambda c, p: (1 - _cosines(c, p)).mean(axis=1))),
        Mistake("you compare with the mean of the centres; each of them is an answer of its own.",
                _at(_of_mean)),
        Mistake("that is the angle; the cosine distance is 1 less the cosine.",
                _at(lambda c, p: np.arccos(_cosines(c, p).max(axis=1).clip(-1, 1)))),
        Mistake("the farthest photo stands first; a ranking begins with the nearest.",
                _ordered(lambda d: _order(-d))),
        Mistake("you return the rank of each photo; asked for are the photos in their order.",
                _ordered(lambda d: _order(_order(d)))),
        Mistake("you count photos from 1; the first is number 0.",
                _ordered(lambda d: _order(d) + 1)),
    ),
    parts=("distances", "order"),
)  # fmt: skip


def _pair_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for _ in range(6):
        n = int(rng.integers(6, 12))
        level = rng.uniform(0.2, 0.6, n)
        scores, others = (level + rng.normal(0, 0.06, (2, n))).clip(0, 1).round(3).tolist()
        draws = rng.integers(n, size=(60, n)).tolist()
        cases.append(Case((scores, others, draws), f"{n} classes, drawn {len(draws)} times"))
    return cases


def _row(scores: Numbers, others: Numbers, draws: list[list[int]]) -> Parts:
    found = compared(scores, others, np.array(draws))
    return {"mean": float(np.mean(scores)), "difference": found.difference,
            "interval": [found.low, found.high]}  # fmt: skip


def _gap(scores: Numbers, others: Numbers) -> np.ndarray:
    return np.array(scores) - np.array(others)


def _between(made: Callable[[Numbers, Numbers, np.ndarray], object]) -> Callable[..., Parts]:
    return lambda scores, others, draws: {"interval": made(scores, others, np.array(draws))}


def _own(scores: Numbers, draws: np.ndarray) -> list[float]:
    return interval(np.array(scores), draws)


def _unpaired(scores: Numbers, others: Numbers, draws: np.ndarray) -> list[float]:
    (low, high), (other_low, other_high) = _own(scores, draws), _own(others, draws)
    return [low - other_high, high - other_low]


def _ends(scores: Numbers, others: Numbers, draws: np.ndarray) -> list[float]:
    (low, high), (other_low, other_high) = _own(scores, draws), _own(others, draws)
    return [low - other_low, high - other_high]


def _means_drawn(scores: Numbers, others: Numbers, draws: np.ndarray) -> np.ndarray:
    return _gap(scores, others)[draws].mean(axis=1)


def _around(scores: Numbers, others: Numbers, spread: float) -> list[float]:
    middle = float(_gap(scores, others).mean())
    return [middle - 1.96 * spread, middle + 1.96 * spread]


PAIRED = FunctionQuestion(
    "5.9",
    "table_row",
    _pair_cases,
    _row,
    (
        Mistake("that is the median; the score of a method is the mean over classes.",
                lambda s, o, d: {"mean": float(np.median(s))}),
        Mistake("you return a percentage; leave scores between 0 and 1.",
                lambda s, o, d: {"mean": 100 * float(np.mean(s))}),
        Mistake("the sign is turned: the baseline is taken away.",
                lambda s, o, d: {"difference": float(-_gap(s, o).mean())}),
        Mistake("that is how far the two are apart without a sign; who is ahead is the question.",
                lambda s, o, d: {"difference": float(np.abs(_gap(s, o)).mean())}),
        Mistake("that is the interval of the method's own mean; the difference is asked for.",
                _between(lambda s, o, d: _own(s, d))),
        Mistake("the sign is turned: the baseline is taken away in each draw, too.",
                _between(lambda s, o, d: interval(-_gap(s, o), d))),
        Mistake("you set the worst of one method against the best of the other, as if they had "
                "been asked about different classes. Take the difference within each draw.",
                _between(_unpaired)),
        Mistake("you take one end from the other; the ends of an interval do not subtract. Take "
                "the difference within each draw.", _between(_ends)),
        Mistake("that leaves out a tenth of the draws; an interval of 95% leaves out a twentieth.",
                _between(lambda s, o, d: np.percentile(_means_drawn(s, o, d), [5, 95]))),
        Mistake("those are the least and the greatest of all draws, which grow apart with their "
                "number.",
                _between(lambda s, o, d: np.percentile(_means_drawn(s, o, d), [0, 100]))),
        Mistake("that is where single classes lie; asked for is where their mean does.",
                _between(lambda s, o, d: np.percentile(_gap(s, o), [2.5, 97.5]))),
        Mistake("that is the interval of a Gaussian, without any draw; use the draws.",
                _between(lambda s, o, d: _around(s, o, _gap(s, o).std(ddof=1) / len(s) ** 0.5))),
    ),
    parts=("mean", "difference", "interval"),
)  # fmt: skip
