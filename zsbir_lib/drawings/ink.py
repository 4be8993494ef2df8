"""Finding the ink of a drawing, whatever its colour and whatever it lies on.

A network that was fed thin black lines on white is lost on a scan with a grey background, on white
chalk, or on a drawing in one corner. So the ink is found first, and everything else is left behind.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from zsbir_lib.errors import ZsbirError

_GRID = 32  # the local background is estimated on a grid of this many cells
_MIN_CONTRAST = 0.05  # weaker marks than this, of the way from black to white, are no ink
_MIN_EXTENT = 6  # pixels; anything smaller is a speck
_LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def find_ink(image: Image.Image, what: str = "the drawing") -> np.ndarray:
    """Tell how much ink each pixel of a drawing has.

    The background is the commonest colour, or what a wide median shows where there is none, as
    on photographed paper in uneven light; ink is what differs from it. Strokes may thus be darker
    or lighter than the background, or differ in colour alone.

    Parameters
    ----------
    image
        From `read_drawing`.
    what
        What an error message calls it.

    Returns
    -------
    ndarray of float32, shape (height, width)
        0 (background) to 1 (ink).

    Raises
    ------
    ZsbirError
        If nothing is drawn on it.
    """
    colours = np.asarray(image.convert("RGB"), dtype=np.float32) / 255
    if min(colours.shape[:2]) < 2 or float(np.ptp(colours.reshape(-1, 3), axis=0).max()) == 0:
        raise ZsbirError(f"{what} is empty: it is all of one colour")
    difference = colours - _background(colours)
    light = difference @ _LUMINANCE
    darker, lighter = np.clip(-light, 0, None), np.clip(light, 0, None)
    dark_peak, light_peak = _peak(darker), _peak(lighter)
    ink, peak = (darker, dark_peak) if dark_peak >= light_peak else (lighter, light_peak)
    if peak < 0.25:
        # As light as the background, or nearly: yellow on white, blue on black.
        colour = np.abs(difference).max(axis=2)
        if _peak(colour) > 2 * peak:
            ink, peak = colour, _peak(colour)
    noise = 1.4826 * float(np.median(np.abs(ink - np.median(ink))))
    if peak < max(_MIN_CONTRAST, 8 * noise):
        raise ZsbirError(f"{what} is empty: nothing on it stands out from the background")
    # Between these two the edge of a stroke is smooth.
    low = max(0.25 * peak, 4 * noise)
    high = max(0.6 * peak, low + 0.02)
    return np.clip((ink - low) / (high - low), 0, 1)


def _peak(values: np.ndarray) -> float:
    """Return how strong the strongest marks are, without the few pixels that are stronger yet."""
    flat = values.ravel()
    rank = max(0, flat.size - 1 - max(12, flat.size // 2000))
    return float(np.partition(flat, rank)[rank])


def _background(colours: np.ndarray) -> np.ndarray:
    """Return the colour of the background: one of shape (3,), or one for each pixel."""
    levels = (colours * 31 + 0.5).astype(np.int32)
    codes = (levels[..., 0] << 10 | levels[..., 1] << 5 | levels[..., 2]).ravel()
    commonest = int(np.bincount(codes, minlength=1 << 15).argmax())
    flat = colours.reshape(-1, 3)
    middle = flat[codes == commonest].mean(axis=0)
    if (np.abs(flat - middle).max(axis=1) < 0.04).mean() > 0.4:
        return middle
    # Uneven light: a wide median, cell by cell, which thin strokes do not move.
    height, width = colours.shape[:2]
    rows = np.linspace(0, height, min(_GRID, height) + 1).astype(int)
    columns = np.linspace(0, width, min(_GRID, width) + 1).astype(int)
    cells = np.empty((len(rows) - 1, len(columns) - 1, 3), dtype=np.float32)
    for i in range(len(rows) - 1):
        for j in range(len(columns) - 1):
            cell = colours[rows[i] : rows[i + 1], columns[j] : columns[j + 1]]
            cells[i, j] = np.median(cell.reshape(-1, 3), axis=0)
    channels = []
    for c in range(3):
        grid = Image.fromarray(np.uint8(cells[..., c] * 255 + 0.5))
        grid = grid.filter(ImageFilter.MedianFilter(5)).filter(ImageFilter.GaussianBlur(1))
        full = grid.resize((width, height), Image.Resampling.BICUBIC)
        channels.append(np.asarray(full, dtype=np.float32) / 255)
    return np.stack(channels, axis=2)


def crop_ink(ink: np.ndarray, what: str = "the drawing") -> np.ndarray:
    """Cut ink to what is drawn; lonely specks do not count.

    Parameters
    ----------
    ink
        From `find_ink`, shape (height, width).
    what
        What an error message calls the drawing.

    Returns
    -------
    ndarray of float32
        The part of `ink` that the drawing covers.

    Raises
    ------
    ZsbirError
        If there is none, or a speck only.
    """
    from scipy import ndimage  # here, since it takes a second, and data sets do without

    mask = ink > 0.5
    if not mask.any():
        raise ZsbirError(f"{what} is empty: nothing on it stands out from the background")
    cell = max(1, -(-max(mask.shape) // 96))
    padded = np.pad(mask, [(0, -side % cell) for side in mask.shape])
    rows, columns = (side // cell for side in padded.shape)
    mass = padded.reshape(rows, cell, columns, cell).sum(axis=(1, 3))
    labels, _ = ndimage.label(mass > 0, structure=np.ones((3, 3)))  # corners touch, too
    sums = np.bincount(labels.ravel(), weights=mass.ravel())
    sums[0] = 0
    kept = np.flatnonzero(sums >= 0.01 * sums.sum())
    keep = np.kron(np.isin(labels, kept[kept > 0]), np.ones((cell, cell), dtype=bool))
    mask = mask & keep[: mask.shape[0], : mask.shape[1]]
    y, x = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    cut = ink[y[0] : y[-1] + 1, x[0] : x[-1] + 1]
    if max(cut.shape) < _MIN_EXTENT:
        raise ZsbirError(
            f"{what} is all but empty: what is drawn is {max(cut.shape)} pixels across"
        )
    return cut
