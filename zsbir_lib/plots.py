"""The project's pictures: readable on white and on black, in colour and without.

Every function returns a `Plot`, a matplotlib figure that is no part of pyplot's global state, shows
itself in a notebook, and carries the text that stands for it where it cannot be seen.
"""

from __future__ import annotations

import base64
import html
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from PIL import Image

from zsbir_lib.datasets.base import SketchPhotoDataset
from zsbir_lib.errors import ZsbirError, printable
from zsbir_lib.files import atomic_path

if TYPE_CHECKING:
    from zsbir_lib.leaderboard import Leaderboard

INK = "#797979"
"""The grey of text, axes and edges, equally far (4.3 to 1) from white and from a dark page."""

WRONG = "#d62728"
"""The frame of a false positive."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#b15f97")
"""Of lines. Colour-blind readers tell them apart; at least 2.9 to 1 on white and on #121212."""

FORMATS = (".png", ".svg", ".pdf")
"""Suffixes of the files that a plot can be saved to."""

_STYLE: dict[str, Any] = {
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": INK,
    "grid.alpha": 0.25,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": mpl.cycler(color=COLOURS),
    "lines.linewidth": 2.0,
    "font.size": 10.0,
    "axes.titlesize": 10.0,
    # The same figure gives the same file, and its words are drawn, so no font is missed.
    "svg.hashsalt": "zsbir",
    "svg.fonttype": "path",
}


class Plot(Figure):
    """A figure in the project's style.

    Attributes
    ----------
    alt_text : str
        Says in words what the figure shows.
    """

    alt_text: str = ""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self._write(buffer, "png", dpi=120)
        return buffer.getvalue()

    def to_html(self, dpi: int = 100) -> str:
        """Return the picture as an HTML ``img`` that holds it, with its alternative text."""
        buffer = io.BytesIO()
        self._write(buffer, "png", dpi=dpi)
        data = base64.b64encode(buffer.getvalue()).decode()
        return f'<img alt="{html.escape(self.alt_text)}" src="data:image/png;base64,{data}">'

    def _write(self, target: Any, suffix: str, dpi: int) -> None:
        keys = {"png": "Description", "svg": "Description", "pdf": "Subject"}
        metadata: dict[str, Any] = {keys[suffix]: self.alt_text}
        if suffix != "png":
            # No time of writing: the same figure gives the same file.
            metadata["Date" if suffix == "svg" else "CreationDate"] = None
        with mpl.rc_context(_STYLE):
            self.savefig(target, format=suffix, dpi=dpi, bbox_inches="tight", metadata=metadata)

    def save(self, path: str | os.PathLike, dpi: int = 200) -> None:
        """Write the figure to a file, whole or not at all, with its alternative text inside.

        Parameters
        ----------
        path
            Its suffix (.png, .svg or .pdf) chooses the format.
        dpi
            Pixels per inch of a PNG.

        Raises
        ------
        ZsbirError
            If the suffix is none of these, or the file cannot be written.
        """
        suffix = check_picture_path(path).suffix.lower()[1:]
        try:
            with atomic_path(path) as temporary:
                self._write(temporary, suffix, dpi)
        except OSError as error:
            raise ZsbirError(f"cannot write the picture {path}: {error.strerror}") from None


def new_plot(width: float = 6.4, height: float = 4.2) -> tuple[Plot, Axes]:
    """Return an empty figure in the project's style and its axes, for a chapter's own figure.

    Parameters
    ----------
    width, height
        In inches.
    """
    with mpl.rc_context(_STYLE):
        figure = Plot(figsize=(width, height), layout="constrained")
        return figure, figure.add_subplot()


def new_plots(
    rows: int, columns: int, *, width: float = 6.4, height: float = 2.4
) -> tuple[Plot, np.ndarray]:
    """Return an empty figure in the project's style and its axes, an array (rows, columns).

    Parameters
    ----------
    rows, columns
        Of the grid of axes.
    width
        Of the figure, in inches.
    height
        Of each row, in inches.
    """
    with mpl.rc_context(_STYLE):
        figure = Plot(figsize=(width, rows * height), layout="constrained")
        return figure, figure.subplots(rows, columns, squeeze=False)


def check_picture_path(path: str | os.PathLike) -> Path:
    """Return `path` if its suffix is one of `FORMATS`.

    Raises
    ------
    ZsbirError
        If not.
    """
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise ZsbirError(f"cannot write the picture {path}: its name must end in .png, .svg or "
                         ".pdf")  # fmt: skip
    return path


# ---------------------------------------------------------------------------------------------
# Retrieval
# ---------------------------------------------------------------------------------------------


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
    with mpl.rc_context(_STYLE):
        figure = Plot(figsize=(columns * tile, len(rows) * (tile + 0.22) + 0.3), layout="none")
        grid = figure.add_gridspec(
            len(rows), columns, wspace=0.08, hspace=0.3, left=0.01, right=0.99, bottom=0.01
        )
        for i, row in enumerate(rows):
            axes = figure.add_subplot(grid[i, 0])
            _show(axes, row.sketch, row.sketch_class or "")
            if i == 0:
                axes.set_title("query")
            for j, (photo, name, wrong) in enumerate(
                zip(row.photos, row.photo_classes, row.wrong, strict=True), start=1
            ):
                axes = figure.add_subplot(grid[i, j])
                _show(axes, photo, name)
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
            f"{_readable(name)}{' (wrong)' if wrong else ''}"
            for name, wrong in zip(row.photo_classes, row.wrong, strict=True)
        ]
        count = len(names)
        found = "the photo found" if count == 1 else f"the {count} photos found, nearest first"
        if row.sketch_class is None:
            sentences.append(f"{head} is a sketch of unknown class; {found}: {', '.join(names)}.")
        else:
            right = count - sum(row.wrong)
            sentences.append(
                f"{head} is a sketch of class {_readable(row.sketch_class)}; {found}, "
                f"{right} of them right: {', '.join(names)}."
            )
    return " ".join(sentences)


def _readable(name: str) -> str:
    return printable(name.replace("_", " "))


def _label(name: str) -> str:
    """Return a name as a picture shows it: a dollar sign begins no formula."""
    return _readable(name).replace("$", r"\$")


def _show(axes: Axes, image: Image.Image, label: str) -> None:
    axes.imshow(np.asarray(image.convert("RGB")), interpolation="nearest" if image.width < 48 else
                "antialiased")  # fmt: skip
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    # Class names as long as the picture is wide must not run into the next one.
    axes.set_xlabel(_label(label), fontsize=min(8.0, 8.0 * 17 / max(1, len(label))), labelpad=4)


def _mark_wrong(axes: Axes) -> None:
    """Frame a picture in red, and put a cross into its corner for those who see no red."""
    place = {"transform": axes.transAxes, "clip_on": False}
    frame = Rectangle((0, 0), 1, 1, fill=False, edgecolor=WRONG, linewidth=4, **place)
    frame.set_gid("wrong")
    axes.add_patch(frame)
    corner = Rectangle((0.78, 0.78), 0.22, 0.22, facecolor=WRONG, edgecolor="none", **place)
    axes.add_patch(corner)
    for ends in (((0.83, 0.95), (0.83, 0.95)), ((0.83, 0.95), (0.95, 0.83))):
        axes.plot(*ends, color="white", linewidth=2, solid_capstyle="round", **place)


# ---------------------------------------------------------------------------------------------
# Training, and what a data set holds
# ---------------------------------------------------------------------------------------------


def plot_training(
    history: Mapping[str, Sequence[float]] | Sequence[Mapping[str, float]],
    *,
    title: str | None = None,
) -> Plot:
    """Show how each quantity changed over the epochs, each on an axis of its own.

    Parameters
    ----------
    history
        Values per epoch by name (a method's ``history_``), or one mapping for each epoch (what
        `zsbir_lib.toynet.train_toynet` returns).
    title
        Above the figure.

    Raises
    ------
    ZsbirError
        If it holds nothing to show.
    """
    if not isinstance(history, Mapping):
        names = [name for name in history[0] if name not in ("epoch", "seconds")] if history else []
        history = {name: [epoch[name] for epoch in history] for name in names}
    history = {name: list(values) for name, values in history.items() if len(values)}
    if not history:
        raise ZsbirError("nothing to plot: the history is empty")
    with mpl.rc_context(_STYLE):
        figure = Plot(figsize=(3.1 * len(history), 2.4), layout="constrained")
        for axes, (name, values), colour in zip(
            np.ravel(figure.subplots(1, len(history), squeeze=False)),
            history.items(),
            (COLOURS * len(history))[: len(history)],
            strict=True,
        ):
            epochs = np.arange(1, len(values) + 1)
            axes.plot(epochs, values, color=colour, marker="o" if len(values) < 25 else None,
                      markersize=4)  # fmt: skip
            axes.set(title=_label(name), xlabel="epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid(True)
        if title:
            figure.suptitle(title)
    changes = [
        f"{_readable(name)} from {values[0]:.3g} to {values[-1]:.3g}"
        for name, values in history.items()
    ]
    epochs = max(len(values) for values in history.values())
    figure.alt_text = f"Training over {epochs} epochs: {'; '.join(changes)}."
    return figure


def plot_leaderboard(board: Leaderboard, protocol: str = "zero-shot") -> Plot:
    """Show mAP@K of every method with its interval, best first, and the paper's figure beside it.

    Parameters
    ----------
    board
        What `zsbir_lib.leaderboard` returned.
    protocol
        ``"zero-shot"`` or ``"traditional"``.

    Raises
    ------
    ZsbirError
        If no method has a result under that protocol.
    """
    from zsbir_lib.paper import PAPER_RESULTS

    names = board.ranked(protocol)
    if not names:
        raise ZsbirError(f"nothing to plot: no method has a result under {protocol!r}")
    titles = [_readable(board.rows[name].title) for name in names]
    found = [board.interval(name, protocol) for name in names]
    depth = board.scores(names[0], protocol).k
    with mpl.rc_context(_STYLE):
        figure = Plot(figsize=(6.4, 0.9 + 0.3 * len(names)), layout="constrained")
        axes = figure.add_subplot()
        places = np.arange(len(names))
        centre = np.array([interval.estimate for interval in found])
        reach = np.array([[i.estimate - i.low, i.high - i.estimate] for i in found]).T
        axes.errorbar(
            centre, places, xerr=reach, fmt="o", color=COLOURS[0], capsize=3,
            label=f"here: {_label(board.origin.dataset)}, mAP@{depth}, "
            "95% interval over classes",
        )  # fmt: skip
        printed = [PAPER_RESULTS.get(name, {}).get(protocol) for name in names]
        known = [(p[1], y) for p, y in zip(printed, places, strict=True) if p is not None]
        if known:
            axes.plot(*zip(*known, strict=True), "x", color=COLOURS[1],
                      label="paper: Sketchy, VGG-16, mAP@200")  # fmt: skip
        axes.set_yticks(places, [_label(title) for title in titles])
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlim(left=0)
        axes.set_xlabel("mAP@K, divided by K")
        axes.grid(True, axis="x")
        figure.legend(loc="outside lower center", ncols=1, frameon=False)
    figure.alt_text = f"mAP@{depth} under the {protocol} protocol, best first: " + "; ".join(
        f"{title} {interval}" for title, interval in zip(titles, found, strict=True)
    )
    return figure


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
    names = [_readable(dataset.class_names[labels[photo]]) for photo in photos]
    with mpl.rc_context(_STYLE):
        figure = Plot(figsize=(len(photos) * tile, (1 + n_sketches) * tile + 0.3), layout="none")
        axes = figure.subplots(
            1 + n_sketches, len(photos), squeeze=False, gridspec_kw={"wspace": 0.08, "hspace": 0.08}
        )
        for column, (photo, name) in enumerate(zip(photos, names, strict=True)):
            sketches = np.flatnonzero(drawn_from == photo)[:n_sketches]
            _show(axes[0, column], dataset.photo(photo), "")
            axes[0, column].set_title(_label(name), fontsize=min(8.0, 8.0 * 17 / len(name)))
            for place in axes[1:, column]:
                place.set_axis_off()
            for place, sketch in zip(axes[1:, column], sketches, strict=False):
                place.set_axis_on()
                _show(place, dataset.sketch(int(sketch)), "")
    figure.alt_text = (
        f"Photos of {', '.join(names)}; below each, up to {n_sketches} sketches drawn from it."
    )
    return figure
