"""The functions that assignment 1 asks for, and what people take them for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zsbir_lib.check.questions import Case, FunctionQuestion, Mistake
from zsbir_lib.metrics import DEFINITIONS, average_precision, precision_at_k

Marks = Sequence[int]


def _rankings(rng: np.random.Generator) -> list[tuple[list[int], int, str]]:
    """Return rankings, cuts, and what is special: enough of them that no mistake looks right."""
    found = [([0] * 6, 4, "a ranking without a hit"), ([1] * 5, 5, "a ranking of hits only")]
    for length in rng.integers(8, 24, 8).tolist():
        rel = (rng.random(length) < rng.uniform(0.3, 0.7)).astype(int).tolist()
        k = int(rng.integers(3, length))
        rel[k - 1], rel[k] = 1, 1  # a hit on either side of the cut
        found.append((rel, k, f"{length} photos cut at K = {k}"))
    rel = [0, 0, 1, 0, 0, 1, 1, 0]
    return [*found, (rel, len(rel), "a ranking that is not cut")]


def _precision_cases(rng: np.random.Generator) -> list[Case]:
    return [Case((rel, k), what) for rel, k, what in _rankings(rng)]


PRECISION = FunctionQuestion(
    "1.2",
    "precision_at",
    _precision_cases,
    lambda rel, k: precision_at_k([rel], k)[0],
    (
        Mistake("you divide by the length of the list, not by the K photos looked at.",
                lambda rel, k: sum(rel[:k]) / len(rel)),
        Mistake("you count the hits of the whole list; only those above the cut count.",
                lambda rel, k: sum(rel) / k),
        Mistake("you leave the cut out: that is the precision of the whole list.",
                lambda rel, k: sum(rel) / len(rel)),
        Mistake("that is recall: you divide by the relevant photos, not by those looked at.",
                lambda rel, k: sum(rel[:k]) / max(1, sum(rel))),
        Mistake("you cut one photo too early: the first K end after rank K.",
                lambda rel, k: sum(rel[: k - 1]) / k),
        Mistake("you cut one photo too late: the first K end after rank K.",
                lambda rel, k: sum(rel[: k + 1]) / k),
        Mistake("you return a percentage; a precision lies between 0 and 1.",
                lambda rel, k: 100 * sum(rel[:k]) / k),
        Mistake("you return a count; divide it.", lambda rel, k: sum(rel[:k])),
    ),
)  # fmt: skip


def _average_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for rel, k, what in _rankings(rng):
        # R is now above K, now below.
        n_relevant = sum(rel) + int(rng.choice([0, 0, 2, 30]))
        cases.append(Case((rel, n_relevant, k), f"{what}, R = {n_relevant}"))
    # Two in the gallery, both found, within a long list: min(R, K) is R.
    return [*cases, Case(([1, 0, 0, 1, 0, 0], 2, 6), "fewer relevant photos than K")]


def _averages(rel: Marks, n_relevant: int, k: int) -> dict[str, float]:
    return {d: float(average_precision([rel], n_relevant, k, d)[0]) for d in DEFINITIONS}


def _counts(rel: Marks, n_relevant: int, k: int) -> dict[str, float]:
    hits = sum(rel[:k])
    return {"k": k, "min": min(n_relevant, k), "hits": hits, "relevant": n_relevant}


def _over(total: float, rel: Marks, n_relevant: int, k: int) -> dict[str, float]:
    counts = _counts(rel, n_relevant, k)
    return {d: total / count if count else 0.0 for d, count in counts.items()}


def _every_rank(rel: Marks, n_relevant: int, k: int) -> dict[str, float]:
    total = sum(sum(rel[:i]) / i for i in range(1, k + 1))
    return _over(total, rel, n_relevant, k)


def _from_zero(rel: Marks, n_relevant: int, k: int) -> dict[str, float]:
    total = sum(sum(rel[:i]) / i for i in range(1, k) if rel[i])
    return _over(total, rel, n_relevant, k)


def _uncut(rel: Marks, n_relevant: int, k: int) -> dict[str, float]:
    total = sum(sum(rel[:i]) / i for i in range(1, len(rel) + 1) if rel[i - 1])
    return _over(total, rel, n_relevant, k)


def _reciprocal(rel: Marks, n_relevant: int, k: int) -> dict[str, float]:
    total = sum(1 / i for i in range(1, k + 1) if rel[i - 1])
    return _over(total, rel, n_relevant, k)


def _precision_only(rel: Marks, n_relevant: int, k: int) -> dict[str, float]:
    return _over(sum(rel[:k]), rel, n_relevant, k)


def _envelope(rel: Marks, n_relevant: int, k: int) -> dict[str, float]:
    return {d: float(average_precision([rel], n_relevant, k, d, envelope=True)[0])
            for d in DEFINITIONS}  # fmt: skip


def _hits_of_all(rel: Marks, n_relevant: int, k: int) -> dict[str, float]:
    whole = sum(rel)
    total = _averages(rel, n_relevant, k)["k"] * k
    return {"hits": total / whole if whole else 0.0}


def _least_of_hits(rel: Marks, n_relevant: int, k: int) -> dict[str, float]:
    hits = sum(rel[:k])
    return {"min": _averages(rel, n_relevant, k)["hits"] if min(hits, k) else 0.0}


def _relevant_shown(rel: Marks, n_relevant: int, k: int) -> dict[str, float]:
    return {"relevant": _hits_of_all(rel, n_relevant, k)["hits"]}


def _larger(rel: Marks, n_relevant: int, k: int) -> dict[str, float]:
    return {"min": _averages(rel, n_relevant, k)["k"] * k / max(n_relevant, k)}


AVERAGES = FunctionQuestion(
    "1.3",
    "four_averages",
    _average_cases,
    _averages,
    (
        Mistake("you add the precision at every rank; only ranks with a hit count.", _every_rank),
        Mistake("you divide by ranks that count from 0: the first photo has rank 1.", _from_zero),
        Mistake("you add beyond the cut; hits below rank K do not count.", _uncut),
        Mistake("you add 1 over the rank of each hit; the precision there is the hits so far over "
                "the rank.", _reciprocal),
        Mistake("you add 1 for each hit, so the order of the photos changes nothing; add the "
                "precision at the hit.", _precision_only),
        Mistake("you replace a precision by the largest one further down. That is the envelope of "
                "PASCAL VOC, which is not asked for.", _envelope),
        Mistake("you divide by the hits of the whole list, not by those above the cut.",
                _hits_of_all),
        Mistake("you take the hits for R: R counts the relevant photos of the gallery, found or "
                "not.", _least_of_hits),
        Mistake("you take the relevant photos in the list for R, which counts those of the whole "
                "gallery.", _relevant_shown),
        Mistake("you divide by the larger of R and K, not by the smaller.", _larger),
    ),
    parts=tuple(DEFINITIONS),
)  # fmt: skip


def _chance_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for _ in range(8):
        n_photos = int(rng.integers(30, 900))
        n_relevant = int(rng.integers(2, n_photos // 2))
        k = int(rng.integers(2, min(n_photos, 200)))
        what = f"{n_relevant} relevant of {n_photos} photos, cut at {k}"
        cases.append(Case((n_photos, n_relevant, k), what))
    return [*cases, Case((50, 1, 20), "one relevant photo"), Case((40, 40, 10), "no wrong photo")]


def _harmonic(k: int) -> float:
    return sum(1 / i for i in range(1, k + 1))


def _chance(n_photos: int, n_relevant: int, k: int, second: float | None = None) -> float:
    """Return the mean over all orders of AP@K divided by K.

    `second` is the chance that another photo is relevant, given that one is.
    """
    if second is None:
        second = (n_relevant - 1) / (n_photos - 1)
    harmonic = _harmonic(k)
    return n_relevant / n_photos / k * (harmonic + (k - harmonic) * second)


CHANCE = FunctionQuestion(
    "1.4",
    "chance_average",
    _chance_cases,
    _chance,
    (
        Mistake("that is the expected precision. A product of rel(i) and P@i has not that mean.",
                lambda n, r, k: r / n),
        Mistake("you take rel(i) and P@i for independent. P@i contains rel(i) itself.",
                lambda n, r, k: (r / n) ** 2),
        Mistake("you draw with replacement: once a relevant photo stands at rank i, fewer are left "
                "for the other ranks.", lambda n, r, k: _chance(n, r, k, r / n)),
        Mistake("you have the sum; average precision divides it by K.",
                lambda n, r, k: k * _chance(n, r, k)),
        Mistake("you divide by R; here average precision is divided by K.",
                lambda n, r, k: k / r * _chance(n, r, k)),
        Mistake("you forgot the hit itself: of P@i you kept the other ranks only.",
                lambda n, r, k: _chance(n, r, k) - r / n / k * _harmonic(k)),
        Mistake("you kept the hit itself and lost the other ranks of P@i.",
                lambda n, r, k: r / n / k * _harmonic(k)),
    ),
)  # fmt: skip


def _tied_cases(rng: np.random.Generator) -> list[Case]:
    cases = [Case(([0, 1, 2, 3], [1, 0, 1, 1], 2), "distances without ties"),
             Case(([1, 1, 1, 1, 1, 1], [0, 1, 0, 1, 0, 0], 3), "equal distances only")]  # fmt: skip
    for n in rng.integers(8, 20, 8).tolist():
        distances = rng.integers(0, 4, n)
        rel = (rng.random(n) < 0.45).astype(int).tolist()
        k = int(rng.integers(2, n - 1))
        what = f"{n} photos at {len(set(distances.tolist()))} distances, cut at {k}"
        cases.append(Case((distances.tolist(), rel, k), what))
    return cases


def _parted(distances: Marks, rel: Marks, k: int) -> tuple[int, int, int, int]:
    """Return the hits surely in, the places left for ties, and the hits and misses among these."""
    last = sorted(distances)[k - 1]
    sure = [hit for d, hit in zip(distances, rel, strict=True) if d < last]
    tied = [hit for d, hit in zip(distances, rel, strict=True) if d == last]
    return sum(sure), k - len(sure), sum(tied), len(tied) - sum(tied)


def _extremes(distances: Marks, rel: Marks, k: int) -> list[float]:
    sure, left, hits, misses = _parted(distances, rel, k)
    return [(sure + max(0, left - misses)) / k, (sure + min(left, hits)) / k]


def _by_place(distances: Marks, rel: Marks, k: int) -> list[float]:
    order = sorted(range(len(rel)), key=lambda i: distances[i])
    return [sum(rel[i] for i in order[:k]) / k] * 2


def _regardless(distances: Marks, rel: Marks, k: int) -> list[float]:
    return [max(0, k - len(rel) + sum(rel)) / k, min(k, sum(rel)) / k]


def _all_ties(distances: Marks, rel: Marks, k: int) -> list[float]:
    sure, _, hits, _ = _parted(distances, rel, k)
    return [sure / k, (sure + hits) / k]


EXTREMES = FunctionQuestion(
    "1.6",
    "extremes",
    _tied_cases,
    _extremes,
    (
        Mistake("you return the larger first; the smallest P@K comes first.",
                lambda d, rel, k: _extremes(d, rel, k)[::-1]),
        Mistake("you sort once, so ties stand by their place; ask how well and how badly they may "
                "be ordered.", _by_place),
        Mistake("you reorder photos at different distances too; only ties may change places.",
                _regardless),
        Mistake("you let all ties in, or none; the cut falls inside them and leaves some places.",
                _all_ties),
        Mistake("you return counts; divide them by K.",
                lambda d, rel, k: [k * value for value in _extremes(d, rel, k)]),
        Mistake("the best case is right; in the worst one, misses fill the places first, and what "
                "they leave goes to hits.",
                lambda d, rel, k: [_parted(d, rel, k)[0] / k, _extremes(d, rel, k)[1]]),
    ),
)  # fmt: skip
