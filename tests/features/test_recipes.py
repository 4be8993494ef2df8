"""The registry of backbones, and where the weights of the paper's networks come from."""

import hashlib
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from zsbir_lib.errors import NameTakenError, ZsbirError
from zsbir_lib.features import (
    BACKBONES,
    Recipe,
    available_backbones,
    load_backbone,
    register_backbone,
)
from zsbir_lib.registry import Registry

pytestmark = pytest.mark.usefixtures("own_registries")


def tiny(dim=5):
    return nn.Sequential(nn.Conv2d(3, dim, 4), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def test_the_backbones_of_the_book_are_there():
    assert set(available_backbones()) >= {"toynet", "vgg16", "squeezenet1_1"}
    assert isinstance(BACKBONES, Registry)


def test_a_new_backbone_is_one_line(tmp_path):
    register_backbone("tiny", Recipe(tiny, dim=5, input_size=16))
    assert "tiny" in available_backbones()
    with pytest.raises(ZsbirError, match="tiny has no default weights"):
        load_backbone("tiny")
    save_file(tiny().state_dict(), tmp_path / "tiny.safetensors")
    backbone = load_backbone("tiny", tmp_path / "tiny.safetensors", device="cpu")
    picture = Image.fromarray(np.full((20, 30, 3), 100, dtype=np.uint8))
    assert backbone.features([picture, picture]).shape == (2, 5)


def test_a_name_is_not_taken_unawares():
    register_backbone("tiny", Recipe(tiny, dim=5))
    with pytest.raises(NameTakenError, match="'vgg16' is taken"):
        register_backbone("vgg16", Recipe(tiny, dim=5))
    register_backbone("tiny", Recipe(tiny, dim=6))  # the cell that defines it, run again
    assert BACKBONES["tiny"].dim == 6
    register_backbone("vgg16", Recipe(tiny, dim=5), replace=True)
    assert BACKBONES["vgg16"].build is tiny


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"build": tiny()}, "function that makes the network"),
        ({"dim": 0}, "dim and input_size"),
        ({"std": (1, 1)}, "three numbers"),
        ({"std": (1, 1, 0)}, "above 0"),
    ],
)
def test_a_recipe_that_cannot_be_right(fields, words):
    with pytest.raises(ZsbirError, match=words):
        Recipe(**{"build": tiny, "dim": 5, **fields})


def test_only_recipes_are_registered():
    with pytest.raises(ZsbirError, match="by its Recipe, not by function"):
        register_backbone("tiny", tiny)


def test_installed_packages_add_backbones(monkeypatch):
    weights = tiny().state_dict()
    recipe = Recipe(tiny, dim=5, input_size=16, default_weights=lambda: weights)
    points = [
        SimpleNamespace(name="theirs", value="theirs:recipe", load=lambda: recipe),
        SimpleNamespace(name="wrong", value="theirs", load=lambda: 3),
    ]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points)
    monkeypatch.setattr(BACKBONES, "_installed", None)
    assert {"theirs", "wrong"} <= set(available_backbones())
    assert load_backbone("theirs", device="cpu").dim == 5
    with pytest.raises(ZsbirError, match="entry point of the backbone 'wrong' is int"):
        load_backbone("wrong")


def test_unknown_name():
    with pytest.raises(
        ZsbirError, match="unknown backbone 'resnet': use one of toynet, toynet-sketch, vgg16"
    ):
        load_backbone("resnet")


def test_without_a_network_the_hub_error_says_to_pass_a_file(monkeypatch, tmp_path):
    def unreachable(*_, **__):
        raise OSError("Name or service not known")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", unreachable)
    monkeypatch.setattr("torch.hub.urlopen", unreachable)
    with pytest.raises(ZsbirError, match=r"cannot fetch .*vgg16.*Name or.*weights=PATH") as caught:
        load_backbone("vgg16")
    assert "\n" not in str(caught.value)


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A folder where torchvision keeps weights, and the weights of SqueezeNet that it would."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    torch.save(torchvision.models.squeezenet1_1(weights=None).state_dict(), folder / "new")
    digest = hashlib.sha256((folder / "new").read_bytes()).hexdigest()[:8]
    entry = SimpleNamespace(url=f"https://example.org/models/squeezenet1_1-{digest}.pth")
    monkeypatch.setattr(
        torchvision.models, "get_model_weights", lambda name: {"IMAGENET1K_V1": entry}
    )
    kept = folder / f"squeezenet1_1-{digest}.pth"
    (folder / "new").rename(kept)
    return kept


def test_weights_that_torchvision_keeps_are_taken(hub):
    assert load_backbone("squeezenet1_1", device="cpu").dim == 512


@pytest.mark.parametrize("damage", ["cut", "flip", "page"])
def test_damaged_weights_that_torchvision_keeps_are_named(hub, damage):
    content = bytearray(hub.read_bytes())
    content[len(content) // 2] ^= 1
    hub.write_bytes({"cut": content[:1000], "flip": content, "page": b"<html>"}[damage])
    with pytest.raises(ZsbirError, match=re.escape(str(hub)) + ".*delete it.*weights=PATH"):
        load_backbone("squeezenet1_1", device="cpu")
