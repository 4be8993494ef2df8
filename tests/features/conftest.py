import itertools

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from zsbir_lib.datasets.base import SketchPhotoDataset, ZeroShotSplit
from zsbir_lib.features.backbones import Backbone, Normalised
from zsbir_lib.features.preprocessing import Resize

SIZE = 8


class Drawer(SketchPhotoDataset):
    """Random images in memory: 4 classes of 5 photos, 2 sketches each, one without its photo."""

    name = "drawer"
    class_names = ("bat", "cow", "pear", "saw")
    split = ZeroShotSplit("test", ("bat", "cow"), ("pear", "saw"))

    def __init__(self, seed=0, photos_per_class=5):
        rng = np.random.default_rng(seed)
        n = len(self.class_names) * photos_per_class
        self.pixels = rng.integers(0, 256, (n, SIZE, SIZE, 3), dtype=np.uint8)
        self.sketch_pixels = rng.integers(0, 256, (2 * n, SIZE, SIZE, 3), dtype=np.uint8)
        self.photo_labels = np.repeat(np.arange(len(self.class_names)), photos_per_class)
        self.sketch_photos = np.repeat(np.arange(n), 2)
        self.sketch_labels = self.photo_labels[self.sketch_photos]
        self.sketch_photos[3] = -1
        self.photo_ids = [f"{self.class_names[c]}/{i}" for i, c in enumerate(self.photo_labels)]
        self.sketch_ids = [f"{self.photo_ids[i // 2]}-{i % 2 + 1}" for i in range(2 * n)]
        self.fingerprint = f"drawer-{seed}-{photos_per_class}"
        self.unreadable = {}
        self.reads = itertools.count()

    def photo(self, index):
        return self._open(("photo", index), self.pixels)

    def sketch(self, index):
        return self._open(("sketch", index), self.sketch_pixels)

    def _open(self, key, pixels):
        next(self.reads)
        if key in self.unreadable:
            raise self.unreadable[key]
        return Image.fromarray(pixels[key[1]])

    def with_split(self, split):
        self.split = split
        return self


class Means(nn.Module):
    """A network that can be checked by hand: pixels, averaged and multiplied."""

    def __init__(self, dim=6, seed=0):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.weight = nn.Parameter(torch.randn(3 * SIZE * SIZE, dim, generator=generator))

    def forward(self, x):
        return x.flatten(1) @ self.weight


def make_backbone(seed=0, dim=6):
    module = Normalised(Means(dim, seed), (0.5,) * 3, (0.25,) * 3).eval().requires_grad_(False)
    return Backbone("means", dim, SIZE, module, f"w{seed}", Resize(SIZE), "plain-v1")


@pytest.fixture
def make_drawer():
    return Drawer


@pytest.fixture
def drawer():
    return Drawer()


@pytest.fixture
def means():
    return make_backbone()


@pytest.fixture
def other_means():
    return make_backbone(seed=1)


@pytest.fixture
def expected(drawer, means):
    """Features of all images of `drawer`, computed one by one without any of our machinery."""
    pixels = np.concatenate([drawer.pixels, drawer.sketch_pixels]).astype(np.float64)
    normalised = (pixels / 255 - 0.5) / 0.25
    weight = means.module.network.weight.double().numpy()
    return np.stack([image.transpose(2, 0, 1).reshape(-1) @ weight for image in normalised])
