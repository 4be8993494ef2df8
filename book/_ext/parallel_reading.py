"""Sphinx extension: pages can be read by several processes.

Of all extensions, one that Jupyter Book loads does not say whether it minds, so that Sphinx would
warn and read them one after another. It numbers sections, which happens in one process when all
pages have been read.
"""

from sphinx.application import Sphinx

SILENT = "sphinx_multitoc_numbering"


def declare(app: Sphinx, config: object) -> None:
    """Say for it that it does not mind."""
    if SILENT in app.extensions:
        app.extensions[SILENT].parallel_read_safe = True


def setup(app: Sphinx) -> dict:
    """Register with Sphinx; every extension is loaded by the time of ``config-inited``."""
    app.connect("config-inited", declare)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
