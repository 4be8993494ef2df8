"""Things with a handle, for the workshop, the kitchen, the garden and the pocket.

Most are drawn upright, the business end up, and turned as a whole at the end. Long thin tools fade
at 64 pixels, so all of them are stouter here than in a shop.
"""

from __future__ import annotations

import math

import numpy as np

from zsbir_lib.datasets.toybox.drawing import Drawing
from zsbir_lib.datasets.toybox.geometry import (
    Points,
    closed_curve,
    ellipse,
    limb,
    mirrored,
    open_curve,
    polygon,
    polyline,
    rectangle,
    ring,
    rotate,
)
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

GRIP = ("wood", "tan", "brown", "red", "blue", "black", "yellow", "green")
METAL = ("silver", "gray", "light gray", "dark gray")
BRIGHT = ("red", "blue", "green", "black", "yellow", "orange", "purple", "teal")


def _tilt(drawing: Drawing, low: float = -60, high: float = -20) -> None:
    """Turn the finished tool, so that it lies across the picture."""
    drawing.turn(0, drawing.uniform(low, high))


def _shaft(
    drawing: Drawing, colour: Colour, top: float, bottom: float, upper: float, lower: float
) -> None:
    """Add a straight handle on the y axis, `upper` wide at the top and `lower` at the bottom."""
    middle = (top + bottom) / 2
    outline = limb([(0, top), (0, middle), (0, bottom)], [upper, upper, lower], samples=6)
    drawing.fill(outline, colour, importance=1.5)


# ---- workshop


@toy(
    "hammer", "tool",
    "man-made", "tool", "handle", "wooden", "metal", "long", "boxy",
)  # fmt: skip
def hammer(drawing: Drawing) -> None:
    """Draw a claw hammer, or a sledge with a plain block for a head."""
    metal = drawing.colour(*METAL)
    width = drawing.vary(0.18, 0.1)
    _shaft(drawing, drawing.colour(*GRIP), 0.72, -0.98, width * 0.85, width * 1.3)
    if drawing.chance(0.65):
        # From the tips of the claw, over the eye and the neck, to the striking face.
        head = polygon((-0.14, 0.5), (-0.38, 0.58), (-0.66, 0.38), (-0.44, 0.8), (-0.14, 0.9),
                       (0.16, 0.86), (0.22, 0.96), (0.5, 0.96), (0.5, 0.44), (0.22, 0.44),
                       (0.16, 0.54))  # fmt: skip
    else:
        head = rectangle(0, 0.68, drawing.vary(1.05, 0.1), 0.46, 0.06)
    drawing.fill(head, metal, importance=1.5)
    if drawing.chance(0.4):
        grip = rectangle(0, -0.68, width * 1.4, 0.6, 0.06)
        drawing.fill(grip, drawing.colour("black", "red", "blue"), importance=1.5)
    _tilt(drawing)


@toy(
    "axe", "tool",
    "man-made", "tool", "weapon", "handle", "blade", "wooden", "metal", "dangerous", "long",
)  # fmt: skip
def axe(drawing: Drawing) -> None:
    """Draw an axe with one blade, at times with two."""
    metal = drawing.colour(*METAL)
    grip = drawing.colour(*GRIP)
    handle = limb([(0, 0.95), (0.03, 0.2), (-0.03, -0.5), (0.04, -0.98)],
                  [0.15, 0.15, 0.17, 0.24], samples=6)  # fmt: skip
    drawing.fill(handle, grip, importance=1.5)
    flare = drawing.uniform(0.9, 1.15)
    right_edge = [(0.08, 0.85), (0.34, 0.9), (0.62, 1.04 * flare), (0.74, 0.64), (0.6, 0.2),
                  (0.34, 0.46), (0.08, 0.5)]  # fmt: skip
    sides = (-1, 1) if drawing.chance(0.3) else (-1,)
    for side in sides:
        blade = closed_curve(*[(side * x, y) for x, y in right_edge], samples=6)
        drawing.fill(blade, metal, "head", importance=1.5)
        edge = open_curve(
            *[(side * x, y) for x, y in ((0.58, 0.92 * flare), (0.63, 0.63), (0.55, 0.32))],
            samples=5,
        )
        drawing.line(edge, lighter(metal, 0.6), 0.04, importance=0.8)
    block = rectangle(0.03 if len(sides) == 1 else 0.0, 0.68, 0.3, 0.42, 0.03)
    drawing.fill(block, metal, "head", importance=1.5)
    _tilt(drawing, -60, 20)


@toy(
    "saw", "tool",
    "man-made", "tool", "handle", "blade", "metal", "wooden", "pointed", "dangerous", "long",
)  # fmt: skip
def saw(drawing: Drawing) -> None:
    """Draw a hand saw, or a bow saw: a blade stretched in a bent frame."""
    if drawing.chance(0.7):
        _hand_saw(drawing)
    else:
        _bow_saw(drawing)
    _tilt(drawing, -30, 20)


def _teeth(left: float, right: float, y: float, depth: float, count: int) -> Points:
    """Return a zigzag from left to right whose tips hang `depth` below `y`."""
    x = np.linspace(left, right, 2 * count + 1)
    return np.stack([x, y - depth * (np.arange(2 * count + 1) % 2)], axis=1)


def _hand_saw(drawing: Drawing) -> None:
    """Draw a hand saw: a wide blade with teeth, a handle with a hole."""
    metal, grip = drawing.colour(*METAL), drawing.colour(*GRIP)
    nose = drawing.uniform(0.1, 0.24)
    teeth = _teeth(-0.35, 1.0, -0.22, 0.13, drawing.pick(9, 11))
    blade = polygon((-0.4, 0.4), (1.0, nose), *teeth[::-1])
    drawing.fill(blade, metal, importance=1.5, flat=True)
    handle = closed_curve((-0.3, 0.36), (-0.66, 0.46), (-0.98, 0.22), (-0.94, -0.26),
                          (-0.62, -0.4), (-0.3, -0.2), samples=6)  # fmt: skip
    drawing.fill(handle, grip, importance=1.5)
    drawing.fill(ellipse(-0.64, 0.0, 0.22, 0.13, 12, samples=20), darker(grip, 0.4),
                 importance=1.4, flat=True)  # fmt: skip


def _bow_saw(drawing: Drawing) -> None:
    """Draw a bow saw: a thin blade under a bent frame."""
    metal = drawing.colour(*METAL)
    paint = drawing.colour("red", "blue", "orange", "green", "yellow")
    teeth = _teeth(-0.86, 0.92, -0.3, 0.13, 12)
    blade = polygon((-0.86, -0.16), (0.92, -0.16), *teeth[::-1])
    drawing.fill(blade, metal, importance=1.5)
    frame = limb([(-0.86, -0.3), (-0.8, 0.2), (-0.4, 0.46), (0.4, 0.44), (0.82, 0.16),
                  (0.92, -0.28)], [0.18, 0.16, 0.14, 0.14, 0.14, 0.12], samples=5)  # fmt: skip
    drawing.fill(frame, paint, importance=1.5)
    handle = limb([(-0.9, -0.3), (-0.84, 0.2)], [0.22, 0.22], samples=4)
    drawing.fill(handle, darker(paint, 0.6), importance=1.3)


@toy(
    "screwdriver", "tool",
    "man-made", "tool", "handle", "metal", "long", "small", "pointed",
    pretrain_only=True,
)  # fmt: skip
def screwdriver(drawing: Drawing) -> None:
    """Draw a screwdriver: a bulging handle, a shaft, a flat or a pointed tip."""
    metal = drawing.colour(*METAL)
    drawing.fill(rectangle(0, 0.4, 0.15, 0.96), metal, importance=1.5)
    if drawing.chance(0.6):
        tip = polygon((-0.07, 0.84), (-0.14, 1.08), (0.14, 1.08), (0.07, 0.84))
    else:
        tip = polygon((-0.08, 0.84), (-0.06, 1.0), (0, 1.14), (0.06, 1.0), (0.08, 0.84))
    drawing.fill(tip, darker(metal), importance=1.3)
    handle = closed_curve((-0.13, 0.02), (-0.2, -0.12), (-0.16, -0.26), (-0.28, -0.5),
                          (-0.25, -0.88), (0, -0.98), (0.25, -0.88), (0.28, -0.5), (0.16, -0.26),
                          (0.2, -0.12), (0.13, 0.02), samples=5)  # fmt: skip
    colour = drawing.colour("red", "yellow", "blue", "orange", "green")
    drawing.fill(handle, colour, importance=1.5)
    for x in (-0.1, 0.1):
        drawing.line(polyline((x, -0.4), (x, -0.85)), darker(colour, 0.6), 0.035, importance=0.9)
    _tilt(drawing)


@toy(
    "wrench", "tool",
    "man-made", "tool", "handle", "metal", "long", "small", "curved",
    pretrain_only=True,
)  # fmt: skip
def wrench(drawing: Drawing) -> None:
    """Draw a spanner: an open jaw at one end, a ring or a second jaw at the other."""
    metal = drawing.colour(*METAL)
    jaw = [(-0.13, -0.4), (-0.13, 0.42), (-0.38, 0.6), (-0.38, 0.92), (-0.17, 1.04),
           (-0.16, 0.76), (0.16, 0.76), (0.17, 1.04), (0.38, 0.92), (0.38, 0.6), (0.13, 0.42),
           (0.13, -0.4)]  # fmt: skip
    drawing.fill(polygon(*jaw), metal, "wrench")
    if drawing.chance(0.6):
        drawing.fill(ellipse(0, -0.7, 0.34, samples=28), metal, "wrench")
        drawing.fill(ellipse(0, -0.7, 0.17, samples=20), (70, 70, 74), importance=1.4, flat=True)
    else:
        drawing.fill(rotate(polygon(*jaw), 180), metal, "wrench")
    _tilt(drawing)


@toy(
    "key", "tool",
    "man-made", "tool", "metal", "small", "handle", "round", "long",
    pretrain_only=True,
)  # fmt: skip
def key(drawing: Drawing) -> None:
    """Draw a key: bow, shaft, bits."""
    metal = drawing.colour("gold", "silver", "rust")
    drawing.fill(rectangle(0, -0.3, 0.18, 1.3), metal, "key")
    for y, reach in ((-0.85, drawing.vary(0.34, 0.1)), (-0.55, drawing.vary(0.27, 0.1))):
        drawing.fill(rectangle(0.05 + reach / 2, y, reach, 0.16), metal, "key")
    if drawing.chance(0.6):
        bow, hole = ellipse(0, 0.56, 0.42, 0.4), ellipse(0, 0.58, 0.21, 0.2, samples=20)
    else:
        bow, hole = rectangle(0, 0.56, 0.84, 0.62, 0.16), rectangle(0, 0.6, 0.44, 0.24, 0.06)
    drawing.fill(bow, metal, "key")
    drawing.fill(hole, (70, 60, 55), importance=1.4, flat=True)
    _tilt(drawing)


# ---- kitchen and sewing box


@toy(
    "knife", "tool",
    "man-made", "tool", "weapon", "blade", "handle", "metal", "pointed", "dangerous", "long",
    "small",
)  # fmt: skip
def knife(drawing: Drawing) -> None:
    """Draw a cook's knife, a table knife, or a cleaver."""
    metal = drawing.colour(*METAL)
    grip = drawing.colour("black", "brown", "wood", "dark brown", "red", "white", "blue")
    kind = drawing.pick("cook", "cook", "table", "cleaver")
    if kind == "cook":  # a straight back, a bellied edge, a heel that stands off the handle
        belly = drawing.uniform(0.24, 0.32)
        blade = polygon((-0.14, -0.1), (-0.14, 0.62), (-0.1, 0.85), (0.0, 1.08), (0.14, 0.75),
                        (belly, 0.35), (belly + 0.02, -0.1))  # fmt: skip
    elif kind == "table":
        blade = closed_curve((-0.13, -0.08), (-0.14, 0.5), (-0.08, 0.95), (0.06, 1.02),
                             (0.19, 0.7), (0.13, -0.08), samples=5)  # fmt: skip
    else:
        blade = polygon((-0.14, -0.1), (-0.14, 0.9), (0.5, 0.9), (0.5, -0.1))
    drawing.fill(blade, metal, importance=1.5)
    if kind == "cleaver":
        drawing.fill(ellipse(0.36, 0.74, 0.07, samples=12), (70, 70, 74), importance=1.2)
    else:
        glint = polyline((-0.02, 0.0), (-0.02, 0.7))
        drawing.line(glint, lighter(metal, 0.6), 0.03, importance=0.3)
    handle = limb([(-0.02, -0.2), (-0.04, -0.5), (0.0, -0.88)], [0.22, 0.22, 0.27], samples=5)
    drawing.fill(handle, grip, importance=1.5)
    drawing.fill(rectangle(-0.01, -0.13, 0.28, 0.11, 0.02), darker(metal, 0.7), importance=1.2)
    for y in (-0.38, -0.7):
        drawing.fill(ellipse(-0.02, y, 0.045, samples=10), lighter(metal, 0.5), importance=1.0)
    _tilt(drawing, -65, 10)


@toy(
    "spoon", "tool",
    "man-made", "tool", "handle", "metal", "round", "small", "long", "container",
)  # fmt: skip
def spoon(drawing: Drawing) -> None:
    """Draw a table spoon, a wooden spoon, or a ladle with a bent neck."""
    colour = drawing.colour(*METAL, "gold", "wood", "tan")
    ladle = drawing.chance(0.15)
    if ladle:
        drawing.fill(limb([(0.1, 0.2), (0.04, -0.3), (0.0, -0.8), (0.14, -1.0), (0.26, -0.86)],
                          [0.16, 0.15, 0.15, 0.14, 0.12], samples=5), colour, "spoon")  # fmt: skip
        width, height = 0.5, 0.4
    else:
        neck, end = drawing.vary(0.14, 0.1), drawing.vary(0.26, 0.12)
        drawing.fill(limb([(0, 0.35), (0, -0.3), (0, -0.92)], [neck, neck * 1.1, end]), colour,
                     "spoon")  # fmt: skip
        width, height = drawing.vary(0.36, 0.07), drawing.vary(0.47, 0.06)
    drawing.fill(ellipse(0, 0.54, width, height), colour, "spoon")
    hollow = ellipse(0, 0.56, width * 0.7, height * 0.74, samples=26)
    drawing.fill(hollow, darker(colour, 0.65), importance=1.4)
    _tilt(drawing, -60, 20)


@toy(
    "fork", "tool",
    "man-made", "tool", "handle", "metal", "pointed", "small", "long", "branching",
    pretrain_only=True,
)  # fmt: skip
def fork(drawing: Drawing) -> None:
    """Draw a fork with three or four prongs."""
    metal = drawing.colour(*METAL, "gold")
    drawing.fill(limb([(0, 0.1), (0, -0.4), (0, -0.92)], [0.14, 0.15, 0.25]), metal, "fork")
    palm = mirrored((0, 0.42), (0.36, 0.48), (0.32, 0.2), (0.1, 0.05), (0, 0.02), samples=5)
    drawing.fill(palm, metal, "fork")
    prongs = drawing.pick(3, 4)
    for x in np.linspace(-0.3, 0.3, prongs):
        drawing.fill(limb([(x, 0.4), (x, 1.0)], [0.13, 0.1], samples=8), metal, "fork")
    _tilt(drawing)


@toy(
    "scissors", "tool",
    "man-made", "tool", "blade", "handle", "metal", "moving parts", "pointed", "small", "dangerous",
    "branching",
)  # fmt: skip
def scissors(drawing: Drawing) -> None:
    """Draw scissors, more or less open: two blades that cross at a screw, two finger rings."""
    metal = drawing.colour(*METAL)
    grip = drawing.colour(*BRIGHT)
    opening = drawing.uniform(11, 22)  # degrees of either half
    long_blade = drawing.uniform(0.95, 1.1)
    for side in (-1, 1):
        # Each half runs from its tip on one side, through the screw, to its ring on the other.
        blade = polygon((-0.12, -0.1), (-0.11, 0.35), (0.0, long_blade), (0.11, 0.35),
                        (0.12, -0.1), (0.08, -0.4), (-0.08, -0.4))  # fmt: skip
        drawing.fill(rotate(blade, -side * opening), metal, importance=1.5)
        shank = limb([(0, -0.25), (side * 0.02, -0.5)], [0.16, 0.15], samples=4)
        drawing.fill(rotate(shank, -side * opening * 1.5), grip, importance=0.6)
        loop = rotate(ring(side * 0.02, -0.72, 0.23, 0.29), -side * opening * 1.7)
        drawing.line(loop, grip, 0.13, importance=1.5)
    drawing.fill(ellipse(0, -0.02, 0.07, samples=12), (70, 70, 74), importance=1.1)
    _tilt(drawing, -70, 30)


# ---- garden and house


@toy(
    "shovel", "tool",
    "man-made", "tool", "handle", "metal", "wooden", "long", "pointed",
    pretrain_only=True,
)  # fmt: skip
def shovel(drawing: Drawing) -> None:
    """Draw a shovel, blade up: pointed or square, with a D-shaped grip."""
    metal, wood = drawing.colour(*METAL), drawing.colour(*GRIP)
    _shaft(drawing, wood, 0.2, -0.66, 0.14, 0.14)
    if drawing.chance(0.6):
        blade = closed_curve((-0.36, 0.16), (-0.4, 0.55), (0, 1.08), (0.4, 0.55), (0.36, 0.16),
                             (0.0, 0.1), samples=5)  # fmt: skip
    else:
        blade = polygon((-0.38, 0.1), (-0.4, 0.95), (0.4, 0.95), (0.38, 0.1))
    drawing.fill(blade, metal, importance=1.5)
    grip = polyline((-0.26, -0.98), (0.26, -0.98), (0.07, -0.66), (-0.07, -0.66), (-0.26, -0.98))
    drawing.line(grip, wood, 0.1, importance=1.5)
    drawing.line(polyline((0, 0.18), (0, 0.7)), darker(metal), 0.04, importance=0.7)
    _tilt(drawing)


@toy(
    "rake", "tool",
    "man-made", "tool", "handle", "metal", "wooden", "long", "pointed", "branching",
    pretrain_only=True,
)  # fmt: skip
def rake(drawing: Drawing) -> None:
    """Draw a garden rake, or a leaf rake whose tines spread like a hand."""
    metal, wood = drawing.colour(*METAL, "green", "red"), drawing.colour(*GRIP)
    if drawing.chance(0.6):
        _shaft(drawing, wood, 0.55, -0.95, 0.13, 0.16)
        drawing.fill(rectangle(0, 0.55, 1.06, 0.15), metal, "rake")
        for x in np.linspace(-0.47, 0.47, 6):
            drawing.fill(rectangle(x, 0.76, 0.1, 0.38), metal, "rake")
    else:
        _shaft(drawing, wood, 0.2, -0.95, 0.13, 0.16)
        for angle in np.linspace(-36, 36, 6):
            tine = limb([(0, 0.1), (0, 0.6), (0, 0.98)], [0.09, 0.09, 0.08], samples=4)
            drawing.fill(rotate(tine, angle, (0, 0.1)), metal, "rake")
        drawing.line(polyline((-0.26, 0.5), (0.26, 0.5)), darker(metal), 0.05, importance=1.0)
    _tilt(drawing)


@toy(
    "broom", "tool",
    "man-made", "tool", "handle", "wooden", "long", "soft", "striped",
    pretrain_only=True,
)  # fmt: skip
def broom(drawing: Drawing) -> None:
    """Draw a besom or a flat broom, bristles down."""
    wood = drawing.colour(*GRIP)
    straw = drawing.colour("yellow", "tan", "gold", "red", "blue")
    drawing.fill(limb([(0, 0.98), (0, -0.3)], [0.13, 0.14]), wood, importance=1.5)
    if drawing.chance(0.6):
        bristles = closed_curve((-0.14, -0.15), (-0.26, -0.45), (-0.52, -0.95), (0, -1.02),
                                (0.52, -0.95), (0.26, -0.45), (0.14, -0.15), samples=5)  # fmt: skip
    else:
        bristles = polygon((-0.36, -0.32), (-0.5, -0.98), (0.5, -0.98), (0.36, -0.32))
        drawing.fill(rectangle(0, -0.28, 0.86, 0.16), wood, importance=1.3)
    drawing.fill(bristles, straw, importance=1.5)
    for x in (-0.3, -0.1, 0.1, 0.3):
        line = polyline((x * 0.55, -0.48), (x, -0.94))
        drawing.line(line, darker(straw, 0.6), 0.03, importance=0.85)
    drawing.line(polyline((-0.24, -0.4), (0.24, -0.4)), (180, 50, 50), 0.06, importance=0.9)
    drawing.turn(0, drawing.uniform(-45, 0))


# ---- held up: umbrella, racket, fan


@toy(
    "umbrella", "tool",
    "man-made", "tool", "handle", "soft", "curved", "round", "moving parts", "striped", "pointed",
)  # fmt: skip
def umbrella(drawing: Drawing) -> None:
    """Draw an open umbrella with a hooked or a straight handle."""
    colour = drawing.colour("red", "blue", "purple", "yellow", "green", "black", "teal")
    second = drawing.colour("white", "yellow", "sky", "pink") if drawing.chance(0.4) else None
    stick = (80, 60, 50)
    if drawing.chance(0.75):
        handle = open_curve((0, 0.5), (0, -0.6), (0.04, -0.88), (0.2, -0.96), (0.32, -0.78),
                            samples=6)  # fmt: skip
    else:
        handle = polyline((0, 0.5), (0, -0.72))
        drawing.fill(rectangle(0, -0.82, 0.18, 0.36, 0.06), stick, importance=1.3)
    drawing.line(handle, stick, 0.085, importance=1.5)
    drawing.line(polyline((0, 0.7), (0, 0.92)), stick, 0.06, importance=1.0)
    height = drawing.uniform(0.66, 0.84)
    scallops = [
        ellipse(x, 0, 0.22, 0.1, samples=8, start=180, stop=0)[:-1] for x in (-0.66, -0.22, 0.22)
    ]
    canopy = np.concatenate([ellipse(0, 0, 0.88, height, samples=28, start=0, stop=180),
                             *scallops, ellipse(0.66, 0, 0.22, 0.1, samples=8, start=180, stop=0),
                             ])  # fmt: skip
    drawing.fill(canopy, colour, importance=1.5)
    if second is not None:
        panel = closed_curve((-0.44, 0.0), (-0.32, 0.45), (0, height), (0.32, 0.45), (0.44, 0.0),
                             (0.22, 0.1), (0, 0.0), (-0.22, 0.1), samples=4)  # fmt: skip
        drawing.fill(panel, second, importance=1.0)
    for x in (-0.44, 0.0, 0.44):
        rib = open_curve((x, 0.02), (x * 0.8, 0.45 * height / 0.75), (0, height), samples=5)
        drawing.line(rib, darker(colour, 0.6), 0.028, importance=0.95)
    drawing.turn(0, drawing.uniform(-35, 35))


@toy(
    "racket", "sports gear",
    "man-made", "tool", "strings", "handle", "round", "long",
)  # fmt: skip
def racket(drawing: Drawing) -> None:
    """Draw a tennis or a badminton racket, at times with its ball or shuttlecock."""
    colour = drawing.colour("red", "blue", "green", "black", "yellow", "orange", "purple")
    string = drawing.pick((228, 228, 222), (228, 228, 222), (215, 225, 120), (120, 120, 125))
    tennis = drawing.chance(0.65)
    cx, cy, rx, ry = (0.0, 0.42, 0.48, 0.58) if tennis else (0.0, 0.56, 0.4, 0.46)
    for t in np.linspace(-0.75, 0.75, 5):
        reach = math.sqrt(1 - t * t)
        upright = polyline((cx + rx * t, cy - ry * reach), (cx + rx * t, cy + ry * reach))
        across = polyline((cx - rx * reach, cy + ry * t), (cx + rx * reach, cy + ry * t))
        drawing.line(upright, string, 0.022, importance=1.0)
        drawing.line(across, string, 0.022, importance=1.0)
    drawing.line(ring(cx, cy, rx, ry), colour, 0.095, importance=1.5)
    if tennis:
        for side in (-1, 1):
            throat = polyline((side * 0.22, cy - 0.53), (0, -0.44))
            drawing.line(throat, colour, 0.08, importance=1.25)
        drawing.fill(rectangle(0, -0.7, 0.19, 0.6, 0.05), (50, 45, 45), importance=1.5)
    else:
        drawing.fill(limb([(0, 0.08), (0, -0.5)], [0.09, 0.09]), colour, importance=1.5)
        drawing.fill(rectangle(0, -0.74, 0.18, 0.52, 0.05), (50, 45, 45), importance=1.5)
    _tilt(drawing, -50, -20)
    if drawing.chance(0.5):
        if tennis:
            ball = ellipse(-0.36, -0.56, 0.17, samples=18)
            drawing.fill(ball, drawing.colour("lime", "yellow"), importance=1.2)
        else:
            feathers = polygon((-0.4, -0.42), (-0.6, -0.8), (-0.14, -0.8), (-0.3, -0.42))
            drawing.fill(feathers, (240, 240, 236), importance=1.2)
            cork = ellipse(-0.35, -0.4, 0.09, samples=12)
            drawing.fill(cork, drawing.colour("red", "white", "tan"), importance=1.1)


@toy(
    "fan", "appliance",
    "man-made", "moving parts", "round", "blade", "striped", "handle", "buttons", "branching",
)  # fmt: skip
def fan(drawing: Drawing) -> None:
    """Draw an electric fan on a stand or a desk foot, or a folding fan."""
    if drawing.chance(0.7):
        _electric_fan(drawing)
    else:
        _folding_fan(drawing)


def _electric_fan(drawing: Drawing) -> None:
    """Add a cage with its blades, on a pole with a round foot or on a short neck."""
    casing = drawing.colour("white", "dark gray", "black", "sky", "red", "teal", "cream")
    blade = drawing.colour("blue", "gray", "sky", "green", "white", "orange", "navy")
    tall = drawing.chance(0.5)
    radius = 0.56 if tall else 0.68
    cy, floor = (0.42, -0.98) if tall else (0.3, -0.82)
    pole = rectangle(0, (cy + floor) / 2 - 0.1, 0.12 if tall else 0.2, cy - floor - 0.2)
    drawing.fill(pole, casing, importance=1.5)
    foot = ellipse(0, floor, 0.44 if tall else 0.52, 0.13, samples=24)
    drawing.fill(foot, darker(casing, 0.8), importance=1.5)
    if drawing.chance(0.6):
        box = rectangle(0, floor + 0.2, 0.22, 0.2, 0.03)
        drawing.fill(box, darker(casing, 0.7), importance=0.9)
    drawing.fill(ellipse(0, cy, radius), casing, importance=1.5)
    pale = np.array([222.0, 228.0, 232.0])
    drawing.fill(ellipse(0, cy, radius * 0.88), pale, importance=1.2, flat=True)
    first, count = drawing.uniform(0, 120), drawing.pick(3, 4)
    r = radius * 0.82
    for k in range(count):  # a blade is a petal that leans into its turn
        petal = closed_curve((0.05 * r, 0.05 * r), (-0.32 * r, 0.5 * r), (-0.18 * r, 0.94 * r),
                             (0.3 * r, 0.9 * r), (0.34 * r, 0.5 * r), samples=5)  # fmt: skip
        turned = rotate(petal, first + 360 * k / count) + [0, cy]
        drawing.fill(turned, blade, importance=1.5)
    if drawing.chance(0.6):
        for angle in np.radians(np.arange(0, 180, 30)):
            dx, dy = radius * math.cos(angle), radius * math.sin(angle)
            wire = polyline((-dx, cy - dy), (dx, cy + dy))
            drawing.line(wire, lighter(casing, 0.3), 0.014, importance=0.35)
    drawing.fill(ellipse(0, cy, radius * 0.18, samples=14), casing, importance=1.3)


def _folding_fan(drawing: Drawing) -> None:
    """Add a spread paper fan: pleats that run together at a rivet."""
    paper = drawing.colour("red", "pink", "sky", "cream", "yellow", "lilac", "green")
    wood = drawing.colour("brown", "black", "wood", "tan")
    spread = drawing.uniform(62, 78)  # degrees to either side
    pleats = drawing.pick(7, 8, 9)
    # Directions from the rivet at the origin; every second one is the top of a pleat.
    angles = np.radians(90 + np.linspace(-spread, spread, 2 * pleats + 1))
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    outer = directions * np.where(np.arange(len(angles)) % 2, 1.36, 1.26)[:, None]
    inner = directions[::-1] * 0.55
    for end in (0, -1):  # the two outermost sticks
        stick = limb([(0, -0.05), outer[end] * 1.02], [0.12, 0.13], samples=8)
        drawing.fill(stick, wood, importance=1.3)
    sticks = polygon((0, -0.04), *(directions * 0.6)[::2])
    drawing.fill(sticks, lighter(wood, 0.2), importance=1.3)
    drawing.fill(polygon(*outer, *inner), paper, importance=1.5)
    for direction in directions[2:-2:2]:
        fold = polyline(direction * 0.1, direction * 1.24)
        drawing.line(fold, darker(paper, 0.6), 0.028, importance=1.05)
    drawing.fill(ellipse(0, 0, 0.1, samples=12), wood, importance=1.3)
    drawing.turn(0, drawing.uniform(-25, 25))
