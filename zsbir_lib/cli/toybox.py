"""``zsbir toybox``: the embedded benchmark."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from zsbir_lib.cli.options import Abstraction, AsJson, Clutter, Workers, emit
from zsbir_lib.errors import ZsbirError

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Draw, count, list and look at the Toybox."
)
Size = Annotated[str, typer.Option(help="mini or full.")]
Seed = Annotated[int, typer.Option(min=0, help="Another seed gives other pictures.")]


@app.command(
    epilog="""Examples:

    \b
    zsbir toybox build
    zsbir toybox build --size full --workers 8
    zsbir toybox build --clutter 0 --abstraction 0.5 --json"""
)
def build(
    size: Size = "mini",
    clutter: Clutter = 0.5,
    abstraction: Abstraction = 1.3,
    seed: Seed = 0,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Draw a Toybox into the cache, unless it is there already and intact."""
    from zsbir_lib.datasets.toybox import Toybox

    start = time.perf_counter()
    box = Toybox(size, clutter=clutter, abstraction=abstraction, seed=seed, workers=workers)
    folder = box.folder
    seconds = time.perf_counter() - start
    values = {
        "size": size,
        "folder": str(folder),
        "fingerprint": box.fingerprint,
        "classes": len(box.class_names),
        "photos": len(box.photo_ids),
        "sketches": len(box.sketch_ids),
        "seconds": round(seconds, 2),
        "statistics": box.statistics(),
    }
    emit(values, f"{box.table()}\n\nReady after {seconds:.1f} s in {folder}", as_json)


@app.command(
    epilog="""Examples:

    \b
    zsbir toybox table
    zsbir toybox table --size full
    zsbir toybox table --split sketchy25"""
)
def table(
    size: Size = "mini",
    split: Annotated[
        str, typer.Option(help="A shipped split, or a text file of unseen classes.")
    ] = "sketchy21",
    as_json: AsJson = False,
) -> None:
    """Print the counts of a size beside the paper's Table 1; nothing is drawn."""
    from zsbir_lib.datasets.toybox import Toybox

    box = Toybox(size, split=split)
    emit({"size": size, "statistics": box.statistics()}, box.table(), as_json)


@app.command(
    epilog="""Examples:

    \b
    zsbir toybox classes
    zsbir toybox classes --attribute wheels --attribute metal
    zsbir toybox classes --role unseen --json"""
)
def classes(
    family: Annotated[str | None, typer.Option(help="Only this family.")] = None,
    attribute: Annotated[
        list[str] | None, typer.Option(help="Only classes that have it; may be repeated.")
    ] = None,
    role: Annotated[str | None, typer.Option(help="Only seen, unseen or pretrain classes.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the classes: name, role in the paper's split, family, attributes."""
    from zsbir_lib.datasets.splits import unseen_classes
    from zsbir_lib.datasets.toybox import toy_classes
    from zsbir_lib.datasets.toybox.attributes import ATTRIBUTES

    unseen = set(unseen_classes("sketchy21")[1])
    attribute = attribute or []
    rows: list[dict[str, Any]] = [
        {
            "name": toy.name,
            "role": _role(toy.name, toy.pretrain_only, unseen),
            "family": toy.family,
            "attributes": sorted(toy.attributes),
        }
        for toy in toy_classes().values()
    ]
    for what, asked, known in (
        ("family", [family] if family else [], {row["family"] for row in rows}),
        ("attribute", attribute, set(ATTRIBUTES)),
        ("role", [role] if role else [], {"seen", "unseen", "pretrain"}),
    ):
        if wrong := sorted(set(asked) - known):
            raise ZsbirError(f"no {what} {wrong[0]!r}: use {', '.join(sorted(known))}")
    rows = [
        row
        for row in rows
        if (family in (None, row["family"]))
        and (role in (None, row["role"]))
        and set(attribute) <= set(row["attributes"])
    ]
    widths = [max((len(row[key]) for row in rows), default=0) for key in ("name", "role", "family")]
    lines = [
        f"{row['name']:<{widths[0]}}  {row['role']:<{widths[1]}}  {row['family']:<{widths[2]}}  "
        + ", ".join(row["attributes"])
        for row in rows
    ]
    text = "\n".join([*(line.rstrip() for line in lines), f"{len(rows)} classes"])
    emit({"classes": rows}, text, as_json)


def _role(name: str, pretrain_only: bool, unseen: set[str]) -> str:
    if pretrain_only:
        return "pretrain"
    return "unseen" if name in unseen else "seen"


@app.command(
    epilog="""Examples:

    \b
    zsbir toybox sheet --out all.png
    zsbir toybox sheet --classes cow,giraffe --instances 4 --sketches 3 --scale 2 --out two.png"""
)
def sheet(
    out: Annotated[Path, typer.Option(help="The picture: .png, .jpg, .webp, ...")],
    classes: Annotated[
        str | None, typer.Option(help="Names, separated by commas; all by default.")
    ] = None,
    instances: Annotated[int, typer.Option(min=1, help="Photos of each class.")] = 3,
    sketches: Annotated[int, typer.Option(min=0, max=48, help="Sketches of each photo.")] = 2,
    columns: Annotated[int, typer.Option(min=1, help="Strips side by side.")] = 3,
    size: Annotated[int, typer.Option(min=16, max=512, help="Side of a picture, drawn.")] = 64,
    scale: Annotated[int, typer.Option(min=1, max=16, help="Enlargement of a picture.")] = 1,
    clutter: Clutter = 0.5,
    abstraction: Abstraction = 1.3,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Draw a contact sheet, to see whether a class looks like what it is called."""
    from PIL import Image

    from zsbir_lib.datasets.toybox.sheet import contact_sheet
    from zsbir_lib.files import atomic_path, check_outputs

    check_outputs(out)
    if Image.registered_extensions().get(out.suffix.lower()) not in Image.SAVE:
        raise ZsbirError(f"cannot write the picture {out}: use .png, .jpg or .webp")
    names = [name.strip() for name in classes.split(",")] if classes else None
    picture = contact_sheet(
        names,
        instances=instances,
        sketches=sketches,
        columns=min(columns, len(names)) if names else columns,
        size=size,
        scale=scale,
        clutter=clutter,
        abstraction=abstraction,
        seed=seed,
    )
    with atomic_path(out) as temporary:
        picture.save(temporary)
    values = {"out": str(out), "width": picture.width, "height": picture.height}
    emit(values, f"{out}: {picture.width} x {picture.height} pixels", as_json)
