r"""Triplet networks: a sketch is to be nearer to one photo than to another, by a margin.

The loss is that of Schroff, Kalenichenko and Philbin, *FaceNet*, CVPR 2015; the coarse- and
fine-grained triplets of sketches and photos are those of Sangkloy, Burnell, Ham and Hays, *The
Sketchy Database*, SIGGRAPH 2016.
"""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from zsbir_lib.distributed import world
from zsbir_lib.features import Pairs
from zsbir_lib.methods.embedding import EmbeddingNetwork, MetricMethod
from zsbir_lib.methods.estimator import hyper
from zsbir_lib.methods.losses import triplet_loss
from zsbir_lib.methods.partners import Partners

__all__ = ["CoarseTriplet", "FineTriplet", "TripletMethod", "triplet_loss"]


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
        self, network: EmbeddingNetwork, rows: Tensor, pairs: Pairs, partners: Partners
    ) -> dict[str, Tensor]:
        device = pairs.sketches.device
        rows, *drawn = map(world().share, (rows, *self.draw(rows, pairs, partners)))
        sketches = network.embed_sketches(pairs.sketches[rows.to(device)])
        photos = torch.cat(drawn)
        positive, negative = network.embed_photos(pairs.photos[photos.to(device)]).chunk(2)
        losses = triplet_loss(sketches, positive, negative, self.margin)
        return {"loss": losses.mean(), "active": (losses > 0).float().mean()}


class CoarseTriplet(TripletMethod):
    r"""Coarse-grained triplets: the positive is any photo of the class, the negative of another.

    With s, p and n the embeddings of a sketch, of a random photo of its class and of a random
    photo of another class, it minimises

    .. math:: L = \max\big(0, \; m + \|s - p\|^2 - \|s - n\|^2\big) .

    The embeddings are unit vectors, so a squared distance is twice the cosine distance.

    Attributes
    ----------
    network_ : EmbeddingNetwork
        The fitted network.
    history_ : dict of str to list of float
        Per epoch: ``"loss"``, and the part of triplets that are ``"active"``, with a loss above 0.
    """

    name = "triplet-coarse"
    title = "Coarse-grained triplet"

    margin: float = hyper(default=0.6, search=(0.3, 0.6, 1.0), help="m.")
    dropout: float = hyper(default=0.1)
    epochs: int = hyper(default=30, search=(15, 30))

    def draw(self, rows: Tensor, pairs: Pairs, partners: Partners) -> tuple[Tensor, Tensor]:
        """Return a photo of the class and one of another class."""
        labels = pairs.labels[rows]
        return partners.same_class(labels), partners.other_class(labels)


class FineTriplet(TripletMethod):
    r"""Fine-grained triplets: the positive is the very photo that the sketch was drawn from.

    The loss is that of `CoarseTriplet`; the negative is any other photo. A part of them are of
    the sketch's own class: against these only the shape helps.

    Attributes
    ----------
    network_, history_
        As in `CoarseTriplet`.
    """

    name = "triplet-fine"
    title = "Fine-grained triplet"

    margin: float = hyper(default=0.3, search=(0.1, 0.3, 0.6), help="m.")
    same_class: float = hyper(
        default=0.3,
        least=0,
        most=1,
        help="Part of the negatives that share the class; the others are of other classes.",
    )
    dropout: float = hyper(default=0.2)
    epochs: int = hyper(default=30, search=(15, 30))

    def draw(self, rows: Tensor, pairs: Pairs, partners: Partners) -> tuple[Tensor, Tensor]:
        """Return the sketch's own photo, and another one."""
        labels, own = pairs.labels[rows], pairs.photo_index[rows]
        near = torch.rand(len(rows), generator=partners.generator) < self.same_class
        negative = torch.where(
            near, partners.same_class(labels, but=own), partners.other_class(labels)
        )
        return own, negative
