import numpy as np
import pytest
import torch

from zsbir_lib.errors import SingularMatrixError, ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods import Ours, OursGallery
from zsbir_lib.retrieval import DiffusionIndex, rank

PLAIN = {"power": 1.0, "class_weight": 0.0, "alignment": 0.0, "latent_dim": None}


def make_pairs(n_classes=8, per_class=30, dim=10, seed=0, noise=0.4, twin=False):
    """Two noisy linear views of the same hidden vector; with `twin`, the views are alike."""
    g = torch.Generator().manual_seed(seed)
    labels = torch.arange(n_classes).repeat_interleave(per_class)
    hidden = torch.randn(n_classes, 6, generator=g)[labels]
    hidden = hidden + 0.5 * torch.randn(len(labels), 6, generator=g)
    to_photo = torch.randn(6, dim, generator=g)
    to_sketch = to_photo if twin else torch.randn(6, dim, generator=g)
    photos = hidden @ to_photo + noise * torch.randn(len(labels), dim, generator=g)
    sketches = hidden @ to_sketch + noise * torch.randn(len(labels), dim, generator=g)
    names = tuple(f"class {i}" for i in range(n_classes))
    return Pairs(sketches, photos, torch.arange(len(labels)), labels, labels, names)


def unit(rows):
    return torch.nn.functional.normalize(rows.double(), dim=1)


def test_without_shrinkage_it_is_canonical_correlation_analysis():
    pairs = make_pairs()
    method = Ours(sketch_shrinkage=0.0, photo_shrinkage=0.0, **PLAIN).fit(pairs)
    x, y = unit(pairs.sketches), unit(pairs.photos)
    x, y = x - x.mean(0), y - y.mean(0)
    # Canonical correlations by the textbook: singular values between orthonormal bases.
    expected = torch.linalg.svdvals(torch.linalg.qr(x).Q.T @ torch.linalg.qr(y).Q)
    assert torch.allclose(method.correlations_.double(), expected / expected[0], atol=1e-5)
    # The two posterior means of z are uncorrelated across directions, with R between them.
    a, b = method.encode_sketches(pairs.sketches), method.encode_photos(pairs.photos)
    cross = (a.T @ b) / len(a)
    cross = cross / cross[0, 0]
    assert torch.allclose(cross, torch.diag(cross.diagonal()), atol=1e-4)
    assert torch.allclose(cross.diagonal(), method.correlations_**2, atol=1e-4)


def test_with_full_shrinkage_features_are_not_whitened():
    pairs = make_pairs()
    method = Ours(sketch_shrinkage=1.0, photo_shrinkage=1.0, **PLAIN).fit(pairs)
    x, y = unit(pairs.sketches), unit(pairs.photos)
    singular = torch.linalg.svdvals((x - x.mean(0)).T @ (y - y.mean(0)))
    assert torch.allclose(method.correlations_.double(), singular / singular[0], atol=1e-5)


def test_an_overwhelming_alignment_leaves_the_whitened_identity():
    pairs = make_pairs(twin=True)
    method = Ours(sketch_shrinkage=1.0, photo_shrinkage=1.0, **{**PLAIN, "alignment": 1e6})
    method.fit(pairs)
    assert torch.allclose(method.correlations_, torch.ones(10), atol=1e-4)
    # So both are compared as they are, about their means.
    found = method.encode_sketches(pairs.sketches) @ method.encode_photos(pairs.photos).T
    x, y = unit(pairs.sketches), unit(pairs.photos)
    assert torch.allclose(found.double(), (x - x.mean(0)) @ (y - y.mean(0)).T, atol=1e-5)


def test_class_weight_one_pairs_a_sketch_with_the_mean_photo_of_its_class():
    pairs = make_pairs()
    means = torch.stack([unit(pairs.photos)[pairs.labels == c].mean(0) for c in range(8)])
    x = unit(pairs.sketches)
    y = unit(pairs.photos)
    cross = (x - x.mean(0)).T @ (means[pairs.labels] - y.mean(0))
    singular = torch.linalg.svdvals(cross)
    options = {**PLAIN, "class_weight": 1.0}
    method = Ours(sketch_shrinkage=1.0, photo_shrinkage=1.0, **options).fit(pairs)
    assert torch.allclose(method.correlations_.double(), singular / singular[0], atol=1e-5)


def test_the_power_is_signed_and_applied_before_the_norm():
    pairs = make_pairs()
    tamed = Pairs(
        pairs.sketches.sign() * pairs.sketches.abs().sqrt(),
        pairs.photos.sign() * pairs.photos.abs().sqrt(),
        pairs.photo_index, pairs.labels, pairs.photo_labels, pairs.class_names,
    )  # fmt: skip
    one = Ours(power=0.5).fit(pairs).encode_photos(pairs.photos)
    two = Ours(power=1.0).fit(tamed).encode_photos(tamed.photos)
    assert torch.allclose((one @ one.T), (two @ two.T), atol=1e-4)


def test_several_sketches_of_one_photo_count_as_pairs():
    pairs = make_pairs()
    index = torch.cat([torch.arange(240), torch.arange(240)])
    twice = Pairs(
        pairs.sketches[index], pairs.photos, index, pairs.labels[index], pairs.labels,
        pairs.class_names,
    )  # fmt: skip
    one, two = Ours().fit(pairs), Ours().fit(twice)
    assert torch.allclose(one.correlations_, two.correlations_, atol=1e-5)


def test_it_finds_what_raw_features_do_not():
    pairs = make_pairs(per_class=40)
    seen, unseen = (
        pairs.subset([f"class {i}" for i in range(6)]),
        pairs.subset(["class 6", "class 7"]),
    )
    method = Ours(alignment=0.0).fit(seen)

    def hits(queries, gallery):
        first = rank(queries, gallery, 10).indices
        return float((unseen.labels[first] == unseen.labels[:, None]).float().mean())

    own = hits(method.encode_sketches(unseen.sketches), method.encode_photos(unseen.photos))
    assert own > hits(unseen.sketches, unseen.photos) + 0.2


def test_only_so_many_components_are_kept():
    pairs = make_pairs()
    method = Ours(n_components=4, alignment=0.3).fit(pairs)
    assert method.encode_sketches(pairs.sketches).shape == (240, 4)
    assert Ours(latent_dim=3).fit(pairs).encode_photos(pairs.photos[:5]).shape == (5, 3)


def test_views_of_two_widths_need_no_alignment():
    pairs = make_pairs()
    wide = Pairs(
        torch.cat([pairs.sketches, pairs.sketches[:, :3] ** 2], dim=1), pairs.photos,
        pairs.photo_index, pairs.labels, pairs.photo_labels, pairs.class_names,
    )  # fmt: skip
    with pytest.raises(ZsbirError, match=r"13 numbers and photos 10: .* alignment=0"):
        Ours().fit(wide)
    method = Ours(alignment=0.0).fit(wide)
    codes = method.encode_sketches(wide.sketches), method.encode_photos(wide.photos)
    assert codes[0].shape == codes[1].shape == (240, 10)


def test_a_singular_covariance_is_named():
    pairs = make_pairs()
    photos = torch.cat([pairs.photos, pairs.photos], dim=1)
    sketches = torch.cat([pairs.sketches, pairs.sketches], dim=1)
    double = Pairs(
        sketches, photos, pairs.photo_index, pairs.labels, pairs.labels, pairs.class_names
    )
    with pytest.raises(SingularMatrixError, match="raise sketch_shrinkage above 0"):
        Ours(sketch_shrinkage=0.0, **PLAIN).fit(double)


def test_the_gallery_version_searches_a_graph_and_sees_no_other_query():
    pairs = make_pairs()
    method = OursGallery(n_neighbours=3).fit(pairs)
    index = method.index(pairs.photos)
    assert isinstance(index, DiffusionIndex)
    queries = method.encode_sketches(pairs.sketches[:6])
    alone = index.search(queries[2:3], 20).indices
    assert np.array_equal(index.search(queries, 20).indices[2:3], alone)


def test_rounds_of_whitening_join_more_photos_of_one_class():
    # Ten classes told apart by ten directions; a loud eleventh to thirtieth tell nothing.
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(10).repeat_interleave(20)
    photos = torch.randn(200, 30, generator=generator) * torch.tensor([0.35] * 10 + [0.8] * 20)
    photos[:, :10] += torch.eye(10)[labels]

    one = make_pairs(dim=30)
    mirrored = Pairs(
        torch.cat([one.sketches, -one.sketches]), torch.cat([one.photos, -one.photos]),
        torch.arange(2 * len(one)), one.labels.repeat(2), one.labels.repeat(2), one.class_names,
    )  # fmt: skip

    def share_within_classes(rounds):
        method = OursGallery(graph_rounds=rounds, n_neighbours=8, power=1.0)
        method.fit(mirrored)  # whose mean is 0
        edges = method.index(photos).graph.tocoo()
        i, j = (torch.from_numpy(place.astype(np.int64)) for place in edges.coords)
        return float(edges.data[labels[i] == labels[j]].sum() / edges.data.sum())

    assert share_within_classes(4) > 1.1 * share_within_classes(0)
