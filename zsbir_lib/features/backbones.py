"""Frozen networks that turn an image into a feature, and how their weights are read.

A weight file is only ever *data*: safetensors, or a torch file opened with ``weights_only=True``.
Nothing here unpickles, since unpickling a file runs whatever code its author put into it.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from zsbir_lib.devices import choose_device
from zsbir_lib.errors import ZsbirError
from zsbir_lib.toynet import (
    FEATURE_DIM,
    INPUT_SIZE,
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
        Numbers in a feature.
    input_size
        Side of the square image that the network takes, in pixels.
    mean, std
        Subtracted from, and divided into, each colour channel scaled to 0..1.
    optional_prefix
        Start of the tensors' names that a weight file may leave out.
    default_weights
        Returns the state dict used where no file is given.
    """

    build: Callable[[], nn.Module]
    dim: int
    input_size: int = 224
    mean: Sequence[float] = IMAGENET_MEAN
    std: Sequence[float] = IMAGENET_STD
    optional_prefix: str = ""
    default_weights: Callable[[], Mapping[str, Tensor]] | None = None


class Normalised(nn.Module):
    """A network that takes pixel values 0..255, so that images travel as bytes, not as floats.

    Parameters
    ----------
    network
        Maps normalised images (n, 3, s, s) to features (n, dim).
    mean, std
        Of each colour channel, for pixel values scaled to 0..1.
    """

    def __init__(self, network: nn.Module, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.network = network
        mean, std = torch.tensor(mean).view(3, 1, 1), torch.tensor(std).view(3, 1, 1)
        # (x / 255 - mean) / std, as one multiplication and one addition.
        self.register_buffer("scale", 1 / (255 * std), persistent=False)
        self.register_buffer("shift", -mean / std, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Map pixel values (n, 3, s, s), uint8 or float, to features (n, dim)."""
        return self.network(torch.addcmul(self.shift, images.to(self.scale.dtype), self.scale))


@dataclass(frozen=True, eq=False)
class Backbone:
    """A frozen network and what belongs to it.

    Attributes
    ----------
    name : str
        As in `available_backbones`.
    dim : int
        Numbers in a feature.
    input_size : int
        Side of the square images that `module` takes, in pixels.
    module : torch.nn.Module
        In evaluation mode, on `device`; maps what `transform` returns, stacked, to features
        (n, dim).
    weights_id : str
        Twelve hexadecimal digits of the SHA-256 of the weights in use: the same for the same
        numbers, whatever file they came from.
    device : torch.device
        Where `module` is.
    transform : callable
        Maps an image to the tensor (3, input_size, input_size) that `module` takes a stack of.
    transform_id : str
        Names what `transform` does; cached features are keyed by it.
    """

    name: str
    dim: int
    input_size: int
    module: nn.Module
    weights_id: str
    device: torch.device
    transform: Callable[[Image.Image], Tensor]
    transform_id: str

    def to(self, device: str | torch.device | None) -> Backbone:
        """Return this backbone on another device; see `zsbir_lib.devices.choose_device`.

        As with any `torch.nn.Module`, the network itself moves: it is not copied.
        """
        device = choose_device(device)
        fields = {**self.__dict__, "module": self.module.to(device), "device": device}
        return Backbone(**fields)

    def features(self, images: Sequence[Image.Image], batch_size: int = 64) -> Tensor:
        """Return the features of a few images, on the CPU.

        Use `zsbir_lib.features.extract_features` for a whole data set.

        Parameters
        ----------
        images
            Any sizes and modes.
        batch_size
            Images that go through the network at once.

        Returns
        -------
        Tensor of float32, shape (n, dim)
        """
        out = [torch.empty(0, self.dim)]
        with torch.inference_mode():
            for start in range(0, len(images), batch_size):
                batch = [self.transform(image) for image in images[start : start + batch_size]]
                batch = torch.stack(batch).contiguous(memory_format=torch.channels_last)
                out.append(self.module(batch.to(self.device)).float().cpu())
        # A copy made outside of inference mode is an ordinary tensor, which can be trained on.
        return torch.cat(out)


@dataclass(frozen=True)
class Resize:
    """Resize to a square, whatever the image's shape, as the paper's own code does.

    Parameters
    ----------
    size
        Side of the square, in pixels.
    """

    size: int

    @property
    def transform_id(self) -> str:
        """What this does, in a word; it changes whenever the pixels it returns change."""
        return f"rgb-bilinear-{self.size}-v1"

    def __call__(self, image: Image.Image) -> Tensor:
        """Return the image as uint8 of shape (3, size, size), channels last in memory."""
        if image.mode != "RGB":
            image = image.convert("RGB")
        if image.size != (self.size, self.size):
            image = image.resize((self.size, self.size), Image.Resampling.BILINEAR)
        return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def available_backbones() -> tuple[str, ...]:
    """Return the names that `load_backbone` knows."""
    return tuple(_RECIPES)


def register_backbone(name: str, recipe: Recipe) -> None:
    """Make `recipe` known as `name` to `load_backbone`, the command line and the leaderboard.

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
    _RECIPES[name] = recipe


def load_backbone(
    name: str,
    weights: str | os.PathLike | None = None,
    device: str | torch.device | None = None,
) -> Backbone:
    """Load a frozen backbone.

    - ``toynet``: 192 numbers from 64 x 64 pixels (`ToyNet`).
    - ``vgg16``: the paper's 4,096 numbers: the second fully connected layer ("fc2") of VGG-16
      (Simonyan and Zisserman, 2015) *after* its ReLU, so none is negative.
    - ``squeezenet1_1``: 512 numbers: the last feature maps of SqueezeNet 1.1 (Iandola et al.,
      2016), averaged over all places.

    Parameters
    ----------
    name
        One of `available_backbones`.
    weights
        A file: safetensors, or a torch file that holds tensors only. It may hold just the layers
        in use, or more than these. ``None`` takes the weights that ship with the library (toynet)
        or torchvision's ImageNet weights from its hub (fetched once, then kept).
    device
        See `zsbir_lib.devices.choose_device`.

    Raises
    ------
    ZsbirError
        If the name is unknown, or the weights cannot be had, hold anything but tensors, or do not
        fit; the message then names the tensors that differ.
    """
    if name not in _RECIPES:
        raise ZsbirError(f"unknown backbone {name!r}: choose from {', '.join(_RECIPES)}")
    recipe, device = _RECIPES[name], choose_device(device)
    if weights is not None:
        state, source = read_weights(weights), str(weights)
    elif recipe.default_weights is not None:
        state, source = recipe.default_weights(), f"{name}'s default weights"
    else:
        raise ZsbirError(f"{name} has no default weights: pass a file as weights=PATH")
    # On the meta device a network takes neither memory nor the time to draw random weights.
    with torch.device("meta"):
        network = recipe.build()
    wanted = network.state_dict()
    state = _fit(state, wanted, name, source, recipe.optional_prefix)
    network.load_state_dict(state, assign=True)
    module = Normalised(network, recipe.mean, recipe.std).eval().requires_grad_(False)
    module = module.to(device=device, memory_format=torch.channels_last)
    transform = Resize(recipe.input_size)
    return Backbone(
        name=name,
        dim=recipe.dim,
        input_size=recipe.input_size,
        module=module,
        weights_id=weights_id(state),
        device=device,
        transform=transform,
        # The mean and std are no weights, so they must make a difference here.
        transform_id=f"{transform.transform_id}-{_short_hash(repr((recipe.mean, recipe.std)))}",
    )


def weights_id(state: Mapping[str, Tensor]) -> str:
    """Return twelve hexadecimal digits that identify the names, shapes and values of tensors."""
    digest = hashlib.sha256()
    for key in sorted(state):
        tensor = state[key].detach().cpu().contiguous()
        digest.update(f"{key} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:12]


def read_weights(path: str | os.PathLike) -> dict[str, Tensor]:
    """Read a file of named tensors without running anything that it holds.

    Parameters
    ----------
    path
        ``.safetensors``, or a file written by ``torch.save`` of a state dict (or of a dictionary
        that has one under ``"state_dict"`` or ``"model"``).

    Raises
    ------
    ZsbirError
        If the file is missing, damaged, or holds objects other than tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise ZsbirError(f"there is no weight file {path}")
    if path.stat().st_size == 0:
        raise ZsbirError(f"the weight file {path} is empty (0 bytes)")
    try:
        if path.suffix == ".safetensors":
            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except SafetensorError as error:
        raise ZsbirError(f"{path} is not a safetensors file, or is damaged: {error}") from None
    except pickle.UnpicklingError as error:
        # A pickle begins with its protocol, and torch.save writes a zip; a picture is neither.
        with open(path, "rb") as stream:
            head = stream.read(2)
        is_pickle = head == b"PK" or head[:1] == b"\x80"
        if is_pickle and ("GLOBAL" in str(error) or "Unsupported" in str(error)):
            raise ZsbirError(
                f"{path} holds Python objects, not only tensors, and is refused because opening "
                "it could run code: save its state_dict() as safetensors and pass that"
            ) from None
        raise ZsbirError(f"{path} is not a weight file, or is damaged") from None
    except (RuntimeError, EOFError, ValueError, KeyError):
        raise ZsbirError(f"{path} is not a weight file, or is damaged") from None
    except OSError as error:
        raise ZsbirError(f"cannot read the weight file {path}: {_first_line(error)}") from None
    for key in ("state_dict", "model"):
        if isinstance(state, Mapping) and isinstance(state.get(key), Mapping):
            state = state[key]
    if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
        raise ZsbirError(f"{path} holds no state dict: a dictionary of named tensors is needed")
    return dict(state)


def _fit(
    state: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    name: str,
    source: str,
    optional_prefix: str,
) -> dict[str, Tensor]:
    """Return the tensors of `state` that `wanted` names, as float32; refuse what does not fit."""
    if optional_prefix and not any(key.startswith(optional_prefix) for key in state):
        state = {optional_prefix + key: tensor for key, tensor in state.items()}
    # Batch norm counts its batches; the count is never used in evaluation, and may be left out.
    counters = {key for key in wanted if key.endswith("num_batches_tracked")}
    missing = [key for key in wanted if key not in state and key not in counters]
    reshaped = [
        f"{key} {_shape(state[key])} instead of {_shape(wanted[key])}"
        for key in wanted
        if key in state and state[key].shape != wanted[key].shape
    ]
    if missing or reshaped:
        unexpected = [key for key in state if key not in wanted]
        differences = [
            f"{label} {_some(names)}"
            for label, names in (
                ("missing", missing),
                ("of another shape", reshaped),
                ("unexpected", unexpected),
            )
            if names
        ]
        raise ZsbirError(f"{source} does not fit {name}: {'; '.join(differences)}")
    fitted = {}
    for key, expected in wanted.items():
        tensor = state.get(key, torch.zeros(()))
        fitted[key] = tensor.to(expected.dtype)
        if not torch.isfinite(fitted[key]).all():
            raise ZsbirError(f"{source} is damaged: {key} holds NaN or infinite numbers")
    return fitted


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def _some(names: Sequence[str], limit: int = 3) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0] or type(error).__name__


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _hub_weights(name: str) -> Callable[[], Mapping[str, Tensor]]:
    """Return a function that fetches torchvision's ImageNet weights of the network `name`."""

    def fetch() -> Mapping[str, Tensor]:
        entry = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"]
        try:
            return entry.get_state_dict(progress=False, check_hash=True, weights_only=True)
        except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
            raise ZsbirError(
                f"cannot fetch the ImageNet weights of {name} from {entry.url} "
                f"({_first_line(error)}): pass a file as weights=PATH instead"
            ) from None

    return fetch


def _vgg16() -> nn.Module:
    network = torchvision.models.vgg16(weights=None)
    # fc1, ReLU, dropout (nothing in evaluation), fc2, ReLU; what follows names ImageNet classes.
    network.classifier = network.classifier[:5]
    return network


def _squeezenet1_1() -> nn.Module:
    network = torchvision.models.squeezenet1_1(weights=None)
    network.classifier = nn.AdaptiveAvgPool2d(1)
    return network


_RECIPES: dict[str, Recipe] = {
    "toynet": Recipe(
        ToyNet,
        dim=FEATURE_DIM,
        input_size=INPUT_SIZE,
        mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25),
        default_weights=packaged_weights,
    ),
    "vgg16": Recipe(_vgg16, dim=4096, default_weights=_hub_weights("vgg16")),
    "squeezenet1_1": Recipe(
        _squeezenet1_1,
        dim=512,
        optional_prefix="features.",
        default_weights=_hub_weights("squeezenet1_1"),
    ),
}
