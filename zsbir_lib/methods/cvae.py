r"""The conditional variational autoencoder: generate the photo features that a sketch stands for.

It learns :math:`p(x_{img} \mid x_{sketch})` from pairs, generates photo features for the sketch of
a class that it has never seen, and so turns retrieval into the comparison of photos with photos.

Yelamarthi, Reddy, Mishra and Mittal, *A Zero-Shot Framework for Sketch Based Image Retrieval*,
ECCV 2018. The variational autoencoder is that of Kingma and Welling, ICLR 2014; its conditional
form that of Sohn, Lee and Yan, NIPS 2015.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from zsbir_lib.devices import choose_device
from zsbir_lib.features import Pairs
from zsbir_lib.methods.generative import GenerativeMethod, GenerativeNetwork
from zsbir_lib.methods.training import check_not_negative, seeded, train


class CVAENetwork(GenerativeNetwork):
    """The three networks of the conditional VAE.

    The encoder gives a normal law of z. Layer sizes are those of `GenerativeNetwork`.

    Parameters
    ----------
    dim, latent_dim, non_negative
        See `GenerativeNetwork`.
    """

    def _make_heads(self, hidden: int) -> None:
        self.mean = nn.Linear(hidden, self.latent_dim)
        self.log_variance = nn.Linear(hidden, self.latent_dim)

    def encode(self, photos: Tensor, sketches: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and the log-variance of q(z | x_img, x_sketch), each (n, latent_dim)."""
        h = self.encoder(torch.cat([photos, sketches], dim=1))
        # The paper's code bounds both by tanh; the variance then stays between 1/e and e.
        return torch.tanh(self.mean(h)), torch.tanh(self.log_variance(h))


class CVAE(GenerativeMethod):
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

    Parameters
    ----------
    reconstruction_weight
        The paper's :math:`\lambda`.
    kl_weight
        Weight of the divergence; 1 is the bound itself.
    decoder_variance
        :math:`\sigma^2`, in units of the features' mean square (features are divided by their
        root mean square first).
    latent_dim
        Width of z; None for a quarter of the features' width.
    epochs, batch_size, learning_rate
        Of the training by Adam.
    n_samples
        Photo features generated for each sketch.
    n_centres
        K-means centres kept of them.
    centre
        Learn, generate and compare photos and sketches about the means of the training pairs.
        Features after a ReLU lie in a narrow cone, in which all cosines are close to 1. False is
        the paper's way: features as they are, and a decoder that ends in a ReLU.
    mean_reconstruction
        Fault of the released code: average the reconstruction errors over the features, instead of
        summing them, while the divergence is summed over z. At 4,096 numbers that weighs the
        divergence 4,096 times too much, and the posterior collapses onto the prior.
    shared_noise
        Fault of the released code: train with one noise vector for a whole batch.
    average_samples
        Fault of the released code: one query, the mean of all samples, in place of K-means.
    seed
        Of weights, batches, noise, and generated samples.
    device
        See `zsbir_lib.devices.choose_device`.

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
    search_space: ClassVar = {"reconstruction_weight": (0.1, 1.0, 10.0), "epochs": (15, 25, 40)}

    def __init__(
        self,
        *,
        reconstruction_weight: float = 1.0,
        kl_weight: float = 1.0,
        decoder_variance: float = 0.5,
        latent_dim: int | None = None,
        epochs: int = 25,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        n_samples: int = 200,
        n_centres: int = 5,
        centre: bool = True,
        mean_reconstruction: bool = False,
        shared_noise: bool = False,
        average_samples: bool = False,
        seed: int = 0,
        device: str | None = None,
    ) -> None:
        self.reconstruction_weight = reconstruction_weight
        self.kl_weight = kl_weight
        self.decoder_variance = decoder_variance
        self.latent_dim = latent_dim
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.n_samples = n_samples
        self.n_centres = n_centres
        self.centre = centre
        self.mean_reconstruction = mean_reconstruction
        self.shared_noise = shared_noise
        self.average_samples = average_samples
        self.seed = seed
        self.device = device
        self.network_: CVAENetwork | None = None
        self.history_: dict[str, list[float]] = {}

    def _check(self) -> None:
        super()._check()
        check_not_negative(self, "kl_weight")

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

    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        device = choose_device(self.device)
        sketches, photos, non_negative = self._prepare(pairs, device)
        n, dim = sketches.shape
        with seeded(self.seed, device) as generator:
            network = self.network_type(dim, self.latent_dim, non_negative).to(device)
            optimiser = torch.optim.Adam(network.parameters(), self.learning_rate)
            steps = self.epochs * max(1, n // self.batch_size)
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)

            def step(rows: Tensor) -> dict[str, Tensor]:
                noise = torch.randn(
                    1 if self.shared_noise else len(rows), network.latent_dim, generator=generator
                ).to(device)
                rows = rows.to(device)
                loss, terms = self.loss(
                    network, sketches[rows], photos[rows], noise.expand(len(rows), -1)
                )
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                optimiser.step()
                schedule.step()
                return {name: term.detach() for name, term in terms.items()}

            self.network_ = network
            self.history_ = train(
                network, step, n, epochs=self.epochs, batch_size=self.batch_size,
                generator=generator, name=self.title, progress=progress,
            )  # fmt: skip

    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return K centres of generated photo features for each sketch, shape (n, K, d).

        With `average_samples` it is their mean instead, shape (n, 1, d). See
        `GenerativeMethod.encode_sketches`.
        """
        return self._queries(features, self.average_samples)
