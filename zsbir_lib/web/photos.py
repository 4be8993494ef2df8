"""The page for one's own photos: what an index of them becomes, for any host or for this machine.

The scripts are those of every page (`zsbir_lib.web.page_format`). The pictures are not on one
sheet, which no browser could hold for 100,000 photos: each is a file of its own, and ``photos.js``
shows it where the page shows what it found. So nobody loads more pictures than are found.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

import numpy as np
import torch
from PIL import Image

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Backbone
from zsbir_lib.features.weight_files import first_line
from zsbir_lib.gallery import THUMBNAIL, PhotoGallery, webp
from zsbir_lib.methods import RetrievalMethod
from zsbir_lib.reading import printable
from zsbir_lib.web.export import Files, check_runs_in_page, method_entry, open_page_folder, scripts
from zsbir_lib.web.networks import fold_batch_norms, onnx_bytes, round_weights
from zsbir_lib.web.page_format import ENTRY, FORMAT

MOST_BYTES = 100_000_000
"""Bytes that a page of photos may have to be written for a static host."""


class PhotoPage(Mapping[str, bytes]):
    """All files of a page that answers drawings from an index, by name.

    Small pictures are read from the index when they are asked for; all else is in memory.

    Parameters
    ----------
    gallery
        The photos, the network and the method that is chosen when the page opens.
    others
        Methods to choose beside it, fitted on features of the same network.

    Raises
    ------
    ZsbirError
        If a method cannot run in a page, or the packages of the extra ``web`` are missing.
    """

    def __init__(self, gallery: PhotoGallery, others: Sequence[RetrievalMethod] = ()) -> None:
        self.index = gallery.index
        methods = {method.name: method for method in (gallery.method, *others)}
        for name in methods:
            check_runs_in_page(name)
        self._pictures = re.compile(rf"photo(0|[1-9][0-9]*)\.{self.index.digest}\.webp", re.ASCII)
        files = Files()
        self.model = self._model(gallery.backbone, methods, files)
        entry = json.dumps(self.model, separators=(",", ":")).encode("utf-8")
        self._files = {**files, **_page_scripts(), ENTRY: entry}

    def _model(
        self, backbone: Backbone, methods: Mapping[str, RetrievalMethod], files: Files
    ) -> dict[str, Any]:
        """Add what depends on the photos, and return what ``model.json`` says."""
        index, side = self.index, backbone.picture_size
        found = torch.from_numpy(np.array(index.features))
        data = _network_bytes(backbone)
        names = [printable(index.name(row)) for row in range(len(index))]
        blank = Image.new("RGB", (1, 1))
        return {
            "format": FORMAT,
            "side": side,
            "backbone": files.keep("backbone.onnx", data),
            "photos": len(index),
            "thumbnail": THUMBNAIL,
            "columns": 1,
            "thumbnails": files.keep("thumbnails.webp", webp(blank)),
            "methods": {
                name: method_entry(files, method, found) for name, method in methods.items()
            },
            # What photos.js reads.
            "pictures": f"photo{{}}.{index.digest}.webp",
            "names": files.keep("names.json", json.dumps(names).encode()),
        }

    def __getitem__(self, name: str) -> bytes:
        found = self._pictures.fullmatch(name)
        if found is None:
            return self._files[name]
        # Digits of any number would become an integer of any size.
        if len(found[1]) > 12 or int(found[1]) >= len(self.index):
            raise KeyError(name)
        return self.index.thumbnail(int(found[1]))

    def __iter__(self) -> Iterator[str]:
        yield from (self.model["pictures"].format(row) for row in range(len(self.index)))
        yield from self._files  # model.json, which names all others, comes last

    def __len__(self) -> int:
        return len(self.index) + len(self._files)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return self.index.thumbnail_bytes + sum(map(len, self._files.values()))


def export_photo_page(
    folder: str | os.PathLike, gallery: PhotoGallery, others: Sequence[RetrievalMethod] = ()
) -> PhotoPage:
    """Write a folder that answers drawings from one's own photos, on any static host.

    It holds small pictures and names of the photos, and no photo itself.

    Parameters
    ----------
    folder
        As for `zsbir_lib.web.export_web`.
    gallery, others
        As for `PhotoPage`.

    Raises
    ------
    ZsbirError
        If the page has more than ``MOST_BYTES``; or as `PhotoPage` and `export_web` do.
    """
    target = open_page_folder(folder)
    # What is certain before networks are written: too much is too much.
    _check_size(gallery.index.thumbnail_bytes + gallery.index.features.size)
    page = PhotoPage(gallery, others)
    _check_size(page.size)
    target.write(page)
    return page


def _network_bytes(backbone: Backbone) -> bytes:
    """Return the network for drawings as a file that a browser runs.

    Raises
    ------
    ZsbirError
        If it computes with what such a file cannot say.
    """
    side = backbone.picture_size
    network = round_weights(fold_batch_norms(backbone.for_drawings()))
    try:
        return onnx_bytes(network, {"pixels": torch.zeros(1, 3, side, side)})
    except ZsbirError:
        raise
    # What PyTorch's exporter cannot write it tells in many ways.
    except Exception as error:
        raise ZsbirError(
            f"{backbone.name} cannot be written for a page ({type(error).__name__}: "
            f"{first_line(error)[:120]}): search the index by `zsbir retrieve --index`, or index "
            "the photos with another network"
        ) from error


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise ZsbirError(
            f"the page would have {size:,} bytes, more than the {MOST_BYTES:,} that a static host "
            "is asked to keep: index fewer photos, or answer from this machine with `zsbir serve`"
        )


def _page_scripts() -> dict[str, bytes]:
    """Return the files of every page, and those of one for photos in their place."""
    own = resources.files("zsbir_lib.web") / "photo_page"
    found = {file.name: file.read_bytes() for file in own.iterdir() if file.is_file()}
    return scripts() | found
