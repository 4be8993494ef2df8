"""Zero-shot sketch-based image retrieval, from pixels to a ranked gallery.

The book in ``book/`` builds this library chapter by chapter; the library can be used without it.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load `leaderboard` when it is first asked for: it needs torch, which takes seconds."""
    if name == "leaderboard":
        return import_module("zsbir_lib.leaderboard")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
