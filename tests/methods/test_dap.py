from dataclasses import replace

import numpy as np
import pytest
import torch

from zsbir_lib.errors import (
    ConstantFeaturesError,
    SingularMatrixError,
    UnknownNameError,
    ZsbirError,
)
from zsbir_lib.features import Pairs
from zsbir_lib.methods.dap import DAP, fit_logistic

CLASSES = {
    "zebra": ["striped", "legs", "alive"],
    "tiger": ["striped", "legs", "claws", "alive"],
    "bee": ["striped", "wings", "alive"],
    "eagle": ["wings", "claws", "alive"],
    "horse": ["legs", "alive"],
    "cat": ["legs", "claws", "alive"],
    # not seen:
    "griffin": ["wings", "legs", "claws", "alive"],
    "worm": ["alive"],
    "striped bat": ["striped", "wings", "claws", "alive"],
}
SEEN = tuple(CLASSES)[:6]
WORDS = ("striped", "legs", "wings", "claws")
KNOWN = ("striped", "legs", "wings", "claws", "alive")
TABLE = torch.tensor([[float(word in CLASSES[name]) for word in KNOWN] for name in CLASSES])


def make_features(labels, dim, seed, noise=0.6):
    """Attributes by a linear map, and noise."""
    table = torch.tensor([[float(w in CLASSES[c]) for w in WORDS] for c in CLASSES])
    g = torch.Generator().manual_seed(seed)
    mixing = 2 * torch.randn(len(WORDS), dim, generator=g)
    return table[labels] @ mixing + noise * torch.randn(len(labels), dim, generator=g) + 3


def make_pairs():
    labels = torch.arange(300) % 6
    return Pairs(
        sketches=make_features(labels, 12, 1),
        photos=make_features(labels, 9, 2),
        photo_index=torch.arange(300),
        labels=labels,
        photo_labels=labels,
        class_names=tuple(CLASSES),
        class_attributes=TABLE,
        attribute_names=KNOWN,
    )


@pytest.fixture(scope="module")
def pairs():
    return make_pairs()


@pytest.fixture(scope="module")
def fitted(pairs):
    return DAP().fit(pairs)


def test_the_gradient_of_the_logistic_loss_vanishes():
    g = torch.Generator().manual_seed(0)
    x = 5 + torch.randn(200, 7, generator=g) @ torch.randn(7, 7, generator=g)
    y = (x[:, :3] + torch.randn(200, 3, generator=g) > 6).float()
    weights, biases = fit_logistic(x, y, ridge=0.05)
    scale = (x - x.mean(dim=0)).double().pow(2).mean().sqrt()
    w = (weights.double() * scale).requires_grad_()  # of the scaled features
    b = biases.double().requires_grad_()
    losses = torch.nn.functional.binary_cross_entropy_with_logits(
        x.double() / scale @ w + b, y.double(), reduction="none"
    )
    loss = losses.mean(dim=0).sum() + 0.05 / 2 * w.pow(2).sum()
    for gradient in torch.autograd.grad(loss, (w, b)):
        assert gradient.abs().max() < 1e-3
    # At the optimum of a free bias the mean probability is the share of positives.
    torch.testing.assert_close((x @ weights + biases).sigmoid().mean(dim=0), y.mean(dim=0),
                               atol=1e-3, rtol=0)  # fmt: skip


def test_a_large_ridge_leaves_the_share_of_positives():
    x = torch.randn(100, 3, generator=torch.Generator().manual_seed(0))
    y = (torch.arange(100) < 30).float()[:, None]
    weights, biases = fit_logistic(x, y, ridge=1e6)
    assert weights.abs().max() < 1e-5
    assert biases.sigmoid().item() == pytest.approx(0.3, abs=1e-4)


def with_answers(logits):
    """A method that answers the given log-odds for features (0,), and has two attributes."""
    method = DAP()
    method.class_names_ = ("a", "b", "c", "d", "e")
    method.table_ = torch.tensor([[1, 0], [0, 1], [1, 1], [0, 0], [0, 0]]) > 0
    method.attributes_, method.priors_ = ("x", "y"), torch.tensor([0.25, 0.5])
    method.weights_ = {"sketch": torch.zeros(1, 2)}
    method.biases_ = {"sketch": torch.tensor(logits)}
    return method


def test_class_scores_are_the_hand_worked_ones():
    # p(x) = 3/4, p(y) = 1/5
    method = with_answers([np.log(3.0), np.log(0.25)])
    scores = method.class_scores(torch.zeros(1, 1), ["a", "b", "c", "d"]).exp()[0]
    x, not_x, y, not_y = 0.75 / 0.25, 0.25 / 0.75, 0.2 / 0.5, 0.8 / 0.5
    np.testing.assert_allclose(scores, [x * not_y, not_x * y, x * y, not_x * not_y], rtol=1e-5)
    assert method.classify(torch.zeros(3, 1), ["b", "c", "a"]) == ["a"] * 3


def test_the_prior_matters():
    # x is seen in 1 class of 4 and has probability 0.4: less likely than not, but more than usual.
    method = with_answers([np.log(0.4 / 0.6), 0.0])
    assert method.classify(torch.zeros(1, 1), ["a", "e"]) == ["a"]
    method.priors_ = torch.tensor([0.5, 0.5])
    assert method.classify(torch.zeros(1, 1), ["a", "e"]) == ["e"]


def test_equal_scores_name_the_first_class():
    method = with_answers([0.0, 0.0])
    assert method.classify(torch.zeros(1, 1), ["d", "e"]) == ["d"]
    assert method.classify(torch.zeros(1, 1), ["e", "d"]) == ["e"]


@pytest.mark.parametrize(("kind", "dim", "seed"), [("sketch", 12, 1), ("photo", 9, 2)])
def test_unseen_classes_are_named(fitted, kind, dim, seed):
    unseen = list(CLASSES)[6:]
    labels = 6 + torch.arange(90) % 3
    # The same mixing of attributes as in the pairs: it is drawn first.
    features = make_features(labels, dim, seed)
    named = fitted.classify(features, unseen, kind)
    assert np.mean([name == unseen[k - 6] for name, k in zip(named, labels, strict=True)]) > 0.9


def test_attributes_of_all_or_of_none_are_left_out(fitted):
    assert fitted.attributes_ == ("claws", "legs", "striped", "wings")
    torch.testing.assert_close(fitted.priors_, torch.tensor([3.0, 4, 3, 2]) / 6)
    probabilities = fitted.predict_attributes(make_features(torch.arange(6), 12, 1, noise=0.0))
    expected = torch.tensor([[w in CLASSES[c] for w in fitted.attributes_] for c in SEEN])
    assert torch.equal(probabilities > 0.5, expected)


def test_evidence_has_mean_0_and_spread_1_on_the_training_images(fitted, pairs):
    for codes in (fitted.encode_sketches(pairs.sketches), fitted.encode_photos(pairs.photos)):
        assert codes.shape == (300, 4)
        torch.testing.assert_close(codes.mean(dim=0), torch.zeros(4), atol=1e-4, rtol=0)
        torch.testing.assert_close(codes.std(dim=0, correction=0), torch.ones(4))


def test_retrieval_meets_in_attributes_also_for_unseen_classes(fitted):
    labels = 6 + torch.arange(90) % 3
    queries = fitted.encode_sketches(make_features(labels, 12, 1))
    gallery = fitted.encode_photos(make_features(labels, 9, 2))
    cosines = torch.nn.functional.normalize(queries) @ torch.nn.functional.normalize(gallery).T
    same = labels[:, None] == labels
    assert cosines[same].mean() > cosines[~same].mean() + 0.5


def test_units_of_the_features_do_not_matter(fitted, pairs):
    other = Pairs(**{**vars(pairs), "photos": pairs.photos * 100, "sketches": pairs.sketches / 7})
    scaled = DAP().fit(other)
    torch.testing.assert_close(
        scaled.encode_photos(other.photos), fitted.encode_photos(pairs.photos),
        rtol=1e-2, atol=1e-2,
    )  # fmt: skip


def test_pairs_without_attributes_are_refused_in_one_line(pairs):
    bare = replace(pairs, class_attributes=None, attribute_names=())
    with pytest.raises(ZsbirError, match=r"^no attributes are known of the classes.*") as caught:
        DAP().fit(bare)
    assert "\n" not in str(caught.value)


def test_classes_that_the_pairs_do_not_know_are_refused(fitted, pairs):
    with pytest.raises(UnknownNameError, match="no attributes are known of dragon"):
        fitted.classify(pairs.sketches, ["worm", "dragon"])
    with pytest.raises(UnknownNameError, match="kind is 'drawing'"):
        fitted.classify(pairs.sketches, ["worm"], kind="drawing")
    with pytest.raises(ZsbirError, match="class_names is empty"):
        fitted.classify(pairs.sketches, [])


def test_attributes_that_tell_nothing_apart_are_refused(pairs):
    alive = replace(pairs, class_attributes=TABLE[:, 4:], attribute_names=("alive",))
    with pytest.raises(ConstantFeaturesError, match="give attributes that tell classes apart"):
        DAP().fit(alive)


def test_a_fit_that_does_not_converge_says_so(pairs, monkeypatch):
    monkeypatch.setattr("zsbir_lib.methods.logistic._ITERATIONS", 2)
    with pytest.raises(ZsbirError, match=r"did not converge in 2 steps: raise ridge \(it is 0.001"):
        DAP(ridge=0.001).fit(pairs)


def test_dependent_features_need_a_ridge(pairs):
    dependent = torch.cat([pairs.sketches, pairs.sketches[:, :1] + pairs.sketches[:, 1:2]], dim=1)
    dependent = Pairs(**{**vars(pairs), "sketches": dependent})
    with pytest.raises(SingularMatrixError, match=r"13 x 13 .* raise ridge"):
        DAP(ridge=0).fit(dependent)
    DAP().fit(dependent)
