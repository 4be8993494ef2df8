"""Where features of sketches and of photos belong, and what it costs to be elsewhere.

The loss of `zsbir_lib.toynet.train_towers`, whose module says what it is made of.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsbir_lib.toynet.network import FEATURE_DIM, ToyNet
from zsbir_lib.toynet.sketch_material import SketchMaterial
from zsbir_lib.toynet.towers import photo_features

_TEMPERATURE = 0.1
_SKETCH_CLASS, _INSTANCE, _DISTANCE, _STAY = 1.0, 0.5, 0.3, 0.1  # weights of terms of the loss


class Target:
    """Where features belong, and how far from there they are."""

    def __init__(self, network: ToyNet, material: SketchMaterial) -> None:
        """Compute where photos lie with the weights that `network` has now."""
        place = next(network.parameters()).device
        photos = photo_features(network, material)
        labels = torch.from_numpy(material.toy_labels)
        sums = photos.new_zeros(len(material.class_names), FEATURE_DIM)
        classes = sums.index_add_(0, labels, photos) / labels.bincount()[:, None]
        spread = photos.std(dim=0).mean()
        others = photos.mean(dim=0) + torch.randn(len(material.words), FEATURE_DIM) * spread / 2
        self.labels = [
            torch.from_numpy(np.asarray(values)).to(place)
            for values in (material.toy_labels, material.drawing_labels, material.word_labels)
        ]
        self.photos, self.classes = photos.to(place), classes.to(place)
        self.mean, self.spread = photos.mean(dim=0).to(place), float(spread)
        #: Where classes lie, then other things: what is learnt besides the networks.
        self.ways = nn.Parameter(torch.cat([classes, others]).to(place))

    def loss(self, sketches: Tensor, photos: Tensor, rows: Sequence[Tensor]) -> Tensor:
        """Return the loss of a batch.

        Parameters
        ----------
        sketches
            Features of toys, of people's drawings of classes, and of other things, in this order.
        photos
            Features of the photos of the toys.
        rows
            The rows of the material of each of the three.
        """
        rows = [part.to(photos.device) for part in rows]
        labels = [all_[part] for all_, part in zip(self.labels, rows, strict=True)]
        toys, drawings, others = sketches.split([len(part) for part in rows])
        ways = self.ways.detach()
        goal = (photos.detach() + ways[labels[0]]) / 2
        loss = self._named(photos, labels[0]) + _SKETCH_CLASS * self._named(toys, labels[0])
        loss = loss + _INSTANCE * self._told_apart(toys, photos, labels[0])
        loss = loss + _DISTANCE * self._distance(toys, goal)
        loss = loss + _STAY * self._distance(photos, self.photos[rows[0]])
        loss = loss + _STAY * self._distance(self.ways[: len(self.classes)], self.classes)
        if len(drawings):
            loss = loss + self._named(drawings, labels[1])
            loss = loss + _DISTANCE * self._distance(drawings, ways[labels[1]])
        if len(others):
            loss = loss + self._named(others, labels[2] + len(self.classes))
        return loss

    def _directions(self, features: Tensor) -> Tensor:
        """Return the directions of features as seen from the mean photo, (n, 192)."""
        return F.normalize(features - self.mean, dim=1)

    def _named(self, features: Tensor, labels: Tensor) -> Tensor:
        scores = self._directions(features) @ self._directions(self.ways).T
        return F.cross_entropy(scores / _TEMPERATURE, labels)

    def _told_apart(self, sketches: Tensor, photos: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of finding the photo of each sketch, and the sketch of each photo."""
        scores = self._directions(sketches) @ self._directions(photos).T / _TEMPERATURE
        places = torch.arange(len(labels), device=labels.device)
        # Other toys of the class are neither right nor wrong.
        kin = (labels[:, None] == labels) & (places[:, None] != places)
        scores = scores.masked_fill(kin, -1e4)
        return (F.cross_entropy(scores, places) + F.cross_entropy(scores.T, places)) / 2

    def _distance(self, features: Tensor, goal: Tensor) -> Tensor:
        return (features - goal).square().mean() / self.spread**2
