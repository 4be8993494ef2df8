"""A folder's photos, decoded once each: for the network, and as a small picture to be shown."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from zsbir_lib.drawings import read_image
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Backbone
from zsbir_lib.features.decoding import Images
from zsbir_lib.gallery.photo_index import THUMBNAIL

_SMALL = 3 * THUMBNAIL**2


class PhotoImages(Images):
    """The photos of a folder by row; what is made of one holds its thumbnail, too.

    Parameters
    ----------
    folder
        Where they are.
    names
        Their paths in it.
    backbone
        The network that is to take them.
    """

    def __init__(self, folder: Path, names: Sequence[str], backbone: Backbone) -> None:
        self.folder, self.names, self.threads = folder, names, 1
        self._side, self._transform = backbone.input_size, backbone.transform
        self._blank = torch.zeros_like(self._both(Image.new("RGB", (self._side, self._side))))

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, row: int) -> Tensor:
        # Twice as many pixels as are needed, so that what a JPEG's decoder leaves out is not seen.
        shorter = 2 * max(self._side, THUMBNAIL)
        path = self.folder / self.names[row]
        try:
            return self._both(read_image(path, what="the photo", shorter=shorter))
        except ZsbirError as error:
            reason = str(error).removeprefix(f"cannot read the photo {path}: ")
            raise ZsbirError(reason) from None

    def _both(self, image: Image.Image) -> Tensor:
        """Return what the network takes of an image, and behind it the pixels of its thumbnail."""
        square = ImageOps.fit(image, (THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
        pixels = self._transform(image)
        small = torch.from_numpy(np.array(square)).flatten()
        return torch.cat([pixels.flatten(), small.to(pixels.dtype)])

    def for_network(self, images: Tensor) -> Tensor:
        """Return what the network takes of a batch, shape (n, 3, s, s)."""
        pixels = images[:, :-_SMALL].reshape(len(images), 3, self._side, self._side)
        return pixels.contiguous(memory_format=torch.channels_last)

    def thumbnail(self, images: Tensor, place: int) -> bytes:
        """Return the thumbnail of one photo of a batch, as a WebP file."""
        pixels = images[place, -_SMALL:].to(torch.uint8).reshape(THUMBNAIL, THUMBNAIL, 3)
        return webp(Image.fromarray(pixels.numpy()))


def webp(image: Image.Image) -> bytes:
    """Return a small picture as a WebP file."""
    data = io.BytesIO()
    image.save(data, "WEBP", quality=70, method=2)
    return data.getvalue()
