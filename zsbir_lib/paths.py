"""Where the library keeps what it can make again."""

import os
from pathlib import Path

import platformdirs

from zsbir_lib.errors import ZsbirError


def cache_root() -> Path:
    """Return ``$ZSBIR_CACHE`` where that variable is set, else the user's cache folder.

    Raises
    ------
    ZsbirError
        If neither is known: the account has no home.
    """
    given = os.environ.get("ZSBIR_CACHE")
    try:
        root = Path(given or platformdirs.user_cache_dir("zsbir", appauthor=False)).expanduser()
    except RuntimeError:  # no HOME, and no entry in the system's table of users
        root = None
    # Some versions return "~" as it is where it cannot be resolved.
    if root is None or root.parts[:1] == ("~",):
        raise ZsbirError(
            "this account has no home, so there is no cache folder: set ZSBIR_CACHE to an absolute "
            "path that can be written"
        )
    return root


def shared_root() -> Path | None:
    """Return ``$ZSBIR_SHARED_CACHE`` where that is set: a cache of others, which is only read."""
    given = os.environ.get("ZSBIR_SHARED_CACHE")
    return Path(os.path.expanduser(given)) if given else None


def cache_dir(*parts: str) -> Path:
    """Return a folder of the cache, created if it is not there.

    Parameters
    ----------
    *parts
        Names of sub-folders.

    Raises
    ------
    ZsbirError
        If there is no such folder and none can be made.
    """
    path = cache_root().joinpath(*parts)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ZsbirError(
            f"cannot make the cache folder {path}: {error.strerror}; set ZSBIR_CACHE to a folder "
            "that can be written"
        ) from None
    return path
