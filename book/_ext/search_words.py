"""Sphinx extension: what readers type finds the page that they mean.

The words of ``book/_search.yml`` become entries of the search's index, which stand before pages
that merely hold the word; ``_static/search.js`` makes what is shown of a page readable.
"""

import json
import re
from pathlib import Path

import yaml
from sphinx.application import Sphinx
from sphinx.util import logging

INDEX = re.compile(r"^Search\.setIndex\((.*)\);?\s*$", re.S)
TOOLS = re.compile(
    r'(<script[^>]* src="[^"]*searchtools\.js[^"]*"></script>)(?!\s*<script[^>]*search\.js)'
)


def with_words(index: str, words: dict[str, list[str]], site: Path) -> tuple[str, list[str]]:
    """Return the search's index with the words of readers, and the places that are not there.

    Parameters
    ----------
    index
        The text of ``searchindex.js``.
    words
        Lists of words by the page, or ``page#section``, that they should find.
    site
        The built book.
    """
    told = json.loads(INDEX.match(index)[1])
    entries, missing = told["indexentries"], []
    for place, typed in words.items():
        page, _, section = place.partition("#")
        file = site / f"{page}.html"
        there = page in told["docnames"] and file.is_file()
        if not there or (section and f'id="{section}"' not in file.read_text(encoding="utf-8")):
            missing.append(place)
            continue
        entry = [told["docnames"].index(page), section, True]
        for word in typed:
            # What already is of this name, such as a function, comes after it.
            others = [other for other in entries.get(word, []) if other != entry]
            entries[word] = [entry, *others]
    return f"Search.setIndex({json.dumps(told)})", missing


def add_words(app: Sphinx, exception: Exception | None) -> None:
    """Write the index with them, and let the page that searches load our script."""
    if exception is not None or app.builder.name != "html":
        return
    site, source = Path(app.outdir), Path(app.srcdir, "book", "_search.yml")
    index = site / "searchindex.js"
    words = yaml.safe_load(source.read_text(encoding="utf-8"))
    text, missing = with_words(index.read_text(encoding="utf-8"), words, site)
    index.write_text(text, encoding="utf-8")
    for place in missing:
        text = "book/_search.yml: there is no %s in the built book"
        logging.getLogger(__name__).warning(text, place)
    page = site / "search.html"
    before = page.read_text(encoding="utf-8")
    page.write_text(
        TOOLS.sub(r'\1\n    <script src="_static/search.js"></script>', before), "utf-8"
    )


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("build-finished", add_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
