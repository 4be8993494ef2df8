import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pair_samples import make_pairs

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods.adversarial_metric import AdversarialMetric
from zsbir_lib.methods.embedding import EmbeddingNetwork, Partners, squared_distance
from zsbir_lib.methods.siamese import Siamese1, Siamese2
from zsbir_lib.methods.triplet import CoarseTriplet, FineTriplet

ALL = [Siamese1, Siamese2, CoarseTriplet, FineTriplet, AdversarialMetric]
QUICK = {"epochs": 2, "batch_size": 32}


@pytest.fixture(scope="module")
def pairs():
    return make_pairs(drawing_noise=0.2)


def precision(method, pairs, k=10):
    """Part of the k nearest photos that are of the sketch's class."""
    similarity = method.encode_sketches(pairs.sketches) @ method.encode_photos(pairs.photos).T
    nearest = similarity.topk(k, dim=1).indices
    return (pairs.photo_labels[nearest] == pairs.labels[:, None]).float().mean().item()


# ---- the network
@pytest.mark.parametrize("shared", [True, False])
def test_embeddings_are_unit_vectors_of_the_width_asked_for(pairs, shared):
    network = EmbeddingNetwork(pairs.sketches, pairs.photos, 5, shared, 0.0)
    for rows in (network.embed_sketches(pairs.sketches), network.embed_photos(pairs.photos)):
        assert rows.shape[1] == 5
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(len(rows)))


def test_shared_weights_are_one_branch_and_others_are_two(pairs):
    def branches(shared):
        network = EmbeddingNetwork(pairs.sketches, pairs.photos, 5, shared, 0.0)
        return network, sum(p.numel() for p in network.parameters())

    one, n_one = branches(True)
    two, n_two = branches(False)
    assert one.photo_branch is one.sketch_branch
    assert two.photo_branch is not two.sketch_branch
    assert n_two == 2 * n_one


def test_each_view_is_centred_and_has_a_mean_square_of_one(pairs):
    network = EmbeddingNetwork(7 * pairs.sketches + 3, pairs.photos, 5, True, 0.0)
    seen = []
    network.photo_branch.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    network.embed_sketches(7 * pairs.sketches + 3)
    network.embed_photos(pairs.photos)
    for rows in seen:
        torch.testing.assert_close(rows.mean(dim=0), torch.zeros(12), atol=1e-5, rtol=0)
        assert rows.pow(2).mean().item() == pytest.approx(1, rel=1e-4)


def test_the_squared_distance_is_that_of_rows():
    a, b = torch.tensor([[0.0, 3.0], [1.0, 1.0]]), torch.tensor([[4.0, 0.0], [1.0, 3.0]])
    assert squared_distance(a, b).tolist() == [25, 4]


def test_of_unit_vectors_euclidean_and_cosine_distance_give_one_order(pairs):
    network = EmbeddingNetwork(pairs.sketches, pairs.photos, 5, True, 0.0)
    query = network.embed_sketches(pairs.sketches[:1]).expand(len(pairs.photos), -1)
    photos = network.embed_photos(pairs.photos)
    cosine = torch.cosine_similarity(query, photos)
    torch.testing.assert_close(squared_distance(query, photos), 2 - 2 * cosine)


# ---- partners
def partners(labels, seed=0):
    return Partners(torch.as_tensor(labels), torch.Generator().manual_seed(seed))


def shares(draws, m):
    return draws.bincount(minlength=m) / len(draws)


# Classes out of order, one without a photo (1), one with a single photo (4).
LABELS = [2, 0, 3, 2, 0, 0, 4, 3, 2, 2]


def test_a_partner_of_the_class_is_any_of_its_photos_equally_likely():
    found = shares(partners(LABELS).same_class(torch.full((40_000,), 2)), 10)
    expected = torch.tensor([0.25, 0, 0, 0.25, 0, 0, 0, 0, 0.25, 0.25])
    torch.testing.assert_close(found, expected, atol=0.02, rtol=0)
    assert not found[expected == 0].any()


def test_a_partner_of_another_class_is_any_photo_of_them_equally_likely():
    for label in (0, 2, 3, 4):
        allowed = torch.tensor(LABELS) != label
        found = shares(partners(LABELS).other_class(torch.full((40_000,), label)), 10)
        torch.testing.assert_close(found, allowed / allowed.sum(), atol=0.02, rtol=0)
        assert not found[~allowed].any()


@pytest.mark.parametrize("own", [0, 3, 8, 9])
def test_another_photo_of_the_class_is_never_the_excluded_one(own):
    n = 40_000
    draws = partners(LABELS).same_class(torch.full((n,), 2), but=torch.full((n,), own))
    allowed = (torch.tensor(LABELS) == 2) & (torch.arange(10) != own)
    found = shares(draws, 10)
    torch.testing.assert_close(found, allowed / 3, atol=0.02, rtol=0)
    assert not found[~allowed].any()


def test_a_class_of_one_photo_has_no_other_so_another_class_stands_in():
    draws = partners(LABELS).same_class(torch.full((500,), 4), but=torch.full((500,), 6))
    assert 6 not in draws
    assert len(draws.unique()) == 9


@given(st.lists(st.integers(0, 5), min_size=2, max_size=30), st.integers(0, 2**32))
def test_the_rules_of_draws_hold_for_any_labels(labels, seed):
    labels = torch.tensor(labels)
    own = torch.arange(len(labels)).repeat(5)
    of = labels[own]
    draw = partners(labels, seed)
    assert torch.equal(labels[draw.same_class(of)], of)
    if len(labels.unique()) > 1:
        assert not (labels[draw.other_class(of)] == of).any()
        found = draw.same_class(of, but=own)
        assert not (found == own).any()
        several = labels.bincount()[of] > 1
        assert torch.equal(labels[found][several], of[several])


def test_draws_are_a_function_of_their_generator():
    of = torch.full((50,), 2)
    assert torch.equal(partners(LABELS, 1).same_class(of), partners(LABELS, 1).same_class(of))
    assert not torch.equal(partners(LABELS, 1).same_class(of), partners(LABELS, 2).same_class(of))


# ---- what all methods of the kind have in common
@pytest.mark.parametrize("method", ALL)
def test_training_makes_sketches_find_photos_of_their_class(method, pairs):
    first = method(epochs=1, batch_size=32, learning_rate=1e-6).fit(pairs)
    fitted = method(epochs=40, batch_size=32, learning_rate=3e-3).fit(pairs)
    assert fitted.history_["loss"][-1] < 0.8 * fitted.history_["loss"][0]
    assert len(fitted.history_["loss"]) == 40
    assert precision(first, pairs) < 0.6
    assert precision(fitted, pairs) > 0.8


@pytest.mark.parametrize("method", ALL)
def test_embeddings_have_half_the_width_of_the_features_or_the_one_given(method, pairs):
    fitted = method(**QUICK).fit(pairs)
    assert fitted.encode_sketches(pairs.sketches[:3]).shape == (3, 6)
    assert fitted.encode_photos(pairs.photos[:4]).shape == (4, 6)
    narrow = method(embedding_dim=3, **QUICK).fit(pairs)
    assert narrow.encode_sketches(pairs.sketches[:3]).shape == (3, 3)


@pytest.mark.parametrize("method", ALL)
def test_units_and_origin_of_the_features_do_not_matter(method, pairs):
    moved = Pairs(
        **{**vars(pairs), "photos": 64 * pairs.photos + 5, "sketches": pairs.sketches / 8 - 1}
    )
    # Rounding grows from step to step: one step is enough to see that the inputs are the same.
    once = {"epochs": 1, "batch_size": len(pairs)}
    one, two = method(**once).fit(pairs), method(**once).fit(moved)
    for encode, rows in (("encode_sketches", "sketches"), ("encode_photos", "photos")):
        torch.testing.assert_close(
            getattr(one, encode)(getattr(pairs, rows)),
            getattr(two, encode)(getattr(moved, rows)),
            rtol=1e-2, atol=1e-2,
        )  # fmt: skip


@pytest.mark.parametrize("method", ALL)
def test_views_of_different_width_need_a_network_each(method, pairs):
    wide = Pairs(**{**vars(pairs), "sketches": torch.cat([pairs.sketches] * 2, dim=1)})
    with pytest.raises(ZsbirError, match=r"sketches have 24 numbers and photos 12: .*shared_wei"):
        method(shared_weights=True, **QUICK).fit(wide)
    fitted = method(shared_weights=False, **QUICK).fit(wide)
    assert fitted.encode_sketches(wide.sketches).shape == (180, 6)
    assert fitted.encode_photos(wide.photos).shape == (90, 6)
