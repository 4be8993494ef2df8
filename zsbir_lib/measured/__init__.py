"""What was measured once, for chapters that have a minute: figures and their origin.

Each file holds every figure by seed and class, so that a chapter computes its own means and
intervals, and says which script made it, of which data, by which versions. A chapter that reads one
trains one of its rows again, which shows whether the figures are those of the code beside them.
``table3.json`` is a leaderboard as ``zsbir leaderboard --out`` writes it, which says its origin in
a form of its own; ``Leaderboard.load`` reads it.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from zsbir_lib.errors import ZsbirError

__all__ = ["measurement"]


def measurement(name: str) -> dict[str, Any]:
    """Return what a script of ``benchmarks`` wrote.

    Parameters
    ----------
    name
        Of the file, without its suffix, such as ``"switches"``.

    Returns
    -------
    dict
        ``"made by"`` names the script; ``"dataset"``, ``"weights_id"``, ``"library"`` and
        ``"torch"`` what it worked with; ``"measure"`` what the figures are; and ``"runs"`` has the
        figures. The rest is the script's own.

    Raises
    ------
    ZsbirError
        If there is no such file.
    """
    folder = resources.files(__name__)
    known = sorted(path.name[:-5] for path in folder.iterdir() if path.name.endswith(".json"))
    if name not in known:
        raise ZsbirError(f"no measurement {name!r} is kept; there are: {', '.join(known)}")
    return json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8"))
