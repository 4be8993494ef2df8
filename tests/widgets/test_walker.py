import numpy as np
import pytest
import torch
import traitlets

from zsbir_lib.errors import ZsbirError
from zsbir_lib.vae import VAE
from zsbir_lib.widgets import LatentWalker

IMAGES = torch.rand(12, 6, 5, generator=torch.Generator().manual_seed(0))
POINTS = np.array([[1.0, 1.0], [-1.0, 0.0], [0.2, -2.0]])


@pytest.fixture(scope="module")
def model():
    return VAE(hidden=24, epochs=3, device="cpu").fit(IMAGES)


@pytest.fixture
def walker(model):
    return LatentWalker(model, POINTS, [0, 1, 0], ["owl", "bat"])


def test_draws_what_the_vae_draws(model, walker):
    places = torch.randn(50, 2, generator=torch.Generator().manual_seed(1))
    ours, theirs = walker.decode(places), model.decode(places).numpy()
    assert ours.shape == (50, 6, 5)
    np.testing.assert_allclose(ours, theirs, atol=0.01)
    assert not np.allclose(ours[0], ours[1], atol=0.001)


def test_says_where_it_is(model, walker):
    walker.z = [-0.9, 0.3]
    assert walker.nearest == "bat"
    walker.z = [0.2, -1.5]
    assert walker.nearest == "owl"
    expected = (2 * model.decode(torch.tensor([walker.z]))[0] - 1).abs().mean()
    assert walker.decided == pytest.approx(float(expected), abs=0.01)


def test_the_plane_holds_every_point(model):
    assert LatentWalker(model, POINTS, [0, 1, 0], "ab").side == 3
    assert LatentWalker(model, [[0.0, 4.2]], [0], "a").side == 4.5


def test_unfit_models_are_named():
    with pytest.raises(ZsbirError, match="not fitted"):
        LatentWalker(VAE(), POINTS, [0, 1, 0], "ab")
    three = VAE(latent_dim=3, hidden=4, epochs=1, device="cpu").fit(IMAGES)
    with pytest.raises(ZsbirError, match="latent_dim=3"):
        LatentWalker(three, POINTS, [0, 1, 0], "ab")
    grey = VAE(likelihood="gaussian", hidden=4, epochs=1, device="cpu").fit(IMAGES)
    with pytest.raises(ZsbirError, match="'gaussian'"):
        LatentWalker(grey, POINTS, [0, 1, 0], "ab")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": POINTS[:, :1]}, r"points must have shape \(n, 2\)"),
        ({"points": POINTS * np.nan}, "points must be finite"),
        ({"labels": [0, 1]}, r"labels \(n,\)"),
        ({"labels": [0, 1, 2]}, "labels from 0 to 1"),
        ({"names": list("abcdef")}, "at most 5"),
        ({"z": (0, 9)}, "z must be two numbers from -3.0 to 3.0"),
        ({"start": (0,)}, "start must be two numbers"),
    ],
)
def test_bad_input_is_named(model, change, message):
    options = {"points": POINTS, "labels": [0, 1, 0], "names": ["owl", "bat"]} | change
    with pytest.raises(ZsbirError, match=message):
        LatentWalker(model, **options)


def test_a_place_outside_the_plane_is_refused(walker):
    for place in ([0.0], [0.0, 9.0], [0.0, float("nan")]):
        with pytest.raises(traitlets.TraitError, match="z must be two numbers"):
            walker.z = place
    assert walker.z == [0.0, 0.0]
