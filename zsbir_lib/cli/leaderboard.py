"""``zsbir leaderboard``: every method under one protocol, beside the paper's figures."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbir_lib.cli.models import print_note
from zsbir_lib.cli.options import AsJson, FeatureOptions, emit, with_options
from zsbir_lib.errors import UnknownNameError, ZsbirError
from zsbir_lib.files import check_outputs, write_text

if TYPE_CHECKING:
    import numpy as np

    from zsbir_lib.datasets import SketchPhotoDataset
    from zsbir_lib.features import FeatureSet

LEADERBOARD_EXAMPLES = """Examples:

\b
zsbir leaderboard
zsbir leaderboard --methods cosine,sae,ours --seeds 1 --protocol zero-shot
zsbir leaderboard --figure board.png --markdown board.md --out board.json
zsbir leaderboard --dataset sketchy --root DIR --test-classes my_classes.txt --k 200"""


@with_options
def leaderboard(
    options: FeatureOptions,
    methods: Annotated[
        str | None, typer.Option(help="Names, with commas between them. [default: all]")
    ] = None,
    k: Annotated[
        int | None, typer.Option("--k", min=1, help="Depth. [default: what the gallery fills]")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each method that has a seed.")] = 3,
    protocol: Annotated[
        str, typer.Option(help="zero-shot, traditional, generalised, or all.")
    ] = "all",
    budget: Annotated[
        int,
        typer.Option(min=1, help="Settings each method may try on held-out seen classes."),
    ] = 4,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the results here too, as JSON; given again, it is gone on from."),
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the table as Markdown.")] = None,
    figure: Annotated[Path | None, typer.Option(help="Draw the table: .png, .svg or .pdf.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew, and forget what is kept.")] = (
        False
    ),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes. [default: one a processor]")
    ] = None,
    as_json: AsJson = False,
    extra: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
) -> None:
    """Run every method under one protocol, and print one table.

    Settings are chosen on held-out seen classes, with the same budget for every method. What is
    done is kept: interrupted, the same command goes on where it stopped.
    """
    if extra:
        hint = f": --json prints JSON; --out {extra[0]} keeps the results" if as_json else ""
        raise ZsbirError(f"unexpected argument {extra[0]!r}{hint}")
    from zsbir_lib.leaderboard import Settings, run
    from zsbir_lib.methods import METHODS, create_method
    from zsbir_lib.plots import check_picture_path, plot_leaderboard
    from zsbir_lib.protocols import PROTOCOLS
    from zsbir_lib.store import Store

    names = list(METHODS) if methods is None else [name.strip() for name in methods.split(",")]
    for name in names:
        create_method(name)
    if protocol not in (*PROTOCOLS, "all"):
        raise UnknownNameError(f"unknown protocol {protocol!r}: use {', '.join(PROTOCOLS)} or all")
    if figure is not None:
        if protocol not in ("all", "zero-shot"):
            raise ZsbirError("--figure shows the zero-shot protocol: use --protocol zero-shot, all")
        check_picture_path(figure)
    check_outputs(out, markdown, figure)
    settings = Settings(
        k=k, seeds=seeds, budget=budget, protocols=PROTOCOLS if protocol == "all" else (protocol,)
    )
    dataset, features = options.dataset_and_features()
    try:
        board = run(
            features, names, settings=settings, shapes=gallery_shapes(dataset, features),
            state=out, store=Store(), fresh=fresh, device=options.device, workers=workers,
        )  # fmt: skip
    except KeyboardInterrupt:
        print_note("what is done is kept: the same command goes on from there")
        raise
    if markdown is not None:
        write_text(markdown, board.to_markdown())
    if figure is not None and board.ranked():
        plot_leaderboard(board).save(figure)
    elif figure is not None:
        print_note(f"{figure} is not drawn: every method failed")
    width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100
    emit(board.to_dict(), board.table(max(60, width)), as_json)
    print_note("the results are kept; --fresh begins anew")


def gallery_shapes(dataset: SketchPhotoDataset | None, features: FeatureSet) -> np.ndarray | None:
    """Return the true shape distances of the zero-shot gallery's photos, where they are known."""
    from zsbir_lib.datasets import Toybox
    from zsbir_lib.datasets.toybox.shape import shape_distances

    if not isinstance(dataset, Toybox):
        return None
    # Every picture of the Toybox can be read, so photos are the same rows of both.
    gallery = dataset.class_mask(features.photo_labels.numpy(), features.split.unseen)
    return shape_distances([dataset.toy(row) for row in gallery.nonzero()[0].tolist()])
