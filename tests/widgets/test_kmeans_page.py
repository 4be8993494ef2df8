"""K-means in a static page and in JupyterLab: its steps are those of Python."""

import json
import re

import numpy as np
import pytest
from sklearn.cluster import KMeans

from zsbir_lib.widgets import KMeansStepper

POINTS = np.random.default_rng(2).normal(size=(50, 2)).round(3)


def centres(page):
    """Return where the page says that the centres are."""
    labels = page.locator("[aria-label^='Centre ']").evaluate_all(
        "all => all.map(one => one.getAttribute('aria-label'))"
    )
    return [[float(x) for x in label.split(" at ")[1].split(", ")] for label in labels]


def distortion(page):
    return float(re.search(r"\d+\.\d+", page.locator(".zsbir-live-words").inner_text()).group())


def agrees(page, widget):
    np.testing.assert_allclose(centres(page), widget.centres, atol=6e-3)
    assert distortion(page) == pytest.approx(widget.distortion, abs=6e-3)


@pytest.mark.browser
def test_steps_are_those_of_python(static_page):
    widget = KMeansStepper(POINTS)
    page = static_page(KMeansStepper(POINTS))
    assign = page.get_by_role("button", name="Assign", exact=True)
    assign.wait_for()
    agrees(page, widget)
    for _ in range(3):
        assign.click()
        widget.assign()
        agrees(page, widget)
        page.get_by_role("button", name="Move", exact=True).click()
        widget.move()
        agrees(page, widget)


@pytest.mark.browser
def test_it_runs_to_the_end_of_scikit_learn(static_page):
    page = static_page(KMeansStepper(POINTS, 5))
    finish = page.get_by_role("button", name="Run to the end")
    finish.click()
    known = KMeans(5, init=POINTS[:5], n_init=1, tol=0).fit(POINTS)
    np.testing.assert_allclose(centres(page), known.cluster_centers_, atol=6e-3)
    assert distortion(page) == pytest.approx(known.inertia_, abs=6e-3)
    assert finish.is_disabled()
    assert "Nothing changes" in page.locator(".zsbir-live-status").inner_text()
    label = page.locator("[aria-label^='Distortion after']").get_attribute("aria-label")
    trace = [float(value) for value in re.findall(r"\d+\.\d+", label)]
    assert trace == sorted(trace, reverse=True)
    assert len(trace) > 3
    page.get_by_role("button", name="Start again").click()
    np.testing.assert_allclose(centres(page), POINTS[:5], atol=6e-3)
    assert not finish.is_disabled()


@pytest.mark.browser
def test_another_k_draws_its_centres_among_the_points(static_page):
    page = static_page(KMeansStepper(POINTS))
    page.get_by_label("K", exact=True).focus()
    page.keyboard.press("End")
    found = np.array(centres(page))
    assert len(found) == 8
    gaps = np.abs(found[:, None] - POINTS).sum(axis=2).min(axis=1)
    assert gaps.max() < 0.02
    assert len({tuple(place) for place in found.tolist()}) == 8
    page.keyboard.press("Home")
    page.get_by_role("button", name="Run to the end").click()
    np.testing.assert_allclose(centres(page), [POINTS.mean(axis=0)], atol=6e-3)


@pytest.mark.browser
def test_keys_and_a_finger_move_a_centre(static_page):
    page = static_page(KMeansStepper(POINTS), width=390, has_touch=True)
    centre = page.locator("[aria-label^='Centre 2']")
    centre.wait_for()
    centre.focus()
    x, y = centres(page)[1]
    page.keyboard.press("Shift+ArrowRight")
    assert centres(page)[1][0] > x
    assert centres(page)[1][1] == y
    box = page.locator("[aria-label^='Centre 1'] path").bounding_box()
    px, py = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    before = centres(page)[0]
    for kind, points in (("touchStart", [(px, py)]), ("touchMove", [(px + 10, py)]),
                         ("touchMove", [(px + 30, py + 5)]), ("touchEnd", [])):  # fmt: skip
        touches = [{"x": a, "y": b} for a, b in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    assert centres(page)[0][0] > before[0]
    assert page.evaluate("scrollY") == 0


@pytest.mark.browser
def test_points_at_one_place_do_no_harm(static_page):
    page = static_page(KMeansStepper(np.zeros((5, 2)), 3))
    page.get_by_role("button", name="Run to the end").click()
    assert distortion(page) == 0
    page.get_by_role("button", name="Another start").click()
    page.get_by_role("button", name="Run to the end").click()
    assert distortion(page) == 0


@pytest.mark.browser
def test_in_jupyterlab_page_and_python_follow_each_other(lab_notebook):
    notebook = lab_notebook(
        "from zsbir_lib.widgets import KMeansStepper\n"
        f"widget = KMeansStepper({POINTS.tolist()})\n"
        "widget"
    )
    page = notebook.page
    page.get_by_role("button", name="Assign", exact=True).focus()
    page.keyboard.press("Enter")
    notebook.settle()
    found = json.loads(notebook.python("print(widget.assignment)"))
    expected = KMeansStepper(POINTS)
    expected.assign()
    assert found == expected.assignment
    notebook.python("widget.move()")
    expected.move()
    page.get_by_role("button", name="Assign", exact=True).wait_for()
    np.testing.assert_allclose(centres(page), expected.centres, atol=6e-3)


@pytest.mark.browser
def test_regions_follow_the_centres_and_past_runs_are_kept(static_page):
    page = static_page(KMeansStepper(np.random.default_rng(0).normal(size=(40, 2))))
    regions = page.locator("[data-regions]")
    page.get_by_role("button", name="Run to the end").click()
    before = regions.inner_html()
    colours = set(regions.evaluate("g => [...g.children].map(one => one.getAttribute('fill'))"))
    assert len(colours) == page.locator("[aria-label^='Centre']").count()
    ended = page.locator(".zsbir-live-words").inner_text().split()[1]
    page.get_by_role("button", name="Another start").click()
    assert regions.inner_html() != before
    assert f"came to {ended}" in page.locator(".zsbir-live-help").inner_text()
    assert page.locator("[data-past]").count() == 1
