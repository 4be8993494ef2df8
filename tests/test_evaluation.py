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
from zsbir_lib.evaluation import choose, class_bootstrap, default_depth, evaluate, zero_shot
from zsbir_lib.features import FeatureSet, RetrievalTask
from zsbir_lib.methods import Cosine, RetrievalMethod, create_method
from zsbir_lib.methods.base import METHODS

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


# Set after the class is made, so that it is registered for these tests only.
Centred.name = "centred for tests"


@pytest.fixture(autouse=True)
def _register(monkeypatch):
    monkeypatch.setattr(METHODS, "_known", {**METHODS._known, Centred.name: Centred})


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


def test_settings_are_chosen_on_held_out_seen_classes(monkeypatch):
    features = make_features()
    fitted_on, evaluated_on = [], []
    real_fit = Centred.fit

    def spy(self, pairs, *, progress=None):
        result = real_fit(self, pairs, progress=progress)
        fitted_on.append(self.classes_)
        return result

    monkeypatch.setattr(Centred, "fit", spy)
    real_task = FeatureSet.task

    def task(self, split=None, **options):
        evaluated_on.append(set((split or self.split).unseen))
        return real_task(self, split, **options)

    monkeypatch.setattr(FeatureSet, "task", task)
    choice = choose(
        Centred.name, {"amount": [-1.0, 0.0, 1.0]}, features, inner_splits=3, n_unseen=3
    )
    assert choice.parameters == {"amount": 1.0}
    assert len(choice.table) == 3
    assert all(len(scores) == 3 for _, scores in choice.table)
    assert len(fitted_on) == 9
    for classes in fitted_on + evaluated_on:
        assert not classes & set(UNSEEN)


def test_an_empty_grid_is_refused():
    with pytest.raises(ZsbirError, match="nothing to choose from"):
        choose(Centred.name, {}, make_features())
    with pytest.raises(ZsbirError, match="no hyper-parameter speed"):
        choose(Centred.name, {"speed": [1]}, make_features())


def test_the_bootstrap_covers_the_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(300):
        interval = class_bootstrap(rng.normal(0.3, 0.1, 21), n_resamples=500, seed=seed)
        covered += interval.low <= 0.3 <= interval.high
    assert 0.88 <= covered / 300 <= 0.98


def test_pairing_removes_what_classes_share():
    rng = np.random.default_rng(1)
    difficulty = rng.uniform(0, 1, 21)
    better = difficulty + 0.02 + rng.normal(0, 0.005, 21)
    paired = class_bootstrap(better, difficulty)
    assert paired.low > 0
    assert paired.estimate == pytest.approx(0.02, abs=0.005)
    assert paired.high - paired.low < 0.01
    alone = class_bootstrap(better)
    assert alone.high - alone.low > 0.1
    assert str(paired) == f"{paired.estimate:.3f} [{paired.low:.3f}, {paired.high:.3f}]"


def test_a_bootstrap_needs_matching_classes():
    with pytest.raises(ZsbirError, match="cannot pair 3 classes with 2"):
        class_bootstrap([1, 2, 3], [1, 2])
    with pytest.raises(ZsbirError, match="two classes or more"):
        class_bootstrap([1])


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
