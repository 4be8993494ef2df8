"""What the generative methods share: the networks, and the way from generated features to queries.

The conditional VAE and the conditional adversarial autoencoder learn the same three networks, and
differ in what keeps the code z near its prior. Once they are fitted nothing tells them apart: both
draw z from the prior, decode it beside a sketch, and answer with the centres of what they got.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from zsbir_lib.devices import choose_device
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods.base import RetrievalMethod, check_features, check_fitted
from zsbir_lib.methods.linear_algebra import root_mean_square
from zsbir_lib.methods.training import check_at_least, check_not_negative, check_positive
from zsbir_lib.retrieval import kmeans

BLOCK_BYTES = 256 * 2**20
"""Bytes of generated features that are held at once."""


class GenerativeNetwork(nn.Module, ABC):
    """Encoder, decoder, and the regulariser's way back to the sketch.

    A subclass adds the heads of the encoder: what a photo and its sketch say about z.

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
        self.encoder = nn.Sequential(  # of the photo beside its sketch
            nn.Linear(2 * dim, dim), nn.ReLU(), nn.BatchNorm1d(dim), nn.Dropout(0.3),
            nn.Linear(dim, hidden), nn.ReLU(), nn.BatchNorm1d(hidden),
        )  # fmt: skip
        self._make_heads(hidden)
        self.decoder = nn.Sequential(  # p(x_img | z, x_sketch)
            nn.Linear(self.latent_dim + dim, hidden), nn.ReLU(),
            nn.Linear(hidden, dim), nn.ReLU() if non_negative else nn.Identity(),
        )  # fmt: skip
        self.to_sketch = nn.Sequential(  # f_NN, the regulariser's way back to the sketch
            nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, dim)
        )

    @abstractmethod
    def _make_heads(self, hidden: int) -> None:
        """Make what turns the encoder's `hidden` numbers into the law of z."""

    def decode(self, z: Tensor, sketches: Tensor) -> Tensor:
        """Return the mean of p(x_img | z, x_sketch), shape (n, d)."""
        return self.decoder(torch.cat([z, sketches], dim=1))


class Generator(nn.Module):
    """The decoder, from a sketch's feature and latent vectors to photo features about their mean.

    Parameters
    ----------
    decoder
        Of a `GenerativeNetwork`.
    sketch_mean, sketch_scale
        What is subtracted from the feature, and what it is divided by then.
    photo_scale
        What generated features are multiplied with.
    """

    def __init__(
        self, decoder: nn.Module, sketch_mean: Tensor, sketch_scale: Tensor, photo_scale: Tensor
    ) -> None:
        super().__init__()
        self.decoder = decoder
        self.register_buffer("sketch_mean", sketch_mean)
        self.register_buffer("sketch_scale", sketch_scale)
        self.register_buffer("photo_scale", photo_scale)

    def forward(self, feature: Tensor, z: Tensor) -> Tensor:
        """Map (1, d) and (n, latent_dim) to (n, d)."""
        scaled = (feature - self.sketch_mean) / self.sketch_scale
        both = torch.cat([z, scaled.expand(z.shape[0], -1)], dim=1)
        return self.decoder(both) * self.photo_scale


class GenerativeMethod(RetrievalMethod):
    """A method that generates photo features for a sketch, and retrieves by their K-means centres.

    A subclass sets `network_type`, has the hyper-parameters below among its own, and its training
    begins with ``_prepare`` and sets `network_`.

    Attributes
    ----------
    latent_dim : int or None
        Width of z; None for a quarter of the features' width.
    n_samples : int
        Photo features generated for each sketch.
    n_centres : int
        K-means centres kept of them.
    centre : bool
        Learn, generate and compare photos and sketches about the means of the training pairs.
        Features after a ReLU lie in a narrow cone, in which all cosines are close to 1. False is
        the paper's way: features as they are, and a decoder that ends in a ReLU.
    seed : int
        Of the generated samples, as of all else.
    device : str or None
        See `zsbir_lib.devices.choose_device`.
    network_ : GenerativeNetwork
        The fitted networks.
    """

    network_type: ClassVar[type[GenerativeNetwork]] = GenerativeNetwork

    latent_dim: int | None
    n_samples: int
    n_centres: int
    centre: bool
    seed: int
    device: str | None
    network_: GenerativeNetwork | None
    means_: Tensor  # of photos and of sketches, (2, d): what is subtracted from their features
    scales_: Tensor  # of photos and of sketches, (2,): what these are divided by then

    def _check(self) -> None:
        check_not_negative(self, "reconstruction_weight")
        check_positive(self, "decoder_variance", "learning_rate")
        check_at_least(self, 1, "epochs", "n_samples", "n_centres")
        check_at_least(self, 2, "batch_size")  # batch norm needs two
        if self.latent_dim is not None:
            check_at_least(self, 1, "latent_dim")
        if self.n_centres > self.n_samples:
            raise ZsbirError(
                f"n_centres is {self.n_centres}, but only {self.n_samples} samples are clustered"
            )

    # ---- for the training
    def _prepare(self, pairs: Pairs, device: torch.device) -> tuple[Tensor, Tensor, bool]:
        """Return what a training needs of pairs, and keep how their features were scaled.

        Returns
        -------
        sketches, photos : Tensor
            Scaled features, each (n, d), row by row beside each other.
        non_negative : bool
            Whether no photo has a feature below 0.
        """
        views = torch.stack([pairs.paired_photos(), pairs.sketches])
        means = views.mean(dim=1) if self.centre else torch.zeros_like(views[:, 0])
        views -= means[:, None]
        scales = torch.stack([root_mean_square(view) for view in views])
        photos, sketches = (views / scales[:, None, None]).to(device)
        self.means_, self.scales_ = means, scales
        return sketches, photos, bool(photos.min() >= 0)

    def _scaled(self, features: Tensor, view: int) -> Tensor:
        """Return features of photos (view 0) or sketches (view 1) as the networks take them."""
        device = next(self.network_.parameters()).device
        name, dim = ("photo", "sketch")[view], self.means_.shape[1]
        features = check_features(features, dim, name).to(device)
        return (features - self.means_[view].to(device)) / self.scales_[view].to(device)

    # ---- from a sketch to queries
    def latents(self, count: int) -> Tensor:
        """Draw z from the prior, shape (count, latent_dim), the same ones in every call.

        Raises
        ------
        ZsbirError
            If the method is not fitted.
        """
        check_fitted(self, "network_")
        generator = torch.Generator().manual_seed(self.seed)
        return torch.randn(count, self.network_.latent_dim, generator=generator)

    @torch.no_grad()
    def _decode(self, z: Tensor, features: Tensor) -> Tensor:
        """Return the photo features that each sketch gives for each z, shape (n, len(z), d)."""
        sketches = self._scaled(features, 1)
        every_z = z.to(sketches.device).repeat(len(sketches), 1)
        samples = self.network_.decode(every_z, sketches.repeat_interleave(len(z), dim=0))
        mean, scale = self.means_[0].to(samples.device), self.scales_[0].to(samples.device)
        return samples.view(len(sketches), len(z), -1) * scale + mean

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
        return self._decode(self.latents(n_samples or self.n_samples), features)

    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return K centres of generated photo features for each sketch, shape (n, K, d).

        They are about the mean photo of the training pairs, if that is the `centre`. Lloyd's
        algorithm starts from the features generated by the K-means centres of the latent vectors:
        a good start, without chance, and the same for a sketch alone or among others.

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        return self._queries(features)

    def _queries(self, features: Tensor, average: bool = False) -> Tensor:
        """Return the centres, or with `average` the mean, of what each sketch generates.

        Sketches are taken in blocks that generate `BLOCK_BYTES` of features.
        """
        check_fitted(self, "network_")
        features = torch.as_tensor(features)
        z = self.latents(self.n_samples)
        first = kmeans(z[None], self.n_centres).centres[0]
        block = max(1, BLOCK_BYTES // (4 * self.n_samples * features.shape[-1]))
        centres = []
        for part in features.split(block):
            samples = self._decode(z, part)
            if average:
                centres.append(samples.mean(dim=1, keepdim=True))
            else:
                init = self._decode(first, part)
                centres.append(kmeans(samples, self.n_centres, init=init).centres)
        return torch.cat(centres).cpu() - self.means_[0]

    def encode_photos(self, features: Tensor) -> Tensor:
        """Return the photo features (m, d), about the mean photo of the training pairs.

        Without `centre` they are returned as they are.

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        check_fitted(self, "network_")
        if not self.centre:
            return features
        return check_features(features, self.means_.shape[1], "photo") - self.means_[0]

    @torch.no_grad()
    def sketches_of(self, photos: Tensor) -> Tensor:
        """Return the sketch features that the regulariser's way back gives for photos, (m, d).

        They are scaled as the networks take them. `photos` are features, shape (m, d).

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        check_fitted(self, "network_")
        return self.network_.to_sketch(self._scaled(photos, 0)).cpu()

    def query_network(self) -> nn.Module:
        """Return the decoder, which takes latent vectors too; see `RetrievalMethod.query_network`.

        Raises
        ------
        ZsbirError
            If the method is not fitted, or does not `centre`: a page compares about the mean photo.
        """
        check_fitted(self, "network_")
        if not self.centre:
            raise ZsbirError(f"a page cannot run {self.name!r} with centre=False: fit it with True")
        decoder = copy.deepcopy(self.network_.decoder).cpu()
        return Generator(decoder, self.means_[1], self.scales_[1], self.scales_[0]).eval()

    # ---- saving
    def _get_state(self) -> dict[str, Tensor]:
        check_fitted(self, "network_")
        # ReLU and Identity hold no weights, so the end of the decoder is kept as a flag.
        non_negative = torch.tensor(isinstance(self.network_.decoder[-1], nn.ReLU))
        state = {"means": self.means_, "scales": self.scales_, "non_negative": non_negative}
        return {**state, **self.network_.state_dict()}

    def _set_state(self, state: dict[str, Tensor]) -> None:
        self.means_, self.scales_ = state.pop("means"), state.pop("scales")
        dim = state["to_sketch.2.bias"].numel()
        latent_dim = state["decoder.0.weight"].shape[1] - dim
        network = self.network_type(dim, latent_dim, bool(state.pop("non_negative")))
        network.load_state_dict(state)
        self.network_ = network.to(choose_device(self.device)).eval().requires_grad_(False)
