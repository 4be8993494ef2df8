"""In which precision a network computes: stated by the caller, whatever the process is set to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch

from zsbir_lib.errors import ZsbirError, argument

FLOAT32, TF32, MIXED = "float32", "tf32", "mixed"


def choose_precision(mixed_precision: bool, tf32: bool, device: torch.device) -> str:
    """Return the name of the precision that `mixed_precision` and `tf32` ask for on a device.

    Raises
    ------
    ZsbirError
        If the device does not compute in it, or both are asked for.
    """
    if mixed_precision and tf32:
        raise ZsbirError(
            f"{argument('mixed_precision', True)} and {argument('tf32', True)} exclude each other"
        )
    if mixed_precision and device.type not in ("cpu", "cuda"):
        raise ZsbirError(
            f"{argument('mixed_precision', True)} is for CUDA and the CPU, not {device.type}"
        )
    return MIXED if mixed_precision else TF32 if tf32 else FLOAT32


@contextmanager
def computing(precision: str, device: torch.device) -> Iterator[None]:
    """Let networks compute in a precision within the block, and in what it was before afterwards.

    PyTorch computes convolutions on a card in TF32 (10 bits of the mantissa) unless told not to;
    and products, too, where a program has allowed that.

    Parameters
    ----------
    precision
        ``"float32"``; ``"tf32"``, where the device has it; ``"mixed"``: bfloat16 where the device
        has it, else float16, as `torch.autocast` deems safe.
    device
        Where the network is.
    """
    switches = _switches(precision != FLOAT32)
    before = [(place, name, getattr(place, name)) for place, name, _ in switches]
    try:
        for place, name, value in switches:
            setattr(place, name, value)
        with _autocast(device.type) if precision == MIXED else nullcontext():
            yield
    finally:
        for place, name, value in before:
            setattr(place, name, value)


def _switches(allowed: bool) -> list[tuple[Any, str, Any]]:
    """Return PyTorch's switches of TF32: the object, its attribute, and the value that is meant."""
    products = torch.backends.cuda.matmul
    convolutions: Any = torch.backends.cudnn  # an object in the place of a module
    try:
        _ = products.allow_tf32, convolutions.allow_tf32
    except RuntimeError:
        # A program that uses the newer switches of each operation must not be asked by the older.
        places = (products, convolutions.conv, convolutions.rnn)
        return [(place, "fp32_precision", "tf32" if allowed else "ieee") for place in places]
    return [(place, "allow_tf32", allowed) for place in (products, convolutions)]


def _autocast(device: str) -> torch.autocast:
    bfloat16 = device == "cpu" or torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.autocast(device, dtype=torch.bfloat16 if bfloat16 else torch.float16)
