"""The project's own files, its tools, its built pages and a browser to look at them."""

import json
import os
import sys
import threading
from pathlib import Path

import build_book
import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(Path(__file__).parent)]


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def site():
    """Return the folder of the built book: what ZSBIR_SITE names, else ours, if it is of today."""
    if given := os.environ.get("ZSBIR_SITE"):
        folder = ROOT / given
        assert folder.is_dir(), f"there is no {folder}"
        return folder
    if (state := build_book.state()) != "built":
        pytest.skip(f"pages are not looked at, since the book is {state}: make book")
    return build_book.SITE


@pytest.fixture(scope="session")
def cache(site):
    """Return the chapters as they ran when the book was built."""
    from jupyter_cache import get_cache

    return get_cache(site.parent / ".jupyter_cache")


@pytest.fixture(scope="session")
def address(site):
    """Serve the built book and return where."""
    from serve import make_server

    with make_server(site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def seen(browser, address, tmp_path_factory):
    """Return what tells what was seen on a page, which is visited once in all processes."""
    from visits import visit

    base = tmp_path_factory.getbasetemp()
    # The folder of each process lies in that of the run.
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "visits"
    folder.mkdir(exist_ok=True)

    def look(page):
        kept = folder / f"{page.replace('/', '--')}.json"
        with FileLock(kept.with_suffix(".lock")):
            if not kept.exists():
                told = json.dumps(visit(browser, f"{address}/{page}.html"))
                kept.write_text(told, encoding="utf-8")
            return json.loads(kept.read_text(encoding="utf-8"))

    return look
