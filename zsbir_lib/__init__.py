"""Zero-shot sketch-based image retrieval, from pixels to a ranked gallery.

The book in ``book/`` builds this library chapter by chapter; the library can be used without it.
The names that most programs need are here; each is loaded when it is first asked for, since torch
takes seconds.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zsbir_lib import leaderboard
    from zsbir_lib.datasets import ZeroShotSplit, load_dataset
    from zsbir_lib.drawings import read_drawing
    from zsbir_lib.errors import ZsbirError
    from zsbir_lib.features import (
        FeatureSet,
        extract_features,
        load_backbone,
        register_backbone,
    )
    from zsbir_lib.methods import METHODS, RetrievalMethod, create_method, load_method
    from zsbir_lib.protocols import zero_shot
    from zsbir_lib.retrieval import Index

__version__ = "0.1.0"

__all__ = [
    "METHODS",
    "FeatureSet",
    "Index",
    "RetrievalMethod",
    "ZeroShotSplit",
    "ZsbirError",
    "create_method",
    "extract_features",
    "leaderboard",
    "load_backbone",
    "load_dataset",
    "load_method",
    "read_drawing",
    "register_backbone",
    "zero_shot",
]

_HOMES = {
    "datasets": ["ZeroShotSplit", "load_dataset"],
    "drawings": ["read_drawing"],
    "errors": ["ZsbirError"],
    "features": ["FeatureSet", "extract_features", "load_backbone", "register_backbone"],
    "methods": ["METHODS", "RetrievalMethod", "create_method", "load_method"],
    "protocols": ["zero_shot"],
    "retrieval": ["Index"],
}


def __getattr__(name: str) -> Any:
    if name == "leaderboard":  # the package itself, which can be called
        return import_module("zsbir_lib.leaderboard")
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"zsbir_lib.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
