"""What PyTorch calls when a tensor is made on CUDA, or read there."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import torch

from .tensor import wrap


def _empty(size, *, dtype=None, layout=None, device=None, pin_memory=None, memory_format=None):
    if pin_memory:
        raise RuntimeError("Only dense CPU tensors can be pinned")
    form = memory_format or torch.contiguous_format
    return wrap(torch.empty(size, dtype=dtype, device="cpu", memory_format=form))


def _empty_strided(size, stride, *, dtype=None, layout=None, device=None, pin_memory=None):
    return wrap(torch.empty_strided(size, stride, dtype=dtype, device="cpu"))


def _triangle(name, row, col, offset=0, *, dtype=None, layout=None, device=None, pin_memory=None):
    return wrap(getattr(torch, name)(row, col, offset, dtype=dtype, device="cpu"))


def _copy(tensor: torch.Tensor, source: torch.Tensor, non_blocking: bool = False) -> Any:
    hosts = [one.host if one.is_cuda else one for one in (tensor, source)]
    hosts[0].copy_(hosts[1])
    return tensor


def install() -> torch.library.Library:
    """Register the kernels and return what holds them: they go when it does."""
    library = torch.library.Library("aten", "IMPL")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # kernels that were there are replaced
        for key in ("CUDA", "Lazy"):
            library.impl("empty.memory_format", _empty, key)
            library.impl("empty_strided", _empty_strided, key)
            for name in ("tril_indices", "triu_indices"):
                library.impl(name, functools.partial(_triangle, name), key)
        library.impl("copy_", _copy, "Lazy")
        library.impl("_local_scalar_dense", lambda tensor: tensor.host.item(), "Lazy")
    return library
