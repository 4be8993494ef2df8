"""Sphinx extension: what depends on where the book is published.

A page that is not there says so, and leads back (``404.html``, which GitHub Pages and
``make serve`` show). Where the book has a repository (``make home``), each page ends with a link
that edits its source; until then there is none.
"""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx

LOST = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>No such page: {title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<base href="{base}"><link rel="icon" href="_static/favicon.svg">
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 34rem; margin: 4rem auto; padding: 0 1rem;
  font: 1.1rem/1.6 system-ui, sans-serif; }}
</style></head><body><main>
<h1>There is no such page</h1>
<p>It may have another name since chapters were split. The <a href="book/intro.html">contents</a>
name every page.</p>
<form action="search.html"><label>Search the book: <input type="search" name="q"></label>
<button>Search</button></form>
</main></body></html>
"""


def read_home(root: Path) -> Any:
    """Return where the book is at home, as the tool for it reads it."""
    sys.path.insert(0, str(root / "tools"))
    from home import Home

    return Home.read(root)


def edit_address(repository: str, source: str) -> str:
    """Return the address that edits a file of a repository on GitHub, on its main branch."""
    return f"{repository}/edit/HEAD/{source}"


def add_edit_link(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """End a page with a link to edit it, where there is a repository."""
    repository = read_home(Path(app.srcdir)).repository
    if app.builder.name != "html" or not doctree or repository is None:
        return
    source = Path(app.env.doc2path(name)).relative_to(app.srcdir).as_posix()
    context["body"] += (f'<p class="zsbir-edit"><a href="{edit_address(repository, source)}">'
                        "Edit this page</a></p>")  # fmt: skip


def add_lost_page(app: Sphinx, exception: Exception | None) -> None:
    """Write the page for addresses that lead nowhere; it may be shown at any depth."""
    if exception is None and app.builder.name == "html":
        site = read_home(Path(app.srcdir)).site
        base = f"{urlsplit(site).path.rstrip('/')}/" if site else "/"
        text = LOST.format(title=app.config.project, base=base)
        Path(app.outdir, "404.html").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("html-page-context", add_edit_link)
    app.connect("build-finished", add_lost_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
