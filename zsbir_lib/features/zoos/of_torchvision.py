"""torchvision's networks for classification: ``torchvision:NETWORK/WEIGHTS``.

Such as ``torchvision:resnet50/IMAGENET1K_V1``; without ``/WEIGHTS`` the package's default. A
feature is what the layer that names the 1,000 classes of ImageNet is given.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

from torch import nn
from torchvision import models
from torchvision.models import get_model, get_model_weights, list_models

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features.preprocessing import Resize
from zsbir_lib.features.recipes import Recipe, hub_weights


def names() -> Iterator[str]:
    """Yield every network, with each name of weights."""
    for network in list_models(module=models):
        for weights in get_model_weights(network):
            yield f"{network}/{weights.name}"


def recipe(name: str) -> tuple[str, Recipe]:
    """Return the full name of a network, and how it is built; KeyError if there is none."""
    network, _, tag = name.partition("/")
    if network not in list_models(module=models):
        raise KeyError(name)
    known = get_model_weights(network)
    weights = known[tag or "DEFAULT"]
    about = weights.transforms()
    (size,), (scaled,) = about.crop_size, about.resize_size
    return f"{network}/{weights.name}", Recipe(
        build=partial(_build, network, size),
        dim=None,
        input_size=size,
        mean=about.mean,
        std=about.std,
        resize=Resize(size, about.interpolation.value, scaled, "shorter"),
        default_weights=hub_weights(network, weights.name),
    )


def _build(name: str, size: int) -> nn.Module:
    with warnings.catch_warnings():
        # Of how first weights are drawn, which are not kept.
        warnings.simplefilter("ignore")
        network: Any = get_model(name, weights=None)
        # Positions belong to one size.
        if getattr(network, "image_size", size) != size:
            network = get_model(name, weights=None, image_size=size)
    if hasattr(network, "transform_input"):
        # Networks that were ported from another package, whose means their weights expect.
        network.transform_input = True
    _take_off_last_layer(network, name)
    return network


def _take_off_last_layer(network: nn.Module, name: str) -> None:
    last = None
    for place, module in network.named_modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            last = place, module
    outputs = None if last is None else getattr(last[1], "out_features", None)
    outputs = outputs or (last and getattr(last[1], "out_channels", None))
    if last is None or outputs != 1000:
        raise ZsbirError(f"torchvision's {name} does not end with 1,000 classes: register a Recipe")
    parent, _, child = last[0].rpartition(".")
    setattr(network.get_submodule(parent), child, nn.Identity())
