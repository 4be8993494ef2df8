"""How fast the page "Draw it, find it" answers, and what a first visit costs.

    make book && python benchmarks/draw_page.py

Headless Chromium draws strokes on the built page. Time runs from the end of a stroke until the
photos found are in the page. For a slower machine the browser's processes are stopped for three
quarters of the time, in slices of 20 ms; this slows workers too, which the browser's own throttle
does not. The network of a first visit is slowed by the browser to 10 Mbit/s.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import signal
import statistics
import sys
import threading
import time
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from chromium import FLAGS, browser_path  # noqa: E402
from serve import make_server  # noqa: E402

from zsbir_lib.files import write_json  # noqa: E402

PAGE = "book/draw.html"
MBIT = 10


def processes(name: str = "--type=renderer") -> list[int]:
    """Return the browser's processes that run pages."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and name in (folder / "cmdline").read_text():
                found.append(int(folder.name))
    return found


@contextlib.contextmanager
def slowed(times: int):
    """Let the browser's processes run only one part in `times` of the time."""
    stop = threading.Event()

    def tell(sign: signal.Signals) -> None:
        for process in processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, sign)

    def beat() -> None:
        while not stop.is_set():
            tell(signal.SIGSTOP)
            time.sleep(0.02 * (times - 1) / times)
            tell(signal.SIGCONT)
            time.sleep(0.02 / times)

    thread = threading.Thread(target=beat)
    if times > 1:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        if times > 1:
            thread.join()
        tell(signal.SIGCONT)


WATCH = """() => {
    window.times = [];
    const pad = document.querySelector(".zsbir-pad canvas");
    let lifted = 0;
    pad.addEventListener("pointerup", () => { lifted = performance.now(); }, true);
    document.querySelector("[data-zsbir-draw]").addEventListener("zsbir-answer", () => {
        requestAnimationFrame(() => { if (lifted) window.times.push(performance.now() - lifted); });
    });
}"""


def stroke(page: Page, number: int) -> None:
    """Draw one stroke, another one for each number."""
    box = page.locator(".zsbir-pad canvas").bounding_box()
    at = [(box["x"] + box["width"] * (0.2 + 0.6 * ((7 * number + 3 * i) % 11) / 11),
           box["y"] + box["height"] * (0.2 + 0.6 * ((5 * number + 4 * i) % 13) / 13))
          for i in range(6)]  # fmt: skip
    page.mouse.move(*at[0])
    page.mouse.down()
    for place in at[1:]:
        page.mouse.move(*place, steps=3)
    page.mouse.up()


def answers(page: Page, strokes: int, times: int) -> float:
    """Return the median time from a stroke to its answer, in milliseconds."""
    with slowed(times):
        for number in range(strokes):
            before = page.evaluate("window.times.length")
            stroke(page, number)
            page.wait_for_function("n => window.times.length > n", arg=before, timeout=60_000)
    found = page.evaluate("window.times.splice(0)")
    return statistics.median(found[2:])  # the first ones still load and warm up


def first_visit(browser: Browser, address: str) -> float:
    """Return the seconds from asking for the page until its pad is there to draw on."""
    context = browser.new_context(service_workers="block")
    page = context.new_page()
    session: CDPSession = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": 40, "downloadThroughput": MBIT * 1e6 / 8,
        "uploadThroughput": MBIT * 1e6 / 8})  # fmt: skip
    start = time.perf_counter()
    page.goto(f"{address}/{PAGE}", wait_until="commit")
    page.locator(".zsbir-pad canvas").wait_for()
    usable = time.perf_counter() - start
    context.close()
    return usable


def travelled(folder: Path, page: str) -> float:
    """Return the megabytes of a first visit, each file as a server that compresses sends it."""
    model = json.loads((folder / "draw" / "model.json").read_text(encoding="utf-8"))
    entry = next(iter(model["methods"].values()))  # the one that the page begins with
    names = ["ort-wasm-simd-threaded.wasm.gz", model["backbone"], entry["network"],
             entry["gallery"], entry["diffusion"]["graph"], model["map"]["places"], "model.json",
             model["thumbnails"]]  # fmt: skip
    names += [path.name for path in (folder / "draw").glob("*.js") if path.name != "sw.js"]
    bodies = [(folder / "draw" / name).read_bytes() for name in names]
    bodies.append((folder / page).read_bytes())
    return sum(min(len(body), len(gzip.compress(body, 6))) for body in bodies) / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--strokes", type=int, default=25)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not (options.site / PAGE).is_file():
        sys.exit("error: the book is not built: make book")
    if browser_path() is None:
        sys.exit("error: there is no Chromium here")
    found = {}
    with make_server(options.site) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        page = browser.new_page()
        page.goto(f"{address}/{PAGE}")
        page.locator(".zsbir-pad canvas").wait_for()
        page.evaluate(WATCH)
        for times in (1, 4):
            found[f"stroke to results, ms, {times} times slower"] = answers(
                page, options.strokes, times
            )
            page.get_by_role("button", name="Clear").click()
        page.close()
        found[f"seconds until one can draw at {MBIT} Mbit/s"] = first_visit(browser, address)
        browser.close()
        server.shutdown()
    found["megabytes of page and retrieval"] = travelled(options.site, PAGE)
    for name, value in found.items():
        print(f"{name:45} {value:8.2f}")
    if options.json:
        write_json(options.json, found)


if __name__ == "__main__":
    main()
