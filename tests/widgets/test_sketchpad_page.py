"""The sketch pad in a static page: what its tools do, pens that press, odd screens, odd input."""

import base64
import io
import json

import anywidget
import numpy as np
import pytest
import traitlets
from ipywidgets import widget_serialization
from PIL import Image

from zsbir_lib.widgets import SketchPad

PEN = 7 / 256  # of the side, at pressure 0.5
LONGEST = 5_000  # milliseconds that the pad may take for anything, on a busy machine


class Window(anywidget.AnyWidget):
    """Puts the pad's model where a test can ask it."""

    _esm = """export default { async render({ model }) {
        window.pad = await model.widget_manager.get_model(model.get("pad").slice(10));
    } };"""
    pad = traitlets.Instance(SketchPad).tag(sync=True, **widget_serialization)


class Pad:
    """A pad on a page: where it is, what is on it, and what its model holds."""

    def __init__(self, page):
        self.page = page
        self.canvas = page.locator(".zsbir-pad canvas")
        self.canvas.wait_for()
        self.devtools = page.context.new_cdp_session(page)

    @property
    def strokes(self):
        return self.page.evaluate("window.pad.get('strokes')")

    @strokes.setter
    def strokes(self, code):
        """Set strokes by JavaScript, which knows numbers that JSON does not."""
        self.page.evaluate(f"window.pad.set('strokes', {code})")

    @property
    def label(self):
        return self.canvas.get_attribute("aria-label")

    @property
    def box(self):
        return self.canvas.bounding_box()

    def at(self, x, y):
        box = self.box
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def drag(self, *points, steps=6):
        self.page.mouse.move(*self.at(*points[0]))
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*self.at(*point), steps=steps)
        self.page.mouse.up()

    def press(self, *points):
        """Draw with a pen: (x, y, how hard) for each place."""
        for i, (x, y, force) in enumerate((*points, (*points[-1][:2], 0.0))):
            kind = "mouseReleased" if i == len(points) else "mouseMoved" if i else "mousePressed"
            left, top = self.at(x, y)
            self.devtools.send(
                "Input.dispatchMouseEvent",
                {"type": kind, "x": left, "y": top, "button": "left", "buttons": int(force > 0),
                 "clickCount": 1, "pointerType": "pen", "force": force},
            )  # fmt: skip

    def tool(self, name):
        return self.page.get_by_role("button", name=name, exact=True)

    def grey(self):
        """Return the pixels of the canvas, one number each."""
        picture = self.canvas.evaluate("c => c.toDataURL()").split(",")[1]
        with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
            return np.asarray(image.convert("L"))

    def width(self, x):
        """Return how wide the line is that crosses column x, as a part of the side."""
        grey = self.grey()
        return float(
            (255 - grey[:, round(x * grey.shape[1])].astype(float)).sum() / 255 / len(grey)
        )


@pytest.fixture
def open_pad(static_page):
    def opened(pad=None, **options):
        pad = pad or SketchPad()
        page = static_page(pad, Window(pad=pad), **options)
        page.wait_for_function("window.pad")
        return Pad(page)

    return opened


FIRST, SECOND, THIRD = ((0.2, 0.2), (0.8, 0.2)), ((0.2, 0.5), (0.8, 0.5)), ((0.2, 0.8), (0.8, 0.8))


@pytest.mark.browser
def test_redo_draws_again_what_was_undone(open_pad):
    pad = open_pad()
    assert pad.tool("Undo").is_disabled()
    pad.drag(*FIRST)
    pad.drag(*SECOND)
    drawn, seen = pad.strokes, pad.grey()
    assert pad.tool("Redo").is_disabled()
    pad.tool("Undo").click()
    pad.tool("Undo").click()
    assert pad.strokes == []
    assert pad.tool("Undo").is_disabled()
    pad.tool("Redo").click()
    assert pad.strokes == drawn[:1]
    pad.canvas.focus()
    pad.page.keyboard.press("r")
    assert pad.strokes == drawn
    np.testing.assert_array_equal(pad.grey(), seen)
    assert pad.tool("Redo").is_disabled()


@pytest.mark.browser
def test_a_new_stroke_forgets_what_was_undone(open_pad):
    pad = open_pad()
    pad.drag(*FIRST)
    pad.drag(*SECOND)
    pad.tool("Undo").click()
    pad.drag(*THIRD)
    drawn = pad.strokes
    assert [stroke[0][1] for stroke in drawn] == pytest.approx([0.2, 0.8], abs=0.02)
    assert pad.tool("Redo").is_disabled()
    pad.page.keyboard.press("r")
    assert pad.strokes == drawn


@pytest.mark.browser
def test_clearing_can_be_undone(open_pad):
    pad = open_pad()
    pad.drag(*FIRST)
    pad.drag(*SECOND)
    drawn = pad.strokes
    pad.page.keyboard.press("Delete")
    assert pad.strokes == []
    assert pad.tool("Clear").is_disabled()
    pad.tool("Undo").click()
    assert pad.strokes == drawn


@pytest.mark.browser
@pytest.mark.parametrize("whose", ["the reader's", "the program's"])
def test_an_example_takes_the_drawing_away_and_undo_brings_it_back(open_pad, whose):
    pad = open_pad(SketchPad({"dot": Image.new("L", (8, 8), 0)}, example=""))
    for stroke in (FIRST, SECOND):
        pad.drag(*stroke)
    drawn = pad.strokes
    if whose == "the reader's":
        pad.page.get_by_label("Start from an example").select_option("dot")
    else:
        pad.page.evaluate("window.pad.set('example', 'dot')")
    assert (pad.strokes, pad.label) == ([], "Sketch pad, dot")
    pad.tool("Undo").click()
    assert pad.strokes == drawn
    pad.tool("Undo").click()
    assert pad.strokes == drawn[:1]


@pytest.mark.browser
def test_ctrl_z_undoes_and_ctrl_y_draws_again(open_pad):
    pad = open_pad()
    for stroke in (FIRST, SECOND):
        pad.drag(*stroke)
    pad.page.keyboard.press("Control+z")
    assert pad.label == "Sketch pad, 1 stroke"
    pad.page.keyboard.press("Control+y")
    assert pad.label == "Sketch pad, 2 strokes"
    pad.page.keyboard.press("Control+z")
    pad.page.keyboard.press("Control+Shift+Z")
    assert pad.label == "Sketch pad, 2 strokes"


@pytest.mark.browser
def test_the_eraser_takes_just_the_strokes_that_it_touches(open_pad):
    pad = open_pad()
    for stroke in (FIRST, SECOND, THIRD):
        pad.drag(*stroke)
    first, _, third = drawn = pad.strokes
    eraser = pad.tool("Eraser")
    assert eraser.get_attribute("aria-pressed") == "false"
    eraser.click()
    assert eraser.get_attribute("aria-pressed") == "true"
    pad.drag((0.5, 0.4), (0.5, 0.6))
    assert pad.strokes == [first, third]
    assert pad.width(0.5) == pytest.approx(2 * PEN, abs=0.005)
    # Between the lines there is nothing to erase, and so nothing to undo.
    pad.drag((0.3, 0.35), (0.6, 0.4))
    assert pad.strokes == [first, third]
    pad.tool("Undo").click()
    assert pad.strokes == drawn
    # One movement over several strokes is one thing to undo.
    pad.drag((0.5, 0.1), (0.5, 0.9), steps=40)
    assert pad.strokes == []
    pad.tool("Undo").click()
    assert pad.strokes == drawn
    eraser.click()
    pad.drag((0.5, 0.3), (0.5, 0.7))
    assert len(pad.strokes) == 4


def pressures(stroke):
    """Return how hard the pen was pressed at each point; where nothing is said, it was half."""
    return [point[2] if len(point) > 2 else 0.5 for point in stroke]


@pytest.mark.browser
@pytest.mark.parametrize("force", [0.1, 0.5, 0.9])
def test_a_pen_that_presses_harder_draws_a_wider_line(open_pad, force):
    pad = open_pad()
    pad.press((0.2, 0.5, force), (0.5, 0.5, force), (0.8, 0.5, force))
    (stroke,) = pad.strokes
    assert pressures(stroke) == pytest.approx([force] * len(stroke), abs=0.01)
    assert pad.width(0.4) == pytest.approx(PEN * (0.5 + force), abs=0.003)


@pytest.mark.browser
def test_a_stroke_may_swell(open_pad):
    pad = open_pad()
    pad.press(*((0.1 + 0.8 * i / 16, 0.5, 0.05 + 0.9 * i / 16) for i in range(17)))
    (stroke,) = pad.strokes
    assert pressures(stroke) == sorted(pressures(stroke))
    assert pressures(stroke)[-1] > 0.9
    widths = [pad.width(x) for x in (0.2, 0.5, 0.8)]
    expected = [PEN * (0.5 + 0.05 + 0.9 * (x - 0.1) / 0.8) for x in (0.2, 0.5, 0.8)]
    assert widths == pytest.approx(expected, abs=0.004)


@pytest.mark.browser
def test_the_width_of_the_pen_can_be_chosen(open_pad):
    pad = open_pad()
    widths = {}
    for name, stroke in (("Thin pen", FIRST), ("Pen", SECOND), ("Thick pen", THIRD)):
        pad.page.get_by_label("Width of the pen").select_option(label=name)
        before = pad.width(0.5)
        pad.drag(*stroke)
        widths[name] = pad.width(0.5) - before
    thin, middle, thick = pad.strokes
    assert {tuple(point[2:]) for point in thin} == {(0,)}
    assert {tuple(point[2:]) for point in middle} == {()}
    assert {tuple(point[2:]) for point in thick} == {(1,)}
    expected = {"Thin pen": 0.5 * PEN, "Pen": PEN, "Thick pen": 1.5 * PEN}
    assert widths == pytest.approx(expected, abs=0.003)


@pytest.mark.browser
def test_a_second_finger_draws_nothing(open_pad):
    pad = open_pad(has_touch=True)
    fingers = [(0.3, 0.3), (0.7, 0.7)]
    for kind, down, shift in (("touchStart", 1, 0), ("touchStart", 2, 0), ("touchMove", 2, 0.1),
                              ("touchEnd", 0, 0)):  # fmt: skip
        points = [dict(zip("xy", pad.at(x + shift, y), strict=True), id=i)
                  for i, (x, y) in enumerate(fingers[:down])]  # fmt: skip
        pad.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    (stroke,) = pad.strokes
    assert stroke[0] == pytest.approx([0.3, 0.3], abs=0.01)
    assert stroke[-1] == pytest.approx([0.4, 0.3], abs=0.01)
    assert all(point[1] == pytest.approx(0.3, abs=0.01) for point in stroke)


@pytest.mark.browser
def test_a_stroke_goes_on_while_the_window_changes(open_pad):
    pad = open_pad(width=1000)
    pad.page.mouse.move(*pad.at(0.1, 0.5))
    pad.page.mouse.down()
    pad.page.mouse.move(*pad.at(0.4, 0.5), steps=3)
    pad.page.set_viewport_size({"width": 200, "height": 700})
    pad.page.wait_for_function(
        "() => { const c = document.querySelector('.zsbir-pad canvas');"
        " return c.clientWidth < 200 && c.width === c.clientWidth; }"
    )
    pad.page.mouse.move(*pad.at(0.9, 0.5), steps=3)
    pad.page.mouse.up()
    (stroke,) = pad.strokes
    assert stroke[0] == pytest.approx([0.1, 0.5], abs=0.02)
    assert stroke[-1] == pytest.approx([0.9, 0.5], abs=0.02)
    assert pad.width(0.2) == pytest.approx(PEN, abs=0.01)
    assert pad.width(0.8) > 0.9 * PEN
    assert pad.grey().shape[0] == pad.grey().shape[1] == round(pad.box["width"] - 2)


@pytest.mark.browser
def test_a_screen_of_high_density_gets_as_many_pixels(open_pad):
    pad = open_pad(device_scale_factor=3)
    shown = pad.canvas.evaluate("c => c.clientWidth")
    assert pad.canvas.evaluate("c => [c.width, c.height]") == [3 * shown, 3 * shown]
    pad.drag(*SECOND)
    # The same drawing at three times the size, not a coarse one that is blown up: no grey steps
    # beyond the edges of the line.
    assert pad.strokes[0][0] == pytest.approx([0.2, 0.5], abs=0.01)
    assert pad.width(0.5) == pytest.approx(PEN, abs=0.002)
    column = pad.grey()[:, round(1.5 * shown)]
    assert ((column > 20) & (column < 235)).sum() <= 2


@pytest.mark.browser
def test_a_pointer_that_leaves_and_comes_back_stays_one_stroke(open_pad):
    pad = open_pad()
    pad.drag((0.5, 0.5), (2.5, 0.5), (2.5, -1.0), (0.5, -1.0), (0.5, 0.4))
    (stroke,) = pad.strokes
    assert all(0 <= value <= 1 for point in stroke for value in point)
    assert stroke[-1] == pytest.approx([0.5, 0.4], abs=0.01)
    # Where it was outside, the line runs along the edge.
    assert max(x for x, _ in stroke) == 1
    assert min(y for _, y in stroke) == 0


@pytest.mark.browser
def test_ten_thousand_strokes_can_be_drawn_on(open_pad):
    pad = open_pad()
    pad.page.set_default_timeout(LONGEST)
    pad.strokes = (
        "Array.from({length: 10000}, (_, i) => "
        "[[i % 97 / 97, i % 89 / 89], [i % 83 / 83, i % 79 / 79, i % 7 / 7]])"
    )
    assert pad.label == "Sketch pad, 10000 strokes"
    pad.drag(*FIRST)
    assert pad.label == "Sketch pad, 10001 strokes"
    pad.tool("Undo").click()
    assert len(pad.strokes) == 10_000
    pad.tool("Clear").click()
    assert pad.strokes == []
    assert pad.grey().min() == 255


ODD = {
    "no numbers": "[[[NaN, 0.5], [0.2, NaN]], [['x', null], [undefined, {}]]]",
    "infinite": "[[[Infinity, -Infinity], [1e300, -1e300]]]",
    "no points": "[[], [[]], [[0.5]]]",
    "odd pressure": "[[[0.1, 0.1, NaN], [0.2, 0.2, 1e9]], [[0.3, 0.3, 'hard'], [0.4, 0.4, -5]]]",
    "no strokes": "[null, 7, 'abc', {x: 1}, [null, 7, 'ab']]",
    "no list": "'abc'",
    "nothing": "null",
}


@pytest.mark.browser
@pytest.mark.parametrize("name", ODD)
def test_odd_strokes_of_the_model_do_no_harm(open_pad, name):
    pad = open_pad()
    pad.strokes = f"[...({ODD[name]} ?? [])].concat([[[0.2, 0.5], [0.8, 0.5]]])"
    assert pad.width(0.5) >= 0.9 * PEN  # what can be drawn is
    pad.strokes = ODD[name]
    pad.drag(*FIRST)
    assert pad.strokes[-1][0] == pytest.approx([0.2, 0.2], abs=0.01)
    pad.tool("Eraser").click()
    pad.drag((0.5, 0.1), (0.5, 0.3))
    pad.tool("Undo").click()
    pad.tool("Clear").click()
    assert pad.strokes == []


@pytest.mark.browser
@pytest.mark.parametrize("evil", ["<img src=x onerror=window.harm=1>", "</script><script>harm=1"])
def test_the_name_of_an_example_is_text(open_pad, evil):
    dot = Image.new("L", (8, 8), 0)
    pad = open_pad(SketchPad({evil: dot, "dot": dot}))
    assert pad.label == f"Sketch pad, {evil}"
    choice = pad.page.get_by_label("Start from an example")
    assert choice.locator("option").all_inner_texts()[1:] == [evil, "dot"]
    choice.select_option("dot")
    choice.select_option(evil)
    assert pad.label == f"Sketch pad, {evil}"
    assert pad.page.evaluate("window.harm") is None


@pytest.mark.browser
def test_in_jupyterlab_python_gets_what_mouse_finger_and_keys_draw(lab_notebook):
    notebook = lab_notebook(
        "from zsbir_lib.widgets import SketchPad\n"
        "widget, heard = SketchPad(), []\n"
        "widget.observe(lambda change: heard.append(len(change['new'])), 'strokes')\nwidget"
    )
    pad = Pad(notebook.page)
    pad.drag(*FIRST)
    pad.page.touchscreen.tap(*pad.at(0.5, 0.8))
    pad.canvas.focus()
    for key in ("Space", *["ArrowRight"] * 5, "Space"):
        pad.page.keyboard.press(key)
    notebook.settle()
    assert json.loads(notebook.python("print(heard)")) == [1, 2, 3]
    line, dot, keys = json.loads(notebook.python("print(widget.strokes)"))
    assert line[0] == pytest.approx([0.2, 0.2], abs=0.01)
    assert line[-1] == pytest.approx([0.8, 0.2], abs=0.01)
    assert dot[0] == pytest.approx([0.5, 0.8], abs=0.01)
    assert len(keys) == 6
    # What Python makes of the strokes is what the page shows.
    drawn = notebook.python(
        "import numpy as np\nprint(1 - np.asarray(widget.image().convert('L')).mean() / 255)"
    )
    assert float(drawn) == pytest.approx(1 - pad.grey().mean() / 255, abs=0.004)
    notebook.python("widget.strokes = [[(0.1, 0.5), (0.9, 0.5), (float('nan'), 0)]]")
    pad.page.locator("[aria-label='Sketch pad, 1 stroke']").wait_for()
    assert pad.width(0.5) == pytest.approx(PEN, abs=0.01)
