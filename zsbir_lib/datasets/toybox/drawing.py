"""A drawing in the making: what the code of one toy class writes on.

A class is a function that receives a `Drawing` and adds parts to it, from the back to the front.
All its randomness comes from the drawing, so an instance is a function of its seed alone.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from zsbir_lib.datasets.toybox.geometry import Points, ellipse, rotate
from zsbir_lib.datasets.toybox.palette import PALETTE, Colour

INK = (40, 35, 35)


Option = TypeVar("Option")


@dataclass(slots=True)
class Part:
    """One filled outline, or one line, of a drawing.

    Attributes
    ----------
    points
        Outline or path, shape (n, 2).
    colour
        Red, green, blue from 0 to 255.
    group
        Parts of one group are drawn as one shape: a sketch shows no border between them.
    importance
        How unlikely a sketcher is to leave the part out; 0.9 and more is kept almost always.
    flat
        Painted without volume (a spot, a window pane).
    width
        Width of the line; 0 for a filled outline.
    """

    points: Points
    colour: Colour
    group: str | None = None
    importance: float = 1.0
    flat: bool = False
    width: float = 0.0

    @property
    def filled(self) -> bool:
        """Whether the part is a filled outline."""
        return self.width == 0.0


class Drawing:
    """Collects the parts of one toy, back to front, and deals out its random choices.

    Parameters
    ----------
    rng
        The only source of randomness.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.parts: list[Part] = []

    # ---- random choices
    def vary(self, value: float, amount: float = 0.1) -> float:
        """Return `value` changed by a normal deviate of relative size `amount`, cut at two."""
        return value * (1 + amount * min(2.0, max(-2.0, self.rng.standard_normal())))

    def uniform(self, low: float, high: float) -> float:
        """Return a number between `low` and `high`."""
        return low + (high - low) * self.rng.random()

    def chance(self, probability: float = 0.5) -> bool:
        """Return True with the given probability."""
        return self.rng.random() < probability

    def pick(self, *options: Option) -> Option:
        """Return one of `options`."""
        return options[self.rng.integers(len(options))]

    def colour(self, *names: str) -> Colour:
        """Return one of the named colours of the palette, slightly changed."""
        r, g, b = PALETTE[names[self.rng.integers(len(names))]]
        hue, saturation, value = colorsys.rgb_to_hsv(r / 255, g / 255, b / 255)
        dh, ds, dv = self.rng.standard_normal(3)
        saturation = min(1.0, max(0.0, saturation * (1 + 0.15 * ds)))
        value = min(1.0, max(0.08, value * (1 + 0.1 * dv)))
        return 255 * np.array(colorsys.hsv_to_rgb((hue + 0.015 * dh) % 1, saturation, value))

    # ---- parts
    def fill(
        self,
        outline: Points,
        colour: Colour | tuple[float, float, float],
        group: str | None = None,
        importance: float = 1.0,
        flat: bool = False,
    ) -> Drawing:
        """Add a filled outline in front of everything so far.

        `outline`, `colour`, `group`, `importance` and `flat` are those of a `Part`.
        """
        self.parts.append(
            Part(np.asarray(outline, dtype=float), np.asarray(colour, dtype=float), group,
                 importance, flat)
        )  # fmt: skip
        return self

    def line(
        self,
        path: Points,
        colour: Colour | tuple[float, float, float] = INK,
        width: float = 0.025,
        importance: float = 0.5,
    ) -> Drawing:
        """Add a line in front of everything so far.

        `path`, `colour`, `width` and `importance` are those of a `Part`.
        """
        self.parts.append(
            Part(np.asarray(path, dtype=float), np.asarray(colour, dtype=float), None,
                 importance, True, width)
        )  # fmt: skip
        return self

    def eye(
        self,
        x: float,
        y: float,
        radius: float = 0.03,
        colour: tuple[float, float, float] = (20, 20, 20),
    ) -> Drawing:
        """Add a small round eye of a `radius` and `colour` at (`x`, `y`)."""
        return self.fill(ellipse(x, y, radius, samples=12), colour, importance=0.6, flat=True)

    def turn(self, first: int, degrees: float) -> Drawing:
        """Turn the parts from number `first` on about the origin: tools are drawn upright first."""
        for part in self.parts[first:]:
            part.points = rotate(part.points, degrees)
        return self


def draw_object(draw: Callable[[Drawing], None], rng: np.random.Generator) -> list[Part]:
    """Draw one instance and fit it to the picture.

    Parameters
    ----------
    draw
        The function of a class.
    rng
        Decides the instance and how it stands: size, small rotation, shear, mirror image, place.

    Returns
    -------
    list of Part
        Back to front, in picture coordinates: the square [-1, 1] x [-1, 1] with **y down**.
    """
    drawing = Drawing(rng)
    draw(drawing)
    parts = drawing.parts
    everything = np.concatenate([part.points for part in parts])
    low, high = everything.min(axis=0), everything.max(axis=0)
    scale = 1.72 / max(high - low) * rng.uniform(0.8, 1.04)
    mirror = -1 if rng.random() < 0.5 else 1
    angle = math.radians(np.clip(rng.normal() * 6, -14, 14))
    aspect, shear = math.exp(rng.normal() * 0.06), rng.normal() * 0.05
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[mirror * cos * aspect, -mirror * sin], [sin, cos / aspect]])
    matrix = (turn @ np.array([[1, shear], [0, 1]])).T * scale * [1, -1]
    everything = (everything - (low + high) / 2) @ matrix
    low, high = everything.min(axis=0), everything.max(axis=0)
    # Slide the toy within the frame, as far as it stays inside.
    room = np.maximum(0.97 - (high - low) / 2, 0)
    everything += rng.uniform(-1, 1, 2) * room - (low + high) / 2
    ends = np.cumsum([len(part.points) for part in parts])
    for part, points in zip(parts, np.split(everything, ends[:-1]), strict=True):
        part.points = points
        part.width *= scale
    return parts
