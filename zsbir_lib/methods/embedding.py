"""What the metric-learning methods share: a network that embeds features, and draws of partners."""

from __future__ import annotations

import copy
from abc import abstractmethod

import torch
from torch import Tensor, nn

from zsbir_lib.devices import choose_device
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods.base import RetrievalMethod, check_features, check_fitted
from zsbir_lib.methods.training import Step, check_at_least, check_positive, seeded, train


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
    """

    def __init__(
        self, sketches: Tensor, photos: Tensor, width: int, shared: bool, dropout: float
    ) -> None:
        super().__init__()
        for name, rows in (("sketch", sketches), ("photo", photos)):
            mean = rows.mean(dim=0)
            self.register_buffer(f"{name}_mean", mean)
            self.register_buffer(f"{name}_scale", (rows - mean).pow(2).mean().sqrt())
        self.photo_branch = _branch(photos.shape[1], width, dropout)
        self.sketch_branch = (
            self.photo_branch if shared else _branch(sketches.shape[1], width, dropout)
        )

    def embed_sketches(self, features: Tensor) -> Tensor:
        """Return unit vectors, shape (n, width)."""
        scaled = (features - self.sketch_mean) / self.sketch_scale
        return nn.functional.normalize(self.sketch_branch(scaled), dim=1)

    def embed_photos(self, features: Tensor) -> Tensor:
        """Return unit vectors, shape (m, width)."""
        scaled = (features - self.photo_mean) / self.photo_scale
        return nn.functional.normalize(self.photo_branch(scaled), dim=1)


def _branch(dim: int, width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Dropout(dropout), nn.Linear(dim, dim), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(dim, width),
    )  # fmt: skip


class SketchBranch(nn.Module):
    """What an `EmbeddingNetwork` does to sketches, but for the last step to unit length.

    Parameters
    ----------
    network
        The fitted network; its weights are shared.
    """

    def __init__(self, network: EmbeddingNetwork) -> None:
        super().__init__()
        self.register_buffer("mean", network.sketch_mean)
        self.register_buffer("scale", network.sketch_scale)
        self.branch = network.sketch_branch

    def forward(self, feature: Tensor) -> Tensor:
        """Map (1, d) to (1, e)."""
        return self.branch((feature - self.mean) / self.scale)


class Partners:
    """Draws photos for sketches: of the same class, of another one, or any but one.

    Parameters
    ----------
    photo_labels
        Class of each photo, shape (m,).
    generator
        Decides the draws.
    """

    def __init__(self, photo_labels: Tensor, generator: torch.Generator) -> None:
        self.generator = generator
        self.order = photo_labels.argsort(stable=True)  # by class
        self.counts = photo_labels.bincount()
        self.first = self.counts.cumsum(0) - self.counts
        self.place = torch.empty_like(self.order)
        self.place[self.order] = torch.arange(len(self.order))

    def _below(self, limits: Tensor) -> Tensor:
        """Return whole numbers from 0 to below each limit, all equally likely."""
        draws = torch.rand(len(limits), generator=self.generator, dtype=torch.float64)
        return (draws * limits).long()

    def same_class(self, labels: Tensor, but: Tensor | None = None) -> Tensor:
        """Return a photo of each class; never photo `but`, if that is given.

        Where a class holds no other photo, one of another class is returned.
        """
        if but is None:
            return self.order[self.first[labels] + self._below(self.counts[labels])]
        inside = self._below((self.counts[labels] - 1).clamp(min=1))
        inside += self.first[labels] + inside >= self.place[but]
        found = self.order[(self.first[labels] + inside).clamp(max=len(self.order) - 1)]
        alone = self.counts[labels] == 1
        return torch.where(alone, self.other_class(labels), found)

    def other_class(self, labels: Tensor) -> Tensor:
        """Return a photo of another class than each of `labels`."""
        place = self._below(len(self.order) - self.counts[labels])
        place += (place >= self.first[labels]) * self.counts[labels]
        return self.order[place]


class MetricMethod(RetrievalMethod):
    """Learns an `EmbeddingNetwork` from a loss on distances; the base of its kind.

    Attributes
    ----------
    network_ : EmbeddingNetwork
        The fitted network.
    history_ : dict of str to list of float
        Mean of each term per epoch.
    """

    network_: EmbeddingNetwork | None = None

    def _check(self) -> None:
        check_positive(self, "margin", "learning_rate")
        check_at_least(self, 1, "epochs", "batch_size")
        if self.embedding_dim is not None:
            check_at_least(self, 1, "embedding_dim")
        if not 0 <= self.dropout < 1:
            raise ZsbirError(f"dropout is {self.dropout}: it must be from 0 to below 1")

    @abstractmethod
    def _terms(
        self, network: EmbeddingNetwork, sketches: Tensor, rows: Tensor, pairs: Pairs,
        partners: Partners,
    ) -> dict[str, Tensor]:  # fmt: skip
        """Return the loss of a batch, under ``"loss"``, and whatever else is worth watching.

        `sketches` are the embedded sketches of the batch, `rows` their places in `pairs`, whose
        features are on the training device and whose labels are not.
        """

    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        widths = pairs.sketches.shape[1], pairs.photos.shape[1]
        if self.shared_weights and widths[0] != widths[1]:
            raise ZsbirError(
                f"sketches have {widths[0]} numbers and photos {widths[1]}: "
                "one network cannot take both; use shared_weights=False"
            )
        device = choose_device(self.device)
        self._photos = pairs.photos.to(device)
        sketches = pairs.sketches.to(device)
        width = self.embedding_dim or max(1, self._photos.shape[1] // 2)
        with seeded(self.seed, device) as generator:
            network = EmbeddingNetwork(
                sketches, self._photos, width, self.shared_weights, self.dropout
            ).to(device)
            partners = Partners(pairs.photo_labels, generator)
            learners, step = self._make_step(network, sketches, pairs, partners)
            self.network_ = network
            try:
                self.history_ = train(
                    learners, step, len(pairs), epochs=self.epochs, batch_size=self.batch_size,
                    generator=generator, name=self.title, progress=progress,
                )  # fmt: skip
            finally:
                del self._photos

    def _make_step(
        self, network: EmbeddingNetwork, sketches: Tensor, pairs: Pairs, partners: Partners
    ) -> tuple[nn.Module, Step]:
        """Return all that learns, and the step that `train` calls for each batch."""
        optimiser = torch.optim.Adam(network.parameters(), self.learning_rate)

        def step(rows: Tensor) -> dict[str, Tensor]:
            anchors = network.embed_sketches(sketches[rows.to(sketches.device)])
            terms = self._terms(network, anchors, rows, pairs, partners)
            optimiser.zero_grad(set_to_none=True)
            terms["loss"].backward()
            optimiser.step()
            return {name: term.detach() for name, term in terms.items()}

        return network, step

    def _embed(self, network: EmbeddingNetwork, photos: Tensor) -> Tensor:
        """Embed some of the training photos, given by their rows."""
        return network.embed_photos(self._photos[photos.to(self._photos.device)])

    @torch.no_grad()
    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return the embedded sketches, unit vectors of shape (n, e).

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        check_fitted(self, "network_")
        mean = self.network_.sketch_mean
        features = check_features(features, len(mean), "sketch").to(mean.device)
        return self.network_.embed_sketches(features).cpu()

    @torch.no_grad()
    def encode_photos(self, features: Tensor) -> Tensor:
        """Return the embedded photos, unit vectors of shape (m, e).

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        check_fitted(self, "network_")
        mean = self.network_.photo_mean
        features = check_features(features, len(mean), "photo").to(mean.device)
        return self.network_.embed_photos(features).cpu()

    def query_network(self) -> nn.Module:
        """Return the layers for sketches; see `RetrievalMethod.query_network`."""
        check_fitted(self, "network_")
        return copy.deepcopy(SketchBranch(self.network_)).cpu().eval()

    def _get_state(self) -> dict[str, Tensor]:
        check_fitted(self, "network_")
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
        )  # fmt: skip
        network.load_state_dict(state)
        self.network_ = network.to(choose_device(self.device)).eval().requires_grad_(False)


def squared_distance(a: Tensor, b: Tensor) -> Tensor:
    """Return the squared Euclidean distance of each row of `a` to the same row of `b`."""
    return (a - b).pow(2).sum(dim=1)
