"""Named colours, as red, green and blue from 0 to 255."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

PALETTE: dict[str, tuple[int, int, int]] = {
    "red": (200, 45, 40),
    "orange": (230, 130, 40),
    "yellow": (235, 200, 60),
    "green": (90, 160, 70),
    "dark green": (45, 105, 50),
    "blue": (60, 110, 190),
    "sky": (130, 180, 225),
    "navy": (40, 55, 100),
    "purple": (125, 75, 155),
    "pink": (235, 150, 170),
    "brown": (135, 90, 55),
    "dark brown": (85, 55, 35),
    "tan": (190, 150, 105),
    "beige": (220, 200, 165),
    "white": (240, 240, 238),
    "light gray": (190, 192, 195),
    "gray": (135, 138, 142),
    "dark gray": (80, 82, 86),
    "black": (38, 36, 38),
    "gold": (205, 165, 60),
    "silver": (180, 185, 192),
    "cream": (240, 228, 200),
    "wood": (165, 115, 70),
    "brick": (165, 85, 65),
    "teal": (60, 140, 140),
    "maroon": (120, 40, 50),
    "olive": (125, 125, 60),
    "rust": (190, 100, 50),
    "lime": (160, 200, 80),
    "lilac": (190, 160, 210),
    "glass": (190, 215, 225),
    "flame": (250, 190, 60),
    "skin": (225, 180, 150),
}

Colour: TypeAlias = np.ndarray


def darker(colour: Colour | tuple[float, ...], factor: float = 0.75) -> Colour:
    """Return `colour` scaled towards black."""
    return np.asarray(colour, dtype=float) * factor


def lighter(colour: Colour | tuple[float, ...], amount: float = 0.35) -> Colour:
    """Return `colour` moved towards white by the fraction `amount`."""
    return np.asarray(colour, dtype=float) * (1 - amount) + 255 * amount
