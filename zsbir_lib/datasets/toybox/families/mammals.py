"""Mammals that no common body plan fits: upright, seated, winged or finned.

Each is drawn on its own; most have two poses. Animals in profile face right.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from zsbir_lib.datasets.toybox.drawing import Drawing
from zsbir_lib.datasets.toybox.geometry import (
    Points,
    closed_curve,
    ellipse,
    limb,
    open_curve,
    polygon,
    polyline,
)
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

FAMILY = "mammal"
SOOT = (38, 34, 34)


# ---- squirrel
@toy(
    "squirrel", FAMILY,
    "animal", "four legs", "small", "wild", "fur", "ears", "long tail", "curved", "upright",
)  # fmt: skip
def squirrel(drawing: Drawing) -> None:
    """Draw a squirrel under its huge tail: sitting with a nut, or running."""
    colour = drawing.colour("rust", "brown", "gray", "orange", "dark brown")
    if drawing.chance(0.75):
        _sitting_squirrel(drawing, colour)
    else:
        _running_squirrel(drawing, colour)


def _squirrel_head(drawing: Drawing, x: float, y: float, colour: Colour) -> None:
    """Draw a head in profile with tufted ears."""
    for shift, shade in ((0.04, 0.75), (-0.09, 0.9)):
        ear = polygon((x + shift - 0.08, y + 0.10), (x + shift - 0.05, y + 0.34),
                      (x + shift + 0.09, y + 0.12))  # fmt: skip
        drawing.fill(ear, darker(colour, shade), None, 0.95)
    drawing.fill(ellipse(x, y, 0.21, 0.18, -10, samples=24), colour, "head")
    drawing.fill(ellipse(x + 0.14, y - 0.06, 0.13, 0.10, -15, samples=18), colour, "head")
    drawing.fill(ellipse(x + 0.26, y - 0.06, 0.035, samples=10), SOOT, None, 0.8, True)
    drawing.eye(x + 0.06, y + 0.05, 0.045)


def _nut(drawing: Drawing, x: float, y: float) -> None:
    """Draw an acorn with its cup."""
    shell = drawing.colour("wood", "tan", "gold")
    drawing.fill(ellipse(x, y, 0.10, 0.13, -15, samples=18), shell, None, 1.0)
    cup = ellipse(x - 0.03, y + 0.08, 0.125, 0.06, -15, samples=16)
    drawing.fill(cup, darker(shell, 0.55), None, 0.9)


def _sitting_squirrel(drawing: Drawing, colour: Colour) -> None:
    """Draw a squirrel that sits up, its tail along its back."""
    size, curl = drawing.vary(1.0, 0.1), drawing.uniform(-0.08, 0.08)
    brush = [
        (-0.22, -0.58), (-0.62, -0.42), (-0.66, 0.10), (-0.42 + curl, 0.52),
        (-0.60 + curl, 0.82), (-0.84 + curl, 0.70),
    ]  # fmt: skip
    widths = (0.18, 0.38 * size, 0.48 * size, 0.46 * size, 0.34 * size, 0.16)
    drawing.fill(limb(brush, widths, samples=6), darker(colour, 0.85), None, 1.2)
    drawing.line(open_curve(*brush[1:5], samples=5), darker(colour, 0.55), 0.03, 0.55)
    body = [
        (-0.32, -0.64), (-0.40, -0.30), (-0.22, 0.05), (0.04, 0.34), (0.30, 0.32), (0.32, 0.0),
        (0.24, -0.35), (0.18, -0.64),
    ]  # fmt: skip
    drawing.fill(closed_curve(*body, samples=5), colour, "head")
    bib = [(0.24, 0.24), (0.31, 0.0), (0.23, -0.35), (0.1, -0.5), (0.1, -0.1)]
    drawing.fill(closed_curve(*bib, samples=4), lighter(colour, 0.6), None, 0.5)
    drawing.fill(ellipse(-0.12, -0.38, 0.25, 0.25, samples=24), darker(colour, 0.95), None, 0.9)
    drawing.fill(ellipse(0.08, -0.64, 0.24, 0.07, samples=18), darker(colour, 0.8), None, 0.9)
    _squirrel_head(drawing, 0.26, 0.48, colour)
    holds = drawing.chance(0.7)
    paw = (0.50, 0.10) if holds else (0.46, -0.08)
    if holds:
        _nut(drawing, 0.57, 0.14)
    arm = limb([(0.10, 0.12), (0.30, -0.02), paw], (0.16, 0.12, 0.10), samples=5)
    drawing.fill(arm, darker(colour, 0.9), None, 0.95)


def _running_squirrel(drawing: Drawing, colour: Colour) -> None:
    """Draw a squirrel on all fours, its tail behind it."""
    lift = drawing.uniform(-0.05, 0.12)
    brush = [
        (-0.42, -0.20), (-0.86, 0.05), (-0.74, 0.48 + lift), (-0.32, 0.62 + lift),
        (-0.10, 0.46 + lift),
    ]  # fmt: skip
    tail = limb(brush, (0.16, 0.34, 0.42, 0.34, 0.12), samples=6)
    drawing.fill(tail, darker(colour, 0.85), None, 1.2)
    for x, dx in ((-0.28, -0.22), (0.42, 0.26)):
        leg = limb(
            [(x, -0.2), (x + 0.6 * dx, -0.42), (x + dx, -0.56)], (0.2, 0.11, 0.09), samples=4
        )
        drawing.fill(leg, darker(colour, 0.72), None, 0.9)
    body = [(-0.52, -0.20), (-0.30, 0.10), (0.15, 0.08), (0.55, 0.12), (0.60, -0.15), (0.2, -0.32),
            (-0.3, -0.36)]  # fmt: skip
    drawing.fill(closed_curve(*body, samples=5), colour, "head")
    for x, dx in ((-0.30, 0.14), (0.40, 0.10)):
        leg = limb(
            [(x, -0.14), (x + dx, -0.36), (x + 0.4 * dx, -0.58)], (0.28, 0.13, 0.10), samples=4
        )
        drawing.fill(leg, colour, "head")
    _squirrel_head(drawing, 0.66, 0.20, colour)


# ---- kangaroo
@toy(
    "kangaroo", FAMILY,
    "animal", "two legs", "big", "wild", "fur", "ears", "long tail", "upright", "container",
)  # fmt: skip
def kangaroo(drawing: Drawing) -> None:
    """Draw an upright kangaroo on a strong hind leg and tail; it may hop or carry a joey."""
    colour = drawing.colour("tan", "brown", "rust", "gray")
    hops = drawing.chance(0.3)
    drop = drawing.uniform(-0.06, 0.06)
    if hops:
        tail = [(-0.15, -0.25), (-0.55, -0.42), (-1.05, -0.30 + 2 * drop)]
        shank = [(-0.02, -0.45), (-0.22, -0.70), (-0.10, -0.92)]
        toes = [(-0.14, -0.92), (0.10, -1.00), (0.34, -1.10)]
    else:
        tail = [(-0.15, -0.30), (-0.50, -0.66), (-1.05, -0.80 + drop)]
        shank = [(0.12, -0.45), (-0.16, -0.64), (-0.12, -0.84)]
        toes = [(-0.16, -0.86), (0.12, -0.86), (0.44, -0.88)]
    drawing.fill(limb(tail, (0.38, 0.22, 0.08), samples=6), colour, "body")
    far_foot = [(x + 0.14, y + 0.03) for x, y in toes]
    drawing.fill(limb(far_foot, (0.12, 0.12, 0.07), samples=4), darker(colour, 0.65), None, 0.7)
    far_arm = limb([(0.24, 0.22), (0.44, 0.08), (0.52, 0.20)], (0.12, 0.09, 0.08), samples=4)
    drawing.fill(far_arm, darker(colour, 0.7), None, 0.8)
    body = [
        (-0.34, -0.50), (-0.36, -0.18), (-0.14, 0.16), (0.06, 0.44), (0.20, 0.62), (0.34, 0.52),
        (0.32, 0.18), (0.32, -0.20), (0.20, -0.54), (-0.10, -0.64),
    ]  # fmt: skip
    drawing.fill(closed_curve(*body, samples=5), colour, "body")
    if drawing.chance(0.7):
        _pouch(drawing, colour)
    drawing.fill(
        ellipse(-0.06, -0.36, 0.30, 0.25, -35, samples=26), darker(colour, 0.94), "leg", 0.95
    )
    drawing.fill(limb(shank, (0.22, 0.14, 0.12), samples=5), darker(colour, 0.94), "leg", 1.0)
    drawing.fill(limb(toes, (0.14, 0.14, 0.08), samples=5), darker(colour, 0.88), "leg", 1.0)
    arm = limb([(0.14, 0.26), (0.30, 0.02), (0.46, 0.06)], (0.15, 0.11, 0.09), samples=5)
    drawing.fill(arm, darker(colour, 0.88), None, 0.95)
    _kangaroo_head(drawing, 0.30, 0.74, 1.0, colour)


def _kangaroo_head(drawing: Drawing, x: float, y: float, size: float, colour: Colour) -> None:
    """Draw a deer-like head with tall ears; the joey has one too."""
    for shift, lean, shade in ((0.03, -8, 0.75), (-0.08, 16, 0.9)):
        ear = ellipse(x + shift * size, y + 0.24 * size, 0.08 * size, 0.19 * size, lean, samples=16)
        drawing.fill(ear, darker(colour, shade), None, 1.0)
    snout = [(x, y), (x + 0.16 * size, y - 0.05 * size), (x + 0.28 * size, y - 0.10 * size)]
    drawing.fill(limb(snout, (0.27 * size, 0.19 * size, 0.12 * size), samples=5), colour, "body")
    nose = ellipse(x + 0.32 * size, y - 0.10 * size, 0.04 * size, samples=10)
    drawing.fill(nose, SOOT, None, 0.7, True)
    drawing.eye(x + 0.05 * size, y + 0.04 * size, 0.036 * size)


def _pouch(drawing: Drawing, colour: Colour) -> None:
    """Draw the pouch, and usually a joey that looks out of it."""
    if drawing.chance(0.7):
        joey = lighter(colour, 0.2)
        for shift in (-0.05, 0.05):
            ear = ellipse(0.28 + shift, 0.08, 0.035, 0.09, -200 * shift, samples=12)
            drawing.fill(ear, darker(joey, 0.8), None, 0.85)
        drawing.fill(ellipse(0.30, -0.05, 0.12, 0.11, -15, samples=18), joey, None, 0.95)
        drawing.eye(0.33, -0.03, 0.025)
    pouch = [
        (0.10, -0.16),
        (0.24, -0.20),
        (0.38, -0.14),
        (0.36, -0.34),
        (0.22, -0.48),
        (0.1, -0.36),
    ]
    drawing.fill(closed_curve(*pouch, samples=4), lighter(colour, 0.25), None, 0.9)


# ---- ape
@toy(
    "ape", FAMILY,
    "animal", "big", "wild", "fur", "ears", "face", "dangerous", "two legs",
)  # fmt: skip
def ape(drawing: Drawing) -> None:
    """Draw an ape with long heavy arms: on its knuckles, or sitting and facing the viewer."""
    colour = drawing.colour("black", "dark gray", "dark brown", "rust", "brown")
    skin = lighter(colour, 0.45) if drawing.chance(0.4) else drawing.colour("tan", "skin", "gray")
    if drawing.chance(0.5):
        _knuckle_walker(drawing, colour, skin)
    else:
        _sitting_ape(drawing, colour, skin)


def _knuckle_walker(drawing: Drawing, colour: Colour, skin: Colour) -> None:
    """Draw an ape that walks on its knuckles."""
    step = drawing.uniform(-0.10, 0.10)
    drop = drawing.uniform(-0.12, 0.06)  # of the head
    far = darker(colour, 0.65)
    arm = [(0.40, 0.20), (0.66 - step, -0.25), (0.66 - step, -0.70)]
    drawing.fill(limb(arm, (0.28, 0.22, 0.17), samples=5), far, "arm 1", 0.95)
    leg = [(-0.30, -0.20), (-0.12 + step, -0.48), (-0.18 + step, -0.74)]
    drawing.fill(limb(leg, (0.30, 0.20, 0.16), samples=5), far, "leg 1", 0.9)
    back = drawing.vary(0.50, 0.08)
    trunk = [
        (-0.58, -0.22), (-0.46, 0.08), (-0.10, 0.32), (0.22, back), (0.48, 0.44), (0.54, 0.08),
        (0.20, -0.16), (-0.20, -0.34), (-0.48, -0.42),
    ]  # fmt: skip
    drawing.fill(closed_curve(*trunk, samples=5), colour, "body")
    leg = [(-0.40, -0.14), (-0.32 - step, -0.46), (-0.46 - step, -0.74)]
    drawing.fill(limb(leg, (0.40, 0.26, 0.16), samples=5), colour, "body")
    foot = ellipse(-0.38 - step, -0.77, 0.17, 0.065, samples=16)
    drawing.fill(foot, darker(colour, 0.8), None, 0.8)
    arm = [(0.28, 0.26), (0.40 + step, -0.25), (0.28 + step, -0.74)]
    drawing.fill(limb(arm, (0.34, 0.27, 0.20), samples=5), colour, "body")
    fist = ellipse(0.31 + step, -0.76, 0.14, 0.075, samples=16)
    drawing.fill(fist, darker(colour, 0.75), None, 0.9)
    # The skull runs up to a crest above the brow.
    y = 0.46 + drop
    skull = [(0.34, y - 0.12), (0.36, y + 0.14), (0.52, y + 0.28), (0.72, y + 0.18),
             (0.80, y - 0.06), (0.66, y - 0.24), (0.46, y - 0.24)]  # fmt: skip
    drawing.fill(closed_curve(*skull, samples=5), colour, "body")
    drawing.fill(ellipse(0.46, y, 0.055, 0.075, samples=14), darker(skin, 0.8), None, 0.8)
    drawing.fill(ellipse(0.72, y + 0.04, 0.11, 0.11, samples=18), skin, "face", 1.0)
    drawing.fill(ellipse(0.76, y - 0.10, 0.14, 0.115, samples=20), skin, "face", 1.0)
    brow = open_curve((0.60, y + 0.12), (0.72, y + 0.15), (0.84, y + 0.10), samples=4)
    drawing.line(brow, darker(colour, 0.6), 0.05, 0.9)
    drawing.eye(0.74, y + 0.06, 0.032)
    drawing.line(open_curve((0.68, y - 0.15), (0.78, y - 0.17), (0.88, y - 0.13), samples=4), SOOT,
                 0.025, 0.8)  # fmt: skip


def _sitting_ape(drawing: Drawing, colour: Colour, skin: Colour) -> None:
    """Draw an ape that sits, seen from the front."""
    raised = drawing.pick(0, 0, 1, -1)  # which arm, if any, is up
    width = drawing.vary(0.42, 0.06)
    drawing.fill(ellipse(0, -0.16, width, 0.50, samples=32), colour, "body")
    for side in (-1, 1):
        thigh = [(0.2 * side, -0.42), (0.52 * side, -0.36), (0.40 * side, -0.70)]
        drawing.fill(limb(thigh, (0.26, 0.24, 0.16), samples=5), colour, "body")
        foot = ellipse(0.30 * side, -0.74, 0.18, 0.075, samples=16)
        drawing.fill(foot, darker(skin, 0.75), None, 0.9)
    drawing.fill(
        ellipse(0, -0.14, 0.56 * width, 0.30, samples=24), lighter(colour, 0.25), None, 0.7
    )
    for side in (-1, 1):
        if side == raised:
            arm = [(0.30 * side, 0.20), (0.72 * side, 0.18), (0.64 * side, 0.72)]
        else:
            arm = [(0.30 * side, 0.20), (0.72 * side, -0.16), (0.62 * side, -0.66)]
        drawing.fill(limb(arm, (0.28, 0.24, 0.17), samples=6), darker(colour, 0.92), None, 1.0)
        hand = ellipse(*arm[2], 0.11, 0.10, samples=16)
        drawing.fill(hand, darker(skin, 0.8), None, 0.8)
    y = 0.50
    for side in (-1, 1):
        ear = ellipse(0.29 * side, y + 0.02, 0.09, 0.12, samples=18)
        drawing.fill(ear, darker(skin, 0.9), None, 0.95)
    crown = drawing.vary(0.30, 0.08)
    skull = [(0, y + crown), (0.20, y + 0.8 * crown), (0.29, y), (0.18, y - 0.26), (0, y - 0.31)]
    skull += [(-x, v) for x, v in skull[-2:0:-1]]
    drawing.fill(closed_curve(*skull, samples=5), colour, None)
    # The bare face: two rounds about the eyes and a broad muzzle.
    for side in (-1, 1):
        drawing.fill(ellipse(0.095 * side, y + 0.07, 0.115, 0.12, samples=18), skin, "face", 1.0)
    drawing.fill(ellipse(0, y - 0.13, 0.20, 0.155, samples=24), lighter(skin, 0.15), "face", 1.0)
    for side in (-1, 1):
        drawing.eye(0.09 * side, y + 0.06, 0.038)
        drawing.eye(0.04 * side, y - 0.06, 0.022)
    mouth = open_curve((-0.12, y - 0.17), (0, y - 0.21), (0.12, y - 0.17), samples=4)
    drawing.line(mouth, SOOT, 0.028, 0.9)


# ---- teddy bear
@toy(
    "teddy_bear", FAMILY,
    "man-made", "soft", "fur", "ears", "face", "round", "small", "upright",
)  # fmt: skip
def teddy_bear(drawing: Drawing) -> None:
    """Draw a stuffed bear that sits and shows the soles of its feet."""
    colour = drawing.colour("tan", "brown", "beige", "pink", "white", "sky", "gray", "cream")
    pad = lighter(colour, 0.5) if drawing.chance(0.6) else darker(colour, 0.6)
    droop, spread = drawing.uniform(-0.18, 0.20), drawing.uniform(0.0, 0.08)
    for side in (-1, 1):
        drawing.fill(ellipse(0.27 * side, 0.74, 0.15, samples=22), darker(colour, 0.9), None, 1.0)
        drawing.fill(ellipse(0.27 * side, 0.74, 0.08, samples=16), pad, None, 0.8, True)
    for side in (-1, 1):
        arm = [(0.24 * side, 0.08), (0.50 * side, 0.02 + 0.4 * droop), (0.66 * side, droop - 0.02)]
        drawing.fill(limb(arm, (0.24, 0.23, 0.22), samples=5), darker(colour, 0.92), None, 1.0)
    drawing.fill(ellipse(0, -0.22, 0.38, 0.42, samples=32), colour)
    drawing.fill(ellipse(0, -0.24, 0.23, 0.27, samples=24), lighter(colour, 0.3), None, 0.75)
    for side in (-1, 1):
        x = (0.40 + spread) * side
        leg = [(0.2 * side, -0.46), (x, -0.56)]
        drawing.fill(limb(leg, (0.26, 0.30), samples=4), darker(colour, 0.92), None, 0.9)
        drawing.fill(ellipse(x, -0.58, 0.19, 0.21, samples=24), darker(colour, 0.95), None, 1.1)
        drawing.fill(ellipse(x, -0.60, 0.11, 0.12, samples=18), pad, None, 0.95, True)
    drawing.fill(ellipse(0, 0.48, 0.39, 0.34, samples=32), colour)
    drawing.fill(ellipse(0, 0.37, 0.19, 0.15, samples=22), lighter(colour, 0.4), None, 1.0)
    nose = closed_curve((-0.08, 0.46), (0.08, 0.46), (0, 0.38), samples=4)
    drawing.fill(nose, SOOT, None, 1.0, True)
    smile = open_curve(
        (-0.09, 0.31), (-0.04, 0.28), (0, 0.36), (0.04, 0.28), (0.09, 0.31), samples=3
    )
    drawing.line(smile, SOOT, 0.025, 0.85)
    for side in (-1, 1):
        drawing.fill(ellipse(0.16 * side, 0.55, 0.05, samples=14), SOOT, None, 0.95, True)
    if drawing.chance(0.55):
        _bow(drawing)


def _bow(drawing: Drawing) -> None:
    """Tie a ribbon below the chin."""
    colour = drawing.colour("red", "blue", "green", "purple", "yellow")
    for side in (-1, 1):
        loop = polygon((0, 0.14), (0.22 * side, 0.25), (0.22 * side, 0.02))
        drawing.fill(loop, colour, None, 0.9)
    drawing.fill(ellipse(0, 0.14, 0.06, samples=14), darker(colour), None, 0.8)


# ---- bat
@toy(
    "bat", FAMILY,
    "animal", "wings", "flies", "wild", "fur", "ears", "small", "pointed", "branching", "face",
)  # fmt: skip
def bat(drawing: Drawing) -> None:
    """Draw a bat with spread wings, their hind edge scalloped between the fingers."""
    colour = drawing.colour("dark brown", "brown", "black", "dark gray", "gray", "rust", "purple")
    skin = darker(colour, 0.75) if drawing.chance(0.6) else lighter(colour, 0.25)
    rise = drawing.uniform(-0.24, 0.30)  # of the wing tips
    deep, fingers = drawing.vary(0.40, 0.12), drawing.pick(3, 4)
    if drawing.chance(0.5):
        tail = polygon((-0.14, -0.30), (0, -0.62), (0.14, -0.30))
        drawing.fill(tail, darker(skin, 0.9), None, 0.7)
    for side in (-1, 1):
        outline, wrist, tips = _bat_wing(rise, deep, fingers)
        drawing.fill(outline * (side, 1), skin, f"wing {side}", 1.2)
        for tip in tips[1:-1]:
            bone = np.linspace(wrist, tip, 7) * (side, 1)
            drawing.line(bone, lighter(skin, 0.3), 0.028, 0.8)
    drawing.fill(ellipse(0, -0.10, 0.17, 0.31, samples=26), colour)
    _bat_head(drawing, colour)


def _bat_wing(rise: float, deep: float, fingers: int) -> tuple[Points, np.ndarray, np.ndarray]:
    """Return the outline of the right wing, its wrist and the tips of its fingers."""
    wrist = np.array([0.46, 0.40 + 0.6 * rise])
    angle = np.linspace(0.0, 1.0, fingers + 1)
    # From the outermost tip along the hind edge to the ankle.
    tips = np.stack([1.15 - 1.05 * angle**1.15, 0.12 + rise * (1 - angle) - deep * angle**0.6], 1)
    front = open_curve((0.08, 0.14), (0.26, 0.30 + 0.3 * rise), wrist, (0.84, 0.34 + rise), tips[0],
                       samples=5)  # fmt: skip
    pieces = [front]
    for here, there in pairwise(tips):
        hollow = (here + there) / 2 * 0.72 + wrist * 0.28
        pieces.append(open_curve(here, hollow, there, samples=4)[1:])
    return np.concatenate(pieces), wrist, tips


def _bat_head(drawing: Drawing, colour: Colour) -> None:
    """Draw the face: tall ears, eyes, fangs."""
    tall = drawing.vary(0.30, 0.12)
    for side in (-1, 1):
        ear = polygon((0.02 * side, 0.36), (0.17 * side, 0.38 + tall), (0.21 * side, 0.26))
        drawing.fill(ear, darker(colour, 0.85), None, 1.1)
    drawing.fill(ellipse(0, 0.26, 0.20, 0.18, samples=24), colour)
    for side in (-1, 1):
        drawing.fill(
            ellipse(0.085 * side, 0.30, 0.048, samples=12), (235, 225, 190), None, 0.8, True
        )
        drawing.eye(0.085 * side, 0.30, 0.026)
    drawing.line(open_curve((-0.10, 0.18), (0, 0.15), (0.10, 0.18), samples=4), SOOT, 0.024, 0.7)
    if drawing.chance(0.6):
        for side in (-1, 1):
            fang = polygon((0.03 * side, 0.17), (0.05 * side, 0.09), (0.07 * side, 0.17))
            drawing.fill(fang, (245, 245, 240), None, 0.6, True)


# ---- seal
@toy(
    "seal", FAMILY,
    "animal", "fins", "lives in water", "wild", "big", "soft", "curved", "face",
)  # fmt: skip
def seal(drawing: Drawing) -> None:
    """Draw a seal: chest up on its flippers, with or without a ball, or flat on its belly."""
    colour = drawing.colour("gray", "dark gray", "brown", "light gray", "black", "tan")
    upright = drawing.chance(0.65)
    bend = drawing.uniform(-0.06, 0.06)
    if upright:
        spine = [(-0.84, -0.44), (-0.40, -0.40), (0.08, -0.22), (0.32, 0.22), (0.36 + bend, 0.56)]
        widths = (0.12, 0.40, 0.60, 0.42, 0.30)
    else:
        spine = [(-0.95, -0.30), (-0.50, -0.36), (0.0, -0.28), (0.42, -0.12), (0.66, 0.14 + bend)]
        widths = (0.10, 0.36, 0.52, 0.46, 0.32)
    (tail_x, tail_y), (x, y) = spine[0], spine[-1]
    lift = drawing.uniform(5, 45)
    for turn, shade in ((lift + 25, 0.7), (lift - 10, 0.9)):
        a = math.radians(180 - turn)
        fin = ellipse(tail_x + 0.16 * math.cos(a), tail_y + 0.16 * math.sin(a), 0.22, 0.09, -turn,
                      samples=20)  # fmt: skip
        drawing.fill(fin, darker(colour, shade), None, 1.0)
    if upright:
        flipper = [(0.30, -0.24), (0.60, -0.50), (0.66, -0.64), (0.42, -0.60), (0.2, -0.4)]
        drawing.fill(closed_curve(*flipper, samples=4), darker(colour, 0.65), None, 0.9)
    drawing.fill(limb(spine, widths, samples=6), colour, "body")
    if drawing.chance(0.35):
        for k in range(5):
            px, py = spine[1 + k % 3]
            spot = ellipse(px + drawing.uniform(-0.1, 0.15), py + drawing.uniform(-0.1, 0.1), 0.04,
                           samples=8)  # fmt: skip
            drawing.fill(spot, darker(colour, 0.6), None, 0.35, True)
    root = (0.10, -0.20) if upright else (0.18, -0.30)
    flipper = [
        (0.0, 0.06),
        (0.14, 0.0),
        (0.20, -0.24),
        (0.34, -0.42),
        (0.10, -0.44),
        (-0.06, -0.22),
    ]
    outline = np.array(flipper) * (1.0, 1.0 if upright else 0.55) + root
    drawing.fill(closed_curve(*outline, samples=5), darker(colour, 0.85), None, 1.0)
    up = 0.10 if upright else 0.0
    drawing.fill(ellipse(x + 0.04, y + 0.02, 0.21, 0.19, samples=26), colour, "body")
    muzzle = (x + 0.20, y - 0.02 + up)
    drawing.fill(
        ellipse(*muzzle, 0.15, 0.11, 15 + 60 * up, samples=20), lighter(colour, 0.12), "body"
    )
    nose = (muzzle[0] + 0.13, muzzle[1] + 0.05)
    drawing.fill(ellipse(*nose, 0.05, samples=12), SOOT, None, 0.95, True)
    drawing.eye(x + 0.09, y + 0.10, 0.042)
    for fall in (-0.06, -0.16):
        whisker = polyline(
            (muzzle[0] + 0.02, muzzle[1] - 0.03), (muzzle[0] + 0.26, muzzle[1] + fall)
        )
        drawing.line(whisker, darker(colour, 0.4), 0.022, 0.85)
    if upright and drawing.chance(0.5):
        _ball(drawing, nose[0] + 0.10, nose[1] + 0.22)


def _ball(drawing: Drawing, x: float, y: float) -> None:
    """Balance a striped ball."""
    colour = drawing.colour("red", "blue", "yellow", "green", "orange")
    drawing.fill(ellipse(x, y, 0.20, samples=26), colour, None, 1.0)
    band = closed_curve(
        (x - 0.17, y + 0.10), (x, y + 0.06), (x + 0.18, y + 0.06), (x + 0.19, y - 0.06),
        (x, y - 0.08), (x - 0.19, y - 0.03), samples=3,
    )  # fmt: skip
    drawing.fill(band, lighter(colour, 0.75), None, 0.7, True)
