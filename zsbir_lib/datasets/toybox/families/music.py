"""Musical instruments: strings on a body, tubes with a bell, a piano and a drum."""

from __future__ import annotations

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
    ring,
)
from zsbir_lib.datasets.toybox.palette import Colour, darker
from zsbir_lib.datasets.toybox.registry import toy

DARK_WOOD = (65, 45, 38)


# ---- instruments with a neck
def _neck(drawing: Drawing, head: Colour, width: float = 0.12) -> None:
    """Draw the fingerboard, from the body up, and a head with four pegs."""
    drawing.fill(rectangle(0, 0.45, width, 0.95), DARK_WOOD, importance=1.4)
    peg_box = closed_curve((-0.09, 0.88), (-0.13, 1.12), (0.13, 1.12), (0.09, 0.88), samples=4)
    drawing.fill(peg_box, head, importance=1.4)
    for y in (0.95, 1.05):
        for side in (-1, 1):
            peg = ellipse(side * 0.16, y, 0.055, 0.035, samples=8)
            drawing.fill(peg, (210, 200, 180), importance=0.7)


def _strings(drawing: Drawing, low: float) -> None:
    """Draw two strings from the head down to `low`."""
    for x in (-0.035, 0.035):
        drawing.line(polyline((x, 0.95), (x, low)), (225, 220, 205), 0.016, importance=0.6)


@toy("guitar", "string instrument", "instrument", "man-made", "wooden", "strings", "long",
     "curved", "handle")  # fmt: skip
def guitar(drawing: Drawing) -> None:
    """Draw an acoustic or an electric guitar, leaning."""
    first, lean = len(drawing.parts), drawing.uniform(-45, 45)
    if drawing.chance(0.65):
        body = drawing.colour("wood", "orange", "brown", "red", "dark brown")
        _neck(drawing, darker(body, 0.7))
        outline = mirrored((0, 0.15), (0.24, 0.12), (0.33, -0.05), (0.23, -0.26), (0.45, -0.5),
                           (0.38, -0.83), (0, -0.93))  # fmt: skip
        drawing.fill(outline, body)
        drawing.fill(ellipse(0, -0.22, 0.13, samples=18), (50, 35, 30), importance=1.4, flat=True)
    else:
        body = drawing.colour("red", "blue", "black", "white", "teal")
        _neck(drawing, darker(body, 0.7))
        outline = closed_curve((-0.08, 0.05), (-0.42, 0.28), (-0.34, -0.1), (-0.27, -0.3),
                               (-0.45, -0.62), (-0.2, -0.9), (0.25, -0.9), (0.44, -0.6),
                               (0.25, -0.28), (0.3, 0.08), (0.12, 0.0), samples=5)  # fmt: skip
        drawing.fill(outline, body)
        for y in (-0.2, -0.42):
            drawing.fill(rectangle(0, y, 0.26, 0.08), (235, 232, 225), importance=1.2)
        drawing.fill(ellipse(0.24, -0.66, 0.05, samples=10), (235, 232, 225), importance=0.8)
    drawing.fill(rectangle(0, -0.64, 0.28, 0.06), (60, 40, 35), importance=1.1)
    _strings(drawing, -0.64)
    drawing.turn(first, lean)


@toy("violin", "string instrument", "instrument", "man-made", "wooden", "strings", "curved",
     "small", "long")  # fmt: skip
def violin(drawing: Drawing) -> None:
    """Draw a violin with its bow."""
    first, lean = len(drawing.parts), drawing.uniform(-40, 40)
    body = drawing.colour("rust", "brown", "orange", "wood")
    _neck(drawing, darker(body, 0.7), 0.1)
    outline = mirrored((0, 0.12), (0.26, 0.06), (0.3, -0.12), (0.16, -0.25), (0.16, -0.4),
                       (0.36, -0.55), (0.36, -0.83), (0, -0.93))  # fmt: skip
    drawing.fill(outline, body)
    tail = polygon((-0.06, -0.6), (0.06, -0.6), (0.1, -0.87), (-0.1, -0.87))
    drawing.fill(tail, (40, 30, 28), importance=1.2)
    for side in (-1, 1):  # the f-holes
        hole = open_curve((side * 0.14, -0.2), (side * 0.2, -0.28), (side * 0.16, -0.42),
                          (side * 0.23, -0.5), samples=4)  # fmt: skip
        drawing.line(hole, (45, 25, 20), 0.035, importance=1.2)
    _strings(drawing, -0.6)
    if drawing.chance(0.75):
        side = drawing.pick(-1, 1)
        bow = [(side * 0.5, 0.85), (side * 0.62, 0.0), (side * 0.56, -0.9)]
        drawing.line(open_curve(*bow, samples=6), (120, 80, 50), 0.045, importance=1.3)
        drawing.line(polyline(bow[0], bow[-1]), (230, 225, 210), 0.02, importance=0.8)
    drawing.turn(first, lean)


@toy(
    "banjo", "string instrument",
    "instrument", "man-made", "strings", "round", "long", "wooden", "long neck",
    pretrain_only=True,
)  # fmt: skip
def banjo(drawing: Drawing) -> None:
    """Draw a banjo."""
    first, lean = len(drawing.parts), drawing.uniform(-40, 40)
    _neck(drawing, np.array([110.0, 70, 45]))
    drawing.fill(ellipse(0, -0.45, drawing.vary(0.44, 0.06)), drawing.colour("cream", "white"))
    drawing.line(ring(0, -0.45, 0.44), (130, 100, 60), 0.07, importance=1.3)
    drawing.fill(rectangle(0, -0.62, 0.22, 0.06), (60, 40, 35), importance=1.0)
    _strings(drawing, -0.62)
    drawing.turn(first, lean)


@toy("harp", "string instrument", "instrument", "man-made", "wooden", "strings", "upright",
     "curved", "big")  # fmt: skip
def harp(drawing: Drawing) -> None:
    """Draw a harp: pillar, curved neck, slanting sound box, strings."""
    colour = drawing.colour("gold", "wood", "brown", "orange")
    reach = drawing.vary(0.5, 0.1)
    for k in range(drawing.pick(5, 6, 7)):
        x = -0.24 + 0.11 * k
        if x < reach - 0.12:
            string = polyline((x, 0.66), (x, -0.58 + 1.25 * (x + 0.24)))
            drawing.line(string, (225, 215, 185), 0.025, importance=1.2)
    drawing.fill(limb([(-0.45, -0.85), (-0.32, 0.2), (-0.37, 0.9)], [0.13, 0.12, 0.14]), colour,
                 "frame", 1.5)  # fmt: skip
    neck = limb([(-0.37, 0.88), (-0.05, 0.7), (0.2, 0.63), (reach, 0.88)],
                [0.14, 0.14, 0.15, 0.13])  # fmt: skip
    drawing.fill(neck, colour, "frame", 1.5)
    box = limb([(-0.47, -0.85), (0.1, -0.2), (reach + 0.05, 0.8)], [0.24, 0.18, 0.11])
    drawing.fill(box, darker(colour, 0.85), "frame", 1.5)
    drawing.fill(rectangle(-0.42, -0.92, 0.5, 0.12, 0.04), darker(colour, 0.7), importance=1.1)


# ---- tubes
@toy("trumpet", "wind instrument", "instrument", "man-made", "metal", "long", "buttons", "curved")
def trumpet(drawing: Drawing) -> None:
    """Draw a trumpet: mouthpiece, three valves, a coil below them, a wide bell."""
    metal = drawing.colour("gold", "silver", "orange")
    first = len(drawing.parts)
    drop = drawing.vary(0.24, 0.1)
    coil = np.concatenate([
        ellipse(-0.34, 0.1 - drop, drop, drop, 0, 10, 90, 270),
        ellipse(0.2, 0.1 - drop, drop, drop, 0, 10, -90, 90),
    ])  # fmt: skip
    drawing.line(np.concatenate([coil, coil[:1]]), metal, 0.1, importance=2.0)
    flare = drawing.vary(0.44, 0.08)
    # The tube and the bell are one outline, so that no hand tears them apart.
    bell = polygon(
        (-0.92, 0.17),
        (0.35, 0.18),
        (0.62, 0.24),
        (0.8, 0.34),
        (0.95, 0.1 + flare),
        (0.95, 0.1 - flare),
        (0.8, -0.14),
        (0.62, -0.04),
        (0.35, 0.02),
        (-0.92, 0.03),
    )
    drawing.fill(bell, metal, importance=2.0)  # fmt: skip
    rim = ellipse(0.95, 0.1, 0.07, flare, samples=24)
    drawing.fill(rim, darker(metal, 0.6), importance=1.6)
    cup = polygon((-0.9, 0.15), (-1.06, 0.24), (-1.06, -0.04), (-0.9, 0.05))
    drawing.fill(cup, darker(metal, 0.8), importance=1.8)
    for x in (-0.3, -0.08, 0.14):
        drawing.fill(rectangle(x, 0.05, 0.15, 0.62), darker(metal, 0.85), importance=1.8)
        drawing.line(polyline((x, 0.36), (x, 0.5)), darker(metal, 0.6), 0.05, importance=1.3)
        drawing.fill(rectangle(x, 0.53, 0.17, 0.08), darker(metal, 0.65), importance=1.5)
    drawing.turn(first, drawing.uniform(-8, 24))


@toy("saxophone", "wind instrument", "instrument", "man-made", "metal", "curved", "buttons",
     "upright")  # fmt: skip
def saxophone(drawing: Drawing) -> None:
    """Draw a saxophone: a bent neck, a body with keys, a bell that turns up."""
    metal = drawing.colour("gold", "orange", "silver")
    mouth = drawing.vary(-0.6, 0.1)
    path = [(mouth, 0.68), (-0.42, 0.9), (-0.2, 0.85), (-0.12, 0.5), (0, -0.3), (0.12, -0.7),
            (0.36, -0.8), (0.55, -0.58), (0.58, -0.22), (0.66, 0.06)]  # fmt: skip
    widths = [0.08, 0.08, 0.09, 0.13, 0.18, 0.23, 0.26, 0.29, 0.34, 0.5]
    drawing.fill(limb(path, widths, samples=5), metal)
    drawing.fill(ellipse(0.67, 0.08, 0.26, 0.09, 12, samples=20), darker(metal, 0.5),
                 importance=1.5, flat=True)  # fmt: skip
    for k in range(5):
        key = ellipse(-0.05 + 0.035 * k, 0.36 - 0.2 * k, 0.065, samples=12)
        drawing.fill(key, darker(metal, 0.7), importance=1.15)
    rod = open_curve((0.08, 0.4), (0.14, 0.0), (0.24, -0.5), samples=4)
    drawing.line(rod, darker(metal, 0.6), 0.03, importance=0.8)
    drawing.fill(rectangle(mouth - 0.04, 0.63, 0.09, 0.2, 0.02, -35), (35, 32, 32), importance=1.3)


# ---- others
def _upright_piano(drawing: Drawing, wood: Colour) -> None:
    """Draw an upright piano from the front: a tall case, a music stand, a keyboard on two legs."""
    tall = drawing.vary(0.9, 0.08)
    for x in (-0.72, 0.72):
        drawing.fill(rectangle(x, -0.62, 0.16, 0.62), darker(wood, 0.85), importance=1.6)
    drawing.fill(rectangle(0, tall / 2, 1.8, tall, 0.03), wood, importance=2.0)
    drawing.fill(rectangle(0, tall, 1.96, 0.12, 0.03), darker(wood, 0.9), importance=1.5)
    drawing.fill(rectangle(0, 0.2 + tall / 3, 0.7, 0.36), (240, 236, 224), importance=1.2)
    _keyboard(drawing, 0.1, -0.3, (-0.95, 0.95))
    drawing.fill(rectangle(0, -0.36, 2.02, 0.12), darker(wood, 0.9), importance=1.5)
    for x in (-0.1, 0.1):  # the pedals
        drawing.fill(rectangle(x, -0.86, 0.1, 0.1), (190, 150, 70), importance=0.9)


def _grand_piano(drawing: Drawing, wood: Colour) -> None:
    """Draw a grand piano with its lid open, propped up by a stick."""
    for x in (-0.75, 0.05, 0.72):
        drawing.fill(polygon((x - 0.08, -0.2), (x + 0.08, -0.2), (x + 0.05, -0.95),
                             (x - 0.05, -0.95)), darker(wood, 0.8), importance=1.6)  # fmt: skip
    lid = closed_curve((-0.72, 0.1), (-0.62, 0.55), (-0.35, 0.95), (0.3, 0.98), (0.75, 0.55),
                       (0.95, 0.12), samples=5)  # fmt: skip
    drawing.fill(lid, darker(wood, 0.85), importance=2.0)
    body = polygon((-0.98, -0.3), (-0.98, 0.1), (0.98, 0.1), (0.98, -0.16), (0.5, -0.3))
    drawing.fill(body, wood, importance=2.0)
    _keyboard(drawing, 0.1, -0.18, (-0.98, 0.12))
    drawing.line(polyline((0.5, 0.1), (0.36, 0.8)), darker(wood, 0.5), 0.05, importance=1.4)


def _keyboard(drawing: Drawing, top: float, bottom: float, across: tuple[float, float]) -> None:
    """Draw the white keys as one board, and black keys on it, long enough to be seen."""
    left, right = across
    drawing.fill(polygon((left, top), (right, top), (right, bottom), (left, bottom)),
                 (242, 240, 232), importance=2.0)  # fmt: skip
    width = 0.21
    for x in np.arange(left + width, right - 0.08, width):
        drawing.fill(rectangle(x, top - 0.1, 0.09, 0.22), (30, 30, 30), importance=2.0, flat=True)
        drawing.line(polyline((x, top - 0.2), (x, bottom)), (60, 60, 60), 0.025, importance=1.3)


@toy("piano", "keyboard instrument", "instrument", "man-made", "wooden", "buttons", "big", "boxy",
     "furniture", "striped")  # fmt: skip
def piano(drawing: Drawing) -> None:
    """Draw an upright piano or a grand piano."""
    wood = drawing.colour("black", "brown", "dark brown", "maroon", "white")
    drawing.pick(_upright_piano, _upright_piano, _grand_piano)(drawing, wood)


@toy(
    "drum", "percussion",
    "instrument", "man-made", "round", "strings", "container", "wooden", "striped",
    pretrain_only=True,
)  # fmt: skip
def drum(drawing: Drawing) -> None:
    """Draw a drum with two sticks."""
    colour = drawing.colour("red", "blue", "green", "wood")
    for side in (-1, 1):
        stick = limb([(side * 0.8, 0.95), (side * 0.15, 0.45)], [0.07, 0.06], samples=4)
        drawing.fill(stick, (215, 180, 120), importance=1.3)
        drawing.fill(ellipse(side * 0.14, 0.44, 0.08, samples=10), (215, 180, 120), importance=1.1)
    body = closed_curve((-0.62, 0.28), (-0.62, -0.5), (-0.4, -0.68), (0, -0.74), (0.4, -0.68),
                        (0.62, -0.5), (0.62, 0.28), samples=4)  # fmt: skip
    drawing.fill(body, colour)
    drawing.fill(ellipse(0, 0.28, 0.62, 0.2), (240, 232, 215), importance=1.4)
    zigzag = [(-0.6 + 0.15 * k, 0.1 if k % 2 else -0.52) for k in range(9)]
    drawing.line(polyline(*zigzag), (240, 225, 180), 0.035, importance=1.2)
    hoop = ellipse(0, -0.5, 0.62, 0.2, 0, 20, 180, 360)
    drawing.line(hoop, (220, 190, 100), 0.05, importance=0.9)
