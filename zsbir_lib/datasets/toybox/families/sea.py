"""Animals of the sea that are no fish: soft ones, stars, and those with claws.

`pincer` draws a claw that points upwards; crab, lobster, hermit crab and the scorpion (module
`bugs`) turn it to where their arms end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from zsbir_lib.datasets.toybox.drawing import Drawing
from zsbir_lib.datasets.toybox.geometry import (
    PointLike,
    Points,
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

SHELLFISH = ("red", "orange", "rust", "brown", "navy")

_PINCER = (
    (-0.05, 0.0), (-0.18, 0.13), (-0.21, 0.34), (-0.13, 0.55), (0.03, 0.68), (-0.02, 0.5),
    (-0.01, 0.34), (0.09, 0.43), (0.17, 0.6), (0.21, 0.38), (0.17, 0.14), (0.05, 0.0),
)  # fmt: skip


def pincer(x: float, y: float, size: float, degrees: float, side: int) -> Points:
    """Return the outline of a claw with two fingers.

    Parameters
    ----------
    x, y
        Where the claw is joined to the arm.
    size
        Its length is 0.68 times this.
    degrees
        How far it leans outwards from pointing up; negative towards the middle.
    side
        1 for the right claw, -1 for the left: the larger finger is the outer one.
    """
    claw = rotate(closed_curve(*_PINCER, samples=4) * [-size, size], -degrees)
    return claw * [side, 1.0] + [x, y]


def _stalked_eyes(drawing: Drawing, centres: Sequence[tuple[float, float]], foot: float) -> None:
    """Add eyes on stalks that rise from height `foot`."""
    for x, y in centres:
        drawing.line(polyline((x * 0.85, foot), (x, y)), (120, 70, 50), 0.045, importance=1.2)
        eye = ellipse(x, y, 0.065, samples=12)
        drawing.fill(eye, (30, 25, 25), importance=1.25, flat=True)


@toy(
    "jellyfish", "sea animal",
    "animal", "soft", "lives in water", "wild", "dangerous", "upright", "strings", "round",
)  # fmt: skip
def jellyfish(drawing: Drawing) -> None:
    """Draw a jellyfish: a bell, threads that hang from its rim, sometimes frilled arms."""
    colour = drawing.colour("pink", "lilac", "sky", "purple", "orange", "glass")
    height, sway = drawing.uniform(0.5, 0.78), drawing.uniform(-0.14, 0.14)
    arms = drawing.chance(0.55)
    count = drawing.pick(4, 6) if arms else drawing.pick(5, 6, 7)
    for x in np.linspace(-0.44, 0.44, count):
        wave, end = drawing.uniform(-0.1, 0.1), -0.85 + drawing.uniform(-0.15, 0.15)
        path = [(x, 0.1), (x + 0.07 + wave, -0.25), (x - 0.07 - wave + sway, -0.55),
                (x + 0.05 + 1.5 * sway, end)]  # fmt: skip
        if arms:
            drawing.line(open_curve(*path, samples=6), darker(colour, 0.75), 0.045, importance=1.2)
        else:
            thread = limb(path, [0.1, 0.09, 0.07, 0.04], samples=6)
            drawing.fill(thread, darker(colour, 0.85), importance=1.2)
    if arms:
        for x in (-0.14, 0.14):
            _frilled_arm(drawing, x, sway, darker(colour, 0.9))
    _bell(drawing, height, colour)


def _frilled_arm(drawing: Drawing, x: float, sway: float, colour: Colour) -> None:
    """Add a broad arm with wavy edges, below the middle of the bell."""
    width = np.array([0.1, 0.15, 0.09, 0.14, 0.08, 0.1, 0.03])
    y = np.linspace(0.1, -0.72, len(width))
    middle = x + sway * np.linspace(0, 1.4, len(width))
    edge = np.concatenate([
        np.stack([middle + width, y], axis=1), np.stack([middle - width, y], axis=1)[::-1]
    ])  # fmt: skip
    drawing.fill(closed_curve(*edge, samples=3), colour, importance=1.1)


def _bell(drawing: Drawing, height: float, colour: Colour) -> None:
    """Add the bell with its scalloped rim."""
    top = [(-0.6, 0.06), (-0.56, 0.52 * height), (-0.32, 0.9 * height), (0, height),
           (0.32, 0.9 * height), (0.56, 0.52 * height), (0.6, 0.06)]  # fmt: skip
    rim = [(0.45, -0.03), (0.31, 0.09), (0.16, -0.02), (0, 0.09), (-0.16, -0.02), (-0.31, 0.09),
           (-0.45, -0.03)]  # fmt: skip
    drawing.fill(closed_curve(*top, *rim, samples=5), colour)
    pattern = drawing.pick("ribs", "clover", "band")
    if pattern == "ribs":
        for x in (-0.3, 0, 0.3):
            rib = open_curve((x * 1.3, 0.14), (x, height * 0.55), (x * 0.5, height * 0.85),
                             samples=4)  # fmt: skip
            drawing.line(rib, lighter(colour, 0.5), 0.03, importance=0.7)
    elif pattern == "clover":
        for x, y in ((-0.17, 0.5), (0.17, 0.5), (0, 0.72)):
            petal = ellipse(x, y * height, 0.12, 0.09, samples=12)
            drawing.fill(petal, lighter(colour, 0.5), importance=0.7, flat=True)
    else:
        rim_line = open_curve((-0.55, 0.19), (0, 0.25), (0.55, 0.19), samples=6)
        drawing.line(rim_line, darker(colour, 0.7), 0.035, importance=0.9)


@toy(
    "starfish", "sea animal",
    "animal", "lives in water", "wild", "small", "branching", "spotted", "pointed",
)  # fmt: skip
def starfish(drawing: Drawing) -> None:
    """Draw a starfish with five arms, plump or slim, straight or bent."""
    colour = drawing.colour("orange", "red", "pink", "tan", "purple", "sky")
    plump, tip = drawing.uniform(0.28, 0.44), drawing.uniform(0.07, 0.15)
    turn, swirl = drawing.uniform(0, 1.2), drawing.uniform(-0.25, 0.25)
    angles = np.pi / 2 + turn + np.arange(5) * 2 * np.pi / 5
    reach = [drawing.vary(0.92, 0.05) for _ in angles]
    outline = []
    for angle, far in zip(angles, reach, strict=True):
        # An arm: its two rounded tip points, then the notch before the next arm.
        for shift, radius in ((swirl - tip, far), (swirl + tip, far), (math.pi / 5, plump)):
            outline.append((radius * math.cos(angle + shift), radius * math.sin(angle + shift)))
    drawing.fill(closed_curve(*outline, samples=6), colour)
    ridge, pale = darker(colour, 0.65), lighter(colour, 0.55)
    dotted = drawing.chance(0.6)
    for angle in angles:
        cos, sin = math.cos(angle + swirl * 0.7), math.sin(angle + swirl * 0.7)
        if dotted:
            for radius in (0.28, 0.46, 0.62):
                dot = ellipse(radius * cos, radius * sin, 0.05, samples=9)
                drawing.fill(dot, pale, importance=0.75, flat=True)
        else:
            middle = (0.4 * math.cos(angle + 0.3 * swirl), 0.4 * math.sin(angle + 0.3 * swirl))
            line = open_curve((0.05 * cos, 0.05 * sin), middle, (0.7 * cos, 0.7 * sin), samples=4)
            drawing.line(line, ridge, 0.035, importance=0.95)
    if drawing.chance(0.5):
        drawing.fill(ellipse(0, 0, 0.1, samples=14), pale, importance=0.7, flat=True)


@toy(
    "octopus", "sea animal",
    "animal", "edible", "soft", "many legs", "lives in water", "wild", "branching", "face",
    "curved",
    pretrain_only=True,
)  # fmt: skip
def octopus(drawing: Drawing) -> None:
    """Draw an octopus from the front: a high head with two eyes over eight curling arms."""
    colour = drawing.colour("purple", "red", "orange", "pink", "teal")
    for k in (0, 7, 1, 6, 2, 5, 3, 4):
        side, x = (k - 3.5) / 3.5, -0.42 + 0.12 * k
        lift = drawing.uniform(-0.12, 0.12)
        path = [(x * 0.7, 0.0), (x * 1.1 + side * 0.08, -0.4),
                (x * 1.3 + side * 0.16, -0.8 + abs(side) * 0.2),
                (x * 1.4 + side * 0.48, -0.85 + abs(side) * 0.5 + lift)]  # fmt: skip
        shade = 0.8 if k % 2 else 0.95
        drawing.fill(limb(path, [0.2, 0.16, 0.12, 0.06], samples=6), darker(colour, shade),
                     importance=1.1)  # fmt: skip
    head = mirrored((0, drawing.vary(0.8, 0.08)), (0.38, 0.62), (0.46, 0.3), (0.34, 0.02),
                    (0.34, -0.12), (0, -0.18))  # fmt: skip
    drawing.fill(head, colour)
    for side in (-1, 1):
        drawing.fill(ellipse(side * 0.16, 0.14, 0.1, 0.12, samples=16), (245, 240, 230),
                     importance=1.2)  # fmt: skip
        drawing.eye(side * 0.16, 0.12, 0.05)
    if drawing.chance(0.6):
        for x, y in ((-0.18, 0.5), (0.05, 0.62), (0.22, 0.42)):
            spot = ellipse(x, y, 0.05, samples=9)
            drawing.fill(spot, darker(colour, 0.7), importance=0.5, flat=True)
    mouth = open_curve((-0.09, -0.04), (0, -0.08), (0.09, -0.04), samples=3)
    drawing.line(mouth, (60, 30, 40), 0.025)


@toy(
    "seahorse", "sea animal",
    "animal", "fins", "lives in water", "wild", "small", "upright", "curved", "long tail",
    "shell",
    pretrain_only=True,
)  # fmt: skip
def seahorse(drawing: Drawing) -> None:
    """Draw a seahorse: a horse's head, a ringed belly, a tail that curls up."""
    colour = drawing.colour("yellow", "orange", "tan", "teal", "pink")
    fin = closed_curve((-0.05, 0.35), (-0.36, 0.24), (-0.34, -0.08), (-0.06, -0.08), samples=5)
    drawing.fill(fin, darker(colour, 0.72), importance=1.1)
    for k in range(4):
        crest = polygon((-0.15 + 0.06 * k, 0.7), (-0.13 + 0.07 * k, 0.9 + 0.03 * (k % 2)),
                        (-0.05 + 0.06 * k, 0.72))  # fmt: skip
        drawing.fill(crest, darker(colour, 0.8), importance=1.0)
    # The tail: a spiral that rolls up in front of the belly.
    t = np.linspace(0, 1, 9)
    angle, radius = 3.3 + drawing.uniform(5.6, 6.8) * t, 0.27 - 0.19 * t
    spiral = np.stack([0.3 + radius * np.cos(angle), -0.72 + radius * np.sin(angle)], axis=1)
    belly = drawing.vary(0.46, 0.12)
    trunk = [(0, 0.6), (0.08, 0.35), (0.2, 0.0), (0.08, -0.4), *spiral]
    widths = [0.22, 0.3, belly, 0.28, 0.2, 0.16, 0.14, 0.12, 0.11, 0.1, 0.08, 0.07, 0.05]
    drawing.fill(limb(trunk, widths, samples=5), colour, "trunk")
    snout = drawing.vary(0.5, 0.08)
    head = limb([(0.0, 0.62), (0.17, 0.63), (snout + 0.06, 0.5)], [0.34, 0.24, 0.11])
    drawing.fill(head, colour, "trunk", importance=1.2)
    for k in range(5):
        y = 0.25 - 0.13 * k
        ring = open_curve((0.04, y), (0.2, y - 0.05), (0.34, y), samples=3)
        drawing.line(ring, darker(colour, 0.6), 0.026, importance=0.95)
    drawing.fill(ellipse(0.08, 0.67, 0.06, samples=12), (245, 240, 225), importance=0.9, flat=True)
    drawing.eye(0.09, 0.67, 0.034)


@toy(
    "sea_turtle", "sea animal",
    "animal", "shell", "fins", "lives in water", "wild", "round", "green", "big", "branching",
)  # fmt: skip
def sea_turtle(drawing: Drawing) -> None:
    """Draw a sea turtle, from above or swimming past: a plated shell, flippers like wings."""
    skin = drawing.colour("green", "olive", "teal", "tan", "dark green")
    shell = drawing.colour("brown", "olive", "dark green", "rust", "wood")
    if drawing.chance(0.65):
        _sea_turtle_above(drawing, skin, shell)
    else:
        _sea_turtle_side(drawing, skin, shell)


def _sea_turtle_above(drawing: Drawing, skin: Colour, shell: Colour) -> None:
    """Draw a sea turtle from above."""
    reach, back = drawing.vary(0.95, 0.06), drawing.uniform(-0.25, 0.2)
    for side in (-1, 1):
        front = limb([(side * 0.3, 0.36), (side * 0.62, 0.52), (side * reach, 0.12 + back)],
                     [0.2, 0.27, 0.09], samples=6)  # fmt: skip
        drawing.fill(front, skin, importance=1.3)
        hind = limb([(side * 0.25, -0.5), (side * 0.45, -0.8)], [0.15, 0.22], samples=5)
        drawing.fill(hind, skin, importance=1.2)
    drawing.fill(polygon((-0.07, -0.6), (0, -0.85), (0.07, -0.6)), skin, importance=0.8)
    drawing.fill(mirrored((0, 0.98), (0.15, 0.92), (0.19, 0.74), (0.14, 0.5), (0, 0.48)), skin,
                 importance=1.3)  # fmt: skip
    for side in (-1, 1):
        drawing.eye(side * 0.11, 0.84, 0.035)
    width = drawing.vary(0.52, 0.06)
    outline = mirrored((0, 0.62), (0.3, 0.55), (width, 0.2), (width * 0.88, -0.25), (0.22, -0.63),
                       (0, -0.72))  # fmt: skip
    drawing.fill(outline, shell)
    ink = darker(shell, 0.55)
    # Plates: a row of hexagons down the middle, and seams from it to the rim.
    spine = polygon((-0.13, 0.4), (0.13, 0.4), (0.2, 0.14), (0.13, -0.12), (0.1, -0.42),
                    (-0.1, -0.42), (-0.13, -0.12), (-0.2, 0.14))  # fmt: skip
    drawing.fill(spine, lighter(shell, 0.18), importance=1.1, flat=True)
    drawing.line(polyline((-0.17, 0.14), (0.17, 0.14)), ink, 0.03, importance=0.8)
    drawing.line(polyline((-0.12, -0.14), (0.12, -0.14)), ink, 0.03, importance=0.8)
    for x, y, far, edge in ((0.13, 0.4, 0.3, 0.5), (0.2, 0.14, width - 0.04, 0.16),
                            (0.13, -0.14, width * 0.85, -0.24), (0.1, -0.42, 0.2, -0.6)):  # fmt: skip
        for side in (-1, 1):
            drawing.line(polyline((side * x, y), (side * far, edge)), ink, 0.032, importance=1.05)


def _sea_turtle_side(drawing: Drawing, skin: Colour, shell: Colour) -> None:
    """Draw a sea turtle from the side."""
    stroke = drawing.uniform(-0.15, 0.15)
    far = limb([(0.38, 0.12), (0.45, 0.42), (0.2, 0.72)], [0.16, 0.2, 0.07], samples=6)
    drawing.fill(far, darker(skin, 0.75), importance=1.0)
    hind = limb([(-0.62, -0.12), (-0.9, -0.2), (-1.05, -0.38)], [0.14, 0.2, 0.08], samples=5)
    drawing.fill(hind, skin, importance=1.2)
    neck = limb([(0.45, -0.02), (0.75, 0.1)], [0.24, 0.2], samples=4)
    drawing.fill(neck, skin, "head", importance=1.2)
    head = closed_curve((0.7, 0.22), (0.9, 0.24), (1.04, 0.12), (1.06, 0.0), (0.9, -0.02),
                        (0.7, 0.0), samples=5)  # fmt: skip
    drawing.fill(head, skin, "head", importance=1.3)
    drawing.eye(0.9, 0.14, 0.038)
    height = drawing.vary(0.36, 0.1)
    belly = closed_curve((-0.7, -0.14), (0, -0.12), (0.56, -0.06), (0.4, -0.22), (-0.1, -0.28),
                         samples=5)  # fmt: skip
    drawing.fill(belly, lighter(skin, 0.5), importance=0.7)
    dome = closed_curve((-0.8, -0.16), (-0.5, 0.16), (-0.1, height), (0.3, height * 0.86),
                        (0.6, 0.06), (0.56, -0.08), (0, -0.14), samples=6)  # fmt: skip
    drawing.fill(dome, shell)
    ink = darker(shell, 0.55)
    rim = open_curve((-0.72, -0.08), (0, 0.0), (0.58, 0.04), samples=5)
    drawing.line(rim, ink, 0.032, importance=1.05)
    for x in (-0.42, -0.08, 0.26):
        seam = polyline((x, -0.02), (x + 0.08, 0.12), (x - 0.02, height * 0.8))
        drawing.line(seam, ink, 0.03, importance=0.9)
    near = limb([(0.34, -0.08), (0.3, -0.42), (-0.05 + stroke, -0.85)], [0.2, 0.27, 0.09],
                samples=6)  # fmt: skip
    drawing.fill(near, skin, importance=1.3)


@toy(
    "crab", "sea animal",
    "animal", "edible", "shell", "horns", "many legs", "lives in water", "wild", "small",
    "branching", "dangerous",
)  # fmt: skip
def crab(drawing: Drawing) -> None:
    """Draw a crab from the front: a broad shell, bent legs at its sides, claws held up."""
    colour = drawing.colour(*SHELLFISH, "teal")
    limbs = darker(colour, 0.85)
    wide = drawing.vary(0.56, 0.08)
    for k in range(drawing.pick(3, 4)):
        y, out = 0.02 - 0.12 * k, wide + 0.38 - 0.1 * k
        for side in (-1, 1):
            leg = polyline((side * wide * 0.6, y), (side * out, y + 0.06),
                           (side * (out + 0.06), y - 0.36))  # fmt: skip
            drawing.line(leg, limbs, 0.09, importance=1.3)
    big = drawing.pick(-1, 0, 0, 1)  # the side of a larger claw, as fiddler crabs have
    lift, lean = drawing.uniform(0.35, 0.5), drawing.uniform(-25, 5)
    for side in (-1, 1):
        size = drawing.vary(0.8, 0.06) * (1.25 if side == big else 1.0)
        elbow, wrist = (side * (wide + 0.28), 0.2), (side * (wide + 0.16), lift)
        arm = limb([(side * wide * 0.7, 0.12), elbow, wrist], [0.14, 0.13, 0.12], samples=5)
        drawing.fill(arm, limbs, importance=1.2)
        claw = pincer(*wrist, size, lean, side)
        drawing.fill(claw, colour, importance=1.3)
    _stalked_eyes(drawing, [(-0.15, 0.5), (0.15, 0.5)], 0.2)
    shell = closed_curve((-wide, 0.12), (-0.28, 0.34), (0.28, 0.34), (wide, 0.12),
                         (wide * 0.74, -0.25), (0, -0.36), (-wide * 0.74, -0.25))  # fmt: skip
    drawing.fill(shell, colour)
    if drawing.chance(0.5):
        smile = open_curve((-0.16, -0.06), (0, -0.13), (0.16, -0.06), samples=4)
        drawing.line(smile, darker(colour, 0.45), 0.03, importance=0.9)
    else:
        for x, y in ((-0.25, 0.12), (0.25, 0.12), (0, -0.05), (-0.2, -0.14), (0.2, -0.14)):
            drawing.fill(ellipse(x, y, 0.05, samples=9), darker(colour, 0.65), importance=0.6,
                         flat=True)  # fmt: skip


@toy(
    "lobster", "sea animal",
    "animal", "edible", "shell", "horns", "many legs", "long tail", "lives in water", "long",
    "upright",
)  # fmt: skip
def lobster(drawing: Drawing) -> None:
    """Draw a lobster from above: great claws, a ringed tail with a fan, long feelers."""
    colour = drawing.colour(*SHELLFISH)
    dark = darker(colour, 0.8)
    sway = drawing.uniform(-0.22, 0.22)
    ys = np.linspace(0.3, 0.0, 4)
    for k, y in enumerate(ys):
        for side in (-1, 1):
            leg = polyline((side * 0.12, y), (side * 0.42, y + 0.08 - 0.07 * k),
                           (side * 0.52, y - 0.1 - 0.09 * k))  # fmt: skip
            drawing.line(leg, dark, 0.05, importance=1.2)
    spread, lean = drawing.uniform(0.46, 0.62), drawing.uniform(-18, 12)
    for side in (-1, 1):
        feeler = open_curve((side * 0.06, 0.62), (side * 0.1, 0.95), (side * 0.22, 1.3), samples=5)
        drawing.line(feeler, dark, 0.04, importance=1.25)
        wrist = (side * spread, 0.6)
        arm = limb([(side * 0.12, 0.42), (side * (spread + 0.02), 0.48), wrist],
                   [0.14, 0.13, 0.13], samples=5)  # fmt: skip
        drawing.fill(arm, dark, importance=1.1)
        claw = pincer(*wrist, drawing.vary(1.1, 0.08), lean, side)
        drawing.fill(claw, colour, importance=1.3)
    _lobster_tail(drawing, colour, sway)
    carapace = mirrored((0, 0.74), (0.1, 0.62), (0.2, 0.42), (0.23, 0.1), (0.16, -0.1), (0, -0.14))
    drawing.fill(carapace, colour, importance=1.2)
    groove = open_curve((-0.2, 0.26), (0, 0.16), (0.2, 0.26), samples=4)
    drawing.line(groove, darker(colour, 0.55), 0.03, importance=0.9)
    for side in (-1, 1):
        drawing.eye(side * 0.13, 0.6, 0.042)


def _lobster_tail(drawing: Drawing, colour: Colour, sway: float) -> None:
    """Add the tail, ring by ring from its fan forwards; `sway` bends it to a side."""
    t = np.linspace(1, 0, 4)
    x, y, width = sway * t**2, -0.2 - 0.56 * t, 0.22 - 0.08 * t
    fan = darker(colour, 0.85)
    for angle in (-58, 58, 0):
        lobe = ellipse(x[0], y[0] - 0.26, 0.14, 0.22, samples=14)
        drawing.fill(rotate(lobe, angle, (x[0], y[0] - 0.04)), fan, importance=1.15)
    for cx, cy, half in zip(x, y, width, strict=True):
        ring = closed_curve((cx - half, cy + 0.1), (cx + half, cy + 0.1), (cx + half, cy - 0.08),
                            (cx, cy - 0.13), (cx - half, cy - 0.08), samples=4)  # fmt: skip
        drawing.fill(ring, colour, importance=1.15)


@toy(
    "hermit_crab", "sea animal",
    "animal", "shell", "horns", "many legs", "lives in water", "wild", "small", "curved",
    "round", "pointed",
)  # fmt: skip
def hermit_crab(drawing: Drawing) -> None:
    """Draw a hermit crab: claws, legs and stalked eyes that look out of a snail's shell."""
    skin = drawing.colour("red", "orange", "rust", "purple", "tan", "sky")
    shell = drawing.colour("beige", "tan", "cream", "pink", "brown", "light gray")
    limbs = darker(skin, 0.8)
    for x, knee, foot in ((0.1, 0.3, 0.22), (0.28, 0.58, 0.58)):
        leg = limb([(x, -0.2), (knee, -0.28), (foot, -0.72)], [0.14, 0.14, 0.07], samples=5)
        drawing.fill(leg, limbs, importance=1.25)
    for x, y in ((0.36, 0.5), (0.6, 0.48)):
        drawing.line(polyline((0.42, 0.05), (x, y)), limbs, 0.06, importance=1.3)
        drawing.fill(ellipse(x, y, 0.075, samples=12), (30, 25, 25), importance=1.3, flat=True)
    head = closed_curve((0.1, 0.18), (0.42, 0.22), (0.6, 0.05), (0.55, -0.22), (0.1, -0.35),
                        samples=5)  # fmt: skip
    drawing.fill(head, skin, "crab", importance=1.1)
    lean = drawing.uniform(10, 50)
    arm = limb([(0.4, -0.08), (0.72, -0.12), (0.86, 0.0)], [0.17, 0.16, 0.14], samples=5)
    drawing.fill(arm, skin, "crab", importance=1.1)
    drawing.fill(pincer(0.86, -0.02, drawing.vary(0.95, 0.1), lean, 1), skin, importance=1.3)
    arm = limb([(0.4, -0.22), (0.68, -0.42), (0.78, -0.36)], [0.14, 0.13, 0.11], samples=4)
    drawing.fill(arm, limbs, importance=1.0)
    drawing.fill(pincer(0.77, -0.38, 0.65, lean + 25, 1), limbs, importance=1.2)
    if drawing.chance(0.5):
        _turban_shell(drawing, shell)
    else:
        _round_shell(drawing, shell)


def _turban_shell(drawing: Drawing, colour: Colour) -> None:
    """Add a pointed shell whose whorls widen from the tip, behind, to the mouth, in front."""
    x, y = -1.05, drawing.uniform(0.55, 0.8)
    ink = darker(colour, 0.5)
    # The axis runs from the tip to the mouth; sides bulge between the seams of the whorls.
    along = np.array([x, y]) / -math.hypot(x, y)
    across = np.array([-along[1], along[0]])
    length = math.hypot(x, y) + 0.28
    upper, lower, seams = [], [], []
    for t in (0.14, 0.34, 0.6):
        centre, half = (x, y) + along * length * t, 0.05 + 0.52 * t
        upper += [centre - along * length * 0.07 + across * half * 1.02, centre + across * half]
        lower += [centre - along * length * 0.07 - across * half * 1.02, centre - across * half]
        seams.append((centre + across * half, centre + along * 0.1 * (1 + t),
                      centre - across * half))  # fmt: skip
    body = (x, y) + along * length * 0.82
    end = (x, y) + along * length
    outline: list[PointLike] = [(x, y), *upper, body + across * 0.54, end + across * 0.22,
                                end - across * 0.3, body - across * 0.5, *lower[::-1]]  # fmt: skip
    drawing.fill(closed_curve(*outline, samples=4), colour, importance=1.3)
    for seam in seams:
        drawing.line(open_curve(*seam, samples=5), ink, 0.045, importance=1.3)


def _round_shell(drawing: Drawing, colour: Colour) -> None:
    """Add a round shell with a spiral, like a garden snail's but with a mouth of limbs."""
    cx, cy, radius = -0.18, 0.1, drawing.vary(0.54, 0.06)
    drawing.fill(ellipse(cx, cy, radius, radius * 0.95), colour, importance=1.3)
    t = np.linspace(0.1, 1, 30)
    angle, r = -0.6 - t * 4.2 * np.pi, t * radius * 0.97
    spiral = np.stack([cx + r * np.cos(angle), cy + r * 0.95 * np.sin(angle)], axis=1)
    drawing.line(spiral, darker(colour, 0.5), 0.045, importance=1.3)
