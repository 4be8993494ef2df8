"""K-means step by step: assign, move, assign, move, until nothing changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from zsbir_lib.errors import ZsbirError
from zsbir_lib.plots import COLOURS, INK, Plot, new_plot
from zsbir_lib.widgets.live import LiveWidget, finite, module_text

MOST_CENTRES = 8
"""As many as colours and marks tell apart."""

MOST_POINTS = 400
"""More would make the page heavy."""

_MARKS = "os^D"


class KMeansStepper(LiveWidget):
    r"""Points in the plane, and centres that Lloyd's algorithm moves step by step.

    A step assigns each point to its nearest centre, or moves each centre to the mean of its
    points; neither raises the distortion

    .. math:: \mathcal{L} = \sum_i \lVert x_i - C_{c(i)} \rVert^2

    Lloyd, *Least squares quantization in PCM*, IEEE Transactions on Information Theory 28, 1982.

    Parameters
    ----------
    points
        Shape (n, 2).
    k
        Number of centres, 1 to `MOST_CENTRES` and to n.
    centres
        Where they start, shape (k, 2); by default at the first k points.
    caption
        Below the widget.

    Attributes
    ----------
    centres : list of list of float
        The centres, each (x, y).
    assignment : list of int
        The centre of each point; empty before the first step.

    Raises
    ------
    ZsbirError
        If an argument has a wrong shape or is out of range.
    """

    _esm = module_text("kmeans")
    points: traitlets.List[Any] = traitlets.List().tag(sync=True)
    centres: traitlets.List[Any] = traitlets.List().tag(sync=True)
    assignment = traitlets.List(traitlets.Int()).tag(sync=True)
    most = traitlets.Int(MOST_CENTRES).tag(sync=True)

    def __init__(
        self,
        points: Any,
        k: int = 3,
        *,
        centres: Sequence[Sequence[float]] | None = None,
        caption: str = "",
    ) -> None:
        flat = finite(points, "points", ndim=2)
        if flat.shape[1] != 2 or len(flat) > MOST_POINTS:
            raise ZsbirError(f"points must have shape (1 to {MOST_POINTS}, 2), not {flat.shape}")
        most = min(MOST_CENTRES, len(flat))
        if centres is None and not 1 <= k <= most:
            raise ZsbirError(f"k is {k}: it must be from 1 to {most}")
        start = finite(flat[:k] if centres is None else centres, "centres", ndim=2)
        if start.shape[1] != 2 or len(start) > most:
            raise ZsbirError(f"centres must have shape (1 to {most}, 2), not {start.shape}")
        super().__init__(
            points=flat.round(3).tolist(), centres=start.tolist(), most=most, caption=caption
        )

    @traitlets.validate("centres")
    def _check_centres(self, proposal: traitlets.Bunch) -> list[list[float]]:
        try:
            array = np.asarray(proposal["value"], dtype=float)
        except (TypeError, ValueError):
            array = np.empty(0)
        if array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all():
            raise traitlets.TraitError("centres must be pairs of numbers")
        if not 1 <= len(array) <= self.most:
            raise traitlets.TraitError(f"there must be 1 to {self.most} centres")
        return proposal["value"]

    @traitlets.validate("assignment")
    def _check_assignment(self, proposal: traitlets.Bunch) -> list[int]:
        value = proposal["value"]
        if value and (len(value) != len(self.points) or min(value) < 0 or max(value) >= self.most):
            raise traitlets.TraitError(
                f"assignment must hold a centre for each of the {len(self.points)} points"
            )
        return value

    @property
    def distortion(self) -> float:
        """The sum of the squared distances, each to the assigned centre, or else the nearest."""
        points, centres = np.asarray(self.points), np.asarray(self.centres)
        squared = ((points[:, None] - centres) ** 2).sum(axis=2)
        if not self.assignment or max(self.assignment) >= len(centres):
            return float(squared.min(axis=1).sum())
        return float(squared[np.arange(len(points)), self.assignment].sum())

    def assign(self) -> None:
        """Give each point to its nearest centre, the first of several equally near."""
        points, centres = np.asarray(self.points), np.asarray(self.centres)
        squared = ((points[:, None] - centres) ** 2).sum(axis=2)
        self.assignment = squared.argmin(axis=1).tolist()

    def move(self) -> None:
        """Move each centre to the mean of its points; one without points stays where it is."""
        points, found = np.asarray(self.points), np.asarray(self.assignment)
        self.centres = [
            points[found == k].mean(axis=0).tolist() if (found == k).any() else list(centre)
            for k, centre in enumerate(self.centres)
        ]

    def figure(self) -> Plot:
        """Return the points in the colours and marks of their centres."""
        points, centres = np.asarray(self.points), np.asarray(self.centres)
        figure, axis = new_plot(5.2, 3.9)
        if self.assignment and max(self.assignment) < len(centres):
            for k in range(len(centres)):
                x, y = points[np.asarray(self.assignment) == k].T
                axis.scatter(x, y, s=14, marker=_MARKS[k % 4], color=COLOURS[k % 4],
                             facecolors="none" if k > 3 else None)  # fmt: skip
        else:
            axis.scatter(points[:, 0], points[:, 1], s=14, color=INK)
        x, y = centres.T
        axis.scatter(x, y, s=180, marker="*", color=INK, edgecolors="white", zorder=3)
        axis.set(xticks=[], yticks=[])
        places = ", ".join(f"({x:.2f}, {y:.2f})" for x, y in centres)
        figure.alt_text = (
            f"{len(points)} points and {len(centres)} centres at {places}; the points are "
            f"{'assigned' if self.assignment else 'not assigned yet'}, the distortion is "
            f"{self.distortion:.2f}."
        )
        return figure

    def controls(self) -> dict[str, ipywidgets.Widget]:
        """Return two buttons that hold what a step leads to."""
        return {"assignment": _StepButton(self, "Assign"), "centres": _StepButton(self, "Move")}


class _StepButton(ipywidgets.Button):
    """A button whose value is what the step makes of the stepper."""

    value: traitlets.List[Any] = traitlets.List()

    def __init__(self, stepper: KMeansStepper, step: str) -> None:
        super().__init__(description=step)
        self.on_click(lambda _: getattr(stepper, step.lower())())
