"""Where a widget is driven: a static page as the book's are, and a notebook in JupyterLab."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from chromium import note_errors
from ipywidgets.embed import embed_data

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(Path(__file__).parent)]

# The same script as on the book's pages; and taller than any window, so that a
# finger that should drag could scroll instead.
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Widgets</title>
<link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width">
<style>main {{ min-height: 200vh }} {style}</style>
<script defer src="_static/widgets.js"></script>
</head><body><main><h1>Widgets</h1>{places}</main>
<script type="application/vnd.jupyter.widget-state+json">{state}</script></body></html>
"""
PLACE = '<div><script type="application/vnd.jupyter.widget-view+json">{}</script></div>'
TOKEN = "test"  # of a server on this machine that ends with the tests
# Stricter than Colab, which shows each output in a frame of another origin.
FRAME = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Notebook</title>
<link rel="icon" href="data:,"></head><body><iframe title="Output" sandbox="allow-scripts" src="{}"
width="{}" height="850"></iframe></body></html>"""
DARK = "body { background: #121212; color: #ced6dd }"


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    """Serve a folder that holds the book's scripts; return it and its address."""
    from serve import make_server

    folder = tmp_path_factory.mktemp("pages")
    shutil.copytree(ROOT / "book" / "_static", folder / "_static")
    with make_server(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def static_page(browser, shelf):
    """Return what opens a page that shows widgets, without a kernel.

    Every request beyond the page's own server, failed request and error on the console fails the
    test when it ends.
    """
    folder, address = shelf
    contexts, wrong = [], []

    def open_page(*widgets, dark=False, width=800, framed=False, **context):
        # Whole, as a notebook saves it: without defaults, a widget would lack its own script.
        data = embed_data(views=list(widgets), drop_defaults=False)
        # A closing tag inside a text would end the script that holds the state.
        state = json.dumps(data["manager_state"]).replace("</", "<\\/")
        places = "".join(PLACE.format(json.dumps(view)) for view in data["view_specs"])
        page = PAGE.format(style=DARK if dark else "", places=places, state=state)
        name = f"page-{len(list(folder.glob('*.html')))}.html"
        (folder / name).write_text(page, encoding="utf-8")
        if framed:
            (folder / f"framed-{name}").write_text(FRAME.format(name, width - 20))
            name = f"framed-{name}"
        made = browser.new_context(viewport={"width": width, "height": 900}, **context)
        contexts.append(made)
        tab = made.new_page()
        note_errors(tab, wrong)
        tab.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
        local = (address, "data:", "blob:")
        tab.on("request", lambda r: r.url.startswith(local) or wrong.append(f"asked: {r.url}"))
        tab.goto(f"{address}/{name}", wait_until="load")
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def ask(url, method="GET"):
    headers = {"Authorization": f"token {TOKEN}"}
    return urllib.request.urlopen(
        urllib.request.Request(url, method=method, headers=headers), timeout=10
    )


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Start JupyterLab in an empty folder; return the folder, its address and its own files."""
    folder, own = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("jupyter")
    address = f"http://127.0.0.1:{(port := free_port())}"
    settings = own / "lab" / "settings"
    settings.mkdir(parents=True)
    # It would ask another machine for news.
    (settings / "page_config.json").write_text(
        json.dumps({"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}})
    )
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
               f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}",
               f"--ServerApp.root_dir={folder}", f"--LabApp.app_settings_dir={settings}",
               f"--LabApp.user_settings_dir={own / 'user'}",
               f"--LabApp.workspaces_dir={own / 'workspaces'}"]  # fmt: skip
    places = {f"JUPYTER_{kind}_DIR": str(own / kind.lower()) for kind in ("CONFIG", "RUNTIME")}
    env = os.environ | places | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    log = own / "log.txt"
    with (
        log.open("w") as output,
        subprocess.Popen(command, env=env, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            for _ in range(240):
                try:
                    ask(f"{address}/api/status").close()
                    break
                except OSError:
                    assert process.poll() is None, log.read_text()
                    time.sleep(0.25)
            else:
                pytest.fail(f"JupyterLab did not start: {log.read_text()}")
            yield folder, address, own / "runtime"
        finally:
            process.terminate()


class Notebook:
    """A notebook that is open in JupyterLab: its page, and a second line to its kernel."""

    def __init__(self, page, runtime):
        from jupyter_client import BlockingKernelClient

        self.page = page
        (connection,) = runtime.glob("kernel-*.json")
        self.client = BlockingKernelClient(connection_file=str(connection))
        self.client.load_connection_file()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def settle(self):
        """Give what was done on the page the time to reach the kernel, on a busy machine too."""
        self.page.wait_for_timeout(1_000)

    def python(self, code):
        """Run code in the kernel and return what it printed."""
        printed = []

        def note(message):
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        reply = self.client.execute_interactive(code, output_hook=note, timeout=60)
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(printed).strip()


@pytest.fixture
def lab_notebook(browser, lab):
    """Return what runs code in a new notebook of JupyterLab and opens it in the browser."""
    from playwright.sync_api import TimeoutError

    folder, address, runtime = lab
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, has_touch=True)
    wrong, notebooks = [], []

    def open_notebook(code):
        cells = [nbformat.v4.new_code_cell(code)]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        name = f"widget-{len(list(folder.glob('*.ipynb')))}.ipynb"
        nbformat.write(notebook, folder / name)
        page = context.new_page()
        note_errors(page, wrong, console=False)
        page.on("request", lambda r: r.url.startswith((address, "data:", "blob:", "ws:"))
                or wrong.append(f"asked: {r.url}"))  # fmt: skip
        page.goto(f"{address}/lab/tree/{name}?reset&token={TOKEN}")
        page.locator(".jp-Notebook").wait_for(timeout=60_000)
        # The kernel is there when the cell can be run.
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=60_000)
        shown = page.locator(
            ".jp-OutputArea-output :is(.zsbir-live, .zsbir-pad, .zsbir-explorer)"
        ).first
        dialog = page.locator("dialog button.jp-mod-accept")
        for _ in range(3):
            # On a busy machine a run is lost if the kernel was not quite there, and asked about.
            if dialog.count():
                dialog.click()
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
            with contextlib.suppress(TimeoutError):
                shown.wait_for(timeout=60_000)
                break
        said = page.locator("dialog, .jp-OutputArea").all_inner_texts()
        assert shown.is_visible(), f"the widget did not appear: {said}"
        notebooks.append(Notebook(page, runtime))
        return notebooks[-1]

    yield open_notebook
    for notebook in notebooks:
        notebook.client.stop_channels()
    context.close()
    with ask(f"{address}/api/sessions") as answer:
        sessions = json.load(answer)
    for session in sessions:
        ask(f"{address}/api/sessions/{session['id']}", "DELETE").close()
    assert wrong == []
