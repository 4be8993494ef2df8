"""How each backbone is built, and the registry that others add theirs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.features.preprocessing import Resize
from zsbir_lib.features.towers import TwoTowers
from zsbir_lib.features.weight_files import first_line, read_weights
from zsbir_lib.files import sha256
from zsbir_lib.registry import Registry
from zsbir_lib.toynet import (
    FEATURE_DIM,
    INPUT_SIZE,
    SKETCH_WEIGHTS,
    ToyNet,
    packaged_weights,
)

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Recipe:
    """How to build a backbone.

    Attributes
    ----------
    build
        Makes the network, of whatever weights, that maps normalised images (n, 3, s, s) to
        features (n, dim). The names of its tensors are those a weight file is expected to use.
    dim
        Numbers in a feature; None asks the network.
    input_size
        Side of the square image that the network takes, in pixels.
    mean, std
        Subtracted from, and divided into, each colour channel scaled to 0..1.
    optional_prefix
        Start of the tensors' names that a weight file may leave out.
    default_weights
        Returns the state dict used where no file is given.
    resize
        What becomes of an image first; None squashes it to the square.
    adapt
        What becomes of the network once it has its weights; None leaves it.
    learnt_from
        Classes that the network was fine-tuned on.

    Raises
    ------
    ZsbirError
        If a field cannot be right.
    """

    build: Callable[[], nn.Module]
    dim: int | None
    input_size: int = 224
    mean: Sequence[float] = field(default=IMAGENET_MEAN, repr=False)
    std: Sequence[float] = field(default=IMAGENET_STD, repr=False)
    optional_prefix: str = field(default="", repr=False)
    default_weights: Callable[[], Mapping[str, Tensor]] | None = field(default=None, repr=False)
    resize: Resize | None = field(default=None, repr=False)
    adapt: Callable[[nn.Module], nn.Module] | None = field(default=None, repr=False)
    learnt_from: Sequence[str] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.build, nn.Module) or not callable(self.build):
            raise ZsbirError("build must be a function that makes the network, not the network")
        if (self.dim is not None and self.dim < 1) or self.input_size < 1:
            raise ZsbirError(
                f"dim and input_size must be 1 or more, not {self.dim} and {self.input_size}"
            )
        if self.resize is not None and self.resize.size != self.input_size:
            raise ZsbirError(
                f"resize makes squares of {self.resize.size} pixels, input_size={self.input_size}"
            )
        if len(self.mean) != 3 or len(self.std) != 3 or not all(value > 0 for value in self.std):
            raise ZsbirError("mean and std must be three numbers each, those of std above 0")


#: Every backbone by name; installed packages add theirs by entry points ``zsbir.backbones``.
BACKBONES: Registry[Recipe] = Registry("backbone", "zsbir.backbones")


def register_backbone(name: str, recipe: Recipe, *, replace: bool = False) -> None:
    """Make `recipe` known as `name` to `load_backbone`, and so to every command.

    The command line sees what a module registers that is named by ``--import``, or by an entry
    point ``zsbir.backbones`` of an installed package.

    Parameters
    ----------
    name
        What to call it.
    recipe
        How to build it.
    replace
        Whether it may take the name of another one. A definition that is executed again (`build`
        has the same name in the same module), as in a notebook, takes its own place anyway.

    Raises
    ------
    NameTakenError
        If another backbone has that name, and `replace` is not set.

    Examples
    --------
    >>> import torchvision
    >>> from torch import nn
    >>> def resnet18():
    ...     network = torchvision.models.resnet18()
    ...     network.fc = nn.Identity()
    ...     return network
    >>> register_backbone("resnet18", Recipe(resnet18, dim=512))
    """
    if not isinstance(recipe, Recipe):
        raise ZsbirError(f"a backbone is registered by its Recipe, not by {type(recipe).__name__}")
    again = name in BACKBONES and _definition(BACKBONES[name]) == _definition(recipe)
    BACKBONES.add(name, recipe, replace=replace or again)


def _definition(recipe: Recipe) -> object:
    """Return what stays the same when the cell that defines a recipe is run again."""
    where = (
        getattr(recipe.build, "__module__", None),
        getattr(recipe.build, "__qualname__", None),
    )
    return id(recipe.build) if None in where else where


def hub_weights(name: str, tag: str = "IMAGENET1K_V1") -> Callable[[], Mapping[str, Tensor]]:
    """Return a function that fetches torchvision's weights `tag` of the network `name`."""

    def fetch() -> Mapping[str, Tensor]:
        url = _torchvision().models.get_model_weights(name)[tag].url
        kept = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
        instead = f"pass a file as {argument('weights', placeholder='PATH')}"
        # The name ends in the beginning of the file's SHA-256.
        checksum = kept.stem.rpartition("-")[2]
        if not kept.exists():
            try:
                kept.parent.mkdir(parents=True, exist_ok=True)
                torch.hub.download_url_to_file(url, str(kept), checksum, progress=False)
            except (OSError, RuntimeError) as error:
                raise ZsbirError(
                    f"cannot fetch the weights {tag} of {name} from {url} "
                    f"({first_line(error)}): {instead}"
                ) from None
        if kept.is_file() and not sha256(kept).startswith(checksum):
            raise ZsbirError(
                f"{kept}, where torchvision keeps the weights of {name}, is damaged: delete it, "
                f"and it is fetched again, or {instead}"
            )
        return read_weights(kept)

    return fetch


def _toynet_towers() -> nn.Module:
    return TwoTowers(ToyNet(), ToyNet())


def _torchvision() -> Any:
    """Import torchvision when a network of it is wanted: it takes as long as torch does."""
    # A network may be built on the meta device, where no number of torchvision's own may be.
    with torch.device("cpu"):
        import torchvision
    return torchvision


def _vgg16() -> nn.Module:
    network = _torchvision().models.vgg16(weights=None)
    # fc1, ReLU, dropout (nothing in evaluation), fc2, ReLU; what follows names ImageNet classes.
    network.classifier = network.classifier[:5]
    return network


def _squeezenet1_1() -> nn.Module:
    network = _torchvision().models.squeezenet1_1(weights=None)
    network.classifier = nn.AdaptiveAvgPool2d(1)
    return network


register_backbone(
    "toynet",
    Recipe(
        ToyNet,
        dim=FEATURE_DIM,
        input_size=INPUT_SIZE,
        mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25),
        default_weights=packaged_weights,
    ),
)
register_backbone(
    "toynet-sketch",
    Recipe(
        _toynet_towers,
        dim=FEATURE_DIM,
        input_size=INPUT_SIZE,
        mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25),
        default_weights=partial(packaged_weights, SKETCH_WEIGHTS),
    ),
)
register_backbone("vgg16", Recipe(_vgg16, dim=4096, default_weights=hub_weights("vgg16")))
register_backbone(
    "squeezenet1_1",
    Recipe(
        _squeezenet1_1,
        dim=512,
        optional_prefix="features.",
        default_weights=hub_weights("squeezenet1_1"),
    ),
)
