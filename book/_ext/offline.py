"""Sphinx extension: a page of the book asks nothing of any other machine.

Jupyter Book 1 always loads Thebe, whose script comes from another host and is inserted twice; the
book has no use for it. What shows widgets without a kernel is ``book/_static/widgets.js``. The
scripts and fonts of others are committed under ``book/_static/vendor``.
"""

from sphinx.application import Sphinx


def disconnect_thebe(app: Sphinx, config: object) -> None:
    """Keep Thebe from adding its scripts to the pages."""
    for event in ("env-before-read-docs", "doctree-resolved"):
        for listener in list(app.events.listeners[event]):
            if listener.handler.__module__.startswith("sphinx_thebe"):
                app.disconnect(listener.id)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx; every extension is loaded by the time of ``config-inited``."""
    app.connect("config-inited", disconnect_thebe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
