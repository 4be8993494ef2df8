"""What features and labels must look like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from zsbir_lib.errors import LabelError, NotFiniteError, UnknownNameError, ZsbirError


def check_matrix(name: str, features: Tensor) -> None:
    """Raise unless `features` is a float32 matrix of finite numbers.

    Raises
    ------
    ZsbirError
        Naming `name`, how many rows are wrong and the first of them.
    """
    if not isinstance(features, Tensor) or features.dtype != torch.float32 or features.ndim != 2:
        raise ZsbirError(
            f"{name} must be a float32 tensor (images, numbers), not {describe(features)}"
        )
    # The extremes say whether all is finite, and take no memory beside the features.
    if not features.numel() or all(map(torch.isfinite, features.aminmax())):
        return
    bad = ~torch.isfinite(features).all(dim=1)
    raise NotFiniteError(
        f"{name} hold NaN or infinite numbers in {int(bad.sum())} of {len(features)} rows, "
        f"the first in row {int(bad.nonzero()[0])}"
    )


def check_integers(record: Any, **lengths: int) -> None:
    """Raise a `LabelError` unless fields of a record are int64 tensors of these lengths."""
    for name, length in lengths.items():
        values = getattr(record, name)
        whole = isinstance(values, Tensor) and values.dtype == torch.int64
        if not whole or values.shape != (length,):
            raise LabelError(
                f"{name} must be an int64 tensor of {length} numbers, not {describe(values)}"
            )


def check_ids(record: Any, **lengths: int) -> None:
    """Raise a `ZsbirError` unless fields of a record hold so many names."""
    for name, length in lengths.items():
        if len(getattr(record, name)) != length:
            raise ZsbirError(f"{len(getattr(record, name))} {name} for {length} features")


def check_labels(record: Any, *names: str) -> None:
    """Raise a `LabelError` unless these fields of a record are indices into its `class_names`."""
    for name in names:
        labels, count = getattr(record, name), len(record.class_names)
        if not ((labels >= 0) & (labels < count)).all():
            raise LabelError(f"{name} must be 0 to {count - 1}: there is no other class")


def check_rows(name: str, rows: Tensor, count: int, what: str) -> None:
    """Raise a `ZsbirError` unless `rows`, called `name`, are -1 or rows of the `count` `what`."""
    if not ((rows >= -1) & (rows < count)).all():
        raise ZsbirError(f"{name} must be -1 or a row of the {what}, 0 to {count - 1}")


def check_attributes(
    attributes: Tensor | None, names: Sequence[str], class_names: Sequence[str]
) -> None:
    """Raise unless there is a row of attributes for each class, and a name for each column.

    Parameters
    ----------
    attributes
        Shape (classes, attributes), or None, which goes with no names.
    names
        Of the attributes.
    class_names
        All classes.
    """
    if attributes is None:
        if names:
            raise ZsbirError(f"{len(names)} attribute_names without class_attributes")
        return
    check_matrix("class_attributes", attributes)
    if attributes.shape != (len(class_names), len(names)):
        raise ZsbirError(
            f"class_attributes has shape {tuple(attributes.shape)}, but there are "
            f"{len(class_names)} classes and {len(names)} attribute_names"
        )


def freeze(record: Any, tensors: Sequence[str], tuples: Sequence[str]) -> None:
    """Detach a frozen record's features from any graph, and make tuples of its names.

    Parameters
    ----------
    record
        An instance of a frozen dataclass, still in the making.
    tensors
        The fields that hold features.
    tuples
        The fields that hold names.
    """
    for name in tensors:
        value = getattr(record, name)
        if isinstance(value, Tensor) and value.requires_grad:
            object.__setattr__(record, name, value.detach())
    for name in tuples:
        object.__setattr__(record, name, tuple(getattr(record, name)))


def class_mask(names: Iterable[str], class_names: Sequence[str]) -> Tensor:
    """Tell, for each class, whether it is among `names`; shape (classes,), bool."""
    wanted = set(names)
    unknown = sorted(wanted - set(class_names))
    if unknown:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise UnknownNameError(f"the features hold no class {', '.join(unknown[:5])}{more}")
    return torch.tensor([name in wanted for name in class_names], dtype=torch.bool)


def renumber(kept: Tensor) -> Tensor:
    """Return, for each row that is kept, its number among the kept rows."""
    return kept.cumsum(0) - 1


def describe(value: Any) -> str:
    """Say what something is that should be a tensor of another kind."""
    if isinstance(value, Tensor):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    return type(value).__name__
