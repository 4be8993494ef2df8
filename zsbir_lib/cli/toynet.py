"""``zsbir toynet``: the backbone of the Toybox."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zsbir_lib.cli.options import LARGEST_SEED, AsJson, Workers, emit
from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import check_outputs

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Train the backbone that ships with zsbir."
)


@app.callback()
def _group() -> None:
    # With a callback `train` stays a command of its own, though it is the only one.
    pass


@app.command(
    epilog="""Examples:

    \b
    zsbir toynet train --out toynet.safetensors
    zsbir toynet train --out small.safetensors --photos-per-class 30 --epochs 3 --seed 1
    zsbir toynet train --packaged

    A model card, toynet.md, and a checksum, toynet.sha256, are written beside the weights."""
)
def train(
    out: Annotated[Path | None, typer.Option(help="The weight file: .safetensors.")] = None,
    packaged: Annotated[
        bool, typer.Option("--packaged", help="Replace the weights that ship with the package.")
    ] = False,
    epochs: Annotated[int, typer.Option(min=1, help="Times that every photo is seen.")] = 16,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the training.")] = 0,
    photos_per_class: Annotated[int, typer.Option(min=1, help="Photos to train on.")] = 100,
    held_out_per_class: Annotated[
        int, typer.Option(min=1, help="Other photos, to measure accuracy on.")
    ] = 20,
    threads: Annotated[
        int | None, typer.Option(min=1, max=1024, help="CPU threads; the last digits depend on it.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:N, mps or auto.")] = "cpu",
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Draw photos, train ToyNet on them, write its weights and a model card.

    It sees photos of the 104 seen classes and of those for pre-training only, never an unseen one.
    """
    if packaged == (out is not None):
        raise ZsbirError("say where the weights go: --out FILE, or --packaged")
    from zsbir_lib.toynet import TOYNET_WEIGHTS, make_toynet

    out = out or TOYNET_WEIGHTS
    check_outputs(out)
    card = make_toynet(
        out,
        photos_per_class=photos_per_class,
        held_out_per_class=held_out_per_class,
        epochs=epochs,
        seed=seed,
        threads=threads,
        device=device,
        workers=workers,
    )
    text = (
        f"{card['held_out_accuracy']:.1%} of {card['held_out_photos']:,} held-out photos named "
        f"right among {len(card['saw_classes'])} classes, after {card['training_seconds']:.0f} s\n"
        f"weights {out}\ncard    {out.with_suffix('.md')}"
    )
    emit({"out": str(out), "card": card}, text, as_json)
