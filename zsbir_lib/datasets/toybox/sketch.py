"""From the parts of a toy to a sketch of it: which lines show, and a hand that draws them badly.

`visible_strokes` finds the lines that a contour drawing would hold: hidden lines are removed and
parts of one group share one outline. `render_sketch` then draws them as a person might: parts left
out or misplaced, proportions wrong, a trembling pen, gaps and overshoots.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from zsbir_lib.datasets.toybox.drawing import Part
from zsbir_lib.drawings.hands import smooth_noise

_VISIBILITY_SIZE = 128  # pixels of the masks that decide what is hidden
_SUPERSAMPLING = 4
_POINT_SPACING = 0.035  # of the drawn line, in picture units (the picture is two units wide)


@dataclass(frozen=True)
class Hand:
    """How one person draws; 1 is ordinary, 0 would be perfect.

    Attributes
    ----------
    clumsiness
        Scales trembling, wrong proportions and misplaced parts.
    laziness
        Scales how much detail is left out.
    slant
        Radians by which the person's drawings lean.
    pen
        Width of the line, in picture units (the picture is two units wide).
    darkness
        Gray level of the ink, 0 (black) to 255.
    breaks
        Scales how often a long outline is drawn in several strokes.
    """

    clumsiness: float
    laziness: float
    slant: float
    pen: float
    darkness: int
    breaks: float

    @classmethod
    def draw_one(cls, rng: np.random.Generator) -> Hand:
        """Return a hand from the population."""
        return cls(
            clumsiness=rng.uniform(0.5, 1.4),
            laziness=rng.uniform(0.5, 1.4),
            slant=rng.normal() * 0.05,
            pen=rng.uniform(0.02, 0.042),
            darkness=int(rng.uniform(0, 70)),
            breaks=rng.uniform(0.4, 1.6),
        )


@dataclass(frozen=True)
class Strokes:
    """The visible lines of a toy.

    Attributes
    ----------
    lines
        Paths, each of shape (n, 2), in picture coordinates (y down).
    part_numbers
        The part that each path belongs to.
    parts
        All parts of the toy.
    """

    lines: tuple[np.ndarray, ...]
    part_numbers: tuple[int, ...]
    parts: tuple[Part, ...]


def _visible_runs(path: np.ndarray, visible: np.ndarray, closed: bool) -> list[np.ndarray]:
    """Cut a path into its visible stretches of more than two points."""
    if visible.all():
        return [path]
    if closed and visible[0]:
        # Begin at a hidden point, so that no stretch is torn at the seam of the outline.
        first = int(np.argmin(visible))
        path = np.concatenate([path[first:-1], path[: first + 1]])
        visible = np.concatenate([visible[first:-1], visible[: first + 1]])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], visible.view(np.int8), [0]])))
    return [path[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 2]


def visible_strokes(parts: Sequence[Part]) -> Strokes:
    """Find the lines that a contour drawing of the toy shows.

    Parameters
    ----------
    parts
        From `draw_object`, back to front.

    Returns
    -------
    Strokes
        A point is hidden if a filled part in front of it, or any other part of its own group,
        covers it.
    """
    size = _VISIBILITY_SIZE
    covers = [i for i, part in enumerate(parts) if part.filled]
    masks = np.empty((len(covers), size, size), dtype=np.uint8)
    for row, i in enumerate(covers):
        mask = Image.new("L", (size, size), 0)
        outline = ((parts[i].points + 1) * (size / 2)).ravel().tolist()
        ImageDraw.Draw(mask).polygon(outline, fill=255)
        # Blurred, so that a point on a shared border does not count as covered.
        masks[row] = np.asarray(mask.filter(ImageFilter.BoxBlur(1)))
    paths = [np.concatenate([p.points, p.points[:1]]) if p.filled else p.points for p in parts]
    lengths = [len(path) for path in paths]
    owner = np.repeat(np.arange(len(parts)), lengths)
    x, y = np.clip((np.concatenate(paths) + 1) * (size / 2), 0, size - 1).astype(int).T

    named = {name: number for number, name in enumerate({p.group: None for p in parts})}
    groups = np.array([-1 - i if p.group is None else named[p.group] for i, p in enumerate(parts)])
    front = np.array(covers)[:, None] > np.arange(len(parts))
    kin = groups[covers][:, None] == groups
    kin &= np.array(covers)[:, None] != np.arange(len(parts))
    threshold = np.where(front | kin, np.where(kin, 0.75 * 255, 0.8 * 255), 256).astype(np.float32)
    hidden = np.any(masks[:, y, x] >= threshold[:, owner], axis=0)

    lines: list[np.ndarray] = []
    numbers: list[int] = []
    ends = np.cumsum(lengths)
    for i, (path, end) in enumerate(zip(paths, ends, strict=True)):
        for run in _visible_runs(path, ~hidden[end - len(path) : end], parts[i].filled):
            lines.append(run)
            numbers.append(i)
    return Strokes(tuple(lines), tuple(numbers), tuple(parts))


def _omitted(
    strokes: Strokes, rng: np.random.Generator, hand: Hand, abstraction: float
) -> np.ndarray:
    """Choose the parts that the hand leaves out, as booleans."""
    chances = rng.random(len(strokes.parts))
    leave_lines = min(0.95, 0.25 + 0.35 * abstraction * hand.laziness)
    out = np.zeros(len(strokes.parts), dtype=bool)
    for i, part in enumerate(strokes.parts):
        extent = np.ptp(part.points, axis=0).max()
        if not part.filled:
            chance = leave_lines * (1.3 - part.importance)
        elif extent > 0.7:
            chance = 0.0
        else:
            small = 2.5 if extent < 0.22 else 1.0
            chance = 0.2 * small * max(0.0, 1.1 - part.importance)
            chance += 0.35 * max(0.0, 1 - part.importance)
            chance *= abstraction * hand.laziness
        out[i] = chances[i] < chance
    return out


def _distort(
    points: np.ndarray,
    part: np.ndarray,
    strokes: Strokes,
    rng: np.random.Generator,
    hand: Hand,
    abstraction: float,
) -> np.ndarray:
    """Misplace parts, get proportions wrong, lean: everything but the trembling of the pen."""
    skill = abstraction * hand.clumsiness
    count = len(strokes.parts)
    # Each part on its own is a little off; grouped parts stay together, or their outline tears.
    free = np.array([p.group is None for p in strokes.parts], dtype=float)[:, None]
    shift = rng.standard_normal((count, 2)) * 0.018 * skill * free
    zoom = np.exp(rng.standard_normal((count, 2)) * 0.05 * skill * free)
    turn = (rng.standard_normal(count) * 0.06 * skill * free[:, 0])[part]
    members = np.bincount(part, minlength=count)
    sums = np.stack([np.bincount(part, points[:, c], minlength=count) for c in (0, 1)], axis=1)
    middle = (sums / np.maximum(members, 1)[:, None])[part]
    local = (points - middle) * zoom[part]
    cos, sin = np.cos(turn), np.sin(turn)
    x = local[:, 0] * cos - local[:, 1] * sin + middle[:, 0] + shift[part, 0]
    y = local[:, 0] * sin + local[:, 1] * cos + middle[:, 1] + shift[part, 1]
    # A slow warp of the whole sheet: one end of the animal too large, the other too small.
    bend = rng.standard_normal((2, 2)) * 0.05 * skill
    phase = rng.standard_normal((2, 2)) * 2.0 * skill
    warped_x = (
        x + bend[0, 0] * np.sin(2 * x + phase[0, 0]) + bend[0, 1] * np.sin(2.5 * y + phase[0, 1])
    )
    warped_y = (
        y + bend[1, 0] * np.sin(2.2 * y + phase[1, 0]) + bend[1, 1] * np.sin(2 * x + phase[1, 1])
    )
    lean = hand.slant + rng.normal() * 0.07 * abstraction
    matrix = np.array([[math.cos(lean), -math.sin(lean)], [math.sin(lean), math.cos(lean)]])
    matrix = matrix * np.exp(rng.standard_normal(2) * 0.09 * abstraction)
    matrix = matrix @ np.array([[1, rng.normal() * 0.07 * abstraction], [0, 1]])
    return np.stack([warped_x, warped_y], axis=1) @ matrix.T


def _fit(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Centre the drawing on the sheet: a sketch must not give away where the photo had it."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = 1.7 / max(high - low) * rng.uniform(0.85, 1.05)
    return (points - (low + high) / 2) * scale + rng.standard_normal(2) * 0.03


def _draw_piece(
    draw: ImageDraw.ImageDraw, points: np.ndarray, widths: np.ndarray, ink: int
) -> None:
    """Draw one pen stroke whose width changes along it."""
    flat = points.ravel().tolist()
    for start in range(0, len(points) - 1, 3):
        width = max(1, round(float(widths[start])))
        draw.line(flat[2 * start : 2 * start + 8], fill=ink, width=width)
        # Round the joint: Pillow's own curved joints are far slower.
        x, y, r = flat[2 * start], flat[2 * start + 1], width / 2 - 0.5
        draw.ellipse((x - r, y - r, x + r, y + r), fill=ink)


def render_sketch(
    strokes: Strokes,
    rng: np.random.Generator,
    hand: Hand,
    *,
    size: int = 64,
    abstraction: float = 1.3,
) -> np.ndarray:
    """Draw a toy with an unsteady hand.

    Parameters
    ----------
    strokes
        From `visible_strokes`.
    rng
        Decides this one drawing.
    hand
        Who draws.
    size
        Side in pixels.
    abstraction
        Difficulty of the sketch: 0 is a tracing, 1 what an ordinary person draws, 2 hardly more
        than a hint.

    Returns
    -------
    ndarray of uint8, shape (size, size)
        Dark strokes on white.
    """
    omitted = _omitted(strokes, rng, hand, abstraction)
    kept = [i for i, number in enumerate(strokes.part_numbers) if not omitted[number]]
    kept = kept or list(range(len(strokes.lines)))
    lines = [strokes.lines[i] for i in kept]
    lengths = np.array([len(line) for line in lines])
    part = np.repeat([strokes.part_numbers[i] for i in kept], lengths)
    points = _distort(np.concatenate(lines), part, strokes, rng, hand, abstraction)
    points = _fit(points, rng)

    # Distance drawn so far; strokes follow each other with a gap, so that each trembles anew.
    steps = np.zeros(len(points))
    difference = np.diff(points, axis=0)
    steps[1:] = np.hypot(difference[:, 0], difference[:, 1])
    starts = np.cumsum(lengths) - lengths
    steps[starts] = 1.0
    along = np.cumsum(steps)
    skill = abstraction * hand.clumsiness
    points = points + smooth_noise(rng, along * 3.0) * (0.011 * skill)
    points += smooth_noise(rng, along * 14.0) * (0.004 * skill)
    scale = size * _SUPERSAMPLING / 2
    widths = hand.pen * scale * np.exp(0.22 * smooth_noise(rng, along * 4.0, 1)[:, 0])
    # Thin out the points: the pen does not notice, and drawing is what costs time.
    tick = (along / _POINT_SPACING).astype(int)
    keep = np.concatenate([[True], tick[1:] != tick[:-1]])
    keep[starts] = True
    keep[starts + lengths - 1] = True

    image = Image.new("L", (size * _SUPERSAMPLING,) * 2, 255)
    draw = ImageDraw.Draw(image)
    for start, count in zip(starts.tolist(), lengths.tolist(), strict=True):
        chosen = np.flatnonzero(keep[start : start + count]) + start
        length = along[chosen[-1]] - along[chosen[0]]
        pieces = [chosen]
        if length >= 0.6:
            most = 1 + int(min(3, length / 1.1) * hand.breaks)
            cuts = np.sort(rng.integers(1, len(chosen), rng.integers(0, most + 1)))
            pieces = np.split(chosen, cuts)
        for piece in pieces:
            if len(piece) < 2:
                continue
            drawn = along[piece[-1]] - along[piece[0]]
            if drawn < 0.03 or (drawn < 0.8 and rng.random() < 0.03 * abstraction):
                continue
            path = points[piece]
            if rng.random() < 0.5 * abstraction:
                path = _overshoot(path, rng.normal() * 0.05 * abstraction, drawn)
            path = (path + rng.standard_normal(2) * (0.006 * skill) + 1) * scale
            _draw_piece(draw, path, widths[piece], hand.darkness)
    return np.asarray(image.reduce(_SUPERSAMPLING))


def _overshoot(path: np.ndarray, amount: float, length: float) -> np.ndarray:
    """Draw past the end of a stroke by `amount`, or stop short of it where that is negative."""
    if amount > 0:
        direction = path[-1] - path[-2]
        reach = amount / (math.hypot(*direction) + 1e-6)
        return np.concatenate([path, path[-1:] + direction * reach])
    shorter = int(len(path) * min(0.2, -amount / max(length, 0.05)))
    return path[: len(path) - shorter] if shorter else path
