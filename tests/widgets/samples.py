"""One of each live widget, small, for the tests that all of them must pass."""

from collections.abc import Callable

from zsbir_lib.widgets import LiveWidget, RankingExplorer


def ranking() -> RankingExplorer:
    return RankingExplorer(
        [1, 0, 1, 0, 0, 1, 0, 0, 0, 0], 40, names=["cow"] * 10, caption="Move K."
    )


# What is made, and for each trait that a reader chooses another value than the first one.
SAMPLES: dict[str, tuple[Callable[[], LiveWidget], dict]] = {
    "ranking": (ranking, {"k": 4, "order": [1, 0, *range(2, 10)]}),
}
