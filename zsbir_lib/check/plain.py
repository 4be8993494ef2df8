"""Values as JSON has them, which is all that leaves the process of a submission, and all judged."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

MOST = 100_000
"""Numbers and words that one answer may hold."""


def plain(value: Any, most: int = MOST) -> Any:
    """Return a value of numbers, words, lists and mappings; arrays and tensors become lists.

    ``...``, which stands in an unanswered question, becomes None.

    Raises
    ------
    TypeError
        If the value is of another kind.
    ValueError
        If it holds more than `most` of them.
    """
    left = [most]

    def walk(one: Any, depth: int) -> Any:
        left[0] -= len(one) if isinstance(one, str) else 1
        if left[0] < 0 or depth > 8:
            raise ValueError(f"an answer of more than {most:,} values, or nested too deeply")
        if one is None or one is Ellipsis:
            return None
        if isinstance(one, bool):
            return one
        if isinstance(one, str):
            return str(one)
        if isinstance(one, Integral):
            return int(one)
        if isinstance(one, Real):
            return float(one)
        if isinstance(one, dict):
            return {str(key): walk(part, depth + 1) for key, part in one.items()}
        if isinstance(one, list | tuple):
            return [walk(part, depth + 1) for part in one]
        if hasattr(one, "tolist"):
            if getattr(one, "size", 0) is not None and _count(one) > most:
                raise ValueError(f"an array of more than {most:,} values")
            return walk(one.tolist(), depth + 1)
        raise TypeError(f"an answer of type {type(one).__name__}")

    return walk(value, 0)


def _count(array: Any) -> int:
    return math.prod(getattr(array, "shape", ()) or (1,))


def same(one: Any, other: Any, tolerance: float = 1e-6) -> bool:
    """Tell whether two plain values agree; numbers to `tolerance`, relative above 1.

    NaN agrees with NaN, so that a mistake that leads to it can be told.

    Parameters
    ----------
    one, other
        The values.
    tolerance
        Of numbers.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            same(one[key], other[key], tolerance) for key in one
        )
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(
            same(a, b, tolerance) for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, int | float) and isinstance(other, int | float):
        if one != one or other != other:
            return one != one and other != other
        # Infinity, and integers too large for a float.
        if max(abs(one), abs(other)) > 1e300:
            return one == other
        return abs(one - other) <= tolerance * max(1.0, abs(one), abs(other))
    return type(one) is type(other) and one == other
