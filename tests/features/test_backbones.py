import os
import pickle
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
from zsbir_lib.features.backbones import (
    Recipe,
    Resize,
    available_backbones,
    load_backbone,
    read_weights,
    register_backbone,
    weights_id,
)
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


def test_the_backbones_of_the_book_are_there():
    assert set(available_backbones()) >= {"toynet", "vgg16", "squeezenet1_1"}


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
    monkeypatch.setattr(backbones, "read_weights", lambda path: state)
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


def test_what_differs_is_named_and_shortened(toynet_file, tmp_path):
    _, path = toynet_file
    state = load_file(path)
    for key in list(state):
        if key.startswith("stage3"):
            del state[key]
    state["stem.0.weight"] = torch.zeros(32, 1, 5, 5)
    state["head.weight"] = torch.zeros(2)
    save_file(state, tmp_path / "wrong.safetensors")
    with pytest.raises(ZsbirError, match="does not fit toynet") as caught:
        load_backbone("toynet", tmp_path / "wrong.safetensors", device="cpu")
    message = str(caught.value)
    assert "missing stage3.0.0.weight, stage3.0.1.weight, stage3.0.1.bias and 12 more" in message
    assert "of another shape stem.0.weight 32x1x5x5 instead of 32x3x5x5" in message
    assert "unexpected head.weight" in message
    assert "\n" not in message


def test_nan_weights_are_refused(toynet_file, tmp_path):
    _, path = toynet_file
    state = load_file(path)
    state["stem.0.weight"][0] = float("nan")
    save_file(state, tmp_path / "nan.safetensors")
    with pytest.raises(ZsbirError, match=r"is damaged: stem\.0\.weight holds NaN"):
        load_backbone("toynet", tmp_path / "nan.safetensors", device="cpu")


class Bomb:
    """Unpickling this would create a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (Path(self.path),))


def test_a_file_with_code_is_refused_and_not_run(tmp_path):
    trace = tmp_path / "it-ran"
    torch.save({"features.0.weight": Bomb(trace)}, tmp_path / "bomb.pth")
    (tmp_path / "bomb.pkl").write_bytes(pickle.dumps(Bomb(trace), protocol=2))
    for name in ("bomb.pth", "bomb.pkl"):
        with pytest.raises(ZsbirError) as caught:
            load_backbone("squeezenet1_1", tmp_path / name, device="cpu")
        assert "\n" not in str(caught.value)
        assert not trace.exists()
    with pytest.raises(ZsbirError, match="could run code"):
        read_weights(tmp_path / "bomb.pth")


def test_a_pickled_network_is_refused(tmp_path):
    torch.save(nn.Linear(2, 2), tmp_path / "network.pth")
    with pytest.raises(ZsbirError, match=r"save its state_dict\(\) as safetensors"):
        read_weights(tmp_path / "network.pth")


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
def test_missing_empty_and_damaged_files(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(ZsbirError, match="there is no weight file"):
        read_weights(path)
    path.touch()
    with pytest.raises(ZsbirError, match=r"is empty \(0 bytes\)"):
        read_weights(path)
    path.write_bytes(b"certainly not weights " * 20)
    with pytest.raises(ZsbirError, match="damaged") as caught:
        read_weights(path)
    assert "\n" not in str(caught.value)
    if name == "w.pth":
        torch.save({"a": torch.zeros(1000)}, path)
    else:
        save_file({"a": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(ZsbirError, match="damaged"):
        read_weights(path)


def test_a_file_without_a_state_dict_is_refused(tmp_path):
    torch.save(torch.zeros(3), tmp_path / "tensor.pth")
    with pytest.raises(ZsbirError, match="holds no state dict"):
        read_weights(tmp_path / "tensor.pth")


def test_unknown_name():
    with pytest.raises(ZsbirError, match="unknown backbone 'resnet': choose from toynet"):
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


def test_a_new_backbone_is_one_line(tmp_path, picture, monkeypatch):
    monkeypatch.setattr(backbones, "_RECIPES", dict(backbones._RECIPES))

    def tiny():
        return nn.Sequential(nn.Conv2d(3, 5, 4), nn.AdaptiveAvgPool2d(1), nn.Flatten())

    register_backbone("tiny", Recipe(tiny, dim=5, input_size=16))
    assert "tiny" in available_backbones()
    with pytest.raises(ZsbirError, match="tiny has no default weights"):
        load_backbone("tiny")
    save_file(tiny().state_dict(), tmp_path / "tiny.safetensors")
    backbone = load_backbone("tiny", tmp_path / "tiny.safetensors", device="cpu")
    assert backbone.features([picture, picture]).shape == (2, 5)


def test_resize_takes_any_mode_and_size(picture):
    resize = Resize(16)
    for mode in ("RGB", "L", "RGBA", "P", "1", "CMYK"):
        tensor = resize(picture.convert(mode))
        assert tensor.shape == (3, 16, 16)
        assert tensor.dtype == torch.uint8
    exact = picture.resize((16, 16))
    assert torch.equal(resize(exact).permute(1, 2, 0), torch.from_numpy(np.array(exact)))


def test_features_do_not_depend_on_the_batch(toynet_file, picture):
    _, path = toynet_file
    backbone = load_backbone("toynet", path, device="cpu")
    images = [picture, picture.rotate(90), picture.rotate(180)]
    together = backbone.features(images)
    torch.testing.assert_close(backbone.features(images, batch_size=1), together)
    assert not together.is_inference()
    assert backbone.features([]).shape == (0, 192)
    assert backbone.to("cpu").weights_id == backbone.weights_id


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
