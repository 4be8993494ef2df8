"""Logistic regressions on the same features, all fitted at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zsbir_lib.errors import SingularMatrixError, ZsbirError, hyper_parameter
from zsbir_lib.methods.linear_algebra import cholesky, gram

_ITERATIONS = 200
_TOLERANCE = 1e-5  # of the largest number in the gradient


def fit_logistic(features: Tensor, targets: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    r"""Fit logistic regressions, one for each column of the targets, by L-BFGS.

    The curvature of the loss is nowhere above :math:`\frac{1}{4n} X^\top X + \rho I` (Böhning,
    1992). In coordinates where this bound is the identity, few steps are enough.

    Parameters
    ----------
    features
        Shape (n, d); the fit is to their centred and scaled values, the result is for them as
        they are.
    targets
        0 and 1, shape (n, a).
    ridge
        :math:`\rho`, in units of the features' mean square; biases are free.

    Returns
    -------
    weights : Tensor of float32, shape (d, a)
        For the features as they are.
    biases : Tensor of float32, shape (a,)
        For the same.

    Raises
    ------
    SingularMatrixError
        If the bound has no inverse.
    ZsbirError
        If the fit does not converge: features separate an attribute, and the ridge is too small
        to hold the weights.
    """
    n = len(features)
    moments, mean = gram(features)
    covariance = moments / n - torch.outer(mean, mean)
    scale = covariance.diagonal().mean().sqrt()
    bound = covariance / (4 * scale**2)
    bound.diagonal().add_(ridge)
    try:
        factor = cholesky(bound)
    except SingularMatrixError as error:
        advice = f"raise {hyper_parameter('ridge')} (it is {ridge:g})"
        raise SingularMatrixError(f"DAP: {error}; {advice}") from None

    def as_they_are(point: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        w = torch.linalg.solve_triangular(factor.T, point[1:], upper=True)
        return w, w / scale, 2 * point[0] - mean @ w / scale

    share = targets.double().mean(dim=0).clamp(1 / (2 * n), 1 - 1 / (2 * n))
    point = torch.zeros(1 + features.shape[1], targets.shape[1], dtype=torch.float64)
    point[0] = share.logit() / 2
    optimiser = torch.optim.LBFGS(
        [point], max_iter=_ITERATIONS, tolerance_grad=_TOLERANCE, tolerance_change=0,
        history_size=10, line_search_fn="strong_wolfe",
    )  # fmt: skip

    def closure() -> Tensor:
        w, weights, biases = as_they_are(point)
        logits = features @ weights.float() + biases.float()
        losses = nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        residuals = logits.sigmoid_().sub_(targets)
        total = residuals.sum(dim=0, dtype=torch.float64)
        slope = (features.T @ residuals).double() - torch.outer(mean, total)
        slope = slope / (n * scale) + ridge * w
        point.grad = torch.empty_like(point)
        point.grad[0] = 2 * total / n
        point.grad[1:] = torch.linalg.solve_triangular(factor, slope, upper=False)
        return losses.sum(dtype=torch.float64) / n + ridge / 2 * w.pow(2).sum()

    optimiser.step(closure)
    closure()
    if point.grad is None or not point.grad.abs().max() < 100 * _TOLERANCE:
        raise ZsbirError(
            f"DAP: the attribute classifiers did not converge in {_ITERATIONS} steps: "
            f"raise {hyper_parameter('ridge')} (it is {ridge:g})"
        )
    _, weights, biases = as_they_are(point)
    return weights.float().contiguous(), biases.float()
