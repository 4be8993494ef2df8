r"""LoRA: beside each linear layer's weight W, two small matrices that alone learn.

Hu et al., *LoRA: Low-Rank Adaptation of Large Language Models*, ICLR 2022. The layer computes with
:math:`W + (\alpha / r) B A`. At first B is 0, so the network begins as it was. The matrices are a
parametrization (`torch.nn.utils.parametrize`): whatever reads the weight reads the sum, so that
attention that keeps its three projections in one packed weight is adapted like any other layer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.features.tuned import DOWN, FULL, UP, low_rank

# A packed weight of queries, keys and values, as torch's attention and open_clip's own call it.
_PACKED = "in_proj_weight"


class LowRank(nn.Module):
    """Adds the product of two small matrices to a weight.

    Parameters
    ----------
    weight
        Shape (o, i); only its shape, type and device are looked at.
    rank
        r.
    scale
        What the product is multiplied by.
    generator
        On the CPU: A begins with normal numbers of variance 1 / i, B with 0.
    """

    def __init__(self, weight: Tensor, rank: int, scale: float, generator: torch.Generator) -> None:
        super().__init__()
        rows, columns = weight.shape
        first = torch.randn(rank, columns, generator=generator) / columns**0.5
        self.down = nn.Parameter(first.to(weight))
        self.up = nn.Parameter(torch.zeros(rows, rank).to(weight))
        self.scale = scale

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight with the product added."""
        return weight + low_rank(self.up, self.down, self.scale)


class Adapters(nn.Module):
    """The low-rank matrices of a network; they are all that learns.

    Parameters
    ----------
    network
        Its linear layers are adapted, in place.
    layers
        A regular expression that is found in the names of those to adapt.
    rank, scale, generator
        As for `LowRank`.

    Raises
    ------
    ZsbirError
        If no linear layer has such a name.
    """

    def __init__(
        self, network: nn.Module, layers: str, rank: int, scale: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        every = list(linear_weights(network))
        self.names = [name for name in every if re.search(layers, name)]
        if not every:
            raise ZsbirError(
                "the network has no linear layers for LoRA to adapt: use "
                f"{argument('recipe', FULL)}"
            )
        if not self.names:
            raise ZsbirError(
                f"{argument('layers', layers)} is in the name of none of the {len(every)} linear "
                f"layers, of which {every[0]} is one"
            )
        made: list[LowRank] = []
        for name in self.names:
            parent, _, leaf = name.rpartition(".")
            module = network.get_submodule(parent)
            part = LowRank(getattr(module, leaf), rank, scale, generator)
            parametrize.register_parametrization(module, leaf, part)
            made.append(part)
        self.parts = nn.ModuleList(made)

    def tensors(self) -> dict[str, Tensor]:
        """Return A and B of each weight, by names that begin with the weight's."""
        found: dict[str, Tensor] = {}
        for name, part in zip(self.names, self.parts, strict=True):
            assert isinstance(part, LowRank)
            found |= {name + DOWN: part.down, name + UP: part.up}
        return found


def linear_weights(network: nn.Module) -> Iterator[str]:
    """Yield the names of the weights of linear layers, packed ones among them."""
    for place, module in network.named_modules():
        for leaf in ("weight",) if isinstance(module, nn.Linear) else (_PACKED,):
            weight = module._parameters.get(leaf)
            if weight is not None and weight.ndim == 2:
                yield f"{place}.{leaf}" if place else leaf
