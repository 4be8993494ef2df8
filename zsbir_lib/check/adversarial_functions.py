"""The functions about the game that assignment 5 asks for, and what people take them for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit, xlogy

from zsbir_lib.check.questions import Case, FunctionQuestion, Mistake

Numbers = list[float]
Matrix = list[list[float]]
Parts = dict[str, object]


def _law_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for number, n in enumerate(rng.integers(3, 8, 8).tolist()):
        p, q = rng.dirichlet(np.ones(n), 2)
        what = f"distributions over {n} points"
        if number % 2:
            p[0] = q[1] = 0  # a place without draws, and one without codes
            p, q = p / p.sum(), q / q.sum()
            what += ", of which each has one that the other never shows"
        share = float(rng.choice([rng.uniform(0.1, 0.4), rng.uniform(0.6, 0.9)]))
        cases.append(Case((p.tolist(), q.tolist(), share), f"{what}, share {share:.2f}"))
    return cases


def _best(p: Numbers, q: Numbers, share: float) -> np.ndarray:
    draws, codes = share * np.array(p), (1 - share) * np.array(q)
    return draws / (draws + codes)


def _pay(p: Numbers, q: Numbers, share: float, best: np.ndarray) -> float:
    draws, codes = share * np.array(p), (1 - share) * np.array(q)
    # Where no draws are, log D is not asked for, though D is 0.
    return float((xlogy(draws, best) + xlogy(codes, 1 - best)).sum())


def _value(p: Numbers, q: Numbers, share: float) -> float:
    return _pay(p, q, share, _best(p, q, share))


def _entropy(share: float) -> float:
    return float(-xlogy(share, share) - xlogy(1 - share, 1 - share))


def _odds(p: Numbers, q: Numbers, share: float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return share * np.array(p) / ((1 - share) * np.array(q))


def _d(made: Callable[[Numbers, Numbers, float], object]) -> Callable[..., Parts]:
    return lambda p, q, share: {"D": made(p, q, share)}


def _v(made: Callable[[Numbers, Numbers, float], object]) -> Callable[..., Parts]:
    return lambda p, q, share: {"value": made(p, q, share)}


BEST = FunctionQuestion(
    "5.1",
    "best_discriminator",
    _law_cases,
    lambda p, q, share: {"D": _best(p, q, share), "value": _value(p, q, share)},
    (
        Mistake("that is the best answer where draws and codes are shown equally often; here they "
                "are not. Put the share into the pay before you derive.",
                _d(lambda p, q, share: _best(p, q, 0.5))),
        Mistake("draws and codes are exchanged: D is how sure it is that it sees a draw.",
                _d(lambda p, q, share: 1 - _best(p, q, share))),
        Mistake("the share stands on the wrong side: it is that of draws, not that of codes.",
                _d(lambda p, q, share: _best(p, q, 1 - share))),
        Mistake("you decide by the larger of the two; the logarithm pays for saying how sure one "
                "is.", _d(lambda p, q, share: (_best(p, q, share) > 0.5).astype(float))),
        Mistake("that is a ratio of densities, which can be above 1; D is a probability.",
                _d(_odds)),
        Mistake("that is the pay where draws and codes are shown equally often.",
                _v(lambda p, q, share: _value(p, q, 0.5))),
        Mistake("you add the two means as (8.4) does, as if each part were shown always; weigh "
                "them by how often it is.",
                _v(lambda p, q, share: float((xlogy(p, _best(p, q, share))
                                              + xlogy(q, 1 - _best(p, q, share))).sum()))),
        Mistake("that is a loss: the sign is turned. The value is what the discriminator is paid.",
                _v(lambda p, q, share: -_value(p, q, share))),
        Mistake("your logarithm has another base; take the natural one.",
                _v(lambda p, q, share: _value(p, q, share) / np.log(2))),
        Mistake("that is the part with the divergences only; a constant that depends on the share "
                "is lost.", _v(lambda p, q, share: _value(p, q, share) + _entropy(share))),
        Mistake("the constant is that of equal shares; derive it again.",
                _v(lambda p, q, share: _value(p, q, share) + _entropy(share) - np.log(4))),
        Mistake("the constant is that of equal shares, and half of it; derive it again.",
                _v(lambda p, q, share: _value(p, q, share) + _entropy(share) - np.log(2))),
    ),
    parts=("D", "value"),
)  # fmt: skip


def _loss_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for number in range(7):
        n, d, draws = (int(rng.integers(*ends)) for ends in ((2, 6), (2, 5), (2, 6)))
        photos, made = rng.normal(size=(2, n, d)).round(3)
        of_codes, of_draws = rng.normal(0, 2, n).round(3), rng.normal(0, 2, draws + 1).round(3)
        what = f"{n} pairs of {d} numbers"
        if number % 3 == 2:
            # Some answers are so sure, and so wrong, that D is 0 or 1 in floating point.
            of_codes[0], of_codes[-1], of_draws[0], of_draws[-1] = 60, -900, 50, -800
            what = "logits of which some are hundreds from 0"
        weight = round(float(rng.uniform(0.05, 0.9)), 3)
        arguments = (photos.tolist(), made.tolist(), of_codes.tolist(), of_draws.tolist(), weight)
        cases.append(Case(arguments, what))
    return cases


def _softplus(t: Numbers | np.ndarray) -> np.ndarray:
    return np.logaddexp(0, t)


def _network(
    photos: Matrix, made: Matrix, of_codes: Numbers, of_draws: Numbers, weight: float,
    *, rebuilt: float = 0.5, per_number: bool = False, add: bool = False,
    adversary: Callable[[np.ndarray], np.ndarray] = lambda t: _softplus(-t), scale: bool = True,
) -> float:  # fmt: skip
    """Return (8.10) without its regulariser, or with other parts another loss."""
    squared = (np.array(photos) - np.array(made)) ** 2
    per_pair = squared.mean(axis=1) if per_number else squared.sum(axis=1)
    against = adversary(np.array(of_codes))
    factor = weight * (squared.shape[1] if scale else 1)
    collect = np.sum if add else np.mean
    return float(rebuilt * collect(per_pair) + factor * collect(against))


def _discriminator(of_codes: Numbers, of_draws: Numbers, collect: Callable = np.mean) -> float:
    draws, codes = _softplus(-np.array(of_draws)), _softplus(np.array(of_codes))
    return float(collect(draws) + collect(codes))


def _losses(x: Matrix, m: Matrix, c: Numbers, d: Numbers, w: float) -> Parts:
    return {"network": _network(x, m, c, d, w), "discriminator": _discriminator(c, d)}


def _rounded(t: np.ndarray) -> np.ndarray:
    """Return -log D as somebody has it who computes D first."""
    with np.errstate(divide="ignore", over="ignore"):
        return -np.log(1 / (1 + np.exp(-t)))


def _rounded_other(t: np.ndarray) -> np.ndarray:
    """Return -log(1 - D) in the same way."""
    with np.errstate(divide="ignore", over="ignore"):
        return -np.log(1 - 1 / (1 + np.exp(-t)))


def _n(**change: object) -> Callable[..., Parts]:
    return lambda *arguments: {"network": _network(*arguments, **change)}  # type: ignore[arg-type]


def _of_d(made: Callable[[Numbers, Numbers], float]) -> Callable[..., Parts]:
    return lambda photos, generated, of_codes, of_draws, weight: {
        "discriminator": made(of_codes, of_draws)
    }


LOSSES = FunctionQuestion(
    "5.2",
    "two_losses",
    _loss_cases,
    _losses,
    (
        Mistake("D rounds to 0 or 1 where a logit is large, and its logarithm is infinite there. "
                "Write log D by the logit itself.", _n(adversary=_rounded)),
        Mistake("that minimises the log-likelihood, as the sign is printed in (8.8): the network "
                "would learn to rebuild as badly as it can.", _n(rebuilt=-0.5)),
        Mistake("the adversarial term saturates; take the one that pushes hardest where D is sure.",
                _n(adversary=lambda t: -_softplus(t))),
        Mistake("the network is made to help the discriminator: its codes should be taken for "
                "draws.", _n(adversary=_softplus)),
        Mistake("the sign of the adversarial term is turned: what should D say of a code, by the "
                "network's wish?", _n(adversary=lambda t: -_softplus(-t))),
        Mistake("the adversarial term lacks the factor d: the reconstruction is a sum over d "
                "numbers, and the game is one.", _n(scale=False)),
        Mistake("you average over the numbers of a photo; the log-likelihood of a photo is their "
                "sum.", _n(per_number=True)),
        Mistake("a half is missing: with variance 1, what stands before the squared error in the "
                "logarithm of a Gaussian density?", _n(rebuilt=1.0)),
        Mistake("you add over pairs; take the mean, or the loss grows with the batch.",
                _n(add=True)),
        Mistake("D rounds to 0 or 1 where a logit is large, and its logarithm is infinite there. "
                "Write log(1 - D) by the logit itself.",
                _of_d(lambda c, d: float(_rounded(np.array(d)).mean()
                                         + _rounded_other(np.array(c)).mean()))),
        Mistake("draws and codes are exchanged: the discriminator is paid for a high D at draws.",
                _of_d(lambda c, d: _discriminator(d, c))),
        Mistake("that is its pay, which it maximises; asked for is what is minimised.",
                _of_d(lambda c, d: -_discriminator(c, d))),
        Mistake("you average over draws and codes together; (8.4) has a mean over each, and adds "
                "them.", _of_d(lambda c, d: _discriminator(c, d, np.sum) / (len(c) + len(d)))),
        Mistake("you halve the sum of the two means; (8.4) adds them.",
                _of_d(lambda c, d: _discriminator(c, d) / 2)),
        Mistake("that is the part of the codes only; a discriminator that says 0 always would be "
                "perfect.", _of_d(lambda c, d: float(_softplus(np.array(c)).mean()))),
    ),
    parts=("network", "discriminator"),
)  # fmt: skip


def _push_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for width in rng.permutation([1, 1, 2, 2, 3, 3, 4, 4, 5]).tolist():
        z, mean = rng.normal(size=(2, width)).round(3)
        deviation = round(float(rng.choice([rng.uniform(0.4, 0.8), rng.uniform(1.3, 1.9)])), 3)
        what = f"{width} number{'s' * (width > 1)} and codes of deviation {deviation}"
        cases.append(Case((z.tolist(), mean.tolist(), deviation), what))
    return cases


def _logit(z: Numbers, mean: Numbers, deviation: float, count: int | None = None) -> float:
    """Return log p - log q for p = N(0, I) and q = N(mean, deviation^2 I)."""
    from_prior, from_mean = np.array(z), np.array(z) - np.array(mean)
    count = len(z) if count is None else count
    return float(
        (from_mean @ from_mean) / (2 * deviation**2)
        - from_prior @ from_prior / 2
        + count * np.log(deviation)
    )


def _slope(z: Numbers, mean: Numbers, deviation: float) -> np.ndarray:
    return (np.array(z) - np.array(mean)) / deviation**2 - np.array(z)


def _pushes(z: Numbers, mean: Numbers, deviation: float) -> Parts:
    logit, slope = _logit(z, mean, deviation), _slope(z, mean, deviation)
    return {
        "logit": logit,
        "non-saturating": expit(-logit) * slope,
        "saturating": expit(logit) * slope,
    }


def _both(made: Callable[[float, np.ndarray], np.ndarray]) -> Callable[..., Parts]:
    """Return pushes in which D's slope is taken otherwise; `made` gets a force and the slope."""

    def parts(z: Numbers, mean: Numbers, deviation: float) -> Parts:
        logit, slope = _logit(z, mean, deviation), _slope(z, mean, deviation)
        return {
            "non-saturating": made(float(expit(-logit)), slope),
            "saturating": made(float(expit(logit)), slope),
        }

    return parts


def _swapped(z: Numbers, mean: Numbers, deviation: float) -> Parts:
    right = _pushes(z, mean, deviation)
    return {"non-saturating": right["saturating"], "saturating": right["non-saturating"]}


def _attracted(z: Numbers, mean: Numbers, deviation: float) -> Parts:
    logit = _logit(z, mean, deviation)
    home = -np.array(z)
    return {"non-saturating": expit(-logit) * home, "saturating": expit(logit) * home}


def _unsquared(z: Numbers, mean: Numbers, deviation: float) -> Parts:
    logit = _logit(z, mean, deviation)
    slope = (np.array(z) - np.array(mean)) / deviation - np.array(z)
    return {"non-saturating": expit(-logit) * slope, "saturating": expit(logit) * slope}


PUSH = FunctionQuestion(
    "5.3",
    "pushes",
    _push_cases,
    _pushes,
    (
        Mistake("the sign is turned: where draws are denser than codes, the logit is above 0.",
                lambda z, m, s: {"logit": -_logit(z, m, s)}),
        Mistake("the constants of the two normal densities do not cancel: their deviations differ.",
                lambda z, m, s: {"logit": _logit(z, m, s, 0)}),
        Mistake("a normal density in several numbers has its deviation once for each of them.",
                lambda z, m, s: {"logit": _logit(z, m, s, 1)}),
        Mistake("that is D, not its logit.",
                lambda z, m, s: {"logit": float(expit(_logit(z, m, s)))}),
        Mistake("that is the slope of the loss; a code moves against it.",
                _both(lambda force, slope: -force * slope)),
        Mistake("the two losses are exchanged: which of them pushes hard where D is near 0?",
                _swapped),
        Mistake("that is the slope of the logit; the loss is a function of the logit, so a factor "
                "is missing.", _both(lambda force, slope: slope)),
        Mistake("you take the derivative of the logarithm by D, and then D for its "
                "logit: the slope of D by its logit is lost.",
                _both(lambda force, slope: slope / (1 - force))),
        Mistake("that is the slope of D itself; the loss is a logarithm of it.",
                _both(lambda force, slope: force * (1 - force) * slope)),
        Mistake("you pull codes to the prior's middle and forget that they push each other apart: "
                "the density of codes has a slope, too.", _attracted),
        Mistake("you divide by the deviation; the slope of a Gaussian's log-density has the "
                "variance.", _unsquared),
    ),
    parts=("logit", "non-saturating", "saturating"),
)  # fmt: skip
