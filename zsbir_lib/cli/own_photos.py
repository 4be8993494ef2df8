"""What commands that answer from an index have in common: the network and the method it takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbir_lib.cli.galleries import measured_pen
from zsbir_lib.cli.index import warn_of_toynet
from zsbir_lib.cli.models import check_origin, origin, print_note
from zsbir_lib.cli.options import FeatureOptions
from zsbir_lib.errors import ZsbirError

if TYPE_CHECKING:
    from zsbir_lib.gallery import PhotoGallery

IndexPath = Annotated[
    Path,
    typer.Option("--index", metavar="INDEX", help="An index of your own photos: `zsbir index`."),
]


def open_gallery(
    options: FeatureOptions,
    path: Path,
    model: Path | None,
    method: str | None,
    param: list[str],
) -> PhotoGallery:
    """Open an index with the network that it names, and a method: cosine if none is named.

    A method that learns does so from the data set of the options, whose features are those of the
    index's network.

    Raises
    ------
    ZsbirError
        If there is no index, or the network, the method and the index do not belong together.
    """
    from zsbir_lib.features import load_backbone
    from zsbir_lib.gallery import PhotoGallery, PhotoIndex
    from zsbir_lib.methods import create_method
    from zsbir_lib.methods.kept import kept_method

    if model is not None and (method or param):
        raise ZsbirError("give --model, or --method with its -p, not both")
    index = PhotoIndex(path)
    options = replace(options, backbone=options.backbone or index.backbone)
    options.check()
    if model is not None:
        fitted, metadata = options.load_method(model)
        check_origin(model, metadata, index)
    else:
        name = method or "cosine"
        fitted = create_method(name, **options.method_parameters(name, param))
    backbone = load_backbone(options.backbone or index.backbone, options.weights, options.device)
    index.check_backbone(backbone)
    warn_of_toynet(backbone)
    pen = None
    if model is None and fitted.needs_pairs:
        dataset, features = options.dataset_and_features()
        if dataset is not None:
            pen = measured_pen(dataset, skip=options.on_error == "skip")
        fitted, place, fitted_now = kept_method(fitted, features, origin(features))
        if fitted_now:
            print_note(f"{fitted!r} fitted, and kept in {place}")
    return PhotoGallery(index, backbone, fitted, pen)
