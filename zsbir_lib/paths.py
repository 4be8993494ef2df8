"""Where the library keeps what it can make again."""

import os
from pathlib import Path

import platformdirs


def cache_dir(*parts: str) -> Path:
    """Return a folder of the cache, created if it is not there.

    Parameters
    ----------
    *parts
        Names of sub-folders.

    Returns
    -------
    pathlib.Path
        ``$ZSBIR_CACHE/parts...`` where that variable is set, else the user's cache folder.
    """
    root = os.environ.get("ZSBIR_CACHE") or platformdirs.user_cache_dir("zsbir", appauthor=False)
    path = Path(root).expanduser().joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path
