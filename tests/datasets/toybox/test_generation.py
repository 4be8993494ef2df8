import json
import subprocess
import sys

import numpy as np
import pytest

from zsbir_lib.datasets.toybox import generation, recipe
from zsbir_lib.datasets.toybox.generation import array_path, damaged_files, draw_class, generate
from zsbir_lib.datasets.toybox.recipe import Counts, Recipe, toybox_recipe
from zsbir_lib.errors import ZsbirError

SMALL = Recipe({name: Counts(3, 2, 2) for name in ("cow", "pear", "car_(sedan)")}, seed=7)


def contents(folder):
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


def test_pictures_do_not_depend_on_the_number_of_processes(tmp_path):
    generate(tmp_path / "one", SMALL, workers=1)
    generate(tmp_path / "three", SMALL, workers=3)
    assert contents(tmp_path / "one") == contents(tmp_path / "three")
    assert len(contents(tmp_path / "one")) == 9


def test_an_instance_does_not_depend_on_how_many_there_are():
    photos, sketches = draw_class(SMALL, "cow")
    more_photos, more_sketches = draw_class(Recipe({"cow": Counts(5, 4, 3)}, seed=7), "cow")
    np.testing.assert_array_equal(photos, more_photos[:3])
    np.testing.assert_array_equal(sketches, more_sketches[:2, :2])
    other, _ = draw_class(Recipe({"cow": Counts(3, 2, 2)}, seed=8), "cow")
    assert (other != photos).any()


def test_sketches_of_a_photo_differ():
    _, sketches = draw_class(SMALL, "pear")
    assert (sketches[:, 0] != sketches[:, 1]).any(axis=(1, 2)).all()


def test_an_interrupted_generation_resumes(tmp_path, monkeypatch):
    drawn = []
    real = generation.draw_class

    def interrupted(recipe_, name):
        if len(drawn) == 2:
            raise KeyboardInterrupt
        drawn.append(name)
        return real(recipe_, name)

    monkeypatch.setattr(generation, "draw_class", interrupted)
    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path / "a", SMALL, workers=1)
    assert not list((tmp_path / "a").glob(".partial*"))
    monkeypatch.setattr(generation, "draw_class", lambda r, n: drawn.append(n) or real(r, n))
    generate(tmp_path / "a", SMALL, workers=1)
    assert drawn == ["cow", "pear", "car_(sedan)"]
    generate(tmp_path / "b", SMALL, workers=1)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def damage_bytes(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    "damage",
    [damage_bytes, lambda p: p.write_bytes(b""), lambda p: p.unlink()],
    ids=["a byte", "truncated", "gone"],
)
def test_a_damaged_file_is_named_and_drawn_again(tmp_path, damage):
    generate(tmp_path, SMALL, workers=1)
    before = contents(tmp_path)
    broken = array_path(tmp_path, "pear", "sketches")
    damage(broken)
    assert damaged_files(tmp_path, "pear") == [broken]
    with pytest.warns(UserWarning, match=r"damaged file.*pear\.sketches\.npy"):
        assert generate(tmp_path, SMALL, workers=1) == [broken]
    assert contents(tmp_path) == before


def test_a_damaged_record_is_noticed(tmp_path):
    generate(tmp_path, SMALL, workers=1)
    (tmp_path / "cow.json").write_text("{")
    with pytest.warns(UserWarning, match=r"cow\.json"):
        generate(tmp_path, SMALL, workers=1)
    assert damaged_files(tmp_path, "cow") == []


def test_a_failing_process_is_reported_and_the_others_end(tmp_path):
    wrong = Recipe({"cow": Counts(1, 0, 0), "no such class": Counts(1, 0, 0)})
    with pytest.raises(RuntimeError, match="no such class"):
        generate(tmp_path, wrong, workers=2)


def test_generation_works_in_a_script_without_a_main_guard(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from zsbir_lib.datasets.toybox.generation import generate\n"
        "from zsbir_lib.datasets.toybox.recipe import Counts, Recipe\n"
        f"folder = Path({json.dumps(str(tmp_path / 'box'))})\n"
        "generate(folder, Recipe({'cow': Counts(1, 1, 1), 'pear': Counts(1, 1, 1)}), workers=2)\n"
    )
    subprocess.run([sys.executable, script], check=True, timeout=120)
    assert len(list((tmp_path / "box").glob("*.npy"))) == 4


def test_the_identity_changes_with_everything_that_changes_a_picture(monkeypatch):
    identities = {
        toybox_recipe("mini").identity,
        toybox_recipe("full").identity,
        toybox_recipe("mini", seed=1).identity,
        toybox_recipe("mini", clutter=0.4).identity,
        toybox_recipe("mini", abstraction=1.0).identity,
        toybox_recipe("mini", image_size=96).identity,
    }
    monkeypatch.setattr(recipe, "drawing_version", lambda: "other code")
    identities.add(toybox_recipe("mini").identity)
    assert len(identities) == 7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": 8}, "image size 8"),
        ({"clutter": -1}, "clutter -1 is not from 0 to 1.5"),
        ({"abstraction": 9}, "abstraction 9 is not from 0 to 3"),
        ({"seed": -2}, "seed -2 is negative"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ZsbirError, match=message):
        toybox_recipe("mini", **options)


def test_full_size_counts_are_those_of_table_1():
    counts = toybox_recipe("full").classes.values()
    assert len(counts) == 125
    assert sum(sorted(c.drawn for c in counts)[:104]) == 10_400
    assert {c.sketches for c in counts} == {6}
    with pytest.raises(ZsbirError, match="no size 'huge': use mini or full"):
        toybox_recipe("huge")
