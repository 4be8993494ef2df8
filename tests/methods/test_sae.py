import numpy as np
import pytest
import scipy.linalg
import torch

from zsbir_lib.errors import SingularMatrixError, ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods import load_method
from zsbir_lib.methods.sae import SAE


def make_pairs(n_photos=150, dim=12, photo_dim=9, n_classes=5, seed=0, noise=0.1):
    """Photos are a linear map of sketches; every other photo was drawn twice."""
    g = torch.Generator().manual_seed(seed)
    photo_labels = torch.arange(n_photos) % n_classes
    latent = torch.randn(n_classes, 6, generator=g)[photo_labels]
    latent = latent + 0.7 * torch.randn(n_photos, 6, generator=g)
    photos = latent @ torch.randn(6, photo_dim, generator=g) + 4
    photos += noise * torch.randn(photos.shape, generator=g)
    index = torch.arange(n_photos).repeat_interleave(1 + torch.arange(n_photos) % 2)
    sketches = latent[index] @ torch.randn(6, dim, generator=g) + 3
    sketches += noise * torch.randn(sketches.shape, generator=g)
    return Pairs(
        sketches=sketches,
        photos=photos,
        photo_index=index,
        labels=photo_labels[index],
        photo_labels=photo_labels,
        class_names=tuple("abcdefgh"[:n_classes]),
    )


@pytest.fixture(scope="module")
def pairs():
    return make_pairs()


def scaled(pairs, centre):
    sketches, photos = pairs.sketches.double(), pairs.paired_photos().double()
    if centre:
        sketches, photos = sketches - sketches.mean(dim=0), photos - photos.mean(dim=0)
    return sketches / sketches.pow(2).mean().sqrt(), photos / photos.pow(2).mean().sqrt()


@pytest.mark.parametrize("centre", [True, False])
def test_the_gradient_of_the_objective_vanishes(pairs, centre):
    method = SAE(encoder_weight=0.3, ridge=0.02, centre=centre).fit(pairs)
    sketches, photos = scaled(pairs, centre)
    n = len(sketches)

    def objective(w):
        decoded, encoded = sketches @ w, photos @ w.T
        errors = (decoded - photos).pow(2).sum() + 0.3 * (encoded - sketches).pow(2).sum()
        return errors / n + 0.02 * w.pow(2).sum()

    w = method.weight_.double().requires_grad_()
    at_solution = torch.autograd.grad(objective(w), w)[0].norm()
    zero = torch.zeros_like(w, requires_grad=True)
    at_zero = torch.autograd.grad(objective(zero), zero)[0].norm()
    assert at_solution < 1e-5 * at_zero


def test_the_weight_is_scipys_solution_of_the_papers_equation(pairs):
    method = SAE(encoder_weight=2.0, centre=False, ridge=0.0).fit(pairs)
    s, x = (m.numpy().T for m in scaled(pairs, centre=False))
    expected = scipy.linalg.solve_sylvester(s @ s.T, 2.0 * x @ x.T, 3.0 * s @ x.T)
    np.testing.assert_allclose(method.weight_.numpy(), expected, rtol=1e-4, atol=1e-5)


def test_limits_of_the_encoder_weight_are_two_regressions(pairs):
    sketches, photos = scaled(pairs, centre=True)
    decoder = SAE(encoder_weight=1e-7, ridge=0.0).fit(pairs).weight_.double()
    torch.testing.assert_close(
        decoder, torch.linalg.lstsq(sketches, photos).solution, rtol=1e-3, atol=1e-3
    )
    encoder = SAE(encoder_weight=1e7, ridge=0.0).fit(pairs).weight_.double()
    torch.testing.assert_close(
        encoder, torch.linalg.lstsq(photos, sketches).solution.T, rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize(("space", "width"), [("sketch", 12), ("photo", 9)])
def test_pairs_come_together_in_either_space(pairs, space, width):
    method = SAE(space=space).fit(pairs)
    queries = method.encode_sketches(pairs.sketches)
    gallery = method.encode_photos(pairs.photos)[pairs.photo_index]
    assert queries.shape == gallery.shape == (225, width)
    own = torch.cosine_similarity(queries, gallery).mean()
    other = torch.cosine_similarity(queries, gallery.roll(2, 0)).mean()
    assert own > other + 0.5


def test_units_of_the_features_do_not_matter(pairs):
    other = Pairs(**{**vars(pairs), "photos": pairs.photos * 100, "sketches": pairs.sketches / 7})
    one = SAE(ridge=0.1).fit(pairs)
    two = SAE(ridge=0.1).fit(other)
    torch.testing.assert_close(one.weight_, two.weight_, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        one.encode_photos(pairs.photos), two.encode_photos(other.photos), rtol=1e-3, atol=1e-3
    )


def test_dependent_features_need_a_ridge(pairs):
    def flat(features):
        return torch.cat([features, features[:, :2] + features[:, 2:4]], dim=1)

    dependent = Pairs(
        **{**vars(pairs), "photos": flat(pairs.photos), "sketches": flat(pairs.sketches)}
    )
    with pytest.raises(SingularMatrixError, match=r"2 of 14 .* raise ridge \(it is 0"):
        SAE(ridge=0.0).fit(dependent)
    assert torch.isfinite(SAE().fit(dependent).weight_).all()


def test_saved_and_loaded_it_encodes_the_same(pairs, tmp_path):
    method = SAE(space="photo", encoder_weight=1.0).fit(pairs)
    method.save(tmp_path / "sae.safetensors")
    loaded, _ = load_method(tmp_path / "sae.safetensors")
    assert loaded.get_params() == method.get_params()
    for name, features in (("encode_sketches", pairs.sketches), ("encode_photos", pairs.photos)):
        assert torch.equal(getattr(loaded, name)(features), getattr(method, name)(features))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoder_weight": 0}, "encoder_weight is 0: it must be above 0"),
        ({"ridge": -1}, "ridge is -1"),
        ({"space": "photos"}, "space is 'photos': it must be 'sketch' or 'photo'"),
    ],
)
def test_settings_out_of_range_are_refused(pairs, options, message):
    with pytest.raises(ZsbirError, match=message):
        SAE(**options).fit(pairs)


def test_features_that_do_not_fit_are_refused(pairs):
    method = SAE().fit(pairs)
    with pytest.raises(ZsbirError, match=r"sketch features have shape \(2, 9\), expected \(n, 12"):
        method.encode_sketches(torch.zeros(2, 9))
    with pytest.raises(ZsbirError, match=r"photo features have shape \(2, 12\), expected \(n, 9\)"):
        method.encode_photos(torch.zeros(2, 12))
    with pytest.raises(ZsbirError, match="not fitted"):
        SAE().encode_photos(pairs.photos)
