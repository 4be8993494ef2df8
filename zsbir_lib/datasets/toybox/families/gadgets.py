"""Gadgets and other small things of a household."""

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
    rectangle,
    rotate,
)
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

SCREEN = ("sky", "glass", "blue", "navy", "teal")


# ---- clocks
def _hands(drawing: Drawing) -> None:
    """Draw the two hands of a clock, at any hour."""
    for length, width in ((0.28, 0.075), (0.43, 0.05)):
        tip = rotate([(0, length)], drawing.uniform(0, 360))[0]
        drawing.line(polyline((0, 0), tip), (30, 30, 30), width, importance=1.6)


def _face(drawing: Drawing, marks: int) -> None:
    """Draw the marks of the hours."""
    for k in range(marks):
        mark = rotate(polyline((0, 0.43), (0, 0.5)), 360 * k / marks)
        drawing.line(mark, (40, 40, 40), 0.04, importance=0.9)


def _bell_clock(drawing: Drawing, colour: Colour) -> None:
    """Draw a round clock on feet, with two bells and a hammer."""
    for side in (-1, 1):
        foot = limb([(side * 0.35, -0.5), (side * 0.52, -0.9)], [0.13, 0.1], samples=4)
        drawing.fill(foot, darker(colour, 0.7), importance=1.4)
        bell = rotate(ellipse(0, 0.74, 0.29, 0.19, 0, 20, 0, 180), -side * 38)
        drawing.fill(bell, darker(colour, 0.8), importance=1.6)
    drawing.line(polyline((0, 0.6), (0, 0.88)), (70, 70, 70), 0.07, importance=1.1)
    drawing.fill(ellipse(0, 0, 0.67), colour)
    drawing.fill(ellipse(0, 0, 0.54), (245, 243, 236), importance=1.4, flat=True)
    _face(drawing, drawing.pick(4, 12))
    _hands(drawing)


def _box_clock(drawing: Drawing, colour: Colour) -> None:
    """Draw a clock in a box, with a button on top."""
    w = drawing.vary(0.8, 0.08)
    drawing.fill(rectangle(0, 0.78, 0.5, 0.14, 0.06), darker(colour, 0.7), importance=1.4)
    drawing.fill(rectangle(0, 0, 2 * w, 1.45, 0.2), colour)
    for side in (-1, 1):
        drawing.fill(rectangle(side * w * 0.7, -0.78, 0.22, 0.14, 0.04), darker(colour, 0.6),
                     importance=1.3)  # fmt: skip
    drawing.fill(ellipse(0, 0, 0.57), (245, 243, 236), importance=1.5, flat=True)
    _face(drawing, drawing.pick(4, 12))
    _hands(drawing)


@toy("alarm_clock", "gadget", "man-made", "metal", "round", "face", "moving parts", "small",
     "buttons")  # fmt: skip
def alarm_clock(drawing: Drawing) -> None:
    """Draw an alarm clock with two bells, or a square one with a button."""
    colour = drawing.colour("red", "blue", "gold", "teal", "black", "green")
    drawing.pick(_bell_clock, _bell_clock, _box_clock)(drawing, colour)


# ---- others
@toy(
    "television", "gadget",
    "man-made", "windows", "boxy", "buttons", "furniture", "glass", pretrain_only=True,
)  # fmt: skip
def television(drawing: Drawing) -> None:
    """Draw an old television with an aerial."""
    case = drawing.colour("brown", "dark gray", "black", "red", "wood")
    for side in (-1, 1):
        aerial = polyline((0, 0.45), (side * drawing.vary(0.4, 0.2), 0.98))
        drawing.line(aerial, (110, 110, 114), 0.05, importance=1.4)
        leg = polygon((side * 0.6, -0.55), (side * 0.74, -0.84), (side * 0.48, -0.6))
        drawing.fill(leg, darker(case, 0.6), importance=1.3)
    drawing.fill(rectangle(0, -0.05, 1.75, 1.1, 0.1), case)
    drawing.fill(rectangle(-0.2, -0.05, 1.15, 0.85, 0.14), drawing.colour(*SCREEN), importance=1.3)
    for y in (0.22, -0.05):
        drawing.fill(ellipse(0.65, y, 0.1, samples=14), (220, 210, 190), importance=1.3)
    for y in (-0.27, -0.37):
        drawing.line(polyline((0.55, y), (0.75, y)), darker(case, 0.5), 0.03, importance=0.7)


@toy(
    "laptop", "gadget",
    "man-made", "windows", "boxy", "buttons", "metal", "moving parts", pretrain_only=True,
)  # fmt: skip
def laptop(drawing: Drawing) -> None:
    """Draw an open laptop."""
    case, lean = drawing.colour("silver", "dark gray", "black"), drawing.uniform(-0.1, 0.1)
    lid = polygon((-0.68, -0.2), (-0.62 + lean, 0.7), (0.62 + lean, 0.7), (0.68, -0.2))
    drawing.fill(lid, case)
    screen = polygon((-0.58, -0.1), (-0.54 + lean, 0.62), (0.54 + lean, 0.62), (0.58, -0.1))
    drawing.fill(screen, drawing.colour(*SCREEN), importance=1.3, flat=True)
    base = polygon((-0.68, -0.2), (0.68, -0.2), (0.95, -0.62), (-0.95, -0.62))
    drawing.fill(base, darker(case, 0.88), importance=1.4)
    keys = polygon((-0.62, -0.26), (0.62, -0.26), (0.72, -0.43), (-0.72, -0.43))
    drawing.fill(keys, (60, 60, 64), importance=1.1, flat=True)
    pad = polygon((-0.2, -0.48), (0.2, -0.48), (0.22, -0.58), (-0.22, -0.58))
    drawing.fill(pad, (150, 150, 154), importance=0.9, flat=True)


@toy(
    "telephone", "gadget",
    "man-made", "buttons", "handle", "curved", "round", "moving parts", pretrain_only=True,
)  # fmt: skip
def telephone(drawing: Drawing) -> None:
    """Draw a telephone with a dial."""
    case = drawing.colour("red", "black", "green", "cream", "teal")
    body = closed_curve((-0.55, 0.2), (-0.75, -0.55), (-0.7, -0.65), (0.7, -0.65), (0.75, -0.55),
                        (0.55, 0.2), (0.3, 0.32), (-0.3, 0.32), samples=4)  # fmt: skip
    drawing.fill(body, case, "telephone")
    handset = limb([(-0.82, 0.3), (-0.7, 0.52), (0, 0.62), (0.7, 0.52), (0.82, 0.3)],
                   [0.3, 0.2, 0.15, 0.2, 0.3], samples=5)  # fmt: skip
    drawing.fill(handset, darker(case, 0.85), importance=1.4)
    drawing.fill(ellipse(0, -0.18, 0.33), (240, 236, 228), importance=1.3, flat=True)
    for a in np.arange(8) * math.pi / 4:
        hole = ellipse(0.22 * math.cos(a), -0.18 + 0.22 * math.sin(a), 0.055, samples=8)
        drawing.fill(hole, darker(case, 0.5), importance=0.9, flat=True)


@toy(
    "camera", "gadget",
    "man-made", "glass", "boxy", "buttons", "small", "round", pretrain_only=True,
)  # fmt: skip
def camera(drawing: Drawing) -> None:
    """Draw a camera with a large lens."""
    case = drawing.colour("black", "dark gray", "silver", "brown")
    hump = polygon((-0.3, 0.42), (-0.22, 0.62), (0.22, 0.62), (0.3, 0.42))
    drawing.fill(hump, darker(case, 0.85), "camera")
    drawing.fill(rectangle(-0.62, 0.48, 0.24, 0.12, 0.02), (90, 90, 94), importance=1.1)
    drawing.fill(rectangle(0, -0.06, 1.75, 1.0, 0.1), case, "camera")
    drawing.fill(rectangle(0, 0.3, 1.75, 0.2), drawing.colour("silver", "light gray", "tan"))
    drawing.fill(ellipse(0, -0.1, 0.43), (60, 60, 64), importance=1.4)
    drawing.fill(ellipse(0, -0.1, 0.29, samples=24), (40, 50, 80), importance=1.3)
    drawing.fill(rectangle(0.62, 0.3, 0.24, 0.15), (245, 240, 210), importance=1.1)


@toy("light_bulb", "gadget", "man-made", "glass", "hot", "round", "small", "upright",
     pretrain_only=True)  # fmt: skip
def light_bulb(drawing: Drawing) -> None:
    """Draw a light bulb."""
    glass = drawing.colour("yellow", "cream", "white", "glass")
    w = drawing.vary(0.54, 0.1)
    bulb = mirrored((0, 0.9), (w * 0.65, 0.8), (w, 0.45), (w * 0.85, 0.1), (0.24, -0.25),
                    (0.2, -0.42), (0, -0.44))  # fmt: skip
    drawing.fill(bulb, glass)
    filament = polyline((-0.12, -0.4), (-0.17, 0.2), (-0.06, 0.05), (0, 0.22), (0.06, 0.05),
                        (0.17, 0.2), (0.12, -0.4))  # fmt: skip
    drawing.line(filament, (160, 110, 50), 0.04, importance=1.2)
    for k, y in enumerate((-0.5, -0.62, -0.74)):
        drawing.fill(rectangle(0, y, 0.42 - 0.03 * k, 0.12, 0.05), (150, 152, 158), importance=1.4)


@toy(
    "envelope", "gadget",
    "man-made", "boxy", "small", "soft", "pointed", "container", pretrain_only=True,
)  # fmt: skip
def envelope(drawing: Drawing) -> None:
    """Draw a closed envelope."""
    paper, h = drawing.colour("white", "cream", "beige", "sky", "yellow"), drawing.vary(0.56, 0.1)
    drawing.fill(rectangle(0, 0, 1.8, 2 * h), paper)
    for side in (-1, 1):
        fold = polyline((side * 0.9, -h), (side * 0.25, 0.02))
        drawing.line(fold, darker(paper, 0.65), 0.04, importance=1.2)
    flap = polyline((-0.9, h), (0, -0.08), (0.9, h))
    drawing.line(flap, darker(paper, 0.6), 0.05, importance=1.8)
    if drawing.chance():
        drawing.fill(ellipse(0, -0.05, 0.14, samples=16), (190, 40, 45), importance=1.2)


@toy(
    "book", "gadget",
    "man-made", "boxy", "soft", "small", "striped", "moving parts", pretrain_only=True,
)  # fmt: skip
def book(drawing: Drawing) -> None:
    """Draw an open book."""
    cover = drawing.colour("red", "blue", "green", "brown", "purple")
    outline = closed_curve((-0.95, -0.5), (-0.9, 0.55), (-0.5, 0.62), (0, 0.48), (0.5, 0.62),
                           (0.9, 0.55), (0.95, -0.5), (0.5, -0.42), (0, -0.58), (-0.5, -0.42),
                           samples=5)  # fmt: skip
    drawing.fill(outline, cover)
    for side in (-1, 1):
        page = closed_curve((0, 0.42), (side * 0.45, 0.56), (side * 0.84, 0.5),
                            (side * 0.88, -0.42), (side * 0.45, -0.34), (0, -0.48),
                            samples=5)  # fmt: skip
        drawing.fill(page, lighter((240, 236, 222), 0.2), importance=1.4)
        for y in (0.3, 0.08, -0.14):
            words = open_curve((side * 0.14, y - 0.03), (side * 0.45, y + 0.06),
                               (side * 0.76, y + 0.02), samples=4)  # fmt: skip
            drawing.line(words, (150, 150, 150), 0.035, importance=0.9)
