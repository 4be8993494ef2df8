"""What a fall on unseen classes is due to: backbones that never met half of the classes.

    python benchmarks/half_backbones.py --weights FOLDER
    python benchmarks/half_backbones.py --out zsbir_lib/measured/half_backbones.json

The 104 seen classes of the Toybox are dealt into four groups. One ToyNet is trained on photos of
the first two groups, another on photos of the last two; each method then learns, on either network,
from the pairs of two groups: the first and third, or the second and fourth. So every class is asked
for four times, among the same photos, from which nothing has learnt: met by the backbone or not,
met by the method or not. What each of the two is worth is a difference within the same classes. The
unseen classes of the paper's split, which neither has met in any of the four runs, are asked for
beside them. Nothing is chosen by any of this: all hyper-parameters are the library's defaults.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import zsbir_lib
from zsbir_lib.datasets import Toybox
from zsbir_lib.datasets.toybox.generation import Pictures
from zsbir_lib.datasets.toybox.recipe import DRAWINGS_VERSION, Counts, Recipe
from zsbir_lib.features import FeatureSet, extract_features, load_backbone
from zsbir_lib.files import atomic_path
from zsbir_lib.methods import METHODS
from zsbir_lib.parallel import run_all
from zsbir_lib.protocols import deal, equal_task, evaluate, hold_out_instances, photo_to_photo
from zsbir_lib.toynet import INPUT_SIZE, read_toynet_card, save_toynet, train_toynet
from zsbir_lib.toynet.making import PHOTO_SEED

METHOD_NAMES = ("sae", "triplet-coarse", "dsh")
PHOTOS, HELD_OUT = 60, 10  # of a class, for a network to learn from and to be tested with
BACKBONES = ((0, 1), (2, 3))  # the groups that a network meets
LEARNT = ((0, 2), (1, 3))  # the groups that a method meets
CLASSES, K = 21, 10


def train(path: Path, names: list[str], seen: tuple[str, ...], epochs: int) -> None:
    """Train ToyNet on some of the seen classes, and keep it."""
    recipe = Recipe(
        dict.fromkeys(seen, Counts(PHOTOS + HELD_OUT, drawn=0, sketches=0)),
        image_size=INPUT_SIZE, clutter=0.5, seed=PHOTO_SEED,
    )  # fmt: skip
    pictures = Pictures(recipe, "toynet-halves", progress=True)
    arrays = [pictures.of(name, "photos") for name in names]
    labels = np.arange(len(names))
    network, history = train_toynet(
        np.concatenate([one[:PHOTOS] for one in arrays]), labels.repeat(PHOTOS),
        np.concatenate([one[PHOTOS:] for one in arrays]), labels.repeat(HELD_OUT),
        epochs=epochs, threads=1,
    )  # fmt: skip
    card = {
        "saw_classes": names,
        "saw_photos": len(names) * PHOTOS,
        "epochs": epochs,
        "held_out_accuracy": round(history[-1]["held_out_accuracy"], 3),
    }
    save_toynet(path, network, card)


def measure(features: FeatureSet, groups: list[tuple[str, ...]]) -> dict[str, Any]:
    """Return mAP@K by class, in the order of each group, for all methods on one backbone."""
    instances = hold_out_instances(features)
    kept_back = set(instances.traditional.gallery_ids)
    held = torch.tensor([name in kept_back for name in features.photo_ids])
    galleries = [sorted(group[:CLASSES], key=features.class_names.index) for group in groups]
    tasks = [equal_task(features, names, held) for names in galleries]
    tasks.append(equal_task(features, features.split.unseen))
    mean = instances.pairs.photos.mean(dim=0)
    found: dict[str, Any] = {
        "photo-to-photo": [
            photo_to_photo(task, mean, K).numpy().round(4).tolist() for task in tasks
        ]
    }
    for name in METHOD_NAMES:
        found[name] = []
        for half in LEARNT:
            met = {one for g in half for one in groups[g]}
            of = torch.tensor([one in met for one in features.class_names])
            pairs = features.select_pairs(
                of[features.sketch_labels], of[features.photo_labels] & ~held
            )
            method = METHODS[name]().fit(pairs, progress=False)
            reports = [evaluate(method, task, K, with_map_all=False) for task in tasks]
            found[name].append(
                [
                    [round(row.mean_average_precision["k"], 4) for row in report.per_class]
                    for report in reports
                ]
            )
            print(f"  {name:15} of groups {half}:", end="")
            print(*(f"{np.mean(one):6.3f}" for one in found[name][-1]), flush=True)
    return found


def study(
    number: int, folder: Path | None, epochs: int, toybox: Toybox, groups: list[tuple[str, ...]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the card of a network, made if it is not there, and what was found with it."""
    with tempfile.TemporaryDirectory() as temporary:
        path = (folder or Path(temporary)) / f"toynet-half-{number}.safetensors"
        began = time.perf_counter()
        if not path.exists():
            names = sorted(one for g in BACKBONES[number] for one in groups[g])
            train(path, names, toybox.split.seen, epochs)
        card = read_toynet_card(path)
        accuracy = f"{card['held_out_accuracy']:.1%} of held-out photos named"
        print(f"backbone {number}: {accuracy}, {time.perf_counter() - began:.0f} s", flush=True)
        backbone = load_backbone("toynet", path)
    features = extract_features(toybox, backbone)
    return {"weights_id": backbone.weights_id, **card}, measure(features, groups)


def write(
    out: Path,
    toybox: Toybox,
    groups: list[tuple[str, ...]],
    found: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    """Write what was found, by class, with all that it depends on."""
    networks, runs = zip(*found, strict=True)
    names = toybox.class_names
    record = {
        "made by": "benchmarks/half_backbones.py",
        "dataset": "toybox-mini",
        "weights_id": [one["weights_id"] for one in networks],
        "drawings_version": DRAWINGS_VERSION,
        "library": zsbir_lib.__version__,
        "torch": torch.__version__,
        "measure": f"mAP@{K} divided by {K}, by class; {CLASSES} classes, 15 photos of each",
        "groups": [sorted(group[:CLASSES], key=names.index) for group in groups],
        "unseen": sorted(toybox.split.unseen, key=names.index),
        "backbones": BACKBONES,
        "learnt": LEARNT,
        "networks": networks,
        "runs": runs,
    }
    with atomic_path(out) as temporary:
        temporary.write_text(json.dumps(record) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, help="a folder that keeps the two networks")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--out", type=Path, help="where to write what was found, as JSON")
    options = parser.parse_args()
    toybox = Toybox("mini")
    groups = list(deal(toybox.split.seen, 4))
    shared = (options.weights, options.epochs, toybox, groups)
    found = {}
    with run_all(study, range(len(BACKBONES)), shared=shared) as done:
        for number, result in done:
            found[number] = result
    if options.out:
        write(options.out, toybox, groups, [found[number] for number in sorted(found)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
