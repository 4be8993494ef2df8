"""Furniture: seats, tables and beds, seen from the front or from a corner.

What counts is what carries whom: legs, a seat, a back, arms, a top.
"""

from __future__ import annotations

from zsbir_lib.datasets.toybox.drawing import Drawing
from zsbir_lib.datasets.toybox.geometry import (
    closed_curve,
    ellipse,
    limb,
    open_curve,
    polygon,
    polyline,
    rectangle,
)
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

WOOD = ("wood", "brown", "dark brown", "tan")
FABRIC = ("red", "blue", "teal", "gray", "green", "purple", "beige", "orange")
IRON = (70, 70, 74)


def _post(
    drawing: Drawing, x: float, top: float, bottom: float, colour: Colour | tuple, width: float
) -> None:
    """Add an upright piece of wood, a leg most often."""
    post = rectangle(x, (top + bottom) / 2, width, abs(top - bottom))
    drawing.fill(post, colour, importance=1.4)


# ---- seats


@toy(
    "chair", "furniture",
    "man-made", "furniture", "four legs", "wooden", "upright", "boxy",
)  # fmt: skip
def chair(drawing: Drawing) -> None:
    """Draw a chair: four legs and a tall back of rungs, of spindles, or padded."""
    wood = drawing.colour(*WOOD, "white", "black", "red", "teal")
    shade = darker(wood, 0.7)
    leg = drawing.vary(0.11, 0.12)
    top = drawing.vary(0.78, 0.09)
    kind = drawing.pick("rungs", "padded", "frontal")
    if kind == "frontal":
        _chair_from_front(drawing, wood, leg, top)
        return
    _post(drawing, -0.26, -0.1, -0.72, shade, leg)
    _post(drawing, 0.42, -0.1, -0.74, shade, leg)
    _post(drawing, -0.42, top, -0.95, wood, leg)
    _post(drawing, 0.25, -0.1, -0.95, wood, leg)
    if kind == "rungs":
        for k in range(3):
            y = top - 0.1 - 0.22 * k
            rung = polygon((-0.42, y), (-0.18, y + 0.1), (-0.18, y - 0.03), (-0.42, y - 0.13))
            drawing.fill(rung, wood, importance=1.1)
        _post(drawing, -0.16, top + 0.08, -0.1, wood, leg)
    else:
        back = polygon((-0.48, top), (-0.12, top + 0.12), (-0.12, 0.06), (-0.48, -0.06))
        drawing.fill(back, drawing.colour(*FABRIC), importance=1.5)
    seat = polygon((-0.48, -0.14), (0.3, -0.14), (0.54, 0.03), (-0.18, 0.03))
    drawing.fill(seat, wood, "seat")
    edge = polygon((-0.48, -0.14), (0.3, -0.14), (0.3, -0.24), (-0.48, -0.24))
    drawing.fill(edge, shade, "seat")


def _chair_from_front(drawing: Drawing, wood: Colour, leg: float, top: float) -> None:
    """Add a chair that faces us: the seat is a trapezium, the back rises behind it."""
    shade = darker(wood, 0.75)
    for side in (-1, 1):
        _post(drawing, side * 0.32, top, -0.74, shade, leg)
    rail = closed_curve((-0.38, top - 0.04), (0, top + 0.12), (0.38, top - 0.04),
                        (0.36, top - 0.2), (0, top - 0.1), (-0.36, top - 0.2),
                        samples=5)  # fmt: skip
    drawing.fill(rail, wood, importance=1.5)
    for x in (-0.12, 0.12):
        drawing.fill(rectangle(x, top / 2 - 0.02, 0.07, top), wood, importance=1.1)
    seat = polygon((-0.36, 0.06), (0.36, 0.06), (0.5, -0.16), (-0.5, -0.16))
    drawing.fill(seat, drawing.colour(*FABRIC, *WOOD), importance=1.5)
    drawing.fill(rectangle(0, -0.2, 1.0, 0.1), wood, importance=1.2)
    for side in (-1, 1):
        _post(drawing, side * 0.43, -0.24, -0.98, wood, leg * 1.1)


@toy(
    "armchair", "furniture",
    "man-made", "furniture", "soft", "four legs", "big", "boxy",
    pretrain_only=True,
)  # fmt: skip
def armchair(drawing: Drawing) -> None:
    """Draw an upholstered armchair from the front."""
    fabric = drawing.colour(*FABRIC)
    for x in (-0.5, 0.5):
        _post(drawing, x, -0.6, -0.84, darker(drawing.colour(*WOOD), 0.7), 0.11)
    top = drawing.vary(0.72, 0.1)
    if drawing.chance(0.7):
        back = closed_curve((-0.5, 0.0), (-0.52, top - 0.2), (-0.25, top), (0.25, top),
                            (0.52, top - 0.2), (0.5, 0.0), samples=6)  # fmt: skip
    else:  # a wing chair
        back = polygon((-0.62, 0.0), (-0.62, top - 0.1), (-0.4, top), (0, top + 0.08),
                       (0.4, top), (0.62, top - 0.1), (0.62, 0.0))  # fmt: skip
    drawing.fill(back, fabric, "body")
    drawing.fill(rectangle(0, -0.4, 1.1, 0.45, 0.05), darker(fabric, 0.8), "body")
    drawing.fill(rectangle(0, -0.12, 0.85, 0.26, 0.1), lighter(fabric, 0.15), importance=1.3)
    for x in (-0.58, 0.58):
        drawing.fill(rectangle(x, -0.22, 0.28, 0.75, 0.13), darker(fabric, 0.9), importance=1.4)


@toy(
    "couch", "furniture",
    "man-made", "furniture", "soft", "big", "long", "four legs",
)  # fmt: skip
def couch(drawing: Drawing) -> None:
    """Draw a couch: one back, two or three seat cushions, two arms, often with pillows."""
    fabric = drawing.colour(*FABRIC, "brown", "maroon")
    seats = drawing.pick(2, 3)
    half = 0.72 if seats == 2 else 0.85
    top = drawing.uniform(0.46, 0.58)
    foot = drawing.colour(*WOOD)
    for x in (-half, half):
        _post(drawing, x, -0.48, -0.7, darker(foot, 0.7), 0.12)
    if drawing.chance(0.6):
        back = rectangle(0, top - 0.36, 2 * half, 0.76, 0.14)
    else:  # a back that rises in the middle
        back = closed_curve((-half, -0.1), (-half, top - 0.18), (-0.5 * half, top),
                            (0, top + 0.12), (0.5 * half, top), (half, top - 0.18), (half, -0.1),
                            samples=5)  # fmt: skip
    drawing.fill(back, fabric, "body")
    drawing.fill(rectangle(0, -0.38, 2.06 * half, 0.32, 0.05), darker(fabric, 0.8), "body")
    pitch = 2 * (half - 0.06) / seats
    for k in range(seats):
        x = -half + 0.06 + pitch * (k + 0.5)
        cushion = rectangle(x, -0.14, pitch * 0.98, 0.26, 0.08)
        drawing.fill(cushion, lighter(fabric, 0.15), importance=1.35)
        if k < seats - 1:
            seam = polyline((x + pitch / 2, top - 0.1), (x + pitch / 2, 0.0))
            drawing.line(seam, darker(fabric, 0.6), 0.03, importance=0.8)
    if drawing.chance(0.4):
        pillow = rectangle(-half + 0.3, 0.12, 0.32, 0.32, 0.08, 18)
        drawing.fill(pillow, drawing.colour("yellow", "white", "red", "navy"), importance=1.0)
    rounded = 0.14 if drawing.chance(0.6) else 0.04
    for x in (-half - 0.1, half + 0.1):
        arm = rectangle(x, -0.15, 0.3, 0.76, rounded)
        drawing.fill(arm, darker(fabric, 0.9), importance=1.5)


@toy(
    "bench", "furniture",
    "man-made", "furniture", "wooden", "metal", "long", "striped", "big", "four legs", "boxy",
)  # fmt: skip
def bench(drawing: Drawing) -> None:
    """Draw a park bench: a back of slats, a slatted seat, iron legs, at times armrests."""
    wood = drawing.colour(*WOOD, "green", "red", "light gray")
    slats = drawing.pick(2, 3)
    half = drawing.uniform(0.84, 0.96)
    top = drawing.uniform(0.5, 0.62)
    legs = drawing.pick(0.7, 0.6) * half
    for x in (-legs, legs):
        _post(drawing, x, top + 0.05, -0.7, IRON, 0.11)
    pitch = (top + 0.06) / slats
    for k in range(slats):
        slat = rectangle(0, top - pitch * k, 2 * half, pitch * 0.62)
        drawing.fill(slat, wood * (1.0 - 0.06 * k), importance=1.5)
    for x in (-legs, legs):
        _post(drawing, x + 0.1, -0.2, -0.82, IRON, 0.12)
    seat = polygon((-half, -0.12), (half, -0.12), (half + 0.14, -0.36), (-half + 0.06, -0.36))
    drawing.fill(seat, wood, importance=1.5)
    middle = polyline((-half + 0.05, -0.24), (half + 0.06, -0.24))
    drawing.line(middle, darker(wood, 0.6), 0.03, importance=0.9)
    if drawing.chance(0.5):
        for x in (-half + 0.05, half + 0.05):
            arm = open_curve((x - 0.06, 0.14), (x + 0.06, 0.16), (x + 0.16, 0.06),
                             (x + 0.12, -0.3), samples=5)  # fmt: skip
            drawing.line(arm, IRON, 0.08, importance=1.25)


# ---- tops


@toy(
    "table", "furniture",
    "man-made", "furniture", "wooden", "four legs", "boxy", "big",
)  # fmt: skip
def table(drawing: Drawing) -> None:
    """Draw a four-legged table seen from a corner, or a round table on a pedestal."""
    wood = drawing.colour(*WOOD, "white", "gray", "teal")
    if drawing.chance(0.65):
        _square_table(drawing, wood)
    else:
        _round_table(drawing, wood)


def _square_table(drawing: Drawing, wood: Colour) -> None:
    """Draw a table with a square top and four legs."""
    shade = darker(wood, 0.7)
    leg = drawing.vary(0.13, 0.12)
    foot = drawing.uniform(-0.85, -0.72)
    for x in (-0.44, 0.76):
        _post(drawing, x, 0.1, foot + 0.24, shade, leg * 0.9)
    for x in (-0.84, 0.42):
        _post(drawing, x, 0.0, foot, wood, leg)
    top = polygon((-0.95, 0.0), (0.55, 0.0), (0.95, 0.36), (-0.48, 0.36))
    drawing.fill(top, wood, "top")
    edge = polygon((-0.95, 0.0), (0.55, 0.0), (0.55, -0.12), (-0.95, -0.12))
    drawing.fill(edge, shade, "top")
    side = polygon((0.55, 0.0), (0.95, 0.36), (0.95, 0.25), (0.55, -0.12))
    drawing.fill(side, darker(wood, 0.6), "top")
    drawing.line(polyline((-0.95, 0.0), (0.55, 0.0), (0.95, 0.36)), shade, 0.03, importance=1.1)


def _round_table(drawing: Drawing, wood: Colour) -> None:
    """Add a round top on one leg with a spreading foot, with a cloth at times."""
    shade = darker(wood, 0.75)
    if drawing.chance(0.5):
        for x in (-0.5, 0.5):
            foot = limb([(0, -0.6), (x * 0.7, -0.72), (x, -0.86)], [0.14, 0.12, 0.1], samples=4)
            drawing.fill(foot, shade, "foot", importance=1.5)
        drawing.fill(rectangle(0, -0.22, 0.18, 0.9), shade, "foot", importance=1.5)
    else:
        drawing.fill(ellipse(0, -0.8, 0.42, 0.12, samples=24), shade, "foot", importance=1.5)
        drawing.fill(rectangle(0, -0.3, 0.16, 0.95), shade, "foot", importance=1.5)
    drawing.fill(ellipse(0, 0.12, 0.95, 0.27), darker(wood, 0.7), "top")
    drawing.fill(ellipse(0, 0.2, 0.95, 0.27), wood, "top")
    rim = ellipse(0, 0.2, 0.95, 0.27, samples=20, start=180, stop=360 - 1e-6)
    drawing.line(rim, darker(wood, 0.6), 0.03, importance=1.1)


@toy(
    "desk", "furniture",
    "man-made", "furniture", "wooden", "boxy", "container", "buttons", "big",
    pretrain_only=True,
)  # fmt: skip
def desk(drawing: Drawing) -> None:
    """Draw a desk with a column of drawers, and a screen or a lamp on it."""
    wood = drawing.colour(*WOOD)
    drawing.fill(rectangle(0.55, -0.38, 0.6, 0.72), wood, "drawers")
    for k in range(3):
        y = -0.15 - 0.22 * k
        drawing.fill(rectangle(0.55, y, 0.48, 0.17), lighter(wood, 0.15), importance=1.2)
        drawing.fill(ellipse(0.55, y, 0.04, samples=8), (220, 190, 90), importance=0.8)
    _post(drawing, -0.76, 0.0, -0.74, darker(wood, 0.7), 0.13)
    drawing.fill(rectangle(0, 0.02, 1.9, 0.13), darker(wood, 0.9), importance=1.5)
    if drawing.chance(0.6):
        drawing.fill(rectangle(-0.2, 0.18, 0.09, 0.22), (60, 60, 62), importance=1.1)
        drawing.fill(rectangle(-0.2, 0.46, 0.64, 0.42, 0.03), (45, 45, 50), importance=1.3)
    else:
        arm = polyline((-0.5, 0.08), (-0.62, 0.42), (-0.3, 0.66))
        drawing.line(arm, IRON, 0.06, importance=1.3)
        shade = polygon((-0.36, 0.74), (-0.24, 0.62), (-0.1, 0.42), (-0.4, 0.48))
        drawing.fill(shade, drawing.colour("red", "yellow", "green", "black"), importance=1.3)


@toy(
    "bed", "furniture",
    "man-made", "furniture", "soft", "wooden", "long", "big", "four legs",
    pretrain_only=True,
)  # fmt: skip
def bed(drawing: Drawing) -> None:
    """Draw a bed from the side: headboard, mattress, pillow, blanket, at times a footboard."""
    wood, blanket = drawing.colour(*WOOD), drawing.colour(*FABRIC)
    head = drawing.vary(0.62, 0.12)
    headboard = polygon((-1.0, -0.1), (-1.0, head - 0.08), (-0.8, head), (-0.8, -0.1))
    drawing.fill(headboard, wood, importance=1.5)
    drawing.fill(rectangle(0, -0.28, 1.85, 0.22), darker(wood, 0.7), importance=1.3)
    mattress = closed_curve((-0.85, -0.15), (-0.8, 0.12), (0.4, 0.12), (0.9, 0.05), (0.92, -0.2),
                            samples=4)  # fmt: skip
    drawing.fill(mattress, (238, 236, 230))
    cover = closed_curve((-0.25, 0.17), (0.4, 0.2), (0.92, 0.1), (0.93, -0.3), (0.3, -0.28),
                         (-0.3, -0.24), samples=4)  # fmt: skip
    drawing.fill(cover, blanket)
    pillow = rectangle(-0.56, 0.2, 0.46, 0.24, 0.1, 10)
    drawing.fill(pillow, (250, 248, 240), importance=1.4)
    _post(drawing, -0.9, -0.2, -0.66, wood, 0.13)
    _post(drawing, 0.92, 0.34 if drawing.chance(0.5) else 0.12, -0.66, wood, 0.13)
