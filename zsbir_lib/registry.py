"""Named things that users may add to: methods, backbones, data sets.

A `Registry` is filled by this library's own modules, by entry points of installed packages, and by
whatever a program registers. An entry point is loaded only when its name is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from importlib import metadata
from typing import Any, Generic, TypeVar

from zsbir_lib.errors import NameTakenError, UnknownNameError, ZsbirError

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """What is known by name, in the order in which it was added.

    Parameters
    ----------
    kind
        What messages call one of the things: ``"method"``, say.
    group
        Name of the entry points of installed packages that add to it, such as
        ``"zsbir.methods"``; each names a module or an object whose import registers something,
        or that is itself the thing registered under the entry point's name.
    """

    def __init__(self, kind: str, group: str) -> None:
        self.kind, self.group = kind, group
        self._known: dict[str, T] = {}
        self._installed: dict[str, metadata.EntryPoint] | None = None

    def add(self, name: str, value: T, *, replace: bool = False) -> None:
        """Make `value` known as `name`.

        A definition that is executed again, as a notebook's cell is, takes its own place.

        Raises
        ------
        NameTakenError
            If something else has that name, and `replace` is not set.
        """
        before = self._known.get(name)
        if before is not None and not replace and _identity(before) != _identity(value):
            raise NameTakenError(
                f"the {self.kind} name {name!r} is taken by {_describe(before)}: choose another"
            )
        self._known[name] = value

    def register(self, name: str, *, replace: bool = False) -> Callable[[T], T]:
        """Return a decorator that adds what it is put on; see `add`."""

        def decorate(value: T) -> T:
            self.add(name, value, replace=replace)
            return value

        return decorate

    def __getitem__(self, name: str) -> T:
        if name not in self._known:
            self._load(name)
        try:
            return self._known[name]
        except KeyError:
            raise UnknownNameError(self._unknown(name)) from None

    def get(self, name: str, default: Any = None) -> Any:
        """Return what is known as `name`, or `default` if nothing is."""
        try:
            return self[name]
        except UnknownNameError:
            return default

    def __contains__(self, name: object) -> bool:
        return name in self._known or name in self._points()

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._known, *self._points()]))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _points(self) -> dict[str, metadata.EntryPoint]:
        if self._installed is None:
            found = metadata.entry_points(group=self.group)
            self._installed = {point.name: point for point in found}
        return self._installed

    def _load(self, name: str) -> None:
        point = self._points().get(name)
        if point is None:
            return
        try:
            value: Any = point.load()
        except Exception as error:
            raise ZsbirError(
                f"the {self.kind} {name!r} of the installed package behind {point.value} cannot be "
                f"loaded ({type(error).__name__}: {error}): mend or uninstall that package"
            ) from error
        if name not in self._known:  # an import that registers has done so by now
            self._known[name] = value

    def _unknown(self, name: str) -> str:
        near = get_close_matches(str(name), list(self), n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        return f"unknown {self.kind} {name!r}{hint}: use one of {', '.join(self)}"


def _identity(value: Any) -> Any:
    """Return what stays the same when a definition is executed again."""
    where = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    return where if None not in where else id(value)


def _describe(value: Any) -> str:
    module, name = getattr(value, "__module__", ""), getattr(value, "__qualname__", "")
    return f"{module}.{name}" if name else repr(value)
