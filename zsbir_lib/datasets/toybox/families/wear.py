"""Things to wear and to carry."""

from __future__ import annotations

import numpy as np

from zsbir_lib.datasets.toybox.drawing import Drawing
from zsbir_lib.datasets.toybox.geometry import (
    closed_curve,
    ellipse,
    open_curve,
    polygon,
    polyline,
    rectangle,
    ring,
)
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

LEATHER = ("brown", "black", "red", "tan", "dark brown")
CLOTH = ("red", "blue", "white", "green", "yellow", "purple", "orange", "navy")


@toy("eyeglasses", "accessory", "clothing", "man-made", "glass", "windows", "small", "round")
def eyeglasses(drawing: Drawing) -> None:
    """Draw a pair of glasses with round or square lenses, seen from the front."""
    frame = drawing.colour("black", "brown", "red", "navy", "gold")
    glass = drawing.colour("glass", "glass", "dark gray")
    r, round_ = drawing.vary(0.36, 0.08), drawing.chance(0.5)
    thick = drawing.vary(0.09, 0.15)
    for side in (-1, 1):
        temple = polyline((side * (0.46 + r), 0.1), (side * 1.0, 0.36), (side * 1.06, 0.26))
        drawing.line(temple, frame, thick, importance=1.6)
    bridge = open_curve((-0.14, 0.05), (0, 0.15), (0.14, 0.05), samples=5)
    drawing.line(bridge, frame, thick, importance=2.0)
    for side in (-1, 1):
        if round_:
            lens = ellipse(side * 0.47, 0, r, r * 0.9)
        else:
            lens = rectangle(side * 0.47, 0, r * 2, r * 1.75, 0.12)
        drawing.fill(lens, glass, importance=3.0)
        drawing.line(np.concatenate([lens, lens[:1]]), frame, thick, importance=0.3)
        glint = polyline((side * 0.47 - 0.12, 0.02), (side * 0.47 + 0.02, 0.16))
        drawing.line(glint, (245, 248, 250), 0.04, importance=0.3)


# ---- hats
def _cowboy_hat(drawing: Drawing, colour: Colour) -> None:
    """Draw a hat with a wide brim that turns up, and a dented crown."""
    brim = closed_curve((-0.98, 0.02), (-0.75, -0.22), (0, -0.36), (0.75, -0.22), (0.98, 0.02),
                        (0.6, -0.08), (0, -0.14), (-0.6, -0.08), samples=5)  # fmt: skip
    drawing.fill(brim, colour, importance=1.5)
    h = drawing.vary(0.52, 0.12)
    crown = closed_curve((-0.46, -0.12), (-0.42, 0.3), (-0.25, h), (0, h - 0.12), (0.25, h),
                         (0.42, 0.3), (0.46, -0.12), (0, -0.2), samples=5)  # fmt: skip
    drawing.fill(crown, colour)
    band = closed_curve((-0.47, -0.12), (-0.45, 0.04), (0, -0.04), (0.45, 0.04), (0.47, -0.12),
                        (0, -0.2), samples=4)  # fmt: skip
    drawing.fill(band, darker(colour, 0.45), importance=1.2, flat=True)


def _top_hat(drawing: Drawing, colour: Colour) -> None:
    """Draw a top hat."""
    h = drawing.vary(0.85, 0.12)
    drawing.fill(ellipse(0, -0.38, 0.95, 0.17), colour, importance=1.5)
    crown = closed_curve((-0.48, h), (-0.44, 0.2), (-0.5, -0.36), (0, -0.46), (0.5, -0.36),
                         (0.44, 0.2), (0.48, h), samples=5)  # fmt: skip
    drawing.fill(crown, colour)
    drawing.fill(ellipse(0, h, 0.49, 0.11), lighter(colour, 0.12), importance=1.3, flat=True)
    band = closed_curve((-0.48, -0.05), (0, -0.14), (0.48, -0.05), (0.5, -0.32), (0, -0.43),
                        (-0.5, -0.32), samples=4)  # fmt: skip
    drawing.fill(band, drawing.colour("red", "white", "gray"), importance=1.2, flat=True)


def _bowler(drawing: Drawing, colour: Colour) -> None:
    """Draw a bowler: a round crown on a narrow brim."""
    brim = closed_curve((-0.95, -0.12), (-0.7, -0.28), (0, -0.38), (0.7, -0.28), (0.95, -0.12),
                        (0.6, -0.2), (-0.6, -0.2), samples=5)  # fmt: skip
    drawing.fill(brim, colour, importance=1.5)
    h = drawing.vary(0.58, 0.1)
    drawing.fill(ellipse(0, -0.2, 0.56, h, 0, 26, 0, 180), colour)
    drawing.fill(rectangle(0, -0.13, 1.12, 0.14, 0.03), darker(colour, 0.5), importance=1.2,
                 flat=True)  # fmt: skip


@toy("hat", "clothing", "clothing", "man-made", "soft", "round", "small", "curved")
def hat(drawing: Drawing) -> None:
    """Draw a cowboy hat, a top hat or a bowler."""
    colour = drawing.colour("brown", "tan", "dark brown", "beige", "black", "navy", "maroon")
    drawing.pick(_cowboy_hat, _cowboy_hat, _top_hat, _bowler)(drawing, colour)


# ---- shoes
def _laces(drawing: Drawing, holes: list[tuple[float, float]]) -> None:
    """Draw a lace across each pair of holes."""
    for x, y in holes:
        lace = polyline((x, y), (x - 0.19, y - 0.16))
        drawing.line(lace, (245, 245, 240), 0.055, importance=1.1)


def _sneaker(drawing: Drawing) -> None:
    """Draw a sneaker with a thick sole."""
    colour = drawing.colour("red", "blue", "white", "green", "black", "orange")
    high = drawing.vary(0.48, 0.15)
    upper = closed_curve((-0.85, high - 0.06), (-0.95, 0.0), (-0.92, -0.32), (0.9, -0.32),
                         (0.95, -0.1), (0.65, 0.05), (0.25, 0.18), (-0.15, high),
                         (-0.4, high + 0.02),
                         (-0.55, high - 0.12), samples=5)  # fmt: skip
    drawing.fill(upper, colour)
    drawing.fill(rectangle(0, -0.39, 1.95, 0.2, 0.09), (240, 238, 232), importance=1.4)
    _laces(drawing, [(0.0, 0.36), (0.15, 0.26), (0.3, 0.16)])
    stripe = open_curve((-0.7, -0.15), (-0.2, -0.12), (0.2, 0.06), samples=5)
    drawing.line(stripe, lighter(colour, 0.7), 0.08, importance=0.8)
    toe = open_curve((0.5, -0.28), (0.55, -0.08), (0.72, 0.0), samples=4)
    drawing.line(toe, darker(colour, 0.6), 0.035, importance=0.8)


def _lace_up(drawing: Drawing) -> None:
    """Draw a leather shoe with a heel."""
    colour = drawing.colour(*LEATHER)
    drawing.fill(polygon((-0.9, -0.3), (-0.45, -0.3), (-0.48, -0.55), (-0.9, -0.55)),
                 darker(colour, 0.5), importance=1.3)  # fmt: skip
    upper = closed_curve((-0.88, 0.3), (-0.93, -0.05), (-0.9, -0.34), (0.85, -0.38), (0.98, -0.22),
                         (0.72, -0.02), (0.25, 0.1), (-0.1, 0.36), (-0.35, 0.42), (-0.6, 0.26),
                         samples=5)  # fmt: skip
    drawing.fill(upper, colour)
    sole = closed_curve((-0.45, -0.32), (0.2, -0.42), (0.98, -0.3), (0.9, -0.44), (0.2, -0.5),
                        samples=4)  # fmt: skip
    drawing.fill(sole, darker(colour, 0.45), importance=1.2)
    _laces(drawing, [(-0.02, 0.28), (0.12, 0.18), (0.26, 0.08)])
    cap = open_curve((0.42, -0.36), (0.46, -0.15), (0.6, 0.02), samples=4)
    drawing.line(cap, darker(colour, 0.55), 0.035, importance=1.0)


@toy("shoe", "clothing", "clothing", "man-made", "soft", "small", "container", "strings")
def shoe(drawing: Drawing) -> None:
    """Draw a sneaker or a laced leather shoe."""
    drawing.pick(_sneaker, _sneaker, _lace_up)(drawing)


@toy(
    "boot", "clothing",
    "clothing", "man-made", "upright", "container", "strings", "soft", pretrain_only=True,
)  # fmt: skip
def boot(drawing: Drawing) -> None:
    """Draw a boot."""
    colour, h = drawing.colour(*LEATHER), drawing.vary(0.85, 0.1)
    shaft = closed_curve((-0.42, h), (-0.42, 0.1), (-0.48, -0.5), (-0.45, -0.72), (0.3, -0.72),
                         (0.82, -0.7), (0.78, -0.42), (0.4, -0.25), (0.12, -0.02), (0.08, 0.4),
                         (0.1, h), samples=5)  # fmt: skip
    drawing.fill(shaft, colour)
    sole = polygon((-0.48, -0.7), (0.85, -0.7), (0.85, -0.8), (-0.1, -0.8), (-0.14, -0.9),
                   (-0.48, -0.9))  # fmt: skip
    drawing.fill(sole, darker(colour, 0.4), importance=1.3)
    drawing.fill(rectangle(-0.16, h - 0.08, 0.56, 0.16, 0.03), lighter(colour, 0.3))
    for y in (0.05, 0.22, 0.39):
        drawing.line(polyline((-0.04, y), (0.14, y + 0.05)), (235, 225, 200), 0.04, importance=0.9)


@toy(
    "high_heel", "clothing",
    "clothing", "man-made", "pointed", "small", "curved", "long", pretrain_only=True,
)  # fmt: skip
def high_heel(drawing: Drawing) -> None:
    """Draw a shoe with a high heel."""
    colour, h = drawing.colour("red", "black", "pink", "purple", "gold"), drawing.uniform(0.5, 0.75)
    heel = polygon((-0.82, h - 0.15), (-0.64, h - 0.2), (-0.64, -0.72), (-0.75, -0.72))
    drawing.fill(heel, darker(colour, 0.75), "shoe")
    upper = closed_curve((-0.85, h), (-0.82, h - 0.25), (-0.55, h - 0.35), (0.1, -0.45),
                         (0.35, -0.7), (0.95, -0.72), (0.88, -0.52), (0.5, -0.3), (0.2, -0.22),
                         (-0.2, h * 0.25), (-0.6, h * 0.75), samples=5)  # fmt: skip
    drawing.fill(upper, colour, "shoe")
    drawing.fill(ellipse(0.62, -0.48, 0.09, 0.06, samples=10), lighter(colour, 0.5), importance=0.6)


# ---- clothes
@toy(
    "t_shirt", "clothing",
    "clothing", "man-made", "soft", "striped", "boxy", "branching", pretrain_only=True,
)  # fmt: skip
def t_shirt(drawing: Drawing) -> None:
    """Draw a T-shirt, printed or striped."""
    colour, w = drawing.colour(*CLOTH), drawing.vary(0.45, 0.08)
    outline = polygon((-0.18, 0.72), (-w, 0.68), (-0.95, 0.3), (-0.75, 0.0), (-w, 0.2), (-w, -0.8),
                      (w, -0.8), (w, 0.2), (0.75, 0.0), (0.95, 0.3), (w, 0.68), (0.18, 0.72),
                      (0.1, 0.6), (-0.1, 0.6))  # fmt: skip
    drawing.fill(outline, colour)
    collar = open_curve((-0.2, 0.72), (0, 0.54), (0.2, 0.72), samples=5)
    drawing.line(collar, darker(colour, 0.65), 0.05, importance=1.1)
    if drawing.chance():
        drawing.fill(rectangle(0, 0, 0.36, 0.3, 0.02), lighter(colour, 0.55), importance=0.6)
    else:
        for y in (0.1, -0.15, -0.4):
            drawing.line(polyline((-w, y), (w, y)), lighter(colour, 0.6), 0.07, importance=0.7)


@toy(
    "trousers", "clothing",
    "clothing", "man-made", "soft", "upright", "long", "boxy", pretrain_only=True,
)  # fmt: skip
def trousers(drawing: Drawing) -> None:
    """Draw a pair of trousers."""
    colour = drawing.colour("blue", "navy", "black", "tan", "gray")
    flare = drawing.vary(0.12, 0.3)
    foot = 0.5 + 0.4 * flare
    outline = polygon((-0.4, 0.9), (0.4, 0.9), (0.45, 0.2), (foot, -0.95), (0.14, -0.95),
                      (0.02, 0.25), (-0.02, 0.25), (-0.14, -0.95), (-foot, -0.95),
                      (-0.45, 0.2))  # fmt: skip
    drawing.fill(outline, colour)
    drawing.fill(rectangle(0, 0.87, 0.82, 0.13), darker(colour, 0.7), importance=1.1)
    drawing.line(polyline((0, 0.82), (0, 0.3)), darker(colour, 0.55), 0.03, importance=0.9)


@toy(
    "dress", "clothing",
    "clothing", "man-made", "soft", "upright", "striped", "branching", pretrain_only=True,
)  # fmt: skip
def dress(drawing: Drawing) -> None:
    """Draw a dress with a wide skirt."""
    colour = drawing.colour("red", "pink", "purple", "blue", "yellow", "teal", "lilac")
    hem = drawing.vary(0.68, 0.12)
    for side in (-1, 1):
        strap = polyline((side * 0.2, 0.6), (side * 0.17, 0.95))
        drawing.line(strap, colour, 0.07, importance=1.2)
    outline = closed_curve((-0.28, 0.62), (-0.27, 0.35), (-0.2, 0.12), (-0.4, -0.3), (-hem, -0.9),
                           (0, -0.98), (hem, -0.9), (0.4, -0.3), (0.2, 0.12), (0.27, 0.35),
                           (0.28, 0.62), (0, 0.5), samples=5)  # fmt: skip
    drawing.fill(outline, colour)
    drawing.fill(rectangle(0, 0.12, 0.42, 0.1), darker(colour, 0.6), importance=1.1)
    for x in (-0.35, 0, 0.35):
        fold = open_curve((x * 0.3, 0.02), (x * 0.6, -0.4), (x, -0.88), samples=4)
        drawing.line(fold, darker(colour, 0.7), 0.03, importance=0.7)


@toy(
    "crown", "accessory",
    "clothing", "man-made", "metal", "pointed", "round", "buttons", pretrain_only=True,
)  # fmt: skip
def crown(drawing: Drawing) -> None:
    """Draw a crown with five points and jewels."""
    gold, points = drawing.colour("gold", "yellow", "silver"), [(-0.8, -0.5)]
    for k in range(5):
        x = -0.8 + 0.4 * k
        points.append((x, 0.5 if 0 < k < 4 else 0.4))
        if k < 4:
            points.append((x + 0.2, 0.02))
    drawing.fill(polygon(*points, (0.8, -0.5)), gold)
    for k in range(5):
        jewel = ellipse(-0.8 + 0.4 * k, 0.55 if 0 < k < 4 else 0.45, 0.085, samples=12)
        drawing.fill(jewel, drawing.colour("red", "blue", "green", "purple"), importance=1.2)
    drawing.fill(rectangle(0, -0.42, 1.62, 0.24), darker(gold, 0.8), importance=1.1)


@toy(
    "handbag", "accessory",
    "container", "man-made", "soft", "handle", "boxy", "curved", pretrain_only=True,
)  # fmt: skip
def handbag(drawing: Drawing) -> None:
    """Draw a handbag with a flap."""
    colour = drawing.colour("red", "brown", "black", "pink", "teal", "purple")
    arc = ellipse(0, 0.15, 0.42, drawing.vary(0.65, 0.1), 0, 18, 10, 170)
    drawing.line(arc, darker(colour, 0.6), 0.09, importance=1.6)
    bag = closed_curve((-0.7, 0.22), (-0.82, -0.6), (-0.7, -0.72), (0.7, -0.72), (0.82, -0.6),
                       (0.7, 0.22), samples=4)  # fmt: skip
    drawing.fill(bag, colour)
    flap = closed_curve((-0.7, 0.24), (-0.66, -0.1), (0, -0.26), (0.66, -0.1), (0.7, 0.24),
                        samples=4)  # fmt: skip
    drawing.fill(flap, darker(colour, 0.8), importance=1.2)
    drawing.line(ring(0, -0.2, 0.09), drawing.colour("gold", "silver"), 0.05, importance=1.0)
