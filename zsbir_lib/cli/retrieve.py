"""``zsbir retrieve``: photos for a drawing."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbir_lib.cli.models import check_origin, origin, print_note
from zsbir_lib.cli.options import (
    AsJson,
    FeatureOptions,
    Parameters,
    emit,
    with_options,
)
from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import check_outputs

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    from zsbir_lib.datasets import SketchPhotoDataset

_STYLE_SAMPLE = 48  # sketches that a data set's style is measured on


RETRIEVE_EXAMPLES = """Examples:

\b
zsbir retrieve --sketch drawing.png --out answer.png
zsbir retrieve --sketch giraffe.jpg --class giraffe --k 10 --out answer.svg
zsbir retrieve --sketch cat.png --gallery all --model cvae.safetensors --out answer.pdf --json"""


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
    model: Annotated[
        Path | None, typer.Option(help="What `zsbir train` saved, in place of --method.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="Fitted once, then kept. [default: cvae]")
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
    import numpy as np

    from zsbir_lib.drawings import crop_ink, find_ink, read_drawing
    from zsbir_lib.methods import create_method
    from zsbir_lib.methods.kept import kept_method
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
    method = method or "cvae"
    if model is None:
        fitted = create_method(method, **options.method_parameters(method, param))
    else:
        fitted, metadata = options.load_method(model)
    backbone = options.load_backbone()
    dataset = options.load()
    names = dataset.split.unseen + (dataset.split.seen if gallery == "all" else ())
    if class_name is not None:
        class_name = _find_class(class_name, dataset, names)
    size = int(dataset.class_mask(dataset.photo_labels, names).sum())
    if k > size:
        raise ZsbirError(
            f"--k is {k}, but the gallery holds {size} photos only: use {size} or less"
        )

    features = options.extract(dataset, backbone)
    if model is None:
        fitted, path, fitted_now = kept_method(fitted, features, origin(features))
        if fitted_now:
            print_note(f"{fitted!r} fitted, and kept in {path}")
    else:
        check_origin(model, metadata, features)
    if not as_is:
        drawing = _in_style(ink, dataset, skip=options.on_error == "skip")
    query = fitted.encode_sketches(backbone.for_sketches().features([drawing]))
    places = np.flatnonzero(dataset.class_mask(features.photo_labels.numpy(), names))
    ranking = fitted.index(features.photos[places]).search(query, k)
    nearest = places[ranking.indices[0].tolist()].tolist()
    rows = [
        {
            "rank": rank,
            "class": features.class_names[int(features.photo_labels[place])],
            "id": features.photo_ids[place],
            "distance": round(distance, 6),
        }
        for rank, (place, distance) in enumerate(
            zip(nearest, ranking.distances[0].tolist(), strict=True), start=1
        )
    ]
    # By their ids, since unreadable photos may have been left out of the features.
    photos = [dataset.photo(dataset.photo_ids.index(row["id"])) for row in rows]
    found = Retrieved(drawing, photos, [row["class"] for row in rows], class_name)
    figure = plot_retrieval([found])
    figure.save(out)
    values = {
        "sketch": str(sketch),
        "class": class_name,
        "dataset": dataset.name,
        "backbone": backbone.name,
        "method": fitted.name,
        "gallery": gallery,
        "gallery_photos": len(places),
        "photos": rows,
        "right": None if class_name is None else len(rows) - sum(found.wrong),
        "alt": figure.alt_text,
        "out": str(out),
    }
    width = max(len(row["class"]) for row in rows)
    lines = [
        f"{row['rank']:>4}  {row['class']:<{width}}  {row['distance']:.4f}  {row['id']}"
        + ("  (another class)" if wrong else "")
        for row, wrong in zip(rows, found.wrong, strict=True)
    ]
    emit(values, "\n".join([*lines, f"picture: {out}"]), as_json)


def _find_class(name: str, dataset: SketchPhotoDataset, gallery: tuple[str, ...]) -> str:
    """Return a class as the data set spells it, if the gallery has photos of it."""
    from zsbir_lib.datasets.splits import match_class_names

    found, _ = match_class_names([name], dataset.class_names)
    if not found:
        near = get_close_matches(name, dataset.class_names, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "leave out --class if it has none"
        raise ZsbirError(f"{dataset.name} has no class {name!r}: {hint}")
    if found[0] not in gallery:
        raise ZsbirError(
            f"{found[0]} is not among the {len(gallery)} classes of the gallery: "
            "use --gallery all, or leave out --class"
        )
    return found[0]


def _in_style(ink: np.ndarray, dataset: SketchPhotoDataset, skip: bool) -> Image.Image:
    """Draw the ink at the size and with the stroke width of the data set's own sketches."""
    import numpy as np

    from zsbir_lib.drawings import TOYBOX_STYLE, measure_style, redraw_ink

    count = len(dataset.sketch_labels)
    known = TOYBOX_STYLE if dataset.name.startswith("toybox") else None
    sample = min(count, 1 if known else _STYLE_SAMPLE)
    sketches = []
    for place in np.unique(np.linspace(0, count - 1, sample).astype(int)).tolist():
        try:
            sketches.append(dataset.sketch(place))
        except ZsbirError:
            if not skip:
                raise
    if not sketches:
        raise ZsbirError(
            f"{dataset.name} has no sketch to draw alike: take the drawing as it is, with --as-is"
        )
    size = min(1024, max(16, *sketches[0].size))
    return redraw_ink(ink, size=size, style=known or measure_style(sketches))
