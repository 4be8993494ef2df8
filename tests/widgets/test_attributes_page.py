"""The attribute chooser in a static page and in JupyterLab."""

import json

import pytest
import samples

from zsbir_lib.widgets import AttributeChooser

LAB = """
from zsbir_lib.widgets import AttributeChooser
widget = AttributeChooser([[1, 0], [0, 1]], ["owl", "car"], ["wings", "wheels"], [0.3, 0.2])
widget
"""


def ranking(page):
    """Return the shown classes and their probabilities in percent."""
    rows = page.locator(".zsbir-live-scores tbody tr")
    cells = [row.locator("th, td").all_inner_texts() for row in rows.all()]
    return {name: float(share.rstrip("%")) for name, share, *_ in cells}


def agrees(page, **choices):
    widget = samples.attributes()
    for trait, value in choices.items():
        setattr(widget, trait, value)
    expected = {name: 100 * value for name, value in widget.probabilities.items()}
    assert ranking(page) == pytest.approx(expected, abs=0.051)
    assert list(ranking(page)) == list(expected)


def chip(page, name):
    return page.locator(f".zsbir-live-chips button[aria-label^='{name}:']")


@pytest.mark.browser
def test_clicks_answer_yes_then_no_then_nothing(static_page):
    page = static_page(samples.attributes())
    chip(page, "wings").click()
    agrees(page, answers={"wings": True})
    assert chip(page, "wings").inner_text() == "✓ wings"
    chip(page, "beak").click()
    agrees(page, answers={"wings": True, "beak": True})
    assert "Named owl now" in page.locator(".zsbir-live-status").inner_text()
    chip(page, "beak").click()
    agrees(page, answers={"wings": True, "beak": False})
    assert chip(page, "beak").get_attribute("aria-label") == "beak: no"
    chip(page, "beak").click()
    agrees(page, answers={"wings": True})
    assert chip(page, "beak").inner_text() == "beak"
    page.get_by_role("button", name="Take all answers back").click()
    assert set(ranking(page).values()) == {33.3}


@pytest.mark.browser
def test_a_photo_fills_in_and_answers_correct_it(static_page):
    page = static_page(samples.attributes())
    page.get_by_label("Photo").select_option("photo of an owl")
    agrees(page, photo="photo of an owl")
    assert page.locator(".zsbir-attributes-photo").is_visible()
    assert chip(page, "wings").inner_text() == "wings 80%"
    chip(page, "fur").click()
    chip(page, "beak").click()
    chip(page, "beak").click()
    agrees(page, photo="photo of an owl", answers={"fur": True, "beak": False})
    page.get_by_label("Photo").select_option("photo of a car")
    agrees(page, photo="photo of a car")
    assert page.locator(".zsbir-attributes-photo").is_hidden()


@pytest.mark.browser
def test_keys_and_a_finger_answer_too(static_page):
    page = static_page(samples.attributes(), width=390, has_touch=True)
    chip(page, "fur").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    agrees(page, answers={"fur": False})
    chip(page, "wheels").tap()
    agrees(page, answers={"fur": False, "wheels": True})


@pytest.mark.browser
def test_names_are_text(static_page):
    evil = "<img src=x onerror=window.harm=1>"
    page = static_page(
        AttributeChooser([[1], [0]], [evil, "owl"], [evil], [0.5], photos={evil: [1]})
    )
    page.get_by_label("Photo").select_option(evil)
    page.locator(".zsbir-live-chips button").click()
    assert evil in ranking(page)
    assert page.evaluate("window.harm") is None


@pytest.mark.browser
def test_in_jupyterlab_page_and_python_follow_each_other(lab_notebook):
    notebook = lab_notebook(LAB)
    page = notebook.page
    notebook.python("widget.answers = {'wheels': True}")
    page.locator("[aria-label='wheels: yes']").wait_for()
    assert next(iter(ranking(page))) == notebook.python("print(widget.predicted)") == "car"
    chip(page, "wings").focus()
    page.keyboard.press("Enter")
    chip(page, "wheels").click()
    notebook.settle()
    assert json.loads(notebook.python("import json; print(json.dumps(widget.answers))")) == {
        "wings": True,
        "wheels": False,
    }
    assert next(iter(ranking(page))) == notebook.python("print(widget.predicted)") == "owl"


@pytest.mark.browser
def test_attributes_stand_in_groups(static_page):
    names = ["animal", "wings", "zigzag"]
    groups = {"what kind of thing": ["animal", "plant"], "parts": ["wings"]}
    page = static_page(
        AttributeChooser([[1, 1, 0], [0, 0, 1]], ["bird", "sign"], names, [0.5] * 3, groups=groups)
    )
    assert page.locator(".zsbir-attributes-title").all_inner_texts() == [
        "what kind of thing", "parts", "others",
    ]  # fmt: skip
    group = page.get_by_role("group", name="Attributes: parts")
    assert group.get_by_role("button").all_inner_texts() == ["wings"]
