"""Sphinx extension: beside the page "Draw it, find it" lie the networks and photos that it needs.

They are made by the library, as `zsbir export web` does, once for each state of its code. The
page's service worker cares for all pages: each that was opened opens again without a network.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.application import Sphinx

if TYPE_CHECKING:
    from zsbir_lib.web.folder import PageFolder

PAGE = "book/draw"
# A page that is opened as a file has no service worker, and may load no module.
KEEP = """<script>
if (location.protocol.startsWith("http") && navigator.serviceWorker) {
  addEventListener("load", () => import(new URL("KEEP", location.href).href)
    .then(({ keep }) => keep("WORKER", [...document.querySelectorAll("[data-file], img")]
      .map(one => new URL(one.dataset.file ?? one.src, location.href)))).catch(() => {}));
}
</script>
"""


def code_digest(library: Path) -> str:
    """Return a hash over the library's files."""
    total = hashlib.sha256()
    for file in sorted(library.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            total.update(f"{file.relative_to(library)}\0".encode() + file.read_bytes())
    return total.hexdigest()


def export(made: Path) -> None:
    """Bring a folder with the page's files up to date."""
    import zsbir_lib
    from zsbir_lib.web import export_toybox_page

    record, digest = made.with_name(".draw"), code_digest(Path(zsbir_lib.__file__).parent)
    known = record.exists() and record.read_text() == digest
    if not known or open_page(made).damaged():
        open_page(made)
        export_toybox_page(made, progress=False)
        record.write_text(digest)


def open_page(folder: Path) -> PageFolder:
    """Return a folder of a page; one that holds anything else, as old builds left it, is removed.

    All of this lies in the folder of the build.
    """
    from zsbir_lib.errors import ZsbirError
    from zsbir_lib.web.folder import PageFolder

    try:
        return PageFolder(folder)
    except ZsbirError:
        shutil.rmtree(folder)
        return PageFolder(folder)


def make_page(app: Sphinx, exception: Exception | None) -> None:
    """Put the folder ``draw`` and the service worker into the built book."""
    if exception or app.builder.format != "html" or PAGE not in app.env.found_docs:
        return
    made = Path(app.doctreedir).parent / "draw"
    export(made)
    files = open_page(made).files()
    open_page(Path(app.outdir, "draw")).write(files)
    # A service worker cares for the folder it lies in, and the page is not in that of its files.
    Path(app.outdir, "sw.js").write_bytes(files["sw.js"])


def keep_pages(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Let every page but that of the pad, which does so itself, be kept by the service worker."""
    if app.builder.name == "html" and doctree and name != PAGE and PAGE in app.env.found_docs:
        to = context["pathto"]
        script = KEEP.replace("KEEP", to("draw/keep.js", 1)).replace("WORKER", to("sw.js", 1))
        context["body"] += script


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("html-page-context", keep_pages)
    app.connect("build-finished", make_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
