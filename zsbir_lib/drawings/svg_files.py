"""The lines of an SVG as strokes; nothing that it refers to elsewhere is fetched."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from zsbir_lib.errors import ZsbirError
from zsbir_lib.reading import check_file

_MOST_BYTES = 4_000_000
_MOST_ELEMENTS = 20_000  # each <use> counted as what it repeats
_CURVE_POINTS = 16


def read_svg(path: Path, what: str) -> list[list[tuple[float, ...]]]:
    """Return the lines of an SVG file as strokes of points (x, y).

    Parameters
    ----------
    path
        The file.
    what
        What an error message calls it.

    Raises
    ------
    ZsbirError
        If it is damaged or too large, has entities of its own, or no lines.
    """
    check_file(path, what, limit=_MOST_BYTES)
    data = path.read_bytes()
    if b"<!ENTITY" in data.replace(b"\0", b""):
        raise ZsbirError(f"cannot read {what}: it defines entities; save it without them")
    # Slow to import, and rarely needed.
    import svgelements as svg

    try:
        _check_repetition(ElementTree.fromstring(data), what)
        image = svg.SVG.parse(io.BytesIO(data))
        shapes = [s for s in image.elements() if isinstance(s, svg.Shape) and _is_drawn(s, image)]
        strokes: list[list[tuple[float, ...]]] = []
        for shape in shapes:
            for segment in svg.Path(shape):
                if isinstance(segment, svg.Move):
                    strokes.append([])
                    places = [segment.end]
                elif isinstance(segment, svg.Line | svg.Close):
                    places = [segment.end]
                else:
                    places = [segment.point(k / _CURVE_POINTS) for k in range(1, _CURVE_POINTS + 1)]
                strokes[-1] += [(float(p.x), float(p.y)) for p in places if p is not None]
    except ZsbirError:
        raise
    except Exception as error:  # svgelements raises nearly anything on damaged files
        raise ZsbirError(f"cannot read {what}: it is no SVG, or is damaged ({error})") from None
    strokes = [stroke for stroke in strokes if stroke]
    if not strokes:
        raise ZsbirError(f"{what} is empty: it has no lines (texts and images in it are not read)")
    return strokes


def _is_drawn(shape: Any, image: Any) -> bool:
    """Tell lines and figures from what is invisible, and from the paper that they lie on."""

    def visible(colour: Any) -> bool:
        return colour is not None and colour.value is not None and colour.alpha > 0

    if visible(shape.stroke) and shape.stroke_width != 0:
        return True
    if not visible(shape.fill):
        return False
    left, top, right, bottom = shape.bbox()
    covers = right - left >= 0.99 * image.width and bottom - top >= 0.99 * image.height
    return not covers and shape.fill.lightness < 0.95


def _check_repetition(root: ElementTree.Element, what: str) -> None:
    """Refuse an SVG whose <use> elements, which may repeat each other, make it endless or huge."""
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    sizes: dict[ElementTree.Element, float] = {}

    def size(element: ElementTree.Element) -> float:
        if element not in sizes:
            sizes[element] = float("inf")  # where it comes back to itself
            total = 1.0 + sum(size(child) for child in element)
            if element.tag.rpartition("}")[2] == "use":
                link = element.get("href") or element.get("{http://www.w3.org/1999/xlink}href")
                total += size(by_id[link[1:]]) if link and link[1:] in by_id else 0
            sizes[element] = total
        return sizes[element]

    if size(root) > _MOST_ELEMENTS:
        raise ZsbirError(f"cannot read {what}: it has more than {_MOST_ELEMENTS:,} elements")
