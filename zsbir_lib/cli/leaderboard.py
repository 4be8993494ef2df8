"""``zsbir leaderboard``: every method under one protocol, beside the paper's figures."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbir_lib.cli.models import print_note
from zsbir_lib.cli.options import FeatureOptions, check_out, with_options
from zsbir_lib.errors import UnknownNameError, ZsbirError

if TYPE_CHECKING:
    import numpy as np

    from zsbir_lib.datasets import SketchPhotoDataset
    from zsbir_lib.features import FeatureSet

LEADERBOARD_EXAMPLES = """Examples:

\b
zsbir leaderboard
zsbir leaderboard --methods cosine,sae,ours --seeds 1 --protocol zero-shot
zsbir leaderboard --figure board.png --markdown board.md --json board.json
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
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Keep the results here; an interrupted run goes on from it."),
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the table as Markdown.")] = None,
    figure: Annotated[Path | None, typer.Option(help="Draw the table: .png, .svg or .pdf.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew, and forget what is kept.")] = (
        False
    ),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes. [default: one a processor]")
    ] = None,
) -> None:
    """Run every method under one protocol, and print one table.

    Settings are chosen on held-out seen classes, with the same budget for every method. What is
    done is kept: interrupted, the same command goes on where it stopped.
    """
    from zsbir_lib.benchmark import PROTOCOLS, Settings
    from zsbir_lib.benchmark import leaderboard as run
    from zsbir_lib.files import atomic_path
    from zsbir_lib.methods import METHODS, create_method
    from zsbir_lib.paths import cache_dir
    from zsbir_lib.plots import check_picture_path, plot_leaderboard

    names = list(METHODS) if methods is None else [name.strip() for name in methods.split(",")]
    for name in names:
        create_method(name)
    if protocol not in (*PROTOCOLS, "all"):
        raise UnknownNameError(f"unknown protocol {protocol!r}: use {', '.join(PROTOCOLS)} or all")
    if figure is not None:
        if protocol not in ("all", "zero-shot"):
            raise ZsbirError("--figure shows the zero-shot protocol: use --protocol zero-shot, all")
        check_picture_path(figure)
    for path in (json_file, markdown, figure):
        if path is not None:
            check_out(path)
    settings = Settings(
        k=k, seeds=seeds, budget=budget, protocols=PROTOCOLS if protocol == "all" else (protocol,)
    )
    backbone = options.load_backbone()
    dataset = options.load()
    features = options.extract(dataset, backbone)
    state = json_file
    if state is None:
        # One file for each way to begin: another way does not forget this one.
        split = features.split
        key = [
            features.dataset, features.weights_id, dataset.fingerprint,
            {name: METHODS[name].version for name in names},
            split.name, split.seen, split.unseen, asdict(settings),
        ]  # fmt: skip
        digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:12]
        state = cache_dir("leaderboard") / f"{features.dataset}-{digest}.json"
    if fresh:
        state.unlink(missing_ok=True)
    try:
        board = run(
            features, names, settings=settings, shapes=gallery_shapes(dataset, features),
            state=state, workers=workers,
        )  # fmt: skip
    except KeyboardInterrupt:
        print_note(f"what is done is kept in {state}: the same command goes on from there")
        raise
    print(board.table())
    if markdown is not None:
        with atomic_path(markdown) as temporary:
            temporary.write_text(board.to_markdown(), encoding="utf-8")
    if figure is not None:
        plot_leaderboard(board).save(figure)
    print_note(f"kept in {state}; --fresh begins anew")


def gallery_shapes(dataset: SketchPhotoDataset, features: FeatureSet) -> np.ndarray | None:
    """Return the true shape distances of the zero-shot gallery's photos, where they are known."""
    from zsbir_lib.datasets import Toybox
    from zsbir_lib.datasets.toybox.shape import shape_distances

    if not isinstance(dataset, Toybox):
        return None
    number = {photo_id: i for i, photo_id in enumerate(dataset.photo_ids)}
    return shape_distances([dataset.toy(number[i]) for i in features.task().gallery_ids])
