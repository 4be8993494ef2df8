"""An exported page in the browser, by itself: it answers, and gets over a worker that dies."""

import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

ANSWER = ".zsbir-draw-results li"


@pytest.fixture(scope="module")
def address(export, tmp_path_factory):
    """Serve a small page and return where."""
    from serve import make_server

    folder = tmp_path_factory.mktemp("served")
    export(folder, "caae", "cosine", weights=(0.0, 1.0))
    with make_server(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


@pytest.fixture
def page(browser):
    context = browser.new_context(service_workers="block")
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
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
    for method in ("CAAE", "Cosine baseline"):
        page.get_by_label("Method").select_option(label=method)
        page.wait_for_selector(ANSWER)
        says(page, "Nearest")
        assert page.get_by_label("Samples").is_visible() == (method == "CAAE")
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
    says(page, "Nearest")


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
