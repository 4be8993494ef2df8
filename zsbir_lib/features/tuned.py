r"""A fine-tuned network as a file: what was trained, and the name of what it was trained from.

Of ``full`` fine-tuning the file holds every tensor of the network. Of LoRA (Hu et al., *LoRA:
Low-Rank Adaptation of Large Language Models*, ICLR 2022) it holds two small matrices for each
adapted weight :math:`W`, which are added when the network is loaded, as :math:`W + (\alpha / r) B
A`. Such a file needs the weights that it was trained from, and knows these by their digest.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from zsbir_lib.errors import UnknownNameError, ZsbirError, argument
from zsbir_lib.features.recipes import Recipe
from zsbir_lib.features.towers import TwoTowers
from zsbir_lib.features.weight_files import weights_id
from zsbir_lib.features.zoos import find_recipe
from zsbir_lib.files import atomic_path, load_tensors

_KIND, _VERSION = "zsbir-finetuned-", "1"
_FORMAT = _KIND + _VERSION
_FORMAT_IN = re.compile(rf'"format": "{_KIND}(\d+)"')
_SUFFIX = ".safetensors"
FULL, LORA = "full", "lora"
DOWN, UP = ".lora_A", ".lora_B"
"""What the names of LoRA's two matrices, A and B, end in, behind the name of the weight."""


@dataclass(frozen=True, eq=False)
class TunedNetwork:
    r"""What fine-tuning changed, and what it began with.

    Attributes
    ----------
    base : str
        Name of the backbone that was tuned.
    base_weights : str
        Its ``weights_id``.
    recipe : str
        ``"full"`` or ``"lora"``.
    two_towers : bool
        Whether photos and sketches have a network each.
    scale : float
        What LoRA's products are multiplied by, :math:`\alpha / r`.
    learnt_from : tuple of str
        The classes that it was trained on.
    about : dict
        Settings and scores, JSON values.
    tensors : dict of str to Tensor
        What was trained, on the CPU.
    """

    base: str
    base_weights: str
    recipe: str
    two_towers: bool
    scale: float
    learnt_from: tuple[str, ...]
    about: Mapping[str, Any]
    tensors: Mapping[str, Tensor] = field(repr=False)

    @property
    def name(self) -> str:
        """What the backbone is called in results; weights tell two of one name apart."""
        return f"{self.base}+{self.recipe}"

    def save(self, path: str | os.PathLike) -> None:
        """Write a safetensors file, which `zsbir_lib.features.load_backbone` takes as a name.

        Raises
        ------
        ZsbirError
            If its name does not end in ``.safetensors``, or it cannot be written.
        """
        check_name(path)
        header = {one.name: getattr(self, one.name) for one in fields(self)[:-1]}
        # One entry: safetensors writes several in any order, and the same file should be the same.
        text = json.dumps({"format": _FORMAT, **header}, sort_keys=True)
        metadata = {"zsbir": f"{_checksum(text, self.tensors)} {text}"}
        tensors = {name: tensor.contiguous() for name, tensor in self.tensors.items()}
        with atomic_path(path) as temporary:
            save_file(tensors, temporary, metadata=metadata)

    @classmethod
    def load(cls, path: str | os.PathLike) -> TunedNetwork:
        """Read a file that `save` wrote.

        Raises
        ------
        ZsbirError
            If it is missing, damaged, of a newer version, or anything else.
        """
        tensors, metadata = load_tensors(path, "fine-tuned network")
        checksum, _, text = metadata.get("zsbir", "").partition(" ")
        found = _FORMAT_IN.search(text)
        if found is None:
            raise ZsbirError(
                f"{path} holds no fine-tuned network: weights of another kind are given as "
                f"{argument('weights', placeholder='PATH')}, beside the name of their network"
            )
        if found[1] != _VERSION:
            raise ZsbirError(f"{path} is of a newer version of this library: update it")
        if checksum != _checksum(text, tensors):
            raise ZsbirError(f"{path} is damaged, its checksum is another: get it again")
        header = json.loads(text)
        del header["format"]
        return cls(**header | {"learnt_from": tuple(header["learnt_from"]), "tensors": tensors})

    def as_recipe(self, path: str | os.PathLike = "") -> tuple[str, Recipe]:
        """Return the name of this backbone, and how it is built from the one it was tuned from.

        Parameters
        ----------
        path
            For messages: the file.
        """
        base = find_recipe(self.base)[1]
        if self.recipe == FULL:
            return self.name, replace(
                base,
                build=partial(_towers, base, self.two_towers),
                default_weights=lambda: self.tensors,
                learnt_from=self.learnt_from,
            )
        return self.name, replace(
            base, adapt=partial(self._adapt, path), learnt_from=self.learnt_from
        )

    def _adapt(self, path: str | os.PathLike, network: nn.Module) -> nn.Module:
        """Return the network with LoRA's products added to its weights."""
        if (given := weights_id(network.state_dict())) != self.base_weights:
            raise ZsbirError(
                f"{path} was trained from other weights of {self.base} ({self.base_weights}) than "
                f"these ({given}): pass the file of those as "
                f"{argument('weights', placeholder='PATH')}"
            )
        network = in_towers(network, self.two_towers)
        for name in self.tensors:
            if not name.endswith(DOWN):
                continue
            place = name.removesuffix(DOWN)
            down, up = self.tensors[name], self.tensors[place + UP]
            parent, _, leaf = place.rpartition(".")
            weight = network.get_parameter(place).detach()
            changed = nn.Parameter(weight + low_rank(up, down, self.scale), requires_grad=False)
            setattr(network.get_submodule(parent), leaf, changed)
        return network


def _checksum(text: str, tensors: Mapping[str, Tensor]) -> str:
    return hashlib.sha256(f"{text} {weights_id(tensors)}".encode()).hexdigest()[:16]


def low_rank(up: Tensor, down: Tensor, scale: float) -> Tensor:
    r"""Return what LoRA adds to a weight of shape (o, i): :math:`(\alpha / r) B A`.

    Parameters
    ----------
    up, down
        B and A, shapes (o, r) and (r, i).
    scale
        :math:`\alpha / r`.
    """
    return scale * (up @ down)


def in_towers(network: nn.Module, two: bool) -> nn.Module:
    """Return a network as one for photos and one for sketches that begin alike, if `two` says so.

    One that is two already stays as it is.
    """
    if not two or isinstance(network, TwoTowers):
        return network
    return TwoTowers(network, copy.deepcopy(network))


def _towers(base: Recipe, two: bool) -> nn.Module:
    return in_towers(base.build(), two)


def check_name(path: str | os.PathLike) -> None:
    """Raise a `ZsbirError` unless `load_backbone` would take this name for a file."""
    if not is_file_name(os.fspath(path)):
        raise ZsbirError(f"{path} must end in {_SUFFIX}: by that the network is loaded")


def is_file_name(name: str) -> bool:
    """Tell whether a backbone's name is that of a file."""
    return name.endswith(_SUFFIX)


def is_tuned(path: str | os.PathLike) -> bool:
    """Tell whether a file holds a fine-tuned network; only its header is read."""
    try:
        with safe_open(path, framework="pt") as file:
            return _FORMAT_IN.search((file.metadata() or {}).get("zsbir", "")) is not None
    except (OSError, SafetensorError, ValueError):
        return False


def find_recipe_or_file(name: str, weights: str | os.PathLike | None) -> tuple[str, Recipe]:
    """Return name and recipe of a backbone; see `zsbir_lib.features.load_backbone`.

    Parameters
    ----------
    name
        As `zsbir_lib.features.zoos.find_recipe` takes it, or the path of a fine-tuned network.
    weights
        Given beside it.

    Raises
    ------
    ZsbirError
        If there is none, the file needs no weights beside it, or these are a fine-tuned network,
        whose classes nobody would know then.
    """
    if weights is not None and is_tuned(weights):
        raise ZsbirError(
            f"{weights} is a fine-tuned network, which knows what it was tuned from: give it as "
            f"{argument('backbone', placeholder='PATH')}"
        )
    if not is_file_name(name):
        base, plus, recipe = name.rpartition("+")
        if plus and recipe in (FULL, LORA):
            raise UnknownNameError(
                f"unknown backbone {name!r}: it is fine-tuned from {base}, so give the file that "
                f"`zsbir finetune` wrote as {argument('backbone', placeholder='PATH')}"
            )
        return find_recipe(name)
    tuned = TunedNetwork.load(name)
    if weights is not None and tuned.recipe == FULL:
        raise ZsbirError(f"{name} holds all of its weights: leave out {argument('weights')}")
    return tuned.as_recipe(name)
