"""Strokes as another hand would draw them.

Pixels of a drawing can be shifted and turned; people differ in more than that. One leaves out what
another draws first, gets the legs too short, closes every shape, goes over a line twice, takes a
thick pen. `StrokeAugmentation` changes strokes in these ways, each by a number of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from zsbir_lib.drawings.strokes import stroke_points
from zsbir_lib.drawings.style import INK, TOYBOX_STYLE
from zsbir_lib.errors import ZsbirError

_SPACING = 0.05  # of the points along a stroke; the drawing is 1.7 wide or high
_SIDE = 1.7
_SUPERSAMPLING = 3
_LIFT = 20 * _SPACING  # the way of the pen from one stroke to the next: each trembles anew


@dataclass(frozen=True, eq=False)
class StrokeDrawing:
    """Strokes, sampled at equal distances, and what a hurried hand would leave out.

    Attributes
    ----------
    points : ndarray of float, shape (n, 2)
        Of all strokes, one after the other; the longer side of the drawing is 1.7, its middle 0.
    counts : ndarray of int, shape (n_strokes,)
        Points of each stroke.
    parts : ndarray of int, shape (n_strokes,)
        Which strokes belong together: they are misplaced and left out as one.
    omission : ndarray of float, shape (n_strokes,)
        How likely a stroke is to be left out by an ordinary hand.
    """

    points: np.ndarray
    counts: np.ndarray
    parts: np.ndarray
    omission: np.ndarray

    @classmethod
    def of(
        cls,
        strokes: Sequence[Iterable[Iterable[float]]],
        parts: Sequence[int] | np.ndarray | None = None,
        omission: Sequence[float] | np.ndarray | None = None,
    ) -> StrokeDrawing:
        """Sample strokes of points (x, y) or (x, y, pressure).

        Parameters
        ----------
        strokes
            In any units, with the origin at the top left.
        parts
            See the attribute; by default every stroke is a part.
        omission
            See the attribute; by default short strokes are left out more often than long ones,
            and none where there are one or two.

        Raises
        ------
        ZsbirError
            If nothing is drawn; see `zsbir_lib.drawings.render_strokes`.
        """
        arrays = [stroke_points(stroke, number)[:, :2] for number, stroke in enumerate(strokes)]
        drawn = np.flatnonzero([len(array) > 0 for array in arrays])
        arrays = [arrays[number] for number in drawn]
        if not arrays:
            raise ZsbirError("nothing is drawn: give a stroke with a point or more")
        everything = np.concatenate(arrays)
        low, high = everything.min(axis=0), everything.max(axis=0)
        middle, extent = (low + high) / 2, max(float((high - low).max()), 1e-9)
        sampled = [_sampled((array - middle) * (_SIDE / extent)) for array in arrays]
        counts = np.array([len(points) for points in sampled])
        if omission is None:
            mean = counts.mean()
            likely = 0.16 * mean / (counts + 0.3 * mean) * (len(sampled) > 2)
        else:
            likely = np.asarray(omission, dtype=np.float64)[drawn]
        together = drawn if parts is None else np.asarray(parts)[drawn]
        return cls(np.concatenate(sampled).astype(np.float32), counts, together, likely)

    @property
    def strokes(self) -> list[np.ndarray]:
        """The points of each stroke, each of shape (n, 2)."""
        return np.split(self.points, np.cumsum(self.counts)[:-1])


def _sampled(line: np.ndarray) -> np.ndarray:
    """Return points at equal distances along a line."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    line = line[np.concatenate([[True], steps > 1e-6])]
    if len(line) < 2:
        return line
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    places = np.linspace(0, along[-1], max(2, int(along[-1] / _SPACING) + 1))
    return np.stack([np.interp(places, along, line[:, axis]) for axis in (0, 1)], axis=1)


@dataclass(frozen=True)
class StrokeAugmentation:
    """How far another hand strays from a drawing: each number scales one habit, 0 is without it.

    Attributes
    ----------
    omission
        Parts are left out, details first.
    proportions
        Parts are misplaced, turned, too large or too small; the whole is bent.
    slant
        The whole is turned, sheared, stretched.
    wobble
        The pen trembles.
    simplification
        How often a drawing has few straight lines in place of curves.
    closing
        How often open shapes are closed, as children do; lines end early otherwise.
    doubling
        How often some strokes are drawn twice.
    pens
        Pens are thicker or thinner, paler or darker; the drawing is larger or smaller.
    mirror
        How often it is mirrored; 1 is half of all.
    """

    omission: float = 1.0
    proportions: float = 1.0
    slant: float = 1.0
    wobble: float = 1.0
    simplification: float = 1.0
    closing: float = 1.0
    doubling: float = 1.0
    pens: float = 1.0
    mirror: float = 1.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value <= 2:
                raise ZsbirError(f"{name} {value} is not from 0 to 2")

    def strokes(self, drawing: StrokeDrawing, rng: np.random.Generator) -> list[np.ndarray]:
        """Draw the strokes again by a hand that `rng` chooses.

        Returns
        -------
        list of ndarray, each of shape (n, 2)
            In about the same units as `drawing`.
        """
        kept = np.flatnonzero(self._kept(drawing, rng))
        counts = drawing.counts[kept]
        number = np.repeat(np.arange(len(kept)), counts)
        starts = np.cumsum(drawing.counts) - drawing.counts
        rows = np.repeat(starts[kept] - (np.cumsum(counts) - counts), counts)
        points = drawing.points[rows + np.arange(counts.sum())].astype(np.float64)
        points = self._misplaced(points, drawing.parts[kept][number], rng)
        points = points @ self._sheet(rng)
        along = np.arange(len(points)) * _SPACING + number * _LIFT
        points += smooth_noise(rng, along * 3) * (rng.uniform(0, 0.02) * self.wobble)
        points += smooth_noise(rng, along * 14) * (rng.uniform(0, 0.007) * self.wobble)
        return self._ended(*self._simplified(points, number, rng), rng)

    def picture(
        self, drawing: StrokeDrawing, rng: np.random.Generator, *, size: int = 64
    ) -> np.ndarray:
        """Draw `drawing` again, with a pen that `rng` chooses.

        Returns
        -------
        ndarray of uint8, shape (size, size)
            Dark strokes on white.
        """
        strokes = self.strokes(drawing, rng)
        fill = TOYBOX_STYLE.fill + rng.uniform(-0.12, 0.1) * self.pens
        pen = TOYBOX_STYLE.line_width + rng.uniform(-0.009, 0.011) * self.pens
        ink = INK + rng.uniform(-32, 48) * self.pens
        shift = rng.standard_normal(2) * 0.02 * self.pens
        return draw_lines(strokes, size=size, fill=fill, pen=pen, ink=round(ink), shift=shift)

    def _kept(self, drawing: StrokeDrawing, rng: np.random.Generator) -> np.ndarray:
        """Choose the strokes that are drawn, as booleans; one at least."""
        haste = rng.uniform(0, 1.6) * self.omission
        chance = np.minimum(drawing.omission * haste, 0.95)
        kept = rng.random(int(drawing.parts.max()) + 1)[drawing.parts] >= chance
        kept &= rng.random(len(kept)) >= 0.03 * self.omission
        return kept if kept.any() else np.ones_like(kept)

    def _misplaced(
        self, points: np.ndarray, part: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Move, turn and resize each part, then bend the sheet."""
        skill, count = rng.uniform(0.2, 1.5) * self.proportions, int(part.max()) + 1
        shift = rng.standard_normal((count, 2)) * 0.025 * skill
        zoom = np.exp(rng.standard_normal((count, 2)) * 0.07 * skill)
        turn = (rng.standard_normal(count) * 0.08 * skill)[part]
        members = np.maximum(np.bincount(part, minlength=count), 1)
        sums = [np.bincount(part, points[:, axis], minlength=count) for axis in (0, 1)]
        middle = (np.stack(sums, axis=1) / members[:, None])[part]
        local = (points - middle) * zoom[part]
        x = local[:, 0] * np.cos(turn) - local[:, 1] * np.sin(turn)
        y = local[:, 0] * np.sin(turn) + local[:, 1] * np.cos(turn)
        x, y = (np.stack([x, y], axis=1) + middle + shift[part]).T
        bend = rng.standard_normal((2, 2)) * 0.06 * skill
        phase, wave = rng.uniform(0, 2 * np.pi, (2, 2)), rng.uniform(1.2, 3.0, (2, 2))
        waves = [
            bend[axis, 0] * np.sin(wave[axis, 0] * x + phase[axis, 0])
            + bend[axis, 1] * np.sin(wave[axis, 1] * y + phase[axis, 1])
            for axis in (0, 1)
        ]
        return np.stack([x + waves[0], y + waves[1]], axis=1)

    def _sheet(self, rng: np.random.Generator) -> np.ndarray:
        """Return the matrix (2, 2) that turns, stretches, shears and mirrors rows of points."""
        angle = rng.normal() * 0.13 * self.slant
        turned = np.array(
            [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        ) * np.exp(rng.standard_normal(2) * 0.15 * self.slant)
        sheared = turned @ np.array([[1, rng.normal() * 0.12 * self.slant], [0, 1]])
        side = -1 if rng.random() < 0.5 * self.mirror else 1
        return (sheared * np.array([side, 1])).T

    def _simplified(
        self, points: np.ndarray, number: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Keep every few points of each stroke only, now and then, and its ends."""
        chosen, every = rng.random() < 0.35 * self.simplification, int(rng.integers(2, 7))
        if not chosen:
            return points, number
        first = np.searchsorted(number, number)
        last = np.searchsorted(number, number, side="right") - 1
        place = np.arange(len(points))
        kept = ((place - first) % every == 0) | (place == last)
        return points[kept], number[kept]

    def _ended(
        self, points: np.ndarray, number: np.ndarray, rng: np.random.Generator
    ) -> list[np.ndarray]:
        """Close shapes, stop lines short, draw some twice."""
        closes = rng.random() < 0.25 * self.closing
        twice = rng.uniform(0, 0.15) if rng.random() < 0.3 * self.doubling else 0.0
        found = []
        for line in np.split(points, np.flatnonzero(np.diff(number)) + 1):
            chance, share, again = rng.random(3)
            if closes and len(line) > 6 and np.abs(line[0] - line[-1]).max() < 0.3:
                line = np.concatenate([line, line[:1]])
            elif len(line) > 5 and chance < 0.3 * self.closing:
                cut = int(len(line) * share * 0.12)
                line = line[cut // 2 : len(line) - (cut - cut // 2)]
            found.append(line)
            if again < twice:
                found.append(line + rng.standard_normal(2) * 0.03)
        return found


def smooth_noise(rng: np.random.Generator, position: np.ndarray, columns: int = 2) -> np.ndarray:
    """Return smooth noise of unit size, with about one swing a unit, shape (n, columns).

    Parameters
    ----------
    rng
        What it is drawn from.
    position
        Where along a path, from 0 on and increasing, shape (n,).
    columns
        How many noises, independent of each other.
    """
    knots = rng.standard_normal((int(position[-1]) + 3, columns))
    left = position.astype(int)
    t = (position - left)[:, None]
    t = t * t * (3 - 2 * t)
    return knots[left] * (1 - t) + knots[left + 1] * t


def draw_lines(
    strokes: Sequence[np.ndarray],
    *,
    size: int = 64,
    fill: float = TOYBOX_STYLE.fill,
    pen: float = TOYBOX_STYLE.line_width,
    ink: int = INK,
    shift: Sequence[float] | np.ndarray = (0.0, 0.0),
) -> np.ndarray:
    """Draw strokes in the middle of a sheet, faster and a little rougher than `render_strokes`.

    Parameters
    ----------
    strokes
        Each of shape (n, 2), in any units.
    size
        Side in pixels.
    fill, pen
        Longer side of the drawing, and width of the line, as fractions of the sheet's.
    ink
        Grey level of the line.
    shift
        How far from the middle it is, as fractions of the sheet's side.

    Returns
    -------
    ndarray of uint8, shape (size, size)
        Strokes on white.
    """
    everything = np.concatenate(strokes)
    low, high = everything.min(axis=0), everything.max(axis=0)
    side = size * _SUPERSAMPLING
    width = max(1, round(pen * side))
    scale = (fill * side - width) / max(float((high - low).max()), 1e-9)
    middle = side / 2 + np.asarray(shift) * side
    image = Image.new("L", (side, side), 255)
    sheet = ImageDraw.Draw(image)
    for stroke in strokes:
        places = (stroke - (low + high) / 2) * scale + middle
        if len(places) > 1:
            sheet.line(places.ravel().tolist(), fill=ink, width=width)
            continue
        x, y = places[0]
        sheet.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=ink)
    return np.asarray(image.reduce(_SUPERSAMPLING))
