"""What a training went through, and what methods reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import MaxNLocator

from zsbir_lib.errors import ZsbirError
from zsbir_lib.paper import PAPER_RESULTS
from zsbir_lib.plots.pictures import label, readable
from zsbir_lib.plots.style import COLOURS, STYLE, Plot

if TYPE_CHECKING:
    from zsbir_lib.leaderboard import Leaderboard


def plot_training(
    history: Mapping[str, Sequence[float]] | Sequence[Mapping[str, float]],
    *,
    title: str | None = None,
) -> Plot:
    """Show how each quantity changed over the epochs, each on an axis of its own.

    Parameters
    ----------
    history
        Values per epoch by name (a method's ``history_``), or one mapping for each epoch (what
        `zsbir_lib.toynet.train_toynet` returns).
    title
        Above the figure.

    Raises
    ------
    ZsbirError
        If it holds nothing to show.
    """
    if not isinstance(history, Mapping):
        names = [name for name in history[0] if name not in ("epoch", "seconds")] if history else []
        history = {name: [epoch[name] for epoch in history] for name in names}
    history = {name: list(values) for name, values in history.items() if len(values)}
    if not history:
        raise ZsbirError("nothing to plot: the history is empty")
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(3.1 * len(history), 2.4), layout="constrained")
        for axes, (name, values), colour in zip(
            np.ravel(figure.subplots(1, len(history), squeeze=False)),
            history.items(),
            (COLOURS * len(history))[: len(history)],
            strict=True,
        ):
            epochs = np.arange(1, len(values) + 1)
            axes.plot(epochs, values, color=colour, marker="o" if len(values) < 25 else None,
                      markersize=4)  # fmt: skip
            axes.set(title=label(name), xlabel="epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid(True)
        if title:
            figure.suptitle(title)
    changes = [
        f"{readable(name)} from {values[0]:.3g} to {values[-1]:.3g}"
        for name, values in history.items()
    ]
    longest = max(len(values) for values in history.values())
    figure.alt_text = f"Training over {longest} epochs: {'; '.join(changes)}."
    return figure


def plot_leaderboard(board: Leaderboard, protocol: str = "zero-shot") -> Plot:
    """Show mAP@K of every method with its interval, best first, and the paper's figure beside it.

    Parameters
    ----------
    board
        What `zsbir_lib.leaderboard` returned.
    protocol
        ``"zero-shot"`` or ``"traditional"``.

    Raises
    ------
    ZsbirError
        If no method has a result under that protocol.
    """
    names = board.ranked(protocol)
    if not names:
        raise ZsbirError(f"nothing to plot: no method has a result under {protocol!r}")
    titles = [readable(board.rows[name].title) for name in names]
    found = [board.interval(name, protocol) for name in names]
    depth = board.scores(names[0], protocol).k
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(6.4, 0.9 + 0.3 * len(names)), layout="constrained")
        axes = figure.add_subplot()
        places = np.arange(len(names))
        centre = np.array([interval.estimate for interval in found])
        reach = np.array([[i.estimate - i.low, i.high - i.estimate] for i in found]).T
        axes.errorbar(
            centre, places, xerr=reach, fmt="o", color=COLOURS[0], capsize=3,
            label=f"here: {label(board.origin.dataset)}, mAP@{depth}, "
            "95% interval over classes",
        )  # fmt: skip
        printed = [PAPER_RESULTS.get(name, {}).get(protocol) for name in names]
        known = [(p[1], y) for p, y in zip(printed, places, strict=True) if p is not None]
        if known:
            axes.plot(*zip(*known, strict=True), "x", color=COLOURS[1],
                      label="paper: Sketchy, VGG-16, mAP@200")  # fmt: skip
        axes.set_yticks(places, [label(title) for title in titles])
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlim(left=0)
        axes.set_xlabel("mAP@K, divided by K")
        axes.grid(True, axis="x")
        figure.legend(loc="outside lower center", ncols=1, frameon=False)
    figure.alt_text = f"mAP@{depth} under the {protocol} protocol, best first: " + "; ".join(
        f"{title} {interval}" for title, interval in zip(titles, found, strict=True)
    )
    return figure
