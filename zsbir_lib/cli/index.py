"""``zsbir index``: a folder of photos of one's own, made ready to be searched by drawing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbir_lib.cli.imports import import_modules
from zsbir_lib.cli.models import print_note
from zsbir_lib.cli.options import AsJson, emit

if TYPE_CHECKING:
    from zsbir_lib.features import Backbone
    from zsbir_lib.gallery import IndexReport

_MOST_NAMED = 20  # of each kind that the text lists; --json lists all

INDEX_EXAMPLES = """Examples:

\b
zsbir index ~/Pictures --out pictures.index
zsbir index ~/Pictures --out pictures.index --backbone vgg16 --device cuda
zsbir index ~/Pictures --out pictures.index --search hnsw
zsbir retrieve --index pictures.index --sketch drawing.png --out found.png
zsbir serve --index pictures.index

Run it again when photos were added, changed or removed: it reads only those that it has to.
An interrupted run goes on where it stopped."""

BackboneName = Annotated[
    str,
    typer.Option(
        "--backbone",
        help="squeezenet1_1, vgg16, toynet, one registered, one of a package: "
        "torchvision:resnet50, timm:NAME, clip:NAME/WEIGHTS; or a file of `zsbir finetune`.",
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(help="The backbone's weights, from a file. [default: the package's own]"),
]
Device = Annotated[str, typer.Option(help="Where to compute: cpu, cuda, cuda:N, mps or auto.")]
Imports = Annotated[
    list[str],
    typer.Option(
        "--import",
        metavar="MODULE",
        help="Import this first, a module or a .py file: backbones that it registers are known, "
        "and so are formats of images that it teaches Pillow (HEIC). May be repeated.",
    ),
]


def index(
    folder: Annotated[Path, typer.Argument(help="Of photos, with folders in it to any depth.")],
    out: Annotated[Path, typer.Option(help="The index: a new folder, or an index to update.")],
    backbone: BackboneName = "squeezenet1_1",
    weights: Weights = None,
    device: Device = "auto",
    search: Annotated[
        str | None,
        typer.Option(
            help="How retrieve looks among the photos: exact, or, for very many, ivf, hnsw or "
            "ivfpq, which take FAISS. Kept until another is given. [default: exact]"
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, max=2**31 - 1, help="Photos at once.")] = 64,
    workers: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Processes that decode photos.")
    ] = None,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Follow links that lead out of the folder.")
    ] = False,
    imports: Imports = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Make an index of a folder of photos, or bring it up to date.

    What cannot be read is named with the reason, what is no image is counted by its ending, and
    neither stops it.
    """
    import_modules(imports)
    from zsbir_lib.features import load_backbone
    from zsbir_lib.gallery import check_place, check_search, index_photos

    check_search(search)
    check_place(out)  # before weights are fetched
    start = time.perf_counter()
    network = load_backbone(backbone, weights, device)
    warn_of_toynet(network)
    report = index_photos(
        folder,
        out,
        network,
        search=search,
        follow_links=follow_links,
        batch_size=batch_size,
        workers=workers,
    )
    seconds = time.perf_counter() - start
    listing = report.listing
    values = {
        "out": str(out),
        "folder": str(listing.folder),
        "backbone": network.name,
        "weights": network.weights_id,
        "photos": report.photos,
        "read": report.read,
        "kept": report.kept,
        "removed": report.removed,
        "search": report.search,
        "unreadable": dict(report.unreadable),
        "gone": listing.gone,
        "unlisted": listing.unlisted,
        "skipped": listing.skipped,
        "links": listing.links,
        "seconds": round(seconds, 2),
    }
    emit(values, "\n".join(_lines(report, network, out, seconds)), as_json)


def warn_of_toynet(backbone: Backbone) -> None:
    """Say that ToyNet has never met a real photo, where it is chosen for one's own."""
    if backbone.name == "toynet":
        print_note(
            "toynet learnt from the Toybox's pictures and knows nothing of real photos: use "
            "--backbone squeezenet1_1 for these"
        )


def _lines(report: IndexReport, backbone: Backbone, out: Path, seconds: float) -> list[str]:
    listing = report.listing
    lines = [
        f"{report.photos:,} photos of {listing.folder} in {out}, {seconds:.1f} s",
        f"{report.read:,} read by {backbone.name}, {report.kept:,} known, "
        f"{report.removed:,} removed",
    ]
    if report.search != "exact":
        lines.append(f"searched    by {report.search}, unless a method is chosen that learns")
    lines += _some([f"unreadable  {n} ({why})" for n, why in report.unreadable.items()])
    lines += _some([f"vanished    {name}" for name in listing.gone])
    lines += _some([f"not listed  {name} ({why})" for name, why in listing.unlisted.items()])
    if listing.skipped:
        counted = ", ".join(f"{count:,} {suffix}" for suffix, count in listing.skipped.items())
        lines.append(f"skipped     {counted}")
    if listing.links:
        lines += _some([f"link        {name}" for name in listing.links])
    return lines


def _some(lines: list[str]) -> list[str]:
    left = len(lines) - _MOST_NAMED
    return [*lines[:_MOST_NAMED], f"  and {left:,} more: --json lists all"] if left > 0 else lines
