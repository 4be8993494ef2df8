"""Which photo a sketch was drawn from: its own name first, then without the number of the hand."""

import pytest

from zsbir_lib.datasets.pairing import describe_no_pairs, pair_by_name, sought_photos

PHOTOS = ("a/cat", "a/cat-1", "a/dog_2", "a/n01_7", "b/cat", "b/x-1_2")


@pytest.mark.parametrize(
    ("sketch", "photo"),
    [
        ("a/cat-1", "a/cat-1"),  # not a/cat, of which it might be the first sketch
        ("a/cat-2", "a/cat"),
        ("a/cat", "a/cat"),
        ("a/cat_12", "a/cat"),
        ("a/dog_2", "a/dog_2"),
        ("a/dog_2-3", "a/dog_2"),
        ("a/dog_3", None),
        ("a/n01_7-1", "a/n01_7"),
        ("a/n01_7_1", "a/n01_7"),
        ("a/n01_8-1", None),
        ("b/cat-1", "b/cat"),
        ("b/dog_2", None),  # another class's photo is none
        ("b/x-1_2-9", "b/x-1_2"),
        ("b/x-1_9", None),
        ("b/10024", None),
    ],
)
def test_the_photo_of_a_sketch(sketch, photo):
    [number] = pair_by_name([sketch], PHOTOS)
    assert (PHOTOS[number] if number >= 0 else None) == photo


def test_unpaired_sets_have_no_pairs():
    pairs = pair_by_name(["bear/10001", "bear/10002"], ["bear/n02_77", "bear/n02_78"])
    assert (pairs.tolist(), pairs.dtype) == ([-1, -1], "int64")
    assert pair_by_name([], PHOTOS).shape == (0,)


def test_what_was_sought_is_said():
    assert sought_photos("bear/10001") == ("bear/10001",)
    message = describe_no_pairs(["shoe/12_1-2", "shoe/13"])
    assert message.startswith("there are no pairs")
    assert "the sketch shoe/12_1-2, a photo shoe/12_1-2 or shoe/12_1 was sought" in message
    assert "there are no sketches" in describe_no_pairs([])
