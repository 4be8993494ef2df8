r"""The conditional variational autoencoder: generate the photo features that a sketch stands for.

It learns :math:`p(x_{img} \mid x_{sketch})` from pairs, generates photo features for the sketch of
a class that it has never seen, and so turns retrieval into the comparison of photos with photos.

Yelamarthi, Reddy, Mishra and Mittal, *A Zero-Shot Framework for Sketch Based Image Retrieval*,
ECCV 2018. The variational autoencoder is that of Kingma and Welling, ICLR 2014; its conditional
form that of Sohn, Lee and Yan, NIPS 2015.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from zsbir_lib.methods.estimator import hyper
from zsbir_lib.methods.generative import GenerativeMethod, GenerativeNetwork
from zsbir_lib.methods.layers import linear
from zsbir_lib.methods.training import cosine_schedule, data_parallel, descend


class CVAENetwork(GenerativeNetwork):
    """The three networks of the conditional VAE.

    The encoder gives a Gaussian of z. Layer sizes are those of `GenerativeNetwork`.

    Parameters
    ----------
    dim, latent_dim, non_negative, generator
        See `GenerativeNetwork`.
    """

    def _make_heads(self, hidden: int, generator: torch.Generator | None) -> None:
        self.mean = linear(hidden, self.latent_dim, generator)
        self.log_variance = linear(hidden, self.latent_dim, generator)

    def encode(self, photos: Tensor, sketches: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and the log-variance of q(z | x_img, x_sketch), each (n, latent_dim)."""
        h = self.encoder(torch.cat([photos, sketches], dim=1))
        # The paper's code bounds both by tanh; the variance then stays between 1/e and e.
        return torch.tanh(self.mean(h)), torch.tanh(self.log_variance(h))


class CVAE(GenerativeMethod[CVAENetwork]):
    r"""Conditional VAE with the reconstruction regulariser, retrieving by K-means centres.

    Maximises, over pairs of a sketch and the photo it was drawn from,

    .. math::

        \begin{aligned}
        \mathcal{L} = {} & -D_{KL}\big(q_\phi(z \mid x_{img}, x_{sketch}) \,\|\,
        \mathcal{N}(0, I)\big) \\
        & + \mathbb{E}_q\big[\log p_\theta(x_{img} \mid z, x_{sketch})\big]
        - \lambda \,\| f_{NN}(\hat x_{img}) - x_{sketch} \|_2^2
        \end{aligned}

    with :math:`p_\theta(x_{img} \mid z, x_{sketch}) = \mathcal{N}(\hat x_{img}, \sigma^2 I)`, so
    that the middle term is :math:`-\|\hat x_{img} - x_{img}\|^2 / 2\sigma^2` up to a constant. The
    prior of z does not depend on the sketch, as in the paper's code.

    A sketch is then answered by generating photo features with z drawn from the prior, clustering
    them, and comparing photos with the nearest of the K centres.

    Attributes
    ----------
    network_ : CVAENetwork
        The fitted networks.
    history_ : dict of str to list of float
        Mean per epoch and pair: ``"reconstruction"`` and ``"kl"`` (the two terms of the bound, in
        nats, without the constant), ``"regulariser"`` (the squared error before lambda).
    """

    name = "cvae"
    title = "CVAE"
    network_type = CVAENetwork

    reconstruction_weight: float = hyper(default=1.0, search=(0.1, 1.0, 10.0))
    kl_weight: float = hyper(
        default=1.0, least=0, help="Weight of the divergence; 1 is the bound itself."
    )
    epochs: int = hyper(default=25, search=(15, 25, 40))
    adam_beta1: float = hyper(
        default=0.9, least=0, below=1, help=r"Adam's :math:`\beta_1`; the released code has 0.5."
    )
    cosine: bool = hyper(
        default=True,
        help="Let the learning rate fall to 0 along a cosine; the released code never lowers it.",
    )
    mean_reconstruction: bool = hyper(
        default=False,
        help="Fault of the released code: average the reconstruction errors over the features, "
        "instead of summing them, while the divergence is summed over z. At 4,096 numbers that "
        "weighs the divergence 4,096 times too much, and the posterior collapses onto the prior.",
    )
    shared_noise: bool = hyper(
        default=False,
        help="Fault of the released code: train with one noise vector for a whole batch.",
    )
    average_samples: bool = hyper(
        default=False,
        help="Fault of the released code: one query, the mean of all samples, in place of K-means.",
    )

    def loss(
        self, network: CVAENetwork, sketches: Tensor, photos: Tensor, noise: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the negative bound with the regulariser, and its terms, for one batch.

        Parameters
        ----------
        network
            The networks.
        sketches, photos
            Scaled features, each (n, d).
        noise
            Standard normal, shape (n, latent_dim): the reparameterisation trick's epsilon.

        Returns
        -------
        loss : Tensor
            A scalar, the mean over the batch.
        terms : dict of str to Tensor
            ``"reconstruction"``, ``"kl"`` and ``"regulariser"``, each a scalar.
        """
        mean, log_variance = network.encode(photos, sketches)
        z = mean + torch.exp(log_variance / 2) * noise
        generated = network.decode(z, sketches)
        total = torch.mean if self.mean_reconstruction else torch.sum
        terms = {
            "reconstruction": total((generated - photos) ** 2, dim=1) / (2 * self.decoder_variance),
            "kl": 0.5 * torch.sum(mean**2 + log_variance.exp() - 1 - log_variance, dim=1),
            "regulariser": total((network.to_sketch(generated) - sketches) ** 2, dim=1),
        }
        terms = {name: term.mean() for name, term in terms.items()}
        loss = (
            terms["reconstruction"]
            + self.kl_weight * terms["kl"]
            + self.reconstruction_weight * terms["regulariser"]
        )
        return loss, terms

    def _make_step(
        self, network: CVAENetwork, n: int, generator: torch.Generator
    ) -> tuple[Callable[[Tensor, Tensor, Tensor], dict[str, Tensor]], list[Any]]:
        betas = (self.adam_beta1, 0.999)
        optimiser = torch.optim.Adam(network.parameters(), self.learning_rate, betas=betas)
        schedule = cosine_schedule(optimiser, n, self.epochs, self.batch_size)

        shared = data_parallel(network)

        def learn(sketches: Tensor, photos: Tensor, noise: Tensor) -> dict[str, Tensor]:
            loss, terms = shared(self.loss, network, sketches, photos, noise)
            descend(loss, optimiser, schedule if self.cosine else None)
            return {name: term.detach() for name, term in terms.items()}

        return learn, [optimiser, schedule]

    def _noise(self, count: int, width: int, generator: torch.Generator) -> Tensor:
        drawn = 1 if self.shared_noise else count
        return super()._noise(drawn, width, generator).expand(count, -1)

    def _centres(
        self, network: GenerativeNetwork, z: Tensor, first: Tensor, sketches: Tensor
    ) -> Tensor:
        if self.average_samples:
            return self._decode(network, z, sketches).mean(dim=1, keepdim=True)
        return super()._centres(network, z, first, sketches)
