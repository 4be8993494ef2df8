"""The page that a student gets back, on a phone and whatever its texts are."""

import pytest

from zsbir_lib.course import Autograder, Grade, Mark, read_autograder
from zsbir_lib.course.report import report_page


@pytest.fixture
def page(built):
    """A report in which each question was answered with a long word."""
    asked: Autograder = read_autograder(built.autograder)
    marks = tuple(
        Mark(
            about["key"],
            None if about["key"] == "1.8" else 1.0,
            about["points"],
            "not yet: `" + "x" * 70 + "` is <b>no</b> number.",
        )
        for about in asked.questions
    )
    return report_page("Élodie <script>", asked, Grade(marks, ("a remark",)))


def test_texts_are_texts(page):
    assert "<script>" not in page
    assert "<b>" not in page
    assert "http" not in page


@pytest.mark.browser
def test_on_a_phone_no_word_is_broken_and_nothing_sticks_out(browser, page):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    tab = context.new_page()
    tab.set_content(page)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    # A heading of one word is one line high.
    heights = tab.evaluate(
        """[...document.querySelectorAll("th")].filter(one => !one.textContent.includes(" "))
        .map(one => { const range = document.createRange(); range.selectNodeContents(one);
                      return range.getClientRects().length; })"""
    )
    context.close()
    assert set(heights) == {1}
