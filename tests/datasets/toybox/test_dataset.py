import pickle

import numpy as np
import pytest
from PIL import Image

from zsbir_lib.datasets import ZeroShotSplit, load_dataset
from zsbir_lib.datasets.splits import SKETCHY_CLASSES
from zsbir_lib.datasets.toybox import recipe
from zsbir_lib.datasets.toybox.recipe import Counts
from zsbir_lib.errors import ZsbirError


@pytest.fixture(scope="module")
def toybox(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("ZSBIR_CACHE", str(tmp_path_factory.mktemp("cache")))
    patch.setitem(recipe.SIZES, "mini", {"seen": Counts(2, 1, 2), "unseen": Counts(3, 2, 2)})
    yield load_dataset("toybox", size="mini", workers=2)
    patch.undo()


def test_it_has_sketchys_classes_and_the_papers_split(toybox):
    assert toybox.class_names == tuple(sorted(SKETCHY_CLASSES))
    assert len(toybox.split.seen) == 104
    assert "giraffe" in toybox.split.unseen
    assert toybox.statistics() == {
        "Train classes": 104,
        "Test classes": 21,
        "Train images": 104,
        "Train sketches": 208,
        "Avg. sketches per image": 2.0,
        "Test sketches": 84,
        "DB images for training": 208,
        "DB images for testing": 63,
    }


def test_every_image_has_its_class_and_its_identity(toybox):
    assert len(toybox.photo_ids) == len(toybox.photo_labels) == 271
    assert len(set(toybox.photo_ids)) == 271
    assert len(set(toybox.sketch_ids)) == len(toybox.sketch_labels) == 292
    for i in (0, 100, 270):
        assert toybox.photo_ids[i].startswith(toybox.class_names[toybox.photo_labels[i]])
    for i in (0, 100, 291):
        photo = toybox.photo_ids[toybox.sketch_photos[i]]
        assert toybox.sketch_ids[i].startswith(f"{photo}-")
    np.testing.assert_array_equal(toybox.photo_labels[toybox.sketch_photos], toybox.sketch_labels)


def test_images_are_those_of_the_toy_they_claim_to_show(toybox):
    for i in (0, 57, 270):
        photo = toybox.photo(i)
        assert isinstance(photo, Image.Image)
        np.testing.assert_array_equal(np.asarray(photo), toybox.toy(i).photo())
        np.testing.assert_array_equal(np.asarray(photo), toybox.photo_arrays()[i])
    for i in (0, 57, 291):
        number = int(toybox.sketch_ids[i].rpartition("-")[2]) - 1
        drawn = toybox.toy(toybox.sketch_photos[i]).sketch(number)
        np.testing.assert_array_equal(np.asarray(toybox.sketch(i))[..., 0], drawn)
        assert toybox.sketch(i).mode == "RGB"


def test_six_sketches_of_a_photo_come_from_six_hands(toybox):
    hands = toybox.toy(0).hands(6)
    assert len(set(hands)) == 6
    assert toybox.toy(0).hands(3) == hands[:3]


def test_another_split_shares_the_images(toybox):
    split = ZeroShotSplit("two", ("cow", "ant"), ("bat",))
    other = toybox.with_split(split)
    assert other.split is split
    assert toybox.split.name == "sketchy21"
    assert other.statistics()["Test sketches"] == 4
    with pytest.raises(ZsbirError, match="lacks: yeti"):
        toybox.with_split(ZeroShotSplit("two", ("cow",), ("yeti",)))


def test_attributes_describe_each_class(toybox):
    matrix, names = toybox.class_attributes, toybox.attribute_names
    assert matrix.shape == (125, len(names))
    row = dict(zip(names, matrix[toybox.class_names.index("cow")], strict=True))
    assert row["animal"]
    assert row["four legs"]
    assert not row["wheels"]


def test_nothing_is_drawn_before_a_picture_is_asked_for(toybox, monkeypatch):
    monkeypatch.setattr("zsbir_lib.datasets.toybox.generation.draw_class", pytest.fail)
    undrawn = load_dataset("toybox", size="full", seed=3)
    assert undrawn.statistics()["Train images"] == 10_400


def test_it_can_be_sent_to_another_process_without_its_pictures(toybox):
    expected = np.asarray(toybox.photo(7))
    sent = pickle.dumps(toybox)
    assert len(sent) < 200_000
    np.testing.assert_array_equal(np.asarray(pickle.loads(sent).photo(7)), expected)


def test_unknown_names_are_refused(toybox):
    with pytest.raises(ZsbirError, match=r"data set 'toys' \(did you mean toybox\?\): use one of"):
        load_dataset("toys")
    with pytest.raises(ZsbirError, match="needs root="):
        load_dataset("sketchy")
