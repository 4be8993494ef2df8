"""timm's networks: ``timm:NAME``, with the weights' name behind a dot, as timm writes it.

A feature is what timm returns for ``num_classes=0``: its own pooling of the last layer, which is
the class token, a mean, or a pooling by attention. Images are prepared as its own evaluation
prepares them (``timm.data.resolve_data_config``), at the size that the weights were trained with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial

import timm
from timm.data import resolve_data_config
from timm.models import get_deprecated_models
from torch import Tensor, nn

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features.preprocessing import Resize
from zsbir_lib.features.recipes import Recipe
from zsbir_lib.features.zoos import fetching


def names() -> Iterator[str]:
    """Yield every network, with each name of weights; without one where there are none."""
    tagged = timm.list_models(pretrained=True)
    yield from tagged
    yield from set(timm.list_models()) - {name.partition(".")[0] for name in tagged}


def recipe(name: str) -> tuple[str, Recipe]:
    """Return the full name of a network, and how it is built; KeyError if there is none."""
    network = name.partition(".")[0]
    # Old names of networks are known to timm, but have no preparation of images.
    if not timm.is_model(network) or network in get_deprecated_models():
        raise KeyError(name)
    try:
        found = timm.get_pretrained_cfg(name)
    except RuntimeError:
        raise KeyError(name) from None
    about = {} if found is None else found.to_dict()
    full = f"{network}.{about['tag']}" if about.get("tag") else network
    settings = resolve_data_config(pretrained_cfg=about or {"mean": None})
    channels, height, width = settings["input_size"]
    if channels != 3 or height != width:
        raise ZsbirError(
            f"timm:{name} takes images of {channels} x {height} x {width}: backbones take squares "
            "of three colours"
        )
    shape = {"squash": "squash", "border": "longer"}.get(settings["crop_mode"], "shorter")
    mean = tuple(settings["mean"])
    red, green, blue = (round(255 * value) for value in mean)
    resize = Resize(
        size=height,
        interpolation=settings["interpolation"],
        scaled=math.floor(height / settings["crop_pct"]),
        shape=shape,
        fill=(red, green, blue) if shape == "longer" else (0, 0, 0),
    )
    fetch = fetching(f"timm:{full}", partial(_fetch, full))
    return full, Recipe(
        build=partial(_build, full),
        dim=None,
        input_size=height,
        mean=mean,
        std=tuple(settings["std"]),
        resize=resize,
        default_weights=fetch if _has_weights(about) else None,
    )


def _has_weights(about: Mapping[str, object]) -> bool:
    return any(about.get(key) for key in ("url", "hf_hub_id", "file"))


def _build(name: str) -> nn.Module:
    return timm.create_model(name, pretrained=False, num_classes=0)


def _fetch(name: str) -> Mapping[str, Tensor]:
    return timm.create_model(name, pretrained=True, num_classes=0).state_dict()
