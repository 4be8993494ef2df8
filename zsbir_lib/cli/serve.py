"""``zsbir serve``: the page that answers drawings, from one's own photos, on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from zsbir_lib.cli.options import FeatureOptions, Model, Parameters, with_options
from zsbir_lib.cli.own_photos import IndexPath, open_gallery

SERVE_EXAMPLES = """Examples:

\b
zsbir serve --index pictures.index
zsbir serve --index pictures.index --port 0
zsbir serve --index pictures.index --method sae --dataset sketchy --root sketchy

It needs the packages of the extra: pip install onnx onnxscript."""


@with_options
def serve(
    options: FeatureOptions,
    index: IndexPath,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where to listen; 0 takes any free port.")
    ] = 8765,
    model: Model = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="Fitted on --dataset once, then kept. [default: cosine, which learns nothing]"
        ),
    ] = None,
    param: Parameters = [],  # noqa: B006
) -> None:
    """Answer drawings from your own photos, in a browser of this machine.

    The page is at 127.0.0.1: no other machine can ask for it, and it asks no other machine.
    """
    from zsbir_lib.web.photos import PhotoPage
    from zsbir_lib.web.serving import PageServer

    # The port first: a method may have to be fitted for the page.
    with PageServer({}, port) as server:
        gallery = open_gallery(options, index, model, method, param)
        server.page = PhotoPage(gallery)
        typer.echo(
            f"{len(gallery):,} photos, searched by {gallery.method.title}: {server.address} "
            "(Ctrl-C stops)"
        )
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("")
