"""What each part of our own method brings, and how fast it answers.

    python benchmarks/ours.py
    python benchmarks/ours.py --root FOLDER --weights FILE

The first runs on the Toybox, the second on the Sketchy database or a part of it, with SqueezeNet.
The ablation looks at held-out seen classes only: four inner splits, the defaults of the method with
one part taken away at a time, differences paired over the classes of all four.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import torch

from zsbir_lib.datasets import Sketchy, load_dataset
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import FeatureSet, extract_features, load_backbone
from zsbir_lib.files import write_json
from zsbir_lib.methods import SAE, Ours, OursGallery
from zsbir_lib.methods.base import RetrievalMethod
from zsbir_lib.protocols import class_bootstrap, zero_shot

N_PHOTOS = 10_000

VARIANTS: dict[str, RetrievalMethod] = {
    "ours": Ours(),
    "  without power (p = 1)": Ours(power=1.0),
    "  without whitening the sketches": Ours(sketch_shrinkage=1.0),
    "  without whitening the photos": Ours(photo_shrinkage=1.0),
    "  without whitening": Ours(sketch_shrinkage=1.0, photo_shrinkage=1.0),
    "  without the aligned prior": Ours(alignment=0.0),
    "  without mixing in class means": Ours(class_weight=0.0),
    "  of class means only": Ours(class_weight=1.0),
    "SAE, the best linear row of the paper": SAE(),
    "ours+gallery": OursGallery(),
    "  without diffusion": OursGallery(diffusion=0.0),
    "  with little diffusion (0.5)": OursGallery(diffusion=0.5),
    "  with the first graph": OursGallery(graph_rounds=0),
    "  trusting far photos (T = 0.2)": OursGallery(temperature=0.2),
}


def open_features(root: Path | None, weights: Path | None, size: str | None) -> FeatureSet:
    """Return the features of the Toybox, or of a Sketchy folder."""
    if root is None:
        toybox = load_dataset("toybox", **({"size": size} if size else {}))
        return extract_features(toybox, load_backbone("toynet"), progress=True)
    try:
        dataset = Sketchy(root)
    except ZsbirError:  # a part that lacks the paper's unseen classes
        dataset = Sketchy(root, split=None)
    return extract_features(dataset, load_backbone("squeezenet1_1", weights), progress=True)


def ablation(features: FeatureSet, n_splits: int) -> dict[str, float]:
    """Print and return mAP@K of every variant on held-out seen classes."""
    splits = [features.split.inner(0.2, seed) for seed in range(n_splits)]
    scores = {
        name: np.concatenate(
            [zero_shot(m, features, split=s, with_map_all=False).per_class() for s in splits]
        )
        for name, m in VARIANTS.items()
    }
    print(f"{'':40} mAP@K   change [95% interval over classes]")
    found = {}
    reference = ""
    for name, values in scores.items():
        if not name.startswith(" "):
            reference = name if name != "SAE, the best linear row of the paper" else "ours"
        change = "" if name == reference else class_bootstrap(values, scores[reference])
        print(f"{name:40} {values.mean():.3f}   {change}")
        found[name.strip()] = float(values.mean())
    return found


def latency(features: FeatureSet, n_queries: int) -> dict[str, float]:
    """Print and return the milliseconds to answer one new sketch from 10,000 photos."""
    generator = torch.Generator().manual_seed(0)
    rows = torch.randint(len(features.photos), (N_PHOTOS,), generator=generator)
    # Copies of photos, each a little different: a gallery with as many neighbours as a real one.
    gallery = features.photos[rows]
    gallery = gallery * (1 + 0.2 * torch.rand(gallery.shape, generator=generator))
    found = {}
    for method in (Ours(), OursGallery()):
        start = time.perf_counter()
        method.fit(features.pairs())
        fitted = time.perf_counter()
        index = method.index(gallery)
        built = time.perf_counter()
        times = []
        for row in range(n_queries):
            begun = time.perf_counter()
            index.search(method.encode_sketches(features.sketches[row : row + 1]), 200)
            times.append(1000 * (time.perf_counter() - begun))
        milliseconds = statistics.median(times)
        print(
            f"{method.name}: fitted in {fitted - start:.2f} s, index of {N_PHOTOS:,} photos in "
            f"{built - fitted:.2f} s, one sketch in {milliseconds:.2f} ms (median of {n_queries})"
        )
        found[method.name] = milliseconds
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, help="a Sketchy folder; the Toybox by default")
    parser.add_argument("--weights", type=Path, help="weights of SqueezeNet 1.1")
    parser.add_argument("--size", help="of the Toybox (default: its own)")
    parser.add_argument("--splits", type=int, default=4)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    features = open_features(options.root, options.weights, options.size)
    found = {
        "features": f"{features.dataset} by {features.backbone}",
        "ablation": ablation(features, options.splits),
        "milliseconds": latency(features, options.queries),
    }
    if options.json:
        write_json(options.json, found)


if __name__ == "__main__":
    main()
