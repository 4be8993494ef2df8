import pytest
import torch

from zsbir_lib.datasets import ZeroShotSplit
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import FeatureSet
from zsbir_lib.protocols import deal, equal_task, photo_to_photo

NAMES = tuple("abcde")


def make_features(drawn=8, photos=12):
    """Each of the first `drawn` photos of a class has two sketches; a feature is the row."""
    labels = torch.arange(5).repeat_interleave(photos)
    number = torch.arange(len(labels))
    sketch_photos = number[number % photos < drawn].repeat_interleave(2)
    return FeatureSet(
        photos=number[:, None].float(),
        sketches=torch.arange(len(sketch_photos))[:, None].float(),
        photo_labels=labels,
        sketch_labels=labels[sketch_photos],
        sketch_photos=sketch_photos,
        photo_ids=tuple(f"p{i}" for i in range(len(labels))),
        sketch_ids=tuple(f"s{i}" for i in range(len(sketch_photos))),
        class_names=NAMES,
        split=ZeroShotSplit("made up", NAMES[:3], NAMES[3:]),
        dataset="made up",
        backbone="none",
        weights_id="0",
    )


def test_names_are_dealt_like_cards():
    names = [f"class {i}" for i in range(10)]
    groups = deal(names, 4)
    assert sorted(len(group) for group in groups) == [2, 2, 3, 3]
    assert sorted(name for group in groups for name in group) == names
    assert groups == deal(names, 4)
    assert groups != deal(names, 4, seed=1)


def test_fewer_names_than_groups_are_not_dealt():
    with pytest.raises(ZsbirError, match="2 names into 3 groups"):
        deal(["a", "b"], 3)


def test_each_class_has_as_many_photos_and_as_many_of_them_ask():
    features = make_features(drawn=6, photos=12)
    task = equal_task(features, ["d", "a"], photos=8, asking=3)
    assert task.gallery_labels.bincount().tolist() == [8, 0, 0, 8]
    assert task.query_labels.bincount().tolist() == [6, 0, 0, 6]  # two sketches of a photo
    # Photos that somebody drew come first: without them nobody could ask.
    assert task.gallery[:8, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert (task.query_photo >= 0).all()


def test_only_photos_that_may_be_taken_are():
    features = make_features(drawn=6, photos=12)
    among = torch.arange(60) % 2 == 1
    task = equal_task(features, ["b"], among, photos=6, asking=3)
    assert task.gallery[:, 0].tolist() == [13, 15, 17, 19, 21, 23]
    assert set(task.query_photo.tolist()) == {0, 1, 2}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"photos": 13}, "a has 12 photos, 6 of them drawn"),
        ({"photos": 12, "asking": 7}, "too few for a gallery of 12, 7 of which ask"),
        ({"photos": 4, "asking": 5}, "from 1 to photos"),
    ],
)
def test_too_few_photos_are_said(options, message):
    with pytest.raises(ZsbirError, match=message):
        equal_task(make_features(drawn=6, photos=12), ["a"], **options)


def test_a_class_that_is_not_there_is_said():
    with pytest.raises(ZsbirError, match="no class z"):
        equal_task(make_features(), ["z"])


def points(rows: torch.Tensor) -> FeatureSet:
    """Return features of class a, three photos, and of class b, three photos."""
    features = make_features(drawn=3, photos=3)
    padded = torch.zeros(15, rows.shape[1])
    padded[: len(rows)] = rows
    object.__setattr__(features, "photos", padded)
    return features


def test_photos_that_lie_with_their_class_find_each_other():
    rows = torch.tensor([[1.0, 0.1], [1, 0.2], [1, 0.3], [0.1, 1], [0.2, 1], [0.3, 1]])
    task = equal_task(points(rows), ["a", "b"], photos=3, asking=1)
    torch.testing.assert_close(photo_to_photo(task, k=2), torch.ones(2, dtype=torch.float64))


def test_a_photo_does_not_find_itself():
    # Each photo's nearest is of the other class, its second nearest of its own, and so on.
    rows = torch.tensor([[1.0, 0.0], [0, 1], [-1, 0], [1, 0.01], [0.01, 1], [-1, 0.01]])
    task = equal_task(points(rows), ["a", "b"], photos=3, asking=1)
    assert photo_to_photo(task, k=1).tolist() == [0, 0]


def test_taking_off_the_mean_changes_whom_a_cosine_calls_near():
    rows = torch.tensor([[5.0, 1.0], [5, 2], [5, 3], [4, 1], [4, 2], [4, 3]])
    task = equal_task(points(rows), ["a", "b"], photos=3, asking=1)
    centred = photo_to_photo(task, rows.mean(dim=0), k=2)
    assert (centred > photo_to_photo(task, k=2)).any()


@pytest.mark.parametrize("k", [0, 6])
def test_a_depth_that_cannot_be_is_said(k):
    rows = torch.eye(6)
    with pytest.raises(ZsbirError, match="from 1 to below the gallery's 6"):
        photo_to_photo(equal_task(points(rows), ["a", "b"], photos=3, asking=1), k=k)
