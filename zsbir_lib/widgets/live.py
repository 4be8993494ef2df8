"""What the live widgets share: logic that runs in the page, and stand-ins where no script runs."""

from __future__ import annotations

import abc
import base64
import html
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets
from PIL import Image

from zsbir_lib.errors import ZsbirError
from zsbir_lib.plots import Plot

_HERE = Path(__file__).parent


def module_text(*names: str) -> str:
    """Return the script of a widget: what all share (``live.js``), then each ``<name>.js``.

    A widget's module is loaded from its text, from where it can import nothing; so the shared
    parts are put in front of it.
    """
    parts = (_HERE / f"{name}.js" for name in ("live", *names))
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)


class _Meta(traitlets.MetaHasTraits, abc.ABCMeta):
    """Lets a widget have abstract methods."""


class LiveWidget(anywidget.AnyWidget, metaclass=_Meta):
    """A widget that is alive in a static page and, where a kernel runs, also follows Python.

    Its script computes in the page whatever the reader's choices lead to. The choices are traits:
    Python can set and observe them, and a check of an exercise can read them. The class computes
    the same in Python, from the same traits.

    Attributes
    ----------
    caption : str
        Below the widget: what to do and what to see.
    """

    _css = _HERE / "live.css"
    caption = traitlets.Unicode("").tag(sync=True)

    @abc.abstractmethod
    def figure(self) -> Plot:
        """Return a picture of the present state, which print and EPUB show; with its words."""

    @abc.abstractmethod
    def controls(self) -> dict[str, ipywidgets.Widget]:
        """Return ordinary widgets for the choices, by the name of the trait that each sets."""

    def fallback(self) -> ipywidgets.VBox:
        """Return the same from ordinary ipywidgets, for where scripts of widgets are blocked.

        It needs a kernel: its picture is `figure`, drawn again after every change.
        """
        controls = self.controls()
        picture = ipywidgets.Image(format="png")
        words = ipywidgets.HTML()

        def paint(change: object = None) -> None:
            drawn = self.figure()
            picture.value = drawn._repr_png_()
            picture.alt = drawn.alt_text
            words.value = f"<p>{html.escape(drawn.alt_text)}</p>"

        for trait, control in controls.items():
            self._link(trait, control)
        self.observe(paint, names=list(controls))
        paint()
        rows = [*controls.values(), picture, words]
        if self.caption:
            rows.append(ipywidgets.HTML(f"<p>{html.escape(self.caption)}</p>"))
        return ipywidgets.VBox(rows)

    def _link(self, trait: str, control: ipywidgets.Widget) -> None:
        """Let a control and a trait follow each other; what the trait refuses is undone."""

        def to_trait(change: traitlets.Bunch) -> None:
            try:
                setattr(self, trait, change["new"])
            except traitlets.TraitError:
                control.value = getattr(self, trait)

        def to_control(change: traitlets.Bunch) -> None:
            control.value = change["new"]

        control.value = getattr(self, trait)
        control.observe(to_trait, names="value")
        self.observe(to_control, names=trait)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            # What takes no widgets, such as print, shows this.
            data["image/png"] = base64.b64encode(self.figure()._repr_png_()).decode()
        return bundle


def one_of(trait: str, known: Callable[[Any], Iterable[Any]]) -> traitlets.EventHandler:
    """Return a validator: the value of `trait` is one of those `known` to the widget."""

    def check(widget: Any, proposal: traitlets.Bunch) -> Any:
        values = list(known(widget))
        if proposal["value"] not in values:
            raise traitlets.TraitError(f"{trait} must be one of {', '.join(map(str, values))}")
        return proposal["value"]

    return traitlets.validate(trait)(check)


def within(
    *traits: str, bounds: Callable[[Any, str], tuple[float, float]]
) -> traitlets.EventHandler:
    """Return a validator: each of `traits` lies within the `bounds` that the widget has for it."""

    def check(widget: Any, proposal: traitlets.Bunch) -> Any:
        name = proposal["trait"].name
        low, high = bounds(widget, name)
        if not low <= proposal["value"] <= high:
            raise traitlets.TraitError(f"{name} must be from {low} to {high}")
        return proposal["value"]

    return traitlets.validate(*traits)(check)


def in_square(*traits: str, side: Callable[[Any], float]) -> traitlets.EventHandler:
    """Return a validator: each of `traits` is a point no further than `side` along either axis."""

    def check(widget: Any, proposal: traitlets.Bunch) -> Any:
        place, most = np.asarray(proposal["value"], dtype=float), side(widget)
        if place.shape != (2,) or not np.isfinite(place).all() or np.abs(place).max() > most:
            raise traitlets.TraitError(
                f"{proposal['trait'].name} must be two numbers from {-most} to {most}"
            )
        return proposal["value"]

    return traitlets.validate(*traits)(check)


def data_url(picture: Image.Image, side: int = 96) -> str:
    """Return a picture, at most `side` pixels wide and high, as an address that holds it."""
    small = picture.convert("RGB")
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=80, method=6)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def finite(values: Any, what: str, *, ndim: int) -> np.ndarray:
    """Return `values` as an array of float64 with `ndim` axes; errors call them `what`.

    Raises
    ------
    ZsbirError
        If they are no such numbers, none, or not finite.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ZsbirError(f"{what} must be numbers") from None
    if array.ndim != ndim or not array.size:
        raise ZsbirError(f"{what} must be an array of {ndim} axes and not empty, not of shape "
                         f"{array.shape}")  # fmt: skip
    if not np.isfinite(array).all():
        raise ZsbirError(f"{what} must be finite: there are NaN or infinite values in them")
    return array


def coordinates(place: Sequence[float]) -> str:
    """Return a place in the plane as a text, such as ``"(0.50, -1.00)"``."""
    return f"({place[0]:.2f}, {place[1]:.2f})"
