import json

import numpy as np
import pytest

from zsbir_lib.datasets.toybox.instance import Toy
from zsbir_lib.errors import ZsbirError, speaking_command_line
from zsbir_lib.toynet import InventedToy, draw_sketch_material, read_people
from zsbir_lib.toynet.sketch_material import TOYS_SEED

CLASSES = ("cup", "drum", "hot-air_balloon")


def write(path, *drawings):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"drawing": d}) + "\n" for d in drawings), encoding="utf-8")


LINE, CROSS = [[[0, 90], [0, 90]]], [[[0, 90], [0, 90]], [[90, 0], [0, 90]]]


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "people" / "cup.ndjson", LINE, CROSS)
    write(tmp_path / "people" / "deep" / "hot air balloon.ndjson", LINE)
    write(tmp_path / "people" / "drums.ndjson", CROSS)  # as Quick, Draw! calls it
    write(tmp_path / "people" / "zebra crossing.ndjson", CROSS, CROSS, LINE)
    write(tmp_path / "people" / "giraffe.ndjson", LINE)
    write(tmp_path / "people" / "palm_tree.ndjson", LINE)
    return tmp_path / "people"


@pytest.fixture
def material(folder, tmp_path):
    return draw_sketch_material(CLASSES, 2, folder, workers=1, root=tmp_path / "cache")


def test_people_draw_classes_and_other_things(folder):
    found = read_people(folder, CLASSES)
    drawn = [CLASSES[label] for label in found["drawing_labels"]]
    assert sorted(drawn) == ["cup", "cup", "drum", "hot-air_balloon"]
    assert found["words"] == ("zebra crossing",)
    assert found["word_labels"].tolist() == [0, 0, 0]
    strokes = {label: len(one.counts) for label, one in zip(drawn, found["drawings"], strict=True)}
    assert strokes["drum"] == 2


def test_no_unseen_class_and_nothing_like_one_is_met(folder):
    assert set(read_people(folder, CLASSES)["left_out"]) == {"giraffe", "palm_tree"}
    # Nor where the file is called as downloads are.
    (folder / "giraffe.ndjson").rename(folder / "full%2Fsimplified%2Fgiraffe.ndjson")
    (folder / "palm_tree.ndjson").rename(folder / "full_raw_palm tree.ndjson")
    assert set(read_people(folder, CLASSES)["left_out"]) == {"giraffe", "palm tree"}


def test_toys_come_with_their_photos(material):
    assert material.class_names == CLASSES
    assert material.toy_labels.tolist() == [0, 0, 1, 1, 2, 2]
    toy = Toy("drum", 1, TOYS_SEED)
    np.testing.assert_array_equal(material.photos[3], toy.photo())
    lines = toy.strokes
    assert len(material.toys[3].counts) == len(lines.lines)
    assert material.toys[3].parts.tolist() == list(lines.part_numbers)
    # Its outline is always drawn, its smallest part mostly.
    assert material.toys[3].omission.min() == 0
    assert material.toys[3].omission.max() > 0.1


@pytest.fixture
def with_inventions(tmp_path):
    return draw_sketch_material(
        CLASSES, 2, inventions=6, per_invention=3, workers=1, root=tmp_path / "cache"
    )


def test_inventions_are_further_classes(with_inventions):
    assert with_inventions.n_real == 3
    assert with_inventions.class_names[3:] == tuple(f"invention {n}" for n in range(6))
    assert np.bincount(with_inventions.toy_labels).tolist() == [2] * 3 + [3] * 6
    toy = InventedToy(with_inventions.inventions[4], 2, TOYS_SEED)
    row = 6 + 4 * 3 + 2
    np.testing.assert_array_equal(with_inventions.photos[row], toy.photo())
    assert len(with_inventions.toys[row].counts) == len(toy.strokes.lines)


def test_what_is_held_out_is_in_no_invention_either(with_inventions):
    sources = [set(one.sources) for one in with_inventions.inventions]
    assert any("drum" in one for one in sources)
    assert any("drum" not in one for one in sources)
    rest = with_inventions.without(["drum"])
    assert rest.n_real == 2
    assert all("drum" not in one.sources for one in rest.inventions)
    assert len(rest.inventions) == sum("drum" not in one for one in sources)
    # Each toy is still with its own photo and its own class.
    for row, label in enumerate(rest.toy_labels):
        name = rest.class_names[label]
        [before] = np.flatnonzero((with_inventions.photos == rest.photos[row]).all(axis=(1, 2, 3)))
        assert with_inventions.class_names[with_inventions.toy_labels[before]] == name
        assert rest.toys[row] is with_inventions.toys[before]


def test_what_is_measured_on_holds_no_invention(with_inventions):
    there = with_inventions.only(["drum", "cup"])
    assert there.class_names == ("cup", "drum")
    assert there.inventions == ()
    assert set(there.toy_labels) == {0, 1}


def test_they_are_kept_and_read_back_the_same(material, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(Toy, "photo", None)  # nothing is drawn again
    again = draw_sketch_material(CLASSES, 2, folder, root=tmp_path / "cache")
    np.testing.assert_array_equal(again.photos, material.photos)
    for one, other in zip(again.toys, material.toys, strict=True):
        for name in ("points", "counts", "parts", "omission"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_classes_can_be_held_out(material):
    rest, held = material.without(["drum"]), material.only(["drum"])
    assert rest.class_names == ("cup", "hot-air_balloon")
    assert held.class_names == ("drum",)
    assert len(rest.toys) + len(held.toys) == len(material.toys)
    assert rest.drawn_classes == ("cup", "hot-air_balloon")
    assert held.drawn_classes == ("drum",)
    np.testing.assert_array_equal(held.photos, material.photos[2:4])
    assert rest.toy_labels.tolist() == [0, 0, 1, 1]
    alone = material.without_drawings()
    assert len(alone.toys) == 6
    assert (len(alone.drawings), alone.words, alone.drawn_classes) == (0, (), ())


def test_what_cannot_be_read_is_named(tmp_path, folder):
    with pytest.raises(ZsbirError, match=r"there is no folder .*nowhere with drawings"):
        read_people(tmp_path / "nowhere", CLASSES)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ZsbirError, match=r"empty holds no file WORD\.ndjson"):
        read_people(tmp_path / "empty", CLASSES)
    with open(folder / "cup.ndjson", "a", encoding="utf-8") as stream:
        stream.write("{broken\n")
    with pytest.raises(ZsbirError, match=r"cannot read the drawing .*cup\.ndjson, number 2"):
        read_people(folder, CLASSES)
    with pytest.raises(ZsbirError, match="on_error is raise or skip, not 'ignore'"):
        read_people(folder, CLASSES, on_error="ignore")
    with pytest.raises(ZsbirError, match="0 toys of a class"):
        draw_sketch_material(CLASSES, 0)


def test_drawings_that_cannot_be_read_are_left_out_if_that_is_asked_for(folder, tmp_path, caplog):
    whole = read_people(folder, CLASSES)
    cup, drums = folder / "cup.ndjson", folder / "drums.ndjson"
    first, second = cup.read_text(encoding="utf-8").splitlines()
    cup.write_text(f"{{broken\n{first}\n\n{second}\n[]\n", encoding="utf-8")
    drums.write_text("{", encoding="utf-8")
    with speaking_command_line(), pytest.raises(ZsbirError) as raised:
        read_people(folder, CLASSES)
    assert str(raised.value) == (
        f"cannot read the drawing {cup}, number 0 (line 1): it is no JSON, or is damaged; mend it, "
        "or leave it out by --on-error skip"
    )
    found = draw_sketch_material(
        CLASSES, 1, folder, workers=1, root=tmp_path / "cache", on_error="skip"
    )
    assert [record.getMessage() for record in caplog.records] == [
        f"left out: cannot read the drawing {cup}, number 0 (line 1): it is no JSON, or is "
        "damaged, and 1 more",
        f"left out: cannot read the drawing {drums}: it is no JSON, or is damaged",
    ]
    assert len(found.drawings) == len(whole["drawings"]) - 1  # the drum
    assert found.words == whole["words"]
