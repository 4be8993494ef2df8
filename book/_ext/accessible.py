"""Sphinx extension: name what the theme leaves without a name for readers who hear the page."""

from pathlib import Path

from sphinx.application import Sphinx

# The arrow that folds the pages below a page in the table of contents.
UNNAMED = '<summary><span class="toctree-toggle"'
NAMED = '<summary aria-label="Pages below this one"><span class="toctree-toggle"'


def name_summaries(app: Sphinx, exception: Exception | None) -> None:
    """Give the arrows of the table of contents a name, on every page."""
    if exception is None and app.builder.format == "html":
        for page in Path(app.outdir, "book").rglob("*.html"):
            text = page.read_text(encoding="utf-8")
            if UNNAMED in text:
                page.write_text(text.replace(UNNAMED, NAMED), encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("build-finished", name_summaries)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
