"""Whether the CAAE's adversarial training holds: ten seeds on the Toybox, and what collapsed.

    python benchmarks/caae_stability.py
    python benchmarks/caae_stability.py --set adversarial_weight=0 --seeds 3

A seed has collapsed if its codes do not fill the prior, the discriminator has won, or z changes
nothing (the rules of `zsbir_lib.methods.caae.CodeReport.faults`), or if it retrieves with less than
0.8 of the median seed's mAP. Retrieval is measured on seen classes that are held out from training,
so the unseen classes stay unseen. The second command shows the other outcome: without the
adversarial term every seed is reported. The exit status is 1 if a seed has collapsed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

from zsbir_lib.datasets import Toybox
from zsbir_lib.features import FeatureSet, extract_features, load_backbone
from zsbir_lib.files import write_json
from zsbir_lib.methods.caae import CAAE
from zsbir_lib.methods.cosine import Cosine
from zsbir_lib.methods.cvae import CVAE
from zsbir_lib.protocols import zero_shot

LEAST = 0.8  # of the median seed's mAP; the cosine baseline, which learns nothing, has 0.7


def setting(text: str) -> tuple[str, Any]:
    """Read NAME=VALUE."""
    name, _, value = text.partition("=")
    return name, json.loads(value)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--features", type=Path, help="a feature file (default: Toybox, toynet)")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--split", type=int, default=0, help="number of the inner split")
    parser.add_argument(
        "--set", type=setting, action="append", default=[], metavar="NAME=VALUE",
        help="another value of a hyper-parameter",
    )  # fmt: skip
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.features:
        features = FeatureSet.load(options.features)
    else:
        features = extract_features(Toybox(), load_backbone("toynet"), progress=True)
    split = features.split.inner(seed=options.split)
    pairs = features.pairs(split)
    print(f"{features.dataset}, {features.backbone}: {len(pairs)} pairs, split {split.name}")

    rows = []
    for seed in range(options.seeds):
        method = CAAE(**{**dict(options.set), "seed": seed})
        result = zero_shot(method, features, split=split, with_map_all=False, progress=False)
        report = method.code_report(pairs)
        rows.append(
            {
                "seed": seed,
                "map": result.report.mean_average_precision["k"],
                **vars(report),
                "seconds": result.fit_seconds,
                "faults": report.faults(),
            }
        )
    middle = median(row["map"] for row in rows)
    for row in rows:
        if row["map"] < LEAST * middle:
            row["faults"].append(f"mAP is {row['map'] / middle:.2f} of the median seed's")

    k = result.report.k
    print(
        f"\n{'':4}  {'':6}  {'codes, prior N(0, I)':^33}  {'D':>8}  {'z':>9}\n"
        f"seed  {f'mAP@{k}':6}  {'mean':>5}  {'variance':^16}  {'distance':>8}  "
        f"{'accuracy':>8}  {'variation':>9}  fit s  collapsed"
    )
    for row in rows:
        variance = f"{row['smallest']:.2f} to {row['largest']:.2f}"
        print(
            f"{row['seed']:4}  {row['map']:6.3f}  {row['mean']:5.2f}  {variance:^16}  "
            f"{row['distance']:8.3f}  {row['accuracy']:8.2f}  {row['variation']:9.3f}  "
            f"{row['seconds']:5.1f}  {'; '.join(row['faults']) or 'no'}"
        )
    collapsed = sum(bool(row["faults"]) for row in rows)
    lowest, highest = min(row["map"] for row in rows), max(row["map"] for row in rows)
    print(f"\n{collapsed} of {len(rows)} seeds collapsed; mAP@{k} {lowest:.3f} to {highest:.3f}")
    for other in (Cosine(), CVAE()):
        result = zero_shot(other, features, split=split, with_map_all=False, progress=False)
        print(f"beside it, {other.title}: {result.report.mean_average_precision['k']:.3f}")
    if options.json:
        write_json(options.json, rows)
    return 1 if collapsed else 0


if __name__ == "__main__":
    sys.exit(main())
