"""Vehicles that run on the ground: bodies on wheels, seen from the side and facing right.

The number of wheels, their size and what they carry tell the classes apart; the paint never does.
"""

from __future__ import annotations

import math

import numpy as np

from zsbir_lib.datasets.toybox.drawing import Drawing
from zsbir_lib.datasets.toybox.geometry import (
    closed_curve,
    ellipse,
    limb,
    open_curve,
    polygon,
    polyline,
    rectangle,
    ring,
    rotate,
)
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

PAINT = (
    "red", "blue", "white", "gray", "green", "yellow", "navy", "silver", "orange", "maroon", "teal",
)  # fmt: skip
RUBBER = (38, 38, 40)
STEEL = (185, 188, 192)
IRON = (60, 60, 64)
HEADLIGHT = (245, 230, 160)


def _wheel(drawing: Drawing, x: float, y: float, radius: float) -> None:
    """Add a tyre with its hub cap."""
    drawing.fill(ellipse(x, y, radius, samples=24), RUBBER, importance=1.35)
    drawing.fill(ellipse(x, y, radius * 0.5, samples=14), STEEL, importance=0.8, flat=True)


def _spokes(
    drawing: Drawing, x: float, y: float, radius: float, count: int, width: float, colour: tuple
) -> None:
    """Add `count` diameters of a wheel, the first one at a random angle."""
    first = drawing.uniform(0, math.pi)
    for angle in first + np.arange(count) * (math.pi / count):
        dx, dy = radius * math.cos(angle), radius * math.sin(angle)
        spoke = polyline((x - dx, y - dy), (x + dx, y + dy))
        drawing.line(spoke, colour, width, importance=0.55)


def _spoked_wheel(drawing: Drawing, x: float, y: float, radius: float, tyre: Colour) -> None:
    """Add the wheel of a bicycle: one can look through it."""
    _spokes(drawing, x, y, radius, drawing.pick(3, 4, 5), 0.02, (150, 150, 155))
    drawing.line(ring(x, y, radius), tyre, 0.075, importance=1.4)


def _smoke(drawing: Drawing, x: float, y: float, puffs: int) -> None:
    """Add puffs of smoke that grow as they drift backwards from (x, y)."""
    for k in range(puffs):
        puff = ellipse(x - 0.18 * k, y + 0.07 * k, 0.1 + 0.04 * k, 0.08 + 0.03 * k, samples=16)
        drawing.fill(puff, (225, 225, 228), importance=0.6)


# ---- motor cars


@toy(
    "car_(sedan)", "vehicle",
    "man-made", "vehicle", "wheels", "windows", "metal", "glass", "big", "moving parts", "curved",
)  # fmt: skip
def sedan(drawing: Drawing) -> None:
    """Draw a sedan: boot, cabin with two side windows, bonnet."""
    colour = drawing.colour(*PAINT)
    glass = drawing.colour("glass", "sky", "navy")
    radius = drawing.vary(0.19, 0.07)
    roof = drawing.vary(0.34, 0.1)
    rake = drawing.uniform(-0.06, 0.06)  # how far the roof sits towards the front
    if drawing.chance(0.5):  # a rounded cabin
        cabin = closed_curve((-0.62, 0.1), (-0.42 + rake, 0.1 + roof), (-0.1, 0.15 + roof),
                             (0.22, 0.1 + roof), (0.56, 0.1))  # fmt: skip
    else:  # an older, angular one
        cabin = polygon((-0.6, 0.1), (-0.42 + rake, 0.14 + roof), (0.18 + rake, 0.14 + roof),
                        (0.52, 0.1))  # fmt: skip
    drawing.fill(cabin, colour, "body")
    hull = closed_curve((-0.95, -0.05), (-0.93, 0.13), (-0.5, 0.19), (0.5, 0.17), (0.9, 0.06),
                        (0.97, -0.1), (0.88, -0.24), (-0.9, -0.24))  # fmt: skip
    drawing.fill(hull, colour, "body")
    top = 0.08 + roof
    rear_window = polygon((-0.5, 0.14), (-0.36 + rake, top), (-0.07, top + 0.02), (-0.07, 0.14))
    front_window = polygon((0.0, 0.14), (0.0, top + 0.02), (0.16, top), (0.42, 0.14))
    drawing.fill(rear_window, glass, importance=1.1)
    drawing.fill(front_window, glass, importance=1.1)
    seam = darker(colour, 0.6)
    drawing.line(polyline((-0.03, 0.1), (-0.03, -0.2)), seam, 0.022, importance=0.8)
    drawing.line(polyline((0.07, 0.04), (0.18, 0.04)), seam, 0.03, importance=0.5)
    drawing.fill(ellipse(0.9, 0.0, 0.06, 0.05, samples=12), HEADLIGHT, importance=0.8)
    if drawing.chance(0.15):  # a taxi
        sign = rectangle(-0.08 + rake, 0.2 + roof, 0.24, 0.1, 0.02)
        drawing.fill(sign, HEADLIGHT, importance=0.8)
    for x in (-0.56, 0.56):
        _wheel(drawing, x, -0.22, radius)


@toy(
    "pickup_truck", "vehicle",
    "man-made", "vehicle", "wheels", "windows", "metal", "big", "boxy", "moving parts", "container",
)  # fmt: skip
def pickup_truck(drawing: Drawing) -> None:
    """Draw a pickup: a cabin in the middle, an open bed behind it, at times loaded."""
    colour = drawing.colour(*PAINT)
    glass = drawing.colour("glass", "sky", "navy")
    roof = drawing.vary(0.54, 0.07)
    back = drawing.pick(-0.05, -0.3)  # the longer cabin has two rows of seats
    if drawing.chance(0.45):
        _load(drawing, back)
    cabin = polygon((back, 0.1), (back + 0.06, roof), (0.33, roof), (0.55, 0.12))
    drawing.fill(cabin, colour, "body")
    hull = polygon((-0.98, 0.14), (back, 0.14), (0.55, 0.14), (0.93, 0.07), (0.98, -0.24),
                   (-0.98, -0.24))  # fmt: skip
    drawing.fill(hull, colour, "body")
    windows = polygon((0.08, 0.14), (0.09, roof - 0.08), (0.29, roof - 0.08), (0.44, 0.14))
    drawing.fill(windows, glass, importance=1.1)
    if back < -0.2:
        rear = polygon((-0.22, 0.14), (-0.19, roof - 0.08), (0.0, roof - 0.08), (0.0, 0.14))
        drawing.fill(rear, glass, importance=1.0)
    seam = darker(colour, 0.6)
    drawing.line(polyline((back, 0.14), (back, -0.22)), seam, 0.028, importance=1.0)
    drawing.line(polyline((-0.95, 0.03), (back - 0.05, 0.03)), seam, 0.022, importance=0.7)
    drawing.fill(ellipse(0.91, -0.04, 0.05, 0.06, samples=12), HEADLIGHT, importance=0.7)
    radius = drawing.vary(0.22, 0.08)
    _wheel(drawing, -0.6, -0.24, radius)
    _wheel(drawing, 0.6, -0.24, radius)


def _load(drawing: Drawing, back: float) -> None:
    """Put crates or a heap of earth on the bed of a pickup, in front of x = `back`."""
    middle = (back - 0.98) / 2
    if drawing.chance():
        colour = drawing.colour("wood", "tan")
        drawing.fill(rectangle(middle, 0.22, 0.36, 0.3), colour, importance=0.9)
    else:
        colour = drawing.colour("dark brown", "tan", "gray")
        reach = 0.45 * (back + 0.98)
        heap = closed_curve((middle - reach, 0.08), (middle, 0.34), (middle + reach, 0.08))
        drawing.fill(heap, colour, importance=0.9)


@toy(
    "bus", "vehicle",
    "man-made", "vehicle", "wheels", "windows", "metal", "glass", "big", "boxy", "long",
    "moving parts",
    pretrain_only=True,
)  # fmt: skip
def bus(drawing: Drawing) -> None:
    """Draw a bus with a row of windows and a door, with one deck or two."""
    colour = drawing.colour("yellow", "red", "blue", "white", "green")
    glass = drawing.colour("glass", "sky", "navy")
    half = drawing.vary(0.38, 0.06)
    two_decks = drawing.chance(0.3)
    top = 0.1 + half + (0.42 if two_decks else 0.0)
    bottom = 0.1 - half
    body = rectangle(0, (top + bottom) / 2, 1.9, top - bottom, 0.1)
    drawing.fill(body, colour, "body")
    count = drawing.pick(4, 5)
    pitch = 1.3 / count + 0.02
    for row in range(2 if two_decks else 1):
        for k in range(count):
            x = -0.85 + pitch * (k + 0.5)
            window = rectangle(x, 0.24 + 0.44 * row, pitch * 0.78, half * 0.66, 0.02)
            drawing.fill(window, glass, importance=1.0)
    drawing.fill(rectangle(0.75, 0.08, 0.22, half * 1.35, 0.02), glass, importance=1.0)
    drawing.line(polyline((-0.93, -0.06), (0.6, -0.06)), darker(colour, 0.6), 0.03, 0.6)
    radius = drawing.vary(0.18, 0.08)
    for x in (-0.55, 0.45):
        _wheel(drawing, x, bottom, radius)


@toy(
    "truck", "vehicle",
    "man-made", "vehicle", "wheels", "windows", "metal", "big", "boxy", "container",
    pretrain_only=True,
)  # fmt: skip
def truck(drawing: Drawing) -> None:
    """Draw a lorry: a cab that pulls a box, or a tank."""
    colour = drawing.colour(*PAINT)
    glass = drawing.colour("glass", "sky", "navy")
    height = drawing.vary(0.66, 0.1)
    cargo = drawing.colour("white", "light gray", "silver", "blue", "orange")
    round_ends = 0.0 if drawing.chance(0.7) else height / 2
    box = rectangle(-0.29, -0.14 + height / 2, 1.32, height, round_ends)
    drawing.fill(box, cargo, importance=1.2)
    cab = closed_curve((0.42, -0.2), (0.42, 0.32), (0.55, 0.38), (0.73, 0.34), (0.83, 0.08),
                       (0.98, 0.02), (0.99, -0.24), samples=5)  # fmt: skip
    drawing.fill(cab, colour, "cab")
    window = polygon((0.54, 0.07), (0.54, 0.29), (0.69, 0.29), (0.77, 0.07))
    drawing.fill(window, glass, importance=1.1)
    drawing.fill(rectangle(0.0, -0.19, 1.9, 0.1), IRON, importance=1.0)
    radius = drawing.vary(0.17, 0.06)
    for x in (-0.74, -0.38, 0.68):
        _wheel(drawing, x, -0.27, radius)


@toy(
    "tractor", "vehicle",
    "man-made", "vehicle", "wheels", "windows", "metal", "big", "moving parts", "round",
    pretrain_only=True,
)  # fmt: skip
def tractor(drawing: Drawing) -> None:
    """Draw a tractor: a huge wheel behind, a small one in front, with a cabin or a bare seat."""
    colour = drawing.colour(*PAINT)
    trim = darker(colour, 0.6)
    if drawing.chance(0.65):
        glass = drawing.colour("glass", "sky")
        cabin = polygon((-0.5, 0.15), (-0.5, 0.75), (0.05, 0.75), (0.05, 0.15))
        drawing.fill(cabin, glass, importance=1.1)
        drawing.fill(rectangle(-0.22, 0.8, 0.72, 0.09), colour, importance=1.0)
        for x in (-0.5, 0.05):
            drawing.line(polyline((x, 0.15), (x, 0.78)), trim, 0.05, importance=1.1)
    else:
        seat = limb([(-0.62, 0.6), (-0.52, 0.4), (-0.25, 0.38)], [0.1, 0.12, 0.1])
        drawing.fill(seat, IRON, importance=1.2)
        wheel_column = polyline((0.12, 0.2), (-0.02, 0.48))
        drawing.line(wheel_column, IRON, 0.05, importance=1.1)
        drawing.line(polyline((-0.14, 0.42), (0.08, 0.54)), IRON, 0.06, importance=1.1)
    bonnet = closed_curve((-0.6, 0.18), (0.05, 0.22), (0.7, 0.22), (0.8, 0.02), (0.77, -0.2),
                          (-0.5, -0.2), samples=5)  # fmt: skip
    drawing.fill(bonnet, colour, "body")
    drawing.fill(rectangle(0.5, 0.4, 0.09, 0.36), IRON, importance=1.1)  # exhaust pipe
    for k in range(3):
        x = 0.45 + 0.08 * k
        drawing.line(polyline((x, 0.14), (x, -0.1)), trim, 0.02, importance=0.5)
    _wheel(drawing, -0.45, -0.15, drawing.vary(0.43, 0.06))
    _wheel(drawing, 0.56, -0.33, drawing.vary(0.23, 0.06))


# ---- two wheels


@toy(
    "bicycle", "vehicle",
    "man-made", "vehicle", "wheels", "strings", "metal", "handle", "moving parts", "round",
)  # fmt: skip
def bicycle(drawing: Drawing) -> None:
    """Draw a bicycle: two spoked wheels, the triangles of the frame, saddle and handlebar."""
    colour = drawing.colour(*PAINT)
    radius = drawing.vary(0.39, 0.05)
    hub_height = -0.3
    rear, front = (-0.56, hub_height), (0.56, hub_height)
    pedals, saddle, head = (-0.12, -0.33), (-0.25, 0.2), (0.38, drawing.uniform(0.2, 0.28))
    tyre = drawing.colour("black", "dark gray", "brown", "beige")
    _spoked_wheel(drawing, *rear, radius, tyre)
    _spoked_wheel(drawing, *front, radius, tyre)
    step_through = drawing.chance(0.3)  # a frame without the top tube
    tubes = [(rear, pedals), (rear, saddle), (pedals, saddle), (pedals, head), (front, head)]
    if step_through:
        lower_head = (head[0] + 0.03, head[1] - 0.14)
        tubes.append(((-0.17, -0.1), lower_head))
    else:
        tubes.append((saddle, head))
    for start, stop in tubes:
        drawing.line(polyline(start, stop), colour, 0.065, importance=1.3)
    drawing.line(polyline(saddle, (-0.29, 0.35)), colour, 0.065, importance=1.2)
    seat = closed_curve((-0.47, 0.39), (-0.3, 0.44), (-0.12, 0.37), (-0.3, 0.33), samples=5)
    drawing.fill(seat, (40, 36, 36), importance=1.3)
    drawing.fill(ellipse(*pedals, 0.08, samples=14), (90, 90, 90), importance=0.8)
    _handlebar(drawing, head)


def _handlebar(drawing: Drawing, head: tuple[float, float]) -> None:
    """Add a straight, a swept or a racing handlebar, the straight one at times with a basket."""
    x, y = head
    kind = drawing.pick("straight", "swept", "racing")
    if kind == "racing":
        bar = open_curve(head, (x - 0.03, y + 0.16), (x + 0.14, y + 0.2), (x + 0.2, y + 0.06),
                         (x + 0.1, y), samples=5)  # fmt: skip
    elif kind == "swept":
        bar = open_curve(head, (x - 0.04, y + 0.2), (x - 0.14, y + 0.26), (x - 0.3, y + 0.22),
                         samples=5)  # fmt: skip
    else:
        bar = open_curve(head, (x - 0.04, y + 0.2), (x + 0.04, y + 0.26), (x + 0.16, y + 0.2),
                         samples=5)  # fmt: skip
        if drawing.chance(0.6):
            basket = polygon((x + 0.1, y + 0.16), (x + 0.44, y + 0.16), (x + 0.38, y - 0.1),
                             (x + 0.16, y - 0.1))  # fmt: skip
            drawing.fill(basket, drawing.colour("tan", "wood", "gray"), importance=0.95)
    drawing.line(bar, IRON, 0.06, importance=1.3)


@toy(
    "motorcycle", "vehicle",
    "man-made", "vehicle", "wheels", "metal", "handle", "moving parts", "round", "dangerous", "big",
)  # fmt: skip
def motorcycle(drawing: Drawing) -> None:
    """Draw a motorcycle: fat wheels, engine, fuel tank, long seat, exhaust, raked fork."""
    colour = drawing.colour(*PAINT)
    radius = drawing.vary(0.33, 0.05)
    for x in (-0.6, 0.64):
        drawing.fill(ellipse(x, -0.25, radius, samples=28), RUBBER, importance=1.4)
        drawing.fill(ellipse(x, -0.25, radius * 0.62, samples=18), STEEL, importance=1.0, flat=True)
        drawing.fill(ellipse(x, -0.25, 0.06, samples=10), IRON, importance=0.6, flat=True)
    racer = drawing.chance(0.4)
    fork_top = (0.36, 0.3) if racer else (0.3, 0.36)
    drawing.line(polyline((0.64, -0.25), fork_top), (150, 150, 155), 0.075, importance=1.3)
    mudguard = ellipse(0.64, -0.25, radius + 0.03, radius + 0.03, samples=12, start=40, stop=130)
    drawing.line(mudguard, colour, 0.07, importance=0.9)
    engine = closed_curve((-0.36, -0.06), (-0.26, -0.34), (0.2, -0.34), (0.28, -0.02), (0.0, 0.06))
    drawing.fill(engine, (105, 108, 112), importance=1.1)
    for y in (-0.1, -0.2):
        drawing.line(polyline((-0.18, y), (0.14, y)), IRON, 0.03, importance=0.5)
    exhaust = limb([(0.05, -0.3), (-0.5, -0.34), (-0.92, -0.26)], [0.07, 0.1, 0.12])
    drawing.fill(exhaust, (170, 172, 176), importance=1.0)
    tank = closed_curve((-0.12, 0.08), (-0.02, 0.28), (0.2, 0.31), (0.36, 0.2), (0.26, 0.05))
    drawing.fill(tank, colour, importance=1.3)
    tail = 0.36 if racer else 0.2  # a racer's seat rises behind the rider
    seat = closed_curve((-0.8, tail - 0.06), (-0.5, 0.13), (-0.12, 0.1), (-0.08, 0.21),
                        (-0.4, 0.26), (-0.76, tail + 0.06))  # fmt: skip
    drawing.fill(seat, (45, 40, 40), importance=1.3)
    if racer:  # a fairing with a screen
        fairing = closed_curve((0.24, 0.06), (0.26, 0.36), (0.48, 0.5), (0.62, 0.24), (0.5, -0.02))
        drawing.fill(fairing, colour, importance=1.2)
        screen = polygon((0.3, 0.38), (0.4, 0.62), (0.52, 0.42))
        drawing.fill(screen, drawing.colour("glass", "sky"), importance=1.0)
    else:
        bar = open_curve(fork_top, (0.24, 0.52), (0.12, 0.54), (0.0, 0.46), samples=5)
        drawing.line(bar, (50, 50, 50), 0.065, importance=1.3)
        drawing.fill(ellipse(0.42, 0.32, 0.1, samples=16), (240, 230, 180), importance=1.1)


@toy(
    "wheelchair", "vehicle",
    "man-made", "vehicle", "furniture", "wheels", "strings", "handle", "metal", "moving parts",
    "round", "upright",
)  # fmt: skip
def wheelchair(drawing: Drawing) -> None:
    """Draw a wheelchair: big spoked wheel, caster, seat, back with push handle, footrest."""
    frame = drawing.colour("gray", "black", "red", "blue", "silver", "dark gray")
    cloth = drawing.colour("black", "navy", "blue", "maroon", "green", "dark gray", "purple")
    lean = drawing.uniform(0.04, 0.16)
    top = drawing.uniform(0.72, 0.92)
    radius = drawing.vary(0.5, 0.06)
    hub = (-0.14, -0.42)
    back_foot, back_top = (-0.42, 0.08), (-0.42 - lean, top)

    # Push handle, front post, footrest and caster are behind the big wheel.
    handle = polyline((back_top[0] - 0.3, top - 0.02), (back_top[0], top + 0.02))
    drawing.line(handle, (45, 42, 42), 0.095, importance=1.5)
    knee, ankle = (0.42, 0.06), (drawing.uniform(0.56, 0.66), -0.72)
    drawing.line(polyline(knee, ankle), frame, 0.065, importance=1.4)
    footrest = rectangle(ankle[0] + 0.13, ankle[1], 0.36, 0.1, 0.03)
    drawing.fill(footrest, darker(frame, 0.8), importance=1.5)
    drawing.line(polyline((0.34, 0.0), (0.32, -0.68)), frame, 0.055, importance=1.0)
    caster = drawing.vary(0.15, 0.1)
    drawing.fill(ellipse(0.34, -0.92 + caster, caster, samples=18), RUBBER, importance=1.5)
    drawing.fill(ellipse(0.34, -0.92 + caster, caster * 0.4, samples=10), STEEL, importance=0.6)

    back = limb([back_foot, back_top], [0.15, 0.14])
    drawing.fill(back, cloth, importance=1.4)
    drawing.fill(limb([(-0.46, 0.06), (0.42, 0.06)], [0.15, 0.15]), cloth, importance=1.4)
    elbow = (-0.46, 0.4)
    if drawing.chance(0.4):  # a clothing guard below the armrest
        guard = polygon((-0.42, 0.36), (0.22, 0.36), (0.22, 0.12), (-0.42, 0.12))
        drawing.fill(guard, lighter(cloth, 0.25), importance=0.9)
    arm = polyline(elbow, (0.24, 0.4), (0.28, 0.1))
    drawing.line(arm, frame, 0.065, importance=1.3)

    _spokes(drawing, *hub, radius, drawing.pick(3, 4, 6), 0.02, (140, 142, 148))
    drawing.line(ring(*hub, radius), RUBBER, 0.075, importance=1.5)
    if drawing.chance(0.6):
        drawing.line(ring(*hub, radius * 0.8), STEEL, 0.03, importance=0.7)
    drawing.fill(ellipse(*hub, 0.07, samples=12), IRON, importance=0.9)


# ---- rails and war


@toy(
    "locomotive", "vehicle",
    "man-made", "vehicle", "wheels", "windows", "metal", "big", "hot", "moving parts", "long",
    pretrain_only=True,
)  # fmt: skip
def locomotive(drawing: Drawing) -> None:
    """Draw a steam locomotive: cab, boiler, chimney with smoke, cowcatcher."""
    colour = drawing.colour(*PAINT)
    trim = darker(colour, 0.75)
    drawing.fill(rectangle(-0.62, 0.2, 0.5, 0.75), colour, "cab")
    drawing.fill(rectangle(-0.62, 0.62, 0.64, 0.1, 0.03), trim)
    drawing.fill(rectangle(-0.62, 0.36, 0.28, 0.27), drawing.colour("glass", "sky"), importance=1.1)
    boiler = drawing.colour("black", "dark gray", "green", "red")
    drawing.fill(rectangle(0.15, 0.08, 1.1, 0.44, 0.12), boiler, importance=1.2)
    if drawing.chance():  # a funnel that widens, or a straight chimney
        chimney = polygon((0.47, 0.28), (0.38, 0.62), (0.72, 0.62), (0.63, 0.28))
    else:
        chimney = rectangle(0.52, 0.45, 0.2, 0.36)
    drawing.fill(chimney, (50, 48, 50), importance=1.3)
    drawing.fill(ellipse(0.1, 0.32, 0.11, 0.13, samples=16), drawing.colour("gold"), importance=1.0)
    for x in (-0.15, 0.3):
        drawing.line(polyline((x, 0.28), (x, -0.12)), trim, 0.03, importance=0.6)
    drawing.fill(polygon((0.7, -0.15), (1.0, -0.42), (0.6, -0.42)), trim, importance=1.1)
    drawing.fill(rectangle(-0.05, -0.18, 1.6, 0.1), (60, 55, 55), importance=0.9)
    for x, radius in ((-0.6, 0.2), (-0.15, 0.2), (0.25, 0.15), (0.55, 0.15)):
        _wheel(drawing, x, -0.42 + radius, radius)
    _smoke(drawing, 0.5, 0.74, drawing.pick(2, 3, 4))


@toy(
    "tank", "vehicle",
    "man-made", "vehicle", "weapon", "wheels", "metal", "big", "dangerous", "shell", "green",
    "moving parts",
)  # fmt: skip
def tank(drawing: Drawing) -> None:
    """Draw a tank: gun, turret and hull above a track with its road wheels."""
    colour = drawing.colour("olive", "dark green", "tan", "gray", "dark gray", "beige")
    lift = drawing.uniform(0.26, 0.46)  # height of the muzzle
    gun = limb([(0.2, 0.26), (0.6, (0.26 + lift) / 2), (1.08, lift)], [0.13, 0.11, 0.1])
    drawing.fill(gun, darker(colour, 0.85), importance=1.5)
    if drawing.chance(0.5):
        drawing.fill(rectangle(1.07, lift, 0.14, 0.17, 0.03), darker(colour, 0.7), importance=1.1)
    if drawing.chance(0.6):  # a cast, rounded turret
        turret = closed_curve((-0.5, 0.08), (-0.4, 0.42), (0.15, 0.45), (0.36, 0.1), samples=6)
    else:
        turret = polygon((-0.55, 0.1), (-0.42, 0.44), (0.2, 0.44), (0.42, 0.1))
    drawing.fill(turret, colour, "turret")
    drawing.fill(rectangle(-0.12, 0.47, 0.3, 0.1, 0.03), darker(colour, 0.8), importance=0.9)
    if drawing.chance(0.4):
        drawing.line(polyline((-0.38, 0.4), (-0.46, 0.86)), IRON, 0.03, importance=0.9)
    hull = polygon((-0.85, 0.12), (0.78, 0.12), (0.97, -0.08), (-0.95, -0.08))
    drawing.fill(hull, colour, "hull")
    drawing.fill(rectangle(0, -0.25, 1.9, 0.42, 0.21), (58, 56, 50), importance=1.5)
    count = drawing.pick(4, 5, 6)
    pitch = 1.42 / (count - 1)
    for k in range(count):
        x, radius = -0.71 + pitch * k, min(0.15, 0.46 * pitch)
        drawing.fill(ellipse(x, -0.25, radius, samples=16), (125, 122, 108), importance=1.25)


@toy(
    "cannon", "weapon",
    "man-made", "weapon", "wheels", "metal", "wooden", "big", "dangerous", "strings", "long",
)  # fmt: skip
def cannon(drawing: Drawing) -> None:
    """Draw a field gun on one big spoked wheel, or a ship's gun on its stepped carriage."""
    barrel = drawing.colour("dark gray", "black", "gold", "gray", "olive")
    wood = drawing.colour("brown", "wood", "red", "green", "dark gray")
    if drawing.chance(0.7):
        _field_gun(drawing, barrel, wood)
    else:
        _ship_gun(drawing, barrel, wood)
    if drawing.chance(0.35):  # a heap of balls
        for x, y in ((0.62, -0.6), (0.86, -0.6), (0.74, -0.4)):
            drawing.fill(ellipse(x, y, 0.12, samples=14), (52, 52, 56), importance=1.0)


def _barrel(drawing: Drawing, colour: Colour, x: float, y: float, tilt: float) -> None:
    """Add a muzzle-loader's barrel that turns about (x, y): thick breech, knob, swollen muzzle."""
    knob = ellipse(x - 0.88, y, 0.1, samples=12)
    drawing.fill(rotate(knob, tilt, (x, y)), colour, importance=1.2)
    outline = np.array([(-0.74, 0.22), (-0.82, 0.0), (-0.74, -0.22), (0.0, -0.18), (0.78, -0.13),
                        (0.82, 0.0), (0.78, 0.13), (0.0, 0.18)]) + [x, y]  # fmt: skip
    tube = rotate(closed_curve(*outline, samples=5), tilt, (x, y))
    drawing.fill(tube, colour, importance=1.5)
    muzzle = rotate(rectangle(x + 0.82, y, 0.15, 0.4, 0.04), tilt, (x, y))
    drawing.fill(muzzle, darker(colour, 0.8), importance=1.4)
    for along, half in ((-0.5, 0.2), (0.45, 0.15)):
        band = polyline((x + along, y - half), (x + along, y + half))
        drawing.line(rotate(band, tilt, (x, y)), darker(colour, 0.6), 0.04, importance=0.6)


def _field_gun(drawing: Drawing, barrel: Colour, wood: Colour) -> None:
    """Add a gun whose trail rests on the ground behind a big wheel."""
    radius = drawing.vary(0.42, 0.06)
    trail = polygon((-0.2, -0.06), (-1.0, -0.64), (-0.9, -0.78), (0.1, -0.3))
    drawing.fill(trail, wood, importance=1.2)
    _barrel(drawing, barrel, 0.0, 0.08, drawing.uniform(5, 25))
    drawing.fill(ellipse(0, -0.3, radius), wood, importance=1.5)
    inside = ellipse(0, -0.3, radius * 0.76, samples=28)
    drawing.fill(inside, lighter(wood, 0.5), importance=1.2, flat=True)
    for angle in np.arange(4) * (math.pi / 4) + 0.2:
        dx, dy = radius * 0.76 * math.cos(angle), radius * 0.76 * math.sin(angle)
        spoke = polyline((-dx, -0.3 - dy), (dx, -0.3 + dy))
        drawing.line(spoke, darker(wood, 0.7), 0.05, importance=1.0)
    drawing.fill(ellipse(0, -0.3, 0.09, samples=14), (60, 50, 45), importance=0.9)


def _ship_gun(drawing: Drawing, barrel: Colour, wood: Colour) -> None:
    """Add a gun on a low carriage with steps at the back and two small solid wheels."""
    _barrel(drawing, barrel, 0.0, 0.1, drawing.uniform(0, 14))
    carriage = polygon((-0.8, -0.42), (-0.8, -0.22), (-0.5, -0.22), (-0.5, -0.04), (-0.2, -0.04),
                       (-0.2, 0.12), (0.34, 0.12), (0.34, -0.42))  # fmt: skip
    drawing.fill(carriage, wood, importance=1.5)
    for x in (-0.55, 0.16):
        drawing.fill(ellipse(x, -0.46, 0.18, samples=20), darker(wood, 0.7), importance=1.4)
        drawing.fill(ellipse(x, -0.46, 0.06, samples=10), IRON, importance=0.8)
