"""``zsbir retrieve``: photos for a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbir_lib.cli.galleries import DatasetGallery, Gallery
from zsbir_lib.cli.models import check_origin, origin, print_note
from zsbir_lib.cli.options import (
    AsJson,
    FeatureOptions,
    Parameters,
    emit,
    with_options,
)
from zsbir_lib.cli.own_photos import open_gallery
from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import check_outputs

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from zsbir_lib.gallery import PhotoGallery

RETRIEVE_EXAMPLES = """Examples:

\b
zsbir retrieve --sketch drawing.png --out answer.png
zsbir retrieve --sketch giraffe.jpg --class giraffe --k 10 --out answer.svg
zsbir retrieve --sketch cat.png --gallery all --model cvae.safetensors --out answer.pdf --json
zsbir retrieve --sketch cat.png --index pictures.index --out answer.png"""


@with_options
def retrieve(
    options: FeatureOptions,
    sketch: Annotated[
        Path, typer.Option(help="The drawing: an image of any size, SVG, or Quick, Draw!'s JSON.")
    ],
    out: Annotated[Path, typer.Option(help="The picture: .png, .svg or .pdf.")],
    number: Annotated[
        int | None, typer.Option(min=0, help="Which drawing of a file of several, from 0.")
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="How many photos to show.")] = 6,
    class_name: Annotated[
        str | None,
        typer.Option("--class", help="What is drawn: photos of other classes are framed red."),
    ] = None,
    gallery: Annotated[
        str,
        typer.Option(help="Photos to look among: of the unseen classes, or of all."),
    ] = "unseen",
    index: Annotated[
        Path | None,
        typer.Option(help="Look among your own photos, an index of which `zsbir index` makes."),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="What `zsbir train` saved, in place of --method.")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(help="Fitted once, then kept. [default: cvae; with --index: cosine]"),
    ] = None,
    param: Parameters = [],  # noqa: B006
    as_is: Annotated[
        bool,
        typer.Option("--as-is", help="Take the drawing as it is: not centred, no stroke changed."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find photos for a drawing.

    They are written into a picture, nearest first, and listed.

    Strokes may be dark or light, the background white, coloured, transparent, or paper.
    """
    from zsbir_lib.drawings import crop_ink, find_ink, read_drawing, redraw_ink
    from zsbir_lib.plots import Retrieved, check_picture_path, plot_retrieval

    # Everything that a person can get wrong is looked at before anything is computed.
    check_outputs(check_picture_path(out))
    if out.exists() and sketch.exists() and out.samefile(sketch):
        raise ZsbirError(f"--out {out} is the drawing itself: give the picture another name")
    drawing = read_drawing(sketch, number=number)
    ink = crop_ink(find_ink(drawing, f"the drawing {sketch}"), f"the drawing {sketch}")
    if gallery not in ("unseen", "all"):
        raise ZsbirError(f"unknown gallery {gallery!r}: use unseen or all")
    if model is not None and (method or param):
        raise ZsbirError("give --model, or --method with its -p, not both")
    if index is None:
        photos = _dataset_gallery(options, class_name, k, gallery, model, method, param)
    else:
        if gallery != "unseen":
            raise ZsbirError("--gallery is for data sets: leave it out with --index")
        photos = open_gallery(options, index, model, method, param)
        _check_fits(photos, class_name, k)
    if class_name is not None:
        class_name = photos.find_class(class_name)
    if not as_is:
        size, style = photos.pen()
        drawing = redraw_ink(ink, size=size, style=style)
    ranking = photos.search(_queries([drawing], photos), k)
    rows = ranking.indices[0].tolist()
    found_rows = [
        {
            "rank": rank,
            "class": photos.class_name(row),
            "id": photos.photo_id(row),
            "distance": round(distance, 6),
        }
        for rank, (row, distance) in enumerate(
            zip(rows, ranking.distances[0].tolist(), strict=True), start=1
        )
    ]
    images = [photos.photo(row) for row in rows]
    found = Retrieved(drawing, images, [row["class"] for row in found_rows], class_name)
    figure = plot_retrieval([found])
    figure.save(out)
    values = {
        "sketch": str(sketch),
        "class": class_name,
        "dataset": photos.name,
        "backbone": photos.backbone.name,
        "method": photos.method.name,
        "gallery": gallery if index is None else photos.name,
        "gallery_photos": len(photos),
        "photos": found_rows,
        "right": None if class_name is None else len(found_rows) - sum(found.wrong),
        "alt": figure.alt_text,
        "out": str(out),
    }
    width = max(len(row["class"]) for row in found_rows)
    lines = [
        f"{row['rank']:>4}  {row['class']:<{width}}  {row['distance']:.4f}  {row['id']}"
        + ("  (another class)" if wrong else "")
        for row, wrong in zip(found_rows, found.wrong, strict=True)
    ]
    emit(values, "\n".join([*lines, f"picture: {out}"]), as_json)


def _dataset_gallery(
    options: FeatureOptions,
    class_name: str | None,
    k: int,
    gallery: str,
    model: Path | None,
    method: str | None,
    param: list[str],
) -> Gallery:
    """Return the photos of a data set, and the method that searches them, fitted if need be."""
    from zsbir_lib.methods import create_method
    from zsbir_lib.methods.kept import kept_method

    method = method or "cvae"
    if model is None:
        fitted = create_method(method, **options.method_parameters(method, param))
    else:
        fitted, metadata = options.load_method(model)
    backbone = options.load_backbone()
    dataset = options.load()
    names = dataset.split.unseen + (dataset.split.seen if gallery == "all" else ())
    photos = DatasetGallery(dataset, names, options.on_error)
    _check_fits(photos, class_name, k)
    features = options.extract(dataset, backbone)
    if model is None:
        fitted, path, fitted_now = kept_method(fitted, features, origin(features))
        if fitted_now:
            print_note(f"{fitted!r} fitted, and kept in {path}")
    else:
        check_origin(model, metadata, features)
    photos.prepare(features, backbone, fitted)
    return photos


def _check_fits(photos: DatasetGallery | PhotoGallery, class_name: str | None, k: int) -> None:
    """Raise a `ZsbirError` if the gallery has no such class, or not so many photos."""
    if class_name is not None:
        photos.find_class(class_name)
    if k > len(photos):
        raise ZsbirError(
            f"--k is {k}, but the gallery holds {len(photos)} photos only: use {len(photos)} or "
            "less"
        )


def _queries(drawings: Sequence[Image.Image], gallery: Gallery) -> Tensor:
    """Return what the gallery is searched with, one query for each drawing."""
    return gallery.method.encode_sketches(gallery.backbone.for_sketches().features(drawings))
