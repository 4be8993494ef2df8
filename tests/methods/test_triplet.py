import pytest
import torch
from pair_samples import make_pairs

from zsbir_lib.features import Pairs
from zsbir_lib.methods.embedding import Partners
from zsbir_lib.methods.triplet import CoarseTriplet, FineTriplet, triplet_loss


@pytest.fixture(scope="module")
def pairs():
    return make_pairs()


def draws(method, pairs, times=100, seed=0):
    """The triplets of every sketch, `times` over: its row, the positive and the negative."""
    rows = torch.arange(len(pairs)).repeat(times)
    partners = Partners(pairs.photo_labels, torch.Generator().manual_seed(seed))
    return rows, *method.draw(rows, pairs, partners)


# ---- the loss
def test_the_loss_is_the_hand_worked_one():
    anchor = torch.tensor([[0.0, 0.0]]).expand(3, 2)
    positive = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0]])
    negative = torch.tensor([[0.0, 1.0], [2.0, 0.0], [0.0, 0.0]])
    # 1 - 1, 1 - 4 and 5 - 0 before the margin
    assert triplet_loss(anchor, positive, negative, 0.5).tolist() == [0.5, 0, 5.5]


def test_of_unit_vectors_the_loss_is_of_twice_the_cosine_distance():
    g = torch.Generator().manual_seed(0)
    a, p, n = torch.nn.functional.normalize(torch.randn(3, 20, 5, generator=g), dim=2)
    cosine = torch.cosine_similarity
    expected = (0.3 + 2 * (cosine(a, n) - cosine(a, p))).clamp(min=0)
    torch.testing.assert_close(triplet_loss(a, p, n, 0.3), expected)


def test_the_gradient_is_the_hand_worked_one_and_none_where_the_margin_is_kept():
    g = torch.Generator().manual_seed(0)
    a, p, n = torch.randn(3, 40, 3, generator=g, dtype=torch.float64).requires_grad_().unbind()
    losses = triplet_loss(a, p, n, 0.5)
    active = (losses > 0).double()[:, None]
    assert 5 < active.sum() < 35
    found = torch.autograd.grad(losses.sum(), (a, p, n))
    expected = (2 * (n - p), 2 * (p - a), 2 * (a - n))
    for gradient, by_hand in zip(found, expected, strict=True):
        torch.testing.assert_close(gradient, active * by_hand)


def test_turning_all_three_together_leaves_the_loss():
    g = torch.Generator().manual_seed(0)
    a, p, n = torch.randn(3, 20, 5, generator=g)
    turn = torch.linalg.qr(torch.randn(5, 5, generator=g))[0]
    torch.testing.assert_close(
        triplet_loss(a @ turn, p @ turn, n @ turn, 0.5), triplet_loss(a, p, n, 0.5),
        rtol=1e-4, atol=1e-4,
    )  # fmt: skip


# ---- the triplets
def test_coarse_positives_are_of_the_class_and_negatives_are_not(pairs):
    rows, positive, negative = draws(CoarseTriplet(), pairs)
    assert torch.equal(pairs.photo_labels[positive], pairs.labels[rows])
    assert not (pairs.photo_labels[negative] == pairs.labels[rows]).any()
    # Of 15 photos of the class, the sketch's own is one.
    own = (positive == pairs.photo_index[rows]).float().mean().item()
    assert own == pytest.approx(1 / 15, abs=0.01)


def test_fine_positives_are_the_photo_drawn_and_negatives_never_are(pairs):
    rows, positive, negative = draws(FineTriplet(), pairs)
    assert torch.equal(positive, pairs.photo_index[rows])
    assert not (negative == positive).any()
    assert len(negative.unique()) == len(pairs.photos)


@pytest.mark.parametrize("part", [0.0, 0.3, 1.0])
def test_the_part_of_fine_negatives_that_share_the_class_is_the_one_asked_for(pairs, part):
    rows, _, negative = draws(FineTriplet(same_class=part), pairs)
    found = (pairs.photo_labels[negative] == pairs.labels[rows]).float().mean().item()
    assert found == pytest.approx(part, abs=0.015 if 0 < part < 1 else 0)


def test_a_class_of_one_photo_has_fine_negatives_of_other_classes():
    labels = torch.tensor([0, 0, 1, 1, 1])
    index = torch.tensor([0, 0, 1, 2, 3])
    g = torch.Generator().manual_seed(0)
    few = Pairs(
        sketches=torch.randn(5, 4, generator=g),
        photos=torch.randn(4, 4, generator=g),
        photo_index=index,
        labels=labels,
        photo_labels=torch.tensor([0, 1, 1, 1]),
        class_names=("a", "b"),
    )
    rows, _, negative = draws(FineTriplet(same_class=1.0), few)
    assert set(negative[labels[rows] == 0].tolist()) == {1, 2, 3}
    assert set(negative[labels[rows] == 1].tolist()) == {1, 2, 3}
    assert not (negative == index[rows]).any()
    assert torch.isfinite(
        FineTriplet(same_class=1.0, epochs=2, batch_size=5).fit(few).encode_photos(few.photos)
    ).all()


# ---- what is learnt
def within_class_rank(method, pairs):
    """Mean rank of the sketch's own photo among those of its class, 0 for the first to 1."""
    similarity = method.encode_sketches(pairs.sketches) @ method.encode_photos(pairs.photos).T
    own = similarity.gather(1, pairs.photo_index[:, None])
    in_class = pairs.photo_labels[None] == pairs.labels[:, None]
    better = ((similarity > own) & in_class).sum(dim=1)
    return (better / (in_class.sum(dim=1) - 1)).mean().item()


def test_fine_triplets_find_the_very_photo_where_coarse_ones_find_the_class():
    wide = make_pairs(spread=1.0)
    settings = {"epochs": 60, "batch_size": 32, "learning_rate": 3e-3, "dropout": 0.0}
    coarse = within_class_rank(CoarseTriplet(**settings).fit(wide), wide)
    fine = within_class_rank(FineTriplet(same_class=0.5, **settings).fit(wide), wide)
    assert fine < 0.1
    assert fine < 0.5 * coarse


@pytest.mark.parametrize("method", [CoarseTriplet, FineTriplet])
def test_training_leaves_fewer_triplets_inside_the_margin(method, pairs):
    settings = {"epochs": 40, "batch_size": 32, "learning_rate": 3e-3, "dropout": 0.0}
    history = method(**settings).fit(pairs).history_
    assert set(history) == {"loss", "active"}
    assert history["active"][-1] < 0.7 * history["active"][0]
    assert 0 <= min(history["active"]) <= max(history["active"]) <= 1
