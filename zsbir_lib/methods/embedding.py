"""What the metric-learning methods share: a network that embeds features, and its training."""

from __future__ import annotations

import copy
from abc import abstractmethod

import torch
from torch import Tensor, nn

from zsbir_lib.devices import choose_device
from zsbir_lib.errors import ZsbirError, hyper_parameter
from zsbir_lib.features import Pairs
from zsbir_lib.methods.base import RetrievalMethod, encoder
from zsbir_lib.methods.estimator import check_fitted, hyper
from zsbir_lib.methods.layers import Dropout, linear, placed
from zsbir_lib.methods.losses import squared_distance
from zsbir_lib.methods.partners import Partners
from zsbir_lib.methods.training import (
    Step,
    TrainedEstimator,
    data_parallel,
    descend,
    generators,
    restored,
)

__all__ = ["EmbeddingNetwork", "MetricMethod", "Partners", "SketchBranch", "squared_distance"]


class EmbeddingNetwork(nn.Module):
    """Two layers that map features to unit vectors, for sketches and photos alike.

    Every view is first centred and scaled by what the training pairs show. On unit vectors the
    order of Euclidean distances, which the losses are made of, is that of cosine distances, which
    photos are ranked by.

    Parameters
    ----------
    sketches, photos
        The training features, shapes (n, d) and (m, d).
    width
        Of the embedding.
    shared
        One pair of layers for both views, a Siamese network in the strict sense, or one for each.
    dropout
        Of the input and of the hidden layer.
    generator
        Of first weights and dropout; None for PyTorch's common state.
    """

    sketch_mean: Tensor
    sketch_scale: Tensor
    photo_mean: Tensor
    photo_scale: Tensor

    def __init__(
        self,
        sketches: Tensor,
        photos: Tensor,
        width: int,
        shared: bool,
        dropout: float,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name, rows in (("sketch", sketches), ("photo", photos)):
            mean = rows.mean(dim=0)
            self.register_buffer(f"{name}_mean", mean)
            self.register_buffer(f"{name}_scale", (rows - mean).pow(2).mean().sqrt())
        self.photo_branch = _branch(photos.shape[1], width, dropout, generator)
        self.sketch_branch = (
            self.photo_branch if shared else _branch(sketches.shape[1], width, dropout, generator)
        )

    def embed_sketches(self, features: Tensor) -> Tensor:
        """Return unit vectors, shape (n, width)."""
        scaled = (features - self.sketch_mean) / self.sketch_scale
        return nn.functional.normalize(self.sketch_branch(scaled), dim=1)

    def embed_photos(self, features: Tensor) -> Tensor:
        """Return unit vectors, shape (m, width)."""
        scaled = (features - self.photo_mean) / self.photo_scale
        return nn.functional.normalize(self.photo_branch(scaled), dim=1)


def _branch(
    dim: int, width: int, dropout: float, generator: torch.Generator | None
) -> nn.Sequential:
    return nn.Sequential(
        Dropout(dropout, generator), linear(dim, dim, generator), nn.ReLU(),
        Dropout(dropout, generator), linear(dim, width, generator),
    )  # fmt: skip


class SketchBranch(nn.Module):
    """What an `EmbeddingNetwork` does to sketches, but for the last step to unit length.

    Parameters
    ----------
    network
        The fitted network; its weights are shared.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, network: EmbeddingNetwork) -> None:
        super().__init__()
        self.register_buffer("mean", network.sketch_mean)
        self.register_buffer("scale", network.sketch_scale)
        self.branch = network.sketch_branch

    def forward(self, feature: Tensor) -> Tensor:
        """Map (1, d) to (1, e)."""
        return self.branch((feature - self.mean) / self.scale)


class MetricMethod(TrainedEstimator, RetrievalMethod):
    """Learns an `EmbeddingNetwork` from a loss on distances; the base of its kind.

    Attributes
    ----------
    network_ : EmbeddingNetwork
        The fitted network.
    history_ : dict of str to list of float
        Mean of each term per epoch.
    """

    margin: float = hyper(default=1.0, above=0, help="Distance to keep from other photos.")
    embedding_dim: int | None = hyper(
        default=None,
        least=1,
        help="Width of the embedding; None for half of the features' width.",
    )
    shared_weights: bool = hyper(
        default=True, help="One network for both views; False for one each."
    )
    dropout: float = hyper(default=0.0, least=0, below=1, help="Of the input and the hidden layer.")
    batch_size: int = hyper(
        default=128, help="Sketches in a batch, each with the photos drawn for it."
    )
    learning_rate: float = hyper(default=3e-4, help="Of the training by Adam.")
    seed: int = hyper(default=0, help="Of weights, batches and the photos drawn for a sketch.")

    @abstractmethod
    def _terms(
        self, network: EmbeddingNetwork, rows: Tensor, pairs: Pairs, partners: Partners
    ) -> dict[str, Tensor]:
        """Return the loss of a batch, under ``"loss"``, and whatever else is worth watching.

        `rows` are the sketches of the batch, for all of which partners are drawn before
        `zsbir_lib.distributed.World.share` says which are this process's. `pairs` are those of the
        training; features are on the
        training device, and `rows`, labels and draws on the CPU.
        """

    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        widths = pairs.sketches.shape[1], pairs.photos.shape[1]
        if self.shared_weights and widths[0] != widths[1]:
            raise ZsbirError(
                f"sketches have {widths[0]} numbers and photos {widths[1]}: one network cannot "
                f"take both; use {hyper_parameter('shared_weights', False)}"
            )
        device = choose_device(self.device)
        weights, generator = generators(self.seed)
        width = self.embedding_dim or max(1, widths[1] // 2)
        network = EmbeddingNetwork(
            pairs.sketches, pairs.photos, width, self.shared_weights, self.dropout, weights
        ).to(device)
        partners = Partners(pairs.photo_labels, generator)
        pairs = copy.copy(pairs)
        for name in ("sketches", "photos"):
            object.__setattr__(pairs, name, getattr(pairs, name).to(device))
        learners, step, keep = self._make_step(network, pairs, partners, weights)
        self.network_ = network
        self._train(learners, step, len(pairs), generator, progress, [weights, *keep])

    def _make_step(
        self,
        network: EmbeddingNetwork,
        pairs: Pairs,
        partners: Partners,
        weights: torch.Generator,
    ) -> tuple[nn.Module, Step, list[torch.optim.Optimizer]]:
        """Return all that learns, the step that `train` calls for each batch, its optimisers."""
        optimiser = torch.optim.Adam(network.parameters(), self.learning_rate)
        shared = data_parallel(network)

        def step(rows: Tensor) -> dict[str, Tensor]:
            terms = shared(self._terms, network, rows, pairs, partners)
            descend(terms["loss"], optimiser)
            return {name: term.detach() for name, term in terms.items()}

        return network, step, [optimiser]

    @encoder("sketch")
    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return the embedded sketches, unit vectors of shape (n, e)."""
        network = placed(self.network_, self.device)
        return network.embed_sketches(features.to(network.sketch_mean.device))

    @encoder("photo")
    def encode_photos(self, features: Tensor) -> Tensor:
        """Return the embedded photos, unit vectors of shape (m, e)."""
        network = placed(self.network_, self.device)
        return network.embed_photos(features.to(network.photo_mean.device))

    def query_network(self) -> nn.Module:
        """Return the layers for sketches; see `RetrievalMethod.query_network`."""
        check_fitted(self)
        return copy.deepcopy(SketchBranch(self.network_)).eval()

    def _width(self, kind: str) -> int:
        return len(getattr(self.network_, f"{kind}_mean"))

    def _get_state(self) -> dict[str, Tensor]:
        check_fitted(self)
        state = self.network_.state_dict()
        if self.shared_weights:  # the two branches are one: a file holds it once
            state = {key: v for key, v in state.items() if not key.startswith("sketch_branch")}
        return state

    def _set_state(self, state: dict[str, Tensor]) -> None:
        if self.shared_weights:
            state |= {
                key.replace("photo_branch", "sketch_branch"): value
                for key, value in state.items()
                if key.startswith("photo_branch")
            }
        photo_dim, sketch_dim = len(state["photo_mean"]), len(state["sketch_mean"])
        network = EmbeddingNetwork(
            torch.zeros(1, sketch_dim), torch.zeros(1, photo_dim),
            len(state["photo_branch.4.bias"]), self.shared_weights, self.dropout,
            torch.Generator(),
        )  # fmt: skip
        self.network_ = restored(network, state)
