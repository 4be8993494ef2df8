"""What the pretended device is called: ``cuda:0`` to Python, ``lazy:0`` within PyTorch."""

from __future__ import annotations

from typing import Any

import torch

CUDA = torch.device("cuda:0")
INSIDE = torch.device("lazy:0")
PRETENDED = ("cuda", "lazy")


def names_cuda(value: Any) -> bool:
    """Tell whether an argument is the name of a CUDA device, or such a device."""
    return isinstance(value, (str, torch.device)) and torch.device(value).type == "cuda"
