"""Find mix-ups of CPU and CUDA in PyTorch code on a machine that has no GPU.

Tensors that a program sends to ``"cuda"`` say that they are there, but their numbers stay in the
memory of the CPU, and the CPU computes with them. So the program runs to its end with real
numbers, and an operation that is given tensors of both devices raises an error, as it would on a
GPU. Any program of Python can be run so, its child processes included::

    python tests/pretend -m pytest tests/methods
    python tests/pretend -m pytest --nbval-lax --nbval-current-env book/tour.ipynb
    python tests/pretend -m zsbir_lib doctor

How it works
------------
`CudaTensor` is a subclass of `torch.Tensor` that has no memory and carries a tensor of the CPU.
PyTorch hands its operations to Python below autograd, where `CudaTensor.__torch_dispatch__`
compares the devices, runs the kernel of the CPU, and wraps what comes out. Kernels in Python for
``aten::empty`` on CUDA make such tensors for all factories and ``Tensor.to``. So every rule above
that level, such as type promotion, views, indexing and autograd, is PyTorch's own. `torch.cuda`
gets answers in place of a driver's. To Python the device is ``cuda:0``; within PyTorch it is
``lazy:0``, because the autograd engine would ask a driver for the streams of a CUDA device.

A generator of the device draws other numbers than the CPU's of the same seed, as a card does:
results that depend on which device drew are found too. A child process pretends because
``sitecustomize.py`` beside this package is on its path, and waits for `torch` there.

Limits
------
- It needs a build of PyTorch with CUDA (tried with 2.15). A real card is hidden from the program.
- One device, one stream. Nothing is said about speed, memory, or missing synchronisation.
- Numbers are the CPU's: a GPU rounds in another way.
- An operation or data type that only the CPU has passes; one that only CUDA has fails.
- A tensor on the CPU without dimensions is let through nearly everywhere, as most operations do.
- Autocast computes in the precision of its arguments.
- ``torch.compile``, ``torch.jit`` and quantised tensors fail.
"""

from __future__ import annotations

import functools

import torch
import torch.utils._device
from torch.optim.optimizer import _foreach_supported_types

from . import driver, generators, kernels, loading, tensor
from .tensor import CudaTensor

__all__ = ["CudaTensor", "activate"]

_HELD = []  # kernels that are registered go with the object that holds them


@functools.cache
def activate() -> None:
    """Let this process pretend from now on that it has a GPU."""
    if torch.version.cuda is None:
        raise RuntimeError("this PyTorch is built without CUDA: it cannot pretend to have a GPU")
    if torch.cuda.is_available():
        raise RuntimeError("this machine has a GPU: run the program on it")
    torch._C._ensureCUDADeviceGuardSet()
    torch.utils._device._device_constructors()  # remembers the functions replaced below
    driver.install()
    torch.Generator = generators.Generator
    torch.cuda.default_generators = (generators.Generator("cuda"),)
    torch.cuda.default_generators[0].manual_seed(torch.initial_seed())
    torch.__future__.set_swap_module_params_on_conversion(True)
    for name in generators.FACTORIES:
        setattr(torch, name, generators.on_host(getattr(torch, name)))
    for name in generators.DRAWS:
        setattr(torch.Tensor, name, generators.on_host(getattr(torch.Tensor, name)))
    torch.Tensor.pin_memory = lambda self, *_: torch.empty_like(self, pin_memory=True).copy_(self)
    torch.Tensor.is_pinned = lambda self, *_: getattr(self, "_pinned", False)
    torch.Tensor.data = property(torch._C.TensorBase.data.__get__, tensor.set_data)
    # As on a card, an optimiser takes all parameters in one operation.
    _foreach_supported_types.append(CudaTensor)
    torch.serialization.add_safe_globals([tensor.restore])
    torch.load = torch.serialization.load = loading.loading(torch.load)
    _HELD.append(kernels.install())
