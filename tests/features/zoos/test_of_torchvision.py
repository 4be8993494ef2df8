"""torchvision's networks: the features and the preparation that torchvision itself has."""

import hashlib
import re
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torchvision import models

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import load_backbone
from zsbir_lib.features.zoos import find_recipe


def without_last_layer(name, path, **options):
    """Build a network, by hand, that gives what its last layer is given."""
    network = models.get_model(name, weights=None, **options)
    last = {"resnet18": "fc", "mobilenet_v3_small": "classifier.3"}[name]
    parent, _, child = last.rpartition(".")
    setattr(network.get_submodule(parent), child, nn.Identity())
    network.load_state_dict(
        load_backbone(f"torchvision:{name}", path, "cpu").module.network.state_dict()
    )
    return network.eval()


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small"])
def test_features_are_those_of_torchvisions_own_transform(name, random_weights, picture):
    path = random_weights(f"torchvision:{name}")
    backbone = load_backbone(f"torchvision:{name}", path, device="cpu")
    network, weights = without_last_layer(name, path), models.get_model_weights(name).DEFAULT
    with torch.no_grad():
        wanted = network(weights.transforms()(picture)[None])
    assert backbone.dim == wanted.shape[1]
    torch.testing.assert_close(backbone.features([picture]), wanted, rtol=1e-4, atol=1e-4)


def test_a_name_without_weights_is_the_packages_default(random_weights):
    assert find_recipe("torchvision:resnet50")[0] == "torchvision:resnet50/IMAGENET1K_V2"
    first, second = (find_recipe(f"torchvision:resnet50/IMAGENET1K_V{n}")[1] for n in (1, 2))
    assert (first.resize.picture_size, second.resize.picture_size) == (256, 232)


FAMILIES = [
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "efficientnet_v2_s", "googlenet",
    "inception_v3", "maxvit_t", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small",
    "regnet_x_400mf", "resnet18", "resnext50_32x4d", "shufflenet_v2_x0_5", "squeezenet1_0",
    "swin_t", "swin_v2_t", "vgg11_bn", "vit_b_32", "wide_resnet50_2",
]  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_ends_with_the_layer_that_is_taken_off(name):
    # RegNets compute with numbers of their own while they are built.
    with torch.device("cpu" if "regnet" in name else "meta"):
        network = find_recipe(f"torchvision:{name}")[1].build()
    assert not any(
        getattr(layer, "out_features", 0) == 1000
        for place, layer in network.named_modules()
        if "aux" not in place.lower()  # heads that help a training along
    )


def test_no_family_is_forgotten():
    short = {name.rstrip("0123456789") for name in FAMILIES}
    families = {re.match("[a-z]+", name)[0] for name in models.list_models(module=models)}
    assert families == {re.match("[a-z]+", name)[0] for name in short}


@pytest.mark.parametrize("name", ["inception_v3", "googlenet"])
def test_networks_that_change_the_means_themselves_do_so(name):
    with torch.device("meta"):
        assert find_recipe(f"torchvision:{name}")[1].build().transform_input


def test_the_size_of_a_network_is_that_of_its_weights():
    name = "torchvision:vit_b_16/IMAGENET1K_SWAG_E2E_V1"
    recipe = find_recipe(name)[1]
    with torch.device("meta"):
        assert recipe.build().image_size == recipe.input_size == 384


def test_what_ends_otherwise_is_refused(monkeypatch):
    other = nn.Sequential(nn.Linear(3, 4))
    monkeypatch.setattr("zsbir_lib.features.zoos.of_torchvision.get_model", lambda *_, **__: other)
    with pytest.raises(ZsbirError, match="resnet18 does not end with 1,000 classes"):
        find_recipe("torchvision:resnet18")[1].build()


def test_weights_by_name_are_fetched_as_torchvision_does(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    torch.save(models.resnet18(weights=None).state_dict(), folder / "new")
    digest = hashlib.sha256((folder / "new").read_bytes()).hexdigest()[:8]
    (folder / "new").rename(folder / f"resnet18-{digest}.pth")
    entry = SimpleNamespace(url=f"https://example.org/models/resnet18-{digest}.pth")
    monkeypatch.setattr(models, "get_model_weights", lambda name: {"IMAGENET1K_V1": entry})
    assert load_backbone("torchvision:resnet18", device="cpu").dim == 512
