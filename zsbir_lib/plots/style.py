"""How figures look: on white and on black, in colour and without, on paper and in a page."""

from __future__ import annotations

import base64
import html
import io
import os
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import atomic_path

INK = "#797979"
"""The grey of text, axes and edges, equally far (4.3 to 1) from white and from a dark page."""

WRONG = "#d62728"
"""The frame of a false positive."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#b15f97")
"""Of lines. Colour-blind readers tell them apart; at least 2.9 to 1 on white and on #121212."""

FORMATS = (".png", ".svg", ".pdf")
"""Suffixes of the files that a plot can be saved to."""

# Any, since matplotlib types the keys of its settings one by one.
STYLE: Any = {
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
    "axes.prop_cycle": cycler(color=COLOURS),
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
        with mpl.rc_context(STYLE):
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
    with mpl.rc_context(STYLE):
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
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(width, rows * height), layout="constrained")
        return figure, figure.subplots(rows, columns, squeeze=False)


def check_picture_path(path: str | os.PathLike) -> Path:
    """Return `path` if its suffix is one of ``FORMATS``.

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
