"""``zsbir export``: what the library can do, for those who have no Python."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zsbir_lib.cli.options import AsJson, emit

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
    python -m http.server --directory page

    It needs the packages of the extra: pip install "zsbir[web]". Any static host
    serves the page."""
)
def web(
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    per_class: Annotated[
        int, typer.Option(min=1, help="Photos of each unseen class in the gallery.")
    ] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of training and of generation.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Fit methods on the Toybox and write a page that answers drawings by itself."""
    from zsbir_lib.web import export_toybox_page
    from zsbir_lib.web.folder import PageFolder

    model = export_toybox_page(out, per_class=per_class, seed=seed)
    size = sum(map(len, PageFolder(out).files().values()))
    text = (
        f"{len(model['labels']):,} photos, {', '.join(model['methods'])}: {size / 1e6:.1f} MB\n"
        f"open it with: python -m http.server --directory {out}"
    )
    emit({"out": str(out), "photos": len(model["labels"]), "bytes": size}, text, as_json)
