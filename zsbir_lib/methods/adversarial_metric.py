r"""Adversarial metric learning: a generator makes the negatives that the metric still gets wrong.

Duan, Zheng, Lin, Lu and Zhou, *Deep Adversarial Metric Learning*, CVPR 2018. Most negatives of
random triplets are easy, and teach nothing; hard ones are few. So they are generated.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from zsbir_lib.features import Pairs
from zsbir_lib.methods.embedding import EmbeddingNetwork, Partners, squared_distance
from zsbir_lib.methods.training import Step, check_not_negative
from zsbir_lib.methods.triplet import TripletMethod, triplet_loss


class NegativeGenerator(nn.Module):
    """Makes a synthetic negative from the features of a triplet.

    It adds to the real negative what two layers make of the scaled features of anchor, positive
    and negative together, so that untrained it is close to the real one.

    Parameters
    ----------
    sketch_dim, photo_dim
        Widths of the features.
    """

    def __init__(self, sketch_dim: int, photo_dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(sketch_dim + 2 * photo_dim, photo_dim), nn.ReLU(),
            nn.Linear(photo_dim, photo_dim),
        )  # fmt: skip

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Return synthetic photo features, scaled, shape (n, photo_dim).

        `anchor` are features of sketches, `positive` of photos of their classes and `negative` of
        photos of other classes, n rows each, scaled.
        """
        return negative + self.layers(torch.cat([anchor, positive, negative], dim=1))


class AdversarialMetric(TripletMethod):
    r"""Triplet loss with hard negatives from a generator that is trained against it.

    For a sketch a, a photo p of its class and a photo n of another class, a generator G makes the
    features :math:`\tilde n = G(a, p, n)` of a photo that does not exist. With f the embedding,
    d the squared distance and features scaled, the generator minimises

    .. math::

        \begin{aligned}
        L_G = {} & \underbrace{w_h \, d\big(f(\tilde n), f(a)\big)}_{\text{close to the sketch}}
        + \underbrace{w_r \, \tfrac1D \|\tilde n - n\|^2}_{\text{close to the real negative}} \\
        & + \underbrace{w_a \, \big[d(f(\tilde n), f(a)) - d(f(p), f(a)) - m\big]_+}_{
        \text{inside the margin}}
        \end{aligned}

    while the embedding minimises the triplet loss on the real negative and, weighted by
    :math:`w_s`, on the synthetic one:

    .. math::

        \begin{aligned}
        L_f = {} & \big[m + d(f(a), f(p)) - d(f(a), f(n))\big]_+ \\
        & + w_s \, \big[m + d(f(a), f(p)) - d(f(a), f(\tilde n))\big]_+ .
        \end{aligned}

    They take turns, batch by batch. The paper minimises one sum, on features that are learnt too,
    and there the first term compares features; here a sketch and a photo are of different kinds,
    and are compared by their embeddings. As in the paper, the generator's opponent is the metric
    itself, and there is no other discriminator.

    Parameters
    ----------
    margin
        m.
    hard_weight, real_weight, violation_weight
        :math:`w_h`, :math:`w_r` and :math:`w_a`.
    synthetic_weight
        :math:`w_s`; 0 leaves the coarse-grained triplet loss.
    embedding_dim, shared_weights, dropout, epochs, batch_size, learning_rate, seed, device
        As in `zsbir_lib.methods.triplet.CoarseTriplet`.

    Attributes
    ----------
    network_ : EmbeddingNetwork
        The fitted network.
    generator_ : NegativeGenerator
        The generator, as it was at the end; a saved method does not hold it.
    history_ : dict of str to list of float
        Per epoch: ``"loss"`` (of the embedding), ``"generator"`` (its loss), ``"active"`` and
        ``"active_synthetic"`` (the part of triplets with a loss above 0).
    """

    name = "adversarial-metric"
    title = "Adversarial metric learning"
    search_space: ClassVar = {"margin": (0.3, 0.6, 1.0), "synthetic_weight": (0.3, 1.0)}

    def __init__(
        self,
        *,
        margin: float = 0.6,
        hard_weight: float = 1.0,
        real_weight: float = 1.0,
        violation_weight: float = 1.0,
        synthetic_weight: float = 0.3,
        embedding_dim: int | None = None,
        shared_weights: bool = True,
        dropout: float = 0.3,
        epochs: int = 20,
        batch_size: int = 128,
        learning_rate: float = 3e-4,
        seed: int = 0,
        device: str | None = None,
    ) -> None:
        self.margin = margin
        self.hard_weight = hard_weight
        self.real_weight = real_weight
        self.violation_weight = violation_weight
        self.synthetic_weight = synthetic_weight
        self.embedding_dim = embedding_dim
        self.shared_weights = shared_weights
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.seed = seed
        self.device = device
        self.history_: dict[str, list[float]] = {}
        self.generator_: NegativeGenerator | None = None

    def _check(self) -> None:
        super()._check()
        check_not_negative(
            self, "hard_weight", "real_weight", "violation_weight", "synthetic_weight"
        )

    def draw(self, rows: Tensor, pairs: Pairs, partners: Partners) -> tuple[Tensor, Tensor]:
        """Return a photo of the class and one of another class."""
        labels = pairs.labels[rows]
        return partners.same_class(labels), partners.other_class(labels)

    def generator_loss(
        self, anchor: Tensor, positive: Tensor, embedded: Tensor, made: Tensor, real: Tensor
    ) -> Tensor:
        """Return the loss of the generator, a scalar.

        Parameters
        ----------
        anchor, positive, embedded
            Embeddings of sketch, positive and synthetic negative, shape (n, e).
        made, real
            Features of the synthetic and the real negative, scaled, shape (n, d).
        """
        near = squared_distance(embedded, anchor)
        violation = (near - squared_distance(positive, anchor) - self.margin).clamp(min=0)
        return (
            self.hard_weight * near
            + self.real_weight * (made - real).pow(2).mean(dim=1)
            + self.violation_weight * violation
        ).mean()

    def _make_step(
        self, network: EmbeddingNetwork, sketches: Tensor, pairs: Pairs, partners: Partners
    ) -> tuple[nn.Module, Step]:
        device = sketches.device
        generator = NegativeGenerator(sketches.shape[1], self._photos.shape[1]).to(device)
        self.generator_ = generator
        of_metric = torch.optim.Adam(network.parameters(), self.learning_rate)
        of_generator = torch.optim.Adam(generator.parameters(), self.learning_rate)

        def step(rows: Tensor) -> dict[str, Tensor]:
            places = self.draw(rows, pairs, partners)
            positive, negative = (self._photos[place.to(device)] for place in places)
            sketch = sketches[rows.to(device)]
            scaled = [
                (sketch - network.sketch_mean) / network.sketch_scale,
                (positive - network.photo_mean) / network.photo_scale,
                (negative - network.photo_mean) / network.photo_scale,
            ]
            made = generator(*scaled)
            # The metric first, on a synthetic negative that it cannot change.
            a, p = network.embed_sketches(sketch), network.embed_photos(positive)
            real = triplet_loss(a, p, network.embed_photos(negative), self.margin)
            features = made.detach() * network.photo_scale + network.photo_mean
            fake = triplet_loss(a, p, network.embed_photos(features), self.margin)
            loss = (real + self.synthetic_weight * fake).mean()
            of_metric.zero_grad(set_to_none=True)
            loss.backward()
            of_metric.step()
            # Then the generator, against the metric as it is now.
            with torch.no_grad():
                a, p = network.embed_sketches(sketch), network.embed_photos(positive)
            network.requires_grad_(False)
            embedded = network.embed_photos(made * network.photo_scale + network.photo_mean)
            network.requires_grad_(True)
            against = self.generator_loss(a, p, embedded, made, scaled[2])
            of_generator.zero_grad(set_to_none=True)
            against.backward()
            of_generator.step()
            return {
                "loss": loss.detach(),
                "generator": against.detach(),
                "active": (real > 0).float().mean(),
                "active_synthetic": (fake > 0).float().mean(),
            }

        return nn.ModuleList([network, generator]), step
