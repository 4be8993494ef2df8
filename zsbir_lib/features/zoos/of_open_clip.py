"""Image towers of CLIP and SigLIP through open_clip: ``clip:NETWORK/WEIGHTS``.

Such as ``clip:ViT-B-32/openai`` and ``clip:ViT-B-16-SigLIP/webli``, by open_clip's own names.
A feature is the projected embedding of the image, not scaled to length 1. A weight file may hold
the whole network, text tower included, or the image tower alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import open_clip
from open_clip.transform import PreprocessCfg, merge_preprocess_dict
from torch import Tensor, nn

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features.preprocessing import Resize
from zsbir_lib.features.recipes import Recipe
from zsbir_lib.features.zoos import fetching

_SHAPES = {"shortest": "shorter", "longest": "longer", "squash": "squash"}
# The text tower is built with each network, and not used: as small as one can be.
_NO_TEXT = {"context_length": 4, "vocab_size": 8, "width": 8, "heads": 1, "layers": 1}


class ImageTower(nn.Module):
    """An image tower whose tensors are called as in the whole network's file.

    Parameters
    ----------
    visual
        As open_clip builds it.
    """

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        self.visual = visual

    def forward(self, images: Tensor) -> Tensor:
        """Map images (n, 3, s, s) to their projected embeddings (n, dim)."""
        found = self.visual(images)
        # Captioners return all tokens, too.
        return found[0] if isinstance(found, tuple) else found


def names() -> Iterator[str]:
    """Yield every network, with each name of weights; without one where there are none."""
    tagged = [f"{network}/{tag}" for network, tag in open_clip.list_pretrained()]
    yield from tagged
    yield from set(open_clip.list_models()) - {name.partition("/")[0] for name in tagged}


def recipe(name: str) -> tuple[str, Recipe]:
    """Return the full name of a network, and how it is built; KeyError if there is none."""
    network, _, tag = name.partition("/")
    settings = open_clip.get_model_config(network) if network in open_clip.list_models() else None
    tags = open_clip.list_pretrained_tags_by_model(network)
    if settings is None or (tag and tag not in tags):
        raise KeyError(name)
    about = open_clip.get_pretrained_cfg(network, tag) if tag else {}
    # open_clip only warns where a network's activation is not the one of its weights.
    quick = bool(settings.get("quick_gelu") or about.get("quick_gelu"))
    size = settings["vision_cfg"].get("image_size", 224)
    if not isinstance(size, int):
        raise ZsbirError(f"clip:{name} takes images of {size}: backbones take squares")
    prepared = PreprocessCfg(**merge_preprocess_dict(PreprocessCfg(), {**about, "size": size}))
    fill = (prepared.fill_color,) * 3
    fetch: Callable[[], Mapping[str, Tensor]] | None
    if tag:
        fetch = fetching(f"clip:{name}", partial(_fetch, network, tag, quick))
    else:
        fetch = partial(_several, network, tags) if tags else None
    return name.removesuffix("/"), Recipe(
        build=partial(_build, settings, quick),
        dim=None,
        input_size=size,
        mean=tuple(prepared.mean),
        std=tuple(prepared.std),
        optional_prefix="visual.",
        resize=Resize(
            size,
            prepared.interpolation,
            shape=_SHAPES[prepared.resize_mode],
            fill=fill if prepared.resize_mode == "longest" else (0, 0, 0),
        ),
        default_weights=fetch,
    )


def _build(settings: Mapping[str, Any], quick: bool) -> nn.Module:
    vision = {**settings["vision_cfg"], "timm_model_pretrained": False}
    network = open_clip.CLIP(settings["embed_dim"], vision, _NO_TEXT, quick_gelu=quick)
    return ImageTower(network.visual)


def _fetch(network: str, tag: str, quick: bool) -> Mapping[str, Tensor]:
    with _quiet():
        whole = open_clip.create_model(network, pretrained=tag, force_quick_gelu=quick)
    return ImageTower(whole.visual).state_dict()


def _several(network: str, tags: list[str]) -> Mapping[str, Tensor]:
    some = ", ".join(f"clip:{network}/{tag}" for tag in tags[:4])
    more = f" and {len(tags) - 4} more" if len(tags) > 4 else ""
    raise ZsbirError(f"clip:{network} has weights of several names: say which, {some}{more}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the package from giving the root logger a handler that prints, as its calls would."""
    handler = logging.NullHandler()
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
