"""The triplet playground in a static page and in JupyterLab."""

import json

import pytest

from zsbir_lib.widgets import TripletPlayground

START = ((-0.6, -0.2), (0.5, 0.8), (0.4, -0.5))


def shown(page):
    near, far, loss, kind = page.locator(".zsbir-live-numbers dd").all_inner_texts()
    return float(near), float(far), float(loss), kind


def place(page, name):
    """Return where the page says that a point is."""
    label = page.locator(f"[role=button][aria-label^='{name} at']").get_attribute("aria-label")
    return [float(value) for value in label.split(" at ")[1].split(", ")]


def agrees(page, widget):
    """Whether the numbers on the page are Python's for the same points, as far as it shows them."""
    assert shown(page)[:3] == pytest.approx((*widget.distances, widget.loss), abs=0.06)
    assert shown(page)[3] == widget.kind


@pytest.mark.browser
def test_opens_with_the_numbers_of_the_library(static_page):
    page = static_page(TripletPlayground(*START))
    page.locator(".zsbir-live-numbers").wait_for()
    widget = TripletPlayground(*START)
    near, far, loss, kind = shown(page)
    assert (near, far, loss) == pytest.approx((*widget.distances, widget.loss), abs=5e-4)
    assert kind == widget.kind


@pytest.mark.browser
def test_mouse_drags_the_negative_away_and_the_triplet_is_easy(static_page):
    page = static_page(TripletPlayground(*START))
    point = page.locator("[aria-label^='negative at']")
    point.wait_for()
    plane = page.locator(".zsbir-live-plane").first.bounding_box()
    box = point.locator("rect").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    # Far beyond the plane: the point stays at its border.
    page.mouse.move(plane["x"] + plane["width"] + 200, plane["y"] + plane["height"] / 2, steps=4)
    page.mouse.up()
    assert place(page, "negative") == pytest.approx([2.0, 0.0], abs=0.05)
    agrees(page, TripletPlayground(START[0], START[1], place(page, "negative")))
    assert shown(page)[3] == "easy"
    assert "nothing moves" in page.locator(".zsbir-live-status").inner_text()


@pytest.mark.browser
def test_keys_move_a_point_and_the_margin(static_page):
    page = static_page(TripletPlayground(*START))
    page.locator("[aria-label^='positive at']").focus()
    for key in ("ArrowLeft", "ArrowLeft", "Shift+ArrowDown"):
        page.keyboard.press(key)
    assert place(page, "positive") == pytest.approx([0.5 - 2 * 0.08, 0.8 - 5 * 0.08])
    page.get_by_label("margin").focus()
    page.keyboard.press("End")
    widget = TripletPlayground(START[0], (0.34, 0.4), START[2], margin=2)
    assert shown(page)[:3] == pytest.approx((*widget.distances, widget.loss), abs=5e-4)


@pytest.mark.browser
def test_a_finger_drags_without_scrolling(static_page):
    page = static_page(TripletPlayground(*START), width=390, has_touch=True)
    page.locator("[aria-label^='sketch at']").wait_for()
    box = page.locator("[aria-label^='sketch at'] path").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    for kind, points in (("touchStart", [(x, y)]), ("touchMove", [(x, y - 20)]),
                         ("touchMove", [(x, y - 40)]), ("touchEnd", [])):  # fmt: skip
        touches = [{"x": a, "y": b} for a, b in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    assert place(page, "sketch")[1] > 0
    assert page.evaluate("scrollY") == 0
    agrees(page, TripletPlayground(place(page, "sketch"), *START[1:]))


@pytest.mark.browser
def test_steps_go_downhill_until_the_triplet_is_easy(static_page):
    page = static_page(TripletPlayground(*START))
    step = page.get_by_role("button", name="One step downhill")
    step.wait_for()
    losses = [shown(page)[2]]
    widget = TripletPlayground(*START)
    moved = [
        [value - 0.1 * slope for value, slope in zip(point, widget.gradients[name], strict=True)]
        for name, point in zip(("sketch", "positive", "negative"), START, strict=True)
    ]
    step.click()
    after = TripletPlayground(*moved)
    assert shown(page)[:3] == pytest.approx((*after.distances, after.loss), abs=5e-4)
    for _ in range(20):
        step.click()
        losses.append(shown(page)[2])
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] == 0
    page.get_by_role("button", name="Start again").click()
    assert place(page, "sketch") == pytest.approx(START[0])


@pytest.mark.browser
def test_in_jupyterlab_page_and_python_follow_each_other(lab_notebook):
    notebook = lab_notebook(
        "from zsbir_lib.widgets import TripletPlayground\nwidget = TripletPlayground()\nwidget"
    )
    page = notebook.page
    notebook.python("widget.negative = [1.5, -1.5]")
    page.locator("[aria-label='negative at 1.50, -1.50']").wait_for()
    page.get_by_label("margin").focus()
    page.keyboard.press("End")
    notebook.settle()
    assert notebook.python("print(widget.margin)") == "2.0"
    page.locator("[aria-label^='sketch at']").focus()
    page.keyboard.press("ArrowRight")
    notebook.settle()
    sketch = json.loads(notebook.python("print(widget.sketch)"))
    assert sketch == pytest.approx([-0.52, -0.2])
    near, far, loss = json.loads(notebook.python("print([*widget.distances, widget.loss])"))
    assert shown(page)[:3] == pytest.approx((near, far, loss), abs=5e-4)


@pytest.mark.browser
def test_it_trains_in_the_page_and_plots_the_loss(static_page):
    page = static_page(TripletPlayground(*START))
    page.get_by_role("button", name="Train").click()
    page.get_by_text("An easy triplet").wait_for()
    page.get_by_role("button", name="Train").wait_for()  # it stopped by itself
    assert shown(page)[2] == 0
    agrees(
        page, TripletPlayground(*(place(page, name) for name in ("sketch", "positive", "negative")))
    )
    told = page.locator("svg[aria-label^='Loss after each step']").get_attribute("aria-label")
    losses = [float(value) for value in told.split(": ")[1].split(", ")]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] == pytest.approx(TripletPlayground(*START).loss, abs=0.006)
    assert losses[-1] == 0
    # A new start is a new curve, beside that of the first training.
    page.get_by_role("button", name="Start again").click()
    page.get_by_role("button", name="One step downhill").click()
    assert page.locator("[data-past]").count() == 1
