"""Weapons and armour: what knights, soldiers and outlaws carry and wear."""

from __future__ import annotations

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
)
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

BLADE = ("silver", "gray", "light gray", "dark gray")
GUNMETAL = ("dark gray", "black", "gray", "silver")
STOCK = ("wood", "brown", "dark brown", "tan", "black", "olive")


@toy(
    "sword", "weapon",
    "man-made", "weapon", "blade", "handle", "metal", "long", "pointed", "dangerous",
)  # fmt: skip
def sword(drawing: Drawing) -> None:
    """Draw a sword, point up: a straight blade or a curved sabre, cross-guard, grip, pommel."""
    metal = drawing.colour(*BLADE)
    hilt = drawing.colour("gold", "brown", "silver", "dark gray", "red")
    grip = drawing.colour("brown", "black", "red", "blue", "dark brown")
    if drawing.chance(0.7):
        half = drawing.uniform(0.12, 0.17)
        blade = polygon((-half, -0.36), (-half * 0.9, 0.78), (0, 1.06), (half * 0.9, 0.78),
                        (half, -0.36))  # fmt: skip
        fuller = polyline((0, -0.3), (0, 0.72))
    else:
        blade = closed_curve((-0.12, -0.4), (-0.02, 0.3), (0.36, 1.06), (0.3, 0.5), (0.14, -0.4),
                             samples=7)  # fmt: skip
        fuller = open_curve((0.02, -0.3), (0.1, 0.3), (0.26, 0.74), samples=6)
    drawing.fill(blade, metal, importance=1.5)
    drawing.line(fuller, darker(metal, 0.65), 0.035, importance=0.9)
    drawing.fill(rectangle(0, -0.64, 0.17, 0.44), grip, importance=1.5)
    droop = drawing.pick(0.0, -0.1, 0.1)  # the guard may bend down or up at its ends
    guard = limb([(-0.42, -0.38 + droop), (0, -0.42), (0.42, -0.38 + droop)], [0.15, 0.16, 0.15],
                 samples=5)  # fmt: skip
    drawing.fill(guard, hilt, importance=1.5)
    drawing.fill(ellipse(0, -0.92, 0.15, samples=16), hilt, importance=1.5)
    drawing.turn(0, drawing.uniform(-60, 20))


@toy(
    "pistol", "weapon",
    "man-made", "weapon", "handle", "metal", "small", "dangerous", "moving parts", "hot",
)  # fmt: skip
def pistol(drawing: Drawing) -> None:
    """Draw a pistol with a slide, or a revolver with its cylinder."""
    metal = drawing.colour(*GUNMETAL)
    if drawing.chance(0.55):
        _automatic(drawing, metal)
    else:
        _revolver(drawing, metal)
    drawing.turn(0, drawing.uniform(-10, 14))


def _trigger(drawing: Drawing, x: float, y: float, metal: Colour) -> None:
    """Add a trigger within its guard, which hangs from (x, y)."""
    guard = ellipse(x, y, 0.24, 0.27, samples=14, start=175, stop=375)
    drawing.line(guard, metal, 0.075, importance=1.5)
    drawing.line(polyline((x - 0.02, y), (x + 0.02, y - 0.17)), metal, 0.06, importance=0.9)


def _automatic(drawing: Drawing, metal: Colour) -> None:
    """Draw an automatic pistol: a slide over a slanting grip."""
    grip = drawing.colour("black", "brown", "dark gray", "wood")
    length = drawing.uniform(0.7, 0.92)
    drawing.fill(polygon((-0.7, 0.2), (-0.96, -0.7), (-0.52, -0.78), (-0.26, 0.1)), grip,
                 importance=1.5)  # fmt: skip
    for k in range(3):
        y = -0.22 - 0.17 * k
        groove = polyline((-0.66 - 0.28 * (0.2 - y) + 0.1, y), (-0.46 - 0.28 * (0.1 - y), y - 0.02))
        drawing.line(groove, darker(grip, 0.5), 0.03, importance=0.6)
    _trigger(drawing, -0.02, 0.06, metal)
    frame = polygon((-0.72, 0.22), (length, 0.22), (length, 0.08), (0.3, 0.04), (-0.3, 0.0))
    drawing.fill(frame, darker(metal, 0.8), importance=1.2)
    slide = polygon((-0.86, 0.56), (length, 0.56), (length + 0.06, 0.5), (length + 0.06, 0.2),
                    (-0.74, 0.2))  # fmt: skip
    drawing.fill(slide, metal, importance=1.5)
    drawing.fill(rectangle(length - 0.08, 0.59, 0.09, 0.1), metal, importance=1.1)
    for x in (-0.66, -0.56, -0.46):
        drawing.line(polyline((x, 0.28), (x, 0.48)), darker(metal, 0.55), 0.035, importance=0.8)


def _revolver(drawing: Drawing, metal: Colour) -> None:
    """Draw a revolver: a barrel, a drum, a curved grip."""
    grip = drawing.colour("wood", "brown", "black", "cream", "dark brown")
    muzzle = drawing.uniform(0.72, 1.0)
    barrel = rectangle((0.1 + muzzle) / 2, 0.42, muzzle - 0.1, 0.22, 0.02)
    drawing.fill(barrel, metal, importance=1.5)
    drawing.fill(polygon((muzzle - 0.16, 0.52), (muzzle - 0.06, 0.64), (muzzle - 0.02, 0.52)),
                 metal, importance=1.2)  # fmt: skip
    _trigger(drawing, -0.08, 0.02, metal)
    handle = closed_curve((-0.42, 0.2), (-0.68, 0.16), (-0.84, -0.28), (-1.0, -0.62),
                          (-0.72, -0.82), (-0.5, -0.56), (-0.44, -0.2), (-0.24, 0.02),
                          samples=5)  # fmt: skip
    drawing.fill(handle, grip, importance=1.5)
    hammer = limb([(-0.52, 0.38), (-0.68, 0.52), (-0.78, 0.66)], [0.15, 0.12, 0.1], samples=4)
    drawing.fill(hammer, darker(metal, 0.8), importance=1.3)
    frame = polygon((-0.62, 0.16), (-0.56, 0.5), (-0.3, 0.58), (0.2, 0.56), (0.24, 0.04),
                    (-0.3, -0.02))  # fmt: skip
    drawing.fill(frame, metal, importance=1.5)
    cylinder = rectangle(-0.06, 0.3, 0.44, 0.42, 0.08)
    drawing.fill(cylinder, lighter(metal, 0.3), importance=1.5)
    for y in (0.24, 0.38):
        flute = polyline((-0.2, y), (0.08, y))
        drawing.line(flute, darker(metal, 0.55), 0.035, importance=1.0)


@toy(
    "rifle", "weapon",
    "man-made", "weapon", "handle", "metal", "wooden", "long", "dangerous", "hot", "glass",
)  # fmt: skip
def rifle(drawing: Drawing) -> None:
    """Draw a rifle: shoulder stock, trigger guard, long barrel; with a scope or a magazine."""
    metal, wood = drawing.colour(*GUNMETAL), drawing.colour(*STOCK)
    muzzle = drawing.uniform(0.95, 1.15)
    barrel = rectangle((muzzle + 0.1) / 2, 0.16, muzzle - 0.1, 0.12, 0.02)
    drawing.fill(barrel, metal, importance=1.5)
    sight = polygon((muzzle - 0.12, 0.2), (muzzle - 0.06, 0.34), (muzzle - 0.02, 0.2))
    drawing.fill(sight, metal, importance=1.2)
    kind = drawing.pick("scope", "scope", "magazine", "plain")
    if kind == "magazine":
        magazine = limb([(0.12, 0.0), (0.16, -0.3), (0.32, -0.54)], [0.22, 0.22, 0.22], samples=5)
        drawing.fill(magazine, darker(metal, 0.8), importance=1.5)
        handle = polygon((-0.36, 0.02), (-0.5, -0.44), (-0.28, -0.48), (-0.16, 0.0))
        drawing.fill(handle, wood, importance=1.4)
    guard_x = -0.08 if kind == "magazine" else -0.12
    guard = ellipse(guard_x, 0.02, 0.16, 0.22, samples=12, start=175, stop=365)
    drawing.line(guard, metal, 0.065, importance=1.5)
    trigger = polyline((guard_x, 0.0), (guard_x + 0.02, -0.12))
    drawing.line(trigger, metal, 0.045, importance=0.8)
    fore_end = closed_curve((0.0, 0.16), (0.5, 0.16), (0.62, 0.1), (0.5, 0.0), (0.0, -0.05),
                            samples=5)  # fmt: skip
    drawing.fill(fore_end, wood, importance=1.4)
    # The stock: thin at the wrist, deep at the shoulder.
    drop = drawing.uniform(-0.5, -0.38)
    stock = polygon((-1.06, 0.04), (-0.6, 0.08), (-0.32, 0.2), (0.06, 0.2), (0.06, -0.04),
                    (-0.3, -0.06), (-0.62, -0.16), (-1.02, drop))  # fmt: skip
    drawing.fill(stock, wood, importance=1.5)
    butt = polygon((-1.06, 0.06), (-0.98, 0.06), (-0.94, drop + 0.03), (-1.04, drop - 0.03))
    drawing.fill(butt, darker(wood, 0.5), importance=0.9)
    receiver = rectangle(-0.08, 0.17, 0.5, 0.2, 0.03)
    drawing.fill(receiver, metal, importance=1.3)
    if kind == "scope":
        for x in (-0.16, 0.1):
            drawing.fill(rectangle(x, 0.32, 0.08, 0.16), metal, importance=1.0)
        tube = polygon((-0.4, 0.52), (-0.4, 0.34), (-0.24, 0.37), (0.2, 0.37), (0.36, 0.31),
                       (0.36, 0.55), (0.2, 0.49), (-0.24, 0.49))  # fmt: skip
        drawing.fill(tube, darker(metal, 0.8), importance=1.5)
    else:
        bolt = polyline((-0.12, 0.22), (-0.2, 0.36))
        drawing.line(bolt, metal, 0.06, importance=1.1)
    drawing.turn(0, drawing.uniform(-5, 38))


@toy(
    "armor", "weapon",
    "man-made", "clothing", "shell", "metal", "upright", "face", "two legs", "pointed",
)  # fmt: skip
def armor(drawing: Drawing) -> None:
    """Draw a suit of armour from the front, whole or down to the waist."""
    metal = drawing.colour("silver", "light gray", "gray", "dark gray", "gold", "sky")
    whole = drawing.chance(0.6)
    if whole:
        _leg_plates(drawing, metal)
    _arm_plates(drawing, metal, whole)
    _breastplate(drawing, metal, whole)
    _helmet(drawing, metal)
    if whole and drawing.chance(0.35):
        _shield(drawing)


def _fill_both_sides(
    drawing: Drawing, outline: Points, colour: Colour, importance: float = 1.5
) -> None:
    """Add an outline of the right-hand side, and its mirror image."""
    for side in (1.0, -1.0):
        drawing.fill(outline * [side, 1.0], colour, importance=importance)


def _leg_plates(drawing: Drawing, metal: Colour) -> None:
    """Add thighs, knees, greaves and pointed shoes."""
    leg = limb([(0.17, -0.3), (0.22, -0.75), (0.22, -1.15)], [0.3, 0.24, 0.22], samples=5)
    _fill_both_sides(drawing, leg, darker(metal, 0.9))
    shoe = closed_curve((0.12, -1.14), (0.12, -1.28), (0.5, -1.28), (0.32, -1.12), samples=4)
    _fill_both_sides(drawing, shoe, darker(metal, 0.75))
    _fill_both_sides(drawing, ellipse(0.21, -0.74, 0.16, 0.13, samples=16), metal, 1.3)


def _arm_plates(drawing: Drawing, metal: Colour, whole: bool) -> None:
    """Add arms with gauntlets; on a bust they end above the elbow."""
    spread = drawing.uniform(0.0, 0.12)
    x, y = 0.62 + spread, -0.42  # of the wrist
    elbow = (0.62 + 0.4 * spread, 0.0)
    if not whole:
        x, y, elbow = 0.66, -0.12, (0.64, 0.1)
    arm = limb([(0.5, 0.34), elbow, (x, y)], [0.24, 0.2, 0.2], samples=5)
    _fill_both_sides(drawing, arm, darker(metal, 0.85))
    if whole:
        cuff = polygon((x - 0.15, y + 0.16), (x + 0.15, y + 0.16), (x + 0.1, y - 0.02),
                       (x - 0.1, y - 0.02))  # fmt: skip
        _fill_both_sides(drawing, cuff, metal, 1.0)
        fist = ellipse(x, y - 0.1, 0.12, 0.13, samples=14)
        _fill_both_sides(drawing, fist, darker(metal, 0.7), 1.3)


def _breastplate(drawing: Drawing, metal: Colour, whole: bool) -> None:
    """Add the skirt of plates, the breastplate with its ridge, and the pauldrons."""
    hoops = 2 if whole else 3
    for k in reversed(range(hoops)):
        y, half = -0.2 - 0.13 * k, 0.36 + 0.05 * k
        hoop = polygon((-half + 0.04, y + 0.1), (half - 0.04, y + 0.1), (half, y - 0.08),
                       (0, y - 0.14), (-half, y - 0.08))  # fmt: skip
        drawing.fill(hoop, darker(metal, 0.8), importance=1.2)
    plate = mirrored((0, 0.5), (0.28, 0.5), (0.46, 0.28), (0.42, 0.0), (0.32, -0.16), (0, -0.2))
    drawing.fill(plate, metal, importance=1.5)
    if drawing.chance(0.6):
        drawing.line(polyline((0, 0.42), (0, -0.16)), darker(metal, 0.55), 0.035, importance=1.2)
    else:  # a painted cross
        emblem = drawing.colour("red", "blue", "gold", "black")
        drawing.line(polyline((0, 0.4), (0, -0.12)), emblem, 0.08, importance=1.2)
        drawing.line(polyline((-0.22, 0.2), (0.22, 0.2)), emblem, 0.08, importance=1.2)
    for k, size in ((1, 0.2), (0, 0.24)):  # overlapping shoulder plates
        pauldron = ellipse(0.5 + 0.07 * k, 0.38 - 0.13 * k, size, size * 0.72, -25, samples=18)
        _fill_both_sides(drawing, pauldron, metal * (1.0 - 0.12 * k))


def _helmet(drawing: Drawing, metal: Colour) -> None:
    """Add a helmet with a visor, often with a plume."""
    if drawing.chance(0.65):
        plume = closed_curve((-0.02, 0.95), (0.02, 1.28), (0.26, 1.36), (0.48, 1.16), (0.5, 0.86),
                             (0.36, 1.04), (0.16, 1.06), samples=5)  # fmt: skip
        drawing.fill(plume, drawing.colour("red", "blue", "white", "purple", "green"),
                     importance=1.3)  # fmt: skip
    dome = mirrored((0, 1.08), (0.2, 1.02), (0.3, 0.84), (0.3, 0.6), (0.2, 0.46), (0, 0.42))
    drawing.fill(dome, metal, importance=1.5)
    dark = np.array([35.0, 35.0, 40.0])
    kind = drawing.pick("slit", "grille", "great helm")
    if kind == "great helm":
        drawing.line(polyline((0, 1.06), (0, 0.46)), lighter(metal, 0.5), 0.06, importance=0.9)
        for side in (-1, 1):
            slit = rectangle(side * 0.15, 0.8, 0.19, 0.07)
            drawing.fill(slit, dark, importance=1.5, flat=True)
        holes = ((0.12, 0.62), (0.2, 0.66), (-0.12, 0.62), (-0.2, 0.66))
        for x, y in holes:
            drawing.fill(ellipse(x, y, 0.03, samples=8), dark, importance=0.7, flat=True)
    else:
        visor = closed_curve((-0.31, 0.84), (0, 0.9), (0.31, 0.84), (0.24, 0.58), (0, 0.48),
                             (-0.24, 0.58), samples=5)  # fmt: skip
        drawing.fill(visor, darker(metal, 0.85), importance=1.4)
        drawing.fill(rectangle(0, 0.77, 0.44, 0.07), dark, importance=1.5, flat=True)
        bars = (-0.1, 0.0, 0.1) if kind == "grille" else ()
        for x in bars:
            drawing.line(polyline((x, 0.68), (x, 0.56)), dark, 0.04, importance=1.0)


def _shield(drawing: Drawing) -> None:
    """Hang a shield on the arm at the right."""
    colour = drawing.colour("red", "blue", "yellow", "green", "white")
    outline = closed_curve((0.36, 0.1), (0.7, 0.14), (1.04, 0.1), (1.0, -0.3), (0.7, -0.62),
                           (0.4, -0.3), samples=5)  # fmt: skip
    drawing.fill(outline, colour, importance=1.5)
    emblem = lighter(colour, 0.7)
    drawing.line(polyline((0.7, 0.08), (0.7, -0.54)), emblem, 0.09, importance=1.0)
    drawing.line(polyline((0.44, -0.12), (0.96, -0.12)), emblem, 0.09, importance=1.0)
