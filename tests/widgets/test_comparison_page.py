"""The comparison of rankings in a static page: its counts are those of Python."""

import pytest
import samples


@pytest.mark.browser
def test_the_reader_ranks_first_and_then_sees_the_others(static_page):
    widget = samples.comparison()
    page = static_page(widget)
    table = page.locator(".zsbir-live-scores")
    page.get_by_role("button", name="Rank 4: D").focus()
    assert not table.is_visible()
    for key in ("Space", "ArrowLeft", "ArrowLeft", "Space"):
        page.keyboard.press(key)
    assert "D at rank 2 of 4" in page.locator(".zsbir-live-status").inner_text()
    page.get_by_role("button", name="Compare with the other rankings").click()
    widget.order = [0, 3, 1, 2]
    shown = page.locator(".zsbir-live-scores tbody td:last-child").all_inner_texts()
    assert [float(text) for text in shown] == pytest.approx(
        list(widget.agreement.values()), abs=5e-3
    )
    assert page.get_by_role("cell", name="4 of 6").count() == 1
    assert page.get_by_role("rowheader").all_inner_texts() == ["outline", "</script><b>"]
    page.get_by_role("button", name="Begin again").click()
    assert not table.is_visible()
    assert page.locator(".zsbir-ranking-name").all_inner_texts() == ["A", "B", "C", "D"]
