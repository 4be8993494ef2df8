import numpy as np
import pytest
import torch

from zsbir_lib.errors import DivergedError, ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods import load_method
from zsbir_lib.methods.regression import DirectRegression, RegressionNetwork


def make_pairs(n=240, dim=16, photo_dim=12, n_classes=6, seed=0):
    """Photos are a rectified linear map of their sketches, with some noise."""
    g = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % n_classes
    centres = torch.randn(n_classes, dim, generator=g)
    sketches = (centres[labels] + 0.5 * torch.randn(n, dim, generator=g)).relu()
    photos = sketches @ torch.randn(dim, photo_dim, generator=g)
    photos = (photos + 0.2 * torch.randn(n, photo_dim, generator=g)).relu()
    return Pairs(
        sketches=sketches,
        photos=photos,
        photo_index=torch.arange(n),
        labels=labels,
        photo_labels=labels,
        class_names=tuple("abcdef"[:n_classes]),
    )


@pytest.fixture(scope="module")
def pairs():
    return make_pairs()


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


def test_a_seed_is_a_function_and_leaves_the_callers_randomness_alone(pairs):
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = DirectRegression(epochs=2, seed=3).fit(pairs).encode_sketches(pairs.sketches[:4])
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    again = DirectRegression(epochs=2, seed=3).fit(pairs).encode_sketches(pairs.sketches[:4])
    other = DirectRegression(epochs=2, seed=4).fit(pairs).encode_sketches(pairs.sketches[:4])
    assert torch.equal(first, again)
    assert (first - other).abs().max() > 1e-3


def test_saved_and_loaded_it_encodes_the_same(fitted, pairs, tmp_path):
    fitted.save(tmp_path / "model.safetensors")
    loaded, _ = load_method(tmp_path / "model.safetensors")
    assert loaded.get_params() == fitted.get_params()
    assert torch.equal(
        loaded.encode_sketches(pairs.sketches), fitted.encode_sketches(pairs.sketches)
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 0}, "learning_rate is 0: it must be above 0"),
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 1.5}, "batch_size is 1.5: it must be a whole number, 1 or more"),
        ({"hidden": 0}, "hidden is 0"),
    ],
)
def test_settings_out_of_range_are_refused(pairs, options, message):
    with pytest.raises(ZsbirError, match=message):
        DirectRegression(**options).fit(pairs)


def test_a_training_that_diverges_keeps_the_last_good_weights(pairs):
    method = DirectRegression(learning_rate=1e30, epochs=3)
    with pytest.raises(DivergedError, match=r"error became .* lower learning_rate"):
        method.fit(pairs)
    assert torch.isfinite(method.network_.layers[0].weight).all()


def test_features_that_do_not_fit_are_refused(fitted, pairs):
    with pytest.raises(ZsbirError, match=r"sketch features have shape \(2, 5\), expected \(n, 16"):
        fitted.encode_sketches(torch.zeros(2, 5))
    with pytest.raises(ZsbirError, match=r"photo features have shape \(2, 16\), expected \(n, 12"):
        fitted.encode_photos(torch.zeros(2, 16))
    with pytest.raises(ZsbirError, match="not fitted"):
        DirectRegression().encode_sketches(pairs.sketches)
