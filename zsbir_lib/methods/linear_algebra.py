"""What the closed-form methods share: moments of features in blocks, and exact solutions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from zsbir_lib.errors import SingularMatrixError

_BLOCK_BYTES = 64 * 2**20  # of features held in float64 at once


class LinearMap(nn.Module):
    """``(x - mean) @ weight``, after signed powers at unit length where a method uses them.

    Parameters
    ----------
    mean, weight
        Shapes (d,) and (d, e).
    power
        Of the signed powers; None for none.
    """

    mean: Tensor

    def __init__(self, mean: Tensor, weight: Tensor, power: float | None = None) -> None:
        super().__init__()
        self.register_buffer("mean", mean.clone())
        width_in, width_out = weight.shape
        self.linear = nn.Linear(width_in, width_out, bias=False, device="meta")
        self.linear.weight = nn.Parameter(weight.T.contiguous())
        self.power = power

    def forward(self, feature: Tensor) -> Tensor:
        """Map (1, d) to (1, e)."""
        if self.power is not None:
            feature = feature.sign() * feature.abs().pow(self.power)
            feature = feature / feature.norm(dim=1, keepdim=True).clamp(min=1e-12)
        return self.linear(feature - self.mean)


def solve_symmetric_sylvester(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    r"""Solve :math:`A W + W B = C` for symmetric positive semidefinite A and B.

    With :math:`A = U \operatorname{diag}(\alpha) U^\top` and
    :math:`B = V \operatorname{diag}(\beta) V^\top` the equation reads
    :math:`\alpha_i M_{ij} + M_{ij} \beta_j = (U^\top C V)_{ij}` for :math:`M = U^\top W V`.

    Parameters
    ----------
    a, b
        Symmetric matrices, shapes (p, p) and (q, q); computed in float64.
    c
        Shape (p, q).

    Returns
    -------
    Tensor of float64, shape (p, q)
        W.

    Raises
    ------
    SingularMatrixError
        If an eigenvalue of A and one of B are both 0, up to rounding: W is then not unique.
    """
    alpha, u = np.linalg.eigh(a.to(torch.float64).numpy())
    beta, v = np.linalg.eigh(b.to(torch.float64).numpy())
    # Rounding moves an eigenvalue by about the width times the machine's precision, in units of
    # the largest.
    rounding = np.finfo(np.float64).eps * (len(alpha) * alpha[-1] + len(beta) * beta[-1])
    if not alpha[0] + beta[0] > rounding:
        zeros = int((alpha <= rounding).sum()), int((beta <= rounding).sum())
        raise SingularMatrixError(
            f"the Sylvester equation has no unique solution: {zeros[0]} of {len(alpha)} "
            f"directions of the sketches and {zeros[1]} of {len(beta)} of the photos are empty"
        )
    m = u.T @ c.to(torch.float64).numpy() @ v
    m /= alpha[:, None] + beta
    return torch.from_numpy(u @ m @ v.T)


def cholesky(matrix: Tensor) -> Tensor:
    """Return the lower Cholesky factor of a symmetric matrix in float64.

    Raises
    ------
    SingularMatrixError
        If the matrix is not positive definite, up to rounding.
    """
    factor, info = torch.linalg.cholesky_ex(matrix)
    # A pivot is what is left of a direction after those before it: rounding alone, if it depends
    # on them.
    rounding = len(matrix) * np.finfo(np.float64).eps * matrix.diagonal().max()
    if int(info) or not (factor.diagonal() ** 2).min() > rounding:
        raise SingularMatrixError(
            f"a matrix of {len(matrix)} x {len(matrix)} numbers has no inverse"
        )
    return factor


def gram(features: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    r"""Return :math:`\sum_i w_i x_i x_i^\top` and the weighted mean of x, in float64.

    The features are taken block by block: no copy of them all is made.

    Parameters
    ----------
    features
        The :math:`x_i`, shape (n, d).
    weights
        The :math:`w_i`, 0 or more, shape (n,); all 1 by default.
    """
    dim = features.shape[1]
    total, mean = np.zeros((dim, dim)), np.zeros(dim)
    for rows in _blocks(features):
        block = features[rows].to(torch.float64).numpy()
        if weights is None:
            mean += block.sum(axis=0)
        else:
            root = weights[rows].to(torch.float64).sqrt().numpy()[:, None]
            mean += (block * root**2).sum(axis=0)
            block *= root
        # NumPy sees that both factors are one array, and computes half of the product only.
        total += block.T @ block
    mean /= len(features) if weights is None else float(weights.sum())
    return torch.from_numpy(total), torch.from_numpy(mean)


def cross(left: Tensor, right: Tensor) -> Tensor:
    r"""Return :math:`\sum_i x_i y_i^\top` in float64, shape (d, d'), block by block.

    Parameters
    ----------
    left, right
        The :math:`x_i`, shape (n, d), and the :math:`y_i`, shape (n, d').
    """
    total = np.zeros((left.shape[1], right.shape[1]))
    for rows in _blocks(left):
        total += left[rows].to(torch.float64).numpy().T @ right[rows].to(torch.float64).numpy()
    return torch.from_numpy(total)


def _blocks(features: Tensor) -> Iterator[slice]:
    step = max(1, _BLOCK_BYTES // (8 * features.shape[1]))
    for start in range(0, len(features), step):
        yield slice(start, start + step)


def root_mean_square(features: Tensor) -> Tensor:
    """Return the root of the mean square of all numbers, 1 if all are zero."""
    scale = features.pow(2).mean().sqrt()
    return scale if scale > 0 else torch.ones_like(scale)
