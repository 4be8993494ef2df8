"""A page of the book, printed from the browser: whole, with nothing cut off or folded away."""

import io

import pytest
from build_book import pages
from pypdf import PdfReader
from visits import DESKTOP, opened, show_pictures


@pytest.mark.browser
@pytest.mark.parametrize("page", pages())
def test_paper_is_wide_enough(seen, page):
    assert seen(page)["paper"] == {"cut": [], "tall": []}


@pytest.mark.browser
@pytest.mark.parametrize("page", ["book/cvae", "book/benchmark"])
def test_solutions_and_hints_are_unfolded_on_paper(browser, address, page):
    with opened(browser, f"{address}/{page}.html", DESKTOP, "light") as tab:
        show_pictures(tab)
        folded = tab.locator("article details:not([open])").count()
        solutions = tab.locator("article .tag_hide-cell details.hide").count()
        reader = PdfReader(io.BytesIO(tab.pdf(format="A4")))
    assert folded >= 2 * solutions > 0  # with a hint for each
    text = "\n".join(sheet.extract_text() for sheet in reader.pages)
    assert text.count("Solution to exercise") >= solutions
    assert text.count("Hint") >= solutions
    for prompt in ("the code", "a solution", "code cell"):
        assert f"Hide {prompt}" not in text
        assert f"Show {prompt}" not in text
