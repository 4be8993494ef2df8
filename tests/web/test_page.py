"""An exported page in the browser, by itself: it answers, and gets over what goes wrong."""

import sys
import threading
from pathlib import Path

import pytest
from chromium import note_errors

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

ANSWER = ".zsbir-draw-results li"


@pytest.fixture(scope="module")
def address(export, tmp_path_factory):
    """Serve a small page and return where."""
    from serve import make_server

    folder = tmp_path_factory.mktemp("served")
    export(folder, "caae", "cosine", "ours+gallery", weights=(0.0, 1.0))
    with make_server(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


@pytest.fixture
def page(browser):
    context = browser.new_context(service_workers="block")
    page = context.new_page()
    page.errors = []
    note_errors(page, page.errors, console=False)
    yield page
    context.close()
    assert page.errors == []


def replace_worker(page, times, script=None):
    """Give the page another script, or none, in place of its worker so many times."""
    asked = []

    def answer(route):
        asked.append(1)
        if len(asked) > times:
            route.continue_()
        elif script is None:
            route.abort()
        else:
            route.fulfill(body=script, content_type="text/javascript")

    page.route("**/worker.js", answer)
    return asked


def ask(page):
    page.get_by_role("button", name="Start from the sketch of a pear").click()


def says(page, text):
    page.wait_for_function(
        "text => document.querySelector('.zsbir-draw-status').textContent.includes(text)", arg=text
    )


@pytest.mark.browser
def test_every_method_answers_whatever_its_kind(page, address):
    page.goto(address)
    ask(page)
    for method in ("CAAE", "Cosine baseline", "Ours + gallery"):
        page.get_by_label("Method").select_option(label=method)
        page.wait_for_selector(ANSWER)
        says(page, f"compared by {method}")
        assert page.get_by_label("Samples").is_enabled() == (method == "CAAE")
        assert page.locator(ANSWER).count() == 3


@pytest.mark.browser
@pytest.mark.parametrize("script", [None, "throw new Error('no memory')"])
def test_a_worker_that_died_is_replaced_and_the_question_asked_again(page, address, script):
    asked = replace_worker(page, 1, script)
    page.goto(address)
    ask(page)
    page.wait_for_selector(ANSWER)
    assert len(asked) == 2


@pytest.mark.browser
def test_a_worker_that_dies_twice_is_told_and_the_next_drawing_has_a_new_one(page, address):
    asked = replace_worker(page, 2)
    page.goto(address)
    ask(page)
    says(page, "stopped twice")
    assert len(asked) == 2
    assert page.locator(ANSWER).count() == 0
    page.get_by_label("Method").select_option(label="Cosine baseline")
    page.wait_for_selector(ANSWER)
    says(page, "compared by Cosine baseline")


@pytest.mark.browser
def test_a_worker_that_died_in_silence_is_noticed(page, address):
    replace_worker(page, 1, "onmessage = () => close();")
    page.clock.install()
    page.goto(address)
    ask(page)
    says(page, "Loading")
    for _ in range(8):
        page.clock.run_for(5000)
    page.wait_for_selector(ANSWER)


@pytest.mark.browser
def test_a_slow_worker_is_waited_for(page, address):
    slow = """onmessage = ({ data }) => data.alive ? postMessage(data)
        : setTimeout(() => postMessage({ id: data.id, error: "slow but alive" }), 2000);"""
    asked = replace_worker(page, 1, slow)
    page.clock.install()
    page.goto(address)
    ask(page)
    says(page, "Loading")
    for _ in range(8):
        page.clock.run_for(5000)
        page.evaluate("new Promise((done) => requestAnimationFrame(done))")
    says(page, "slow but alive")
    assert len(asked) == 1


@pytest.mark.browser
def test_a_page_of_another_version_says_so(page, address):
    page.route("**/model.json", lambda route: route.fulfill(json={"format": "zsbir-web-9"}))
    page.goto(address)
    says(page, "of another version")


# ---- the network goes, and comes back


@pytest.mark.browser
def test_no_photos_of_before_stand_beside_an_error_and_the_page_tries_again(page, address):
    page.goto(address)
    page.get_by_label("Method").select_option(label="Cosine baseline")
    ask(page)
    page.wait_for_selector(ANSWER)
    page.context.set_offline(True)
    page.get_by_label("Method").select_option(label="Ours + gallery")
    says(page, "Nothing could be retrieved")
    assert page.locator(ANSWER).count() == 0
    page.context.set_offline(False)  # and nobody draws or chooses anything
    page.wait_for_selector(ANSWER)
    says(page, "compared by Ours + gallery")


@pytest.mark.browser
def test_a_worker_that_could_not_be_loaded_is_started_when_the_network_is_back(page, address):
    page.goto(address)
    page.context.set_offline(True)
    ask(page)
    says(page, "Nothing could be retrieved")
    page.context.set_offline(False)
    page.wait_for_selector(ANSWER)


@pytest.mark.browser
def test_a_server_that_is_back_is_noticed_though_the_network_never_went(page, address):
    page.route("**/*.onnx", lambda route: route.abort())
    page.clock.install()
    page.goto(address)
    ask(page)
    says(page, "Nothing could be retrieved")
    page.unroute("**/*.onnx")
    page.clock.run_for(6000)
    page.wait_for_selector(ANSWER)


# ---- what was drawn is not lost

CROSS = (((0.2, 0.2), (0.8, 0.8)), ((0.2, 0.8), (0.8, 0.2)), ((0.5, 0.1), (0.5, 0.9)))


def draw(page, *strokes):
    canvas = page.locator(".zsbir-pad canvas")
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    for stroke in strokes:
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=3)
        page.mouse.up()


def on_pad(page):
    return (
        page.locator(".zsbir-pad canvas").get_attribute("aria-label").removeprefix("Sketch pad, ")
    )


@pytest.mark.browser
def test_undo_after_an_example_brings_back_the_whole_drawing(page, address):
    page.goto(address)
    draw(page, *CROSS)
    assert on_pad(page) == "3 strokes"
    ask(page)
    assert on_pad(page) == "pear"
    undo, redo = (page.get_by_role("button", name=name) for name in ("Undo", "Redo"))
    undo.click()
    assert on_pad(page) == "3 strokes"
    undo.click()
    assert on_pad(page) == "2 strokes"
    redo.click()
    redo.click()
    assert on_pad(page) == "pear"


@pytest.mark.browser
def test_undo_of_a_stroke_over_an_example_brings_back_the_example(page, address):
    page.goto(address)
    ask(page)
    draw(page, CROSS[0])
    assert on_pad(page) == "1 stroke"
    page.get_by_role("button", name="Undo").click()
    assert on_pad(page) == "pear"


@pytest.mark.browser
def test_the_keys_of_every_drawing_program_undo(page, address):
    page.goto(address)
    draw(page, *CROSS)
    page.keyboard.press("Control+z")
    assert on_pad(page) == "2 strokes"
    page.keyboard.press("Control+Shift+z")
    assert on_pad(page) == "3 strokes"
    ask(page)  # the focus is on the button of the example now
    page.keyboard.press("Control+z")
    assert on_pad(page) == "3 strokes"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Control+z")
    assert on_pad(page) == "2 strokes"
    page.keyboard.press("Control+y")
    assert on_pad(page) == "3 strokes"


@pytest.mark.browser
def test_the_drawing_is_there_after_a_reload_and_after_going_back(page, address):
    page.goto(address)
    draw(page, *CROSS)
    page.wait_for_selector(ANSWER)
    page.reload()
    page.wait_for_selector(ANSWER)
    assert on_pad(page) == "3 strokes"
    page.goto("about:blank")
    page.go_back()
    page.wait_for_selector(ANSWER)
    assert on_pad(page) == "3 strokes"


# ---- what is chosen


@pytest.mark.browser
def test_there_are_never_more_centres_than_samples(page, address):
    page.goto(address)
    page.get_by_label("Centres K").fill("7")
    shown = page.locator("label", has_text="Centres K").locator("output")
    assert shown.inner_text() == "8"
    page.get_by_label("Samples").fill("0")
    assert shown.inner_text() == "5"
    page.get_by_label("Samples").fill("3")
    assert shown.inner_text() == "8"


PIXELS = """() => { const map = document.querySelector(".zsbir-draw-map");
    const { data } = map.getContext("2d").getImageData(0, 0, map.width, map.height);
    let [ink, light] = [0, 0];
    for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 60) { ink++; light += data[i]; }
    return light / ink; }"""


@pytest.mark.browser
def test_the_map_is_painted_in_the_ink_of_the_scheme(page, address):
    page.emulate_media(color_scheme="light")
    page.goto(address)
    page.wait_for_function(f"({PIXELS})() < 60")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"({PIXELS})() > 200")
    page.evaluate("document.documentElement.style.color = 'black'")
    page.wait_for_function(f"({PIXELS})() < 60")


@pytest.mark.browser
def test_the_key_of_the_map_names_what_is_on_it(page, address):
    page.goto(address)
    marks = page.locator(".zsbir-draw-key li:visible")
    page.wait_for_selector(".zsbir-draw-key li:visible")
    assert marks.all_inner_texts() == ["a photo of the gallery"]
    ask(page)
    page.wait_for_selector(ANSWER)
    says(page, "compared by CAAE")
    page.locator(f"{ANSWER} button").first.click()
    page.wait_for_selector("[data-mark=chosen]:visible")
    assert {"your drawing", "a photo found", "a generated feature",
            "a centre, with its number"} <= set(marks.all_inner_texts())  # fmt: skip


# ---- what it says of itself


def changed(route, change):
    model = route.fetch().json()
    change(model)
    return model


def told(page, address, change):
    """Open the page with another model.json, and ask."""
    page.route("**/model.json", lambda route: route.fulfill(json=changed(route, change)))
    page.goto(address)
    ask(page)
    page.wait_for_selector(ANSWER)
    says(page, "compared by")
    return page.locator(".zsbir-draw-status").inner_text()


def certain(threshold, right=0.6):
    return {"threshold": threshold, "source": "people", "right_when_sure": right,
            "right_when_unsure": 0.13}  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize(
    ("threshold", "right", "says"),
    [(3, 0.6, "Not sure"), (-3, 0.6, "Probably"), (-3, 0.9, "Most likely"), (-3, 0.4, "Perhaps")],
)
def test_an_answer_is_as_sure_as_was_counted(page, address, threshold, right, says):
    def change(model):
        first = next(iter(model["methods"]))
        model["methods"][first]["certainty"] = certain(threshold, right)

    text = told(page, address, change)
    assert text.startswith(says)
    share = 0.13 if says == "Not sure" else right
    assert f"{100 * share:.0f} in 100 had the right kind first" in text
    sure = page.locator(".zsbir-draw-answer").get_attribute("data-sure")
    assert sure == ("no" if says == "Not sure" else "yes")


@pytest.mark.browser
def test_where_nothing_was_counted_the_page_says_so(page, address):
    text = told(page, address, lambda model: None)
    assert "was not counted for this method" in text


@pytest.mark.browser
def test_a_gallery_without_classes_has_no_words_for_them(page, address):
    def change(model):
        del model["classes"], model["labels"], model["examples"]["pear"], model["map"]
        model["methods"] = {"cosine": model["methods"]["cosine"] | {"certainty": certain(3)}}

    page.route("**/model.json", lambda route: route.fulfill(json=changed(route, change)))
    page.goto(address)
    draw(page, *CROSS)
    page.wait_for_selector(ANSWER)
    says(page, "Not sure")
    whole = page.locator(".zsbir-draw").inner_text()
    assert "undefined" not in whole
    assert "pear" not in whole
    assert page.locator(".zsbir-draw-settings").count() == 0
    page.locator(f"{ANSWER} button").first.click()
    assert "This photo" in page.locator(".zsbir-draw-why").inner_text()
