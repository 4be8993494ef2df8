from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from zsbir_lib.datasets.base import ZeroShotSplit
from zsbir_lib.errors import LabelError, NotFiniteError, ZsbirError, speaking_command_line
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
    with pytest.raises(
        ZsbirError, match=r"no pairs: .*for the sketch s0, a photo s0 was"
    ) as caught:
        lonely.pairs()
    assert "pairing='class'" in str(caught.value)
    with speaking_command_line(), pytest.raises(ZsbirError, match="--pairing class"):
        lonely.pairs()


class NeedsNone:
    needs_pairs = False


def test_a_method_that_needs_no_pairs_is_given_none(features):
    lonely = replace(features, sketch_photos=torch.full((9,), -1))
    assert lonely.pairs_for(NeedsNone()) is None
    assert len(features.pairs_for(object())) == 4


def test_sketches_are_paired_with_photos_of_their_class(features):
    lonely = replace(features, sketch_photos=torch.full((9,), -1)).with_pairing("class", seed=3)
    pairs = lonely.pairs()
    assert first(pairs.sketches) == [100, 101, 102, 103, 104]  # also those without their photo
    assert torch.equal(pairs.labels, pairs.photo_labels[pairs.photo_index])
    # Each photo of a class is taken about equally often: here 2 sketches of 2, and 3 of 2.
    assert pairs.photo_index.bincount().tolist() in ([1, 1, 2, 1], [1, 1, 1, 2])
    again = lonely.pairs()
    assert torch.equal(again.photo_index, pairs.photo_index)
    assert torch.equal(features.pairs(pairing="class").sketches, pairs.sketches)
    others = {tuple(lonely.with_pairing("class", s).pairs().photo_index.tolist()) for s in range(9)}
    assert len(others) > 1
    # A pairing is for learning: it does not make a photo the one that a sketch was drawn from.
    assert lonely.task().query_photo.tolist() == [-1] * 4


def test_pairs_within_a_class_keep_to_the_photos_allowed(features):
    allowed = torch.tensor([1, 0, 0, 1, 1, 1, 1, 1], dtype=torch.bool)
    paired = features.with_pairing("class")
    pairs = paired.select_pairs(torch.ones(9, dtype=torch.bool), allowed)
    assert set(first(pairs.photos)) <= {0, 3, 4, 5, 6, 7}
    drawn = features.select_pairs(torch.ones(9, dtype=torch.bool), allowed)
    assert first(drawn.photos) == [0, 3, 4, 6, 7]


def test_an_unknown_pairing_is_refused(features):
    for make in (features.with_pairing, lambda name: replace(features, pairing=name)):
        with pytest.raises(ZsbirError, match="unknown pairing 'near': use drawn or class"):
            make("near")


def test_another_split_looks_at_no_feature_again(features):
    """The features are checked once: a split of a whole data set is made many times in a choice."""
    reads = []

    class Watched(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            reads.append(function)
            return super().__torch_function__(function, types, args, kwargs or {})

    watched = replace(features, photos=features.photos.as_subclass(Watched))
    assert reads
    reads.clear()
    watched.with_split(ZeroShotSplit("other", ("bat", "saw"), ("cow",))).with_pairing("class")
    assert reads == []


def test_features_of_a_graph_are_only_numbers(features):
    photos = features.photos.clone().requires_grad_()
    found = replace(features, photos=photos)
    assert not found.photos.requires_grad
    assert not found.pairs().photos.requires_grad
    assert photos.requires_grad  # what was given is left as it was


def test_attributes_of_classes_reach_the_pairs(features, tmp_path):
    table = torch.tensor([[1.0, 0], [0, 1], [1, 1], [0, 0]])
    known = replace(features, class_attributes=table, attribute_names=("flies", "bites"))
    for pairs in (known.pairs(), known.pairs(pairing="class").subset(["bat", "cow"])):
        assert torch.equal(pairs.class_attributes, table)
        assert pairs.attribute_names == ("flies", "bites")
    known.save(tmp_path / "f.safetensors")
    again = FeatureSet.load(tmp_path / "f.safetensors")
    assert torch.equal(again.class_attributes, table)
    assert again.attribute_names == ("flies", "bites")
    assert features.pairs().class_attributes is None
    for change in ({"class_attributes": table[:3]}, {"attribute_names": ("flies",)}):
        with pytest.raises(ZsbirError, match="4 classes"):
            replace(known, **change)
    with pytest.raises(ZsbirError, match="without class_attributes"):
        replace(features, attribute_names=("flies",))


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
    assert again.content_id() == features.content_id()


def test_a_flipped_bit_in_a_file_is_found(features, tmp_path):
    path = tmp_path / "features.safetensors"
    features.save(path)
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(ZsbirError, match="is damaged"):
        FeatureSet.load(path)


def test_the_content_is_known_by_everything_in_it(features):
    others = [
        replace(features, photos=features.photos + 1),
        replace(features, sketch_photos=features.sketch_photos.flip(0)),
        replace(features, weights_id="w1"),
        features.with_split(ZeroShotSplit("other", ("bat", "saw"), ("cow",))),
        features.with_pairing("class"),
    ]
    assert len({other.content_id() for other in [features, *others]}) == 6


def test_a_failed_save_leaves_the_old_file(features, tmp_path, monkeypatch):
    path = tmp_path / "features.safetensors"
    features.save(path)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr("zsbir_lib.features.featureset.save_file", full)
    with pytest.raises(ZsbirError, match=r"cannot write .*features\.safetensors: No space left"):
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


LABELS = ["ant", "ant", "bat", "bat", "cow", "cow"]
ROWS = np.arange(24.0).reshape(6, 4)


@pytest.mark.parametrize(
    "kind",
    [
        *(lambda x, t=t: x.astype(t) for t in ("float16", "float32", "float64", ">f8", "int16")),
        *(lambda x, t=t: torch.tensor(x, dtype=t) for t in (torch.bfloat16, torch.float64)),
        np.ndarray.tolist,
        lambda x: np.asfortranarray(x),
        lambda x: torch.tensor(x, requires_grad=True),
    ],
)
def test_arrays_of_any_numbers(kind):
    features = FeatureSet.from_arrays(kind(ROWS), LABELS, kind(ROWS + 1), LABELS, unseen=["cow"])
    assert torch.equal(features.photos, torch.tensor(ROWS, dtype=torch.float32))
    assert torch.equal(features.sketches, features.photos + 1)
    assert features.class_names == ("ant", "bat", "cow")
    assert features.split.unseen == ("cow",)
    assert first(features.task().gallery) == [16, 20]
    assert len(features.pairs(pairing="class")) == 4


@pytest.mark.parametrize(
    ("labels", "unseen", "options", "names"),
    [
        ([2, 2, 10, 10, 7, 7], [10], {}, ("10", "2", "7")),
        (torch.tensor([2, 2, 10, 10, 7, 7]), torch.tensor([10]), {}, ("10", "2", "7")),
        (np.array([2.0, 2, 10, 10, 7, 7]), ["10"], {}, ("10", "2", "7")),
        ([0, 0, 2, 2, 1, 1], [2], {"class_names": ["x", "a", "m"]}, ("x", "a", "m")),
        ([0, 0, 2, 2, 1, 1], ["m"], {"class_names": ["x", "a", "m"]}, ("x", "a", "m")),
        (np.array([b"a", b"a", b"m", b"m", b"x", b"x"]), ["m"], {}, ("a", "m", "x")),
        (np.array(["a", "a", "m", "m", "x", "x"], dtype=object), {"m"}, {}, ("a", "m", "x")),
    ],
)
def test_labels_are_names_or_numbers(labels, unseen, options, names):
    features = FeatureSet.from_arrays(ROWS, labels, ROWS, labels, unseen=unseen, **options)
    assert features.class_names == names
    assert first(features.task().gallery) == [8, 12]  # the rows whose label is the second one


def test_a_split_of_given_features_is_a_list_a_split_or_a_file(tmp_path):
    (tmp_path / "mine.txt").write_text("cow\n")
    for unseen in (tmp_path / "mine.txt", ZeroShotSplit("s", ("ant", "bat"), ("cow",)), ["cow"]):
        features = FeatureSet.from_arrays(ROWS, LABELS, ROWS, LABELS, unseen=unseen)
        assert features.split.unseen == ("cow",)


def test_given_sketches_know_their_photos_by_row_or_name():
    names = [f"p{i}" for i in range(6)]
    for photos in ([0, 1, 2, -1, 4, 5], np.array(["p0", "p1", "p2", "?", "p4", "p5"])):
        features = FeatureSet.from_arrays(
            ROWS, LABELS, ROWS, LABELS, unseen=["cow"], sketch_photos=photos, photo_ids=names
        )
        assert features.sketch_photos.tolist() == [0, 1, 2, -1, 4, 5]
    assert features.task().gallery_ids == ("p4", "p5")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"photos": ROWS[0]},
            ZsbirError,
            r"photos must be real numbers of shape",
        ),
        ({"photos": ROWS + 1j}, ZsbirError, "photos must be real numbers"),
        ({"photos": [["a"] * 4] * 6}, ZsbirError, "photos must be numbers"),
        ({"photos": ROWS * np.nan}, NotFiniteError, "photos hold NaN or infinite numbers in 6"),
        ({"photos": ROWS * 1e300}, NotFiniteError, "photos hold NaN or infinite"),
        ({"photo_labels": LABELS[:5]}, LabelError, "one label for each of 6 rows is needed, not 5"),
        ({"photo_labels": range(6)}, LabelError, "both be names, or both numbers"),
        ({"photo_labels": [0.5] * 6}, LabelError, "names or whole numbers"),
        ({"unseen": ["dog"]}, ZsbirError, "hold no class dog"),
        ({"class_names": ["ant", "bat"]}, LabelError, "no class cow in class_names"),
        ({"class_names": ["ant", "bat", "cow", "cow"]}, LabelError, "a name twice"),
        ({"sketch_photos": [0, 1, 2, 3, 4, 6]}, ZsbirError, "sketch_photos must be -1 or a row"),
        ({"class_attributes": ROWS}, ZsbirError, "need class_names"),
    ],
)
def test_arrays_that_cannot_be_right_get_one_clear_line(change, error, message):
    given = {"photos": ROWS, "photo_labels": LABELS, "sketches": ROWS, "sketch_labels": LABELS}
    with pytest.raises(error, match=message) as caught:
        FeatureSet.from_arrays(**{**given, "unseen": ["cow"], **change})
    assert "\n" not in str(caught.value)
