r"""Siamese networks: pull a sketch towards photos of its class, push it from those of others.

Two contrastive losses. Siamese-1 is that of Hadsell, Chopra and LeCun, *Dimensionality Reduction by
Learning an Invariant Mapping*, CVPR 2006; Siamese-2 that of Chopra, Hadsell and LeCun, *Learning a
Similarity Metric Discriminatively, with Application to Face Verification*, CVPR 2005.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from zsbir_lib.features import Pairs
from zsbir_lib.methods.embedding import (
    EmbeddingNetwork,
    MetricMethod,
    Partners,
    squared_distance,
)

_TINY = 1e-12  # keeps the gradient of a distance of 0 finite


class _Siamese(MetricMethod):
    """The two Siamese methods, but for their loss."""

    def __init__(
        self,
        *,
        margin: float,
        embedding_dim: int | None,
        shared_weights: bool,
        dropout: float,
        epochs: int,
        batch_size: int,
        learning_rate: float,
        seed: int,
        device: str | None,
    ) -> None:
        self.margin = margin
        self.embedding_dim = embedding_dim
        self.shared_weights = shared_weights
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.seed = seed
        self.device = device
        self.history_: dict[str, list[float]] = {}

    @abstractmethod
    def loss(self, distance: Tensor, same: Tensor) -> Tensor:
        """Return the loss of each pair, shape (n,).

        Parameters
        ----------
        distance
            Euclidean distance of its two embeddings, shape (n,).
        same
            Whether its sketch and photo are of one class, shape (n,), bool.
        """

    def _terms(
        self, network: EmbeddingNetwork, sketches: Tensor, rows: Tensor, pairs: Pairs,
        partners: Partners,
    ) -> dict[str, Tensor]:  # fmt: skip
        labels = pairs.labels[rows]
        # Every sketch comes once with a photo of its class and once with one of another.
        photos = torch.cat([partners.same_class(labels), partners.other_class(labels)])
        embedded = self._embed(network, photos)
        distance = (squared_distance(sketches.repeat(2, 1), embedded) + _TINY).sqrt()
        same = torch.arange(2 * len(rows), device=distance.device) < len(rows)
        return {
            "loss": self.loss(distance, same).mean(),
            "same": distance[same].mean(),
            "other": distance[~same].mean(),
        }


class Siamese1(_Siamese):
    r"""Siamese network with the contrastive loss of Hadsell et al., 2006.

    With d the Euclidean distance of the embeddings of a sketch and a photo, and y = 1 if they are
    of one class, else 0, it minimises

    .. math:: L = y \, d^2 + (1 - y) \, \max(0, m - d)^2 .

    Half of the pairs are of one class. The embeddings are unit vectors, so d is at most 2.

    Parameters
    ----------
    margin
        m: photos of other classes are pushed no further than this.
    embedding_dim
        Width of the embedding; None for half of the features' width.
    shared_weights
        One network for both views; False for one each.
    dropout
        Of the input and the hidden layer.
    epochs, batch_size, learning_rate
        Of the training by Adam; a batch holds so many sketches, each in two pairs.
    seed
        Of weights, batches and pairs.
    device
        See `zsbir_lib.devices.choose_device`.

    Attributes
    ----------
    network_ : EmbeddingNetwork
        The fitted network.
    history_ : dict of str to list of float
        Per epoch: ``"loss"``, and the mean distance of pairs of the ``"same"`` and of an
        ``"other"`` class.
    """

    name = "siamese-1"
    title = "Siamese-1"
    search_space: ClassVar = {"margin": (0.7, 1.0, 1.4), "epochs": (10, 20)}

    def __init__(
        self,
        *,
        margin: float = 1.0,
        embedding_dim: int | None = None,
        shared_weights: bool = True,
        dropout: float = 0.0,
        epochs: int = 20,
        batch_size: int = 128,
        learning_rate: float = 3e-4,
        seed: int = 0,
        device: str | None = None,
    ) -> None:
        super().__init__(
            margin=margin, embedding_dim=embedding_dim, shared_weights=shared_weights,
            dropout=dropout, epochs=epochs, batch_size=batch_size, learning_rate=learning_rate,
            seed=seed, device=device,
        )  # fmt: skip

    def loss(self, distance: Tensor, same: Tensor) -> Tensor:
        """Return the loss of each pair; see the class."""
        return torch.where(same, distance**2, (self.margin - distance).clamp(min=0) ** 2)


class Siamese2(_Siamese):
    r"""Siamese network with the exponential contrastive loss of Chopra et al., 2005.

    With d the Euclidean distance of the embeddings of a sketch and a photo, and y = 1 if they are
    of one class, else 0, it minimises

    .. math:: L = y \, \frac{2}{Q} \, d^2 + (1 - y) \, 2 Q \exp\Big(\! -\frac{2.77}{Q} \, d \Big) .

    Half of the pairs are of one class. The embeddings are unit vectors, so d is at most 2.

    Parameters
    ----------
    margin
        Q: an upper bound of the distance. For unit vectors 2 is one; the larger Q, the further
        photos of other classes are pushed, and the less those of one class are pulled.
    embedding_dim, shared_weights, dropout, epochs, batch_size, learning_rate, seed, device
        As in `Siamese1`.

    Attributes
    ----------
    network_, history_
        As in `Siamese1`.
    """

    name = "siamese-2"
    title = "Siamese-2"
    search_space: ClassVar = {"margin": (2.0, 3.0, 4.0), "epochs": (10, 20)}

    def __init__(
        self,
        *,
        margin: float = 4.0,
        embedding_dim: int | None = None,
        shared_weights: bool = True,
        dropout: float = 0.0,
        epochs: int = 20,
        batch_size: int = 128,
        learning_rate: float = 3e-4,
        seed: int = 0,
        device: str | None = None,
    ) -> None:
        super().__init__(
            margin=margin, embedding_dim=embedding_dim, shared_weights=shared_weights,
            dropout=dropout, epochs=epochs, batch_size=batch_size, learning_rate=learning_rate,
            seed=seed, device=device,
        )  # fmt: skip

    def loss(self, distance: Tensor, same: Tensor) -> Tensor:
        """Return the loss of each pair; see the class."""
        q = self.margin
        return torch.where(same, 2 / q * distance**2, 2 * q * torch.exp(-2.77 / q * distance))
