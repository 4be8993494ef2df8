"""Adversarial training, replayed: codes that chase a prior, and the discriminator on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
import traitlets
from matplotlib.patches import Circle

from zsbir_lib.errors import ZsbirError
from zsbir_lib.plots import COLOURS, INK, Plot, new_plot
from zsbir_lib.widgets.live import LiveWidget, finite, module_text, one_of, within

LEVELS = (0.1, 0.5, 0.9)
"""Heights of the discriminator that are drawn as lines."""


@dataclass(frozen=True)
class GameFrame:
    """One moment of a game.

    Attributes
    ----------
    step
        When.
    codes
        Shape (n, 2).
    heights
        The discriminator, from 0 to 1, on a square grid, shape (g, g): a row for each value of
        the second coordinate, rising, a column for each of the first.
    """

    step: int
    codes: Any
    heights: Any


class AdversarialReplay(LiveWidget):
    """Games of codes against a discriminator, to scrub through.

    Parameters
    ----------
    games
        The frames of each game, by its name, in the order of their steps; every game has the same
        steps.
    extent
        Least and greatest value of both coordinates of the heights' grid.
    start
        Step on show at first; by default the first.
    caption
        Below the widget.

    Attributes
    ----------
    game : str
        Which game.
    place : int
        Which of its frames, counted from 0.

    Raises
    ------
    ZsbirError
        If a game has no frame, steps differ or do not rise, a shape does not fit, or a height is
        no probability.
    """

    _esm = module_text("replay")
    frames = traitlets.Dict().tag(sync=True)
    extent = traitlets.List(traitlets.Float()).tag(sync=True)
    levels = traitlets.List(traitlets.Float(), list(LEVELS)).tag(sync=True)
    game = traitlets.Unicode("").tag(sync=True)
    place = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        games: Mapping[str, Sequence[GameFrame]],
        extent: tuple[float, float],
        *,
        start: int | None = None,
        caption: str = "",
    ) -> None:
        if not games or not all(games.values()):
            raise ZsbirError("give a game or more, and a frame or more of each")
        low, high = extent
        if not np.isfinite([low, high]).all() or low >= high:
            raise ZsbirError(f"extent is {tuple(extent)}: it must be two numbers that rise")
        steps = [[int(one.step) for one in of_game] for of_game in games.values()]
        if any(of_game != steps[0] for of_game in steps) or steps[0] != sorted(set(steps[0])):
            raise ZsbirError("the steps of every game must be the same, and rise")
        if start is not None and start not in steps[0]:
            raise ZsbirError(f"start is {start}: it must be one of the steps {steps[0]}")
        super().__init__(
            frames={
                str(name): [_checked(one, f"{name}, step {one.step}") for one in of_game]
                for name, of_game in games.items()
            },
            extent=[float(low), float(high)],
            game=str(next(iter(games))),
            place=0 if start is None else steps[0].index(start),
            caption=caption,
        )

    _check_game = one_of("game", lambda self: self.frames)
    _check_place = within(
        "place", bounds=lambda self, _: (0, len(next(iter(self.frames.values()), [0])) - 1)
    )

    @property
    def step(self) -> int:
        """The step on show."""
        return self.frames[self.game][self.place]["step"]

    @property
    def moments(self) -> tuple[float, float, float]:
        """Length of the codes' mean; least and greatest variance. The prior has 0, 1, 1."""
        codes = np.asarray(self.frames[self.game][self.place]["codes"])
        least, greatest = np.linalg.eigvalsh(np.cov(codes.T))
        return float(np.linalg.norm(codes.mean(axis=0))), float(least), float(greatest)

    def figure(self) -> Plot:
        """Return the codes, the prior as circles, and lines of equal height."""
        shown = self.frames[self.game][self.place]
        heights = np.asarray(shown["heights"]) / 100
        figure, axis = new_plot(4.4, 4.2)
        low, high = self.extent
        side = np.linspace(low, high, len(heights))
        if heights.min() < max(LEVELS) and heights.max() > min(LEVELS):
            lines = axis.contour(side, side, heights, LEVELS, colors=INK, linewidths=1)
            axis.clabel(lines, fontsize=8)
        for radius in (1, 2):
            axis.add_patch(Circle((0, 0), radius, fill=False, edgecolor=COLOURS[1],
                                  linestyle="--"))  # fmt: skip
        x, y = np.asarray(shown["codes"]).T
        axis.scatter(x, y, s=9, color=COLOURS[0])
        axis.set(xlim=self.extent, ylim=self.extent, aspect="equal")
        off, least, greatest = self.moments
        figure.alt_text = (
            f"{self.game}, step {self.step}: the codes' middle is {off:.2f} from the prior's, "
            f"their variance from {least:.2f} to {greatest:.2f}."
        )
        return figure

    def controls(self) -> dict[str, ipywidgets.Widget]:
        """Return a choice of the game and a slider for the frame."""
        most = len(next(iter(self.frames.values()))) - 1
        return {
            "game": ipywidgets.Dropdown(options=list(self.frames), description="game"),
            "place": ipywidgets.IntSlider(min=0, max=most, description="frame"),
        }


def _checked(one: GameFrame, what: str) -> dict[str, Any]:
    codes = finite(one.codes, f"codes of {what}", ndim=2)
    if codes.shape[1] != 2 or len(codes) < 3:
        raise ZsbirError(f"codes of {what} must have shape (3 or more, 2), not {codes.shape}")
    heights = finite(one.heights, f"heights of {what}", ndim=2)
    if heights.shape[0] != heights.shape[1] or len(heights) < 2:
        raise ZsbirError(f"heights of {what} must be a square grid, not {heights.shape}")
    if heights.min() < 0 or heights.max() > 1:
        raise ZsbirError(f"heights of {what} must be from 0 to 1")
    # Percent in whole numbers: the page carries many grids.
    return {
        "step": int(one.step),
        "codes": codes.round(2).tolist(),
        "heights": (100 * heights).round().astype(int).tolist(),
    }
