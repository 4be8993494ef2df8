"""Sphinx extension: mend what the theme and docutils get wrong for readers who hear the page.

And for those who see it: what folds away says what it holds, the code of a figure or a solution.
"""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

MENDED = {
    # The arrow that folds the pages below a page in the table of contents has no name.
    '<summary><span class="toctree-toggle"': (
        '<summary aria-label="Pages below this one"><span class="toctree-toggle"'
    ),
    # A list, says the role, but its entries have another role than that of a list's entries.
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    # This name hides from a screen reader what the summary says.
    '<summary aria-label="Toggle hidden content">': "<summary>",
}
# How a cell is folded, by its tag: `hide-input` leaves what it shows, `hide-cell` is an exercise's.
FOLDED = {"input": "the code", "all": "a solution"}


class NameWhatFolds(SphinxPostTransform):
    """Name folded cells before MyST-NB folds them."""

    default_priority = 198
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        for cell in self.document.findall(nodes.container):
            if what := FOLDED.get(cell.get("hide_mode")):
                cell["prompt_show"], cell["prompt_hide"] = f"Show {what}", f"Hide {what}"


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
    app.add_post_transform(NameWhatFolds)
    app.connect("build-finished", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
