"""The explorer in a static page and in JupyterLab."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from zsbir_lib.plots import new_plot
from zsbir_lib.widgets import Explorer

LAB = """
from zsbir_lib.plots import new_plot
from zsbir_lib.widgets import Explorer
def draw(height):
    figure, axes = new_plot(2, 1)
    axes.bar([0, 1], [height, 3])
    figure.alt_text = f"Two bars, the first {height} high"
    return figure
widget = Explorer(draw, {"height": [1, 2, 3, 4]})
widget
"""


def make():
    def draw(height):
        figure, axes = new_plot(2, 1)
        axes.bar([0, 1], [height, 3])
        figure.alt_text = f"Two bars, the first {height} high"
        return figure

    return Explorer(draw, {"height": [1, 2, 3, 4]}, start=[2], caption="<b>Move it.</b>")


def words(page):
    return page.locator(".zsbir-explorer img").get_attribute("alt")


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_mouse_and_keys_move_it_and_axe_finds_no_fault(static_page, dark):
    page = static_page(make(), dark=dark)
    slider = page.get_by_label("height")
    assert words(page) == "Two bars, the first 2 high"
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    assert words(page) == "Two bars, the first 4 high"
    page.keyboard.press("ArrowLeft")
    assert words(page) == "Two bars, the first 3 high"
    assert slider.get_attribute("aria-valuetext") == "3"
    assert page.locator("figcaption").inner_text() == "<b>Move it.</b>"
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []


@pytest.mark.browser
def test_a_finger_moves_it(static_page):
    page = static_page(make(), width=390, has_touch=True)
    box = page.get_by_label("height").bounding_box()
    page.touchscreen.tap(box["x"] + 2, box["y"] + box["height"] / 2)
    assert words(page) == "Two bars, the first 1 high"


@pytest.mark.browser
def test_in_jupyterlab_page_and_python_follow_each_other(lab_notebook):
    notebook = lab_notebook(LAB)
    page = notebook.page
    notebook.python("widget.position = [2]")
    page.locator("[alt='Two bars, the first 3 high']").wait_for()
    page.get_by_label("height").focus()
    page.keyboard.press("ArrowRight")
    notebook.settle()
    assert notebook.python("print(widget.position)") == "[3]"
    assert words(page) == "Two bars, the first 4 high"
    box = page.get_by_label("height").bounding_box()
    page.mouse.click(box["x"] + 2, box["y"] + box["height"] / 2)
    notebook.settle()
    assert notebook.python("print(widget.position)") == "[0]"
    page.touchscreen.tap(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    notebook.settle()
    assert notebook.python("print(widget.position)") == "[3]"


@pytest.mark.browser
def test_what_is_on_or_off_is_a_switch(static_page):
    def draw(scaled):
        figure, _ = new_plot(2, 1)
        figure.alt_text = f"Empty axes, scaled: {scaled}"
        return figure

    page = static_page(Explorer(draw, {"scaled": ["no", "yes"]}))
    switch = page.get_by_role("switch")
    assert words(page) == "Empty axes, scaled: no"
    switch.click()
    assert words(page) == "Empty axes, scaled: yes"
    assert switch.is_checked()
    assert page.locator("output").inner_text() == "yes"
    page.keyboard.press("Space")
    assert words(page) == "Empty axes, scaled: no"
