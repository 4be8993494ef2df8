"""The collapse explorer in a static page and in JupyterLab: its numbers are Python's."""

import re

import numpy as np
import pytest
import samples

from zsbir_lib.widgets import CollapseExplorer, LatentRun


def shown(page):
    """Return nats, active numbers, all of them, and width, as the page says."""
    text = page.locator(".zsbir-live-words").inner_text()
    return [float(number) for number in re.findall(r"\d+\.?\d*", text)]


def marks(page):
    """Return what the photos found are called, for those who do not see their frames."""
    pictures = page.locator(".zsbir-collapse-found img").all()
    return [picture.get_attribute("alt") for picture in pictures]


def agrees(page, widget):
    total = len(widget.run["nats"])
    assert shown(page) == pytest.approx(
        [widget.nats, widget.active, total, widget.width, widget.right, 6], abs=5.1e-3
    )
    assert marks(page) == ["right" if widget.own[i] else "wrong" for i in widget.run["found"]]
    assert page.locator("[data-cloud] path").count() == len(widget.run["samples"])
    filled = page.locator(".zsbir-collapse-views svg >> nth=1").locator("g rect[fill^=var]")
    assert filled.count() == widget.active


@pytest.mark.browser
def test_keys_and_choices_change_the_run(static_page):
    widget = samples.collapse()
    page = static_page(samples.collapse())
    page.locator(".zsbir-live-words").wait_for()
    agrees(page, widget)
    weight = page.get_by_label("Weight", exact=True)
    for place in (1, 2):
        weight.focus()
        page.keyboard.press("ArrowRight")
        widget.place = place
        agrees(page, widget)
    assert page.locator(".zsbir-live-status").inner_text().startswith("Collapsed")
    page.get_by_label("Term").select_option("regulariser")
    widget.sweep = "regulariser"
    agrees(page, widget)
    assert weight.get_attribute("max") == "1"
    page.get_by_label("Active above").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    widget.threshold = 0.001
    agrees(page, widget)


@pytest.mark.browser
@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "finger"])
def test_the_slider_answers_to_a_pointer(static_page, touch):
    widget = samples.collapse()
    page = static_page(samples.collapse(), width=390, has_touch=touch)
    weight = page.get_by_label("Weight", exact=True)
    weight.wait_for()
    weight.scroll_into_view_if_needed()
    box = weight.bounding_box()
    place = box["x"] + box["width"] - 5, box["y"] + box["height"] / 2
    if touch:
        page.touchscreen.tap(*place)
    else:
        page.mouse.click(*place)
    widget.place = 2
    agrees(page, widget)


@pytest.mark.browser
def test_a_script_in_the_name_of_a_term_is_text(static_page):
    evil = "<img src=x onerror=window.broken=1>"
    run = LatentRun([0.5], [0.4], [[0, 0], [1, 1]])
    page = static_page(CollapseExplorer({evil: {1: run}}, np.eye(2), [True, False]))
    assert page.locator("option").inner_text() == evil
    assert page.evaluate("window.broken") is None


@pytest.mark.browser
def test_in_jupyterlab_page_and_python_follow_each_other(lab_notebook):
    notebook = lab_notebook(
        "from zsbir_lib.widgets import CollapseExplorer, LatentRun\n"
        "runs = {w: LatentRun([0.5 / w, 0.1], [0.4 / w, 0.2], [[0, 0], [1 / w, 1]])"
        " for w in (1, 10, 100)}\n"
        "widget = CollapseExplorer({'beta': runs}, [[0, 0], [1, 1]], [True, False])\n"
        "widget"
    )
    page = notebook.page
    notebook.python("widget.place = 2")
    page.get_by_text("1 of 2 latent numbers active").wait_for()
    page.get_by_label("Weight", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    notebook.settle()
    assert notebook.python("print(widget.run['weight'], widget.active)") == "10.0 2"


@pytest.mark.browser
def test_the_bars_say_what_they_are(static_page):
    page = static_page(samples.collapse())
    words = " ".join(page.locator(".zsbir-live-plane text").all_text_contents())
    assert "nats" in words
    assert "6 latent numbers, the most used first" in words
