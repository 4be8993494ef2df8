"""Retrieval in a static page: what `zsbir export web` writes, and the scripts that run it."""

from zsbir_lib.web.export import export_web
from zsbir_lib.web.toybox import export_toybox_page

__all__ = ["export_toybox_page", "export_web"]
