r"""The variational autoencoder of images: learn what pictures look like, and draw new ones.

It maximises a lower bound of :math:`\log p_\theta(x)`, where a picture x comes from a latent
vector z by a decoder. The conditional form, which retrieval uses, is `zsbir_lib.methods.CVAE`.

Kingma and Welling, *Auto-Encoding Variational Bayes*, ICLR 2014; Rezende, Mohamed and Wierstra,
*Stochastic Backpropagation and Approximate Inference in Deep Generative Models*, ICML 2014.
"""

from __future__ import annotations

import math
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn

from zsbir_lib.devices import choose_device
from zsbir_lib.distributed import world
from zsbir_lib.errors import ZsbirError
from zsbir_lib.methods.estimator import check_fitted, hyper
from zsbir_lib.methods.layers import linear, placed
from zsbir_lib.methods.training import TrainedEstimator, data_parallel, descend, generators

LIKELIHOODS = ("bernoulli", "gaussian")
"""What the decoder can say about a pixel, how likely ink is or how dark it is on average."""


def kl_to_standard_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    r"""Return the divergence of Gaussians from the standard Gaussian, in nats.

    .. math::

        D_{KL}\big(\mathcal{N}(\mu, \mathrm{diag}\,\sigma^2) \,\|\, \mathcal{N}(0, I)\big)
        = \tfrac12 \sum_j \big(\mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2\big)

    Parameters
    ----------
    mean, log_variance
        Of n Gaussians, each (n, latent_dim).

    Returns
    -------
    Tensor
        Shape (n,).
    """
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1)


def log_bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    r"""Return :math:`\sum_i x_i \log \pi_i + (1 - x_i) \log (1 - \pi_i)`, shape (n,).

    The probabilities :math:`\pi` are the sigmoid of the logits. For grey values between 0 and 1
    it is the mean over pictures whose pixels are black or white with these probabilities.

    Parameters
    ----------
    x
        Pixels from 0 to 1, shape (n, p).
    logits
        Shape (n, p).
    """
    loss = nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return -loss.sum(dim=1)


def log_gaussian(x: Tensor, mean: Tensor, variance: float) -> Tensor:
    r"""Return :math:`\log \mathcal{N}(x; \mu, \sigma^2 I)` of each row, constant included.

    Parameters
    ----------
    x, mean
        Shape (n, p).
    variance
        :math:`\sigma^2`, the same for every number.

    Returns
    -------
    Tensor
        Shape (n,).
    """
    constant = x.shape[1] * math.log(2 * math.pi * variance)
    return -0.5 * (((x - mean) ** 2).sum(dim=1) / variance + constant)


class LatentNetwork(Protocol):
    """What the bound needs of a network."""

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance of q(z | x), each (n, latent_dim)."""

    def decode(self, z: Tensor) -> Tensor:
        """Return the logits (Bernoulli) or the mean (Gaussian) of p(x | z), shape (n, p)."""


class VAENetwork(nn.Module):
    """Encoder and decoder, each with two hidden layers.

    Parameters
    ----------
    pixels
        Of a picture.
    hidden
        Width of the hidden layers.
    latent_dim
        Width of z.
    generator
        Of first weights; None for PyTorch's common state.
    """

    def __init__(
        self, pixels: int, hidden: int, latent_dim: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            linear(pixels, hidden, generator),
            nn.ReLU(),
            linear(hidden, hidden, generator),
            nn.ReLU(),
        )
        self.mean = linear(hidden, latent_dim, generator)
        self.log_variance = linear(hidden, latent_dim, generator)
        self.decoder = nn.Sequential(
            linear(latent_dim, hidden, generator), nn.ReLU(),
            linear(hidden, hidden, generator), nn.ReLU(),
            linear(hidden, pixels, generator),
        )  # fmt: skip

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance of q(z | x), each (n, latent_dim)."""
        h = self.encoder(x)
        return self.mean(h), self.log_variance(h)

    def decode(self, z: Tensor) -> Tensor:
        """Return the logits or the mean of p(x | z), shape (n, pixels)."""
        return self.decoder(z)


class VAE(TrainedEstimator):
    r"""Variational autoencoder of small grey pictures.

    Maximises, averaged over the pictures,

    .. math::

        \mathcal{L}(x) = \mathbb{E}_{q_\phi(z \mid x)}[\log p_\theta(x \mid z)]
        - D_{KL}\big(q_\phi(z \mid x) \,\|\, \mathcal{N}(0, I)\big) \le \log p_\theta(x)

    with one draw :math:`z = \mu_\phi + \sigma_\phi \odot \varepsilon` for each picture and step.

    Attributes
    ----------
    network_ : VAENetwork
        The fitted network.
    shape_ : tuple of int
        Height and width of a picture.
    history_ : dict of str to list of float
        Mean per epoch and picture, in nats: ``"reconstruction"``, which is
        :math:`-\log p_\theta(x \mid z)`, and ``"kl"``.
    """

    _learns_from: ClassVar[str] = "images"

    latent_dim: int = hyper(default=2, least=1, help="Width of z.")
    hidden: int = hyper(default=256, least=1, help="Width of the hidden layers.")
    likelihood: str = hyper(
        default="bernoulli", choices=LIKELIHOODS, help="The distribution of a pixel for a given z."
    )
    decoder_variance: float = hyper(
        default=0.05,
        above=0,
        help=r":math:`\sigma^2` of the Gaussian decoder; without effect on the Bernoulli one.",
    )
    kl_weight: float = hyper(
        default=1.0,
        least=0,
        help="Weight of the divergence in training; 1 is the bound itself.",
    )
    epochs: int = hyper(default=60)
    batch_size: int = hyper(default=64)
    learning_rate: float = hyper(default=2e-3, help="Of the training by Adam.")

    def terms(self, network: LatentNetwork, x: Tensor, noise: Tensor) -> dict[str, Tensor]:
        """Return the two terms of the negative bound for each picture.

        Parameters
        ----------
        network
            Encoder and decoder.
        x
            Pictures as rows, shape (n, p).
        noise
            Standard normal, shape (n, latent_dim).

        Returns
        -------
        dict of str to Tensor
            ``"reconstruction"`` and ``"kl"``, each (n,).
        """
        mean, log_variance = network.encode(x)
        decoded = network.decode(mean + torch.exp(log_variance / 2) * noise)
        if self.likelihood == "bernoulli":
            log_likelihood = log_bernoulli(x, decoded)
        else:
            log_likelihood = log_gaussian(x, decoded, self.decoder_variance)
        return {"reconstruction": -log_likelihood, "kl": kl_to_standard_normal(mean, log_variance)}

    def fit(self, images: Tensor, progress: bool | None = None) -> VAE:
        """Learn from pictures.

        Parameters
        ----------
        images
            Grey values from 0 to 1, shape (n, height, width).
        progress
            Show a progress bar; by default on a terminal only.

        Raises
        ------
        ZsbirError
            If a setting or the pictures are not as described.
        DivergedError
            If a term of the bound becomes NaN or infinite.
        """
        self.check_parameters()
        images = _check_images(images)
        device = choose_device(self.device)
        x = images.flatten(1)
        weights, generator = generators(self.seed)
        network = VAENetwork(x.shape[1], self.hidden, self.latent_dim, weights).to(device)
        x = x.to(device)
        optimiser = torch.optim.Adam(network.parameters(), self.learning_rate)

        shared = data_parallel(network)

        def step(rows: Tensor) -> dict[str, Tensor]:
            noise = torch.randn(len(rows), self.latent_dim, generator=generator)
            rows, noise = (world().share(drawn).to(device) for drawn in (rows, noise))
            terms = shared(self.terms, network, x[rows], noise)
            terms = {name: term.mean() for name, term in terms.items()}
            descend(terms["reconstruction"] + self.kl_weight * terms["kl"], optimiser)
            return {name: term.detach() for name, term in terms.items()}

        self.network_, self.shape_ = network, tuple(images.shape[1:])
        self._train(network, step, len(x), generator, progress, [optimiser])
        return self

    @torch.no_grad()
    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance of q(z | x), each (n, latent_dim).

        Parameters
        ----------
        images
            Shape (n, height, width).

        Raises
        ------
        ZsbirError
            If the model is not fitted, or the pictures have another size.
        """
        network, x = self._placed(), self._rows(images)
        device = torch.as_tensor(images).device
        mean, log_variance = network.encode(x)
        return mean.to(device), log_variance.to(device)

    @torch.no_grad()
    def decode(self, z: Tensor) -> Tensor:
        """Return the mean picture of p(x | z), shape (n, height, width).

        Parameters
        ----------
        z
            Shape (n, latent_dim).

        Raises
        ------
        ZsbirError
            If the model is not fitted, or z has another width.
        """
        network = self._placed()
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise ZsbirError(f"z has shape {tuple(z.shape)}: it must be (n, {self.latent_dim})")
        decoded = network.decode(z.to(choose_device(self.device))).to(z.device)
        if self.likelihood == "bernoulli":
            decoded = decoded.sigmoid()
        return decoded.view(-1, *self.shape_)

    def sample(self, n: int, seed: int = 0) -> Tensor:
        """Return the mean pictures of n draws of z from the prior, shape (n, height, width).

        Parameters
        ----------
        n
            How many.
        seed
            Of the draws.

        Raises
        ------
        ZsbirError
            If the model is not fitted.
        """
        generator = torch.Generator().manual_seed(seed)
        return self.decode(torch.randn(n, self.latent_dim, generator=generator))

    @torch.no_grad()
    def elbo(self, images: Tensor, n_samples: int = 1, seed: int = 0) -> Tensor:
        """Return the bound of log p(x) for each picture, in nats, shape (n,).

        Parameters
        ----------
        images
            Shape (n, height, width).
        n_samples
            Draws of z that the expectation is estimated from.
        seed
            Of the draws.

        Raises
        ------
        ZsbirError
            If the model is not fitted, the pictures have another size, or `n_samples` is below 1.
        """
        if n_samples < 1:
            raise ZsbirError(f"n_samples is {n_samples}: it must be 1 or more")
        network, x = self._placed(), self._rows(images)
        generator = torch.Generator().manual_seed(seed)
        total = torch.zeros(len(x), device=x.device)
        for _ in range(n_samples):
            noise = torch.randn(len(x), self.latent_dim, generator=generator).to(x.device)
            terms = self.terms(network, x, noise)
            total -= terms["reconstruction"] + terms["kl"]
        return (total / n_samples).to(torch.as_tensor(images).device)

    def _placed(self) -> LatentNetwork:
        check_fitted(self)
        return placed(self.network_, self.device)

    def _rows(self, images: Tensor) -> Tensor:
        """Return pictures of the fitted size as rows, on the network's device."""
        check_fitted(self)
        images = _check_images(images)
        if tuple(images.shape[1:]) != self.shape_:
            raise ZsbirError(
                f"the pictures are {tuple(images.shape[1:])}, but the VAE learnt from {self.shape_}"
            )
        return images.flatten(1).to(choose_device(self.device))


def _check_images(images: Tensor) -> Tensor:
    """Return pictures as float32, if they are pictures."""
    images = torch.as_tensor(images, dtype=torch.float32).detach().cpu()
    if images.ndim != 3 or 0 in images.shape:
        raise ZsbirError(
            f"the pictures have shape {tuple(images.shape)}: it must be (n, height, width)"
        )
    if not bool(((images >= 0) & (images <= 1)).all()):
        raise ZsbirError("a grey value is NaN or outside 0 to 1: divide pictures of bytes by 255")
    return images
