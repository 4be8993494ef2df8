"""Drawings: read from anything, found whatever their colour, drawn again as a data set's sketches.

`read_drawing` reads, `find_ink` tells strokes from paper, `normalise_drawing` does both and draws
the ink again at the size and with the pen of a data set. `read_strokes` and `render_strokes` do the
same for strokes, and `StrokeAugmentation` draws them as another hand would. `read_image` is what
data sets read their images with.
"""

from zsbir_lib.drawings.hands import StrokeAugmentation, StrokeDrawing, draw_lines
from zsbir_lib.drawings.images import MAX_PIXELS, MAX_RATIO, read_image
from zsbir_lib.drawings.ink import crop_ink, find_ink
from zsbir_lib.drawings.reading import read_drawing
from zsbir_lib.drawings.redraw import normalise_drawing, redraw_ink
from zsbir_lib.drawings.stroke_files import FORMS, StoredDrawing, read_all_strokes, read_strokes
from zsbir_lib.drawings.strokes import render_strokes
from zsbir_lib.drawings.style import TOYBOX_STYLE, DrawingStyle, measure_style

__all__ = [
    "FORMS",
    "MAX_PIXELS",
    "MAX_RATIO",
    "TOYBOX_STYLE",
    "DrawingStyle",
    "StoredDrawing",
    "StrokeAugmentation",
    "StrokeDrawing",
    "crop_ink",
    "draw_lines",
    "find_ink",
    "measure_style",
    "normalise_drawing",
    "read_all_strokes",
    "read_drawing",
    "read_image",
    "read_strokes",
    "redraw_ink",
    "render_strokes",
]
