"""Craft of the air and of the water: nothing here has wheels, and most of it is seen from the side.

Hulls and fuselages are smooth curves; wings, rotors, funnels and sails say what they belong to.
"""

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
from zsbir_lib.datasets.toybox.palette import darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

PAINT = (
    "red", "blue", "white", "gray", "green", "yellow", "navy", "silver", "orange", "maroon", "teal",
)  # fmt: skip
ROPE = (85, 75, 62)
STEEL = (65, 65, 68)
PORTHOLE = (65, 85, 115)


def _portholes(drawing: Drawing, x: np.ndarray, y: float, radius: float) -> None:
    """Add a row of round windows."""
    for middle in x:
        window = ellipse(middle, y, radius, samples=10)
        drawing.fill(window, PORTHOLE, importance=0.85, flat=True)


def _waves(drawing: Drawing, y: float, reach: float) -> None:
    """Add the water line: a wavy line below a boat."""
    x = np.linspace(-reach, reach, 13)
    heights = y + 0.04 * np.where(np.arange(13) % 2, 1.0, -1.0)
    wave = open_curve(*np.stack([x, heights], axis=1), samples=3)
    drawing.line(wave, (110, 150, 190), 0.04, importance=0.7)


# ---- air


@toy(
    "airplane", "aircraft",
    "man-made", "vehicle", "wings", "flies", "windows", "metal", "big", "long", "fins",
)  # fmt: skip
def airplane(drawing: Drawing) -> None:
    """Draw an airliner, or a small propeller plane."""
    if drawing.chance(0.65):
        _airliner(drawing)
    else:
        _propeller_plane(drawing)


def _airliner(drawing: Drawing) -> None:
    """Add an airliner from the side and a little above, so that both wings show."""
    colour = drawing.colour("white", "silver", "sky", "light gray", "yellow")
    accent = drawing.colour("red", "blue", "orange", "navy", "teal")
    sweep = drawing.uniform(-0.1, 0.08)
    far_wing = polygon((0.0, 0.06), (-0.36 + sweep, 0.5), (-0.18 + sweep, 0.5), (0.28, 0.06))
    drawing.fill(far_wing, darker(colour, 0.75), importance=1.5)
    fin = polygon((-0.68, 0.05), (-1.0, 0.58), (-0.76, 0.58), (-0.42, 0.1))
    drawing.fill(fin, accent, importance=1.5)
    fuselage = closed_curve((-1.0, 0.1), (-0.6, 0.19), (0.4, 0.2), (0.8, 0.12), (1.0, -0.02),
                            (0.8, -0.15), (0.4, -0.18), (-0.5, -0.12))  # fmt: skip
    drawing.fill(fuselage, colour, "body")
    _portholes(drawing, np.linspace(-0.42, 0.5, drawing.pick(5, 6, 7)), 0.07, 0.045)
    cockpit = polygon((0.68, 0.12), (0.86, 0.08), (0.84, 0.0), (0.68, 0.02))
    drawing.fill(cockpit, PORTHOLE, importance=0.9)
    near_wing = polygon((0.3, -0.02), (-0.5 + sweep, -0.66), (-0.26 + sweep, -0.66), (0.52, -0.06))
    near_wing = near_wing if drawing.chance(0.8) else near_wing * [1.0, 0.8]
    drawing.fill(near_wing, darker(colour, 0.85), importance=1.5)
    tail_wing = polygon((-0.6, 0.04), (-1.02, -0.2), (-0.86, -0.22), (-0.4, -0.02))
    drawing.fill(tail_wing, darker(colour, 0.8), importance=1.3)
    engine = limb([(-0.14, -0.38), (0.16, -0.4)], [0.15, 0.15], samples=3)
    drawing.fill(engine, accent, importance=0.9)


def _propeller_plane(drawing: Drawing) -> None:
    """Add a small plane with a propeller and a fixed undercarriage, with one wing or two."""
    colour = drawing.colour(*PAINT)
    trim = darker(colour, 0.7)
    biplane = drawing.chance(0.5)
    fin = closed_curve((-0.72, 0.02), (-1.0, 0.44), (-0.82, 0.5), (-0.5, 0.1), samples=5)
    drawing.fill(fin, trim, importance=1.5)
    body = closed_curve((-1.0, 0.1), (-0.3, 0.22), (0.5, 0.22), (0.8, 0.1), (0.82, -0.1),
                        (0.5, -0.22), (-0.3, -0.16), samples=6)  # fmt: skip
    for x in (0.3, 0.56):
        drawing.line(polyline((0.44, -0.2), (x, -0.42)), STEEL, 0.045, importance=1.1)
    drawing.fill(body, colour, "body")
    canopy = ellipse(0.12, 0.2, 0.24, 0.17, samples=14, start=0, stop=180)
    drawing.fill(canopy, drawing.colour("glass", "sky", "navy"), importance=1.2)
    drawing.fill(ellipse(0.44, -0.44, 0.13, samples=16), STEEL, importance=1.3)
    tail_wing = limb([(-1.05, 0.06), (-0.6, 0.06)], [0.1, 0.12], samples=3)
    drawing.fill(tail_wing, trim, importance=1.2)
    wing = polygon((0.36, -0.04), (-0.3, -0.34), (-0.48, -0.3), (0.04, 0.0))
    if biplane:
        for x in (-0.1, 0.44):
            drawing.line(polyline((x, -0.06), (x, 0.52)), STEEL, 0.035, importance=1.0)
        wing = rectangle(0.16, -0.1, 0.84, 0.11, 0.05)
        drawing.fill(rectangle(0.16, 0.52, 0.92, 0.12, 0.05), trim, importance=1.5)
    drawing.fill(wing, trim, importance=1.5)
    drawing.fill(ellipse(0.86, 0.0, 0.1, 0.11, samples=14), lighter(colour, 0.4), importance=1.0)
    drawing.fill(ellipse(0.95, 0.0, 0.05, 0.44, samples=20), STEEL, importance=1.4)


@toy(
    "helicopter", "aircraft",
    "man-made", "vehicle", "flies", "windows", "glass", "metal", "big", "moving parts", "long tail",
    "blade",
)  # fmt: skip
def helicopter(drawing: Drawing) -> None:
    """Draw a helicopter: bubble, tail boom with its small rotor, long rotor, skids."""
    colour = drawing.colour(*PAINT)
    glass = drawing.colour("glass", "sky", "navy")
    drawing.line(polyline((0.14, 0.3), (0.14, 0.54)), STEEL, 0.09, importance=1.5)
    tilt = drawing.uniform(-0.07, 0.07)
    rotor = polygon((-0.78, 0.57 + tilt), (1.04, 0.57 - tilt), (1.04, 0.48 - tilt),
                    (-0.78, 0.48 + tilt))  # fmt: skip
    drawing.fill(rotor, STEEL, importance=1.5)
    boom = limb([(-0.2, 0.06), (-0.6, 0.1), (-1.0, 0.14)], [0.3, 0.17, 0.12])
    drawing.fill(boom, colour, "body")
    fin = polygon((-0.9, 0.12), (-1.14, 0.42), (-0.94, 0.42), (-0.74, 0.12))
    drawing.fill(fin, darker(colour, 0.8), importance=1.4)
    drawing.line(ring(-1.02, 0.14, 0.18), STEEL, 0.045, importance=1.2)
    if drawing.chance(0.65):  # a bubble of glass
        drawing.fill(ellipse(0.18, -0.02, 0.52, 0.4), colour, "body")
        pane = closed_curve((0.24, 0.34), (0.56, 0.22), (0.69, -0.04), (0.24, -0.08), samples=6)
        drawing.fill(pane, glass, importance=1.4)
    else:  # a long transport cabin with windows
        cabin = closed_curve((-0.45, 0.2), (0.2, 0.34), (0.6, 0.2), (0.8, -0.12), (0.5, -0.28),
                             (-0.3, -0.24), samples=6)  # fmt: skip
        drawing.fill(cabin, colour, "body")
        drawing.fill(polygon((0.44, 0.24), (0.58, 0.2), (0.74, -0.02), (0.44, 0.0)), glass,
                     importance=1.3)  # fmt: skip
        for x in (-0.1, 0.2):
            drawing.fill(rectangle(x, 0.1, 0.17, 0.16, 0.03), glass, importance=1.0)
    for x in (-0.05, 0.35):
        drawing.line(polyline((x, -0.28), (x, -0.52)), STEEL, 0.05, importance=1.2)
    skid = open_curve((-0.38, -0.53), (0.1, -0.53), (0.54, -0.53), (0.7, -0.44), samples=4)
    drawing.line(skid, STEEL, 0.065, importance=1.3)


@toy(
    "hot-air_balloon", "aircraft",
    "man-made", "vehicle", "flies", "round", "striped", "strings", "soft", "big", "hot", "upright",
    "container",
)  # fmt: skip
def hot_air_balloon(drawing: Drawing) -> None:
    """Draw a balloon with vertical panels and a basket below it."""
    first = drawing.colour("red", "orange", "yellow", "blue", "purple", "green")
    second = drawing.colour("yellow", "white", "green", "blue", "red", "sky")
    width = drawing.vary(1.0, 0.08)
    neck = drawing.uniform(-0.34, -0.26)
    basket_top = -0.7
    for side in (-1, 1):
        rope = polyline((side * 0.22, neck + 0.03), (side * 0.13, basket_top))
        drawing.line(rope, ROPE, 0.035, importance=1.2)
    if drawing.chance(0.4):
        flame = mirrored((0, -0.4), (0.05, -0.52), (0, -0.58), samples=4)
        drawing.fill(flame, (250, 190, 60), importance=0.7)
    profile = np.array([(0, 0.95), (0.36, 0.88), (0.6, 0.62), (0.65, 0.35), (0.52, 0.0),
                        (0.22, neck), (0, neck - 0.02)]) * [width, 1.0]  # fmt: skip
    drawing.fill(mirrored(*profile), first, importance=1.5)
    if drawing.chance(0.7):  # vertical panels
        for fraction, colour in ((0.68, second), (0.25, first)):
            panel = mirrored(*(profile * [fraction, 1.0]), samples=4)
            drawing.fill(panel, colour, importance=1.1)
    else:  # a broad zigzag around the middle
        x = np.linspace(-0.6, 0.6, 7) * width
        upper = np.stack([x, np.where(np.arange(7) % 2, 0.6, 0.42)], axis=1)
        lower = (upper - [0, 0.22])[::-1] * [0.94, 1.0]
        drawing.fill(polygon(*upper, *lower), second, importance=1.2)
    basket = rectangle(0, basket_top - 0.13, drawing.vary(0.34, 0.1), 0.28, 0.03)
    drawing.fill(basket, drawing.colour("brown", "wood", "tan"), importance=1.5)
    drawing.line(polyline((-0.15, -0.78), (0.15, -0.78)), (80, 50, 30), 0.025, importance=0.5)


@toy(
    "rocket", "aircraft",
    "man-made", "vehicle", "flies", "fins", "pointed", "upright", "long", "metal", "windows", "hot",
    "big", "dangerous",
)  # fmt: skip
def rocket(drawing: Drawing) -> None:
    """Draw a rocket: pointed body, fins at its foot, porthole, flame."""
    colour = drawing.colour("white", "silver", "light gray", "sky", "yellow")
    accent = drawing.colour("red", "orange", "blue", "green", "navy")
    width = drawing.vary(1.15, 0.12)
    flame = closed_curve((-0.16, -0.58), (-0.24, -0.8), (0, -1.12), (0.24, -0.8), (0.16, -0.58),
                         samples=6)  # fmt: skip
    drawing.fill(flame, drawing.colour("flame", "orange"), importance=1.2)
    swept = drawing.uniform(-0.1, 0.08)
    for side in (-1, 1):
        fin = polygon((side * 0.2, -0.05), (side * 0.56, -0.46 + swept),
                      (side * 0.56, -0.74 + swept), (side * 0.18, -0.52))  # fmt: skip
        drawing.fill(fin, accent, importance=1.5)
    profile = np.array([(0, 0.98), (0.13, 0.75), (0.24, 0.4), (0.27, 0), (0.21, -0.52),
                        (0, -0.54)]) * [width, 1.0]  # fmt: skip
    drawing.fill(mirrored(*profile), colour, "body")
    nose = np.array([(0, 0.98), (0.1, 0.8), (0.17, 0.62), (0, 0.6)]) * [width, 1.0]
    drawing.fill(mirrored(*nose), accent, importance=1.2)
    count = drawing.pick(1, 1, 2)
    for k in range(count):
        drawing.fill(ellipse(0, 0.3 - 0.32 * k, 0.13, samples=18), (90, 140, 190), importance=1.3)
    if count == 1:
        drawing.fill(rectangle(0, -0.32, 0.08, 0.42), darker(accent, 0.9), importance=0.8)
    drawing.fill(rectangle(0, -0.57, 0.36, 0.1), (90, 90, 95), importance=0.9)


@toy(
    "blimp", "aircraft",
    "man-made", "vehicle", "flies", "fins", "windows", "big", "long", "soft", "round", "striped",
)  # fmt: skip
def blimp(drawing: Drawing) -> None:
    """Draw an airship: a hull with panels, square tail fins, and a gondola hung well below."""
    colour = drawing.colour("silver", "light gray", "orange", "white", "sky", "yellow", "blue")
    seam = darker(colour, 0.65)
    height = drawing.vary(0.42, 0.07)
    # Fins with square ends that stand off the hull: round ones would make it a fish.
    for side in (-1, 1):
        fin = polygon((-0.5, side * 0.22), (-0.68, side * 0.52), (-1.0, side * 0.52),
                      (-0.94, side * 0.06))  # fmt: skip
        drawing.fill(fin, darker(colour, 0.7), importance=1.5)
    gondola_y = -height - 0.2
    for x in (-0.12, 0.36):
        drawing.line(polyline((x, -height + 0.05), (x, gondola_y)), STEEL, 0.04, importance=1.1)
    gondola = closed_curve((-0.28, gondola_y + 0.1), (-0.28, gondola_y - 0.08),
                           (0.1, gondola_y - 0.13), (0.46, gondola_y - 0.08),
                           (0.56, gondola_y + 0.1), (0.14, gondola_y + 0.12),
                           samples=4)  # fmt: skip
    drawing.fill(gondola, drawing.colour("navy", "dark gray", "maroon", "black"), importance=1.5)
    for x in (-0.12, 0.1, 0.32):
        drawing.fill(rectangle(x, gondola_y + 0.02, 0.13, 0.11), (225, 235, 240), importance=1.0)
    hull = closed_curve((-0.98, 0), (-0.6, 0.72 * height), (0, height), (0.6, 0.8 * height),
                        (0.97, 0), (0.6, -0.8 * height), (0, -height),
                        (-0.6, -0.72 * height))  # fmt: skip
    drawing.fill(hull, colour, importance=1.5)
    if drawing.chance(0.7):  # lengthwise panels
        for y in (0.42, -0.42):
            path = open_curve((-0.9, 0.15 * y), (0, y * height), (0.9, 0.2 * y), samples=6)
            drawing.line(path, seam, 0.03, importance=1.15)
    else:  # rings
        for x in (-0.5, 0.0, 0.5):
            arc = open_curve((x, 0.8 * height), (x + 0.1, 0), (x, -0.8 * height), samples=5)
            drawing.line(arc, seam, 0.03, importance=1.1)
    if drawing.chance(0.5):  # a painted name
        for x in np.linspace(-0.25, 0.35, 4):
            drawing.fill(rectangle(x, 0.02, 0.1, 0.16), darker(colour, 0.45), importance=0.5,
                         flat=True)  # fmt: skip
    middle_fin = polygon((-0.52, 0.07), (-1.04, 0.13), (-1.04, -0.09), (-0.52, -0.05))
    drawing.fill(middle_fin, darker(colour, 0.6), importance=1.3)


@toy(
    "parachute", "aircraft",
    "man-made", "flies", "soft", "strings", "curved", "striped", "round", "big",
    pretrain_only=True,
)  # fmt: skip
def parachute(drawing: Drawing) -> None:
    """Draw a round canopy, its lines, and a person or a crate hanging from them."""
    colour = drawing.colour("red", "orange", "blue", "green", "yellow")
    second = drawing.colour("white", "yellow", "cream")
    for x in (-0.85, -0.42, 0, 0.42, 0.85):
        drawing.line(polyline((x, 0.2), (0, -0.6)), ROPE, 0.03, importance=1.15)
    canopy = np.concatenate([
        ellipse(0, 0.18, 0.9, 0.74, samples=28, start=0, stop=180),
        ellipse(-0.64, 0.18, 0.26, 0.1, samples=8, start=180, stop=0),
        ellipse(0, 0.18, 0.38, 0.12, samples=8, start=180, stop=0),
        ellipse(0.64, 0.18, 0.26, 0.1, samples=8, start=180, stop=0),
    ])  # fmt: skip
    drawing.fill(canopy, colour, importance=1.5)
    panel = closed_curve((-0.38, 0.22), (-0.3, 0.62), (0, 0.91), (0.3, 0.62), (0.38, 0.22),
                         (0, 0.3), samples=5)  # fmt: skip
    drawing.fill(panel, second, importance=1.1)
    if drawing.chance(0.7):
        drawing.fill(limb([(0, -0.7), (0, -1.0)], [0.2, 0.16], samples=4),
                     drawing.colour("navy", "dark green", "black"), importance=1.3)  # fmt: skip
        drawing.fill(ellipse(0, -0.6, 0.1, samples=14), (225, 180, 150), importance=1.2)
    else:
        drawing.fill(rectangle(0, -0.78, 0.34, 0.34), drawing.colour("wood", "tan"), importance=1.4)


# ---- water


@toy(
    "sailboat", "watercraft",
    "man-made", "vehicle", "lives in water", "wooden", "soft", "strings", "pointed", "upright",
    "big",
)  # fmt: skip
def sailboat(drawing: Drawing) -> None:
    """Draw a hull with a mast and one or two triangular sails."""
    hull_colour = drawing.colour("red", "blue", "white", "wood", "navy", "green")
    sail = drawing.colour("white", "cream", "orange", "sky", "red", "yellow")
    mast = drawing.uniform(0.86, 1.0)
    drawing.line(polyline((-0.02, -0.45), (-0.02, mast)), (110, 80, 55), 0.06, importance=1.4)
    main = closed_curve((0.03, mast - 0.06), (0.35, 0.3), (0.7, -0.32), (0.3, -0.3),
                        (0.03, -0.32), samples=5)  # fmt: skip
    drawing.fill(main, sail, importance=1.5)
    if drawing.chance(0.75):
        jib = closed_curve((-0.08, mast - 0.18), (-0.32, 0.2), (-0.64, -0.3), (-0.29, -0.29),
                           (-0.08, -0.32), samples=5)  # fmt: skip
        drawing.fill(jib, darker(sail, 0.88), importance=1.5)
    if drawing.chance(0.3):
        for y, reach in ((0.28, 0.32), (-0.02, 0.5)):
            drawing.line(polyline((0.05, y), (reach, y)), darker(sail, 0.7), 0.03, importance=0.6)
    if drawing.chance(0.5):
        flag = polygon((-0.02, mast), (0.24, mast - 0.07), (-0.02, mast - 0.14))
        drawing.fill(flag, drawing.colour("red", "blue", "green"), importance=0.8)
    hull = closed_curve((-0.82, -0.42), (-0.4, -0.45), (0.4, -0.45), (0.88, -0.4), (0.56, -0.76),
                        (-0.56, -0.78), samples=5)  # fmt: skip
    drawing.fill(hull, hull_colour, importance=1.5)
    stripe = polyline((-0.7, -0.54), (0.74, -0.53))
    drawing.line(stripe, lighter(hull_colour, 0.6), 0.04, importance=0.4)
    if drawing.chance(0.4):
        _waves(drawing, -0.84, 0.95)


@toy(
    "steamship", "watercraft",
    "man-made", "vehicle", "lives in water", "windows", "metal", "big", "hot", "long",
    pretrain_only=True,
)  # fmt: skip
def steamship(drawing: Drawing) -> None:
    """Draw a liner: long hull, white decks with portholes, one to three funnels."""
    hull = drawing.colour("navy", "red", "black", "white", "dark gray")
    funnel = drawing.colour("red", "orange", "black", "yellow")
    deck = np.array([238.0, 236.0, 230.0])
    count = drawing.pick(1, 2, 3)
    for x in np.linspace(-0.42, 0.18, count) if count > 1 else [-0.1]:
        chimney = polygon((x - 0.1, 0.3), (x - 0.13, 0.78), (x + 0.09, 0.78), (x + 0.12, 0.3))
        drawing.fill(chimney, funnel, importance=1.5)
        drawing.fill(rectangle(x - 0.02, 0.74, 0.23, 0.1), (40, 40, 42), importance=0.8)
        if drawing.chance(0.5):
            smoke = closed_curve((x - 0.1, 0.82), (x + 0.06, 0.84), (x - 0.04, 1.0),
                                 (x - 0.4, 1.04), (x - 0.32, 0.92), samples=4)  # fmt: skip
            drawing.fill(smoke, (215, 215, 218), importance=0.8)
    drawing.fill(rectangle(-0.1, 0.16, 1.14, 0.36), deck, importance=1.3)
    drawing.fill(rectangle(-0.05, 0.37, 0.75, 0.15), darker(deck, 0.92), importance=1.1)
    _portholes(drawing, np.linspace(-0.52, 0.33, 6), 0.18, 0.055)
    outline = polygon((-0.95, 0.02), (1.02, 0.12), (0.78, -0.44), (-0.78, -0.44))
    drawing.fill(outline, hull, importance=1.5)
    drawing.line(polyline((-0.9, -0.1), (0.92, -0.05)), lighter(hull, 0.6), 0.035, importance=0.6)


@toy(
    "submarine", "watercraft",
    "man-made", "vehicle", "lives in water", "windows", "metal", "big", "long", "round",
    pretrain_only=True,
)  # fmt: skip
def submarine(drawing: Drawing) -> None:
    """Draw a submarine: rounded hull with portholes, tower, periscope, screw."""
    colour = drawing.colour("dark gray", "yellow", "navy", "black", "olive", "orange")
    periscope = polyline((0.05, 0.5), (0.05, 0.84), (0.24, 0.84))
    drawing.line(periscope, (70, 70, 72), 0.065, importance=1.5)
    tower = polygon((-0.2, 0.2), (-0.15, 0.55), (0.22, 0.55), (0.3, 0.2))
    drawing.fill(tower, darker(colour, 0.85), importance=1.5)
    tail = drawing.uniform(0.24, 0.32)
    for side in (-1, 1):  # the two blades of the screw
        blade = ellipse(-1.02, side * tail * 0.55, 0.08, tail * 0.55, samples=16)
        drawing.fill(blade, (150, 130, 80), importance=1.3)
    fin = polygon((-0.62, 0.1), (-0.92, 0.4), (-0.92, 0.05))
    drawing.fill(fin, darker(colour, 0.75), importance=1.2)
    hull = closed_curve((-1.0, 0), (-0.6, 0.24), (0.1, 0.3), (0.72, 0.25), (1.0, 0.0),
                        (0.72, -0.26), (0.1, -0.31), (-0.6, -0.25))  # fmt: skip
    drawing.fill(hull, colour, "hull")
    for x in np.linspace(-0.28, 0.5, drawing.pick(3, 4)):
        drawing.fill(ellipse(x, 0.02, 0.1, samples=16), (190, 215, 225), importance=1.3)


@toy(
    "canoe", "watercraft",
    "man-made", "vehicle", "lives in water", "wooden", "long", "curved", "pointed", "container",
    pretrain_only=True,
)  # fmt: skip
def canoe(drawing: Drawing) -> None:
    """Draw a canoe with raised ends and a paddle that leans on it."""
    colour = drawing.colour("wood", "brown", "red", "green", "blue")
    wood = drawing.colour("tan", "wood", "beige")
    end = drawing.uniform(0.22, 0.36)
    for x in drawing.pick([-0.2], [-0.5, 0.3]):
        drawing.line(polyline((x - 0.28, 0.62), (x + 0.4, -0.2)), wood, 0.07, importance=1.4)
        blade = ellipse(x - 0.33, 0.68, 0.1, 0.2, 39, samples=18)
        drawing.fill(blade, wood, importance=1.4)
    hull = closed_curve((-1.0, end), (-0.92, 0.0), (-0.55, -0.3), (0, -0.36), (0.55, -0.3),
                        (0.92, 0.0), (1.0, end), (0.6, 0.08), (0, 0.04), (-0.6, 0.08))  # fmt: skip
    drawing.fill(hull, colour, importance=1.5)
    rim = open_curve((-0.9, 0.08), (0, -0.1), (0.9, 0.08), samples=6)
    drawing.line(rim, darker(colour, 0.6), 0.035, importance=0.9)
    if drawing.chance(0.5):
        _waves(drawing, -0.44, 0.95)
