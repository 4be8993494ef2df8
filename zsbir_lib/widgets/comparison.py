"""The reader ranks photos for a sketch and compares the order with those of other rankers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase

import ipywidgets
import traitlets
from PIL import Image
from scipy.stats import kendalltau

from zsbir_lib.errors import ZsbirError
from zsbir_lib.plots import Plot, Retrieved, plot_retrieval
from zsbir_lib.widgets.live import module_text
from zsbir_lib.widgets.sortable import SortableWidget, holds_each


class RankingComparison(SortableWidget):
    r"""Photos that the reader ranks for a sketch, and how other rankings of them agree.

    The agreement is Kendall's rank correlation without ties: of the :math:`n (n - 1) / 2` pairs of
    photos, those that both orders put the same way round, less those that they do not, as a share
    of all. M. G. Kendall, *A New Measure of Rank Correlation*, 1938.

    Parameters
    ----------
    photos
        Two to 26 photos, in the order in which the reader first sees them.
    sketch
        The query.
    rankings
        By the name of each other ranker the places of the photos in `photos`, nearest first.
    caption
        Below the widget.

    Attributes
    ----------
    order : list of int
        The reader's order, by places in `photos`, nearest first.
    compared : bool
        Whether the other rankings are shown.

    Raises
    ------
    ZsbirError
        If there are fewer than two photos or more than 26, there is no ranking, or one does not
        hold each photo once.
    """

    _esm = module_text("sortable", "comparison")
    rankings = traitlets.Dict().tag(sync=True)
    compared = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        photos: Sequence[Image.Image],
        sketch: Image.Image,
        rankings: Mapping[str, Sequence[int]],
        *,
        caption: str = "",
    ) -> None:
        count = len(photos)
        if not 2 <= count <= len(ascii_uppercase):
            raise ZsbirError(f"{count} photos to rank: give 2 to {len(ascii_uppercase)}")
        if not rankings:
            raise ZsbirError("rankings is empty: give at least one to compare with")
        for name, order in rankings.items():
            if not holds_each(order, count):
                raise ZsbirError(f"the ranking {name!r} must hold each place from 0 to {count - 1} "
                                 "once")  # fmt: skip
        self._query, self._shown = sketch, list(photos)
        super().__init__(
            list(ascii_uppercase[:count]),
            photos,
            sketch,
            [{} for _ in photos],
            "photos",
            rankings={str(name): [int(i) for i in order] for name, order in rankings.items()},
            caption=caption,
        )

    @property
    def agreement(self) -> dict[str, float]:
        """Kendall's rank correlation of the reader's order with each other ranking."""
        return {
            name: float(kendalltau(self._places(self.order), self._places(order)).statistic)
            for name, order in self.rankings.items()
        }

    @staticmethod
    def _places(order: Sequence[int]) -> list[int]:
        """Return at which rank each item stands."""
        return sorted(range(len(order)), key=order.__getitem__)

    def figure(self) -> Plot:
        """Return the photos in the reader's order, and where compared, in all; with its words."""
        orders = {"yours": self.order} | (self.rankings if self.compared else {})
        figure = plot_retrieval(
            [
                Retrieved(
                    self._query,
                    [self._shown[i] for i in order],
                    [self.items[i]["name"] for i in order],
                )
                for order in orders.values()
            ],
            title="" if len(orders) == 1 else f"from above: {', '.join(orders)}",
        )
        letters = {
            name: " ".join(self.items[i]["name"] for i in order) for name, order in orders.items()
        }
        words = [f"{len(self.items)} photos ranked for a sketch: {letters.pop('yours')}"]
        for name, text in letters.items():
            words.append(f"{name}: {text}, Kendall's tau {self.agreement[name]:.2f}")
        figure.alt_text = "; ".join(words) + "."
        return figure

    def controls(self) -> dict[str, ipywidgets.Widget]:
        """Return tags, which can be dragged, for the order, and a box to tick for the others."""
        return {
            "order": self.order_control(),
            "compared": ipywidgets.Checkbox(self.compared, description="compare"),
        }
