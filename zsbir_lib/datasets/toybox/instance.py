"""One toy: its photo, and sketches of it by different hands, as a function of seed and number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from zsbir_lib.datasets.toybox.drawing import Drawing, Part, draw_object
from zsbir_lib.datasets.toybox.photo import render_photo
from zsbir_lib.datasets.toybox.registry import ToyClass, toy_class, toy_classes
from zsbir_lib.datasets.toybox.sketch import Hand, Strokes, render_sketch, visible_strokes

N_HANDS = 48
_OBJECT, _PHOTO, _HAND, _SKETCH = range(4)  # streams of random numbers that never mix
_DISTRACTOR_VARIANTS = 2


@lru_cache(maxsize=1)
def _distractor_classes() -> tuple[ToyClass, ...]:
    return tuple(toy for toy in toy_classes().values() if toy.pretrain_only)


@lru_cache(maxsize=1024)
def _distractor_parts(number: int, variant: int) -> tuple[Part, ...]:
    toy = _distractor_classes()[number]
    return tuple(draw_object(toy.draw, np.random.default_rng([toy.key, variant])))


def distractor(rng: np.random.Generator) -> tuple[Part, ...]:
    """Return a toy for the background of a photo.

    It is never of a retrieval class: a backbone trained on photos must not meet an unseen class
    there, and a gallery photo must show one class only.
    """
    number = int(rng.integers(len(_distractor_classes())))
    return _distractor_parts(number, int(rng.integers(_DISTRACTOR_VARIANTS)))


@lru_cache(maxsize=256)
def _hand(seed: int, number: int) -> Hand:
    return Hand.draw_one(np.random.default_rng([seed, _HAND, number]))


class DrawnToy:
    """An object and its photo, each from a stream of random numbers of its own."""

    def _rng(self, stream: int) -> np.random.Generator:
        raise NotImplementedError

    def _draw(self, drawing: Drawing) -> None:
        raise NotImplementedError

    @cached_property
    def parts(self) -> list[Part]:
        """The parts of the object, back to front."""
        return draw_object(self._draw, self._rng(_OBJECT))

    @cached_property
    def strokes(self) -> Strokes:
        """The lines that a contour drawing shows."""
        return visible_strokes(self.parts)

    def photo(self, *, size: int = 64, clutter: float = 0.5) -> np.ndarray:
        """Return the photo, uint8 of shape (size, size, 3); see `render_photo`."""
        return render_photo(
            self.parts, self._rng(_PHOTO), size=size, clutter=clutter, distractor=distractor
        )


@dataclass(frozen=True)
class Toy(DrawnToy):
    """Instance number `instance` of the class `class_name`, under a seed.

    The object itself, its photo and each of its sketches draw from separate streams of random
    numbers: another `clutter` shows the same object, and one sketch more changes no other.
    """

    class_name: str
    instance: int
    seed: int = 0

    def _rng(self, stream: int, number: int = 0) -> np.random.Generator:
        key = toy_class(self.class_name).key
        return np.random.default_rng([self.seed, key, self.instance, stream, number])

    def _draw(self, drawing: Drawing) -> None:
        toy_class(self.class_name).draw(drawing)

    def hands(self, count: int) -> list[int]:
        """Return the numbers of the `count` different hands that sketch this toy."""
        return self._rng(_HAND).permutation(N_HANDS)[:count].tolist()

    def sketch(self, number: int = 0, *, size: int = 64, abstraction: float = 1.3) -> np.ndarray:
        """Return sketch `number` of the toy, uint8 of shape (size, size).

        `size` and `abstraction` are those of `render_sketch`.
        """
        hand = _hand(self.seed, self.hands(N_HANDS)[number % N_HANDS])
        rng = self._rng(_SKETCH, number)
        return render_sketch(self.strokes, rng, hand, size=size, abstraction=abstraction)
