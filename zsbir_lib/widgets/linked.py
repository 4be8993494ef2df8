"""Curves with a mark that goes where another widget stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets
import numpy as np
import traitlets
from matplotlib.ticker import MaxNLocator

from zsbir_lib.errors import ZsbirError
from zsbir_lib.plots import COLOURS, INK, Plot, new_plot
from zsbir_lib.widgets.live import LiveWidget, finite, module_text, within

LINES = ("-", "--", "-.", ":")


class LinkedFigure(LiveWidget):
    """Curves, and on them a mark that follows a number of another widget, and leads it.

    What a reader does in the other widget moves the mark; where the reader clicks in the figure,
    the other widget goes.

    Parameters
    ----------
    x
        Where the curves are known, shape (n,), rising.
    curves
        At most four, by name, each of shape (n,).
    linked
        The widget to follow.
    trait
        Name of its number.
    values
        The value of that number at each of ``x``, rising; by default ``x`` itself. A widget that
        counts its frames, say, has ``range(n)``.
    xlabel, ylabel
        Below and beside the axes.
    caption
        Below the figure.

    Attributes
    ----------
    at : int
        Which of ``x`` is marked, the one whose value is nearest to that of the other widget.

    Raises
    ------
    ZsbirError
        If there is no curve or more than four, shapes do not fit, ``x`` or ``values`` do not rise,
        numbers are not finite, or the other widget has no such number.
    """

    _esm = module_text("linked")
    x: traitlets.List[Any] = traitlets.List().tag(sync=True)
    curves: traitlets.List[Any] = traitlets.List().tag(sync=True)
    values: traitlets.List[Any] = traitlets.List().tag(sync=True)
    trait = traitlets.Unicode("").tag(sync=True)
    linked = traitlets.Instance(ipywidgets.DOMWidget).tag(
        sync=True, **ipywidgets.widget_serialization
    )
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    ticks = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    at = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        x: Any,
        curves: Mapping[str, Any],
        linked: LiveWidget,
        trait: str,
        *,
        values: Sequence[float] | None = None,
        xlabel: str = "",
        ylabel: str = "",
        caption: str = "",
    ) -> None:
        places = _rising(x, "x")
        if not 1 <= len(curves) <= len(LINES):
            raise ZsbirError(f"{len(curves)} curves: give 1 to {len(LINES)}")
        heights = {str(name): finite(one, name, ndim=1) for name, one in curves.items()}
        for name, one in heights.items():
            if one.shape != places.shape:
                raise ZsbirError(f"{name} has {len(one)} numbers, and x has {len(places)}")
        known = places.tolist() if values is None else list(values)
        if len(_rising(known, "values")) != len(places):
            raise ZsbirError(f"{len(known)} values, and x has {len(places)} numbers")
        if not isinstance(linked.traits().get(trait), (traitlets.Int, traitlets.Float)):
            raise ZsbirError(f"{type(linked).__name__} has no number called {trait!r} to follow")
        every = np.concatenate(list(heights.values()))
        super().__init__(
            x=places.tolist(),
            # Pairs, since a saved notebook sorts the keys of what has some.
            curves=[[name, one.tolist()] for name, one in heights.items()],
            values=known,
            trait=trait,
            linked=linked,
            labels=[xlabel, ylabel],
            ticks=[
                list(map(float, MaxNLocator(5).tick_values(float(ends.min()), float(ends.max()))))
                for ends in (places, every)
            ],
            at=self._nearest(known, getattr(linked, trait)),
            caption=caption,
        )
        linked.observe(self._follow, names=trait)
        self.observe(self._lead, names="at")

    _check_at = within("at", bounds=lambda self, _: (0, len(self.x) - 1))

    @staticmethod
    def _nearest(values: Sequence[float], value: float) -> int:
        return int(np.abs(np.asarray(values, dtype=float) - value).argmin())

    def _follow(self, change: traitlets.Bunch) -> None:
        self.at = self._nearest(self.values, change["new"])

    def _lead(self, change: traitlets.Bunch) -> None:
        # The other widget may stand between two of our places, and is left there.
        if self._nearest(self.values, getattr(self.linked, self.trait)) != change["new"]:
            setattr(self.linked, self.trait, self.values[change["new"]])

    def figure(self) -> Plot:
        """Return the curves with the mark."""
        figure, axis = new_plot(height=3.0)
        for i, (name, heights) in enumerate(self.curves):
            axis.plot(self.x, heights, LINES[i], color=COLOURS[i], label=name)
            axis.plot(self.x[self.at], heights[self.at], "o", color=COLOURS[i])
        axis.axvline(self.x[self.at], color=INK, linewidth=0.8)
        axis.set(xlabel=self.labels[0], ylabel=self.labels[1])
        axis.legend(frameon=False, labelcolor=INK)
        figure.alt_text = f"{self.labels[0]} {self.x[self.at]:g}: " + ", ".join(
            f"{name} {heights[self.at]:.3g}" for name, heights in self.curves
        )
        return figure

    def controls(self) -> dict[str, ipywidgets.Widget]:
        """Return a slider for the mark."""
        return {"at": ipywidgets.IntSlider(min=0, max=len(self.x) - 1, description="mark")}


def _rising(numbers: Any, what: str) -> np.ndarray:
    array = finite(numbers, what, ndim=1)
    if len(array) < 2 or not (np.diff(array) > 0).all():
        raise ZsbirError(f"{what} must be two numbers or more that rise")
    return array
