"""What each difference between the paper's equations and its released program is worth.

    python benchmarks/switches.py --out zsbir_lib/measured/switches.json
    python benchmarks/switches.py --only "lambda = 10" --seeds 5

The chapter "Paper against code" reads the file. Every switch is trained with the same seeds, on the
Toybox's features; mAP@20 (divided by 20) of every class is written, on seen classes that were held
out from training and on unseen ones, and the loss of every training. Nothing is chosen here, so the
unseen classes are only looked at. A quarter of an hour on one slow core, most of it for the
released settings, which are trained for as many steps as the program takes. A run that was
interrupted goes on where it stopped, if `--out` names a file.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from record import write_record

import zsbir_lib
from zsbir_lib.datasets import Toybox
from zsbir_lib.features import FeatureSet, Pairs, RetrievalTask, extract_features, load_backbone
from zsbir_lib.methods import CVAE
from zsbir_lib.protocols import class_bootstrap, evaluate

SETTING = {"epochs": 10, "learning_rate": 3e-3, "n_samples": 50}
# All that the program does otherwise and the CVAE has an option for.
RELEASED = {
    "mean_reconstruction": True, "shared_noise": True, "average_samples": True,
    "reconstruction_weight": 10.0, "centre": False, "scale": False, "learning_rate": 2e-4,
    "adam_beta1": 0.5, "cosine": False, "n_samples": 50,
}  # fmt: skip
PROGRAM_STEPS = 25 * (62_787 // 128)
PHOTOS_A_BATCH, SKETCHES_A_BATCH = 25, 41  # of the program's extraction
WIDTHS = (96, 384)


class Unbounded(CVAE):
    """The CVAE with an encoder that may give any mean and variance."""

    def loss(self, network, sketches, photos, noise):
        def encode(photos, sketches):
            h = network.encoder(torch.cat([photos, sketches], dim=1))
            return network.mean(h), network.log_variance(h)

        network.encode = encode
        return super().loss(network, sketches, photos, noise)


class Released(CVAE):
    """The CVAE with the first weights of Keras and its last ReLU."""

    def _new_network(self, *settings):
        network = super()._new_network(*settings)
        for layer in network.modules():
            if isinstance(layer, torch.nn.Linear):
                torch.nn.init.xavier_uniform_(layer.weight, generator=settings[-1])
                torch.nn.init.zeros_(layer.bias)
        network.to_sketch.append(torch.nn.ReLU())
        return network


def every_fourth(task: RetrievalTask) -> RetrievalTask:
    """Ask with every fourth sketch: a quarter of the time."""
    return replace(
        task,
        queries=task.queries[::4],
        query_ids=task.query_ids[::4],
        query_labels=task.query_labels[::4],
        query_photo=task.query_photo[::4],
    )


def step_back(photo: Image.Image) -> Image.Image:
    """Show the same toy at seven tenths of its size, its surroundings continued at the edges."""
    pixels = np.pad(np.asarray(photo), ((14, 14), (14, 14), (0, 0)), "edge")
    return Image.fromarray(pixels).resize(photo.size)


class Bench:
    """The data of all switches, and how each is trained and measured."""

    def __init__(self) -> None:
        self.toybox = Toybox(size="mini")
        self.backbone = load_backbone("toynet", device="cpu")
        self.features = extract_features(self.toybox, self.backbone)
        self.inner = self.features.split.inner(seed=0)
        self.pairs = self.features.pairs(self.inner)
        self.tasks = {
            "held out": every_fourth(self.features.task(self.inner)),
            "unseen": every_fourth(self.features.task()),
        }

    def train(self, seed: int, pairs: Pairs | None = None, kind: type[CVAE] = CVAE, **options: Any):
        return kind(**{**SETTING, **options}, seed=seed).fit(pairs or self.pairs)

    def scores(self, model: CVAE, tasks: dict[str, RetrievalTask] | None = None):
        """Return mAP@20 of every class."""
        return {
            side: [
                round(one.mean_average_precision["k"], 5)
                for one in evaluate(model, task, 20, with_map_all=False).per_class
            ]
            for side, task in (tasks or self.tasks).items()
        }

    # ---- what the switches change of the data
    def zeroed(self) -> Pairs:
        """Leave the rows of an incomplete last batch zero."""
        photos, sketches = self.features.photos.clone(), self.features.sketches.clone()
        photos[len(photos) - len(photos) % PHOTOS_A_BATCH :] = 0
        sketches[len(sketches) - len(sketches) % SKETCHES_A_BATCH :] = 0
        return replace(self.features, photos=photos, sketches=sketches).pairs(self.inner)

    def uncropped(self, ids: tuple[str, ...]) -> torch.Tensor:
        number_of = {name: i for i, name in enumerate(self.toybox.photo_ids)}
        photos = [step_back(self.toybox.photo(number_of[name])) for name in ids]
        return self.backbone.features(photos)

    def uncropped_tasks(self) -> dict[str, RetrievalTask]:
        return {
            side: replace(task, gallery=self.uncropped(task.gallery_ids))
            for side, task in self.tasks.items()
        }

    def uncropped_pairs(self) -> Pairs:
        seen = torch.tensor([name in self.inner.seen for name in self.features.class_names])
        drawn = self.features.sketch_photos[seen[self.features.sketch_labels]].unique().tolist()
        photos = self.features.photos.clone()
        photos[drawn] = self.uncropped(tuple(self.features.photo_ids[i] for i in drawn))
        return replace(self.features, photos=photos).pairs(self.inner)

    def columns(self, width: int) -> torch.Tensor:
        """Choose some of the numbers of a feature, or repeat them."""
        d = self.pairs.sketches.shape[1]
        order = torch.randperm(d, generator=torch.Generator().manual_seed(0))
        return order.repeat(-(-width // d))[:width]

    def resized_pairs(self, width: int) -> Pairs:
        columns = self.columns(width)
        return replace(
            self.pairs,
            sketches=self.pairs.sketches[:, columns],
            photos=self.pairs.photos[:, columns],
        )

    def resized_tasks(self, width: int) -> dict[str, RetrievalTask]:
        columns = self.columns(width)
        return {
            side: replace(task, queries=task.queries[:, columns], gallery=task.gallery[:, columns])
            for side, task in self.tasks.items()
        }

    # ---- the switches
    def runs(self) -> dict[str, Callable[[int], tuple[CVAE, dict[str, RetrievalTask] | None]]]:
        """Return what trains a model for a seed, by name, and the tasks it is measured on."""
        options: dict[str, dict[str, Any]] = {
            "the equations": {},
            "mean for sum": {"mean_reconstruction": True},
            "one noise a batch": {"shared_noise": True},
            "mean of samples": {"average_samples": True},
            "these three": {
                "mean_reconstruction": True, "shared_noise": True, "average_samples": True,
            },
            "lambda = 10": {"reconstruction_weight": 10.0},
            "lambda = 0": {"reconstruction_weight": 0.0},
            "no tanh": {"kind": Unbounded},
            "zero rows": {"pairs": self.zeroed()},
            "not scaled": {"scale": False},
            "beta1, no cosine": {"adam_beta1": 0.5, "cosine": False},
            "not centred": {"centre": False},
        }  # fmt: skip
        found = {
            name: lambda seed, one=one: (self.train(seed, **one), None)
            for name, one in options.items()
        }
        wide = self.uncropped_tasks()
        found["gallery uncropped"] = lambda seed: (self.train(seed), wide)
        pairs = self.uncropped_pairs()
        found["all uncropped"] = lambda seed: (self.train(seed, pairs), wide)
        for width in WIDTHS:
            resized, tasks = self.resized_pairs(width), self.resized_tasks(width)
            for name, fault in (("sum", False), ("mean", True)):
                found[f"{name}, d = {width}"] = lambda seed, r=resized, t=tasks, f=fault: (
                    self.train(seed, r, mean_reconstruction=f), t
                )  # fmt: skip
        epochs = -(-PROGRAM_STEPS // (len(self.pairs) // 128))
        found["released"] = lambda seed: (
            self.train(seed, kind=Released, **{**RELEASED, "epochs": epochs}),
            None,
        )
        return found


def provenance(features: FeatureSet) -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "made by": "benchmarks/switches.py",
        "dataset": features.dataset,
        "weights_id": features.weights_id,
        "cvae": CVAE.version,
        "setting": SETTING,
        "released": RELEASED,
        "measure": "mAP@20 divided by 20, every fourth sketch, by class",
        "classes": {
            "held out": sorted(features.split.inner(seed=0).unseen),
            "unseen": sorted(features.split.unseen),
        },
        "library": zsbir_lib.__version__,
        "torch": torch.__version__.partition("+")[0],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", help="the switch of this name")
    parser.add_argument("--out", type=Path, help="file of JSON, kept after every run")
    options = parser.parse_args()
    torch.set_num_threads(1)  # so small are the matrices that two are slower

    bench = Bench()
    record = {**provenance(bench.features), "runs": {}}
    if options.out and options.out.exists():
        known = json.loads(options.out.read_text(encoding="utf-8"))
        if {**known, "runs": {}} != record:
            parser.error(f"{options.out} was made by other code or of other features: remove it")
        record = known
    for name, run in bench.runs().items():
        if options.only not in (None, name):
            continue
        by_seed = record["runs"].setdefault(name, {})
        for seed in range(options.seeds):
            if str(seed) not in by_seed:
                start = time.process_time()
                model, tasks = run(seed)
                history = model.history_
                # Every fifth epoch of a long training.
                step = max(1, len(history["kl"]) // 90)
                by_seed[str(seed)] = {
                    **bench.scores(model, tasks),
                    "history": {
                        term: [float(f"{value:.4g}") for value in values[step - 1 :: step]]
                        for term, values in history.items()
                    },
                    "epochs a point": step,
                    "seconds": round(time.process_time() - start, 1),
                }
                if options.out:
                    write_record(options.out, record)
            one = by_seed[str(seed)]
            print(
                f"{name:22} seed {seed}: held out {class_bootstrap(one['held out'])}, "
                f"unseen {class_bootstrap(one['unseen'])}, "
                f"{one['history']['kl'][-1]:.3f} nats, {one['seconds']:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
