"""``zsbir finetune``: a backbone that learns from sketches and photos of seen classes."""

from __future__ import annotations

import time
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from zsbir_lib.cli.index import BackboneName, Device, Weights
from zsbir_lib.cli.models import print_note
from zsbir_lib.cli.options import LARGEST_SEED, AsJson, DatasetOptions, emit, with_options

FINETUNE_EXAMPLES = """Examples:

\b
zsbir finetune --backbone toynet --out tuned.safetensors
zsbir finetune --dataset sketchy --root sketchy --backbone vgg16 --device cuda --out t.safetensors
zsbir finetune --dataset sketchy --root sketchy --backbone clip:ViT-B-32/openai --recipe lora \\
  --device cuda --mixed-precision --checkpoint state --out clip-lora.safetensors
zsbir evaluate --backbone tuned.safetensors --method cosine

The file is a name of a backbone in every command. LoRA's is small, and is loaded beside the weights
that it was trained from: give their file as --weights, where they are in one."""


class Learner(str, Enum):
    """What learns."""

    FULL = "full"
    LORA = "lora"


class Towers(str, Enum):
    """How many networks there are in the end."""

    SHARED = "shared"
    TWO = "two"


@with_options
def finetune(
    options: DatasetOptions,
    backbone: BackboneName,
    out: Annotated[Path, typer.Option(help="The fine-tuned network: .safetensors.")],
    weights: Weights = None,
    recipe: Annotated[
        Learner, typer.Option(help="full: all weights learn; lora: low-rank matrices beside them.")
    ] = Learner.FULL,
    towers: Annotated[
        Towers, typer.Option(help="shared: one network for both; two: one for sketches, too.")
    ] = Towers.SHARED,
    epochs: Annotated[int, typer.Option(min=1, help="Times that a sketch is an anchor.")] = 5,
    batch_size: Annotated[int, typer.Option(min=1, max=2**31 - 1, help="Triplets at once.")] = 32,
    learning_rate: Annotated[
        float | None, typer.Option(help="Of Adam. [default: 1e-5, with lora 1e-3]")
    ] = None,
    margin: Annotated[float, typer.Option(help="Of the triplet loss, above 0 and below 4.")] = 0.3,
    rank: Annotated[int, typer.Option(min=1, help="LoRA: r, the rank of what is added.")] = 8,
    alpha: Annotated[float, typer.Option(help="LoRA: what is added is scaled by alpha / r.")] = 16,
    layers: Annotated[
        str, typer.Option(help="LoRA: a regular expression for the linear layers to adapt.")
    ] = "",
    held_out: Annotated[
        float, typer.Option(help="Part of the seen classes that the epoch is chosen on.")
    ] = 0.15,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the training.")] = 0,
    device: Device = "auto",
    mixed_precision: Annotated[
        bool, typer.Option("--mixed-precision", help="Compute in bfloat16 where safe.")
    ] = False,
    tf32: Annotated[
        bool, typer.Option("--tf32", help="Compute with 10 bits of the mantissa, on a card.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Processes that decode images.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="A folder for the state after each epoch, to go on from.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fine-tune a backbone with triplets of a sketch and two photos.

    It learns from seen classes only. Some of them are held out, and the epoch that is best on these
    is kept: images of unseen classes are not read.
    """
    from zsbir_lib.features import load_backbone
    from zsbir_lib.finetune import FineTuning, fine_tune

    settings = FineTuning(
        recipe=recipe.value, towers=towers.value, epochs=epochs, batch_size=batch_size,
        learning_rate=learning_rate, margin=margin, rank=rank, alpha=alpha, layers=layers,
        held_out=held_out, seed=seed,
    )  # fmt: skip
    options.check()
    network = load_backbone(backbone, weights, device)
    dataset = options.load()
    start = time.perf_counter()
    done = fine_tune(
        dataset, network, out, settings, mixed_precision=mixed_precision, tf32=tf32,
        workers=workers, checkpoint=checkpoint,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    values: dict[str, Any] = {
        "out": str(out),
        "name": done.name,
        "dataset": dataset.name,
        "split": dataset.split.name,
        "settings": asdict(settings),
        "epoch": done.epoch,
        "held_out_map": {"frozen": done.frozen, "fine-tuned": done.best},
        "history": done.history,
        "learnt_from": done.learnt_from,
        "held_out": done.held_out,
        "trained": done.trained,
        "bytes": out.stat().st_size,
        "seconds": round(seconds, 2),
    }
    text = (
        f"{done.name}, {done.trained:,} numbers trained on {len(done.learnt_from)} seen classes of "
        f"{dataset.name} in {seconds:.0f} s\n"
        f"mAP of cosine on {len(done.held_out)} held-out seen classes: {done.best:.3f} after epoch "
        f"{done.epoch}, {done.frozen:.3f} before\n{out}"
    )
    emit(values, text, as_json)
    if done.epoch == 0:
        print_note(
            "no epoch was better than the network as it was, which is what the file holds: try "
            "another --learning-rate"
        )
