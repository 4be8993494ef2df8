"""The sketch pad in the built tour, without a kernel: mouse, finger, keyboard, and odd input."""

import pytest
from chromium import note_errors

PAGE = "book/tour.html"


@pytest.fixture
def pad(browser, address):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    errors = []
    note_errors(page, errors)
    page.goto(f"{address}/{PAGE}")
    # It is made when a reader comes near.
    page.locator(".zsbir-widget").first.scroll_into_view_if_needed()
    canvas = page.locator(".zsbir-pad canvas")
    canvas.wait_for(timeout=20_000)
    canvas.scroll_into_view_if_needed()
    yield page, canvas
    context.close()
    assert errors == []


def label(canvas):
    return canvas.get_attribute("aria-label")


def drag(page, canvas, *points):
    box = canvas.bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def ink(canvas):
    """Count the dark pixels."""
    return canvas.evaluate(
        """c => { const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
                  let n = 0; for (let i = 0; i < d.length; i += 4) n += d[i] < 100; return n; }"""
    )


@pytest.mark.browser
def test_the_pad_opens_with_an_example(pad):
    _, canvas = pad
    assert label(canvas) == "Sketch pad, rhinoceros"
    assert ink(canvas) > 200


@pytest.mark.browser
def test_mouse_draws_and_undo_takes_back(pad):
    page, canvas = pad
    drag(page, canvas, (0.2, 0.2), (0.8, 0.8))
    drag(page, canvas, (0.2, 0.8), (0.8, 0.2))
    assert label(canvas) == "Sketch pad, 2 strokes"
    both = ink(canvas)
    page.get_by_role("button", name="Undo").click()
    assert label(canvas) == "Sketch pad, 1 stroke"
    assert 0.3 * both < ink(canvas) < 0.7 * both
    page.get_by_role("button", name="Clear").click()
    assert label(canvas) == "Sketch pad, empty"
    assert ink(canvas) == 0


@pytest.mark.browser
def test_a_finger_draws_without_scrolling_the_page(pad):
    page, canvas = pad
    box = canvas.bounding_box()
    before = page.evaluate("scrollY")
    session = page.context.new_cdp_session(page)
    for kind, y in (
        ("touchStart", 0.2),
        ("touchMove", 0.5),
        ("touchMove", 0.8),
        ("touchEnd", None),
    ):
        points = []
        if y is not None:
            points = [{"x": box["x"] + 0.5 * box["width"], "y": box["y"] + y * box["height"]}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert label(canvas) == "Sketch pad, 1 stroke"
    assert page.evaluate("scrollY") == before


@pytest.mark.browser
def test_keys_draw(pad):
    page, canvas = pad
    before = label(canvas)  # the tour begins with an example
    canvas.focus()
    for key in ("Space", *["ArrowRight"] * 6, *["ArrowDown"] * 4, "Space"):
        page.keyboard.press(key)
    assert label(canvas) == "Sketch pad, 1 stroke"
    page.keyboard.press("u")
    assert label(canvas) == before


@pytest.mark.browser
def test_leaving_the_canvas_in_mid_stroke_does_no_harm(pad):
    page, canvas = pad
    drag(page, canvas, (0.5, 0.5), (1.8, 0.5), (0.5, -0.7))
    assert label(canvas) == "Sketch pad, 1 stroke"
    assert ink(canvas) > 50


@pytest.mark.browser
def test_an_example_replaces_the_drawing(pad):
    page, canvas = pad
    drag(page, canvas, (0.2, 0.2), (0.8, 0.8))
    page.get_by_label("Start from an example").select_option("giraffe")
    assert label(canvas) == "Sketch pad, giraffe"
