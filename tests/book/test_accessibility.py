"""No page has a fault that axe-core calls serious or critical, in light and in dark mode."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from build_book import pages

OPTIONS = {"resultTypes": ["violations"]}
GRAVE = {"serious", "critical"}


@pytest.mark.browser
@pytest.mark.parametrize("page", pages())
def test_axe_finds_no_grave_fault(browser, address, page):
    found = []
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
        tab = context.new_page()
        tab.goto(f"{address}/{page}.html", wait_until="load")
        tab.evaluate("window.MathJax?.startup?.promise")
        tab.wait_for_load_state("networkidle")
        for fault in Axe().run(tab, options=OPTIONS).response["violations"]:
            if fault["impact"] in GRAVE:
                places = [node["target"][0] for node in fault["nodes"][:3]]
                found.append(f"{scheme}: {fault['id']} ({fault['help']}) at {places}")
        context.close()
    assert found == []
