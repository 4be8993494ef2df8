"""The project's pictures: readable on white and on black, in colour and without.

Every function returns a `Plot`, a matplotlib figure that is no part of pyplot's global state, shows
itself in a notebook, and carries the text that stands for it where it cannot be seen.
"""

from zsbir_lib.plots.pictures import plot_pairs
from zsbir_lib.plots.results import plot_leaderboard, plot_training
from zsbir_lib.plots.retrieval import Retrieved, describe_retrieval, plot_retrieval
from zsbir_lib.plots.style import (
    COLOURS,
    FORMATS,
    INK,
    WRONG,
    Plot,
    check_picture_path,
    new_plot,
    new_plots,
)

__all__ = [
    "COLOURS",
    "FORMATS",
    "INK",
    "WRONG",
    "Plot",
    "Retrieved",
    "check_picture_path",
    "describe_retrieval",
    "new_plot",
    "new_plots",
    "plot_leaderboard",
    "plot_pairs",
    "plot_retrieval",
    "plot_training",
]
