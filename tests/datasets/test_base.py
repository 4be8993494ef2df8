"""The parts that every data set shares: splits, class lists, Table 1."""

import numpy as np
import pytest
from PIL import Image

from zsbir_lib.datasets.base import SketchPhotoDataset, ZeroShotSplit, read_class_list
from zsbir_lib.errors import ZsbirError

CLASSES = [f"class{i:02d}" for i in range(20)]


def test_a_split_sorts_its_classes():
    split = ZeroShotSplit("s", ("tree", "ant"), ("window", "bat"))
    assert split.seen == ("ant", "tree")
    assert split.unseen == ("bat", "window")


@pytest.mark.parametrize(
    ("seen", "unseen", "message"),
    [
        (("ant", "bat"), ("bat",), "both seen and unseen: bat"),
        ((), ("bat",), "no seen classes"),
        (("bat",), (), "no unseen classes"),
    ],
)
def test_a_split_that_is_none_is_refused(seen, unseen, message):
    with pytest.raises(ZsbirError, match=message):
        ZeroShotSplit("s", seen, unseen)


def test_from_unseen_leaves_the_rest_seen():
    split = ZeroShotSplit.from_unseen("s", ["ant", "bat", "cow"], ["bat"])
    assert (split.seen, split.unseen) == (("ant", "cow"), ("bat",))


def test_from_unseen_names_the_classes_that_are_not_there():
    with pytest.raises(ZsbirError, match=r"lacks: dog, eel$"):
        ZeroShotSplit.from_unseen("s", ["ant", "bat"], ["eel", "bat", "dog"])


def test_an_inner_split_holds_out_seen_classes_only():
    outer = ZeroShotSplit.from_unseen("outer", CLASSES, CLASSES[:5])
    inner = outer.inner(4, seed=3)
    assert len(inner.unseen) == 4
    assert sorted(inner.seen + inner.unseen) == list(outer.seen)
    assert inner.name == "outer/inner-4-seed3"


def test_an_inner_split_depends_on_its_seed_alone():
    outer = ZeroShotSplit.from_unseen("outer", CLASSES, CLASSES[:5])
    shuffled = ZeroShotSplit.from_unseen("outer", CLASSES[::-1], CLASSES[:5])
    assert outer.inner(4, seed=1) == shuffled.inner(4, seed=1)
    assert len({outer.inner(4, seed=seed).unseen for seed in range(10)}) > 5


def test_an_inner_split_takes_a_fraction():
    outer = ZeroShotSplit.from_unseen("outer", CLASSES, CLASSES[:10])
    assert len(outer.inner(0.3).unseen) == 3


@pytest.mark.parametrize("n_unseen", [0, 0.01, 15, 99, -1])
def test_an_inner_split_leaves_a_class_on_each_side(n_unseen):
    outer = ZeroShotSplit.from_unseen("outer", CLASSES, CLASSES[:5])
    with pytest.raises(ZsbirError, match="of 15 seen classes: leave one on each side"):
        outer.inner(n_unseen)


class Counted(SketchPhotoDataset):
    """Three classes without any pixels; the third photo of "ant" has no sketch."""

    name = "counted"
    class_names = ("ant", "bat", "cow")
    photo_ids = ("ant/1", "ant/2", "ant/3", "bat/1", "cow/1", "cow/2")
    photo_labels = np.array([0, 0, 0, 1, 2, 2])
    sketch_ids = ("ant/1-1", "ant/1-2", "ant/2-1", "ant/9-1", "bat/1-1", "bat/1-2", "cow/1-1")
    sketch_labels = np.array([0, 0, 0, 0, 1, 1, 2])
    sketch_photos = np.array([0, 0, 1, -1, 3, 3, 4])
    fingerprint = "none"

    def __init__(self, split):
        self.split = split

    def photo(self, index):
        return Image.new("RGB", (1, 1))

    sketch = photo

    def with_split(self, split):
        return Counted(split)


def test_statistics_count_what_table_1_counts():
    data = Counted(ZeroShotSplit("s", ("ant", "cow"), ("bat",)))
    assert data.statistics() == {
        "Train classes": 2,
        "Test classes": 1,
        "Train images": 3,  # ant/3 and cow/2 have no sketch
        "Train sketches": 5,
        "Avg. sketches per image": 1.5,  # the sketch whose photo is absent counts for none
        "Test sketches": 2,
        "DB images for training": 5,
        "DB images for testing": 1,
    }


def test_statistics_follow_the_split_and_leave_out_its_other_classes():
    data = Counted(ZeroShotSplit("s", ("ant", "cow"), ("bat",)))
    counts = data.with_split(ZeroShotSplit("t", ("bat",), ("cow",))).statistics()
    assert counts["Train sketches"] == 2
    assert counts["Test sketches"] == 1
    assert counts["DB images for training"] == 1
    assert counts["DB images for testing"] == 2


def test_classes_on_one_side_only():
    data = Counted(ZeroShotSplit("s", ("ant", "cow"), ("bat",)))
    assert data.classes_without_photos == data.classes_without_sketches == ()
    data.class_names = ("ant", "bat", "cow", "yak")
    data.photo_labels = np.append(data.photo_labels, 3)
    assert data.classes_without_photos == ()
    assert data.classes_without_sketches == ("yak",)


def test_a_data_set_says_nothing_of_its_classes_unless_it_knows():
    data = Counted(ZeroShotSplit("s", ("ant", "cow"), ("bat",)))
    assert (data.class_attributes, data.attribute_names, data.unread) == (None, (), ())


def test_class_mask():
    data = Counted(ZeroShotSplit("s", ("ant", "cow"), ("bat",)))
    mask = data.class_mask(data.photo_labels, ["bat", "cow"])
    assert mask.tolist() == [False, False, False, True, True, True]


def test_read_class_list_skips_comments_and_blank_lines(tmp_path):
    path = tmp_path / "classes.txt"
    path.write_bytes("# unseen\r\n\r\n car_(sedan) \r\nhot air balloon\r\nçà\r\n".encode())
    assert read_class_list(path) == ["car_(sedan)", "hot air balloon", "çà"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_class_lists_as_editors_write_them(tmp_path, encoding):
    mark = "\ufeff" * encoding.startswith("utf-16-")
    path = tmp_path / "classes.txt"
    path.write_bytes(f"{mark}bear  # big\r\nçà\r\nc#\n#axe\t#\n".encode(encoding))
    assert read_class_list(path) == ["bear", "çà", "c#"]


def test_a_class_list_without_end_is_refused(tmp_path):
    path = tmp_path / "classes.txt"
    path.symlink_to("/dev/zero")
    with pytest.raises(ZsbirError, match=r"cannot read the class list .*: it is a device"):
        read_class_list(path)
    path.unlink()
    path.write_bytes(b"bear\n" * 1_000_000)
    with pytest.raises(ZsbirError, match="it has 5,000,000 bytes, more than the 4,000,000"):
        read_class_list(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"empty \(0 bytes\)"),
        (b"# nothing\n\n", "names no class"),
        (b"ant\nbat\nant\n", "names a class twice: ant"),
        (b"\xff\xfe\x00an", "cannot read the class list"),
        (b"\xe7\xe0\n", "cannot read the class list .* save it as UTF-8"),
        (b"a\0n\0t\0\n\0", "it is no text"),
    ],
)
def test_read_class_list_refuses_what_is_no_list(tmp_path, content, message):
    path = tmp_path / "classes.txt"
    path.write_bytes(content)
    with pytest.raises(ZsbirError, match=message) as raised:
        read_class_list(path)
    assert str(path) in str(raised.value)


def test_read_class_list_names_a_missing_file(tmp_path):
    with pytest.raises(ZsbirError, match=r"absent\.txt"):
        read_class_list(tmp_path / "absent.txt")


def test_the_table_stands_beside_the_papers():
    table = Counted(ZeroShotSplit("s", ("ant", "cow"), ("bat",))).table()
    assert table.splitlines()[0].split() == ["counted", "paper"]
    rows = {line[:23].strip(): line[23:].split() for line in table.splitlines()}
    assert rows["Train sketches"] == ["5", "62,787"]


def test_a_split_of_absent_classes_is_refused_by_name():
    data = Counted(ZeroShotSplit("s", ("ant", "cow"), ("bat",)))
    with pytest.raises(ZsbirError, match="lacks: yak"):
        data.check_split(ZeroShotSplit("t", ("ant",), ("yak",)))
