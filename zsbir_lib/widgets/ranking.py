"""A ranking to take apart: move the cut, reorder the photos, and watch every score follow."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets
import numpy as np
import traitlets
from PIL import Image

from zsbir_lib.errors import ZsbirError
from zsbir_lib.metrics import DEFINITIONS, average_precision, precision_at_k
from zsbir_lib.plots import COLOURS, Plot, Retrieved, new_plot, plot_retrieval
from zsbir_lib.widgets.live import module_text, within
from zsbir_lib.widgets.sortable import SortableWidget


class RankingExplorer(SortableWidget):
    """The photos found for one sketch, in an order and with a cut K that the reader changes.

    Parameters
    ----------
    relevance
        Whether the photo at each rank is of the sketch's class, nearest first.
    n_relevant
        R, the relevant photos in the whole gallery; by default those shown.
    k
        Where the ranking is cut at first; by default after the last photo.
    names
        Class of each photo, nearest first.
    photos, sketch
        Pictures of the photos, nearest first, and of the query; without them, tiles with the names.
    caption
        Below the widget.

    Attributes
    ----------
    order : list of int
        Which photo stands at each rank, by its place in the ranking that was given.
    k : int
        The cut.

    Raises
    ------
    ZsbirError
        If there are no photos or more than 40, numbers of names, photos and relevances
        differ, R is smaller than the relevant photos shown, or K is out of range.
    """

    _esm = module_text("sortable", "ranking")
    n_relevant = traitlets.Int(1).tag(sync=True)
    k = traitlets.Int(1).tag(sync=True)

    def __init__(
        self,
        relevance: Sequence[bool],
        n_relevant: int | None = None,
        *,
        k: int | None = None,
        names: Sequence[str] | None = None,
        photos: Sequence[Image.Image] | None = None,
        sketch: Image.Image | None = None,
        caption: str = "",
    ) -> None:
        marks = [bool(mark) for mark in relevance]
        n_relevant = sum(marks) if n_relevant is None else int(n_relevant)
        if n_relevant < sum(marks):
            raise ZsbirError(f"n_relevant is {n_relevant}, but {sum(marks)} relevant photos are "
                             "shown: give the number in the whole gallery")  # fmt: skip
        k = max(1, len(marks)) if k is None else int(k)
        if not 1 <= k <= max(1, len(marks)):
            raise ZsbirError(f"k is {k}: it must be from 1 to {len(marks)}, the photos shown")
        super().__init__(
            ["right" if mark else "wrong" for mark in marks] if names is None else list(names),
            photos,
            sketch,
            [{"relevant": mark} for mark in marks],
            "relevances",
            n_relevant=n_relevant,
            k=k,
            caption=caption,
        )

    _check_k = within("k", bounds=lambda self, _: (1, max(1, len(self.items))))

    @property
    def relevance(self) -> np.ndarray:
        """Whether the photo at each rank is relevant, in the present order; shape (n,)."""
        return np.array([self.items[i]["relevant"] for i in self.order])

    @property
    def scores(self) -> dict[str, float]:
        """``"precision"``, and AP@K by each of `zsbir_lib.metrics.DEFINITIONS`."""
        rel = self.relevance[None]
        marks = {"precision": float(precision_at_k(rel, self.k)[0])}
        for name in DEFINITIONS:
            marks[name] = float(average_precision(rel, self.n_relevant, self.k, name)[0])
        return marks

    def figure(self) -> Plot:
        """Return the first K photos, or without pictures the scores as bars; with their words."""
        scores = self.scores
        wording = [f"P@{self.k} {scores['precision']:.2f}"] + [
            f"AP@{self.k} {text} {scores[name]:.2f}" for name, text in DEFINITIONS.items()
        ]
        shown = self.order[: self.k]
        if self._photos is not None and self._sketch is not None:
            figure = plot_retrieval([Retrieved(
                self._sketch, [self._photos[i] for i in shown],
                [self.items[i]["name"] for i in shown],
            )])  # fmt: skip
        else:
            figure, axis = new_plot(6.4, 2.4)
            axis.barh(range(len(scores)), list(scores.values()), color=COLOURS[0])
            axis.set_yticks(range(len(scores)), ["precision", *DEFINITIONS.values()])
            axis.set(xlim=(0, 1), ylim=(len(scores) - 0.4, -0.6))
        hits = [rank for rank, hit in enumerate(self.relevance[: self.k], start=1) if hit]
        found = ", ".join(map(str, hits)) or "none"
        figure.alt_text = (
            f"A ranking of {len(self.items)} photos cut at K = {self.k}; right at ranks: {found}; "
            f"{self.n_relevant} relevant photos in the gallery. {'; '.join(wording)}."
        )
        return figure

    def controls(self) -> dict[str, ipywidgets.Widget]:
        """Return a slider for K and tags, which can be dragged, for the order."""
        return {
            "k": ipywidgets.IntSlider(self.k, 1, len(self.items), description="K"),
            "order": self.order_control(),
        }
