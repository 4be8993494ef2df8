"""Sphinx extension: mend what the theme and docutils get wrong for readers who hear the page."""

from pathlib import Path

from sphinx.application import Sphinx

MENDED = {
    # The arrow that folds the pages below a page in the table of contents has no name.
    '<summary><span class="toctree-toggle"': (
        '<summary aria-label="Pages below this one"><span class="toctree-toggle"'
    ),
    # A list, says the role, but its entries have another role than that of a list's entries.
    '<div role="list" class="citation-list">': '<div class="citation-list">',
}


def mend(app: Sphinx, exception: Exception | None) -> None:
    """Mend every page."""
    if exception is None and app.builder.format == "html":
        for page in Path(app.outdir, "book").rglob("*.html"):
            text = before = page.read_text(encoding="utf-8")
            for wrong, right in MENDED.items():
                text = text.replace(wrong, right)
            if text != before:
                page.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("build-finished", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
