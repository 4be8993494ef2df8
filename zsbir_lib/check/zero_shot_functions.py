"""The functions that assignment 2 asks for, and what people take them for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from zsbir_lib.check.questions import Case, FunctionQuestion, Mistake

Table = list[list[int]]
Numbers = list[float]
Matrix = list[list[float]]


def _score_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for n_classes, n_attributes in rng.integers(2, 7, (8, 2)).tolist():
        table = (rng.random((n_classes, n_attributes)) < 0.5).astype(int)
        table[0, 0], table[1, 0] = 1, 0  # both answers occur
        priors = rng.uniform(0.1, 0.9, n_attributes).round(3)
        chances = rng.uniform(0.05, 0.95, n_attributes).round(3)
        what = f"{n_classes} classes with {n_attributes} attributes"
        cases.append(Case((table.tolist(), priors.tolist(), chances.tolist()), what))
    return cases


def _pick(table: Table, chances: Numbers) -> np.ndarray:
    """Return the probability of what each class has, or has not, shape (classes, attributes)."""
    return np.where(np.array(table) == 1, chances, 1 - np.array(chances))


def _scores(table: Table, priors: Numbers, chances: Numbers) -> np.ndarray:
    return np.log(_pick(table, chances) / _pick(table, priors)).sum(axis=1)


def _present_only(table: Table, priors: Numbers, chances: Numbers) -> np.ndarray:
    return np.array(table) @ np.log(np.array(chances) / np.array(priors))


def _same_prior(table: Table, priors: Numbers, chances: Numbers) -> np.ndarray:
    return np.log(_pick(table, chances) / np.array(priors)).sum(axis=1)


def _same_chance(table: Table, priors: Numbers, chances: Numbers) -> np.ndarray:
    return np.log(np.array(chances) / _pick(table, priors)).sum(axis=1)


SCORES = FunctionQuestion(
    "2.2",
    "dap_scores",
    _score_cases,
    _scores,
    (
        Mistake("you leave the priors out: what nearly all classes have then counts as evidence.",
                lambda t, p, c: np.log(_pick(t, c)).sum(axis=1)),
        Mistake("you look only at what a class has; what it lacks is evidence too.", _present_only),
        Mistake("for what a class lacks, the prior is that of lacking it.", _same_prior),
        Mistake("for what a class lacks, the chance is that of lacking it.", _same_chance),
        Mistake("you return a product of ratios; the score is the sum of their logarithms.",
                lambda t, p, c: np.exp(_scores(t, p, c))),
        Mistake("your logarithm has another base; take the natural one.",
                lambda t, p, c: _scores(t, p, c) / np.log(10)),
        Mistake("you add the logarithm of the prior; divide by the prior.",
                lambda t, p, c: np.log(_pick(t, c) * _pick(t, p)).sum(axis=1)),
        Mistake("that is the mean over attributes; add them up.",
                lambda t, p, c: _scores(t, p, c) / len(p)),
    ),
)  # fmt: skip


def _map_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for _ in range(6):
        n, d, a, c = (int(rng.integers(*ends)) for ends in ((8, 15), (3, 6), (2, 5), (3, 6)))
        target = -np.ones((n, c))
        target[np.arange(n), rng.integers(0, c, n)] = 1
        gamma, alpha = rng.uniform(0.1, 3, 2).round(3).tolist()
        arguments = (rng.normal(size=(n, d)).round(3).tolist(), target.tolist(),
                     rng.normal(size=(c, a)).round(3).tolist(), gamma, alpha)  # fmt: skip
        cases.append(Case(arguments, f"{n} features of {d} numbers, {c} classes"))
    return cases


def _map(
    features: Matrix, target: Matrix, semantics: Matrix, gamma: float, alpha: float,
    *, n: float | None = None, n_classes: float | None = None, right: float | None = None,
    semantic_ridge: bool = True,
) -> np.ndarray:  # fmt: skip
    """Return the minimiser of the loss (3.8) of the chapter, or with other counts another map."""
    x, t, m = (np.array(one) for one in (features, target, semantics))
    n = len(x) if n is None else n
    n_classes = len(m) if n_classes is None else n_classes
    middle = x.T @ t @ m / (n * n_classes if right is None else right)
    left = np.linalg.solve(x.T @ x / n + gamma * np.eye(x.shape[1]), middle)
    if not semantic_ridge:
        return left
    return np.linalg.solve(m.T @ m / n_classes + alpha * np.eye(m.shape[1]), left.T).T


ESZSL_MAP = FunctionQuestion(
    "2.3",
    "eszsl_map",
    _map_cases,
    _map,
    (
        Mistake("the two weights are exchanged: which penalty acts on the side of the features?",
                lambda x, t, m, g, a: _map(x, t, m, a, g)),
        Mistake("that minimises the loss without the divisions by n and C; follow (3.8).",
                lambda x, t, m, g, a: _map(x, t, m, g, a, n=1, n_classes=1)),
        Mistake("the right-hand side is not divided by nC.",
                lambda x, t, m, g, a: _map(x, t, m, g, a, right=1)),
        Mistake("the right-hand side is divided by n only; the loss divides by nC.",
                lambda x, t, m, g, a: _map(x, t, m, g, a, right=len(x))),
        Mistake("you solve for the side of the features only; the semantic vectors have a matrix "
                "to be inverted, too.",
                lambda x, t, m, g, a: _map(x, t, m, g, a, semantic_ridge=False)),
        Mistake("that is the transpose: rows belong to the numbers of a feature.",
                lambda x, t, m, g, a: _map(x, t, m, g, a).T),
        Mistake("a factor of 2 of the derivative is left on one side; it stands on both.",
                lambda x, t, m, g, a: 2 * _map(x, t, m, g, a)),
    ),
)  # fmt: skip

_SOURCES = ("trained on", "chosen on", "backbone")


def _met_cases(rng: np.random.Generator) -> list[Case]:
    names = ["ape", "bat", "cow", "door", "fish", "hat", "kiwi", "lion", "pear", "ray", "saw"]
    cases = []
    for number in range(7):
        mixed = rng.permutation(names).tolist()
        asked = mixed[:4]
        split = {source: sorted(rng.choice(mixed[4:], 3, replace=False).tolist())
                 for source in _SOURCES}  # fmt: skip
        # One class of those asked for is met in each of the ways, in turn and together.
        for place, source in enumerate(_SOURCES):
            if number % 4 in (place, 3):
                split[source] = [*split[source], asked[place]]
        cases.append(Case(({**split, "asked": asked},), f"classes asked for: {', '.join(asked)}"))
    clean = {source: ["ape"] for source in _SOURCES}
    return [*cases, Case(({**clean, "asked": ["bat"]},), "an honest split")]


def _met(split: Mapping[str, list[str]], sources: tuple[str, ...] = _SOURCES) -> list[str]:
    known = {name for source in sources for name in split[source]}
    return sorted(known & set(split["asked"]))


def _without(source: str) -> Callable[[Mapping[str, list[str]]], list[str]]:
    return lambda split: _met(split, tuple(one for one in _SOURCES if one != source))


def _unmet(split: Mapping[str, list[str]]) -> Any:
    return sorted(set(split["asked"]) - set(_met(split)))


MET = FunctionQuestion(
    "2.4",
    "met_before",
    _met_cases,
    _met,
    (
        Mistake("you forget the backbone: what it met is no longer unseen.", _without("backbone")),
        Mistake("you forget the classes on which settings were chosen.", _without("chosen on")),
        Mistake("you forget the classes that were trained on.", _without("trained on")),
        Mistake("you look at the classes trained on only; a class is met in other ways, too.",
                lambda split: _met(split, ("trained on",))),
        Mistake("you return the classes that were not met.", _unmet),
        Mistake("you return a number; return the names.", lambda split: len(_met(split))),
        Mistake("you return True or False; return the names.", lambda split: bool(_met(split))),
    ),
)  # fmt: skip
