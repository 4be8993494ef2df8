"""How much of a network's own speed feature extraction keeps.

    python benchmarks/extraction.py
    python benchmarks/extraction.py --sketchy-root FOLDER --squeezenet-weights FILE --json FILE

The reference is a bare loop, in the same run: the same network on the same device, the same batch
size, the same precision, over batches that were decoded beforehand and are already on the device,
features thrown away.
`extract_features` decodes, feeds, checks, and writes to an empty cache on disk (`--no-cache`: does
not write). Both take turns; the ratio is the median over turns of extraction's images a second
over the loop's. The goal holds while decoding is not the limit: ``decode/s`` is what the same way
of decoding gives without a network.

Cases: toynet (random weights) on a data set of images in memory, and, where the real data and
weights are found, squeezenet1_1 on JPEG photos and PNG sketches of the Sketchy database, and vgg16
(random weights) with ``--vgg16``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from goals import GOALS
from PIL import Image
from safetensors.torch import save_file

from zsbir_lib.datasets.base import SketchPhotoDataset, ZeroShotSplit
from zsbir_lib.datasets.sketchy import Sketchy
from zsbir_lib.devices import choose_device
from zsbir_lib.features import Backbone, ToyNet, extract_features, load_backbone
from zsbir_lib.features.decoding import Images, decoded
from zsbir_lib.features.precision import computing
from zsbir_lib.files import write_json

GOAL = GOALS["extraction"]
SHARED = Path(__file__).resolve().parents[2] / "shared"


class Subset(SketchPhotoDataset):
    """Some photos and sketches, of one class as far as anyone here cares."""

    def __init__(self, name: str, photos: list, sketches: list, split: ZeroShotSplit) -> None:
        self.name, self.fingerprint, self.split = name, name, split
        self.class_names = (*split.seen, *split.unseen)
        self.photo_ids = [f"p{i}" for i in range(len(photos))]
        self.sketch_ids = [f"s{i}" for i in range(len(sketches))]
        self.photo_labels = np.zeros(len(photos), dtype=np.int64)
        self.sketch_labels = np.zeros(len(sketches), dtype=np.int64)
        self.sketch_photos = np.full(len(sketches), -1)
        self._photos, self._sketches = photos, sketches

    def photo(self, index: int) -> Image.Image:
        return self._photos[index]()

    def sketch(self, index: int) -> Image.Image:
        return self._sketches[index]()

    def with_split(self, split: ZeroShotSplit) -> Subset:
        raise NotImplementedError("a benchmark has one split")


SPLIT = ZeroShotSplit("benchmark", ("a",), ("b",))


def in_memory(count: int) -> Subset:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), dtype=np.uint8)
    images = [lambda i=i: Image.fromarray(pixels[i]) for i in range(count)]
    return Subset("in memory", images[: count // 2], images[count // 2 :], SPLIT)


def on_disk(root: Path, count: int) -> Subset:
    whole = Sketchy(root, split=None)
    rng = np.random.default_rng(0)
    photos = rng.choice(len(whole.photo_labels), count // 2, replace=False)
    sketches = rng.choice(len(whole.sketch_labels), count - count // 2, replace=False)
    return Subset(
        "Sketchy files",
        [lambda i=i: whole.photo(int(i)) for i in photos],
        [lambda i=i: whole.sketch(int(i)) for i in sketches],
        SPLIT,
    )


def random_weights(name: str, network: torch.nn.Module, folder: Path) -> Path:
    path = folder / f"{name}.safetensors"
    save_file(network.state_dict(), path)
    return path


def bare_loop(batches: list[torch.Tensor], backbone: Backbone) -> float:
    """Return the seconds that the network alone takes."""
    start = time.perf_counter()
    with torch.inference_mode(), computing("float32", backbone.device):
        for batch in batches:
            features = backbone.module(batch)
    features.float().sum().item()  # waits for the device
    return time.perf_counter() - start


def measure(
    dataset: Subset, backbone: Backbone, batch_size: int, rounds: int, cache: bool, workers: int
) -> dict:
    images = [dataset.photo(i) for i in range(len(dataset.photo_labels))]
    images += [dataset.sketch(i) for i in range(len(dataset.sketch_labels))]
    tensors = [backbone.transform(image) for image in images]
    batches = [
        torch.stack(tensors[i : i + batch_size])
        .contiguous(memory_format=torch.channels_last)
        .to(backbone.device)
        for i in range(0, len(tensors), batch_size)
    ]
    del images, tensors
    count = len(dataset.photo_labels) + len(dataset.sketch_labels)
    bare_loop(batches[:2], backbone)
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(count / bare_loop(batches, backbone))
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            extract_features(
                dataset,
                backbone,
                batch_size=batch_size,
                cache=folder if cache else False,
                workers=workers,
                progress=False,
            )
            ours.append(count / (time.perf_counter() - start))
    images = Images(dataset, backbone.transform, backbone.input_size)
    rows = [list(range(i, min(i + batch_size, count))) for i in range(0, count, batch_size)]
    start = time.perf_counter()
    for _ in decoded(images, rows, backbone.device, workers):
        pass
    decode = count / (time.perf_counter() - start)
    ratio = statistics.median(mine / reference for mine, reference in zip(ours, bare, strict=True))
    return {
        "backbone": backbone.name,
        "images": dataset.name,
        "count": count,
        "batch_size": batch_size,
        "device": str(backbone.device),
        "threads": torch.get_num_threads(),
        "bare_images_per_second": round(statistics.median(bare), 1),
        "extraction_images_per_second": round(statistics.median(ours), 1),
        "decoded_images_per_second": round(decode, 1),
        "ratio": round(ratio, 3),
        "goal": str(GOAL),
        "reached": GOAL.reached(ratio),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--toynet-images", type=int, default=4096)
    parser.add_argument("--file-images", type=int, default=384)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, help="decoding processes (default: chosen)")
    parser.add_argument("--device", help="cpu, cuda, mps (default: the best there is)")
    parser.add_argument("--no-cache", action="store_true", help="keep features in memory")
    parser.add_argument("--vgg16", action="store_true", help="also vgg16 on the files (slow)")
    parser.add_argument(
        "--sketchy-root",
        type=Path,
        default=os.environ.get("ZSBIR_SKETCHY_ROOT", SHARED / "sketchy25"),
    )
    parser.add_argument(
        "--squeezenet-weights",
        type=Path,
        default=os.environ.get(
            "ZSBIR_SQUEEZENET_WEIGHTS",
            SHARED / "weights" / "squeezenet1_1_imagenet_features.safetensors",
        ),
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    args = parser.parse_args()
    device = choose_device(args.device)
    options = {
        "batch_size": args.batch_size,
        "rounds": args.rounds,
        "cache": not args.no_cache,
        "workers": args.workers,
    }
    root, results = Path(args.sketchy_root), []
    with tempfile.TemporaryDirectory() as folder:
        weights = random_weights("toynet", ToyNet(), Path(folder))
        toynet = load_backbone("toynet", weights, device)
        results.append(measure(in_memory(args.toynet_images), toynet, **options))
        if not root.is_dir():
            print(f"no Sketchy files at {root}: file cases left out", file=sys.stderr)
        else:
            files = on_disk(root, args.file_images)
            if Path(args.squeezenet_weights).is_file():
                squeezenet = load_backbone("squeezenet1_1", args.squeezenet_weights, device)
                results.append(measure(files, squeezenet, **options))
            else:
                print(f"no weights at {args.squeezenet_weights}", file=sys.stderr)
            if args.vgg16:
                import torchvision

                weights = random_weights("vgg16", torchvision.models.vgg16(), Path(folder))
                vgg16 = load_backbone("vgg16", weights, device)
                results.append(measure(files, vgg16, **{**options, "rounds": 1}))
    print(
        f"{'backbone':<15}{'images':<16}{'count':>7}{'bare/s':>10}{'extract/s':>11}{'decode/s':>10}{'ratio':>8}"
    )
    for row in results:
        print(
            f"{row['backbone']:<15}{row['images']:<16}{row['count']:>7}"
            f"{row['bare_images_per_second']:>10}{row['extraction_images_per_second']:>11}"
            f"{row['decoded_images_per_second']:>10}"
            f"{row['ratio']:>8.3f}  {'reached' if row['reached'] else f'not {GOAL}'}"
        )
    print(f"{device}, {torch.get_num_threads()} threads, batches of {args.batch_size}")
    if args.json:
        write_json(args.json, results)


if __name__ == "__main__":
    main()
