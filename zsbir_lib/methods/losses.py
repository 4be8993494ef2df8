"""Losses on the distances of embeddings."""

from __future__ import annotations

from torch import Tensor


def squared_distance(a: Tensor, b: Tensor) -> Tensor:
    """Return the squared Euclidean distance of each row of `a` to the same row of `b`."""
    return (a - b).pow(2).sum(dim=1)


def triplet_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    r"""Return :math:`\max(0, m + \|a - p\|^2 - \|a - n\|^2)` of each row, shape (n,).

    Parameters
    ----------
    anchor, positive, negative
        Embeddings a, p and n, each of shape (n, e).
    margin
        m.
    """
    difference = squared_distance(anchor, positive) - squared_distance(anchor, negative)
    return (margin + difference).clamp(min=0)
