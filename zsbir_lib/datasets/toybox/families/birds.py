"""Birds: one body plan, seen from the side, makes nearly all of them.

`Bird` holds the proportions and says which bill, tail, crest and markings a bird wears; `Pose` is
one individual: standing, swimming or in flight. The owl, the gliding seagull and the penguin
have drawings of their own.
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
    PointsLike,
    closed_curve,
    ellipse,
    limb,
    mirrored,
    open_curve,
    polygon,
    polyline,
    rectangle,
    rotate,
)
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import register, toy

FAMILY = "bird"
SOOT = (38, 36, 38)
RED = (200, 40, 40)
WHITE = (242, 240, 234)

Point = tuple[float, float]


@dataclass(frozen=True)
class Bird:
    """Proportions and parts of a kind of bird that faces right.

    Lengths are in drawing units, angles in degrees above the direction that the bird faces.

    Attributes
    ----------
    colours, wing_colours, neck_colours, bill_colours, leg_colours
        Names of the palette; wings are a darker shade of the body, the neck is as the body and
        legs are as the bill unless told.
    body_length, body_height, tilt
        Size of the body, and how far its front is raised.
    neck_length, neck_angle, neck_width
        From the breast to the head; a neck longer than 0.3 is bent like an S.
    head_radius
        Size of the head.
    bill, bill_length, bill_depth
        Draws the bill; its size.
    leg_length, leg_width, webbed
        Legs below the body, and whether the feet have webs.
    tail, tail_length, tail_width, tail_angle
        Draws the tail; 180 degrees stretches it straight back.
    wing
        Length of the folded wing, as a fraction of the body.
    crest, markings
        Draw what stands on the head, and the pattern of the plumage.
    flies, swims
        How often the bird is in flight, or on the water.
    """

    colours: tuple[str, ...] = ("brown",)
    wing_colours: tuple[str, ...] = ()
    neck_colours: tuple[str, ...] = ()
    bill_colours: tuple[str, ...] = ("orange", "yellow")
    leg_colours: tuple[str, ...] = ()
    body_length: float = 0.80
    body_height: float = 0.42
    tilt: float = 20.0
    neck_length: float = 0.12
    neck_angle: float = 60.0
    neck_width: float = 0.20
    head_radius: float = 0.16
    bill: Callable[[Drawing, Point, float, float, Colour], None] | None = None
    bill_length: float = 0.18
    bill_depth: float = 0.09
    leg_length: float = 0.25
    leg_width: float = 0.04
    webbed: bool = False
    tail: Callable[[Drawing, Pose], None] | None = None
    tail_length: float = 0.35
    tail_width: float = 0.18
    tail_angle: float = 190.0
    wing: float = 0.55
    crest: Callable[[Drawing, Pose], None] | None = None
    markings: Callable[[Drawing, Pose], None] | None = None
    flies: float = 0.0
    swims: float = 0.0


@dataclass(slots=True)
class Pose:
    """One bird: the measures that its parts hang on.

    Attributes
    ----------
    plan
        The kind of bird.
    colour, wing_colour, bill_colour, leg_colour
        As chosen.
    length, height, tilt
        Of the body.
    breast, head
        Where the neck begins, and the middle of the head.
    head_radius
        Size of the head.
    flying, swimming
        What the bird does.
    """

    plan: Bird
    colour: Colour
    wing_colour: Colour
    bill_colour: Colour
    leg_colour: Colour
    length: float
    height: float
    tilt: float
    breast: Point
    head: Point
    head_radius: float
    flying: bool
    swimming: bool

    def on_body(self, points: PointsLike) -> Points:
        """Tilt points, given as fractions of the body's length and height, with the body."""
        return rotate(np.asarray(points) * (self.length, self.height), self.tilt)

    def on_head(self, across: float, up: float) -> Point:
        """Return a point of the head: its radius is 1."""
        return self.head[0] + across * self.head_radius, self.head[1] + up * self.head_radius


def pose(drawing: Drawing, plan: Bird) -> Pose:
    """Choose the pose and the measures of one bird."""
    flying = drawing.chance(plan.flies)
    swimming = not flying and drawing.chance(plan.swims)
    colour, bill = drawing.colour(*plan.colours), drawing.colour(*plan.bill_colours)
    wing = drawing.colour(*plan.wing_colours) if plan.wing_colours else darker(colour, 0.78)
    legs = drawing.colour(*plan.leg_colours) if plan.leg_colours else darker(bill, 0.85)
    length, height = drawing.vary(plan.body_length, 0.07), drawing.vary(plan.body_height, 0.07)
    tilt = (5 if flying else plan.tilt) + drawing.uniform(-7, 7)
    x, y = rotate(np.array([(0.3 * length, 0.12 * height)]), tilt)[0].tolist()
    angle = math.radians(plan.neck_angle * (0.5 if flying else 1.0) + drawing.uniform(-10, 10))
    reach = drawing.vary(plan.neck_length) + 0.1
    head = (x + reach * math.cos(angle), y + reach * math.sin(angle))
    radius = drawing.vary(plan.head_radius, 0.06)
    return Pose(
        plan, colour, wing, bill, legs, length, height, tilt, (x, y), head, radius, flying, swimming
    )


def draw_bird(drawing: Drawing, plans: tuple[Bird, ...]) -> None:
    """Draw a bird of one of the `plans`, from the legs to the near wing."""
    plan = drawing.pick(*plans)
    bird = pose(drawing, plan)
    if not bird.flying and not bird.swimming and plan.leg_length > 0:
        _legs(drawing, bird)
    (plan.tail or _fan_tail)(drawing, bird)
    if bird.flying:
        _raised_wing(drawing, bird, far=True)
    _body_and_neck(drawing, bird)
    if plan.markings:
        plan.markings(drawing, bird)
    if plan.bill:
        where = (bird.head[0] + 0.8 * bird.head_radius, bird.head[1] - 0.02)
        length = drawing.vary(plan.bill_length)
        plan.bill(drawing, where, length, plan.bill_depth, bird.bill_colour)
    if plan.crest:
        plan.crest(drawing, bird)
    head = ellipse(*bird.head, bird.head_radius, 0.95 * bird.head_radius, samples=24)
    drawing.fill(head, _neck_colour(bird), _neck_group(bird))
    if bird.flying:
        _raised_wing(drawing, bird, far=False)
    elif plan.wing > 0:
        _folded_wing(drawing, bird)
    if bird.swimming:
        _ripples(drawing, bird)
    _eye(drawing, bird)


# ---- body
def _neck_group(bird: Pose) -> str:
    """Return the group of head and neck: the body's, unless they differ in colour."""
    return "neck" if bird.plan.neck_colours else "body"


def _neck_colour(bird: Pose) -> Colour:
    """Return the colour of head and neck; a kind with coloured necks wears the leg colour."""
    return bird.leg_colour if bird.plan.neck_colours else bird.colour


def _body_and_neck(drawing: Drawing, bird: Pose) -> None:
    """Draw the egg of the body, and the neck: a short cone or a long S."""
    plan = bird.plan
    egg = [
        (-0.50, 0.0), (-0.25, 0.36), (0.10, 0.50), (0.42, 0.30), (0.50, -0.06), (0.30, -0.40),
        (-0.05, -0.48), (-0.32, -0.28),
    ]  # fmt: skip
    drawing.fill(closed_curve(*bird.on_body(egg), samples=6), bird.colour, "body")
    (x0, y0), (x1, y1), width = bird.breast, bird.head, plan.neck_width
    if plan.neck_length <= 0.3:
        path, widths = [(x0 - 0.10, y0 - 0.05), (x1, y1)], [0.75 * bird.height, 1.3 * width]
    else:
        bow = drawing.vary(0.18, 0.3)
        path = [
            (x0 - 0.08, y0 - 0.06), (x0 + 0.9 * bow, y0 + 0.30 * (y1 - y0)),
            (x1 - 0.5 * bow, y1 - 0.35 * (y1 - y0)), (x1, y1),
        ]  # fmt: skip
        widths = [0.55 * bird.height, width, 0.8 * width, 0.85 * width]
    drawing.fill(limb(path, widths, samples=6), _neck_colour(bird), _neck_group(bird))


def _legs(drawing: Drawing, bird: Pose) -> None:
    """Draw two legs with webs or toes; a bird on long legs may draw one up."""
    plan, colour = bird.plan, bird.leg_colour
    length, width = drawing.vary(plan.leg_length), plan.leg_width
    ground = -0.45 * bird.height - length
    lifted = plan.leg_length > 0.5 and drawing.chance(0.35)
    for hip, far in ((0.12, True), (-0.02, False)):
        shade = darker(colour, 0.75) if far else colour
        top = (hip, -0.3 * bird.height)
        if lifted and far:
            knee, foot = (hip + 0.24, ground + 0.62 * length), (hip + 0.04, ground + 0.35 * length)
        else:
            stride = 3 * length * drawing.uniform(-0.06, 0.06)
            knee = (hip - 0.03 + 0.4 * stride, ground + 0.5 * length)
            foot = (hip + stride, ground)
        drawing.fill(limb([top, knee, foot], (1.6 * width, width, width), samples=5), shade, None,
                     1.0)  # fmt: skip
        x, y = foot
        if plan.webbed:
            web = polygon((x - 0.05, y + 0.04), (x + 0.17, y - 0.03), (x - 0.07, y - 0.04))
            drawing.fill(web, shade, None, 0.85)
        else:
            for toe in (-0.09, 0.04, 0.13):
                drawing.line(polyline((x, y), (x + toe, y - 0.05)), shade, 0.03, 0.75)


def _folded_wing(drawing: Drawing, bird: Pose) -> None:
    """Draw the wing against the body, with a line for the flight feathers."""
    reach = bird.plan.wing * drawing.vary(1, 0.1)
    wing = [
        (0.55 * reach, 0.18), (0.0, 0.30), (-0.80 * reach, 0.0), (-0.95 * reach, -0.14),
        (-0.30 * reach, -0.26), (0.35 * reach, -0.14),
    ]  # fmt: skip
    drawing.fill(closed_curve(*bird.on_body(wing), samples=5), bird.wing_colour, None, 0.9)
    feathers = [(0.2 * reach, -0.02), (-0.4 * reach, -0.07), (-0.75 * reach, -0.05)]
    line = open_curve(*bird.on_body(feathers), samples=4)
    drawing.line(line, darker(bird.wing_colour, 0.65), 0.022, 0.4)


def _raised_wing(drawing: Drawing, bird: Pose, far: bool) -> None:
    """Draw a wing on the upstroke, its hind edge notched by the feathers."""
    shape = np.array(
        [(0.18, 0.06), (0.14, 0.40), (-0.05, 0.75), (-0.42, 1.0), (-0.36, 0.80), (-0.52, 0.76),
         (-0.40, 0.58), (-0.52, 0.50), (-0.36, 0.36), (-0.34, 0.12), (-0.10, -0.02)]
    ) * (bird.length, 1.05 * bird.length)  # fmt: skip
    shape = rotate(shape, -38) + (0.12, 0.02) if far else rotate(shape, 6)
    colour = darker(bird.wing_colour, 0.75) if far else bird.wing_colour
    drawing.fill(closed_curve(*shape, samples=4), colour, None, 1.1)


def _ripples(drawing: Drawing, bird: Pose) -> None:
    """Draw the water line that the bird floats on."""
    y, half = -0.45 * bird.height, 0.62 * bird.length
    for shift, scale, importance in ((0.0, 1.0, 1.0), (-0.10, 0.6, 0.6)):
        x = np.linspace(-half, half, 13) * scale
        wave = np.stack([x, y + shift + 0.022 * np.sin(x * 16)], axis=1)
        drawing.line(wave, (120, 165, 200), 0.04, importance)


def _eye(drawing: Drawing, bird: Pose) -> None:
    """Draw the eye, light where the head is dark."""
    dark = float(np.mean(_neck_colour(bird))) < 75
    x, y = bird.on_head(0.25, 0.22)
    if dark:
        drawing.eye(x, y, 0.045, WHITE)
    drawing.eye(x, y, 0.026 if dark else 0.032)


# ---- tails
def _fan_tail(drawing: Drawing, bird: Pose) -> None:
    """Draw a tail that widens towards its end."""
    plan = bird.plan
    length = drawing.vary(plan.tail_length, 0.12)
    angle = plan.tail_angle + 0.5 * bird.tilt + drawing.uniform(-8, 8)
    half, root = 0.5 * plan.tail_width, 0.1 * bird.height
    shape = [
        (-0.1, -root), (0.5 * length, -0.8 * half), (length, -half), (1.03 * length, 0.0),
        (length, half), (0.5 * length, 0.8 * half), (-0.1, root),
    ]  # fmt: skip
    outline = rotate(closed_curve(*shape, samples=5), angle) + bird.on_body([(-0.36, 0.0)])[0]
    drawing.fill(outline, bird.wing_colour, "tail", 1.0)


def _cock_tail(drawing: Drawing, bird: Pose) -> None:
    """Draw the sickle feathers of a cock, or the upright fan of a hen."""
    if drawing.chance(0.45):
        _fan_tail(drawing, bird)
        return
    x, y = bird.on_body([(-0.34, 0.05)])[0].tolist()
    colour = drawing.colour("black", "dark green", "dark brown", "rust")
    for number, (dx, rise, drop) in enumerate(
        ((-0.50, 0.30, -0.30), (-0.42, 0.50, 0.02), (-0.28, 0.62, 0.36))
    ):
        path = [(x, y), (x + 0.55 * dx, y + rise), (x + dx - 0.10, y + 0.75 * rise),
                (x + dx - 0.20, y + drop)]  # fmt: skip
        feather = limb(path, (0.16, 0.17, 0.13, 0.04), samples=5)
        drawing.fill(feather, darker(colour, 1.0 + 0.15 * number), "tail", 1.0)


def _peacock_fan(drawing: Drawing, bird: Pose) -> None:
    """Draw the great fan with its eyes."""
    x, y = bird.on_body([(-0.25, 0.12)])[0].tolist()
    t = np.radians(np.linspace(70, 212, 19))
    reach = np.where(np.arange(19) % 2, 1.08, 0.98)
    edge = np.stack([x + reach * np.cos(t), y + reach * np.sin(t)], axis=1)
    green = drawing.colour("teal", "dark green", "green")
    drawing.fill(closed_curve(*edge, (x + 0.1, y - 0.1), samples=3), green, None, 1.0)
    for radius, shift in ((0.82, 0.0), (0.56, 0.12)):
        for a in np.radians(np.linspace(84, 200, 6)) + shift:
            px, py = x + radius * math.cos(a), y + radius * math.sin(a)
            drawing.fill(ellipse(px, py, 0.075, samples=12), (200, 165, 70), None, 0.9, True)
            drawing.fill(ellipse(px, py, 0.042, samples=10), (40, 60, 150), None, 0.4, True)


# ---- bills: from the edge of the head at `where`
def _cone_bill(drawing: Drawing, where: Point, length: float, depth: float, colour: Colour) -> None:
    """Draw a plain pointed bill."""
    x, y = where
    bill = polygon(
        (x - 0.03, y + 0.55 * depth), (x + length, y - 0.02), (x - 0.03, y - 0.55 * depth)
    )
    drawing.fill(bill, colour, None, 1.1)


def _flat_bill(drawing: Drawing, where: Point, length: float, depth: float, colour: Colour) -> None:
    """Draw the broad bill of a duck, turned up at its end."""
    x, y = where
    bill = closed_curve(
        (x - 0.05, y + 0.55 * depth), (x + 0.55 * length, y + 0.05 * depth),
        (x + length, y + 0.20 * depth), (x + length, y - 0.45 * depth),
        (x - 0.05, y - 0.60 * depth), samples=5,
    )  # fmt: skip
    drawing.fill(bill, colour, None, 1.1)


def _hooked_bill(
    drawing: Drawing, where: Point, length: float, depth: float, colour: Colour
) -> None:
    """Draw a bill whose tip bends down."""
    x, y = where
    bill = closed_curve(
        (x - 0.06, y + 0.70 * depth), (x + 0.70 * length, y + 0.45 * depth),
        (x + length, y - 0.85 * depth), (x + 0.60 * length, y - 0.35 * depth),
        (x - 0.05, y - 0.55 * depth), samples=5,
    )  # fmt: skip
    drawing.fill(bill, colour, None, 1.1)


def _gull_bill(drawing: Drawing, where: Point, length: float, depth: float, colour: Colour) -> None:
    """Draw a strong bill with a hint of a hook and a red spot."""
    x, y = where
    bill = closed_curve(
        (x - 0.05, y + 0.55 * depth), (x + 0.75 * length, y + 0.35 * depth),
        (x + length, y - 0.60 * depth), (x + 0.6 * length, y - 0.5 * depth),
        (x - 0.05, y - 0.55 * depth), samples=4,
    )  # fmt: skip
    drawing.fill(bill, colour, None, 1.1)
    drawing.fill(
        ellipse(x + 0.65 * length, y - 0.2 * depth, 0.025, samples=8), RED, None, 0.3, True
    )


def _toucan_bill(
    drawing: Drawing, where: Point, length: float, depth: float, colour: Colour
) -> None:
    """Draw the huge bill, with a dark tip and the line where it opens."""
    x, y = where
    bill = closed_curve(
        (x - 0.08, y + 0.60 * depth), (x + 0.5 * length, y + 0.65 * depth),
        (x + length, y - 0.30 * depth), (x + 0.8 * length, y - 0.50 * depth),
        (x - 0.05, y - 0.50 * depth), samples=5,
    )  # fmt: skip
    drawing.fill(bill, colour, None, 1.2)
    tip = closed_curve(
        (x + 0.85 * length, y + 0.25 * depth), (x + length, y - 0.30 * depth),
        (x + 0.82 * length, y - 0.46 * depth), samples=4,
    )  # fmt: skip
    drawing.fill(tip, SOOT, None, 0.6, True)
    line = open_curve((x - 0.05, y - 0.02), (x + 0.9 * length, y - 0.25 * depth), samples=6)
    drawing.line(line, darker(colour, 0.5), 0.025, 0.7)


def _bent_bill(drawing: Drawing, where: Point, length: float, depth: float, colour: Colour) -> None:
    """Draw the bill of a flamingo, bent down in the middle, its tip black."""
    x, y = where
    middle, tip = (x + 0.6 * length, y - 0.02), (x + 0.8 * length, y - 0.7 * length)
    drawing.fill(limb([(x - 0.05, y), middle, tip], (depth, 0.95 * depth, 0.04), samples=5),
                 colour, None, 1.1)  # fmt: skip
    drawing.fill(limb([middle, tip], (0.9 * depth, 0.04), samples=4), SOOT, None, 0.8, True)


# ---- crests
def _comb(drawing: Drawing, bird: Pose) -> None:
    """Draw the red comb and the wattle of a chicken."""
    size = drawing.vary(1.2, 0.12)
    edge = [
        (-0.75, 0.6), (-0.55, 1.15 * size), (-0.25, 0.95 * size), (0.0, 1.4 * size),
        (0.25, 0.95 * size), (0.55, 1.2 * size), (0.75, 0.5), (0.0, 0.5),
    ]  # fmt: skip
    comb = closed_curve(*(bird.on_head(u, v) for u, v in edge), samples=4)
    drawing.fill(comb, RED, None, 1.1)
    drawing.fill(ellipse(*bird.on_head(0.85, -0.95), 0.055, 0.095, samples=14), RED, None, 0.9)


def _cockatoo_crest(drawing: Drawing, bird: Pose) -> None:
    """Draw a few raised feathers; half of the parrots have none."""
    if drawing.chance(0.5):
        return
    colour = drawing.colour("yellow", "red", "orange", "lime")
    for degrees in (95, 120, 145):
        a = math.radians(degrees)
        path = [bird.on_head(0.6 * math.cos(a), 0.6 * math.sin(a)),
                bird.on_head(1.9 * math.cos(a), 1.9 * math.sin(a))]  # fmt: skip
        drawing.fill(limb(path, (0.12, 0.05), samples=4), colour, "crest", 0.9)


def _songbird_crest(drawing: Drawing, bird: Pose) -> None:
    """Draw the pointed cap that some songbirds wear."""
    if drawing.chance(0.3):
        tip = polygon(bird.on_head(-0.85, 0.3), bird.on_head(-0.75, 1.6), bird.on_head(0.45, 0.8))
        drawing.fill(tip, bird.colour, "body", 0.9)


def _heron_plume(drawing: Drawing, bird: Pose) -> None:
    """Draw the thin plume behind the head of a heron; a stork has none."""
    if drawing.chance(0.6):
        path = [bird.on_head(0.2, 0.7), bird.on_head(-1.2, 0.9), bird.on_head(-3.0, 0.1)]
        drawing.fill(limb(path, (0.08, 0.07, 0.025), samples=5), SOOT, None, 0.9)


def _peacock_crown(drawing: Drawing, bird: Pose) -> None:
    """Draw the little crown of bare shafts."""
    for degrees in (75, 95, 115):
        a = math.radians(degrees)
        tip = bird.on_head(2.2 * math.cos(a), 2.2 * math.sin(a))
        drawing.line(polyline(bird.on_head(0, 0.8), tip), (30, 50, 120), 0.03, 0.8)
        drawing.eye(*tip, 0.03, (30, 50, 120))


# ---- markings
def _breast(drawing: Drawing, bird: Pose, colour: Colour, importance: float) -> None:
    """Colour the underside from the throat to the belly."""
    patch = [
        (0.46, 0.12),
        (0.50, -0.08),
        (0.30, -0.40),
        (-0.05, -0.47),
        (-0.2, -0.36),
        (0.18, -0.1),
    ]
    outline = closed_curve(*bird.on_body(patch), samples=4)
    drawing.fill(outline, colour, None, importance, True)


def _robin_breast(drawing: Drawing, bird: Pose) -> None:
    """Give most songbirds a breast of another colour."""
    if drawing.chance(0.75):
        colour = drawing.colour("orange", "white", "yellow", "rust", "cream")
        _breast(drawing, bird, colour, 0.85)


def _duck_neck(drawing: Drawing, bird: Pose) -> None:
    """Give some ducks the ring of a drake."""
    if drawing.chance(0.4):
        (x0, y0), (x1, y1) = bird.breast, bird.head
        x, y = x0 + 0.35 * (x1 - x0), y0 + 0.35 * (y1 - y0)
        ring = limb([(x - 0.13, y + 0.05), (x + 0.17, y - 0.08)], (0.05, 0.05), samples=4)
        drawing.fill(ring, WHITE, None, 0.6, True)


def _gull_tips(drawing: Drawing, bird: Pose) -> None:
    """Draw the crossed black wing tips that reach past the tail."""
    for drop, shade in ((0.10, 60), (-0.02, 40)):
        tip = bird.on_body([(-0.36, 0.16 + drop), (-0.60, 0.05 + drop), (-0.86, drop)])
        drawing.fill(limb(tip.tolist(), (0.11, 0.09, 0.03), samples=4), (shade, shade, shade),
                     None, 0.95)  # fmt: skip


def _toucan_bib(drawing: Drawing, bird: Pose) -> None:
    """Draw the light throat."""
    x, y = bird.on_head(0.25, -0.9)
    bib = ellipse(x, y, 0.15, 0.20, 20, samples=20)
    drawing.fill(bib, drawing.colour("white", "yellow", "cream"), None, 0.7, True)


def _stork_wing(drawing: Drawing, bird: Pose) -> None:
    """Draw the dark flight feathers at the end of the wing, on most wading birds."""
    if drawing.chance(0.6):
        patch = [(-0.10, -0.10), (-0.45, 0.12), (-0.66, -0.12), (-0.35, -0.32)]
        outline = closed_curve(*bird.on_body(patch), samples=4)
        drawing.fill(outline, SOOT, None, 0.7, True)


# ---- the plans
DUCK = Bird(
    colours=("yellow", "brown", "white", "tan", "gray"),
    neck_length=0.16, neck_angle=62, neck_width=0.14, head_radius=0.17, tilt=6,
    bill=_flat_bill, bill_length=0.24, bill_depth=0.12, leg_length=0.10, leg_width=0.05, webbed=True,
    tail_length=0.24, tail_width=0.16, tail_angle=150, markings=_duck_neck, swims=0.45,
)  # fmt: skip
SWAN = Bird(
    colours=("white", "white", "cream", "black"), bill_colours=("orange", "red"),
    body_length=1.0, body_height=0.46, tilt=8, neck_length=0.68, neck_angle=70, neck_width=0.13,
    head_radius=0.13, bill=_cone_bill, bill_length=0.20, bill_depth=0.10, leg_length=0.0,
    tail_length=0.28, tail_width=0.20, tail_angle=150, wing=0.65, swims=0.7,
)  # fmt: skip
PARROT = Bird(
    colours=("green", "red", "blue", "yellow", "white"), wing_colours=("blue", "yellow", "green", "teal"),
    bill_colours=("dark gray", "beige", "black"), leg_colours=("dark gray",),
    body_length=0.85, body_height=0.38, tilt=58, neck_length=0.02, neck_angle=70, neck_width=0.26,
    head_radius=0.20, bill=_hooked_bill, bill_length=0.19, bill_depth=0.19, leg_length=0.08,
    leg_width=0.05, tail_length=0.65, tail_width=0.15, tail_angle=205, crest=_cockatoo_crest,
)  # fmt: skip
CHICKEN = Bird(
    colours=("white", "rust", "brown", "black", "tan"), bill_colours=("yellow", "gold"),
    body_length=0.80, body_height=0.54, tilt=8, neck_length=0.16, neck_angle=65, neck_width=0.17,
    head_radius=0.14, bill=_cone_bill, bill_length=0.13, bill_depth=0.10, leg_length=0.25,
    leg_width=0.05, tail=_cock_tail, tail_length=0.36, tail_width=0.40, tail_angle=130, crest=_comb,
)  # fmt: skip
SONGBIRD = Bird(
    colours=("blue", "red", "brown", "orange", "gray", "yellow", "olive"),
    bill_colours=("dark gray", "yellow", "tan"), leg_colours=("dark gray", "brown"),
    body_length=0.70, body_height=0.42, tilt=24, neck_length=0.0, neck_angle=48, neck_width=0.25,
    head_radius=0.19, bill=_cone_bill, bill_length=0.15, bill_depth=0.09, leg_length=0.17,
    tail_length=0.40, tail_width=0.13, crest=_songbird_crest, markings=_robin_breast, flies=0.25,
)  # fmt: skip
GULL = Bird(
    colours=("white", "white", "light gray"), wing_colours=("gray", "light gray", "dark gray"),
    bill_colours=("yellow", "orange"), leg_colours=("pink", "yellow", "orange"),
    body_length=0.95, body_height=0.38, tilt=16, neck_length=0.08, neck_angle=55, neck_width=0.19,
    head_radius=0.15, bill=_gull_bill, bill_length=0.21, bill_depth=0.10, leg_length=0.20,
    leg_width=0.05, webbed=True, tail_length=0.26, tail_width=0.14, tail_angle=180, wing=0.75,
    markings=_gull_tips,
)  # fmt: skip
WADER = Bird(
    colours=("gray", "white", "light gray", "sky", "brown"),
    bill_colours=("yellow", "orange", "dark gray", "red"), leg_colours=("dark gray", "red", "yellow"),
    body_length=0.68, body_height=0.34, tilt=16, neck_length=0.58, neck_angle=66, neck_width=0.10,
    head_radius=0.105, bill=_cone_bill, bill_length=0.36, bill_depth=0.10, leg_length=0.72,
    leg_width=0.05, tail_length=0.18, tail_width=0.14, tail_angle=200, wing=0.62, crest=_heron_plume,
    markings=_stork_wing,
)  # fmt: skip
FISHING_WADER = replace(WADER, neck_angle=14, neck_length=0.42, tilt=4)
FLAMINGO = Bird(
    colours=("pink", "red", "white"), bill_colours=("pink", "cream"), leg_colours=("pink", "red"),
    body_length=0.62, body_height=0.34, tilt=8, neck_length=0.72, neck_angle=68, neck_width=0.09,
    head_radius=0.11, bill=_bent_bill, bill_length=0.20, bill_depth=0.11, leg_length=0.80,
    leg_width=0.045, webbed=True, tail_length=0.20, tail_width=0.14, wing=0.5,
)  # fmt: skip
OSTRICH = Bird(
    colours=("black", "dark gray", "brown"), neck_colours=("pink",), bill_colours=("pink", "tan"),
    leg_colours=("skin", "pink", "beige"),
    body_length=0.72, body_height=0.54, tilt=5, neck_length=0.75, neck_angle=75, neck_width=0.09,
    head_radius=0.10, bill=_cone_bill, bill_length=0.15, bill_depth=0.08, leg_length=0.80,
    leg_width=0.075, tail_length=0.24, tail_width=0.30, tail_angle=160,
)  # fmt: skip
TOUCAN = Bird(
    colours=("black", "navy", "dark green"), bill_colours=("orange", "yellow"),
    leg_colours=("sky", "gray"),
    body_length=0.70, body_height=0.38, tilt=50, neck_length=0.0, neck_angle=55, neck_width=0.24,
    head_radius=0.18, bill=_toucan_bill, bill_length=0.52, bill_depth=0.24, leg_length=0.08,
    leg_width=0.05, tail_length=0.40, tail_width=0.14, tail_angle=205, markings=_toucan_bib,
)  # fmt: skip
PEACOCK = Bird(
    colours=("blue", "teal", "navy"), bill_colours=("gray", "beige"),
    body_length=0.62, body_height=0.32, tilt=10, neck_length=0.38, neck_angle=72, neck_width=0.12,
    head_radius=0.11, bill=_cone_bill, bill_length=0.12, bill_depth=0.07, leg_length=0.24,
    tail=_peacock_fan, wing=0.5, crest=_peacock_crown,
)  # fmt: skip


def _register(
    name: str, plans: tuple[Bird, ...], attributes: str, pretrain_only: bool = False
) -> None:
    """Register a class that the body plan draws; attributes are separated by commas."""
    words = ["animal", "two legs", "wings", "beak", "feathers", *attributes.split(", ")]
    register(name, FAMILY, partial(draw_bird, plans=plans), words, pretrain_only=pretrain_only)


_register("duck", (DUCK,), "lives in water, edible, flies, curved")
_register("swan", (SWAN,), "lives in water, long neck, curved, big, flies")
_register("parrot", (PARROT,), "flies, wild, long tail, green, upright")
_register("chicken", (CHICKEN,), "edible, horns, round, branching")
_register("songbird", (SONGBIRD,), "flies, wild, small, round")
_register(
    "wading_bird",
    (WADER, WADER, FISHING_WADER),
    "flies, wild, long neck, long, upright, pointed, lives in water",
)
_register("flamingo", (FLAMINGO,), "flies, wild, long neck, curved, upright", pretrain_only=True)
_register("ostrich", (OSTRICH,), "wild, big, long neck, upright, dangerous", pretrain_only=True)
_register("toucan", (TOUCAN,), "flies, wild, curved, long tail", pretrain_only=True)
_register("peacock", (PEACOCK,), "wild, spotted, branching, long tail", pretrain_only=True)


# ---- those with a drawing of their own
@toy(
    "penguin", FAMILY,
    "animal", "two legs", "beak", "feathers", "fins", "lives in water", "wild", "upright",
)  # fmt: skip
def penguin(drawing: Drawing) -> None:
    """Draw a penguin upright, from the side or from the front."""
    drawing.pick(_penguin_side, _frontal_penguin)(drawing)


def _penguin_side(drawing: Drawing) -> None:
    """Draw a penguin in profile: white front, a flipper held off, a tail that props it up."""
    colour, bill = drawing.colour("black", "dark gray", "navy"), drawing.colour("orange", "yellow")
    stride = drawing.uniform(0.0, 0.16)
    for x in (0.26 + stride, 0.04):
        foot = closed_curve((x - 0.14, -0.76), (x + 0.06, -0.74), (x + 0.26, -0.88),
                            (x - 0.12, -0.89), samples=4)  # fmt: skip
        drawing.fill(foot, bill, None, 1.3)
    nod = drawing.uniform(-0.08, 0.08)
    beak = closed_curve((0.14, 0.86 + nod), (0.36, 0.78 + 1.3 * nod), (0.54, 0.66 + 1.5 * nod),
                        (0.34, 0.69 + 1.3 * nod), (0.14, 0.68 + nod), samples=4)  # fmt: skip
    drawing.fill(beak, bill, None, 1.5)
    belly = drawing.vary(0.54, 0.08)
    outline = closed_curve((0.02, 0.98), (0.22, 0.9), (0.28, 0.72), (0.26, 0.5), (0.43, 0.24),
                           (belly, -0.22), (0.4, -0.66), (0.0, -0.8), (-0.28, -0.78),
                           (-0.62, -0.9), (-0.5, -0.5), (-0.45, 0.0), (-0.28, 0.4),
                           (-0.24, 0.7), (-0.17, 0.9), samples=5)  # fmt: skip
    drawing.fill(outline, colour, None, 1.5)
    front = closed_curve((0.2, 0.52), (0.38, 0.24), (belly - 0.05, -0.22), (0.35, -0.62),
                         (0.06, -0.72), (0.08, -0.2), (0.1, 0.26), samples=5)  # fmt: skip
    drawing.fill(front, WHITE, None, 1.4, True)
    drawing.fill(ellipse(0.09, 0.8, 0.08, 0.085, samples=16), WHITE, None, 1.0, True)
    drawing.eye(0.1, 0.8, 0.045)
    swing = drawing.uniform(0.3, 0.6)
    flipper = [(-0.06, 0.36), (-0.14 - 0.3 * swing, 0.02), (-0.16 - swing, -0.36)]
    drawing.fill(limb(flipper, (0.2, 0.23, 0.08), samples=5), lighter(colour, 0.15), None, 1.5)


def _frontal_penguin(drawing: Drawing) -> None:
    """Draw a penguin that faces the viewer, its flippers held off."""
    colour, bill = drawing.colour("black", "dark gray", "navy"), drawing.colour("orange", "yellow")
    width, spread = drawing.vary(0.44, 0.08), drawing.uniform(0.08, 0.30)
    for side in (-1, 1):
        foot = ellipse(0.20 * side, -0.82, 0.18, 0.07, samples=18)
        drawing.fill(foot, bill, None, 1.0)
    for side in (-1, 1):
        path = [(0.75 * width * side, 0.22), ((width + 0.6 * spread) * side, -0.10),
                ((width + spread) * side, -0.42)]  # fmt: skip
        drawing.fill(limb(path, (0.18, 0.17, 0.07), samples=5), darker(colour, 0.9), None, 1.1)
    # Head and body are one outline without a neck.
    half = [(0, 0.92), (0.24, 0.80), (0.28, 0.52), (0.9 * width, 0.16), (width, -0.3), (0.75 * width, -0.7),
            (0, -0.82)]  # fmt: skip
    drawing.fill(mirrored(*half, samples=5), colour)
    front = [(0, 0.30), (0.45 * width, 0.30), (0.72 * width, 0.0), (0.78 * width, -0.35),
             (0.5 * width, -0.70), (0, -0.76)]  # fmt: skip
    drawing.fill(mirrored(*front, samples=5), WHITE, "front", 1.1)
    for side in (-1, 1):
        drawing.fill(ellipse(0.11 * side, 0.62, 0.09, 0.12, samples=16), WHITE, None, 0.7, True)
        drawing.eye(0.11 * side, 0.62, 0.04)
    drawing.fill(polygon((-0.09, 0.52), (0.09, 0.52), (0, 0.38)), bill, None, 1.1)


@toy(
    "owl", FAMILY,
    "animal", "two legs", "wings", "beak", "feathers", "flies", "wild", "ears", "face", "upright",
    "round",
)  # fmt: skip
def owl(drawing: Drawing) -> None:
    """Draw an owl that looks at the viewer, with or without ear tufts, often on a branch."""
    colour = drawing.colour("brown", "tan", "gray", "dark brown", "white")
    high, wide = drawing.vary(0.95, 0.06), drawing.vary(0.44, 0.06)
    tufted = drawing.chance(0.65)
    if tufted:
        for side in (-1, 1):
            tuft = polygon((0.3 * side * wide, 0.75 * high), (0.95 * side * wide, 1.10 * high),
                           (0.88 * side * wide, 0.58 * high))  # fmt: skip
            drawing.fill(tuft, darker(colour, 0.85), "body", 1.1)
    brow = 0.80 if tufted else 0.86
    half = [(0, 0.9 * high), (0.75 * wide, brow * high), (0.88 * wide, 0.5 * high), (wide, 0.1 * high),
            (0.85 * wide, -0.45 * high), (0.3 * wide, -0.75 * high), (0, -0.78 * high)]  # fmt: skip
    drawing.fill(mirrored(*half, samples=5), colour, "body")
    belly = ellipse(0, -0.15 * high, 0.6 * wide, 0.42 * high, samples=28)
    drawing.fill(belly, lighter(colour, 0.35), None, 0.7)
    for row, across in (
        (0.05, (-0.14, 0.0, 0.14)),
        (-0.13, (-0.07, 0.07)),
        (-0.31, (-0.14, 0, 0.14)),
    ):
        for x in across:
            scale = open_curve((x - 0.05, row + 0.04), (x, row - 0.02), (x + 0.05, row + 0.04),
                               samples=3)  # fmt: skip
            drawing.line(scale, darker(colour, 0.6), 0.025, 0.45)
    for side in (-1, 1):
        wing = [
            (0.85 * wide, 0.25 * high),
            (1.2 * wide, -0.1),
            (0.9 * wide, -0.6 * high),
            (0.65 * wide, -0.1),
        ]
        outline = closed_curve(*((side * x, y) for x, y in wing), samples=5)
        drawing.fill(outline, darker(colour, 0.72), None, 0.95)
    disc = drawing.colour("beige", "cream", "white", "gold")
    for side in (-1, 1):
        x, y = 0.4 * side * wide, 0.50 * high
        drawing.fill(ellipse(x, y, 0.42 * wide, samples=24), disc, None, 1.2)
        drawing.fill(ellipse(x, y, 0.25 * wide, samples=18), drawing.colour("yellow", "orange"), None,
                     0.7, True)  # fmt: skip
        drawing.eye(x, y, 0.15 * wide)
    bill = polygon((-0.08, 0.42 * high), (0.08, 0.42 * high), (0, 0.22 * high))
    drawing.fill(bill, drawing.colour("orange", "dark gray", "yellow"), None, 1.0)
    if drawing.chance(0.5):
        y = -0.80 * high
        branch = limb(
            [(-0.70, y - 0.05), (0.0, y), (0.70, y + 0.04)], (0.11, 0.09, 0.07), samples=6
        )
        drawing.fill(branch, drawing.colour("brown", "dark brown"), None, 0.85)
    for side in (-1, 1):
        for toe in (-0.07, 0.0, 0.07):
            x = 0.38 * side * wide + toe
            claw = polyline((x, -0.70 * high), (x + 0.2 * toe, -0.86 * high))
            drawing.line(claw, (190, 140, 60), 0.045, 0.75)


@toy(
    "seagull", FAMILY,
    "animal", "two legs", "wings", "beak", "feathers", "flies", "wild", "lives in water", "long",
    "curved",
)  # fmt: skip
def seagull(drawing: Drawing) -> None:
    """Draw a seagull: gliding on bent wings with black tips, or standing, at times on a post."""
    if drawing.chance(0.6):
        _gliding_gull(drawing)
    else:
        draw_bird(drawing, (GULL,))
        if drawing.chance(0.5):
            _post(drawing)


def _post(drawing: Drawing) -> None:
    """Put what is drawn so far on a mooring post."""
    top = min(part.points[:, 1].min() for part in drawing.parts) + 0.03
    wood, width = drawing.colour("brown", "gray", "wood"), drawing.vary(0.38, 0.1)
    drawing.fill(rectangle(0.06, top - 0.2, width, 0.4, 0.03), wood, "post", 1.2)
    drawing.fill(ellipse(0.06, top - 0.02, width / 2, 0.06, samples=20), lighter(wood), None, 1.1)


def _gull_wing(
    drawing: Drawing, root: Point, side: int, tip: Point, bend: float, colour: Colour
) -> None:
    """Draw a long narrow wing with a bend at the wrist; the last third of it is black."""
    (x, y), (tip_x, tip_y) = root, (root[0] + side * tip[0], root[1] + tip[1])
    wrist = (x + 0.42 * (tip_x - x), y + 0.42 * (tip_y - y) + bend)
    hind = (x + 0.45 * (tip_x - x), y + 0.42 * (tip_y - y) + 0.4 * bend - 0.08)
    outline = closed_curve(
        (x + 0.13 * side, y + 0.05), wrist,
        ((wrist[0] + tip_x) / 2, (wrist[1] + tip_y) / 2 + 0.07), (tip_x, tip_y),
        ((hind[0] + tip_x) / 2, (hind[1] + tip_y) / 2 - 0.01), hind, (x - 0.13 * side, y - 0.09),
        samples=5,
    )  # fmt: skip
    drawing.fill(outline, colour, None, 1.2)
    front = (0.38 * wrist[0] + 0.62 * tip_x, 0.38 * wrist[1] + 0.62 * tip_y + 0.065)
    back = (0.38 * hind[0] + 0.62 * tip_x, 0.38 * hind[1] + 0.62 * tip_y)
    black = closed_curve(
        front, (0.5 * (front[0] + tip_x), 0.5 * (front[1] + tip_y) + 0.035), (tip_x, tip_y), back,
        samples=4,
    )  # fmt: skip
    drawing.fill(black, SOOT, None, 1.0, True)


def _gliding_gull(drawing: Drawing) -> None:
    """Draw a gull in flight, both wings raised to the wrist and bent there like an M."""
    white = drawing.colour("white", "white", "light gray")
    gray = drawing.colour("gray", "light gray", "white", "dark gray")
    far_tip = (drawing.uniform(0.75, 0.95), drawing.uniform(0.30, 0.65))
    near_tip = (drawing.uniform(0.90, 1.10), drawing.uniform(0.15, 0.55))
    bend = drawing.vary(0.42, 0.15)
    _gull_wing(drawing, (0.14, 0.06), 1, far_tip, bend, darker(gray, 0.85))
    fan = closed_curve((-0.30, 0.06), (-0.58, 0.10), (-0.62, -0.10), (-0.30, -0.08), samples=4)
    drawing.fill(fan, white, "body", 0.95)
    body = [(-0.42, 0.0), (-0.12, 0.13), (0.22, 0.14), (0.44, 0.10), (0.46, -0.06), (0.2, -0.16),
            (-0.15, -0.12)]  # fmt: skip
    drawing.fill(closed_curve(*body, samples=5), white, "body")
    bill_colour = drawing.colour("yellow", "orange")
    _gull_bill(drawing, (0.58, 0.03), drawing.vary(0.20), 0.10, bill_colour)
    drawing.fill(ellipse(0.48, 0.05, 0.14, 0.125, samples=22), white, "body")
    drawing.eye(0.52, 0.08, 0.03)
    if drawing.chance(0.4):
        for x in (-0.10, -0.02):
            drawing.line(polyline((x, -0.12), (x - 0.18, -0.20)), darker(bill_colour), 0.035, 0.7)
    _gull_wing(drawing, (-0.02, 0.06), -1, near_tip, bend, gray)
