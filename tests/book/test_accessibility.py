"""No page has a fault that axe-core calls serious or critical, in light and in dark mode."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from build_book import pages

GRAVE = {"serious", "critical"}

# Contrast is measured element by element, which takes most of the time, and code is thousands of
# elements of a few colours: of those that share their classes, and whose blocks do, the first stays
# one and the others become plain text. (To exclude them takes axe longer than to look at them.)
UNWRAP_REPETITIONS = """() => {
    const met = new Set();
    for (const token of document.querySelectorAll("pre span:not([style])")) {
        if (token.childElementCount) continue;
        const blocks = [];
        for (let at = token; at && at.tagName !== "ARTICLE"; at = at.parentElement)
            blocks.push(at.className, at.getAttribute("style"));
        const kind = blocks.join("|");
        if (met.has(kind)) token.replaceWith(token.textContent);
        met.add(kind);
    }
}"""


def faults(tab, **options):
    tab.evaluate(UNWRAP_REPETITIONS)
    return Axe().run(tab, options={"resultTypes": ["violations"], **options}).response["violations"]


@pytest.mark.browser
@pytest.mark.parametrize("page", pages())
def test_axe_finds_no_grave_fault(browser, address, page):
    found = []
    # What a page says and how it is built is the same in both; its colours are not.
    for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
        tab = context.new_page()
        tab.goto(f"{address}/{page}.html", wait_until="load")
        tab.evaluate("window.MathJax?.startup?.promise")
        tab.wait_for_load_state("networkidle")
        for fault in faults(tab, **rules):
            if fault["impact"] in GRAVE:
                places = [node["target"][0] for node in fault["nodes"][:3]]
                found.append(f"{scheme}: {fault['id']} ({fault['help']}) at {places}")
        context.close()
    assert found == []


@pytest.mark.browser
def test_a_colour_of_code_that_cannot_be_read_is_found(browser, address):
    context = browser.new_context(color_scheme="light")
    tab = context.new_page()
    tab.goto(f"{address}/book/tour.html", wait_until="load")
    assert faults(tab, runOnly=["color-contrast"]) == []
    tab.add_style_tag(content="html[data-theme] .highlight .kn { color: #eee !important }")
    (fault,) = faults(tab, runOnly=["color-contrast"])
    assert all('class="kn"' in node["html"] for node in fault["nodes"])
    context.close()
