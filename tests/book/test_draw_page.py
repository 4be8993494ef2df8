"""The page "Draw it, find it" in the built book: it answers as Python does, whatever is drawn."""

import gzip
import json

import numpy as np
import pytest
import torch
from chromium import note_errors
from PIL import Image

from zsbir_lib.datasets import load_dataset
from zsbir_lib.defaults import TOYBOX_NETWORK
from zsbir_lib.drawings import render_strokes
from zsbir_lib.features import extract_features, load_backbone
from zsbir_lib.methods import CVAE, OursGallery
from zsbir_lib.retrieval import rank
from zsbir_lib.web.certainty import clearness
from zsbir_lib.web.export import PAGE_METHODS, SAMPLES, THUMBNAIL
from zsbir_lib.web.networks import fold_batch_norms, round_weights
from zsbir_lib.web.toybox import gallery

PAGE = "book/draw.html"
PEAR = [
    [[0.5, 0.1], [0.42, 0.3], [0.3, 0.55], [0.3, 0.8], [0.45, 0.92], [0.6, 0.92], [0.72, 0.8],
     [0.72, 0.55], [0.58, 0.3], [0.5, 0.1]],
    [[0.5, 0.1], [0.55, 0.02]],
]  # fmt: skip


class Draw:
    """The page, with what went wrong on it and what it answered."""

    def __init__(self, page, address):
        self.page, self.errors, self.external = page, [], []
        note_errors(page, self.errors)
        page.on("request", lambda r: self.note(r, address))
        page.goto(f"{address}/{PAGE}")
        self.canvas = page.locator(".zsbir-pad canvas")
        self.canvas.wait_for()
        page.evaluate(
            """() => { window.answers = [];
                const root = document.querySelector("[data-zsbir-draw]");
                root.addEventListener("zsbir-answer", (e) => window.answers.push(e.detail)); }"""
        )

    def note(self, request, address):
        if not request.url.startswith((address, "data:", "blob:")):
            self.external.append(request.url)

    def answer(self, number):
        self.page.wait_for_function("n => window.answers.length >= n", arg=number, timeout=60_000)
        return json.loads(
            self.page.evaluate(
                """() => JSON.stringify(window.answers.at(-1), (k, v) =>
                    ArrayBuffer.isView(v) ? Array.from(v) : v)"""
            )
        )

    def drag(self, *points):
        box = self.canvas.bounding_box()
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=3)
        self.page.mouse.up()


@pytest.fixture
def draw(browser, address):
    context = browser.new_context(viewport={"width": 1100, "height": 1000})
    drawn = Draw(context.new_page(), address)
    yield drawn
    context.close()
    assert drawn.errors == []
    assert drawn.external == []


@pytest.fixture(scope="module")
def model(site):
    return json.loads((site / "draw" / "model.json").read_text())


@pytest.mark.browser
def test_a_drawing_is_answered_after_each_stroke(draw):
    draw.drag(*PEAR[0])
    first = draw.answer(1)
    assert len(first["results"]) == 12
    draw.drag(*PEAR[1])
    draw.answer(2)
    assert "2,100 photos" in draw.page.locator(".zsbir-draw-status").inner_text()
    assert draw.page.locator(".zsbir-draw-results li").count() == 12


@pytest.mark.browser
def test_a_stroke_is_asked_about_once(draw):
    draw.drag(*PEAR[0])
    draw.answer(1)
    draw.drag(*PEAR[1])
    draw.answer(2)
    draw.page.get_by_role("button", name="Start from the sketch of a pear").click()
    draw.answer(3)
    draw.page.wait_for_timeout(500)
    assert draw.page.evaluate("window.answers.length") == 3


@pytest.mark.browser
def test_another_class_than_the_one_drawn_is_framed_and_named(draw):
    draw.page.get_by_role("button", name="Start from the sketch of a giraffe").click()
    found = draw.answer(1)["results"]
    draw.page.get_by_label("I drew a").select_option("pear")
    wrong = draw.page.locator(".zsbir-draw-results .zsbir-wrong")
    assert wrong.count() == sum(one["label"] != "pear" for one in found)
    assert "another class" in wrong.first.get_attribute("aria-label")


@pytest.mark.browser
def test_every_method_and_slider_changes_the_answer(draw):
    page, seen = draw.page, []
    page.get_by_role("button", name="Start from the sketch of a windmill").click()
    draw.answer(1)
    number = 1
    for method in (*PAGE_METHODS[1:2], *PAGE_METHODS[3:], "cvae"):
        page.get_by_label("Method").select_option(method)
        number += 1
        seen.append([one["distance"] for one in draw.answer(number)["results"]])
    for name in ("Samples", "Centres K", "λ of the regulariser", "Compare in"):
        page.get_by_label(name).focus()
        page.keyboard.press("ArrowRight")
        number += 1
        seen.append([one["distance"] for one in draw.answer(number)["results"]])
    assert len({tuple(distances) for distances in seen}) == len(seen)


@pytest.mark.browser
def test_a_photo_says_why_it_was_found(draw):
    draw.page.get_by_role("button", name="Start from the sketch of a giraffe").click()
    draw.answer(1)
    draw.page.locator(".zsbir-draw-results button").first.click()
    why = draw.page.locator(".zsbir-draw-why")
    assert "away from where the method puts your drawing" in why.inner_text()
    assert "vouch for it" in why.inner_text()
    draw.page.get_by_label("Method").select_option("cvae")
    draw.answer(2)
    draw.page.locator(".zsbir-draw-results button").first.click()
    assert "away from centre" in why.inner_text()


def wait_until(page, script):
    """Wait for the promise of a script; `wait_for_function` takes a promise for an answer."""
    for _ in range(300):
        if page.evaluate(script):
            return
        page.wait_for_timeout(200)
    pytest.fail(f"not in a minute: {script}")


@pytest.mark.browser
def test_it_opens_and_answers_without_a_network_after_the_first_visit(draw):
    page = draw.page
    page.get_by_role("button", name="Start from the sketch of a giraffe").click()
    draw.answer(1)
    wait_until(
        page,
        """async () => (await (await caches.open("zsbir-1")).keys())
            .some(({ url }) => url.endsWith("ort-wasm-simd-threaded.wasm.gz"))
            && Boolean(await caches.match(location.href)
            && await caches.match(new URL("../draw/draw.js", location.href).href)
            && await caches.match(new URL("../draw/model.json", location.href).href))""",
    )
    page.context.set_offline(True)
    page.reload()
    page.get_by_role("button", name="Start from the sketch of a pear").click()
    page.wait_for_selector(".zsbir-draw-results li")
    assert "photos compared by" in page.locator(".zsbir-draw-status").inner_text()
    draw.errors.clear()  # a browser without a network complains about what it could not refresh


@pytest.mark.browser
def test_a_browser_without_webassembly_is_told(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("delete globalThis.WebAssembly")
    page.goto(f"{address}/{PAGE}")
    page.wait_for_function(
        "document.querySelector('.zsbir-draw-status')?.textContent.includes('no WebAssembly')"
    )
    context.close()


HOSTILE = {
    "nothing": [],
    "an empty stroke": [[]],
    "a dot": [[[0.5, 0.5]]],
    "not numbers": [[[None, 0.5], ["x", 0.1], [0.2, 0.2], [0.9, 0.4]]],
    "far outside": [[[-1e9, 5], [1e9, -5]]],
    "too many strokes": [[[i % 97 / 97, i % 89 / 89], [i % 83 / 83, 0.5]] for i in range(10_000)],
}


@pytest.mark.browser
@pytest.mark.parametrize("name", HOSTILE)
def test_odd_strokes_do_no_harm(draw, name):
    grey = draw.page.evaluate(
        """async ([module, strokes]) => {
            const { rasterise } = await import(module);
            const grey = rasterise(strokes, 64);
            return grey && Array.from(grey); }""",
        ["../draw/engine.js", HOSTILE[name]],
    )
    if name in ("nothing", "an empty stroke"):
        assert grey is None
    else:
        assert len(grey) == 64 * 64
        assert 32 <= min(grey) <= max(grey) <= 255


@pytest.mark.browser
def test_resizing_in_mid_stroke_does_no_harm(draw):
    box = draw.canvas.bounding_box()
    draw.page.mouse.move(box["x"] + 30, box["y"] + 30)
    draw.page.mouse.down()
    draw.page.mouse.move(box["x"] + 90, box["y"] + 90)
    draw.page.set_viewport_size({"width": 400, "height": 800})
    draw.page.mouse.move(box["x"] + 60, box["y"] + 120)
    draw.page.mouse.up()
    assert len(draw.answer(1)["results"]) == 12


@pytest.mark.browser
def test_class_names_are_text_and_never_markup(browser, address):
    context = browser.new_context()
    page = context.new_page()

    def poison(route):
        answer = route.fetch()
        told = answer.json()
        told["classes"] = ["<img src=x onerror='window.harm=1'>" for _ in told["classes"]]
        route.fulfill(response=answer, json=told)

    page.route("**/draw/model.json", poison)
    page.goto(f"{address}/{PAGE}")
    page.get_by_role("button", name="Start from the sketch of a giraffe").click()
    page.wait_for_selector(".zsbir-draw-results li", timeout=60_000)
    assert page.evaluate("window.harm") is None
    context.close()


# ---- where things are

WINDOWS = [(1280, 900), (1440, 900), (1920, 1080)]
PHONES = [(390, 844), (320, 700)]


@pytest.fixture
def open_at(browser, address):
    """Return a function that opens the page in a window of some size; forget the windows after."""
    contexts = []

    def open_at(size, **options):
        contexts.append(browser.new_context(
            viewport=dict(zip(("width", "height"), size, strict=True)),
            service_workers="block", **options,
        ))  # fmt: skip
        return Draw(contexts[-1].new_page(), address)

    yield open_at
    for context in contexts:
        context.close()


def box(page, selector):
    """Return left, top, right and bottom of an element, in pixels of the window."""
    found = page.locator(selector).first.bounding_box()
    return (found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"])


@pytest.mark.browser
@pytest.mark.parametrize("size", WINDOWS)
def test_on_a_screen_pad_and_photos_stand_side_by_side(open_at, size):
    draw = open_at(size)
    draw.drag(*PEAR[0])
    draw.answer(1)
    assert draw.page.evaluate("scrollY") == 0
    pad = box(draw.page, ".zsbir-pad canvas")
    photos = box(draw.page, ".zsbir-draw-results li:first-child")
    last = box(draw.page, ".zsbir-draw-results li:last-child")
    assert photos[0] >= pad[2]
    assert photos[1] < pad[3]
    assert max(pad[3], last[3]) <= size[1]


@pytest.mark.browser
@pytest.mark.parametrize("size", PHONES)
def test_on_a_phone_photos_follow_the_pad_and_settings_are_folded_away(open_at, size):
    draw = open_at(size, has_touch=True)
    page = draw.page
    page.get_by_role("button", name="Start from the sketch of a pear").click()
    draw.answer(1)
    bar = box(page, ".zsbir-pad-bar")
    photos = box(page, ".zsbir-draw-results")
    assert 0 <= photos[1] - bar[3] <= 200  # what is said of them is in between, and nothing else
    assert not page.get_by_label("Method").is_visible()
    assert not page.locator(".zsbir-draw-map").is_visible()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= size[0]
    page.locator(".zsbir-draw-settings summary").click()
    assert page.get_by_label("Method").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


SHIFTS = """() => { window.shifted = 0;
    new PerformanceObserver((list) => {
        for (const { value } of list.getEntries()) window.shifted += value;
    }).observe({ type: "layout-shift" }); }"""


@pytest.mark.browser
@pytest.mark.parametrize("size", [WINDOWS[0], PHONES[0]])
def test_nothing_moves_when_it_answers_or_another_method_is_chosen(open_at, size):
    draw = open_at(size)
    page = draw.page
    if size in PHONES:
        page.locator(".zsbir-draw-settings summary").click()
    page.wait_for_load_state("networkidle")
    page.evaluate(SHIFTS)
    page.evaluate("window.before = document.querySelector('.zsbir-draw').clientHeight")
    page.get_by_role("button", name="Start from the sketch of a windmill").click()
    draw.answer(1)
    for number, method in enumerate(("cvae", "cosine", "ours"), start=2):
        page.get_by_label("Method").select_option(method)
        draw.answer(number)
    page.wait_for_timeout(300)
    assert page.evaluate("window.shifted") < 0.02


@pytest.mark.browser
def test_a_button_of_an_example_is_as_large_as_its_picture(draw):
    for button in draw.page.locator(".zsbir-draw-examples button").all():
        outer, inner = button.bounding_box(), button.locator("img").bounding_box()
        assert outer["width"] - inner["width"] <= 4
        assert outer["height"] - inner["height"] <= 4


@pytest.mark.browser
def test_the_pad_is_two_keys_away(draw):
    draw.page.keyboard.press("Tab")
    assert "pad" in draw.page.evaluate("document.activeElement.textContent")
    draw.page.keyboard.press("Enter")
    assert draw.canvas.evaluate("canvas => canvas === document.activeElement")


@pytest.mark.browser
def test_the_map_follows_the_theme_of_the_book(draw):
    ink = """() => { const map = document.querySelector(".zsbir-draw-map");
        const { data } = map.getContext("2d").getImageData(0, 0, map.width, map.height);
        let [n, light] = [0, 0];
        for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 60) { n++; light += data[i]; }
        return light / n; }"""
    draw.page.evaluate("document.documentElement.dataset.theme = 'light'")
    draw.page.wait_for_function(f"({ink})() < 80")
    draw.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    draw.page.wait_for_function(f"({ink})() > 150")


@pytest.mark.browser
def test_on_paper_the_page_says_where_the_pad_is(draw):
    note = draw.page.locator(".zsbir-draw-on-paper")
    assert not note.is_visible()
    draw.page.emulate_media(media="print")
    assert note.is_visible()
    assert not draw.canvas.is_visible()


@pytest.mark.browser
def test_a_chapter_that_was_opened_alone_opens_again_without_a_network(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/book/tour.html")
    wait_until(
        page,
        """async () => Boolean(await caches.match(location.href)) &&
            (await (await caches.open("zsbir-1")).keys())
                .some(({ url }) => url.includes("theme"))""",
    )
    context.set_offline(True)
    page.reload()
    assert page.locator("article h1").is_visible()
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.bd-header')).display") != "inline"
    )
    context.close()


# ---- what it says of itself


@pytest.mark.browser
def test_the_page_begins_with_its_best_method_and_names_it(draw, model):
    assert next(iter(model["methods"])) == PAGE_METHODS[0]
    draw.drag(*PEAR[0])
    draw.answer(1)
    title = model["methods"][PAGE_METHODS[0]]["title"]
    assert f"compared by {title}" in draw.page.locator(".zsbir-draw-status").inner_text()


SCRIBBLE = [[[0.2 + i % 7 / 10, 0.2 + i * 5 % 11 / 16] for i in range(30)]]


@pytest.mark.browser
def test_a_drawing_that_is_unlike_anything_gets_not_sure_with_the_reason(draw, model):
    draw.drag(*SCRIBBLE[0])
    answer = draw.answer(1)
    assert answer["clearness"] < model["methods"][PAGE_METHODS[0]]["certainty"]["threshold"]
    status = draw.page.locator(".zsbir-draw-status").inner_text()
    assert status.startswith("Not sure.")
    assert "away" in status
    assert "in 100 had the right kind first" in status
    assert draw.page.locator(".zsbir-draw-answer[data-sure=no]").count() == 1


# ---- the same as Python


@pytest.fixture(scope="module")
def python(site, model):
    """What the page computes with, in PyTorch: the backbone has the weights that were rounded."""
    backbone = load_backbone(TOYBOX_NETWORK)
    toybox = load_dataset("toybox", progress=False)
    features = extract_features(toybox, backbone, progress=False)
    photos, labels = gallery(tuple(sorted(toybox.split.unseen)), 100, progress=False)
    network = round_weights(fold_batch_norms(backbone.for_sketches().module))
    return toybox, backbone, features, photos, labels, network


def pixels(image):
    return torch.from_numpy(np.asarray(image.convert("RGB"), np.float32)).permute(2, 0, 1)[None]


RUN = """async ([worker, asks]) => {
    const own = new Worker(worker, { type: "module" });
    const found = [];
    for (const ask of asks) {
        const answer = await new Promise((done) => {
            own.onmessage = ({ data }) => done(data);
            own.postMessage({ id: 1, ask: { ...ask, grey: Float32Array.from(ask.grey) } });
        });
        if (answer.error) throw new Error(answer.error);
        const { feature, results, queries, clearness } = answer.answer;
        found.push({ feature: Array.from(feature), results, clearness,
            queries: Array.from(queries) });
    }
    own.terminate();
    return found; }"""


def ask(grey, **options):
    defaults = {
        "method": "cvae",
        "samples": 100,
        "centres": 5,
        "weight": 1,
        "space": 0,
        "count": 20,
    }
    return {"grey": np.asarray(grey, float).ravel().tolist(), "count": 20, **defaults, **options}


@pytest.mark.browser
def test_features_of_100_sketches_equal_pytorch(draw, python):
    toybox, _, _, _, _, network = python
    chosen = np.linspace(0, len(toybox.sketch_ids) - 1, 100).astype(int)
    sketches = [toybox.sketch(int(i)) for i in chosen]
    greys = [np.asarray(sketch.convert("L")) for sketch in sketches]
    found = draw.page.evaluate(RUN, ["../draw/worker.js", [ask(g, method="cosine") for g in greys]])
    with torch.no_grad():
        images = [Image.fromarray(grey).convert("RGB") for grey in greys]
        expected = torch.cat([network(pixels(image)) for image in images]).numpy()
    assert np.abs(np.array([one["feature"] for one in found]) - expected).max() < 1e-3


@pytest.mark.browser
def test_retrieval_for_fixed_strokes_equals_python(draw, python, model):
    _, backbone, features, photos, _, network = python
    sketch = render_strokes(PEAR)
    (answer,) = draw.page.evaluate(RUN, ["../draw/worker.js", [ask(np.asarray(sketch)[..., 0])]])
    weight = model["methods"]["cvae"]["generators"][1]["weight"]
    method = CVAE(reconstruction_weight=weight, n_samples=100).fit(features.pairs(), progress=False)
    round_weights(method.network_.decoder)
    # The page draws its latent vectors once, for the largest number of samples.
    z = method.latents(max(SAMPLES))[:100]
    method.latents = lambda count: z
    with torch.no_grad():
        queries = method.encode_sketches(network(pixels(sketch)))
    assert np.abs(np.array(answer["queries"]) - queries[0].flatten().numpy()).max() < 1e-3
    ranking = rank(queries, method.encode_photos(backbone.features(photos)), top_k=20)
    found = [one["photo"] for one in answer["results"]]
    # The gallery is rounded too, so photos that are nearly equally far may change places.
    assert found[:3] == ranking.indices[0, :3].tolist()
    assert len(set(found) & set(ranking.indices[0].tolist())) >= 18
    distances = [one["distance"] for one in answer["results"]]
    assert np.allclose(distances, ranking.distances[0].numpy(), atol=5e-3)


@pytest.mark.browser
def test_the_page_draws_strokes_as_python_does(draw):
    for strokes in (PEAR, [[[0.1, 0.2, 0.9], [0.7, 0.3, 0.1]], [[0.5, 0.9]]]):
        grey = draw.page.evaluate(
            """async ([module, strokes]) => {
                const { rasterise } = await import(module);
                return Array.from(rasterise(strokes, 64)); }""",
            ["../draw/engine.js", strokes],
        )
        expected = np.asarray(render_strokes(strokes))[..., 0]
        assert np.array_equal(np.array(grey).reshape(64, 64), expected)


@pytest.mark.browser
def test_photos_that_vouch_for_each_other_are_those_of_python(draw, python):
    _, backbone, features, photos, _, network = python
    method = OursGallery().fit(features.pairs(), progress=False)
    found = backbone.features(photos)
    index, codes = method.index(found), method.encode_photos(found)
    strokes = (PEAR, [[[0.1, 0.2], [0.7, 0.3]], [[0.5, 0.9], [0.2, 0.3]]])
    sketches = [render_strokes(one) for one in strokes]
    asks = [ask(np.asarray(one)[..., 0], method="ours+gallery", count=12) for one in sketches]
    answers = draw.page.evaluate(RUN, ["../draw/worker.js", asks])
    for sketch, answer in zip(sketches, answers, strict=True):
        with torch.no_grad():
            queries = method.encode_sketches(network(pixels(sketch)))
        ranking = index.search(queries, 12)
        shown = [one["photo"] for one in answer["results"]]
        assert shown[0] == ranking.indices[0, 0]
        assert len(set(shown) & set(ranking.indices[0].tolist())) >= 10
        distances = [one["distance"] for one in answer["results"]]
        assert np.allclose(distances, ranking.distances[0].numpy(), atol=0.05)
        clear = clearness(queries, codes, torch.tensor([shown]))
        assert answer["clearness"] == pytest.approx(clear.item(), abs=5e-3)


def test_the_gallery_holds_unseen_classes_and_enough_photos(site, model):
    unseen = load_dataset("toybox", progress=False).split.unseen
    assert set(model["classes"]) == set(unseen)
    assert len(model["labels"]) >= 2000
    with Image.open(site / "draw" / model["thumbnails"]) as sprite:
        assert sprite.width == model["columns"] * THUMBNAIL


@pytest.mark.browser
def test_a_first_visit_travels_in_less_than_8_megabytes(browser, address, model):
    """Everything up to the first answer, each file as a server that compresses would send it."""
    context = browser.new_context()
    page = context.new_page()
    bodies = {}

    def note(response):
        if response.url.startswith(address):
            bodies[response.url] = response.body()

    page.on("requestfinished", lambda request: note(request.response()))
    page.goto(f"{address}/{PAGE}", wait_until="networkidle")
    # The worker's downloads are not the page's, so the browser does not show them here.
    entry = model["methods"][PAGE_METHODS[0]]
    loaded = ("ort.wasm.bundle.min.js", "ort-wasm-simd-threaded.wasm.gz", model["backbone"],
              entry["network"], entry["gallery"], entry["diffusion"]["graph"], "worker.js",
              "engine.js", model["thumbnails"], model["map"]["places"])  # fmt: skip
    for name in loaded:
        bodies[name] = context.request.get(f"{address}/draw/{name}").body()
    context.close()
    assert any(url.endswith("draw.js") for url in bodies)
    assert sum(min(len(body), len(gzip.compress(body, 6))) for body in bodies.values()) < 8e6
