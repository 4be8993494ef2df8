r"""How the network for sketches learns: to place a sketch where photos of what it shows lie.

It starts from ToyNet's weights, and ToyNet's features of photos, which stay as they are, are what
it learns towards. With :math:`f` the feature of a sketch and :math:`c_k` the mean feature of the
photos of class :math:`k`, both about the mean of all photos, the loss of a sketch of class
:math:`y` is the cross-entropy of the scores

.. math:: s_k = \cos(f, c_k) / \tau

(Snell et al., 2017, with cosines). For sketches of toys, the same over the photos of the batch
tells a toy from others (van den Oord et al., 2018), and a squared distance keeps features where the
photos' are, in length too. People's drawings of things without photos are named by a classifier of
their own, which is thrown away: it lets the network see how people draw.

The mean of the weights over the last steps is what is kept (Polyak and Juditsky, 1992): it serves
classes that were never seen better than the last weights.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from zsbir_lib.devices import choose_device
from zsbir_lib.drawings.hands import StrokeAugmentation, StrokeDrawing, draw_lines
from zsbir_lib.errors import ZsbirError
from zsbir_lib.progress import progress_bar
from zsbir_lib.toynet.network import FEATURE_DIM, INPUT_SIZE, ToyNet, normalise
from zsbir_lib.toynet.sketch_material import SketchMaterial
from zsbir_lib.toynet.training import reproducible

_TEMPERATURE = 0.1
_SHARES = (0.6, 0.25, 0.15)  # of toys, people's drawings of classes, and of other things
_MEAN_OVER = 0.995  # of the mean weights that a step keeps
_WORD_SCALE = 8.0  # of the directions that the classifier of other things gets
_INSTANCE, _DISTANCE, _WORDS = 0.5, 0.3, 0.3  # weights of the terms beside the classes


def train_sketch_network(
    photo_network: ToyNet,
    material: SketchMaterial,
    *,
    steps: int = 2000,
    batch_size: int = 96,
    lr: float = 1e-3,
    seed: int = 0,
    augmentation: StrokeAugmentation | None = None,
    threads: int | None = None,
    workers: int = 1,
    device: str | torch.device | None = "cpu",
    progress: bool | None = None,
) -> ToyNet:
    """Train a network that maps sketches to where `photo_network` maps photos of the same thing.

    AdamW (weight decay 0.02) under a one-cycle learning rate; the mean of the weights is returned.
    What a step sees depends on `seed` and its number only.

    Parameters
    ----------
    photo_network
        What photos go through; it stays as it is.
    material
        What to learn from; people's drawings may be missing.
    steps
        How many batches it sees.
    batch_size
        Drawings of a batch.
    lr
        The highest learning rate of the cycle.
    seed
        Of the choice of drawings, the hands that draw them again, and the classifier's weights.
    augmentation
        How far these hands stray; by default as far as `StrokeAugmentation` does.
    threads
        CPU threads to compute with; ``None`` leaves PyTorch's setting.
    workers
        Processes that draw, besides the one that learns; 0 for none.
    device
        See `zsbir_lib.devices.choose_device`.
    progress
        Whether to show a bar on standard error; ``None`` shows it on a terminal.

    Returns
    -------
    ToyNet
        On the CPU, in evaluation mode, without classifier.

    Raises
    ------
    ZsbirError
        If there are fewer than two classes, a number is out of range, or training diverges.
    """
    if len(material.class_names) < 2:
        raise ZsbirError("the toys are of one class only: give two or more")
    if steps < 1 or batch_size < 8 or not lr > 0:
        raise ZsbirError("steps must be 1 or more, batch_size 8 or more, lr above 0")
    place = choose_device(device)
    batches = _Batches(material, steps, batch_size, seed, augmentation or StrokeAugmentation())
    with reproducible(seed, threads):
        network = _features_only(photo_network).to(place).to(memory_format=torch.channels_last)
        target = _Target.of(network, material)
        words = nn.Linear(FEATURE_DIM, max(1, len(material.words))).to(place)
        parameters = [*network.parameters(), *words.parameters()]
        mean = copy.deepcopy(network)
        optimiser = torch.optim.AdamW(parameters, lr, weight_decay=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, lr, total_steps=steps, pct_start=0.15
        )
        loader = DataLoader(batches, batch_size=None, num_workers=workers)
        bar = progress_bar(loader, show=progress, total=steps, desc="toynet-sketch", unit="step")
        network.train()
        for step, (pictures, rows) in enumerate(bar):
            features = network(_input(pictures.to(place)))
            toys, drawings, others = features.split([len(part) for part in rows])
            loss = target.loss_of_toys(toys, rows[0])
            if len(drawings):
                loss = loss + target.loss_of_classes(drawings, batches.drawing_labels[rows[1]])
            if len(others):
                scores = words(target.directions(others) * _WORD_SCALE)
                named = F.cross_entropy(scores, batches.word_labels[rows[2]].to(place))
                loss = loss + _WORDS * named
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            _average(mean, network, min(_MEAN_OVER, (1 + step) / (10 + step)))
            if step % 50 == 49 or step == steps - 1:
                value = loss.item()
                if not np.isfinite(value):
                    raise ZsbirError(f"training diverged: use a smaller lr than {lr}")
                bar.set_postfix(loss=f"{value:.2f}")
    return mean.cpu().eval()


@torch.inference_mode()
def sketch_accuracy(
    network: ToyNet, photo_network: ToyNet, material: SketchMaterial, k: int = 12
) -> dict[str, tuple[float, float]]:
    """Measure how often the photos nearest to a drawing, by cosine, are of its class.

    Parameters
    ----------
    network, photo_network
        What drawings, and photos, go through.
    material
        Of classes that `network` did not learn from; its photos are what is retrieved.
    k
        Photos that are looked at.

    Returns
    -------
    dict of str to tuple of float
        For ``"drawings"`` and ``"toys"``, where there are any: how often the first photo is right,
        and the mean share of the first `k` that are.
    """
    photos = _photo_features(photo_network, material)
    mean = photos.mean(dim=0)
    photos = F.normalize(photos - mean, dim=1)
    hand = StrokeAugmentation()
    found = {}
    for kind, drawings, labels in (
        ("drawings", material.drawings, material.drawing_labels),
        ("toys", material.toys, material.toy_labels),
    ):
        if not len(drawings):
            continue
        rng = np.random.default_rng(0)
        # People's are drawn as they are; the lines of a toy are a tracing, until a hand draws them.
        pictures = torch.from_numpy(
            np.stack(
                [
                    draw_lines(one.strokes) if kind == "drawings" else hand.picture(one, rng)
                    for one in drawings
                ]
            )
        )
        queries = torch.cat([network.features(_input(part)) for part in pictures.split(128)])
        scores = F.normalize(queries - mean, dim=1) @ photos.T
        nearest = scores.topk(min(k, len(photos)), dim=1).indices.numpy()
        right = material.toy_labels[nearest] == labels[:, None]
        found[kind] = float(right[:, 0].mean()), float(right.mean())
    return found


class _Batches(Dataset):
    """Batch by batch: pictures, and the rows of the material that they show."""

    def __init__(
        self,
        material: SketchMaterial,
        steps: int,
        batch_size: int,
        seed: int,
        augmentation: StrokeAugmentation,
    ) -> None:
        self.sources: list[Sequence[StrokeDrawing]] = [
            material.toys, material.drawings, material.word_drawings,
        ]  # fmt: skip
        self.drawing_labels = torch.from_numpy(np.asarray(material.drawing_labels))
        self.word_labels = torch.from_numpy(np.asarray(material.word_labels))
        self.steps, self.seed, self.augmentation = steps, seed, augmentation
        shares = [
            share if len(source) else 0.0
            for share, source in zip(_SHARES, self.sources, strict=True)
        ]
        self.sizes = [round(batch_size * share / sum(shares)) for share in shares]

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> tuple[Tensor, list[Tensor]]:
        rng = np.random.default_rng([self.seed, step])
        rows = [
            rng.integers(max(1, len(source)), size=size)
            for source, size in zip(self.sources, self.sizes, strict=True)
        ]
        pictures = [
            self.augmentation.picture(source[row], rng, size=INPUT_SIZE)
            for source, chosen in zip(self.sources, rows, strict=True)
            for row in chosen
        ]
        return torch.from_numpy(np.stack(pictures)), [torch.from_numpy(part) for part in rows]


@dataclass(frozen=True)
class _Target:
    """Where the photos lie, and how far from there sketches are."""

    photos: Tensor
    labels: Tensor
    classes: Tensor
    mean: Tensor
    spread: Tensor

    @classmethod
    def of(cls, network: ToyNet, material: SketchMaterial) -> _Target:
        """Compute it with the weights that `network` has now."""
        photos = _photo_features(network, material)
        labels = torch.from_numpy(material.toy_labels)
        classes = torch.stack([photos[labels == k].mean(dim=0) for k in labels.unique()])
        place = next(network.parameters()).device
        values = (photos, labels, classes, photos.mean(dim=0), photos.std(dim=0).mean())
        return cls(*(value.to(place) for value in values))

    def directions(self, features: Tensor) -> Tensor:
        """Return the directions of features as seen from the mean photo, (n, 192)."""
        return F.normalize(features - self.mean, dim=1)

    def loss_of_classes(self, features: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of sketches of which the class alone is known."""
        labels = labels.to(features.device)
        scores = self.directions(features) @ self.directions(self.classes).T
        named = F.cross_entropy(scores / _TEMPERATURE, labels)
        return named + _DISTANCE * self._distance(features, self.classes[labels])

    def loss_of_toys(self, features: Tensor, rows: Tensor) -> Tensor:
        """Return the loss of sketches of toys, each with a photo of its own."""
        rows = rows.to(features.device)
        own, labels = self.photos[rows], self.labels[rows]
        scores = self.directions(features) @ self.directions(self.classes).T
        named = F.cross_entropy(scores / _TEMPERATURE, labels)
        # Other toys of the class are neither right nor wrong.
        among = self.directions(features) @ self.directions(own).T / _TEMPERATURE
        places = torch.arange(len(rows), device=features.device)
        kin = (labels[:, None] == labels) & (places[:, None] != places)
        told = F.cross_entropy(among.masked_fill(kin, -1e4), places)
        goal = (own + self.classes[labels]) / 2
        return named + _INSTANCE * told + _DISTANCE * self._distance(features, goal)

    def _distance(self, features: Tensor, goal: Tensor) -> Tensor:
        return (features - goal).square().mean() / self.spread**2


def _features_only(network: ToyNet) -> ToyNet:
    """Return a copy without classifier."""
    copied = ToyNet()
    copied.load_state_dict(
        {k: v for k, v in network.state_dict().items() if not k.startswith("classifier")}
    )
    return copied


def _photo_features(network: ToyNet, material: SketchMaterial) -> Tensor:
    """Return the features of all photos, on the CPU, with the network in evaluation mode."""
    network.eval()
    place = next(network.parameters()).device
    with torch.no_grad():
        photos = torch.from_numpy(material.photos).permute(0, 3, 1, 2)
        parts = [network.features(normalise(part.to(place))).cpu() for part in photos.split(128)]
    return torch.cat(parts)


def _input(pictures: Tensor) -> Tensor:
    """Map grey pictures (n, 64, 64) to what the network takes."""
    colours = normalise(pictures[:, None].expand(-1, 3, -1, -1))
    return colours.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def _average(mean: nn.Module, network: nn.Module, kept: float) -> None:
    """Move the mean weights a step towards the present ones."""
    for old, new in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
        if old.is_floating_point():
            old.lerp_(new, 1 - kept)
        else:
            old.copy_(new)
