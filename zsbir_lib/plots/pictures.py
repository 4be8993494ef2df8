"""Pictures of a data set in a figure, and the names below them."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from zsbir_lib.datasets.base import SketchPhotoDataset
from zsbir_lib.errors import ZsbirError
from zsbir_lib.plots.style import STYLE, Plot
from zsbir_lib.reading import printable


def readable(name: str) -> str:
    """Return the name of a class or a measure as people read it."""
    return printable(" ".join(name.replace("_", " ").split()))


def label(name: str) -> str:
    """Return a name as a picture shows it: a dollar sign begins no formula."""
    return readable(name).replace("$", r"\$")


def show(axes: Axes, image: Image.Image, text: str) -> None:
    """Show a picture without a scale, and a text below it.

    Parameters
    ----------
    axes
        Where it is drawn.
    image
        The picture.
    text
        A line, of any length.
    """
    axes.imshow(np.asarray(image.convert("RGB")), interpolation="nearest" if image.width < 48 else
                "antialiased")  # fmt: skip
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    # Class names as long as the picture is wide must not run into the next one.
    axes.set_xlabel(label(text), fontsize=min(8.0, 8.0 * 17 / max(1, len(text))), labelpad=4)


def plot_pairs(
    dataset: SketchPhotoDataset,
    photos: Sequence[int] | None = None,
    *,
    n_photos: int = 6,
    n_sketches: int = 2,
    tile: float = 1.15,
) -> Plot:
    """Show photos, and below each the sketches that were drawn from it.

    Parameters
    ----------
    dataset
        Where they come from.
    photos
        Numbers of the photos; by default `n_photos` that have sketches, of classes spread over
        the data set.
    n_photos, n_sketches
        How many photos, and at most how many sketches of each.
    tile
        Side of a picture, in inches.

    Raises
    ------
    ZsbirError
        If no photo has a sketch, or a photo asked for is not there.
    """
    drawn_from = np.asarray(dataset.sketch_photos)
    labels = np.asarray(dataset.photo_labels)
    if photos is None:
        candidates = np.unique(drawn_from[drawn_from >= 0])
        if not len(candidates):
            raise ZsbirError(f"{dataset.name} has no photo with a sketch: nothing to plot")
        _, first = np.unique(labels[candidates], return_index=True)
        firsts = candidates[np.sort(first)]
        places = np.linspace(0, len(firsts) - 1, min(n_photos, len(firsts))).round().astype(int)
        photos = firsts[places].tolist()
    bad = [photo for photo in photos if not 0 <= photo < len(labels)]
    if bad or not len(photos):
        raise ZsbirError(f"{dataset.name} has no photo {bad[0]}" if bad else "no photos to plot")
    names = [readable(dataset.class_names[labels[photo]]) for photo in photos]
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(len(photos) * tile, (1 + n_sketches) * tile + 0.3), layout=None)
        axes = figure.subplots(
            1 + n_sketches, len(photos), squeeze=False, gridspec_kw={"wspace": 0.08, "hspace": 0.08}
        )
        for column, (photo, name) in enumerate(zip(photos, names, strict=True)):
            sketches = np.flatnonzero(drawn_from == photo)[:n_sketches]
            show(axes[0, column], dataset.photo(photo), "")
            axes[0, column].set_title(label(name), fontsize=min(8.0, 8.0 * 17 / len(name)))
            for place in axes[1:, column]:
                place.set_axis_off()
            for place, sketch in zip(axes[1:, column], sketches, strict=False):
                place.set_axis_on()
                show(place, dataset.sketch(int(sketch)), "")
    figure.alt_text = (
        f"Photos of {', '.join(names)}; below each, up to {n_sketches} sketches drawn from it."
    )
    return figure
