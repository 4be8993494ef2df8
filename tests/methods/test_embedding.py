import pytest
import torch

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods import (
    AdversarialMetric,
    CoarseTriplet,
    FineTriplet,
    Siamese1,
    Siamese2,
    load_method,
)
from zsbir_lib.methods.embedding import EmbeddingNetwork, Partners, squared_distance
from zsbir_lib.retrieval import rank

METHODS = (Siamese1, Siamese2, CoarseTriplet, FineTriplet, AdversarialMetric)


def make_pairs(n_classes=6, per_class=30, dim=12, seed=0):
    """Photos of a class about its centre; sketches are photos turned, shifted and scaled."""
    g = torch.Generator().manual_seed(seed)
    labels = torch.arange(n_classes).repeat_interleave(per_class)
    centres = torch.randn(n_classes, dim, generator=g)
    photos = centres[labels] + 0.4 * torch.randn(len(labels), dim, generator=g)
    turn = torch.linalg.qr(torch.randn(dim, dim, generator=g))[0]
    index = torch.arange(len(labels)).repeat(2)
    sketches = 3 * photos[index] @ turn + 0.5 * torch.randn(len(index), dim, generator=g) + 4
    return Pairs(sketches, photos, index, labels[index], labels, tuple("abcdefgh"[:n_classes]))


@pytest.fixture(scope="module")
def pairs():
    return make_pairs()


def hits(method, pairs):
    """Return the part of the ten nearest photos that are of the sketch's class."""
    found = rank(method.encode_sketches(pairs.sketches), method.encode_photos(pairs.photos), 10)
    return float((pairs.photo_labels[found.indices] == pairs.labels[:, None]).float().mean())


# ---- partners
def test_partners_are_of_the_class_of_another_or_any_but_one():
    labels = torch.tensor([2, 0, 0, 1, 2, 0, 2, 2])
    partners = Partners(labels, torch.Generator().manual_seed(0))
    asked = torch.tensor([0, 1, 2]).repeat(2000)
    assert torch.equal(labels[partners.same_class(asked)], asked)
    assert (labels[partners.other_class(asked)] != asked).all()
    own = torch.tensor([1, 4, 6]).repeat(2000)
    found = partners.same_class(labels[own], but=own)
    assert (found != own).all()
    assert torch.equal(labels[found], labels[own])


def test_every_partner_is_equally_likely():
    labels = torch.tensor([2, 0, 0, 1, 2, 0, 2, 2])
    partners = Partners(labels, torch.Generator().manual_seed(0))
    n = 60_000
    zero = torch.zeros(n, dtype=torch.int64)
    for found, among in (
        (partners.same_class(zero), [1, 2, 5]),
        (partners.other_class(zero), [0, 3, 4, 6, 7]),
        (partners.same_class(zero, but=zero + 2), [1, 5]),
        (partners.same_class(zero + 2, but=zero + 7), [0, 4, 6]),
    ):
        counts = found.bincount(minlength=8)
        assert counts.nonzero().flatten().tolist() == among
        assert (counts[among] / n - 1 / len(among)).abs().max() < 0.01


def test_a_photo_alone_in_its_class_gets_a_partner_of_another():
    labels = torch.tensor([0, 1, 1])
    partners = Partners(labels, torch.Generator().manual_seed(0))
    zero = torch.zeros(50, dtype=torch.int64)
    found = partners.same_class(zero, but=zero)
    assert set(found.tolist()) == {1, 2}
    last = Partners(torch.tensor([0, 0, 1]), torch.Generator().manual_seed(0))
    assert set(last.same_class(zero + 1, but=zero + 2).tolist()) == {0, 1}


# ---- the network
def test_embeddings_are_unit_vectors_that_do_not_depend_on_the_features_scale(pairs):
    torch.manual_seed(0)
    one = EmbeddingNetwork(pairs.sketches, pairs.photos, 5, True, 0.0).eval()
    torch.manual_seed(0)
    two = EmbeddingNetwork(7 * pairs.sketches + 3, pairs.photos, 5, True, 0.0).eval()
    a, b = one.embed_sketches(pairs.sketches), two.embed_sketches(7 * pairs.sketches + 3)
    assert torch.allclose(a.norm(dim=1), torch.ones(len(a)), atol=1e-5)
    assert torch.allclose(a, b, atol=1e-4)


def test_branches_are_shared_or_not(pairs):
    shared = EmbeddingNetwork(pairs.sketches, pairs.photos, 5, True, 0.0)
    own = EmbeddingNetwork(pairs.sketches, pairs.photos, 5, False, 0.0)
    assert shared.sketch_branch is shared.photo_branch
    assert sum(p.numel() for p in own.parameters()) == 2 * sum(
        p.numel() for p in shared.parameters()
    )


def test_squared_distances_of_unit_vectors_are_twice_the_cosine_distance():
    a, b = torch.nn.functional.normalize(torch.randn(2, 9, 4), dim=2)
    assert torch.allclose(squared_distance(a, b), 2 - 2 * (a * b).sum(dim=1), atol=1e-6)


# ---- all of them
@pytest.mark.parametrize("kind", METHODS)
def test_they_learn_to_find_photos_of_the_class(kind, pairs):
    untrained = hits(kind(epochs=1, learning_rate=1e-9).fit(pairs), pairs)
    method = kind(epochs=40, learning_rate=3e-3, batch_size=64).fit(pairs)
    assert hits(method, pairs) > max(0.7, untrained + 0.2)
    assert len(method.history_["loss"]) == 40
    assert method.history_["loss"][-1] < method.history_["loss"][0]


@pytest.mark.parametrize("kind", METHODS)
def test_the_seed_decides_everything(kind, pairs):
    first, again, other = (
        kind(epochs=1, seed=seed).fit(pairs).encode_sketches(pairs.sketches[:5])
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize("shared", [True, False])
def test_they_are_the_same_after_saving(kind, shared, pairs, tmp_path):
    method = kind(epochs=1, shared_weights=shared, embedding_dim=7).fit(pairs)
    method.save(tmp_path / "m.safetensors")
    again, _ = load_method(tmp_path / "m.safetensors")
    assert torch.equal(
        again.encode_sketches(pairs.sketches), method.encode_sketches(pairs.sketches)
    )
    assert torch.equal(again.encode_photos(pairs.photos), method.encode_photos(pairs.photos))
    assert again.encode_photos(pairs.photos).shape == (180, 7)


def test_views_of_two_widths_need_a_network_each(pairs):
    wide = Pairs(
        torch.cat([pairs.sketches, pairs.sketches], dim=1), pairs.photos, pairs.photo_index,
        pairs.labels, pairs.photo_labels, pairs.class_names,
    )  # fmt: skip
    with pytest.raises(ZsbirError, match=r"24 numbers and photos 12: .* shared_weights=False"):
        Siamese1().fit(wide)
    method = CoarseTriplet(epochs=1, shared_weights=False).fit(wide)
    assert method.encode_sketches(wide.sketches).shape == (360, 6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"margin": 0}, "margin is 0: it must be above 0"),
        ({"dropout": 1.0}, r"dropout is 1\.0: it must be from 0 to below 1"),
        ({"epochs": 0}, "epochs is 0"),
        ({"embedding_dim": 0}, "embedding_dim is 0"),
    ],
)
def test_settings_out_of_range_are_refused(options, message, pairs):
    with pytest.raises(ZsbirError, match=message):
        FineTriplet(**options).fit(pairs)


def test_features_that_do_not_fit_are_refused(pairs):
    with pytest.raises(ZsbirError, match="not fitted"):
        Siamese1().encode_photos(pairs.photos)
    method = Siamese1(epochs=1).fit(pairs)
    with pytest.raises(ZsbirError, match=r"expected \(n, 12\)"):
        method.encode_photos(pairs.photos[:, :5])
