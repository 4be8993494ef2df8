"""The replay in a static page and in JupyterLab: its numbers are Python's, its lines the grid's."""

import re

import numpy as np
import pytest
import samples

from zsbir_lib.widgets import AdversarialReplay, GameFrame


def shown(page):
    text = page.locator(".zsbir-live-words").inner_text()
    return [float(number) for number in re.findall(r"-?\d+\.\d+", text)]


def agrees(page, widget):
    assert shown(page) == pytest.approx(widget.moments, abs=5.1e-3)
    assert page.locator("output").inner_text() == f"step {widget.step}"


@pytest.mark.browser
def test_keys_scrub_and_the_game_can_be_changed(static_page):
    widget = samples.replay()
    page = static_page(samples.replay())
    page.locator(".zsbir-live-words").wait_for()
    agrees(page, widget)
    page.get_by_label("Step", exact=True).focus()
    for place in (1, 2, 2):
        page.keyboard.press("ArrowRight")
        widget.place = place
        agrees(page, widget)
    page.get_by_label("Game", exact=True).select_option("two")
    widget.game = "two"
    agrees(page, widget)
    assert page.locator(".zsbir-live-status").inner_text() == "two, step 20"


@pytest.mark.browser
def test_lines_lie_where_the_grid_has_the_level(static_page):
    side = np.linspace(-3, 3, 13)
    heights = np.repeat((side[None] + 3) / 6, 13, axis=0)  # rises from left to right alone
    codes = np.array([[0, 0], [1, 1], [2, 0.0]])
    page = static_page(AdversarialReplay({"a": [GameFrame(0, codes, heights)]}, (-3, 3)))
    page.locator("[data-lines] path").first.wait_for(state="attached")
    places = page.locator("[data-lines] path").evaluate_all(
        "all => all.flatMap(path => [...path.getAttribute('d').matchAll(/[ML]([-\\d.]+)/g)])"
        ".map(found => Number(found[1]))"
    )
    assert sorted({round(place / 400, 2) for place in places}) == [0.1, 0.5, 0.9]


@pytest.mark.browser
@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "finger"])
def test_it_plays_to_the_end_and_stops(static_page, touch):
    page = static_page(samples.replay(), width=390, has_touch=touch)
    play = page.get_by_role("button", name="Play")
    play.wait_for()
    (play.tap if touch else play.click)()
    assert page.get_by_role("button", name="Pause").count() == 1
    page.get_by_text("step 20", exact=True).wait_for(timeout=5_000)
    play.wait_for(timeout=2_000)
    # Once more from the beginning, and stopped by hand.
    (play.tap if touch else play.click)()
    page.get_by_text("step 0", exact=True).wait_for(timeout=2_000)
    pause = page.get_by_role("button", name="Pause")
    (pause.tap if touch else pause.click)()
    page.wait_for_timeout(1_600)
    assert page.locator("output").inner_text() != "step 20"


@pytest.mark.browser
def test_a_script_in_the_name_of_a_game_is_text(static_page):
    evil = "<img src=x onerror=window.broken=1>"
    frames = [GameFrame(0, [[0, 0], [1, 1], [2, 0]], [[0, 1], [0, 1]])]
    widget = AdversarialReplay({evil: frames}, (-3, 3))
    page = static_page(widget)
    assert page.locator("option").inner_text() == evil
    assert page.evaluate("window.broken") is None


@pytest.mark.browser
def test_in_jupyterlab_page_and_python_follow_each_other(lab_notebook):
    notebook = lab_notebook(
        "from zsbir_lib.widgets import AdversarialReplay, GameFrame\n"
        "frames = [GameFrame(s, [[s, 0], [s, 1], [s + 1, 2]], [[0, 1], [0, 1]])"
        " for s in (0, 1, 2)]\n"
        "widget = AdversarialReplay({'a': frames}, (-3, 3))\n"
        "widget"
    )
    page = notebook.page
    notebook.python("widget.place = 2")
    page.get_by_text("step 2", exact=True).wait_for()
    page.get_by_label("Step", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    notebook.settle()
    assert notebook.python("print(widget.step)") == "1"


@pytest.mark.browser
def test_levels_are_named_and_the_text_keeps_up_with_play(static_page):
    page = static_page(samples.replay())
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Play").wait_for()  # it has ended
    assert page.locator(".zsbir-live-status").inner_text().endswith("step 20")
    levels = page.locator("[data-level]").all_text_contents()
    drawn = page.locator("[data-lines] path").count()
    assert len(levels) == drawn > 0
