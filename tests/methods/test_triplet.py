import pytest
import torch

from tests.methods.test_embedding import make_pairs
from zsbir_lib.errors import ZsbirError
from zsbir_lib.methods import CoarseTriplet, FineTriplet
from zsbir_lib.methods.embedding import Partners
from zsbir_lib.methods.triplet import triplet_loss


@pytest.fixture(scope="module")
def pairs():
    return make_pairs()


def draw(method, pairs, n=5000):
    partners = Partners(pairs.photo_labels, torch.Generator().manual_seed(0))
    rows = torch.arange(n) % len(pairs)
    return rows, *method.draw(rows, pairs, partners)


def test_the_loss_by_hand_and_its_gradient():
    anchor = torch.tensor([[0.0, 0.0]] * 2, requires_grad=True)
    positive = torch.tensor([[1.0, 0.0], [0.1, 0.0]], requires_grad=True)
    negative = torch.tensor([[0.0, 1.0], [0.0, 2.0]], requires_grad=True)
    losses = triplet_loss(anchor, positive, negative, 0.5)
    assert torch.allclose(losses, torch.tensor([0.5, 0.0]))
    losses.sum().backward()
    # d/dp |a - p|^2 = 2 (p - a), and minus that of n; nothing from the triplet that is satisfied.
    assert torch.allclose(positive.grad, torch.tensor([[2.0, 0.0], [0.0, 0.0]]))
    assert torch.allclose(negative.grad, torch.tensor([[0.0, -2.0], [0.0, 0.0]]))
    assert torch.allclose(anchor.grad, torch.tensor([[-2.0, 2.0], [0.0, 0.0]]))


def test_coarse_triplets_look_at_the_class_only(pairs):
    rows, positive, negative = draw(CoarseTriplet(), pairs)
    assert torch.equal(pairs.photo_labels[positive], pairs.labels[rows])
    assert (pairs.photo_labels[negative] != pairs.labels[rows]).all()
    assert (positive != pairs.photo_index[rows]).float().mean() > 0.9


@pytest.mark.parametrize("part", [0.0, 0.4, 1.0])
def test_fine_triplets_take_the_very_photo_against_any_other(pairs, part):
    rows, positive, negative = draw(FineTriplet(same_class=part), pairs)
    assert torch.equal(positive, pairs.photo_index[rows])
    assert (negative != positive).all()
    shared = (pairs.photo_labels[negative] == pairs.labels[rows]).float().mean()
    assert shared == pytest.approx(part, abs=0.03)


def test_fine_triplets_tell_photos_of_one_class_apart(pairs):
    settings = {
        "epochs": 60, "learning_rate": 3e-3, "batch_size": 64, "shared_weights": False,
        "dropout": 0.0, "embedding_dim": 12,
    }  # fmt: skip

    def own_first(method):
        method.fit(pairs)
        a, b = method.encode_sketches(pairs.sketches), method.encode_photos(pairs.photos)
        cosines = (a @ b.T).masked_fill(pairs.labels[:, None] != pairs.photo_labels, -9)
        return float((cosines.argmax(dim=1) == pairs.photo_index).float().mean())

    fine = own_first(FineTriplet(same_class=1.0, **settings))
    assert fine > own_first(CoarseTriplet(**settings)) + 0.3


def test_the_part_of_the_same_class_must_be_a_part(pairs):
    with pytest.raises(ZsbirError, match=r"same_class is 1\.5"):
        FineTriplet(same_class=1.5).fit(pairs)
