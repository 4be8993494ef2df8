r"""Direct regression: predict the photo's features from the sketch's, and look for them.

The "Direct Regression" row of Table 3 of Yelamarthi et al., ECCV 2018, which names neither layers
nor settings. It is what remains of their generative models without the latent code: one answer,
the mean of all photos that a sketch may stand for.
"""

from __future__ import annotations

import copy
from typing import cast

import torch
from torch import Tensor, nn

from zsbir_lib.devices import choose_device
from zsbir_lib.distributed import world
from zsbir_lib.features import Pairs
from zsbir_lib.methods.base import RetrievalMethod, encoder
from zsbir_lib.methods.estimator import check_fitted, hyper
from zsbir_lib.methods.layers import linear, placed
from zsbir_lib.methods.linear_algebra import root_mean_square
from zsbir_lib.methods.training import (
    TrainedEstimator,
    data_parallel,
    descend,
    generators,
    restored,
)


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
    generator
        Of first weights; None for PyTorch's common state.
    """

    def __init__(
        self,
        sketch_dim: int,
        photo_dim: int,
        hidden: int | None = None,
        non_negative: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        hidden = hidden or photo_dim
        self.layers = nn.Sequential(
            linear(sketch_dim, hidden, generator), nn.ReLU(),
            linear(hidden, photo_dim, generator), nn.ReLU() if non_negative else nn.Identity(),
        )  # fmt: skip

    def forward(self, sketches: Tensor) -> Tensor:
        """Return the photo features that sketches (n, d) predict, shape (n, d')."""
        return self.layers(sketches)


def _linear(network: RegressionNetwork, place: int) -> nn.Linear:
    return cast(nn.Linear, network.layers[place])


class DirectRegression(TrainedEstimator, RetrievalMethod):
    r"""Perceptron from the sketch's features to those of the photo it was drawn from.

    Minimises, over the n training pairs,

    .. math::

        \frac{1}{n} \sum_{i=1}^{n} \| f(x_{sketch}^{(i)}) - x_{img}^{(i)} \|_2^2

    by Adam, with both features divided by their root mean square. Photos are then ranked by their
    cosine distance from :math:`f(x_{sketch})`.

    Attributes
    ----------
    network_ : RegressionNetwork
        The fitted perceptron.
    history_ : dict of str to list of float
        ``"error"``: the mean squared distance per epoch, in scaled units.
    """

    name = "regression"
    title = "Direct regression"

    hidden: int | None = hyper(
        default=None, least=1, help="Units of the hidden layer; None for the photo's width."
    )
    epochs: int = hyper(default=40, search=(10, 20, 40))
    learning_rate: float = hyper(default=1e-3, search=(1e-3, 3e-3))
    seed: int = hyper(default=0, help="Of weights and batches.")

    def loss(self, network: nn.Module, sketches: Tensor, photos: Tensor) -> Tensor:
        """Return the squared error, summed over the features and averaged over the batch.

        `network` maps `sketches` of shape (n, d) to what is compared with their `photos`.
        """
        return (network(sketches) - photos).pow(2).sum(dim=1).mean()

    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        device = choose_device(self.device)
        photos = pairs.paired_photos()
        scales = torch.stack([root_mean_square(pairs.sketches), root_mean_square(photos)])
        sketches, targets = pairs.sketches / scales[0], photos / scales[1]
        weights, generator = generators(self.seed)
        network = RegressionNetwork(
            sketches.shape[1], targets.shape[1], self.hidden, bool(targets.min() >= 0), weights
        )
        # From the mean photo on: no unit of a ReLU at the end is dead from the start.
        with torch.no_grad():
            _linear(network, 2).bias.copy_(targets.mean(dim=0))
        network = network.to(device)
        sketches, targets = sketches.to(device), targets.to(device)
        optimiser, schedule = self._adam(network, len(pairs))

        shared = data_parallel(network)

        def step(rows: Tensor) -> dict[str, Tensor]:
            rows = world().share(rows).to(device)
            error = shared(self.loss, network, sketches[rows], targets[rows])
            descend(error, optimiser, schedule)
            return {"error": error.detach()}

        self.network_, self._scales = network, scales
        self._train(network, step, len(pairs), generator, progress, [optimiser, schedule])

    @encoder("sketch")
    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return the photo features that each sketch predicts, shape (n, d')."""
        network = placed(self.network_, self.device)
        scaled = (features / self._scales[0]).to(_linear(network, 0).weight.device)
        return network(scaled).cpu() * self._scales[1]

    @encoder("photo")
    def encode_photos(self, features: Tensor) -> Tensor:
        """Return the photo features as they are, shape (m, d'): photos are compared with photos."""
        return features

    def query_network(self) -> nn.Module:
        """Return the perceptron, for features that are not scaled."""
        check_fitted(self)
        network = copy.deepcopy(self.network_)
        _linear(network, 0).weight.div_(self._scales[0])
        return network

    def _width(self, kind: str) -> int:
        layer = _linear(self.network_, 0 if kind == "sketch" else 2)
        return layer.in_features if kind == "sketch" else layer.out_features

    def _get_state(self) -> dict[str, Tensor]:
        check_fitted(self)
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
        network = RegressionNetwork(sketch_dim, photo_dim, hidden, non_negative, torch.Generator())
        self.network_ = restored(network, state)
