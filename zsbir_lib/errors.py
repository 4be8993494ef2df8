"""The one exception a caller of this library has to know, names for its kinds, and their words.

A message gives advice in the words of the interface that its reader uses: an argument of a
function is ``on_error='skip'`` in Python and ``--on-error skip`` on the command line. `argument`
returns whichever fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Integral
from typing import Any

_on_command_line: ContextVar[bool] = ContextVar("_on_command_line", default=False)
_ABSENT = object()
# Arguments whose option of the command line is not the same word with dashes.
_OPTIONS = {
    ("split", None): "--inner",
    ("seed", _ABSENT): "--data-seed",
    ("per_class", _ABSENT): "--sketches-per-class",
}


def speaks_command_line() -> bool:
    """Whether messages name options at present; see `speaking_command_line`."""
    return _on_command_line.get()


@contextmanager
def speaking_command_line(on: bool = True) -> Iterator[None]:
    """Let messages that are made within the block name options, not arguments of functions."""
    token = _on_command_line.set(on)
    try:
        yield
    finally:
        _on_command_line.reset(token)


def argument(name: str, value: Any = _ABSENT, *, placeholder: str = "") -> str:
    """Name an argument in the words of the interface in use.

    Parameters
    ----------
    name
        Of the argument in Python, such as ``"on_error"``.
    value
        What to give for it; by default the argument is only named.
    placeholder
        What stands for a value that only the reader knows, such as ``"PATH"``.

    Examples
    --------
    >>> argument("on_error", "skip"), argument("weights", placeholder="PATH"), argument("k")
    ("on_error='skip'", 'weights=PATH', 'k')
    >>> with speaking_command_line():
    ...     argument("on_error", "skip"), argument("weights", placeholder="PATH"), argument("k")
    ('--on-error skip', '--weights PATH', '--k')
    """
    given = placeholder or ("" if value is _ABSENT else str(value))
    if not _on_command_line.get():
        text = placeholder or ("" if value is _ABSENT else repr(value))
        return f"{name}={text}" if text else name
    option = _OPTIONS.get((name, value), "--" + name.replace("_", "-"))
    if (name, value) in _OPTIONS or not given or value is True:
        return option
    return f"{option} {given}"


def hyper_parameter(name: str, value: Any = _ABSENT) -> str:
    """Name a method's hyper-parameter in the words of the interface in use.

    Examples
    --------
    >>> with speaking_command_line():
    ...     hyper_parameter("learning_rate")
    '-p learning_rate=...'
    """
    if not _on_command_line.get():
        return argument(name, value)
    return f"-p {name}={'...' if value is _ABSENT else value}"


def check_on_error(value: str) -> None:
    """Raise a `ZsbirError` unless a value says what an unreadable image does: raise or skip."""
    if value not in ("raise", "skip"):
        raise ZsbirError(f"{argument('on_error')} is raise or skip, not {value!r}")


def check_counts(**values: int | None) -> None:
    """Raise a `ZsbirError` unless each argument, by its name, is None or a number from 1 on."""
    for name, value in values.items():
        whole = isinstance(value, Integral) and not isinstance(value, bool)
        if value is not None and not (whole and value >= 1):
            raise ZsbirError(f"{argument(name)} must be a whole number, 1 or more, not {value}")


class ZsbirError(ValueError):
    """Bad input: the message says what is wrong, where, and what to do about it.

    The command line prints the message alone, without a traceback, and exits with status 2.
    """


class LabelError(ZsbirError):
    """Labels do not match the features they stand beside."""


class NotFiniteError(ZsbirError):
    """Features hold NaN or infinity."""


class ConstantFeaturesError(ZsbirError):
    """All features are the same, so nothing can be told apart by them."""


class SinglePairError(ZsbirError):
    """A class has one pair only."""


class NoRelevantPhotoError(ZsbirError):
    """No query has a photo of its class in the gallery."""


class SingularMatrixError(ZsbirError):
    """A matrix that must be inverted has no inverse."""


class UnknownNameError(ZsbirError):
    """There is no method, class, data set or hyper-parameter of that name."""


class NameTakenError(ZsbirError):
    """A method, backbone or data set is registered under a name that another one has."""


class OptionsChangedError(ZsbirError):
    """An interrupted run was resumed with other options than it was begun with."""


class DamagedError(ZsbirError):
    """What was kept is damaged, gone in part or of another version: making it anew helps."""


class DivergedError(ZsbirError):
    """A training came upon NaN or infinity.

    Parameters
    ----------
    message
        In one line, with advice.
    history, what
        The attributes of these names; no history, and the message, by default.

    Attributes
    ----------
    history : dict of str to list of float
        The terms of the loss up to the last good epoch.
    what : str
        What happened and where, without advice: ``"CVAE: loss became nan in epoch 2, batch 1"``.
    """

    def __init__(
        self, message: str, history: dict[str, list[float]] | None = None, *, what: str = ""
    ) -> None:
        super().__init__(message)
        self.history = history or {}
        self.what = what or message


def reason_of(error: Exception) -> str:
    """Say what the system, or a library, finds wrong with a file, without its name."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def explain(error: Exception) -> str:
    """Say in one line why something failed: the message, and of a raw exception its kind."""
    text = " ".join(str(error).split())
    if isinstance(error, ZsbirError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
