import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision.transforms import CenterCrop, Compose, PILToTensor
from torchvision.transforms import InterpolationMode as Mode
from torchvision.transforms import Resize as TheirResize

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features.preprocessing import Resize


def picture(width, height):
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


SIZES = [(90, 50), (50, 90), (33, 33), (16, 16), (7, 40), (301, 17), (1, 3)]


def test_any_mode_and_size_becomes_bytes():
    resize, given = Resize(16), picture(90, 50)
    for mode in ("RGB", "L", "RGBA", "P", "1", "CMYK"):
        tensor = resize(given.convert(mode))
        assert tensor.shape == (3, 16, 16)
        assert tensor.dtype == torch.uint8
    exact = given.resize((16, 16))
    assert torch.equal(resize(exact).permute(1, 2, 0), torch.from_numpy(np.array(exact)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("scaled", [16, 18, 19, 13])
def test_the_middle_is_torchvisions_to_the_byte(size, interpolation, scaled):
    theirs = Compose([TheirResize(scaled, Mode(interpolation)), CenterCrop(16), PILToTensor()])
    ours = Resize(16, interpolation, scaled, "shorter")
    assert torch.equal(ours(picture(*size)), theirs(picture(*size)))


@pytest.mark.parametrize("size", SIZES)
def test_squashed_is_torchvisions_to_the_byte(size):
    theirs = Compose([TheirResize((20, 20), Mode.BICUBIC), CenterCrop(16), PILToTensor()])
    ours = Resize(16, "bicubic", 20, "squash")
    assert torch.equal(ours(picture(*size)), theirs(picture(*size)))


def test_what_is_not_filled_has_the_colour_asked_for():
    found = Resize(16, scaled=16, shape="longer", fill=(1, 2, 3))(
        Image.new("RGB", (32, 16), "white")
    )
    white = torch.tensor([255] * 3)
    assert torch.equal(found[:, 0, 0], torch.tensor([1, 2, 3], dtype=torch.uint8))
    assert torch.equal(found[:, 8, 8].long(), white)
    assert (found[0] == 255).sum() == 16 * 8  # nothing of the picture is left out


def test_what_changes_a_pixel_changes_the_id():
    ways = [
        Resize(16),
        Resize(16, "bicubic"),
        Resize(17),
        Resize(16, scaled=18),
        Resize(16, shape="shorter"),
        Resize(16, shape="shorter", scaled=18),
        Resize(16, shape="longer"),
        Resize(16, shape="longer", fill=(1, 1, 1)),
    ]
    assert len({way.transform_id for way in ways}) == len(ways)
    # The caches of old features, and every index of photos, have this one.
    assert Resize(224).transform_id == "rgb-bilinear-224-v1"


@pytest.mark.parametrize(
    ("scaled", "shape"), [(16, "squash"), (19, "shorter"), (13, "shorter"), (20, "squash")]
)
def test_a_network_of_square_pictures_does_the_same(scaled, shape):
    resize = Resize(16, "bicubic", scaled, shape)
    drawing = picture(scaled, scaled)
    whole = torch.from_numpy(np.array(drawing)).permute(2, 0, 1)[None]
    network = resize.of_pictures(nn.Identity())
    assert torch.equal(network(whole)[0], resize(drawing))


@pytest.mark.parametrize("fields", [{"interpolation": "cubic"}, {"shape": "center"}])
def test_an_unknown_way_is_named(fields):
    with pytest.raises(ZsbirError, match="is none of"):
        Resize(16, **fields)
