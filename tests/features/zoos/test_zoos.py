"""Names of networks of packages: found, misspelt, and of packages that are not there."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from zsbir_lib.errors import UnknownNameError, ZsbirError
from zsbir_lib.features import Recipe, available_backbones, load_backbone, register_backbone, zoos
from zsbir_lib.features.zoos import ZOOS, fetching, find_recipe


@pytest.mark.slow  # a process of its own has to import torch
def test_listing_names_imports_no_package():
    code = (
        "import sys, zsbir_lib.features as f; print(len(f.available_backbones()) >= 4); "
        "print([name for name in ('timm', 'open_clip', 'torchvision') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split("\n")[:2] == ["True", "[]"]


def test_the_names_of_a_package_are_there_when_asked_for():
    names = available_backbones("torchvision")
    assert {"torchvision:resnet50/IMAGENET1K_V2", "torchvision:convnext_tiny/IMAGENET1K_V1"} <= {
        *names
    }
    assert all(find_recipe(name)[0] == name for name in names)
    with pytest.raises(ZsbirError, match="unknown zoo 'keras': use one of torchvision, timm, clip"):
        available_backbones("keras")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("torchvision:resnet5O", "torchvision:resnet50"),
        ("torchvision:ResNet50", "torchvision:resnet50/IMAGENET1K_V1"),
        ("torchvision:resnet50/IMAGENET_V2", "torchvision:resnet50/IMAGENET1K_V2"),
        ("torchvison:resnet50", "torchvision:resnet50"),
        ("resnet50", "torchvision:resnet50"),
        ("resnet50/IMAGENET1K_V1", "torchvision:resnet50/IMAGENET1K_V1"),
        ("toynett", "toynet"),
        ("torchvision:", "torchvision:resnet50"),
        ("xyzzy", "torchvision:resnet50"),
    ],
)
def test_a_misspelt_name_gets_one_line_with_the_name_that_was_meant(name, hint):
    with pytest.raises(UnknownNameError) as caught:
        load_backbone(name)
    assert str(caught.value).startswith(f"unknown backbone {name!r}")
    assert hint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("zoo", "pip"), [("timm", "timm"), ("clip", "open_clip_torch")])
def test_a_package_that_is_missing_is_named_with_the_extra(monkeypatch, zoo, pip):
    monkeypatch.setattr(zoos.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ZsbirError, match=rf'pip install {pip} \(the extra "backbones" has it\)$'):
        load_backbone(f"{zoo}:anything")
    # Where it is not installed, a name without a prefix is not looked up in it.
    with pytest.raises(UnknownNameError, match="unknown backbone 'anything': use one of toynet"):
        load_backbone("anything")


def test_what_is_registered_comes_before_what_a_package_has(own_registries):
    recipe = Recipe(torch.nn.Flatten, dim=12, input_size=2, default_weights=dict)
    register_backbone("timm:mine", recipe)
    assert find_recipe("timm:mine") == ("timm:mine", recipe)


def test_a_recipe_may_leave_its_width_to_the_network(own_registries):
    recipe = Recipe(torch.nn.Flatten, dim=None, input_size=2, default_weights=dict)
    register_backbone("flat", recipe)
    backbone = load_backbone("flat", device="cpu")
    assert backbone.dim == 12
    assert backbone.features([Image.fromarray(np.zeros((3, 3, 3), np.uint8))]).shape == (1, 12)
    register_backbone(
        "flat", Recipe(torch.nn.Identity, None, 2, default_weights=dict), replace=True
    )
    with pytest.raises(ZsbirError, match=r"returns \(1, 3, 2, 2\), the recipe wants \(1, dim\)"):
        load_backbone("flat", device="cpu")


def test_weights_that_cannot_be_had_are_one_line_that_names_the_way_with_a_file():
    def fail():
        raise OSError("We couldn't connect\nto the server")

    with pytest.raises(ZsbirError) as caught:
        fetching("timm:some.weights", fail)()
    assert str(caught.value) == (
        "cannot fetch the weights of timm:some.weights (OSError: We couldn't connect): pass a file "
        "as weights=PATH"
    )


def test_fetching_leaves_random_numbers_alone(monkeypatch):
    def draw():
        torch.rand(1)
        return {}

    recipe = Recipe(torch.nn.Flatten, None, 2, default_weights=draw)
    monkeypatch.setitem(ZOOS, "mine", SimpleNamespace(recipe=lambda name: (name, recipe)))
    torch.manual_seed(3)
    wanted = torch.rand(1)
    torch.manual_seed(3)
    load_backbone("mine:one", device="cpu")
    assert torch.equal(torch.rand(1), wanted)
