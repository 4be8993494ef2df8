"""Fish and what swims like them, from the side with the head to the right; the ray from above.

A fish is a body, a tail fin and a back fin, each from a small choice of forms (`FishShape`). What
tells the classes apart is the outline of the tail, what stands on the back, and what is at the
front: a beak, a sword, teeth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from zsbir_lib.datasets.toybox.drawing import Drawing
from zsbir_lib.datasets.toybox.geometry import (
    Points,
    closed_curve,
    ellipse,
    limb,
    mirrored,
    open_curve,
    polygon,
    polyline,
    star,
)
from zsbir_lib.datasets.toybox.palette import Colour, darker, lighter
from zsbir_lib.datasets.toybox.registry import toy

GRAYS = ("gray", "dark gray", "navy", "light gray")


@dataclass(frozen=True)
class FishShape:
    """The proportions of a fish.

    Attributes
    ----------
    length, height
        Of the body, without fins.
    snout
        How blunt the head is: 0.5 pointed, 1 round.
    tail
        Form of the tail fin: "fan", "fork", "moon" or "veil".
    tail_size
        Length of the tail fin.
    root
        Thickness of the body where the tail fin begins, as a fraction of `height`.
    back_fin
        Form of the fin on the back: "long", "short", "spiny" or "sickle".
    """

    length: float
    height: float
    snout: float
    tail: str
    tail_size: float
    root: float
    back_fin: str

    @property
    def front(self) -> float:
        """The x of the snout."""
        return self.length / 2

    @property
    def back(self) -> float:
        """The x where the body ends and the tail fin begins."""
        return -self.length / 2

    def varied(self, drawing: Drawing) -> FishShape:
        """Return the shape with proportions a little changed."""
        return replace(
            self,
            length=drawing.vary(self.length, 0.07),
            height=drawing.vary(self.height, 0.09),
            tail_size=drawing.vary(self.tail_size, 0.12),
        )


def _bent(points: Points, amount: float) -> Points:
    """Return an outline arched along the x axis: both ends are moved down by `amount` x squared."""
    out = points.copy()
    out[:, 1] -= amount * out[:, 0] ** 2
    return out


def _tail_fin(shape: FishShape) -> Points:
    """Return the outline of the tail fin."""
    x, size, thick = shape.back, shape.tail_size, shape.root * shape.height
    if shape.tail == "fork":
        return polygon((x + 0.08, thick), (x - size * 0.85, size * 0.8), (x - size * 0.45, 0),
                       (x - size * 0.85, -size * 0.8), (x + 0.08, -thick))  # fmt: skip
    if shape.tail == "moon":
        return closed_curve(
            (x + 0.08, thick), (x - size * 0.3, size * 0.6), (x - size * 0.75, size),
            (x - size * 0.38, size * 0.35), (x - size * 0.28, 0), (x - size * 0.38, -size * 0.35),
            (x - size * 0.75, -size), (x - size * 0.3, -size * 0.6), (x + 0.08, -thick), samples=4,
        )  # fmt: skip
    if shape.tail == "veil":
        return closed_curve(
            (x + 0.06, thick), (x - size * 0.5, size * 0.62), (x - size * 1.1, size * 0.45),
            (x - size * 0.7, size * 0.05), (x - size * 1.15, -size * 0.5),
            (x - size * 0.55, -size * 0.6), (x + 0.06, -thick), samples=6,
        )  # fmt: skip
    return closed_curve(
        (x + 0.06, thick), (x - size * 0.85, size * 0.68), (x - size * 0.8, 0),
        (x - size * 0.85, -size * 0.68), (x + 0.06, -thick), samples=6,
    )  # fmt: skip


def _back_fin(shape: FishShape) -> Points:
    """Return the outline of the fin on the back; its foot is hidden by the body."""
    length, height = shape.length, shape.height
    if shape.back_fin == "spiny":
        spines = [(length * (0.26 - 0.1 * k), height * (0.82 - 0.05 * k)) for k in range(6)]
        gaps = [(x - 0.05 * length, y - 0.13 * height) for x, y in spines]
        crest = [point for pair in zip(spines, gaps, strict=True) for point in pair]
        return polygon((length * 0.28, height * 0.3), *crest, (-length * 0.32, height * 0.15))
    if shape.back_fin == "sickle":
        return closed_curve((length * 0.2, height * 0.4), (length * 0.03, height * 1.25),
                            (-length * 0.02, height * 1.15), (-length * 0.04, height * 0.55),
                            (-length * 0.1, height * 0.3), samples=5)  # fmt: skip
    if shape.back_fin == "short":
        return closed_curve((length * 0.14, height * 0.35), (-length * 0.02, height * 0.82),
                            (-length * 0.15, height * 0.78), (-length * 0.14, height * 0.3),
                            samples=5)  # fmt: skip
    return closed_curve((length * 0.25, height * 0.35), (length * 0.08, height * 0.8),
                        (-length * 0.22, height * 0.7), (-length * 0.32, height * 0.2))  # fmt: skip


def _body(shape: FishShape) -> Points:
    """Return the outline of the body."""
    x0, x1, half, thick = shape.back, shape.front, shape.height / 2, shape.root * shape.height
    return closed_curve(
        (x0, thick), (x0 * 0.5, half * 0.72), (0, half), (x1 * 0.55, half * 0.88),
        (x1 * 0.9, half * shape.snout * 0.6), (x1, 0), (x1 * 0.88, -half * shape.snout * 0.68),
        (x1 * 0.5, -half * 0.88), (0, -half), (x0 * 0.5, -half * 0.66), (x0, -thick),
    )  # fmt: skip


def _belly(shape: FishShape) -> Points:
    """Return the outline of the paler underside."""
    x0, x1, height = shape.back, shape.front, shape.height
    return closed_curve(
        (x1 * 0.94, -height * 0.1), (x1 * 0.4, -height * 0.17), (x0 * 0.4, -height * 0.12),
        (x0 * 0.9, -shape.root * height * 0.6), (x0 * 0.4, -height * 0.34), (0, -height * 0.47),
        (x1 * 0.5, -height * 0.42), (x1 * 0.85, -height * 0.3 * shape.snout), samples=5,
    )  # fmt: skip


def _fish_eye(drawing: Drawing, x: float, y: float, radius: float) -> None:
    """Add a round eye with a white ring."""
    drawing.fill(ellipse(x, y, radius, samples=14), (245, 245, 240), importance=1.1, flat=True)
    drawing.eye(x + 0.15 * radius, y, radius * 0.55)


def _cross_bands(drawing: Drawing, shape: FishShape, colour: Colour, count: int) -> None:
    """Paint upright bands over the body."""
    for x in np.linspace(shape.front * 0.4, shape.back * 0.62, count):
        half = shape.height * 0.47 * (1 - 0.55 * (x / shape.front) ** 2)
        band = closed_curve((x - 0.05, half), (x + 0.05, half), (x + 0.07, 0), (x + 0.04, -half),
                            (x - 0.05, -half), (x - 0.03, 0), samples=4)  # fmt: skip
        drawing.fill(band, colour, importance=0.9, flat=True)


def _scales(drawing: Drawing, shape: FishShape, colour: Colour) -> None:
    """Draw rows of scales behind the gill."""
    step = shape.length * 0.17
    for x, y in ((0.1, 0.5), (0.1, -0.5), (-0.9, 0.5), (-0.9, -0.5), (-0.4, 0), (-1.4, 0)):
        cx, cy = x * step, y * shape.height * 0.32
        arc = ellipse(cx, cy, step * 0.45, step * 0.5, 0, 7, 90, 270)
        drawing.line(arc, darker(colour, 0.6), 0.025, importance=0.8)


def _fish_pattern(drawing: Drawing, shape: FishShape, colour: Colour) -> None:
    """Paint one of the patterns that fish have, or none."""
    kind = drawing.pick("bands", "scales", "scales", "spots", "belly")
    if kind == "bands":
        other = lighter(colour, 0.75) if drawing.chance() else darker(colour, 0.35)
        _cross_bands(drawing, shape, other, int(drawing.rng.integers(2, 5)))
    elif kind == "scales":
        _scales(drawing, shape, colour)
    elif kind == "spots":
        for k in range(7):
            x = shape.front * (0.3 - 0.17 * k)
            y = shape.height * (0.2 if k % 2 else 0.02)
            spot = ellipse(x, y, 0.045, samples=9)
            drawing.fill(spot, darker(colour, 0.45), importance=0.5, flat=True)
    else:
        drawing.fill(_belly(shape), drawing.colour("white", "cream", "yellow"), importance=0.6)


def _lower_fins(drawing: Drawing, shape: FishShape, colour: Colour) -> None:
    """Add the fins under the body."""
    length, height = shape.length, shape.height
    for x in (0.16, -0.22):
        fin = closed_curve((length * x, -height * 0.36), (length * (x - 0.06), -height * 0.72),
                           (length * (x - 0.15), -height * 0.7),
                           (length * (x - 0.13), -height * 0.3), samples=5)  # fmt: skip
        drawing.fill(fin, colour, importance=0.9)


def _face(drawing: Drawing, shape: FishShape, colour: Colour) -> None:
    """Add gill cover, breast fin, mouth and eye."""
    x, height = shape.front, shape.height
    ink = darker(colour, 0.45)
    gill = open_curve((x * 0.46, height * 0.34), (x * 0.3, 0), (x * 0.46, -height * 0.34),
                      samples=5)  # fmt: skip
    drawing.line(gill, ink, 0.028, importance=1.05)
    fin = closed_curve((x * 0.2, -height * 0.02), (-x * 0.12, height * 0.03),
                       (-x * 0.2, -height * 0.2), (x * 0.16, -height * 0.18), samples=5)  # fmt: skip
    drawing.fill(fin, darker(colour, 0.7), importance=0.95)
    mouth = open_curve((x * 0.98, -height * 0.06), (x * 0.88, -height * 0.12),
                       (x * 0.78, -height * 0.1), samples=4)  # fmt: skip
    drawing.line(mouth, ink, 0.03, importance=0.8)
    _fish_eye(drawing, x * 0.66, height * 0.13, drawing.vary(0.07, 0.15))


FISH_SHAPES = (
    FishShape(1.0, 0.62, 0.9, "veil", 0.5, 0.12, "long"),  # goldfish
    FishShape(1.3, 0.48, 0.65, "fork", 0.38, 0.1, "spiny"),  # perch
    FishShape(1.4, 0.44, 0.6, "fan", 0.34, 0.13, "short"),  # trout
    FishShape(1.0, 0.8, 0.75, "fan", 0.36, 0.12, "long"),  # coral fish
    FishShape(1.3, 0.54, 0.6, "moon", 0.36, 0.08, "short"),  # tuna
)


@toy(
    "fish", "fish",
    "animal", "edible", "fins", "lives in water", "wild", "long", "spotted", "small",
)  # fmt: skip
def fish(drawing: Drawing) -> None:
    """Draw a goldfish, a perch, a trout, a coral fish or a tuna."""
    shape = drawing.pick(*FISH_SHAPES).varied(drawing)
    colour = drawing.colour("orange", "red", "gold", "sky", "silver", "teal", "olive", "yellow")
    fins = darker(colour, drawing.uniform(0.62, 0.85))
    if drawing.chance(0.3):
        fins = drawing.colour("yellow", "orange", "white", "navy")
    tail = _tail_fin(shape)
    drawing.fill(tail, fins, importance=1.3)
    drawing.fill(_back_fin(shape), fins, importance=1.2)
    _lower_fins(drawing, shape, fins)
    drawing.fill(_body(shape), colour)
    _fish_pattern(drawing, shape, colour)
    _face(drawing, shape, colour)
    for slope in (-0.35, 0, 0.35):  # rays of the tail fin
        start = (shape.back - 0.12 * shape.tail_size, slope * 0.2 * shape.tail_size)
        stop = (shape.back - 0.42 * shape.tail_size, slope * 0.8 * shape.tail_size)
        drawing.line(polyline(start, stop), darker(fins, 0.65), 0.02, importance=0.5)


@toy(
    "shark", "fish",
    "animal", "fins", "lives in water", "wild", "big", "dangerous", "pointed", "long",
)  # fmt: skip
def shark(drawing: Drawing) -> None:
    """Draw a shark: high triangular fin, tail with a long upper lobe, gill slits, teeth."""
    colour = drawing.colour(*GRAYS)
    dark = darker(colour, 0.78)
    arch = drawing.uniform(-0.1, 0.1)
    deep = drawing.vary(0.29, 0.1)

    tail = closed_curve(
        (-0.72, 0.06), (-0.92, 0.3), (-1.2, 0.6), (-1.06, 0.2), (-0.98, -0.02), (-1.05, -0.3),
        (-0.88, -0.18), (-0.72, -0.06), samples=5,
    )  # fmt: skip
    drawing.fill(_bent(tail, arch), colour, "shark", importance=1.3)
    rear_fin = polygon((-0.45, 0.08), (-0.6, 0.24), (-0.58, 0.06))
    drawing.fill(_bent(rear_fin, arch), dark, importance=0.9)
    height = deep + drawing.vary(0.42, 0.12)
    back_fin = closed_curve((0.24, deep * 0.85), (0.06, height * 0.75), (-0.1, height),
                            (-0.06, height * 0.6), (-0.1, deep * 0.8), (0, deep * 0.5),
                            samples=5)  # fmt: skip
    drawing.fill(_bent(back_fin, arch), dark, "shark", importance=1.3)

    body = closed_curve(
        (-0.8, 0.05), (-0.4, deep * 0.62), (0, deep), (0.45, deep * 0.92), (0.8, deep * 0.45),
        (1.02, 0.02), (0.86, -deep * 0.35), (0.5, -deep * 0.8), (0, -deep), (-0.4, -deep * 0.5),
        (-0.8, -0.06),
    )  # fmt: skip
    drawing.fill(_bent(body, arch), colour, "shark")
    belly = closed_curve(
        (0.9, -0.06), (0.5, -deep * 0.25), (0, -deep * 0.35), (-0.6, -0.06), (-0.35, -deep * 0.5),
        (0, -deep * 0.93), (0.5, -deep * 0.75), (0.8, -deep * 0.45), samples=5,
    )  # fmt: skip
    drawing.fill(_bent(belly, arch), drawing.colour("white", "cream"), importance=0.55, flat=True)
    breast_fin = closed_curve((0.34, -deep * 0.45), (0.12, -deep - 0.22), (-0.08, -deep - 0.36),
                              (-0.02, -deep - 0.1), (0.1, -deep * 0.6), samples=5)  # fmt: skip
    drawing.fill(_bent(breast_fin, arch), dark, importance=1.2)
    for k in range(3):
        x = 0.42 - 0.075 * k
        slit = open_curve((x, deep * 0.3), (x - 0.035, 0), (x, -deep * 0.25), samples=3)
        drawing.line(_bent(slit, arch), darker(colour, 0.45), 0.024, importance=1.05)
    _shark_mouth(drawing, deep, arch)
    drawing.eye(0.72, deep * 0.28 - arch * 0.5, 0.042)


def _shark_mouth(drawing: Drawing, deep: float, arch: float) -> None:
    """Add an open jaw with a row of teeth, or a closed one."""
    if drawing.chance(0.6):
        mouth = closed_curve((0.94, -0.06), (0.76, -deep * 0.26), (0.6, -deep * 0.2),
                             (0.72, -deep * 0.58), samples=4)  # fmt: skip
        drawing.fill(_bent(mouth, arch), (110, 35, 40), importance=1.2, flat=True)
        teeth = [(0.9, -0.07)]
        for k in range(4):
            x = 0.86 - 0.06 * k
            teeth += [(x, -deep * 0.45), (x - 0.03, -deep * 0.22)]
        drawing.fill(_bent(polygon(*teeth), arch), (250, 250, 245), importance=1.0, flat=True)
    else:
        mouth = open_curve((0.92, -0.08), (0.74, -deep * 0.3), (0.58, -deep * 0.5), samples=4)
        drawing.line(_bent(mouth, arch), (50, 35, 35), 0.03, importance=1.2)


@toy(
    "dolphin", "fish",
    "animal", "fins", "beak", "lives in water", "wild", "big", "curved", "face",
)  # fmt: skip
def dolphin(drawing: Drawing) -> None:
    """Draw a dolphin, leaping in an arch or swimming: beak, curved fin, flukes that lie flat."""
    colour = drawing.colour("gray", "sky", "dark gray", "blue", "light gray")
    dark = darker(colour, 0.82)
    leaping = drawing.chance(0.75)
    arch = drawing.uniform(0.55, 0.85) if leaping else drawing.uniform(0.12, 0.25)
    deep = drawing.vary(0.25, 0.08)
    back_fin = closed_curve((0.16, deep * 0.8), (0.03, deep + 0.2), (-0.24, deep + 0.34),
                            (-0.14, deep + 0.12), (-0.12, deep * 0.75), samples=5)  # fmt: skip
    drawing.fill(_bent(back_fin, arch), dark, "dolphin", importance=1.3)
    # Flukes lie flat: the far one is foreshortened, and a notch parts it from the near one.
    spread = drawing.vary(0.36, 0.12)
    flukes = closed_curve(
        (-0.7, 0.05), (-0.78, spread * 0.75), (-0.98, spread * 1.1), (-0.98, spread * 0.45),
        (-0.9, 0.02), (-1.05, -0.1), (-1.24, -spread * 0.45), (-1.0, -spread * 0.62),
        (-0.72, -0.05), samples=5,
    )  # fmt: skip
    drawing.fill(_bent(flukes, arch), dark, "dolphin", importance=1.3)
    beak = drawing.vary(0.32, 0.12)
    body = closed_curve(
        (-0.82, 0.045), (-0.45, deep * 0.62), (0, deep), (0.35, deep * 1.02), (0.58, deep * 0.85),
        (0.69, 0.05), (0.72 + beak * 0.6, 0.02), (0.72 + beak, -0.03), (0.7 + beak * 0.7, -0.09),
        (0.62, -0.13), (0.35, -deep * 0.85), (0, -deep * 0.9), (-0.45, -deep * 0.5), (-0.82, -0.05),
    )  # fmt: skip
    drawing.fill(_bent(body, arch), colour, "dolphin")
    belly = closed_curve(
        (0.72, -0.1), (0.4, -deep * 0.3), (0, -deep * 0.4), (-0.5, -deep * 0.3), (0, -deep * 0.82),
        (0.35, -deep * 0.76), samples=5,
    )  # fmt: skip
    drawing.fill(_bent(belly, arch), drawing.colour("white", "light gray"), importance=0.5,
                 flat=True)  # fmt: skip
    flipper = closed_curve((0.34, -deep * 0.35), (0.24, -deep - 0.12), (0.04, -deep - 0.27),
                           (0.08, -deep * 0.9), (0.14, -deep * 0.4), samples=5)  # fmt: skip
    drawing.fill(_bent(flipper, arch), dark, importance=1.2)
    smile = open_curve((0.7 + beak, -0.055), (0.74, -0.06), (0.6, -0.02), samples=4)
    drawing.line(_bent(smile, arch), darker(colour, 0.45), 0.026, importance=1.1)
    drawing.eye(0.56, 0.06 - arch * 0.31, 0.036)
    if leaping and drawing.chance(0.35):
        _splash(drawing, -0.75, -0.9 * arch - 0.22)


def _splash(drawing: Drawing, x: float, y: float) -> None:
    """Add the water that a leap throws up."""
    water = drawing.colour("sky", "white", "glass")
    waves = [(x - 0.55 + 0.11 * k, y + (0.1 if k % 2 else 0.0)) for k in range(11)]
    drawing.fill(closed_curve(*waves, (x + 0.5, y - 0.14), (x - 0.5, y - 0.14), samples=3), water,
                 importance=0.7, flat=True)  # fmt: skip


@toy(
    "ray", "fish",
    "animal", "fins", "wings", "long tail", "lives in water", "wild", "pointed", "spotted", "soft",
)  # fmt: skip
def ray(drawing: Drawing) -> None:
    """Draw a manta or a stingray from above: wide wings that end in points, a whip of a tail."""
    colour = drawing.colour("gray", "navy", "brown", "tan", "dark gray", "olive")
    sway = drawing.uniform(-0.3, 0.3)
    length = drawing.uniform(0.75, 1.05)
    tail = limb([(0, -0.4), (sway * 0.4, -0.4 - length * 0.4), (-sway * 0.4, -0.4 - length * 0.75),
                 (sway, -0.4 - length)], [0.14, 0.08, 0.06, 0.03], samples=6)  # fmt: skip
    drawing.fill(tail, darker(colour, 0.8), "ray", importance=1.3)
    manta = drawing.chance(0.5)
    if manta:
        _manta_body(drawing, colour)
    else:
        _stingray_body(drawing, colour)
    for side in (-1, 1):
        pelvic_fin = ellipse(side * 0.13, -0.47, 0.09, 0.14, side * 25, samples=14)
        drawing.fill(pelvic_fin, darker(colour, 0.85), importance=0.8)


def _manta_body(drawing: Drawing, colour: Colour) -> None:
    """Add swept wings and the two horns beside the wide mouth."""
    sweep = drawing.uniform(-0.15, 0.12)
    for side in (-1, 1):
        horn = limb([(side * 0.17, 0.35), (side * 0.22, 0.55), (side * 0.13, 0.7)],
                    [0.14, 0.12, 0.06], samples=4)  # fmt: skip
        drawing.fill(horn, darker(colour, 0.85), "ray", importance=1.3)
    body = mirrored(
        (0, 0.44), (0.2, 0.42), (0.36, 0.26), (0.7, 0.16 + sweep), (1.05, sweep - 0.12),
        (0.7, sweep * 0.5 - 0.13), (0.38, -0.28), (0.15, -0.48), (0, -0.5),
    )  # fmt: skip
    drawing.fill(body, colour, "ray")
    mouth = closed_curve((-0.16, 0.37), (0, 0.4), (0.16, 0.37), (0, 0.32), samples=4)
    drawing.fill(mouth, darker(colour, 0.45), importance=0.9, flat=True)
    for side in (-1, 1):
        drawing.eye(side * 0.25, 0.33, 0.04)
        patch = closed_curve((side * 0.2, 0.22), (side * 0.48, 0.06), (side * 0.25, 0.04),
                             samples=4)  # fmt: skip
        drawing.fill(patch, lighter(colour, 0.55), importance=0.5, flat=True)
        for k in range(3):
            y = 0.02 - 0.09 * k
            slit = polyline((side * 0.12, y), (side * 0.22, y - 0.03))
            drawing.line(slit, darker(colour, 0.5), 0.025, importance=0.6)


def _stingray_body(drawing: Drawing, colour: Colour) -> None:
    """Add a diamond of a body with a pointed nose, eyes on top, often with spots."""
    width, nose = drawing.vary(0.88, 0.08), drawing.vary(0.62, 0.08)
    body = mirrored(
        (0, nose), (0.12, nose - 0.08), (0.45, 0.32), (width * 0.96, 0.05), (width * 0.9, -0.1),
        (0.5, -0.36), (0.15, -0.52), (0, -0.52),
    )  # fmt: skip
    drawing.fill(body, colour, "ray")
    rim = mirrored((0, nose - 0.14), (0.36, 0.25), (width * 0.72, -0.01), (0.4, -0.28), (0, -0.42))
    drawing.fill(rim, darker(colour, 0.88), importance=0.5, flat=True)
    for side in (-1, 1):
        bump = ellipse(side * 0.13, 0.27, 0.075, samples=12)
        drawing.fill(bump, lighter(colour, 0.35), importance=1.2)
        drawing.eye(side * 0.13, 0.27, 0.036)
    if drawing.chance(0.6):
        spot_colour = lighter(colour, 0.6) if drawing.chance() else drawing.colour("sky", "white")
        for x, y in ((0.35, 0.12), (0.55, 0), (0.3, -0.14), (0.12, -0.02), (0.15, -0.3)):
            for side in (-1, 1):
                spot = ellipse(side * x, y, 0.05, samples=9)
                drawing.fill(spot, spot_colour, importance=0.6, flat=True)


@toy(
    "swordfish", "fish",
    "animal", "edible", "fins", "lives in water", "wild", "big", "long", "pointed", "blade",
    pretrain_only=True,
)  # fmt: skip
def swordfish(drawing: Drawing) -> None:
    """Draw a swordfish or, with a sail on its back, a sailfish."""
    shape = FishShape(1.15, 0.36, 0.65, "moon", 0.46, 0.09, "sickle").varied(drawing)
    colour = drawing.colour("navy", "blue", "gray", "teal")
    fins = darker(colour, 0.72)
    drawing.fill(_tail_fin(shape), fins, importance=1.3)
    if drawing.chance(0.35):
        sail = closed_curve((0.36, 0.1), (0.28, 0.48), (0.05, 0.62), (-0.25, 0.5), (-0.4, 0.1))
        drawing.fill(sail, fins, importance=1.2)
        for x in (-0.2, -0.05, 0.1, 0.22):
            drawing.line(polyline((x, 0.2), (x - 0.02, 0.48)), darker(fins, 0.6), 0.02, 0.6)
    else:
        drawing.fill(_back_fin(shape), fins, importance=1.2)
    _lower_fins(drawing, shape, fins)
    x, reach = shape.front, drawing.vary(0.62, 0.12)
    sword = polygon((x - 0.2, 0.1), (x + reach, 0.02), (x + reach, -0.02), (x - 0.2, -0.05))
    drawing.fill(sword, fins, "fish", importance=1.3)
    drawing.fill(_body(shape), colour, "fish")
    drawing.fill(_belly(shape), drawing.colour("light gray", "white"), importance=0.5)
    gill = open_curve((x * 0.5, 0.12), (x * 0.38, 0), (x * 0.5, -0.12), samples=5)
    drawing.line(gill, darker(colour, 0.5), 0.025, importance=0.8)
    _fish_eye(drawing, x * 0.7, shape.height * 0.13, 0.055)


@toy(
    "pufferfish", "fish",
    "animal", "fins", "lives in water", "wild", "small", "round", "pointed", "dangerous", "face",
    pretrain_only=True,
)  # fmt: skip
def pufferfish(drawing: Drawing) -> None:
    """Draw a puffed-up fish: a ball of spikes with small fins and round eyes."""
    colour = drawing.colour("yellow", "tan", "olive", "orange", "beige")
    dark = darker(colour, 0.75)
    tail = closed_curve((-0.5, 0.1), (-0.95, 0.24), (-0.9, 0), (-0.95, -0.24), (-0.5, -0.1),
                        samples=5)  # fmt: skip
    drawing.fill(tail, dark, importance=1.2)
    spikes = drawing.pick(15, 18, 21)
    drawing.fill(star(0, 0, drawing.vary(0.74, 0.05), 0.54, spikes), dark, importance=1.3)
    tall = drawing.vary(0.52, 0.05)
    drawing.fill(ellipse(0, 0, 0.58, tall, samples=28), colour)
    belly = ellipse(0, 0, 0.53, tall * 0.93, samples=16, start=190, stop=350)
    drawing.fill(belly, drawing.colour("white", "cream"), importance=0.6)
    for x, y in ((-0.3, 0.25), (-0.1, 0.36), (-0.4, 0.08), (-0.12, 0.12)):
        drawing.fill(ellipse(x, y, 0.05, samples=9), darker(colour, 0.5), importance=0.5, flat=True)
    fin = closed_curve((0.02, 0.02), (-0.24, 0.12), (-0.32, -0.06), (-0.2, -0.2), samples=5)
    drawing.fill(fin, dark, importance=1.1)
    mouth = ellipse(drawing.vary(0.53, 0.03), -0.05, 0.07, 0.09, samples=12)
    drawing.fill(mouth, darker(colour, 0.6), importance=1.2)
    _fish_eye(drawing, 0.3, 0.2, drawing.vary(0.12, 0.1))


@toy(
    "angelfish", "fish",
    "animal", "fins", "lives in water", "small", "striped", "upright", "pointed", "long tail",
    pretrain_only=True,
)  # fmt: skip
def angelfish(drawing: Drawing) -> None:
    """Draw an angelfish: taller than long, with swept fins, threads below and upright bands."""
    colour = drawing.colour("silver", "yellow", "gold", "sky", "cream")
    fins = darker(colour, 0.82)
    reach, sweep = drawing.vary(1.0, 0.08), drawing.uniform(-0.75, -0.45)
    tail = closed_curve((-0.42, 0.1), (-0.82, 0.26), (-0.74, 0), (-0.82, -0.26), (-0.42, -0.1),
                        samples=5)  # fmt: skip
    drawing.fill(tail, fins, importance=1.2)
    for side in (-1, 1):
        fin = closed_curve((0.14, side * 0.36), (-0.12, side * reach * 0.75),
                           (sweep, side * reach * 1.05), (-0.36, side * 0.5), (-0.4, side * 0.12),
                           samples=6)  # fmt: skip
        drawing.fill(fin, fins, "fish", importance=1.3)
    for x in (0.12, 0.22):
        thread = open_curve((x, -0.35), (x - 0.02, -0.65), (x - 0.2, -0.95), samples=5)
        drawing.line(thread, fins, 0.035, importance=1.1)
    body = closed_curve((-0.46, 0.11), (-0.2, 0.4), (0.08, 0.45), (0.4, 0.18), (0.56, -0.02),
                        (0.4, -0.2), (0.08, -0.45), (-0.2, -0.4), (-0.46, -0.11))  # fmt: skip
    drawing.fill(body, colour, "fish")
    dark = drawing.colour("black", "navy", "brown", "orange")
    for x, half in ((-0.36, 0.2), (-0.06, 0.52), (0.27, 0.24)):
        band = closed_curve((x - 0.06, half), (x + 0.06, half), (x + 0.07, 0), (x + 0.06, -half),
                            (x - 0.06, -half), (x - 0.04, 0), samples=4)  # fmt: skip
        drawing.fill(band, dark, importance=1.1, flat=True)
    drawing.line(open_curve((0.55, -0.04), (0.46, -0.07), samples=3), darker(colour, 0.4), 0.025)
    _fish_eye(drawing, 0.38, 0.05, 0.06)
