r"""Direct regression: predict the photo's features from the sketch's, and look for them.

The "Direct Regression" row of Table 3 of Yelamarthi et al., ECCV 2018, which names neither layers
nor settings. It is what remains of their generative models without the latent code: one answer,
the mean of all photos that a sketch may stand for.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from zsbir_lib.devices import choose_device
from zsbir_lib.features import Pairs
from zsbir_lib.methods.base import RetrievalMethod, check_features, check_fitted
from zsbir_lib.methods.linear_algebra import root_mean_square
from zsbir_lib.methods.training import check_at_least, check_positive, seeded, train


class RegressionNetwork(nn.Module):
    """The perceptron: one hidden layer, by default as wide as the photo's features.

    Parameters
    ----------
    sketch_dim, photo_dim
        Widths of the features.
    hidden
        Units of the hidden layer; the photo's width by default.
    non_negative
        End in a ReLU: features taken after a ReLU are never negative.
    """

    def __init__(
        self,
        sketch_dim: int,
        photo_dim: int,
        hidden: int | None = None,
        non_negative: bool = True,
    ) -> None:
        super().__init__()
        hidden = hidden or photo_dim
        self.layers = nn.Sequential(
            nn.Linear(sketch_dim, hidden), nn.ReLU(),
            nn.Linear(hidden, photo_dim), nn.ReLU() if non_negative else nn.Identity(),
        )  # fmt: skip

    def forward(self, sketches: Tensor) -> Tensor:
        """Return the photo features that sketches (n, d) predict, shape (n, d')."""
        return self.layers(sketches)


class DirectRegression(RetrievalMethod):
    r"""Perceptron from the sketch's features to those of the photo it was drawn from.

    Minimises, over the n training pairs,

    .. math::

        \frac{1}{n} \sum_{i=1}^{n} \| f(x_{sketch}^{(i)}) - x_{img}^{(i)} \|_2^2

    by Adam, with both features divided by their root mean square. Photos are then ranked by their
    cosine distance from :math:`f(x_{sketch})`.

    Parameters
    ----------
    hidden
        Units of the hidden layer; None for the photo's width.
    epochs, batch_size, learning_rate
        Of the training by Adam; the rate falls to 0 along a cosine.
    seed
        Of weights and batches.
    device
        See `zsbir_lib.devices.choose_device`.

    Attributes
    ----------
    network_ : RegressionNetwork
        The fitted perceptron.
    history_ : dict of str to list of float
        ``"error"``: the mean squared distance per epoch, in scaled units.
    """

    name = "regression"
    title = "Direct regression"
    search_space: ClassVar = {"epochs": (10, 20, 40), "learning_rate": (1e-3, 3e-3)}

    def __init__(
        self,
        *,
        hidden: int | None = None,
        epochs: int = 40,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        seed: int = 0,
        device: str | None = None,
    ) -> None:
        self.hidden = hidden
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.seed = seed
        self.device = device
        self.network_: RegressionNetwork | None = None
        self.history_: dict[str, list[float]] = {}

    def _check(self) -> None:
        check_positive(self, "learning_rate")
        check_at_least(self, 1, "epochs", "batch_size")
        if self.hidden is not None:
            check_at_least(self, 1, "hidden")

    def loss(self, network: nn.Module, sketches: Tensor, photos: Tensor) -> Tensor:
        """Return the squared error, summed over the features and averaged over the batch.

        `network` maps `sketches` of shape (n, d) to what is compared with their `photos`.
        """
        return (network(sketches) - photos).pow(2).sum(dim=1).mean()

    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        device = choose_device(self.device)
        photos = pairs.paired_photos()
        scales = torch.stack([root_mean_square(pairs.sketches), root_mean_square(photos)])
        sketches = (pairs.sketches / scales[0]).to(device)
        targets = (photos / scales[1]).to(device)
        n = len(sketches)
        with seeded(self.seed, device) as generator:
            network = RegressionNetwork(
                sketches.shape[1], targets.shape[1], self.hidden, bool(targets.min() >= 0)
            )
            # From the mean photo on: no unit of a ReLU at the end is dead from the start.
            with torch.no_grad():
                network.layers[2].bias.copy_(targets.mean(dim=0))
            network = network.to(device)
            optimiser = torch.optim.Adam(network.parameters(), self.learning_rate)
            steps = self.epochs * max(1, n // self.batch_size)
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)

            def step(rows: Tensor) -> dict[str, Tensor]:
                rows = rows.to(device)
                error = self.loss(network, sketches[rows], targets[rows])
                optimiser.zero_grad(set_to_none=True)
                error.backward()
                optimiser.step()
                schedule.step()
                return {"error": error.detach()}

            self.network_ = network
            self._scales = scales
            self.history_ = train(
                network, step, n, epochs=self.epochs, batch_size=self.batch_size,
                generator=generator, name=self.title, progress=progress,
            )  # fmt: skip

    @torch.no_grad()
    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return the photo features that each sketch predicts, shape (n, d').

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        check_fitted(self, "network_")
        first = self.network_.layers[0].weight
        features = check_features(features, first.shape[1], "sketch").to(first.device)
        scales = self._scales.to(first.device)
        return (self.network_(features / scales[0]) * scales[1]).cpu()

    def encode_photos(self, features: Tensor) -> Tensor:
        """Return the photo features as they are, shape (m, d'): photos are compared with photos.

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        check_fitted(self, "network_")
        return check_features(features, self.network_.layers[2].out_features, "photo")

    def _get_state(self) -> dict[str, Tensor]:
        check_fitted(self, "network_")
        # ReLU and Identity hold no weights, so the end of the network is kept as a flag.
        non_negative = torch.tensor(isinstance(self.network_.layers[-1], nn.ReLU))
        return {
            "scales": self._scales,
            "non_negative": non_negative,
            **self.network_.state_dict(),
        }

    def _set_state(self, state: dict[str, Tensor]) -> None:
        self._scales = state.pop("scales")
        hidden, sketch_dim = state["layers.0.weight"].shape
        photo_dim = state["layers.2.weight"].shape[0]
        non_negative = bool(state.pop("non_negative"))
        network = RegressionNetwork(sketch_dim, photo_dim, hidden, non_negative)
        network.load_state_dict(state)
        self.network_ = network.to(choose_device(self.device)).eval().requires_grad_(False)
