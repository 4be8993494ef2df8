"""What assignment 3 asks about seen and unseen classes: the fall, its interval, a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zsbir_lib.check.published import METHOD_NAMES
from zsbir_lib.check.questions import Case, FunctionQuestion, Mistake

Scores = Sequence[float]
Rows = Sequence[Sequence[int]]
SEEN, UNSEEN = 84, 21
"""Classes of the table, in four galleries of seen ones and one of unseen ones."""
_INTERVAL = (2.5, 97.5)


def _fall_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for n_seen, n_unseen in rng.integers((13, 8), (19, 13), (6, 2)).tolist():
        seen = rng.beta(3, 3, n_seen).round(3)
        unseen = rng.beta(2, 4, n_unseen).round(3)
        rows = [rng.integers(0, n, (50, n)).tolist() for n in (n_seen, n_unseen)]
        what = f"{n_seen} seen and {n_unseen} unseen classes"
        cases.append(Case((seen.tolist(), unseen.tolist(), *rows), what))
    return cases


def _means(seen: Scores, unseen: Scores, rows: Rows, more: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Return the means of the classes drawn, each (draws,)."""
    a, b = (np.array(one)[np.array(at)] for one, at in ((seen, rows), (unseen, more)))
    return a.mean(axis=1), b.mean(axis=1)


def _fall(seen: Scores, unseen: Scores, rows: Rows, more: Rows) -> dict[str, float]:
    a, b = _means(seen, unseen, rows, more)
    return _told(np.mean(seen) - np.mean(unseen), np.percentile(a - b, _INTERVAL))


def _told(fall: Any, ends: Sequence[Any]) -> dict[str, float]:
    return {"fall": float(fall), "low": float(ends[0]), "high": float(ends[1])}


def _turned(*given: Any) -> dict[str, float]:
    right = _fall(*given)
    return _told(-right["fall"], (-right["high"], -right["low"]))


def _relative(seen: Scores, unseen: Scores, rows: Rows, more: Rows) -> dict[str, float]:
    a, b = _means(seen, unseen, rows, more)
    return _told(1 - np.mean(unseen) / np.mean(seen), np.percentile(1 - b / a, _INTERVAL))


def _apart(seen: Scores, unseen: Scores, rows: Rows, more: Rows) -> dict[str, float]:
    (low_a, high_a), (low_b, high_b) = (
        np.percentile(one, _INTERVAL) for one in _means(seen, unseen, rows, more)
    )
    return _ends((low_a - high_b, high_a - low_b))


def _pooled(seen: Scores, unseen: Scores, rows: Rows, more: Rows) -> dict[str, float]:
    """Return the percentiles of differences of single classes, not of means."""
    a, b = np.array(seen)[np.array(rows)], np.array(unseen)[np.array(more)]
    n = min(a.shape[1], b.shape[1])
    return _ends(np.percentile(a[:, :n] - b[:, :n], _INTERVAL))


def _ends(ends: Any) -> dict[str, float]:
    return {"low": float(ends[0]), "high": float(ends[1])}


def _of_draws(ends: Callable[[np.ndarray], Any]) -> Callable[..., dict[str, float]]:
    """Return ends that are taken of the falls of all draws by another rule."""

    def made(*given: Any) -> dict[str, float]:
        a, b = _means(*given)
        return _ends(ends(a - b))

    return made


FALL = FunctionQuestion(
    "3.7",
    "fall_interval",
    _fall_cases,
    _fall,
    (
        Mistake("that is the rise; a fall is what the unseen classes lack.", _turned),
        Mistake("you divide by the score of the seen classes; the difference itself is asked for.",
                _relative),
        Mistake("the fall is that of the classes as they are, not the mean over the draws.",
                lambda *given: {"fall": float(np.subtract(*_means(*given)).mean())}),
        Mistake("you take the interval of each mean and subtract the ends. Subtract within each "
                "draw, then take percentiles: both are seldom extreme at once.", _apart),
        Mistake("you take percentiles over single classes. A draw gives one number: the mean of "
                "all its classes.", _pooled),
        Mistake("low and high are exchanged.",
                _of_draws(lambda falls: np.percentile(falls, _INTERVAL[::-1]))),
        Mistake("those percentiles leave out a tenth of the draws; 95% are to lie inside.",
                _of_draws(lambda falls: np.percentile(falls, (5, 95)))),
        Mistake("your percentiles are given as parts of 1; `np.percentile` counts to 100.",
                _of_draws(lambda falls: np.percentile(falls, (0.025, 0.975)))),
        Mistake("the smallest and the largest draw depend on how many you make.",
                _of_draws(lambda falls: (falls.min(), falls.max()))),
        Mistake("you take 1.96 standard deviations to each side; take percentiles of the draws.",
                _of_draws(lambda falls: falls.mean() + falls.std() * np.array((-1.96, 1.96)))),
        Mistake("the draws of the seen classes are left out; which of them you had is chance, too.",
                lambda seen, unseen, rows, more: _ends(np.percentile(
                    np.mean(seen) - _means(seen, unseen, rows, more)[1], _INTERVAL))),
        Mistake("the draws of the unseen classes are left out, which are the fewer.",
                lambda seen, unseen, rows, more: _ends(np.percentile(
                    _means(seen, unseen, rows, more)[0] - np.mean(unseen), _INTERVAL))),
    ),
    parts=("fall", "low", "high"),
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """Five made-up methods, measured in three ways.

    Attributes
    ----------
    scores : dict
        By method, the score of each class: ``"wide"`` of `SEEN` seen ones in one large gallery,
        ``"seen"`` of the same in galleries of as many classes as there are unseen ones, and
        ``"unseen"`` of `UNSEEN` unseen ones.
    masked : str
        The method whose fall the large gallery hides.
    unresolved : str
        The one whose fall is not resolved.
    first : str
        The best on seen classes, which is not the best on unseen ones.
    """

    scores: dict[str, dict[str, np.ndarray]]
    masked: str
    unresolved: str
    first: str


def measured_methods(rng: np.random.Generator) -> Measured:
    """Make up the scores.

    Exactly one method rises from the large gallery to the unseen classes, and falls once galleries
    are of one size. One other fall is not resolved, and it is no small one: another method's is
    smaller and resolved.

    Parameters
    ----------
    rng
        From which all is drawn.
    """
    masked, unresolved = 0, 1
    while True:
        levels = rng.uniform((0.30, 0.44, 0.50, 0.56, 0.62), (0.36, 0.52, 0.58, 0.64, 0.70))
        falls = rng.uniform((0.06, 0.09, 0.14, 0.18, 0.30), (0.09, 0.13, 0.22, 0.28, 0.40))
        large = rng.uniform((0.10, 0.02, 0.04, 0.04, 0.08), (0.15, 0.05, 0.08, 0.10, 0.16))
        spread = np.array((0.07, 0.27, 0.12, 0.12, 0.12))
        scores = []
        for level, fall, lost, width in zip(levels, falls, large, spread, strict=True):
            seen = np.clip(rng.normal(level, width, SEEN), 0.02, 0.98)
            wide = np.clip(seen - lost * rng.uniform(0.5, 1.5, SEEN), 0.01, 0.98)
            unseen = np.clip(rng.normal(level - fall, width, UNSEEN), 0.01, 0.98)
            scores.append({"wide": wide.round(3), "seen": seen.round(3),
                           "unseen": unseen.round(3)})  # fmt: skip
        if _makes_the_point(scores, masked, unresolved):
            break
    names = rng.permutation(METHOD_NAMES).tolist()
    named = {names[i]: scores[i] for i in rng.permutation(5).tolist()}
    first = max(named, key=lambda name: named[name]["seen"].mean())
    return Measured(named, names[masked], names[unresolved], first)


def _makes_the_point(scores: list[dict[str, np.ndarray]], masked: int, unresolved: int) -> bool:
    wide, seen, unseen = (np.array([one[part].mean() for one in scores])
                          for part in ("wide", "seen", "unseen"))  # fmt: skip
    fall = seen - unseen
    error = np.array([np.hypot(one["seen"].std() / SEEN**0.5, one["unseen"].std() / UNSEEN**0.5)
                      for one in scores])  # fmt: skip
    away = fall / error
    others = [i for i in range(len(scores)) if i != unresolved]
    rises = np.flatnonzero(unseen - wide > 0).tolist()
    return (
        rises == [masked]
        and unseen[masked] - wide[masked] > 0.02
        # Clear of 1.96 on either side, so that it does not hang on which classes are drawn.
        and min(away[others]) > 2.6
        and 0 < away[unresolved] < 1.5
        and fall[unresolved] > fall[others].min() + 0.01
        and seen.argmax() != unseen.argmax()
    )
