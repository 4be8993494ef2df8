"""Random streams: a generator on the device draws other numbers than the CPU's of the same seed."""

from __future__ import annotations

import functools
import weakref
from typing import Any

import torch

from .places import CUDA, names_cuda

# What a card draws from a seed is another stream than the CPU's; so is it here.
OTHER_STREAM = 0x5DEECE66D

# Functions that can pin memory or take a generator.
FACTORIES = ("empty", "zeros", "ones", "full", "tensor", "rand", "randn", "randint", "randperm",
             "empty_like", "zeros_like", "rand_like", "randn_like", "empty_strided", "normal",
             "bernoulli", "multinomial", "poisson")  # fmt: skip
DRAWS = ("normal_", "uniform_", "random_", "bernoulli_", "exponential_", "cauchy_", "geometric_",
         "log_normal_", "bernoulli", "multinomial")  # fmt: skip

# By the address that PyTorch knows a generator by.
GENERATORS: weakref.WeakValueDictionary[int, Generator] = weakref.WeakValueDictionary()


class _GeneratorKind(type(torch._C.Generator)):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, torch._C.Generator)


class Generator(torch._C.Generator, metaclass=_GeneratorKind):
    """A generator of the CPU that may say it is one of CUDA."""

    device = property(lambda self: self._device)

    def __new__(cls, device: Any = "cpu") -> Generator:
        pretends = torch.device(device).type == "cuda"
        generator = super().__new__(cls, "cpu" if pretends else device)
        generator._device = CUDA if pretends else torch.device(device)
        GENERATORS[generator._cdata] = generator
        if pretends:
            generator.manual_seed(torch._C.Generator.initial_seed(generator))
        return generator

    def manual_seed(self, seed: int) -> Generator:
        """Begin the stream of a seed."""
        self._seed = seed
        super().manual_seed(seed ^ OTHER_STREAM if self._device == CUDA else seed)
        return self

    def seed(self) -> int:
        """Begin the stream of a seed taken by chance, and return it."""
        self.manual_seed(super().seed())
        return self._seed

    def initial_seed(self) -> int:
        """Return the seed that was given last."""
        return self._seed if self._device == CUDA else super().initial_seed()


def on_host(function: Any) -> Any:
    """Make a function refuse a generator of CUDA for the CPU, and pin without a driver."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        pinned, generator = kwargs.get("pin_memory"), kwargs.get("generator")
        if pinned and not names_cuda(kwargs.get("device")):
            del kwargs["pin_memory"]
        out = function(*args, **kwargs)
        if generator is not None and generator.device == CUDA and not out.is_cuda:
            raise RuntimeError("Expected a 'cpu' device type for generator but found 'cuda'")
        if pinned:
            out._pinned = True
        return out

    return wrapper
