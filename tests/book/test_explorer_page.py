"""Figures with sliders move on the built pages, without a kernel; other widgets appear there."""

import re

import pytest
from build_book import pages
from colab_cell import BOOK
from visits import PHONE

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
def test_live_widgets_appear_on_a_phone(seen, page):
    ends = seen(page)["phone"]["live"]
    assert len(ends) == USES[page]
    assert all(0 <= left < right <= PHONE["width"] for left, right in ends)


@pytest.mark.browser
@pytest.mark.parametrize("page", WITH_EXPLORER)
def test_a_slider_changes_the_picture_and_its_words(seen, page):
    moved = seen(page)["phone"]["moved"]
    for before, after in (moved["sources"], moved["words"]):
        assert before != after
    assert all(len(words.split()) >= 4 for words in moved["words"])
    assert moved["value"]
    left, right = moved["ends"]
    assert 0 <= left < right <= PHONE["width"]
