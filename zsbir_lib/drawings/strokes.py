"""Drawing strokes in the form of a data set's sketches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image

from zsbir_lib.drawings.style import INK, TOYBOX_STYLE, DrawingStyle, check_size
from zsbir_lib.errors import ZsbirError

_MOST_SEGMENTS = 20_000  # of a hand's drawing; more come from elsewhere, and are left out


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
        If nothing is drawn, `size` is out of range, a point has more than three numbers, or a
        pressure is not from 0 to 1: other forms of strokes are read by `read_strokes`.
    """
    check_size(size)
    clean = [points for n, stroke in enumerate(strokes) if len(points := stroke_points(stroke, n))]
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
    pixels = np.uint8(np.floor(255 - ink * (255 - INK) + 0.5))
    return Image.fromarray(pixels).convert("RGB")


def stroke_points(stroke: Iterable[Iterable[float]], number: int) -> np.ndarray:
    """Return the finite points of a stroke as x, y and pressure, shape (n, 3)."""
    turn = "read_strokes turns the lists of Quick, Draw! and rows of x, y and pen into such points"
    try:
        points = [tuple(float(value) for value in point) for point in stroke]
    except (TypeError, ValueError, OverflowError):
        raise ZsbirError(
            f"stroke {number} is no sequence of points (x, y) or (x, y, pressure); {turn}"
        ) from None
    for point in points:
        if not 2 <= len(point) <= 3:
            raise ZsbirError(
                f"a point of stroke {number} has {len(point)} numbers: give x, y and, at most, a "
                f"pressure; {turn}"
            )
    array = np.array([(*point, 0.5)[:3] for point in points], dtype=np.float64).reshape(-1, 3)
    array = array[np.isfinite(array[:, :2]).all(axis=1)]
    array[np.isnan(array[:, 2]), 2] = 0.5
    wrong = array[(array[:, 2] < 0) | (array[:, 2] > 1), 2]
    if len(wrong):
        raise ZsbirError(
            f"a pressure of stroke {number} is {wrong[0]:g}, not from 0 to 1: a third number that "
            f"is a time or a pen's state must go; {turn}"
        )
    return array


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
