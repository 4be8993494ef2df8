"""What tests of the command line share: a small data set, a small network, one line of error."""

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import nn

CLASSES = ("ape", "bear", "camel", "duck", "eyeglasses", "fan", "geyser", "hat")
UNSEEN = ("fan", "geyser", "hat")


def draw(number, shift, photo):
    """A polygon: filled with a colour for a photo, its outline for a sketch."""
    image = Image.new("RGB", (48, 48), (90, 160, 200) if photo else "white")
    corners = ImageDraw.Draw(image)
    fill = tuple(int(v) for v in np.random.default_rng(number).integers(0, 256, 3))
    corners.regular_polygon(
        (24 + shift, 24, 16), 3 + number, 10 * shift, fill if photo else None, "black"
    )
    return image


class Tiny(nn.Module):
    """A network that maps 8 x 8 pixels to 12 numbers; good for nothing but speed."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3 * 8 * 8, 12)

    def forward(self, x):
        return torch.relu(self.layer(x.flatten(1)))


def assert_one_line(result, *words):
    """Exit code 2, nothing on stdout, one line on stderr that says all the words."""
    code, out, err = result
    assert (code, out) == (2, ""), err
    assert err.startswith("zsbir: ")
    assert err.count("\n") == 1, err
    for word in words:
        assert str(word) in err


def fail_with(error):
    def fail(*_, **__):
        raise error

    return fail
