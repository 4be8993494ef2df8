import numpy as np
import pytest
import torch

from zsbir_lib.drawings.hands import StrokeDrawing
from zsbir_lib.errors import ZsbirError
from zsbir_lib.toynet import ToyNet, packaged_weights, sketch_accuracy, train_sketch_network
from zsbir_lib.toynet.sketch_material import SketchMaterial


def ring(rng):
    angle = np.linspace(0, 2 * np.pi, 40)
    wide, high = rng.uniform(0.6, 1, 2)
    return np.stack([wide * np.cos(angle), high * np.sin(angle)], axis=1)


def cross(rng):
    tilt = rng.uniform(-0.3, 0.3)
    return [np.array([[-1, -1 + tilt], [1, 1 - tilt]]), np.array([[1, -1], [-1, 1]])]


@pytest.fixture(scope="module")
def material():
    """Red rings and blue crosses: three toys and four drawings of each, and drawings of sticks."""
    rng = np.random.default_rng(0)
    photos = rng.integers(0, 90, (6, 64, 64, 3), dtype=np.uint8)
    photos[:3, ..., 0] += 150
    photos[3:, ..., 2] += 150
    strokes = [[[ring(rng)] for _ in range(7)], [cross(rng) for _ in range(7)]]
    rings, crosses = ([StrokeDrawing.of(one) for one in kind] for kind in strokes)
    return SketchMaterial(
        ("ring", "cross"), photos, [*rings[:3], *crosses[:3]], np.array([0, 0, 0, 1, 1, 1]),
        [*rings[3:], *crosses[3:]], np.array([0] * 4 + [1] * 4),
        ("stick",), [StrokeDrawing.of([[(0, 0), (0, 9)]])] * 2, np.array([0, 0]),
    )  # fmt: skip


@pytest.fixture(scope="module")
def photo_network():
    network, packaged = ToyNet(), packaged_weights()
    state = {name: packaged[name].float() for name in network.state_dict() if name in packaged}
    network.load_state_dict(state, strict=False)  # counts of batches are not kept
    return network.eval()


def train(photo_network, material, **options):
    defaults = {"steps": 3, "batch_size": 16, "workers": 0, "threads": 1, "progress": False}
    return train_sketch_network(photo_network, material, **{**defaults, **options})


def test_it_learns_where_photos_lie(photo_network, material):
    before = sketch_accuracy(photo_network, photo_network, material, k=3)
    network = train(photo_network, material, steps=12)
    after = sketch_accuracy(network, photo_network, material, k=3)
    assert before["drawings"][0] < 0.8
    assert after["drawings"][0] > 0.9
    assert after["toys"][1] > 0.9


def test_neither_the_photo_network_nor_the_callers_random_numbers_change(photo_network, material):
    before = {name: value.clone() for name, value in photo_network.state_dict().items()}
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    network = train(photo_network, material, steps=1)
    assert torch.equal(torch.rand(3), wanted)
    for name, value in photo_network.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert not network.training
    assert network.features(torch.zeros(1, 3, 64, 64)).shape == (1, 192)


def test_a_seed_means_the_same_weights(photo_network, material):
    one, other, third = (
        train(photo_network, material, steps=2, **options).state_dict()
        for options in ({}, {"workers": 1}, {"seed": 1})
    )
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not all(torch.equal(one[name], third[name]) for name in one)


def test_it_learns_from_toys_alone(photo_network, material):
    network = train(photo_network, material.without_drawings(), steps=1)
    found = sketch_accuracy(network, photo_network, material.without_drawings())
    assert set(found) == {"toys"}


def test_what_makes_no_sense_is_named(photo_network, material):
    with pytest.raises(ZsbirError, match="the toys are of one class only"):
        train(photo_network, material.only(["ring"]))
    for options in ({"steps": 0}, {"batch_size": 7}, {"lr": 0}):
        with pytest.raises(ZsbirError, match="steps must be 1 or more, batch_size 8 or more"):
            train(photo_network, material, **options)
    with pytest.raises(ZsbirError, match="training diverged: use a smaller lr than 1e\\+20"):
        train(photo_network, material, steps=3, lr=1e20)
