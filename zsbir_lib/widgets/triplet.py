"""One triplet in the plane: where its loss is, what kind it is, and where its gradient pulls."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets
import numpy as np
import torch
import traitlets
from matplotlib.patches import Circle

from zsbir_lib.errors import ZsbirError
from zsbir_lib.methods.triplet import triplet_loss
from zsbir_lib.plots import COLOURS, INK, Plot, new_plot
from zsbir_lib.widgets.live import LiveWidget, coordinates, finite, in_square, module_text, within

SIDE = 2.0
"""The plane goes from -SIDE to SIDE in both directions."""

_POINTS = {"sketch": "^", "positive": "o", "negative": "s"}


class TripletPlayground(LiveWidget):
    r"""A sketch s, a positive p and a negative n that can be dragged, a margin m, and the loss.

    .. math::

        \mathcal{L} = \max\big(0,\; m + \lVert s - p \rVert^2 - \lVert s - n \rVert^2 \big)

    Schroff, Kalenichenko and Philbin, *FaceNet*, CVPR 2015.

    Parameters
    ----------
    sketch, positive, negative
        Where the points are at first, each (2,), within `SIDE` of the middle.
    margin
        From 0 to 2.
    rate
        Of a step of gradient descent, above 0 and at most 0.5.
    caption
        Below the widget.

    Attributes
    ----------
    sketch, positive, negative : list of float
        The points.
    margin : float
        The margin.

    Raises
    ------
    ZsbirError
        If an argument is out of range.
    """

    _esm = module_text("triplet")
    sketch = traitlets.List(traitlets.Float()).tag(sync=True)
    positive = traitlets.List(traitlets.Float()).tag(sync=True)
    negative = traitlets.List(traitlets.Float()).tag(sync=True)
    margin = traitlets.Float(0.6).tag(sync=True)
    rate = traitlets.Float(0.1).tag(sync=True)
    side = traitlets.Float(SIDE).tag(sync=True)

    def __init__(
        self,
        sketch: Sequence[float] = (-0.6, -0.2),
        positive: Sequence[float] = (0.5, 0.8),
        negative: Sequence[float] = (0.4, -0.5),
        *,
        margin: float = 0.6,
        rate: float = 0.1,
        caption: str = "",
    ) -> None:
        places = {"sketch": sketch, "positive": positive, "negative": negative}
        for name, place in places.items():
            values = finite(place, name, ndim=1)
            if values.shape != (2,) or np.abs(values).max() > SIDE:
                raise ZsbirError(f"{name} must be two numbers from {-SIDE} to {SIDE}")
            places[name] = values.tolist()
        if not 0 <= margin <= 2:
            raise ZsbirError(f"margin is {margin}: it must be from 0 to 2")
        if not 0 < rate <= 0.5:
            raise ZsbirError(f"rate is {rate}: it must be above 0 and at most 0.5")
        super().__init__(**places, margin=float(margin), rate=float(rate), caption=caption)

    _check_point = in_square(*_POINTS, side=lambda self: SIDE)
    _check_margin = within("margin", bounds=lambda self, _: (0, 2))

    @property
    def distances(self) -> tuple[float, float]:
        """Squared distance of the sketch to the positive, and to the negative."""
        s, p, n = (np.asarray(getattr(self, name)) for name in _POINTS)
        return float(((s - p) ** 2).sum()), float(((s - n) ** 2).sum())

    @property
    def loss(self) -> float:
        """The triplet loss."""
        s, p, n = (torch.tensor([getattr(self, name)], dtype=torch.float64) for name in _POINTS)
        return float(triplet_loss(s, p, n, self.margin)[0])

    @property
    def kind(self) -> str:
        """``"hard"``, ``"semi-hard"`` or ``"easy"``."""
        near, far = self.distances
        if far < near:
            return "hard"
        return "semi-hard" if far < near + self.margin else "easy"

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """The derivative of the loss by each point, each (2,); 0 where the triplet is easy."""
        s, p, n = (np.asarray(getattr(self, name)) for name in _POINTS)
        on = float(self.loss > 0)
        return {"sketch": on * 2 * (n - p), "positive": on * 2 * (p - s),
                "negative": on * 2 * (s - n)}  # fmt: skip

    def figure(self) -> Plot:
        """Return the plane with the three points, two circles and the steps downhill."""
        near, far = self.distances
        figure, axis = new_plot(4.6, 4.4)
        x, y = self.sketch
        for radius, style in ((near, "-"), (near + self.margin, "--")):
            axis.add_patch(Circle((x, y), np.sqrt(radius), fill=False, edgecolor=INK,
                                  linestyle=style))  # fmt: skip
        for i, (name, mark) in enumerate(_POINTS.items()):
            (x, y), step = getattr(self, name), -self.rate * self.gradients[name]
            if step.any():
                axis.annotate("", (x + step[0], y + step[1]), (x, y),
                              arrowprops={"arrowstyle": "->", "color": COLOURS[i]})  # fmt: skip
            axis.scatter(x, y, marker=mark, s=80, color=COLOURS[i], label=name, zorder=3)
        axis.set(xlim=(-SIDE, SIDE), ylim=(-SIDE, SIDE), aspect="equal")
        axis.legend(frameon=False, labelcolor=INK, loc="upper left", fontsize=8)
        places = ", ".join(f"{name} at {coordinates(getattr(self, name))}" for name in _POINTS)
        figure.alt_text = (
            f"{'An' if self.kind == 'easy' else 'A'} {self.kind} triplet with margin "
            f"{self.margin:.2f}: {places}; the squared "
            f"distances are {near:.2f} and {far:.2f}, the loss is {self.loss:.2f}."
        )
        return figure

    def controls(self) -> dict[str, ipywidgets.Widget]:
        """Return a slider for the margin, and boxes with the coordinates of the points."""
        return {
            "margin": ipywidgets.FloatSlider(self.margin, min=0, max=2, step=0.05,
                                             description="margin"),
            **{name: ipywidgets.FloatsInput(value=getattr(self, name), format=".2f")
               for name in _POINTS},
        }  # fmt: skip
