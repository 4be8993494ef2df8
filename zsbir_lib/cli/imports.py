"""``--import MODULE``: other people's methods, backbones and data sets on the command line."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from zsbir_lib.errors import ZsbirError


def import_modules(names: Sequence[str]) -> None:
    """Import modules for what they register.

    Parameters
    ----------
    names
        Of modules, with dots, which may also stand in the current folder; or paths of ``.py``
        files.

    Raises
    ------
    ZsbirError
        If there is no such module, it fails, or it registers nothing.
    """
    for name in names:
        path = Path(name) if name.endswith(".py") else None
        before, known = _registered(), (path.stem if path else name) in sys.modules
        _import(name, os.getcwd()) if path is None else _import_file(path)
        if not known and _registered() == before:
            raise ZsbirError(
                f"--import {name} registers no method, backbone or data set: give a method a name, "
                "or call register_backbone or DATASETS.add in it"
            )


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise ZsbirError(f"--import {path}: there is no such file")
    path = path.resolve()
    # As a module of its name, so that processes which are started for work can import it, too.
    module = _import(path.stem, str(path.parent), str(path))
    found = getattr(module, "__file__", None)
    if found is None or not os.path.samefile(found, path):
        raise ZsbirError(
            f"--import {path}: there is another module called {path.stem!r}: rename the file"
        )
    return module


def _import(name: str, folder: str, called: str = "") -> ModuleType:
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise ZsbirError(
                f"--import {called or name}: there is no module {error.name}"
            ) from None
        raise _failed(called or name, error) from error
    except ZsbirError:
        raise
    except (Exception, SystemExit) as error:
        raise _failed(called or name, error) from error


def _failed(name: str, error: BaseException) -> ZsbirError:
    reason = str(error).strip().split("\n")[0]
    return ZsbirError(f"--import {name} fails, {type(error).__name__}: {reason}: mend the module")


def _registered() -> list[list[str]]:
    """Return the names in every registry."""
    from zsbir_lib.datasets import DATASETS
    from zsbir_lib.features import BACKBONES
    from zsbir_lib.methods import METHODS

    return [list(METHODS), list(BACKBONES), list(DATASETS)]
