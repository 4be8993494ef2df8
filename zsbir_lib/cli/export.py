"""``zsbir export``: what the library can do, for those who have no Python."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zsbir_lib.cli.options import AsJson, FeatureOptions, emit
from zsbir_lib.errors import ZsbirError

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Write retrieval as a web page."
)


@app.callback()
def _group() -> None:
    # With a callback `web` stays a command of its own, though it is the only one.
    pass


@app.command(
    epilog="""Examples:

    \b
    zsbir export web --out page
    zsbir export web --index pictures.index --out page
    python -m http.server --directory page

    It needs the packages of the extra: pip install onnx onnxscript. Any static host
    serves the page."""
)
def web(
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    per_class: Annotated[
        int | None,
        typer.Option(min=1, help="Photos of each unseen class in the gallery. [default: 100]"),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of training and of generation. [default: 0]")
    ] = None,
    index: Annotated[
        Path | None,
        typer.Option(help="Answer from your own photos, an index of which `zsbir index` makes."),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="With --index: the weights of its backbone, from a file.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="With --index: a method that `zsbir train` saved. [default: cosine]"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a page that answers drawings by itself.

    It answers from the Toybox, with methods that are fitted for it; or from your own photos. Of
    these it holds small pictures and names, 100 MB at most.
    """
    toybox = {"--per-class": per_class, "--seed": seed}
    own = {"--weights": weights, "--model": model}
    for option, value in (own if index is None else toybox).items():
        if value is not None:
            what = "for --index" if index is None else "for the Toybox"
            raise ZsbirError(f"{option} is {what}: leave it out")
    photos, methods = (
        _toybox(out, per_class or 100, seed or 0)
        if index is None
        else _photos(out, index, weights, model)
    )
    size = sum(file.stat().st_size for file in Path(out).iterdir() if file.is_file())
    text = (
        f"{photos:,} photos, {', '.join(methods)}: {size / 1e6:.1f} MB\n"
        f"open it with: python -m http.server --directory {out}"
    )
    emit({"out": str(out), "photos": photos, "bytes": size}, text, as_json)


def _toybox(out: Path, per_class: int, seed: int) -> tuple[int, list[str]]:
    """Write the page of the Toybox; return how many photos it has, and its methods."""
    from zsbir_lib.web import export_toybox_page

    model = export_toybox_page(out, per_class=per_class, seed=seed)
    return len(model["labels"]), list(model["methods"])


def _photos(
    out: Path, index: Path, weights: Path | None, model: Path | None
) -> tuple[int, list[str]]:
    """Write the page of one's own photos; return how many it has, and its methods."""
    from zsbir_lib.cli.own_photos import open_gallery
    from zsbir_lib.web import export_photo_page, open_page_folder

    open_page_folder(out)  # before a network is loaded for it
    gallery = open_gallery(FeatureOptions(weights=weights), index, model, None, [])
    page = export_photo_page(out, gallery)
    return len(gallery), list(page.model["methods"])
