"""A small leaderboard that several tests look at."""

from functools import lru_cache

from tests.protocols.test_experiment import make_features
from zsbir_lib.leaderboard import Leaderboard, Settings, run

QUICK = Settings(k=5, seeds=2, budget=2, inner_splits=1)
NAMES = ["cosine", "sae", "regression"]


@lru_cache(maxsize=1)
def make_board() -> Leaderboard:
    return run(make_features(), NAMES, settings=QUICK, workers=1)
