"""Take the README's pictures of the built book: ``python tools/screenshots.py``.

They show the book as it is, so take them again when its look has changed.
"""

import io
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chromium import BROWSERS, FLAGS, browser_path
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from serve import SITE, make_server

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / ".github" / "pictures"
SCHEMES = ("light", "dark")
WINDOW = {"width": 768, "height": 900}
MARGIN = 12
SCALE = 1.25  # twice as many pixels as the README shows of each, two side by side
COLOURS = 112
# A giraffe, in parts of the pad's side, as a hand would draw it: one list for each stroke.
GIRAFFE = [
    [(0.62, 0.12), (0.70, 0.13), (0.79, 0.19), (0.78, 0.23), (0.70, 0.22), (0.66, 0.24)],
    [(0.66, 0.24), (0.62, 0.36), (0.59, 0.48), (0.57, 0.55)],
    [(0.62, 0.12), (0.57, 0.20), (0.53, 0.33), (0.48, 0.46), (0.36, 0.50), (0.29, 0.53)],
    [(0.63, 0.12), (0.62, 0.06)],
    [(0.67, 0.12), (0.67, 0.06)],
    [(0.29, 0.53), (0.27, 0.60), (0.30, 0.66), (0.43, 0.66), (0.55, 0.64), (0.57, 0.55)],
    [(0.30, 0.65), (0.29, 0.80), (0.28, 0.95)],
    [(0.36, 0.66), (0.35, 0.80), (0.36, 0.95)],
    [(0.50, 0.65), (0.50, 0.80), (0.49, 0.95)],
    [(0.56, 0.62), (0.57, 0.80), (0.57, 0.95)],
    [(0.28, 0.56), (0.22, 0.62), (0.21, 0.70)],
]

PHOTOS_SHOWN = """() => {
    const photo = document.querySelector(".zsbir-draw-results canvas");
    return photo?.getContext("2d").getImageData(9, 9, 1, 1).data[3]; }"""
COUNT_ANSWERS = """() => {
    window.answers = 0;
    document.querySelector("[data-zsbir-draw]")
        .addEventListener("zsbir-answer", () => { window.answers += 1; }); }"""
IMAGES_LOADED = """() => [...document.images].every((image) => {
    image.loading = "eager";
    return image.complete; })"""


@dataclass(frozen=True)
class Shot:
    """One picture: the part of a page from the top of `first` to the bottom of `last`."""

    name: str
    page: str
    first: str  # CSS selectors
    last: str
    prepare: Callable[[Page], None] = lambda page: None


def draw_giraffe(page: Page) -> None:
    """Draw on the pad, and wait for the photos after each stroke as a reader would."""
    canvas = page.locator(".zsbir-pad canvas")
    canvas.wait_for()
    for number, stroke in enumerate(GIRAFFE):
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=3)
        page.mouse.up()
        if number:
            page.wait_for_function("n => window.answers >= n", arg=number)
        else:
            # The networks and the photos load now; the answers after that one are counted.
            page.wait_for_function(PHOTOS_SHOWN, timeout=60_000)
            page.evaluate(COUNT_ANSWERS)
    page.get_by_label("I drew a").select_option("giraffe")
    page.evaluate("document.activeElement.blur()")  # no frame around what has the focus


SHOTS = (
    Shot("draw", "book/draw", "article h1", ".zsbir-draw-why", draw_giraffe),
    Shot("chapter", "book/retrieval", "#two-hundred-answers-to-one-question h2",
         "#two-hundred-answers-to-one-question figcaption"),
)  # fmt: skip


def part(page: Page, shot: Shot) -> dict[str, float]:
    """Return where on the page the shot is, in CSS pixels."""
    article = page.locator("article.bd-article").bounding_box()
    first = page.locator(shot.first).first.bounding_box()
    last = page.locator(shot.last).first.bounding_box()
    top, bottom = first["y"] - MARGIN, last["y"] + last["height"] + MARGIN
    place = {"x": article["x"], "y": top + page.evaluate("scrollY")}
    return place | {"width": article["width"], "height": bottom - top}


def take(browser: Browser, address: str, shot: Shot, scheme: str) -> Image.Image:
    """Return one picture, with the few colours that it needs."""
    context = browser.new_context(viewport=WINDOW, color_scheme=scheme, device_scale_factor=SCALE)
    page = context.new_page()
    page.goto(f"{address}/{shot.page}.html", wait_until="networkidle")
    page.evaluate("window.MathJax?.startup?.promise")
    shot.prepare(page)
    page.wait_for_function(IMAGES_LOADED)
    taken = page.screenshot(full_page=True, clip=part(page, shot), animations="disabled")
    context.close()
    with Image.open(io.BytesIO(taken)) as picture:
        return picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)


def main() -> int:
    """Take every picture in every scheme, then write them."""
    if not (SITE / "index.html").exists():
        print("error: there is no built book yet: run make book first", file=sys.stderr)
        return 1
    if (found := browser_path()) is None:
        print(f"error: none of {', '.join(BROWSERS)} is installed: install one", file=sys.stderr)
        return 1
    with make_server(SITE) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        taken = {
            PICTURES / f"{shot.name}-{scheme}.png": take(browser, address, shot, scheme)
            for shot in SHOTS
            for scheme in SCHEMES
        }
        browser.close()
        server.shutdown()
    PICTURES.mkdir(parents=True, exist_ok=True)
    for path, picture in taken.items():
        picture.save(path, optimize=True)
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
