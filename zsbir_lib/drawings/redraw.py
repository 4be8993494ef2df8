"""From any drawing to a sketch like those of the data set: dark strokes on white, centred, square.

The ink that was found is drawn again at the size and the stroke width that the data set's sketches
have: a network that learnt from these knows nothing else.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from zsbir_lib.drawings.ink import crop_ink, find_ink
from zsbir_lib.drawings.reading import read_drawing
from zsbir_lib.drawings.style import (
    INK,
    TOYBOX_STYLE,
    DrawingStyle,
    check_size,
    distance_within,
    fit_ink,
    line_width,
)


def normalise_drawing(
    image: Image.Image,
    *,
    size: int = 64,
    style: DrawingStyle = TOYBOX_STYLE,
    what: str = "the drawing",
) -> Image.Image:
    """Bring a drawing to the form of a data set's sketches.

    Parameters
    ----------
    image
        From `read_drawing`, or any image.
    size
        Side of the result in pixels, 16 to 1,024.
    style
        How large it is drawn, and with which pen. Strokes between 0.6 and 1.6 times that width
        stay as they are; others are thinned to their middle line and drawn anew, and filled areas
        are replaced by their outline.
    what
        What an error message calls the drawing.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, `size` x `size`: dark strokes on white, the drawing in the middle.

    Raises
    ------
    ZsbirError
        If nothing is drawn on it, or `size` is out of range.
    """
    check_size(size)
    ink = crop_ink(find_ink(read_drawing(image), what), what)
    return redraw_ink(ink, size=size, style=style)


def redraw_ink(
    ink: np.ndarray, *, size: int = 64, style: DrawingStyle = TOYBOX_STYLE
) -> Image.Image:
    """Draw ink that was found (`find_ink`) and cut (`crop_ink`) as `normalise_drawing` does.

    Parameters
    ----------
    ink
        From `crop_ink`, shape (height, width), 0 to 1.
    size, style
        As for `normalise_drawing`.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, `size` x `size`.

    Raises
    ------
    ZsbirError
        If `size` is out of range.
    """
    from skimage.morphology import skeletonize  # here, since it takes a second

    check_size(size)
    # Drawn larger and reduced at the end, which is what makes the strokes smooth.
    scale = 4 if size <= 96 else 2
    side = size * scale
    pen = style.line_width * side
    # The pen reaches half its width beyond the middle of a stroke, on either side.
    target = style.fill * side
    sheet = _on_sheet(fit_ink(ink, target), side)
    mask = sheet > 0.5 * min(1.0, float(sheet.max()))
    if not 0.6 * pen <= line_width(mask) <= 1.6 * pen:
        lines = skeletonize(_outline(mask, pen))
        # A stroke drawn on its middle line is as long as before, less half its width at each end.
        y, x = np.nonzero(lines)
        extent = max(np.ptp(y), np.ptp(x)) + pen
        if 0 < extent < 0.95 * target:
            fitted = fit_ink(sheet[mask.any(axis=1)][:, mask.any(axis=0)], target * target / extent)
            sheet = _on_sheet(fitted, side)
            lines = skeletonize(_outline(sheet > 0.5, pen))
        sheet = np.clip(pen / 2 + 0.5 - distance_within(~lines, int(pen) + 2), 0, 1)
    grey = sheet.reshape(size, scale, size, scale).mean(axis=(1, 3))
    pixels = np.uint8(255 - grey * (255 - INK) + 0.5)
    return Image.fromarray(pixels).convert("RGB")


def _on_sheet(ink: np.ndarray, side: int) -> np.ndarray:
    sheet = np.zeros((side, side), dtype=np.float32)
    ink = ink[:side, :side]
    top, left = ((side - length) // 2 for length in ink.shape)
    sheet[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return sheet


def _outline(mask: np.ndarray, pen: float) -> np.ndarray:
    """Hollow out areas that are too wide for a stroke."""
    # Thick felt-tip lines are strokes still; only what is wider than five pens counts as filled.
    wide = int(np.ceil(2.5 * pen))
    inside = distance_within(mask, wide + 1)
    core = inside > wide
    if not core.any():
        return mask
    filled = distance_within(~core, wide + 2) <= wide + 1
    return mask & ~(filled & (inside > max(2.0, pen)))
