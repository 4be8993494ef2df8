"""Buildings, and their doors and windows: walls, roofs and openings, seen from the front.

Roof lines tell the classes apart: battlements, a spire, sails, a stack of storeys.
"""

from __future__ import annotations

import math

import numpy as np

from zsbir_lib.datasets.toybox.drawing import Drawing
from zsbir_lib.datasets.toybox.geometry import (
    Points,
    closed_curve,
    ellipse,
    open_curve,
    polygon,
    polyline,
    rectangle,
)
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

WALL = ("cream", "brick", "beige", "white", "sky", "yellow", "light gray")
ROOF = ("brick", "dark gray", "brown", "maroon", "dark green")
DOOR = ("brown", "red", "dark green", "navy")
PANE = (90, 110, 140)
BAR = (230, 230, 225)


def _arch(x: float, foot: float, width: float, height: float) -> Points:
    """Return the outline of an opening with a round top, standing at `foot`."""
    radius = width / 2
    top = ellipse(x, foot + height - radius, radius, samples=12, start=0, stop=180)
    return polygon(*top[::2], top[-1], (x - radius, foot), (x + radius, foot))


def _cross_window(drawing: Drawing, x: float, y: float, width: float, height: float) -> None:
    """Add a window of four panes."""
    drawing.fill(rectangle(x, y, width, height), PANE, importance=1.0)
    drawing.line(polyline((x, y - height / 2), (x, y + height / 2)), BAR, 0.022, importance=0.6)
    drawing.line(polyline((x - width / 2, y), (x + width / 2, y)), BAR, 0.022, importance=0.6)


def _smoke(drawing: Drawing, x: float, y: float) -> None:
    """Add a curl of smoke that rises from (x, y)."""
    curl = open_curve((x, y), (x + 0.09, y + 0.12), (x - 0.04, y + 0.22), (x + 0.1, y + 0.36),
                      (x + 0.02, y + 0.48), samples=5)  # fmt: skip
    drawing.line(curl, (215, 215, 220), 0.07, importance=1.0)


# ---- houses of God, of kings and of woodcutters


@toy(
    "cabin", "building",
    "man-made", "building", "wooden", "windows", "boxy", "striped", "big", "wild", "hot",
)  # fmt: skip
def cabin(drawing: Drawing) -> None:
    """Draw a log cabin: logs whose round ends stick out, gable roof, chimney with smoke."""
    log = drawing.colour("brown", "wood", "tan", "dark brown")
    roof = drawing.colour("dark brown", "dark green", "maroon", "dark gray", "gray", "white")
    from_the_side = drawing.chance(0.45)
    half = drawing.vary(0.72, 0.06)
    floor, eaves = -0.75, drawing.uniform(-0.05, 0.03)
    ridge = eaves + drawing.uniform(0.5, 0.68)
    chimney_x = drawing.uniform(0.32, 0.44)
    stone = drawing.colour("gray", "light gray", "brick")
    if drawing.chance(0.75):
        _smoke(drawing, chimney_x, ridge + 0.14)
    chimney = rectangle(chimney_x, (eaves + ridge + 0.1) / 2, 0.2, ridge + 0.1 - eaves)
    drawing.fill(chimney, stone, importance=1.4)
    if not from_the_side:
        gable = polygon((-half, eaves), (0, ridge), (half, eaves))
        drawing.fill(gable, darker(log, 0.9), importance=1.0)
    _log_wall(drawing, log, half, floor, eaves)
    if from_the_side:  # the slope of the roof faces us
        slope = polygon((-half - 0.22, eaves - 0.04), (-half + 0.08, ridge), (half - 0.08, ridge),
                        (half + 0.22, eaves - 0.04))  # fmt: skip
        drawing.fill(slope, roof, importance=1.5)
    else:
        thickness, low = 0.15, eaves - 0.12
        boards = polygon((-half - 0.2, low), (0, ridge), (half + 0.2, low),
                         (half + 0.2, low + thickness), (0, ridge + thickness * 1.15),
                         (-half - 0.2, low + thickness))  # fmt: skip
        drawing.fill(boards, roof, importance=1.5)
        if drawing.chance(0.5):
            attic = (eaves + ridge) / 2 - 0.06
            drawing.fill(ellipse(0, attic, 0.11, samples=14), PANE, importance=1.0)
    door_x = drawing.uniform(-0.3, -0.2)
    door = rectangle(door_x, floor + 0.23, 0.3, 0.46)
    drawing.fill(door, drawing.colour("dark brown", "red", "dark green"), importance=1.5)
    _cross_window(drawing, 0.28, floor + 0.36, 0.3, 0.26)


def _log_wall(drawing: Drawing, log: Colour, half: float, floor: float, eaves: float) -> None:
    """Stack logs from the floor to the eaves; their round ends stick out at both corners."""
    count = drawing.pick(4, 5)
    height = (eaves - floor) / count
    middles = floor + height * (np.arange(count) + 0.5)
    for k, y in enumerate(middles):
        shade = log * (0.92 if k % 2 else 1.05)
        drawing.fill(rectangle(0, y, 2 * half, height * 1.06), shade, "wall")
    for y in middles[1:] - height / 2:
        groove = polyline((-half, y), (half, y))
        drawing.line(groove, darker(log, 0.5), 0.03, importance=1.15)
    for y in middles:
        for side in (-1, 1):
            end = ellipse(side * (half + 0.04), y, height * 0.52, height * 0.46, samples=14)
            drawing.fill(end, lighter(log, 0.35), importance=1.3)


@toy(
    "church", "building",
    "man-made", "building", "windows", "pointed", "upright", "big", "boxy",
)  # fmt: skip
def church(drawing: Drawing) -> None:
    """Draw a church: a nave and a tower whose spire carries a cross."""
    wall, roof, door = drawing.colour(*WALL), drawing.colour(*ROOF), drawing.colour(*DOOR)
    spire = drawing.uniform(0.82, 1.0)
    if drawing.chance(0.6):
        _church_side(drawing, wall, roof, door, spire)
    else:
        _church_front(drawing, wall, roof, door, spire)


def _cross(drawing: Drawing, x: float, y: float) -> None:
    """Add a cross that stands on (x, y)."""
    gold = (95, 80, 55)
    drawing.line(polyline((x, y - 0.08), (x, y + 0.34)), gold, 0.06, importance=1.5)
    drawing.line(polyline((x - 0.13, y + 0.2), (x + 0.13, y + 0.2)), gold, 0.06, importance=1.5)


def _church_side(drawing: Drawing, wall: Colour, roof: Colour, door: Colour, spire: float) -> None:
    """Add a tower on the left and the long side of the nave on the right."""
    x = -0.45
    _cross(drawing, x, spire)
    drawing.fill(rectangle(x, -0.1, 0.44, 1.0), wall, importance=1.5)
    drawing.fill(polygon((x - 0.29, 0.38), (x, spire), (x + 0.29, 0.38)), roof, importance=1.5)
    drawing.fill(rectangle(0.3, -0.32, 1.1, 0.58), wall, importance=1.5)
    nave = polygon((-0.26, -0.03), (-0.08, 0.3), (0.72, 0.3), (0.94, -0.03))
    drawing.fill(nave, roof, importance=1.5)
    for window_x in (0.05, 0.35, 0.65):
        drawing.fill(_arch(window_x, -0.46, 0.18, 0.32), (90, 120, 160), importance=1.1)
    drawing.fill(_arch(x, -0.6, 0.24, 0.38), door, importance=1.3)
    drawing.fill(ellipse(x, 0.15, 0.1, samples=16), (100, 120, 160), importance=1.1)


def _church_front(drawing: Drawing, wall: Colour, roof: Colour, door: Colour, spire: float) -> None:
    """Add a nave seen from its end, with the tower in the middle."""
    _cross(drawing, 0, spire + 0.12)
    for side in (-1, 1):
        aisle = polygon((side * 0.2, -0.6), (side * 0.2, 0.16), (side * 0.72, -0.1),
                        (side * 0.72, -0.6))  # fmt: skip
        drawing.fill(aisle, darker(wall, 0.92), importance=1.5)
        slope = polygon((side * 0.2, 0.28), (side * 0.82, -0.06), (side * 0.82, -0.18),
                        (side * 0.2, 0.14))  # fmt: skip
        drawing.fill(slope, roof, importance=1.3)
        drawing.fill(_arch(side * 0.47, -0.46, 0.17, 0.32), (90, 120, 160), importance=1.1)
    drawing.fill(rectangle(0, -0.08, 0.48, 1.04), wall, importance=1.5)
    steeple = polygon((-0.3, 0.42), (0, spire + 0.12), (0.3, 0.42))
    drawing.fill(steeple, roof, importance=1.5)
    drawing.fill(_arch(0, -0.6, 0.28, 0.44), door, importance=1.4)
    drawing.fill(ellipse(0, 0.12, 0.12, samples=16), (100, 120, 160), importance=1.2)


@toy(
    "castle", "building",
    "man-made", "building", "big", "boxy", "windows", "pointed",
)  # fmt: skip
def castle(drawing: Drawing) -> None:
    """Draw a castle: battlements, two towers that may have pointed roofs, a gate, a keep."""
    stone = drawing.colour("gray", "light gray", "tan", "beige", "pink", "sky")
    drawing.fill(rectangle(0, -0.3, 1.1, 0.7), stone, "walls")
    _battlements(drawing, stone, 0, 0.1, 1.1, 5)
    height = drawing.uniform(0.4, 0.52)  # of the towers' top
    roofs = drawing.chance(0.4)
    roof = drawing.colour("red", "blue", "maroon", "dark green", "navy")
    for x in (-0.68, 0.68):
        tower = rectangle(x, (height - 0.65) / 2, 0.38, height + 0.65)
        drawing.fill(tower, stone, "walls")
        if roofs:
            cone = polygon((x - 0.27, height - 0.03), (x, height + 0.5), (x + 0.27, height - 0.03))
            drawing.fill(cone, roof, importance=1.5)
        else:
            _battlements(drawing, stone, x, height, 0.42, 3)
        drawing.fill(rectangle(x, 0.1, 0.1, 0.22), (60, 60, 70), importance=1.0)
    if drawing.chance(0.7):  # a keep with a flag
        drawing.line(polyline((0, 0.62), (0, 1.05)), (80, 60, 50), 0.04, importance=1.0)
        flag = polygon((0, 1.05), (0.28, 0.95), (0, 0.85))
        drawing.fill(flag, drawing.colour("red", "blue", "yellow"), importance=1.0)
        drawing.fill(rectangle(0, 0.25, 0.4, 0.6), stone, "walls")
        _battlements(drawing, stone, 0, 0.6, 0.44, 3)
    drawing.fill(_arch(0, -0.65, 0.38, 0.5), (75, 55, 45), importance=1.5)
    if drawing.chance(0.5):  # a portcullis
        for x in (-0.09, 0.03):
            drawing.line(polyline((x, -0.64), (x, -0.2)), (150, 140, 130), 0.025, importance=0.6)


def _battlements(
    drawing: Drawing, stone: Colour, x: float, y: float, width: float, count: int
) -> None:
    """Put `count` merlons on top of a wall whose upper edge is at height `y`."""
    for k in range(count):
        left = x - width / 2 + width * (k + 0.5) / count
        merlon = rectangle(left, y, width / count * 0.58, 0.2)
        drawing.fill(merlon, stone, "walls", importance=1.5)


@toy(
    "skyscraper", "building",
    "man-made", "building", "windows", "glass", "upright", "long", "boxy", "big", "metal",
)  # fmt: skip
def skyscraper(drawing: Drawing) -> None:
    """Draw a tower block: set-backs, a slanted top or a spire, and many rows of windows."""
    colour = drawing.colour("glass", "sky", "gray", "light gray", "navy", "teal", "tan")
    width = drawing.vary(0.6, 0.1)
    shape = drawing.pick("set back", "slanted", "spire")
    if shape == "set back":
        drawing.line(polyline((0, 0.85), (0, 1.2)), (100, 100, 104), 0.05, importance=1.3)
        drawing.fill(rectangle(0, 0.75, width * 0.55, 0.3), colour, "block")
        drawing.fill(rectangle(0, -0.1, width, 1.5), colour, "block")
        if drawing.chance(0.5):  # a lower wing on each side
            drawing.fill(rectangle(0, -0.5, width * 1.5, 0.7), colour, "block")
    elif shape == "slanted":
        block = polygon((-width / 2, -0.85), (-width / 2, 0.62), (width / 2, 0.95),
                        (width / 2, -0.85))  # fmt: skip
        drawing.fill(block, colour, "block")
    else:
        drawing.fill(rectangle(0, -0.1, width, 1.5), colour, "block")
        crown = polygon((-width / 2, 0.64), (-width * 0.3, 0.84), (0, 1.25), (width * 0.3, 0.84),
                        (width / 2, 0.64))  # fmt: skip
        drawing.fill(crown, colour, "block")
    rows, columns = drawing.pick(5, 6, 7), drawing.pick(2, 3)
    lit = drawing.chance(0.35)
    pane = np.array([250.0, 225.0, 130.0]) if lit else darker(colour, 0.5)
    for y in np.linspace(0.5, -0.7, rows):
        for x in np.linspace(-0.3, 0.3, columns) * width:
            window = rectangle(x, y, width * 0.56 / columns, 0.1)
            drawing.fill(window, pane, importance=1.1, flat=True)


@toy(
    "windmill", "building",
    "man-made", "building", "moving parts", "branching", "windows", "upright", "wooden", "big",
    "blade",
)  # fmt: skip
def windmill(drawing: Drawing) -> None:
    """Draw a windmill: a tapered tower and four sails."""
    wall, roof, door = drawing.colour(*WALL), drawing.colour(*ROOF), drawing.colour(*DOOR)
    foot = drawing.uniform(0.36, 0.46)
    tower = polygon((-foot, -0.95), (-0.24, 0.25), (0.24, 0.25), (foot, -0.95))
    drawing.fill(tower, wall, importance=1.5)
    if drawing.chance(0.7):
        cap = closed_curve((-0.28, 0.22), (-0.22, 0.44), (0, 0.56), (0.22, 0.44), (0.28, 0.22),
                           samples=5)  # fmt: skip
    else:
        cap = polygon((-0.31, 0.22), (0, 0.62), (0.31, 0.22))
    drawing.fill(cap, roof, importance=1.4)
    drawing.fill(_arch(0, -0.94, 0.24, 0.4), door, importance=1.2)
    _cross_window(drawing, 0, -0.3, 0.18, 0.2)
    _sails(drawing, (0.0, 0.3), drawing.uniform(0, 90))


def _sails(drawing: Drawing, hub: tuple[float, float], first: float) -> None:
    """Add four sails about `hub`: each a spar with a board along one side of it."""
    cloth = drawing.colour("beige", "cream", "white", "tan")
    width = drawing.uniform(0.2, 0.26)
    middle = np.array(hub)
    for angle in np.radians(first + 90 * np.arange(4)):
        along = np.array([math.cos(angle), math.sin(angle)])
        across = np.array([-along[1], along[0]])
        board = polygon(middle + along * 0.16, middle + along * 0.9,
                        middle + along * 0.9 + across * width,
                        middle + along * 0.22 + across * width)  # fmt: skip
        drawing.fill(board, cloth, importance=1.5)
        rib = polyline(middle + along * 0.55, middle + along * 0.55 + across * width)
        drawing.line(rib, (150, 125, 95), 0.022, importance=0.5)
        drawing.line(polyline(middle, middle + along * 0.94), (110, 80, 60), 0.045, importance=1.0)
    drawing.fill(ellipse(*hub, 0.08, samples=12), (90, 70, 50), importance=0.9)


@toy(
    "tent", "building",
    "man-made", "building", "soft", "pointed", "strings", "striped", "wild",
    pretrain_only=True,
)  # fmt: skip
def tent(drawing: Drawing) -> None:
    """Draw a ridge tent with an open flap and guy ropes."""
    colour = drawing.colour("orange", "green", "blue", "yellow", "red", "tan")
    top = drawing.vary(0.55, 0.1)
    side = polygon((-0.95, -0.5), (-0.15, top), (0.5, top - 0.05), (1.0, -0.42), (0.35, -0.55))
    drawing.fill(side, darker(colour, 0.75), importance=1.5)
    front = polygon((-0.95, -0.5), (-0.15, top), (0.35, -0.55))
    drawing.fill(front, colour, importance=1.5)
    flap = polygon((-0.45, -0.53), (-0.15, top - 0.15), (0.02, -0.54))
    drawing.fill(flap, (60, 45, 40), importance=1.3)
    for peg, corner in (((-1.15, -0.62), (-0.95, -0.5)), ((1.2, -0.52), (1.0, -0.42))):
        drawing.line(polyline(corner, peg), (90, 80, 70), 0.03, importance=0.9)


@toy(
    "pagoda", "building",
    "man-made", "building", "pointed", "upright", "wooden", "big", "curved",
    pretrain_only=True,
)  # fmt: skip
def pagoda(drawing: Drawing) -> None:
    """Draw a tower of storeys, each under a roof with upturned corners."""
    wall = drawing.colour("red", "brick", "maroon", "cream", "white")
    roof = drawing.colour("dark green", "dark gray", "teal", "brown")
    storeys = drawing.pick(3, 4)
    step = 1.68 / storeys
    drawing.line(polyline((0, 0.8), (0, 1.12)), (120, 90, 40), 0.05, importance=1.2)
    for k in range(storeys):
        width = (0.5 - 0.28 * k / storeys) * 1.3
        drawing.fill(rectangle(0, -0.7 + step * k, width, step * 0.75), wall, importance=1.1)
    for k in range(storeys):
        y, half = -0.92 + step * (k + 1), 0.85 - 0.56 * k / storeys
        outline = closed_curve((-half, y + 0.06), (-half * 0.75, y - 0.05),
                               (half * 0.75, y - 0.05), (half, y + 0.06), (half * 0.5, y + 0.13),
                               (0.1, y + 0.24), (-0.1, y + 0.24), (-half * 0.5, y + 0.13),
                               samples=4)  # fmt: skip
        drawing.fill(outline, roof, importance=1.4)
    drawing.fill(rectangle(0, -0.75, 0.2, 0.28), (60, 40, 35), importance=1.0)


# ---- openings


@toy(
    "door", "building part",
    "man-made", "wooden", "handle", "boxy", "upright", "moving parts", "big", "buttons",
)  # fmt: skip
def door(drawing: Drawing) -> None:
    """Draw a door in its frame: shut, arched, or ajar."""
    frame = drawing.colour("white", "cream", "brown", "gray", "wood", "dark brown")
    leaf = drawing.colour("brown", "red", "dark green", "navy", "white", "wood", "teal", "blue")
    kind = drawing.pick("shut", "shut", "arched", "ajar")
    if kind == "shut":
        _shut_door(drawing, frame, leaf)
    elif kind == "arched":
        _arched_door(drawing, frame, leaf)
    else:
        _open_door(drawing, frame, leaf)


def _doorstep(drawing: Drawing) -> None:
    """Draw a step in front of a door."""
    drawing.fill(rectangle(0, -1.02, 1.3, 0.1), drawing.colour("gray", "light gray", "tan"))


def _knob(drawing: Drawing, x: float, y: float) -> None:
    """Draw the knob of a door."""
    drawing.fill(ellipse(x, y, 0.075, samples=14), drawing.colour("gold", "silver", "black"),
                 importance=1.5)  # fmt: skip


def _shut_door(drawing: Drawing, frame: Colour, leaf: Colour) -> None:
    """Add a panelled door: two or three rows of panels, or a pane above them."""
    _doorstep(drawing)
    drawing.fill(rectangle(0, 0, 1.14, 1.96), frame, importance=1.5)
    drawing.fill(rectangle(0, -0.07, 0.88, 1.8), leaf, importance=1.5)
    panel = darker(leaf, 0.75)
    glazed = drawing.chance(0.3)
    rows = [(-0.52, 0.62), (0.42, 0.62)] if glazed else drawing.pick(
        [(-0.52, 0.62), (0.4, 0.62)], [(-0.62, 0.4), (-0.06, 0.4), (0.52, 0.4)]
    )  # fmt: skip
    for y, height in rows:
        if glazed and y > 0:
            drawing.fill(rectangle(0, y, 0.64, height), drawing.colour("glass", "sky"),
                         importance=1.3)  # fmt: skip
            drawing.line(polyline((0, y - height / 2), (0, y + height / 2)), leaf, 0.04, 0.9)
            continue
        for x in (-0.2, 0.2):
            drawing.fill(rectangle(x, y, 0.27, height), panel, importance=1.25)
    _knob(drawing, 0.36, -0.12)


def _arched_door(drawing: Drawing, frame: Colour, leaf: Colour) -> None:
    """Add a heavy door of planks under a round arch, with iron straps."""
    _doorstep(drawing)
    drawing.fill(_arch(0, -0.98, 1.2, 2.0), frame, importance=1.5)
    drawing.fill(_arch(0, -0.97, 0.92, 1.84), leaf, importance=1.5)
    for x in (-0.2, 0.1):
        drawing.line(polyline((x, -0.95), (x, 0.72)), darker(leaf, 0.55), 0.03, importance=1.1)
    for y in (-0.55, 0.35):
        strap = rectangle(-0.17, y, 0.56, 0.1)
        drawing.fill(strap, (60, 58, 60), importance=1.15)
    _knob(drawing, 0.32, -0.1)


def _open_door(drawing: Drawing, frame: Colour, leaf: Colour) -> None:
    """Add a door that swings towards the viewer: a dark opening and a slanted leaf."""
    drawing.fill(rectangle(0, 0, 1.14, 1.96), frame, importance=1.5)
    drawing.fill(rectangle(0, -0.07, 0.88, 1.8), drawing.colour("black", "navy", "flame"),
                 importance=1.5)  # fmt: skip
    edge = drawing.uniform(0.05, 0.25)
    swing = polygon((-0.44, 0.83), (edge, 0.66), (edge, -1.18), (-0.44, -0.97))
    drawing.fill(swing, leaf, importance=1.5)
    reach = edge + 0.44
    for low, high in ((-0.86, -0.2), (0.0, 0.58)):
        left, right = -0.44 + 0.22 * reach, -0.44 + 0.74 * reach
        panel = polygon((left, high + 0.02), (right, high - 0.05), (right, low - 0.06),
                        (left, low + 0.0))  # fmt: skip
        drawing.fill(panel, darker(leaf, 0.75), importance=1.2)
    _knob(drawing, edge - 0.09, -0.12)


@toy(
    "window", "building part",
    "man-made", "windows", "glass", "boxy", "moving parts", "big",
)  # fmt: skip
def window(drawing: Drawing) -> None:
    """Draw a window: frame, crossbars and sill, with curtains, with shutters, or arched."""
    frame = drawing.colour("white", "brown", "cream", "wood", "dark green", "gray")
    glass = drawing.colour("sky", "glass", "navy", "blue")
    kind = drawing.pick("plain", "curtains", "shutters", "arched")
    half_width = drawing.uniform(0.46, 0.56) if kind == "shutters" else drawing.uniform(0.6, 0.78)
    if kind == "arched":
        drawing.fill(_arch(0, -0.82, 2 * half_width, 1.75), frame, importance=1.5)
        pane = _arch(0, -0.7, 2 * half_width - 0.24, 1.5)
    else:
        drawing.fill(rectangle(0, 0, 2 * half_width, 1.7), frame, importance=1.5)
        pane = rectangle(0, 0, 2 * half_width - 0.22, 1.48)
    drawing.fill(pane, glass, importance=1.5, flat=True)
    inner = half_width - 0.11
    if kind == "curtains":
        _curtains(drawing, inner)
    _crossbars(drawing, frame, inner, kind == "arched")
    if kind == "shutters":
        _shutters(drawing, half_width)
    sill = rectangle(0, -0.88, 2 * half_width + 0.3, 0.14)
    drawing.fill(sill, darker(frame, 0.85), importance=1.4)
    if drawing.chance(0.25) and kind != "arched":
        _flower_box(drawing, half_width)


def _crossbars(drawing: Drawing, frame: Colour, inner: float, arched: bool) -> None:
    """Divide the pane into four or six."""
    bar = darker(frame, 0.9)
    top = 0.78 if arched else 0.74
    upright = polyline((0, -0.72), (0, top))
    drawing.line(upright, bar, 0.09, importance=1.5)
    for y in drawing.pick([0.05], [0.05], [-0.22, 0.28]):
        drawing.line(polyline((-inner, y), (inner, y)), bar, 0.09, importance=1.5)


def _curtains(drawing: Drawing, inner: float) -> None:
    """Gather a curtain to each side."""
    colour = drawing.colour("red", "pink", "yellow", "green", "cream", "purple", "orange")
    for side in (-1, 1):
        curtain = polygon((side * 0.08, 0.74), (side * inner * 0.72, -0.05),
                          (side * inner * 0.62, -0.74), (side * inner, -0.74),
                          (side * inner, 0.74))  # fmt: skip
        drawing.fill(curtain, colour, importance=1.3)


def _shutters(drawing: Drawing, half_width: float) -> None:
    """Hang an open shutter with slats on each side."""
    colour = drawing.colour("green", "blue", "red", "brown", "teal", "dark green")
    for side in (-1, 1):
        x = side * (half_width + 0.23)
        drawing.fill(rectangle(x, 0, 0.42, 1.7), colour, importance=1.5)
        for y in (-0.5, -0.17, 0.17, 0.5):
            slat = polyline((x - 0.14, y), (x + 0.14, y))
            drawing.line(slat, darker(colour, 0.6), 0.04, importance=0.9)


def _flower_box(drawing: Drawing, half_width: float) -> None:
    """Stand a box of flowers on the sill."""
    for x in np.linspace(-0.8, 0.8, 5) * half_width:
        flower = ellipse(x, -0.62, 0.13, samples=12)
        drawing.fill(flower, drawing.colour("red", "pink", "yellow", "green"), importance=1.0)
    box = rectangle(0, -0.82, 1.9 * half_width, 0.26)
    drawing.fill(box, drawing.colour("wood", "brown", "brick"), importance=1.3)
