"""What widgets share whose photos the reader puts into an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets
import traitlets
from PIL import Image

from zsbir_lib.errors import ZsbirError
from zsbir_lib.widgets.live import LiveWidget, data_url

MOST_PHOTOS = 40
"""More would not fit on a page."""


class SortableWidget(LiveWidget):
    """Photos, and perhaps a sketch, in an order that the reader changes.

    Parameters
    ----------
    names
        What is written under each photo, in the first order.
    photos, sketch
        Pictures of the photos and of the query; without them, tiles with the names.
    facts
        For each photo what the script is told beside its name and its picture.
    counted
        What errors call these.
    traits
        Of the subclass.

    Raises
    ------
    ZsbirError
        If there are no photos or more than `MOST_PHOTOS`, or numbers of names and photos differ.
    """

    items = traitlets.List(traitlets.Dict()).tag(sync=True)
    sketch = traitlets.Unicode("").tag(sync=True)
    order = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(
        self,
        names: Sequence[str],
        photos: Sequence[Image.Image] | None,
        sketch: Image.Image | None,
        facts: Sequence[dict[str, Any]],
        counted: str,
        **traits: Any,
    ) -> None:
        self._photos = None if photos is None else list(photos)
        self._sketch = sketch
        if not 1 <= len(facts) <= MOST_PHOTOS:
            raise ZsbirError(f"a ranking of {len(facts)} photos: give 1 to {MOST_PHOTOS}")
        for what, given in (("names", names), ("photos", self._photos)):
            if given is not None and len(given) != len(facts):
                raise ZsbirError(f"{len(facts)} {counted} but {len(given)} {what}: give one for "
                                 "each photo")  # fmt: skip
        shown = self._photos
        pictures = [""] * len(facts) if shown is None else [data_url(one) for one in shown]
        super().__init__(
            items=[
                {"name": str(name), "picture": picture, **fact}
                for name, picture, fact in zip(names, pictures, facts, strict=True)
            ],
            sketch="" if sketch is None else data_url(sketch),
            order=list(range(len(facts))),
            **traits,
        )

    @traitlets.validate("order")
    def _check_order(self, proposal: traitlets.Bunch) -> list[int]:
        if not holds_each(proposal["value"], len(self.items)):
            raise traitlets.TraitError(
                f"order must hold each place from 0 to {len(self.items) - 1} once"
            )
        return proposal["value"]

    def order_control(self) -> ipywidgets.Widget:
        """Return tags, which can be dragged, for the order."""
        return ipywidgets.IntsInput(
            value=self.order, allowed_tags=list(range(len(self.items))), allow_duplicates=False
        )


def holds_each(order: Sequence[int], count: int) -> bool:
    """Say whether an order holds each place from 0 to `count` - 1 once."""
    return sorted(order) == list(range(count))
