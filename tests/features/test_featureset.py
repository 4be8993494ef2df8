from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from zsbir_lib.datasets.base import ZeroShotSplit
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import FeatureSet, Pairs

NAMES = ("bat", "cow", "pear", "saw")


@pytest.fixture
def features():
    """Row i of the photos is all i, row i of the sketches all 100 + i: easy to recognise."""
    photos = torch.arange(8.0)[:, None].expand(-1, 3).contiguous()
    sketches = 100 + torch.arange(9.0)[:, None].expand(-1, 3).contiguous()
    sketch_photos = torch.tensor([0, 0, 2, -1, 3, 4, 6, 7, -1])
    return FeatureSet(
        photos=photos,
        sketches=sketches,
        photo_labels=torch.tensor([0, 0, 1, 1, 2, 2, 3, 3]),
        sketch_labels=torch.tensor([0, 0, 1, 1, 1, 2, 3, 3, 3]),
        sketch_photos=sketch_photos,
        photo_ids=tuple(f"p{i}" for i in range(8)),
        sketch_ids=tuple(f"s{i}" for i in range(9)),
        class_names=NAMES,
        split=ZeroShotSplit("test", ("bat", "cow"), ("pear", "saw")),
        dataset="drawer",
        backbone="means",
        weights_id="w0",
        skipped=("photo p9",),
    )


def first(tensor):
    return tensor[:, 0].int().tolist()


def test_pairs_are_of_seen_classes_with_their_photo(features):
    pairs = features.pairs()
    assert first(pairs.sketches) == [100, 101, 102, 104]
    assert first(pairs.photos) == [0, 2, 3]  # photo 1 was drawn by nobody
    assert pairs.photo_index.tolist() == [0, 0, 1, 2]
    assert pairs.labels.tolist() == [0, 0, 1, 1]
    assert pairs.photo_labels.tolist() == [0, 1, 1]
    assert first(pairs.paired_photos()) == [0, 0, 2, 3]
    assert pairs.class_names == NAMES
    assert len(pairs) == 4


def test_task_queries_every_unseen_sketch(features):
    task = features.task()
    assert first(task.queries) == [105, 106, 107, 108]
    assert first(task.gallery) == [4, 5, 6, 7]
    assert task.query_labels.tolist() == [2, 3, 3, 3]
    assert task.gallery_labels.tolist() == [2, 2, 3, 3]
    assert task.query_ids == ("s5", "s6", "s7", "s8")
    assert task.gallery_ids == ("p4", "p5", "p6", "p7")
    assert task.query_photo.tolist() == [0, 2, 3, -1]


def test_generalised_task_has_seen_photos_too(features):
    task = features.task(generalised=True)
    assert first(task.queries) == [105, 106, 107, 108]
    assert first(task.gallery) == list(range(8))
    assert task.query_photo.tolist() == [4, 6, 7, -1]


def test_another_split_of_fewer_classes(features):
    split = ZeroShotSplit("other", ("bat", "saw"), ("cow",))
    assert first(features.pairs(split).sketches) == [100, 101, 106, 107]
    assert first(features.task(split).gallery) == [2, 3]
    assert features.task(split).query_photo.tolist() == [0, -1, 1]
    # Classes on neither side stay out of the gallery.
    assert first(features.task(split, generalised=True).gallery) == [0, 1, 2, 3, 6, 7]
    assert features.with_split(split).split is split
    assert features.split.name == "test"


def test_a_split_of_unknown_classes_is_refused(features):
    with pytest.raises(ZsbirError, match="hold no class dog"):
        features.with_split(ZeroShotSplit("bad", ("bat", "dog"), ("cow",)))


def test_subset_renumbers_the_photos(features):
    pairs = features.pairs(ZeroShotSplit("most", ("bat", "cow", "saw"), ("pear",)))
    part = pairs.subset(["cow", "saw"])
    assert first(part.sketches) == [102, 104, 106, 107]
    assert first(part.photos) == [2, 3, 6, 7]
    assert first(part.paired_photos()) == [2, 3, 6, 7]
    assert part.class_names == NAMES
    with pytest.raises(ZsbirError, match="one class only \\(cow\\)"):
        pairs.subset(["cow"])
    with pytest.raises(ZsbirError, match="hold no class dog"):
        pairs.subset(["dog"])


def test_no_pairs(features):
    lonely = replace(features, sketch_photos=torch.full((9,), -1))
    with pytest.raises(ZsbirError, match="there are no pairs"):
        lonely.pairs()


def test_no_queries(features):
    with pytest.raises(ZsbirError, match="0 sketches of the unseen classes"):
        replace(features, sketch_labels=features.sketch_labels.clamp(max=1)).task()


GOOD_PAIRS = {
    "sketches": torch.zeros(3, 2),
    "photos": torch.ones(2, 2),
    "photo_index": torch.tensor([0, 0, 1]),
    "labels": torch.tensor([0, 0, 1]),
    "photo_labels": torch.tensor([0, 1]),
    "class_names": ("bat", "cow"),
}
NAN = torch.tensor([[0.0, 0], [0, float("nan")], [float("inf"), 0]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sketches": NAN}, "sketches hold NaN or infinite numbers in 2 of 3 rows, .* row 1"),
        ({"photos": torch.ones(2, 2).double()}, "photos must be a float32 tensor"),
        ({"photos": torch.ones(4)}, r"not torch.float32 of shape \(4,\)"),
        ({"photos": [[1.0]]}, "not list"),
        ({"labels": torch.tensor([0, 1])}, r"labels must be an int64 tensor of 3 numbers"),
        ({"labels": torch.tensor([0, 0, 2])}, "labels must be 0 to 1"),
        ({"labels": torch.tensor([0.0, 0, 1])}, "labels must be an int64"),
        ({"photo_index": torch.tensor([0, 0, 2])}, "photo_index must be a row of the photos"),
        ({"photo_index": torch.tensor([0, 0, -1])}, "photo_index must be a row of the photos"),
        ({"photo_index": torch.tensor([0, 1, 1])}, "1 sketches are of another class .* row 1"),
        ({"labels": torch.zeros(3).long(), "photo_labels": torch.zeros(2).long()}, "one class"),
    ],
)
def test_bad_pairs_get_one_clear_line(change, message):
    Pairs(**GOOD_PAIRS)
    with pytest.raises(ZsbirError, match=message) as caught:
        Pairs(**{**GOOD_PAIRS, **change})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"photos": torch.full((8, 3), float("nan"))}, "photos hold NaN .* 8 of 8"),
        ({"photo_ids": ("p",)}, "1 photo_ids for 8 features"),
        ({"sketch_photos": torch.full((9,), 8)}, "sketch_photos must be -1 or a row"),
        ({"sketch_labels": torch.full((9,), 4)}, "sketch_labels must be 0 to 3"),
    ],
)
def test_bad_feature_sets_get_one_clear_line(features, change, message):
    with pytest.raises(ZsbirError, match=message):
        replace(features, **change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"queries": torch.full((4, 3), float("inf"))}, "queries hold NaN or infinite"),
        ({"query_photo": torch.tensor([0, 1, 2, 4])}, "query_photo must be -1 or a row"),
        ({"gallery_ids": ("p",)}, "1 gallery_ids for 4 features"),
        ({"gallery_labels": torch.zeros(3).long()}, "gallery_labels must be an int64"),
    ],
)
def test_bad_tasks_get_one_clear_line(features, change, message):
    with pytest.raises(ZsbirError, match=message):
        replace(features.task(), **change)


def test_saved_and_loaded_is_the_same(features, tmp_path):
    path = tmp_path / "some where" / "features.safetensors"
    features.save(path)
    again = FeatureSet.load(path)
    assert torch.equal(again.photos, features.photos)
    assert torch.equal(again.sketch_photos, features.sketch_photos)
    for name in ("photo_ids", "sketch_ids", "class_names", "split", "skipped", "weights_id"):
        assert getattr(again, name) == getattr(features, name)
    assert [p.name for p in path.parent.iterdir()] == ["features.safetensors"]
    assert first(again.pairs().photos) == first(features.pairs().photos)


def test_a_failed_save_leaves_the_old_file(features, tmp_path, monkeypatch):
    path = tmp_path / "features.safetensors"
    features.save(path)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr("zsbir_lib.features.featureset.save_file", full)
    with pytest.raises(ZsbirError, match=r"cannot write the features to .*No space left"):
        features.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_files_that_cannot_be_loaded(features, tmp_path):
    path = tmp_path / "features.safetensors"
    with pytest.raises(ZsbirError, match="there is no feature file"):
        FeatureSet.load(path)
    features.save(path)
    tensors = load_file(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ZsbirError, match="is damaged"):
        FeatureSet.load(path)
    save_file(tensors, path)
    with pytest.raises(ZsbirError, match="is not a feature file"):
        FeatureSet.load(path)
    save_file(tensors, path, metadata={"format": "zsbir-features-1", "features": "{}"})
    with pytest.raises(ZsbirError, match="is damaged"):
        FeatureSet.load(path)
