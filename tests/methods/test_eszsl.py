from dataclasses import replace

import numpy as np
import pytest
import torch
from pair_samples import make_linear_pairs

from zsbir_lib.errors import SingularMatrixError, ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods.attributes import class_attributes
from zsbir_lib.methods.eszsl import ESZSL

NAMES = ("bat", "cabin", "cow", "dolphin", "door", "giraffe")
WORDS = ("wings", "four legs", "door", "swims")
# Of the six classes, and of one that is never seen.
TABLE = torch.tensor(
    [
        [1, 0, 0, 0],
        [0, 0, 1, 0],
        [0, 1, 0, 0],
        [0, 0, 0, 1],
        [0, 0, 1, 1],
        [1, 1, 0, 0],
        [1, 1, 1, 1],
    ]
).float()


@pytest.fixture(scope="module")
def pairs():
    made = make_linear_pairs(180, 10, 8, NAMES, between=2, spread=0.5, noise=0.3, origin=5)
    return replace(made, class_attributes=TABLE[: len(NAMES)], attribute_names=WORDS)


def scaled(features):
    features = features.double() - features.double().mean(dim=0)
    return features / features.pow(2).mean().sqrt()


def targets(labels):
    return 2 * torch.nn.functional.one_hot(labels, len(NAMES)).double() - 1


def class_means(pairs):
    x = scaled(pairs.photos)
    rows = torch.stack([x[pairs.photo_labels == k].mean(dim=0) for k in range(len(NAMES))])
    rows -= rows.mean(dim=0)
    return rows / rows.pow(2).mean().sqrt()


def test_the_map_is_the_closed_form_written_out(pairs):
    method = ESZSL(feature_ridge=0.3, semantic_ridge=0.7).fit(pairs)
    x, s, y = scaled(pairs.sketches).T, class_means(pairs).T, targets(pairs.labels)
    n, c = x.shape[1], s.shape[1]
    left = torch.linalg.inv(x @ x.T / n + 0.3 * torch.eye(10))
    right = torch.linalg.inv(s @ s.T / c + 0.7 * torch.eye(8))
    expected = left @ (x @ y @ s.T / (n * c)) @ right
    np.testing.assert_allclose(method.sketch_weight_, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("what", ["sketch", "photo"])
def test_the_gradient_of_the_objective_vanishes(pairs, what):
    method = ESZSL(feature_ridge=0.3, semantic_ridge=0.7, semantics="attributes").fit(pairs)
    features = scaled(pairs.sketches if what == "sketch" else pairs.photos)
    y = targets(pairs.labels if what == "sketch" else pairs.photo_labels)
    _, s = class_attributes(pairs, torch.arange(len(NAMES)))
    s = s - s.mean(dim=0)
    s /= s.pow(2).mean().sqrt()
    n, c = len(features), len(s)

    def objective(w):
        return (
            (features @ w @ s.T - y).pow(2).sum() / (n * c)
            + 0.3 / c * (w @ s.T).pow(2).sum()
            + 0.7 / n * (features @ w).pow(2).sum()
            + 0.3 * 0.7 * w.pow(2).sum()
        )

    w = getattr(method, f"{what}_weight_").double().requires_grad_()
    gradient = torch.autograd.grad(objective(w), w)[0].norm()
    zero = torch.zeros_like(w, requires_grad=True)
    assert gradient < 1e-5 * torch.autograd.grad(objective(zero), zero)[0].norm()


def test_large_ridges_leave_the_correlation_of_features_and_semantics(pairs):
    method = ESZSL(feature_ridge=1e6, semantic_ridge=1e6).fit(pairs)
    expected = scaled(pairs.sketches).T @ targets(pairs.labels) @ class_means(pairs)
    ours = 1e12 * method.sketch_weight_.double()  # far above the cosine's own floor
    cosine = torch.cosine_similarity(ours.flatten(), expected.flatten(), dim=0)
    assert cosine > 1 - 1e-6


def test_class_means_leave_photos_where_they_are(pairs):
    method = ESZSL().fit(pairs)
    assert method.photo_weight_ is None
    gallery = method.encode_photos(pairs.photos).double()
    centred = pairs.photos.double() - pairs.photos.double().mean(dim=0)
    assert torch.cosine_similarity(gallery, centred).min() > 1 - 1e-6


@pytest.mark.parametrize("semantics", ["class-means", "attributes"])
def test_a_class_comes_together(pairs, semantics):
    method = ESZSL(semantics=semantics).fit(pairs)
    queries = method.encode_sketches(pairs.sketches)
    gallery = method.encode_photos(pairs.photos)
    assert queries.shape[1] == gallery.shape[1]
    similarity = torch.nn.functional.normalize(queries) @ torch.nn.functional.normalize(gallery).T
    same = pairs.labels[:, None] == pairs.photo_labels
    assert similarity[same].mean() > similarity[~same].mean() + 0.5


def test_photos_of_a_class_without_sketches_change_nothing(pairs):
    g = torch.Generator().manual_seed(9)
    more = Pairs(
        sketches=pairs.sketches,
        photos=torch.cat([pairs.photos, 50 * torch.randn(20, 8, generator=g)]),
        photo_index=pairs.photo_index,
        labels=pairs.labels,
        photo_labels=torch.cat([pairs.photo_labels, torch.full((20,), 6)]),
        class_names=(*NAMES, "unseen"),
        class_attributes=TABLE,
        attribute_names=WORDS,
    )
    for semantics in ("class-means", "attributes"):
        one = ESZSL(semantics=semantics).fit(pairs)
        two = ESZSL(semantics=semantics).fit(more)
        torch.testing.assert_close(one.sketch_weight_, two.sketch_weight_)
        torch.testing.assert_close(
            one.encode_photos(pairs.photos), two.encode_photos(pairs.photos), rtol=1e-4, atol=1e-4
        )


def test_attributes_come_in_alphabetical_order_without_those_that_no_class_has(pairs):
    words, table = class_attributes(pairs, torch.tensor([1, 0]))
    assert words == ("door", "wings")
    assert table.tolist() == [[1, 0], [0, 1]]


def test_pairs_without_attributes_are_refused_where_they_are_needed(pairs):
    bare = replace(pairs, class_attributes=None, attribute_names=())
    with pytest.raises(ZsbirError, match="no attributes are known of the classes"):
        ESZSL(semantics="attributes").fit(bare)
    ESZSL().fit(bare)


def test_singular_matrices_name_the_ridge_to_raise(pairs):
    dependent = torch.cat([pairs.sketches, pairs.sketches[:, :1] + pairs.sketches[:, 1:2]], dim=1)
    with pytest.raises(SingularMatrixError, match=r"11 x 11 .* raise feature_ridge \(it is 0\)"):
        ESZSL(feature_ridge=0).fit(Pairs(**{**vars(pairs), "sketches": dependent}))
    # Six classes have fewer than eight directions.
    with pytest.raises(SingularMatrixError, match=r"8 x 8 .* raise semantic_ridge \(it is 0\)"):
        ESZSL(semantic_ridge=0).fit(pairs)


def test_classes_that_share_their_semantics_are_refused(pairs):
    same = Pairs(**{**vars(pairs), "photos": pairs.photos[pairs.photo_labels.argsort() // 6 * 6]})
    shifted = Pairs(
        **{**vars(same), "photos": (torch.arange(180) // 6 % 5).float()[:, None].expand(180, 8)}
    )
    with pytest.raises(SingularMatrixError, match="the same semantics"):
        ESZSL().fit(shifted)


def test_units_of_the_features_do_not_matter(pairs):
    other = Pairs(**{**vars(pairs), "photos": pairs.photos * 100, "sketches": pairs.sketches / 7})
    one, two = ESZSL().fit(pairs), ESZSL().fit(other)
    torch.testing.assert_close(one.sketch_weight_, two.sketch_weight_, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(
        one.encode_photos(pairs.photos), two.encode_photos(other.photos), rtol=1e-3, atol=1e-4
    )
