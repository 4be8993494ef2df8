"""Which classes the Toybox has: name, family, attributes, and the function that draws each.

The 125 retrieval classes carry the names of the Sketchy database's categories; the others only
pretrain the backbone and stand as distractors in the background of photos.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from zsbir_lib.datasets.toybox.attributes import ATTRIBUTES
from zsbir_lib.datasets.toybox.drawing import Drawing
from zsbir_lib.errors import ZsbirError

Draw = Callable[[Drawing], None]


@dataclass(frozen=True)
class ToyClass:
    """One class of the Toybox.

    Attributes
    ----------
    name
        Sketchy's spelling for a retrieval class, such as ``"car_(sedan)"``.
    family
        The kind of thing it is drawn as; classes of a family share code.
    draw
        Adds the parts of one instance to a `Drawing`.
    attributes
        Words of `ATTRIBUTES` that hold for a typical member.
    pretrain_only
        Whether the class is no retrieval class.
    """

    name: str
    family: str
    draw: Draw
    attributes: frozenset[str]
    pretrain_only: bool = False

    @property
    def key(self) -> int:
        """A number that depends on the name only, so that a new class changes no other."""
        return zlib.crc32(self.name.encode())


_CLASSES: dict[str, ToyClass] = {}


def register(
    name: str, family: str, draw: Draw, attributes: Iterable[str], *, pretrain_only: bool = False
) -> None:
    """Add a class of a `name`; `family`, `draw`, `attributes`, `pretrain_only` as in `ToyClass`.

    Raises
    ------
    ZsbirError
        If the name is taken or an attribute is not in the vocabulary.
    """
    attributes = frozenset(attributes)
    unknown = sorted(attributes - set(ATTRIBUTES))
    if unknown:
        raise ZsbirError(f"toy class {name!r} has unknown attributes: {', '.join(unknown)}")
    if name in _CLASSES:
        raise ZsbirError(f"toy class {name!r} is drawn twice")
    _CLASSES[name] = ToyClass(name, family, draw, attributes, pretrain_only)


def toy(
    name: str, family: str, *attributes: str, pretrain_only: bool = False
) -> Callable[[Draw], Draw]:
    """Register the decorated function as the drawing of a class.

    `name`, `family`, `attributes` and `pretrain_only` are those of a `ToyClass`.
    """

    def decorate(draw: Draw) -> Draw:
        register(name, family, draw, attributes, pretrain_only=pretrain_only)
        return draw

    return decorate


@lru_cache(maxsize=1)
def toy_classes() -> dict[str, ToyClass]:
    """Return all classes by name, sorted."""
    from zsbir_lib.datasets.toybox import families

    for module in iter_modules(families.__path__):
        import_module(f"{families.__name__}.{module.name}")
    return dict(sorted(_CLASSES.items()))


def toy_class(name: str) -> ToyClass:
    """Return the class called `name`.

    Raises
    ------
    ZsbirError
        If there is none; the message lists the nearest names.
    """
    classes = toy_classes()
    if name not in classes:
        from difflib import get_close_matches

        near = get_close_matches(name, classes, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "see `zsbir toybox classes`"
        raise ZsbirError(f"the Toybox has no class {name!r}: {hint}")
    return classes[name]
