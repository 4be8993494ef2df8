"""``zsbir retrieve``: photos for drawings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbir_lib.cli.answers import Pictures, answer_of, answer_text
from zsbir_lib.cli.galleries import DatasetGallery, Gallery
from zsbir_lib.cli.models import check_origin, origin, print_note
from zsbir_lib.cli.options import (
    AsJson,
    FeatureOptions,
    Model,
    Parameters,
    emit,
    with_options,
)
from zsbir_lib.cli.own_photos import open_gallery
from zsbir_lib.cli.sketches import Sketch, Sketches, describe, read_sketches
from zsbir_lib.defaults import DEFAULT_METHOD, TOYBOX_NETWORK
from zsbir_lib.errors import ZsbirError

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from zsbir_lib.gallery import PhotoGallery

_AT_ONCE = 256  # drawings that are answered together
_SOME_UNREAD = 2  # the exit status where a drawing cannot be read, as for any bad input


RETRIEVE_EXAMPLES = """Examples:

\b
zsbir retrieve --sketch drawing.png --out answer.png
zsbir retrieve --sketch giraffe.jpg --class giraffe --k 10 --out answer.svg
zsbir retrieve --sketch drawings/ --class-from folder --out answers/
zsbir retrieve --sketch cat.ndjson --class-from word --gallery all --json
zsbir retrieve --sketch cat.png --index pictures.index

Of several drawings, one that cannot be read is named, and the others are answered; the exit status
is 2 then, or 0 with --on-error skip. With --on-error raise nothing is answered."""


@with_options
def retrieve(
    options: FeatureOptions,
    sketch: Annotated[
        list[Path],
        typer.Option(
            help="A drawing: an image of any size, SVG, or Quick, Draw!'s JSON (.ndjson: many); or "
            "a folder of such files. May be repeated."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="A picture of the answer: .png, .svg or .pdf; for several drawings a folder."
        ),
    ] = None,
    number: Annotated[
        int | None, typer.Option(min=0, help="Only this drawing of a file of several, from 0.")
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="How many photos to show.")] = 6,
    class_name: Annotated[
        str | None,
        typer.Option("--class", help="What is drawn: photos of other classes are framed red."),
    ] = None,
    class_from: Annotated[
        str | None,
        typer.Option(
            help="Where each drawing's class is said: folder, the name of its folder; word, as "
            "Quick, Draw! says it."
        ),
    ] = None,
    gallery: Annotated[
        str,
        typer.Option(help="Photos to look among: of the unseen classes, or of all."),
    ] = "unseen",
    index: Annotated[
        Path | None,
        typer.Option(help="Look among your own photos, an index of which `zsbir index` makes."),
    ] = None,
    model: Model = None,
    method: Annotated[
        str | None,
        typer.Option(
            help=f"Fitted once, then kept. [default: {DEFAULT_METHOD}; with --index: cosine]"
        ),
    ] = None,
    param: Parameters = [],  # noqa: B006
    as_is: Annotated[
        bool,
        typer.Option("--as-is", help="Take the drawing as it is: not centred, no stroke changed."),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Find photos for drawings.

    They are listed, nearest first, and written into a picture if --out is given. With --json, each
    drawing is one line.

    Strokes may be dark or light, the background white, coloured, transparent, or paper.
    """
    # Everything that a person can get wrong is looked at before anything is computed.
    if class_from not in (None, "folder", "word"):
        raise ZsbirError(f"--class-from is folder or word, not {class_from!r}")
    if class_from and class_name:
        raise ZsbirError("give --class, one for all drawings, or --class-from, not both")
    sketches = read_sketches(sketch, number=number, as_is=as_is)
    if sketches.failed and (options.on_error == "raise" or len(sketches.all) == 1):
        raise sketches.failed[0].error or ZsbirError("a drawing cannot be read")
    pictures = Pictures(out, sketches)
    for folder, unread in sketches.unread.items():
        if unread:
            print_note(f"{folder}: not read: {describe(unread)}")
    if not sketches.read:
        return _report(sketches, 0, options.on_error)
    if gallery not in ("unseen", "all"):
        raise ZsbirError(f"unknown gallery {gallery!r}: use unseen or all")
    if model is not None and (method or param):
        raise ZsbirError("give --model, or --method with its -p, not both")
    photos: DatasetGallery | PhotoGallery
    if index is None:
        photos = _dataset_gallery(options, gallery, k, model, method, param, class_name)
    elif gallery != "unseen":
        raise ZsbirError("--gallery is for data sets: leave it out with --index")
    else:
        photos = open_gallery(options, index, model, method, param)
        _check_fits(photos, class_name, k)
    unknown = _name_classes(sketches, photos, class_name, class_from)

    pictures.begin()
    head = {
        "dataset": photos.name,
        "backbone": photos.backbone.name,
        "method": photos.method.name,
        "gallery": gallery if index is None else photos.name,
        "gallery_photos": len(photos),
        "search": "exact" if isinstance(photos, DatasetGallery) else photos.search_kind,
    }
    first_right = 0
    for one, answer, drawing in _answers(sketches.all, photos, k):
        if drawing is None:
            if as_json:
                emit({**answer, **head}, "", True, indent=None)
            continue
        first_right += bool(answer["first_right"])
        pictures.save(one, drawing, answer, photos)
        for photo in answer["photos"]:
            del photo["row"]
        text = answer_text(answer, one.name if sketches.many else None)
        emit({**answer, **head}, text, as_json, indent=None)
    known = sum(one.class_name is not None for one in sketches.read)
    if sketches.many and (class_name or class_from):
        more = f"; {unknown} of a class that the gallery does not have" if unknown else ""
        print_note(f"the first photo is right for {first_right} of {known} drawings{more}")
    return _report(sketches, len(sketches.read), options.on_error)


def _report(sketches: Sketches, answered: int, on_error: str | None) -> int:
    """Name the drawings that could not be read, and return the exit status."""
    for one in sketches.failed:
        print_note(str(one.error))
    if not sketches.failed:
        return 0
    print_note(f"{answered} of {len(sketches.all)} drawings answered, the others cannot be read")
    return 0 if on_error == "skip" and answered else _SOME_UNREAD


def _dataset_gallery(
    options: FeatureOptions,
    gallery: str,
    k: int,
    model: Path | None,
    method: str | None,
    param: list[str],
    class_name: str | None,
) -> DatasetGallery:
    """Return the photos of a data set, searched by a fitted method."""
    from zsbir_lib.datasets import SomeClasses
    from zsbir_lib.methods import create_method
    from zsbir_lib.methods.kept import SHIPPED, keep_gallery, kept_gallery, kept_method

    # The network for sketches, but for a model that was fitted on features of another one.
    network = TOYBOX_NETWORK if options.dataset == "toybox" else None
    if model is None:
        name = method or DEFAULT_METHOD
        fitted = create_method(name, **options.method_parameters(name, param))
    else:
        fitted, metadata = options.load_method(model)
        network = metadata.get("backbone") or network
    backbone = options.load_backbone(network)
    dataset = options.load()
    names = dataset.split.unseen + (dataset.split.seen if gallery == "all" else ())
    photos = DatasetGallery(dataset, names, options.on_error or "raise")
    _check_fits(photos, class_name, k)
    if model is None:
        about = options.about_features(dataset, backbone, names)
        ready = None if about is None else kept_gallery(fitted, about)
        if ready is None:
            recipe = options.about_recipe(dataset, backbone, names)
            ready = kept_gallery(fitted, recipe, root=SHIPPED)
        if ready is not None:
            fitted, index = ready
            photos.restore(index, backbone, fitted)
            return photos
    if model is None or options.about_features(dataset, backbone, names) is not None:
        features = options.extract(dataset, backbone)
    else:  # nothing is to be learnt: other classes need not be read
        features = options.extract(SomeClasses(dataset, names), backbone)
    if model is None:
        fitted, path, fitted_now = kept_method(fitted, features, origin(features))
        if fitted_now:
            print_note(f"{fitted!r} fitted, and kept in {path}")
    else:
        check_origin(model, metadata, features)
    photos.prepare(features, backbone, fitted)
    if model is None and not features.skipped:
        about = options.about_features(dataset, backbone, names)
        if about is not None:
            keep_gallery(fitted, photos.index, about, origin(features))
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


def _name_classes(
    sketches: Sketches, gallery: Gallery, class_name: str | None, class_from: str | None
) -> int:
    """Give each drawing its class; return for how many the gallery has none that was said."""
    if class_name is not None:
        class_name = gallery.find_class(class_name)
    found: dict[str, str | None] = {}
    unknown = 0
    for one in sketches.read:
        one.class_name = class_name
        if class_from is None:
            continue
        said = one.word if class_from == "word" else one.path.absolute().parent.name
        if said is not None and said not in found:
            try:
                found[said] = gallery.find_class(said)
            except ZsbirError:
                found[said] = None
        one.class_name = None if said is None else found[said]
        unknown += one.class_name is None
    return unknown


def _answers(
    sketches: Sequence[Sketch], gallery: Gallery, k: int
) -> Iterator[tuple[Sketch, dict[str, Any], Image.Image | None]]:
    """Yield each drawing with its answer and how it was drawn, or with its error and None."""
    size, style = gallery.pen() if any(_is_drawn_anew(one) for one in sketches) else (64, None)
    for start in range(0, len(sketches), _AT_ONCE):
        part = sketches[start : start + _AT_ONCE]
        drawn = {id(one): one.picture(size, style) for one in part if one.error is None}
        rows: Iterator[list[int]] = iter(())
        distances: Iterator[list[float]] = iter(())
        if drawn:
            ranking = gallery.search(_queries(list(drawn.values()), gallery), k)
            rows, distances = iter(ranking.indices.tolist()), iter(ranking.distances.tolist())
        for one in part:
            if one.error is not None:
                failed = {"sketch": str(one.path), "number": one.number, "error": str(one.error)}
                yield one, failed, None
            else:
                yield one, answer_of(one, next(rows), next(distances), gallery), drawn[id(one)]


def _is_drawn_anew(sketch: Sketch) -> bool:
    return sketch.error is None and sketch.image is None


def _queries(drawings: Sequence[Image.Image], gallery: Gallery) -> Tensor:
    """Return what the gallery is searched with, one query for each drawing."""
    return gallery.method.encode_sketches(gallery.backbone.for_sketches().features(drawings))
