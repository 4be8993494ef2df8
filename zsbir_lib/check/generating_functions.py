"""The functions of the bound that assignment 4 asks for, and what people take them for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from zsbir_lib.check.questions import Case, FunctionQuestion, Mistake

Numbers = Sequence[float]
Matrix = Sequence[Sequence[float]]
Parts = dict[str, Any]


def random_numbers(rng: np.random.Generator, *shape: int) -> Any:
    """Return lists of standard normal numbers, of this `shape`, drawn from `rng`."""
    return rng.normal(size=shape).round(3).tolist()


def _sizes(rng: np.random.Generator, count: int) -> Any:
    """Return positive numbers, none of them near 1, where a logarithm or a square hides."""
    return np.exp(rng.choice([-1, 1], count) * rng.uniform(0.3, 1.2, count)).round(3).tolist()


# ---- two Gaussians
def _kl_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case((random_numbers(rng, n), _sizes(rng, n), random_numbers(rng, n), _sizes(rng, n)),
             f"Gaussians of {n} {'numbers' if n > 1 else 'number'}")
        for n in (1, 2, 3, 4, 5)
    ]  # fmt: skip


def _kl(m1: Numbers, s1: Numbers, m2: Numbers, s2: Numbers) -> Parts:
    a, s, b, t = (np.asarray(one, float) for one in (m1, s1, m2, s2))
    kl = (np.log(t / s) + (s**2 + (a - b) ** 2) / (2 * t**2) - 0.5).sum()
    return {"kl": kl, "by_mean": (a - b) / t**2, "by_deviation": s / t**2 - 1 / s}


def _kl_of_variances(m1: Numbers, s1: Numbers, m2: Numbers, s2: Numbers) -> Parts:
    return _kl(m1, np.sqrt(s1).tolist(), m2, np.sqrt(s2).tolist())


def _kl_from_the_prior(m1: Numbers, s1: Numbers, m2: Numbers, s2: Numbers) -> Parts:
    """Return the divergence from the standard Gaussian, whatever the second one is."""
    return _kl(m1, s1, [0.0] * len(m1), [1.0] * len(m1))


def _kl_by_log_variance(m1: Numbers, s1: Numbers, m2: Numbers, s2: Numbers) -> Parts:
    return {"by_deviation": _kl(m1, s1, m2, s2)["by_deviation"] * np.asarray(s1) / 2}


def _kl_by_variance(m1: Numbers, s1: Numbers, m2: Numbers, s2: Numbers) -> Parts:
    return {"by_deviation": _kl(m1, s1, m2, s2)["by_deviation"] / (2 * np.asarray(s1))}


KL = FunctionQuestion(
    "4.3",
    "gaussian_kl",
    _kl_cases,
    _kl,
    (
        Mistake("the two Gaussians are exchanged: the mean is taken under the first one.",
                lambda m, s, n, t: {"kl": _kl(n, t, m, s)["kl"]}),
        Mistake("you take variances for deviations; s is squared in (6.6).", _kl_of_variances),
        Mistake("you compare with the standard Gaussian; the second one is any Gaussian.",
                _kl_from_the_prior),
        Mistake("two equal Gaussians should have the divergence 0: is the constant there?",
                lambda m, s, n, t: {"kl": _kl(m, s, n, t)["kl"] + len(m) / 2}),
        Mistake("that is the mean over the numbers; divergences of independent numbers add.",
                lambda m, s, n, t: {"kl": _kl(m, s, n, t)["kl"] / len(m)}),
        Mistake("you return one divergence for each number; add them.",
                lambda m, s, n, t: {"kl": [_kl([a], [b], [c], [d])["kl"] for a, b, c, d
                                           in zip(m, s, n, t, strict=True)]}),
        Mistake("those are bits; take the natural logarithm.",
                lambda m, s, n, t: {"kl": _kl(m, s, n, t)["kl"] / np.log(2)}),
        Mistake("that is the slope by the mean of the second Gaussian.",
                lambda m, s, n, t: {"by_mean": -_kl(m, s, n, t)["by_mean"]}),
        Mistake("which Gaussian's variance is it that divides the difference of the means?",
                lambda m, s, n, t: {"by_mean": (np.subtract(m, n)) / np.square(s)}),
        Mistake("that is the slope by the logarithm of the variance; it is asked by the deviation.",
                _kl_by_log_variance),
        Mistake("that is the slope by the variance; it is asked by the deviation.",
                _kl_by_variance),
        Mistake("the logarithm has a slope, too.",
                lambda m, s, n, t: {"by_deviation": np.asarray(s) / np.square(t)}),
    ),
    parts=("kl", "by_mean", "by_deviation"),
)  # fmt: skip


# ---- the bound
def _bound_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for p, n in ((1, 1), (3, 2), (2, 3), (5, 2), (4, 4)):
        arguments = (random_numbers(rng, p), random_numbers(rng, n), _sizes(rng, n),
                     random_numbers(rng, n, p),
                     random_numbers(rng, p), round(float(rng.uniform(0.1, 0.4)), 3))  # fmt: skip
        cases.append(Case(arguments, f"{p} numbers in x and {n} in z"))
    return cases


def _bound(
    x: Numbers, mean: Numbers, deviation: Numbers, W: Matrix, b: Numbers, variance: float,
    *, noise: float = 1.0, constant: float = 1.0, price: float = 1.0, share: float = 1.0,
) -> float:  # fmt: skip
    """Return the bound, or with other factors of its terms what it is mistaken for."""
    x, m, s, w, b = (np.asarray(one, float) for one in (x, mean, deviation, W, b))  # type: ignore[assignment]
    square = np.sum((x - m @ w - b) ** 2)
    square = share * (square + noise * (np.square(s) @ np.square(w)).sum())
    fit = -0.5 * (square / variance + constant * len(x) * np.log(2 * np.pi * variance))
    return float(fit - price * _kl(mean, deviation, [0.0] * len(mean), [1.0] * len(mean))["kl"])


def _bound_of_square(
    x: Numbers, mean: Numbers, deviation: Numbers, W: Matrix, b: Numbers, variance: float
) -> float:
    return _bound(x, mean, np.square(deviation).tolist(), W, b, variance)


BOUND = FunctionQuestion(
    "4.4",
    "bound",
    _bound_cases,
    _bound,
    (
        Mistake("you put the mean of z into the decoder: the mean of a square is not the square of "
                "the mean.", partial(_bound, noise=0)),
        Mistake("the spread of z enters by its deviation; the mean of a square asks for its "
                "variance.",
                lambda x, m, s, w, b, v: _bound(x, m, s, w, b, v) + 0.5 / v * float(
                    np.sum((np.square(s) - np.asarray(s)) @ np.square(w)))),
        Mistake("you treat the deviation as if it were a variance, or square it twice.",
                _bound_of_square),
        Mistake("the constant of the normal density is missing; without it, this is no bound of "
                "log p(x).", partial(_bound, constant=0)),
        Mistake("you average the squared error over the numbers of x; the logarithm of a product "
                "is a sum.", lambda x, *rest: _bound(x, *rest, share=1 / len(x))),
        Mistake("you add the divergence; it is a price.", partial(_bound, price=-1)),
        Mistake("the divergence is missing: a precise q costs nothing then.",
                partial(_bound, price=0)),
        Mistake("that is the loss, which is minimised; the bound has the other sign.",
                lambda *arguments: -_bound(*arguments)),
        Mistake("`variance` is squared already.",
                lambda x, m, s, w, b, v: _bound(x, m, s, w, b, v**2)),
    ),
)  # fmt: skip


# ---- the gradient through a draw
def _draw_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for count, n in ((1, 1), (3, 2), (8, 3), (5, 4)):
        arguments = (random_numbers(rng, n), (2 * np.log(_sizes(rng, n))).round(3).tolist(),
                     random_numbers(rng, count, n), random_numbers(rng, n))  # fmt: skip
        cases.append(Case(arguments, f"{count} draws of {n} numbers"))
    return cases


def _draw(
    mean: Numbers, log_variance: Numbers, noise: Matrix, target: Numbers,
    *, spread: float = 0.5, half: float = 0.5,
) -> Parts:  # fmt: skip
    e, scale = np.asarray(noise, float), np.exp(spread * np.asarray(log_variance, float))
    z = np.asarray(mean) + scale * e
    slope = 2 * (z - np.asarray(target))
    return {"z": z, "by_mean": slope.mean(axis=0),
            "by_log_variance": half * (slope * scale * e).mean(axis=0)}  # fmt: skip


def _score_function(mean: Numbers, log_variance: Numbers, noise: Matrix, target: Numbers) -> Parts:
    e, scale = np.asarray(noise, float), np.exp(0.5 * np.asarray(log_variance, float))
    h = ((np.asarray(mean) + scale * e - np.asarray(target)) ** 2).sum(axis=1, keepdims=True)
    return {"by_mean": (h * e / scale).mean(axis=0),
            "by_log_variance": 0.5 * (h * (e**2 - 1)).mean(axis=0)}  # fmt: skip


def _exact(mean: Numbers, log_variance: Numbers, noise: Matrix, target: Numbers) -> Parts:
    return {"by_mean": 2 * np.subtract(mean, target), "by_log_variance": np.exp(log_variance)}


def _sums(mean: Numbers, log_variance: Numbers, noise: Matrix, target: Numbers) -> Parts:
    found = _draw(mean, log_variance, noise, target)
    return {name: len(noise) * found[name] for name in ("by_mean", "by_log_variance")}


def _without_noise(mean: Numbers, log_variance: Numbers, noise: Matrix, target: Numbers) -> Parts:
    e, scale = np.asarray(noise, float), np.exp(0.5 * np.asarray(log_variance, float))
    slope = 2 * (np.asarray(mean) + scale * e - np.asarray(target))
    return {"by_log_variance": 0.5 * (slope * scale).mean(axis=0)}


def _by_deviation(mean: Numbers, log_variance: Numbers, noise: Matrix, target: Numbers) -> Parts:
    found = _draw(mean, log_variance, noise, target)["by_log_variance"]
    return {"by_log_variance": 2 * found / np.exp(0.5 * np.asarray(log_variance, float))}


DRAW = FunctionQuestion(
    "4.5",
    "draw",
    _draw_cases,
    _draw,
    (
        Mistake("you use the variance as the deviation: half of the logarithm goes into exp.",
                partial(_draw, spread=1.0)),
        Mistake("you use the logarithm of the variance as it is; exp undoes it.",
                lambda m, v, e, t: {"z": np.asarray(m) + np.asarray(v) * np.asarray(e)}),
        Mistake("that is the estimate by the score function (6.8): right on average, and with a "
                "variance that (6.10) avoids.", _score_function),
        Mistake("that is the gradient over all draws there are; the estimate from the given ones "
                "is asked for.", _exact),
        Mistake("you add over the draws; take the mean.", _sums),
        Mistake("how much a draw moves with its deviation depends on its noise.", _without_noise),
        Mistake("the derivative of exp(v / 2) has a factor that is missing.",
                lambda *arguments: {"by_log_variance":
                                    _draw(*arguments, half=1.0)["by_log_variance"]}),
        Mistake("that is the slope by the deviation; it is asked by the logarithm of the variance.",
                _by_deviation),
    ),
    parts=("z", "by_mean", "by_log_variance"),
)  # fmt: skip
