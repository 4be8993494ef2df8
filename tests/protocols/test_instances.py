import pytest
import torch

from zsbir_lib.datasets import ZeroShotSplit
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import FeatureSet
from zsbir_lib.protocols import hold_out_instances

NAMES = tuple("abcde")
SEEN, UNSEEN = NAMES[:3], NAMES[3:]


def make_features(drawn=8, photos=12, sketches=2):
    """The first `drawn` of each class's photos have sketches; a feature tells which image it is."""
    labels = torch.arange(5).repeat_interleave(photos)
    number = torch.arange(len(labels))
    has_sketch = number % photos < drawn
    sketch_photos = number[has_sketch].repeat_interleave(sketches)
    return FeatureSet(
        photos=number[:, None].float(),
        sketches=torch.arange(len(sketch_photos))[:, None].float(),
        photo_labels=labels,
        sketch_labels=labels[sketch_photos],
        sketch_photos=sketch_photos,
        photo_ids=tuple(f"p{i}" for i in range(len(labels))),
        sketch_ids=tuple(f"s{i}" for i in range(len(sketch_photos))),
        class_names=NAMES,
        split=ZeroShotSplit("made up", SEEN, UNSEEN),
        dataset="made up",
        backbone="none",
        weights_id="0",
    )


def numbers(rows):
    return set(rows[:, 0].int().tolist())


def test_no_photo_is_learnt_from_and_asked_for():
    features = make_features()
    split = hold_out_instances(features, 0.25)
    learnt, found = numbers(split.pairs.photos), numbers(split.traditional.gallery)
    assert not learnt & found
    # Every photo of a seen class is on one side: 6 of 8 drawn ones are learnt from in each.
    assert learnt | found == set(range(36))
    assert split.pairs.photo_labels.bincount().tolist() == [6, 6, 6]
    assert split.traditional.gallery_labels.bincount().tolist() == [6, 6, 6]


def test_queries_are_all_sketches_of_the_photos_held_out():
    features = make_features()
    task = hold_out_instances(features, 0.25).traditional
    assert task.query_labels.bincount().tolist() == [4, 4, 4]
    own = task.gallery[task.query_photo, 0].long()
    asked = features.sketch_photos[task.queries[:, 0].long()]
    assert torch.equal(own, asked)


def test_the_generalised_task_holds_seen_and_unseen_classes():
    split = hold_out_instances(make_features(), 0.25)
    task = split.generalised
    assert numbers(task.gallery) == numbers(split.traditional.gallery) | set(range(36, 60))
    assert task.query_labels.bincount().tolist() == [4, 4, 4, 16, 16]
    assert not numbers(split.pairs.photos) & numbers(task.gallery)
    assert set(split.pairs.labels.tolist()) == {0, 1, 2}


def test_the_seed_decides_which_photos():
    features = make_features()
    first = numbers(hold_out_instances(features, seed=1).pairs.photos)
    assert first == numbers(hold_out_instances(features, seed=1).pairs.photos)
    assert first != numbers(hold_out_instances(features, seed=2).pairs.photos)


@pytest.mark.parametrize(("fraction", "kept"), [(0.01, 7), (0.99, 1), (0.5, 4)])
def test_one_photo_at_least_is_held_out_and_one_is_kept(fraction, kept):
    split = hold_out_instances(make_features(), fraction)
    assert split.pairs.photo_labels.bincount().tolist() == [kept] * 3


def test_bad_fractions_and_classes_of_one_photo_are_refused():
    with pytest.raises(ZsbirError, match=r"fraction is 1\.0: it must be above 0 and below 1"):
        hold_out_instances(make_features(), 1.0)
    with pytest.raises(ZsbirError, match="every seen class has one drawn photo only"):
        hold_out_instances(make_features(drawn=1), 0.5)
