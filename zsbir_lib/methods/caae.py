r"""The conditional adversarial autoencoder: a discriminator in place of the CVAE's divergence.

An autoencoder of photo features, given the sketch, whose codes a discriminator cannot tell from
draws of the prior; so draws of the prior can then be decoded as if they were codes.

Yelamarthi, Reddy, Mishra and Mittal, *A Zero-Shot Framework for Sketch Based Image Retrieval*,
ECCV 2018. The adversarial autoencoder is that of Makhzani, Shlens, Jaitly, Goodfellow and Frey,
*Adversarial Autoencoders*, 2015; the non-saturating loss is that of Goodfellow et al., *Generative
Adversarial Nets*, NIPS 2014; the gradient penalty that of Mescheder, Geiger and Nowozin, *Which
Training Methods for GANs do actually Converge?*, ICML 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from zsbir_lib.devices import choose_device
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods.base import check_fitted
from zsbir_lib.methods.generative import GenerativeMethod, GenerativeNetwork
from zsbir_lib.methods.training import (
    check_at_least,
    check_not_negative,
    check_positive,
    seeded,
    train,
)

_REPORT_SKETCHES, _REPORT_SAMPLES = 256, 32  # generated from to measure variation


class CAAENetwork(GenerativeNetwork):
    """The CVAE's networks, with one head for the code, and the discriminator.

    Parameters
    ----------
    dim, latent_dim, non_negative
        See `GenerativeNetwork`.
    """

    def __init__(self, dim: int, latent_dim: int | None = None, non_negative: bool = True) -> None:
        super().__init__(dim, latent_dim, non_negative)
        hidden = max(1, dim // 2)
        self.discriminator = nn.Sequential(  # the logit of D
            nn.Linear(self.latent_dim, hidden), nn.LeakyReLU(0.2),
            nn.Linear(hidden, hidden), nn.LeakyReLU(0.2),
            nn.Linear(hidden, 1),
        )  # fmt: skip

    def _make_heads(self, hidden: int) -> None:
        self.code = nn.Linear(hidden, self.latent_dim)

    def encode(self, photos: Tensor, sketches: Tensor) -> Tensor:
        """Return the code E(x_img, x_sketch) before noise, shape (n, latent_dim)."""
        return self.code(self.encoder(torch.cat([photos, sketches], dim=1)))

    def autoencoder(self) -> list[nn.Parameter]:
        """Return the weights of everything but the discriminator."""
        names = ("encoder", "code", "decoder", "to_sketch")
        return [weight for name in names for weight in getattr(self, name).parameters()]


@dataclass(frozen=True)
class CodeReport:
    """How well the codes of pairs fill the prior, and whether the decoder listens to them.

    Attributes
    ----------
    mean
        Root mean square of the codes' mean over the numbers of z; the prior has 0.
    smallest, largest
        Least and greatest variance of the codes in any direction (the extreme eigenvalues of
        their covariance); the prior has 1 in all.
    distance
        Fréchet distance, squared and per number of z, between the normal law that has the codes'
        mean and covariance, and the prior; 0 if they are the same.
    accuracy
        Share of codes and of draws from the prior, in equal numbers, that D tells right; 0.5 is
        chance.
    variation
        Variance of the features generated for one sketch over z, as a share of the variance of
        all photos.
    """

    mean: float
    smallest: float
    largest: float
    distance: float
    accuracy: float
    variation: float

    def faults(self) -> list[str]:
        """Return what has collapsed, in words: nothing, if the training was sound.

        The codes' mean must lie within half a standard deviation of the prior's, their spread in
        every direction within half and twice the prior's, D must not tell nine in ten of them
        right, and z must account for a hundredth of the photos' variance or more.
        """
        rules = (
            (self.mean <= 0.5, f"the codes' mean is off the prior's by {self.mean:.2f}"),
            (self.smallest >= 0.25, f"the codes' variance falls to {self.smallest:.3f}"),
            (self.largest <= 4, f"the codes' variance rises to {self.largest:.2f}"),
            (self.accuracy <= 0.9, f"the discriminator is right on {self.accuracy:.0%}"),
            (self.variation >= 0.01, f"z makes {self.variation:.1%} of the photos' variance"),
        )
        return [fault for holds, fault in rules if not holds]


class CAAE(GenerativeMethod):
    r"""Conditional adversarial autoencoder with the reconstruction regulariser.

    With :math:`z = E(x_{img}, x_{sketch}) + \sigma_E \varepsilon`,
    :math:`\varepsilon \sim \mathcal{N}(0, I)`, encoder E, decoder and :math:`f_{NN}` minimise

    .. math::

        \mathbb{E}\big[-\log p_\theta(x_{img} \mid z, x_{sketch})\big]
        - \alpha\, d\; \mathbb{E}\big[\log D(z)\big]
        + \lambda \,\| f_{NN}(\hat x_{img}) - x_{sketch} \|_2^2

    while the discriminator D maximises

    .. math::

        \mathbb{E}_{z \sim \mathcal{N}(0, I)}[\log D(z)] + \mathbb{E}[\log(1 - D(z))]
        - \tfrac{\gamma}{2}\, \mathbb{E}\,\| \nabla_z \operatorname{logit} D(z) \|_2^2

    the last mean being over draws of the prior and over codes. As in the CVAE,
    :math:`-\log p_\theta = \|\hat x_{img} - x_{img}\|^2 / 2\sigma^2` up to a constant, and a sketch
    is answered with the K-means centres of what is decoded from draws of the prior.

    The CVAE's divergence holds the code of *every* pair near the prior. The discriminator holds
    only their mixture there: the mean divergence is the mixture's divergence plus the mutual
    information of code and pair, and it is the information that goes free. Nothing in the paper's
    objective then keeps a code from telling all about its photo, and the decoder from asking the
    sketch nothing, though at retrieval the sketch is all there is. The noise is what bounds it
    here: once the codes have the prior's variance, no number of z can tell more than
    :math:`-\log \sigma_E` nats.

    The paper gives the two objectives and no more; no code of it was published. Chosen here:

    - **Networks**: E, decoder and :math:`f_{NN}` are the CVAE's, so that the two methods differ in
      nothing else; E sees the sketch too, though the formulas print E(x_img). The code is linear:
      only D bounds it.
    - **D** has two hidden layers of d/2 leaky rectifiers (slope 0.2), without batch norm, which
      would make a code's logit depend on the others in its batch.
    - **Loss of E**: the non-saturating :math:`-\log D(z)`. The printed :math:`\log(1 - D(z))` has
      the same equilibrium, but no gradient where D is sure, just where E needs one.
    - **Weight**: reconstruction is a sum over d numbers, the adversarial term is one number; so
      the latter is weighed by d, and the balance is the same at every width.
    - **Noise in E**: the published formula is :math:`\sigma_E = 0`. On held-out seen classes noise
      retrieves better, and it smooths the codes' law, which keeps D from being sure.
    - **Width of z**: 16, not a quarter of d. D has to learn the codes' law from a few thousand of
      them, which wants few dimensions.
    - **Steps**: one of D for one of E, both by Adam; D's momentum is 0.5, as is usual against a
      moving opponent. Both rates fall to 0 along a cosine, so that the two come to rest.
    - **Penalty**: a light one, on the gradient of D's logit, at draws and codes alike: without
      any, two players need not converge, though on the Toybox the noise alone would do. No label
      smoothing: D is hardly ever sure as it is.

    Parameters
    ----------
    reconstruction_weight
        The paper's :math:`\lambda`.
    adversarial_weight
        :math:`\alpha`; with 0 nothing holds the codes near the prior.
    encoder_noise
        :math:`\sigma_E`, the standard deviation of the noise on a code: 0 or more and below 1, the
        prior's own.
    discriminator_steps
        Steps of D for each step of the rest; with 0, D stays as it was drawn, and misleads.
    discriminator_learning_rate
        Of D, by Adam.
    gradient_penalty
        :math:`\gamma`.
    decoder_variance
        :math:`\sigma^2`, in units of the features' mean square (features are divided by their
        root mean square first).
    latent_dim
        Width of z; None for a quarter of the features' width, as in the CVAE.
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
    seed
        Of weights, batches, noise, and generated samples.
    device
        See `zsbir_lib.devices.choose_device`.

    Attributes
    ----------
    network_ : CAAENetwork
        The fitted networks.
    history_ : dict of str to list of float
        Mean per epoch: ``"reconstruction"`` (in nats, without the constant), ``"adversarial"``
        (the mean of :math:`-\log D(z)`, log 2 where D is at a loss), ``"regulariser"`` (the squared
        error before lambda), ``"discriminator"`` (D's loss without the penalty, 2 log 2 where it is
        at a loss), ``"accuracy"`` (of D in telling codes from draws, 0.5 where it is at a loss).
    """

    name = "caae"
    title = "CAAE"
    network_type = CAAENetwork
    search_space: ClassVar = {"encoder_noise": (0.7, 0.85), "epochs": (20, 40)}

    def __init__(
        self,
        *,
        reconstruction_weight: float = 1.0,
        adversarial_weight: float = 0.2,
        encoder_noise: float = 0.7,
        discriminator_steps: int = 1,
        discriminator_learning_rate: float = 1e-3,
        gradient_penalty: float = 0.1,
        decoder_variance: float = 0.5,
        latent_dim: int | None = 16,
        epochs: int = 20,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        n_samples: int = 200,
        n_centres: int = 5,
        centre: bool = True,
        seed: int = 0,
        device: str | None = None,
    ) -> None:
        self.reconstruction_weight = reconstruction_weight
        self.adversarial_weight = adversarial_weight
        self.encoder_noise = encoder_noise
        self.discriminator_steps = discriminator_steps
        self.discriminator_learning_rate = discriminator_learning_rate
        self.gradient_penalty = gradient_penalty
        self.decoder_variance = decoder_variance
        self.latent_dim = latent_dim
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.n_samples = n_samples
        self.n_centres = n_centres
        self.centre = centre
        self.seed = seed
        self.device = device
        self.network_: CAAENetwork | None = None
        self.history_: dict[str, list[float]] = {}

    def _check(self) -> None:
        super()._check()
        check_not_negative(self, "adversarial_weight", "encoder_noise", "gradient_penalty")
        check_positive(self, "discriminator_learning_rate")
        check_at_least(self, 0, "discriminator_steps")
        if self.encoder_noise >= 1:
            raise ZsbirError(
                f"encoder_noise is {self.encoder_noise}: it must be below 1, or no code can have "
                "the prior's variance"
            )

    def loss(
        self, network: CAAENetwork, sketches: Tensor, photos: Tensor, noise: Tensor
    ) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """Return what the autoencoder minimises, and its terms, for one batch.

        Parameters
        ----------
        network
            The networks.
        sketches, photos
            Scaled features, each (n, d).
        noise
            Standard normal, shape (n, latent_dim).

        Returns
        -------
        loss : Tensor
            A scalar, the mean over the batch.
        terms : dict of str to Tensor
            ``"reconstruction"``, ``"adversarial"`` and ``"regulariser"``, each a scalar.
        codes : Tensor
            With their noise, shape (n, latent_dim).
        """
        codes = network.encode(photos, sketches) + self.encoder_noise * noise
        generated = network.decode(codes, sketches)
        terms = {
            "reconstruction": (generated - photos).pow(2).sum(dim=1) / (2 * self.decoder_variance),
            "adversarial": softplus(-network.discriminator(codes)),  # -log D
            "regulariser": (network.to_sketch(generated) - sketches).pow(2).sum(dim=1),
        }
        terms = {name: term.mean() for name, term in terms.items()}
        loss = (
            terms["reconstruction"]
            + self.adversarial_weight * photos.shape[1] * terms["adversarial"]
            + self.reconstruction_weight * terms["regulariser"]
        )
        return loss, terms, codes

    def discriminator_loss(
        self, network: CAAENetwork, codes: Tensor, draws: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return what the discriminator minimises, and what it achieves, for one batch.

        Parameters
        ----------
        network
            The networks.
        codes
            With their noise, shape (n, latent_dim).
        draws
            From the prior, of the same shape.

        Returns
        -------
        loss : Tensor
            A scalar, with the penalty.
        terms : dict of str to Tensor
            ``"discriminator"``, the loss without it, and ``"accuracy"``, each a scalar.
        """
        z = torch.cat([draws, codes]).detach().requires_grad_(self.gradient_penalty > 0)
        logits = network.discriminator(z)
        of_draws, of_codes = logits[: len(draws)], logits[len(draws) :]
        # -log D = softplus(-logit), -log(1 - D) = softplus(logit)
        loss = softplus(-of_draws).mean() + softplus(of_codes).mean()
        right = ((of_draws > 0).float().mean() + (of_codes < 0).float().mean()) / 2
        terms = {"discriminator": loss.detach(), "accuracy": right}
        if self.gradient_penalty > 0:
            (slope,) = torch.autograd.grad(logits.sum(), z, create_graph=True)
            loss = loss + self.gradient_penalty / 2 * slope.pow(2).sum(dim=1).mean()
        return loss, terms

    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        device = choose_device(self.device)
        sketches, photos, non_negative = self._prepare(pairs, device)
        n, dim = sketches.shape
        with seeded(self.seed, device) as generator:
            network = CAAENetwork(dim, self.latent_dim, non_negative).to(device)
            optimiser = torch.optim.Adam(network.autoencoder(), self.learning_rate)
            opponent = torch.optim.Adam(
                network.discriminator.parameters(),
                self.discriminator_learning_rate,
                betas=(0.5, 0.999),
            )
            learners = [optimiser, opponent] if self.discriminator_steps else [optimiser]
            steps = self.epochs * max(1, n // self.batch_size)
            schedules = [
                torch.optim.lr_scheduler.CosineAnnealingLR(each, steps) for each in learners
            ]

            def draw(count: int) -> Tensor:
                return torch.randn(count, network.latent_dim, generator=generator).to(device)

            def step(rows: Tensor) -> dict[str, Tensor]:
                rows = rows.to(device)
                loss, terms, codes = self.loss(
                    network, sketches[rows], photos[rows], draw(len(rows))
                )
                # Its gradients come first, as D's step changes the weights they go through.
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                for _ in range(max(1, self.discriminator_steps)):
                    against, achieved = self.discriminator_loss(network, codes, draw(len(rows)))
                    if self.discriminator_steps:
                        opponent.zero_grad(set_to_none=True)
                        against.backward()
                        opponent.step()
                optimiser.step()
                for schedule in schedules:
                    schedule.step()
                return {**{name: term.detach() for name, term in terms.items()}, **achieved}

            self.network_ = network
            self.history_ = train(
                network, step, n, epochs=self.epochs, batch_size=self.batch_size,
                generator=generator, name=self.title, progress=progress,
            )  # fmt: skip

    @torch.no_grad()
    def code_report(self, pairs: Pairs) -> CodeReport:
        """Measure how well the codes of pairs fill the prior, and what z changes.

        Parameters
        ----------
        pairs
            Those of the training, or others.

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        check_fitted(self, "network_")
        network = self.network_
        photos, sketches = self._scaled(pairs.paired_photos(), 0), self._scaled(pairs.sketches, 1)
        device = photos.device
        generator = torch.Generator().manual_seed(self.seed)
        noise, draws = torch.randn(2, len(sketches), network.latent_dim, generator=generator)
        codes = network.encode(photos, sketches) + self.encoder_noise * noise.to(device)
        right = (network.discriminator(draws.to(device)) > 0).float().mean()
        right = (right + (network.discriminator(codes) < 0).float().mean()) / 2
        codes = codes.cpu().double()
        mean = codes.mean(dim=0)
        spread = torch.linalg.eigvalsh(codes.T.cov().reshape(len(mean), -1)).clamp(min=0)
        distance = (mean.pow(2).sum() + (spread.sqrt() - 1).pow(2).sum()) / len(mean)
        # A few hundred sketches say it as well as all.
        few = pairs.sketches[:: max(1, len(pairs) // _REPORT_SKETCHES)]
        generated = self.generate(few, _REPORT_SAMPLES).cpu()
        variation = generated.var(dim=1).sum(dim=1).mean() / pairs.photos.var(dim=0).sum()
        return CodeReport(
            mean=float(mean.pow(2).mean().sqrt()),
            smallest=float(spread[0]),
            largest=float(spread[-1]),
            distance=float(distance),
            accuracy=float(right),
            variation=float(variation),
        )
