"""Four-legged animals: one body plan, seen from the side, makes nineteen of the classes.

`Quadruped` holds the proportions and says which ears, tail, horns and coat an animal wears;
`Animal` is one individual in its pose: walking, sitting or grazing, in profile or with its face
turned to the viewer. Hedgehog, rabbit and mouse crouch, and have drawings of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from zsbir_lib.datasets.toybox.drawing import Drawing
from zsbir_lib.datasets.toybox.geometry import (
    Points,
    blob,
    closed_curve,
    ellipse,
    limb,
    open_curve,
    polygon,
    polyline,
    rotate,
)
from zsbir_lib.datasets.toybox.palette import PALETTE, Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import register, toy

FAMILY = "quadruped"
SOOT = (38, 34, 34)

Point = tuple[float, float]


@dataclass(frozen=True)
class Quadruped:
    """Proportions and parts of a kind of animal that faces right.

    Lengths are in drawing units, angles in degrees above the direction that the animal faces.

    Attributes
    ----------
    colours, leg_colours
        Names of the palette; legs have the colour of the body unless told.
    dark_face
        Whether the head has the colour of the legs.
    body_length, body_height
        Size of the trunk.
    withers, belly
        How far the shoulders bulge up and the belly hangs down, as a fraction of the height.
    humps
        Humps of a camel, 0 to 2.
    leg_length, leg_width
        Legs, below the trunk.
    neck_length, neck_angle, neck_width
        From the shoulder to the middle of the head.
    head
        Half-axes of the skull.
    snout
        Length, width and angle of the snout; ignored with a trunk.
    ear, ear_size
        Draws one ear; its size.
    tail, tail_length, tail_angle
        Draws the tail; 0 degrees stretches it straight back, -90 lets it hang.
    coat, collar, mane, horns, face
        Draw the pattern on the trunk, a mane behind the head, a mane on the neck, what grows on
        the head, and details of the face.
    trunk
        Whether the animal is an elephant.
    frontal, sits, grazes
        How often the face is turned to the viewer, the animal sits, or lowers its head.
    """

    colours: tuple[str, ...] = ("brown",)
    leg_colours: tuple[str, ...] = ()
    dark_face: bool = False
    body_length: float = 1.0
    body_height: float = 0.42
    withers: float = 0.0
    humps: int = 0
    belly: float = 0.0
    leg_length: float = 0.42
    leg_width: float = 0.12
    neck_length: float = 0.25
    neck_angle: float = 45.0
    neck_width: float = 0.22
    head: tuple[float, float] = (0.17, 0.14)
    snout: tuple[float, float, float] = (0.16, 0.10, -20.0)
    ear: Callable[[Drawing, Point, float, int, Colour], None] | None = None
    ear_size: float = 0.13
    tail: Callable[[Drawing, Animal, Point, float], None] | None = None
    tail_length: float = 0.45
    tail_angle: float = -50.0
    coat: Callable[[Drawing, Animal], None] | None = None
    collar: Callable[[Drawing, Animal], None] | None = None
    mane: Callable[[Drawing, Animal], None] | None = None
    horns: Callable[[Drawing, Animal], None] | None = None
    face: Callable[[Drawing, Animal], None] | None = None
    trunk: bool = False
    frontal: float = 0.0
    sits: float = 0.0
    grazes: float = 0.0


@dataclass(slots=True)
class Animal:
    """One animal in its pose: the measures that its parts hang on.

    Attributes
    ----------
    plan
        The kind of animal.
    colour, leg_colour, head_colour
        Of the body, the legs and the head.
    length, height
        Size of the trunk.
    sitting, frontal
        The pose of the trunk, and whether the face is turned to the viewer.
    shoulder, head, nose
        Where the neck begins, the middle of the head, the tip of the snout.
    head_rx, head_ry
        Half-axes of the head.
    snout_width
        At the tip.
    snout_angle
        Radians above the horizontal.
    """

    plan: Quadruped
    colour: Colour
    leg_colour: Colour
    head_colour: Colour
    length: float
    height: float
    sitting: bool
    frontal: bool
    shoulder: Point
    head: Point
    nose: Point
    head_rx: float
    head_ry: float
    snout_width: float
    snout_angle: float

    def on_trunk(self, along: float, across: float) -> Point:
        """Return a point of the trunk: both coordinates run from -0.5 to 0.5, head and back up."""
        if not self.sitting:
            return along * self.length, across * self.height
        # A sitting trunk stands at about 62 degrees; the belly is drawn in by the front legs.
        x, y = 0.95 * along, 0.50 * across
        return (0.47 * x - 0.88 * y - 0.10) * self.length, (
            0.88 * x + 0.47 * y - 0.10
        ) * self.length

    def on_neck(self, along: float, across: float) -> Point:
        """Return a point of the neck: 0 to 1 from shoulder to head, -0.5 to 0.5 across it."""
        (x0, y0), (x1, y1) = self.shoulder, self.head
        length = math.hypot(x1 - x0, y1 - y0) + 1e-6
        shift = across * self.plan.neck_width / length
        return x0 + (x1 - x0) * along - (y1 - y0) * shift, y0 + (y1 - y0) * along + (
            x1 - x0
        ) * shift

    def on_head(self, across: float, up: float) -> Point:
        """Return a point of the head: -1 and 1 are the ends of its half-axes."""
        return self.head[0] + across * self.head_rx, self.head[1] + up * self.head_ry


def pose(drawing: Drawing, plan: Quadruped) -> Animal:
    """Choose the pose and the measures of one animal."""
    sitting = drawing.chance(plan.sits)
    frontal = drawing.chance(plan.frontal)
    grazing = not sitting and not frontal and drawing.chance(plan.grazes)
    length, height = drawing.vary(plan.body_length, 0.08), drawing.vary(plan.body_height, 0.08)
    neck_angle = plan.neck_angle + drawing.uniform(-9, 9)
    snout_length, snout_width, snout_angle = plan.snout
    snout_angle += drawing.uniform(-10, 10)
    shoulder = (0.40 * length, 0.20 * height)
    if sitting:
        neck_angle, shoulder = 62 + drawing.uniform(-9, 9), (0.10 * length, 0.27 * length)
    elif grazing:
        neck_angle, snout_angle = drawing.uniform(-40, -20), -65 + drawing.uniform(-10, 10)
    reach = drawing.vary(plan.neck_length) + 0.12
    a, b = math.radians(neck_angle), math.radians(snout_angle)
    head = (shoulder[0] + reach * math.cos(a), shoulder[1] + reach * math.sin(a))
    rx, ry = drawing.vary(plan.head[0], 0.06), drawing.vary(plan.head[1], 0.06)
    if frontal:
        # A face seen from the front is as wide as high, and larger than its profile.
        rx = ry = 1.25 * max(rx, ry)
    tip = 0.6 * rx + snout_length
    nose = (head[0] + tip * math.cos(b), head[1] + tip * math.sin(b))
    colour = drawing.colour(*plan.colours)
    legs = drawing.colour(*plan.leg_colours) if plan.leg_colours else colour
    return Animal(
        plan, colour, legs, legs if plan.dark_face else colour, length, height, sitting, frontal,
        shoulder, head, nose, rx, ry, snout_width, b,
    )  # fmt: skip


def draw_quadruped(drawing: Drawing, plans: tuple[Quadruped, ...]) -> None:
    """Draw an animal of one of the `plans`, from the far legs to the near ear."""
    plan = drawing.pick(*plans)
    animal = pose(drawing, plan)
    if animal.sitting:
        _sitting_trunk(drawing, animal)
    else:
        _standing_trunk(drawing, animal)
    if plan.collar:
        plan.collar(drawing, animal)
    if not animal.frontal or not animal.sitting:
        _neck(drawing, animal)
    if plan.coat:
        plan.coat(drawing, animal)
    if plan.mane:
        plan.mane(drawing, animal)
    if animal.frontal:
        _frontal_head(drawing, animal)
    else:
        _profile_head(drawing, animal)


# ---- trunk and legs
_CAMEL_BACKS = {
    1: [(-0.24, 0.50), (-0.03, 1.25), (0.17, 0.50)],
    2: [(-0.26, 0.50), (-0.15, 1.10), (-0.02, 0.55), (0.13, 1.10), (0.25, 0.50)],
}


def _leg(
    drawing: Drawing, animal: Animal, x: float, stride: float, colour: Colour, group: str
) -> None:
    """Draw a leg that leaves the trunk at `x` and stands `stride` in front of that."""
    plan = animal.plan
    top = -0.15 * animal.height
    length, width = drawing.vary(plan.leg_length), drawing.vary(plan.leg_width)
    ground = top - 0.3 * animal.height - length
    knee = (x + 0.4 * stride + 0.02, ground + 0.55 * length)
    foot = (x + stride, ground + 0.3 * width)
    path = [(x, top), knee, foot]
    drawing.fill(limb(path, (1.8 * width, 1.05 * width, 0.9 * width), samples=5), colour, group)
    left, right = foot[0] - 0.5 * width, foot[0] + 0.5 * width
    hoof = closed_curve(
        (left, ground + 0.35 * width), (right, ground + 0.35 * width),
        (right + 0.25 * width, ground - 0.01), (left, ground - 0.01), samples=4,
    )  # fmt: skip
    drawing.fill(hoof, darker(colour), group, 0.5)


def _standing_trunk(drawing: Drawing, animal: Animal) -> None:
    """Draw legs, tail and trunk of a standing or walking animal."""
    plan, colour, legs = animal.plan, animal.colour, animal.leg_colour
    hind, fore = -0.38 * animal.length, 0.36 * animal.length
    stride_hind = drawing.uniform(-0.22, 0.22) * plan.leg_length
    stride_fore = drawing.uniform(-0.22, 0.22) * plan.leg_length
    _leg(drawing, animal, hind + 0.12, -stride_hind, darker(legs, 0.72), "leg 1")
    _leg(drawing, animal, fore - 0.10, -stride_fore, darker(legs, 0.72), "leg 2")
    if plan.tail:
        root = (-0.48 * animal.length, 0.20 * animal.height)
        plan.tail(drawing, animal, root, plan.tail_angle + drawing.uniform(-15, 15))
    back = [(-0.12, 0.45 + 0.9 * plan.withers), (0.15, 0.43 + 0.5 * plan.withers)]
    back = _CAMEL_BACKS.get(plan.humps, back)
    outline = np.array([
        (-0.50, 0.05), (-0.40, 0.46), *back, (0.40, 0.50), (0.50, 0.08),
        (0.40, -0.42), (0.0, -0.48 - plan.belly), (-0.36, -0.40),
    ]) * (animal.length, animal.height)  # fmt: skip
    drawing.fill(closed_curve(*outline, samples=6), colour, "body")
    _leg(drawing, animal, hind, stride_hind, legs, "body")
    _leg(drawing, animal, fore, stride_fore, legs, "body")


def _sitting_trunk(drawing: Drawing, animal: Animal) -> None:
    """Draw an animal that sits upright on its haunches, front legs straight."""
    plan, colour, size = animal.plan, animal.colour, animal.length
    ground = -0.62 * size
    if plan.tail:
        plan.tail(drawing, animal, (-0.38 * size, -0.50 * size), drawing.uniform(-5, 35))
    far = [(0.16 * size, 0.0), (0.26 * size, -0.3 * size), (0.28 * size, ground + 0.05 * size)]
    drawing.fill(limb(far, (0.2 * size, 0.13 * size), samples=4), darker(colour, 0.72), "leg 1")
    # Rump, back, shoulder, chest, belly.
    trunk = [
        (-0.36, -0.62), (-0.46, -0.34), (-0.33, 0.02), (-0.12, 0.32), (0.10, 0.42),
        (0.24, 0.24), (0.26, -0.08), (0.14, -0.40), (0.02, -0.62),
    ]  # fmt: skip
    drawing.fill(closed_curve(*(np.array(trunk) * size), samples=5), colour, "body")
    near = [(0.10 * size, 0.06 * size), (0.17 * size, -0.3 * size), (0.17 * size, ground)]
    drawing.fill(limb(near, (0.24 * size, 0.15 * size, 0.13 * size), samples=5), colour, "body")
    drawing.fill(ellipse(0.22 * size, ground, 0.11 * size, 0.06 * size, samples=14), colour, "body")
    haunch = ellipse(-0.20 * size, -0.38 * size, 0.23 * size, 0.25 * size, 15, samples=24)
    drawing.fill(haunch, darker(colour, 0.95), None, 0.85)
    paw = ellipse(-0.06 * size, ground, 0.17 * size, 0.065 * size, samples=16)
    drawing.fill(paw, darker(colour, 0.9), None, 0.8)


def _neck(drawing: Drawing, animal: Animal) -> None:
    """Draw the neck, in one piece with the trunk unless a collar parts them."""
    plan = animal.plan
    (x0, y0), (x1, y1) = animal.shoulder, animal.head
    base = 0.75 * animal.height if not animal.sitting else 0.36 * animal.length
    start = (x0 - 0.1 * animal.length, y0 - 0.05)
    middle = ((x0 + x1) / 2 - 0.01, (y0 + y1) / 2 + 0.01)
    widths = (base, 1.25 * plan.neck_width, plan.neck_width)
    group = "head" if plan.collar else "body"
    drawing.fill(limb([start, middle, (x1, y1)], widths, samples=5), animal.colour, group)


# ---- heads
def _profile_head(drawing: Drawing, animal: Animal) -> None:
    """Draw the head from the side: far ear, horns, snout and skull, near ear, eye, mouth."""
    plan, colour = animal.plan, animal.head_colour
    group = "head" if plan.collar or plan.dark_face else "body"
    (x, y), (nose_x, nose_y) = animal.head, animal.nose
    if plan.ear and not plan.trunk:
        plan.ear(drawing, animal.on_head(0.05, 0.6), plan.ear_size, 1, darker(colour, 0.8))
    if plan.horns:
        plan.horns(drawing, animal)
    if not plan.trunk:
        path = [(x, y), ((x + nose_x) / 2, (y + nose_y) / 2), (nose_x, nose_y)]
        cheek = (1.3 * animal.head_ry + animal.snout_width) / 2 + 0.02
        widths = (1.6 * animal.head_ry, cheek, 1.1 * animal.snout_width)
        drawing.fill(limb(path, widths, samples=4), colour, group)
    tilt = math.degrees(animal.snout_angle) * 0.6
    skull = ellipse(x, y, animal.head_rx, animal.head_ry, tilt, samples=24)
    drawing.fill(skull, colour, group)
    if plan.face:
        plan.face(drawing, animal)
    if plan.ear:
        where = animal.on_head(0.1 if plan.trunk else -0.45, 0.0 if plan.trunk else 0.6)
        plan.ear(drawing, where, drawing.vary(plan.ear_size), -1, darker(colour, 0.88))
    if not plan.trunk:
        width = animal.snout_width
        nostril = ellipse(nose_x + 0.2 * width, nose_y + 0.2 * width, 0.04, 0.033, samples=12)
        drawing.fill(nostril, SOOT, None, 0.6, True)
        back = plan.snout[0] * 0.45 * math.cos(animal.snout_angle) + 0.04
        mouth = open_curve(
            (nose_x + 0.1 * width, nose_y - 0.28 * width), (nose_x - back, nose_y - 0.2 * width),
            samples=4,
        )  # fmt: skip
        drawing.line(mouth, darker(colour, 0.35), 0.02, 0.4)
    drawing.eye(*animal.on_head(0.3, 0.25), 0.03)


def _frontal_head(drawing: Drawing, animal: Animal) -> None:
    """Draw the face that looks at the viewer: two ears, skull, muzzle, eyes, nose."""
    plan, colour = animal.plan, animal.colour
    rx, ry = animal.head_rx, animal.head_ry
    if plan.ear:
        size = drawing.vary(plan.ear_size) * 1.1
        for side in (-1, 1):
            plan.ear(drawing, animal.on_head(0.62 * side, 0.62), size, side, darker(colour, 0.88))
    drawing.fill(ellipse(*animal.head, rx, 0.95 * ry, samples=28), colour, "head")
    if plan.face:
        plan.face(drawing, animal)
    muzzle = ellipse(*animal.on_head(0, -0.45), 0.48 * rx, 0.40 * ry, samples=20)
    drawing.fill(muzzle, lighter(colour, 0.45), None, 0.75)
    for side in (-1, 1):
        drawing.eye(*animal.on_head(0.40 * side, 0.15), 0.15 * rx)
    nose = polygon(*(animal.on_head(u, v) for u, v in ((-0.17, -0.2), (0.17, -0.2), (0, -0.42))))
    drawing.fill(nose, SOOT, None, 0.85, True)
    mouth = open_curve(
        *(animal.on_head(u, v) for u, v in ((-0.28, -0.60), (-0.1, -0.68), (0, -0.45),
                                            (0.1, -0.68), (0.28, -0.60))), samples=3,
    )  # fmt: skip
    drawing.line(mouth, SOOT, 0.02, 0.6)


# ---- ears: drawn upright at `base`, then leaned outwards; `side` is -1 for the left, or near, one
def _placed(shape: Points, base: Point, lean: float, side: int) -> Points:
    """Lean an upright shape by `lean` degrees to its side and move it to `base`."""
    return rotate(shape, -side * lean) + base


def _pointed_ear(drawing: Drawing, base: Point, size: float, side: int, colour: Colour) -> None:
    """Draw a triangle, as of a cat."""
    shape = polygon((-0.5 * size, -0.15 * size), (0, size), (0.5 * size, -0.15 * size))
    drawing.fill(_placed(shape, base, 14, side), colour, None, 0.95)


def _round_ear(drawing: Drawing, base: Point, size: float, side: int, colour: Colour) -> None:
    """Draw a round ear, as of a bear."""
    ear = ellipse(base[0] + 0.2 * side * size, base[1] + 0.35 * size, 0.62 * size, samples=18)
    drawing.fill(ear, colour, None, 0.95)


def _leaf_ear(drawing: Drawing, base: Point, size: float, side: int, colour: Colour) -> None:
    """Draw a narrow ear that stands out sideways, as of a cow."""
    shape = closed_curve(
        (-0.16 * size, -0.1), (-0.32 * size, 0.55 * size), (0, 1.15 * size),
        (0.32 * size, 0.55 * size), (0.16 * size, -0.1), samples=4,
    )  # fmt: skip
    drawing.fill(_placed(shape, base, 58 if side < 0 else 35, side), colour, None, 0.9)


def _floppy_ear(drawing: Drawing, base: Point, size: float, side: int, colour: Colour) -> None:
    """Draw an ear that hangs down, as of a hound."""
    x, y = base
    path = [
        (x, y + 0.02),
        (x + 0.42 * side * size, y - 0.35 * size),
        (x + 0.3 * side * size, y - size),
    ]
    drawing.fill(limb(path, (0.08, 0.7 * size, 0.10), samples=5), darker(colour, 0.75), None, 0.95)


def _elephant_ear(drawing: Drawing, base: Point, size: float, side: int, colour: Colour) -> None:
    """Draw the huge ear that covers neck and shoulder."""
    outline = np.array(
        [(0, 0.75), (-0.7, 1.15), (-1.45, 0.5), (-1.35, -0.75), (-0.7, -1.05), (-0.1, -0.25)]
    )
    drawing.fill(closed_curve(*(outline * size + base), samples=6), darker(colour, 0.9), None, 1.0)


# ---- tails: from `root`, `angle` degrees above straight back
def _thin_tail(drawing: Drawing, animal: Animal, root: Point, angle: float) -> None:
    """Draw a plain tail, curved up at the end."""
    (x, y), length = root, drawing.vary(animal.plan.tail_length, 0.15)
    a, b = math.radians(180 - angle), math.radians(150 - angle)
    middle = (x + 0.55 * length * math.cos(a), y + 0.55 * length * math.sin(a))
    tip = (middle[0] + 0.5 * length * math.cos(b), middle[1] + 0.5 * length * math.sin(b))
    drawing.fill(limb([(x + 0.05, y), middle, tip], (0.10, 0.075, 0.055), samples=6), animal.colour,
                 "tail", 1.0)  # fmt: skip


def _straight_tail(drawing: Drawing, animal: Animal, root: Point, angle: float) -> Point:
    """Draw a thin tail without a tip, and return where it ends."""
    (x, y), length = root, drawing.vary(animal.plan.tail_length, 0.15)
    a = math.radians(180 - angle)
    dx, dy = length * math.cos(a), length * math.sin(a)
    path = [(x + 0.05, y), (x + 0.5 * dx - 0.04, y + 0.4 * dy), (x + dx, y + dy)]
    drawing.fill(limb(path, (0.07, 0.05, 0.045), samples=5), animal.colour, "tail")
    return x + dx, y + dy


def _tufted_tail(drawing: Drawing, animal: Animal, root: Point, angle: float) -> None:
    """Draw a thin tail with a tuft of hair, as of a cow or a lion."""
    x, y = _straight_tail(drawing, animal, root, angle)
    tuft = ellipse(x, y, 0.06, 0.10, 90 - angle, samples=14)
    drawing.fill(tuft, darker(animal.colour, 0.5), None, 0.9)


def _bushy_tail(drawing: Drawing, animal: Animal, root: Point, angle: float) -> None:
    """Draw a thick brush, with a light tip."""
    (x, y), length = root, drawing.vary(animal.plan.tail_length, 0.12)
    a = math.radians(180 - angle)
    dx, dy = length * math.cos(a), length * math.sin(a)
    path = [(x + 0.06, y), (x + 0.5 * dx, y + 0.5 * dy + 0.05), (x + dx, y + dy)]
    drawing.fill(limb(path, (0.08, 0.24, 0.07), samples=6), animal.colour, "tail", 1.0)
    tip = limb([(x + 0.8 * dx, y + 0.8 * dy + 0.02), (x + dx, y + dy)], (0.15, 0.07), samples=4)
    drawing.fill(tip, lighter(animal.colour, 0.75), None, 0.7)


def _ringed_tail(drawing: Drawing, animal: Animal, root: Point, angle: float) -> None:
    """Draw the thick banded tail of a raccoon."""
    (x, y), length = root, drawing.vary(animal.plan.tail_length, 0.1)
    a = math.radians(180 - angle)
    dx, dy = math.cos(a), math.sin(a)
    widths, light = (0.14, 0.24, 0.24, 0.12), lighter(animal.colour, 0.45)
    path = [(x + 0.06, y), (x + 0.5 * length * dx, y + 0.5 * length * dy),
            (x + length * dx, y + length * dy)]  # fmt: skip
    drawing.fill(limb(path, widths, samples=6), light, "tail", 1.0)
    for k in range(4):
        t, half = length * (0.22 + 0.24 * k), 0.105 if k < 3 else 0.075
        px, py = x + t * dx, y + t * dy
        bar = [(px - half * dy, py + half * dx), (px + half * dy, py - half * dx)]
        drawing.fill(limb(bar, (0.085, 0.085), samples=3), SOOT, None, 0.95, True)


def _horse_tail(drawing: Drawing, animal: Animal, root: Point, angle: float) -> None:
    """Draw a fall of long hair."""
    (x, y), length = root, drawing.vary(animal.plan.tail_length, 0.15)
    a = math.radians(180 - angle)
    dx, dy = length * math.cos(a), length * math.sin(a)
    path = [(x + 0.06, y), (x + 0.4 * dx - 0.04, y + 0.35 * dy), (x + 0.7 * dx, y + dy)]
    drawing.fill(limb(path, (0.09, 0.16, 0.06), samples=6), darker(animal.colour, 0.45), "tail")


def _stub_tail(drawing: Drawing, animal: Animal, root: Point, angle: float) -> None:
    """Draw a short tuft."""
    tail = ellipse(root[0] - 0.01, root[1] + 0.02, 0.10, 0.07, 30, samples=16)
    drawing.fill(tail, lighter(animal.colour, 0.2), "tail", 0.9)


def _curly_tail(drawing: Drawing, animal: Animal, root: Point, angle: float) -> None:
    """Draw the corkscrew of a pig."""
    t = np.linspace(0, 9, 20)
    x, y = root[0] - 0.02 - 0.014 * t, root[1] + 0.03
    curl = np.stack([x - 0.03 + 0.075 * np.cos(t), y + 0.075 * np.sin(t)], axis=1)
    drawing.line(curl, darker(animal.colour, 0.7), 0.04, 1.1)


# ---- coats
def _zebra_stripes(drawing: Drawing, animal: Animal) -> None:
    """Draw dark bands around trunk and neck."""
    for k in range(7):
        along = -0.40 + 0.13 * k + drawing.uniform(-0.02, 0.02)
        stripe = open_curve(
            animal.on_trunk(along, 0.42), animal.on_trunk(along + 0.03, 0.1),
            animal.on_trunk(along - 0.01, -0.30), samples=4,
        )  # fmt: skip
        drawing.line(stripe, SOOT, 0.055, 0.95)
    for along in (0.3, 0.55, 0.8):
        stripe = polyline(animal.on_neck(along, 0.5), animal.on_neck(along, -0.45))
        drawing.line(stripe, SOOT, 0.05, 0.9)


def _tiger_stripes(drawing: Drawing, animal: Animal) -> None:
    """Draw short bands that come down from the back and up from the belly."""
    for k in range(6):
        along = -0.40 + 0.15 * k + drawing.uniform(-0.02, 0.02)
        depth = drawing.uniform(-0.1, 0.12)
        stripe = [animal.on_trunk(along, 0.42), animal.on_trunk(along + 0.03, depth)]
        drawing.fill(limb(stripe, (0.075, 0.02), samples=4), SOOT, None, 0.95, True)
    for k in range(4):
        along = -0.26 + 0.16 * k + drawing.uniform(-0.02, 0.02)
        stripe = [animal.on_trunk(along, -0.40), animal.on_trunk(along - 0.02, -0.1)]
        drawing.fill(limb(stripe, (0.065, 0.02), samples=4), SOOT, None, 0.8, True)


def _spot(drawing: Drawing, x: float, y: float, radius: float) -> Points:
    """Return an uneven round outline."""
    t = np.arange(6) * (math.pi / 3)
    radii = radius * (0.75 + 0.45 * drawing.rng.random(6))
    return closed_curve(*np.stack([x + radii * np.cos(t), y + radii * np.sin(t)], 1), samples=3)


def _cow_patches(drawing: Drawing, animal: Animal) -> None:
    """Draw the udder, and a few large patches; some cows have none."""
    x, y = animal.on_trunk(-0.16, -0.52)
    udder = [(-0.13, 0.06), (-0.11, -0.07), (-0.07, -0.14), (-0.03, -0.08), (0.02, -0.14),
             (0.06, -0.07), (0.12, 0.06)]  # fmt: skip
    outline = closed_curve(*((x + dx, y + dy) for dx, dy in udder), samples=3)
    drawing.fill(outline, lighter(drawing.colour("pink", "skin"), 0.2), None, 0.95)
    if drawing.chance(0.2):
        return
    colour = drawing.colour("black", "dark brown", "rust")
    for along in (-0.30, -0.02, 0.27):
        x, y = animal.on_trunk(along + drawing.uniform(-0.06, 0.06), drawing.uniform(-0.12, 0.3))
        drawing.fill(_spot(drawing, x, y, drawing.uniform(0.09, 0.15)), colour, None, 0.75, True)


def _giraffe_net(drawing: Drawing, animal: Animal) -> None:
    """Draw the large patches of a giraffe, on trunk and neck."""
    colour = darker(PALETTE["brown"], 0.85)
    for row, across in enumerate((0.28, 0.02, -0.22)):
        for k in range(4):
            along = -0.36 + 0.22 * k + 0.08 * (row % 2) + drawing.uniform(-0.02, 0.02)
            patch = _spot(drawing, *animal.on_trunk(along, across), 0.07)
            drawing.fill(patch, colour, None, 0.55, True)
    for k in range(6):
        x, y = animal.on_neck(0.25 + 0.12 * k, 0.16 * (-1) ** k)
        patch = ellipse(x, y, 0.05, 0.04, drawing.uniform(0, 90), samples=8)
        drawing.fill(patch, colour, None, 0.7, True)


def _fawn_spots(drawing: Drawing, animal: Animal) -> None:
    """Draw light dots along the flank of about half of the deer."""
    if drawing.chance(0.5):
        return
    colour = lighter(animal.colour, 0.6)
    for k in range(8):
        x, y = animal.on_trunk(-0.36 + 0.1 * k, 0.22 - 0.2 * (k % 2))
        drawing.fill(ellipse(x, y, 0.03, samples=8), colour, None, 0.4, True)


def _wool(drawing: Drawing, animal: Animal) -> None:
    """Cover the trunk with a cloud of wool, curls on it."""
    rx, ry = 0.60 * animal.length, 0.70 * animal.height
    fleece = blob(-0.02, 0.04, rx, ry, drawing.pick(9, 10, 11), 0.17)
    drawing.fill(fleece, animal.colour, "wool", 1.0)
    for x, y in ((-0.6, 0.15), (-0.2, -0.3), (-0.1, 0.45), (0.25, 0.0), (0.5, 0.35)):
        t = np.linspace(0.3, 3.6, 7) + drawing.uniform(-0.5, 0.5)
        curl = np.stack([x * rx + 0.08 * np.cos(t), y * ry + 0.07 * np.sin(t)], axis=1)
        drawing.line(curl, darker(animal.colour, 0.72), 0.025, 0.7)


# ---- manes and horns
def _horse_mane(drawing: Drawing, animal: Animal) -> None:
    """Draw hair along the crest of the neck, and a forelock."""
    crest = [animal.on_neck(t, s) for t, s in ((-0.1, 0.35), (0.0, 1.0), (0.5, 0.95), (1.0, 0.75))]
    crest += [animal.on_head(0.25, 1.25), animal.on_head(0.05, 0.5)]
    crest += [animal.on_neck(t, s) for t, s in ((0.6, 0.1), (0.25, 0.15))]
    drawing.fill(closed_curve(*crest, samples=5), darker(animal.colour, 0.45), None, 0.95)


def _zebra_mane(drawing: Drawing, animal: Animal) -> None:
    """Draw the short upright brush of a zebra."""
    edge = [animal.on_neck(t, s) for t, s in ((0.1, 0.5), (0.15, 0.85), (0.6, 0.95), (1.0, 0.9))]
    edge += [animal.on_head(0.0, 0.9), animal.on_neck(0.6, 0.5)]
    drawing.fill(closed_curve(*edge, samples=4), SOOT, None, 0.9)


def _lion_mane(drawing: Drawing, animal: Animal) -> None:
    """Draw the shaggy collar behind the head."""
    x, y = animal.head
    radius = 0.22 + drawing.vary(0.85, 0.08) * animal.head_rx
    tufts = drawing.pick(9, 10, 11)
    centre = x if animal.frontal else x - 0.08
    mane = blob(centre, y - 0.02, radius, 1.08 * radius, tufts, 0.15)
    colour = darker(drawing.colour("brown", "rust", "dark brown"), 0.85)
    drawing.fill(mane, colour, None, 1.1)


def _cow_horns(drawing: Drawing, animal: Animal) -> None:
    """Draw two short horns curved upwards."""
    horn = drawing.colour("beige", "cream")
    for side in (-1, 1):
        x, y = animal.on_head(0.0, 0.7)
        path = [(x - 0.02, y), (x + 0.15 * side - 0.02, y + 0.10), (x + 0.17 * side, y + 0.25)]
        drawing.fill(limb(path, (0.09, 0.07, 0.03), samples=5), horn, None, 1.0)


def _goat_horns(drawing: Drawing, animal: Animal) -> None:
    """Draw horns swept back."""
    horn, (x, y), ry = drawing.colour("beige", "brown"), animal.head, animal.head_ry
    reach = drawing.vary(0.24, 0.15)
    for shift, shade in ((0.06, 0.75), (-0.02, 1.0)):
        path = [(x + shift, y + 0.6 * ry), (x + shift - 0.1, y + ry + reach),
                (x + shift - 0.38, y + ry + 0.6 * reach)]  # fmt: skip
        drawing.fill(limb(path, (0.10, 0.08, 0.03), samples=5), darker(horn, shade), None, 1.0)


def _giraffe_horns(drawing: Drawing, animal: Animal) -> None:
    """Draw the two knobbed pegs on the head."""
    for across in (-0.3, 0.25):
        x, y = animal.on_head(across, 0.6)
        peg = limb([(x, y), (x - 0.02, y + 0.17)], (0.045, 0.04, 0.07), samples=4)
        drawing.fill(peg, darker(animal.colour, 0.55), None, 1.0)


def _antlers(drawing: Drawing, animal: Animal) -> None:
    """Draw two branching antlers."""
    bone, tall = drawing.colour("beige", "tan"), drawing.vary(0.55, 0.12)
    tines = drawing.pick((0.4, 0.75), (0.3, 0.55, 0.8))
    for number, (across, lean) in enumerate(((-0.1, -0.15), (0.1, 0.11))):
        x, y = animal.on_head(across, 0.8)
        beam = [(x, y), (x + 1.8 * lean, y + 0.45 * tall), (x + 1.9 * lean, y + tall)]
        group = f"horn {number}"
        drawing.fill(limb(beam, (0.065, 0.055, 0.035), samples=5), bone, group, 1.0)
        for t in tines:
            start = (x + 1.8 * lean * min(1, 1.6 * t), y + tall * t)
            tip = (start[0] + 0.14 * math.copysign(1, lean), start[1] + 0.17)
            drawing.fill(limb([start, tip], (0.05, 0.03), samples=4), bone, group, 1.0)


def _moose_antlers(drawing: Drawing, animal: Animal) -> None:
    """Draw two broad antlers with fingers."""
    bone, (x, y), ry = drawing.colour("beige", "tan"), animal.head, animal.head_ry
    palm = np.array(
        [(-0.02, 0), (-0.25, 0.15), (-0.55, 0.45), (-0.34, 0.38), (-0.30, 0.60), (-0.17, 0.42),
         (-0.06, 0.60), (0.0, 0.40), (0.10, 0.48), (0.06, 0.18)]
    ) * drawing.vary(1.1, 0.08)  # fmt: skip
    far = palm * (-0.75, 0.95) + (x + 0.04, y + 0.75 * ry)
    drawing.fill(closed_curve(*far, samples=4), darker(bone, 0.75), None, 1.0)
    drawing.fill(closed_curve(*(palm + (x, y + 0.8 * ry)), samples=4), bone, None, 1.1)


def _rhinoceros_horns(drawing: Drawing, animal: Animal) -> None:
    """Draw the long horn on the nose and the short one behind it."""
    (x, y), width = animal.nose, animal.snout_width
    horn, tall = drawing.colour("beige", "light gray", "dark gray"), drawing.vary(0.5, 0.12)
    front = closed_curve(
        (x - 0.19, y + 0.25 * width), (x - 0.05, y + 0.6 * tall), (x + 0.09, y + tall),
        (x + 0.10, y + 0.5 * tall), (x + 0.08, y), samples=5,
    )  # fmt: skip
    drawing.fill(front, horn, None, 1.1)
    if drawing.chance(0.75):
        second = polygon(
            (x - 0.36, y + 0.6 * width), (x - 0.24, y + 0.36), (x - 0.17, y + 0.4 * width)
        )
        drawing.fill(second, darker(horn, 0.9), None, 0.95)


# ---- faces
def _whiskers(drawing: Drawing, animal: Animal) -> None:
    """Draw the whiskers of a cat."""
    if animal.frontal:
        for side in (-1, 1):
            for rise in (0.12, -0.2):
                start, end = (0.4 * side, -0.4 + 0.3 * rise), (1.45 * side, -0.35 + rise)
                line = polyline(animal.on_head(*start), animal.on_head(*end))
                drawing.line(line, darker(animal.colour, 0.4), 0.022, 0.8)
        return
    x, y = animal.nose
    for rise in (0.06, -0.06):
        line = polyline((x - 0.02, y - 0.02), (x - 0.24, y + rise - 0.02))
        drawing.line(line, darker(animal.colour, 0.4), 0.02, 0.75)


def _tiger_face(drawing: Drawing, animal: Animal) -> None:
    """Draw bars on brow and cheeks."""
    if animal.frontal:
        bars = [((0, 0.9), (0, 0.45)), ((-0.3, 0.85), (-0.2, 0.5)), ((0.3, 0.85), (0.2, 0.5))]
        for side in (-1, 1):
            for up in (0.05, -0.25):
                bars.append(((0.98 * side, up), (0.62 * side, up - 0.06)))
    else:
        bars = [
            ((-0.1, 0.95), (-0.05, 0.4)),
            ((-0.9, 0.2), (-0.4, 0.1)),
            ((-0.85, -0.2), (-0.3, -0.2)),
        ]
    for start, end in bars:
        path = [animal.on_head(*start), animal.on_head(*end)]
        drawing.fill(limb(path, (0.06, 0.025), samples=3), SOOT, None, 0.85, True)


def _raccoon_mask(drawing: Drawing, animal: Animal) -> None:
    """Draw the dark mask across the eyes, between light brows and cheeks."""
    light = lighter(animal.colour, 0.65)
    if animal.frontal:
        brow = [animal.on_head(-0.75, 0.38), animal.on_head(0, 0.3), animal.on_head(0.75, 0.38)]
        drawing.fill(limb(brow, (0.09, 0.07, 0.09), samples=4), light, None, 0.6, True)
        for side in (-1, 1):
            patch = [(0.12, 0.25), (0.5, 0.38), (1.0, -0.15), (0.7, -0.32), (0.25, -0.12)]
            outline = closed_curve(*(animal.on_head(side * u, v) for u, v in patch), samples=4)
            drawing.fill(outline, SOOT, None, 1.1, True)
            drawing.eye(*animal.on_head(0.40 * side, 0.15), 0.2 * animal.head_rx, (235, 230, 220))
        return
    cheek = [animal.on_head(u, v) for u, v in ((-0.7, -0.1), (0.3, 0.0), (0.8, -0.45), (0, -0.85))]
    drawing.fill(closed_curve(*cheek, samples=4), light, None, 0.5, True)
    mask = [(-0.6, -0.05), (-0.1, 0.45), (0.6, 0.4), (1.05, 0.0), (0.5, -0.2), (-0.1, -0.4)]
    outline = closed_curve(*(animal.on_head(u, v) for u, v in mask), samples=4)
    drawing.fill(outline, SOOT, None, 1.1, True)
    drawing.eye(*animal.on_head(0.3, 0.2), 0.05, (235, 230, 220))


def _pig_face(drawing: Drawing, animal: Animal) -> None:
    """Draw the disc of the snout, with nostrils."""
    (x, y), width, tilt = animal.nose, animal.snout_width, math.degrees(animal.snout_angle)
    disc = ellipse(x + 0.3 * width, y, 0.095, 0.72 * width, tilt, samples=18)
    drawing.fill(disc, lighter(drawing.colour("pink"), 0.1), None, 1.2)
    for rise in (0.26, -0.26):
        drawing.eye(x + 0.3 * width, y + rise * width, 0.033, (90, 40, 50))


def _beard(drawing: Drawing, animal: Animal) -> None:
    """Draw a beard below the chin."""
    (x, y), width = animal.nose, animal.snout_width
    beard = polygon((x - 0.15, y - 0.35 * width), (x - 0.07, y - 0.32), (x - 0.01, y - 0.4 * width))
    drawing.fill(beard, lighter(animal.colour, 0.25), None, 0.95)


def _tongue(drawing: Drawing, animal: Animal) -> None:
    """Let some dogs show their tongue."""
    if drawing.chance(0.5):
        return
    x, y = animal.on_head(0.1, -0.85) if animal.frontal else animal.nose
    tongue = limb([(x - 0.03, y - 0.03), (x, y - 0.18)], (0.07, 0.09), samples=4)
    drawing.fill(tongue, (215, 90, 100), None, 0.7)


def _elephant_face(drawing: Drawing, animal: Animal) -> None:
    """Draw the trunk, which hangs, reaches forward or is raised, and a tusk."""
    x, y = animal.on_head(0.6, 0.0)
    bend = drawing.pick(
        [(0.22, -0.20), (0.20, -0.55), (0.10, -0.80)],
        [(0.24, -0.20), (0.26, -0.52), (0.50, -0.68), (0.66, -0.52)],
        [(0.28, -0.18), (0.55, -0.08), (0.62, 0.25), (0.48, 0.48)],
    )
    path = [(x, y), *((x + dx, y + dy) for dx, dy in bend)]
    drawing.fill(limb(path, (0.28, 0.19, 0.13, 0.10), samples=5), animal.colour, "body", 1.0)
    if drawing.chance(0.8):
        tusk = [(x, y - 0.16), (x + 0.2, y - 0.34), (x + 0.38, y - 0.30)]
        drawing.fill(limb(tusk, (0.085, 0.07, 0.03), samples=5), (240, 235, 215), None, 1.0)


# ---- the plans
CAT = Quadruped(
    colours=("gray", "orange", "black", "tan", "white"),
    body_length=0.85, body_height=0.34, leg_length=0.34, leg_width=0.10,
    neck_length=0.10, neck_angle=50, neck_width=0.22, head=(0.20, 0.18), snout=(0.03, 0.12, -20),
    ear=_pointed_ear, ear_size=0.17, tail=_thin_tail, tail_length=0.62, tail_angle=50,
    face=_whiskers, frontal=0.85, sits=0.5,
)  # fmt: skip
DOG = Quadruped(
    colours=("tan", "brown", "dark brown", "white", "gray"),
    body_length=0.90, body_height=0.36, leg_length=0.42, leg_width=0.11,
    neck_length=0.18, neck_angle=50, neck_width=0.20, head=(0.17, 0.15), snout=(0.20, 0.14, -12),
    ear=_floppy_ear, ear_size=0.24, tail=_thin_tail, tail_length=0.40, tail_angle=45,
    face=_tongue, frontal=0.3, sits=0.4,
)  # fmt: skip
HORSE = Quadruped(
    colours=("brown", "dark brown", "black", "rust", "gray", "tan"),
    body_length=1.05, body_height=0.42, leg_length=0.62, leg_width=0.10,
    neck_length=0.42, neck_angle=52, neck_width=0.23, head=(0.15, 0.12), snout=(0.26, 0.13, -42),
    ear=_pointed_ear, ear_size=0.13, tail=_horse_tail, tail_length=0.55, tail_angle=-60,
    mane=_horse_mane, grazes=0.12,
)  # fmt: skip
COW = Quadruped(
    colours=("white", "cream", "tan", "brown"),
    body_length=1.15, body_height=0.52, belly=0.06, leg_length=0.40, leg_width=0.12,
    neck_length=0.16, neck_angle=30, neck_width=0.27, head=(0.16, 0.15), snout=(0.20, 0.16, -35),
    ear=_leaf_ear, ear_size=0.14, tail=_tufted_tail, tail_length=0.55, tail_angle=-75,
    coat=_cow_patches, horns=_cow_horns, grazes=0.15,
)  # fmt: skip
PIG = Quadruped(
    colours=("pink", "skin", "tan", "dark gray"),
    body_length=1.00, body_height=0.58, belly=0.06, leg_length=0.20, leg_width=0.13,
    neck_length=0.04, neck_angle=15, neck_width=0.42, head=(0.22, 0.22), snout=(0.14, 0.18, -8),
    ear=_pointed_ear, ear_size=0.14, tail=_curly_tail, face=_pig_face,
)  # fmt: skip
SHEEP = Quadruped(
    colours=("white", "cream", "light gray", "gray"), leg_colours=("dark gray", "black", "tan"),
    body_length=0.90, body_height=0.50, leg_length=0.30, leg_width=0.09,
    neck_length=0.16, neck_angle=12, neck_width=0.2, head=(0.16, 0.14), snout=(0.15, 0.13, -42),
    ear=_leaf_ear, ear_size=0.16, tail=_stub_tail, coat=_wool,
    dark_face=True, grazes=0.15,
)  # fmt: skip
ELEPHANT = Quadruped(
    colours=("gray", "light gray", "dark gray"),
    body_length=1.15, body_height=0.68, belly=0.03, leg_length=0.40, leg_width=0.20,
    neck_length=0.06, neck_angle=35, neck_width=0.40, head=(0.26, 0.27),
    ear=_elephant_ear, ear_size=0.28, tail=_tufted_tail, tail_length=0.40, tail_angle=-75,
    face=_elephant_face, trunk=True,
)  # fmt: skip
GIRAFFE = Quadruped(
    colours=("yellow", "tan", "cream"),
    body_length=0.72, body_height=0.38, leg_length=0.75, leg_width=0.10,
    neck_length=0.85, neck_angle=66, neck_width=0.15, head=(0.13, 0.10), snout=(0.17, 0.10, -30),
    ear=_leaf_ear, ear_size=0.11, tail=_tufted_tail, tail_length=0.40, tail_angle=-75,
    coat=_giraffe_net, horns=_giraffe_horns,
)  # fmt: skip
ZEBRA = Quadruped(
    colours=("white", "white", "cream"),
    body_length=1.00, body_height=0.42, leg_length=0.48, leg_width=0.10,
    neck_length=0.32, neck_angle=50, neck_width=0.20, head=(0.14, 0.12), snout=(0.22, 0.12, -40),
    ear=_pointed_ear, ear_size=0.11, tail=_tufted_tail, tail_length=0.40, tail_angle=-65,
    coat=_zebra_stripes, mane=_zebra_mane, grazes=0.12,
)  # fmt: skip
DROMEDARY = Quadruped(
    colours=("tan", "beige", "brown"),
    body_length=1.05, body_height=0.42, leg_length=0.62, leg_width=0.10,
    neck_length=0.48, neck_angle=48, neck_width=0.16, head=(0.13, 0.10), snout=(0.18, 0.11, -15),
    ear=_round_ear, ear_size=0.07, tail=_tufted_tail, tail_length=0.35, tail_angle=-75,
    humps=1,
)  # fmt: skip
BACTRIAN = replace(DROMEDARY, humps=2)
DEER = Quadruped(
    colours=("brown", "rust", "tan"),
    body_length=0.85, body_height=0.34, leg_length=0.58, leg_width=0.085,
    neck_length=0.36, neck_angle=58, neck_width=0.15, head=(0.13, 0.10), snout=(0.17, 0.09, -25),
    ear=_leaf_ear, ear_size=0.13, tail=_stub_tail, coat=_fawn_spots, horns=_antlers,
)  # fmt: skip
BEAR = Quadruped(
    colours=("dark brown", "brown", "black", "white"),
    body_length=1.10, body_height=0.56, withers=0.05, leg_length=0.30, leg_width=0.19,
    neck_length=0.10, neck_angle=22, neck_width=0.38, head=(0.20, 0.19), snout=(0.17, 0.15, -15),
    ear=_round_ear, ear_size=0.15, tail=_stub_tail, frontal=0.4, sits=0.25,
)  # fmt: skip
LION = Quadruped(
    colours=("tan", "gold", "beige"),
    body_length=1.00, body_height=0.40, leg_length=0.36, leg_width=0.13,
    neck_length=0.16, neck_angle=42, neck_width=0.24, head=(0.20, 0.19), snout=(0.08, 0.16, -20),
    ear=_round_ear, ear_size=0.10, tail=_tufted_tail, tail_length=0.60, tail_angle=20,
    collar=_lion_mane, frontal=0.6, sits=0.3,
)  # fmt: skip
TIGER = Quadruped(
    colours=("orange", "tan", "gold", "white"),
    body_length=1.10, body_height=0.42, leg_length=0.34, leg_width=0.14,
    neck_length=0.12, neck_angle=35, neck_width=0.26, head=(0.20, 0.18), snout=(0.08, 0.16, -18),
    ear=_round_ear, ear_size=0.11, tail=_thin_tail, tail_length=0.65, tail_angle=15,
    coat=_tiger_stripes, face=_tiger_face, frontal=0.6, sits=0.25,
)  # fmt: skip
RHINOCEROS = Quadruped(
    colours=("gray", "dark gray", "light gray", "tan"),
    body_length=1.20, body_height=0.60, belly=0.05, leg_length=0.26, leg_width=0.18,
    neck_length=0.10, neck_angle=8, neck_width=0.38, head=(0.20, 0.19), snout=(0.26, 0.18, -22),
    ear=_leaf_ear, ear_size=0.12, tail=_thin_tail, tail_length=0.30, tail_angle=-70,
    horns=_rhinoceros_horns,
)  # fmt: skip
RACCOON = Quadruped(
    colours=("gray", "light gray", "tan", "brown"),
    body_length=0.90, body_height=0.42, withers=0.14, leg_length=0.20, leg_width=0.11,
    neck_length=0.06, neck_angle=25, neck_width=0.26, head=(0.20, 0.17), snout=(0.12, 0.08, -18),
    ear=_pointed_ear, ear_size=0.13, tail=_ringed_tail, tail_length=0.68, tail_angle=12,
    face=_raccoon_mask, frontal=0.6, sits=0.35,
)  # fmt: skip
FOX = Quadruped(
    colours=("orange", "rust", "white", "gray"),
    body_length=0.82, body_height=0.33, leg_length=0.34, leg_width=0.09,
    neck_length=0.14, neck_angle=40, neck_width=0.18, head=(0.16, 0.13), snout=(0.20, 0.07, -18),
    ear=_pointed_ear, ear_size=0.18, tail=_bushy_tail, tail_length=0.60, tail_angle=18, sits=0.3,
)  # fmt: skip
GOAT = Quadruped(
    colours=("white", "light gray", "tan", "black"),
    body_length=0.85, body_height=0.40, leg_length=0.38, leg_width=0.085,
    neck_length=0.25, neck_angle=55, neck_width=0.17, head=(0.15, 0.12), snout=(0.18, 0.10, -35),
    ear=_leaf_ear, ear_size=0.12, tail=_stub_tail, horns=_goat_horns, face=_beard, grazes=0.15,
)  # fmt: skip
MOOSE = Quadruped(
    colours=("dark brown", "brown", "dark gray"),
    body_length=1.05, body_height=0.46, withers=0.10, leg_length=0.60, leg_width=0.10,
    neck_length=0.26, neck_angle=45, neck_width=0.24, head=(0.15, 0.13), snout=(0.26, 0.15, -35),
    ear=_leaf_ear, ear_size=0.11, tail=_stub_tail, horns=_moose_antlers, face=_beard,
)  # fmt: skip


def _register(
    name: str, plans: tuple[Quadruped, ...], attributes: str, pretrain_only: bool = False
) -> None:
    """Register a class that the body plan draws; attributes are separated by commas."""
    words = ["animal", "four legs", *attributes.split(", ")]
    draw = partial(draw_quadruped, plans=plans)
    register(name, FAMILY, draw, words, pretrain_only=pretrain_only)


_register("cat", (CAT,), "fur, soft, long tail, ears, face")
_register("dog", (DOG,), "fur, long tail, ears, dangerous")
_register("horse", (HORSE,), "fur, long tail, long neck, big, vehicle")
_register("cow", (COW,), "edible, fur, horns, spotted, ears, long tail, big")
_register("pig", (PIG,), "edible, soft, ears, curved, round")
_register("sheep", (SHEEP,), "edible, fur, soft, ears, round")
_register("elephant", (ELEPHANT,), "big, wild, horns, ears, curved, dangerous")
_register("giraffe", (GIRAFFE,), "big, wild, long neck, spotted, horns, upright, long tail")
_register("zebra", (ZEBRA,), "big, wild, fur, striped, long tail")
_register("camel", (DROMEDARY, BACTRIAN), "big, fur, long neck, curved, vehicle")
_register("deer", (DEER,), "wild, fur, horns, branching, long neck, ears")
_register("bear", (BEAR,), "big, wild, fur, ears, dangerous, round")
_register("lion", (LION,), "big, wild, fur, face, dangerous, long tail, branching")
_register("tiger", (TIGER,), "big, wild, fur, face, dangerous, long tail, striped")
_register("rhinoceros", (RHINOCEROS,), "big, wild, horns, shell, pointed, dangerous")
_register("raccoon", (RACCOON,), "wild, fur, ears, face, striped, long tail")
_register("fox", (FOX,), "wild, fur, ears, long tail, pointed", pretrain_only=True)
_register("goat", (GOAT,), "fur, horns, edible, curved", pretrain_only=True)
_register("moose", (MOOSE,), "big, wild, fur, horns, branching, dangerous", pretrain_only=True)


# ---- those that crouch
def _feet(drawing: Drawing, places: tuple[float, ...], ground: float, colour: Colour) -> None:
    """Draw small paws under a body that hides the legs."""
    for x in places:
        paw = ellipse(x + drawing.uniform(-0.04, 0.04), ground, 0.11, 0.06, samples=14)
        drawing.fill(paw, colour, None, 0.8)


@toy(
    "hedgehog", FAMILY,
    "animal", "four legs", "small", "wild", "pointed", "round", "branching",
)  # fmt: skip
def hedgehog(drawing: Drawing) -> None:
    """Draw a dome of spines, with a pointed face that looks out of it."""
    skin = drawing.colour("tan", "beige", "brown", "skin")
    coat = drawing.colour("brown", "dark brown", "gray", "dark gray", "tan")
    high, snout = drawing.vary(0.56, 0.1), drawing.vary(0.84, 0.06)
    nose_up = drawing.uniform(-0.28, -0.05)
    _feet(drawing, (-0.38, -0.12, 0.2, 0.42), -0.43, darker(skin, 0.7))
    body = closed_curve(
        (-0.62, -0.30), (-0.3, 0.1), (0.25, 0.26), (0.52, 0.08), (0.70, nose_up + 0.09),
        (snout, nose_up), (0.62, nose_up - 0.14), (0.3, -0.40), (-0.3, -0.43), samples=5,
    )  # fmt: skip
    drawing.fill(body, skin)
    # The dome: tips and valleys of the spines in turn, from the brow over the back to the tail.
    spines = drawing.pick(11, 13, 15)
    t = np.radians(np.linspace(14, 204, 2 * spines + 1))
    reach = np.where(np.arange(len(t)) % 2, 1.24, 0.98)
    x, y = -0.14 + 0.57 * reach * np.cos(t - 0.09 * (reach > 1)), -0.14 + high * reach * np.sin(t)
    edge = np.stack([x, y], axis=1)
    drawing.fill(polygon(*edge, (-0.3, -0.42), (0.12, -0.34), (0.34, -0.1)), coat, None, 1.1)
    for radius, count in ((0.72, 5), (0.38, 4)):
        for a in np.radians(np.linspace(45, 175, count)):
            root = (-0.12 + 0.52 * radius * math.cos(a), -0.14 + high * radius * math.sin(a))
            tip = (root[0] - 0.10, root[1] + 0.12)
            drawing.line(polyline(root, tip), lighter(coat, 0.5), 0.035, 0.85)
    drawing.fill(ellipse(0.36, 0.06, 0.10, 0.11, samples=16), darker(skin, 0.8), None, 0.85)
    drawing.eye(0.54, nose_up + 0.14, 0.04)
    drawing.fill(ellipse(snout, nose_up + 0.01, 0.065, samples=14), SOOT, None, 1.0, True)


@toy(
    "mouse", FAMILY,
    "animal", "four legs", "small", "fur", "soft", "ears", "round", "long tail",
)  # fmt: skip
def mouse(drawing: Drawing) -> None:
    """Draw a drop of a body with huge round ears and a long tail, crouching or upright."""
    colour = drawing.colour("gray", "light gray", "tan", "white", "brown", "dark gray")
    pink = lighter(drawing.colour("pink", "skin"), 0.1)
    upright = drawing.chance(0.35)
    if upright:
        nose, head, ground = (0.55, 0.28), (0.24, 0.36), -0.62
        body = [
            (-0.38, -0.58), (-0.42, -0.25), (-0.15, 0.25), (0.10, 0.56), (0.34, 0.50), (0.56, 0.28),
            (0.30, 0.16), (0.26, -0.2), (0.22, -0.58), (-0.1, -0.66),
        ]  # fmt: skip
    else:
        nose, head, ground = (0.74, -0.20), (0.36, 0.02), -0.38
        body = [
            (-0.55, -0.20), (-0.45, 0.10), (-0.15, 0.30), (0.20, 0.24), (0.50, 0.06),
            (0.75, -0.20), (0.55, -0.34), (0.1, -0.38), (-0.40, -0.37),
        ]  # fmt: skip
    swing = drawing.uniform(-0.12, 0.12)
    tail = drawing.pick(
        [
            (-0.30, -0.3),
            (-0.80, -0.34),
            (-1.02, -0.05),
            (-0.82, 0.22 + swing),
            (-1.0, 0.48 + swing),
        ],
        [(-0.30, -0.3), (-0.80, -0.32), (-1.10, -0.12 + swing), (-1.38, -0.30)],
    )
    tail = [(x, y + ground + 0.38) for x, y in tail]
    drawing.fill(limb(tail, (0.10, 0.08, 0.065, 0.05), samples=6), pink, None, 1.1)
    ear = drawing.vary(0.25, 0.1)
    far = (head[0] + 0.09, head[1] + 0.26)
    near = (head[0] - 0.17, head[1] + 0.24)
    drawing.fill(ellipse(*far, ear * 0.95, samples=24), darker(colour, 0.8), None, 1.0)
    drawing.fill(closed_curve(*body, samples=5), colour)
    drawing.fill(ellipse(*near, ear, 1.05 * ear, samples=24), colour, None, 1.1)
    drawing.fill(ellipse(*near, 0.66 * ear, 0.7 * ear, samples=18), pink, None, 0.8)
    _feet(drawing, (-0.25, 0.12) if upright else (-0.28, 0.3), ground, pink)
    if upright:
        paw = [(0.06, -0.05), (0.25, 0.0), (0.38, 0.06)]
        drawing.fill(limb(paw, (0.13, 0.1, 0.08), samples=4), darker(colour, 0.9), None, 0.9)
    for rise in (0.10, -0.06):
        whisker = polyline((nose[0] - 0.1, nose[1]), (nose[0] - 0.34, nose[1] + rise))
        drawing.line(whisker, darker(colour, 0.45), 0.022, 0.7)
    drawing.eye((head[0] + nose[0]) / 2 + 0.02, (head[1] + nose[1]) / 2 + 0.07, 0.05)
    drawing.fill(ellipse(*nose, 0.055, samples=12), darker(pink, 0.7), None, 0.95, True)


def _rabbit_ear(
    drawing: Drawing, base: Point, length: float, lean: float, colour: Colour, inside: bool = True
) -> None:
    """Draw a long ear that leans `lean` degrees to the left."""
    a = math.radians(lean)
    x, y = base[0] - 0.48 * length * math.sin(a), base[1] + 0.48 * length * math.cos(a)
    drawing.fill(ellipse(x, y, 0.19 * length, 0.56 * length, lean, samples=24), colour, None, 1.1)
    if inside:
        pink = ellipse(x, y, 0.09 * length, 0.40 * length, lean, samples=16)
        drawing.fill(pink, (230, 165, 170), None, 0.7, True)


@toy(
    "rabbit", FAMILY,
    "animal", "four legs", "small", "fur", "soft", "ears", "edible", "long",
)  # fmt: skip
def rabbit(drawing: Drawing) -> None:
    """Draw a rabbit with long ears: crouching, or sitting with its face to the viewer."""
    colour = drawing.colour("white", "light gray", "tan", "brown", "gray", "dark gray")
    if drawing.chance(0.4):
        _frontal_rabbit(drawing, colour)
    else:
        _crouching_rabbit(drawing, colour)


def _crouching_rabbit(drawing: Drawing, colour: Colour) -> None:
    """Draw a rabbit that crouches, from the side."""
    length, lean = drawing.vary(0.52, 0.1), drawing.uniform(-2, 38)
    x, y = 0.42 + drawing.uniform(-0.03, 0.05), 0.24 + drawing.uniform(-0.05, 0.12)
    drawing.fill(ellipse(-0.56, -0.22, 0.14, 0.13, samples=18), lighter(colour, 0.6), None, 1.0)
    far_lean = lean - drawing.uniform(15, 30)
    _rabbit_ear(drawing, (x + 0.02, y + 0.12), length, far_lean, darker(colour, 0.78), False)
    trunk = [
        (-0.56, -0.30), (-0.50, 0.02), (-0.22, 0.27), (0.10, 0.26), (0.40, 0.20), (0.44, -0.15),
        (0.32, -0.48), (-0.2, -0.53), (-0.48, -0.48),
    ]  # fmt: skip
    drawing.fill(closed_curve(*trunk, samples=5), colour, "body")
    leg = [(0.22, -0.1), (0.32, -0.32), (0.36, -0.50)]
    drawing.fill(limb(leg, (0.2, 0.14, 0.12), samples=4), colour, "body")
    haunch = ellipse(-0.26, -0.22, 0.27, 0.28, samples=26)
    drawing.fill(haunch, darker(colour, 0.93), None, 0.9)
    foot = ellipse(-0.14, -0.51, 0.24, 0.075, samples=18)
    drawing.fill(foot, darker(colour, 0.88), None, 0.9)
    drawing.fill(ellipse(x, y, 0.22, 0.19, -12, samples=24), colour, "body")
    drawing.fill(ellipse(x + 0.15, y - 0.05, 0.13, 0.12, samples=18), colour, "body")
    _rabbit_ear(drawing, (x - 0.07, y + 0.12), length, lean, colour)
    drawing.fill(ellipse(x + 0.27, y - 0.02, 0.035, samples=10), (120, 60, 65), None, 0.8, True)
    drawing.eye(x + 0.07, y + 0.06, 0.042)


def _frontal_rabbit(drawing: Drawing, colour: Colour) -> None:
    """Draw a rabbit that sits up, from the front."""
    length = drawing.vary(0.58, 0.1)
    for side in (-1, 1):
        lean = -side * drawing.uniform(4, 20)
        _rabbit_ear(drawing, (0.12 * side, 0.42), length, lean, darker(colour, 0.92))
    drawing.fill(ellipse(0, -0.36, 0.36, 0.42, samples=30), colour)
    drawing.fill(ellipse(0, -0.36, 0.2, 0.28, samples=20), lighter(colour, 0.5), None, 0.6)
    for side in (-1, 1):
        foot = ellipse(0.25 * side, -0.74, 0.17, 0.10, samples=18)
        drawing.fill(foot, darker(colour, 0.9), None, 0.9)
        paw = limb([(0.2 * side, -0.1), (0.1 * side, -0.36)], (0.13, 0.12), samples=4)
        drawing.fill(paw, darker(colour, 0.92), None, 0.8)
    drawing.fill(ellipse(0, 0.25, 0.30, 0.27, samples=28), colour)
    for side in (-1, 1):
        drawing.eye(0.13 * side, 0.30, 0.045)
        cheek = ellipse(0.08 * side, 0.13, 0.10, 0.085, samples=16)
        drawing.fill(cheek, lighter(colour, 0.55), None, 0.6)
    teeth = polygon((-0.05, 0.09), (0.05, 0.09), (0.05, 0.0), (-0.05, 0.0))
    drawing.fill(teeth, (250, 250, 245), None, 0.75, True)
    drawing.fill(ellipse(0, 0.19, 0.045, 0.035, samples=10), (150, 70, 80), None, 0.9, True)
