"""Small creatures with many legs, most of them seen from above, some from the side."""

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

Segment = tuple[float, float, float]  # height of its middle, half width, half height
DARK = np.array([38.0, 32, 30])


def _legs(
    drawing: Drawing,
    colour: Colour,
    pairs: int,
    top: float,
    bottom: float,
    reach: float,
    width: float = 0.05,
    bend: float = 0.12,
) -> None:
    """Draw pairs of jointed legs that leave the body between two heights."""
    middle = (pairs - 1) / 2
    for k, y in enumerate(np.linspace(top, bottom, pairs)):
        up = -0.35 * (k - middle) / max(1.0, middle) + bend
        for side in (-1, 1):
            r = drawing.vary(reach, 0.08)
            path = [(0, y), (side * r * 0.55, y + up * 0.5 + bend), (side * r, y + up - 1.3 * bend)]
            widths = [width * 1.3, width, width * 0.7]
            drawing.fill(limb(path, widths, samples=4), darker(colour, 0.6), importance=1.25)


def _feelers(drawing: Drawing, colour: Colour, y: float, length: float) -> None:
    """Draw two curved feelers that leave the head at height y."""
    for side in (-1, 1):
        path = open_curve((side * 0.05, y), (side * 0.14, y + length * 0.6),
                          (side * 0.27, y + length), samples=4)  # fmt: skip
        drawing.line(path, darker(colour, 0.5), 0.035, importance=1.2)


def _segments(drawing: Drawing, colour: Colour, segments: tuple[Segment, ...]) -> None:
    """Draw the segments of a body, one above the other."""
    for y, w, h in segments:
        body = ellipse(0, y, drawing.vary(w, 0.07), drawing.vary(h, 0.07), samples=24)
        drawing.fill(body, colour, importance=1.5)


def _eyes(drawing: Drawing, y: float, distance: float, radius: float = 0.045) -> None:
    """Draw two eyes at height y, each at the `distance` from the middle."""
    for side in (-1, 1):
        drawing.eye(side * distance, y, radius)


def _wings(
    drawing: Drawing, colour: Colour, wings: tuple[tuple[float, float, float, float, float], ...]
) -> None:
    """Draw pairs of wings: place x and y, two radii, and the angle of the right one."""
    for x, y, rx, ry, angle in wings:
        for side in (-1, 1):
            wing = ellipse(side * x, y, drawing.vary(rx, 0.06), ry, side * angle, samples=24)
            drawing.fill(wing, colour, importance=1.4)
            a = math.radians(angle)
            tip = (side * (x + rx * 0.6 * math.cos(a)), y + rx * 0.6 * math.sin(a))
            drawing.line(polyline((side * 0.06, y - 0.02), tip), darker(colour, 0.7), 0.02, 0.5)


def _bee_above(drawing: Drawing, colour: Colour) -> None:
    """Draw a bee from above, its two pairs of wings spread."""
    _legs(drawing, DARK, 3, 0.25, -0.15, 0.48, 0.045)
    _feelers(drawing, DARK, 0.66, 0.22)
    glass = lighter(drawing.colour("glass", "white"), 0.2)
    fold = drawing.uniform(-12, 12)
    _wings(drawing, glass, ((0.5, 0.2, 0.46, 0.19, 25 + fold), (0.42, -0.07, 0.35, 0.14, -12)))
    _segments(drawing, colour, ((-0.3, 0.32, 0.48),))
    for y in (-0.06, -0.28, -0.5):
        w = 0.31 * math.sqrt(max(0.05, 1 - ((y + 0.3) / 0.48) ** 2))
        stripe = closed_curve((-w, y + 0.05), (0, y + 0.02), (w, y + 0.05), (w * 0.95, y - 0.07),
                              (0, y - 0.1), (-w * 0.95, y - 0.07), samples=3)  # fmt: skip
        drawing.fill(stripe, DARK, importance=1.3, flat=True)
    _segments(drawing, darker(colour, 0.8), ((0.26, 0.22, 0.22),))
    _segments(drawing, DARK, ((0.55, 0.18, 0.15),))
    _eyes(drawing, 0.6, 0.1)


def _bee_side(drawing: Drawing, colour: Colour) -> None:
    """Draw a bee from the side: a fat striped barrel with a sting, wings raised over the back."""
    glass = lighter(drawing.colour("glass", "white"), 0.2)
    for k, x in enumerate((0.26, 0.02, -0.22)):
        foot = x - 0.14 + 0.06 * k
        leg = limb([(x, -0.3), (x + 0.04, -0.5), (foot, -0.66)], [0.08, 0.07, 0.06], samples=4)
        drawing.fill(leg, DARK, importance=1.2)
    drawing.fill(polygon((-0.7, 0.02), (-1.02, -0.1), (-0.68, -0.2)), DARK, importance=1.6)
    lean = drawing.uniform(-10, 14)
    for angle, long, x in ((118, 0.42, -0.12), (84, 0.46, 0.06)):
        a = math.radians(angle + lean)
        middle = (x + 0.85 * long * math.cos(a), 0.18 + 0.85 * long * math.sin(a))
        drawing.fill(ellipse(*middle, long, 0.21, angle + lean, 26), glass, importance=1.6)
    long, high = 0.68, drawing.vary(0.4, 0.07)
    drawing.fill(ellipse(-0.12, -0.06, long, high), colour, importance=1.6)
    for x in (-0.46, -0.16, 0.14):
        h = high * math.sqrt(1 - ((x + 0.12) / long) ** 2)
        stripe = closed_curve((x - 0.08, -0.06 + 0.97 * h), (x + 0.05, -0.06 + 0.97 * h),
                              (x + 0.11, -0.06), (x + 0.05, -0.06 - 0.97 * h),
                              (x - 0.08, -0.06 - 0.97 * h), (x - 0.03, -0.06),
                              samples=4)  # fmt: skip
        drawing.fill(stripe, DARK, importance=1.6, flat=True)
    for x in (0.68, 0.78):
        feeler = open_curve((x, 0.2), (x + 0.05, 0.42), (x + 0.2, 0.52), samples=4)
        drawing.line(feeler, DARK, 0.045, importance=1.4)
    drawing.fill(ellipse(0.66, 0.03, 0.25, 0.25, samples=24), darker(colour, 0.85), importance=1.6)
    drawing.fill(ellipse(0.75, 0.09, 0.06, 0.08, samples=14), (20, 20, 20), None, 1.2, True)


@toy("bee", "bug", "animal", "many legs", "wings", "striped", "flies", "small", "dangerous", "fur",
     "wild")  # fmt: skip
def bee(drawing: Drawing) -> None:
    """Draw a bee with a striped abdomen, from above or from the side."""
    colour = drawing.colour("yellow", "gold", "orange")
    drawing.pick(_bee_above, _bee_side)(drawing, colour)


def _ant_above(drawing: Drawing, colour: Colour) -> None:
    """Draw an ant from above: three beads on six long legs."""
    _legs(drawing, colour, 3, 0.28, 0.0, drawing.vary(0.7, 0.08), 0.055)
    for side in (-1, 1):  # bent feelers
        path = polyline((side * 0.08, 0.75), (side * 0.26, 0.86), (side * 0.3, 1.1))
        drawing.line(path, darker(colour, 0.6), 0.04, importance=1.3)
    _segments(drawing, colour, ((0.62, 0.21, 0.2), (0.15, 0.14, 0.27)))
    _segments(drawing, darker(colour, 0.9), ((-0.48, drawing.vary(0.27, 0.12), 0.37),))
    _eyes(drawing, 0.68, 0.12)


def _ant_side(drawing: Drawing, colour: Colour) -> None:
    """Draw an ant from the side: three beads in a row, knees up, bent feelers, open jaws."""
    for first, far in ((0.07, True), (0.0, False)):
        shade = darker(colour, 0.45 if far else 0.65)
        for root, out in ((0.12, 0.34), (-0.02, -0.06), (-0.16, -0.5)):
            foot = root + out * drawing.vary(1.0, 0.1) + first * (2 if out > 0 else -2)
            knee = root + 0.62 * out + first
            path = polyline((root, 0.0), (knee, 0.2 if abs(out) > 0.1 else -0.2), (foot, -0.62))
            drawing.line(path, shade, 0.085, importance=1.6 if not far else 1.3)
    for lift in (0.0, 0.12):
        path = polyline((0.66, 0.3), (0.8, 0.6 + lift), (1.1 - lift, 0.56 + 1.5 * lift))
        drawing.line(path, darker(colour, 0.6), 0.05, importance=1.5)
    jaw = closed_curve((0.78, 0.06), (0.98, 0.04), (1.02, -0.12), (0.88, -0.04), (0.74, -0.06),
                       samples=4)  # fmt: skip
    drawing.fill(jaw, darker(colour, 0.7), importance=1.4)
    rise = drawing.uniform(-0.05, 0.15)
    tail = closed_curve((-0.3, 0.02), (-0.48, 0.26 + rise), (-0.86, 0.24 + rise), (-1.1, 0.0),
                        (-0.8, -0.2), (-0.45, -0.14), samples=6)  # fmt: skip
    drawing.fill(tail, darker(colour, 0.9), importance=1.6)
    drawing.fill(ellipse(-0.03, 0.04, 0.31, 0.16, 6, 26), colour, importance=1.6)
    size = drawing.vary(0.26, 0.06)
    drawing.fill(ellipse(0.6, 0.14, 1.12 * size, size, -15, 26), colour, importance=1.6)
    drawing.fill(ellipse(0.68, 0.2, 0.06, 0.07, samples=12), lighter(colour, 0.7), None, 1.2, True)


@toy("ant", "bug", "animal", "many legs", "small", "horns", "wild", "shell")
def ant(drawing: Drawing) -> None:
    """Draw an ant from above or from the side."""
    colour = drawing.colour("black", "dark brown", "maroon", "rust")
    drawing.pick(_ant_above, _ant_side)(drawing, colour)


@toy("ladybug", "bug", "animal", "many legs", "spotted", "round", "small", "flies", "shell",
     pretrain_only=True)  # fmt: skip
def ladybug(drawing: Drawing) -> None:
    """Draw a ladybird."""
    colour, dark = drawing.colour("red", "orange"), np.array([35.0, 30, 30])
    _legs(drawing, dark, 3, 0.25, -0.45, 0.72, 0.06)
    _feelers(drawing, dark, 0.65, 0.2)
    _segments(drawing, dark, ((0.5, 0.28, 0.2),))
    for side in (-1, 1):
        case = closed_curve((0, 0.45), (side * 0.3, 0.42), (side * 0.56, 0.05), (side * 0.48, -0.4),
                            (side * 0.2, -0.68), (0, -0.72), samples=5)  # fmt: skip
        drawing.fill(case, colour, importance=1.4)
        for x, y in ((0.22, 0.2), (0.34, -0.12), (0.18, -0.4)):
            spot = ellipse(side * x, y + drawing.uniform(-0.03, 0.03), 0.09, samples=14)
            drawing.fill(spot, dark, importance=1.2, flat=True)


def _spider_legs(
    drawing: Drawing, colour: Colour, angles: tuple[float, ...], bends: tuple[float, ...]
) -> None:
    """Draw pairs of long legs about the origin, each with one sharp knee.

    A leg leaves in the direction of `angles` (0 is sideways, 90 up) and turns at the knee by
    `bends` degrees.
    """
    for angle, bend in zip(angles, bends, strict=True):
        for side in (-1, 1):
            a, b = np.radians([angle + drawing.uniform(-5, 5), angle + bend])
            thigh, shin = drawing.vary(0.58, 0.06), drawing.vary(0.6, 0.06)
            knee = np.array([thigh * math.cos(a), thigh * math.sin(a)])
            foot = knee + (shin * math.cos(b), shin * math.sin(b))
            leg = polyline(*(np.array([0.2 * knee, knee, foot]) * (side, 1)))
            drawing.line(leg, darker(colour, 0.6), 0.08, importance=1.6)


def _spider_above(drawing: Drawing, colour: Colour) -> None:
    """Draw a spider from above: eight legs spread all round, a cross on its back at times."""
    _spider_legs(drawing, colour, (62, 24, -16, -52), (34, 22, -26, -34))
    _segments(drawing, darker(colour, 0.9), ((-0.4, drawing.vary(0.32, 0.1), 0.39),))
    _segments(drawing, colour, ((0.08, 0.22, 0.2),))
    if drawing.chance(0.5):
        pale = lighter(colour, 0.6)
        drawing.fill(ellipse(0, -0.38, 0.05, 0.2, samples=10), pale, importance=0.9, flat=True)
        drawing.fill(ellipse(0, -0.33, 0.16, 0.05, samples=10), pale, importance=0.9, flat=True)
    _eyes(drawing, 0.18, 0.08, 0.04)


def _spider_front(drawing: Drawing, colour: Colour) -> None:
    """Draw a spider that faces the viewer, its knees above its body, sometimes on a thread."""
    if drawing.chance(0.5):
        thread = polyline((0, 0.1), (0, 1.2))
        drawing.line(thread, (150, 150, 150), 0.03, importance=1.3)
    _spider_legs(drawing, colour, (64, 42, 18, -8), (-84, -84, -78, -74))
    size = drawing.vary(0.36, 0.08)
    drawing.fill(ellipse(0, 0.06, size, size * 0.95, samples=30), colour, importance=1.6)
    drawing.fill(ellipse(0, -0.2, 0.23, 0.2, samples=24), darker(colour, 0.8), "head", 1.5)
    for side in (-1, 1):
        fang = polygon((side * 0.03, -0.34), (side * 0.12, -0.33), (side * 0.07, -0.5))
        drawing.fill(fang, darker(colour, 0.6), "head", 1.3)
        drawing.fill(
            ellipse(side * 0.09, -0.18, 0.06, samples=14), (245, 240, 225), None, 1.3, True
        )
        drawing.eye(side * 0.09, -0.19, 0.03)


@toy("spider", "bug", "animal", "many legs", "small", "dangerous", "branching", "wild", "fur")
def spider(drawing: Drawing) -> None:
    """Draw a spider from above or from the front."""
    colour = drawing.colour("black", "dark brown", "dark gray", "maroon", "tan")
    drawing.pick(_spider_above, _spider_front)(drawing, colour)


@toy("beetle", "bug", "animal", "many legs", "shell", "horns", "round", "small", "flies", "wild")
def beetle(drawing: Drawing) -> None:
    """Draw a beetle with split wing cases: a stag beetle with jaws, or a plain one."""
    colour = drawing.colour("dark brown", "black", "dark green", "navy", "maroon", "teal")
    _legs(drawing, colour, 3, 0.2, -0.35, 0.68, 0.065)
    if drawing.chance(0.6):
        for side in (-1, 1):  # jaws like antlers
            jaw = [(side * 0.12, 0.62), (side * 0.34, 0.8), (side * 0.28, 1.05), (side * 0.1, 1.12)]
            drawing.fill(limb(jaw, [0.1, 0.11, 0.09, 0.03], samples=5), darker(colour, 0.8),
                         importance=1.6)  # fmt: skip
    else:
        _feelers(drawing, colour, 0.7, 0.35)
    _segments(drawing, darker(colour, 0.85), ((0.58, 0.24, 0.16),))
    shield = closed_curve((-0.4, 0.26), (-0.33, 0.5), (0, 0.56), (0.33, 0.5), (0.4, 0.26), (0, 0.2),
                          samples=5)  # fmt: skip
    drawing.fill(shield, colour, importance=1.5)
    w = drawing.vary(0.48, 0.08)
    for side in (-1, 1):
        case = closed_curve((0, 0.24), (side * w * 0.8, 0.2), (side * w, -0.15),
                            (side * w * 0.85, -0.5), (side * 0.2, -0.76), (0, -0.8),
                            samples=5)  # fmt: skip
        drawing.fill(case, lighter(colour, 0.08), importance=1.5)
        for x in (0.17, 0.32):
            groove = open_curve((side * x, 0.1), (side * x * 1.05, -0.25), (side * x * 0.8, -0.55))
            drawing.line(groove, darker(colour, 0.6), 0.025, importance=0.6)
    _eyes(drawing, 0.64, 0.17)


@toy("butterfly", "bug", "animal", "wings", "spotted", "flies", "small", "many legs", "branching",
     "wild")  # fmt: skip
def butterfly(drawing: Drawing) -> None:
    """Draw a butterfly with spread wings."""
    colour = drawing.colour("orange", "blue", "yellow", "purple", "sky", "white", "red")
    spread, tails = drawing.vary(1.0, 0.1), drawing.chance(0.35)
    for side in (-1, 1):
        upper = closed_curve((side * 0.04, 0.12), (side * 0.4, 0.72 * spread), (side * 0.86, 0.8),
                             (side * 0.94, 0.42), (side * 0.6, 0.05), (side * 0.05, -0.02),
                             samples=5)  # fmt: skip
        lower = [(side * 0.05, -0.02), (side * 0.6, 0.0), (side * 0.74, -0.35),
                 (side * 0.47, -0.78 * spread), (side * 0.15, -0.45)]  # fmt: skip
        if tails:
            lower[3:4] = [(side * 0.58, -0.62), (side * 0.52, -1.0), (side * 0.4, -0.66)]
        drawing.fill(closed_curve(*lower, samples=5), darker(colour, 0.85), importance=1.5)
        drawing.fill(upper, colour, importance=1.5)
        spot = drawing.vary(0.13, 0.15)
        drawing.fill(ellipse(side * 0.63, 0.52, spot, spot * 0.8, samples=16), lighter(colour, 0.6),
                     importance=1.2)  # fmt: skip
        drawing.fill(ellipse(side * 0.43, -0.35, 0.11, samples=16), (40, 35, 40), importance=1.1,
                     flat=True)  # fmt: skip
        feeler = open_curve((side * 0.02, 0.3), (side * 0.1, 0.58), (side * 0.26, 0.74), samples=5)
        drawing.line(feeler, (40, 30, 30), 0.035, importance=1.3)
    drawing.fill(ellipse(0, 0, 0.075, 0.4, samples=20), (45, 38, 38), importance=1.6)


@toy("dragonfly", "bug", "animal", "many legs", "wings", "flies", "long", "small",
     pretrain_only=True)  # fmt: skip
def dragonfly(drawing: Drawing) -> None:
    """Draw a dragonfly."""
    colour = drawing.colour("blue", "green", "teal", "red")
    _legs(drawing, colour, 3, 0.5, 0.3, 0.28, 0.04)
    glass = lighter(drawing.colour("glass", "sky"), 0.2)
    _wings(drawing, glass, ((0.55, 0.42, 0.52, 0.13, 10), (0.5, 0.16, 0.48, 0.14, -14)))
    _segments(drawing, colour, ((-0.4, 0.085, 0.62), (0.36, 0.16, 0.2), (0.62, 0.17, 0.13)))
    _eyes(drawing, 0.66, 0.1, 0.05)


def _scorpion_tail(drawing: Drawing, beads: list[tuple[float, float]], colour: Colour) -> None:
    """Draw the tail as a chain of beads that grow smaller, with a hooked sting at its end."""
    sizes = np.linspace(0.19, 0.13, len(beads))
    *_, (ax, ay), (bx, by) = beads
    heading = math.degrees(math.atan2(by - ay, bx - ax))
    bulb = closed_curve((-0.16, -0.02), (0, 0.17), (0.2, 0.15), (0.36, -0.02), (0.38, -0.34),
                        (0.2, -0.12), (0, -0.15), samples=5)  # fmt: skip
    # The hook bends the way the tail does.
    x, y = beads[-3]
    turns_left = (ax - x) * (by - ay) - (ay - y) * (bx - ax) > 0
    if turns_left:
        bulb = bulb * (1, -1)
    a = math.radians(heading)
    place = (bx + 0.17 * math.cos(a), by + 0.17 * math.sin(a))
    drawing.fill(rotate(bulb, heading) + place, darker(colour, 0.7), "tail", 1.7)
    for k, ((x, y), size) in reversed(list(enumerate(zip(beads, sizes, strict=True)))):
        bead = ellipse(x, y, size, samples=18)
        drawing.fill(bead, colour * (0.9 + 0.1 * (k % 2)), "tail", 1.6)


def _pincer(x: float, y: float, angle: float, size: float = 1.0) -> np.ndarray:
    """Return the outline of an open claw at (x, y) that points along `angle` degrees."""
    claw = closed_curve((-0.06, 0.0), (0.06, 0.16), (0.25, 0.19), (0.5, 0.05), (0.3, 0.07),
                        (0.2, 0.0), (0.3, -0.05), (0.46, -0.09), (0.25, -0.17), (0.06, -0.14),
                        samples=4)  # fmt: skip
    return rotate(claw * size, angle) + (x, y)


def _scorpion_above(drawing: Drawing, colour: Colour) -> None:
    """Draw a scorpion from above: claws in front, the tail swung round to one side."""
    swing = drawing.pick(-1, 1)
    beads = [(0.02 * swing, -0.5), (0.12 * swing, -0.77), (0.36 * swing, -0.95),
             (0.64 * swing, -0.9), (0.8 * swing, -0.68)]  # fmt: skip
    _scorpion_tail(drawing, beads, colour)
    for y, drop in ((0.22, 0.16), (0.08, -0.02), (-0.06, -0.2), (-0.2, -0.36)):
        for side in (-1, 1):
            reach = drawing.vary(0.56, 0.06)
            path = [(0.1 * side, y), (0.65 * reach * side, y + 0.12), (reach * side, y + drop)]
            drawing.line(open_curve(*path, samples=4), darker(colour, 0.7), 0.07, importance=1.4)
    for side in (-1, 1):
        spread = drawing.uniform(0.5, 0.62)
        arm = [(side * 0.1, 0.36), (side * spread, 0.42), (side * spread, 0.68)]
        drawing.fill(
            limb(arm, [0.13, 0.12, 0.11], samples=4), darker(colour, 0.85), f"claw{side}", 1.6
        )
        drawing.fill(_pincer(side * spread, 0.68, 90 + 12 * side, 1.1), colour, f"claw{side}", 1.7)
    body = mirrored((0, 0.56), (0.2, 0.48), (0.25, 0.1), (0.2, -0.25), (0.12, -0.42), (0, -0.44))
    drawing.fill(body, colour)
    for y in (0.22, 0.06, -0.1, -0.25):
        ring = open_curve((-0.21, y + 0.03), (0, y), (0.21, y + 0.03), samples=3)
        drawing.line(ring, darker(colour, 0.6), 0.03, importance=0.9)
    _eyes(drawing, 0.44, 0.08, 0.035)


def _scorpion_side(drawing: Drawing, colour: Colour) -> None:
    """Draw a scorpion from the side: the tail arched over its back, claws held out in front."""
    high = drawing.vary(1.0, 0.08)
    beads = [(-0.56, 0.0), (-0.78, 0.18), (-0.84, 0.46 * high), (-0.68, 0.72 * high),
             (-0.4, 0.84 * high)]  # fmt: skip
    _scorpion_tail(drawing, beads, colour)
    for root in (-0.36, -0.14, 0.08, 0.28):
        foot = root + 0.6 * (root + 0.04) + drawing.uniform(-0.03, 0.03)
        path = [(root, -0.1), (0.6 * foot + 0.4 * root, -0.22), (foot, -0.55)]
        drawing.line(open_curve(*path, samples=4), darker(colour, 0.7), 0.08, importance=1.4)
    tilt = drawing.uniform(-12, 12)
    for shift, shade, group in ((0.26, 0.7, "far"), (0.0, 0.9, "near")):
        arm = [(0.36, -0.05), (0.62, -0.18 + shift), (0.76, 0.02 + shift)]
        drawing.fill(limb(arm, [0.14, 0.13, 0.12], samples=4), darker(colour, shade), group, 1.6)
        claw = _pincer(0.76, 0.02 + shift, 25 + 50 * shift + tilt, 1.0)
        drawing.fill(claw, darker(colour, shade + 0.1), group, 1.7)
    body = closed_curve((-0.58, -0.06), (-0.4, 0.1), (0.0, 0.16), (0.35, 0.1), (0.5, -0.04),
                        (0.35, -0.17), (-0.1, -0.21), (-0.45, -0.18), samples=5)  # fmt: skip
    drawing.fill(body, colour)
    for x in (-0.36, -0.18, 0.0, 0.18):
        ring = open_curve((x, 0.12), (x - 0.04, -0.03), (x, -0.17), samples=3)
        drawing.line(ring, darker(colour, 0.6), 0.035, importance=1.0)
    drawing.eye(0.37, 0.02, 0.04)


@toy("scorpion", "bug", "animal", "many legs", "horns", "dangerous", "long tail", "curved", "shell",
     "pointed", "wild")  # fmt: skip
def scorpion(drawing: Drawing) -> None:
    """Draw a scorpion from above or from the side."""
    colour = drawing.colour("tan", "brown", "black", "rust", "dark brown")
    drawing.pick(_scorpion_above, _scorpion_side)(drawing, colour)
