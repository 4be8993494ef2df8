"""Frozen networks that turn an image into a feature."""

from __future__ import annotations

import copy
import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from zsbir_lib.devices import choose_device
from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.features.preprocessing import Resize
from zsbir_lib.features.probing import check_output, probe_id, probe_picture, short_hash
from zsbir_lib.features.recipes import Recipe
from zsbir_lib.features.towers import TwoTowers
from zsbir_lib.features.tuned import find_recipe_or_file
from zsbir_lib.features.weight_files import StateDict, first_line, fit, state_dicts, weights_id


class Normalised(nn.Module):
    """A network that takes pixel values 0..255, so that images travel as bytes, not as floats.

    Parameters
    ----------
    network
        Maps normalised images (n, 3, s, s) to features (n, dim).
    mean, std
        Of each colour channel, for pixel values scaled to 0..1.
    memory_format
        In which the network gets its images: channels last is faster, and not every network
        takes it.
    """

    scale: Tensor
    shift: Tensor

    def __init__(
        self,
        network: nn.Module,
        mean: Sequence[float],
        std: Sequence[float],
        memory_format: torch.memory_format = torch.channels_last,
    ) -> None:
        super().__init__()
        self.network, self.memory_format = network, memory_format
        self.mean, self.std = mean, std
        centre, spread = torch.tensor(mean).view(3, 1, 1), torch.tensor(std).view(3, 1, 1)
        # (x / 255 - mean) / std, as one multiplication and one addition.
        self.register_buffer("scale", 1 / (255 * spread), persistent=False)
        self.register_buffer("shift", -centre / spread, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Map pixel values (n, 3, s, s), uint8 or float, to features (n, dim)."""
        images = torch.addcmul(self.shift, images.to(self.scale.dtype), self.scale)
        return self.network(images.contiguous(memory_format=self.memory_format))

    def for_sketches(self) -> Normalised:
        """Return the network that sketches go through, with the same weights: mostly this one."""
        if not isinstance(self.network, TwoTowers):
            return self
        tower = Normalised(self.network.sketch, self.mean, self.std, self.memory_format)
        return tower.to(self.scale.device).train(self.training)


@dataclass(frozen=True, eq=False)
class Backbone:
    """A frozen network and what belongs to it.

    Attributes
    ----------
    name : str
        As in `available_backbones`; of a network of a package, with the name of its weights.
    dim : int
        Numbers in a feature.
    input_size : int
        Side of the square images that `module` takes, in pixels.
    module : torch.nn.Module
        In evaluation mode; maps what `transform` returns, stacked, to features (n, dim).
    weights_id : str
        Twelve hexadecimal digits of the SHA-256 of the weights in use: the same for the same
        numbers, whatever file they came from.
    transform : callable
        Maps an image to the tensor (3, input_size, input_size) that `module` takes a stack of.
    transform_id : str
        Names what `transform` does; cached features are keyed by it.
    probe_id : str
        Names what the network makes of one picture, rounded so that devices agree: another
        network of the same weights has another one. Cached features are keyed by it.
    learnt_from : tuple of str
        Classes that it was fine-tuned on: no split may call them unseen.
    """

    name: str
    dim: int
    input_size: int
    module: nn.Module
    weights_id: str
    transform: Callable[[Image.Image], Tensor]
    transform_id: str
    probe_id: str = ""
    learnt_from: tuple[str, ...] = ()

    @property
    def picture_size(self) -> int:
        """Side, in pixels, of the square drawings that `transform` takes as they are."""
        return getattr(self.transform, "picture_size", self.input_size)

    def for_drawings(self) -> nn.Module:
        """Return the network for sketches as one of square drawings of `picture_size` pixels.

        For whoever runs the network alone, as a page does: it takes pixel values
        (n, 3, picture_size, picture_size), and cuts off what `transform` would.
        """
        module = self.for_sketches().module
        of_pictures = getattr(self.transform, "of_pictures", None)
        return module if of_pictures is None else of_pictures(module)

    @property
    def device(self) -> torch.device:
        """Where `module` is now, by its own parameters and buffers."""
        tensors = itertools.chain(self.module.parameters(), self.module.buffers())
        first = next(tensors, None)
        return torch.device("cpu") if first is None else first.device

    def to(self, device: str | torch.device | None) -> Backbone:
        """Return this backbone on another device; see `zsbir_lib.devices.choose_device`.

        As with a tensor, this one stays where it is: the other has a copy of the network. Where it
        is there already, it is returned itself.
        """
        # An empty tensor knows the number of the device that "cuda" stands for.
        place = torch.empty(0, device=choose_device(device)).device
        if place == self.device:
            return self
        return replace(self, module=copy.deepcopy(self.module).to(place))

    def for_sketches(self) -> Backbone:
        """Return the backbone that sketches go through: this one, or its network for them.

        See `zsbir_lib.features.TwoTowers`.
        """
        if not isinstance(self.module, Normalised):
            return self
        sketch = self.module.for_sketches()
        return self if sketch is self.module else replace(self, module=sketch)

    def features(self, images: Sequence[Image.Image], batch_size: int = 64) -> Tensor:
        """Return the features of a few photos, or of sketches by `for_sketches`, on the CPU.

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
        out, device = [torch.empty(0, self.dim)], self.device
        with torch.inference_mode():
            for start in range(0, len(images), batch_size):
                inputs = [self.transform(image) for image in images[start : start + batch_size]]
                batch = torch.stack(inputs).contiguous(memory_format=torch.channels_last)
                out.append(self.module(batch.to(device)).float().cpu())
        # A copy made outside of inference mode is an ordinary tensor, which can be trained on.
        return torch.cat(out)


def load_backbone(
    name: str,
    weights: str | os.PathLike | None = None,
    device: str | torch.device | None = None,
) -> Backbone:
    """Load a frozen backbone, having seen what it makes of one picture.

    Some are registered here:

    - ``toynet``: 192 numbers from 64 x 64 pixels (`zsbir_lib.toynet.ToyNet`).
    - ``vgg16``: the paper's 4,096 numbers: the second fully connected layer ("fc2") of VGG-16
      (Simonyan and Zisserman, 2015) *after* its ReLU, so none is negative.
    - ``squeezenet1_1``: 512 numbers: the last feature maps of SqueezeNet 1.1 (Iandola et al.,
      2016), averaged over all places.

    Others are built by packages, and prepare images as the package does:

    - ``torchvision:NETWORK/WEIGHTS``, such as ``torchvision:resnet50/IMAGENET1K_V2``: what the
      layer that names the classes of ImageNet is given. Without ``/WEIGHTS`` the package's default.
    - ``timm:NETWORK.WEIGHTS``, such as ``timm:vit_small_patch14_dinov2.lvd142m``: timm's own
      pooling of the last layer. Without ``.WEIGHTS`` the package's default.
    - ``clip:NETWORK/WEIGHTS``, such as ``clip:ViT-B-32/openai`` or ``clip:ViT-B-16-SigLIP/webli``:
      the projected embedding of the image tower, by open_clip.

    A file that `zsbir_lib.finetune.fine_tune` wrote, ``PATH.safetensors``, is a name, too.

    Parameters
    ----------
    name
        One of `available_backbones`, or the path of a fine-tuned network.
    weights
        A file; see `zsbir_lib.features.read_weights`. It may hold just the layers in use, or more
        than these, and all names may begin with what training put before them (``module.``).
        Tensors are called as the package calls them. For a fine-tuned network, what it was tuned
        from, unless its own file holds everything. ``None`` takes the weights that ship with the
        library (toynet), or those that the package names, by its own downloader (fetched once,
        then kept).
    device
        See `zsbir_lib.devices.choose_device`.

    Raises
    ------
    ZsbirError
        If the name is unknown, or of a package that is not installed; if the weights cannot be
        had, hold anything but tensors, or do not fit (the message then names the tensors that
        differ); or if the network does not map a picture to `Recipe.dim` finite numbers.
    """
    name, recipe = find_recipe_or_file(name, weights)
    if not isinstance(recipe, Recipe):
        raise ZsbirError(
            f"the entry point of the backbone {name!r} is {type(recipe).__name__}: it must name a "
            "Recipe, or a module that calls register_backbone"
        )
    place = choose_device(device)
    if weights is not None:
        candidates = state_dicts(weights)
    elif recipe.default_weights is not None:
        # Whoever calls has random numbers of their own, which first weights must not take.
        with torch.random.fork_rng(devices=[]):
            candidates = [StateDict(recipe.default_weights(), f"{name}'s default weights")]
    else:
        raise ZsbirError(
            f"{name} has no default weights: pass a file as "
            f"{argument('weights', placeholder='PATH')}"
        )
    module, state, features = _build(name, recipe, candidates)
    transform = recipe.resize or Resize(recipe.input_size)
    return Backbone(
        name=name,
        dim=features.shape[1],
        input_size=recipe.input_size,
        module=module.to(place),
        weights_id=weights_id(state),
        transform=transform,
        # The mean and std are no weights, so they must make a difference here.
        transform_id=f"{transform.transform_id}-{short_hash(repr((recipe.mean, recipe.std)))}",
        probe_id=probe_id(features),
        learnt_from=tuple(recipe.learnt_from),
    )


def _build(
    name: str, recipe: Recipe, candidates: Sequence[StateDict]
) -> tuple[nn.Module, dict[str, Tensor], Tensor]:
    """Return the network with its weights, on the CPU, and its features of the probe's picture.

    Each of `TwoTowers` makes one.

    On the meta device a network takes neither memory nor the time to draw random weights. But
    numbers that are no weights (positions, masks, what a constructor reads off a tensor) do not
    come to be there, and some networks cannot take images with their channels last: what does not
    work the fast way is built again the plain way.
    """
    ways = (
        ("meta", torch.channels_last),
        ("cpu", torch.channels_last),
        ("cpu", torch.contiguous_format),
    )
    for device, memory_format in ways:
        last = (device, memory_format) == ways[-1]
        try:
            with torch.random.fork_rng(devices=[]), torch.device(device):
                network = recipe.build()
            state = _check_network(name, network).state_dict()
        except Exception as error:
            if last or isinstance(error, ZsbirError):
                raise _failure(name, "cannot be built", error) from error
            continue
        state = fit(candidates, state, name, recipe.optional_prefix)
        network.load_state_dict(state, assign=True)
        if recipe.adapt is not None:
            network = recipe.adapt(network)
            state = network.state_dict()
        if device == "meta" and any(tensor.is_meta for tensor in _all_tensors(network)):
            continue
        module = Normalised(network, recipe.mean, recipe.std, memory_format)
        module = module.eval().requires_grad_(False).to(memory_format=memory_format)
        towers = dict.fromkeys([module, module.for_sketches()])
        try:
            with torch.inference_mode():
                outputs = [tower(probe_picture(recipe.input_size)) for tower in towers]
        except Exception as error:
            if last:
                size = f"3 x {recipe.input_size} x {recipe.input_size}"
                raise _failure(name, f"fails on a picture of {size}", error) from error
            continue
        first = check_output(name, recipe.dim, outputs[0])
        others = [check_output(name, first.shape[1], output) for output in outputs[1:]]
        return module, state, torch.cat([first, *others])
    raise AssertionError("the last way returns or raises")


def _check_network(name: str, network: Any) -> nn.Module:
    if not isinstance(network, nn.Module):
        raise ZsbirError(
            f"the recipe of {name} builds {type(network).__name__}: build must return a "
            "torch.nn.Module"
        )
    return network


def _failure(name: str, what: str, error: Exception) -> ZsbirError:
    if isinstance(error, ZsbirError):
        return error
    return ZsbirError(
        f"the network of {name} {what}, {type(error).__name__}: {first_line(error)}: mend its "
        "recipe (build, input_size)"
    )


def _all_tensors(value: Any, seen: set[int] | None = None) -> Iterator[Tensor]:
    """Yield the tensors of a network, also those that are plain attributes of its parts."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _all_tensors(part, seen)
    elif isinstance(value, (list, tuple, set)):
        for part in value:
            yield from _all_tensors(part, seen)
    elif isinstance(value, nn.Module):
        yield from _all_tensors(vars(value), seen)
