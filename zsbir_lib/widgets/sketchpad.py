"""A pad to draw a sketch on, in a notebook."""

from __future__ import annotations

import base64
import io
import math
import numbers
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from PIL import Image, ImageDraw

from zsbir_lib.errors import ZsbirError

_HERE = Path(__file__).parent
_PEN = 7 / 256  # width of the pen as a part of the side, as in sketchpad.js
_SUPERSAMPLING = 4


class SketchPad(anywidget.AnyWidget):
    """A canvas for mouse, pen, finger or keyboard.

    Parameters
    ----------
    examples
        Sketches to start from, by name. The first one is on the pad until something is drawn, so
        that a notebook also runs where nobody draws.
    **options
        Values of the widget's other traits, such as `strokes`.

    Attributes
    ----------
    strokes : list
        What was drawn: each stroke a list of (x, y) or (x, y, pressure), from 0 to 1, from the
        top left corner. What is no point of finite numbers is left out. Observe it to react to
        the drawing.
    example : str
        Name of the example on the pad, empty if there is none.
    """

    _esm = _HERE / "sketchpad.js"
    _css = _HERE / "sketchpad.css"
    strokes: traitlets.List[Any] = traitlets.List().tag(sync=True)
    example = traitlets.Unicode("").tag(sync=True)
    examples = traitlets.Dict().tag(sync=True)

    def __init__(self, examples: Mapping[str, Image.Image] | None = None, **options: Any) -> None:
        self._pictures = dict(examples or {})
        urls = {name: _data_url(picture) for name, picture in self._pictures.items()}
        options.setdefault("example", next(iter(urls), ""))
        super().__init__(examples=urls, **options)

    @traitlets.validate("strokes")
    def _keep_what_can_be_drawn(self, proposal: Any) -> list[list[list[float]]]:
        # The state becomes JSON, which knows neither NaN nor infinity.
        found = [[point for place in stroke if (point := _point(place))]
                 for stroke in proposal["value"] if isinstance(stroke, (list, tuple))]  # fmt: skip
        return [stroke for stroke in found if stroke]

    def image(self, size: int = 256) -> Image.Image:
        """Return what is on the pad as an RGB image of `size` x `size`, black on white.

        Raises
        ------
        ZsbirError
            If nothing is drawn and there is no example.
        """
        if not self.strokes:
            if self.example not in self._pictures:
                raise ZsbirError("the pad is empty: draw something, or choose an example")
            picture = self._pictures[self.example].convert("RGB")
            return picture.resize((size, size), Image.Resampling.LANCZOS)
        side = size * _SUPERSAMPLING
        sheet = Image.new("L", (side, side), 255)
        pen = ImageDraw.Draw(sheet)
        width = max(1, round(_PEN * side))
        for stroke in self.strokes:
            points = [(x * side, y * side) for x, y, *_ in stroke]
            widths = [width * (0.5 + (pressure[0] if pressure else 0.5))
                      for _, _, *pressure in stroke]  # fmt: skip
            for i in range(1, len(points)):
                pen.line(
                    points[i - 1 : i + 1], fill=0, width=round((widths[i - 1] + widths[i]) / 2)
                )
            # Round ends and joints.
            for (x, y), around in zip(points, widths, strict=True):
                r = around / 2
                pen.ellipse((x - r, y - r, x + r, y + r), fill=0)
        return sheet.reduce(_SUPERSAMPLING).convert("RGB")


def _point(place: Any) -> list[float] | None:
    """Return [x, y] or [x, y, pressure] of what can be drawn, as sketchpad.js chooses it."""
    if not isinstance(place, (list, tuple)):
        return None
    x, y, pressure = (
        float(value) if isinstance(value, numbers.Real) and math.isfinite(value) else None
        for value in (*place, None, None, None)[:3]
    )
    if x is None or y is None:
        return None
    return [x, y] if pressure is None else [x, y, min(1.0, max(0.0, pressure))]


def _data_url(picture: Image.Image) -> str:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()
