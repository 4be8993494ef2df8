"""How sure a mean over classes is.

The classes are the unit of uncertainty: with 21 of them, which classes a method met matters far
more than which random seed it had.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zsbir_lib.errors import ZsbirError


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95% bootstrap interval.

    Attributes
    ----------
    estimate : float
        Of the whole sample.
    low, high : float
        The ends of the interval; NaN where it is undefined, as one class has no spread.
    """

    estimate: float
    low: float
    high: float

    @property
    def defined(self) -> bool:
        """Whether there is an interval."""
        return not math.isnan(self.low)

    @property
    def resolved(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        bounds = f"{self.low:.3f}, {self.high:.3f}" if self.defined else "undefined"
        return f"{self.estimate:.3f} [{bounds}]"


def class_bootstrap(
    per_class: Sequence[float] | np.ndarray,
    baseline: Sequence[float] | np.ndarray | None = None,
    *,
    n_resamples: int = 10_000,
    seed: int = 0,
) -> Interval:
    """Return the mean over classes with a 95% percentile bootstrap interval over classes.

    Parameters
    ----------
    per_class
        One figure for each class, shape (n_classes,). Of one class the interval is undefined.
    baseline
        The figures of another method on the same classes: the interval is then that of the mean
        difference, the classes being drawn in pairs, and the difference is resolved if the
        interval leaves out 0.
    n_resamples, seed
        Of the bootstrap.

    Raises
    ------
    ZsbirError
        If there are no classes, or the two methods have not the same number of them.
    """
    values = np.asarray(per_class, dtype=float)
    if baseline is not None:
        if len(baseline) != len(values):
            raise ZsbirError(
                f"cannot pair {len(values)} classes with {len(baseline)}: "
                "evaluate both methods on the same classes"
            )
        values = values - np.asarray(baseline, dtype=float)
    if not len(values):
        raise ZsbirError("a mean over classes needs a class or more")
    if len(values) == 1:
        return Interval(float(values[0]), math.nan, math.nan)
    rng = np.random.default_rng(seed)
    means = values[rng.integers(len(values), size=(n_resamples, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high))
