"""Some classes of a data set: the same images under other numbers, and none of another class."""

import numpy as np
import pytest

from tests.features.conftest import Drawer
from zsbir_lib.datasets import SomeClasses, ZeroShotSplit
from zsbir_lib.errors import UnknownNameError, ZsbirError


def test_images_labels_and_pairs_are_those_of_the_whole():
    whole = Drawer()
    part = SomeClasses(whole, ["pear", "cow"])
    assert {part.class_names[label] for label in part.photo_labels} == {"cow", "pear"}
    assert len(part.photo_ids) == len(part.photo_labels) == 10
    for number, name in enumerate(part.photo_ids):
        place = whole.photo_ids.index(name)
        assert part.photo_labels[number] == whole.photo_labels[place]
        np.testing.assert_array_equal(part.photo(number), whole.photo(place))
    for number, name in enumerate(part.sketch_ids):
        place = whole.sketch_ids.index(name)
        assert part.sketch_labels[number] == whole.sketch_labels[place]
        np.testing.assert_array_equal(part.sketch(number), whole.sketch(place))
        drawn_from = part.sketch_photos[number]
        assert part.photo_ids[drawn_from] == whole.photo_ids[whole.sketch_photos[place]]


def test_a_sketch_without_its_photo_stays_without():
    part = SomeClasses(Drawer(), ["bat", "saw"])
    assert np.flatnonzero(part.sketch_photos == -1).tolist() == [3]


def test_no_number_reads_an_image_of_another_class():
    part = SomeClasses(Drawer(), ["cow"])
    for number in (5, 19):
        with pytest.raises(IndexError):
            part.photo(number)
    with pytest.raises(IndexError):
        part.sketch(10)


def test_its_fingerprint_is_its_own():
    parts = [SomeClasses(Drawer(seed), names) for seed, names in
             ((0, ["cow"]), (0, ["bat"]), (1, ["cow"]), (0, ["cow", "cow"]))]  # fmt: skip
    prints = [part.fingerprint for part in parts]
    assert prints[0] == prints[3]
    assert len({Drawer().fingerprint, *prints}) == 4


def test_splits_and_names_are_checked():
    part = SomeClasses(Drawer(), ["cow", "pear"])
    other = part.with_split(ZeroShotSplit("other", ("cow",), ("pear",)))
    assert (other.split.name, part.split.name) == ("other", "test")
    with pytest.raises(ZsbirError, match="lacks: dog"):
        part.with_split(ZeroShotSplit("wrong", ("cow",), ("dog",)))
    with pytest.raises(UnknownNameError, match="drawer has no class dog"):
        SomeClasses(Drawer(), ["cow", "dog"])
