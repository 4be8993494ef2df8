import dataclasses

import numpy as np
import pytest
import samples
import torch
import traitlets
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge

from zsbir_lib.errors import UnknownNameError, ZsbirError
from zsbir_lib.metrics import evaluate_retrieval
from zsbir_lib.protocols import class_bootstrap
from zsbir_lib.widgets import SplitBuilder

NAMES = [f"class {letter}" for letter in "abcdef"]


@pytest.fixture
def builder():
    return samples.split()


def pairs(builder, names, n):
    x = np.concatenate([builder.sketches[name] for name in names])
    y = np.concatenate([builder.photos[name][:n] for name in names])
    return x, y


def reduced(features, base, dim):
    """Return sketches and photos on the main axes of the base photos, in units of their RMS."""
    pca = PCA(dim).fit(features.photos[base].double())
    # The sign of an axis is arbitrary: the largest number of each is positive.
    largest = np.abs(pca.components_).argmax(axis=1)
    signs = np.sign(pca.components_[np.arange(dim), largest])
    unit = np.sqrt((pca.transform(features.photos[base].double()) ** 2).mean())
    return (
        signs * pca.transform(rows.double()) / unit for rows in (features.sketches, features.photos)
    )


def test_scores_are_those_of_scikit_learn_and_of_the_library(builder):
    builder.unseen = ["class f", "class b", "class d"]
    features = samples.features()
    always = (features.photo_labels >= 6).numpy()
    x, y = reduced(features, always, 4)
    theirs = (features.sketch_labels >= 6).numpy()
    own_x, own_y = pairs(builder, ["class a", "class c", "class e"], 3)
    train_x = np.concatenate([x[theirs], own_x])
    train_y = np.concatenate([y[features.sketch_photos.numpy()[theirs]], own_y])
    ridge = Ridge(alpha=0.03 * len(train_x)).fit(train_x, train_y)
    asked = ["class b", "class d", "class f"]
    queries, _ = pairs(builder, asked, 3)
    gallery = np.concatenate([builder.photos[name] for name in asked])
    for name, wanted in (
        ("ridge", ridge.predict(queries) - train_y.mean(axis=0)),
        ("cosine", queries - train_x.mean(axis=0)),
    ):
        report = evaluate_retrieval(
            torch.tensor(wanted).float(), torch.arange(3).repeat_interleave(3),
            torch.tensor(gallery - train_y.mean(axis=0)).float(),
            torch.arange(3).repeat_interleave(5), 5,
        )  # fmt: skip
        expected = [row.mean_average_precision["k"] for row in report.per_class]
        scores = builder.per_class[name]
        assert list(scores) == asked
        assert list(scores.values()) == pytest.approx(expected, abs=1e-6)
        assert builder.intervals[name] == class_bootstrap(list(scores.values()))


def test_seen_candidates_are_learnt_from(builder):
    builder.unseen = NAMES[:2]
    few = builder.per_class["ridge"]
    builder.unseen = NAMES
    assert {name: builder.per_class["ridge"][name] for name in few} != pytest.approx(few)


def test_too_few_classes_have_no_interval(builder):
    builder.unseen = ["class a"]
    assert builder.intervals == {}
    assert builder.per_class["ridge"] == {"class a": 1.0}
    builder.unseen = []
    assert builder.per_class == {"cosine": {}, "ridge": {}}
    assert "too few to score" in builder.figure().alt_text


def test_the_first_preset_is_unseen_at_first(builder):
    assert builder.unseen == NAMES[:3]
    assert SplitBuilder(samples.features(), NAMES, dim=3, n_sketches=2, n_photos=4).unseen == []


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"candidates": ["class a", "class z"]}, UnknownNameError, "has no class z"),
        ({"candidates": ["class a", "class a"]}, UnknownNameError, "different classes"),
        ({"candidates": [*NAMES, "class g"]}, ZsbirError, "leave some"),
        ({"n_photos": 7}, ZsbirError, "class a has 6 photos, 6 of them with a sketch"),
        ({"n_sketches": 6}, ZsbirError, "n_sketches is 6"),
        ({"dim": 8}, ZsbirError, "dim is 8: it must be from 1 to 7"),
        ({"ridge": 0}, ZsbirError, "ridge is 0"),
        ({"unseen": ["class g"]}, UnknownNameError, "no candidate: class g"),
        ({"presets": {"odd": ["class h"]}}, UnknownNameError, "no candidate: class h"),
    ],
)
def test_bad_input_is_named(change, error, message):
    options = {"candidates": NAMES, "dim": 4, "n_sketches": 3, "n_photos": 5} | change
    with pytest.raises(error, match=message):
        SplitBuilder(samples.features(), **options)


def test_photos_that_nobody_drew_fill_the_gallery():
    features = samples.features()
    drawn = features.sketch_photos % 6 < 3  # of the six photos of a class, three
    few = dataclasses.replace(
        features, sketches=features.sketches[drawn], sketch_labels=features.sketch_labels[drawn],
        sketch_photos=features.sketch_photos[drawn],
        sketch_ids=tuple(map(str, range(int(drawn.sum())))),
    )  # fmt: skip
    options = {"dim": 4, "n_sketches": 3, "unseen": NAMES[:3]}
    filled = SplitBuilder(few, NAMES, n_photos=5, **options)
    assert filled.photos == SplitBuilder(features, NAMES, n_photos=5, **options).photos
    assert filled.sketches["class a"] == samples.split().sketches["class a"]
    with pytest.raises(ZsbirError, match="3 of them with a sketch"):
        SplitBuilder(few, NAMES, n_photos=5, **(options | {"n_sketches": 4}))


@pytest.mark.parametrize("unseen", [["class g"], ["class a", "class a"]])
def test_other_classes_are_refused(builder, unseen):
    with pytest.raises(traitlets.TraitError, match="different candidates"):
        builder.unseen = unseen
    assert builder.unseen == NAMES[:3]
