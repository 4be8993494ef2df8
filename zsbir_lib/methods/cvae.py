r"""The conditional variational autoencoder: generate the photo features that a sketch stands for.

It learns :math:`p(x_{img} \mid x_{sketch})` from pairs, generates photo features for the sketch of
a class that it has never seen, and so turns retrieval into the comparison of photos with photos.

Yelamarthi, Reddy, Mishra and Mittal, *A Zero-Shot Framework for Sketch Based Image Retrieval*,
ECCV 2018. The variational autoencoder is that of Kingma and Welling, ICLR 2014; its conditional
form that of Sohn, Lee and Yan, NIPS 2015.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zsbir_lib.devices import choose_device
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods.base import RetrievalMethod, check_features, check_fitted
from zsbir_lib.progress import progress_bar
from zsbir_lib.retrieval import kmeans

_BLOCK_BYTES = 256 * 2**20  # of generated features held at once


class CVAENetwork(nn.Module):
    """The three networks of the conditional VAE.

    Layer sizes are those of the paper's released code at 4,096 numbers, and keep their proportion
    to the width of the features at any other.

    Parameters
    ----------
    dim
        Width d of the features.
    latent_dim
        Width of z; a quarter of d by default.
    non_negative
        End the decoder in a ReLU: features taken after a ReLU are never negative.
    """

    def __init__(self, dim: int, latent_dim: int | None = None, non_negative: bool = True) -> None:
        super().__init__()
        hidden = max(1, dim // 2)
        self.latent_dim = latent_dim or max(1, dim // 4)
        self.encoder = nn.Sequential(  # q(z | x_img, x_sketch)
            nn.Linear(2 * dim, dim), nn.ReLU(), nn.BatchNorm1d(dim), nn.Dropout(0.3),
            nn.Linear(dim, hidden), nn.ReLU(), nn.BatchNorm1d(hidden),
        )  # fmt: skip
        self.mean = nn.Linear(hidden, self.latent_dim)
        self.log_variance = nn.Linear(hidden, self.latent_dim)
        self.decoder = nn.Sequential(  # p(x_img | z, x_sketch)
            nn.Linear(self.latent_dim + dim, hidden), nn.ReLU(),
            nn.Linear(hidden, dim), nn.ReLU() if non_negative else nn.Identity(),
        )  # fmt: skip
        self.to_sketch = nn.Sequential(  # f_NN, the regulariser's way back to the sketch
            nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, dim)
        )

    def encode(self, photos: Tensor, sketches: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and the log-variance of q(z | x_img, x_sketch), each (n, latent_dim)."""
        h = self.encoder(torch.cat([photos, sketches], dim=1))
        # The paper's code bounds both by tanh; the variance then stays between 1/e and e.
        return torch.tanh(self.mean(h)), torch.tanh(self.log_variance(h))

    def decode(self, z: Tensor, sketches: Tensor) -> Tensor:
        """Return the mean of p(x_img | z, x_sketch), shape (n, d)."""
        return self.decoder(torch.cat([z, sketches], dim=1))


class CVAE(RetrievalMethod):
    r"""Conditional VAE with the reconstruction regulariser, retrieving by K-means centres.

    Maximises, over pairs of a sketch and the photo it was drawn from,

    .. math::

        \mathcal{L} = -D_{KL}\big(q_\phi(z \mid x_{img}, x_{sketch}) \,\|\, \mathcal{N}(0, I)\big)
        + \mathbb{E}_q\big[\log p_\theta(x_{img} \mid z, x_{sketch})\big]
        - \lambda \,\| f_{NN}(\hat x_{img}) - x_{sketch} \|_2^2

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
        self.mean_reconstruction = mean_reconstruction
        self.shared_noise = shared_noise
        self.average_samples = average_samples
        self.seed = seed
        self.device = device
        self.network_: CVAENetwork | None = None
        self.history_: dict[str, list[float]] = {}

    def _check(self) -> None:
        for name in ("reconstruction_weight", "kl_weight"):
            if not getattr(self, name) >= 0:
                raise ZsbirError(f"{name} is {getattr(self, name)}: it must be 0 or more")
        for name in ("decoder_variance", "learning_rate"):
            if not getattr(self, name) > 0:
                raise ZsbirError(f"{name} is {getattr(self, name)}: it must be above 0")
        for name in ("epochs", "n_samples", "n_centres"):
            if getattr(self, name) < 1:
                raise ZsbirError(f"{name} is {getattr(self, name)}: it must be 1 or more")
        if self.batch_size < 2:
            raise ZsbirError(f"batch_size is {self.batch_size}: batch norm needs 2 or more")
        if self.n_centres > self.n_samples:
            raise ZsbirError(
                f"n_centres is {self.n_centres}, but only {self.n_samples} samples are clustered"
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

    def fit(self, pairs: Pairs, *, progress: bool | None = None) -> CVAE:
        """Train on pairs of seen classes.

        Raises
        ------
        ZsbirError
            If a hyper-parameter is out of range, there are fewer pairs than two, or training
            diverges.
        """
        self._check()
        device = choose_device(self.device)
        generator = torch.Generator().manual_seed(self.seed)
        dim = pairs.sketches.shape[1]
        paired = pairs.paired_photos()
        n = len(paired)
        if n < 2:
            raise ZsbirError(f"the CVAE needs two pairs or more to learn from, got {n}")
        photo_scale, sketch_scale = _root_mean_square(paired), _root_mean_square(pairs.sketches)
        photos = (paired / photo_scale).to(device)
        sketches = (pairs.sketches / sketch_scale).to(device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network = CVAENetwork(dim, self.latent_dim, bool(paired.min() >= 0))
        network.to(device).train()
        optimiser = torch.optim.Adam(network.parameters(), self.learning_rate)
        steps = max(1, n // self.batch_size)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, self.epochs * steps)
        self.history_ = {"reconstruction": [], "kl": [], "regulariser": []}
        epochs = progress_bar(range(self.epochs), show=progress, desc="CVAE", unit="epoch")
        # Dropout draws from the global generator: fork it, so that the caller's is left alone.
        forked = [device] if device.type == "cuda" else []
        with torch.random.fork_rng(devices=forked):
            torch.manual_seed(self.seed)
            for _ in epochs:
                sums = torch.zeros(3, device=device)
                order = torch.randperm(n, generator=generator)
                for step in range(steps):
                    batch = order[step * self.batch_size : (step + 1) * self.batch_size].to(device)
                    rows = 1 if self.shared_noise else len(batch)
                    noise = torch.randn(rows, network.latent_dim, generator=generator).to(device)
                    loss, terms = self.loss(
                        network, sketches[batch], photos[batch], noise.expand(len(batch), -1)
                    )
                    optimiser.zero_grad(set_to_none=True)
                    loss.backward()
                    optimiser.step()
                    schedule.step()
                    sums += torch.stack([term.detach() for term in terms.values()])
                means = (sums / steps).tolist()
                if not all(value == value and value < 1e30 for value in means):
                    raise ZsbirError(
                        f"the CVAE diverged: lower learning_rate (it is {self.learning_rate})"
                    )
                for name, value in zip(self.history_, means, strict=True):
                    self.history_[name].append(value)
                epochs.set_postfix({name: f"{v[-1]:.2f}" for name, v in self.history_.items()})
        network.eval().requires_grad_(False)
        self.network_ = network
        self._scales = torch.stack([photo_scale, sketch_scale])
        return self

    def _latents(self, count: int) -> Tensor:
        """Draw z from the prior, shape (count, latent_dim): the same ones in every call."""
        generator = torch.Generator().manual_seed(self.seed)
        return torch.randn(count, self.network_.latent_dim, generator=generator)

    @torch.no_grad()
    def _decode(self, z: Tensor, features: Tensor) -> Tensor:
        """Return the photo features that each sketch gives for each z, shape (n, len(z), d)."""
        network = self.network_
        device = next(network.parameters()).device
        photo_scale, sketch_scale = self._scales.to(device)
        dim = network.to_sketch[-1].out_features
        sketches = check_features(features, dim, "sketch").to(device) / sketch_scale
        every_z = z.to(device).repeat(len(sketches), 1)
        samples = network.decode(every_z, sketches.repeat_interleave(len(z), dim=0))
        return samples.view(len(sketches), len(z), dim) * photo_scale

    def generate(self, features: Tensor, n_samples: int | None = None) -> Tensor:
        """Generate photo features for sketches.

        The same latent vectors serve every sketch, so what a sketch gives does not depend on the
        sketches beside it.

        Parameters
        ----------
        features
            Sketch features, shape (n, d).
        n_samples
            How many for each; the method's own number by default.

        Returns
        -------
        Tensor
            Shape (n, n_samples, d), in the units of the photo features.

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        check_fitted(self, "network_")
        return self._decode(self._latents(n_samples or self.n_samples), features)

    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return K centres of generated photo features for each sketch, shape (n, K, d).

        Lloyd's algorithm starts from the features generated by the K-means centres of the latent
        vectors: a good start, without chance, and the same for a sketch alone or among others.

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        check_fitted(self, "network_")
        features = torch.as_tensor(features)
        z = self._latents(self.n_samples)
        first = kmeans(z[None], self.n_centres).centres[0]
        block = max(1, _BLOCK_BYTES // (4 * self.n_samples * features.shape[-1]))
        centres = []
        for part in features.split(block):
            samples = self._decode(z, part)
            if self.average_samples:
                centres.append(samples.mean(dim=1, keepdim=True))
            else:
                init = self._decode(first, part)
                centres.append(kmeans(samples, self.n_centres, init=init).centres)
        return torch.cat(centres).cpu()

    def encode_photos(self, features: Tensor) -> Tensor:
        """Return the photo features as they are, shape (m, d): photos are compared with photos."""
        return features

    def _get_state(self) -> dict[str, Tensor]:
        check_fitted(self, "network_")
        # ReLU and Identity hold no weights, so the end of the decoder is kept as a flag.
        non_negative = torch.tensor(isinstance(self.network_.decoder[-1], nn.ReLU))
        state = {"scales": self._scales, "non_negative": non_negative}
        return {**state, **self.network_.state_dict()}

    def _set_state(self, state: dict[str, Tensor]) -> None:
        self._scales = state.pop("scales")
        dim = state["to_sketch.2.bias"].numel()
        network = CVAENetwork(dim, state["mean.bias"].numel(), bool(state.pop("non_negative")))
        network.load_state_dict(state)
        self.network_ = network.to(choose_device(self.device)).eval().requires_grad_(False)


def _root_mean_square(features: Tensor) -> Tensor:
    """Return the root of the mean square of all numbers, 1 if all are zero."""
    scale = features.pow(2).mean().sqrt()
    return scale if scale > 0 else torch.ones_like(scale)
