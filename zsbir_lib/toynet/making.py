"""How the packaged weights of ToyNet came to be: which photos it saw, and what became of it.

`zsbir toynet train` calls this. The photos are drawn from a seed of their own, so that none of them
is a photo that is later retrieved, and of classes that exclude the paper's 21 unseen ones.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from zsbir_lib.datasets.splits import SKETCHY_CLASSES, load_split
from zsbir_lib.datasets.toybox.generation import Pictures
from zsbir_lib.datasets.toybox.recipe import DRAWINGS_VERSION, Counts, Recipe
from zsbir_lib.datasets.toybox.registry import toy_classes
from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import write_text
from zsbir_lib.paper import PAPER_SPLIT
from zsbir_lib.toynet.network import FEATURE_DIM, INPUT_SIZE
from zsbir_lib.toynet.packaged import save_toynet, write_checksum
from zsbir_lib.toynet.training import train_toynet

PHOTO_SEED = 1
"""Seed of the training photos. The data set has seed 0; with this seed it would share photos."""


@dataclass(frozen=True, eq=False)
class ToynetPhotos:
    """Photos to train on, and photos of the same classes to measure accuracy on.

    Attributes
    ----------
    photos, held_out_photos : ndarray of uint8, shape (n, 64, 64, 3)
        Photos.
    labels, held_out_labels : ndarray of int64, shape (n,)
        Indices into `class_names`.
    class_names : tuple of str
        The seen retrieval classes and the classes that are for this purpose only, sorted.
    recipe : zsbir_lib.datasets.toybox.recipe.Recipe
        What the photos were drawn from.
    """

    photos: np.ndarray
    labels: np.ndarray
    held_out_photos: np.ndarray
    held_out_labels: np.ndarray
    class_names: tuple[str, ...]
    recipe: Recipe


def toynet_classes() -> tuple[str, ...]:
    """Return the classes that ToyNet may see: 104 seen ones, and those for this purpose only."""
    seen = load_split(PAPER_SPLIT, SKETCHY_CLASSES).seen
    extra = [toy.name for toy in toy_classes().values() if toy.pretrain_only]
    return tuple(sorted([*seen, *extra]))


def draw_toynet_photos(
    photos_per_class: int = 100,
    held_out_per_class: int = 20,
    *,
    clutter: float = 0.5,
    workers: int | None = None,
    progress: bool | None = None,
) -> ToynetPhotos:
    """Draw the photos that ToyNet learns from, into the cache.

    Parameters
    ----------
    photos_per_class, held_out_per_class
        Photos of each class to train on, and to measure accuracy on.
    clutter
        See `zsbir_lib.datasets.toybox.photo.render_photo`.
    workers
        Processes to draw with; by default one for each processor.
    progress
        Show a progress bar; by default on a terminal only.

    Raises
    ------
    ZsbirError
        If a number is below 1, or `clutter` is out of range.
    """
    if photos_per_class < 1 or held_out_per_class < 1:
        raise ZsbirError(
            f"{photos_per_class} photos and {held_out_per_class} held-out photos of a class: "
            "ToyNet needs one or more of each"
        )
    names = toynet_classes()
    counts = Counts(photos_per_class + held_out_per_class, drawn=0, sketches=0)
    recipe = Recipe(
        dict.fromkeys(names, counts), image_size=INPUT_SIZE, clutter=clutter, seed=PHOTO_SEED
    )
    pictures = Pictures(recipe, "toynet", workers=workers, progress=progress)
    arrays = [pictures.of(name, "photos") for name in names]
    labels = np.arange(len(names), dtype=np.int64)
    return ToynetPhotos(
        photos=np.concatenate([a[:photos_per_class] for a in arrays]),
        labels=labels.repeat(photos_per_class),
        held_out_photos=np.concatenate([a[photos_per_class:] for a in arrays]),
        held_out_labels=labels.repeat(held_out_per_class),
        class_names=names,
        recipe=recipe,
    )


def environment(threads: int | None, device: str) -> dict[str, Any]:
    """Return what the last digits of weights depend on besides the seed."""
    return {
        "threads": threads or torch.get_num_threads(),
        "torch": torch.__version__,
        "machine": platform.machine(),
        "device": device,
    }


def check_weight_file(out: str | os.PathLike) -> Path:
    """Return the path of a weight file that is to be written, if it has the right ending."""
    out = Path(out)
    if out.suffix != ".safetensors":
        raise ZsbirError(f"cannot write the weights {out}: the name must end in .safetensors")
    return out


def make_toynet(
    out: str | os.PathLike,
    *,
    photos_per_class: int = 100,
    held_out_per_class: int = 20,
    epochs: int = 16,
    seed: int = 0,
    threads: int | None = None,
    device: str = "cpu",
    workers: int | None = None,
    progress: bool | None = None,
) -> dict[str, Any]:
    """Draw the photos, train ToyNet, and write its weights, a model card and a checksum.

    Parameters
    ----------
    out
        The weight file (.safetensors). The card, for reading, gets the same name with ``.md``; the
        weight file holds it too (`read_toynet_card`). The checksum's name ends in ``.sha256``.
    photos_per_class, held_out_per_class, workers
        See `draw_toynet_photos`.
    epochs, seed, threads, device
        See `train_toynet`.
    progress
        Show progress bars; by default on a terminal only.

    Returns
    -------
    dict
        The card, as JSON values.

    Raises
    ------
    ZsbirError
        If a number is out of range, training diverges, or a file cannot be written.
    """
    out = check_weight_file(out)
    data = draw_toynet_photos(
        photos_per_class, held_out_per_class, workers=workers, progress=progress
    )
    network, history = train_toynet(
        data.photos,
        data.labels,
        data.held_out_photos,
        data.held_out_labels,
        epochs=epochs,
        seed=seed,
        threads=threads,
        device=device,
        progress=progress,
    )
    split = load_split(PAPER_SPLIT, SKETCHY_CLASSES)
    never = sorted(set(SKETCHY_CLASSES) - set(data.class_names))
    # The reason for this network's existence, so it is checked where it matters.
    if set(never) != set(split.unseen):
        raise ZsbirError("ToyNet must see all seen classes and no unseen one")
    card = {
        "name": "toynet",
        "feature_numbers": FEATURE_DIM,
        "saw_classes": list(data.class_names),
        "saw_photos": len(data.photos),
        "saw_photos_per_class": photos_per_class,
        "saw_sketches": 0,
        "never_saw_classes": never,
        "held_out_photos": len(data.held_out_photos),
        "held_out_accuracy": round(history[-1]["held_out_accuracy"], 4),
        "training_accuracy": round(history[-1]["accuracy"], 4),
        "training_seconds": round(history[-1]["seconds"], 1),
        "epochs": epochs,
        "seed": seed,
        "photo_seed": data.recipe.seed,
        "clutter": data.recipe.clutter,
        "drawings_version": DRAWINGS_VERSION,
        **environment(threads, device),
    }
    write_network(out, network, card, card_text(card))
    return card


def write_network(out: Path, network: nn.Module, card: dict[str, Any], text: str) -> None:
    """Write `network` to `out` with its card inside; its checksum and the card's text beside it."""
    save_toynet(out, network, card)
    write_checksum(out)
    write_text(out.with_suffix(".md"), text)


def card_text(card: dict[str, Any]) -> str:
    """Return a model card as Markdown."""
    extra = [name for name in card["saw_classes"] if name not in SKETCHY_CLASSES]
    seen = [name for name in card["saw_classes"] if name in SKETCHY_CLASSES]
    n_classes = len(card["saw_classes"])
    return f"""# ToyNet

A small residual network that names photos of the Toybox. Retrieval uses it frozen, for its
{card["feature_numbers"]} features; `zsbir toynet train` reproduces it.

| | |
|--|--|
| photos seen | {card["saw_photos"]:,}: {card["saw_photos_per_class"]} of each of {n_classes} \
classes |
| sketches seen | none |
| accuracy on {card["held_out_photos"]:,} held-out photos | {card["held_out_accuracy"]:.1%} of \
{n_classes} classes (chance {1 / n_classes:.1%}) |
| accuracy in training, on altered photos | {card["training_accuracy"]:.1%} |
| training | {card["epochs"]} epochs in {card["training_seconds"]:.0f} s on {card["threads"]} \
threads ({card["machine"]}, {card["device"]}), PyTorch {card["torch"]} |
| seeds | {card["seed"]} for training, {card["photo_seed"]} for the photos |
| drawings | version {card["drawings_version"]}, clutter {card["clutter"]:g} |

**Never seen**, in any form: the {len(card["never_saw_classes"])} unseen classes of the paper's
split ({", ".join(card["never_saw_classes"])}).
None of the photos it saw is in the data set that is retrieved from, which has another seed.

**Seen retrieval classes** ({len(seen)}): {", ".join(seen)}.

**Seen classes for pre-training only** ({len(extra)}): {", ".join(extra)}.

**Made for** the Toybox, where it stands for what VGG-16 is to photographs. It knows nothing about
photographs of the world.
"""
