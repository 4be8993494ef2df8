"""The posterior explorer in a static page and in JupyterLab."""

import json

import pytest

from zsbir_lib.widgets import PosteriorExplorer


def shown(page):
    """Return fit, price, bound, gap and log p(x)."""
    values = page.locator(".zsbir-live-numbers dd").all_inner_texts()
    return [float(value.replace("−", "-")) for value in values]


def expected(widget):
    return [widget.fit, widget.price, widget.bound, widget.gap, widget.bound + widget.gap]


def draws(page):
    """Return where the draws stand on the axis of z."""
    places = page.locator("[data-draws] line").evaluate_all(
        "all => all.map(one => +one.getAttribute('x1'))"
    )
    return [8 * place / 480 - 4 for place in places]


def agrees(page, **choices):
    widget = PosteriorExplorer(**choices)
    assert shown(page) == pytest.approx(expected(widget), abs=0.006)
    standing = [widget.mean + widget.deviation * noise for noise in widget.noise]
    assert draws(page) == pytest.approx(standing, abs=1e-6)


@pytest.mark.browser
def test_opens_with_the_numbers_of_the_library(static_page):
    page = static_page(PosteriorExplorer(0.5, 0.5))
    page.locator(".zsbir-live-numbers").wait_for()
    agrees(page, mean=0.5, deviation=0.5)


@pytest.mark.browser
def test_keys_find_the_posterior(static_page):
    page = static_page(PosteriorExplorer())
    page.get_by_label("mean", exact=True).focus()
    for _ in range(16):
        page.keyboard.press("ArrowRight")
    page.get_by_label("deviation", exact=True).focus()
    for _ in range(11):
        page.keyboard.press("ArrowLeft")
    agrees(page, mean=0.8, deviation=0.45)
    assert "The gap is closed" in page.locator(".zsbir-live-status").inner_text()
    page.keyboard.press("Home")
    agrees(page, mean=0.8, deviation=0.05)
    assert page.locator(".zsbir-live-status").inner_text() == ""


@pytest.mark.browser
def test_mouse_and_finger_move_the_sliders(static_page):
    page = static_page(PosteriorExplorer(), has_touch=True)
    slider = page.get_by_label("observed x")
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    agrees(page, x=3)
    noise = page.get_by_label("noise σ²")
    box = noise.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    agrees(page, x=3, variance=4.0)


@pytest.mark.browser
def test_the_draws_follow_the_guess_until_new_ones_are_wanted(static_page):
    page = static_page(PosteriorExplorer(0.0, 1.0))
    page.locator("[data-draws]").wait_for()
    first = draws(page)
    page.get_by_label("mean", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert draws(page) == pytest.approx([place + 0.05 for place in first])
    page.get_by_role("button", name="Draw new noise").click()
    fresh = draws(page)
    assert len(fresh) == len(first)
    assert fresh != pytest.approx(first, abs=0.1)


@pytest.mark.browser
def test_in_jupyterlab_page_and_python_follow_each_other(lab_notebook):
    notebook = lab_notebook(
        "from zsbir_lib.widgets import PosteriorExplorer\nwidget = PosteriorExplorer()\nwidget"
    )
    page = notebook.page
    notebook.python("widget.mean = 0.8")
    page.locator("output", has_text="0.80").first.wait_for()
    page.get_by_label("deviation", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    notebook.settle()
    terms = "widget.fit, widget.price, widget.bound, widget.gap, widget.bound + widget.gap"
    values = json.loads(notebook.python(f"print([{terms}])"))
    assert shown(page) == pytest.approx(values, abs=0.006)
    assert float(notebook.python("print(widget.deviation)")) == pytest.approx(0.95)


@pytest.mark.browser
def test_the_guess_is_dragged_by_its_peak(static_page):
    page = static_page(PosteriorExplorer())

    def chosen(name):
        return float(page.get_by_role("slider", name=name).input_value())

    peak = page.locator("[aria-label^='peak of q']")
    peak.wait_for()
    start = peak.locator("circle").last.bounding_box()
    plane = page.locator(".zsbir-live-plane").first.bounding_box()
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + plane["width"] / 8, y + 0.1 * plane["height"], steps=4)
    page.mouse.up()
    # The plane is 8 wide: an eighth of it is 1. Lower is wider.
    assert chosen("mean") == pytest.approx(1, abs=0.051)
    assert chosen("deviation") > 1.05
    end = peak.locator("circle").last.bounding_box()
    assert end["x"] == pytest.approx(start["x"] + plane["width"] / 8, abs=4)
    peak.focus()
    page.keyboard.press("ArrowLeft")
    assert chosen("mean") == pytest.approx(0.95, abs=0.051)
