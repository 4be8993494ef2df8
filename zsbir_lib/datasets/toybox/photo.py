"""From the parts of a toy to a "photo": volume, light, shadow, and a cluttered background.

Everything is shaded at the size of the picture; only the outlines are drawn larger and reduced,
which is what makes edges smooth. That keeps a photo of 64 pixels at a few milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from zsbir_lib.datasets.toybox.drawing import Part

_SUPERSAMPLING = 2
_MARGIN = 3  # pixels kept around a part, so that its blurred mask has room to fall off

# Pairs of colours that blend into each other at a horizon: sky and grass, wall and floor, ...
_SCENES = np.array(
    [
        [(150, 190, 230), (110, 150, 80)],
        [(190, 205, 220), (170, 160, 140)],
        [(225, 220, 210), (150, 120, 95)],
        [(90, 120, 80), (60, 85, 50)],
        [(200, 200, 205), (120, 120, 125)],
        [(240, 235, 225), (220, 210, 190)],
        [(120, 160, 190), (60, 100, 140)],
        [(215, 190, 160), (140, 105, 80)],
        [(170, 150, 190), (90, 80, 110)],
        [(60, 60, 75), (35, 35, 40)],
    ],
    dtype=np.float32,
)

Distractor = Callable[[np.random.Generator], Sequence[Part]]


def _soft_noise(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    """Return smooth noise from about 0 to 1, shape (size, size), with `cells` bumps a side."""
    grid = Image.fromarray(rng.random((cells, cells), dtype=np.float32))
    return np.asarray(grid.resize((size, size), Image.Resampling.BICUBIC))


def _to_image(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _rgb(colour: np.ndarray) -> tuple[int, int, int]:
    r, g, b = np.clip(colour, 0, 255)
    return int(r), int(g), int(b)


def _paint_texture(pixels: np.ndarray, rng: np.random.Generator, clutter: float) -> np.ndarray:
    """Lay stripes, checks or grain over the background."""
    size = len(pixels)
    kind = rng.integers(5)
    strength = clutter * rng.uniform(15, 60)
    if kind in (0, 1):
        axis = np.arange(size, dtype=np.float32) / size
        angle = rng.uniform(0, math.pi)
        along = axis * math.cos(angle) + (axis * math.sin(angle))[:, None]
        across = (axis * math.cos(angle))[:, None] - axis * math.sin(angle)
        along = along + 0.12 * (_soft_noise(rng, size, 4) - 0.5)
        wave = np.sin(along * rng.uniform(15, 55))
        wave = 0.7 * np.sign(wave) if kind == 0 else wave * np.sin(across * rng.uniform(15, 50))
        return pixels + (strength * wave).astype(np.float32)[..., None]
    if kind == 2:
        grain = _soft_noise(rng, size, 20) + _soft_noise(rng, size, 45) - 1
        return pixels + (2.2 * strength * grain)[..., None]
    return pixels


def _scatter(image: Image.Image, rng: np.random.Generator, clutter: float) -> None:
    """Throw blurred shapes of other colours onto the background."""
    size = image.width
    draw = ImageDraw.Draw(image)
    for _ in range(rng.poisson(4 + 4 * clutter)):
        cx, cy = rng.random(2) * size
        w, h = rng.uniform(0.05, 0.35, 2) * size
        scene = _SCENES[rng.integers(len(_SCENES)), rng.integers(2)]
        colour = _rgb(scene + rng.standard_normal(3) * 25)
        kind = rng.integers(3)
        if kind == 0:
            draw.ellipse((cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), fill=colour)
        elif kind == 1:
            corners = [cx, cy] + rng.standard_normal((4, 2)) * [w / 2, h / 2]
            draw.polygon(corners.ravel().tolist(), fill=colour)
        else:
            thickness = max(1, round(rng.uniform(0.015, 0.04) * size))
            draw.line((cx - w, cy - h, cx + w, cy + h), fill=colour, width=thickness)


def _stand_distractors(
    image: Image.Image, rng: np.random.Generator, clutter: float, distractor: Distractor
) -> None:
    """Put small, flatly painted toys of other classes near the border."""
    size = image.width
    draw = ImageDraw.Draw(image)
    for _ in range(rng.poisson(1.2 * clutter)):
        scale, shade = rng.uniform(0.25, 0.55), rng.uniform(0.6, 1.1)
        place = rng.uniform(-1, 1, 2)
        place = place / np.abs(place).max() * rng.uniform(0.6, 1.05)
        for part in distractor(rng):
            points = ((part.points * scale + place + 1) * (size / 2)).ravel().tolist()
            if part.filled:
                draw.polygon(points, fill=_rgb(part.colour * shade))
            else:
                thickness = max(1, int(part.width * scale * size / 2))
                draw.line(points, fill=_rgb(part.colour * shade), width=thickness)


def background(
    rng: np.random.Generator, size: int, clutter: float, distractor: Distractor | None = None
) -> np.ndarray:
    """Paint a background.

    Parameters
    ----------
    rng
        Source of randomness.
    size
        Side in pixels.
    clutter
        0 gives a soft gradient, 1 texture, shapes and other toys.
    distractor
        Returns the parts of a toy to stand in the background.

    Returns
    -------
    ndarray of float32, shape (size, size, 3), from 0 to 255
    """
    top, bottom = _SCENES[rng.integers(len(_SCENES))]
    rows = np.linspace(0, 1, size, dtype=np.float32)[:, None]
    horizon, sharpness = rng.uniform(0.35, 0.8), rng.choice([6, 25])
    ground = rows - horizon + 0.15 * (_soft_noise(rng, size, 3) - 0.5)
    pixels = top + (bottom - top) / (1 + np.exp(-ground * sharpness))[..., None]
    if clutter > 0:
        light = _soft_noise(rng, size, int(rng.integers(3, 7))) - 0.5
        # Little colour noise: more of it looks psychedelic and hides the object.
        tint = np.stack([_soft_noise(rng, size, 4) - 0.5 for _ in range(3)], axis=-1)
        fine = _soft_noise(rng, size, int(rng.integers(10, 24))) - 0.5
        amount = 1 + 0.5 * clutter
        pixels += amount * ((60 * light + 34 * fine)[..., None] + 22 * tint)
        pixels = _paint_texture(pixels, rng, clutter)
        image = _to_image(pixels)
        _scatter(image, rng, clutter)
        if distractor is not None:
            _stand_distractors(image, rng, clutter, distractor)
        blur = ImageFilter.GaussianBlur(rng.uniform(0.15, 1.0) * size / 64)
        pixels = np.asarray(image.filter(blur), dtype=np.float32)
    return pixels.astype(np.float32)


def _viewpoint(parts: Sequence[Part], rng: np.random.Generator, clutter: float) -> list[Part]:
    """Look at the toy from elsewhere: turned, foreshortened, nearer, further, off centre."""
    a = rng.normal() * 0.16 * clutter
    turn = np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
    squeeze = 1 - np.abs(rng.normal(size=2)) * [0.18 * clutter, 0.06 * clutter]
    shear = np.array([[1, rng.normal() * 0.12 * clutter], [0, 1]])
    matrix = turn * squeeze @ shear * math.exp(rng.uniform(-0.5, 0.18) * clutter)
    shift = rng.normal(size=2) * 0.12 * clutter
    perspective = rng.normal(size=2) * 0.12 * clutter
    scale = abs(np.linalg.det(matrix)) ** 0.5
    moved = []
    for part in parts:
        points = part.points @ matrix.T
        points = points / (1 + points @ perspective)[:, None] + shift
        moved.append(replace(part, points=points, width=part.width * scale))
    return moved


def _coverage(part: Part, size: int) -> tuple[Image.Image, tuple[slice, slice]] | None:
    """Draw the mask of a part; return it with the place where it belongs, None if out of sight."""
    points = (part.points + 1) * (size / 2)
    reach = _MARGIN + part.width * size / 4
    x0, y0 = np.maximum(np.floor(points.min(axis=0) - reach), 0).astype(int).tolist()
    x1, y1 = np.minimum(np.ceil(points.max(axis=0) + reach), size).astype(int).tolist()
    if x1 <= x0 or y1 <= y0:
        return None
    s = _SUPERSAMPLING
    mask = Image.new("L", ((x1 - x0) * s, (y1 - y0) * s), 0)
    outline = ((points - (x0, y0)) * s).ravel().tolist()
    draw = ImageDraw.Draw(mask)
    if part.filled:
        draw.polygon(outline, fill=255)
    else:
        draw.line(outline, fill=255, width=max(1, round(part.width * size / 2 * s)))
    return mask.reduce(s), (slice(y0, y1), slice(x0, x1))


def _occlude(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Put grass, a blob or a bar between the camera and the toy."""
    size = len(pixels)
    image = _to_image(pixels)
    draw = ImageDraw.Draw(image)
    colour = _rgb(pixels[rng.integers(size), rng.integers(size)])
    kind, unit = rng.integers(3), size / 64
    x, y = rng.random(2) * size
    if kind == 0:
        for foot in rng.random(14) * size:
            tip = (foot + rng.normal() * 4 * unit, size - rng.uniform(0.1, 0.3) * size)
            draw.line((foot, size, *tip), fill=colour, width=max(1, round(1.5 * unit)))
    elif kind == 1:
        r = rng.uniform(0.08, 0.2) * size
        draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
    else:
        thickness = max(1, round(rng.uniform(2, 5) * unit))
        draw.line((x - size * 0.3, 0, x + size * 0.3, size), fill=colour, width=thickness)
    return np.asarray(image, dtype=np.float32)


def render_photo(
    parts: Sequence[Part],
    rng: np.random.Generator,
    *,
    size: int = 64,
    clutter: float = 0.5,
    distractor: Distractor | None = None,
) -> np.ndarray:
    """Render a toy as a photo.

    Parameters
    ----------
    parts
        From `draw_object`.
    rng
        Decides viewpoint, light, background and noise.
    size
        Side in pixels.
    clutter
        Difficulty of the picture: 0 is a clean product shot, 0.5 the default, 1 as crowded as a
        holiday snapshot. It drives the viewpoint, the background, distractors and occlusion.
    distractor
        Returns the parts of a toy to stand in the background.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)
    """
    parts = _viewpoint(parts, rng, clutter)
    pixels = background(rng, size, clutter, distractor)
    angle = rng.uniform(-2.6, -0.5)  # the light comes from above: y points down
    lx, ly = math.cos(angle), math.sin(angle)
    axis = np.arange(size, dtype=np.float32) / size - 0.5
    ramp = (axis * (0.45 * lx)) + (axis * (0.45 * ly))[:, None]
    texture = (_soft_noise(rng, size, int(rng.integers(16, 48))) - 0.5) * rng.uniform(0.05, 0.3)
    texture += (_soft_noise(rng, size, 5) - 0.5) * 0.3
    flat_shade = 1 + 0.6 * ramp + 0.5 * texture
    round_shade = 1 + ramp + texture
    relief = rng.uniform(0.7, 1.25)

    drawn = [(part, seen) for part in parts if (seen := _coverage(part, size)) is not None]
    shadow = np.zeros((size, size), dtype=np.uint8)
    for _, (mask, place) in drawn:
        np.maximum(shadow[place], np.asarray(mask), out=shadow[place])
    dx, dy = int(-lx * size * 0.05), int(-ly * size * 0.035) + size // 40
    cast = Image.fromarray(np.roll(shadow, (dy, dx), (0, 1)))
    cast = cast.filter(ImageFilter.GaussianBlur(size * 0.03))
    pixels *= 1 - (np.asarray(cast, dtype=np.float32) * (0.45 / 255))[..., None]

    for part, (mask, place) in drawn:
        opacity = np.asarray(mask, dtype=np.float32)[..., None] / 255
        if part.flat:
            shade = flat_shade[place]
        else:
            # A blurred mask stands for height; its slope tells which sides face the light.
            radius = max(0.75, (min(mask.size) - 2 * _MARGIN) * 0.16)
            height = np.asarray(mask.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32)
            height *= 1 / 255
            shade = round_shade[place] + 0.35 * height - 0.28
            slope = relief * radius * 0.75
            shade[:, 1:-1] -= (height[:, 2:] - height[:, :-2]) * (lx * slope)
            shade[1:-1] -= (height[2:] - height[:-2]) * (ly * slope)
        colour = part.colour.astype(np.float32)
        painted = np.clip(shade[..., None] * colour, 0, 265)
        area = pixels[place]
        area += (painted - area) * opacity

    if rng.random() < 0.4 * clutter:
        pixels = _occlude(pixels, rng)
    pixels = (pixels - 128) * rng.uniform(0.8, 1.12) + (128 + rng.normal() * 10)
    pixels *= (1 + rng.standard_normal(3) * 0.035).astype(np.float32)
    if rng.random() < 0.35:
        blur = ImageFilter.GaussianBlur(rng.uniform(0.3, 0.7) * size / 64)
        pixels = np.asarray(_to_image(pixels).filter(blur), dtype=np.float32)
    grain = rng.standard_normal((size, size, 3), dtype=np.float32)
    pixels = pixels + grain * np.float32(rng.uniform(2, 7))
    return np.clip(pixels, 0, 255).astype(np.uint8)
