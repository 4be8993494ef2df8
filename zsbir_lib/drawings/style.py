"""How the sketches of a data set sit in their frame: how large, and with which pen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from zsbir_lib.drawings.ink import crop_ink, find_ink
from zsbir_lib.errors import ZsbirError

INK = 32
"""Grey level of a stroke; the Toybox's pens have 0 to 70."""


@dataclass(frozen=True)
class DrawingStyle:
    """How the sketches of a data set sit in their frame.

    Attributes
    ----------
    fill
        Longer side of a drawing, as a fraction of the frame's side.
    line_width
        Width of a stroke, as a fraction of the frame's side.
    """

    fill: float
    line_width: float

    def __post_init__(self) -> None:
        if not 0.2 <= self.fill <= 1:
            raise ZsbirError(f"a drawing cannot fill {self.fill:g} of its frame: use 0.2 to 1")
        if not 0.002 <= self.line_width <= 0.1:
            raise ZsbirError(f"line width {self.line_width:g} is not from 0.002 to 0.1 of the side")


TOYBOX_STYLE = DrawingStyle(fill=0.82, line_width=0.023)
"""What `measure_style` finds for the Toybox, whose strokes are 1.5 pixels wide at 64."""


def check_size(size: int) -> None:
    """Raise a `ZsbirError` unless `size`, the side of a sketch in pixels, is from 16 to 1,024."""
    if not 16 <= size <= 1024:
        raise ZsbirError(f"size {size} is not from 16 to 1024 pixels")


def measure_style(sketches: Iterable[Image.Image]) -> DrawingStyle:
    """Measure how the sketches of a data set sit in their frame.

    Parameters
    ----------
    sketches
        A few dozen, dark strokes on white; those with nothing on them are passed over.

    Returns
    -------
    DrawingStyle
        The medians.

    Raises
    ------
    ZsbirError
        If none of them has anything on it.
    """
    fills, widths = [], []
    for sketch in sketches:
        try:
            ink = find_ink(sketch)
            cut = crop_ink(ink, "the sketch")
        except ZsbirError:
            continue
        frame, extent = max(ink.shape), max(cut.shape)
        fills.append(extent / frame)
        # Measured on a grid finer than the sketch, where a thin stroke is several cells wide.
        grid = max(256, 2 * extent)
        widths.append(line_width(np.pad(fit_ink(cut, grid), 2) > 0.5) / grid * extent / frame)
    if not fills:
        raise ZsbirError("cannot measure the style of sketches: none has anything drawn on it")
    fill, width = float(np.median(fills)), float(np.median(widths))
    return DrawingStyle(min(1.0, max(0.2, fill)), min(0.1, max(0.002, width)))


def fit_ink(ink: np.ndarray, target: float) -> np.ndarray:
    """Scale the ink so that its longer side is `target` cells, and no line gets lost."""
    factor = int(max(ink.shape) // target)
    if factor > 1:
        # The darkest pixel of a block stands for it: averaging would fade a hairline away.
        ink = np.pad(ink, [(0, -side % factor) for side in ink.shape])
        rows, columns = (side // factor for side in ink.shape)
        ink = ink.reshape(rows, factor, columns, factor).max(axis=(1, 3))
    ratio = target / max(ink.shape)
    height, width = (max(1, round(side * ratio)) for side in ink.shape)
    picture = Image.fromarray(np.uint8(ink * 255 + 0.5))
    filtering = Image.Resampling.BICUBIC if ratio > 1 else Image.Resampling.BOX
    return np.asarray(picture.resize((width, height), filtering), dtype=np.float32) / 255


def distance_within(mask: np.ndarray, reach: int) -> np.ndarray:
    """Return the distance of each cell in `mask` to the nearest one outside, at most `reach`."""
    from scipy import ndimage  # here, since it takes a second, and data sets do without

    if mask.all():
        return np.full(mask.shape, float(reach))
    return np.minimum(ndimage.distance_transform_edt(mask), reach)


def line_width(mask: np.ndarray) -> float:
    """Estimate the width of strokes: four times the mean distance to their edge."""
    if not mask.any():
        return 0.0
    reach = max(8, mask.shape[0] // 8)
    return 4 * (float(distance_within(mask, reach)[mask].mean()) - 0.5)
