"""Outlines and paths as arrays of points: the pencil strokes that every toy is made of.

Every function returns an array of shape (n, 2) in drawing units, x to the right and **y up**; a toy
is about two units wide, its scale does not matter since it is fitted to the picture afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np

Points: TypeAlias = np.ndarray
PointLike: TypeAlias = Sequence[float] | np.ndarray  # two numbers
PointsLike: TypeAlias = Sequence[PointLike] | np.ndarray
_STEP = 0.05  # spacing of points on straight lines, fine enough for a wobbling hand to bend them
_TURN = np.linspace(0.0, math.pi, 7)[1:-1]
_HALF_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)


@lru_cache(maxsize=64)
def _spline_basis(samples: int) -> np.ndarray:
    """Return the Catmull-Rom blending matrix, shape (samples, 4)."""
    t = np.linspace(0.0, 1.0, samples, endpoint=False)[:, None]
    powers = np.hstack([np.ones_like(t), t, t**2, t**3])
    matrix = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]], dtype=float)
    return 0.5 * powers @ matrix


def _spline(knots: np.ndarray, pieces: int, samples: int) -> Points:
    """Blend each run of four knots into `samples` points."""
    windows = knots[np.arange(pieces)[:, None] + np.arange(4)]
    return (_spline_basis(samples) @ windows).reshape(-1, 2)


def closed_curve(*points: PointLike, samples: int = 8) -> Points:
    """Return a smooth closed curve through `points` (Catmull-Rom spline)."""
    p = np.asarray(points, dtype=float)
    return _spline(np.concatenate([p[-1:], p, p[:2]]), len(p), samples)


def open_curve(*points: PointLike, samples: int = 8) -> Points:
    """Return a smooth open curve through `points` (Catmull-Rom spline)."""
    p = np.asarray(points, dtype=float)
    knots = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    return np.concatenate([_spline(knots, len(p) - 1, samples), p[-1:]])


def polyline(*points: PointLike) -> Points:
    """Return straight lines through `points`, with points added along them."""
    p = np.asarray(points, dtype=float)
    steps = np.diff(p, axis=0)
    counts = np.maximum(1, (np.hypot(steps[:, 0], steps[:, 1]) / _STEP).astype(int))
    start = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    fraction = (within / counts[start])[:, None]
    return np.concatenate([p[start] + steps[start] * fraction, p[-1:]])


def polygon(*points: PointLike) -> Points:
    """Return a closed outline with straight sides."""
    return polyline(*points, points[0])[:-1]


def rotate(points: PointsLike, degrees: float, centre: PointLike = (0.0, 0.0)) -> Points:
    """Turn `points` by `degrees`, counter-clockwise, about `centre`."""
    a = math.radians(degrees)
    matrix = np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])
    return (np.asarray(points, dtype=float) - centre) @ matrix + centre


def ellipse(
    cx: float,
    cy: float,
    rx: float,
    ry: float | None = None,
    angle: float = 0.0,
    samples: int = 36,
    start: float = 0.0,
    stop: float = 360.0,
) -> Points:
    """Return an ellipse, or the arc of it from `start` to `stop` degrees, turned by `angle`.

    Its middle is (`cx`, `cy`), its half axes are `rx` and `ry` (by default the same), and it has
    `samples` points.
    """
    ry = rx if ry is None else ry
    t = np.radians(np.linspace(start, stop, samples, endpoint=(stop - start) < 360))
    points = np.stack([cx + rx * np.cos(t), cy + ry * np.sin(t)], axis=1)
    return rotate(points, angle, (cx, cy)) if angle else points


def ring(cx: float, cy: float, rx: float, ry: float | None = None, angle: float = 0.0) -> Points:
    """Return an ellipse as a path that ends where it began, to be drawn as a line.

    `cx`, `cy`, `rx`, `ry` and `angle` are those of an `ellipse`.
    """
    points = ellipse(cx, cy, rx, ry, angle)
    return np.concatenate([points, points[:1]])


def rectangle(
    cx: float, cy: float, width: float, height: float, radius: float = 0.0, angle: float = 0.0
) -> Points:
    """Return a rectangle about (`cx`, `cy`), turned by `angle`.

    It is `width` wide and `height` high, with corners rounded by `radius`.
    """
    x, y = width / 2, height / 2
    radius = min(radius, x - 1e-3, y - 1e-3)
    if radius <= 0:
        points = polygon((cx - x, cy - y), (cx + x, cy - y), (cx + x, cy + y), (cx - x, cy + y))
    else:
        corners = [
            ellipse(cx + sx * (x - radius), cy + sy * (y - radius), radius, radius, 0, 6, a, a + 90)
            for sx, sy, a in ((1, 1, 0), (-1, 1, 90), (-1, -1, 180), (1, -1, 270))
        ]
        points = polygon(*np.concatenate(corners))
    return rotate(points, angle, (cx, cy)) if angle else points


def limb(path: PointsLike, widths: Sequence[float] | np.ndarray, samples: int = 8) -> Points:
    """Return the outline of a limb: a smooth `path` of varying width, with round ends.

    Parameters
    ----------
    path
        Points that the middle of the limb passes through.
    widths
        Full widths, spread evenly along the path.
    samples
        Points between two points of the path.
    """
    middle = open_curve(*path, samples=samples)
    along = np.linspace(0.0, 1.0, len(middle))
    half = np.interp(along, np.linspace(0.0, 1.0, len(widths)), widths) / 2
    forward = np.empty_like(middle)
    forward[0], forward[-1] = middle[1] - middle[0], middle[-1] - middle[-2]
    forward[1:-1] = middle[2:] - middle[:-2]
    forward /= np.hypot(forward[:, 0], forward[:, 1])[:, None] + 1e-9
    normal = np.stack([-forward[:, 1], forward[:, 0]], axis=1)
    # Half circles from one side, round the tip, to the other side.
    end = middle[-1] + half[-1] * _HALF_CIRCLE @ np.stack([normal[-1], forward[-1]])
    begin = middle[0] - half[0] * _HALF_CIRCLE @ np.stack([normal[0], forward[0]])
    side = normal * half[:, None]
    return np.concatenate([middle + side, end, (middle - side)[::-1], begin])


def mirrored(
    *half_profile: PointLike, smooth: bool = True, cx: float = 0.0, samples: int = 6
) -> Points:
    """Return an outline symmetric about `cx` from its right half.

    The points of `half_profile` go from top to bottom with x >= 0. They are joined by a curve of
    `samples` points between two of them, or, unless `smooth`, by straight lines.
    """
    right = open_curve(*half_profile, samples=samples) if smooth else polyline(*half_profile)
    outline = np.concatenate([right, right[::-1] * [-1.0, 1.0]])
    outline[:, 0] += cx
    return outline


def blob(
    cx: float, cy: float, rx: float, ry: float | None = None, lobes: int = 9, depth: float = 0.14
) -> Points:
    """Return a cloud-like outline with `lobes` bumps that stand out by the fraction `depth`.

    Without them it is the ellipse of (`cx`, `cy`), `rx` and `ry`.
    """
    ry = rx if ry is None else ry
    i = np.arange(2 * lobes)
    grow, t = 1 + depth * (i % 2), i * math.pi / lobes + 0.1
    points = np.stack([cx + rx * grow * np.cos(t), cy + ry * grow * np.sin(t)], axis=1)
    return closed_curve(*points, samples=3)


def star(
    cx: float, cy: float, outer: float, inner: float, points: int, angle: float = 90
) -> Points:
    """Return a star with straight sides; its first tip points towards `angle` degrees.

    Its middle is (`cx`, `cy`); it has `points` tips at the distance `outer`, and between them
    corners at the distance `inner`.
    """
    i = np.arange(2 * points)
    radius = np.where(i % 2 == 0, outer, inner)
    t = math.radians(angle) + i * math.pi / points
    return polygon(*np.stack([cx + radius * np.cos(t), cy + radius * np.sin(t)], axis=1))
