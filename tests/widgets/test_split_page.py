"""The split builder in a static page and in JupyterLab."""

import json
import re

import pytest
import samples

LAB = """
import sys
sys.path.insert(0, {folder!r})
from samples import split
widget = split()
widget
"""


def shown(page):
    """Return estimate, low and high of both methods."""
    words = page.locator(".zsbir-live-words").all_inner_texts()
    return [[float(value) for value in re.findall(r"\d\.\d+", line)] for line in words]


def chip(page, name):
    return page.locator(".zsbir-live-chips button", has_text=name)


def agrees(page, unseen):
    widget = samples.split()
    widget.unseen = unseen
    for (estimate, low, high), expected in zip(shown(page), widget.intervals.values(), strict=True):
        assert estimate == pytest.approx(expected.estimate, abs=6e-4)
        # Both are drawn; with three classes the means are few and far apart.
        assert (low, high) == pytest.approx((expected.low, expected.high), abs=0.05)
    for name, score in widget.per_class["ridge"].items():
        assert chip(page, name).inner_text() == f"{name} {score:.2f}"
        assert chip(page, name).get_attribute("aria-pressed") == "true"
    pressed = page.locator(".zsbir-live-chips [aria-pressed=true]")
    assert pressed.count() == len(unseen)


@pytest.mark.browser
def test_opens_with_the_scores_of_python(static_page):
    page = static_page(samples.split())
    page.locator(".zsbir-live-words").first.wait_for()
    agrees(page, ["class a", "class b", "class c"])
    assert "1 split looked at" in page.locator(".zsbir-live-status").inner_text()


@pytest.mark.browser
def test_clicks_choose_the_unseen_classes(static_page):
    page = static_page(samples.split())
    chip(page, "class d").click()
    agrees(page, ["class a", "class b", "class c", "class d"])
    chip(page, "class a").click()
    agrees(page, ["class b", "class c", "class d"])
    assert page.locator("[data-tried] *").count() == 6
    page.get_by_role("button", name="Last two").click()
    agrees(page, ["class e", "class f"])
    page.get_by_role("button", name="None").click()
    assert "two unseen classes or more" in page.locator(".zsbir-live-status").inner_text()
    assert shown(page) == [[], []]


@pytest.mark.browser
def test_chance_keeps_the_number_and_the_easier_half_scores_higher(static_page):
    page = static_page(samples.split())
    chip(page, "class d").click()
    page.get_by_role("button", name="As many by chance").click()
    assert page.locator(".zsbir-live-chips [aria-pressed=true]").count() == 4
    page.get_by_role("button", name="First three").click()
    chip(page, "class d").click()
    page.get_by_role("button", name="Only the easier half").click()
    left = page.locator(".zsbir-live-chips [aria-pressed=true]").all_inner_texts()
    widget = samples.split()
    widget.unseen = ["class a", "class b", "class c", "class d"]
    scores = widget.per_class["ridge"]
    assert sorted(text[:7] for text in left) == sorted(sorted(scores, key=scores.get)[-2:])


@pytest.mark.browser
def test_keys_and_a_finger_choose_too(static_page):
    page = static_page(samples.split(), width=390, has_touch=True)
    chip(page, "class e").focus()
    page.keyboard.press("Space")
    agrees(page, ["class a", "class b", "class c", "class e"])
    chip(page, "class b").tap()
    agrees(page, ["class a", "class c", "class e"])


@pytest.mark.browser
def test_in_jupyterlab_page_and_python_follow_each_other(lab_notebook):
    notebook = lab_notebook(LAB.format(folder=samples.__file__.rsplit("/", 1)[0]))
    page = notebook.page
    notebook.python("widget.unseen = ['class b', 'class e', 'class f']")
    page.locator(".zsbir-live-chips [aria-pressed=true]", has_text="class f").wait_for()
    agrees(page, ["class b", "class e", "class f"])
    chip(page, "class a").focus()
    page.keyboard.press("Space")
    notebook.settle()
    unseen = json.loads(notebook.python("import json; print(json.dumps(sorted(widget.unseen)))"))
    assert unseen == ["class a", "class b", "class e", "class f"]
    agrees(page, unseen)


@pytest.mark.browser
def test_the_best_split_is_kept_and_comes_back(static_page):
    page = static_page(samples.split())
    chips = page.locator(".zsbir-live-chips button")
    chips.first.wait_for()
    best = page.locator(".zsbir-split-best")
    pressed = "g => [...g.querySelectorAll('[aria-pressed=true]')].length"
    for name in ("None", "As many by chance", "As many by chance"):
        page.get_by_role("button", name=name).click()
    assert best.inner_text().startswith("Best of ")
    count = int(best.inner_text().split(" on ")[1].split()[0])
    page.get_by_role("button", name="None").click()
    page.get_by_role("button", name="Show the best split again").click()
    assert page.locator(".zsbir-live-chips").evaluate(pressed) == count
    score = best.inner_text().split(": ")[1].split()[0]
    assert any(score in line for line in page.locator(".zsbir-live-words").all_inner_texts()[:2])
    assert page.get_by_role("button", name="Show the best split again").is_disabled()
