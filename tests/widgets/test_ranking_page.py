"""The ranking explorer in a static page: its scores are the library's, however it is driven."""

import pytest

from zsbir_lib.widgets import RankingExplorer

RELEVANCE = [1, 0, 1, 0, 0, 1, 0, 0, 0, 0]


@pytest.fixture
def widget():
    return RankingExplorer(RELEVANCE, 40, k=10, names=[f"class {i}" for i in range(10)])


def shown(page):
    """Return the scores on the page."""
    cells = page.locator(".zsbir-live-scores tr td:nth-of-type(2)")
    return [float(text) for text in cells.all_inner_texts()]


def order(page):
    return [int(name.split()[1]) for name in page.locator(".zsbir-ranking-name").all_inner_texts()]


def agrees(page, widget, wanted_order, k):
    """Whether the page shows this order and the scores that Python computes for it."""
    widget.order, widget.k = wanted_order, k
    assert order(page) == wanted_order
    assert shown(page) == pytest.approx(list(widget.scores.values()), abs=5e-4)


@pytest.mark.browser
def test_scores_follow_cut_and_order(static_page, widget):
    page = static_page(widget)
    page.locator(".zsbir-ranking").wait_for()
    agrees(page, widget, list(range(10)), 10)
    page.get_by_label("K", exact=True).focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    agrees(page, widget, list(range(10)), 6)
    page.get_by_role("button", name="Best order").click()
    agrees(page, widget, [0, 2, 5, 1, 3, 4, 6, 7, 8, 9], 6)
    page.get_by_role("button", name="Worst order").click()
    agrees(page, widget, [1, 3, 4, 6, 7, 8, 9, 0, 2, 5], 6)
    page.get_by_role("button", name="As found").click()
    agrees(page, widget, list(range(10)), 6)


@pytest.mark.browser
def test_mouse_drags_a_photo_to_another_rank(static_page, widget):
    page = static_page(widget)
    tile = page.get_by_role("button", name="Rank 6:")
    tile.wait_for()
    start, end = tile.bounding_box(), page.get_by_role("button", name="Rank 2:").bounding_box()
    page.mouse.move(start["x"] + 20, start["y"] + 20)
    page.mouse.down()
    page.mouse.move(end["x"] + 30, end["y"] + 20, steps=5)
    page.mouse.up()
    agrees(page, widget, [0, 5, 1, 2, 3, 4, 6, 7, 8, 9], 10)
    assert "class 5 at rank 2" in page.locator(".zsbir-live-status").inner_text()


@pytest.mark.browser
def test_keys_move_a_photo_and_keep_the_focus_on_it(static_page, widget):
    page = static_page(widget)
    page.get_by_role("button", name="Rank 6:").focus()
    for key in ("Space", "ArrowLeft", "ArrowLeft", "ArrowUp", "Space"):
        page.keyboard.press(key)
    agrees(page, widget, [0, 1, 5, 2, 3, 4, 6, 7, 8, 9], 10)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Rank 3")
    # Put down: arrows now only move the focus.
    page.keyboard.press("ArrowRight")
    agrees(page, widget, [0, 1, 5, 2, 3, 4, 6, 7, 8, 9], 10)
    # At either end there is nowhere to go.
    page.get_by_role("button", name="Rank 1:").focus()
    for key in ("Space", "ArrowLeft"):
        page.keyboard.press(key)
    agrees(page, widget, [0, 1, 5, 2, 3, 4, 6, 7, 8, 9], 10)


@pytest.mark.browser
def test_a_finger_taps_two_ranks(static_page, widget):
    page = static_page(widget, width=390, has_touch=True)
    page.get_by_role("button", name="Rank 6:").tap()
    page.get_by_role("button", name="Rank 1:").tap()
    agrees(page, widget, [5, 0, 1, 2, 3, 4, 6, 7, 8, 9], 10)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.browser
def test_a_script_in_a_class_name_is_text(static_page):
    evil = "<img src=x onerror=window.broken=1></script><b>"
    page = static_page(RankingExplorer([1, 0], names=[evil, "cow"], caption=evil))
    page.locator(".zsbir-ranking").wait_for()
    assert page.locator(".zsbir-ranking-name").first.inner_text() == evil
    assert page.locator("figcaption").inner_text() == evil
    assert page.evaluate("window.broken") is None


@pytest.mark.browser
def test_in_jupyterlab_page_and_python_follow_each_other(lab_notebook):
    notebook = lab_notebook(
        "from zsbir_lib.widgets import RankingExplorer\n"
        f"widget = RankingExplorer({RELEVANCE}, 40, names=[f'class {{i}}' for i in range(10)])\n"
        "widget"
    )
    page = notebook.page
    notebook.python("widget.k = 4")
    page.get_by_text("4 of 10", exact=True).wait_for()
    page.get_by_role("button", name="Best order").click()
    page.wait_for_function(
        "document.querySelector('.zsbir-ranking-name').textContent === 'class 0'"
    )
    assert order(page) == [0, 2, 5, 1, 3, 4, 6, 7, 8, 9]
    notebook.settle()
    assert notebook.python("print(widget.order)") == "[0, 2, 5, 1, 3, 4, 6, 7, 8, 9]"
    assert notebook.python("print(widget.scores['k'])") == "0.75"
    # A key that moves a photo does not move the notebook's cells.
    page.get_by_role("button", name="Rank 1:").focus()
    for key in ("Space", "ArrowDown", "Space"):
        page.keyboard.press(key)
    notebook.settle()
    assert notebook.python("print(widget.order[:3])") == "[2, 0, 5]"
    assert page.locator(".jp-Notebook .jp-Cell").count() == 1


@pytest.mark.browser
def test_each_mark_tells_by_how_much_it_changed(static_page):
    page = static_page(RankingExplorer([1, 0, 1, 0], 2, names=["cow"] * 4))
    changes = page.locator(".zsbir-ranking-change")
    assert changes.all_inner_texts() == [""] * 5
    values = page.locator(".zsbir-live-scores tr td:nth-of-type(2)")
    before = [float(text) for text in values.all_inner_texts()]
    page.get_by_role("button", name="Worst order").click()
    after = [float(text) for text in values.all_inner_texts()]
    for text, old, new in zip(changes.all_inner_texts(), before, after, strict=True):
        told = 0 if text == "unchanged" else float(text[2:].replace("−", "-"))
        assert told == pytest.approx(new - old, abs=0.0011)
    assert any(text.startswith("▼") for text in changes.all_inner_texts())
