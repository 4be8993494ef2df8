import numpy as np
import pytest
import torch
from pair_samples import class_sketches

from zsbir_lib.features import Pairs
from zsbir_lib.methods.regression import DirectRegression, RegressionNetwork


@pytest.fixture(scope="module")
def pairs():
    """Photos are a rectified linear map of their sketches, with some noise."""
    g = torch.Generator().manual_seed(0)
    labels, sketches = class_sketches(240, 16, 6, g)
    photos = sketches @ torch.randn(16, 12, generator=g)
    photos = (photos + 0.2 * torch.randn(240, 12, generator=g)).relu()
    return Pairs(sketches, photos, torch.arange(240), labels, labels, tuple("abcdef"))


@pytest.fixture(scope="module")
def fitted(pairs):
    return DirectRegression(epochs=100, batch_size=32, learning_rate=3e-3).fit(pairs)


def linear_shapes(network):
    return [m.weight.shape for m in network.modules() if isinstance(m, torch.nn.Linear)]


def test_layer_sizes_follow_the_features():
    with torch.device("meta"):
        assert linear_shapes(RegressionNetwork(4096, 4096)) == [(4096, 4096), (4096, 4096)]
    assert linear_shapes(RegressionNetwork(10, 6)) == [(6, 10), (6, 6)]
    assert linear_shapes(RegressionNetwork(10, 6, hidden=3)) == [(3, 10), (6, 3)]


def test_the_loss_is_the_hand_worked_one():
    double = torch.nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        double.weight.copy_(2 * torch.eye(2))
    sketches = torch.tensor([[1.0, 0.0], [2.0, 1.0]])
    photos = torch.tensor([[1.0, 2.0], [4.0, 3.0]])
    # Errors (1, -2) and (0, -1): squared distances 5 and 1.
    loss = DirectRegression().loss(double, sketches, photos)
    assert loss.item() == pytest.approx(3.0)
    loss.backward()
    # Twice the mean of the products of errors and sketches: ((1, -2) (1, 0) + (0, -1) (2, 1)).
    np.testing.assert_allclose(double.weight.grad, [[1.0, 0.0], [-4.0, -1.0]])


def test_it_predicts_the_photo_and_better_than_the_mean_does(fitted, pairs):
    predicted = fitted.encode_sketches(pairs.sketches)
    assert predicted.shape == pairs.photos.shape
    error = (predicted - pairs.photos).pow(2).sum(dim=1).mean()
    variance = (pairs.photos - pairs.photos.mean(dim=0)).pow(2).sum(dim=1).mean()
    assert error < 0.1 * variance


def test_history_is_the_error_of_every_epoch(fitted, pairs):
    errors = fitted.history_["error"]
    assert len(errors) == 100
    assert errors[-1] < 0.1 * errors[0]
    predicted = fitted.encode_sketches(pairs.sketches)
    scale = pairs.photos.pow(2).mean()
    now = (predicted - pairs.photos).pow(2).sum(dim=1).mean() / scale
    assert now.item() == pytest.approx(errors[-1], rel=0.2)


def test_photos_stay_as_they_are(fitted, pairs):
    assert torch.equal(fitted.encode_photos(pairs.photos), pairs.photos)


def test_features_with_negative_numbers_get_a_linear_end(fitted, pairs):
    assert fitted.encode_sketches(pairs.sketches).min() == 0
    shifted = Pairs(**{**vars(pairs), "photos": pairs.photos - 2})
    method = DirectRegression(batch_size=32).fit(shifted)
    assert method.encode_sketches(pairs.sketches).min() < -0.5


def test_units_of_the_features_do_not_matter(pairs):
    other = Pairs(**{**vars(pairs), "photos": pairs.photos * 100, "sketches": pairs.sketches * 7})
    one = DirectRegression(epochs=3).fit(pairs).encode_sketches(pairs.sketches[:5])
    two = DirectRegression(epochs=3).fit(other).encode_sketches(other.sketches[:5])
    torch.testing.assert_close(two, one * 100, rtol=1e-3, atol=1e-3)


def test_a_photo_drawn_twice_serves_both_sketches(pairs):
    index = torch.arange(240) // 12 * 12 + torch.arange(240) % 6
    doubled = Pairs(**{**vars(pairs), "photo_index": index})
    spelled_out = Pairs(**{**vars(pairs), "photos": pairs.photos[index]})
    one = DirectRegression(epochs=2).fit(doubled)
    two = DirectRegression(epochs=2).fit(spelled_out)
    assert torch.equal(one.encode_sketches(pairs.sketches), two.encode_sketches(pairs.sketches))
