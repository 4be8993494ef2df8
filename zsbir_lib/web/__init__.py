"""Retrieval in a page: what `zsbir export web` writes, and the scripts that run it.

From one's own photos, too: written as a page (`export_photo_page`), or served to this machine
(`PageServer`).
"""

from zsbir_lib.web.export import export_web, open_page_folder
from zsbir_lib.web.photos import MOST_BYTES, PhotoPage, export_photo_page
from zsbir_lib.web.serving import PageServer
from zsbir_lib.web.toybox import export_toybox_page

__all__ = [
    "MOST_BYTES",
    "PageServer",
    "PhotoPage",
    "export_photo_page",
    "export_toybox_page",
    "export_web",
    "open_page_folder",
]
