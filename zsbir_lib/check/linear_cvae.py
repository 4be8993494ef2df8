r"""A conditional VAE whose networks are matrices, small enough to be trained in a cell.

For a photo :math:`x` (p numbers) of a sketch :math:`s` (d numbers) and :math:`\ell` numbers of z,

.. math::

    q(z \mid x, s) = \mathcal{N}\big([x, s] A, \mathrm{diag}\, e^{c}\big), \quad
    \hat x = z W + s V, \quad f_{NN}(\hat x) = \hat x R .

Its collapse is known in closed form: Lucas, Tucker, Grosse and Norouzi, *Don't Blame the ELBO!*,
NeurIPS 2019.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zsbir_lib.metrics import precision_at_k
from zsbir_lib.protocols import Interval, class_bootstrap
from zsbir_lib.retrieval import kmeans

Matrices = Mapping[str, Any]
"""By ``"A"`` (p + d, l), ``"c"`` (l,), ``"W"`` (l, p), ``"V"`` (d, p) and ``"R"`` (p, d)."""

VARIANCE = 0.5
"""Of the decoder, as in the chapter."""
WEIGHTS = (0.1, 0.6, 4.0, 24.0)
"""Of the divergence, those that are tried."""
REGULARISERS = (0.0, 1.0, 30.0)
"""Weights of the regulariser that are tried."""
RATE, STEPS = 0.07, 80
_P, _D, _L = 8, 4, 6
_EACH = 8  # photos of one sketch
_LEARNT, _ASKED = 20, 40
_LESS = 0.7  # at first z is used, and not to the full, so that fewer steps are enough either way


@dataclass(frozen=True)
class Terms:
    """The terms of the loss, each the mean over the batch.

    Attributes
    ----------
    reconstruction, divergence, regulariser : Tensor
        Scalars, before they are weighed.
    """

    reconstruction: Tensor
    divergence: Tensor
    regulariser: Tensor


def terms(
    mean: Tensor, log_variance: Tensor, made: Tensor, photos: Tensor, read: Tensor,
    sketches: Tensor, variance: float,
) -> Terms:  # fmt: skip
    """Return the terms of the conditional VAE's loss, as `zsbir_lib.methods.CVAE` has them.

    Parameters
    ----------
    mean, log_variance
        Of q, each (n, l).
    made, photos
        What was generated and what was to be, each (n, p).
    read, sketches
        What was read back and what was to be, each (n, d).
    variance
        Of the decoder.
    """
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance)
    return Terms(
        ((made - photos) ** 2).sum(dim=1).mean() / (2 * variance),
        kl.sum(dim=1).mean(),
        ((read - sketches) ** 2).sum(dim=1).mean(),
    )


@dataclass(frozen=True)
class Faults:
    """What can go wrong in a training; by default nothing.

    Attributes
    ----------
    accumulates, ascends : bool
        Gradients are not set to zero; the loss becomes larger.
    shares_noise, draws : bool
        Every step takes the first noise; z is drawn at all.
    deviation_is_variance : bool
        The noise is scaled by the variance.
    decoder_sees_sketch, by_adam : bool
        As it should be; otherwise z alone is decoded, or the descent is plain.
    mean_reconstruction : bool
        The fault of the released code; see `zsbir_lib.methods.CVAE`.
    """

    accumulates: bool = False
    ascends: bool = False
    shares_noise: bool = False
    draws: bool = True
    deviation_is_variance: bool = False
    decoder_sees_sketch: bool = True
    by_adam: bool = True
    mean_reconstruction: bool = False


def fit_linear(
    sketches: Any, photos: Any, first: Matrices, noise: Any, variance: float, beta: float,
    weight: float, rate: float, *, faults: Faults | None = None,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Train on all pairs at once, one step of Adam for each entry of `noise`.

    Parameters
    ----------
    sketches, photos
        Shapes (n, d) and (n, p).
    first
        The matrices to begin with.
    noise
        Standard normal, shape (steps, n, l).
    variance, beta, weight
        Of the decoder, of the divergence, of the regulariser.
    rate
        Learning rate of Adam.
    faults
        What is to go wrong; None for nothing.

    Returns
    -------
    dict of str to ndarray
        The matrices after the last step.
    """
    faults = faults or Faults()
    s, x, noise = (torch.as_tensor(np.asarray(one, float)) for one in (sketches, photos, noise))
    made = {name: torch.tensor(np.asarray(value, float), requires_grad=True)
            for name, value in first.items()}  # fmt: skip
    adam = torch.optim.Adam if faults.by_adam else torch.optim.SGD
    optimiser = adam(list(made.values()), lr=rate)
    both = torch.cat([x, s], dim=1)
    for number in range(len(noise)):
        mean = both @ made["A"]
        log_variance = made["c"].expand_as(mean)
        z = mean
        if faults.draws:
            scale = log_variance.exp() if faults.deviation_is_variance else (log_variance / 2).exp()
            z = mean + scale * noise[0 if faults.shares_noise else number]
        generated = z @ made["W"]
        if faults.decoder_sees_sketch:
            generated = generated + s @ made["V"]
        parts = terms(mean, log_variance, generated, x, generated @ made["R"], s, variance)
        fit = parts.reconstruction
        if faults.mean_reconstruction:
            fit = fit / x.shape[1]
        loss = fit + beta * parts.divergence + weight * parts.regulariser
        if not faults.accumulates:
            optimiser.zero_grad()
        (-loss if faults.ascends else loss).backward()
        optimiser.step()
    return {name: value.detach().numpy() for name, value in made.items()}


def best_numbers(
    kappa: Sequence[float] | np.ndarray, beta: float, variance: float
) -> dict[str, np.ndarray]:
    r"""Return what the best linear model makes of directions with these variances.

    :math:`w^2 = \max(0, \kappa - \beta\sigma^2)`; where it is positive the posterior means have
    the variance :math:`1 - \beta\sigma^2 / \kappa`, and the divergence is
    :math:`\frac12 \log (\kappa / \beta\sigma^2)`.

    Parameters
    ----------
    kappa
        What varies in each direction when the sketch's part is subtracted.
    beta, variance
        Weight of the divergence, and variance of the decoder.

    Returns
    -------
    dict of str to ndarray
        ``"squared_weights"``, ``"variances"`` and ``"nats"``, each as long as `kappa`.
    """
    noise = beta * variance
    ratio = np.maximum(1.0, np.asarray(kappa, float) / noise)
    return {"squared_weights": noise * (ratio - 1), "variances": 1 - 1 / ratio,
            "nats": 0.5 * np.log(ratio)}  # fmt: skip


class LinearPairs:
    """Made-up pairs, in which what a sketch leaves open varies by known amounts.

    Parameters
    ----------
    rng
        From which all is drawn.

    Attributes
    ----------
    kappa : ndarray, shape (p,)
        Variance of the photos in each direction when the sketch's part is subtracted, the
        largest first. None lies near a weight of ``WEIGHTS`` times ``VARIANCE``.
    sketches, photos : ndarray, shapes (n, d) and (n, p)
        Pairs to learn from; each sketch stands for several photos.
    queries, gallery : ndarray
        Sketches that are asked, and photos, of which each has several.
    noise : ndarray, shape (steps, n, l)
        Standard normal. Its mean, covariance, and correlation with the pairs are those of
        infinitely many draws, so that the mean over all pairs is the expectation.
    first : dict of str to ndarray
        A model to begin with, in which all numbers of z are used.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.kappa = _variances(rng)
        basis = np.linalg.qr(rng.normal(size=(_P, _P)))[0]
        way = 1.5 * np.linalg.qr(rng.normal(size=(_P, _D)))[0].T
        asked = rng.normal(size=(_ASKED, _D))
        learnt = rng.normal(size=(_LEARNT, _D))
        learnt -= learnt.mean(axis=0)
        learnt /= np.sqrt((learnt**2).mean())
        self.sketches, self.queries = learnt.repeat(_EACH, axis=0), asked
        rest = _whitened(rng.normal(size=(1, _LEARNT * _EACH, _P)), self.sketches)[0]
        self.photos = self.sketches @ way + rest * np.sqrt(self.kappa) @ basis
        other = rng.normal(size=(_ASKED * _EACH, _P))
        self.gallery = asked.repeat(_EACH, axis=0) @ way + other * np.sqrt(self.kappa) @ basis
        seen = np.hstack([self.photos, self.sketches])
        self.noise = _whitened(rng.normal(size=(STEPS, len(seen), _L)), seen)
        self.first = self._begin(rng)

    def _begin(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Return a linear autoencoder of what a regression on the sketches leaves."""
        to_photo = np.linalg.lstsq(self.sketches, self.photos, rcond=None)[0]
        rest = self.photos - self.sketches @ to_photo
        size, axes = np.linalg.eigh(rest.T @ rest / len(rest))
        size, axes = size[::-1][:_L], axes[:, ::-1][:, :_L]
        read = axes / np.sqrt(size)
        return {
            "A": _LESS * np.vstack([read, -to_photo @ read]),
            "c": np.full(_L, -3.0),
            "W": _LESS * (axes * np.sqrt(size)).T,
            "V": to_photo,
            "R": rng.normal(0, 0.1, (_P, _D)),
        }

    def posterior(self, model: Matrices) -> tuple[np.ndarray, np.ndarray]:
        """Return nats of each number of z, and the variance of its posterior mean, each (l,)."""
        mean = np.hstack([self.photos, self.sketches]) @ np.asarray(model["A"])
        c = np.asarray(model["c"])
        return 0.5 * (mean**2 + np.exp(c) - 1 - c).mean(axis=0), mean.var(axis=0)

    def generate(self, model: Matrices, sketches: np.ndarray, count: int) -> np.ndarray:
        """Return what `model` makes for `sketches` of the same `count` z, shape (n, count, p)."""
        z = np.random.default_rng(0).normal(size=(count, _L))
        made = z @ np.asarray(model["W"])
        return (sketches @ np.asarray(model["V"]))[:, None] + made

    def precision(self, model: Matrices) -> np.ndarray:
        """Return P@8 of each sketch asked, by cosine to the nearest of five K-means centres."""
        samples = torch.as_tensor(self.generate(model, self.queries, 60))
        centres = kmeans(samples, 5).centres.numpy()
        centres = centres / np.linalg.norm(centres, axis=2, keepdims=True)
        photos = self.gallery / np.linalg.norm(self.gallery, axis=1, keepdims=True)
        nearest = (centres @ photos.T).max(axis=1)
        order = np.argsort(-nearest, axis=1, kind="stable")
        return precision_at_k(order // _EACH == np.arange(_ASKED)[:, None], _EACH)

    def spread(self, model: Matrices) -> float:
        """Return the variance among the samples of a sketch over that of the sketches' means."""
        made = self.generate(model, self.queries, 60)
        return float(made.var(axis=1).mean(axis=0).sum() / made.mean(axis=1).var(axis=0).sum())

    def difference(self, model: Matrices, reference: Matrices) -> Interval:
        """Return P@8 of `model` less that of `reference`, with an interval over sketches."""
        return class_bootstrap(self.precision(model), self.precision(reference), n_resamples=2000)


def _variances(rng: np.random.Generator) -> np.ndarray:
    """Draw variances between the limits that the weights set, at least one between any two."""
    limits = np.log(np.array(WEIGHTS) * VARIANCE)
    gaps = len(limits) - 1
    place = np.concatenate([np.arange(gaps), rng.integers(0, gaps, _L - gaps)])
    inside = rng.uniform(0.4, 0.6, _L)
    drawn = np.exp(limits[place] + inside * (limits[place + 1] - limits[place]))
    return np.concatenate([np.sort(drawn)[::-1], np.full(_P - _L, 0.01)])


def _whitened(draws: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return draws (m, n, k) with mean 0 and covariance I, uncorrelated with `known` (n, j)."""
    span = np.linalg.qr(np.hstack([np.ones((len(known), 1)), known]))[0]
    draws = draws - span @ (span.T @ draws)
    root = np.linalg.cholesky(draws.transpose(0, 2, 1) @ draws / draws.shape[1])
    return draws @ np.linalg.inv(root).transpose(0, 2, 1)
