"""A figure with sliders that moves without a kernel: every frame of it is drawn beforehand."""

from __future__ import annotations

import base64
import html
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import traitlets

from zsbir_lib.errors import ZsbirError
from zsbir_lib.plots import Plot

_HERE = Path(__file__).parent

MAX_FRAMES = 64
"""More would make the page heavy, as a frame has some 20 kB."""


class Explorer(anywidget.AnyWidget):
    """A figure for each combination of a few values, and a slider for each thing that varies.

    All frames are drawn when the explorer is made, so its sliders also work on a static page; in
    print the frame of the start is shown.

    Parameters
    ----------
    draw
        Called once for each combination, with one value for each slider in order. Returns a `Plot`
        whose `alt_text` says in words what that frame shows.
    sliders
        Label of each slider and the values that it takes, in order.
    start
        The value that each slider has at first; the first of its values by default.
    caption
        Below the figure: what to do and what to see.
    format_value
        Turns a value into the text beside its slider.

    Attributes
    ----------
    position : list of int
        The place of each slider among its values. Observe it, or set it to move the sliders.

    Raises
    ------
    ZsbirError
        If a slider has no values, `start` is not among them, there are too many frames, or a frame
        has no alternative text.
    """

    _esm = _HERE / "explorer.js"
    _css = _HERE / "explorer.css"
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    values = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    position = traitlets.List(traitlets.Int()).tag(sync=True)
    frames = traitlets.List(traitlets.Dict()).tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        draw: Callable[..., Plot],
        sliders: Mapping[str, Sequence[Any]],
        *,
        start: Sequence[Any] | None = None,
        caption: str = "",
        format_value: Callable[[Any], str] = str,
    ) -> None:
        choices = [list(values) for values in sliders.values()]
        if not choices or not all(choices):
            raise ZsbirError("an explorer needs a slider or more, and values for each of them")
        combinations = list(itertools.product(*choices))
        if len(combinations) > MAX_FRAMES:
            raise ZsbirError(f"{len(combinations)} frames are more than the {MAX_FRAMES} that an "
                             "explorer may hold: give fewer values")  # fmt: skip
        start = [values[0] for values in choices] if start is None else list(start)
        if len(start) != len(choices) or any(
            value not in values for value, values in zip(start, choices, strict=False)
        ):
            raise ZsbirError(f"cannot start from {start}: give one of its values for each slider")
        super().__init__(
            labels=list(sliders),
            values=[[format_value(value) for value in values] for values in choices],
            position=[values.index(value) for value, values in zip(start, choices, strict=True)],
            frames=[_frame(draw(*combination), combination) for combination in combinations],
            caption=caption,
        )

    @traitlets.validate("position")
    def _check_position(self, proposal: traitlets.Bunch) -> list[int]:
        wanted, sizes = proposal["value"], [len(values) for values in self.values]
        if len(wanted) != len(sizes) or not all(
            0 <= place < size for place, size in zip(wanted, sizes, strict=False)
        ):
            raise traitlets.TraitError(f"position must be {len(sizes)} places below {sizes}")
        return wanted

    @property
    def frame(self) -> dict[str, str]:
        """The frame on show, as ``"png"`` in base64 and ``"alt"``, what it shows in words."""
        number = 0
        for place, values in zip(self.position, self.values, strict=True):
            number = number * len(values) + place
        return self.frames[number]

    def fallback(self) -> ipywidgets.VBox:
        """Return the same from ordinary ipywidgets, for where scripts of widgets are blocked."""
        picture, words = ipywidgets.Image(format="png"), ipywidgets.HTML()
        sliders = [
            ipywidgets.SelectionSlider(options=[(text, i) for i, text in enumerate(texts)],
                                       description=label)
            for label, texts in zip(self.labels, self.values, strict=True)
        ]  # fmt: skip

        def show(change: object = None) -> None:
            for slider, place in zip(sliders, self.position, strict=True):
                slider.value = place
            picture.value = base64.b64decode(self.frame["png"])
            picture.alt = self.frame["alt"]
            words.value = f"<p>{html.escape(self.frame['alt'])}</p>"

        def move(change: object) -> None:
            self.position = [slider.value for slider in sliders]

        show()
        for slider in sliders:
            slider.observe(move, names="value")
        self.observe(show, names="position")
        rows = [*sliders, picture, words]
        if self.caption:
            rows.append(ipywidgets.HTML(f"<p>{html.escape(self.caption)}</p>"))
        return ipywidgets.VBox(rows)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            # What takes no widgets, such as print, shows this.
            data["image/png"] = self.frame["png"]
        return bundle


def _frame(figure: Plot, combination: tuple) -> dict[str, str]:
    if not figure.alt_text.strip():
        raise ZsbirError(f"the frame for {combination} has no alt_text: set it to a sentence that "
                         "says what the figure shows")  # fmt: skip
    return {"png": base64.b64encode(figure._repr_png_()).decode(), "alt": figure.alt_text}
