"""A figure and the widget that it is linked to, beside each other in a page."""

import pytest
import samples


def opened(static_page, **options):
    figure = samples.linked()
    page = static_page(figure.linked, figure, **options)
    page.locator(".zsbir-linked .zsbir-live-status").wait_for()
    return page


def marked(page):
    return page.locator(".zsbir-linked [role=slider]").get_attribute("aria-valuetext")


@pytest.mark.browser
def test_the_mark_follows_the_widget(static_page):
    page = opened(static_page)
    assert marked(page) == "0.6; square 0.360, </script><b> 3.40"
    page.get_by_label("margin", exact=True).first.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.zsbir-linked [role=slider]')"
                           ".getAttribute('aria-valuetext').startsWith('0.7;')")  # fmt: skip
    assert page.locator(".zsbir-linked .zsbir-live-status").inner_text() == "margin 0.7"


@pytest.mark.browser
def test_keys_and_a_click_lead_the_widget(static_page):
    page = opened(static_page)
    margin = page.locator(".zsbir-triplet .zsbir-live-slider output").first
    mark = page.locator(".zsbir-linked [role=slider]")
    mark.focus()
    page.keyboard.press("End")
    assert marked(page).startswith("2;")
    assert float(margin.inner_text()) == 2
    box = page.locator(".zsbir-linked-chart").bounding_box()
    # Half way along the axis, which begins after its numbers.
    left, right = (52 / 520, 506 / 520)
    page.mouse.click(box["x"] + box["width"] * (left + right) / 2, box["y"] + box["height"] / 2)
    assert marked(page).startswith("1;")
    assert float(margin.inner_text()) == 1


@pytest.mark.browser
def test_without_the_other_widget_the_mark_still_answers(static_page):
    figure = samples.linked()
    page = static_page(figure)
    page.locator(".zsbir-linked [role=slider]").focus()
    page.keyboard.press("Home")
    assert marked(page).startswith("0;")
