"""Small creatures with many legs, seen from above."""

from __future__ import annotations

import math

import numpy as np

from zsbir_lib.datasets.toybox.drawing import Drawing
from zsbir_lib.datasets.toybox.geometry import (
    closed_curve,
    ellipse,
    limb,
    mirrored,
    open_curve,
    polyline,
)
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

Segment = tuple[float, float, float]  # height of its middle, half width, half height


def _legs(
    drawing: Drawing,
    colour: Colour,
    pairs: int,
    top: float,
    bottom: float,
    reach: float,
    width: float = 0.05,
    bend: float = 0.12,
) -> None:
    """Draw pairs of jointed legs that leave the body between two heights."""
    middle = (pairs - 1) / 2
    for k, y in enumerate(np.linspace(top, bottom, pairs)):
        up = -0.35 * (k - middle) / max(1.0, middle) + bend
        for side in (-1, 1):
            r = drawing.vary(reach, 0.08)
            path = [(0, y), (side * r * 0.55, y + up * 0.5 + bend), (side * r, y + up - 1.3 * bend)]
            widths = [width * 1.3, width, width * 0.7]
            drawing.fill(limb(path, widths, samples=4), darker(colour, 0.6), importance=1.25)


def _feelers(drawing: Drawing, colour: Colour, y: float, length: float) -> None:
    for side in (-1, 1):
        path = open_curve((side * 0.05, y), (side * 0.14, y + length * 0.6),
                          (side * 0.27, y + length), samples=4)  # fmt: skip
        drawing.line(path, darker(colour, 0.5), 0.035, importance=1.2)


def _segments(drawing: Drawing, colour: Colour, segments: tuple[Segment, ...]) -> None:
    for y, w, h in segments:
        body = ellipse(0, y, drawing.vary(w, 0.07), drawing.vary(h, 0.07), samples=24)
        drawing.fill(body, colour, importance=1.5)


def _eyes(drawing: Drawing, y: float, distance: float, radius: float = 0.045) -> None:
    for side in (-1, 1):
        drawing.eye(side * distance, y, radius)


def _wings(
    drawing: Drawing, colour: Colour, wings: tuple[tuple[float, float, float, float, float], ...]
) -> None:
    """Draw pairs of wings: place x and y, two radii, and the angle of the right one."""
    for x, y, rx, ry, angle in wings:
        for side in (-1, 1):
            wing = ellipse(side * x, y, drawing.vary(rx, 0.06), ry, side * angle, samples=24)
            drawing.fill(wing, colour, importance=1.4)
            a = math.radians(angle)
            tip = (side * (x + rx * 0.6 * math.cos(a)), y + rx * 0.6 * math.sin(a))
            drawing.line(polyline((side * 0.06, y - 0.02), tip), darker(colour, 0.7), 0.02, 0.5)


@toy("bee", "bug", "animal", "many legs", "wings", "striped", "flies", "small", "dangerous", "fur",
     "wild")  # fmt: skip
def bee(drawing: Drawing) -> None:
    """Draw a bee with a striped abdomen and two pairs of wings."""
    colour = drawing.colour("yellow", "gold", "orange")
    dark = np.array([38.0, 32, 30])
    _legs(drawing, dark, 3, 0.25, -0.15, 0.48, 0.045)
    _feelers(drawing, dark, 0.66, 0.22)
    glass = lighter(drawing.colour("glass", "white"), 0.2)
    fold = drawing.uniform(-12, 12)
    _wings(drawing, glass, ((0.5, 0.2, 0.46, 0.19, 25 + fold), (0.42, -0.07, 0.35, 0.14, -12)))
    _segments(drawing, colour, ((-0.3, 0.32, 0.48),))
    for y in (-0.06, -0.28, -0.5):
        w = 0.31 * math.sqrt(max(0.05, 1 - ((y + 0.3) / 0.48) ** 2))
        stripe = closed_curve((-w, y + 0.05), (0, y + 0.02), (w, y + 0.05), (w * 0.95, y - 0.07),
                              (0, y - 0.1), (-w * 0.95, y - 0.07), samples=3)  # fmt: skip
        drawing.fill(stripe, dark, importance=1.3, flat=True)
    _segments(drawing, darker(colour, 0.8), ((0.26, 0.22, 0.22),))
    _segments(drawing, dark, ((0.55, 0.18, 0.15),))
    _eyes(drawing, 0.6, 0.1)


@toy("ant", "bug", "animal", "many legs", "small", "horns", "wild", "shell")
def ant(drawing: Drawing) -> None:
    """Draw an ant: three beads on six long legs."""
    colour = drawing.colour("black", "dark brown", "maroon", "rust")
    _legs(drawing, colour, 3, 0.28, 0.0, drawing.vary(0.7, 0.08), 0.055)
    for side in (-1, 1):  # bent feelers
        path = polyline((side * 0.08, 0.75), (side * 0.26, 0.86), (side * 0.3, 1.1))
        drawing.line(path, darker(colour, 0.6), 0.04, importance=1.3)
    _segments(drawing, colour, ((0.62, 0.21, 0.2), (0.15, 0.14, 0.27)))
    _segments(drawing, darker(colour, 0.9), ((-0.48, drawing.vary(0.27, 0.12), 0.37),))
    _eyes(drawing, 0.68, 0.12)


@toy("ladybug", "bug", "animal", "many legs", "spotted", "round", "small", "flies", "shell",
     pretrain_only=True)  # fmt: skip
def ladybug(drawing: Drawing) -> None:
    """Draw a ladybird."""
    colour, dark = drawing.colour("red", "orange"), np.array([35.0, 30, 30])
    _legs(drawing, dark, 3, 0.25, -0.45, 0.72, 0.06)
    _feelers(drawing, dark, 0.65, 0.2)
    _segments(drawing, dark, ((0.5, 0.28, 0.2),))
    for side in (-1, 1):
        case = closed_curve((0, 0.45), (side * 0.3, 0.42), (side * 0.56, 0.05), (side * 0.48, -0.4),
                            (side * 0.2, -0.68), (0, -0.72), samples=5)  # fmt: skip
        drawing.fill(case, colour, importance=1.4)
        for x, y in ((0.22, 0.2), (0.34, -0.12), (0.18, -0.4)):
            spot = ellipse(side * x, y + drawing.uniform(-0.03, 0.03), 0.09, samples=14)
            drawing.fill(spot, dark, importance=1.2, flat=True)


@toy("spider", "bug", "animal", "many legs", "small", "dangerous", "branching", "wild", "fur")
def spider(drawing: Drawing) -> None:
    """Draw a spider, with a thread or a cross on its back at times."""
    colour = drawing.colour("black", "dark brown", "dark gray", "maroon", "tan")
    if drawing.chance(0.35):
        drawing.line(polyline((0, -0.6), (0, -1.15)), (150, 150, 150), 0.025, importance=0.8)
    _legs(drawing, colour, 4, 0.36, 0.05, drawing.vary(0.92, 0.06), 0.055, 0.2)
    _segments(drawing, colour, ((0.28, 0.21, 0.19),))
    _segments(drawing, darker(colour, 0.9), ((-0.25, drawing.vary(0.34, 0.12), 0.4),))
    if drawing.chance(0.5):
        pale = lighter(colour, 0.6)
        drawing.fill(ellipse(0, -0.22, 0.05, 0.2, samples=10), pale, importance=0.9, flat=True)
        drawing.fill(ellipse(0, -0.18, 0.16, 0.05, samples=10), pale, importance=0.9, flat=True)
    _eyes(drawing, 0.37, 0.08, 0.04)


@toy("beetle", "bug", "animal", "many legs", "shell", "horns", "round", "small", "flies", "wild")
def beetle(drawing: Drawing) -> None:
    """Draw a beetle with split wing cases: a stag beetle with jaws, or a plain one."""
    colour = drawing.colour("dark brown", "black", "dark green", "navy", "maroon", "teal")
    _legs(drawing, colour, 3, 0.2, -0.35, 0.68, 0.065)
    if drawing.chance(0.6):
        for side in (-1, 1):  # jaws like antlers
            jaw = [(side * 0.12, 0.62), (side * 0.34, 0.8), (side * 0.28, 1.05), (side * 0.1, 1.12)]
            drawing.fill(limb(jaw, [0.1, 0.11, 0.09, 0.03], samples=5), darker(colour, 0.8),
                         importance=1.6)  # fmt: skip
    else:
        _feelers(drawing, colour, 0.7, 0.35)
    _segments(drawing, darker(colour, 0.85), ((0.58, 0.24, 0.16),))
    shield = closed_curve((-0.4, 0.26), (-0.33, 0.5), (0, 0.56), (0.33, 0.5), (0.4, 0.26), (0, 0.2),
                          samples=5)  # fmt: skip
    drawing.fill(shield, colour, importance=1.5)
    w = drawing.vary(0.48, 0.08)
    for side in (-1, 1):
        case = closed_curve((0, 0.24), (side * w * 0.8, 0.2), (side * w, -0.15),
                            (side * w * 0.85, -0.5), (side * 0.2, -0.76), (0, -0.8),
                            samples=5)  # fmt: skip
        drawing.fill(case, lighter(colour, 0.08), importance=1.5)
        for x in (0.17, 0.32):
            groove = open_curve((side * x, 0.1), (side * x * 1.05, -0.25), (side * x * 0.8, -0.55))
            drawing.line(groove, darker(colour, 0.6), 0.025, importance=0.6)
    _eyes(drawing, 0.64, 0.17)


@toy("butterfly", "bug", "animal", "wings", "spotted", "flies", "small", "many legs", "branching",
     "wild")  # fmt: skip
def butterfly(drawing: Drawing) -> None:
    """Draw a butterfly with spread wings."""
    colour = drawing.colour("orange", "blue", "yellow", "purple", "sky", "white", "red")
    spread, tails = drawing.vary(1.0, 0.1), drawing.chance(0.35)
    for side in (-1, 1):
        upper = closed_curve((side * 0.04, 0.12), (side * 0.4, 0.72 * spread), (side * 0.86, 0.8),
                             (side * 0.94, 0.42), (side * 0.6, 0.05), (side * 0.05, -0.02),
                             samples=5)  # fmt: skip
        lower = [(side * 0.05, -0.02), (side * 0.6, 0.0), (side * 0.74, -0.35),
                 (side * 0.47, -0.78 * spread), (side * 0.15, -0.45)]  # fmt: skip
        if tails:
            lower[3:4] = [(side * 0.58, -0.62), (side * 0.52, -1.0), (side * 0.4, -0.66)]
        drawing.fill(closed_curve(*lower, samples=5), darker(colour, 0.85), importance=1.5)
        drawing.fill(upper, colour, importance=1.5)
        spot = drawing.vary(0.13, 0.15)
        drawing.fill(ellipse(side * 0.63, 0.52, spot, spot * 0.8, samples=16), lighter(colour, 0.6),
                     importance=1.2)  # fmt: skip
        drawing.fill(ellipse(side * 0.43, -0.35, 0.11, samples=16), (40, 35, 40), importance=1.1,
                     flat=True)  # fmt: skip
        feeler = open_curve((side * 0.02, 0.3), (side * 0.1, 0.58), (side * 0.26, 0.74), samples=5)
        drawing.line(feeler, (40, 30, 30), 0.035, importance=1.3)
    drawing.fill(ellipse(0, 0, 0.075, 0.4, samples=20), (45, 38, 38), importance=1.6)


@toy("dragonfly", "bug", "animal", "many legs", "wings", "flies", "long", "small",
     pretrain_only=True)  # fmt: skip
def dragonfly(drawing: Drawing) -> None:
    """Draw a dragonfly."""
    colour = drawing.colour("blue", "green", "teal", "red")
    _legs(drawing, colour, 3, 0.5, 0.3, 0.28, 0.04)
    glass = lighter(drawing.colour("glass", "sky"), 0.2)
    _wings(drawing, glass, ((0.55, 0.42, 0.52, 0.13, 10), (0.5, 0.16, 0.48, 0.14, -14)))
    _segments(drawing, colour, ((-0.4, 0.085, 0.62), (0.36, 0.16, 0.2), (0.62, 0.17, 0.13)))
    _eyes(drawing, 0.66, 0.1, 0.05)


@toy("scorpion", "bug", "animal", "many legs", "horns", "dangerous", "long tail", "curved", "shell",
     "pointed", "wild")  # fmt: skip
def scorpion(drawing: Drawing) -> None:
    """Draw a scorpion: claws in front, the tail curled over with its sting."""
    colour = drawing.colour("tan", "brown", "black", "rust", "dark brown")
    side = drawing.pick(-1, 1)
    tail = [(0, -0.3), (side * 0.02, -0.65), (side * 0.27, -0.95), (side * 0.56, -0.84),
            (side * 0.62, -0.5)]  # fmt: skip
    drawing.fill(limb(tail, [0.22, 0.18, 0.15, 0.14, 0.13], samples=5), colour, "tail", 1.6)
    sting = closed_curve((side * 0.55, -0.52), (side * 0.72, -0.48), (side * 0.72, -0.32),
                         (side * 0.55, -0.12), (side * 0.56, -0.35), samples=4)  # fmt: skip
    drawing.fill(sting, darker(colour, 0.7), importance=1.6)
    _legs(drawing, colour, 4, 0.28, -0.2, 0.55, 0.055)
    for s in (-1, 1):
        arm = [(s * 0.1, 0.38), (s * 0.5, 0.45), (s * 0.48, 0.72)]
        drawing.fill(limb(arm, [0.11, 0.1, 0.09], samples=4), darker(colour, 0.85), f"claw{s}", 1.4)
        x, y = s * 0.46, 0.86
        claw = closed_curve((x - 0.05, y - 0.18), (x - 0.15, y + 0.02), (x - 0.11, y + 0.22),
                            (x - 0.01, y + 0.04), (x + 0.11, y + 0.24), (x + 0.15, y),
                            (x + 0.05, y - 0.18), samples=4)  # fmt: skip
        drawing.fill(claw, colour, f"claw{s}", 1.6)
    body = mirrored((0, 0.58), (0.2, 0.5), (0.25, 0.1), (0.2, -0.25), (0.1, -0.42), (0, -0.44))
    drawing.fill(body, colour)
    for y in (0.22, 0.06, -0.1, -0.25):
        ring = open_curve((-0.21, y + 0.03), (0, y), (0.21, y + 0.03), samples=3)
        drawing.line(ring, darker(colour, 0.6), 0.03, importance=0.8)
    _eyes(drawing, 0.46, 0.08, 0.035)
