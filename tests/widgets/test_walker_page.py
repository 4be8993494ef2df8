"""The latent walker in a static page and in JupyterLab."""

import json

import numpy as np
import pytest
from samples import walker as make

LAB = """
import torch
from zsbir_lib.vae import VAE
from zsbir_lib.widgets import LatentWalker
images = torch.zeros(12, 8, 8)
images[:6, :, 2:4], images[6:, 2:4] = 1, 1
model = VAE(hidden=16, epochs=5, device="cpu").fit(images)
widget = LatentWalker(model, model.encode(images)[0], [0] * 6 + [1] * 6, ["upright", "lying"])
widget
"""


@pytest.fixture(scope="module")
def widget():
    return make()


def ink(page, name="here"):
    """Return what is drawn on a canvas: 1 is black."""
    data = page.locator(f".zsbir-walker-{name}").evaluate(
        "c => [c.height, c.width, ...c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data.filter((_, i) => i % 4 === 0)]"
    )
    return 1 - np.reshape(data[2:], data[:2]) / 255


def place(page, name):
    label = page.locator(f"[role=button][aria-label^='{name} at']").get_attribute("aria-label")
    return [float(value) for value in label.split(" at ")[1].split(", ")]


def words(page):
    return page.locator(".zsbir-live-words").inner_text()


def agrees(page, widget):
    """Whether page and Python draw and say the same at the place where the page stands."""
    widget.z, widget.start = place(page, "you"), place(page, "start of the walk")
    # The page shows places to two digits.
    np.testing.assert_allclose(ink(page), widget.decode([widget.z])[0], atol=0.03)
    assert f"nearest: {widget.nearest}" in words(page)
    said = int(words(page).split("pixels ")[1].split("%")[0])
    assert said == pytest.approx(100 * widget.decided, abs=2)


@pytest.mark.browser
def test_draws_what_python_draws(static_page, widget):
    widget.z, widget.start = [0.0, 0.0], [-1.0, -1.0]
    page = static_page(widget)
    page.locator(".zsbir-live-words").wait_for()
    np.testing.assert_allclose(ink(page), widget.decode([[0, 0]])[0], atol=0.003)
    share = np.linspace(0, 1, widget.steps)[:, None]
    way = np.concatenate(list(widget.decode((share - 1) * [1.0, 1.0])), axis=1)
    np.testing.assert_allclose(ink(page, "strip"), way, atol=0.003)
    agrees(page, widget)


@pytest.mark.browser
def test_mouse_walks_and_begins_again(static_page, widget):
    widget.z, widget.start = [0.0, 0.0], [-1.0, -1.0]
    page = static_page(widget)
    page.locator("[aria-label^='you at']").wait_for()
    plane = page.locator(".zsbir-live-plane").bounding_box()
    x, y = plane["x"] + plane["width"] / 2, plane["y"] + plane["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y - 40, steps=5)
    page.mouse.up()
    away = 2 * widget.side / plane["width"]
    assert place(page, "you") == pytest.approx([80 * away, 40 * away], abs=0.05)
    agrees(page, widget)
    page.get_by_role("button", name="Begin a new walk here").click()
    assert place(page, "start of the walk") == place(page, "you")
    pictures = ink(page, "strip").reshape(8, -1, 8).transpose(1, 0, 2)
    np.testing.assert_allclose(pictures, pictures[:1].repeat(8, axis=0), atol=0.005)


@pytest.mark.browser
def test_keys_and_a_finger_walk_too(static_page, widget):
    widget.z, widget.start = [0.0, 0.0], [-1.0, -1.0]
    page = static_page(widget, width=390, has_touch=True)
    page.locator("[aria-label^='you at']").focus()
    for key in ("ArrowRight", "Shift+ArrowUp", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    step = 2 * widget.side / 50
    assert place(page, "you") == pytest.approx([-step, 5 * step], abs=0.01)
    agrees(page, widget)
    box = page.locator("[aria-label^='start of the walk'] rect").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    scrolled = page.evaluate("scrollY")
    session = page.context.new_cdp_session(page)
    for kind, points in (("touchStart", [(x, y)]), ("touchMove", [(x, y - 20)]),
                         ("touchMove", [(x, y - 40)]), ("touchEnd", [])):  # fmt: skip
        touches = [{"x": a, "y": b} for a, b in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    assert place(page, "start of the walk")[1] > -0.8
    assert page.evaluate("scrollY") == scrolled
    agrees(page, widget)


@pytest.mark.browser
def test_in_jupyterlab_page_and_python_follow_each_other(lab_notebook):
    notebook = lab_notebook(LAB)
    page = notebook.page
    notebook.python("widget.z = [1.5, -0.5]")
    page.locator("[aria-label='you at 1.50, -0.50']").wait_for()
    drawn = json.loads(notebook.python("print(widget.decode([widget.z])[0].tolist())"))
    np.testing.assert_allclose(ink(page), drawn, atol=0.003)
    page.locator("[aria-label^='you at']").focus()
    page.keyboard.press("ArrowUp")
    notebook.settle()
    z = json.loads(notebook.python("print(widget.z)"))
    assert z == pytest.approx(place(page, "you"), abs=0.006)
    assert z[1] > -0.5
    assert notebook.python("print(widget.nearest)") in words(page)


@pytest.mark.browser
def test_a_click_in_the_plane_goes_there(static_page):
    page = static_page(make())
    plane = page.locator(".zsbir-live-plane")
    box = plane.bounding_box()
    page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + 0.1 * box["height"])
    told = page.locator("[aria-label^='you at']").get_attribute("aria-label")
    x, y = (float(value) for value in told.split(" at ")[1].split(", "))
    assert x > 2
    assert y > 2
