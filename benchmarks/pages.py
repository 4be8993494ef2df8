"""What each page of the book weighs, when it can be used, and how long it blocks.

    make book && python benchmarks/pages.py [PAGE ...] [--site FOLDER]

Headless Chromium opens each page twice. Once the network is slowed by the browser to 10 Mbit/s with
40 ms there and back, without compression: bytes, the largest paint, the moment from which buttons
answer (``DOMContentLoaded``, when every deferred script has run), and the load event. Once the
browser's own record of tasks tells how long the page's thread was held up: how long each task of
more than 50 ms took beyond these, on a processor four times slower. Processor time is counted and
multiplied by four, not the clock, so that what else the machine does is not taken for the page's.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from build_book import pages  # noqa: E402
from chromium import FLAGS, browser_path  # noqa: E402
from serve import SITE, make_server  # noqa: E402

from zsbir_lib.files import write_json  # noqa: E402

MBIT, DELAY, SLOWER = 10, 40, 4
DESKTOP = {"width": 1280, "height": 900}
QUIET = 1_500  # milliseconds after the load event in which late work still counts

WATCH = """
window.seen = { paint: 0 };
new PerformanceObserver(list => {
    for (const one of list.getEntries()) seen.paint = one.startTime;
}).observe({ type: "largest-contentful-paint", buffered: true });
"""
TIMES = """() => {
    const [page] = performance.getEntriesByType("navigation");
    return { ready: page.domContentLoadedEventEnd, load: page.loadEventEnd, ...seen,
             nodes: document.querySelectorAll("*").length };
}"""


def open_page(browser: Browser, url: str, *, mbit: float = 0) -> dict:
    """Open a page with an empty cache; return its times in milliseconds, bytes and elements."""
    context = browser.new_context(viewport=DESKTOP, service_workers="block")
    tab = context.new_page()
    devtools, total = context.new_cdp_session(tab), []
    devtools.on("Network.loadingFinished", lambda event: total.append(event["encodedDataLength"]))
    devtools.send("Network.enable")
    if mbit:
        rate = mbit * 125_000  # bytes in a second
        limit = {"latency": DELAY, "downloadThroughput": rate, "uploadThroughput": rate}
        devtools.send("Network.emulateNetworkConditions", {"offline": False, **limit})
    tab.add_init_script(WATCH)
    tab.goto(url, wait_until="load", timeout=120_000)
    tab.evaluate("window.MathJax?.startup?.promise")
    tab.wait_for_timeout(QUIET)
    seen = tab.evaluate(TIMES)
    context.close()
    return seen | {"bytes": sum(total)}


def blocked(browser: Browser, url: str) -> dict:
    """Return how long a page's thread is held up while it opens, and the longest task, in ms."""
    browser.start_tracing(categories=["toplevel", "disabled-by-default-lighthouse"])
    open_page(browser, url)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    # The thread of the page is the one that typeset it, or at least did most.
    named = [one for one in events if one["name"] == "thread_name"]
    pages = {(one["pid"], one["tid"]) for one in named if one["args"]["name"] == "CrRendererMain"}
    taken: dict[tuple, list[float]] = {thread: [] for thread in pages}
    for one in events:
        thread = one["pid"], one["tid"]
        if "RunTask" in one["name"] and "tdur" in one and thread in taken:
            taken[thread].append(SLOWER * one["tdur"] / 1000)
    tasks = max(taken.values(), key=sum)
    return {"blocked": sum(max(0, task - 50) for task in tasks), "longest": max(tasks, default=0)}


def main() -> None:
    """Measure the pages that are named, or all, the heaviest of them last."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pages", nargs="*", default=pages(), metavar="PAGE", help="default: all")
    parser.add_argument("--site", type=Path, default=SITE, help="default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    given = parser.parse_args()
    if not (given.site / "index.html").is_file():
        sys.exit("error: the book is not built: make book")
    if browser_path() is None:
        sys.exit("error: there is no Chromium here")
    found = {}
    print("page | MB | elements | paint s | ready s | load s | blocked s | longest s")
    print("--- | --- | --- | --- | --- | --- | --- | ---")
    with (
        make_server(given.site) as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=browser_path(), args=FLAGS) as browser,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for page in given.pages:
            url = f"http://127.0.0.1:{server.server_port}/{page}.html"
            slow, busy = open_page(browser, url, mbit=MBIT), blocked(browser, url)
            times = [slow[key] for key in ("paint", "ready", "load")]
            times += [busy[key] for key in ("blocked", "longest")]
            row = [page, f"{slow['bytes'] / 1e6:.2f}", str(slow["nodes"])]
            print(" | ".join(row + [f"{time / 1000:.1f}" for time in times]), flush=True)
            found[page] = slow | busy
        server.shutdown()
    if given.json:
        write_json(given.json, {"pages": found})


if __name__ == "__main__":
    main()
