"""What the schemas of PyTorch's operations say, and which devices may meet in one."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import torch

# Operations in which tensors of both devices may meet.
FREE = {"copy_", "_copy_from", "_to_copy", "_pack_padded_sequence", "is_same_size"}
# Those that take indices on the CPU into a tensor on CUDA.
INDEXING = {"index", "_unsafe_index", "index_put", "index_put_", "_index_put_impl_"}
# Those that refuse even a tensor without dimensions on the other device.
STRICT = {"stack", "cat", "index_select", "gather", "embedding", "mm", "bmm", "addmm"}


class Plan(NamedTuple):
    """What the schema of an operation says.

    An argument that is written to is given by its place and its name. A `simple` operation returns
    one new tensor, or writes to its first argument and returns it, and draws nothing.
    """

    name: str
    composite: bool
    written: tuple[tuple[int, str], ...]
    returned: tuple[tuple[int, str] | None, ...]
    views: bool
    draws: bool
    takes_generator: bool
    simple: bool
    strict: bool


@functools.cache
def plan_of(operation: Any) -> Plan:
    """Return what the schema of an operation says."""
    schema, name = operation._schema, operation._schema.name.split("::")[1]
    written, returned = {}, []
    for place, argument in enumerate(schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            written.update(dict.fromkeys(argument.alias_info.before_set, (place, argument.name)))
    for result in schema.returns:
        aliases = result.alias_info.before_set if result.alias_info is not None else ()
        returned.append(next((written[alias] for alias in aliases if alias in written), None))
    composite = operation._can_decompose() and "sparse" not in name
    draws = torch.Tag.nondeterministic_seeded in operation.tags
    places = tuple(dict.fromkeys(written.values()))
    in_place = len(places) == 1 and places[0][0] == 0 and returned == list(places)
    one_tensor = [str(result.type) for result in schema.returns] == ["Tensor"]
    return Plan(
        name,
        composite,
        places,
        tuple(returned),
        any(one.alias_info is not None and not one.alias_info.is_write for one in schema.returns),
        draws,
        any(argument.name == "generator" for argument in schema.arguments),
        simple=one_tensor
        and not (composite or draws or name in FREE or name in INDEXING)
        and (in_place or not places),
        strict=name in STRICT,
    )


def tensors_in(value: Any) -> list[torch.Tensor]:
    """Return the tensors of an argument, which may be a list of them."""
    values = value if isinstance(value, (list, tuple)) else [value]
    return [one for one in values if isinstance(one, torch.Tensor)]


def check_devices(plan: Plan, args: tuple, kwargs: dict) -> None:
    """Raise what PyTorch raises if the tensors of an operation are on both devices."""
    if plan.name in FREE:
        return
    values = [*args, *kwargs.values()]
    if plan.name in INDEXING:
        indices = tensors_in(values.pop(1))
        if not args[0].is_cuda and any(one.is_cuda for one in indices):
            raise RuntimeError(
                "indices should be either on cpu or on the same device as the indexed tensor (cpu)"
            )
    tensors = [tensor for value in values for tensor in tensors_in(value)]
    if any(tensor.is_cuda for tensor in tensors):
        for tensor in tensors:
            if not tensor.is_cuda and (tensor.dim() or plan.strict):
                raise RuntimeError(
                    "Expected all tensors to be on the same device, but found at least two "
                    f"devices, cuda:0 and {tensor.device}! (aten::{plan.name} was given a "
                    f"tensor of shape {tuple(tensor.shape)} on {tensor.device})"
                )
