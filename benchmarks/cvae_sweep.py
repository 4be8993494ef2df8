"""The CVAE's two weights, swept after 8 and after 25 epochs: what longer training changes.

    python benchmarks/cvae_sweep.py

Every weight of the divergence is tried with every weight of the regulariser, for each number of
epochs. Retrieval is measured on seen classes that are held out from training, one figure for each
class, so that intervals of differences can be computed from what is kept; the unseen classes stay
unseen. The chapter "The conditional VAE" reads the figures (`zsbir_lib.measured`), and trains some
of these models again. Each figure is written as soon as it is there, and a run that was interrupted
goes on behind the last one. Five minutes on one core that has nothing else to do.
"""

from __future__ import annotations

import argparse
import json
from itertools import product
from pathlib import Path
from typing import Any

import torch
from record import write_record

import zsbir_lib
from zsbir_lib.datasets import load_dataset
from zsbir_lib.features import FeatureSet, Pairs, extract_features, load_backbone
from zsbir_lib.methods import CVAE
from zsbir_lib.protocols import zero_shot

ACTIVE = 0.01  # least variance of a mean, Burda, Grosse and Salakhutdinov (2016)
SIZE, BACKBONE, SPLIT = "mini", "toynet", 0
SAMPLES = 100
KEPT = Path(__file__).parents[1] / "zsbir_lib/measured/cvae_sweep.json"


def numbers(text: str) -> list[float]:
    return [float(one) for one in text.split(",")]


def latent(model: CVAE, pairs: Pairs) -> tuple[float, int]:
    """Return the divergence of q from the prior, in nats, and the count of active units."""
    views = [pairs.paired_photos(), pairs.sketches]
    scaled = [(x - m) / s for x, m, s in zip(views, model.means_, model.scales_, strict=True)]
    with torch.no_grad():
        mean, log_variance = model.network_.encode(*scaled)
    nats = (mean**2 + log_variance.exp() - 1 - log_variance).mean(dim=0) / 2
    return float(nats.sum()), int((mean.var(dim=0) > ACTIVE).sum())


def measure(features: FeatureSet, settings: dict[str, Any]) -> dict[str, Any]:
    """Train one model, and return what is kept of it."""
    split = features.split.inner(seed=SPLIT)
    model = CVAE(**settings, n_samples=SAMPLES, device="cpu")
    result = zero_shot(model, features, split=split, with_map_all=False, progress=False)
    made = model.generate(features.task(split).queries[::4], n_samples=50)
    spread = made.var(dim=1).mean(dim=0).sum() / made.mean(dim=1).var(dim=0).sum()
    nats, active = latent(model, features.pairs(split))
    return {
        **settings,
        "nats": round(nats, 3),
        "active": active,
        "spread": round(float(spread), 4),
        "fit": round(model.history_["reconstruction"][-1], 2),
        "per_class": [round(value, 5) for value in result.per_class()],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--betas", type=numbers, default=[1.0, 4.0, 16.0])
    parser.add_argument("--lambdas", type=numbers, default=[0.0, 1.0, 10.0])
    parser.add_argument("--epochs", type=numbers, default=[8.0, 25.0])
    parser.add_argument("--json", type=Path, default=KEPT)
    options = parser.parse_args()
    features = extract_features(load_dataset("toybox", size=SIZE), load_backbone(BACKBONE))
    split = features.split.inner(seed=SPLIT)
    kept: dict[str, Any] = {
        "made by": "benchmarks/cvae_sweep.py",
        "dataset": features.dataset,
        "weights_id": features.weights_id,
        "library": zsbir_lib.__version__,
        "torch": torch.__version__.partition("+")[0],
        "cvae": CVAE.version,
        "measure": "mAP@20 divided by 20, by class; divergence in nats, active units, spread",
        "setting": {"n_samples": SAMPLES, "seed": 0, "split": split.name},
        "classes": list(split.unseen),
        "runs": [],
    }
    if options.json.exists():
        before = json.loads(options.json.read_text(encoding="utf-8"))
        if {**before, "runs": []} == kept:
            kept = before
    names = "kl_weight", "reconstruction_weight", "epochs"
    for values in product(options.betas, options.lambdas, options.epochs):
        settings = dict(zip(names, (*values[:2], int(values[2])), strict=True))
        if any(settings.items() <= row.items() for row in kept["runs"]):
            continue
        row = measure(features, settings)
        kept["runs"].append(row)
        write_record(options.json, kept)
        average = sum(row["per_class"]) / len(row["per_class"])
        print(
            f"beta {values[0]:4g}, lambda {values[1]:4g}, {settings['epochs']:2} epochs: "
            f"{row['nats']:6.2f} nats, {row['active']:2} active, spread {row['spread']:.3f}, "
            f"mAP@20 {average:.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
