"""A drawing from whatever holds one: an image, or a file of strokes."""

from __future__ import annotations

import os

from PIL import Image

from zsbir_lib.drawings.images import is_image, read_image
from zsbir_lib.drawings.stroke_files import holds_strokes, read_strokes
from zsbir_lib.drawings.strokes import render_strokes
from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.reading import check_file

LONGEST = 2048
"""Pixels of a drawing's longer side; longer ones are reduced before anything is computed."""

STROKES_SIDE = 512
"""Side, in pixels, of the image that a file of strokes becomes."""


def read_drawing(
    source: str | os.PathLike | Image.Image, *, number: int | None = None
) -> Image.Image:
    """Read a drawing of any kind as an RGB image, upright and without transparency.

    Parameters
    ----------
    source
        An image file of any format that Pillow reads, a file of strokes (SVG, or the JSON of
        Quick, Draw!; see `read_strokes`), or an image. Of several frames the first is taken.
        Where it is transparent it becomes white, or black if its strokes are light.
    number
        Which drawing of a file of several, counted from 0.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, at most 2,048 pixels on its longer side; of strokes, 512 x 512.

    Raises
    ------
    ZsbirError
        If the file is missing, empty, damaged, no image and no strokes, too large
        (`zsbir_lib.drawings.MAX_PIXELS`), or holds several drawings and `number` chooses none.
    """
    if not isinstance(source, Image.Image) and holds_strokes(source):
        return render_strokes(read_strokes(source, number=number), size=STROKES_SIDE)
    if number:
        raise ZsbirError(f"{source} is one drawing: leave out {argument('number')}")
    if not isinstance(source, Image.Image):
        check_file(source, f"the drawing {source}")
        if not is_image(source):
            raise ZsbirError(
                f"cannot read the drawing {source}: it is no image and no file of strokes; use a "
                "PNG or JPEG file, an SVG, or strokes of Quick, Draw! as .ndjson"
            )
    return read_image(source, what="the drawing", paper="contrast", longest=LONGEST)
