"""How the packaged weights of ``toynet-sketch`` came to be.

`zsbir toynet train` calls this, with people's drawings where the reader has them. How good the
networks are has to be known before they meet an unseen class: so they are trained once more without
some *seen* classes, photos, toys, inventions and drawings, and measured on these.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from zsbir_lib.datasets.splits import SKETCHY_CLASSES, load_split
from zsbir_lib.datasets.toybox.recipe import DRAWINGS_VERSION
from zsbir_lib.errors import ZsbirError
from zsbir_lib.paper import PAPER_SPLIT
from zsbir_lib.parallel import count_workers
from zsbir_lib.toynet.making import (
    check_weight_file,
    environment,
    toynet_classes,
    write_network,
)
from zsbir_lib.toynet.network import FEATURE_DIM, ToyNet
from zsbir_lib.toynet.packaged import packaged_weights
from zsbir_lib.toynet.sketch_material import TOYS_SEED, SketchMaterial, draw_sketch_material
from zsbir_lib.toynet.sketch_training import train_photo_network, train_towers
from zsbir_lib.toynet.towers import Towers, sketch_accuracy

_LOOKED_AT = 12  # photos
_GALLERY_CLASSES = 21  # about as many as there are unseen ones


def make_sketch_network(
    out: str | os.PathLike,
    *,
    drawings: str | os.PathLike | None = None,
    toys_per_class: int = 80,
    inventions: int = 1500,
    epochs: int = 16,
    steps: int = 2200,
    batch_size: int = 384,
    held_out_classes: int = 42,
    seed: int = 0,
    threads: int | None = None,
    device: str = "cpu",
    workers: int | None = None,
    progress: bool | None = None,
    on_error: str = "raise",
) -> dict[str, Any]:
    """Train networks for photos and for sketches; write both, a model card and a checksum.

    Parameters
    ----------
    out
        The weight file (.safetensors); see `zsbir_lib.toynet.make_toynet`.
    drawings
        A folder with Quick, Draw!'s files, ``WORD.ndjson``; None does without.
    toys_per_class, inventions, workers, on_error
        See `zsbir_lib.toynet.draw_sketch_material`.
    epochs
        Times that the network for photos sees each before sketches come in.
    steps, batch_size, seed, threads, device
        See `zsbir_lib.toynet.train_towers`.
    held_out_classes
        Seen classes that are left out, with all their photos and drawings, to measure how well
        networks do that did not see them, in galleries of about 21 classes: with and without
        people's drawings. 0 leaves this out.
    progress
        Show progress bars; by default on a terminal only.

    Returns
    -------
    dict
        The card, as JSON values.

    Raises
    ------
    ZsbirError
        If a number is out of range, the drawings cannot be read, training diverges, or a file
        cannot be written.
    """
    out = check_weight_file(out)
    names = toynet_classes()
    material = draw_sketch_material(
        names,
        toys_per_class,
        drawings,
        inventions=inventions,
        workers=workers,
        progress=progress,
        on_error=on_error,
    )
    split = load_split(PAPER_SPLIT, SKETCHY_CLASSES)
    # The reason for the measure's existence, so it is checked where it matters.
    if set(names) & set(split.unseen):
        raise ZsbirError("toynet-sketch must see no unseen class")
    held = choose_held_out(material, split.seen, held_out_classes, seed)
    options: dict[str, Any] = {
        "epochs": epochs, "steps": steps, "batch_size": batch_size, "seed": seed,
        "threads": threads, "device": device, "progress": progress,
        "workers": max(1, count_workers(workers, steps) - 1),
    }  # fmt: skip
    began = time.perf_counter()
    towers = make_towers(material, **options)
    seconds = time.perf_counter() - began
    results = measure_held_out(material, held, options) if held else {}
    card = sketch_card(material, names, held, results, seconds, options)
    write_towers(out, towers, card)
    return card


def make_towers(
    material: SketchMaterial, *, epochs: int, steps: int, batch_size: int, workers: int, **both: Any
) -> Towers:
    """Train both networks from nothing.

    `material`, `epochs` and what `both` take are those of `train_photo_network`; `steps`,
    `batch_size` and `workers` those of `train_towers`.
    """
    photo_network = train_photo_network(material, epochs=epochs, **both)
    own: dict[str, Any] = {"steps": steps, "batch_size": batch_size, "workers": workers}
    return train_towers(photo_network, material, **own, **both)


def choose_held_out(
    material: SketchMaterial, seen: tuple[str, ...], count: int, seed: int
) -> list[str]:
    """Choose, by a `seed`, `count` of the `seen` classes of `material` that people drew, if any.

    Raises
    ------
    ZsbirError
        If too few classes would be left.
    """
    real = material.class_names[: material.n_real]
    candidates = sorted(set(material.drawn_classes or real) & set(seen))
    if count and count >= len(candidates) - 1:
        raise ZsbirError(f"{count} of {len(candidates)} classes cannot be held out: use fewer")
    return np.random.default_rng(seed).permutation(candidates)[:count].tolist()


def measure_held_out(
    material: SketchMaterial, held: list[str], options: dict[str, Any]
) -> dict[str, dict[str, list[float]]]:
    """Measure networks that did not see the classes `held`, on these.

    `material` holds all classes; `options` are those of `make_towers`. For each kind of network
    and of query, how often the first photo is right, and the share of the first 12 that are.
    """
    rest = material.without(held)
    learners = {"frozen": _packaged_twice()}
    if len(material.drawings):
        learners["with drawings"] = make_towers(rest, **options)
    learners["without drawings"] = make_towers(rest.without_drawings(), **options)
    return {name: mean_accuracy(towers, material, held) for name, towers in learners.items()}


def mean_accuracy(
    towers: Towers, material: SketchMaterial, held: list[str]
) -> dict[str, list[float]]:
    """Return `sketch_accuracy` in galleries of about 21 of the classes `held`, and their mean.

    `towers` is what is measured, with the photos and sketches of `material`.
    """
    groups = np.array_split(held, max(1, round(len(held) / _GALLERY_CLASSES)))
    found = [sketch_accuracy(towers, material.only(group.tolist()), _LOOKED_AT) for group in groups]
    return {kind: np.mean([one[kind] for one in found], axis=0).tolist() for kind in found[0]}


def _packaged_twice() -> Towers:
    """Return the packaged ToyNet for photos and sketches alike."""
    network = ToyNet()
    kept = {
        name: value.float()
        for name, value in packaged_weights().items()
        if name in network.state_dict()
    }
    network.load_state_dict({**network.state_dict(), **kept})
    return Towers(network.eval(), network.eval())


def write_towers(out: Path, towers: Towers, card: dict[str, Any]) -> None:
    """Write the two networks of `towers` to `out`, with the `card`."""
    both = nn.ModuleDict({"photo": towers.photo, "sketch": towers.sketch})
    write_network(out, both, card, sketch_card_text(card))


def sketch_card(
    material: SketchMaterial,
    names: tuple[str, ...],
    held: list[str],
    results: dict[str, dict[str, list[float]]],
    seconds: float,
    options: dict[str, Any],
) -> dict[str, Any]:
    """Return the card of networks, as JSON values.

    `material` is what they learnt from, `names` its real classes; `held` and `results` are those of
    `measure_held_out`, `seconds` is what the training took with `options`.
    """
    split = load_split(PAPER_SPLIT, SKETCHY_CLASSES)
    return {
        "name": "toynet-sketch",
        "feature_numbers": FEATURE_DIM,
        "saw_classes": list(names),
        "saw_toys": int((material.toy_labels < material.n_real).sum()),
        "saw_inventions": len(material.inventions),
        "saw_invented_toys": int((material.toy_labels >= material.n_real).sum()),
        "saw_drawings": len(material.drawings),
        "drawings_of_classes": list(material.drawn_classes),
        "saw_drawings_of_other_things": len(material.word_drawings),
        "other_things": len(material.words),
        "left_out": list(material.left_out),
        "never_saw_classes": sorted(split.unseen),
        "epochs": options["epochs"],
        "steps": options["steps"],
        "batch_size": options["batch_size"],
        "training_seconds": round(seconds, 1),
        "seed": options["seed"],
        "toys_seed": TOYS_SEED,
        "drawings_version": DRAWINGS_VERSION,
        **environment(options["threads"], options["device"]),
        "held_out": {
            "classes": sorted(held),
            "toys_per_class": int((material.toy_labels == 0).sum()),
            "results": results,
        }
        if held
        else {},
    }


def sketch_card_text(card: dict[str, Any]) -> str:
    """Return the model card of a network for sketches as Markdown."""
    text = f"""# ToyNet for sketches

Two networks with one feature space: ToyNet's twin for photos, and one that maps sketches to where
photos of the same thing lie. `zsbir toynet train` reproduces them.

| | |
|--|--|
| photos seen, and sketches | {card["saw_toys"]:,} toys of {len(card["saw_classes"])} classes, \
{card["saw_invented_toys"]:,} of {card["saw_inventions"]:,} invented ones; their lines are drawn \
anew each time |
| people's drawings seen | {card["saw_drawings"]:,} of {len(card["drawings_of_classes"])} of these \
classes, {card["saw_drawings_of_other_things"]:,} of {card["other_things"]} other things |
| training | {card["epochs"]} epochs of photos, then {card["steps"]:,} steps of both, in \
{card["training_seconds"]:.0f} s on {card["threads"]} threads ({card["machine"]}, \
{card["device"]}), PyTorch {card["torch"]} |
| seeds | {card["seed"]} for training, {card["toys_seed"]} for the toys |
| drawings of toys | version {card["drawings_version"]} |

**Never seen**, in any form: the {len(card["never_saw_classes"])} unseen classes of the paper's
split ({", ".join(card["never_saw_classes"])}){_also(card["left_out"])}.
"""
    if card["held_out"]:
        text += _held_out_text(card["held_out"])
    if card["saw_drawings"]:
        text += """
The people's drawings are Google's Quick, Draw! data set, which is available under the Creative
Commons Attribution 4.0 International licence. The weights were learnt from them; no drawing is
in the package.
"""
    return text


def _also(left_out: list[str]) -> str:
    return f", nor people's drawings of what looks like them ({', '.join(left_out)})" * bool(
        left_out
    )


def _held_out_text(held_out: dict[str, Any]) -> str:
    """Return the part of the card about seen classes that were held out."""
    titles = {
        "frozen": "ToyNet, which saw photos of these classes too",
        "without drawings": "learnt from toys alone",
        "with drawings": "learnt from people's drawings too",
    }
    kinds = [k for k in ("drawings", "toys", "photos") if k in held_out["results"]["frozen"]]
    names = {"drawings": "people's drawings", "toys": "sketches of toys", "photos": "photos"}
    rows = [
        f"| {title} | "
        + " | ".join(
            f"{first:.3f} / {share:.3f}"
            for first, share in (held_out["results"][name][kind] for kind in kinds)
        )
        + " |"
        for name, title in titles.items()
        if name in held_out["results"]
    ]
    header = f"| network | {' | '.join(names[kind] for kind in kinds)} |\n|--|{'--|' * len(kinds)}"
    body = "\n".join([header, *rows])
    groups = max(1, round(len(held_out["classes"]) / _GALLERY_CLASSES))
    return f"""
**How good**: trained without {len(held_out["classes"])} seen classes, and measured on these, \
{held_out["toys_per_class"]} photos of
each, in {groups} galleries of about {len(held_out["classes"]) // groups} classes: first photo \
right / right among the first {_LOOKED_AT}, by
cosine. Photos as queries do not find themselves; they are the ceiling of what a sketch can say.

{body}

Held out: {", ".join(held_out["classes"])}.
"""
