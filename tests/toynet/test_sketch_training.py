import numpy as np
import pytest
import torch

from zsbir_lib.drawings.hands import StrokeAugmentation, StrokeDrawing, draw_lines
from zsbir_lib.errors import ZsbirError
from zsbir_lib.toynet import (
    Invention,
    SketchMaterial,
    Towers,
    ToyNet,
    packaged_weights,
    sketch_accuracy,
    train_photo_network,
    train_towers,
)
from zsbir_lib.toynet.sketch_training import recolour


def ring(rng):
    angle = np.linspace(0, 2 * np.pi, 40)
    wide, high = rng.uniform(0.6, 1, 2)
    return np.stack([wide * np.cos(angle), high * np.sin(angle)], axis=1)


def cross(rng):
    tilt = rng.uniform(-0.3, 0.3)
    return [np.array([[-1, -1 + tilt], [1, 1 - tilt]]), np.array([[1, -1], [-1, 1]])]


@pytest.fixture(scope="module")
def material():
    """Rings and crosses: three toys and four drawings of each, and drawings of sticks.

    Photos of rings show crosses, and those of crosses rings: a network that knows shapes is wrong.
    """
    rng = np.random.default_rng(0)
    strokes = [[[ring(rng)] for _ in range(7)], [cross(rng) for _ in range(7)]]
    rings, crosses = ([StrokeDrawing.of(one) for one in kind] for kind in strokes)
    toys = [*rings[:3], *crosses[:3]]
    lines = np.stack([draw_lines(toy.strokes, pen=0.15) for toy in (*toys[3:], *toys[:3])])
    photos = (255 - lines[..., None]) // 3 + rng.integers(0, 170, (6, 64, 64, 3))
    return SketchMaterial(
        ("ring", "cross"), photos.astype(np.uint8), toys, np.array([0, 0, 0, 1, 1, 1]),
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
    return train_towers(photo_network, material, **{**defaults, **options})


def test_both_learn_to_see_the_same(photo_network, material):
    before = sketch_accuracy(Towers(photo_network, photo_network), material, k=3)
    after = sketch_accuracy(train(photo_network, material, steps=30), material, k=3)
    assert before["drawings"][0] <= 0.5
    assert after["drawings"][0] > 0.9
    assert after["toys"][1] > before["toys"][1] + 0.1
    # Two others of its class among six photos, and never the photo itself.
    assert after["photos"] == (1.0, pytest.approx(2 / 3))


def test_neither_the_photo_network_nor_the_callers_random_numbers_change(photo_network, material):
    before = {name: value.clone() for name, value in photo_network.state_dict().items()}
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    towers = train(photo_network, material, steps=1)
    assert torch.equal(torch.rand(3), wanted)
    for name, value in photo_network.state_dict().items():
        assert torch.equal(value, before[name]), name
    for network in (towers.photo, towers.sketch):
        assert not network.training
        assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 192)
        assert any(not torch.equal(v, before[k]) for k, v in network.state_dict().items())


def test_a_seed_means_the_same_weights(photo_network, material):
    one, other, third = (
        train(photo_network, material, steps=2, **options).sketch.state_dict()
        for options in ({}, {"workers": 1}, {"seed": 1})
    )
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not all(torch.equal(one[name], third[name]) for name in one)


def test_it_learns_from_toys_alone(photo_network, material):
    towers = train(photo_network, material.without_drawings(), steps=1)
    assert set(sketch_accuracy(towers, material.without_drawings())) == {"photos", "toys"}


def test_inventions_are_of_every_batch(photo_network, material):
    from dataclasses import replace

    from zsbir_lib.toynet.sketch_training import _SHARES, _Batches

    more = replace(material, inventions=(Invention(0, ("key",)),))  # the crosses
    pictures, rows = _Batches(more, 1, 100, 0, [StrokeAugmentation()])[0]
    assert len(pictures) == sum(map(len, rows)) == 100
    invented = (rows[0] >= 3).sum()
    assert invented == round(100 * _SHARES[1])
    train(photo_network, more, steps=1)


def test_the_photo_network_names_photos(material):
    network = train_photo_network(material, epochs=1, threads=1, progress=False)
    assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 192)
    assert not network.training
    with pytest.raises(ZsbirError, match="a class has 2 photos: use 3 or more of each"):
        train_photo_network(
            SketchMaterial(("a", "b"), material.photos[1:5], (), np.array([0, 0, 1, 1]))
        )


def test_colours_tell_less():
    photos = torch.randn(400, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    seen = recolour(photos)
    grey = (seen.std(dim=1) < 1e-6).flatten(1).all(dim=1)
    assert 0.1 < grey.float().mean() < 0.3
    mean, before = seen.mean(dim=1), photos.mean(dim=1)
    same, inverted = (
        torch.isclose(mean, way * before, atol=1e-5).flatten(1).all(1) for way in (1, -1)
    )
    assert (same | inverted).all()
    assert 0.02 < inverted.float().mean() < 0.15


def test_what_makes_no_sense_is_named(photo_network, material):
    with pytest.raises(ZsbirError, match="the toys are of one class only"):
        train(photo_network, material.only(["ring"]))
    for options in ({"steps": 0}, {"batch_size": 7}, {"lr": 0}):
        with pytest.raises(ZsbirError, match="steps must be 1 or more, batch_size 8 or more"):
            train(photo_network, material, **options)
    with pytest.raises(ZsbirError, match="training diverged: use a smaller lr than 1e\\+20"):
        train(photo_network, material, steps=3, lr=1e20)
