"""How the packaged weights of the network for sketches came to be.

`zsbir toynet train` calls this, with people's drawings where the reader has them. How good the
network is has to be known before it meets an unseen class: so it is trained once more without some
*seen* classes, drawings and toys, and measured on these.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from zsbir_lib.datasets.splits import SKETCHY_CLASSES, load_split
from zsbir_lib.datasets.toybox.recipe import DRAWINGS_VERSION
from zsbir_lib.errors import ZsbirError
from zsbir_lib.paper import PAPER_SPLIT
from zsbir_lib.toynet.making import (
    check_weight_file,
    environment,
    toynet_classes,
    write_network,
)
from zsbir_lib.toynet.network import FEATURE_DIM, ToyNet
from zsbir_lib.toynet.packaged import TOYNET_WEIGHTS, packaged_weights
from zsbir_lib.toynet.sketch_material import TOYS_SEED, SketchMaterial, draw_sketch_material
from zsbir_lib.toynet.sketch_training import sketch_accuracy, train_sketch_network

_LOOKED_AT = 12  # photos


def make_sketch_network(
    out: str | os.PathLike,
    *,
    weights: str | os.PathLike | None = None,
    drawings: str | os.PathLike | None = None,
    toys_per_class: int = 40,
    steps: int = 700,
    held_out_classes: int = 21,
    seed: int = 0,
    threads: int | None = None,
    device: str = "cpu",
    workers: int | None = None,
    progress: bool | None = None,
) -> dict[str, Any]:
    """Train the network for sketches; write both networks, a model card and a checksum.

    Parameters
    ----------
    out
        The weight file (.safetensors); see `zsbir_lib.toynet.make_toynet`.
    weights
        What `zsbir_lib.toynet.make_toynet` wrote: the network that photos go through. By default,
        the one that ships.
    drawings
        A folder with Quick, Draw!'s files, ``WORD.ndjson``; None does without.
    toys_per_class, workers
        See `zsbir_lib.toynet.draw_sketch_material`.
    steps, seed, threads, device
        See `zsbir_lib.toynet.train_sketch_network`.
    held_out_classes
        Seen classes that are left out, with all their drawings, to measure how well a network
        does that did not see them: with and without people's drawings. 0 leaves this out.
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
        names, toys_per_class, drawings, workers=workers, progress=progress
    )
    split = load_split(PAPER_SPLIT, SKETCHY_CLASSES)
    # The reason for the measure's existence, so it is checked where it matters.
    if set(names) & set(split.unseen):
        raise ZsbirError("the network for sketches must see no unseen class")
    photo_network = _photo_network(packaged_weights(Path(weights or TOYNET_WEIGHTS)))
    held = _choose_held_out(material, split.seen, held_out_classes, seed)
    options: dict[str, Any] = {
        "steps": steps, "seed": seed, "threads": threads, "device": device, "progress": progress,
    }  # fmt: skip
    began = time.perf_counter()
    network = train_sketch_network(photo_network, material, **options)
    seconds = time.perf_counter() - began
    card: dict[str, Any] = {
        "name": "toynet-sketch",
        "feature_numbers": FEATURE_DIM,
        "saw_classes": list(names),
        "saw_toys": len(material.toys),
        "saw_drawings": len(material.drawings),
        "drawings_of_classes": list(material.drawn_classes),
        "saw_drawings_of_other_things": len(material.word_drawings),
        "other_things": len(material.words),
        "left_out": list(material.left_out),
        "never_saw_classes": sorted(split.unseen),
        "steps": steps,
        "training_seconds": round(seconds, 1),
        "seed": seed,
        "toys_seed": TOYS_SEED,
        "drawings_version": DRAWINGS_VERSION,
        **environment(threads, device),
        "held_out": _held_out(photo_network, material, held, options) if held else {},
    }
    towers = nn.ModuleDict({"photo": photo_network, "sketch": network})
    write_network(out, towers, card, sketch_card_text(card))
    return card


def _photo_network(state: dict[str, Tensor]) -> ToyNet:
    """Return ToyNet without its classifier, of weights as they are kept."""
    network = ToyNet()
    kept = {name: value.float() for name, value in state.items() if name in network.state_dict()}
    network.load_state_dict({**network.state_dict(), **kept})
    return network


def _choose_held_out(
    material: SketchMaterial, seen: tuple[str, ...], count: int, seed: int
) -> list[str]:
    """Choose seen classes that people drew, if they drew any."""
    candidates = sorted(set(material.drawn_classes or material.class_names) & set(seen))
    if count and count >= len(candidates) - 1:
        raise ZsbirError(f"{count} of {len(candidates)} classes cannot be held out: use fewer")
    return sorted(np.random.default_rng(seed).permutation(candidates)[:count].tolist())


def _held_out(
    photo_network: ToyNet, material: SketchMaterial, held: list[str], options: dict[str, Any]
) -> dict[str, Any]:
    """Measure networks that did not see some seen classes, on these."""
    there, rest = material.only(held), material.without(held)
    learners = {"frozen": photo_network}
    if len(material.drawings):
        learners["with drawings"] = train_sketch_network(photo_network, rest, **options)
    learners["without drawings"] = train_sketch_network(
        photo_network, rest.without_drawings(), **options
    )
    return {
        "classes": held,
        "photos": len(there.photos),
        "results": {
            name: sketch_accuracy(network, photo_network, there, _LOOKED_AT)
            for name, network in learners.items()
        },
    }


def sketch_card_text(card: dict[str, Any]) -> str:
    """Return the model card of a network for sketches as Markdown."""
    text = f"""# ToyNet for sketches

ToyNet's twin, which maps sketches to where ToyNet maps photos of the same thing. It began with
ToyNet's weights; `zsbir toynet train` reproduces it.

| | |
|--|--|
| sketches seen | lines of {card["saw_toys"]:,} toys of {len(card["saw_classes"])} classes, drawn \
anew each time |
| people's drawings seen | {card["saw_drawings"]:,} of {len(card["drawings_of_classes"])} of these \
classes, {card["saw_drawings_of_other_things"]:,} of {card["other_things"]} other things |
| training | {card["steps"]:,} steps in {card["training_seconds"]:.0f} s on {card["threads"]} \
threads ({card["machine"]}, {card["device"]}), PyTorch {card["torch"]} |
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
        "frozen": "ToyNet itself",
        "without drawings": "learnt from toys alone",
        "with drawings": "learnt from people's drawings too",
    }
    kinds = [kind for kind in ("drawings", "toys") if kind in held_out["results"]["frozen"]]
    names = {"drawings": "people's drawings", "toys": "toys"}
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
    return f"""
**How good**: trained without {len(held_out["classes"])} seen classes, and measured on these: first
photo right / right among the first {_LOOKED_AT}, by cosine, among {held_out["photos"]:,} photos.

{body}

Held out: {", ".join(held_out["classes"])}.
"""
