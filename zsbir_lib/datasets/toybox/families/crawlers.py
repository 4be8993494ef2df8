"""Creatures that crawl, creep and hop: snail, snake, turtle, frog, crocodile, lizard."""

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
    polygon,
    polyline,
    rotate,
)
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

SCALES = ("green", "olive", "dark green", "brown", "rust", "tan")


@toy("snail", "crawler", "animal", "shell", "horns", "small", "curved", "round", "soft", "wild")
def snail(drawing: Drawing) -> None:
    """Draw a snail with a coiled shell."""
    shell = drawing.colour("tan", "brown", "rust", "orange", "beige")
    skin = drawing.colour("beige", "olive", "tan", "gray")
    rise = drawing.uniform(-0.04, 0.14)
    body = closed_curve((-0.88, -0.52), (-0.3, -0.4), (0.3, -0.4), (0.47, -0.18),
                        (0.6, 0.1 + rise), (0.8, 0.08 + rise), (0.85, -0.18), (0.72, -0.5),
                        (0, -0.57), samples=5)  # fmt: skip
    drawing.fill(body, skin)
    for x in (0.62, 0.78):
        horn = open_curve((x, 0.05 + rise), (x + 0.06, 0.26 + rise), (x + 0.12, 0.38 + rise))
        drawing.line(horn, darker(skin, 0.8), 0.05, importance=1.4)
        drawing.fill(ellipse(x + 0.12, 0.4 + rise, 0.05, samples=10), darker(skin, 0.5),
                     importance=1.1, flat=True)  # fmt: skip
    size = drawing.vary(0.5, 0.08)
    drawing.fill(ellipse(-0.12, 0.0, size, size * 0.96), shell, importance=1.5)
    t = np.linspace(0.12, 1, 44)
    angle = t * drawing.pick(3.6, 4.4) * math.pi + 1
    r = 0.93 * size * t
    spiral = np.stack([-0.12 + r * np.cos(angle), r * np.sin(angle)], axis=1)
    drawing.line(spiral, darker(shell, 0.55), 0.05, importance=1.6)
    mouth = open_curve((0.7, -0.1 + rise), (0.77, -0.13 + rise), (0.82, -0.1 + rise), samples=3)
    drawing.line(mouth, darker(skin, 0.5), 0.025, importance=0.5)


# ---- snakes
def _snake_head(
    drawing: Drawing, x: float, y: float, angle: float, colour: Colour, size: float = 1.0
) -> None:
    """Draw a snake's head at (x, y) that looks along `angle` degrees, with its tongue."""

    def at(points):
        return rotate(np.asarray(points, dtype=float) * size, angle) + (x, y)

    drawing.line(at(polyline((0.16, 0), (0.32, 0), (0.4, 0.06))), (200, 50, 60), 0.035, 1.2)
    drawing.line(at(polyline((0.31, 0), (0.4, -0.06))), (200, 50, 60), 0.035, 1.0)
    drawing.fill(at(ellipse(0.06, 0, 0.18, 0.125, samples=18)), colour, "snake")
    drawing.eye(*at([(0.09, 0.06)])[0], 0.032)


def _slithering(drawing: Drawing, colour: Colour) -> None:
    waves, height = drawing.uniform(2.0, 3.0), drawing.vary(0.3, 0.15)
    x = np.linspace(-0.95, 0.75, 14)
    y = height * np.sin((x + 1) * math.pi * waves / 1.9 + drawing.uniform(0, 1))
    path = np.stack([x, y], axis=1)
    drawing.fill(limb(path, [0.03, 0.13, 0.17, 0.19, 0.19, 0.18, 0.16, 0.15], samples=5), colour,
                 "snake")  # fmt: skip
    if drawing.chance(0.6):
        for px, py in path[2:-1]:
            patch = ellipse(px, py, 0.045, 0.055, 45, samples=8)
            drawing.fill(patch, darker(colour, 0.5), importance=0.6, flat=True)
    step = path[-1] - path[-2]
    angle = 0.4 * math.degrees(math.atan2(step[1], step[0]))
    _snake_head(drawing, *path[-1], angle, colour)


def _coiled(drawing: Drawing, colour: Colour) -> None:
    tail = [(0.5, -0.55), (0.8, -0.6), (0.98, -0.5)]
    drawing.fill(limb(tail, [0.2, 0.13, 0.03], samples=4), darker(colour, 0.9), importance=1.3)
    for k, (w, y) in enumerate(((0.78, -0.55), (0.62, -0.33), (0.44, -0.13))):
        coil = ellipse(0, y, drawing.vary(w, 0.04), 0.2, samples=26)
        drawing.fill(coil, colour * (0.92 + 0.05 * k), importance=1.6)
        band = open_curve((-w * 0.8, y - 0.05), (0, y - 0.14), (w * 0.8, y - 0.05), samples=5)
        drawing.line(band, darker(colour, 0.6), 0.035, importance=0.8)
    neck = [(-0.12, -0.1), (-0.3, 0.25), (-0.05, 0.5), (0.15, 0.68)]
    drawing.fill(limb(neck, [0.26, 0.2, 0.17, 0.17], samples=6), colour, "snake", 1.6)
    _snake_head(drawing, 0.18, 0.7, drawing.uniform(-15, 15), colour, 1.15)


@toy("snake", "crawler", "animal", "long", "curved", "dangerous", "long tail", "spotted", "green",
     "wild")  # fmt: skip
def snake(drawing: Drawing) -> None:
    """Draw a snake that slithers or lies coiled."""
    colour = drawing.colour(*SCALES, "yellow")
    drawing.pick(_slithering, _slithering, _coiled)(drawing, colour)


@toy("turtle", "crawler", "animal", "four legs", "shell", "round", "green", "lives in water",
     "wild")  # fmt: skip
def turtle(drawing: Drawing) -> None:
    """Draw a tortoise from the side: a domed shell on short legs."""
    skin = drawing.colour("green", "dark green", "olive", "tan")
    shell = drawing.colour("brown", "olive", "dark green", "rust")
    step = drawing.uniform(-0.06, 0.06)
    for x in (-0.45, 0.4):
        leg = limb([(x, -0.2), (x + 0.04 + step, -0.56)], [0.24, 0.21], samples=4)
        drawing.fill(leg, skin, importance=1.5)
    drawing.fill(polygon((-0.65, -0.2), (-0.92, -0.34), (-0.6, -0.34)), skin, importance=1.2)
    raised = drawing.uniform(-0.08, 0.12)
    neck = limb([(0.5, -0.15), (0.76, 0.08 + raised), (0.86, 0.14 + raised)], [0.22, 0.18, 0.24])
    drawing.fill(neck, skin, "head", 1.5)
    drawing.fill(ellipse(0.88, 0.16 + raised, 0.18, 0.145, samples=20), skin, "head", 1.5)
    drawing.eye(0.93, 0.21 + raised, 0.032)
    mouth = open_curve((0.88, 0.08 + raised), (0.97, 0.07 + raised), (1.04, 0.11 + raised))
    drawing.line(mouth, darker(skin, 0.5), 0.025, importance=0.6)
    h = drawing.vary(0.54, 0.12)
    dome = closed_curve((-0.74, -0.24), (-0.62, 0.1), (-0.3, h * 0.85), (0, h), (0.3, h * 0.85),
                        (0.6, 0.1), (0.7, -0.24), (0, -0.32), samples=5)  # fmt: skip
    drawing.fill(dome, shell)
    rim = open_curve((-0.69, -0.13), (0, -0.2), (0.65, -0.13), samples=6)
    drawing.line(rim, darker(shell, 0.6), 0.04, importance=1.2)
    for x in (-0.36, 0, 0.36):
        seam = polyline((x * 1.1, -0.17), (x * 0.9, 0.1), (x * 0.5, h * 0.84))
        drawing.line(seam, darker(shell, 0.6), 0.035, importance=1.0)
    ring = open_curve((-0.56, 0.12), (0, 0.2), (0.53, 0.12), samples=6)
    drawing.line(ring, darker(shell, 0.6), 0.035, importance=1.0)


def _frog_front(drawing: Drawing, colour: Colour) -> None:
    for side in (-1, 1):
        thigh = closed_curve((side * 0.2, -0.1), (side * 0.64, 0.1), (side * 0.82, -0.25),
                             (side * 0.5, -0.46), (side * 0.2, -0.4), samples=5)  # fmt: skip
        drawing.fill(thigh, darker(colour, 0.85), f"leg{side}", 1.4)
        foot = closed_curve((side * 0.4, -0.42), (side * 0.86, -0.48), (side * 0.94, -0.6),
                            (side * 0.35, -0.6), samples=4)  # fmt: skip
        drawing.fill(foot, darker(colour, 0.8), f"leg{side}", 1.4)
    trunk = mirrored((0, 0.3), (0.36, 0.15), (0.46, -0.15), (0.3, -0.5), (0, -0.55))
    drawing.fill(trunk, colour, "b")
    head = mirrored((0, 0.55), (0.36, 0.48), (0.46, 0.25), (0.3, 0.06), (0, 0.0))
    drawing.fill(head, colour, "b")
    drawing.fill(ellipse(0, -0.25, 0.26, 0.24, samples=20), lighter(colour, 0.5), importance=0.7)
    for side in (-1, 1):
        drawing.fill(ellipse(side * 0.25, 0.55, 0.155, samples=18), colour, "b")
        drawing.fill(ellipse(side * 0.25, 0.57, 0.1, samples=14), (245, 240, 200), importance=1.5,
                     flat=True)  # fmt: skip
        drawing.eye(side * 0.25, 0.57, 0.05)
        arm = limb([(side * 0.26, -0.15), (side * 0.24, -0.56)], [0.13, 0.12], samples=3)
        drawing.fill(arm, colour, importance=1.1)
    mouth = open_curve((-0.33, 0.24), (0, 0.13), (0.33, 0.24), samples=6)
    drawing.line(mouth, darker(colour, 0.4), 0.035, importance=1.4)


def _frog_side(drawing: Drawing, colour: Colour) -> None:
    body = closed_curve((-0.72, -0.3), (-0.5, 0.05), (-0.05, 0.38), (0.35, 0.45), (0.75, 0.22),
                        (0.72, 0.02), (0.4, -0.2), (0.0, -0.45), (-0.5, -0.5),
                        samples=5)  # fmt: skip
    arm = limb([(0.32, -0.1), (0.36, -0.4), (0.3, -0.62), (0.46, -0.64)], [0.17, 0.12, 0.1, 0.09])
    drawing.fill(arm, darker(colour, 0.9), importance=1.4)
    drawing.fill(body, colour, "b")
    drawing.fill(ellipse(0.4, 0.46, 0.14, samples=18), colour, "b")
    drawing.fill(ellipse(0.42, 0.48, 0.09, samples=14), (245, 240, 200), importance=1.5, flat=True)
    drawing.eye(0.44, 0.48, 0.05)
    mouth = open_curve((0.76, 0.14), (0.55, 0.1), (0.32, 0.16), samples=4)
    drawing.line(mouth, darker(colour, 0.4), 0.035, importance=1.3)
    thigh = ellipse(-0.38, -0.3, 0.33, 0.22, 25, samples=22)
    drawing.fill(thigh, darker(colour, 0.88), importance=1.5)
    foot = limb([(-0.6, -0.5), (-0.2, -0.6), (0.08, -0.64)], [0.12, 0.12, 0.1], samples=4)
    drawing.fill(foot, darker(colour, 0.8), importance=1.4)


@toy("frog", "crawler", "animal", "four legs", "green", "lives in water", "small", "soft", "face",
     "wild")  # fmt: skip
def frog(drawing: Drawing) -> None:
    """Draw a sitting frog, from the front or from the side."""
    drawing.pick(_frog_front, _frog_side)(drawing, drawing.colour("green", "lime", "olive", "teal"))


@toy("crocodilian", "crawler", "animal", "four legs", "long", "long tail", "dangerous", "green",
     "lives in water", "big", "pointed", "wild")  # fmt: skip
def crocodilian(drawing: Drawing) -> None:
    """Draw a crocodile: a ridged back, short legs, long jaws that gape."""
    colour = drawing.colour("olive", "dark green", "green", "brown")
    for x in (-0.3, 0.32):
        leg = limb([(x, -0.08), (x - 0.1, -0.24), (x + 0.02, -0.4)], [0.18, 0.14, 0.13], samples=4)
        drawing.fill(leg, darker(colour, 0.8), importance=1.4)
    lift = drawing.uniform(0.05, 0.3)
    for k in range(9):
        x = -0.75 + 0.13 * k
        y = 0.1 + 0.07 * math.sin(max(0.0, x + 0.75) * 2) - 0.1 * (x < -0.5)
        ridge = polygon((x - 0.07, y), (x, y + 0.15), (x + 0.07, y))
        drawing.fill(ridge, darker(colour, 0.75), importance=1.0)
    body = limb([(-1.1, lift * 0.5), (-0.75, -0.05), (-0.3, 0), (0.1, 0.02), (0.45, 0.02)],
                [0.03, 0.19, 0.32, 0.34, 0.26], samples=6)  # fmt: skip
    drawing.fill(body, colour, "b")
    upper = closed_curve((0.35, 0.16), (0.55, 0.2), (0.7, 0.1), (1.12, 0.1), (1.14, 0.01),
                         (0.75, -0.02), (0.45, -0.04), samples=5)  # fmt: skip
    drawing.fill(upper, colour, "b")
    lower = closed_curve((0.4, -0.02), (0.75, -0.03), (1.1, -0.03), (1.08, -0.12), (0.6, -0.15),
                         (0.4, -0.12), samples=5)  # fmt: skip
    gape = drawing.uniform(10, 25)
    drawing.fill(rotate(lower, -gape, (0.42, -0.08)), darker(colour, 0.9), importance=1.5)
    for k in range(6):
        x = 0.68 + 0.075 * k
        tooth = polyline((x, 0.0), (x + 0.02, -0.07), (x + 0.045, 0.0))
        drawing.line(tooth, (250, 250, 245), 0.022, importance=0.8)
    drawing.fill(ellipse(0.52, 0.18, 0.075, samples=12), colour, importance=1.2)
    drawing.eye(0.53, 0.19, 0.035)


@toy("lizard", "crawler", "animal", "four legs", "long", "long tail", "green", "curved", "small",
     "spotted", "wild")  # fmt: skip
def lizard(drawing: Drawing) -> None:
    """Draw a lizard from above: bent legs with toes, a tail in an S."""
    colour = drawing.colour("green", "lime", "olive", "tan", "orange", "teal", "brown")
    sway = drawing.pick(-1, 1) * drawing.vary(0.24, 0.2)
    for y, reach in ((0.34, 0.4), (-0.18, 0.42)):
        for side in (-1, 1):
            up = 0.16 if y > 0 else -0.14
            x = side * drawing.vary(reach, 0.08)
            foot = (x, y + up * (1.4 + 0.5 * side * np.sign(sway)))
            path = [(0, y), (x * 0.85, y - 0.25 * up), foot]
            drawing.fill(limb(path, [0.13, 0.11, 0.08], samples=4), darker(colour, 0.9), "b", 1.5)
            for spread in (-40, 0, 40):
                a = math.radians((90 if up > 0 else -90) + spread)
                tip = (foot[0] + 0.12 * math.cos(a), foot[1] + 0.12 * math.sin(a))
                drawing.line(polyline(foot, tip), darker(colour, 0.75), 0.045, importance=1.0)
    spine = [(0, 0.62), (sway * 0.3, 0.3), (-sway * 0.1, -0.1), (-sway * 0.4, -0.35),
             (sway * 0.8, -0.75), (sway * 0.2, -1.15), (-sway * 0.6, -1.3)]  # fmt: skip
    drawing.fill(limb(spine, [0.2, 0.27, 0.29, 0.2, 0.13, 0.07, 0.02], samples=6), colour, "b")
    head = closed_curve((-0.13, 0.56), (-0.16, 0.74), (0, 0.96), (0.16, 0.74), (0.13, 0.56),
                        samples=5)  # fmt: skip
    drawing.fill(head, colour, "b")
    for side in (-1, 1):
        drawing.eye(side * 0.1, 0.76, 0.035)
    for k in range(4):
        mark = ellipse(sway * 0.2 * (1 - k * 0.5), 0.42 - 0.17 * k, 0.075, 0.045, samples=10)
        drawing.fill(mark, darker(colour, 0.6), importance=0.7, flat=True)
