"""What every method has to keep to: it learns, repeats itself, and looks at one picture at a time.

The same function is called three times: twice alike, and once with a part of the pictures, in
another order. What comes back is compared here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from zsbir_lib.check.capstone_data import Round
from zsbir_lib.check.capstone_scores import Codes, per_class, read_codes
from zsbir_lib.check.questions import Reply, Request, Verdict
from zsbir_lib.errors import ZsbirError

PARTS = {
    "finds": "classes that it has not met are found no better than by chance: do sketches and "
             "photos come to lie in one space?",
    "repeats itself": "the same call gave other codes the second time: let a seed that is a "
                      "hyper-parameter choose all that is random, by `training.generators(seed)`.",
    "one at a time": "a picture's code depends on which others are asked with it, or in which "
                     "order: means and scales are learnt in `_fit`; in use, drawings come singly.",
    "leaves inputs alone": "it writes into what it was given: `x -= m` changes the caller's "
                           "tensor, `x = x - m` does not.",
}  # fmt: skip
"""What a method is asked, a quarter of the points each, and what it says where it is not so."""
_TOLERANCE = 1e-3  # of the longest code; products of matrices differ in the last digits


def contract_requests(asked: Round) -> list[Request]:
    """Return the three calls."""
    train, sketches, photos = asked.arguments
    some, few = _part(asked)
    part = ([sketches[i] for i in some], [photos[i] for i in few])
    return [Request("encode", call) for call in (
        (train, sketches, photos), (train, sketches, photos), (train, *part))]  # fmt: skip


def _part(asked: Round) -> tuple[list[int], list[int]]:
    """Return every other picture, the last first."""
    q, g = len(asked.task.queries), len(asked.task.gallery)
    return list(range(0, q, 2))[::-1], list(range(0, g, 2))[::-1]


def judge_contract(asked: Round, replies: Sequence[Reply]) -> Verdict:
    """Give a quarter for each of `PARTS`; nothing for a method that finds nothing.

    Raises
    ------
    ZsbirError
        If the first call brought no codes.
    """
    some, few = _part(asked)
    q, g = len(asked.task.queries), len(asked.task.gallery)
    if replies[0].is_blank:
        raise ZsbirError("the methods of your class return nothing")
    first = read_codes(replies[0], q, g)
    scores = per_class(asked, first)
    if np.mean(scores) < 1.5 / len(scores):
        return Verdict(0.0, f"not yet: {PARTS['finds']}")
    kept = {
        "finds": True,
        "repeats itself": _agrees(first, replies[1], range(q), range(g)),
        "one at a time": _agrees(first, replies[2], some, few),
        "leaves inputs alone": not first.changed,
    }
    wrong = [name for name, fine in kept.items() if not fine]
    if not wrong:
        return Verdict(1.0, "right: it finds classes that it has not met, repeats itself, takes "
                            "each picture by itself, and leaves its inputs alone.")  # fmt: skip
    good = ", ".join(name for name, fine in kept.items() if fine)
    return Verdict(1 - len(wrong) / len(PARTS), f"right: {good}. not yet: {PARTS[wrong[0]]}")


def _agrees(first: Codes, reply: Reply, some: Sequence[int], few: Sequence[int]) -> bool:
    try:
        other = read_codes(reply, len(some), len(few))
    except ZsbirError:
        return False
    return _near(first.sketches[list(some)], other.sketches) and _near(
        first.photos[list(few)], other.photos
    )


def _near(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    return bool((one - other).abs().max() <= _TOLERANCE * max(float(one.abs().max()), 1e-30))
