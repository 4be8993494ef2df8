import numpy as np
import pytest
import scipy.linalg
import torch
from pair_samples import make_linear_pairs

from zsbir_lib.errors import SingularMatrixError
from zsbir_lib.features import Pairs
from zsbir_lib.methods.sae import SAE


@pytest.fixture(scope="module")
def pairs():
    return make_linear_pairs(150, 12, 9, tuple("abcde"))


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
