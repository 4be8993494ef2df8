"""Methods and their scores on the same classes, made up, of which some can be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zsbir_lib.check.published import METHOD_NAMES

_CLASSES, _DRAWS = 21, 2000
_CLEAR = 0.004
"""How far an end of an interval stays from 0, so that rounding decides nothing."""


@dataclass(frozen=True)
class Compared:
    """A difference of two methods, over classes drawn in pairs.

    Attributes
    ----------
    difference : float
        Mean over the classes, first less second.
    low, high : float
        Ends of the percentile interval of 95%.
    """

    difference: float
    low: float
    high: float

    @property
    def claim(self) -> str:
        """``"yes"`` if the first is better, ``"no"`` if the second is, else ``"open"``."""
        return "yes" if self.low > 0 else "no" if self.high < 0 else "open"


def interval(values: np.ndarray, draws: np.ndarray) -> list[float]:
    """Return the ends of the percentile interval of 95% of a mean.

    Parameters
    ----------
    values
        One for each class, shape (classes,).
    draws
        Places of the classes that are drawn again, shape (draws, classes).
    """
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return [float(low), float(high)]


def compared(scores: Sequence[float], others: Sequence[float], draws: np.ndarray) -> Compared:
    """Compare two methods on the same classes.

    Parameters
    ----------
    scores, others
        Of either, one for each class.
    draws
        Places of the classes that are drawn again, shape (draws, classes).
    """
    gap = np.asarray(scores) - np.asarray(others)
    return Compared(float(gap.mean()), *interval(gap, draws))


@dataclass(frozen=True)
class Scored:
    """A table of methods.

    Attributes
    ----------
    scores : dict of str to list of float
        Of each method, one for each class.
    pairs : tuple of (str, str)
        To be compared, so that all claims occur, and in both ways in which a look at the means or
        at the methods' own intervals misleads.
    draws : ndarray of int, shape (draws, classes)
        Of classes, with replacement.
    """

    scores: dict[str, list[float]]
    pairs: tuple[tuple[str, str], ...]
    draws: np.ndarray

    def of_pair(self, pair: tuple[str, str]) -> Compared:
        """Compare the two methods of a pair."""
        return compared(self.scores[pair[0]], self.scores[pair[1]], self.draws)

    def own(self, name: str) -> list[float]:
        """Return the interval of a method's own mean."""
        return interval(np.asarray(self.scores[name]), self.draws)

    def overlap(self, pair: tuple[str, str]) -> bool:
        """Tell whether the own intervals of a pair overlap."""
        (low, high), (other_low, other_high) = map(self.own, pair)
        return low < other_high and other_low < high

    @property
    def misleads(self) -> bool:
        """Whether means, and own intervals, would lead to other claims."""
        found = [(pair, self.of_pair(pair)) for pair in self.pairs]
        clear = min(min(abs(one.low), abs(one.high)) for _, one in found) > _CLEAR
        told = [abs(one.difference) for _, one in found if one.claim != "open"]
        left = [abs(one.difference) for _, one in found if one.claim == "open"]
        return (
            clear
            and {one.claim for _, one in found} == {"yes", "no", "open"}
            and max(left) > min(told)
            and any(one.claim == "yes" and self.overlap(pair) for pair, one in found)
        )


def scored_methods(rng: np.random.Generator) -> Scored:
    """Make up the scores of five methods, until the table misleads who looks at means only.

    Parameters
    ----------
    rng
        From which all is drawn.
    """
    draws = rng.integers(_CLASSES, size=(_DRAWS, _CLASSES))
    while True:
        # Some classes are hard for every method, which is why pairs are compared by class.
        level = rng.uniform(0.12, 0.6, _CLASSES)
        gain = np.array([0.0, 0.025, 0.03, 0.035, 0.07])
        scatter = np.array([0.02, 0.02, 0.12, 0.02, 0.1])
        made = level + gain[:, None] + scatter[:, None] * rng.normal(size=(5, _CLASSES))
        names = rng.permutation(METHOD_NAMES).tolist()
        scores = {names[i]: made[i].clip(0, 1).round(3).tolist() for i in range(5)}
        places = ((1, 0), (2, 0), (0, 3), (3, 2), (4, 1))
        pairs = [(names[a], names[b]) for a, b in rng.permutation(places).tolist()]
        table = Scored({name: scores[name] for name in sorted(scores)}, tuple(pairs), draws)
        if table.misleads:
            return table
