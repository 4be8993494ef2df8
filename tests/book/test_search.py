"""What the built book's search finds, and what it shows of a page."""

import pytest

FOUND = """(query) => {
    let found;
    const show = _displayNextItem;
    Search.output = document.createElement("ul");
    const perform = Search._performSearch;
    Search._performSearch = (...asked) => { found = perform(...asked); return []; };
    Search.title = Search.status = document.createElement("p");
    Search.query(query);
    Search._performSearch = perform;
    return found.slice(-3).reverse().map(one => one[0] + one[2]);
}"""
FIRST = {
    "install": "book/intro#install",
    "How do I install?": "book/intro#install",
    "kmeans": "book/retrieval#k-means",
    "K-means": "book/retrieval#k-means",
    "P@20": "book/measuring#precision-at-k-p-10-p-20-and-average-precision",
    "siamese": "book/metric_learning",
    "gan": "book/adversary",
}


@pytest.fixture(scope="module")
def search(browser, address):
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(f"{address}/search.html", wait_until="load")
    tab.wait_for_function("Search.hasIndex()")
    yield tab
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("query", FIRST)
def test_a_reader_finds_the_right_page_first(search, query):
    assert search.evaluate(FOUND, query)[0] == FIRST[query]


@pytest.mark.browser
def test_what_is_shown_of_a_page_is_its_text_without_tex_or_menu(search):
    text = search.evaluate(
        "fetch('book/cvae.html').then(page => page.text()).then(text => Search.htmlToText(text))"
    )
    assert "\\(" not in text
    assert "\\mathbb" not in text
    assert "λ" in text
    assert "Skip to main content" not in text
    assert "Contents" not in text[:200]


@pytest.mark.browser
def test_a_formula_is_read_as_letters(search):
    assert search.evaluate("zsbirReadable", r"\(\lambda \le \sigma^2\)") == "λ ≤ σ^2"
