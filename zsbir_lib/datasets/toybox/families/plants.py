"""Plants: a tree, flowers, a mushroom, a cactus."""

from __future__ import annotations

import math

import numpy as np

from zsbir_lib.datasets.toybox.drawing import Drawing
from zsbir_lib.datasets.toybox.geometry import (
    blob,
    closed_curve,
    ellipse,
    limb,
    mirrored,
    open_curve,
    polygon,
    rectangle,
)
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

LEAVES = ("green", "dark green", "olive", "lime", "orange")


# ---- trees
def _trunk(drawing: Drawing, top: float, width: float) -> Colour:
    """Draw a trunk that widens at the roots, up to `top`; return its colour."""
    bark = drawing.colour("brown", "dark brown", "wood", "gray")
    w = width
    outline = closed_curve((-w, top), (-0.9 * w, -0.5), (-1.9 * w, -0.95), (1.9 * w, -0.95),
                           (0.9 * w, -0.5), (w, top), samples=4)  # fmt: skip
    drawing.fill(outline, bark, "trunk")
    return bark


def _bare_branches(drawing: Drawing) -> None:
    """Draw a winter tree: a trunk that forks, and forks again."""
    bark = _trunk(drawing, 0.0, drawing.vary(0.12))
    for side in (-1, 1):
        for reach, height in ((0.55, 0.5), (0.28, 0.85)):
            x, y = side * drawing.vary(reach, 0.15), drawing.vary(height, 0.08)
            path = [(0, -0.2), (x * 0.45, y * 0.45), (x, y)]
            drawing.fill(limb(path, [0.2, 0.12, 0.05], samples=4), bark, "trunk")
            for lean in (-0.28, 0.22):
                twig = [(x * 0.6, y * 0.6), (x * 0.75 + lean * 0.6, y * 0.85 + 0.12)]
                drawing.fill(limb(twig, [0.08, 0.04], samples=4), bark, "trunk")
    drawing.fill(limb([(0, -0.2), (0.02, 0.4), (0.0, 0.95)], [0.2, 0.12, 0.05], samples=4),
                 bark, "trunk")  # fmt: skip


@toy("tree", "plant", "plant", "big", "upright", "branching", "green", "wooden", "wild")
def tree(drawing: Drawing) -> None:
    """Draw a tree with a cloud of leaves, a round crown, or bare branches."""
    if drawing.chance(0.15):
        _bare_branches(drawing)
        return
    bark = _trunk(drawing, 0.1, drawing.vary(0.13))
    leaves = drawing.colour(*LEAVES)
    if drawing.chance(0.65):
        puffs = ((-0.38, 0.18, 0.33), (0.38, 0.2, 0.33), (0.0, 0.52, 0.42), (0.0, 0.15, 0.3))
        for x, y, radius in puffs:
            outline = blob(x + drawing.uniform(-0.06, 0.06), y, drawing.vary(radius, 0.08), lobes=7)
            drawing.fill(outline, leaves * drawing.uniform(0.9, 1.05), "crown")
    else:
        radius = drawing.vary(0.58, 0.08)
        drawing.fill(blob(0, 0.4, radius, radius * 0.95, lobes=9, depth=0.1), leaves, "crown")
    for side in (-1, 1):
        fork = open_curve((0, -0.15), (side * 0.12, 0.02), (side * 0.22, 0.2), samples=4)
        drawing.line(fork, darker(bark, 0.8), 0.05, importance=0.6)


# ---- flowers
def _stem(drawing: Drawing, *, upright_leaves: bool = False) -> None:
    """Draw a stem from the bottom up to the flower at (0, 0.35), with two leaves."""
    green = drawing.colour("green", "dark green")
    bend = drawing.uniform(-0.12, 0.12)
    path = [(0, 0.35), (bend, -0.3), (bend * 0.3, -0.98)]
    drawing.fill(limb(path, [0.07, 0.08, 0.08], samples=4), green)
    for side in (-1, 1):
        if upright_leaves:  # as a tulip's, from the ground
            leaf = ((bend * 0.5, -0.85), (side * 0.22, -0.45), (side * 0.4, 0.05),
                    (side * 0.1, -0.4))  # fmt: skip
        else:
            leaf = ((bend * 0.7, -0.55), (side * 0.3, -0.28), (side * 0.55, -0.28),
                    (side * 0.32, -0.52))  # fmt: skip
        drawing.fill(closed_curve(*leaf, samples=5), darker(green, 0.85), importance=0.95)


def _petals(
    drawing: Drawing, count: int, distance: float, size: tuple[float, float], colour: Colour
) -> None:
    """Draw a ring of petals around (0, 0.45)."""
    first = drawing.uniform(0, 360 / count)
    for k in range(count):
        degrees = first + 360 * k / count
        a = math.radians(degrees)
        x, y = distance * math.cos(a), 0.45 + distance * math.sin(a)
        outline = ellipse(x, y, *size, angle=degrees, samples=16)
        drawing.fill(outline, colour * drawing.uniform(0.92, 1.05))


def _daisy(drawing: Drawing) -> None:
    """Draw a daisy: a ring of petals round a yellow eye."""
    _stem(drawing)
    colour = drawing.colour("white", "pink", "lilac", "sky", "yellow", "purple")
    _petals(drawing, drawing.pick(5, 6, 8), 0.33, (0.26, 0.15), colour)
    drawing.fill(ellipse(0, 0.45, 0.17, samples=16), drawing.colour("yellow", "gold"))


def _sunflower(drawing: Drawing) -> None:
    """Draw a sunflower: many narrow petals round a wide dark disc of seeds."""
    _stem(drawing)
    _petals(drawing, drawing.pick(12, 14), 0.42, (0.2, 0.095), drawing.colour("yellow", "gold"))
    drawing.fill(ellipse(0, 0.45, 0.31, samples=24), drawing.colour("dark brown", "brown"))
    for y in (0.36, 0.5):
        seeds = open_curve((-0.22, y), (0, y + 0.05), (0.22, y), samples=3)
        drawing.line(seeds, (50, 35, 20), 0.02, importance=0.5)
    for x in (-0.1, 0.1):
        seeds = open_curve((x, 0.25), (x * 1.4, 0.45), (x, 0.66), samples=3)
        drawing.line(seeds, (50, 35, 20), 0.02, importance=0.5)


def _tulip(drawing: Drawing) -> None:
    """Draw a tulip: a cup with three points, leaves from the ground."""
    _stem(drawing, upright_leaves=True)
    colour = drawing.colour("red", "pink", "yellow", "purple", "orange", "white")
    cup = closed_curve((0, 0.15), (-0.3, 0.25), (-0.36, 0.55), (-0.32, 0.95), (-0.15, 0.72),
                       (0, 0.98), (0.15, 0.72), (0.32, 0.95), (0.36, 0.55), (0.3, 0.25),
                       samples=5)  # fmt: skip
    drawing.fill(cup, colour)
    for side in (-1, 1):
        edge = open_curve((side * 0.15, 0.72), (side * 0.1, 0.45), (0, 0.2), samples=4)
        drawing.line(edge, darker(colour, 0.65), 0.03, importance=0.9)


def _rose(drawing: Drawing) -> None:
    """Draw a rose: a round bloom with a spiral of petals."""
    _stem(drawing)
    colour = drawing.colour("red", "pink", "white", "orange", "yellow")
    drawing.fill(blob(0, 0.52, 0.42, lobes=5, depth=0.1), colour)
    t = np.linspace(1, 12.5, 40)  # a spiral stands for the folded petals
    spiral = np.stack([0.36 * t / 13 * np.cos(t), 0.52 + 0.33 * t / 13 * np.sin(t)], axis=1)
    drawing.line(spiral, darker(colour, 0.5), 0.04, importance=1.2)


def _poppy(drawing: Drawing) -> None:
    """Draw a poppy: four broad petals that overlap round a dark eye."""
    _stem(drawing)
    colour = drawing.colour("red", "orange", "pink", "white", "purple")
    _petals(drawing, 4, 0.25, (0.27, 0.29), colour)
    drawing.fill(ellipse(0, 0.45, 0.13, samples=16), drawing.colour("black", "dark brown"),
                 importance=1.4)  # fmt: skip


@toy("flower", "plant", "plant", "upright", "branching", "round", "small", "soft")
def flower(drawing: Drawing) -> None:
    """Draw a daisy, a rose or a poppy."""
    drawing.pick(_daisy, _daisy, _rose, _poppy)(drawing)


@toy("sunflower", "plant", "plant", "upright", "branching", "round", "edible", pretrain_only=True)
def sunflower(drawing: Drawing) -> None:
    """Draw a sunflower."""
    _sunflower(drawing)


@toy("tulip", "plant", "plant", "upright", "soft", "small", pretrain_only=True)
def tulip(drawing: Drawing) -> None:
    """Draw a tulip."""
    _tulip(drawing)


# ---- others
@toy("mushroom", "plant", "plant", "edible", "small", "soft", "spotted", "wild", "round")
def mushroom(drawing: Drawing) -> None:
    """Draw a toadstool with a spotted cap, or a flat brown mushroom with gills."""
    stem = lighter(drawing.colour("cream", "beige"), 0.2)
    foot = drawing.vary(0.25, 0.15)
    outline = closed_curve((-0.18, 0.1), (-0.16, -0.4), (-foot, -0.8), (foot, -0.8), (0.16, -0.4),
                           (0.18, 0.1), samples=5)  # fmt: skip
    drawing.fill(outline, stem)
    cap = drawing.colour("red", "brown", "tan", "orange", "beige")
    height = drawing.vary(0.62, 0.15)
    if drawing.chance(0.7):
        dome = closed_curve((-0.8, -0.02), (-0.62, height * 0.7), (-0.2, height), (0.2, height),
                            (0.62, height * 0.7), (0.8, -0.02), (0.3, 0.06),
                            (-0.3, 0.06))  # fmt: skip
        drawing.fill(dome, cap)
        for x, y, r in ((-0.42, 0.26, 0.11), (0.05, 0.42, 0.12), (0.44, 0.22, 0.1)):
            spot = ellipse(x + drawing.uniform(-0.04, 0.04), y * height / 0.62, r, r * 0.85,
                           samples=14)  # fmt: skip
            drawing.fill(spot, (245, 240, 230), importance=0.85, flat=True)
    else:
        dome = mirrored((0, height), (0.45, height * 0.75), (0.85, 0.15), (0.8, 0.0), (0, -0.05))
        drawing.fill(dome, cap)
        gills = ellipse(0, 0.02, 0.78, 0.13)
        drawing.fill(gills, lighter(cap, 0.45), importance=0.95, flat=True)
        for x in (-0.45, -0.15, 0.15, 0.45):
            line = open_curve((x, -0.06), (x * 0.8, 0.02), (x * 0.55, 0.1), samples=3)
            drawing.line(line, darker(cap, 0.7), 0.02, importance=0.5)
    if drawing.chance(0.5):
        skirt = closed_curve((-0.17, -0.12), (-0.28, -0.26), (0, -0.3), (0.28, -0.26),
                             (0.17, -0.12), samples=4)  # fmt: skip
        drawing.fill(skirt, darker(stem, 0.92), importance=0.8)


@toy("cactus", "plant", "plant", "green", "upright", "pointed", "wild", "branching",
     pretrain_only=True)  # fmt: skip
def cactus(drawing: Drawing) -> None:
    """Draw a columnar cactus with two arms, in a pot or in the sand."""
    green = drawing.colour("green", "dark green", "teal")
    top = drawing.vary(0.8, 0.1)
    left, right = drawing.uniform(-0.25, 0.1), drawing.uniform(-0.2, 0.2)
    arm = [(0, left), (-0.45, left), (-0.5, left + 0.22), (-0.5, left + 0.5)]
    drawing.fill(limb(arm, [0.2, 0.2, 0.2, 0.18], samples=5), green, "cactus")
    arm = [(0, right), (0.4, right), (0.46, right + 0.2), (0.46, right + 0.42)]
    drawing.fill(limb(arm, [0.18, 0.18, 0.18, 0.16], samples=5), green, "cactus")
    drawing.fill(limb([(0, -0.85), (0, top)], [0.34, 0.32]), green, "cactus")
    for x in (-0.08, 0.08):
        ridge = open_curve((x, -0.8), (x, 0), (x, top), samples=4)
        drawing.line(ridge, darker(green, 0.65), 0.025, importance=0.7)
    for y in np.arange(-0.6, top, 0.35):
        for side in (-1, 1):
            spine = open_curve((side * 0.16, y), (side * 0.21, y + 0.03), (side * 0.26, y + 0.07),
                               samples=2)  # fmt: skip
            drawing.line(spine, (60, 60, 50), 0.02, importance=0.6)
    if drawing.chance():
        pot = polygon((-0.35, -0.62), (0.35, -0.62), (0.25, -1.0), (-0.25, -1.0))
        drawing.fill(pot, drawing.colour("brick", "rust", "white"))
        drawing.fill(rectangle(0, -0.62, 0.8, 0.12), drawing.colour("brick", "rust"))
    else:
        drawing.fill(ellipse(0, -0.88, 0.5, 0.08), drawing.colour("tan"), importance=0.6)
