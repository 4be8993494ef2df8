"""Networks of other packages by name: ``torchvision:resnet50``, ``timm:...``, ``clip:...``.

A name begins with that of a *zoo*, a package that builds many networks and knows where the weights
of each are. Its networks are recipes as any other, made when they are asked for: the package says
how a network is built, what it does to an image before, and where its weights come from. Nothing of
a package is imported before a name of it is used.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol, cast

import torch
from torch import Tensor

from zsbir_lib.errors import UnknownNameError, ZsbirError, argument
from zsbir_lib.features.recipes import BACKBONES, Recipe
from zsbir_lib.features.weight_files import first_line


class _Module(Protocol):
    """What a module of this package defines."""

    def names(self) -> Iterable[str]:
        """Return all names, without the zoo's."""

    def recipe(self, name: str) -> tuple[str, Recipe]:
        """Return the full name of a network, and how it is built; KeyError if there is none."""


@dataclass(frozen=True)
class Zoo:
    """A package that builds networks by name.

    Attributes
    ----------
    prefix
        What names of its networks begin with, before the colon.
    package
        What is imported.
    example
        A name.
    """

    prefix: str
    package: str
    example: str

    @property
    def installed(self) -> bool:
        """Whether the package can be imported; it is not."""
        return importlib.util.find_spec(self.package) is not None

    def names(self) -> tuple[str, ...]:
        """Return the names of all its networks."""
        return tuple(f"{self.prefix}:{name}" for name in sorted(self._module().names()))

    def recipe(self, name: str) -> tuple[str, Recipe]:
        """Return the full name of a network, such as ``timm:resnet50.a1_in1k``, and its recipe.

        Parameters
        ----------
        name
            With the prefix; what names the weights may be left out where one set is the usual one.

        Raises
        ------
        ZsbirError
            If the package is not installed.
        UnknownNameError
            If it has no such network.
        """
        module = self._module()
        try:
            full, recipe = module.recipe(name.partition(":")[2])
        except KeyError:
            raise UnknownNameError(self._unknown(name)) from None
        return f"{self.prefix}:{full}", recipe

    def _module(self) -> _Module:
        if not self.installed:
            pip = {"open_clip": "open_clip_torch"}.get(self.package, self.package)
            raise ZsbirError(
                f"{self.package} is missing, which builds {self.prefix}:NAME: pip install {pip} "
                '(the extra "backbones" has it)'
            )
        # Its networks may be wanted on the meta device, where no number of its own may be.
        with torch.device("cpu"):
            return cast(_Module, importlib.import_module(f"{__name__}.{_MODULES[self.prefix]}"))

    def _unknown(self, name: str) -> str:
        names = self.names()
        near = [f"{self.prefix}:{one}" for one in _near(name.partition(":")[2], self._plain(names))]
        hint = f"did you mean {' or '.join(near)}?" if near else f"{self.example} is one"
        return (
            f"unknown backbone {name!r}: {hint} (available_backbones({self.prefix!r}) lists all "
            f"{len(names):,})"
        )

    def _plain(self, names: Iterable[str]) -> list[str]:
        return [name.partition(":")[2] for name in names]


def _near(name: str, names: Iterable[str]) -> list[str]:
    """Return up to three names that may have been meant, of `NETWORK.WEIGHTS` or with a slash.

    A network that is misspelt, or else the weights of one that is not.
    """
    networks: dict[str, list[str]] = {}
    for known in names:
        networks.setdefault(_network(known).lower(), []).append(known)
    network = _network(name).lower()
    if network in networks:
        tags = {known.lower(): known for known in networks[network]}
        near = get_close_matches(name.lower(), tags, n=3) or list(tags)[:3]
        return [tags[one] for one in near]
    return [_network(networks[one][0]) for one in get_close_matches(network, networks, n=3)]


def _network(name: str) -> str:
    """Return a name without that of the weights."""
    return re.split(r"[./]", name, maxsplit=1)[0]


_MODULES = {"torchvision": "of_torchvision", "timm": "of_timm", "clip": "of_open_clip"}
ZOOS: Mapping[str, Zoo] = {
    zoo.prefix: zoo
    for zoo in (
        Zoo("torchvision", "torchvision", "torchvision:resnet50"),
        Zoo("timm", "timm", "timm:vit_small_patch14_dinov2.lvd142m"),
        Zoo("clip", "open_clip", "clip:ViT-B-32/openai"),
    )
}
"""Every zoo by what its names begin with."""


def find_recipe(name: str) -> tuple[str, Recipe]:
    """Return the full name of a backbone, and its recipe: a registered one, or one of a zoo.

    Raises
    ------
    ZsbirError
        If there is no such backbone, or the package that it is of is not installed.
    """
    prefix, colon, _ = name.partition(":")
    if name in BACKBONES:
        return name, BACKBONES[name]
    if colon and prefix in ZOOS:
        return ZOOS[prefix].recipe(name)
    near = _prefixed(name) or get_close_matches(name, BACKBONES, n=1)
    hint = f" (did you mean {' or '.join(near)}?)" if near else ""
    examples = ", ".join(zoo.example for zoo in ZOOS.values())
    raise UnknownNameError(
        f"unknown backbone {name!r}{hint}: use one of {', '.join(BACKBONES)}, or a network of a "
        f"package, such as {examples}"
    )


def _prefixed(name: str) -> list[str]:
    """Return what a name may stand for that lacks what zoos' names begin with, or misspells it."""
    prefix, colon, rest = name.partition(":")
    if colon:
        return [f"{close}:{rest}" for close in get_close_matches(prefix, ZOOS, n=1)]
    found = [f"{zoo.prefix}:{name}" for zoo in ZOOS.values() if zoo.installed]
    return [one for one in found if _is_known(one)]


def _is_known(name: str) -> bool:
    try:
        find_recipe(name)
    except ZsbirError:
        return False
    return True


def available_backbones(zoo: str | None = None) -> tuple[str, ...]:
    """Return the names that `load_backbone` knows.

    Parameters
    ----------
    zoo
        ``"torchvision"``, ``"timm"`` or ``"clip"`` for all networks of that package, which is
        imported for it; None for those that are registered here.

    Raises
    ------
    ZsbirError
        If there is no such zoo, or its package is not installed.
    """
    if zoo is None:
        return tuple(BACKBONES)
    if zoo not in ZOOS:
        raise UnknownNameError(f"unknown zoo {zoo!r}: use one of {', '.join(ZOOS)}")
    return ZOOS[zoo].names()


def fetching(
    name: str, fetch: Callable[[], Mapping[str, Tensor]]
) -> Callable[[], Mapping[str, Tensor]]:
    """Return a function that fetches weights, and says in one line if they cannot be had.

    Parameters
    ----------
    name
        Of the backbone.
    fetch
        Lets the package download its weights, or takes those that it has kept.
    """

    def fetched() -> Mapping[str, Tensor]:
        try:
            return fetch()
        except ZsbirError:
            raise
        # Each package, and each of the servers that they ask, has errors of its own.
        except Exception as error:
            raise ZsbirError(
                f"cannot fetch the weights of {name} ({type(error).__name__}: "
                f"{first_line(error)[:200]}): pass a file as "
                f"{argument('weights', placeholder='PATH')}"
            ) from error

    return fetched
