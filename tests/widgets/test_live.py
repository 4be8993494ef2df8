"""What every live widget must do: the ones in `samples.py`, one after the other."""

import base64
import html
import io

import numpy as np
import pytest
import samples
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

import zsbir_lib.widgets as family
from zsbir_lib.widgets import LiveWidget

EACH = pytest.mark.parametrize("name", samples.SAMPLES)


def make(name):
    return samples.SAMPLES[name][0]()


def changes(name):
    return samples.SAMPLES[name][1]


def picture(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def test_every_live_widget_has_a_sample():
    public = {getattr(family, name) for name in family.__all__}
    live = {one.__name__ for one in public if issubclass(one, LiveWidget)} - {"LiveWidget"}
    assert {type(make(name)).__name__ for name in samples.SAMPLES} == live


@EACH
def test_print_shows_the_present_state(name):
    widget = make(name)
    before = widget.figure()
    for trait, value in changes(name).items():
        setattr(widget, trait, value)
    after = widget.figure()
    assert before.alt_text != after.alt_text
    bundle = widget._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in data
    shown = picture(base64.b64decode(data["image/png"]))
    np.testing.assert_array_equal(shown, picture(after._repr_png_()))


@EACH
def test_ordinary_widgets_do_the_same_where_scripts_are_blocked(name):
    widget = make(name)
    controls = widget.controls()
    assert set(controls) == set(changes(name))
    box = widget.fallback()
    image, words = box.children[len(controls) : len(controls) + 2]
    for trait, value in changes(name).items():
        before = image.value, words.value
        # The control of this trait stands in the box, in the order of `controls`.
        control = box.children[list(controls).index(trait)]
        control.value = value
        assert np.all(getattr(widget, trait) == value)
        assert (image.value, words.value) != before
    assert widget.figure().alt_text[:40] in html.unescape(words.value)


def grave_faults(page):
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    grave = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    return [(fault["id"], fault["nodes"][0]["html"]) for fault in grave]


@EACH
@pytest.mark.browser
def test_axe_finds_no_grave_fault_in_the_dark(static_page, name):
    page = static_page(make(name), dark=True)
    page.locator(".zsbir-live").wait_for()
    assert grave_faults(page) == []


# One page for all that does not change the widget's state: to open it takes most of the time.
@EACH
@pytest.mark.browser
def test_a_page_shows_it_to_everybody(static_page, name):
    widget = make(name)
    widget.caption = "</script><img src=x onerror=window.broken=1>"
    page = static_page(widget, width=390)
    page.locator(".zsbir-live").wait_for()

    assert page.locator("figcaption").inner_text() == widget.caption  # it is text
    assert page.evaluate("window.broken") is None

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for width in (1200, 320):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.set_viewport_size({"width": 800, "height": 900})
    assert grave_faults(page) == []
    nameless = page.evaluate(
        """[...document.querySelectorAll(
            '.zsbir-live :is(button, input, select, [role=button], [tabindex])')].filter(one =>
            one.tabIndex < 0 || !(one.getAttribute('aria-label') || one.textContent.trim()
                || one.labels?.length)).map(one => one.outerHTML)"""
    )
    assert nameless == []
    assert page.locator(".zsbir-live :is(button, input, select, [tabindex])").count() > 0

    page.emulate_media(media="print")  # with its colours, without its sliders
    colour = page.locator(".zsbir-live").evaluate("e => getComputedStyle(e).printColorAdjust")
    assert colour == "exact"
    assert page.locator(".zsbir-live :is(input, select):visible").count() == 0


@EACH
@pytest.mark.browser
def test_works_in_a_sandboxed_frame_as_colab_has_them(static_page, name):
    page = static_page(make(name), framed=True)
    inside = page.frame_locator("iframe")
    inside.locator(".zsbir-live").wait_for()
    before = inside.locator(".zsbir-live").inner_html()
    controls = inside.locator(
        ".zsbir-live :is(button:enabled, input[type=range], [tabindex='0'])"
    )  # fmt: skip
    for control in (controls.first, controls.last):
        control.focus()
        for key in ("Enter", "ArrowRight", "ArrowLeft", "ArrowLeft"):
            page.keyboard.press(key)
            if inside.locator(".zsbir-live").inner_html() != before:
                return
    pytest.fail("no key changed anything")


# What to press on in JupyterLab, with the mouse and then with a finger, and which trait follows.
PRESSED = {
    "attributes": [("wings", "answers"), ("fur", "answers")],
    "collapse": [("Weight", "place"), ("Active above", "threshold")],
    "comparison": [("Compare with", "compared"), ("Begin again", "compared")],
    "kmeans": [("Assign", "assignment"), ("Move", "centres")],
    "linked": [("height over margin", "at"), ("height over margin", "linked.margin")],
    "posterior": [("mean", "mean"), ("deviation", "deviation")],
    "ranking": [("Best order", "order"), ("K", "k")],
    "replay": [("Step", "place"), ("Step", "place")],
    "split": [("class d", "unseen"), ("Last two", "unseen")],
    "triplet": [("margin", "margin"), ("One step downhill", "sketch")],
    "walker": [("you at", "z"), ("Begin a new walk here", "start")],
}


@EACH
@pytest.mark.browser
def test_mouse_and_finger_reach_python_in_jupyterlab(lab_notebook, name):
    notebook = lab_notebook(
        f"import sys\nsys.path.insert(0, {samples.__file__.rsplit('/', 1)[0]!r})\n"
        f"import samples\nwidget = samples.SAMPLES[{name!r}][0]()\nwidget"
    )
    page = notebook.page
    for finger, (label, trait) in enumerate(PRESSED[name]):
        before = notebook.python(f"print(widget.{trait})")
        widget = page.locator(".zsbir-live")
        target = widget.get_by_label(label, exact=True)
        if not target.count():
            target = widget.get_by_role("button", name=label)
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        if target.evaluate("e => e.type === 'range'"):
            x = box["x"] + box["width"] * (0.02 if finger else 0.98)  # where it did not stand
        if finger and target.evaluate("e => e.tagName === 'svg'"):
            x = box["x"] + box["width"] / 4
        if finger:
            page.touchscreen.tap(x, y)
        else:
            page.mouse.move(x, y)
            page.mouse.down()
            if label.endswith(" at"):  # a point to drag
                page.mouse.move(x + 40, y, steps=4)
            page.mouse.up()
        for _ in range(20):
            page.wait_for_timeout(250)
            if (after := notebook.python(f"print(widget.{trait})")) != before:
                break
        assert after != before, f"{label} does not reach {trait}"
