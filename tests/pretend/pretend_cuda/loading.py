"""`torch.load`, which may be told where to bring what was saved on CUDA."""

from __future__ import annotations

import contextvars
import functools
from typing import Any

import torch
from torch.utils._pytree import tree_map

from .places import CUDA, names_cuda

# Where tensors that were saved on the pretended device are to go.
_PLACE: contextvars.ContextVar[torch.device] = contextvars.ContextVar("place", default=CUDA)


def place_of_cuda() -> torch.device:
    """Return where the file that is being read puts what was saved on CUDA."""
    return _PLACE.get()


def _place(map_location: Any) -> torch.device:
    """Return what ``map_location`` says of ``cuda:0``."""
    if isinstance(map_location, dict):
        map_location = map_location.get("cuda:0")
    elif callable(map_location):
        storage = torch.UntypedStorage(1)
        brought = map_location(storage, "cuda:0")
        map_location = None if brought is None else brought.device
    return CUDA if map_location is None or names_cuda(map_location) else torch.device(map_location)


def loading(load: Any) -> Any:
    """Let `torch.load` obey its ``map_location``."""

    @functools.wraps(load)
    def wrapper(f: Any, map_location: Any = None, *args: Any, **kwargs: Any) -> Any:
        to_cuda = names_cuda(map_location)
        token = _PLACE.set(_place(map_location))
        try:
            loaded = load(f, "cpu" if to_cuda else map_location, *args, **kwargs)
        finally:
            _PLACE.reset(token)
        if not to_cuda:
            return loaded

        def bring(value: Any) -> Any:
            if isinstance(value, torch.nn.Parameter):
                return torch.nn.Parameter(value.detach().to(CUDA), value.requires_grad)
            return value.to(CUDA) if isinstance(value, (torch.Tensor, torch.nn.Module)) else value

        return tree_map(bring, loaded)

    return wrapper
