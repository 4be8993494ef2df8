"""Zero-shot retrieval on real drawings and photos: the baseline and the CVAE, with intervals.

    python benchmarks/sketchy.py --root FOLDER --weights FILE

FOLDER is the Sketchy database, or any part of it. Without the paper's 21 unseen classes, an inner
split of the classes that are there is used. The CVAE's number of epochs is chosen on seen classes
that are held out from training; the unseen ones are looked at once, at the end.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from zsbir_lib.datasets import Sketchy
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import extract_features, load_backbone
from zsbir_lib.files import write_json
from zsbir_lib.methods import CVAE, Cosine
from zsbir_lib.protocols import choose, zero_shot

SHARED = Path(__file__).resolve().parents[2] / "shared"
ROOT = os.environ.get("ZSBIR_SKETCHY_ROOT", SHARED / "sketchy25")
WEIGHTS = os.environ.get(
    "ZSBIR_SQUEEZENET_WEIGHTS",
    SHARED / "weights" / "squeezenet1_1_imagenet_features.safetensors",
)


def open_dataset(root: Path) -> Sketchy:
    """Return the data set under the paper's split, or under an inner one if it lacks classes."""
    try:
        return Sketchy(root)
    except ZsbirError:
        return Sketchy(root, split=None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path(ROOT))
    parser.add_argument("--backbone", default="squeezenet1_1")
    parser.add_argument("--weights", type=Path, default=Path(WEIGHTS))
    parser.add_argument("--k", type=int, help="depth (default: 200, or what the gallery can fill)")
    parser.add_argument("--epochs", type=int, nargs="+", default=[10, 25, 50, 100])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    for path in (options.root, options.weights):
        if not path.exists():
            print(f"skipped: {path} is not here; pass --root and --weights")
            return
    dataset = open_dataset(options.root)
    print(dataset)
    backbone = load_backbone(options.backbone, options.weights)
    start = time.perf_counter()
    features = extract_features(dataset, backbone, progress=True)
    images = len(features.photos) + len(features.sketches)
    print(f"{images} images to features in {time.perf_counter() - start:.1f} s")
    choice = choose("cvae", {"epochs": options.epochs}, features, k=options.k, progress=True)
    for parameters, scores in choice.table:
        means = ", ".join(f"{score:.3f}" for score in scores)
        print(f"held-out seen classes: {parameters}: mAP@{choice.k} {means}")
    baseline = zero_shot(Cosine(), features, k=options.k)
    generated = zero_shot(CVAE(**choice.parameters), features, k=options.k)
    k = generated.report.k
    print(f"{'':12} P@{k}   mAP@{k} (divided by K), over classes [95% interval]  fit s  rank s")
    for result in (baseline, generated):
        print(
            f"{result.method:12} {result.report.macro.precision:.3f}  {result.interval()!s:24}"
            f" {result.fit_seconds:22.1f} {result.rank_seconds:7.1f}"
        )
    print(f"{'difference':12}        {generated.interval(baseline)}")
    if options.json:
        rows = [baseline.to_dict(), generated.to_dict()]
        write_json(options.json, rows)


if __name__ == "__main__":
    main()
