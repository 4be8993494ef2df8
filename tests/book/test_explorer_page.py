"""Figures with sliders move on the built pages, without a kernel."""

import pytest
from build_book import pages
from colab_cell import BOOK

WITH_EXPLORER = [
    page
    for page in pages()
    if (path := BOOK.parent / f"{page}.ipynb").exists()
    and "Explorer(" in path.read_text(encoding="utf-8")
]


@pytest.mark.browser
@pytest.mark.parametrize("page", WITH_EXPLORER)
def test_a_slider_changes_the_picture_and_its_words(browser, address, page):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    tab = context.new_page()
    errors = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto(f"{address}/{page}.html")
    figure = tab.locator(".zsbir-explorer").first
    figure.wait_for(timeout=20_000)
    figure.scroll_into_view_if_needed()
    picture, slider = figure.locator("img"), figure.locator("input[type=range]").first
    before = picture.get_attribute("src"), picture.get_attribute("alt")
    place, last = int(slider.input_value()), int(slider.get_attribute("max"))
    slider.focus()
    tab.keyboard.press("ArrowRight" if place < last else "ArrowLeft")
    after = picture.get_attribute("src"), picture.get_attribute("alt")
    assert before[0] != after[0]
    assert before[1] != after[1]
    assert all(len(words.split()) >= 4 for words in (before[1], after[1]))
    assert slider.get_attribute("aria-valuetext")
    box = figure.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    context.close()
    assert errors == []
