"""Food: fruit on its stalk, and what comes from the baker and the stall."""

from __future__ import annotations

import math

import numpy as np

from zsbir_lib.datasets.toybox.drawing import Drawing
from zsbir_lib.datasets.toybox.geometry import (
    Points,
    blob,
    closed_curve,
    ellipse,
    limb,
    mirrored,
    open_curve,
    polygon,
    polyline,
    rectangle,
    rotate,
    star,
)
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

CRUST = ("tan", "wood", "gold")


# ---- fruit
def _stalk(drawing: Drawing, x: float, y: float, side: int = 1, leaf: float = 0.8) -> None:
    """Draw a stalk that rises from (x, y) and, mostly, a leaf on it."""
    stalk = open_curve((x, y), (x + 0.02, y + 0.15), (x + 0.08 * side, y + 0.28), samples=4)
    drawing.line(stalk, (90, 60, 40), 0.06, importance=1.2)
    if drawing.chance(leaf):
        blade = closed_curve((x + 0.03, y + 0.12), (x + 0.2 * side, y + 0.3),
                             (x + 0.44 * side, y + 0.27), (x + 0.24 * side, y + 0.1),
                             samples=4)  # fmt: skip
        drawing.fill(blade, drawing.colour("green", "dark green"), importance=1.2)


@toy("apple", "fruit", "plant", "edible", "round", "small", "green", "curved")
def apple(drawing: Drawing) -> None:
    """Draw an apple, whole or with a bite taken out."""
    colour = drawing.colour("red", "green", "yellow", "maroon")
    w = drawing.vary(0.68, 0.08)
    _stalk(drawing, 0, 0.42, drawing.pick(-1, 1))
    body = mirrored((0, 0.45), (0.2, 0.58), (w * 0.8, 0.5), (w, 0.1), (w * 0.75, -0.42),
                    (0.25, -0.66), (0, -0.58))  # fmt: skip
    if drawing.chance(0.25):  # the bite: points near it are pushed inwards
        bite = np.array([w * 1.05, 0.1])
        reach = np.hypot(*(body - bite).T)
        near = reach < 0.36
        body[near] = bite + (body[near] - bite) / reach[near, None] * 0.36
    drawing.fill(body, colour)
    dimple = open_curve((-0.17, 0.5), (0, 0.42), (0.17, 0.5), samples=4)
    drawing.line(dimple, darker(colour, 0.5), 0.035, importance=1.0)


@toy("pear", "fruit", "plant", "edible", "small", "green", "upright", "curved")
def pear(drawing: Drawing) -> None:
    """Draw a pear, slim or plump, whole or cut in half."""
    colour = drawing.colour("green", "lime", "yellow", "olive", "rust")
    belly, neck = drawing.vary(0.55, 0.1), drawing.vary(0.24, 0.12)
    profile = ((0, 0.78), (neck * 0.7, 0.72), (neck, 0.4), (neck * 1.4, 0.1), (belly, -0.25),
               (belly * 0.9, -0.65), (0.2, -0.85), (0, -0.82))  # fmt: skip
    _stalk(drawing, 0, 0.74, drawing.pick(-1, 1), leaf=0.6)
    drawing.fill(mirrored(*profile), colour)
    if drawing.chance(0.2):
        flesh = mirrored(*[(x * 0.82, y * 0.88 - 0.02) for x, y in profile])
        drawing.fill(flesh, lighter(drawing.colour("cream"), 0.3), importance=1.0, flat=True)
        for side in (-1, 1):
            pip = ellipse(side * 0.08, -0.35, 0.045, 0.08, samples=10)
            drawing.fill(pip, (70, 45, 30), importance=0.9, flat=True)
    else:
        calyx = star(0, -0.8, 0.09, 0.04, 5)
        drawing.fill(calyx, (80, 60, 40), importance=0.7, flat=True)
        for _ in range(3):
            x, y = drawing.uniform(-0.3, 0.3), drawing.uniform(-0.6, -0.1)
            drawing.fill(ellipse(x, y, 0.025, samples=8), darker(colour, 0.7), importance=0.2,
                         flat=True)  # fmt: skip


def _banana_skin(sag: float) -> tuple[Points, Points]:
    """Return the outline of a banana that hangs from (0.8, 0.4), and the ridge along it."""
    path = [(-0.9, 0.34), (-0.66, -0.1), (-0.1, -sag), (0.48, -0.12), (0.8, 0.4)]
    outline = limb(path, [0.1, 0.3, 0.42, 0.32, 0.12], samples=7)
    ridge = open_curve((-0.76, 0.14), (-0.5, -0.1), (-0.05, 0.06 - sag), (0.42, -0.06),
                       (0.64, 0.14), samples=5)  # fmt: skip
    return outline, ridge


def _one_banana(drawing: Drawing, colour: Colour) -> None:
    """Draw one banana with its dark tips."""
    outline, ridge = _banana_skin(drawing.vary(0.42, 0.15))
    drawing.fill(outline, colour)
    drawing.line(ridge, darker(colour, 0.65), 0.035, importance=1.2)
    drawing.fill(limb([(0.76, 0.32), (0.94, 0.64)], [0.14, 0.13], samples=3),
                 (120, 100, 40), importance=1.5)  # fmt: skip
    drawing.fill(ellipse(-0.88, 0.32, 0.08, samples=10), (80, 60, 35), importance=1.2)


def _bunch(drawing: Drawing, colour: Colour) -> None:
    """Draw three or four bananas side by side, as fingers of one hand under a stem."""
    count = drawing.pick(3, 3, 4)
    fan = drawing.uniform(17, 21)
    for k in range(count):
        # A finger that hangs down and bends to the left, turned about the stem.
        degrees = (k - (count - 1) / 2) * fan + 8
        finger = limb([(0, 0.62), (0.12, 0.2), (0.05, -0.4), (-0.3, -0.85)],
                      [0.16, 0.34, 0.36, 0.1], samples=6)  # fmt: skip
        ridge = open_curve((0.02, 0.45), (0.16, 0.1), (0.06, -0.4), (-0.2, -0.72), samples=5)
        skin = colour * drawing.uniform(0.9, 1.0)
        drawing.fill(rotate(finger, degrees, (0, 0.75)), skin, importance=1.5)
        drawing.line(rotate(ridge, degrees, (0, 0.75)), darker(colour, 0.65), 0.03, importance=0.8)
    stem = closed_curve((-0.2, 0.55), (-0.1, 0.8), (-0.12, 1.02), (0.12, 1.02), (0.1, 0.8),
                        (0.2, 0.55), samples=4)  # fmt: skip
    drawing.fill(stem, (120, 100, 40), importance=1.6)


@toy("banana", "fruit", "plant", "edible", "small", "long", "curved", "green")
def banana(drawing: Drawing) -> None:
    """Draw a banana, or a bunch on its stem."""
    colour = drawing.colour("yellow", "gold", "lime")
    drawing.pick(_one_banana, _one_banana, _bunch)(drawing, colour)


@toy("pineapple", "fruit", "plant", "edible", "upright", "pointed", "green", "spotted",
     "branching")  # fmt: skip
def pineapple(drawing: Drawing) -> None:
    """Draw a pineapple: a crown of leaves over a net of lozenges."""
    colour = drawing.colour("gold", "yellow", "orange", "olive")
    green = drawing.colour("green", "dark green")
    spread = drawing.vary(25, 0.1)
    for k in range(-2, 3):
        a = math.radians(90 + spread * k + drawing.uniform(-5, 5))
        u, length = np.array([math.cos(a), math.sin(a)]), drawing.vary(0.62, 0.1)
        side = np.array([-u[1], u[0]]) * 0.08
        foot = np.array([0.0, 0.3])
        leaf = closed_curve(foot - side, foot + 0.5 * length * u - side * 0.9, foot + length * u,
                            foot + 0.5 * length * u + side * 0.9, foot + side,
                            samples=3)  # fmt: skip
        drawing.fill(leaf, green * drawing.uniform(0.85, 1.1), importance=1.4)
    w, h = drawing.vary(0.46, 0.06), 0.65
    drawing.fill(ellipse(0, -0.28, w, h), colour)
    x = np.linspace(-w, w, 15)
    for slope in (-1.2, 1.2):
        for offset in np.arange(-0.6, 0.61, 0.24):
            y = slope * x + offset
            inside = (x / w) ** 2 + (y / h) ** 2 < 0.94
            if inside.sum() > 2:
                path = np.stack([x[inside], y[inside] - 0.28], axis=1)
                drawing.line(path, darker(colour, 0.6), 0.028, importance=0.95)


@toy("strawberry", "fruit", "plant", "edible", "small", "pointed", "spotted", "round", "green",
     "soft")  # fmt: skip
def strawberry(drawing: Drawing) -> None:
    """Draw a strawberry with its seeds and its green collar."""
    colour = drawing.colour("red", "red", "maroon", "pink")
    w = drawing.vary(0.56, 0.08)
    body = mirrored((0, 0.5), (w * 0.55, 0.56), (w, 0.35), (w * 0.97, 0), (w * 0.55, -0.5),
                    (0, -0.78))  # fmt: skip
    drawing.fill(body, colour)
    seeds = ((-0.3, 0.2), (0, 0.22), (0.3, 0.2), (-0.2, -0.05), (0.14, -0.08), (-0.05, -0.32),
             (0.18, -0.36), (-0.34, -0.04), (0.36, -0.04))  # fmt: skip
    for x, y in seeds:
        seed = ellipse(x * w / 0.56, y, 0.035, 0.055, samples=8)
        drawing.fill(seed, (250, 225, 130), importance=1.05, flat=True)
    collar = star(0, 0.5, 0.5, 0.2, drawing.pick(5, 6, 7), drawing.uniform(0, 60))
    collar[:, 1] = 0.52 + (collar[:, 1] - 0.5) * 0.5
    drawing.fill(collar, drawing.colour("green", "dark green"), importance=1.5)
    drawing.line(polyline((0, 0.55), (0.05, 0.82)), (60, 120, 50), 0.06, importance=1.0)


@toy(
    "cherries", "fruit",
    "plant", "edible", "small", "round", "green", "soft", "branching", pretrain_only=True,
)  # fmt: skip
def cherries(drawing: Drawing) -> None:
    """Draw two cherries on one stalk."""
    colour = drawing.colour("red", "maroon")
    for x, y in ((-0.38, -0.5), (0.38, drawing.vary(-0.42, 0.15))):
        stalk = open_curve((x, y + 0.25), (x * 0.7, y + 0.8), (0.1, 0.75), samples=5)
        drawing.line(stalk, (80, 110, 50), 0.06, importance=1.3)
        drawing.fill(ellipse(x, y, drawing.vary(0.34, 0.06)), colour)
    leaf = closed_curve((0.08, 0.75), (0.35, 0.95), (0.75, 0.88), (0.45, 0.65), samples=5)
    drawing.fill(leaf, drawing.colour("green"), importance=1.2)


@toy(
    "grapes", "fruit",
    "plant", "edible", "small", "round", "green", "soft", "upright", "pointed",
    pretrain_only=True,
)  # fmt: skip
def grapes(drawing: Drawing) -> None:
    """Draw a bunch of grapes."""
    colour = drawing.colour("purple", "green", "maroon")
    stalk = open_curve((0, 0.5), (0.02, 0.7), (0.12, 0.88), samples=4)
    drawing.line(stalk, (100, 75, 45), 0.07, importance=1.2)
    drawing.fill(blob(0.32, 0.64, 0.26, 0.18, lobes=4, depth=0.3), drawing.colour("green"),
                 importance=1.1)  # fmt: skip
    for row, count in enumerate((4, 4, 3, 2, 1)):
        for k in range(count):
            x = (k - (count - 1) / 2) * 0.31 + drawing.uniform(-0.03, 0.03)
            berry = ellipse(x, 0.36 - 0.26 * row, 0.175, samples=18)
            drawing.fill(berry, colour * drawing.uniform(0.85, 1.1), importance=1.5)


@toy(
    "carrot", "fruit",
    "plant", "edible", "long", "pointed", "green", "upright", "branching",
    pretrain_only=True,
)  # fmt: skip
def carrot(drawing: Drawing) -> None:
    """Draw a carrot with its leaves."""
    for degrees in (55, 80, 105, 128):
        a = math.radians(degrees + drawing.uniform(-6, 6))
        tip = (0.55 * math.cos(a), 0.4 + 0.55 * math.sin(a))
        drawing.fill(limb([(0, 0.35), tip], [0.1, 0.16, 0.08], samples=5),
                     drawing.colour("green", "dark green"), importance=1.2)  # fmt: skip
    colour = drawing.colour("orange")
    root = mirrored((0, 0.42), (0.22, 0.4), (0.27, 0.2), (0.17, -0.3), (0.05, -0.9), (0, -0.95))
    drawing.fill(root, colour)
    for side, y in ((-1, 0.15), (1, 0.0), (-1, -0.2), (1, -0.4)):
        mark = open_curve((side * 0.2, y), (side * 0.1, y - 0.02), (side * 0.02, y), samples=3)
        drawing.line(mark, darker(colour, 0.65), 0.03, importance=0.8)


@toy("watermelon", "fruit", "plant", "edible", "curved", "green", "spotted", "soft",
     pretrain_only=True)  # fmt: skip
def watermelon(drawing: Drawing) -> None:
    """Draw a slice of watermelon."""
    h = drawing.vary(0.75, 0.1)
    for reach, colour, importance in (
        (1.0, drawing.colour("green", "dark green"), 1.0),
        (0.86, np.array([240, 235, 210]), 0.6),
        (0.81, drawing.colour("red", "pink"), 1.0),
    ):
        half = ellipse(0, 0.35, 0.95 * reach, h * reach, samples=30, start=180, stop=360)
        drawing.fill(half, colour, importance=importance)
    for x, y in ((-0.4, 0.18), (-0.13, 0.1), (0.13, 0.14), (0.4, 0.18), (-0.22, -0.1), (0.2, -0.1)):
        seed = ellipse(x, y, 0.045, 0.07, samples=8)
        drawing.fill(seed, (35, 25, 25), importance=1.0, flat=True)


# ---- bread and cake
def _loaf(drawing: Drawing, crust: Colour) -> None:
    """Draw a long loaf with cuts across its top."""
    bend = drawing.uniform(-0.1, 0.15)
    path = [(-0.85, -0.1), (0, bend), (0.85, -0.1)]
    drawing.fill(limb(path, [0.34, 0.52, 0.52, 0.34], samples=9), crust)
    for x in np.linspace(-0.55, 0.55, drawing.pick(3, 4)):
        y = bend * (1 - x**2) - 0.02
        cut = closed_curve((x - 0.13, y + 0.16), (x, y + 0.05), (x + 0.09, y - 0.12),
                           (x + 0.01, y - 0.02), samples=4)  # fmt: skip
        drawing.fill(cut, lighter(crust, 0.55), importance=1.3, flat=True)


def _sliced(drawing: Drawing, crust: Colour) -> None:
    """Draw a tin loaf from which slices have been cut."""
    top = closed_curve((-0.2, -0.5), (-0.22, 0.1), (-0.3, 0.32), (-0.05, 0.52), (0.5, 0.55),
                       (0.92, 0.42), (0.9, -0.45), (0.4, -0.52), samples=5)  # fmt: skip
    drawing.fill(top, crust)
    for shift in drawing.pick((0.0,), (0.0, -0.28)):
        x = -0.32 + shift
        face = closed_curve((x - 0.36, -0.52), (x - 0.38, 0.08), (x - 0.46, 0.3), (x - 0.2, 0.52),
                            (x + 0.2, 0.52), (x + 0.44, 0.3), (x + 0.36, 0.08), (x + 0.34, -0.52),
                            samples=5)  # fmt: skip
        drawing.fill(face, darker(crust, 0.9), importance=1.3)
        crumb = closed_curve((x - 0.28, -0.44), (x - 0.3, 0.1), (x - 0.35, 0.27), (x - 0.17, 0.43),
                             (x + 0.17, 0.43), (x + 0.34, 0.27), (x + 0.28, 0.1),
                             (x + 0.26, -0.44), samples=5)  # fmt: skip
        drawing.fill(crumb, (245, 232, 205), importance=1.2, flat=True)


@toy(
    "bread", "bakery",
    "edible", "man-made", "soft", "long", "striped", "round", "curved",
)  # fmt: skip
def bread(drawing: Drawing) -> None:
    """Draw a long loaf, or a tin loaf with slices cut off."""
    crust = drawing.colour("wood", "tan", "brown", "gold")
    drawing.pick(_loaf, _sliced)(drawing, crust)


@toy("pretzel", "bakery", "edible", "man-made", "soft", "curved", "small", "branching")
def pretzel(drawing: Drawing) -> None:
    """Draw a pretzel: a loop whose crossed arms lie on its lower rim."""
    colour = drawing.colour("brown", "wood", "rust", "dark brown")
    w, h = drawing.vary(0.78, 0.06), drawing.vary(0.62, 0.06)
    thick = drawing.vary(0.25, 0.1)
    left = [(0, h * 0.62), (-0.35, h), (-w * 0.95, h * 0.7), (-w, -0.1), (-0.45, -0.5), (0, -0.42)]
    # The two halves of one rope, from the dip at the top to the crossing below.
    for side in (-1, 1):
        path = [(side * -x, y) for x, y in left]
        drawing.fill(limb(path, [thick * 0.9, thick, thick, thick], samples=6), colour, "rope", 1.5)
    for side in (-1, 1):
        arm = [(side * 0.02, -0.4), (side * -0.12, 0.0), (side * 0.3, 0.3), (side * 0.42, h * 0.8)]
        drawing.fill(limb(arm, [thick, thick * 0.85, thick * 0.7, thick * 0.5], samples=5),
                     colour * 0.92, importance=1.5)  # fmt: skip
    if drawing.chance(0.8):
        for x, y in ((-0.7, 0.3), (-0.4, 0.6), (0.4, 0.6), (0.72, 0.3), (-0.45, -0.46),
                     (0.45, -0.46), (0, -0.4)):  # fmt: skip
            salt = rectangle(x + drawing.uniform(-0.05, 0.05), y, 0.06, 0.06, 0, 20)
            drawing.fill(salt, (245, 243, 238), importance=0.4, flat=True)


@toy("hamburger", "meal", "edible", "man-made", "round", "soft", "small", "hot")
def hamburger(drawing: Drawing) -> None:
    """Draw a hamburger: bun, meat, cheese, lettuce, bun."""
    bun = drawing.colour(*CRUST)
    h = drawing.vary(0.5, 0.15)
    drawing.fill(rectangle(0, -0.4, 1.5, 0.3, 0.13), bun, importance=1.3)
    for k in range(drawing.pick(1, 1, 2)):
        drawing.fill(rectangle(0, -0.18 + 0.12 * k, 1.62, 0.2, 0.09), (95, 58, 40), importance=1.3)
    cheese = polygon((-0.8, -0.02), (0.8, -0.02), (0.45, -0.16), (0.3, -0.04), (-0.1, -0.2),
                     (-0.4, -0.04))  # fmt: skip
    drawing.fill(cheese, (245, 195, 60), importance=0.9)
    if drawing.chance(0.5):
        drawing.fill(rectangle(0, 0.04, 1.4, 0.12, 0.05), drawing.colour("red"), importance=0.9)
    frill = [(-0.85 + 0.17 * i, 0.04 - 0.08 * (i % 2)) for i in range(11)]
    lettuce = closed_curve(*frill, (0.8, 0.12), (-0.8, 0.12), samples=3)
    drawing.fill(lettuce, drawing.colour("green", "lime"), importance=1.3)
    dome = closed_curve((-0.78, 0.1), (-0.68, h * 0.7), (-0.27, h), (0.27, h), (0.68, h * 0.7),
                        (0.78, 0.1), samples=5)  # fmt: skip
    drawing.fill(dome, bun, importance=1.5)
    for x, y in ((-0.4, 0.5), (-0.1, 0.72), (0.2, 0.55), (0.45, 0.45)):
        seed = ellipse(x, 0.05 + y * h, 0.055, 0.03, 30, samples=8)
        drawing.fill(seed, (250, 240, 210), importance=0.9, flat=True)


def _hotdog_side(drawing: Drawing, bun: Colour, sausage: Colour) -> None:
    """Draw a hot dog from the side: a sausage longer than the bun that holds it."""
    bend = drawing.uniform(0.05, 0.2)
    ends = [(-0.72, bend), (0, 0), (0.72, bend)]
    back = limb([(x, y + 0.2) for x, y in ends], [0.34, 0.42, 0.34], samples=8)
    drawing.fill(back, bun, importance=1.5)
    meat = limb([(x * 1.3, y + 0.06) for x, y in ends], [0.3, 0.34, 0.3], samples=8)
    drawing.fill(meat, sausage, importance=1.8)
    front = limb([(x, y - 0.26) for x, y in ends], [0.42, 0.5, 0.42], samples=8)
    drawing.fill(front, lighter(bun, 0.12), importance=1.8)
    t = np.linspace(-0.78, 0.78, 41)
    wave = np.stack([t, bend * (t / 0.72) ** 2 + 0.13 + 0.09 * np.sin(t * drawing.vary(13, 0.08))],
                    axis=1)  # fmt: skip
    drawing.line(wave, drawing.colour("yellow", "gold", "red"), 0.075, importance=2.0)


def _hotdog_above(drawing: Drawing, bun: Colour, sausage: Colour) -> None:
    """Draw a hot dog from above: the sausage in the middle of an open bun."""
    drawing.fill(rectangle(0, 0, 1.6, drawing.vary(0.92, 0.06), 0.4), bun, importance=1.8)
    drawing.fill(rectangle(0, 0, 1.95, 0.42, 0.2), sausage, importance=2.0)
    t = np.linspace(-0.82, 0.82, 41)
    wave = np.stack([t, 0.12 * np.sin(t * drawing.vary(12, 0.08))], axis=1)
    drawing.line(wave, drawing.colour("yellow", "gold", "red"), 0.075, importance=2.0)


@toy("hotdog", "meal", "edible", "man-made", "long", "soft", "small", "hot")
def hotdog(drawing: Drawing) -> None:
    """Draw a sausage in a split bun with a wave of mustard, from the side or from above."""
    bun, sausage = drawing.colour(*CRUST), drawing.colour("rust", "brick", "brown", "red")
    first = len(drawing.parts)
    drawing.pick(_hotdog_side, _hotdog_side, _hotdog_above)(drawing, bun, sausage)
    drawing.turn(first, drawing.uniform(-25, 25))


@toy("pizza", "meal", "edible", "man-made", "round", "spotted", "soft", "hot")
def pizza(drawing: Drawing) -> None:
    """Draw a slice of pizza, or a whole one that is cut."""
    cheese, crust = drawing.colour("yellow", "gold"), drawing.colour("wood", "tan")
    salami = drawing.colour("red", "maroon", "rust")
    if drawing.chance(0.6):
        w = drawing.vary(0.6, 0.12)
        drawing.fill(polygon((-w, 0.55), (w, 0.55), (0, -0.95)), cheese)
        rim = limb([(-w - 0.08, 0.6), (0, 0.74), (w + 0.08, 0.6)], [0.2, 0.24, 0.2], samples=6)
        drawing.fill(rim, crust, importance=1.4)
        spots = [(-0.25, 0.32), (0.24, 0.24), (-0.04, -0.1), (0.03, -0.5)]
    else:
        drawing.fill(ellipse(0, 0, 0.95), crust)
        drawing.fill(ellipse(0, 0, 0.8), cheese, importance=1.3, flat=True)
        first = drawing.uniform(0, 60)
        for k in range(3):
            a = math.radians(first + 60 * k)
            u = np.array([math.cos(a), math.sin(a)])
            drawing.line(polyline(-0.93 * u, 0.93 * u), darker(crust, 0.7), 0.03, importance=1.2)
        angles = np.radians(first + 30 + 60 * np.arange(6))
        spots = [(0.5 * math.cos(a), 0.5 * math.sin(a)) for a in angles]
    for x, y in spots:
        slice_ = ellipse(x + drawing.uniform(-0.03, 0.03), y, drawing.vary(0.13, 0.1), samples=16)
        drawing.fill(slice_, salami, importance=1.3, flat=True)


@toy("ice_cream", "meal", "edible", "man-made", "upright", "pointed", "soft", "small",
     pretrain_only=True)  # fmt: skip
def ice_cream(drawing: Drawing) -> None:
    """Draw one to three scoops in a cone."""
    cone = drawing.colour("wood", "tan")
    drawing.fill(polygon((-0.4, 0.15), (0.4, 0.15), (0, -0.98)), cone)
    for side in (-1, 1):
        drawing.line(polyline((side * 0.22, 0.14), (side * -0.18, -0.45)), darker(cone, 0.7), 0.03,
                     importance=0.9)  # fmt: skip
    scoops = drawing.pick(
        ((0, 0.3),), ((0, 0.28), (0, 0.66)), ((-0.22, 0.26), (0.22, 0.26), (0, 0.58))
    )
    for x, y in scoops:
        flavour = drawing.colour("pink", "cream", "brown", "lime", "lilac")
        drawing.fill(blob(x, y, 0.36 if len(scoops) < 3 else 0.3, lobes=6, depth=0.06), flavour)
    if drawing.chance(0.6):
        x, y = scoops[-1]
        drawing.fill(ellipse(x, y + 0.38, 0.09, samples=12), (200, 30, 45), importance=1.2)


@toy("jack-o-lantern", "lantern", "plant", "round", "face", "hot", "man-made", "striped")
def jack_o_lantern(drawing: Drawing) -> None:
    """Draw a pumpkin with a carved face: three-cornered eyes and a grin with teeth."""
    colour = drawing.colour("orange", "orange", "rust", "gold")
    stem = limb([(0, 0.42), (0.03, 0.62), (drawing.uniform(-0.2, 0.2), 0.76)], [0.18, 0.13, 0.14],
                samples=4)  # fmt: skip
    drawing.fill(stem, drawing.colour("olive", "brown"), importance=1.4)
    tall = drawing.vary(0.56, 0.12)
    for x, w in ((-0.52, 0.34), (0.52, 0.34), (-0.28, 0.38), (0.28, 0.38), (0, 0.36)):
        rib = ellipse(x, -0.05, w, tall if abs(x) < 0.4 else tall * 0.88, samples=28)
        drawing.fill(rib, colour * drawing.uniform(0.9, 1.05), "pumpkin")
    for side in (-1, 1):
        rib = open_curve((side * 0.16, tall - 0.1), (side * 0.42, 0.32), (side * 0.5, 0.15),
                         samples=4)  # fmt: skip
        drawing.line(rib, darker(colour, 0.65), 0.03, importance=0.6)
    glow = drawing.pick((35, 25, 18), (250, 210, 90))
    lean = drawing.uniform(-0.06, 0.1)
    for side in (-1, 1):
        eye = polygon((side * 0.16, 0.04), (side * 0.48, 0.04 + lean), (side * 0.32, 0.28))
        drawing.fill(eye, glow, importance=1.6, flat=True)
    if drawing.chance(0.8):
        drawing.fill(polygon((-0.08, -0.1), (0.08, -0.1), (0, 0.04)), glow, importance=1.2,
                     flat=True)  # fmt: skip
    teeth = drawing.pick(2, 3)
    top = [(-0.55, -0.16)]
    for k in range(teeth):
        x = -0.55 + 1.1 * (k + 0.5) / teeth
        top += [(x - 0.09, -0.25), (x - 0.09, -0.36), (x + 0.09, -0.36), (x + 0.09, -0.25)]
    top.append((0.55, -0.16))
    mouth = polygon(*top, (0.35, -0.44), (0.0, -0.52), (-0.35, -0.44))
    drawing.fill(mouth, glow, importance=1.7, flat=True)
