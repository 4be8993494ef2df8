"""Creatures that crawl, creep and hop: snail, snake, turtle, frog, crocodile, lizard."""

from __future__ import annotations

import math

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
    rotate,
)
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

SCALES = ("green", "olive", "dark green", "brown", "rust", "tan")


def _spiral_shell(drawing: Drawing, colour: Colour) -> None:
    """Draw the round shell of a land snail, one line winding out from its middle."""
    size = drawing.vary(0.5, 0.08)
    drawing.fill(ellipse(-0.12, 0.0, size, size * 0.96), colour, importance=1.5)
    t = np.linspace(0.12, 1, 44)
    angle = t * drawing.pick(3.6, 4.4) * math.pi + 1
    r = 0.93 * size * t
    spiral = np.stack([-0.12 + r * np.cos(angle), r * np.sin(angle)], axis=1)
    drawing.line(spiral, darker(colour, 0.55), 0.05, importance=1.6)


def _turret_shell(drawing: Drawing, colour: Colour) -> None:
    """Draw a tall shell that leans back to a point, whorl upon whorl."""
    tilt, tall = drawing.uniform(18, 40), drawing.vary(1.0, 0.1)
    foot = (-0.05, -0.28)
    first = len(drawing.parts)
    for k in range(4):  # whorls from the wide mouth up to the tip
        height, width = (0.02, 0.36, 0.62, 0.83)[k] * tall, (0.46, 0.35, 0.24, 0.12)[k]
        whorl = ellipse(foot[0], foot[1] + 0.12 + height, width, (0.25, 0.2, 0.15, 0.13)[k], 14)
        drawing.fill(whorl, colour * (1 - 0.06 * (k % 2)), importance=1.6)
    for part in drawing.parts[first:]:
        part.points = rotate(part.points, tilt, foot)


@toy("snail", "crawler", "animal", "shell", "horns", "small", "curved", "round", "soft", "wild")
def snail(drawing: Drawing) -> None:
    """Draw a snail under a coiled shell or, at times, a turret-shaped one."""
    shell = drawing.colour("tan", "brown", "rust", "orange", "beige")
    skin = drawing.colour("beige", "olive", "tan", "gray")
    rise = drawing.uniform(-0.04, 0.3)
    body = closed_curve((-0.88, -0.52), (-0.3, -0.4), (0.3, -0.4), (0.47, -0.18),
                        (0.6, 0.1 + rise), (0.8, 0.08 + rise), (0.85, -0.18), (0.72, -0.5),
                        (0, -0.57), samples=5)  # fmt: skip
    drawing.fill(body, skin)
    for x in (0.62, 0.78):
        horn = open_curve((x, 0.05 + rise), (x + 0.06, 0.26 + rise), (x + 0.12, 0.38 + rise))
        drawing.line(horn, darker(skin, 0.8), 0.05, importance=1.4)
        drawing.fill(ellipse(x + 0.12, 0.4 + rise, 0.05, samples=10), darker(skin, 0.5),
                     importance=1.1, flat=True)  # fmt: skip
    drawing.pick(_spiral_shell, _spiral_shell, _turret_shell)(drawing, shell)
    mouth = open_curve((0.7, -0.1 + rise), (0.77, -0.13 + rise), (0.82, -0.1 + rise), samples=3)
    drawing.line(mouth, darker(skin, 0.5), 0.025, importance=0.5)


# ---- snakes
def _snake_head(
    drawing: Drawing, x: float, y: float, angle: float, colour: Colour, size: float = 1.0
) -> None:
    """Draw a snake's head at (x, y) that looks along `angle` degrees, with its tongue."""

    def at(points):
        """Carry points from beside the origin to where the head is."""
        return rotate(np.asarray(points, dtype=float) * size, angle) + (x, y)

    drawing.line(at(polyline((0.16, 0), (0.34, 0), (0.44, 0.08))), (200, 50, 60), 0.04, 1.4)
    drawing.line(at(polyline((0.33, 0), (0.44, -0.08))), (200, 50, 60), 0.04, 1.3)
    head = closed_curve((-0.14, 0.08), (0.02, 0.16), (0.2, 0.09), (0.25, 0), (0.2, -0.09),
                        (0.02, -0.16), (-0.14, -0.08), samples=4)  # fmt: skip
    drawing.fill(at(head), colour, "snake")
    drawing.fill(at(ellipse(0.08, 0.07, 0.045, samples=12)), (20, 20, 20), None, 0.95, True)


def _snake_body(
    drawing: Drawing, path: np.ndarray, thickness: float, colour: Colour, pattern: str
) -> None:
    """Draw a body from the thin tail to the neck, plain, with patches or with cross bands."""
    widths = np.array([0.15, 0.6, 0.9, 1, 1, 1, 1, 0.95, 0.75]) * thickness
    drawing.fill(limb(path, widths, samples=5), colour, "snake")
    along = open_curve(*path, samples=2)
    for k in range(4, len(along) - 3, 2):
        x, y = along[k]
        if pattern == "patches":
            patch = ellipse(x, y, 0.28 * thickness, 0.22 * thickness, 45, samples=8)
            drawing.fill(patch, darker(colour, 0.5), importance=0.6, flat=True)
        elif pattern == "bands":
            dx, dy = along[k + 1] - along[k - 1]
            across = 0.42 * thickness / math.hypot(dx, dy) * np.array([-dy, dx])
            band = polyline((x, y) + across, (x, y) - across)
            drawing.line(band, darker(colour, 0.5), 0.05, importance=0.95)


def _slithering(drawing: Drawing, colour: Colour) -> None:
    """Draw a snake in high waves, from its tail on the left to its head."""
    waves, height = drawing.pick(1.5, 2.0), drawing.vary(0.42, 0.12)
    x = np.linspace(-1.0, 0.72, 13)
    grow = np.minimum(1, 0.45 + 0.8 * (x + 1))  # the tail swings less than the body
    y = height * grow * np.sin((x - 0.72) * math.pi * waves / 0.86)
    path = np.stack([x, y], axis=1)
    pattern = drawing.pick("plain", "patches", "bands")
    _snake_body(drawing, path, drawing.vary(0.25, 0.08), colour, pattern)
    _snake_head(drawing, 0.78, 0.03, drawing.uniform(-5, 20), colour, 1.15)


def _winding(drawing: Drawing, colour: Colour) -> None:
    """Draw a snake that lies in an S seen from above, its head at the top."""
    wide, lean = drawing.vary(0.62, 0.08), drawing.uniform(-0.08, 0.08)
    path = [(-wide, -0.88), (0.0, -0.98), (wide, -0.8), (0.8 * wide, -0.48), (0.0, -0.4),
            (-0.85 * wide, -0.22), (-wide, 0.12), (-0.4 * wide, 0.32), (0.2 * wide, 0.38 + lean),
            (0.55 * wide, 0.62 + lean)]  # fmt: skip
    pattern = drawing.pick("plain", "patches", "bands")
    _snake_body(drawing, np.array(path), drawing.vary(0.24, 0.08), colour, pattern)
    x, y = path[-1]
    _snake_head(drawing, x + 0.04, y + 0.05, drawing.uniform(25, 60), colour, 1.15)


def _coiled(drawing: Drawing, colour: Colour) -> None:
    """Draw a snake that lies in three coils and lifts its head."""
    tail = [(0.5, -0.55), (0.8, -0.6), (0.98, -0.5)]
    drawing.fill(limb(tail, [0.2, 0.13, 0.03], samples=4), darker(colour, 0.9), importance=1.3)
    for k, (w, y) in enumerate(((0.78, -0.55), (0.62, -0.33), (0.44, -0.13))):
        coil = ellipse(0, y, drawing.vary(w, 0.04), 0.2, samples=26)
        drawing.fill(coil, colour * (0.92 + 0.05 * k), importance=1.6)
        band = open_curve((-w * 0.8, y - 0.05), (0, y - 0.14), (w * 0.8, y - 0.05), samples=5)
        drawing.line(band, darker(colour, 0.6), 0.035, importance=0.8)
    neck = [(-0.12, -0.1), (-0.3, 0.25), (-0.05, 0.5), (0.15, 0.68)]
    drawing.fill(limb(neck, [0.26, 0.2, 0.17, 0.17], samples=6), colour, "snake", 1.6)
    _snake_head(drawing, 0.18, 0.7, drawing.uniform(-15, 15), colour, 1.15)


@toy("snake", "crawler", "animal", "long", "curved", "dangerous", "long tail", "spotted", "green",
     "wild")  # fmt: skip
def snake(drawing: Drawing) -> None:
    """Draw a snake that slithers, winds in an S or lies coiled."""
    colour = drawing.colour(*SCALES, "yellow")
    drawing.pick(_slithering, _winding, _coiled)(drawing, colour)


def _tortoise_side(drawing: Drawing, skin: Colour, shell: Colour) -> None:
    """Draw a tortoise from the side: a domed shell on short legs."""
    step = drawing.uniform(-0.06, 0.06)
    for x in (-0.45, 0.4):
        leg = limb([(x, -0.2), (x + 0.04 + step, -0.56)], [0.24, 0.21], samples=4)
        drawing.fill(leg, skin, importance=1.5)
    drawing.fill(polygon((-0.65, -0.2), (-0.92, -0.34), (-0.6, -0.34)), skin, importance=1.2)
    raised = drawing.uniform(-0.08, 0.12)
    neck = limb([(0.5, -0.15), (0.76, 0.08 + raised), (0.86, 0.14 + raised)], [0.22, 0.18, 0.24])
    drawing.fill(neck, skin, "head", 1.5)
    drawing.fill(ellipse(0.88, 0.16 + raised, 0.18, 0.145, samples=20), skin, "head", 1.5)
    drawing.eye(0.93, 0.21 + raised, 0.032)
    mouth = open_curve((0.88, 0.08 + raised), (0.97, 0.07 + raised), (1.04, 0.11 + raised))
    drawing.line(mouth, darker(skin, 0.5), 0.025, importance=0.6)
    h = drawing.vary(0.54, 0.12)
    dome = closed_curve((-0.74, -0.24), (-0.62, 0.1), (-0.3, h * 0.85), (0, h), (0.3, h * 0.85),
                        (0.6, 0.1), (0.7, -0.24), (0, -0.32), samples=5)  # fmt: skip
    drawing.fill(dome, shell)
    rim = open_curve((-0.69, -0.13), (0, -0.2), (0.65, -0.13), samples=6)
    drawing.line(rim, darker(shell, 0.6), 0.04, importance=1.2)
    for x in (-0.36, 0, 0.36):
        seam = polyline((x * 1.1, -0.17), (x * 0.9, 0.1), (x * 0.5, h * 0.84))
        drawing.line(seam, darker(shell, 0.6), 0.035, importance=1.0)
    ring = open_curve((-0.56, 0.12), (0, 0.2), (0.53, 0.12), samples=6)
    drawing.line(ring, darker(shell, 0.6), 0.035, importance=1.0)


def _tortoise_above(drawing: Drawing, skin: Colour, shell: Colour) -> None:
    """Draw a tortoise from above: a plated oval, a head, four stubby legs with claws."""
    w, h = drawing.vary(0.58, 0.06), drawing.vary(0.68, 0.06)
    drawing.fill(polygon((-0.1, -h), (0.1, -h), (0.02, -h - 0.26)), skin, importance=1.2)
    swing = drawing.uniform(-12, 12)
    for side in (-1, 1):
        for y, angle in ((0.42, 42 + swing), (-0.42, -48 + swing)):
            paw = [(0, 0.13), (0.36, 0.15), (0.45, 0.09), (0.38, 0.05), (0.47, 0), (0.38, -0.05),
                   (0.45, -0.1), (0.36, -0.15), (0, -0.13)]  # fmt: skip
            outline = rotate(polygon(*paw), angle) + (0.55 * w, y)
            drawing.fill(outline * (side, 1), skin, importance=1.5)
    look = drawing.uniform(-0.08, 0.08)
    neck = limb([(0, h - 0.1), (look, h + 0.16)], [0.22, 0.2], samples=4)
    drawing.fill(neck, skin, "head", 1.5)
    drawing.fill(ellipse(look, h + 0.22, 0.17, 0.21, samples=20), skin, "head", 1.5)
    for side in (-1, 1):
        drawing.eye(look + side * 0.09, h + 0.3, 0.035)
    drawing.fill(ellipse(0, 0, w, h), shell)
    plates = darker(shell, 0.6)
    hexagon = [(0.26 * math.cos(a) * w / 0.5, 0.33 * math.sin(a) * h / 0.6)
               for a in np.radians([0, 60, 120, 180, 240, 300])]  # fmt: skip
    drawing.line(polyline(*hexagon, hexagon[0]), plates, 0.04, importance=1.4)
    for (x, y), a in zip(hexagon, np.radians([0, 60, 120, 180, 240, 300]), strict=True):
        seam = polyline((x, y), (0.96 * w * math.cos(a), 0.96 * h * math.sin(a)))
        drawing.line(seam, plates, 0.035, importance=1.25)


@toy("turtle", "crawler", "animal", "four legs", "shell", "round", "green", "lives in water",
     "wild")  # fmt: skip
def turtle(drawing: Drawing) -> None:
    """Draw a tortoise from the side or from above."""
    skin = drawing.colour("green", "dark green", "olive", "tan")
    shell = drawing.colour("brown", "olive", "dark green", "rust")
    drawing.pick(_tortoise_side, _tortoise_side, _tortoise_above)(drawing, skin, shell)


def _frog_front(drawing: Drawing, colour: Colour) -> None:
    """Draw a sitting frog that looks at the viewer."""
    for side in (-1, 1):
        thigh = closed_curve((side * 0.2, -0.1), (side * 0.64, 0.1), (side * 0.82, -0.25),
                             (side * 0.5, -0.46), (side * 0.2, -0.4), samples=5)  # fmt: skip
        drawing.fill(thigh, darker(colour, 0.85), f"leg{side}", 1.4)
        foot = closed_curve((side * 0.4, -0.42), (side * 0.86, -0.48), (side * 0.94, -0.6),
                            (side * 0.35, -0.6), samples=4)  # fmt: skip
        drawing.fill(foot, darker(colour, 0.8), f"leg{side}", 1.4)
    trunk = mirrored((0, 0.3), (0.36, 0.15), (0.46, -0.15), (0.3, -0.5), (0, -0.55))
    drawing.fill(trunk, colour, "b")
    head = mirrored((0, 0.55), (0.36, 0.48), (0.46, 0.25), (0.3, 0.06), (0, 0.0))
    drawing.fill(head, colour, "b")
    drawing.fill(ellipse(0, -0.25, 0.26, 0.24, samples=20), lighter(colour, 0.5), importance=0.7)
    for side in (-1, 1):
        drawing.fill(ellipse(side * 0.25, 0.55, 0.155, samples=18), colour, "b")
        drawing.fill(ellipse(side * 0.25, 0.57, 0.1, samples=14), (245, 240, 200), importance=1.5,
                     flat=True)  # fmt: skip
        drawing.eye(side * 0.25, 0.57, 0.05)
        arm = limb([(side * 0.26, -0.15), (side * 0.24, -0.56)], [0.13, 0.12], samples=3)
        drawing.fill(arm, colour, importance=1.1)
    mouth = open_curve((-0.33, 0.24), (0, 0.13), (0.33, 0.24), samples=6)
    drawing.line(mouth, darker(colour, 0.4), 0.035, importance=1.4)


def _frog_side(drawing: Drawing, colour: Colour) -> None:
    """Draw a sitting frog from the side."""
    body = closed_curve((-0.72, -0.3), (-0.5, 0.05), (-0.05, 0.38), (0.35, 0.45), (0.75, 0.22),
                        (0.72, 0.02), (0.4, -0.2), (0.0, -0.45), (-0.5, -0.5),
                        samples=5)  # fmt: skip
    arm = limb([(0.32, -0.1), (0.36, -0.4), (0.3, -0.62), (0.46, -0.64)], [0.17, 0.12, 0.1, 0.09])
    drawing.fill(arm, darker(colour, 0.9), importance=1.4)
    drawing.fill(body, colour, "b")
    drawing.fill(ellipse(0.4, 0.46, 0.14, samples=18), colour, "b")
    drawing.fill(ellipse(0.42, 0.48, 0.09, samples=14), (245, 240, 200), importance=1.5, flat=True)
    drawing.eye(0.44, 0.48, 0.05)
    mouth = open_curve((0.76, 0.14), (0.55, 0.1), (0.32, 0.16), samples=4)
    drawing.line(mouth, darker(colour, 0.4), 0.035, importance=1.3)
    thigh = ellipse(-0.38, -0.3, 0.33, 0.22, 25, samples=22)
    drawing.fill(thigh, darker(colour, 0.88), importance=1.5)
    foot = limb([(-0.6, -0.5), (-0.2, -0.6), (0.08, -0.64)], [0.12, 0.12, 0.1], samples=4)
    drawing.fill(foot, darker(colour, 0.8), importance=1.4)


@toy("frog", "crawler", "animal", "four legs", "green", "lives in water", "small", "soft", "face",
     "wild")  # fmt: skip
def frog(drawing: Drawing) -> None:
    """Draw a sitting frog, from the front or from the side."""
    drawing.pick(_frog_front, _frog_side)(drawing, drawing.colour("green", "lime", "olive", "teal"))


# ---- crocodiles and lizards
def _four_toes() -> np.ndarray:
    """Return the outline of a foot of size 1 at the origin: four toes spread about the x axis."""
    points = []
    for toe in (-72, -24, 24, 72):
        for turn, reach in ((-11, 0.8), (0, 1.0), (11, 0.8), (24, 0.34)):
            angle = math.radians(toe + turn)
            points.append((reach * math.cos(angle), reach * math.sin(angle)))
    points[-1] = (-0.4, 0.0)  # the heel
    return np.array(points)


_FOOT = _four_toes()


def _toed_foot(x: float, y: float, angle: float, size: float) -> np.ndarray:
    """Return the outline of a foot at (x, y) whose toes spread about `angle` degrees."""
    return rotate(size * _FOOT, angle) + (x, y)


def _teeth(start: float, stop: float, count: int, depth: float) -> np.ndarray:
    """Return the outline of a row of `count` teeth on the line y = 0, `depth` long."""
    x = np.linspace(start, stop, 2 * count + 1)
    y = np.where(np.arange(2 * count + 1) % 2, depth, 0.0)
    base = 0.03 * np.sign(depth)
    return polygon(*np.stack([x, y], axis=1), (stop, -base), (start, -base))


def _crocodile_head(
    drawing: Drawing, colour: Colour, hinge: tuple[float, float], gape: float
) -> None:
    """Draw long toothed jaws that open by `gape` degrees at the `hinge`."""
    long = drawing.vary(0.8, 0.07)
    # Both jaws are drawn closed, the hinge at the origin, and then turned apart.
    upper = closed_curve((-0.3, 0.0), (0.1, 0.0), (0.5 * long, 0.0), (0.95 * long, 0.0),
                         (1.06 * long, 0.08), (long, 0.2), (0.85 * long, 0.17), (0.6 * long, 0.12),
                         (0.3, 0.16), (0.22, 0.31), (0.06, 0.33), (-0.05, 0.22), (-0.3, 0.2),
                         samples=4)  # fmt: skip
    lower = closed_curve((-0.3, 0.02), (0.1, 0.0), (0.5 * long, 0.0), (0.96 * long, 0.0),
                         (0.98 * long, -0.08), (0.6 * long, -0.13), (0.1, -0.19), (-0.3, -0.22),
                         samples=4)  # fmt: skip
    down, up = -0.45 * gape, 0.55 * gape
    white = (245, 243, 235)
    drawing.fill(rotate(_teeth(0.24, 0.96 * long, 5, 0.11), down) + hinge, white, "lower", 1.6)
    drawing.fill(rotate(lower, down) + hinge, colour, "b", 1.6)
    drawing.fill(rotate(_teeth(0.2, long, 6, -0.12), up) + hinge, white, "upper", 1.6)
    drawing.fill(rotate(upper, up) + hinge, colour, "b", 1.6)
    (x, y), (nose_x, nose_y) = rotate([(0.13, 0.24), (0.93 * long, 0.13)], up) + hinge
    drawing.fill(ellipse(x, y, 0.055, samples=12), (235, 215, 110), importance=1.1, flat=True)
    drawing.eye(x + 0.01, y, 0.03)
    drawing.eye(nose_x, nose_y, 0.022)


def _crocodile_leg(drawing: Drawing, x: float, stride: float, colour: Colour) -> None:
    """Draw a short stout leg with a foot that points forward."""
    path = [(x, -0.05), (x - 0.08 + stride, -0.28), (x + stride, -0.46), (x + 0.14 + stride, -0.5)]
    drawing.fill(limb(path, [0.3, 0.22, 0.17, 0.15], samples=4), colour, importance=1.6)


def _crocodile_side(drawing: Drawing, colour: Colour) -> None:
    """Draw a crocodile from the side: a saw-toothed back, the tail lifted, jaws open or shut."""
    stride = drawing.uniform(-0.08, 0.08)
    for x, shift in ((-0.48, -stride), (0.22, stride)):  # the far pair
        _crocodile_leg(drawing, x, shift + 0.12, darker(colour, 0.7))
    lift = drawing.uniform(0.25, 0.5)
    tail = [(-0.4, -0.02), (-0.75, -0.12), (-1.02, 0.0), (-1.1, 0.15 + 0.5 * lift),
            (-0.98, 0.25 + lift)]  # fmt: skip
    back = open_curve(*tail[::-1][:-1], (-0.6, 0.16), (-0.3, 0.27), (0.05, 0.3), (0.36, 0.22),
                      samples=3)  # fmt: skip
    # A row of plates along the back: its upper edge is a saw, its lower edge the back itself.
    back = back[2::2]
    step = np.diff(back, axis=0)
    tips = (back[:-1] + back[1:]) / 2 + 0.75 * step[:, ::-1] * (-1, 1) + (0, 0.05)
    saw = np.stack([back[:-1], tips], axis=1).reshape(-1, 2)
    drawing.fill(polygon(*saw, *back[::-1]), darker(colour, 0.75), "b", 1.5)
    drawing.fill(limb(tail, [0.44, 0.32, 0.22, 0.14, 0.03], samples=6), colour, "b")
    drawing.fill(ellipse(-0.13, 0.0, 0.58, drawing.vary(0.31, 0.08)), colour, "b")
    for x, shift in ((-0.42, stride), (0.26, -stride)):
        _crocodile_leg(drawing, x, shift, darker(colour, 0.88))
    gape = drawing.pick(drawing.uniform(28, 48), drawing.uniform(28, 48), drawing.uniform(0, 8))
    _crocodile_head(drawing, colour, (0.42, 0.08), gape)


def _crocodile_above(drawing: Drawing, colour: Colour) -> None:
    """Draw a crocodile from above: a long snout, a broad back with plates, a saw tail."""
    sway = drawing.pick(-1, 1) * drawing.uniform(0.35, 0.55)
    long = drawing.vary(0.95, 0.06)
    for y, up in ((0.1, 1), (-0.4, -1)):
        for side in (-1, 1):
            foot = (0.68 * side, y + drawing.uniform(0.14, 0.24) * up)
            leg = limb([(0.1 * side, y), (0.56 * side, y - 0.05 * up), foot], [0.24, 0.2, 0.15],
                       samples=4)  # fmt: skip
            drawing.fill(leg, darker(colour, 0.85), f"leg{side}{up}", 1.6)
            drawing.fill(_toed_foot(*foot, 90 * up - 25 * side * up, 0.2), darker(colour, 0.85),
                         f"leg{side}{up}", 1.6)  # fmt: skip
    # Trunk and tail are one outline about the spine; beyond the hips its edge is a saw.
    spine = open_curve((0, 0.4), (0, 0.0), (0, -0.4), (0.35 * sway, -0.68), (1.1 * sway, -0.86),
                       (1.9 * sway, -0.8), (2.3 * sway, -0.55), samples=4)  # fmt: skip
    ahead = np.gradient(spine, axis=0)
    ahead /= np.hypot(*ahead.T)[:, None]
    along = np.linspace(0, 1, len(spine))
    half = np.interp(along, [0, 0.12, 0.25, 0.4, 0.5, 1], [0.2, 0.29, 0.3, 0.23, 0.19, 0.02])
    half += np.where(along > 0.42, 0.1 * (np.arange(len(spine)) % 2) * (1.2 - along), 0)
    across = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) * half[:, None]
    trunk = np.concatenate([spine + across, (spine - across)[::-1]])
    drawing.fill(trunk, colour, "b", 1.6)
    for side in (-1, 1):  # teeth show on both edges of the snout
        teeth = (rotate(_teeth(0.84, 0.46 + long, 4, -0.2), 90) + (0.12, 0)) * (side, 1)
        drawing.fill(teeth, (245, 243, 235), None, 1.5)
    head = mirrored((0, 0.52 + long), (0.16, 0.5 + long), (0.23, 0.4 + long), (0.17, 0.26 + long),
                    (0.21, 0.8), (0.34, 0.58), (0.24, 0.3), (0, 0.24), samples=5)  # fmt: skip
    drawing.fill(head, colour, "b", 1.6)
    for side in (-1, 1):
        bulge = ellipse(0.18 * side, 0.66, 0.1, 0.12, samples=14)
        drawing.fill(bulge, lighter(colour, 0.3), importance=1.2)
        drawing.eye(0.18 * side, 0.69, 0.045)
        drawing.eye(0.08 * side, 0.42 + long, 0.032)
    row = np.stack([np.full(11, 0.08), np.linspace(0.3, -0.5, 11)], axis=1)
    row[::2, 0] = -0.08  # the plates of the back, as one zigzag
    drawing.line(row, darker(colour, 0.55), 0.05, importance=1.3)


@toy("crocodilian", "crawler", "animal", "four legs", "long", "long tail", "dangerous", "green",
     "lives in water", "big", "pointed", "wild")  # fmt: skip
def crocodilian(drawing: Drawing) -> None:
    """Draw a crocodile from the side, jaws open or shut, or from above."""
    colour = drawing.colour("olive", "dark green", "green", "brown")
    if drawing.chance(0.75):
        _crocodile_side(drawing, colour)
    else:
        _crocodile_above(drawing, colour)


def _lizard_above(drawing: Drawing, colour: Colour) -> None:
    """Draw a lizard from above: spread toes on bent legs, the tail in an S with a curl."""
    bend = drawing.pick(-1, 1)
    sway = bend * drawing.uniform(0.18, 0.27)
    for y, up in ((0.3, 1), (-0.32, -1)):
        for side in (-1, 1):
            reach = drawing.vary(0.58, 0.06)
            # Legs on the side of the bend are drawn up, the others stretched out.
            foot = (side * reach, y + up * (0.3 if side * bend * up > 0 else 0.16))
            path = [(side * 0.05, y), (side * reach * 0.8, y - 0.03 * up), foot]
            drawing.fill(limb(path, [0.2, 0.15, 0.12], samples=4), colour, "b", 1.6)
            drawing.fill(_toed_foot(*foot, 90 * up - 35 * side * up, 0.2), colour, "b", 1.6)
    spine = [(0, 0.55), (sway * 0.35, 0.25), (0, -0.15), (-sway * 0.5, -0.45),
             (-sway * 0.3, -0.85), (sway * 1.2, -1.18), (sway * 3.0, -1.2), (sway * 4.2, -0.95),
             (sway * 4.3, -0.75)]  # fmt: skip
    widths = [0.26, 0.42, 0.42, 0.3, 0.21, 0.17, 0.14, 0.1, 0.05]
    drawing.fill(limb(spine, widths, samples=6), colour, "b")
    head = closed_curve((-0.13, 0.5), (-0.21, 0.68), (-0.13, 0.86), (0, 0.95), (0.13, 0.86),
                        (0.21, 0.68), (0.13, 0.5), samples=5)  # fmt: skip
    drawing.fill(head, colour, "b")
    for side in (-1, 1):
        drawing.fill(ellipse(side * 0.14, 0.74, 0.05, samples=12), (20, 20, 20), None, 1.1, True)
    for k in range(4):
        mark = ellipse(sway * (0.3 - 0.15 * k), 0.38 - 0.2 * k, 0.11, 0.05, samples=10)
        drawing.fill(mark, darker(colour, 0.6), importance=0.8, flat=True)


def _lizard_side(drawing: Drawing, colour: Colour) -> None:
    """Draw a lizard from the side: a raised head, elbows out, the tail rolled up at its end."""
    raised = drawing.uniform(0.0, 0.08)
    crest = drawing.chance(0.3)
    legs = ((-0.4, -0.18, -0.46), (0.28, 0.1, 0.36))  # x of hip, knee and foot
    for hip, knee, foot in legs:  # the far pair
        path = [(hip + 0.1, 0.0), (knee + 0.24, -0.16), (foot + 0.24, -0.34)]
        drawing.fill(limb(path, [0.17, 0.13, 0.12], samples=4), darker(colour, 0.7), importance=1.3)
    if crest:
        for k in range(9):
            x = -0.46 + 0.1 * k
            y = 0.1 + 0.3 * max(0.0, x + 0.1) ** 1.5
            spike = polygon((x - 0.06, y), (x - 0.04, y + 0.12), (x + 0.05, y + 0.01))
            drawing.fill(spike, darker(colour, 0.75), "b", 1.4)
    tail = [(-0.4, -0.02), (-0.75, -0.16), (-1.08, -0.1), (-1.26, 0.16), (-1.14, 0.42),
            (-0.92, 0.4), (-0.9, 0.24)]  # fmt: skip
    drawing.fill(limb(tail, [0.34, 0.27, 0.21, 0.17, 0.13, 0.1, 0.06], samples=6), colour, "b")
    trunk = [
        (-0.52, -0.04),
        (-0.15, -0.06),
        (0.22, 0.0),
        (0.52, 0.16 + raised),
        (0.66, 0.3 + raised),
    ]
    drawing.fill(limb(trunk, [0.28, 0.38, 0.36, 0.28, 0.26], samples=6), colour, "b")
    y = 0.34 + raised
    head = closed_curve((0.48, y - 0.02), (0.56, y + 0.16), (0.74, y + 0.19), (1.0, y + 0.06),
                        (1.06, y - 0.04), (0.92, y - 0.12), (0.62, y - 0.17), samples=5)  # fmt: skip
    drawing.fill(head, colour, "b")
    mouth = open_curve((1.04, y - 0.03), (0.9, y - 0.03), (0.76, y - 0.07), samples=4)
    drawing.line(mouth, darker(colour, 0.5), 0.035, importance=1.2)
    drawing.fill(ellipse(0.74, y + 0.08, 0.065, samples=14), (240, 225, 150), None, 1.2, True)
    drawing.eye(0.75, y + 0.08, 0.035)
    for hip, knee, foot in legs:
        path = [(hip, 0.02), (knee, -0.18), (foot, -0.36)]
        drawing.fill(limb(path, [0.26, 0.19, 0.13], samples=4), darker(colour, 0.9), f"leg{hip}",
                     1.6)  # fmt: skip
        drawing.fill(_toed_foot(foot + 0.06, -0.4, -10, 0.18), darker(colour, 0.9), f"leg{hip}",
                     1.6)  # fmt: skip


@toy("lizard", "crawler", "animal", "four legs", "long", "long tail", "green", "curved", "small",
     "spotted", "wild")  # fmt: skip
def lizard(drawing: Drawing) -> None:
    """Draw a lizard from above or from the side."""
    colour = drawing.colour("green", "lime", "olive", "tan", "orange", "teal", "brown")
    drawing.pick(_lizard_above, _lizard_above, _lizard_side)(drawing, colour)
