r"""How the two networks of ``toynet-sketch`` learn to see the same in a photo and in a sketch.

First the network for photos learns to name them, inventions among them. Both networks then start
from it, and learn together, towards a direction :math:`w_k` for each class :math:`k`. With
:math:`f` the feature of a photo or of a sketch of class :math:`y`, about the mean of all photos,
the loss is the cross-entropy of the scores

.. math:: s_k = \cos(f, w_k) / \tau

(Wang et al., 2017). The same between the sketches and the photos of a batch, both ways, tells a toy
from others (van den Oord et al., 2018). Squared distances keep features of sketches where photos'
are, in length too, and those of photos near to where they began. Other things that people drew have
directions too, though no photos: the networks see how people draw, and that there is more in the
world than the classes.

The mean of the weights over the last steps is what is kept (Polyak and Juditsky, 1992): it serves
classes that were never seen better than the last weights.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from zsbir_lib.devices import choose_device
from zsbir_lib.drawings.hands import StrokeAugmentation, StrokeDrawing
from zsbir_lib.errors import ZsbirError
from zsbir_lib.progress import progress_bar
from zsbir_lib.toynet.network import INPUT_SIZE, ToyNet
from zsbir_lib.toynet.sketch_material import SketchMaterial
from zsbir_lib.toynet.sketch_target import Target
from zsbir_lib.toynet.towers import Towers, sketch_input
from zsbir_lib.toynet.training import augment, computes_bfloat16, reproducible, train_toynet

HANDS = (
    StrokeAugmentation(),
    StrokeAugmentation(
        omission=1.5, proportions=1.6, slant=1.5, wobble=1.6,
        simplification=1.3, closing=1.3, doubling=1.3, pens=1.5,
    ),
)  # fmt: skip
"""An ordinary hand and a clumsy one, who draw the sketches again."""

# Of a batch: toys, inventions, people's drawings of classes, and of other things.
_SHARES = (0.35, 0.25, 0.25, 0.15)
_MEAN_OVER = 0.996  # of the mean weights that a step keeps
# Learning rates of the photos' network, and of the directions, as parts of the sketches'.
_PHOTO_RATE, _DIRECTION_RATE = 0.3, 3.0
_NAMED = 2  # of each class's photos, on which the naming of photos is measured


def train_photo_network(
    material: SketchMaterial,
    *,
    epochs: int = 16,
    seed: int = 0,
    threads: int | None = None,
    device: str | torch.device | None = "cpu",
    progress: bool | None = None,
) -> ToyNet:
    """Train a network that names the photos of `material`, inventions too.

    Parameters
    ----------
    material
        Of which the photos are used, of each class three or more.
    epochs, seed, threads, device, progress
        See `zsbir_lib.toynet.train_toynet`.

    Returns
    -------
    ToyNet
        On the CPU, in evaluation mode, without classifier.

    Raises
    ------
    ZsbirError
        If a class has too few photos, or training diverges.
    """
    labels = material.toy_labels
    last = np.flatnonzero(np.concatenate([labels[1:] != labels[:-1], [True]]))
    held = np.zeros(len(labels), dtype=bool)
    held[(last[:, None] - np.arange(_NAMED)).ravel()] = True
    if np.bincount(labels).min() <= _NAMED:
        raise ZsbirError(f"a class has {np.bincount(labels).min()} photos: use 3 or more of each")
    network, _ = train_toynet(
        material.photos[~held], labels[~held], material.photos[held], labels[held],
        epochs=epochs, batch_size=256, seed=seed, threads=threads, device=device, progress=progress,
    )  # fmt: skip
    network.classifier = nn.Identity()
    return network


def train_towers(
    photo_network: ToyNet,
    material: SketchMaterial,
    *,
    steps: int = 2200,
    batch_size: int = 384,
    lr: float = 1e-3,
    seed: int = 0,
    hands: Sequence[StrokeAugmentation] = HANDS,
    threads: int | None = None,
    workers: int = 1,
    device: str | torch.device | None = "cpu",
    progress: bool | None = None,
) -> Towers:
    """Train networks for photos and for sketches that map what shows the same to the same place.

    AdamW (weight decay 0.02) under a one-cycle learning rate; the means of the weights are
    returned. What a step sees depends on `seed` and its number only.

    Parameters
    ----------
    photo_network
        Where both begin; it stays as it is.
    material
        What to learn from; inventions and people's drawings may be missing.
    steps
        How many batches they see.
    batch_size
        Drawings of a batch.
    lr
        The highest learning rate of the cycle.
    seed
        Of the choice of drawings, the hands that draw them again, and the cameras.
    hands
        By whom each drawing is drawn again; in turn.
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
    Towers
        On the CPU, in evaluation mode.

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
    half = place.type == "cuda" and computes_bfloat16(place)
    batches = _Batches(material, steps, batch_size, seed, hands)
    with reproducible(seed, threads):
        photo, sketch = _copy(photo_network, place), _copy(photo_network, place)
        target = Target(photo, material)
        means = _copy(photo_network, place), _copy(photo_network, place)
        photos = torch.from_numpy(material.photos)
        groups: list[dict[str, Any]] = [
            {"params": list(sketch.parameters())},
            {"params": list(photo.parameters()), "lr": lr * _PHOTO_RATE},
            {"params": [target.ways], "lr": lr * _DIRECTION_RATE, "weight_decay": 0.0},
        ]
        optimiser = torch.optim.AdamW(groups, lr, weight_decay=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, [group["lr"] for group in optimiser.param_groups], steps, pct_start=0.15
        )
        loader = DataLoader(batches, batch_size=None, num_workers=workers)
        bar = progress_bar(loader, show=progress, total=steps, desc="toynet-sketch", unit="step")
        photo.train(), sketch.train()
        for step, (pictures, rows) in enumerate(bar):
            seen = recolour(augment(photos[rows[0]].to(place)))
            with torch.autocast(place.type, torch.bfloat16, enabled=half):
                of_sketches = sketch.features(sketch_input(pictures.to(place)))
                of_photos = photo.features(seen)
            loss = target.loss(of_sketches.float(), of_photos.float(), rows)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            for mean, network in zip(means, (photo, sketch), strict=True):
                _average(mean, network, min(_MEAN_OVER, (1 + step) / (10 + step)))
            if step % 50 == 49 or step == steps - 1:
                value = loss.item()
                if not np.isfinite(value):
                    raise ZsbirError(f"training diverged: use a smaller lr than {lr}")
                bar.set_postfix(loss=f"{value:.2f}")
    return Towers(*(mean.cpu().eval() for mean in means))


def recolour(photos: Tensor) -> Tensor:
    """Return photos of which colours tell less, and shapes more.

    Colours are weakened or strengthened, exchanged, inverted, or left out; each only now and then.

    Parameters
    ----------
    photos
        Normalised, shape (n, 3, s, s). What happens to each is drawn on the CPU.
    """
    n, place = len(photos), photos.device
    chance, saturation = torch.rand(3, n, 1, 1, 1).to(place), torch.rand(n, 1, 1, 1).to(place)
    grey = photos.mean(dim=1, keepdim=True)
    colourful = torch.where(chance[0] < 0.2, 0.0, 1.5 * saturation)
    photos = grey + (photos - grey) * colourful
    photos = torch.where(chance[1] < 0.2, photos[:, torch.randperm(3).to(place)], photos)
    photos = torch.where(chance[2] < 0.07, -photos, photos)
    return photos.contiguous(memory_format=torch.channels_last)


class _Batches(Dataset):
    """Batch by batch: pictures, and the rows of the material that they show."""

    def __init__(
        self,
        material: SketchMaterial,
        steps: int,
        batch_size: int,
        seed: int,
        hands: Sequence[StrokeAugmentation],
    ) -> None:
        self.sources: list[Sequence[StrokeDrawing]] = [
            material.toys, material.drawings, material.word_drawings,
        ]  # fmt: skip
        invented = material.toy_labels >= material.n_real
        self.rows = [
            np.flatnonzero(~invented), np.flatnonzero(invented),
            np.arange(len(material.drawings)), np.arange(len(material.word_drawings)),
        ]  # fmt: skip
        self.steps, self.seed, self.hands = steps, seed, hands
        shares = [
            share if len(rows) else 0.0 for share, rows in zip(_SHARES, self.rows, strict=True)
        ]
        self.sizes = [round(batch_size * share / sum(shares)) for share in shares]

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> tuple[Tensor, list[Tensor]]:
        rng = np.random.default_rng([self.seed, step])
        toys, inventions, *drawings = (
            rows[rng.integers(max(1, len(rows)), size=size)] if size else rows[:0]
            for rows, size in zip(self.rows, self.sizes, strict=True)
        )
        chosen = [np.concatenate([toys, inventions]), *drawings]
        pictures = [
            self.hands[number % len(self.hands)].picture(source[row], rng, size=INPUT_SIZE)
            for source, rows in zip(self.sources, chosen, strict=True)
            for number, row in enumerate(rows)
        ]
        return torch.from_numpy(np.stack(pictures)), [torch.from_numpy(rows) for rows in chosen]


def _copy(network: ToyNet, place: torch.device) -> ToyNet:
    """Return a copy on a device, without classifier."""
    copied = copy.deepcopy(network)
    copied.classifier = nn.Identity()
    return copied.to(place).to(memory_format=torch.channels_last)


@torch.no_grad()
def _average(mean: nn.Module, network: nn.Module, kept: float) -> None:
    """Move the mean weights a step towards the present ones."""
    old, new = (
        [value for value in one.state_dict().values() if value.is_floating_point()]
        for one in (mean, network)
    )
    torch._foreach_lerp_(old, new, 1 - kept)
