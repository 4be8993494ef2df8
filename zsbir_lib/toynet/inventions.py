"""Things that nobody ever saw: parts of some toys on the bodies of others, bent into new shapes.

Networks that learn from some 170 classes soon know these classes, instead of how shapes look. Of
invented classes there is no end. Each is a fixed recipe, drawn with other colours and proportions
each time, as a toy is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zsbir_lib.datasets.toybox.drawing import Drawing, Part
from zsbir_lib.datasets.toybox.instance import DrawnToy
from zsbir_lib.datasets.toybox.registry import toy_class

_MOST_ADDED = 3  # things of which an invention takes parts, besides its body
_FATES = 64  # a part's number, beyond this many, decides again whether an invention has it


@dataclass(frozen=True)
class Invention:
    """An invented class.

    Attributes
    ----------
    number
        Everything that its instances share follows from it, and from `sources`.
    sources
        Names of the toy classes that it is made of: its body's, then those of what is added.
    """

    number: int
    sources: tuple[str, ...]

    @classmethod
    def of(cls, number: int, class_names: Sequence[str]) -> Invention:
        """Choose what invention `number` is made of."""
        rng = np.random.default_rng([number, 0])
        chosen = rng.integers(len(class_names), size=1 + rng.integers(_MOST_ADDED + 1))
        return cls(number, tuple(class_names[row] for row in chosen))

    @property
    def name(self) -> str:
        """What it is called, where classes have names."""
        return f"invention {self.number}"

    def uses(self, class_names: Iterable[str]) -> bool:
        """Tell whether a part of it is of one of some classes."""
        return not set(class_names).isdisjoint(self.sources)

    def draw(self, drawing: Drawing) -> None:
        """Add the parts of one instance to a `drawing`."""
        rule = np.random.default_rng([self.number, 1])
        body = _unit(self._parts(self.sources[0], rule, drawing.rng, rule.uniform(0.6, 1.0)))
        for name in self.sources[1:]:
            added = _unit(self._parts(name, rule, drawing.rng, rule.uniform(0.15, 0.5)))
            quarter = np.linalg.matrix_power(np.array([[0, -1], [1, 0]]), rule.integers(4))
            size, place = rule.uniform(0.25, 0.7), rule.uniform(-0.9, 0.9, 2)
            added = _moved(added, quarter * size, place)
            body = added + body if rule.random() < 0.4 else body + added
        drawing.parts += _bent(_unit(body), rule)

    def _parts(
        self, name: str, rule: np.random.Generator, rng: np.random.Generator, share: float
    ) -> list[Part]:
        """Draw a toy, and keep a share of its parts: the same ones in each instance."""
        toy = Drawing(rng)
        toy_class(name).draw(toy)
        fate, mark = rule.random(_FATES), rule.integers(1 << 30)
        kept = [part for n, part in enumerate(toy.parts) if fate[n % _FATES] < share]
        # A group has one outline: groups of two toys are not to melt together.
        return [
            replace(part, group=None if part.group is None else f"{mark} {part.group}")
            for part in kept or toy.parts[:1]
        ]


@dataclass(frozen=True)
class InventedToy(DrawnToy):
    """One instance of an invention, as a toy is one of its class.

    Attributes
    ----------
    invention
        Its class.
    instance
        Its number in the class.
    seed
        Another seed has other instances.
    """

    invention: Invention
    instance: int
    seed: int = 0

    def _rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, self.invention.number, self.instance, stream])

    def _draw(self, drawing: Drawing) -> None:
        self.invention.draw(drawing)


def _unit(parts: Sequence[Part]) -> list[Part]:
    """Resize parts so that the longer side is 2, and move their middle to 0."""
    points = np.concatenate([part.points for part in parts])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = 2 / max(float((high - low).max()), 1e-6)
    return _moved(parts, np.eye(2) * scale, -(low + high) / 2 * scale)


def _moved(parts: Sequence[Part], matrix: np.ndarray, shift: np.ndarray) -> list[Part]:
    zoom = float(np.sqrt(abs(np.linalg.det(matrix))))
    return [
        replace(part, points=part.points @ matrix.T + shift, width=part.width * zoom)
        for part in parts
    ]


def _bent(parts: Sequence[Part], rule: np.random.Generator) -> list[Part]:
    """Stretch, taper, shear and bend the whole, as far as `rule` says."""
    stretch = np.exp(rule.standard_normal(2) * 0.3)
    taper, shear = rule.standard_normal(2) * 0.25
    height, wave = rule.standard_normal(2) * 0.12, rule.uniform(1.0, 3.0, 2)
    phase = rule.uniform(0, 2 * np.pi, 2)
    bent = []
    for part in parts:
        x, y = (part.points * stretch).T
        x = x * np.clip(1 + taper * y, 0.3, 2) + shear * y
        x, y = (
            x + height[0] * np.sin(wave[0] * y + phase[0]),
            y + height[1] * np.sin(wave[1] * x + phase[1]),
        )
        bent.append(replace(part, points=np.stack([x, y], axis=1)))
    return bent
