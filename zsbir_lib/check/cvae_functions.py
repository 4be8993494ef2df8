"""The functions of a conditional VAE that assignment 4 asks for, and what they are taken for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from zsbir_lib.check.generating_functions import Matrix, Numbers, Parts, random_numbers
from zsbir_lib.check.linear_cvae import Faults, best_numbers, fit_linear, terms
from zsbir_lib.check.questions import Case, FunctionQuestion, Mistake


# ---- the loss
def _loss_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for n, width, p, d in ((1, 2, 3, 2), (3, 2, 4, 3), (4, 3, 2, 5), (5, 4, 6, 3)):
        arguments = (
            random_numbers(rng, n, width), random_numbers(rng, n, width), random_numbers(rng, n, p),
            random_numbers(rng, n, p), random_numbers(rng, n, d), random_numbers(rng, n, d),
            *(round(float(rng.uniform(*ends)), 3) for ends in ((0.1, 0.4), (1.5, 4), (4.5, 9))),
        )  # fmt: skip
        cases.append(Case(arguments, f"{n} pairs, {p} numbers in a photo and {width} in z"))
    return cases


def _loss(
    mean: Matrix, log_variance: Matrix, made: Matrix, photos: Matrix, read: Matrix,
    sketches: Matrix, variance: float, beta: float, weight: float,
) -> Parts:  # fmt: skip
    batch = (mean, log_variance, made, photos, read, sketches)
    m, v, x_made, x, s_read, s = (torch.as_tensor(one, dtype=torch.float64) for one in batch)
    found = terms(m, v, x_made, x, s_read, s, variance)
    parts = {name: float(getattr(found, name)) for name in _TERMS}
    return {**parts, "total": _total(parts, beta, weight)}


_TERMS = ("reconstruction", "divergence", "regulariser")


def _total(parts: Parts, beta: float, weight: float) -> float:
    return parts["reconstruction"] + beta * parts["divergence"] + weight * parts["regulariser"]


def _scaled(which: str, factor: Callable[..., float]) -> Callable[..., Parts]:
    """Return the loss with one term times a factor, which depends on the arguments."""

    def made(*arguments: Any) -> Parts:
        found = _loss(*arguments)
        return {which: found[which] * factor(*arguments)}

    return made


def _all_scaled(factor: Callable[..., float]) -> Callable[..., Parts]:
    return lambda *arguments: {
        name: value * factor(*arguments) for name, value in _loss(*arguments).items()
    }


def _weighted(
    beta: Callable[[float], float], weight: Callable[[float], float]
) -> Callable[..., Parts]:
    return lambda *arguments: {
        "total": _total(_loss(*arguments), beta(arguments[7]), weight(arguments[8]))
    }


def _same(value: float) -> float:
    return value


def _one(value: float) -> float:
    return 1.0


def _without_logarithm(*arguments: Any) -> Parts:
    lost = np.asarray(arguments[1]).sum(axis=1).mean() / 2
    return {"divergence": _loss(*arguments)["divergence"] + lost}


def _of_deviations(*arguments: Any) -> Parts:
    log = 2 * np.asarray(arguments[1])
    return {"divergence": _loss(arguments[0], log.tolist(), *arguments[2:])["divergence"]}


LOSS = FunctionQuestion(
    "4.6",
    "cvae_loss",
    _loss_cases,
    _loss,
    (
        Mistake("you add over the pairs of the batch; the loss is their mean.",
                _all_scaled(lambda *a: len(a[0]))),
        Mistake("you average the squared error over the numbers of a photo. Equation (7.4) adds, "
                "and the fault of the released code is here.",
                _scaled("reconstruction", lambda *a: 1 / len(a[2][0]))),
        Mistake("the decoder's variance is missing: it is the exchange rate of errors and nats.",
                _scaled("reconstruction", lambda *a: 2 * a[6])),
        Mistake("look at the factor of the squared error in (7.4) again.",
                _scaled("reconstruction", lambda *a: 2)),
        Mistake("you average over the numbers of z; divergences of independent numbers add.",
                _scaled("divergence", lambda *a: 1 / len(a[0][0]))),
        Mistake("look at the factor in front of the sum in (6.7) again.",
                _scaled("divergence", lambda *a: 2)),
        Mistake("a divergence is never negative; a sign is turned.",
                _scaled("divergence", lambda *a: -1)),
        Mistake("precision costs nothing in this divergence: its logarithm is missing.",
                _without_logarithm),
        Mistake("you take the logarithm of the variance for that of the deviation.",
                _of_deviations),
        Mistake("you average over the numbers of a sketch; (7.5) adds them.",
                _scaled("regulariser", lambda *a: 1 / len(a[4][0]))),
        Mistake("the weight of the regulariser belongs into the total, not into the term.",
                _scaled("regulariser", lambda *a: a[8])),
        Mistake("the weight of the divergence belongs into the total, not into the term.",
                _scaled("divergence", lambda *a: a[7])),
        Mistake("the total leaves both weights out.", _weighted(_one, _one)),
        Mistake("the total leaves out the weight of the divergence.", _weighted(_one, _same)),
        Mistake("the total leaves out the weight of the regulariser.", _weighted(_same, _one)),
        Mistake("the total is to be minimised: it subtracts what it should add.",
                lambda *a: {"total": -_loss(*a)["total"]}),
    ),
    parts=(*_TERMS, "total"),
)  # fmt: skip


# ---- the training
def _fit_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for n, p, d, width, steps in ((5, 3, 2, 2, 3), (6, 4, 3, 2, 4), (4, 2, 2, 1, 5)):
        shapes = {"A": (p + d, width), "c": (width,), "W": (width, p), "V": (d, p), "R": (p, d)}
        first = {name: random_numbers(rng, *shape) for name, shape in shapes.items()}
        arguments = (random_numbers(rng, n, d), random_numbers(rng, n, p), first,
                     random_numbers(rng, steps, n, width), 0.3, 1.7, 0.6, 0.05)  # fmt: skip
        cases.append(Case(arguments, f"{n} pairs and {steps} steps"))
    return cases


def _faulty(**faults: bool) -> Callable[..., dict[str, np.ndarray]]:
    return lambda *arguments: fit_linear(*arguments, faults=Faults(**faults))


FIT = FunctionQuestion(
    "4.7",
    "fit_cvae",
    _fit_cases,
    fit_linear,
    (
        Mistake("the gradients of all steps add up; set them to zero before each.",
                _faulty(accumulates=True)),
        Mistake("you climb: the loss is to become smaller.", _faulty(ascends=True)),
        Mistake("every step uses the first noise; each has its own.", _faulty(shares_noise=True)),
        Mistake("you decode the mean of q and draw nothing: that is no bound.",
                _faulty(draws=False)),
        Mistake("you scale the noise by the variance; a draw is scaled by the deviation.",
                _faulty(deviation_is_variance=True)),
        Mistake("the decoder does not see the sketch.", _faulty(decoder_sees_sketch=False)),
        Mistake("that is plain gradient descent; the optimiser asked for is Adam.",
                _faulty(by_adam=False)),
        Mistake("the loop is right, the loss is not: it averages over the numbers of a photo. See "
                "question 4.6.", _faulty(mean_reconstruction=True)),
        Mistake("the weight of the divergence has no effect.",
                lambda s, x, f, e, v, beta, w, r: fit_linear(s, x, f, e, v, 1.0, w, r)),
        Mistake("the weight of the regulariser has no effect.",
                lambda s, x, f, e, v, beta, w, r: fit_linear(s, x, f, e, v, beta, 1.0, r)),
        Mistake("the regulariser is not in the loss.",
                lambda s, x, f, e, v, beta, w, r: fit_linear(s, x, f, e, v, beta, 0.0, r)),
        Mistake("you return the matrices with which you began.",
                lambda s, x, f, *rest: f),
        Mistake("one step is missing, or one too many: there is a step for each entry of `noise`.",
                lambda s, x, f, e, *rest: fit_linear(s, x, f, e[:-1], *rest)),
    ),
)  # fmt: skip


# ---- when a number of z pays
def _pays_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for beta, variance in ((0.5, 0.5), (2.0, 0.3), (4.0, 0.25), (1.0, 0.7)):
        limit = beta * variance
        kappa = np.sort(limit * np.array([0.2, 0.7, 1.5, 4.0]) * rng.uniform(0.8, 1.2, 4))[::-1]
        cases.append(Case((kappa.round(4).tolist(), beta, variance),
                          f"weight {beta} and variance {variance}"))  # fmt: skip
    return cases


def _unclipped(kappa: Numbers, beta: float, variance: float) -> Parts:
    k, noise = np.asarray(kappa, float), beta * variance
    return {"squared_weights": k - noise, "variances": 1 - noise / k,
            "nats": 0.5 * np.log(k / noise)}  # fmt: skip


def _free(kappa: Numbers, beta: float, variance: float) -> Parts:
    return best_numbers(kappa, 1.0, variance)


PAYS = FunctionQuestion(
    "4.8",
    "best_numbers",
    _pays_cases,
    best_numbers,
    (
        Mistake("beta is left out: it acts like a larger variance of the decoder.", _free),
        Mistake("what no number of z explains has no weight, no variance and no nats; yours is "
                "negative.", _unclipped),
        Mistake("beta divides the decoder's variance where it should multiply it.",
                lambda k, b, v: best_numbers(k, 1 / b, v)),
        Mistake("you take the decoder's variance for a deviation.",
                lambda k, b, v: best_numbers(k, b, v**2)),
        Mistake("that is w, not its square.",
                lambda k, b, v: {"squared_weights":
                                 np.sqrt(best_numbers(k, b, v)["squared_weights"])}),
        Mistake("that is the variance of q; asked for is how much its mean varies over the photos.",
                lambda k, b, v: {"variances": 1 - best_numbers(k, b, v)["variances"]}),
        Mistake("you weigh the divergence; `nats` are the divergence itself.",
                lambda k, b, v: {"nats": b * best_numbers(k, b, v)["nats"]}),
        Mistake("look at the factor in front of the logarithm again.",
                lambda k, b, v: {"nats": 2 * best_numbers(k, b, v)["nats"]}),
        Mistake("those are bits; take the natural logarithm.",
                lambda k, b, v: {"nats": best_numbers(k, b, v)["nats"] / np.log(2)}),
    ),
    parts=("squared_weights", "variances", "nats"),
)  # fmt: skip
