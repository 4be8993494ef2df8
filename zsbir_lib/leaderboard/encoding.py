"""Dataclasses as JSON values and back, by their types: what does not fit is named by its place."""

from __future__ import annotations

import json
import math
import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from zsbir_lib.errors import ZsbirError
from zsbir_lib.protocols import Candidate

_KINDS: dict[type, tuple[tuple[type, ...], str]] = {
    str: ((str,), "a text"),
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
}
# Written as a list of their values: shorter, and what earlier versions wrote.
_AS_LISTS: tuple[type, ...] = (Candidate,)


def encode(value: Any) -> Any:
    """Return JSON values; fields that are empty by default, and are empty, are left out."""
    if is_dataclass(value):
        items = {f.name: getattr(value, f.name) for f in fields(value)}
        if isinstance(value, _AS_LISTS):
            found = [encode(item) for item in items.values()]
            return found[: 2 + (found[-1] is not None)]
        absent = {f.name for f in fields(value) if not items[f.name] and items[f.name] == f.default}
        return {name: encode(item) for name, item in items.items() if name not in absent}
    if isinstance(value, dict):
        return {str(name): encode(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    # What JSON does not know is kept as its text: a setting of somebody's own method, say.
    return json.loads(json.dumps(value, default=str))


def decode(kind: Any, value: Any, where: str = "") -> Any:
    """Take back what `encode` returned.

    Parameters
    ----------
    kind
        A dataclass, or the type of one of its fields.
    value
        JSON values.
    where
        The place, for messages.

    Raises
    ------
    ZsbirError
        If the values do not fit; the message names the place.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        (inner,) = (argument for argument in arguments if argument is not type(None))
        return None if value is None else decode(inner, value, where)
    if origin is tuple:
        _check(isinstance(value, list), where, "a list", value)
        return tuple(decode(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict:
        _check(isinstance(value, dict), where, "an object", value)
        return {
            name: decode(arguments[1], item, f"{where}.{name}".lstrip("."))
            for name, item in value.items()
        }
    if is_dataclass(kind):
        return _decode_fields(kind, value, where)
    accepted, wording = _KINDS[kind]
    right = isinstance(value, accepted) and (kind is bool or not isinstance(value, bool))
    _check(right and (kind is not float or math.isfinite(value)), where, wording, value)
    return value


def _decode_fields(kind: Any, value: Any, where: str) -> Any:
    known = fields(kind)
    if kind in _AS_LISTS:
        _check(isinstance(value, list) and 2 <= len(value) <= len(known), where, "a pair", value)
        value = {f.name: item for f, item in zip(known, value, strict=False)}
    _check(isinstance(value, dict), where, "an object", value)
    hints = typing.get_type_hints(kind)
    for name in value:
        _check(name in hints, where, f"no {name!r}", value[name])
    for f in known:
        required = f.default is MISSING and f.default_factory is MISSING
        _check(f.name in value or not required, where, f"an object with {f.name!r}", "none")
    parts = {
        name: decode(hints[name], item, f"{where}.{name}".lstrip("."))
        for name, item in value.items()
    }
    try:
        return kind(**parts)
    except ZsbirError as error:
        raise ZsbirError(f"{where or 'it'}: {error}") from None


def _check(right: bool, where: str, expected: str, found: Any) -> None:
    if not right:
        shown = repr(found)
        shown = shown if len(shown) <= 40 else shown[:37] + "..."
        raise ZsbirError(f"{where or 'it'} should be {expected}, not {shown}")
