"""Sphinx extension: a page of the book asks nothing of any other machine.

Jupyter Book 1 always loads Thebe, whose script comes from another host and is inserted twice; the
book has no use for it. What shows anywidget models without a kernel is copied from the installed
wheel, so that it always matches the Python side. The remaining scripts and fonts are committed
under ``book/_static/vendor``.
"""

import importlib.metadata
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

ANYWIDGET = "nbextensions/anywidget/index.js"


def disconnect_thebe(app: Sphinx, config: object) -> None:
    """Keep Thebe from adding its scripts to the pages."""
    for event in ("env-before-read-docs", "doctree-resolved"):
        for listener in list(app.events.listeners[event]):
            if listener.handler.__module__.startswith("sphinx_thebe"):
                app.disconnect(listener.id)


def anywidget_script() -> Path:
    """Return the browser side of the installed anywidget.

    Raises
    ------
    sphinx.errors.ExtensionError
        If the wheel does not hold the script where it is expected.
    """
    for file in importlib.metadata.files("anywidget") or ():
        if file.as_posix().endswith(ANYWIDGET):
            return Path(file.locate())
    raise ExtensionError(f"the installed anywidget holds no {ANYWIDGET}: try another version")


def copy_anywidget(app: Sphinx, exception: Exception | None) -> None:
    """Copy anywidget's script beside the book's other scripts."""
    if exception is None and app.builder.format == "html":
        target = Path(app.outdir, "_static", "anywidget", "index.js")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(anywidget_script(), target)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx; every extension is loaded by the time of ``config-inited``."""
    app.connect("config-inited", disconnect_thebe)
    app.connect("build-finished", copy_anywidget)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
