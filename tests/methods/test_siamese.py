import math

import pytest
import torch
from pair_samples import make_pairs

from zsbir_lib.features import Pairs
from zsbir_lib.methods.embedding import EmbeddingNetwork
from zsbir_lib.methods.siamese import Siamese1, Siamese2

BOTH = [Siamese1, Siamese2]


@pytest.fixture(scope="module")
def pairs():
    return make_pairs()


def loss(method, distance, same):
    distance = torch.as_tensor(distance, dtype=torch.float64)
    return method.loss(distance, torch.full(distance.shape, same))


def slope(method, distance, same):
    """The derivative of the loss by the distance."""
    distance = torch.tensor([distance], dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(
        method.loss(distance, torch.tensor([same])).sum(), distance
    )[0].item()  # fmt: skip


# ---- the losses
def test_siamese_1_is_the_hand_worked_loss():
    method = Siamese1(margin=1.5)
    assert loss(method, [0.0, 0.5, 2.0], True).tolist() == [0, 0.25, 4]
    assert loss(method, [0.0, 0.5, 1.5, 2.0], False).tolist() == [2.25, 1, 0, 0]


def test_siamese_2_is_the_hand_worked_loss():
    method = Siamese2(margin=4.0)  # Q
    assert loss(method, [0.0, 1.0, 2.0], True).tolist() == [0, 0.5, 2]
    expected = [8, 8 * math.exp(-2.77 / 4), 8 * math.exp(-2.77)]
    torch.testing.assert_close(
        loss(method, [0.0, 1.0, 4.0], False), torch.tensor(expected, dtype=torch.float64)
    )


def test_one_call_takes_pairs_of_both_kinds():
    same = torch.tensor([True, False, True])
    found = Siamese1(margin=1.0).loss(torch.tensor([0.5, 0.25, 2.0]), same)
    torch.testing.assert_close(found, torch.tensor([0.25, 0.5625, 4.0]))


@pytest.mark.parametrize("method", [Siamese1(margin=1.3), Siamese2(margin=1.7)])
def test_pairs_of_a_class_are_pulled_together_and_others_pushed_apart(method):
    for distance in (0.1, 0.6, 1.2):
        assert slope(method, distance, True) > 0
        assert slope(method, distance, False) < 0


def test_siamese_1_leaves_other_classes_alone_beyond_the_margin_and_siamese_2_does_not():
    assert slope(Siamese1(margin=1.0), 0.999, False) == pytest.approx(-0.002)
    assert slope(Siamese1(margin=1.0), 1.001, False) == 0
    assert slope(Siamese2(margin=1.0), 1.001, False) < -0.1


def test_siamese_1_of_a_photo_both_kinds_claim_is_least_at_half_the_margin():
    method = Siamese1(margin=1.2)
    assert slope(method, 0.6, True) + slope(method, 0.6, False) == pytest.approx(0)


def test_siamese_2_balances_where_the_two_slopes_of_its_paper_meet():
    # 4 d / Q = 5.54 exp(-2.77 d / Q): in units of Q, d does not depend on Q.
    low, high = 0.0, 2.0
    for _ in range(60):
        middle = (low + high) / 2
        too_near = 4 * middle < 5.54 * math.exp(-2.77 * middle)
        low, high = (middle, high) if too_near else (low, middle)
    for q in (0.5, 2.0, 8.0):
        method = Siamese2(margin=q)
        assert slope(method, low * q, True) + slope(method, low * q, False) == pytest.approx(0)


def test_siamese_2_scales_with_its_bound():
    # In units of Q the distance has one curve: L(Q, tQ) = Q L(1, t).
    t = torch.linspace(0, 2, 9, dtype=torch.float64)
    for same in (True, False):
        torch.testing.assert_close(
            loss(Siamese2(margin=3.0), 3 * t, same), 3 * loss(Siamese2(margin=1.0), t, same)
        )


# ---- the pairs
@pytest.mark.parametrize("method", BOTH)
def test_half_of_the_pairs_of_a_batch_are_of_one_class(method, pairs, monkeypatch):
    seen = {}

    def watch(owner, name, note):
        real = getattr(owner, name)

        def watched(self, *given):
            found = real(self, *given)
            seen[name] = note(given, found)
            return found

        monkeypatch.setattr(owner, name, watched)

    watch(EmbeddingNetwork, "embed_sketches", lambda given, found: (given[0], found))
    watch(EmbeddingNetwork, "embed_photos", lambda given, found: (given[0], found))
    watch(method, "loss", lambda given, found: given)
    history = method(epochs=1, batch_size=len(pairs), device="cpu").fit(pairs).history_

    n = len(pairs)
    (sketches, queries), (photos, gallery) = seen["embed_sketches"], seen["embed_photos"]
    distance, same = seen["loss"]
    assert same.tolist() == [True] * n + [False] * n
    of_sketch = pairs.labels[rows_of(sketches, pairs.sketches)].repeat(2)
    of_photo = pairs.photo_labels[rows_of(photos, pairs.photos)]
    assert torch.equal(of_photo == of_sketch, same)
    expected = torch.linalg.vector_norm(queries.repeat(2, 1) - gallery, dim=1)
    torch.testing.assert_close(distance, expected, rtol=1e-4, atol=1e-5)
    assert history["same"] == [pytest.approx(expected[:n].mean().item(), rel=1e-4)]
    assert history["other"] == [pytest.approx(expected[n:].mean().item(), rel=1e-4)]


def rows_of(some, every):
    """Return the first row of `every` that each row of `some` is equal to."""
    equal = (some[:, None] == every).all(dim=2)
    assert equal.any(dim=1).all()
    return equal.int().argmax(dim=1)


@pytest.mark.parametrize("method", BOTH)
def test_a_distance_of_zero_has_a_finite_gradient(method, pairs):
    """The root has none there: a sketch that lands on its photo would end the training."""
    same = Pairs(**{**vars(pairs), "sketches": pairs.photos[pairs.photo_index]})
    fitted = method(epochs=2, batch_size=32, embedding_dim=1, dropout=0.0).fit(same)
    # With one number, unit vectors are 1 and -1, so many distances are exactly 0.
    assert set(fitted.encode_photos(same.photos).flatten().tolist()) <= {-1.0, 1.0}


@pytest.mark.parametrize("method", BOTH)
def test_training_draws_classes_together_and_apart(method, pairs):
    fitted = method(epochs=40, batch_size=32, learning_rate=3e-3).fit(pairs)
    history = fitted.history_
    assert set(history) == {"loss", "same", "other"}
    assert history["same"][-1] < 0.8 * history["same"][0]
    assert history["other"][-1] > history["same"][-1] + 0.3


def test_a_larger_margin_pushes_other_classes_further(pairs):
    settings = {"epochs": 40, "batch_size": 32, "learning_rate": 3e-3, "dropout": 0.0}
    near = Siamese1(margin=0.4, **settings).fit(pairs).history_["other"][-1]
    far = Siamese1(margin=1.2, **settings).fit(pairs).history_["other"][-1]
    assert 0.2 < near < 0.8
    assert far > 1.5 * near
