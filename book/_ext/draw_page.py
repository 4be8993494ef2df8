"""Sphinx extension: beside the page "Draw it, find it" lie the networks and photos that it needs.

They are made by the library, as `zsbir export web` does, once for each state of its code.
"""

import hashlib
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

PAGE = "book/draw"


def code_digest(library: Path) -> str:
    """Return a hash over the library's files."""
    total = hashlib.sha256()
    for file in sorted(library.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            total.update(f"{file.relative_to(library)}\0".encode() + file.read_bytes())
    return total.hexdigest()


def make_page(app: Sphinx, exception: Exception | None) -> None:
    """Put the folder ``draw`` and the service worker into the built book."""
    if exception or app.builder.format != "html" or PAGE not in app.env.found_docs:
        return
    import zsbir_lib
    from zsbir_lib.web import export_toybox_page

    made = Path(app.doctreedir).parent / "draw"
    record, digest = made.with_name(".draw"), code_digest(Path(zsbir_lib.__file__).parent)
    if not made.is_dir() or not record.exists() or record.read_text() != digest:
        logging.getLogger(__name__).info("exporting the networks of the retrieval page")
        export_toybox_page(made, progress=False)
        record.write_text(digest)
    target = Path(app.outdir, "draw")
    shutil.copytree(made, target, dirs_exist_ok=True)
    # A service worker cares for the folder it lies in, and the page is not in that of its files.
    shutil.copyfile(made / "sw.js", Path(app.outdir, "sw.js"))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("build-finished", make_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
