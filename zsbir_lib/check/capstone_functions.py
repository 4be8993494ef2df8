"""The two functions that the capstone asks for, and what people take them for."""

from __future__ import annotations

from typing import Any

import numpy as np

from zsbir_lib.check.questions import Case, FunctionQuestion, Mistake

Numbers = list[float]
Matrix = list[list[float]]
Draws = list[list[int]]


def _interval_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for n in rng.integers(6, 15, 6).tolist():
        level = rng.uniform(0.1, 0.8, n)  # classes differ more than methods do
        mine = np.clip(level + rng.normal(0.06, 0.05, n), 0, 1).round(3)
        other = np.clip(level + rng.normal(0, 0.05, n), 0, 1).round(3)
        draws = rng.integers(0, n, (200, n))
        cases.append(Case((mine.tolist(), other.tolist(), draws.tolist()), f"{n} classes"))
    return cases


def _ends(
    values: np.ndarray, estimate: Any, percentiles: tuple[float, float] = (2.5, 97.5)
) -> dict[str, float]:
    low, high = np.percentile(values, percentiles)
    return {"difference": float(estimate), "low": float(low), "high": float(high)}


def _interval(mine: Numbers, other: Numbers, draws: Draws) -> dict[str, float]:
    differences = np.subtract(mine, other)
    return _ends(differences[np.array(draws)].mean(axis=1), differences.mean())


def _unpaired(mine: Numbers, other: Numbers, draws: Draws) -> dict[str, float]:
    one, two = (_ends(np.array(scores)[np.array(draws)].mean(axis=1), np.mean(scores))
                for scores in (mine, other))  # fmt: skip
    return {"difference": one["difference"] - two["difference"], "low": one["low"] - two["high"],
            "high": one["high"] - two["low"]}  # fmt: skip


def _one_sided(mine: Numbers, other: Numbers, draws: Draws) -> dict[str, float]:
    means = np.array(mine)[np.array(draws)].mean(axis=1) - np.mean(other)
    return _ends(means, np.mean(mine) - np.mean(other))


def _by_spread(mine: Numbers, other: Numbers, draws: Draws) -> dict[str, float]:
    differences = np.subtract(mine, other)
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    middle = float(differences.mean())
    return {"difference": middle, "low": middle - 1.96 * error, "high": middle + 1.96 * error}


def _narrow(mine: Numbers, other: Numbers, draws: Draws) -> dict[str, float]:
    differences = np.subtract(mine, other)
    return _ends(differences[np.array(draws)].mean(axis=1), differences.mean(), (5, 95))


def _turned(mine: Numbers, other: Numbers, draws: Draws) -> dict[str, float]:
    return _interval(other, mine, draws)


def _of_classes(mine: Numbers, other: Numbers, draws: Draws) -> dict[str, float]:
    differences = np.subtract(mine, other)
    return _ends(differences, differences.mean())


def _medians(mine: Numbers, other: Numbers, draws: Draws) -> dict[str, float]:
    differences = np.subtract(mine, other)
    return _ends(np.median(differences[np.array(draws)], axis=1), np.median(differences))


def _extremes(mine: Numbers, other: Numbers, draws: Draws) -> dict[str, float]:
    differences = np.subtract(mine, other)
    return _ends(differences[np.array(draws)].mean(axis=1), differences.mean(), (0, 100))


INTERVAL = FunctionQuestion(
    "6.1",
    "paired_interval",
    _interval_cases,
    _interval,
    (
        Mistake("you subtract the ends of two separate intervals; the classes are the same for "
                "both methods, so take the difference of each class first.", _unpaired),
        Mistake("you draw the classes again for one method only.", _one_sided),
        Mistake("that is 1.96 standard errors; take percentiles of the means of the draws.",
                _by_spread),
        Mistake("your percentiles leave out 10%; 95% leaves 2.5% on each side.", _narrow),
        Mistake("the sign is turned round: how much better is `mine`?", _turned),
        Mistake("those are percentiles of single classes; a class varies more than a mean over "
                "classes does.", _of_classes),
        Mistake("you take medians; the score is a mean over classes.", _medians),
        Mistake("those are the smallest and largest mean that was drawn, which move out the more "
                "often one draws.", _extremes),
    ),
)  # fmt: skip


def _map_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for _ in range(6):
        n, d = int(rng.integers(6, 14)), int(rng.integers(2, 6))
        x, y = rng.normal(size=(2, n, d)).round(3)
        prior = rng.normal(size=(d, d)).round(3)
        weight = round(float(rng.uniform(0.2, 4)), 3)
        arguments = (x.tolist(), y.tolist(), prior.tolist(), weight)
        cases.append(Case(arguments, f"{n} pairs of {d} numbers"))
    return cases


def _map(
    x: Matrix, y: Matrix, prior: Matrix, weight: float,
    *, n: float | None = None, left: float = 1.0, right: float = 1.0, pull: float | None = None,
) -> np.ndarray:  # fmt: skip
    """Return the minimiser of the question's loss, or with other factors another map."""
    a, b, p = (np.array(one) for one in (x, y, prior))
    n = len(a) if n is None else n
    pull = weight if pull is None else pull
    return np.linalg.solve(
        a.T @ a / n + left * weight * np.eye(a.shape[1]), right * (a.T @ b) / n + pull * p
    )


RIDGE = FunctionQuestion(
    "6.2",
    "ridge_towards",
    _map_cases,
    _map,
    (
        Mistake("that is plain ridge regression, which shrinks towards 0; where is P?",
                lambda x, y, p, w: _map(x, y, p, w, pull=0.0)),
        Mistake("the squared error is divided by n; your sum is not.",
                lambda x, y, p, w: _map(x, y, p, w, n=1)),
        Mistake("P stands in the derivative with the penalty's weight before it.",
                lambda x, y, p, w: _map(x, y, p, w, pull=1.0)),
        Mistake("you add P to the plain ridge map; it has to pull inside the inverse.",
                lambda x, y, p, w: _map(x, y, p, w, pull=0.0) + np.array(p)),
        Mistake("the penalty is missing in the matrix to be inverted.",
                lambda x, y, p, w: _map(x, y, p, w, left=0.0)),
        Mistake("the sign of P is turned round.",
                lambda x, y, p, w: _map(x, y, p, w, pull=-w)),
        Mistake("that is the transpose: a row x is mapped to xW.",
                lambda x, y, p, w: _map(x, y, p, w).T),
        Mistake("a factor of 2 of the derivative is left at the error, but not at the penalty.",
                lambda x, y, p, w: _map(x, y, p, w / 2)),
    ),
)  # fmt: skip
