"""Small folders of photos, and a network that takes no time."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from zsbir_lib.features import BACKBONES, Recipe, load_backbone
from zsbir_lib.gallery import PhotoIndex, index_photos


class Corners(nn.Module):
    """A network that maps 16 x 16 pixels to the 12 numbers of 2 x 2 means."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.scale * nn.functional.adaptive_avg_pool2d(x, 2).flatten(1)


@pytest.fixture
def backbone(monkeypatch):
    recipe = Recipe(Corners, dim=12, input_size=16, default_weights=lambda: Corners().state_dict())
    monkeypatch.setitem(BACKBONES._known, "corners", recipe)
    return load_backbone("corners", device="cpu")


@pytest.fixture
def save():
    """Write a photo of random colours; the same number gives the same one."""

    def save(path, number=0, size=(40, 30)):
        path.parent.mkdir(parents=True, exist_ok=True)
        blocks = np.random.default_rng(number).integers(0, 256, (3, 4, 3), dtype=np.uint8)
        Image.fromarray(blocks).resize(size, Image.Resampling.NEAREST).save(path)
        return path

    return save


@pytest.fixture
def folder(tmp_path, save):
    """Seven photos, some of them deep down or oddly named."""
    place = tmp_path / "photos"
    names = ("a.jpg", "b.PNG", "sea/c.webp", "sea/d.tif", "sea/2019/e.jpg", "sea/2019/ü ñ.jpg",
             "-rf/#f%2e.jpg")  # fmt: skip
    for number, name in enumerate(names):
        save(place / name, number)
    return place


@pytest.fixture
def index(folder, backbone, tmp_path):
    index_photos(folder, tmp_path / "index", backbone)
    return PhotoIndex(tmp_path / "index")
