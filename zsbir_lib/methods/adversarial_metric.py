r"""Adversarial metric learning: a generator makes the negatives that the metric still gets wrong.

Duan, Zheng, Lin, Lu and Zhou, *Deep Adversarial Metric Learning*, CVPR 2018. Most negatives of
random triplets are easy, and teach nothing; hard ones are few. So they are generated.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zsbir_lib.distributed import world
from zsbir_lib.features import Pairs
from zsbir_lib.methods.embedding import EmbeddingNetwork
from zsbir_lib.methods.estimator import hyper
from zsbir_lib.methods.layers import linear
from zsbir_lib.methods.losses import squared_distance, triplet_loss
from zsbir_lib.methods.partners import Partners
from zsbir_lib.methods.training import Step, data_parallel, descend
from zsbir_lib.methods.triplet import CoarseTriplet


class NegativeGenerator(nn.Module):
    """Makes a synthetic negative from the features of a triplet.

    It adds to the real negative what two layers make of the scaled features of anchor, positive
    and negative together, so that untrained it is close to the real one.

    Parameters
    ----------
    sketch_dim, photo_dim
        Widths of the features.
    generator
        Of first weights; None for PyTorch's common state.
    """

    def __init__(
        self, sketch_dim: int, photo_dim: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            linear(sketch_dim + 2 * photo_dim, photo_dim, generator), nn.ReLU(),
            linear(photo_dim, photo_dim, generator),
        )  # fmt: skip

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Return synthetic photo features, scaled, shape (n, photo_dim).

        `anchor` are features of sketches, `positive` of photos of their classes and `negative` of
        photos of other classes, n rows each, scaled.
        """
        return negative + self.layers(torch.cat([anchor, positive, negative], dim=1))


class AdversarialMetric(CoarseTriplet):
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

    margin: float = hyper(default=0.6, search=(0.3, 0.6, 1.0), help="m.")
    hard_weight: float = hyper(default=1.0, least=0, help=":math:`w_h`.")
    real_weight: float = hyper(default=1.0, least=0, help=":math:`w_r`.")
    violation_weight: float = hyper(default=1.0, least=0, help=":math:`w_a`.")
    synthetic_weight: float = hyper(
        default=0.3,
        least=0,
        search=(0.3, 1.0),
        help=":math:`w_s`; 0 leaves the coarse-grained triplet loss.",
    )
    dropout: float = hyper(default=0.3)
    epochs: int = hyper(default=20)

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
        self,
        network: EmbeddingNetwork,
        pairs: Pairs,
        partners: Partners,
        weights: torch.Generator,
    ) -> tuple[nn.Module, Step, list[torch.optim.Optimizer]]:
        device = pairs.sketches.device
        widths = pairs.sketches.shape[1], pairs.photos.shape[1]
        generator = NegativeGenerator(*widths, weights).to(device)
        self.generator_ = generator
        of_metric = torch.optim.Adam(network.parameters(), self.learning_rate)
        of_generator = torch.optim.Adam(generator.parameters(), self.learning_rate)

        learners = nn.ModuleList([network, generator])
        shared = data_parallel(learners, several_losses=True)

        def of_embedding(
            sketch: Tensor, positive: Tensor, negative: Tensor, features: Tensor
        ) -> tuple[Tensor, Tensor, Tensor]:
            a, p = network.embed_sketches(sketch), network.embed_photos(positive)
            real = triplet_loss(a, p, network.embed_photos(negative), self.margin)
            fake = triplet_loss(a, p, network.embed_photos(features), self.margin)
            return (real + self.synthetic_weight * fake).mean(), real, fake

        def step(rows: Tensor) -> dict[str, Tensor]:
            rows, *places = map(world().share, (rows, *self.draw(rows, pairs, partners)))
            positive, negative = (pairs.photos[place.to(device)] for place in places)
            sketch = pairs.sketches[rows.to(device)]
            scaled = [
                (sketch - network.sketch_mean) / network.sketch_scale,
                (positive - network.photo_mean) / network.photo_scale,
                (negative - network.photo_mean) / network.photo_scale,
            ]
            made = generator(*scaled)
            # The metric first, on a synthetic negative that it cannot change.
            features = made.detach() * network.photo_scale + network.photo_mean
            loss, real, fake = shared(of_embedding, sketch, positive, negative, features)
            descend(loss, of_metric)
            # Then the generator, against the metric as it is now.
            with torch.no_grad():
                a, p = network.embed_sketches(sketch), network.embed_photos(positive)
            network.requires_grad_(False)
            embedded = network.embed_photos(made * network.photo_scale + network.photo_mean)
            network.requires_grad_(True)
            against = shared(self.generator_loss, a, p, embedded, made, scaled[2])
            descend(against, of_generator)
            return {
                "loss": loss.detach(),
                "generator": against.detach(),
                "active": (real > 0).float().mean(),
                "active_synthetic": (fake > 0).float().mean(),
            }

        return learners, step, [of_metric, of_generator]
