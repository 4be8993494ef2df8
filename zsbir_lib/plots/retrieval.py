"""Queries and what was found for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from PIL import Image

from zsbir_lib.errors import ZsbirError
from zsbir_lib.plots.pictures import readable, show
from zsbir_lib.plots.style import STYLE, WRONG, Plot


@dataclass(frozen=True)
class Retrieved:
    """A query and what was found for it: one row of the figure.

    Attributes
    ----------
    sketch
        The query.
    photos
        The photos, nearest first.
    photo_classes
        Their classes.
    sketch_class
        The query's class; None where nobody knows.
    """

    sketch: Image.Image
    photos: Sequence[Image.Image]
    photo_classes: Sequence[str]
    sketch_class: str | None = None

    def __post_init__(self) -> None:
        if len(self.photos) != len(self.photo_classes) or not self.photos:
            raise ZsbirError(
                f"{len(self.photos)} photos with {len(self.photo_classes)} class names: "
                "a row needs one name for each photo, and a photo or more"
            )

    @property
    def wrong(self) -> list[bool]:
        """Whether each photo is of another class than the query; never so if that is unknown."""
        known = self.sketch_class is not None
        return [known and name != self.sketch_class for name in self.photo_classes]


def plot_retrieval(
    rows: Sequence[Retrieved], *, title: str | None = None, tile: float = 1.15
) -> Plot:
    """Show queries and the photos found for them, as figure 3 of Yelamarthi et al. (ECCV 2018).

    A photo of another class than the query has a thick red frame and a cross in its corner.

    Parameters
    ----------
    rows
        Queries, one a row.
    title
        Above the figure.
    tile
        Side of a picture, in inches.

    Raises
    ------
    ZsbirError
        If there are no rows.
    """
    if not rows:
        raise ZsbirError("nothing to plot: give a row or more")
    columns = 1 + max(len(row.photos) for row in rows)
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(columns * tile, len(rows) * (tile + 0.22) + 0.3), layout=None)
        grid = figure.add_gridspec(
            len(rows), columns, wspace=0.08, hspace=0.3, left=0.01, right=0.99, bottom=0.01
        )
        for i, row in enumerate(rows):
            axes = figure.add_subplot(grid[i, 0])
            show(axes, row.sketch, row.sketch_class or "")
            if i == 0:
                axes.set_title("query")
            for j, (photo, name, wrong) in enumerate(
                zip(row.photos, row.photo_classes, row.wrong, strict=True), start=1
            ):
                axes = figure.add_subplot(grid[i, j])
                show(axes, photo, name)
                if i == 0:
                    axes.set_title(str(j))
                if wrong:
                    _mark_wrong(axes)
        if title:
            figure.suptitle(title, y=1.06)
    figure.alt_text = describe_retrieval(rows)
    return figure


def describe_retrieval(rows: Sequence[Retrieved]) -> str:
    """Say in words what `plot_retrieval` shows."""
    sentences = []
    for number, row in enumerate(rows, start=1):
        head = f"Query {number}" if len(rows) > 1 else "The query"
        names = [
            f"{readable(name)}{' (wrong)' if wrong else ''}"
            for name, wrong in zip(row.photo_classes, row.wrong, strict=True)
        ]
        count = len(names)
        found = "the photo found" if count == 1 else f"the {count} photos found, nearest first"
        if row.sketch_class is None:
            sentences.append(f"{head} is a sketch of unknown class; {found}: {', '.join(names)}.")
        else:
            right = count - sum(row.wrong)
            sentences.append(
                f"{head} is a sketch of class {readable(row.sketch_class)}; {found}, "
                f"{right} of them right: {', '.join(names)}."
            )
    return " ".join(sentences)


def _mark_wrong(axes: Axes) -> None:
    """Frame a picture in red, and put a cross into its corner for those who see no red."""
    place: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
    frame = Rectangle((0, 0), 1, 1, fill=False, edgecolor=WRONG, linewidth=4, **place)
    frame.set_gid("wrong")
    axes.add_patch(frame)
    corner = Rectangle((0.78, 0.78), 0.22, 0.22, facecolor=WRONG, edgecolor="none", **place)
    axes.add_patch(corner)
    for ends in (((0.83, 0.95), (0.83, 0.95)), ((0.83, 0.95), (0.95, 0.83))):
        axes.plot(*ends, color="white", linewidth=2, solid_capstyle="round", **place)
