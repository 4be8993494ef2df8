"""Contact sheets: the only way to know what a drawn class looks like is to look at it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from zsbir_lib.datasets.toybox.instance import Toy
from zsbir_lib.datasets.toybox.registry import toy_class, toy_classes

_LABEL_WIDTH, _GAP = 110, 2


def contact_sheet(
    class_names: Sequence[str] | None = None,
    *,
    instances: int = 3,
    sketches: int = 2,
    columns: int = 3,
    size: int = 64,
    scale: int = 1,
    clutter: float = 0.5,
    abstraction: float = 1.3,
    seed: int = 0,
) -> Image.Image:
    """Draw a sheet with a strip for each class: a photo, its sketches, the next photo, ...

    Parameters
    ----------
    class_names
        Which classes, all by default.
    instances, sketches
        Photos for each class, and sketches for each photo.
    columns
        Strips side by side.
    size, scale
        Side of a picture as it is drawn, and how often it is enlarged for the sheet.
    clutter, abstraction, seed
        Difficulty and seed of the pictures.

    Raises
    ------
    ZsbirError
        If a class is unknown.
    """
    names = list(class_names) if class_names else list(toy_classes())
    for name in names:
        toy_class(name)
    side = size * scale
    width = _LABEL_WIDTH + instances * (sketches + 1) * (side + _GAP)
    rows = -(-len(names) // columns)
    sheet = Image.new("RGB", (columns * width, rows * (side + _GAP)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for k, name in enumerate(names):
        left, top = (k // rows) * width, (k % rows) * (side + _GAP)
        pen.text((left + 4, top + side // 2), name, fill="black", font=font, anchor="lm")
        left += _LABEL_WIDTH
        for instance in range(instances):
            toy = Toy(name, instance, seed)
            pictures = [toy.photo(size=size, clutter=clutter)]
            pictures += [
                toy.sketch(number, size=size, abstraction=abstraction) for number in range(sketches)
            ]
            for picture in pictures:
                tile = Image.fromarray(np.asarray(picture)).convert("RGB")
                sheet.paste(tile.resize((side, side), Image.Resampling.NEAREST), (left, top))
                left += side + _GAP
    return sheet
