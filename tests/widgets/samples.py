"""One of each live widget, small, for the tests that all of them must pass."""

from collections.abc import Callable

from zsbir_lib.widgets import LiveWidget, RankingExplorer, TripletPlayground


def ranking() -> RankingExplorer:
    return RankingExplorer(
        [1, 0, 1, 0, 0, 1, 0, 0, 0, 0], 40, names=["cow"] * 10, caption="Move K."
    )


# What is made, and for each trait that a reader chooses another value than the first one.
SAMPLES: dict[str, tuple[Callable[[], LiveWidget], dict]] = {
    "triplet": (
        TripletPlayground,
        {"margin": 1.5, "sketch": [0.5, 0.5], "positive": [1.0, -1.0], "negative": [0.0, 1.5]},
    ),
    "ranking": (ranking, {"k": 4, "order": [1, 0, *range(2, 10)]}),
}
