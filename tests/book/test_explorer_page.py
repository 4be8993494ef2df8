"""Figures with sliders move on the built pages, without a kernel; other widgets appear there."""

import re

import pytest
from build_book import pages
from chromium import note_errors
from colab_cell import BOOK

import zsbir_lib.widgets as family
from zsbir_lib.widgets import LiveWidget

SOURCES = {
    page: path.read_text(encoding="utf-8")
    for page in pages()
    if (path := BOOK.parent / f"{page}.ipynb").exists()
}
WITH_EXPLORER = [page for page, text in SOURCES.items() if re.search(r"\bExplorer\(", text)]
LIVE = [
    name for name in family.__all__
    if issubclass(getattr(family, name), LiveWidget) and name != "LiveWidget"
]  # fmt: skip
USES = {page: len(re.findall(rf"\b(?:{'|'.join(LIVE)})\(", text)) for page, text in SOURCES.items()}
WITH_LIVE = [page for page, uses in USES.items() if uses]


def test_every_live_widget_has_a_place_in_the_book():
    unused = [name for name in LIVE if not any(f"{name}(" in text for text in SOURCES.values())]
    assert unused == []


@pytest.mark.browser
@pytest.mark.parametrize("page", WITH_LIVE)
def test_live_widgets_appear_on_a_phone(browser, address, page):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    tab = context.new_page()
    errors = []
    note_errors(tab, errors)
    tab.goto(f"{address}/{page}.html")
    shown = tab.locator(".zsbir-live")
    shown.first.wait_for(timeout=20_000)
    tab.wait_for_function(
        "n => document.querySelectorAll('.zsbir-live').length === n", arg=USES[page]
    )
    for one in shown.all():
        box = one.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    context.close()
    assert errors == []


@pytest.mark.browser
@pytest.mark.parametrize("page", WITH_EXPLORER)
def test_a_slider_changes_the_picture_and_its_words(browser, address, page):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    tab = context.new_page()
    errors = []
    note_errors(tab, errors)
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
