import base64
import io

import numpy as np
import pytest
import traitlets
from PIL import Image

from zsbir_lib.errors import ZsbirError
from zsbir_lib.plots import new_plot
from zsbir_lib.widgets import Explorer


def draw(height, width=1):
    figure, axes = new_plot(2, 1)
    axes.bar([0, 1], [height, 3], width=width / 2)
    figure.alt_text = f"Two bars, the first {height} high and {width} wide"
    return figure


def test_draws_every_combination_once():
    asked = []

    def note(*values):
        asked.append(values)
        return draw(*values)

    explorer = Explorer(note, {"height": [1, 2], "width": [1, 2, 3]}, start=(2, 1))
    assert asked == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    assert explorer.position == [1, 0]
    assert explorer.frame["alt"] == "Two bars, the first 2 high and 1 wide"
    explorer.position = [0, 2]
    assert explorer.frame["alt"] == "Two bars, the first 1 high and 3 wide"


def test_print_shows_the_frame_of_the_start():
    explorer = Explorer(draw, {"height": [1, 2]}, start=[2])
    bundle = explorer._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))))
    expected = np.asarray(Image.open(io.BytesIO(draw(2)._repr_png_())))
    np.testing.assert_array_equal(shown, expected)
    assert "application/vnd.jupyter.widget-view+json" in data


def test_values_are_shown_as_asked():
    explorer = Explorer(draw, {"height": [1, 2]}, format_value=lambda value: f"{value:.1f} cm")
    assert explorer.values == [["1.0 cm", "2.0 cm"]]


@pytest.mark.parametrize("position", [[2], [-1], [], [0, 0]])
def test_a_position_outside_is_refused(position):
    explorer = Explorer(draw, {"height": [1, 2]})
    with pytest.raises(traitlets.TraitError, match="position must be 1 places"):
        explorer.position = position
    assert explorer.position == [0]


@pytest.mark.parametrize(
    ("sliders", "options", "message"),
    [
        ({}, {}, "a slider or more"),
        ({"height": []}, {}, "a slider or more"),
        ({"height": range(65)}, {}, "65 frames are more than the 64"),
        ({"height": [1, 2]}, {"start": [3]}, "cannot start from"),
        ({"height": [1, 2]}, {"start": [1, 1]}, "cannot start from"),
    ],
)
def test_bad_sliders_are_named(sliders, options, message):
    with pytest.raises(ZsbirError, match=message):
        Explorer(draw, sliders, **options)


def test_a_frame_without_words_is_refused():
    with pytest.raises(ZsbirError, match="has no alt_text"):
        Explorer(lambda height: new_plot()[0], {"height": [1]})


def test_ordinary_widgets_do_the_same_where_scripts_are_blocked():
    explorer = Explorer(draw, {"height": [1, 2], "width": [1, 2, 3]}, caption="Move <both>.")
    height, width, picture, words, caption = explorer.fallback().children
    before = picture.value
    width.value = 2
    height.value = 1
    assert explorer.position == [1, 2]
    assert picture.value == base64.b64decode(explorer.frame["png"]) != before
    assert "the first 2 high and 3 wide" in words.value
    explorer.position = [0, 1]
    assert (height.value, width.value) == (0, 1)
    assert caption.value == "<p>Move &lt;both&gt;.</p>"
