"""One progress bar, always on standard error, silent where nobody looks."""

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def progress_bar(
    iterable: Iterable | None = None, *, show: bool | None = None, **options: Any
) -> tqdm:
    """Return a tqdm bar on standard error.

    Parameters
    ----------
    iterable
        What to loop over, or ``None`` for a bar updated by hand.
    show
        ``True`` or ``False``; ``None`` shows it only on a terminal, so that logs and notebooks'
        stored outputs stay clean.
    **options
        Passed to ``tqdm.tqdm`` (``total``, ``desc``, ``unit``, ...).
    """
    hidden = not (sys.stderr.isatty() if show is None else show)
    return tqdm(iterable, disable=hidden, file=sys.stderr, dynamic_ncols=True, **options)
