"""What a Toybox is made of: how many pictures of which class, how hard, from which seed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any

from zsbir_lib.datasets.splits import SKETCHY_CLASSES, unseen_classes
from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import digest_of
from zsbir_lib.paper import PAPER_SPLIT

DRAWINGS_VERSION = 1
"""What the drawing code draws. Raise it with every change that alters a picture; what was drawn
before is then drawn anew, and ToyNet has to be trained anew. Such a change is noticed by
``tests/datasets/toybox/test_golden.py``.
"""


@dataclass(frozen=True)
class Counts:
    """Pictures of one class: instances 0 to `photos` - 1, of which the first `drawn` are sketched.

    Attributes
    ----------
    photos
        Photos, one for each instance.
    drawn
        How many of them have sketches.
    sketches
        Sketches of each such photo, by as many different hands.
    """

    photos: int
    drawn: int
    sketches: int


# A smaller size holds the first instances of a larger one, picture for picture.
SIZES: dict[str, dict[str, Counts]] = {
    "mini": {"seen": Counts(30, 20, 2), "unseen": Counts(40, 20, 2)},
    "full": {"seen": Counts(150, 100, 6), "unseen": Counts(200, 100, 6)},
}


@dataclass(frozen=True)
class Recipe:
    """Everything that the pictures of a Toybox depend on, besides the code that draws them.

    Attributes
    ----------
    classes
        Pictures of each class.
    image_size
        Side in pixels.
    clutter
        Difficulty of the photos; see `zsbir_lib.datasets.toybox.photo.render_photo`.
    abstraction
        Difficulty of the sketches; see `zsbir_lib.datasets.toybox.sketch.render_sketch`.
    seed
        Another seed gives other pictures of the same classes.
    """

    classes: dict[str, Counts] = field(hash=False)
    image_size: int = 64
    clutter: float = 0.5
    abstraction: float = 1.3
    seed: int = 0

    def __post_init__(self) -> None:
        if not 16 <= self.image_size <= 512:
            raise ZsbirError(f"image size {self.image_size} is not from 16 to 512 pixels")
        for name, top in (("clutter", 1.5), ("abstraction", 3.0)):
            if not 0 <= getattr(self, name) <= top:
                raise ZsbirError(f"{name} {getattr(self, name)} is not from 0 to {top:g}")
        if self.seed < 0:
            raise ZsbirError(f"seed {self.seed} is negative: use 0, 1, 2, ...")

    @property
    def key(self) -> dict[str, Any]:
        """Everything that a pixel depends on, as JSON values for `zsbir_lib.store.Store.get`."""
        return {
            "drawings": DRAWINGS_VERSION,
            "recipe": asdict(self),
            # What a line, a blur or a random number comes to may change with these.
            "pillow": _release(metadata.version("pillow")),
            "numpy": _release(metadata.version("numpy")),
        }

    @property
    def identity(self) -> str:
        """Twelve hexadecimal digits that change with the `key`."""
        return digest_of(self.key)[:12]


def _release(version: str) -> str:
    """Return the first two numbers of a version: a third mends faults only."""
    return ".".join(version.split(".")[:2])


def toybox_recipe(size: str, **options: Any) -> Recipe:
    """Return the recipe of a named size.

    Parameters
    ----------
    size
        ``"mini"`` or ``"full"``.
    **options
        Other fields of `Recipe`.

    Raises
    ------
    ZsbirError
        If there is no such size, or an option is out of range.
    """
    if size not in SIZES:
        raise ZsbirError(f"the Toybox has no size {size!r}: use {' or '.join(SIZES)}")
    unseen = set(unseen_classes(PAPER_SPLIT)[1])
    roles = {name: "unseen" if name in unseen else "seen" for name in SKETCHY_CLASSES}
    return Recipe({name: SIZES[size][role] for name, role in roles.items()}, **options)
