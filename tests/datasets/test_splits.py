"""The shipped splits, and reading others."""

from pathlib import Path

import pytest

from zsbir_lib.datasets import splits
from zsbir_lib.datasets.splits import (
    SKETCHY_CLASSES,
    available_splits,
    load_split,
    match_class_names,
    unseen_classes,
)
from zsbir_lib.errors import ZsbirError

SIZES = {"sketchy21": 21, "sketchy25": 25, "tuberlin30": 30, "quickdraw30": 30}


def test_the_125_classes_of_sketchy():
    assert len(SKETCHY_CLASSES) == len(set(SKETCHY_CLASSES)) == 125
    assert list(SKETCHY_CLASSES) == sorted(SKETCHY_CLASSES)
    assert {"hot-air_balloon", "jack-o-lantern", "car_(sedan)"} < set(SKETCHY_CLASSES)


def test_no_two_sketchy_classes_differ_by_punctuation_only():
    assert len({splits.plain_class_name(name) for name in SKETCHY_CLASSES}) == 125


def test_the_paper_split():
    split = load_split("sketchy21", SKETCHY_CLASSES)
    assert split.name == "sketchy21"
    assert " ".join(split.unseen) == (
        "bat cabin cow dolphin door giraffe helicopter mouse pear raccoon rhinoceros saw scissors "
        "seagull skyscraper songbird sword tree wheelchair windmill window"
    )
    assert len(split.seen) == 104


def test_the_other_sketchy_split():
    split = load_split("sketchy25", SKETCHY_CLASSES)
    assert (len(split.seen), len(split.unseen)) == (100, 25)
    assert {"airplane", "wine_bottle", "windmill"} < set(split.unseen)


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_each_shipped_split_has_its_size(name, size):
    assert unseen_classes(name)[0] == name
    assert len(unseen_classes(name)[1]) == size


def test_available_splits_are_described_by_one_line_each():
    described = available_splits()
    assert set(described) == set(SIZES)
    for name, text in described.items():
        assert f"{SIZES[name]} unseen classes" in text
        assert "\n" not in text


def test_each_shipped_file_says_where_it_comes_from():
    folder = Path(splits.__file__).parent
    files = sorted(folder.glob("*.txt"))
    assert len(files) == 7
    for file in files:
        header = [line for line in file.read_text("utf-8").splitlines() if line.startswith("#")]
        assert len(header) >= 3, file
        assert any(venue in " ".join(header) for venue in ("ECCV", "CVPR", "ICCV", "SIGGRAPH"))


@pytest.mark.parametrize("name", ["sketchy22", "sketchy125", ""])
def test_an_unknown_split_lists_the_available_ones(name):
    with pytest.raises(ZsbirError, match="sketchy21, sketchy25, tuberlin30, quickdraw30"):
        load_split(name, SKETCHY_CLASSES)


@pytest.mark.parametrize("convert", [str, Path])
def test_a_split_from_a_file(tmp_path, convert):
    path = tmp_path / "mine.txt"
    path.write_text("# held out\nbat\ncow\n", encoding="utf-8")
    split = load_split(convert(path), ["ant", "bat", "cow"])
    assert (split.name, split.seen, split.unseen) == ("mine", ("ant",), ("bat", "cow"))


def test_a_file_in_the_working_folder_needs_no_suffix(tmp_path, monkeypatch):
    (tmp_path / "mine").write_text("bat\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_split("mine", ["ant", "bat"]).unseen == ("bat",)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ZsbirError, match=r"cannot read the class list .*mine\.txt"):
        load_split(tmp_path / "mine.txt", ["ant", "bat"])


def test_a_folder_is_no_split(tmp_path):
    with pytest.raises(ZsbirError, match="cannot read the class list"):
        load_split(tmp_path, ["ant", "bat"])


def test_classes_that_the_data_lacks_are_named():
    with pytest.raises(ZsbirError, match=r"lacks: .*dolphin, door, .*window$"):
        load_split("sketchy21", ["ant", "bat", "cow"])


def test_a_split_without_seen_classes_is_refused():
    with pytest.raises(ZsbirError, match="no seen classes"):
        load_split("sketchy21", unseen_classes("sketchy21")[1])


def test_names_match_although_they_are_punctuated_differently():
    written = ["Fire Hydrant", "hot_air_balloon", "car_sedan", "ant"]
    found, missing = match_class_names(
        ["car_(sedan)", "hot-air balloon", "fire_hydrant", "fire"], written
    )
    assert found == ["car_sedan", "hot_air_balloon", "Fire Hydrant"]
    assert missing == ["fire"]


def test_an_identical_name_wins_over_a_similar_one():
    assert match_class_names(["sea_lion"], ["sea lion", "sea_lion"]) == (["sea_lion"], [])


def test_a_name_that_may_be_two_classes_is_refused():
    with pytest.raises(ZsbirError, match="may be any of: sea lion, sea_lion"):
        match_class_names(["sea-lion"], ["sea lion", "sea_lion"])


def test_two_names_for_one_class_are_refused():
    with pytest.raises(ZsbirError, match=r"named twice.*sea_lion"):
        match_class_names(["sea-lion", "sea lion"], ["sea_lion", "ant"])


def test_a_split_is_written_as_the_data_set_writes_it(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("hot-air_balloon\n", encoding="utf-8")
    split = load_split(path, ["ant", "hot_air_balloon"])
    assert split.unseen == ("hot_air_balloon",)


def test_a_number_behind_a_name_is_left_out(tmp_path):
    path = tmp_path / "cname_cid_zero.txt"
    path.write_text("bear 0\nhot-air balloon 12\nroute 66\n", encoding="utf-8")
    classes = ["ant", "bear", "hot_air_balloon", "route 66", "route"]
    assert load_split(path, classes).unseen == ("bear", "hot_air_balloon", "route 66")
    with pytest.raises(ZsbirError, match="lacks: bear 0"):
        load_split(path, ["ant", "hot_air_balloon", "route 66"])


def test_a_number_in_a_name_stays(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("bear 0\n", encoding="utf-8")
    assert load_split(path, ["bear", "bear 0", "bear_1"]).unseen == ("bear 0",)
    assert load_split(path, ["bear", "bear0"]).unseen == ("bear0",)
