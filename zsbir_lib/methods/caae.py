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

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from zsbir_lib.distributed import world
from zsbir_lib.features import Pairs
from zsbir_lib.methods.code_report import CodeReport, gap_to_prior
from zsbir_lib.methods.estimator import check_fitted, hyper
from zsbir_lib.methods.generative import GenerativeMethod, GenerativeNetwork
from zsbir_lib.methods.layers import linear, placed
from zsbir_lib.methods.training import cosine_schedule, data_parallel, descend

__all__ = ["CAAE", "CAAENetwork", "CodeReport"]

_REPORT_SKETCHES, _REPORT_SAMPLES = 256, 32  # generated from to measure variation


class CAAENetwork(GenerativeNetwork):
    """The CVAE's networks, with one head for the code, and the discriminator.

    Parameters
    ----------
    dim, latent_dim, non_negative, generator
        See `GenerativeNetwork`.

    Attributes
    ----------
    sees_sketch : bool
        Whether the encoder is given the sketch; else it is given zeros in its place.
    """

    sees_sketch = True

    def _make_more(self, hidden: int, generator: torch.Generator | None) -> None:
        self.discriminator = nn.Sequential(  # the logit of D
            linear(self.latent_dim, hidden, generator), nn.LeakyReLU(0.2),
            linear(hidden, hidden, generator), nn.LeakyReLU(0.2),
            linear(hidden, 1, generator),
        )  # fmt: skip

    def _make_heads(self, hidden: int, generator: torch.Generator | None) -> None:
        self.code = linear(hidden, self.latent_dim, generator)

    def encode(self, photos: Tensor, sketches: Tensor) -> Tensor:
        """Return the code E(x_img, x_sketch) before noise, or E(x_img), shape (n, latent_dim)."""
        if not self.sees_sketch:
            sketches = torch.zeros_like(sketches)
        return self.code(self.encoder(torch.cat([photos, sketches], dim=1)))

    def autoencoder(self) -> list[nn.Parameter]:
        """Return the weights of everything but the discriminator."""
        names = ("encoder", "code", "decoder", "to_sketch")
        return [weight for name in names for weight in getattr(self, name).parameters()]


class CAAE(GenerativeMethod[CAAENetwork]):
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
      nothing else; E sees the sketch too, though the formulas print E(x_img), which is
      ``encode_sketch=False``. The code is linear: only D bounds it.
    - **D** has two hidden layers of d/2 leaky rectifiers (slope 0.2), without batch norm, which
      would make a code's logit depend on the others in its batch.
    - **Loss of E**: the non-saturating :math:`-\log D(z)`. The printed :math:`\log(1 - D(z))` has
      the same equilibrium, but no gradient where D is sure, just where E needs one; it is to be
      had as ``saturating``.
    - **Weight**: reconstruction is a sum over d numbers, the adversarial term is one number; so
      the latter is weighed by d, and the balance is the same at every width. The printed weight of
      1 is :math:`\alpha = 1/d`.
    - **Noise in E**: the published formula is :math:`\sigma_E = 0`. On held-out seen classes noise
      retrieves better, and it smooths the codes' distribution, which keeps D from being sure.
    - **Width of z**: 16, not a quarter of d. D has to learn their distribution from a few thousand
      codes, which wants few dimensions.
    - **Steps**: one of D for one of E, both by Adam; D's momentum is 0.5, as is usual against a
      moving opponent. Both rates fall to 0 along a cosine, so that the two come to rest.
    - **Penalty**: a light one, on the gradient of D's logit, at draws and codes alike: without
      any, two players need not converge, though on the Toybox the noise alone would do. No label
      smoothing: D is hardly ever sure as it is.

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

    adversarial_weight: float = hyper(
        default=0.2,
        least=0,
        help=r":math:`\alpha`; with 0 nothing holds the codes near the prior.",
    )
    encoder_noise: float = hyper(
        default=0.7,
        least=0,
        below=1,
        search=(0.7, 0.85),
        help=r":math:`\sigma_E`, the standard deviation of the noise on a code, below the prior's "
        "own: or no code could have the prior's variance.",
    )
    discriminator_steps: int = hyper(
        default=1,
        least=0,
        help="Steps of D for each step of the rest; with 0, D stays as it was drawn, and misleads.",
    )
    discriminator_learning_rate: float = hyper(default=1e-3, above=0, help="Of D, by Adam.")
    gradient_penalty: float = hyper(default=0.1, least=0, help=r":math:`\gamma`.")
    encode_sketch: bool = hyper(
        default=True, help="Let E see the sketch beside the photo; False is the printed E(x_img)."
    )
    saturating: bool = hyper(
        default=False,
        help="Let E minimise the printed :math:`\\log(1 - D(z))`, which hardly pushes where D is "
        "sure, in place of :math:`-\\log D(z)`.",
    )
    latent_dim: int | None = hyper(default=16)
    epochs: int = hyper(default=20, search=(20, 40))

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
            "adversarial": self._against(network.discriminator(codes)),
            "regulariser": (network.to_sketch(generated) - sketches).pow(2).sum(dim=1),
        }
        terms = {name: term.mean() for name, term in terms.items()}
        loss = (
            terms["reconstruction"]
            + self.adversarial_weight * photos.shape[1] * terms["adversarial"]
            + self.reconstruction_weight * terms["regulariser"]
        )
        return loss, terms, codes

    def _against(self, logits: Tensor) -> Tensor:
        """Return what E minimises: -log D, or log(1 - D) if that is asked for."""
        return -softplus(logits) if self.saturating else softplus(-logits)

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

    def _new_network(self, *settings: Any) -> CAAENetwork:
        network = super()._new_network(*settings)
        network.sees_sketch = self.encode_sketch
        return network

    def _make_step(
        self, network: CAAENetwork, n: int, generator: torch.Generator
    ) -> tuple[Callable[[Tensor, Tensor, Tensor], dict[str, Tensor]], list[Any]]:
        optimiser = torch.optim.Adam(network.autoencoder(), self.learning_rate)
        opponent = torch.optim.Adam(
            network.discriminator.parameters(),
            self.discriminator_learning_rate,
            betas=(0.5, 0.999),
        )
        learners = [optimiser, opponent] if self.discriminator_steps else [optimiser]
        schedules = [cosine_schedule(each, n, self.epochs, self.batch_size) for each in learners]

        shared = data_parallel(network, several_losses=True)

        def learn(sketches: Tensor, photos: Tensor, noise: Tensor) -> dict[str, Tensor]:
            loss, terms, codes = shared(self.loss, network, sketches, photos, noise)
            # Its gradients come first, as D's step changes the weights they go through.
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            for _ in range(max(1, self.discriminator_steps)):
                count = len(codes) * world().size
                draws = self._noise(count, network.latent_dim, generator)
                draws = world().share(draws).to(codes.device)
                if not self.discriminator_steps:
                    _, achieved = self.discriminator_loss(network, codes, draws)
                    break
                against, achieved = shared(self.discriminator_loss, network, codes, draws)
                descend(against, opponent)
            optimiser.step()
            for schedule in schedules:
                schedule.step()
            return {**{name: term.detach() for name, term in terms.items()}, **achieved}

        return learn, [*learners, *schedules]

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
        check_fitted(self)
        network = placed(self.network_, self.device)
        device = next(network.parameters()).device
        photos, sketches = self._scaled(pairs.paired_photos(), 0), self._scaled(pairs.sketches, 1)
        generator = torch.Generator().manual_seed(self.seed)
        noise, draws = torch.randn(2, len(sketches), network.latent_dim, generator=generator)
        codes = network.encode(photos.to(device), sketches.to(device))
        codes = codes + self.encoder_noise * noise.to(device)
        right = (network.discriminator(draws.to(device)) > 0).float().mean()
        right = (right + (network.discriminator(codes) < 0).float().mean()) / 2
        # A few hundred sketches say it as well as all.
        few = pairs.sketches[:: max(1, len(pairs) // _REPORT_SKETCHES)]
        generated = self.generate(few, _REPORT_SAMPLES)
        variation = generated.var(dim=1).sum(dim=1).mean() / pairs.photos.var(dim=0).sum()
        return CodeReport(
            **gap_to_prior(codes.cpu()), accuracy=float(right), variation=float(variation)
        )
