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

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from zsbir_lib.devices import choose_device
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods.base import RetrievalMethod, check_features, check_fitted
from zsbir_lib.methods.training import (
    check_at_least,
    check_not_negative,
    check_positive,
    seeded,
    train,
)

_SWEEPS = 2  # of the discrete steps over both codes, in every round
_BLOCK_BYTES = 64 * 2**20  # of Hamming distances sorted at once


class HashNetwork(nn.Module):
    """One branch: features to n_bits numbers between -1 and 1.

    Parameters
    ----------
    dim
        Width of the features, and of the hidden layer.
    n_bits
        Width of the code.
    """

    def __init__(self, dim: int, n_bits: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(dim, dim), nn.ReLU(), nn.BatchNorm1d(dim), nn.Dropout(0.5),
            nn.Linear(dim, n_bits), nn.Tanh(),
        )  # fmt: skip

    def forward(self, features: Tensor) -> Tensor:
        """Return F for features (n, dim), shape (n, n_bits)."""
        return self.layers(features)


class HashObjective:
    r"""What DSH minimises, and the steps that minimise it over one unknown at a time.

    Codes are matrices of a row per image here, (n, m), and of a column per image in the equation
    in `DSH`. No matrix of all photos by all sketches is made: likeness depends on classes only.

    Parameters
    ----------
    photo_labels, sketch_labels
        Class of each photo and each sketch, rows of `semantics`.
    semantics
        :math:`\Phi`, one row for each class, shape (C, a).
    n_bits
        m.
    semantic_weight, network_weight
        :math:`\lambda` and :math:`\gamma`.
    """

    def __init__(
        self,
        photo_labels: Tensor,
        sketch_labels: Tensor,
        semantics: Tensor,
        n_bits: int,
        semantic_weight: float,
        network_weight: float,
    ) -> None:
        self.labels = {"photo": photo_labels, "sketch": sketch_labels}
        self.semantics = semantics.double()
        self.n_bits = n_bits
        self.semantic_weight = semantic_weight
        self.network_weight = network_weight

    def _class_sums(self, kind: str, codes: Tensor) -> Tensor:
        sums = codes.new_zeros(len(self.semantics), codes.shape[1])
        return sums.index_add_(0, self.labels[kind], codes)

    def value(
        self, codes: dict[str, Tensor], semantic_map: Tensor, outputs: dict[str, Tensor]
    ) -> float:
        """Return the objective.

        Parameters
        ----------
        codes
            B of ``"photo"`` and of ``"sketch"``: -1 and +1 in float64, shape (n, m) each.
        semantic_map
            D, shape (a, m).
        outputs
            F of ``"photo"`` and of ``"sketch"``, shape (n, m) each.
        """
        photos, sketches = codes["photo"], codes["sketch"]
        sums = {kind: self._class_sums(kind, codes[kind]) for kind in codes}
        # Sum of the inner products over pairs of one class, less that over all others.
        alike = 2 * (sums["photo"] * sums["sketch"]).sum()
        alike -= sums["photo"].sum(dim=0) @ sums["sketch"].sum(dim=0)
        n = len(photos) * len(sketches)
        squares = ((photos.T @ photos) * (sketches.T @ sketches)).sum()
        total = self.n_bits + (squares - 2 * self.n_bits * alike) / (n * self.n_bits)
        for kind in codes:
            predicted = codes[kind] @ semantic_map.T
            errors = (self.semantics[self.labels[kind]] - predicted).pow(2).sum()
            total = total + self.semantic_weight * errors / len(predicted)
            errors = (outputs[kind] - codes[kind]).pow(2).sum()
            total = total + self.network_weight * errors / len(predicted)
        return float(total)

    def best_map(self, codes: dict[str, Tensor]) -> Tensor:
        """Return the D that minimises the objective, the smallest if there are several."""
        moments = torch.zeros(self.n_bits, self.n_bits, dtype=torch.float64)
        right = torch.zeros(len(self.semantics[0]), self.n_bits, dtype=torch.float64)
        for kind, b in codes.items():
            moments += b.T @ b / len(b)
            right += self.semantics.T @ self._class_sums(kind, b) / len(b)
        # Two bits may be equal everywhere, so there may be no inverse.
        return right @ torch.linalg.pinv(moments, hermitian=True)

    def sweep(
        self, kind: str, codes: dict[str, Tensor], semantic_map: Tensor, output: Tensor
    ) -> Tensor:
        """Return the codes of one kind after one discrete step, bit by bit.

        Parameters
        ----------
        kind
            ``"photo"`` or ``"sketch"``: whose codes to improve.
        codes, semantic_map
            As in `value`.
        output
            F of that kind.
        """
        (other,) = set(codes) - {kind}
        b = codes[other]
        quadratic = b.T @ b / (len(b) * self.n_bits)
        quadratic += self.semantic_weight * semantic_map.T @ semantic_map
        # What a class wants: the codes of its own members in the other kind, less all others.
        by_class = (2 * self._class_sums(other, b) - b.sum(dim=0)) / len(b)
        by_class += self.semantic_weight * self.semantics @ semantic_map
        linear = by_class[self.labels[kind]] + self.network_weight * output
        return discrete_descent(codes[kind], quadratic, linear)


def discrete_descent(codes: Tensor, quadratic: Tensor, linear: Tensor) -> Tensor:
    r"""Improve codes by one round of discrete cyclic coordinate descent.

    Lowers :math:`\sum_i b_i^\top G b_i - 2 q_i^\top b_i` over vectors :math:`b_i` of -1 and +1.
    With all other bits fixed, bit k is best at the sign of :math:`q_{ik} - \sum_{j \ne k} G_{kj}
    b_{ij}`; where that is 0 both values are equally good and the bit stays.

    Parameters
    ----------
    codes
        The :math:`b_i`, shape (n, m).
    quadratic
        G, symmetric, shape (m, m).
    linear
        The :math:`q_i`, shape (n, m).

    Returns
    -------
    Tensor
        New codes, shape (n, m).
    """
    columns, wanted = codes.T.contiguous(), linear.T.contiguous()
    for k in range(len(columns)):
        others = quadratic[k].clone()
        others[k] = 0
        pull = wanted[k] - others @ columns
        columns[k] = torch.where(pull == 0, columns[k], pull.sign())
    return columns.T.contiguous()


class DSH(RetrievalMethod):
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

    Parameters
    ----------
    n_bits
        m, the length of a code.
    semantic_weight
        :math:`\lambda`, with :math:`\Phi` in units of the features' root mean square. Of all
        pairs, those of one class are few: with a small weight all photos get one code, and all
        sketches its opposite.
    network_weight
        :math:`\gamma`.
    rounds
        Turns of discrete steps and training.
    epochs
        Of training in each round.
    batch_size, learning_rate
        Of the training by Adam; the rate falls to 0 along a cosine.
    seed
        Of weights, batches and first codes.
    device
        See `zsbir_lib.devices.choose_device`.

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
    search_space: ClassVar = {
        "semantic_weight": (1.0, 10.0, 100.0),
        "network_weight": (0.1, 1.0, 10.0),
    }

    def __init__(
        self,
        *,
        n_bits: int = 128,
        semantic_weight: float = 10.0,
        network_weight: float = 1.0,
        rounds: int = 5,
        epochs: int = 5,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        seed: int = 0,
        device: str | None = None,
    ) -> None:
        self.n_bits = n_bits
        self.semantic_weight = semantic_weight
        self.network_weight = network_weight
        self.rounds = rounds
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.seed = seed
        self.device = device
        self.network_: nn.ModuleDict | None = None
        self.history_: dict[str, list[float]] = {}
        self.objective_: list[list[float]] = []

    def _check(self) -> None:
        check_at_least(self, 1, "n_bits", "rounds", "epochs")
        check_at_least(self, 2, "batch_size")  # batch norm needs two
        check_not_negative(self, "semantic_weight", "network_weight")
        check_positive(self, "learning_rate")

    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        device = choose_device(self.device)
        used, photo_index = pairs.photo_index.unique(return_inverse=True)
        features, self._means, self._scales = {}, {}, {}
        for kind, given in (("photo", pairs.photos[used]), ("sketch", pairs.sketches)):
            mean = given.mean(dim=0)
            centred = given - mean
            scale = centred.pow(2).mean().sqrt()
            features[kind] = (centred / scale).to(device)
            self._means[kind], self._scales[kind] = mean, scale
        classes, sketch_labels = pairs.labels.unique(return_inverse=True)
        photo_labels = torch.searchsorted(classes, pairs.photo_labels[used])
        photos = features["photo"].cpu()
        semantics = torch.stack(
            [photos[photo_labels == c].mean(dim=0) for c in range(len(classes))]
        )
        objective = HashObjective(
            photo_labels, sketch_labels, semantics,
            self.n_bits, self.semantic_weight, self.network_weight,
        )  # fmt: skip
        n = len(pairs)
        steps_in_round = self.epochs * max(1, n // self.batch_size)
        with seeded(self.seed, device) as generator:
            network = nn.ModuleDict(
                {kind: HashNetwork(x.shape[1], self.n_bits) for kind, x in features.items()}
            ).to(device)
            directions = torch.randn(photos.shape[1], self.n_bits, generator=generator)
            first = _signs(photos @ directions).double()
            codes = {"photo": first, "sketch": first[photo_index]}
            optimiser = torch.optim.Adam(network.parameters(), self.learning_rate)
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
                optimiser, self.rounds * steps_in_round
            )
            objective_: list[list[float]] = []
            targets: dict[str, Tensor] = {}
            step_number = 0

            def discrete_steps() -> None:
                outputs = codes.copy()
                if objective_:
                    network.eval()
                    with torch.no_grad():
                        for kind, x in features.items():
                            outputs[kind] = network[kind](x).cpu().double()
                    network.train()
                semantic_map = torch.zeros(semantics.shape[1], self.n_bits, dtype=torch.float64)
                values = [objective.value(codes, semantic_map, outputs)]
                for _ in range(_SWEEPS):
                    semantic_map = objective.best_map(codes)
                    values.append(objective.value(codes, semantic_map, outputs))
                    for kind in codes:
                        codes[kind] = objective.sweep(kind, codes, semantic_map, outputs[kind])
                        values.append(objective.value(codes, semantic_map, outputs))
                objective_.append(values)
                targets.update({kind: b.float().to(device) for kind, b in codes.items()})

            def step(rows: Tensor) -> dict[str, Tensor]:
                nonlocal step_number
                if step_number % steps_in_round == 0:
                    discrete_steps()
                step_number += 1
                batch = {"photo": photo_index[rows].to(device), "sketch": rows.to(device)}
                errors = {
                    kind: (network[kind](features[kind][r]) - targets[kind][r]).pow(2).mean()
                    for kind, r in batch.items()
                }
                optimiser.zero_grad(set_to_none=True)
                sum(errors.values()).backward()
                optimiser.step()
                schedule.step()
                return {kind: error.detach() for kind, error in errors.items()}

            self.network_, self.objective_ = network, objective_
            self.history_ = train(
                network, step, n, epochs=self.rounds * self.epochs, batch_size=self.batch_size,
                generator=generator, name=self.title, progress=progress,
            )  # fmt: skip

    @torch.no_grad()
    def _encode(self, kind: str, features: Tensor) -> Tensor:
        check_fitted(self, "network_")
        mean = self._means[kind]
        features = (check_features(features, len(mean), kind) - mean) / self._scales[kind]
        branch = self.network_[kind]
        return _signs(branch(features.to(branch.layers[0].weight.device)).cpu())

    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return the codes of sketches: -1 and +1, float32, shape (n, n_bits).

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        return self._encode("sketch", features)

    def encode_photos(self, features: Tensor) -> Tensor:
        """Return the codes of photos: -1 and +1, float32, shape (m, n_bits).

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        return self._encode("photo", features)

    def _get_state(self) -> dict[str, Tensor]:
        check_fitted(self, "network_")
        state = {f"{kind}_mean": mean for kind, mean in self._means.items()}
        state.update({f"{kind}_scale": scale for kind, scale in self._scales.items()})
        return {**state, **self.network_.state_dict()}

    def _set_state(self, state: dict[str, Tensor]) -> None:
        kinds = ("photo", "sketch")
        self._means = {kind: state.pop(f"{kind}_mean") for kind in kinds}
        self._scales = {kind: state.pop(f"{kind}_scale") for kind in kinds}
        network = nn.ModuleDict(
            {kind: HashNetwork(len(self._means[kind]), self.n_bits) for kind in kinds}
        )
        network.load_state_dict(state)
        self.network_ = network.to(choose_device(self.device)).eval().requires_grad_(False)


def _signs(values: Tensor) -> Tensor:
    """Return -1 and +1 in float32; the sign of 0 is +1."""
    return torch.where(values >= 0, 1.0, -1.0)


# ---------------------------------------------------------------------------------------------
# Packed bits
# ---------------------------------------------------------------------------------------------

_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)


def pack_codes(codes: Tensor | np.ndarray) -> np.ndarray:
    """Pack codes into bits, eight in a byte.

    Parameters
    ----------
    codes
        -1 and +1, shape (n, n_bits).

    Returns
    -------
    ndarray of uint8, shape (n, n_bits / 8, rounded up)
        +1 is a set bit, the first in the highest place; bits left over are 0.

    Raises
    ------
    ZsbirError
        If a number is neither -1 nor +1.
    """
    codes = np.asarray(codes)
    if codes.ndim != 2 or not (np.abs(codes) == 1).all():
        raise ZsbirError(
            f"codes must be a matrix of -1 and +1 only; these have shape {codes.shape}: "
            "encode them by DSH"
        )
    return np.packbits(codes > 0, axis=1)


def hamming_distances(queries: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """Count the bits that differ between all packed queries and all packed photos.

    Parameters
    ----------
    queries, gallery
        From `pack_codes`, shapes (n, bytes) and (m, bytes).

    Returns
    -------
    ndarray of uint16, shape (n, m)
        Distances.

    Raises
    ------
    ZsbirError
        If the two are not bytes of one width.
    """
    queries, gallery = np.asarray(queries), np.asarray(gallery)
    for name, value in (("queries", queries), ("gallery", gallery)):
        if value.dtype != np.uint8 or value.ndim != 2:
            raise ZsbirError(
                f"packed {name} must be bytes of shape (n, bytes), not {value.dtype} of shape "
                f"{value.shape}: use pack_codes"
            )
    if queries.shape[1] != gallery.shape[1]:
        raise ZsbirError(
            f"queries have {queries.shape[1]} bytes and the gallery {gallery.shape[1]}: "
            "both must come from the same method"
        )
    distances = np.zeros((len(queries), len(gallery)), dtype=np.uint16)
    # Eight bytes at once where NumPy (from version 2 on) counts the bits of a number.
    counts = getattr(np, "bitwise_count", _ONES.__getitem__)
    if hasattr(np, "bitwise_count") and queries.shape[1] % 8 == 0:
        queries = np.ascontiguousarray(queries).view(np.uint64)
        gallery = np.ascontiguousarray(gallery).view(np.uint64)
    for query, photo in zip(queries.T, gallery.T, strict=True):
        distances += counts(query[:, None] ^ photo)
    return distances


def hamming_rank(
    queries: np.ndarray, gallery: np.ndarray, top_k: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Rank packed photos for packed queries; equal distances keep the order of the gallery.

    Parameters
    ----------
    queries, gallery
        From `pack_codes`, shapes (n, bytes) and (m, bytes).
    top_k
        How many photos to return for a query; None for all of them.

    Returns
    -------
    indices : ndarray of int64, shape (n, top_k)
        Rows of the gallery, the nearest first.
    distances : ndarray of uint16, shape (n, top_k)
        Bits that differ.

    Raises
    ------
    ZsbirError
        If the two do not fit each other, or `top_k` is not 1 to m.
    """
    m = len(gallery)
    top_k = m if top_k is None else top_k
    if not 1 <= top_k <= m:
        raise ZsbirError(f"K must be a whole number from 1 to the gallery's {m} photos: {top_k}")
    indices = np.empty((len(queries), top_k), dtype=np.int64)
    found = np.empty((len(queries), top_k), dtype=np.uint16)
    step = max(1, _BLOCK_BYTES // (8 * m))
    for start in range(0, len(queries), step):
        rows = slice(start, start + step)
        distances = hamming_distances(queries[rows], gallery)
        # A stable sort of 16-bit integers is a radix sort.
        indices[rows] = distances.argsort(axis=1, kind="stable")[:, :top_k]
        found[rows] = np.take_along_axis(distances, indices[rows], axis=1)
    return indices, found
