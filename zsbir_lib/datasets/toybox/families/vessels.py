"""Vessels and other turned things: one profile, spun about an upright axis, makes most of each.

A profile lists the right-hand edge from top to bottom; its mirror image completes the outline.
What tells the classes apart is what is put on: a handle, a spout, a foot, a flame.
"""

from __future__ import annotations

from collections.abc import Sequence

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
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

Profile = Sequence[tuple[float, float]]

CERAMIC = ("white", "blue", "red", "teal", "yellow", "orange", "green", "cream", "pink")


def _widened(profile: Profile, factor: float) -> list[tuple[float, float]]:
    """Return a profile with every radius multiplied by `factor`."""
    return [(x * factor, y) for x, y in profile]


def _turned(drawing: Drawing, profile: Profile, colour: Colour, group: str | None = None) -> None:
    """Fill the outline of a turned body: the profile, its mirror image, a flat top and bottom."""
    top, bottom = (0.0, profile[0][1]), (0.0, profile[-1][1])
    drawing.fill(mirrored(top, *profile, bottom), colour, group)


def _mouth(drawing: Drawing, profile: Profile, depth: float, colour: Colour | tuple) -> None:
    """Fill the opening at the top of a profile, seen from a little above."""
    radius, height = profile[0]
    drawing.fill(ellipse(0, height, radius * 0.96, depth), colour, importance=1.1, flat=True)


def _band(drawing: Drawing, profile: Profile) -> None:
    """Paint a bright band around a body; the profile gives its edge on the right."""
    colour = drawing.colour("white", "red", "blue", "gold", "yellow")
    # Straight sides: a smooth curve would bulge out of the body at the corners.
    outline = mirrored((0.0, profile[0][1]), *profile, (0.0, profile[-1][1]), smooth=False)
    drawing.fill(outline, colour, importance=0.6, flat=True)


def _ear_handle(
    drawing: Drawing,
    centre: tuple[float, float],
    radii: tuple[float, float],
    width: float,
    colour: Colour,
    side: int = 1,
) -> None:
    """Add a handle in the shape of an ear; `side` is 1 for the right, -1 for the left."""
    angles = np.radians(np.linspace(100, -100, 6))
    x = centre[0] + radii[0] * np.cos(angles)
    y = centre[1] + radii[1] * np.sin(angles)
    path = np.stack([side * x, y], axis=1)
    drawing.fill(limb(path, [width, width], samples=4), colour, importance=1.2)


def _steam(drawing: Drawing, height: float) -> None:
    """Add two curls of steam above `height`."""
    for x in (-0.15, 0.12):
        curl = open_curve((x, height), (x + 0.08, height + 0.12), (x - 0.03, height + 0.24),
                          (x + 0.06, height + 0.38), samples=4)  # fmt: skip
        drawing.line(curl, (205, 210, 215), 0.045, importance=0.6)


def _mug(drawing: Drawing, colour: Colour, height: float) -> Profile:
    """Add a straight mug with a large handle; return its profile."""
    width = drawing.vary(1.0, 0.1)
    profile = _widened([(0.45, height), (0.44, 0), (0.4, -0.9 * height), (0.3, -height)], width)
    _ear_handle(drawing, (0.4 * width, 0), (0.29, height * 0.62), 0.1, darker(colour, 0.85))
    _turned(drawing, profile, colour)
    return profile


def _teacup(drawing: Drawing, colour: Colour, height: float) -> Profile:
    """Add a wide cup on its saucer; return its profile."""
    foot = -0.75 * height
    drawing.fill(ellipse(0, foot, drawing.vary(0.8, 0.06), 0.17), lighter(colour, 0.15))
    drawing.fill(ellipse(0, foot + 0.02, 0.45, 0.09), darker(colour, 0.85), importance=0.6)
    profile = [(0.56, height * 0.8), (0.52, 0.2 * height), (0.34, -0.5 * height), (0.2, foot)]
    _ear_handle(drawing, (0.46, 0.15 * height), (0.28, height * 0.42), 0.09, darker(colour, 0.85))
    _turned(drawing, profile, colour)
    return profile


@toy(
    "cup", "vessel",
    "man-made", "container", "handle", "small", "round", "hot",
)  # fmt: skip
def cup(drawing: Drawing) -> None:
    """Draw a mug, or a teacup on its saucer."""
    colour = drawing.colour(*CERAMIC)
    height = drawing.vary(0.47, 0.12)
    build = _mug if drawing.chance(0.6) else _teacup
    profile = build(drawing, colour, height)
    _mouth(drawing, profile, 0.1, drawing.pick((80, 50, 35), (60, 40, 30), (190, 120, 50)))
    if build is _mug and drawing.chance(0.4):
        edge = profile[1][0]
        _band(drawing, [(edge * 0.99, 0.1), (edge * 0.97, -0.16)])
    if drawing.chance(0.35):
        _steam(drawing, profile[0][1] + 0.1)


@toy(
    "teapot", "vessel",
    "man-made", "container", "handle", "round", "hot", "curved", "moving parts",
)  # fmt: skip
def teapot(drawing: Drawing) -> None:
    """Draw a round teapot with a handle at its back, or with a bow over its lid."""
    colour = drawing.colour(*CERAMIC)
    width, tall = drawing.vary(1.0, 0.08), drawing.vary(1.0, 0.12)
    if drawing.chance(0.25):
        bow = ellipse(0, 0.25, 0.52 * width, 0.66, samples=7, start=5, stop=175)
        drawing.fill(limb(bow, [0.09, 0.09], samples=4), darker(colour, 0.6), importance=1.2)
    else:
        centre, radii = (0.46 * width, 0.0), (0.4, 0.31 * tall)
        _ear_handle(drawing, centre, radii, 0.1, darker(colour, 0.85), side=-1)
    path = [(0.4, -0.15), (0.72, -0.02), (0.79, 0.2 * tall), (0.98, 0.34 * tall)]
    spout = limb([(x * width, y) for x, y in path], [0.28, 0.18, 0.13, 0.12])
    drawing.fill(spout, darker(colour, 0.95), "pot")
    lid = [(0, 0.54), (0.07, 0.52), (0.07, 0.45), (0.05, 0.42), (0.22, 0.34), (0.22, 0.3), (0, 0.3)]
    drawing.fill(mirrored(*((x, y * tall) for x, y in lid)), darker(colour, 0.85), importance=1.1)
    body = [(0.2, 0.36), (0.48, 0.2), (0.58, -0.08), (0.45, -0.4), (0.25, -0.48)]
    _turned(drawing, [(x * width, y * tall) for x, y in body], colour, "pot")
    if drawing.chance(0.4):
        _band(drawing, [(0.55 * width, 0.0), (0.56 * width, -0.1), (0.54 * width, -0.16)])


@toy(
    "wine_bottle", "vessel",
    "man-made", "container", "glass", "long", "upright", "green", "long neck",
)  # fmt: skip
def wine_bottle(drawing: Drawing) -> None:
    """Draw a bottle with square shoulders or with sloping ones, and a label."""
    colour = drawing.colour("dark green", "brown", "green", "dark brown", "glass")
    if drawing.chance(0.55):  # Bordeaux
        profile = [(0.1, 0.95), (0.1, 0.45), (0.14, 0.34), (0.28, 0.2), (0.3, 0.05),
                   (0.3, -0.85), (0.24, -0.93)]  # fmt: skip
    else:  # Burgundy
        profile = [(0.1, 0.95), (0.11, 0.5), (0.2, 0.2), (0.32, -0.1), (0.34, -0.3),
                   (0.34, -0.85), (0.26, -0.93)]  # fmt: skip
    width = drawing.vary(1.05, 0.1)
    first = len(drawing.parts)
    if drawing.chance(0.4):
        drawing.fill(rectangle(0, 1.0, 0.12, 0.16), drawing.colour("tan", "wood"), importance=0.9)
    _turned(drawing, _widened(profile, width), colour)
    foil = [(0.1, 0.95), (0.105, 0.66)]
    foil_colour = drawing.colour("gold", "red", "black", "maroon")
    outline = mirrored((0, 0.97), *_widened(foil, width), (0, 0.66), smooth=False)
    drawing.fill(outline, foil_colour, importance=0.9)
    edge = profile[-3][0] * width * 0.98
    top, bottom = drawing.uniform(-0.2, -0.05), drawing.uniform(-0.7, -0.55)
    label = mirrored((0, top - 0.02), (edge, top), (edge, bottom), (0, bottom - 0.03), smooth=False)
    drawing.fill(label, drawing.colour("cream", "white", "beige"), importance=1.1, flat=True)
    middle = (top + bottom) / 2
    emblem = ellipse(0, middle + 0.05, edge * 0.4, samples=14)
    drawing.fill(emblem, drawing.colour("maroon", "gold", "navy"), importance=0.5, flat=True)
    drawing.turn(first, drawing.uniform(-12, 12))


@toy(
    "hourglass", "vessel",
    "man-made", "glass", "wooden", "upright", "container", "curved", "moving parts",
)  # fmt: skip
def hourglass(drawing: Drawing) -> None:
    """Draw a sand-glass between two plates, with or without posts."""
    wood = drawing.colour("wood", "brown", "gold", "dark brown", "black")
    width = drawing.vary(1.0, 0.1)
    if drawing.chance(0.7):
        for side in (-1, 1):
            drawing.fill(rectangle(side * 0.47 * width, 0, 0.09, 1.6), wood, importance=0.95)
    bulb = [(0, 0.8), (0.36, 0.78), (0.38, 0.55), (0.22, 0.22), (0.05, 0), (0.22, -0.22),
            (0.38, -0.55), (0.36, -0.78), (0, -0.8)]  # fmt: skip
    drawing.fill(mirrored(*_widened(bulb, width)), drawing.colour("glass", "white", "sky"))
    sand = drawing.colour("yellow", "tan", "orange", "red", "blue")
    level = drawing.uniform(0.25, 0.55)
    # The upper sand fills the cone up to its level; below it lies in a heap.
    upper = [(0, level), (0.34 * level**0.4, level), (0.17, 0.18), (0.03, 0.03), (0, 0.0)]
    drawing.fill(mirrored(*_widened(upper, width), samples=4), sand, importance=1.0)
    drawing.line(polyline((0, 0.02), (0, -0.45)), sand, 0.04, importance=0.6)
    heap = drawing.uniform(-0.5, -0.3)
    lower = [(0, heap), (0.15, heap - 0.14), (0.34, -0.74), (0, -0.77)]
    drawing.fill(mirrored(*_widened(lower, width), samples=4), sand, importance=1.0)
    for y in (-0.86, 0.86):
        plate = rectangle(0, y, 1.12 * width, 0.15, 0.04)
        drawing.fill(plate, darker(wood, 0.85), importance=1.2)


def _flame(drawing: Drawing, x: float, y: float, size: float = 1.0) -> None:
    """Add a wick that stands on (x, y), and its flame."""
    drawing.line(polyline((x, y - 0.04), (x, y + 0.16 * size)), (40, 35, 35), 0.035, importance=0.9)
    lean = drawing.uniform(-0.05, 0.05)
    flame = closed_curve(
        (x + lean, y + 0.56 * size), (x + 0.11 * size, y + 0.3 * size),
        (x + 0.09 * size, y + 0.16 * size), (x, y + 0.09 * size),
        (x - 0.09 * size, y + 0.16 * size), (x - 0.11 * size, y + 0.3 * size), samples=5,
    )  # fmt: skip
    drawing.fill(flame, drawing.colour("flame"), importance=1.3)
    core = ellipse(x, y + 0.23 * size, 0.045 * size, 0.09 * size, samples=12)
    drawing.fill(core, (255, 235, 170), importance=0.4, flat=True)


def _wax(drawing: Drawing, x: float, bottom: float, top: float, radius: float) -> None:
    """Add a stick of wax with an uneven upper edge and drops that ran down."""
    colour = drawing.colour("white", "cream", "red", "pink", "blue", "green")
    left, right = x - radius, x + radius
    edge = ((left, top - 0.05), (x - 0.5 * radius, top), (x + 0.5 * radius, top - 0.02),
            (right, top - 0.06))  # fmt: skip
    drawing.fill(polygon((left, bottom), *edge, (right, bottom)), colour, importance=1.3)
    run = drawing.uniform(0.2, 0.4) * min(1.0, (top - bottom))
    drops = closed_curve(edge[0], (x - 0.6 * radius, top - run), (x - 0.3 * radius, top - 0.1),
                         (x + 0.2 * radius, top - 0.7 * run), edge[2], samples=4)  # fmt: skip
    drawing.fill(drops, lighter(colour, 0.4), importance=0.6)


def _candle_on_saucer(drawing: Drawing) -> None:
    """Add the bedside kind: a saucer with a finger ring under one candle."""
    top = drawing.vary(0.5, 0.2)
    metal = drawing.colour("gold", "silver", "brown")
    _wax(drawing, 0, -0.6, top, drawing.vary(0.2, 0.1))
    _flame(drawing, 0, top)
    drawing.fill(mirrored((0, -0.5), (0.54, -0.48), (0.44, -0.68), (0, -0.7)), metal)
    drawing.line(ring(0.62, -0.56, 0.13), darker(metal, 0.8), 0.06, importance=1.1)


def _candle_on_stick(drawing: Drawing) -> None:
    """Add a turned candlestick with one candle."""
    top = drawing.vary(0.4, 0.15)
    _wax(drawing, 0, -0.2, top, 0.15)
    _flame(drawing, 0, top, 0.9)
    stick = [(0.27, -0.18), (0.16, -0.27), (0.08, -0.34), (0.13, -0.5), (0.07, -0.66),
             (0.12, -0.78), (0.38, -0.85), (0.4, -0.94)]  # fmt: skip
    _turned(drawing, stick, drawing.colour("gold", "silver", "wood", "dark gray"))


def _pillar_candles(drawing: Drawing) -> None:
    """Add two or three thick candles side by side."""
    places = (-0.45, 0.45, 0.0) if drawing.chance(0.5) else (-0.26, 0.26)
    for x in places:
        top = drawing.uniform(-0.25, 0.3) - (0.25 if x == 0 else 0)
        _wax(drawing, x, -0.8, top, 0.24)
        _flame(drawing, x, top, 0.85)


@toy(
    "candle", "vessel",
    "man-made", "hot", "upright", "long", "soft", "small", "pointed",
)  # fmt: skip
def candle(drawing: Drawing) -> None:
    """Draw a candle on a saucer or a candlestick, or a group of thick ones."""
    drawing.pick(_candle_on_saucer, _candle_on_stick, _pillar_candles)(drawing)


@toy(
    "bell", "vessel",
    "man-made", "metal", "instrument", "moving parts", "curved", "round",
)  # fmt: skip
def bell(drawing: Drawing) -> None:
    """Draw a church bell that hangs from its crown, or a hand bell."""
    metal = drawing.colour("gold", "orange", "silver", "rust", "gray")
    first = len(drawing.parts)
    drawing.fill(ellipse(drawing.uniform(-0.12, 0.12), -0.69, 0.15), darker(metal, 0.6),
                 importance=1.2)  # fmt: skip
    wide = drawing.vary(1.0, 0.08)
    if drawing.chance(0.6):
        crown = drawing.vary(0.16, 0.1)
        drawing.fill(ellipse(0, 0.76, crown, 0.15), darker(metal, 0.8), importance=1.1)
        hole = ellipse(0, 0.8, crown * 0.5, 0.07, samples=14)
        drawing.fill(hole, (60, 55, 50), importance=0.9, flat=True)
        body = [(0.22, 0.66), (0.34, 0.3), (0.4, -0.1), (0.58, -0.48), (0.68, -0.6)]
    else:
        handle = [(0, 1.05), (0.1, 1.0), (0.12, 0.85), (0.08, 0.6), (0.08, 0.4), (0, 0.4)]
        grip = drawing.colour("wood", "black", "dark brown", "red")
        drawing.fill(mirrored(*handle), grip, importance=1.1)
        body = [(0.16, 0.44), (0.32, 0.25), (0.4, -0.1), (0.56, -0.48), (0.66, -0.6)]
    profile = _widened(body, wide)
    _turned(drawing, [*profile, (0.3, -0.65)], metal)
    for y, x in ((-0.4, 0.5), (0.2, 0.33)):
        hoop = open_curve((-x * wide, y), (0, y - 0.05), (x * wide, y), samples=4)
        drawing.line(hoop, darker(metal, 0.6), 0.035, importance=0.7)
    drawing.turn(first, drawing.uniform(-18, 18))


@toy(
    "wineglass", "vessel",
    "man-made", "container", "glass", "upright", "curved", "small",
    pretrain_only=True,
)  # fmt: skip
def wineglass(drawing: Drawing) -> None:
    """Draw a glass with a stem and wine in it: a wine glass or a champagne flute."""
    if drawing.chance(0.75):
        bowl = [(0.32, 0.9), (0.4, 0.55), (0.34, 0.22), (0.14, 0.04)]
    else:
        bowl = [(0.26, 0.95), (0.28, 0.5), (0.22, 0.1), (0.1, -0.05)]
    width = drawing.vary(1.0, 0.12)
    stem = [(0.045, -0.08), (0.045, -0.7), (0.12, -0.82), (0.36, -0.88), (0.36, -0.93)]
    _turned(drawing, _widened(bowl + stem, width), drawing.colour("glass", "white", "sky"))
    _mouth(drawing, _widened(bowl, width), 0.06, (222, 232, 238))
    level = drawing.uniform(0.3, 0.5)
    wine = [(0, level), (bowl[1][0] * 0.9, level), (bowl[2][0] * 0.88, 0.23), (0.11, 0.08),
            (0, 0.05)]  # fmt: skip
    wine_colour = drawing.colour("maroon", "red", "yellow", "pink")
    drawing.fill(mirrored(*_widened(wine, width), samples=4), wine_colour, importance=1.0)


def _flower(drawing: Drawing, x: float, y: float, radius: float) -> None:
    """Add the head of a flower with five petals."""
    angles = np.arange(10) * np.pi / 5
    reach = radius * np.where(np.arange(10) % 2, 1.3, 0.95)
    petals = np.stack([x + reach * np.cos(angles), y + reach * np.sin(angles)], axis=1)
    colour = drawing.colour("red", "pink", "yellow", "purple", "white")
    drawing.fill(closed_curve(*petals, samples=3), colour, importance=1.0)
    drawing.fill(ellipse(x, y, radius * 0.4, samples=12), (230, 190, 60), importance=0.7)


@toy(
    "vase", "vessel",
    "man-made", "container", "upright", "curved", "plant", "branching",
    pretrain_only=True,
)  # fmt: skip
def vase(drawing: Drawing) -> None:
    """Draw a vase of flowers."""
    colour = drawing.colour(*CERAMIC)
    count = drawing.pick(1, 3, 3)
    for k in range(count):
        x = (k - (count - 1) / 2) * 0.32 + drawing.uniform(-0.06, 0.06)
        y = drawing.uniform(0.72, 0.9)
        stem = open_curve((x * 0.2, 0.2), (x * 0.6, 0.5), (x, y), samples=4)
        drawing.line(stem, (60, 120, 60), 0.04, importance=1.1)
        _flower(drawing, x, y, drawing.vary(0.14, 0.1))
    if drawing.chance(0.6):
        body = [(0.22, 0.28), (0.12, 0.1), (0.2, -0.05), (0.36, -0.35), (0.28, -0.75),
                (0.18, -0.88), (0.22, -0.95)]  # fmt: skip
    else:
        body = [(0.28, 0.28), (0.26, 0.0), (0.2, -0.5), (0.17, -0.95)]
    profile = _widened(body, drawing.vary(1.0, 0.12))
    _turned(drawing, profile, colour)
    _mouth(drawing, profile, 0.05, darker(colour, 0.5))
    if drawing.chance(0.5):
        edge = profile[2][0] * 1.2
        _band(drawing, [(edge, -0.25), (edge, -0.4)])


@toy(
    "jug", "vessel",
    "man-made", "container", "handle", "upright", "curved",
    "long neck", pretrain_only=True,
)  # fmt: skip
def jug(drawing: Drawing) -> None:
    """Draw a jug with a lip and a handle as tall as itself."""
    colour = drawing.colour("tan", "cream", "blue", "white", "brown", "glass")
    width = drawing.vary(1.0, 0.1)
    _ear_handle(drawing, (0.2 * width, 0.12), (0.46, 0.46), 0.1, darker(colour, 0.85), side=-1)
    lip = [(0.1 * width, 0.56), (0.25 * width, 0.66), (0.42 * width, 0.78)]
    drawing.fill(limb(lip, [0.24, 0.16, 0.06]), darker(colour, 0.92), "jug")
    if drawing.chance(0.6):
        body = [(0.26, 0.7), (0.22, 0.42), (0.34, 0.15), (0.42, -0.2), (0.36, -0.62), (0.26, -0.72)]
    else:
        body = [(0.27, 0.7), (0.28, 0.3), (0.34, -0.2), (0.4, -0.68), (0.36, -0.74)]
    profile = _widened(body, width)
    _turned(drawing, profile, colour, "jug")
    _mouth(drawing, profile, 0.06, darker(colour, 0.5))
    if drawing.chance(0.4):
        _band(drawing, [(profile[3][0] * 0.94, -0.12), (profile[3][0] * 0.96, -0.3)])


@toy(
    "bowl", "vessel",
    "man-made", "container", "round", "curved", "edible", "small",
    pretrain_only=True,
)  # fmt: skip
def bowl(drawing: Drawing) -> None:
    """Draw a bowl: empty, with soup, or with fruit heaped in it."""
    colour = drawing.colour(*CERAMIC)
    content = drawing.pick("nothing", "soup", "fruit")
    if content == "fruit":
        for x, y in ((-0.45, 0.3), (0.4, 0.32), (-0.05, 0.42)):
            fruit = drawing.colour("red", "orange", "green", "yellow")
            drawing.fill(ellipse(x, y, drawing.vary(0.27, 0.08)), fruit)
    deep = drawing.vary(1.0, 0.15)
    body = [(0.85, 0.22), (0.78, -0.08 * deep), (0.55, -0.36 * deep), (0.28, -0.46 * deep),
            (0.28, -0.54 * deep)]  # fmt: skip
    _turned(drawing, body, colour)
    if content == "fruit":
        rim = open_curve((-0.82, 0.2), (0, 0.1), (0.82, 0.2), samples=5)
        drawing.line(rim, darker(colour, 0.6), 0.035, importance=0.9)
    else:
        filling = drawing.pick((200, 120, 60), (230, 220, 190), (110, 130, 60))
        inside = darker(colour, 0.5) if content == "nothing" else filling
        _mouth(drawing, body, 0.15, inside)
    if drawing.chance(0.4):
        _band(drawing, [(0.74, -0.06 * deep), (0.68, -0.18 * deep)])


@toy(
    "saucepan", "vessel",
    "man-made", "container", "handle", "metal", "hot", "tool",
    pretrain_only=True,
)  # fmt: skip
def saucepan(drawing: Drawing) -> None:
    """Draw a pan with one long handle, with or without its lid."""
    colour = drawing.colour("silver", "dark gray", "red", "blue")
    rise = drawing.uniform(0.02, 0.12)
    handle = limb([(0.4, 0.06), (0.8, 0.06 + rise), (1.2, 0.06 + 2 * rise)], [0.11, 0.1, 0.14])
    drawing.fill(handle, (45, 42, 42), importance=1.2)
    deep = drawing.vary(1.0, 0.12)
    body = [(0.55, 0.2), (0.55, -0.1 * deep), (0.53, -0.38 * deep), (0.45, -0.44 * deep)]
    if drawing.chance(0.55):
        lid = [(0, 0.44), (0.08, 0.42), (0.08, 0.36), (0.06, 0.33), (0.4, 0.28), (0.57, 0.18),
               (0, 0.18)]  # fmt: skip
        _turned(drawing, body, colour)
        drawing.fill(mirrored(*lid), darker(colour, 0.85), importance=1.1)
    else:
        _turned(drawing, body, colour)
        _mouth(drawing, body, 0.11, darker(colour, 0.5))


@toy(
    "table_lamp", "vessel",
    "man-made", "furniture", "hot", "upright", "moving parts",
    "buttons", pretrain_only=True,
)  # fmt: skip
def table_lamp(drawing: Drawing) -> None:
    """Draw a lamp with a cloth shade on a turned foot."""
    foot_colour = drawing.colour(*CERAMIC)
    if drawing.chance(0.6):
        foot = [(0.05, 0.1), (0.06, -0.1), (0.18, -0.3), (0.22, -0.5), (0.1, -0.72), (0.1, -0.82),
                (0.3, -0.9)]  # fmt: skip
    else:
        foot = [(0.05, 0.1), (0.05, -0.6), (0.07, -0.78), (0.34, -0.84), (0.36, -0.9)]
    _turned(drawing, foot, foot_colour)
    drawing.line(polyline((0.2, 0.12), (0.2, -0.14)), (120, 110, 100), 0.025, importance=0.6)
    top = drawing.vary(0.26, 0.2)
    shade = drawing.colour("cream", "yellow", "beige", "red", "white")
    drawing.fill(polygon((-top, 0.9), (top, 0.9), (0.58, 0.1), (-0.58, 0.1)), shade, importance=1.1)
    drawing.line(polyline((-0.53, 0.19), (0.53, 0.19)), darker(shade, 0.7), 0.03, importance=0.5)
