r"""Triplet networks: a sketch is to be nearer to one photo than to another, by a margin.

The loss is that of Schroff, Kalenichenko and Philbin, *FaceNet*, CVPR 2015; the coarse- and
fine-grained triplets of sketches and photos are those of Sangkloy, Burnell, Ham and Hays, *The
Sketchy Database*, SIGGRAPH 2016.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods.embedding import (
    EmbeddingNetwork,
    MetricMethod,
    Partners,
    squared_distance,
)


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


class TripletMethod(MetricMethod):
    """The methods that learn from triplets, but for how these are drawn."""

    @abstractmethod
    def draw(self, rows: Tensor, pairs: Pairs, partners: Partners) -> tuple[Tensor, Tensor]:
        """Return a positive and a negative photo for each sketch, rows of `pairs.photos`.

        Parameters
        ----------
        rows
            The sketches, as rows of `pairs.sketches`, shape (n,).
        pairs
            The training pairs.
        partners
            Draws photos by their class.
        """

    def _terms(
        self, network: EmbeddingNetwork, sketches: Tensor, rows: Tensor, pairs: Pairs,
        partners: Partners,
    ) -> dict[str, Tensor]:  # fmt: skip
        positive, negative = self.draw(rows, pairs, partners)
        embedded = self._embed(network, torch.cat([positive, negative]))
        losses = triplet_loss(sketches, *embedded.chunk(2), self.margin)
        return {"loss": losses.mean(), "active": (losses > 0).float().mean()}


class CoarseTriplet(TripletMethod):
    r"""Coarse-grained triplets: the positive is any photo of the class, the negative of another.

    With s, p and n the embeddings of a sketch, of a random photo of its class and of a random
    photo of another class, it minimises

    .. math:: L = \max\big(0, \; m + \|s - p\|^2 - \|s - n\|^2\big) .

    The embeddings are unit vectors, so a squared distance is twice the cosine distance.

    Parameters
    ----------
    margin
        m.
    embedding_dim
        Width of the embedding; None for half of the features' width.
    shared_weights
        One network for both views; False for one each.
    dropout
        Of the input and the hidden layer.
    epochs, batch_size, learning_rate
        Of the training by Adam; a batch holds so many sketches, each in one triplet.
    seed
        Of weights, batches and triplets.
    device
        See `zsbir_lib.devices.choose_device`.

    Attributes
    ----------
    network_ : EmbeddingNetwork
        The fitted network.
    history_ : dict of str to list of float
        Per epoch: ``"loss"``, and the part of triplets that are ``"active"``, with a loss above 0.
    """

    name = "triplet-coarse"
    title = "Coarse-grained triplet"
    search_space: ClassVar = {"margin": (0.3, 0.6, 1.0), "epochs": (15, 30)}

    def __init__(
        self,
        *,
        margin: float = 0.6,
        embedding_dim: int | None = None,
        shared_weights: bool = True,
        dropout: float = 0.1,
        epochs: int = 30,
        batch_size: int = 128,
        learning_rate: float = 3e-4,
        seed: int = 0,
        device: str | None = None,
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

    def draw(self, rows: Tensor, pairs: Pairs, partners: Partners) -> tuple[Tensor, Tensor]:
        """Return a photo of the class and one of another class."""
        labels = pairs.labels[rows]
        return partners.same_class(labels), partners.other_class(labels)


class FineTriplet(TripletMethod):
    r"""Fine-grained triplets: the positive is the very photo that the sketch was drawn from.

    The loss is that of `CoarseTriplet`; the negative is any other photo. A part of them are of
    the sketch's own class: against these only the shape helps.

    Parameters
    ----------
    same_class
        Part of the negatives that share the class, 0 to 1; the others are of other classes.
    margin, embedding_dim, shared_weights, dropout, epochs, batch_size, learning_rate, seed, device
        As in `CoarseTriplet`.

    Attributes
    ----------
    network_, history_
        As in `CoarseTriplet`.
    """

    name = "triplet-fine"
    title = "Fine-grained triplet"
    search_space: ClassVar = {"margin": (0.1, 0.3, 0.6), "epochs": (15, 30)}

    def __init__(
        self,
        *,
        margin: float = 0.3,
        same_class: float = 0.3,
        embedding_dim: int | None = None,
        shared_weights: bool = True,
        dropout: float = 0.2,
        epochs: int = 30,
        batch_size: int = 128,
        learning_rate: float = 3e-4,
        seed: int = 0,
        device: str | None = None,
    ) -> None:
        self.margin = margin
        self.same_class = same_class
        self.embedding_dim = embedding_dim
        self.shared_weights = shared_weights
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.seed = seed
        self.device = device
        self.history_: dict[str, list[float]] = {}

    def _check(self) -> None:
        super()._check()
        if not 0 <= self.same_class <= 1:
            raise ZsbirError(f"same_class is {self.same_class}: it must be from 0 to 1")

    def draw(self, rows: Tensor, pairs: Pairs, partners: Partners) -> tuple[Tensor, Tensor]:
        """Return the sketch's own photo, and another one."""
        labels, own = pairs.labels[rows], pairs.photo_index[rows]
        near = torch.rand(len(rows), generator=partners.generator) < self.same_class
        negative = torch.where(
            near, partners.same_class(labels, but=own), partners.other_class(labels)
        )
        return own, negative
