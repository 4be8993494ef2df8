"""Every method under one protocol: one table, beside the paper's.

.. code-block:: python

    board = zsbir_lib.leaderboard(features)
    print(board.table())

The package can be called: ``zsbir_lib.leaderboard(...)`` is `run`.
"""

import sys
import types

from zsbir_lib.leaderboard.results import Leaderboard, ObjectScores, Origin, Row, Scores
from zsbir_lib.leaderboard.run import run, run_method
from zsbir_lib.leaderboard.settings import Settings

__all__ = [
    "Leaderboard",
    "ObjectScores",
    "Origin",
    "Row",
    "Scores",
    "Settings",
    "run",
    "run_method",
]


class _CallablePackage(types.ModuleType):
    __call__ = staticmethod(run)


sys.modules[__name__].__class__ = _CallablePackage
