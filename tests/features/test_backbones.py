import os
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from zsbir_lib.datasets.sketchy import Sketchy
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import backbones
from zsbir_lib.features.backbones import load_backbone, weights_id
from zsbir_lib.features.recipes import Recipe, register_backbone
from zsbir_lib.features.weight_files import StateDict
from zsbir_lib.toynet import ToyNet, normalise

SHARED = Path(__file__).resolve().parents[3] / "shared"
SKETCHY = Path(os.environ.get("ZSBIR_SKETCHY_ROOT", SHARED / "sketchy25"))
SQUEEZENET = Path(
    os.environ.get(
        "ZSBIR_SQUEEZENET_WEIGHTS",
        SHARED / "weights" / "squeezenet1_1_imagenet_features.safetensors",
    )
)


@pytest.fixture(scope="module")
def squeezenet():
    torch.manual_seed(0)
    return torchvision.models.squeezenet1_1(weights=None).eval()


@pytest.fixture
def toynet_file(tmp_path):
    torch.manual_seed(0)
    network = ToyNet().eval()
    path = tmp_path / "toynet.safetensors"
    save_file(network.state_dict(), path)
    return network, path


@pytest.fixture
def picture():
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 50, 3), dtype=np.uint8))


def imagenet_input(image):
    """Prepare an image with torchvision's own transforms, apart from anti-aliasing details."""
    image = image.resize((224, 224), Image.Resampling.BILINEAR)
    tensor = torchvision.transforms.functional.pil_to_tensor(image).float() / 255
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    return torchvision.transforms.functional.normalize(tensor, mean, std)[None]


def test_toynet_from_a_file(toynet_file, picture):
    network, path = toynet_file
    backbone = load_backbone("toynet", path, device="cpu")
    assert (backbone.name, backbone.dim, backbone.input_size) == ("toynet", 192, 64)
    assert not backbone.module.training
    assert not any(p.requires_grad for p in backbone.module.parameters())
    pixels = torch.from_numpy(np.array(picture.resize((64, 64), Image.Resampling.BILINEAR)))
    with torch.no_grad():
        wanted = network(normalise(pixels.permute(2, 0, 1)[None]))
    torch.testing.assert_close(backbone.features([picture]), wanted, rtol=1e-4, atol=1e-5)


def test_squeezenet_is_average_pooled_feature_maps(squeezenet, picture, tmp_path):
    path = tmp_path / "squeezenet.pth"
    torch.save(squeezenet.state_dict(), path)  # with the classifier, which is not used
    backbone = load_backbone("squeezenet1_1", path, device="cpu")
    with torch.no_grad():
        wanted = squeezenet.features(imagenet_input(picture)).mean(dim=(2, 3))
    assert backbone.dim == wanted.shape[1] == 512
    torch.testing.assert_close(backbone.features([picture]), wanted, rtol=1e-4, atol=1e-4)


def test_vgg16_is_fc2_after_relu(picture, monkeypatch):
    """Checked on torchvision's own layers; light, since most weights are 0 and none are on disk."""
    with torch.device("meta"):
        meta = torchvision.models.vgg16(weights=None)
    torch.manual_seed(0)
    state = {}
    for key, tensor in meta.state_dict().items():
        if key.startswith("classifier.6"):
            continue  # the layer that is not in use is not in the file either
        state[key] = torch.zeros(tensor.shape)
        if key.startswith("features") and tensor.ndim == 4:
            nn.init.kaiming_normal_(state[key])
    state["classifier.0.weight"][:, :64] = torch.randn(4096, 64) * 0.1
    state["classifier.3.weight"][:, :64] = torch.randn(4096, 64) * 0.1
    state["classifier.3.bias"] = torch.linspace(-0.1, 0.1, 4096)
    monkeypatch.setattr(backbones, "state_dicts", lambda path: [StateDict(state, "a file")])
    backbone = load_backbone("vgg16", "a file", device="cpu")
    found = backbone.features([picture])
    reference = meta.eval()
    reference.load_state_dict(state, strict=False, assign=True)
    with torch.no_grad():
        x = reference.features(imagenet_input(picture)).flatten(1)
        fc1 = reference.classifier[0](x).relu()
        fc2 = reference.classifier[3](fc1)
    assert found.shape == (1, 4096)
    assert (fc2 < 0).any()
    torch.testing.assert_close(found, fc2.relu(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("prefix", ["", "features."])
def test_a_file_of_only_the_layers_in_use_is_enough(squeezenet, tmp_path, prefix):
    state = {prefix + key: value for key, value in squeezenet.features.state_dict().items()}
    path = tmp_path / "part.safetensors"
    save_file(state, path)
    backbone = load_backbone("squeezenet1_1", path, device="cpu")
    found = backbone.module.network.features.state_dict()
    for key, value in squeezenet.features.state_dict().items():
        assert torch.equal(found[key], value)


def test_weights_id_depends_on_the_numbers_and_not_on_the_file(squeezenet, tmp_path):
    state = squeezenet.state_dict()
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "whole.pth")
    save_file(squeezenet.features.state_dict(), tmp_path / "part.safetensors")
    changed = {key: value.clone() for key, value in state.items()}
    changed["features.0.bias"][0] += 1e-3
    torch.save(changed, tmp_path / "changed.pth")
    whole, part, other = (
        load_backbone("squeezenet1_1", tmp_path / name, device="cpu").weights_id
        for name in ("whole.pth", "part.safetensors", "changed.pth")
    )
    assert whole == part != other
    assert len(whole) == 12


def test_weights_id_sees_names_and_shapes():
    a = torch.arange(6.0)
    ids = {weights_id(state) for state in ({"a": a}, {"b": a}, {"a": a.view(2, 3)}, {"a": a + 1})}
    assert len(ids) == 4


def test_half_precision_weights_are_used_as_float32(toynet_file, tmp_path):
    _, path = toynet_file
    half = {k: v.half() if v.is_floating_point() else v for k, v in load_file(path).items()}
    save_file(half, tmp_path / "half.safetensors")
    backbone = load_backbone("toynet", tmp_path / "half.safetensors", device="cpu")
    assert {p.dtype for p in backbone.module.parameters()} == {torch.float32}


def test_features_do_not_depend_on_the_batch(toynet_file, picture):
    _, path = toynet_file
    backbone = load_backbone("toynet", path, device="cpu")
    images = [picture, picture.rotate(90), picture.rotate(180)]
    together = backbone.features(images)
    torch.testing.assert_close(backbone.features(images, batch_size=1), together)
    assert not together.is_inference()
    assert backbone.features([]).shape == (0, 192)


@pytest.fixture
def loaded(own_registries):
    """Load a network as a backbone that was registered for it."""

    def load(build, dim=8, size=64):
        torch.manual_seed(0)
        weights = build().state_dict()
        recipe = Recipe(build, dim=dim, input_size=size, default_weights=lambda: weights)
        register_backbone("mine", recipe, replace=True)
        return load_backbone("mine", device="cpu")

    return load


class Network(nn.Module):
    """Patches, averaged; what is added to it is said by subclasses."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 16, 16)

    def tokens(self, x):
        return self.patch(x).flatten(2).mT

    def forward(self, x):
        return self.tokens(x).mean(1)


class ClipLike(Network):
    """Positions in a buffer that is not saved, as in CLIP."""

    def __init__(self):
        super().__init__()
        self.place = nn.Embedding(16, 8)
        self.register_buffer("position_ids", torch.arange(16), persistent=False)

    def forward(self, x):
        return (self.tokens(x) + self.place(self.position_ids)).mean(1)


class SwinLike(Network):
    """A table of relative positions that is computed, and a mask that is not saved."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(31))
        place = torch.arange(16)
        self.register_buffer("index", place[:, None] - place[None] + 15, persistent=False)
        mask = torch.zeros(16, 16).masked_fill(place[:, None] < place[None], -100.0)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x):
        return ((self.table[self.index] + self.mask).softmax(1) @ self.tokens(x)).mean(1)


class EvaLike(Network):
    """Rotations as a plain attribute of a part, and drop rates read off a tensor."""

    def __init__(self):
        super().__init__()
        self.rates = [rate.item() for rate in torch.linspace(0, 0.1, 3)]
        self.rope = nn.Module()
        self.rope.tables = {"sin": torch.arange(16.0).sin()[:, None]}

    def forward(self, x):
        return (self.tokens(x) * self.rope.tables["sin"]).mean(1) * (1 + self.rates[-1])


class DinoLike(Network):
    """Frequencies in an object that is no module."""

    class Frequencies:
        def __init__(self):
            self.values = 100 ** -torch.arange(8.0)

    def __init__(self):
        super().__init__()
        self.frequencies = self.Frequencies()

    def forward(self, x):
        return (self.tokens(x) * self.frequencies.values).mean(1)


class Viewing(Network):
    """Cuts up memory with `view`, as older code does."""

    def forward(self, x):
        x = self.patch(x)
        return x.view(len(x), 8, -1).mean(2)


NETWORKS = [Network, ClipLike, SwinLike, EvaLike, DinoLike, Viewing]


@pytest.mark.parametrize("build", NETWORKS)
def test_numbers_that_are_no_weights_are_there(loaded, build, picture):
    backbone = loaded(build)
    torch.manual_seed(0)
    network = build().eval()
    pixels = torch.from_numpy(np.array(picture.resize((64, 64), Image.Resampling.BILINEAR)))
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    image = pixels.permute(2, 0, 1)[None] / 255
    image = torchvision.transforms.functional.normalize(image, mean, std)
    with torch.no_grad():
        wanted = network(image)
    torch.testing.assert_close(backbone.features([picture]), wanted, rtol=1e-4, atol=1e-4)


def test_loading_leaves_random_numbers_alone(loaded):
    for build in (Network, EvaLike):
        torch.manual_seed(3)
        wanted = torch.rand(1)
        loaded(build)  # seeds, and draws the weights that are its defaults
        torch.manual_seed(3)
        load_backbone("mine", device="cpu")
        assert torch.equal(torch.rand(1), wanted)


class Returning(Network):
    """Returns what is asked for, made of its tokens (n, 16, 8)."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def forward(self, x):
        return self.change(self.tokens(x))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t, ["mine returns (1, 16, 8), the recipe says dim=8: pool the tokens"]),
        (lambda t: t.mT.unflatten(2, (4, 4)), ["(1, 8, 4, 4)", "pool the feature maps"]),
        (lambda t: t[:, 0, :5], ["(1, 5)", "dim=8", "say dim=5"]),
        (lambda t: t[0, 0], ["(8)", "return (n, 8) for n pictures"]),
        (lambda t: (t[:, 0], t), ["tuple of (1, 8), (1, 16, 8)", "one tensor (1, 8)"]),
        (lambda t: {"pooled": t[:, 0]}, ["dict of pooled (1, 8)", "one tensor (1, 8)"]),
        (lambda t: [], ["an empty list"]),
        (lambda t: 3, ["an object of type int"]),
        (lambda t: t[:, 0].long(), ["torch.int64", "not floating-point"]),
        (lambda t: t[:, 0] * float("nan"), ["NaN"]),
        (lambda t: t @ t, ["fails on a picture of 3 x 64 x 64", "RuntimeError", "recipe"]),
    ],
    ids=["tokens", "maps", "width", "no batch", "tuple", "dict", "empty", "int", "integers", "nan",
         "failing"],
)  # fmt: skip
def test_what_is_no_feature_is_refused_by_name(loaded, change, words):
    with pytest.raises(ZsbirError) as caught:
        loaded(lambda: Returning(change))
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_a_network_that_cannot_be_built(loaded):
    def build(calls=[]):  # noqa: B006
        calls.append(1)
        return Network() if len(calls) == 1 else Network(3)

    with pytest.raises(ZsbirError, match=r"mine cannot be built, TypeError: .*: mend its recipe"):
        loaded(build)


def test_the_probe_tells_networks_of_the_same_weights_apart(loaded):
    pools = [nn.AdaptiveAvgPool2d(1), nn.AdaptiveMaxPool2d(1)]
    found = [
        loaded(lambda pool=pool: nn.Sequential(nn.Conv2d(3, 8, 9, 4), pool, nn.Flatten()))
        for pool in (*pools, pools[0])
    ]
    assert found[0].weights_id == found[1].weights_id
    assert found[0].probe_id != found[1].probe_id
    assert found[0].probe_id == found[2].probe_id


def test_a_backbone_asks_its_network_where_it_is(toynet_file):
    _, path = toynet_file
    backbone = load_backbone("toynet", path, device="cpu")
    assert backbone.device == torch.device("cpu")
    backbone.module.to("meta")  # a place that every machine has
    assert backbone.device == torch.device("meta")


def test_to_leaves_the_one_it_was_called_on_where_it_is(toynet_file, monkeypatch):
    _, path = toynet_file
    backbone = load_backbone("toynet", path, device="cpu")
    assert backbone.to("cpu") is backbone
    monkeypatch.setattr(backbones, "choose_device", torch.device)
    other = backbone.to("meta")
    assert (backbone.device.type, other.device.type) == ("cpu", "meta")
    assert other.probe_id == backbone.probe_id
    assert backbone.features([Image.new("RGB", (9, 9))]).shape == (1, 192)


@pytest.mark.real_data
def test_real_squeezenet_finds_photos_of_the_same_class():
    """Photo to photo among 10 classes, chance is 0.1: ImageNet features do far better."""
    for path in (SKETCHY, SQUEEZENET):
        if not path.exists():
            pytest.skip(f"{path} is not here: set ZSBIR_SKETCHY_ROOT and ZSBIR_SQUEEZENET_WEIGHTS")
    backbone = load_backbone("squeezenet1_1", SQUEEZENET, device="cpu")
    dataset = Sketchy(SKETCHY, split=None)
    classes = np.linspace(0, len(dataset.class_names) - 1, 10).astype(int)
    chosen = np.concatenate([np.flatnonzero(dataset.photo_labels == c)[:8] for c in classes])
    labels = dataset.photo_labels[chosen]
    features = backbone.features([dataset.photo(int(i)) for i in chosen])
    features = nn.functional.normalize(features - features.mean(0))
    similarity = features @ features.T
    similarity.fill_diagonal_(-2)
    nearest = similarity.topk(5).indices.numpy()
    precision = (labels[nearest] == labels[:, None]).mean()
    assert precision > 0.5
