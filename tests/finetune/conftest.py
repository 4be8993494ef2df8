"""Toys of a few classes, and transformers of two layers with random weights."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from zsbir_lib.datasets.base import SketchPhotoDataset, ZeroShotSplit
from zsbir_lib.datasets.toybox.generation import draw_class
from zsbir_lib.datasets.toybox.recipe import Counts, Recipe
from zsbir_lib.features import BACKBONES, load_backbone
from zsbir_lib.features import Recipe as BackboneRecipe

SEEN = (
    "airplane", "ant", "apple", "banana", "bicycle", "candle", "castle", "chair",
    "crab", "cup", "duck", "elephant",
)  # fmt: skip
UNSEEN = ("cow", "giraffe")
PHOTOS, DRAWN, SKETCHES = 8, 6, 2


class Toys(SketchPhotoDataset):
    """Pictures of the Toybox in memory, which say which classes were looked at."""

    name = "toys"
    class_names = tuple(sorted((*SEEN, *UNSEEN)))
    split = ZeroShotSplit("few", SEEN, UNSEEN)
    fingerprint = "toys-1"

    def __init__(self, photos, sketches):
        self.photo_pixels, self.sketch_pixels = photos, sketches
        labels = np.arange(len(self.class_names))
        self.photo_labels = labels.repeat(PHOTOS)
        self.sketch_labels = labels.repeat(DRAWN * SKETCHES)
        first = labels.repeat(DRAWN * SKETCHES) * PHOTOS
        self.sketch_photos = first + np.tile(np.arange(DRAWN).repeat(SKETCHES), len(labels))
        self.photo_ids = [f"{self.class_names[c]}/{i}" for i, c in enumerate(self.photo_labels)]
        self.sketch_ids = [f"{self.class_names[c]}/{i}-1" for i, c in enumerate(self.sketch_labels)]
        self.read = set()
        self.forbidden = frozenset()

    def _open(self, label, pixels):
        name = self.class_names[label]
        self.read.add(name)
        assert name not in self.forbidden, f"an image of {name} is read"
        return Image.fromarray(pixels).convert("RGB")

    def photo(self, index):
        return self._open(self.photo_labels[index], self.photo_pixels[index])

    def sketch(self, index):
        return self._open(self.sketch_labels[index], self.sketch_pixels[index])

    def with_split(self, split):
        other = Toys(self.photo_pixels, self.sketch_pixels)
        other.split = self.check_split(split)
        return other


@pytest.fixture(scope="session")
def drawn():
    recipe = Recipe({name: Counts(PHOTOS, DRAWN, SKETCHES) for name in Toys.class_names}, seed=5)
    parts = [draw_class(recipe, name) for name in Toys.class_names]
    photos, sketches = zip(*parts, strict=True)
    flat = [one.reshape(-1, *one.shape[2:]) for one in sketches]
    return np.concatenate(photos), np.concatenate(flat)


@pytest.fixture
def toys(drawn):
    return Toys(*drawn)


@pytest.fixture
def stripes():
    """Images that take no time: stripes of a width and a slope that tell the class."""
    rows, columns = np.mgrid[:16, :16]
    rng = np.random.default_rng(0)
    of_kinds = []
    for count in (PHOTOS, DRAWN * SKETCHES):
        noise = rng.integers(0, 90, (len(Toys.class_names), count, 16, 16, 3))
        slopes = [columns + label * rows // 4 for label in range(len(Toys.class_names))]
        wave = np.stack(slopes)[:, None, :, :, None] % 5 * 40
        of_kinds.append((wave + noise).astype(np.uint8).reshape(-1, 16, 16, 3))
    return Toys(*of_kinds)


@pytest.fixture(scope="session")
def toynet():
    return load_backbone("toynet", device="cpu")


class TwoLayers(nn.Module):
    """Attention with a packed weight, and two linear layers."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 4, 4)
        self.place = nn.Parameter(torch.zeros(16, 16))
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.norm = nn.BatchNorm1d(16)
        self.head = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Dropout(0.5), nn.Linear(32, 8))

    def forward(self, images):
        x = self.patches(images).flatten(2).transpose(1, 2) + self.place
        x = x + self.attention(x, x, x, need_weights=False)[0]
        return self.head(self.norm(x.mean(dim=1)))


@pytest.fixture(autouse=True)
def _registered(own_registries):
    BACKBONES.add("two-layers", BackboneRecipe(TwoLayers, dim=8, input_size=16))


@pytest.fixture(scope="session")
def two_layers_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "two-layers.safetensors"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        save_file(TwoLayers().state_dict(), path)
    return path


@pytest.fixture
def two_layers(two_layers_file):
    return load_backbone("two-layers", two_layers_file, device="cpu")


@pytest.fixture
def tiny_clip(tmp_path, monkeypatch):
    """An image tower of CLIP, of two layers, and the file of its weights."""
    open_clip = pytest.importorskip("open_clip", reason='pip install -e ".[backbones]"')
    monkeypatch.setattr(open_clip.factory, "_MODEL_CONFIGS", {**open_clip.factory._MODEL_CONFIGS})
    monkeypatch.setattr(
        open_clip.factory, "_MODEL_CONFIG_PATHS", [*open_clip.factory._MODEL_CONFIG_PATHS]
    )
    vision = {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8}
    text = {"context_length": 8, "vocab_size": 64, "width": 16, "heads": 2, "layers": 1}
    about = {"embed_dim": 48, "vision_cfg": vision, "text_cfg": text}
    (tmp_path / "tiny-clip.json").write_text(json.dumps(about))
    open_clip.add_model_config(tmp_path)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = open_clip.CLIP(**open_clip.get_model_config("tiny-clip"))
    save_file(network.state_dict(), tmp_path / "clip.safetensors")
    return tmp_path / "clip.safetensors"


@pytest.fixture
def measured(stripes, monkeypatch):
    """Every epoch is better than the one before, and says what it makes of some images."""
    from zsbir_lib.finetune.run import _Run

    images = [stripes.photo(0), stripes.sketch(9)]

    def of(backbone):
        return torch.cat([backbone.features(images), backbone.for_sketches().features(images)])

    def score(run):
        of.found.append(of(run.backbone))
        return len(of.found) / 100

    of.found = []
    monkeypatch.setattr(_Run, "score", score)
    return of
