"""From any drawing to a sketch like those of the data set: dark strokes on white, centred, square.

A network that was fed thin black lines on white, filling most of the frame, is lost on a scan of
2,000 pixels with a grey background, on white chalk, or on a drawing in one corner. So the ink is
found first, whatever its colour, and then drawn again at the size and the stroke width that the
data set's sketches have.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from zsbir_lib.errors import ZsbirError

MAX_PIXELS = 64_000_000
"""Pixels of the largest image that is opened, 8,000 x 8,000."""

_WORK_SIDE = 2048  # longer images are reduced to this before anything is computed
_INK = 32  # grey level of a stroke; the Toybox's pens have 0 to 70
_MOST_SEGMENTS = 20_000  # of a hand's drawing; more come from elsewhere, and are left out
_GRID = 32  # the local background is estimated on a grid of this many cells
_MIN_CONTRAST = 0.05  # weaker marks than this, of the way from black to white, are no ink
_MIN_EXTENT = 6  # pixels; anything smaller is a speck
_LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)


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


# ---------------------------------------------------------------------------------------------
# Reading
# ---------------------------------------------------------------------------------------------


def read_drawing(source: str | os.PathLike | Image.Image) -> Image.Image:
    """Read a drawing of any kind as an RGB image, upright and without transparency.

    Parameters
    ----------
    source
        An image file of any format that Pillow reads, or an image. Of several frames the first
        is taken. Where it is transparent it becomes white, or black if its strokes are light.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, at most 2,048 pixels on its longer side.

    Raises
    ------
    ZsbirError
        If the file is missing, empty, damaged or no image, or has more than `MAX_PIXELS`.
    """
    if isinstance(source, Image.Image):
        return _upright_rgb(source, "the drawing")
    path = Path(source)
    what = f"the drawing {path}"
    if not path.exists():
        raise ZsbirError(f"cannot read {what}: there is no such file")
    if path.is_dir():
        raise ZsbirError(f"cannot read {what}: it is a folder; give an image file")
    try:
        if path.stat().st_size == 0:
            raise ZsbirError(f"cannot read {what}: the file is empty (0 bytes)")
        with warnings.catch_warnings():
            # Pillow warns of large images and refuses huge ones; the limit here comes first.
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                return _upright_rgb(image, what)
    except (ZsbirError, MemoryError):
        raise
    except UnidentifiedImageError:
        raise ZsbirError(f"cannot read {what}: it is no image; use a PNG or JPEG file") from None
    except Image.DecompressionBombError:
        raise ZsbirError(_too_large(what)) from None
    except Exception as error:  # Pillow's readers raise nearly anything on damaged files
        reason = getattr(error, "strerror", None) or str(error).split("\n")[0] or "it is damaged"
        raise ZsbirError(f"cannot read {what}: {reason}") from None


def _too_large(what: str, size: tuple[int, int] | None = None) -> str:
    pixels = f"{size[0]} x {size[1]} pixels are" if size else "its number of pixels is"
    side = int(MAX_PIXELS**0.5)
    return f"cannot read {what}: {pixels} too large; reduce it to {side} x {side} or less"


def _upright_rgb(image: Image.Image, what: str) -> Image.Image:
    if 0 in image.size:
        raise ZsbirError(f"cannot read {what}: it has no pixels")
    if image.width * image.height > MAX_PIXELS:
        raise ZsbirError(_too_large(what, image.size))
    # A JPEG decoder can halve while it decodes, which is the cheapest way to reduce.
    image.draft("RGB", (_WORK_SIDE, _WORK_SIDE))
    image = ImageOps.exif_transpose(image)
    if image.mode[0] in "IF":
        return _reduce(_eight_bits(image).convert("RGB"))
    if not image.has_transparency_data:
        return _reduce(image.convert("RGB"))
    image = image.convert("RGBA")
    pixels = np.asarray(image)
    alpha = pixels[..., 3]
    opaque = alpha > 127
    light_strokes = False
    if opaque.any() and not opaque.all():
        dark = pixels[..., :3][opaque] @ _LUMINANCE < 160
        light_strokes = dark.mean() < 0.05
    under = Image.new("RGBA", image.size, "black" if light_strokes else "white")
    return _reduce(Image.alpha_composite(under, image).convert("RGB"))


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit, 32-bit and float images: Pillow itself would cut them off at 255."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    low, high = values.min(), values.max()
    if image.mode.startswith("I;16") or (image.mode == "I" and low >= 0 and 255 < high <= 65535):
        low, high = 0.0, 65535.0
    elif low >= 0 and high <= 1 and image.mode == "F":
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    return Image.fromarray(np.uint8((values - low) * (255 / max(high - low, 1e-12)) + 0.5))


def _reduce(image: Image.Image) -> Image.Image:
    """Reduce a long image to the working size, so that a hairline keeps its darkness."""
    factor = -(-max(image.size) // _WORK_SIDE)
    if factor == 1:
        return image
    # Where a block of pixels is not even, the one that differs most from the paper stands for it:
    # a thin stroke of any colour. Elsewhere the mean does, which keeps grain down.
    pixels = np.asarray(image)
    pixels = np.pad(pixels, [(0, -side % factor) for side in pixels.shape[:2]] + [(0, 0)], "edge")
    places = [pixels[y::factor, x::factor] for y in range(factor) for x in range(factor)]
    low, high = places[0].copy(), places[0].copy()
    for place in places[1:]:
        np.minimum(low, place, out=low)
        np.maximum(high, place, out=high)
    mean = np.asarray(image.reduce(factor))
    paper = np.median(mean[::4, ::4].reshape(-1, 3), axis=0).astype(np.uint8)
    # Of unsigned bytes, the larger less the smaller is the distance.
    from_low = np.maximum(low, paper) - np.minimum(low, paper)
    from_high = np.maximum(high, paper) - np.minimum(high, paper)
    uneven = (high - low).max(axis=2, keepdims=True) > 32
    return Image.fromarray(np.where(uneven, np.where(from_low > from_high, low, high), mean))


# ---------------------------------------------------------------------------------------------
# Finding the ink
# ---------------------------------------------------------------------------------------------


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


def _bounds(ink: np.ndarray, what: str) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the drawing; lonely specks do not count."""
    mask = ink > 0.5
    if not mask.any():
        raise ZsbirError(f"{what} is empty: nothing on it stands out from the background")
    cell = max(1, -(-max(mask.shape) // 96))
    padded = np.pad(mask, [(0, -side % cell) for side in mask.shape])
    rows, columns = (side // cell for side in padded.shape)
    mass = padded.reshape(rows, cell, columns, cell).sum(axis=(1, 3))
    labels = _components(mass > 0)
    sums = np.bincount(labels.ravel(), weights=mass.ravel())
    sums[0] = 0
    kept = np.flatnonzero(sums >= 0.01 * sums.sum())
    keep = np.kron(np.isin(labels, kept[kept > 0]), np.ones((cell, cell), dtype=bool))
    mask = mask & keep[: mask.shape[0], : mask.shape[1]]
    y, x = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, top, right, bottom = int(x[0]), int(y[0]), int(x[-1]) + 1, int(y[-1]) + 1
    extent = max(right - left, bottom - top)
    if extent < _MIN_EXTENT:
        raise ZsbirError(f"{what} is all but empty: what is drawn is {extent} pixels across")
    return left, top, right, bottom


def _components(cells: np.ndarray) -> np.ndarray:
    """Give each group of touching cells (also by a corner) a number, 0 where there is none."""
    rows, columns = cells.shape
    labels = np.where(cells, np.arange(1, cells.size + 1).reshape(rows, columns), 0)
    while True:
        padded = np.pad(labels, 1)
        largest = np.max([_shifted(padded, dy, dx) for dy, dx in _AROUND], axis=0)
        grown = np.where(cells, np.maximum(labels, largest), 0)
        if (grown == labels).all():
            return labels
        labels = grown


# ---------------------------------------------------------------------------------------------
# Drawing it again
# ---------------------------------------------------------------------------------------------


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
    if not 16 <= size <= 1024:
        raise ZsbirError(f"size {size} is not from 16 to 1024 pixels")
    image = read_drawing(image)
    ink = find_ink(image, what)
    left, top, right, bottom = _bounds(ink, what)
    ink = ink[top:bottom, left:right]
    # Drawn larger and reduced at the end, which is what makes the strokes smooth.
    scale = 4 if size <= 96 else 2
    side = size * scale
    pen = style.line_width * side
    # The pen reaches half its width beyond the middle of a stroke, on either side.
    target = style.fill * side
    sheet = _on_sheet(_fit(ink, target), side)
    mask = sheet > 0.5
    if not 0.6 * pen <= _line_width(mask) <= 1.6 * pen:
        lines = _thin(_outline(mask, pen))
        # A stroke drawn on its middle line is as long as before, less half its width at each end.
        y, x = np.nonzero(lines)
        extent = max(np.ptp(y), np.ptp(x)) + pen
        if 0 < extent < 0.95 * target:
            fitted = _fit(sheet[mask.any(axis=1)][:, mask.any(axis=0)], target * target / extent)
            sheet = _on_sheet(fitted, side)
            lines = _thin(_outline(sheet > 0.5, pen))
        sheet = np.clip(pen / 2 + 0.5 - _distance(~lines, int(pen) + 2), 0, 1)
    grey = sheet.reshape(size, scale, size, scale).mean(axis=(1, 3))
    pixels = np.uint8(255 - grey * (255 - _INK) + 0.5)
    return Image.fromarray(pixels).convert("RGB")


def render_strokes(
    strokes: Iterable[Sequence[Sequence[float]]],
    *,
    size: int = 64,
    style: DrawingStyle = TOYBOX_STYLE,
) -> Image.Image:
    """Draw strokes in the form of a data set's sketches: centred, of its size, with its pen.

    The script of the retrieval page, ``web/assets/engine.js``, does exactly the same.

    Parameters
    ----------
    strokes
        What was drawn: each stroke a sequence of points (x, y) or (x, y, pressure), in any units,
        with the origin at the top left. Pressure goes from 0 to 1, where 0.5 is the pen as it is.
        A point that is not finite is left out.
    size
        Side of the result in pixels, 16 to 1,024.
    style
        How large it is drawn, and with which pen.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, `size` x `size`.

    Raises
    ------
    ZsbirError
        If nothing is drawn, or `size` is out of range.
    """
    if not 16 <= size <= 1024:
        raise ZsbirError(f"size {size} is not from 16 to 1024 pixels")
    clean = []
    for stroke in strokes:
        points = np.array([(*point, 0.5)[:3] for point in stroke], dtype=np.float64).reshape(-1, 3)
        points = points[np.isfinite(points[:, :2]).all(axis=1)]
        if len(points):
            points[:, 2] = np.clip(np.nan_to_num(points[:, 2], nan=0.5), 0, 1)
            clean.append(points)
    if not clean:
        raise ZsbirError("nothing is drawn: give a stroke with a point or more")
    everything = np.concatenate(clean)[:, :2]
    low, high = everything.min(axis=0), everything.max(axis=0)
    pen, extent = style.line_width * size, float((high - low).max())
    scale = (style.fill * size - pen) / extent if extent > 1e-9 else 0.0
    shift = size / 2 - scale * (low + high) / 2
    ink = np.zeros((size, size))
    segments = 0
    for points in clean:
        start = None
        for i, (x, y, pressure) in enumerate(points):
            to = np.array([x * scale + shift[0], y * scale + shift[1], pressure])
            if start is None and len(points) > 1:
                start = to
                continue
            origin = to if start is None else start
            # Points closer than a quarter of a pixel add nothing; the last one of a stroke counts.
            if np.hypot(*(to - origin)[:2]) < 0.25 and i < len(points) - 1:
                continue
            segments += 1
            if segments > _MOST_SEGMENTS:
                break
            radius = pen / 2 * (0.5 + (origin[2] + to[2]) / 2)
            _draw_segment(ink, origin[:2], to[:2], radius)
            start = to
    pixels = np.uint8(np.floor(255 - ink * (255 - _INK) + 0.5))
    return Image.fromarray(pixels).convert("RGB")


def _draw_segment(ink: np.ndarray, a: np.ndarray, b: np.ndarray, radius: float) -> None:
    """Cover every pixel by its distance from the segment, one pixel wide at the edge."""
    side, reach = len(ink), radius + 0.5
    x0, y0 = np.maximum(0, np.floor(np.minimum(a, b) - reach)).astype(int)
    x1, y1 = np.minimum(side - 1, np.ceil(np.maximum(a, b) + reach)).astype(int)
    py, px = np.mgrid[y0 : y1 + 1, x0 : x1 + 1] + 0.5
    px, py = px - a[0], py - a[1]
    u = b - a
    length = float(u @ u)
    t = np.clip((px * u[0] + py * u[1]) / length, 0, 1) if length > 0 else 0.0
    cover = np.clip(reach - np.hypot(px - t * u[0], py - t * u[1]), 0, 1)
    part = ink[y0 : y1 + 1, x0 : x1 + 1]
    np.maximum(part, cover, out=part)


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
            left, top, right, bottom = _bounds(ink, "the sketch")
        except ZsbirError:
            continue
        frame, extent = max(ink.shape), max(right - left, bottom - top)
        fills.append(extent / frame)
        # Measured on a grid finer than the sketch, where a thin stroke is several cells wide.
        grid = max(256, 2 * extent)
        fitted = _fit(ink[top:bottom, left:right], grid)
        widths.append(_line_width(np.pad(fitted, 2) > 0.5) / grid * extent / frame)
    if not fills:
        raise ZsbirError("cannot measure the style of sketches: none has anything drawn on it")
    fill, width = float(np.median(fills)), float(np.median(widths))
    return DrawingStyle(min(1.0, max(0.2, fill)), min(0.1, max(0.002, width)))


def _fit(ink: np.ndarray, target: float) -> np.ndarray:
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


def _on_sheet(ink: np.ndarray, side: int) -> np.ndarray:
    sheet = np.zeros((side, side), dtype=np.float32)
    ink = ink[:side, :side]
    top, left = ((side - length) // 2 for length in ink.shape)
    sheet[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return sheet


def _distance(mask: np.ndarray, reach: int) -> np.ndarray:
    """Return the distance of each cell in `mask` to the nearest one outside, at most `reach`.

    Exact, one axis after the other: the distance along columns first, then for each cell the
    best of the columns within reach.
    """
    height, width = mask.shape
    row = np.arange(height)[:, None]
    above = np.maximum.accumulate(np.where(mask, -reach - height, row), axis=0)
    below = np.minimum.accumulate(np.where(mask, reach + 2 * height, row)[::-1], axis=0)[::-1]
    column = np.minimum(np.minimum(row - above, below - row), reach).astype(np.float32) ** 2
    padded = np.pad(column, ((0, 0), (reach, reach)), constant_values=float(reach**2))
    best = column
    for shift in range(-reach, reach + 1):
        start = reach + shift
        best = np.minimum(best, padded[:, start : start + width] + np.float32(shift**2))
    return np.sqrt(np.minimum(best, np.float32(reach**2)))


def _line_width(mask: np.ndarray) -> float:
    """Estimate the width of strokes: four times the mean distance to their edge."""
    if not mask.any():
        return 0.0
    reach = max(8, mask.shape[0] // 8)
    return 4 * (float(_distance(mask, reach)[mask].mean()) - 0.5)


def _outline(mask: np.ndarray, pen: float) -> np.ndarray:
    """Hollow out areas that are too wide for a stroke."""
    # Thick felt-tip lines are strokes still; only what is wider than five pens counts as filled.
    wide = int(np.ceil(2.5 * pen))
    inside = _distance(mask, wide + 1)
    core = inside > wide
    if not core.any():
        return mask
    filled = _distance(~core, wide + 2) <= wide + 1
    return mask & ~(filled & (inside > max(2.0, pen)))


_AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))


def _shifted(padded: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """Return what lies `dy` below and `dx` right of each cell of an array padded by one."""
    height, width = padded.shape
    return padded[1 + dy : height - 1 + dy, 1 + dx : width - 1 + dx]


def _thin(mask: np.ndarray) -> np.ndarray:
    """Reduce strokes to lines one cell wide (Zhang and Suen, CACM 1984)."""
    mask = mask.copy()
    changed = True
    while changed:
        changed = False
        for step in (0, 1):
            padded = np.pad(mask, 1)
            p = [_shifted(padded, dy, dx) for dy, dx in _AROUND]
            neighbours = np.sum(p, axis=0, dtype=np.int8)
            turns = np.sum([~p[i] & p[(i + 1) % 8] for i in range(8)], axis=0, dtype=np.int8)
            north, east, south, west = p[0], p[2], p[4], p[6]
            if step == 0:
                edge = ~(north & east & south) & ~(east & south & west)
            else:
                edge = ~(north & east & west) & ~(north & south & west)
            remove = mask & (neighbours >= 2) & (neighbours <= 6) & (turns == 1) & edge
            left = np.pad(mask & ~remove, 1)
            # A square of 2 x 2 would vanish at once: keep its first cell.
            gone = ~np.any([_shifted(left, dy, dx) for dy, dx in _AROUND], axis=0)
            remove &= ~(gone & east & p[3] & south)
            if remove.any():
                mask &= ~remove
                changed = True
    return mask
