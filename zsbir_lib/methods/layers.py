"""Layers that draw from a generator of their own, and where a network computes.

PyTorch's layers draw their first weights and their dropout from a state that all threads share,
and on a graphics card from another stream. These draw on the CPU from a generator that they are
given: the same seed gives the same numbers in every thread and on every device. Without one they
do as PyTorch's do.
"""

from __future__ import annotations

import copy
import math
from typing import TypeVar

import torch
from torch import Tensor, nn

from zsbir_lib.devices import choose_device
from zsbir_lib.distributed import world

ModuleT = TypeVar("ModuleT", bound=nn.Module)


def linear(width_in: int, width_out: int, generator: torch.Generator | None = None) -> nn.Linear:
    r"""Return a linear layer with first weights of PyTorch's distribution.

    Weights and biases are uniform between :math:`\pm 1 / \sqrt{d}` for an input of d numbers.

    Parameters
    ----------
    width_in, width_out
        Numbers that go in and come out.
    generator
        On the CPU; None for PyTorch's common state.
    """
    layer = nn.utils.skip_init(nn.Linear, width_in, width_out)
    bound = 1 / math.sqrt(width_in)
    nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer


class Dropout(nn.Dropout):
    """Dropout whose mask is drawn on the CPU, wherever it is used.

    Parameters
    ----------
    p
        Probability that a number is set to 0.
    generator
        On the CPU; None for PyTorch's common state.
    """

    def __init__(self, p: float, generator: torch.Generator | None = None) -> None:
        super().__init__(p)
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` with numbers set to 0 and the rest scaled up; in evaluation mode, `x`."""
        if self.generator is None or not self.training or self.p == 0:
            return super().forward(x)
        # Drawn for the rows of all processes that share a batch, of which this one has its share.
        here = world()
        mask = torch.empty(len(x) * here.size, *x.shape[1:], dtype=x.dtype)
        mask = here.share(mask.bernoulli_(1 - self.p, generator=self.generator))
        return x * mask.div_(1 - self.p).to(x.device)


class BatchNorm(nn.BatchNorm1d):
    """Batch norm over the rows of all processes that share a batch.

    PyTorch's own, `torch.nn.SyncBatchNorm`, computes on cards only.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return `x`, shape (n, d), without mean and variance of the batch, scaled and moved."""
        size = world().size
        if size == 1 or not self.training:
            return super().forward(x)
        from torch.distributed.nn.functional import all_reduce  # with its gradient

        count = len(x) * size
        mean = all_reduce(x.sum(dim=0)) / count
        centred = x - mean
        variance = all_reduce(centred.pow(2).sum(dim=0)) / count
        running = (
            (self.running_mean, mean.detach()),
            (self.running_var, variance.detach() * count / (count - 1)),
        )
        for kept, value in running:
            if kept is not None:
                kept.lerp_(value, self.momentum or 0.1)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        return centred * torch.rsqrt(variance + self.eps) * self.weight + self.bias


def placed(module: ModuleT, device: str | torch.device | None) -> ModuleT:
    """Return a fitted module where it is to compute: itself if it is there, else a copy of it.

    Parameters
    ----------
    module
        A network, or a part of one; it may hold no weights.
    device
        See `zsbir_lib.devices.choose_device`.
    """
    chosen = choose_device(device)
    held = (*module.parameters(), *module.buffers())
    if chosen.type == "cpu" and all(one.device.type == "cpu" for one in held):
        return module
    return copy.deepcopy(module).to(chosen)
