"""From a drawing to what an index is asked: the network that drawings go through is chosen here."""

from __future__ import annotations

from zsbir_lib.features import Backbone


def sketch_backbone(backbone: Backbone) -> Backbone:
    """Return the network that drawings go through, given the one that photos went through.

    Its features are compared with those of the photos, so both map into one space.
    """
    return backbone
