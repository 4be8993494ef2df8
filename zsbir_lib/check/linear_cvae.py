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

Matrices = Mapping[str, Any]
"""By ``"A"`` (p + d, l), ``"c"`` (l,), ``"W"`` (l, p), ``"V"`` (d, p) and ``"R"`` (p, d)."""

VARIANCE = 0.5
"""Of the decoder, as in the chapter."""
RATE = 0.07
"""Of Adam."""


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
