"""What assignment 3 asks about codes of bits: their descent, and what ties leave open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np

from zsbir_lib.check.questions import Case, FunctionQuestion, Mistake

Matrix = Sequence[Sequence[float]]
Vector = Sequence[float]
BITS = 4
_CASES = 6  # or more, until all is told apart
_ROUNDS = 50  # more than a descent of four bits ever takes


def signs(values: Any) -> np.ndarray:
    """Return the code of numbers: +1 where one is 0 or more, and -1 elsewhere."""
    return np.where(np.asarray(values, dtype=float) >= 0, 1, -1)


_EVERY = np.array(list(product((-1, 1), repeat=BITS)))


def _objectives(gram: Matrix, pull: Vector, twice: float = 2.0) -> np.ndarray:
    """Return (5.17) of every code, without its constant, (16,)."""
    return ((_EVERY @ np.array(gram)) * _EVERY).sum(axis=1) - twice * _EVERY @ np.array(pull)


def _best(gram: Matrix, pull: Vector, twice: float = 2.0, sign: int = 1) -> list[int]:
    """Return the code with the smallest objective, or with `sign` -1 the largest."""
    return _EVERY[(sign * _objectives(gram, pull, twice)).argmin()].tolist()


def _descent(
    gram: Matrix, pull: Vector, start: Sequence[int] | None = None,
    *, rounds: int = _ROUNDS, own: bool = False, side: float = -1.0, together: bool = False,
) -> list[int]:  # fmt: skip
    """Return where (5.18) comes to rest, or with the options of mistakes another code."""
    code = list(start or signs(pull).tolist())
    for _ in range(rounds):
        seen = code[:]
        for k, row in enumerate(gram):
            known = seen if together else code
            others = sum(row[j] * bit for j, bit in enumerate(known) if own or j != k)
            code[k] = 1 if pull[k] + side * others >= 0 else -1
        if code == seen:
            break
    return code


_TAKEN: dict[str, dict[str, Callable[[Matrix, Vector], list[int]]]] = {
    "rest": {
        "own": lambda g, q: _descent(g, q, own=True),
        "together": lambda g, q: _descent(g, q, together=True),
        "one round": lambda g, q: _descent(g, q, rounds=1),
        "added": lambda g, q: _descent(g, q, side=1.0),
        "from ones": lambda g, q: _descent(g, q, [1] * BITS),
        "no round": lambda g, q: _descent(g, q, rounds=0),
        "best": _best,
    },
    "best": {
        "rest": _descent,
        "worst": lambda g, q: _best(g, q, sign=-1),
        "once": lambda g, q: _best(g, q, twice=1.0),
        "added": lambda g, q: _best(g, q, twice=-2.0),
    },
}
"""What somebody may take for the code at rest, and for the best code."""


def _descent_cases(rng: np.random.Generator) -> list[Case]:
    """Draw problems until any two of `_TAKEN`, and the right code, differ in one of them."""
    cases: list[Case] = []
    left = {(kind, *pair) for kind, made in _TAKEN.items() for pair in combinations((*made, ""), 2)}
    while left or len(cases) < _CASES:
        root = rng.normal(size=(BITS, BITS))
        gram = (root @ root.T / BITS).round(2).tolist()
        pull = rng.normal(0, 0.8, BITS).round(2).tolist()
        # No two codes are equally good, and no bit hangs on a rounding error.
        if np.diff(np.sort(_objectives(gram, pull))).min() < 0.01 or 0 in pull:
            continue
        rest, best = _descent(gram, pull), _best(gram, pull)
        right = {"rest": rest, "best": best}
        made = {kind: {"": right[kind], **{name: code(gram, pull) for name, code in codes.items()}}
                for kind, codes in _TAKEN.items()}  # fmt: skip
        new = {(kind, a, b) for kind, a, b in left if made[kind][a] != made[kind][b]}
        if left and not new:
            continue
        left -= new
        where = "the best" if rest == best else "not the best"
        cases.append(Case((gram, pull), f"four bits of which the descent finds {where} code"))
    return cases


def _four_bits(gram: Matrix, pull: Vector) -> dict[str, Any]:
    return {"start": signs(pull), "rest": _descent(gram, pull), "best": _best(gram, pull)}


def _zeros(gram: Matrix, pull: Vector) -> dict[str, Any]:
    return {name: (np.array(code) + 1) // 2 for name, code in _four_bits(gram, pull).items()}


def _taken(part: str, name: str) -> Callable[[Matrix, Vector], dict[str, Any]]:
    return lambda gram, pull: {part: _TAKEN[part][name](gram, pull)}


FOUR_BITS = FunctionQuestion(
    "3.5",
    "four_bits",
    _descent_cases,
    _four_bits,
    (
        Mistake("a bit is -1 or +1 here, not 0 or 1.", _zeros),
        Mistake("the descent starts from the signs of q, not from ones.",
                lambda g, q: {"start": [1] * len(q), **_taken("rest", "from ones")(g, q)}),
        Mistake("your signs are those of -q; which code makes the product with q large?",
                lambda g, q: {"start": -signs(q)}),
        Mistake("you stop after one round; go round until no bit changes.",
                _taken("rest", "one round")),
        Mistake("that is the code from which the descent starts.", _taken("rest", "no round")),
        Mistake("the sum of (5.18) leaves out the bit itself.", _taken("rest", "own")),
        Mistake("you set all bits at once, from the old code; each has to know what the one before "
                "it has become.", _taken("rest", "together")),
        Mistake("what the other bits say is taken away from q, not added.",
                _taken("rest", "added")),
        Mistake("that is the best of all codes; the descent does not always come to it.",
                _taken("rest", "best")),
        Mistake("you take the code at rest for the best one; try all of them.",
                _taken("best", "rest")),
        Mistake("that is the worst code: the objective is to be small.", _taken("best", "worst")),
        Mistake("the objective (5.17) has the product with q twice.", _taken("best", "once")),
        Mistake("the product with q is taken away in the objective.", _taken("best", "added")),
    ),
    parts=("start", "rest", "best"),
)  # fmt: skip

Marks = Sequence[int]


def _tied_cases(rng: np.random.Generator) -> list[Case]:
    cases = [Case(([0, 1, 2, 3], [1, 0, 1, 1], 3), "distances without ties"),
             Case(([2, 2, 2, 2, 2, 2], [0, 1, 0, 1, 1, 0], 4), "equal distances only"),
             Case(([1, 0, 1, 2], [0, 0, 0, 0], 3), "a ranking without a hit"),
             Case(([1, 1, 0, 1, 1, 3], [1, 0, 1, 1, 0, 1], 3), "a cut through a tie")]  # fmt: skip
    for n in rng.integers(8, 24, 7).tolist():
        distances = rng.integers(0, BITS + 1, n)
        rel = (rng.random(n) < 0.45).astype(int).tolist()
        k = int(rng.integers(3, n))
        what = f"{n} photos at {len(set(distances.tolist()))} distances, cut at {k}"
        cases.append(Case((distances.tolist(), rel, k), what))
    return cases


def _expected(
    distances: Marks, rel: Marks, k: int,
    *, another: str = "without", itself: float | None = 1.0, cut: bool = True, power: int = 1,
) -> float:  # fmt: skip
    """Return the mean of AP@K, divided by K, over all orders of ties.

    `another` says how probable it is that an earlier photo of the tie is a hit, given that this
    one is: ``"without"`` replacement, which is right, or ``"with"``. `itself` is what a hit counts
    in its own precision; None, the share of hits of its tie. Without `cut`, a tie counts to its
    end; with `power` 0, hits count 1.
    """
    total, before, hits = 0.0, 0, 0
    for distance in sorted(set(distances)):
        tied = [hit for d, hit in zip(distances, rel, strict=True) if d == distance]
        size, good = len(tied), sum(tied)
        share = good / size
        others = (good - 1) / (size - 1) if another == "without" and size > 1 else share
        if before < k:
            for j in range(1, size + 1):
                if cut and before + j > k:
                    break
                upto = hits + (share if itself is None else itself) + (j - 1) * others
                total += share * (upto / (before + j)) ** power
        before, hits = before + size, hits + good
    return total / k


def _ordered(by: Callable[[int, int], Any]) -> Callable[[Marks, Marks, int], float]:
    """Return AP@K of one order: ties are sorted by what `by` makes of a photo's mark and place."""

    def average(distances: Marks, rel: Marks, k: int) -> float:
        order = sorted(range(len(rel)), key=lambda i: (distances[i], by(rel[i], i)))
        marks = [rel[i] for i in order]
        return sum(sum(marks[:i]) / i for i in range(1, k + 1) if marks[i - 1]) / k

    return average


_first, _last = _ordered(lambda hit, _: -hit), _ordered(lambda hit, _: hit)


def _by_share(distances: Marks, rel: Marks, k: int) -> float:
    return _expected(distances, rel, k) * k / max(1, sum(rel))


TIED_AVERAGE = FunctionQuestion(
    "3.6",
    "tied_average",
    _tied_cases,
    _expected,
    (
        Mistake("you sort once, so ties stand by their place in the gallery; that is one order of "
                "many.", _ordered(lambda _, place: place)),
        Mistake("that is the luckiest order of ties; take the mean over all.", _first),
        Mistake("that is the unluckiest order of ties; take the mean over all.", _last),
        Mistake("that is the middle of the best and the worst order; most orders lie elsewhere.",
                lambda d, rel, k: (_first(d, rel, k) + _last(d, rel, k)) / 2),
        Mistake("a rank inside a tie has the share of hits of the tie, but its precision is "
                "another one once it is a hit: the hit itself counts whole.",
                lambda d, rel, k: _expected(d, rel, k, another="with", itself=None)),
        Mistake("you draw with replacement: once a hit stands at a rank, fewer are left for the "
                "rest of the tie.", lambda d, rel, k: _expected(d, rel, k, another="with")),
        Mistake("you forgot the hit itself in its own precision.",
                lambda d, rel, k: _expected(d, rel, k, itself=0.0)),
        Mistake("the cut falls inside a tie, and you count the tie to its end.",
                lambda d, rel, k: _expected(d, rel, k, cut=False)),
        Mistake("that is the expected P@K; average precision adds the precisions at the hits.",
                lambda d, rel, k: _expected(d, rel, k, power=0)),
        Mistake("you have the sum; average precision divides it by K.",
                lambda d, rel, k: k * _expected(d, rel, k)),
        Mistake("you divide by the relevant photos; here average precision is divided by K.",
                _by_share),
    ),
)  # fmt: skip
