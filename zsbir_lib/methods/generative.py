"""What the generative methods share: the networks, and the way from generated features to queries.

The conditional VAE and the conditional adversarial autoencoder learn the same three networks, and
differ in what keeps the code z near its prior. Once they are fitted nothing tells them apart: both
draw z from the prior, decode it beside a sketch, and answer with the centres of what they got.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar, cast

import torch
from torch import Tensor, nn

from zsbir_lib.devices import choose_device
from zsbir_lib.distributed import world
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods.base import RetrievalMethod, check_features, encoder
from zsbir_lib.methods.estimator import check_fitted, hyper
from zsbir_lib.methods.generative_networks import GenerativeNetwork, Generator
from zsbir_lib.methods.layers import placed
from zsbir_lib.methods.linear_algebra import root_mean_square
from zsbir_lib.methods.training import TrainedEstimator, generators, restored
from zsbir_lib.retrieval import kmeans

__all__ = ["GenerativeMethod", "GenerativeNetwork", "Generator"]

NetworkT = TypeVar("NetworkT", bound=GenerativeNetwork)

BLOCK_BYTES = 256 * 2**20
"""Bytes of generated features that are held at once."""


class GenerativeMethod(TrainedEstimator, RetrievalMethod, Generic[NetworkT]):
    """A method that generates photo features for a sketch, and retrieves by their K-means centres.

    A subclass sets `network_type`, and gives the step of its training.

    Attributes
    ----------
    network_ : GenerativeNetwork
        The fitted networks.
    means_ : Tensor of float32, shape (2, d)
        Of photos and of sketches: what is subtracted from their features.
    scales_ : Tensor of float32, shape (2,)
        Of photos and of sketches: what these are divided by then.
    history_ : dict of str to list of float
        Mean of each term per epoch.
    """

    network_type: ClassVar[type[GenerativeNetwork]]

    reconstruction_weight: float = hyper(default=1.0, least=0, help=r"The paper's :math:`\lambda`.")
    decoder_variance: float = hyper(
        default=0.5,
        above=0,
        help=r":math:`\sigma^2`, in units of the features' mean square if these are scaled.",
    )
    latent_dim: int | None = hyper(
        default=None, least=1, help="Width of z; None for a quarter of the features' width."
    )
    epochs: int = hyper(default=25)
    # Batch norm needs two.
    batch_size: int = hyper(default=128, least=2)
    n_samples: int = hyper(default=200, least=1, help="Photo features generated for each sketch.")
    n_centres: int = hyper(default=5, least=1, help="K-means centres kept of them.")
    centre: bool = hyper(
        default=True,
        help="Learn, generate and compare photos and sketches about the means of the training "
        "pairs. Features after a ReLU lie in a narrow cone, in which all cosines are close to 1. "
        "False is the paper's way: features as they are, and a decoder that ends in a ReLU.",
    )
    scale: bool = hyper(
        default=True,
        help="Divide photos and sketches by the root mean square of the training pairs', so that "
        "the terms of the loss keep their balance in any unit. False is the way of the released "
        "code.",
    )
    seed: int = hyper(default=0, help="Of weights, batches, noise, and generated samples.")

    def _check(self) -> None:
        if self.n_centres > self.n_samples:
            raise ZsbirError(
                f"n_centres is {self.n_centres}, but only {self.n_samples} samples are clustered"
            )

    # ---- the training
    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        device = choose_device(self.device)
        sketches, photos = self._prepare(pairs)
        weights, generator = generators(self.seed)
        n, dim = sketches.shape
        network = self._new_network(dim, self.latent_dim, bool(photos.min() >= 0), weights)
        network = network.to(device)
        learn, keep = self._make_step(network, n, generator)
        sketches, photos = sketches.to(device), photos.to(device)

        def step(rows: Tensor) -> dict[str, Tensor]:
            # What is random is drawn on the CPU, with the batch's rows.
            noise = self._noise(len(rows), network.latent_dim, generator)
            rows, noise = (world().share(drawn).to(device) for drawn in (rows, noise))
            return learn(sketches[rows], photos[rows], noise)

        self.network_ = network
        self._train(network, step, n, generator, progress, [weights, *keep])

    def _new_network(self, *settings: Any) -> NetworkT:
        return cast(NetworkT, self.network_type(*settings))

    def _noise(self, count: int, width: int, generator: torch.Generator) -> Tensor:
        return torch.randn(count, width, generator=generator)

    @abstractmethod
    def _make_step(
        self, network: NetworkT, n: int, generator: torch.Generator
    ) -> tuple[Callable[[Tensor, Tensor, Tensor], dict[str, Tensor]], list[Any]]:
        """Return what learns from a batch, given its scaled sketches and photos and its noise.

        It returns the terms of the loss, detached. `n` pairs are there to learn from. Beside it,
        the optimisers and schedules are returned.
        """

    def _prepare(self, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """Return scaled features of sketches and photos, and keep how they were scaled."""
        widths = pairs.sketches.shape[1], pairs.photos.shape[1]
        if widths[0] != widths[1]:
            raise ZsbirError(
                f"sketches have {widths[0]} numbers and photos {widths[1]}: {self.title} takes "
                "features of one backbone"
            )
        views = torch.stack([pairs.paired_photos(), pairs.sketches])
        means = views.mean(dim=1) if self.centre else torch.zeros_like(views[:, 0])
        views -= means[:, None]
        scales = torch.stack([root_mean_square(view) for view in views])
        if not self.scale:
            scales = torch.ones_like(scales)
        photos, sketches = views / scales[:, None, None]
        self.means_, self.scales_ = means, scales
        return sketches, photos

    def _scaled(self, features: Tensor, view: int) -> Tensor:
        """Return features of photos (view 0) or sketches (view 1) as the networks take them."""
        kind = ("photo", "sketch")[view]
        features = check_features(features, self._width(kind), kind)
        return (features - self.means_[view]) / self.scales_[view]

    def _width(self, kind: str) -> int:
        return self.means_.shape[1]

    # ---- from a sketch to queries
    def latents(self, count: int) -> Tensor:
        """Draw z from the prior, shape (count, latent_dim), the same ones in every call.

        Raises
        ------
        ZsbirError
            If the method is not fitted.
        """
        check_fitted(self)
        generator = torch.Generator().manual_seed(self.seed)
        return torch.randn(count, self.network_.latent_dim, generator=generator)

    def _decode(self, network: GenerativeNetwork, z: Tensor, features: Tensor) -> Tensor:
        """Return the photo features that each sketch gives for each z, shape (n, len(z), d)."""
        device = next(network.parameters()).device
        sketches = self._scaled(features, 1).to(device)
        every_z = z.to(device).repeat(len(sketches), 1)
        samples = network.decode(every_z, sketches.repeat_interleave(len(z), dim=0))
        samples = samples.view(len(sketches), len(z), -1)
        return samples * self.scales_[0].to(device) + self.means_[0].to(device)

    @torch.no_grad()
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
            Shape (n, n_samples, d), in the units of the photo features, where these are.

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        z = self.latents(n_samples or self.n_samples)
        network = placed(self.network_, self.device)
        return self._decode(network, z, features).to(torch.as_tensor(features).device)

    @encoder("sketch")
    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return K centres of generated photo features for each sketch, shape (n, K, d).

        They are about the mean photo of the training pairs, if that is the ``centre``. Lloyd's
        algorithm starts from the features generated by the K-means centres of the latent vectors:
        a good start, without chance, and the same for a sketch alone or among others. Sketches
        are taken in blocks that generate ``BLOCK_BYTES`` of features.
        """
        z = self.latents(self.n_samples)
        first = kmeans(z[None], self.n_centres).centres[0]
        network = placed(self.network_, self.device)
        block = max(1, BLOCK_BYTES // (4 * self.n_samples * features.shape[1]))
        if not len(features):
            return features.new_empty(0, self.n_centres, features.shape[1])
        centres = [self._centres(network, z, first, part).cpu() for part in features.split(block)]
        return torch.cat(centres) - self.means_[0]

    def _centres(
        self, network: GenerativeNetwork, z: Tensor, first: Tensor, sketches: Tensor
    ) -> Tensor:
        """Return the K-means centres of what each sketch generates, shape (n, K, d)."""
        samples = self._decode(network, z, sketches)
        init = self._decode(network, first, sketches)
        return kmeans(samples, self.n_centres, init=init).centres

    @encoder("photo")
    def encode_photos(self, features: Tensor) -> Tensor:
        """Return the photo features (m, d), about the mean photo of the training pairs.

        Without ``centre`` they are returned as they are.
        """
        return features - self.means_[0]

    @encoder("photo")
    def sketches_of(self, photos: Tensor) -> Tensor:
        """Return the sketch features that the regulariser's way back gives for photos, (m, d).

        They are scaled as the networks take them. `photos` are features, shape (m, d).
        """
        return self.network_.to_sketch(self._scaled(photos, 0))

    def query_network(self) -> nn.Module:
        """Return the decoder, which takes latent vectors too; see `RetrievalMethod.query_network`.

        Raises
        ------
        ZsbirError
            If the method is not fitted, or does not centre: a page compares about the mean photo.
        """
        check_fitted(self)
        if not self.centre:
            raise ZsbirError(f"a page cannot run {self.name!r} with centre=False: fit it with True")
        decoder = copy.deepcopy(self.network_.decoder)
        return Generator(decoder, self.means_[1], self.scales_[1], self.scales_[0]).eval()

    # ---- saving
    def _get_state(self) -> dict[str, Tensor]:
        check_fitted(self)
        # ReLU and Identity hold no weights, so the end of the decoder is kept as a flag.
        non_negative = torch.tensor(isinstance(self.network_.decoder[-1], nn.ReLU))
        state = {"means": self.means_, "scales": self.scales_, "non_negative": non_negative}
        return {**state, **self.network_.state_dict()}

    def _set_state(self, state: dict[str, Tensor]) -> None:
        self.means_, self.scales_ = state.pop("means"), state.pop("scales")
        dim = state["to_sketch.2.bias"].numel()
        latent_dim = state["decoder.0.weight"].shape[1] - dim
        network = self._new_network(
            dim, latent_dim, bool(state.pop("non_negative")), torch.Generator()
        )
        self.network_ = restored(network, state)
