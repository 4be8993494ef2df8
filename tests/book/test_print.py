"""A page of the book, printed from the browser: whole, with nothing cut off or folded away."""

import io

import pytest
from build_book import pages
from pypdf import PdfReader

# The width of A4 without margins of 18 mm, in CSS pixels.
PAPER = {"width": 657, "height": 986}


@pytest.fixture
def opened(browser, address):
    """Return what opens a page as on the screen, typeset and with its pictures."""
    contexts = []

    def open_page(page):
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}))
        tab = contexts[-1].new_page()
        tab.goto(f"{address}/{page}.html", wait_until="load")
        tab.evaluate("window.MathJax?.startup?.promise")
        tab.evaluate("document.querySelectorAll('img').forEach(one => one.loading = 'eager')")
        tab.wait_for_function("[...document.images].every(one => one.complete)")
        return tab

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.browser
@pytest.mark.parametrize("page", pages())
def test_paper_is_wide_enough(opened, page):
    tab = opened(page)
    tab.emulate_media(media="print")
    tab.set_viewport_size(PAPER)
    cut = tab.evaluate(
        """[...document.querySelectorAll(
            'article :is(div.math mjx-container, pre, table, img, figure)')]
        .filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0
            || one.getBoundingClientRect().right > innerWidth + 1)
        .map(one => `${one.tagName}: ${one.textContent.slice(0, 60)}`)"""
    )
    assert cut == []
    tall = tab.evaluate(
        "[...document.querySelectorAll('article img')]"
        ".map(one => one.getBoundingClientRect().height).filter(height => height > innerHeight)"
    )
    assert tall == []


@pytest.mark.browser
@pytest.mark.parametrize("page", ["book/cvae", "book/benchmark"])
def test_solutions_and_hints_are_unfolded_on_paper(opened, page):
    tab = opened(page)
    folded = tab.locator("article details:not([open])").count()
    solutions = tab.locator("article details.hide").count()
    assert folded >= 2 * solutions > 0  # with a hint for each
    reader = PdfReader(io.BytesIO(tab.pdf(format="A4")))
    text = "\n".join(sheet.extract_text() for sheet in reader.pages)
    assert text.count("Solution to exercise") >= solutions
    assert text.count("Hint") >= solutions
    assert "Hide code cell" not in text
    assert "Show code cell" not in text
