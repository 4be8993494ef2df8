r"""Deep sketch hashing: binary codes of sketches and photos, compared by counting unequal bits.

Liu, Shen, Shen, Liu and Shao, *Deep Sketch Hashing: Fast Free-hand Sketch-Based Image Retrieval*,
CVPR 2017. The codes of the training images stay discrete: they are found bit by bit, by the
discrete cyclic coordinate descent of Shen, Shen, Liu and Shen (*Supervised Discrete Hashing*, CVPR
2015), in turns with the networks that learn to predict them.

Codes are vectors of -1 and +1. For m bits the cosine of two codes is 1 - 2 h / m, where h is
the Hamming distance, so that `zsbir_lib.retrieval.rank` ranks them as Hamming distance does;
equal distances keep the order of the gallery. `pack_codes`, `hamming_distances` and `hamming_rank`
do the same on packed bits, 16 bytes for an image of 128 bits.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from zsbir_lib.devices import choose_device
from zsbir_lib.distributed import world
from zsbir_lib.features import Pairs
from zsbir_lib.methods.base import RetrievalMethod, encoder
from zsbir_lib.methods.discrete import HashObjective, discrete_descent
from zsbir_lib.methods.estimator import check_fitted, hyper
from zsbir_lib.methods.layers import BatchNorm, Dropout, linear, placed
from zsbir_lib.methods.training import (
    TrainedEstimator,
    data_parallel,
    descend,
    generators,
    restored,
)
from zsbir_lib.retrieval.hamming import hamming_distances, hamming_rank, pack_codes

__all__ = [
    "DSH", "HashNetwork", "HashObjective", "discrete_descent", "hamming_distances", "hamming_rank",
    "pack_codes",
]  # fmt: skip

_SWEEPS = 2  # of the discrete steps over both codes, in every round


class HashNetwork(nn.Module):
    """One branch: features to n_bits numbers between -1 and 1.

    Parameters
    ----------
    dim
        Width of the features, and of the hidden layer.
    n_bits
        Width of the code.
    generator
        Of first weights and dropout; None for PyTorch's common state.
    """

    def __init__(self, dim: int, n_bits: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            linear(dim, dim, generator), nn.ReLU(), BatchNorm(dim),
            Dropout(0.5, generator), linear(dim, n_bits, generator), nn.Tanh(),
        )  # fmt: skip

    def forward(self, features: Tensor) -> Tensor:
        """Return F for features (n, dim), shape (n, n_bits)."""
        return self.layers(features)


class DSH(TrainedEstimator, RetrievalMethod):
    r"""Deep sketch hashing on features: discrete codes, and a network for each kind of image.

    With photos' codes as columns of :math:`B_I \in \{-1, 1\}^{m \times n_I}`, sketches' as those
    of :math:`B_S`, and :math:`\Sigma_{ij} = 1` where photo i and sketch j are of one class, else
    -1, it minimises

    .. math::

        \frac{1}{n_I n_S m} \| m \Sigma - B_I^\top B_S \|_F^2
        &+ \lambda \Big( \tfrac{1}{n_I} \| \Phi_I - D B_I \|_F^2
                       + \tfrac{1}{n_S} \| \Phi_S - D B_S \|_F^2 \Big) \\
        &+ \gamma \Big( \tfrac{1}{n_I} \| F_I - B_I \|_F^2
                      + \tfrac{1}{n_S} \| F_S - B_S \|_F^2 \Big)

    in turns over :math:`D` (least squares), :math:`B_I` and :math:`B_S` (bit by bit, see
    `discrete_descent`), and the networks :math:`F_I` and :math:`F_S` (by Adam). No discrete step
    can raise it. An image is encoded by the signs of its network's output.

    Differences from the paper: networks are small and take features, where the paper's are
    convolutional, the photo's with a second input of its traced outlines. :math:`\Phi`, there the
    word vector of an image's class, is here the mean feature of the photos of that class, as this
    library has no word vectors. The terms are divided by the numbers of images and bits, so that
    good weights depend on neither. Photos' codes start from the signs of random projections and
    sketches' from those of their photos; both stand in for the networks' output in the first round.

    Attributes
    ----------
    network_ : torch.nn.ModuleDict
        A `HashNetwork` for ``"photo"`` and one for ``"sketch"``.
    history_ : dict of str to list of float
        ``"photo"`` and ``"sketch"``: mean squared error of a bit in each epoch.
    objective_ : list of list of float
        The objective in every round: before the discrete steps, and after each of them.
    """

    name = "dsh"
    title = "DSH"

    n_bits: int = hyper(default=128, least=1, help="m, the length of a code.")
    semantic_weight: float = hyper(
        default=10.0,
        least=0,
        search=(1.0, 10.0, 100.0),
        help=r":math:`\lambda`, with :math:`\Phi` in units of the features' root mean square. Of "
        "all pairs, those of one class are few: with a small weight all photos get one code, and "
        "all sketches its opposite.",
    )
    network_weight: float = hyper(
        default=1.0, least=0, search=(0.1, 1.0, 10.0), help=r":math:`\gamma`."
    )
    rounds: int = hyper(default=5, least=1, help="Turns of discrete steps and training.")
    epochs: int = hyper(default=5, help="Of training in each round.")
    # Batch norm needs two.
    batch_size: int = hyper(default=128, least=2)
    seed: int = hyper(default=0, help="Of weights, batches and first codes.")

    @property
    def _all_epochs(self) -> int:
        return self.rounds * self.epochs

    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        device = choose_device(self.device)
        used, photo_index = pairs.photo_index.unique(return_inverse=True)
        features, self._means, self._scales = {}, {}, {}
        for kind, given in (("photo", pairs.photos[used]), ("sketch", pairs.sketches)):
            mean = given.mean(dim=0)
            centred = given - mean
            scale = centred.pow(2).mean().sqrt()
            features[kind] = centred / scale
            self._means[kind], self._scales[kind] = mean, scale
        weights, generator = generators(self.seed)
        network = _networks(
            {kind: x.shape[1] for kind, x in features.items()}, self.n_bits, weights
        )
        codes = _Codes(self, pairs, used, photo_index, features["photo"], generator)
        network = network.to(device)
        features = {kind: x.to(device) for kind, x in features.items()}
        n = len(pairs)
        optimiser, schedule = self._adam(network, n)
        steps_in_round = self.epochs * max(1, n // self.batch_size)
        shared = data_parallel(network)

        def errors_of(batch: dict[str, Tensor]) -> dict[str, Tensor]:
            found = {}
            for kind, r in batch.items():
                target = codes.found[kind][r].float().to(device)
                found[kind] = (network[kind](features[kind][r.to(device)]) - target).pow(2).mean()
            return found

        def step(rows: Tensor) -> dict[str, Tensor]:
            if codes.steps % steps_in_round == 0:
                codes.improve(_outputs(network, features) if codes.steps else codes.found)
            codes.steps += 1
            rows = world().share(rows)
            errors = shared(errors_of, {"photo": photo_index[rows], "sketch": rows})
            descend(sum(errors.values()), optimiser, schedule)
            return {kind: error.detach() for kind, error in errors.items()}

        self.network_, self.objective_ = network, codes.objective_values
        self._train(network, step, n, generator, progress, [weights, optimiser, schedule, codes])

    def _encode(self, kind: str, features: Tensor) -> Tensor:
        branch = placed(self.network_[kind], self.device)
        scaled = (features - self._means[kind]) / self._scales[kind]
        return _signs(branch(scaled.to(next(branch.parameters()).device)).cpu())

    @encoder("sketch")
    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return the codes of sketches: -1 and +1, float32, shape (n, n_bits)."""
        return self._encode("sketch", features)

    @encoder("photo")
    def encode_photos(self, features: Tensor) -> Tensor:
        """Return the codes of photos: -1 and +1, float32, shape (m, n_bits)."""
        return self._encode("photo", features)

    def _width(self, kind: str) -> int:
        return len(self._means[kind])

    def _get_state(self) -> dict[str, Tensor]:
        check_fitted(self)
        state = {f"{kind}_mean": mean for kind, mean in self._means.items()}
        state.update({f"{kind}_scale": scale for kind, scale in self._scales.items()})
        return {**state, **self.network_.state_dict()}

    def _set_state(self, state: dict[str, Tensor]) -> None:
        kinds = ("photo", "sketch")
        self._means = {kind: state.pop(f"{kind}_mean") for kind in kinds}
        self._scales = {kind: state.pop(f"{kind}_scale") for kind in kinds}
        widths = {kind: len(mean) for kind, mean in self._means.items()}
        network = _networks(widths, self.n_bits, torch.Generator())
        self.network_ = restored(network, state)


class _Codes:
    """The codes of the training images, as rounds of discrete steps find them."""

    def __init__(
        self, method: DSH, pairs: Pairs, used: Tensor, photo_index: Tensor, photos: Tensor,
        generator: torch.Generator,
    ) -> None:  # fmt: skip
        classes, sketch_labels = pairs.labels.unique(return_inverse=True)
        photo_labels = torch.searchsorted(classes, pairs.photo_labels[used])
        semantics = torch.stack(
            [photos[photo_labels == c].mean(dim=0) for c in range(len(classes))]
        )
        self.objective = HashObjective(
            photo_labels, sketch_labels, semantics,
            method.n_bits, method.semantic_weight, method.network_weight,
        )  # fmt: skip
        self.no_map = torch.zeros(semantics.shape[1], method.n_bits, dtype=torch.float64)
        directions = torch.randn(photos.shape[1], method.n_bits, generator=generator)
        first = _signs(photos @ directions).double()
        self.found = {"photo": first, "sketch": first[photo_index]}
        self.objective_values: list[list[float]] = []
        self.steps = 0  # of the networks' training

    def state_dict(self) -> dict[str, Any]:
        """Return what changes in a training, for a checkpoint."""
        return {"found": self.found, "values": self.objective_values, "steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` returned."""
        self.found, self.steps = state["found"], state["steps"]
        self.objective_values[:] = state["values"]

    def improve(self, outputs: dict[str, Tensor]) -> None:
        """Do the discrete steps of one round, given what the networks say of all images."""
        codes, outputs = self.found, dict(outputs)
        semantic_map = self.no_map
        values = [self.objective.value(codes, semantic_map, outputs)]
        for _ in range(_SWEEPS):
            semantic_map = self.objective.best_map(codes)
            values.append(self.objective.value(codes, semantic_map, outputs))
            for kind in codes:
                codes[kind] = self.objective.sweep(kind, codes, semantic_map, outputs[kind])
                values.append(self.objective.value(codes, semantic_map, outputs))
        self.objective_values.append(values)


def _networks(widths: dict[str, int], n_bits: int, generator: torch.Generator) -> nn.ModuleDict:
    return nn.ModuleDict({kind: HashNetwork(d, n_bits, generator) for kind, d in widths.items()})


@torch.no_grad()
def _outputs(network: nn.ModuleDict, features: dict[str, Tensor]) -> dict[str, Tensor]:
    network.eval()
    found = {kind: network[kind](x).cpu().double() for kind, x in features.items()}
    network.train()
    return found


def _signs(values: Tensor) -> Tensor:
    """Return -1 and +1 in float32; the sign of 0 is +1."""
    return torch.where(values >= 0, 1.0, -1.0)
