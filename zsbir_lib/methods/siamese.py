r"""Siamese networks: pull a sketch towards photos of its class, push it from those of others.

Two contrastive losses. Siamese-1 is that of Hadsell, Chopra and LeCun, *Dimensionality Reduction by
Learning an Invariant Mapping*, CVPR 2006; Siamese-2 that of Chopra, Hadsell and LeCun, *Learning a
Similarity Metric Discriminatively, with Application to Face Verification*, CVPR 2005.
"""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from zsbir_lib.distributed import world
from zsbir_lib.features import Pairs
from zsbir_lib.methods.embedding import EmbeddingNetwork, MetricMethod
from zsbir_lib.methods.estimator import hyper
from zsbir_lib.methods.losses import squared_distance
from zsbir_lib.methods.partners import Partners

_TINY = 1e-12  # keeps the gradient of a distance of 0 finite


class SiameseMethod(MetricMethod):
    """The two Siamese methods, but for their loss."""

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
        self, network: EmbeddingNetwork, rows: Tensor, pairs: Pairs, partners: Partners
    ) -> dict[str, Tensor]:
        labels = pairs.labels[rows]
        device = pairs.sketches.device
        # Every sketch comes once with a photo of its class and once with one of another.
        drawn = rows, partners.same_class(labels), partners.other_class(labels)
        rows, *photos_of = map(world().share, drawn)
        sketches = network.embed_sketches(pairs.sketches[rows.to(device)])
        photos = torch.cat(photos_of)
        embedded = network.embed_photos(pairs.photos[photos.to(device)])
        distance = (squared_distance(sketches.repeat(2, 1), embedded) + _TINY).sqrt()
        same = torch.arange(2 * len(rows), device=device) < len(rows)
        return {
            "loss": self.loss(distance, same).mean(),
            "same": distance[same].mean(),
            "other": distance[~same].mean(),
        }


class Siamese1(SiameseMethod):
    r"""Siamese network with the contrastive loss of Hadsell et al., 2006.

    With d the Euclidean distance of the embeddings of a sketch and a photo, and y = 1 if they are
    of one class, else 0, it minimises

    .. math:: L = y \, d^2 + (1 - y) \, \max(0, m - d)^2 .

    Half of the pairs are of one class. The embeddings are unit vectors, so d is at most 2.

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

    margin: float = hyper(
        default=1.0,
        search=(0.7, 1.0, 1.4),
        help="m: photos of other classes are pushed no further than this.",
    )
    epochs: int = hyper(default=20, search=(10, 20))

    def loss(self, distance: Tensor, same: Tensor) -> Tensor:
        """Return the loss of each pair; see the class."""
        return torch.where(same, distance**2, (self.margin - distance).clamp(min=0) ** 2)


class Siamese2(SiameseMethod):
    r"""Siamese network with the exponential contrastive loss of Chopra et al., 2005.

    With d the Euclidean distance of the embeddings of a sketch and a photo, and y = 1 if they are
    of one class, else 0, it minimises

    .. math:: L = y \, \frac{2}{Q} \, d^2 + (1 - y) \, 2 Q \exp\Big(\! -\frac{2.77}{Q} \, d \Big) .

    Half of the pairs are of one class. The embeddings are unit vectors, so d is at most 2.

    Attributes
    ----------
    network_, history_
        As in `Siamese1`.
    """

    name = "siamese-2"
    title = "Siamese-2"

    margin: float = hyper(
        default=4.0,
        search=(2.0, 3.0, 4.0),
        help="Q: an upper bound of the distance. For unit vectors 2 is one; the larger Q, the "
        "further photos of other classes are pushed, and the less those of one class are pulled.",
    )
    epochs: int = hyper(default=20, search=(10, 20))

    def loss(self, distance: Tensor, same: Tensor) -> Tensor:
        """Return the loss of each pair; see the class."""
        q = self.margin
        return torch.where(same, 2 / q * distance**2, 2 * q * torch.exp(-2.77 / q * distance))
