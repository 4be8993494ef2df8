"""``zsbir toynet``: the backbones of the Toybox."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from zsbir_lib.cli.options import LARGEST_SEED, AsJson, Workers, emit
from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import check_outputs

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Train the backbones that ship with zsbir."
)


class Network(str, Enum):
    """What can be trained."""

    BOTH = "both"
    PHOTOS = "photos"
    SKETCHES = "sketches"


@app.callback()
def _group() -> None:
    # With a callback `train` stays a command of its own, though it is the only one.
    pass


@app.command(
    epilog="""Examples:

    \b
    zsbir toynet train --out networks
    zsbir toynet train --out networks --drawings quickdraw
    zsbir toynet train --out small --photos-per-class 30 --epochs 3 --steps 50 --seed 1
    zsbir toynet train --out networks --network sketches --device cuda --workers 16
    zsbir toynet train --packaged --drawings quickdraw

    Beside the weights, toynet.safetensors and toynet-sketch.safetensors, a model card (.md) and a
    checksum (.sha256) are written."""
)
def train(
    out: Annotated[Path | None, typer.Option(help="The folder for the weights.")] = None,
    packaged: Annotated[
        bool, typer.Option("--packaged", help="Replace the weights that ship with the package.")
    ] = False,
    network: Annotated[
        Network,
        typer.Option(
            help="photos: ToyNet; sketches: toynet-sketch, for photos and sketches in one space."
        ),
    ] = Network.BOTH,
    drawings: Annotated[
        Path | None,
        typer.Option(help="Folder of Quick, Draw!'s files WORD.ndjson, to learn from too."),
    ] = None,
    on_error: Annotated[
        str, typer.Option(help="What an unreadable one of these drawings does: raise, or skip.")
    ] = "raise",
    epochs: Annotated[int, typer.Option(min=1, help="Times that a photo is seen.")] = 16,
    photos_per_class: Annotated[int, typer.Option(min=1, help="Photos to train on.")] = 100,
    held_out_per_class: Annotated[
        int, typer.Option(min=1, help="Other photos, to measure accuracy on.")
    ] = 20,
    steps: Annotated[
        int, typer.Option(min=1, help="Batches of 384 sketches that toynet-sketch sees.")
    ] = 2200,
    toys_per_class: Annotated[
        int, typer.Option(min=3, help="Toys of each class for toynet-sketch.")
    ] = 80,
    inventions: Annotated[
        int, typer.Option(min=0, help="Classes that are invented for toynet-sketch.")
    ] = 1500,
    held_out_classes: Annotated[
        int, typer.Option(min=0, help="Seen classes to measure toynet-sketch on; 0: do not.")
    ] = 42,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the training.")] = 0,
    threads: Annotated[
        int | None, typer.Option(min=1, max=1024, help="CPU threads; the last digits depend on it.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:N, mps or auto.")] = "cpu",
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Train ToyNet on photos, toynet-sketch on sketches too; write their weights and model cards.

    They see the 104 seen classes and those for pre-training only, never an unseen one.
    """
    if packaged == (out is not None):
        raise ZsbirError("say where the weights go: --out FOLDER, or --packaged")
    from zsbir_lib.toynet import (
        SKETCH_WEIGHTS,
        TOYNET_WEIGHTS,
        make_sketch_network,
        make_toynet,
        read_people,
        toynet_classes,
    )

    folder = TOYNET_WEIGHTS.parent if out is None else out
    photo_file, sketch_file = (folder / path.name for path in (TOYNET_WEIGHTS, SKETCH_WEIGHTS))
    wanted = [photo_file] * (network is not Network.SKETCHES)
    wanted += [sketch_file] * (network is not Network.PHOTOS)
    check_outputs(*wanted)
    if drawings is not None:
        read_people(
            drawings, toynet_classes(), on_error=on_error
        )  # an hour later is too late for a wrong folder
    options: dict[str, Any] = {
        "seed": seed, "threads": threads, "device": device, "workers": workers,
    }  # fmt: skip
    cards, lines = {}, []
    if photo_file in wanted:
        card = make_toynet(
            photo_file,
            photos_per_class=photos_per_class,
            held_out_per_class=held_out_per_class,
            epochs=epochs,
            **options,
        )
        lines.append(
            f"{card['held_out_accuracy']:.1%} of {card['held_out_photos']:,} held-out photos named "
            f"right among {len(card['saw_classes'])} classes, after "
            f"{card['training_seconds']:.0f} s"
        )
        cards["photos"] = card
    if sketch_file in wanted:
        card = make_sketch_network(
            sketch_file,
            drawings=drawings,
            on_error=on_error,
            toys_per_class=toys_per_class,
            inventions=inventions,
            epochs=epochs,
            steps=steps,
            held_out_classes=held_out_classes,
            **options,
        )
        lines += [
            f"first photo right for {first:.1%} of {kind} of {len(card['held_out']['classes'])} "
            f"held-out classes ({learner}), the first 12 for {share:.1%}"
            for learner, found in card["held_out"].get("results", {}).items()
            for kind, (first, share) in found.items()
        ]
        cards["sketches"] = card
    for path in wanted:
        lines += [f"weights {path}", f"card    {path.with_suffix('.md')}"]
    emit({"out": list(map(str, wanted)), "cards": cards}, "\n".join(lines), as_json)
