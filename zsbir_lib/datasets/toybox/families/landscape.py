"""Places rather than things: a volcano, a geyser, a campfire."""

from __future__ import annotations

import math

from zsbir_lib.datasets.toybox.drawing import Drawing
from zsbir_lib.datasets.toybox.geometry import (
    blob,
    closed_curve,
    ellipse,
    limb,
    open_curve,
    polygon,
)
from zsbir_lib.datasets.toybox.palette import darker, lighter
from zsbir_lib.datasets.toybox.registry import toy


@toy("volcano", "landscape", "landscape", "big", "hot", "dangerous", "pointed", "wild")
def volcano(drawing: Drawing) -> None:
    """Draw a cone with a crater: lava down its sides, a fountain of it, or a cloud of smoke."""
    rock = drawing.colour("dark brown", "brown", "dark gray", "gray", "maroon")
    lava = drawing.colour("orange", "red", "flame")
    rim, height = drawing.vary(0.24, 0.12), drawing.vary(0.35, 0.15)
    erupts = drawing.chance(0.6)
    if erupts:
        for side in (-1, 0, 1):
            tip = (side * drawing.vary(0.42, 0.2), height + drawing.vary(0.55 - 0.1 * abs(side)))
            path = [(side * 0.06, height), (side * 0.22, height + 0.35), tip]
            drawing.fill(limb(path, [0.14, 0.13, 0.05], samples=4), lava, "fountain")
    if drawing.chance(0.4 if erupts else 1.0):
        smoke = drawing.colour("light gray", "gray", "white")
        drift = drawing.uniform(-0.25, 0.25)
        for k, radius in enumerate((0.16, 0.23, 0.3)):
            x, y = drift * k * 0.6, height + 0.12 + 0.27 * k
            drawing.fill(blob(x, y, radius, radius * 0.8, lobes=6), smoke, "smoke")
    base = drawing.vary(1.0, 0.06)
    outline = closed_curve((-rim, height), (-rim * 1.5, height * 0.45), (-base * 0.62, -0.4),
                           (-base, -0.72), (base, -0.72), (base * 0.62, -0.4),
                           (rim * 1.5, height * 0.45), (rim, height), samples=5)  # fmt: skip
    drawing.fill(outline, rock)
    drawing.fill(ellipse(0, height - 0.02, rim, 0.07), lava if erupts else darker(rock, 0.5),
                 importance=1.1, flat=True)  # fmt: skip
    for x in drawing.pick((-0.1, 0.14), (-0.14, 0.02, 0.16)):
        foot = x * drawing.vary(3.4, 0.2)
        path = [(x, height - 0.05), (x * 1.5, height * 0.3), (x * 2.1 + 0.05, -0.2), (foot, -0.5)]
        drawing.fill(limb(path, [0.09, 0.08, 0.1, 0.06], samples=4), lava, importance=0.95,
                     flat=True)  # fmt: skip
    for side in (-1, 1):
        ridge = open_curve((side * 0.35, 0.0), (side * 0.48, -0.25), (side * 0.66, -0.5), samples=4)
        drawing.line(ridge, darker(rock, 0.65), 0.03, importance=0.5)


@toy("geyser", "landscape", "landscape", "big", "hot", "upright", "wild", "moving parts")
def geyser(drawing: Drawing) -> None:
    """Draw a column of water that bursts from a low mound and falls apart at the top."""
    water = lighter(drawing.colour("sky", "white", "glass"), 0.2)
    rock = drawing.colour("tan", "brown", "gray", "beige")
    drawing.fill(ellipse(0, -0.78, 0.95, 0.15), drawing.colour("sky", "teal"), importance=0.8,
                 flat=True)  # fmt: skip
    top, width = drawing.vary(0.5, 0.12), drawing.vary(0.15, 0.15)
    for side in (-1, 1):  # sprays that arch away and fall
        for reach, rise in ((0.42, 0.28), (0.68, 0.02)):
            x = side * drawing.vary(reach, 0.12)
            path = [(side * 0.06, -0.1), (x * 0.45, top * 0.8 + rise), (x, top * 0.3 + rise - 0.25)]
            drawing.fill(limb(path, [0.12, 0.13, 0.05], samples=5), water, "water")
    column = closed_curve((-width * 0.8, -0.62), (-width * 0.75, -0.1), (-width * 1.3, top * 0.7),
                          (0, top), (width * 1.3, top * 0.7), (width * 0.75, -0.1),
                          (width * 0.8, -0.62), samples=5)  # fmt: skip
    drawing.fill(column, water, "water")
    for x, y, radius in ((-0.26, top, 0.22), (0.24, top + 0.05, 0.23), (0.0, top + 0.22, 0.27)):
        outline = blob(x + drawing.uniform(-0.04, 0.04), y, drawing.vary(radius), lobes=7)
        drawing.fill(outline, lighter(water, 0.3), "water")
    for side in (-1, 0, 1):
        streak = open_curve((side * 0.06, -0.5), (side * 0.07, -0.1), (side * 0.1, 0.25), samples=4)
        drawing.line(streak, darker(water, 0.75), 0.03, importance=0.6)
    mound = closed_curve((-0.6, -0.8), (-0.42, -0.66), (-0.16, -0.54), (0.16, -0.54), (0.42, -0.66),
                         (0.6, -0.8), (0, -0.86), samples=4)  # fmt: skip
    drawing.fill(mound, rock)
    for _ in range(drawing.pick(3, 5)):
        angle, far = drawing.uniform(0.3, 2.8), drawing.uniform(0.75, 0.95)
        drop = ellipse(far * math.cos(angle), 0.1 + 0.7 * math.sin(angle), 0.035, 0.055, samples=8)
        drawing.fill(drop, water, importance=0.5)


@toy("campfire", "landscape", "hot", "dangerous", "wooden", "pointed", "man-made", "wild",
     pretrain_only=True)  # fmt: skip
def campfire(drawing: Drawing) -> None:
    """Draw flames over crossed logs."""
    flame = drawing.colour("orange", "red", "flame")
    top = drawing.vary(0.75, 0.1)
    outer = closed_curve((-0.45, -0.4), (-0.5, 0.0), (-0.3, 0.4), (-0.22, 0.1), (0.0, top),
                         (0.16, 0.2), (0.34, 0.42), (0.48, -0.05), (0.42, -0.42),
                         samples=5)  # fmt: skip
    drawing.fill(outer, flame)
    inner = closed_curve((-0.22, -0.4), (-0.24, -0.1), (0.0, top * 0.45), (0.22, -0.1),
                         (0.2, -0.42), samples=5)  # fmt: skip
    drawing.fill(inner, lighter(flame, 0.5), importance=0.9, flat=True)
    wood = drawing.colour("brown", "dark brown", "wood")
    for side in (-1, 1):
        log = polygon((-0.75 * side, -0.78), (-0.7 * side, -0.62), (0.7 * side, -0.32),
                      (0.75 * side, -0.48))  # fmt: skip
        drawing.fill(log, wood * drawing.uniform(0.85, 1.1))
        drawing.fill(ellipse(0.72 * side, -0.4, 0.055, 0.085, angle=12 * side), lighter(wood, 0.4),
                     importance=0.8)  # fmt: skip
    for x in (-0.62, -0.35, 0.35, 0.62):
        stone = ellipse(x, -0.85 + abs(x) * 0.1, drawing.vary(0.13), 0.09, samples=14)
        drawing.fill(stone, drawing.colour("gray", "dark gray"), importance=0.7)
