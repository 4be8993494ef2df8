"""What backbones cost: images a second, parameters, width, input size and memory.

With random weights, which cost what any weights cost, on one thread of the processor or on a card:

    python benchmarks/backbones.py --json zsbir_lib/measured/backbones.json
    python benchmarks/backbones.py --page book/appendix/backbones.md
    python benchmarks/backbones.py --device cuda --batch 64 timm:vit_large_patch14_dinov2.lvd142m

Each network runs in a process of its own, and in turns with the reference, whose images a second
are 1: the ratio means the same on any machine of the kind. Memory is the most that the process
held while it computed, above what it held before the network was loaded.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from record import write_record
from safetensors.torch import save_file

import zsbir_lib
from zsbir_lib.features import Backbone, load_backbone
from zsbir_lib.features.zoos import find_recipe
from zsbir_lib.files import write_text
from zsbir_lib.measured import measurement

REFERENCE = "squeezenet1_1"
NETWORKS = (
    "squeezenet1_1",
    "vgg16",
    "torchvision:resnet50/IMAGENET1K_V2",
    "torchvision:convnext_tiny/IMAGENET1K_V1",
    "timm:vit_small_patch16_dinov3.lvd1689m",
    "timm:vit_small_patch14_dinov2.lvd142m",
    "clip:ViT-B-32/openai",
    "clip:ViT-B-16-SigLIP/webli",
)


def random_backbone(name: str, device: str) -> Backbone:
    """Return a backbone of random weights."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        save(name, path)
        return load_backbone(name, path, device)


def seconds(backbone: Backbone, images: torch.Tensor) -> float:
    """Return the processor's seconds for a batch, or the clock's on a card."""
    card = backbone.device.type == "cuda"
    clock = time.perf_counter if card else time.process_time
    with torch.inference_mode():
        start = clock()
        backbone.module(images.to(backbone.device)).float().cpu()
        return clock() - start


def peak(device: torch.device) -> float:
    """Return the most bytes held so far."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def pictures(backbone: Backbone, batch: int) -> torch.Tensor:
    """Return noise of the size that a backbone takes."""
    shape = (batch, 3, backbone.input_size, backbone.input_size)
    return torch.randint(0, 256, shape, dtype=torch.uint8)


def measure(name: str, device: str, batch: int, rounds: int) -> dict[str, Any]:
    """Return what one backbone costs, the reference running in turns with it."""
    torch.set_num_threads(1)
    one, reference = (random_backbone(each, device) for each in (name, REFERENCE))
    inputs = [pictures(backbone, batch) for backbone in (one, reference)]
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        for kept, backbone, images in zip(times, (one, reference), inputs, strict=True):
            kept.append(seconds(backbone, images))
    best, best_reference = (min(kept[1:]) for kept in times)  # the first one warms up
    return {
        "parameters": sum(p.numel() for p in one.module.parameters()),
        "dim": one.dim,
        "input_size": one.input_size,
        "images_a_second": batch / best,
        "ratio": best_reference / best,
    }


def memory(name: str, device: str, batch: int) -> float:
    """Return the bytes of a forward pass above those of the process without the network."""
    torch.set_num_threads(1)
    find_recipe(name)  # the package's own memory is not the network's
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        build = [sys.executable, __file__, "--save", name, str(path)]
        subprocess.run(build, check=True)
        before = peak(torch.device(device))
        backbone = load_backbone(name, path, device)
    seconds(backbone, pictures(backbone, batch))
    return peak(backbone.device) - before


def save(name: str, path: str | Path) -> None:
    """Write random weights, the same in each process."""
    torch.manual_seed(0)
    state = find_recipe(name)[1].build().state_dict()
    save_file({key: value.contiguous().clone() for key, value in state.items()}, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", default=list(NETWORKS))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=4, help="images at once")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--page", type=Path, help="only write the kept record's table into a page")
    parser.add_argument("--save", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.page:
        write_page(options.page)
        return
    if options.save:
        save(*options.save)
        return
    if options.one:
        part, name = options.one.split("=", 1)
        found: Any = (
            memory(name, options.device, options.batch)
            if part == "memory"
            else measure(name, options.device, options.batch, options.rounds)
        )
        print(json.dumps(found))
        return
    runs = {}
    print(
        f"{'backbone':44} {'dim':>5} {'side':>4} {'M par.':>7} {'img/s':>7} {'ratio':>6} {'MB':>6}"
    )
    for name in options.names:
        command = [sys.executable, __file__, "--device", options.device]
        command += ["--batch", str(options.batch), "--rounds", str(options.rounds), "--one"]
        parts = []
        for part in ("cost", "memory"):
            told = subprocess.run([*command, f"{part}={name}"], capture_output=True, text=True)
            if told.returncode:
                sys.exit(f"{name}: {told.stderr.strip().splitlines()[-1]}")
            parts.append(json.loads(told.stdout.strip().splitlines()[-1]))
        run = runs[name] = {**parts[0], "peak_bytes": int(parts[1])}
        print(
            f"{name:44} {run['dim']:5} {run['input_size']:4} {run['parameters'] / 1e6:7.1f} "
            f"{run['images_a_second']:7.2f} {run['ratio']:6.3f} {run['peak_bytes'] / 1e6:6.0f}",
            flush=True,
        )
        if options.json:  # after each, so that what is measured by now is kept
            write_record(options.json, record(options, runs))


def record(options: argparse.Namespace, runs: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a run: the figures, and where they are from."""
    packages = ("torch", "torchvision", "timm", "open_clip_torch")
    return {
        "made by": "benchmarks/backbones.py",
        "dataset": "none: images are noise",
        "weights_id": "none: weights are random",
        "measure": "images a second of one thread's processor time, best of the rounds; ratio: to "
        "the reference, in turns; peak_bytes: above the process without the network",
        "library": zsbir_lib.__version__,
        **{name: version(name) for name in packages},
        "device": options.device,
        "batch": options.batch,
        "rounds": options.rounds,
        "reference": REFERENCE,
        "runs": runs,
    }


def table(record: dict[str, Any]) -> str:
    """Return a record as a table of Markdown."""
    lines = [
        "| backbone | numbers | side, pixels | parameters, millions | speed | memory, MB |",
        "|---|---|---|---|---|---|",
    ]
    for name, run in record["runs"].items():
        lines.append(
            f"| `{name}` | {run['dim']:,} | {run['input_size']} | {run['parameters'] / 1e6:.1f} | "
            f"{run['ratio']:.2g} | {run['peak_bytes'] / 1e6:,.0f} |"
        )
    return "\n".join(lines)


def write_page(page: Path) -> None:
    """Put the table of the kept record between the marks of a page."""
    text, marks = page.read_text(encoding="utf-8"), ("<!-- costs -->\n", "<!-- /costs -->")
    before, _, rest = text.partition(marks[0])
    after = rest.partition(marks[1])[2]
    kept = f"{before}{marks[0]}\n{table(measurement('backbones'))}\n\n{marks[1]}{after}"
    write_text(page, kept)


if __name__ == "__main__":
    main()
