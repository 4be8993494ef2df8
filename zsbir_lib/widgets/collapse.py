"""Posterior collapse, seen: what a weight in the loss does to a model's latent numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
import traitlets
from PIL import Image

from zsbir_lib.errors import ZsbirError
from zsbir_lib.plots import COLOURS, INK, WRONG, Plot, new_plots
from zsbir_lib.widgets.live import (
    LiveWidget,
    data_url,
    finite,
    module_text,
    one_of,
    within,
)

THRESHOLDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Least variances of a mean to choose from; 0.01 is that of Burda et al., ICLR 2016."""


@dataclass(frozen=True)
class LatentRun:
    """What one trained model makes of its latent vector.

    Attributes
    ----------
    nats
        Mean divergence of each latent number, shape (l,).
    variances
        Variance over the photos of each latent number's posterior mean, shape (l,).
    samples
        What the model generates for one sketch, in two directions, shape (n, 2).
    found
        Which photos it finds for the sketch, nearest first, counted from 0; none by default.
    """

    nats: Any
    variances: Any
    samples: Any
    found: Sequence[int] = ()


class CollapseExplorer(LiveWidget):
    """Models trained with several weights of a term: their latent numbers, and what they generate.

    A latent number is active if its posterior mean varies by more than a threshold over the photos
    (Burda, Grosse and Salakhutdinov, *Importance Weighted Autoencoders*, ICLR 2016).

    Parameters
    ----------
    sweeps
        For each term, by name, the runs by their weight, in order.
    photos
        Photos in the same two directions as the samples, shape (g, 2).
    own
        Which of them are of the sketch's class, shape (g,).
    picture
        Returns the picture of a photo by its number; asked for those that a run found.
    sketch
        The picture of the sketch, shown before them.
    start
        The weight shown at first, of the first sweep; by default its first.
    caption
        Below the widget.

    Attributes
    ----------
    sweep : str
        The term.
    place : int
        Which of its weights, counted from 0; one too large for a term shows its last.
    threshold : float
        One of `THRESHOLDS`.

    Raises
    ------
    ZsbirError
        If there is no run, shapes do not fit, numbers are not finite, or a photo is found that is
        not among the photos, or for which no picture is given.
    """

    _esm = module_text("collapse")
    runs = traitlets.Dict().tag(sync=True)
    photos: traitlets.List[Any] = traitlets.List().tag(sync=True)
    own = traitlets.List(traitlets.Bool()).tag(sync=True)
    pictures = traitlets.Dict().tag(sync=True)
    sketch = traitlets.Unicode("").tag(sync=True)
    thresholds = traitlets.List(traitlets.Float(), list(THRESHOLDS)).tag(sync=True)
    sweep = traitlets.Unicode("").tag(sync=True)
    place = traitlets.Int(0).tag(sync=True)
    threshold = traitlets.Float(0.01).tag(sync=True)

    def __init__(
        self,
        sweeps: Mapping[str, Mapping[float, LatentRun]],
        photos: Any,
        own: Sequence[bool],
        *,
        picture: Callable[[int], Image.Image] | None = None,
        sketch: Image.Image | None = None,
        start: float | None = None,
        caption: str = "",
    ) -> None:
        if not sweeps or not all(sweeps.values()):
            raise ZsbirError("give a sweep or more, and a run or more in each")
        flat = _plane(photos, "photos")
        own = [bool(mark) for mark in own]
        if len(own) != len(flat):
            raise ZsbirError(f"{len(flat)} photos, but own has {len(own)} marks")
        runs = {
            str(term): [
                {"weight": float(weight), **_checked(run, f"{term} {weight}", len(flat))}
                for weight, run in of_term.items()
            ]
            for term, of_term in sweeps.items()
        }
        first = next(iter(runs))
        weights = [run["weight"] for run in runs[first]]
        if start is not None and float(start) not in weights:
            raise ZsbirError(f"start is {start}: it must be one of {weights}")
        found = sorted({i for of_term in runs.values() for run in of_term for i in run["found"]})
        if found and picture is None:
            raise ZsbirError("runs found photos: give picture, which returns one by its number")
        self._pictures = {i: picture(i) for i in found} if picture is not None else {}
        self._sketch = sketch
        super().__init__(
            runs=runs,
            photos=flat,
            own=own,
            pictures={str(i): data_url(one) for i, one in self._pictures.items()},
            sketch="" if sketch is None else data_url(sketch),
            sweep=first,
            place=0 if start is None else weights.index(float(start)),
            caption=caption,
        )

    _check_sweep = one_of("sweep", lambda self: self.runs)
    _check_threshold = one_of("threshold", lambda self: THRESHOLDS)
    _check_place = within(
        "place", bounds=lambda self, _: (0, max(map(len, self.runs.values()), default=1) - 1)
    )

    @property
    def run(self) -> dict[str, Any]:
        """The run on show, with its weight, and the fields of `LatentRun` by their names."""
        runs = self.runs[self.sweep]
        return runs[min(self.place, len(runs) - 1)]

    @property
    def nats(self) -> float:
        """The divergence of the whole latent vector."""
        return float(np.sum(self.run["nats"]))

    @property
    def active(self) -> int:
        """How many latent numbers are active."""
        return int((np.asarray(self.run["variances"]) > self.threshold).sum())

    @property
    def width(self) -> float:
        """Standard deviation of the samples on the plane."""
        return float(np.sqrt(np.var(self.run["samples"], axis=0, ddof=1).sum()))

    @property
    def right(self) -> int:
        """How many of the photos that the run found are of the sketch's class."""
        return sum(self.own[i] for i in self.run["found"])

    def figure(self) -> Plot:
        """Return photos and samples, the divergence of each latent number, and what is found."""
        run, marks = self.run, np.asarray(self.own)
        photos, samples = np.asarray(self.photos), np.asarray(run["samples"])
        figure, axes = new_plots(1, 2, height=3.2)
        left, right = axes[0]
        left.scatter(*photos.T, s=4, color=INK, alpha=0.4)
        left.scatter(*photos[marks].T, s=24, facecolors="none", edgecolors=COLOURS[2])
        left.scatter(*samples.T, s=8, color=COLOURS[0], marker="^")
        left.set(xticks=[], yticks=[])
        order = np.argsort(run["nats"])[::-1]
        active = np.asarray(run["variances"])[order] > self.threshold
        heights = np.asarray(run["nats"])[order]
        bars = right.bar(range(len(order)), heights, color=COLOURS[0])
        for bar, on in zip(bars, active, strict=True):
            if not on:
                bar.set(facecolor="none", edgecolor=INK)
        right.set(xlabel="latent numbers", ylabel="nats")
        shown = [] if self._sketch is None or not run["found"] else [(self._sketch, True)]
        shown += [(self._pictures[i], self.own[i]) for i in run["found"]]
        for i, (picture, good) in enumerate(shown):
            tile = left.inset_axes((i / len(shown), -0.24, 0.95 / len(shown), 0.22))
            tile.imshow(np.asarray(picture.convert("RGB")))
            tile.set(xticks=[], yticks=[])
            tile.spines[:].set(visible=not good, edgecolor=WRONG, linewidth=3)
        figure.alt_text = (
            f"{self.sweep} {run['weight']:g}: the divergence is {self.nats:.2f} nats, "
            f"{self.active} of {len(order)} latent numbers vary by more than {self.threshold:g}, "
            f"and the samples scatter by {self.width:.2f}."
        )
        if run["found"]:
            figure.alt_text += f" {self.right} of the {len(run['found'])} photos found are right."
        return figure

    def controls(self) -> dict[str, ipywidgets.Widget]:
        """Return a choice of the term, a slider for its weights, and a choice of the threshold."""
        return {
            "sweep": ipywidgets.Dropdown(options=list(self.runs), description="term"),
            "place": ipywidgets.IntSlider(
                min=0, max=max(map(len, self.runs.values())) - 1, description="weight"
            ),
            "threshold": ipywidgets.SelectionSlider(
                options=THRESHOLDS, value=0.01, description="threshold"
            ),
        }


def _plane(points: Any, what: str) -> list[list[float]]:
    array = finite(points, what, ndim=2)
    if array.shape[1] != 2 or len(array) < 2:
        raise ZsbirError(f"{what} must have shape (2 or more, 2), not {array.shape}")
    return array.round(3).tolist()


def _checked(run: LatentRun, what: str, n_photos: int) -> dict[str, Any]:
    nats = finite(run.nats, f"nats of {what}", ndim=1)
    variances = finite(run.variances, f"variances of {what}", ndim=1)
    if nats.shape != variances.shape:
        raise ZsbirError(f"{what}: {len(nats)} nats but {len(variances)} variances")
    found = [int(i) for i in run.found]
    if found and not 0 <= min(found) <= max(found) < n_photos:
        raise ZsbirError(f"{what} found photos {found}: they must be from 0 to {n_photos - 1}")
    return {
        "nats": nats.round(5).tolist(),
        "variances": variances.round(5).tolist(),
        "samples": _plane(run.samples, f"samples of {what}"),
        "found": found,
    }
