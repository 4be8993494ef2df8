"""No page has a fault that axe-core calls serious or critical, in light and in dark mode."""

import re

import pytest
from build_book import pages
from visits import DESKTOP, contrast_faults, opened

GRAVE = {"serious", "critical"}


@pytest.mark.browser
@pytest.mark.parametrize("page", pages())
def test_axe_finds_no_grave_fault(seen, page):
    found = []
    for scheme in ("light", "dark"):
        for fault in seen(page)[f"axe {scheme}"]:
            if fault["impact"] in GRAVE:
                places = [node["target"][0] for node in fault["nodes"][:3]]
                found.append(f"{scheme}: {fault['id']} ({fault['help']}) at {places}")
    assert found == []


def test_a_folded_cell_is_named_for_what_it_holds(site):
    text = (site / "book/cvae.html").read_text(encoding="utf-8")
    shown = re.findall(r"<summary>\s*<p class=\"collapsed admonition-title\">(.*?)</p>", text)
    assert {"Show the code", "Show a solution"} == set(shown)
    # No other name hides these words from a screen reader.
    assert len(shown) == text.count('<details class="admonition hide')


@pytest.mark.browser
@pytest.mark.parametrize(
    ("page", "rule", "marked"),
    [
        ("book/tour", ".highlight .kn", 'class="kn"'),
        ("book/appendix/api/retrieval", ".sig .sig-name", "sig-name"),
    ],
)
def test_a_colour_of_code_that_cannot_be_read_is_found(browser, address, page, rule, marked):
    with opened(browser, f"{address}/{page}.html", DESKTOP, "light") as tab:
        tab.add_style_tag(content=f"html[data-theme] {rule} {{ color: #eee !important }}")
        faults = contrast_faults(tab)
    assert faults
    assert all(marked in node["html"] for fault in faults for node in fault["nodes"])
