import numpy as np
import pytest
from PIL import Image

from zsbir_lib.errors import ZsbirError
from zsbir_lib.widgets import SketchPad


def test_nothing_drawn_gives_the_first_example():
    pad = SketchPad({"dot": Image.new("L", (8, 8), 0), "sheet": Image.new("L", (8, 8), 255)})
    assert pad.example == "dot"
    assert np.asarray(pad.image(32)).shape == (32, 32, 3)
    assert np.asarray(pad.image(32)).max() == 0
    pad.example = "sheet"
    assert np.asarray(pad.image()).min() == 255


def test_strokes_become_black_lines_on_white():
    pad = SketchPad()
    pad.strokes = [[(0.25, 0.5), (0.75, 0.5)], [(0.5, 0.1)]]
    image = np.asarray(pad.image(128))[..., 0]
    assert image[64, 40:90].max() < 40
    assert image[13, 64] < 40  # a dot is a stroke too
    assert image[100].min() == 255
    assert 0.01 < (image < 128).mean() < 0.03


def test_drawing_wins_over_the_example():
    pad = SketchPad({"black": Image.new("L", (8, 8), 0)})
    pad.strokes = [[(0.1, 0.1), (0.2, 0.1)]]
    assert np.asarray(pad.image())[200, 200, 0] == 255


def test_an_empty_pad_says_what_to_do():
    with pytest.raises(ZsbirError, match="draw something"):
        SketchPad().image()


def test_observers_hear_of_a_drawing():
    pad, heard = SketchPad(), []
    pad.observe(lambda change: heard.append(len(change["new"])), "strokes")
    pad.strokes = [[(0.1, 0.1), (0.9, 0.9)]]
    assert heard == [1]
