from typing import ClassVar

import numpy as np
import pytest
import torch

from zsbir_lib.datasets import ZeroShotSplit
from zsbir_lib.errors import (
    LabelError,
    NoRelevantPhotoError,
    NotFiniteError,
    UnknownNameError,
    ZsbirError,
)
from zsbir_lib.features import FeatureSet, RetrievalTask
from zsbir_lib.methods import Cosine, RetrievalMethod, create_method
from zsbir_lib.methods.base import METHODS
from zsbir_lib.protocols import Experiment, default_depth, evaluate, fine_grained, zero_shot

CLASSES = tuple("abcdefghijkl")
SEEN, UNSEEN = CLASSES[:8], CLASSES[8:]


def make_features(per_class=12, dim=10, seed=0, spread=0.6, shift=1.0):
    """Sketches are their photos, shifted by a constant: easily learnt, and fatal to cosine."""
    g = torch.Generator().manual_seed(seed)
    labels = torch.arange(len(CLASSES)).repeat_interleave(per_class)
    centres = torch.randn(len(CLASSES), dim, generator=g)
    photos = centres[labels] + spread * torch.randn(len(labels), dim, generator=g)
    offset = shift * 3 * torch.randn(dim, generator=g)
    drawn = torch.arange(len(labels))[labels.new_tensor(range(len(labels))) % 2 == 0]
    sketches = photos[drawn] + offset + 0.1 * torch.randn(len(drawn), dim, generator=g)
    return FeatureSet(
        photos=photos,
        sketches=sketches,
        photo_labels=labels,
        sketch_labels=labels[drawn],
        sketch_photos=drawn,
        photo_ids=tuple(f"p{i}" for i in range(len(labels))),
        sketch_ids=tuple(f"s{i}" for i in range(len(drawn))),
        class_names=CLASSES,
        split=ZeroShotSplit("made up", SEEN, UNSEEN),
        dataset="made up",
        backbone="none",
        weights_id="0",
    )


class Centred(RetrievalMethod):
    """Subtracts a part of the mean difference of a sketch and its photo."""

    def __init__(self, amount=1.0):
        self.amount = amount

    def _fit(self, pairs, progress):
        self.classes_ = {pairs.class_names[i] for i in pairs.labels.unique().tolist()}
        self.offset_ = (pairs.sketches - pairs.paired_photos()).mean(dim=0)

    def encode_sketches(self, features):
        return features - self.amount * self.offset_

    def encode_photos(self, features):
        return features


class Counting(Centred):
    """Counts what is asked of it."""

    calls: ClassVar[list[str]] = []

    def _fit(self, pairs, progress):
        self.calls.append(f"fit {len(pairs)}")
        super()._fit(pairs, progress)

    def encode_sketches(self, features):
        self.calls.append(f"encode {len(features)}")
        return super().encode_sketches(features)

    def index(self, features):
        self.calls.append(f"index {len(features)}")
        return super().index(features)


# Set after the classes are made, so that they are registered for these tests only.
Centred.name, Counting.name = "centred for tests", "counting for tests"


@pytest.fixture(autouse=True)
def _register(own_registries):
    for each in (Centred, Counting):
        METHODS.add(each.name, each)


@pytest.mark.parametrize(
    ("counts", "depth"),
    [([200, 200, 161], 200), ([40] * 5, 20), ([25] * 3, 20), ([3, 3, 900], 1), ([1], 1)],
)
def test_the_depth_is_what_half_of_the_classes_can_fill(counts, depth):
    class Task:
        gallery_labels = np.repeat(np.arange(len(counts)), counts)

    assert default_depth(Task) == depth


def test_zero_shot_fits_on_seen_and_ranks_unseen_classes():
    features = make_features()
    method = Centred()
    result = zero_shot(method, features)
    assert method.classes_ == set(SEEN)
    assert [row.label for row in result.report.per_class] == list(UNSEEN)
    assert result.report.k == 10
    assert result.report.n_gallery == 48
    assert result.report.precision > 0.6
    baseline = zero_shot(Cosine(), features)
    assert baseline.report.precision < result.report.precision - 0.2
    difference = result.interval(baseline)
    assert difference.low > 0
    values = result.to_dict()
    assert values["method"] == "centred for tests"
    assert values["parameters"] == {"amount": 1.0}
    assert values["split"] == "made up"


def test_another_split_can_be_evaluated():
    split = ZeroShotSplit("other", CLASSES[4:], CLASSES[:4])
    method = Centred()
    result = zero_shot(method, make_features(), split=split, k=5)
    assert method.classes_ == set(CLASSES[4:])
    assert result.split == "other"
    assert result.report.k == 5


def test_evaluate_agrees_with_counting_by_hand():
    features = make_features()
    task = features.task()
    method = Centred().fit(features.pairs())
    report = evaluate(method, task, k=3)
    queries, gallery = method.encode_sketches(task.queries), task.gallery
    hits = []
    for query, label in zip(queries, task.query_labels, strict=True):
        order = torch.cosine_similarity(query[None], gallery).argsort(descending=True)[:3]
        hits.append((task.gallery_labels[order] == label).float().mean().item())
    assert report.precision == pytest.approx(np.mean(hits))


def test_a_depth_beyond_the_gallery_is_refused():
    with pytest.raises(ZsbirError, match="k is 49, but the gallery holds 48 photos"):
        zero_shot(Cosine(), make_features(), k=49)


def test_a_gallery_without_any_relevant_photo_is_refused():
    features = make_features()
    task = features.task()
    other = RetrievalTask(**{**vars(task), "gallery_labels": torch.zeros_like(task.gallery_labels)})
    with pytest.raises(NoRelevantPhotoError, match="no query has a photo of its class"):
        evaluate(Cosine(), other)


def test_the_kinds_of_bad_input_have_names():
    features = make_features()
    bad = features.sketches.clone()
    bad[3, 0] = float("nan")
    with pytest.raises(NotFiniteError, match="the first in row 3"):
        FeatureSet(**{**vars(features), "sketches": bad})
    with pytest.raises(LabelError, match="sketch_labels must be an int64 tensor of"):
        FeatureSet(**{**vars(features), "sketch_labels": features.sketch_labels[1:]})
    with pytest.raises(UnknownNameError, match="unknown method 'magic'"):
        create_method("magic")
    with pytest.raises(UnknownNameError, match="no class unicorn"):
        features.with_split(ZeroShotSplit("odd", CLASSES[:5], ("unicorn",)))


def test_nothing_is_encoded_indexed_or_ranked_twice():
    Counting.calls.clear()
    experiment = Experiment(make_features())
    result = experiment.zero_shot(Counting(), 5, fine=True)
    assert Counting.calls == ["fit 48", "encode 24", "index 48"]
    assert result.fine_grained.n_queries == 24
    Counting.calls.clear()
    reports = experiment.with_instances(Counting(), ("traditional", "generalised"), 5)
    held, kept = len(experiment.instances.traditional.queries), len(experiment.instances.pairs)
    assert Counting.calls == [
        f"fit {kept}", f"encode {held}", f"index {len(experiment.instances.traditional.gallery)}",
        "encode 24", f"index {len(experiment.instances.generalised.gallery)}",
    ]  # fmt: skip
    assert reports["generalised"].n_queries == held + 24


def test_what_is_shared_changes_no_figure():
    features = make_features()
    experiment = Experiment(features)
    result = experiment.zero_shot(Centred(), 5, fine=True)
    alone = Centred().fit(features.pairs())
    assert result.report.to_dict() == evaluate(alone, features.task(), 5).to_dict()
    assert result.fine_grained == fine_grained(alone, features.task())
    parts = experiment.instances
    reports = experiment.with_instances(Centred(), ("traditional", "generalised"), 5)
    alone = Centred().fit(parts.pairs)
    for name, report in reports.items():
        expected = evaluate(alone, getattr(parts, name), 5, with_map_all=False)
        assert report.to_dict() == expected.to_dict()


def test_another_split_does_not_look_at_the_features_again(monkeypatch):
    features = make_features()
    monkeypatch.setattr(torch, "isfinite", None)
    other = features.with_split(ZeroShotSplit("other", CLASSES[4:], CLASSES[:4]))
    assert other.split.name == "other"
    assert features.split.name == "made up"
    assert other.photos is features.photos
