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


NAN = float("nan")
ODD = {
    "no numbers": [[[NAN, 0.5], [None, 0.5], ["x", 0.1], [float("inf"), 0.5]]],
    "no points": [[], [[]], [[0.5]], [None, 7, "ab"]],
    "no strokes": [None, 7, "abc", {"x": 1}],
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_stroke_is_left_out(name):
    pad, line = SketchPad(), [(0.25, 0.5), (0.75, 0.5)]
    pad.strokes = [line]
    alone = np.asarray(pad.image())
    pad.strokes = [*ODD[name], line]
    assert pad.strokes == [[list(point) for point in line]]
    np.testing.assert_array_equal(np.asarray(pad.image()), alone)
    pad.strokes = ODD[name]
    with pytest.raises(ZsbirError, match="draw something"):
        pad.image()


@pytest.mark.parametrize(("pressure", "like"), [(1e9, 1), (-5, 0), (NAN, 0.5), ("hard", 0.5)])
def test_odd_pressure_is_the_nearest_that_a_pen_has(pressure, like):
    pad, other = SketchPad(), SketchPad()
    pad.strokes = [[(0.2, 0.5, pressure), (0.8, 0.5, pressure)]]
    other.strokes = [[(0.2, 0.5, like), (0.8, 0.5, like)]]
    np.testing.assert_array_equal(np.asarray(pad.image()), np.asarray(other.image()))


def test_strokes_far_outside_and_very_many_are_drawn():
    pad = SketchPad()
    pad.strokes = [[(-1e9, 0.5), (1e9, 0.5)]]
    assert np.asarray(pad.image()).shape == (256, 256, 3)
    pad.strokes = [[(i % 97 / 97, i % 89 / 89), (i % 83 / 83, 0.5)] for i in range(10_000)]
    assert np.asarray(pad.image()).min() == 0
