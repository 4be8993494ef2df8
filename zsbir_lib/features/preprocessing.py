"""From an image of any size to the square of pixels that a network takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from zsbir_lib.errors import ZsbirError

_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
SHAPES = ("squash", "shorter", "longer")


@dataclass(frozen=True)
class Resize:
    """Scale an image, and take the square in its middle.

    By default the whole image is squashed to the square, whatever its shape, as the paper's own
    code does. The packages of networks mostly keep its shape, and so lose what lies at the ends.
    Pixels are whole numbers after the scaling, as in torchvision, timm and open_clip, which scale
    by Pillow, too: what comes out has the same bytes as theirs.

    Parameters
    ----------
    size
        Side of the square, in pixels.
    interpolation
        Pillow's name of the filter, such as ``"bilinear"`` or ``"bicubic"``.
    scaled
        Side that the image is scaled to before the square is taken; None is `size`.
    shape
        What is scaled to ``scaled``: both sides (``"squash"``), the shorter one, which keeps the
        shape (``"shorter"``), or the longer one, which leaves nothing out (``"longer"``).
    fill
        Red, green and blue, 0 to 255, where the image is smaller than the square.

    Raises
    ------
    ZsbirError
        If the filter or the shape has another name.
    """

    size: int
    interpolation: str = "bilinear"
    scaled: int | None = None
    shape: str = "squash"
    fill: tuple[int, int, int] = (0, 0, 0)

    def __post_init__(self) -> None:
        for given, known in ((self.interpolation, tuple(_FILTERS)), (self.shape, SHAPES)):
            if given not in known:
                raise ZsbirError(f"{given!r} is none of {', '.join(known)}")

    @property
    def picture_size(self) -> int:
        """Side of the square pictures of which no pixel is made anew, the sides of ``scaled``."""
        return self.scaled or self.size

    @property
    def transform_id(self) -> str:
        """What this does, in a word; it changes whenever the pixels it returns change."""
        if self.shape == "squash" and self.picture_size == self.size:
            return f"rgb-{self.interpolation}-{self.size}-v1"
        fill = "" if self.fill == (0, 0, 0) else "-{}.{}.{}".format(*self.fill)
        scaling = f"{self.interpolation}-{self.shape}{self.picture_size}"
        return f"rgb-{scaling}-{self.size}{fill}-v1"

    def __call__(self, image: Image.Image) -> Tensor:
        """Return the image as uint8 of shape (3, size, size), channels last in memory."""
        if image.mode != "RGB":
            image = image.convert("RGB")
        scaled = self._scaled(*image.size)
        if image.size != scaled:
            image = image.resize(scaled, _FILTERS[self.interpolation])
        if image.size != (self.size, self.size):
            image = self._middle(image)
        return torch.from_numpy(np.array(image)).permute(2, 0, 1)

    def _scaled(self, width: int, height: int) -> tuple[int, int]:
        """Return the size that an image is scaled to, rounded as torchvision and timm round."""
        side = self.picture_size
        if self.shape == "squash":
            return side, side
        if self.shape == "shorter":
            long = int(side * max(width, height) / min(width, height))
            return (side, long) if width <= height else (long, side)
        ratio = max(width / side, height / side)
        return max(1, round(width / ratio)), max(1, round(height / ratio))

    def _middle(self, image: Image.Image) -> Image.Image:
        left, top = (middle(length, self.size) for length in image.size)
        if left >= 0 and top >= 0:
            return image.crop((left, top, left + self.size, top + self.size))
        square = Image.new("RGB", (self.size, self.size), self.fill)
        square.paste(image, (-left, -top))
        return square

    def of_pictures(self, network: nn.Module) -> nn.Module:
        """Return a network that does for square pictures of `picture_size` what this does.

        Parameters
        ----------
        network
            Takes images (n, 3, size, size).
        """
        if self.picture_size == self.size:
            return network
        return nn.Sequential(_Middle(self.picture_size, self.size), network)


class _Middle(nn.Module):
    """Takes the square in the middle of square images; black where they are smaller."""

    def __init__(self, given: int, wanted: int) -> None:
        super().__init__()
        self.start, self.size = middle(given, wanted), wanted
        self.behind = wanted - given + self.start

    def forward(self, images: Tensor) -> Tensor:
        if self.start < 0:
            return functional.pad(images, (-self.start, self.behind) * 2)
        # As a slice: not every reader of ONNX takes a padding below 0.
        stop = self.start + self.size
        return images[:, :, self.start : stop, self.start : stop]


def middle(length: int, size: int) -> int:
    """Return where the middle `size` of `length` pixels begin, below 0 if they are too few."""
    return round((length - size) / 2) if length >= size else -((size - length) // 2)
