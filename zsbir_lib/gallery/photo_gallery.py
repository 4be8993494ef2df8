"""An index of photos together with what it is searched by: a network, and a fitted method."""

from __future__ import annotations

from difflib import get_close_matches

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zsbir_lib.drawings import TOYBOX_STYLE, DrawingStyle
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Backbone
from zsbir_lib.gallery.photo_index import PhotoIndex
from zsbir_lib.gallery.searching import open_search
from zsbir_lib.methods import Cosine, RetrievalMethod
from zsbir_lib.reading import printable
from zsbir_lib.retrieval import Index, Ranking


class PhotoGallery:
    """The photos of an index, to be searched by drawings.

    Parameters
    ----------
    index
        Of the photos.
    backbone
        The network that they went through.
    method
        Fitted on features of that network; None compares features as they are.
    pen
        Side, in pixels, and style of the sketches that the method learnt from; None where it learnt
        from none, or nobody knows: drawings are then made as the page makes them.

    Attributes
    ----------
    name : str
        What it is called in results: the index's folder.
    search_kind : str
        How it is searched, one of `zsbir_lib.retrieval.KINDS`: by what the index keeps, if the
        method compares features as they are. Photos that a method maps to other vectors are
        searched exactly: making a structure of these would take longer than most searches.
    index, backbone, method
        As given.

    Raises
    ------
    ZsbirError
        If the photos went through another network, or the method takes other features; or FAISS is
        missing, and the index is searched by it.
    """

    def __init__(
        self,
        index: PhotoIndex,
        backbone: Backbone,
        method: RetrievalMethod | None = None,
        pen: tuple[int, DrawingStyle] | None = None,
    ) -> None:
        index.check_backbone(backbone)
        self.name = printable(index.path)
        self.index, self.backbone = index, backbone
        self.method = Cosine() if method is None else method
        self._pen = pen or (min(1024, max(16, backbone.picture_size)), TOYBOX_STYLE)
        kept = open_search(index) if isinstance(self.method, Cosine) else None
        self.search_kind = "exact" if kept is None else kept.kind
        # A copy in memory, since methods compute with tensors that can be written.
        self._ranked: Index = (
            self.method.index(torch.from_numpy(np.array(index.features))) if kept is None else kept
        )

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.index)

    def pen(self) -> tuple[int, DrawingStyle]:
        """Return side, in pixels, and style of the drawings that the method takes."""
        return self._pen

    def search(self, queries: Tensor, k: int) -> Ranking:
        """Return the `k` nearest photos of each query of the method."""
        return self._ranked.search(queries, k)

    def photo(self, row: int) -> Image.Image:
        """Return a photo from its file, or, where that is not there, the small picture of it."""
        return self.index.photo(row)

    def photo_id(self, row: int) -> str:
        """Return the path of a photo below the folder that was indexed."""
        return printable(self.index.name(row))

    def class_name(self, row: int) -> str:
        """Return the name of the folder that a photo lies in."""
        return self.index.label(row)

    def find_class(self, name: str) -> str:
        """Return the name of a folder of photos, or raise a `ZsbirError` that suggests others."""
        labels = {self.index.label(row) for row in range(len(self))}
        if name in labels:
            return name
        near = get_close_matches(name, labels, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "leave it out if it has none"
        raise ZsbirError(f"the index {self.name} has no folder {name!r}: {hint}")
