"""What a network makes of one picture: the proof that it is a backbone, and a name for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from zsbir_lib.errors import ZsbirError


def probe_picture(size: int) -> Tensor:
    """Return a fixed picture (1, 3, size, size) with slopes and edges, uint8.

    On one colour alone a mean and a maximum would be the same.
    """
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    channels = [(3 * x + 5 * y + x * y // 7) % 256, (x * x // 5 + 11 * y) % 256, (x ^ y) * 8 % 256]
    picture = torch.stack(channels).to(torch.uint8)[None]
    return picture.contiguous(memory_format=torch.channels_last)


def check_output(name: str, dim: int | None, output: Any) -> Tensor:
    """Return `output`, what the network `name` makes of a picture, if it is `dim` numbers.

    Of any number where `dim` is None.
    """
    wanted = "the recipe wants (1, dim)" if dim is None else f"the recipe says dim={dim}"
    if not isinstance(output, Tensor):
        raise ZsbirError(
            f"{name} returns {_describe(output)}, {wanted}: let build return a network that gives "
            f"one tensor (1, {dim or 'dim'}) for one picture"
        )
    any_width = dim is None and output.ndim == 2 and len(output) == 1 and output.shape[1] > 0
    if not any_width and tuple(output.shape) != (1, dim):
        raise ZsbirError(f"{name} returns {_describe(output)}, {wanted}: {_remedy(output, dim)}")
    if not output.is_floating_point():
        raise ZsbirError(f"{name} returns {output.dtype}, not floating-point numbers")
    if not torch.isfinite(output).all():
        raise ZsbirError(f"{name} returns NaN or infinite numbers for a picture: mend its weights")
    return output


def _remedy(output: Tensor, dim: int | None) -> str:
    if output.ndim == 2 and len(output) == 1:
        width = output.shape[1]
        return f"take off the layers behind the feature, or say dim={width}"
    if output.ndim == 3:
        return "pool the tokens"
    if output.ndim == 4:
        return "pool the feature maps and flatten them"
    return f"return (n, {dim or 'dim'}) for n pictures"


def _describe(output: Any) -> str:
    """Say what a network returned: the shape, or what a tuple or a dictionary holds."""
    if isinstance(output, Tensor):
        return f"({', '.join(map(str, output.shape))})"
    kind = type(output).__name__
    if isinstance(output, Mapping):
        parts = [f"{key} {_describe(value)}" for key, value in list(output.items())[:3]]
    elif isinstance(output, (tuple, list)):
        parts = [_describe(value) for value in output[:3]]
    else:
        return f"an object of type {kind}"
    more = f" and {len(output) - 3} more" if len(output) > 3 else ""
    return f"{kind} of {', '.join(parts)}{more}" if parts else f"an empty {kind}"


def probe_id(output: Tensor) -> str:
    """Return eight hexadecimal digits that name features, up to the rounding of a device.

    Three sums stand for all numbers, each kept to three digits: the fewer there are, the seldomer
    one lies so near a step of the rounding that another device falls on its other side.
    """
    feature = output.flatten().double().cpu()
    place = torch.arange(1, len(feature) + 1, dtype=torch.float64)
    length = feature.norm().clamp(min=1e-300)
    sums = [
        length,
        *((feature * wave).sum() / length for wave in (place.cos(), place.sqrt().sin())),
    ]
    return short_hash(f"{sums[0]:.2e} {sums[1]:.2f} {sums[2]:.2f}".replace("-0.00", "0.00"))


def short_hash(text: str) -> str:
    """Return eight hexadecimal digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
