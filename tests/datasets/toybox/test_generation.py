import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zsbir_lib
from zsbir_lib.datasets.toybox import generation, recipe
from zsbir_lib.datasets.toybox.generation import Pictures, draw_class
from zsbir_lib.datasets.toybox.recipe import Counts, Recipe, toybox_recipe
from zsbir_lib.errors import ZsbirError

SMALL = Recipe({name: Counts(3, 2, 2) for name in ("cow", "pear", "car_(sedan)")}, seed=7)


@pytest.fixture
def pictures(tmp_path):
    return Pictures(SMALL, root=tmp_path, workers=1)


def contents(entry):
    return {p.name: p.read_bytes() for p in sorted(entry.folder.iterdir()) if p.name != ".lock"}


def test_pictures_do_not_depend_on_the_number_of_processes(pictures, tmp_path):
    one = pictures.draw()
    three = Pictures(SMALL, root=tmp_path / "three", workers=3).draw()
    assert contents(one) == contents(three)
    assert set(one.pieces) == set(three.pieces)
    assert len(one.pieces) == 6


def test_they_are_those_that_were_drawn(pictures):
    photos, sketches = draw_class(SMALL, "cow")
    np.testing.assert_array_equal(pictures.of("cow", "photos"), photos)
    np.testing.assert_array_equal(pictures.of("cow", "sketches"), sketches)


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


def test_an_interrupted_drawing_resumes(pictures, tmp_path, monkeypatch):
    drawn = []
    real = generation.draw_class

    def interrupted(recipe_, name):
        if len(drawn) == 2:
            raise KeyboardInterrupt
        drawn.append(name)
        return real(recipe_, name)

    monkeypatch.setattr(generation, "draw_class", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pictures.draw()
    assert not list(tmp_path.rglob(".zsbir-partial*"))
    assert pictures.find() is None
    monkeypatch.setattr(generation, "draw_class", lambda r, n: drawn.append(n) or real(r, n))
    entry = pictures.draw()
    assert drawn == ["cow", "pear", "car_(sedan)"]
    whole = Pictures(SMALL, root=tmp_path / "whole", workers=1).draw()
    assert contents(entry) == contents(whole)


def damage_bytes(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    "damage",
    [damage_bytes, lambda p: p.write_bytes(b""), lambda p: p.unlink()],
    ids=["a byte", "truncated", "gone"],
)
def test_a_damaged_file_is_named_and_drawn_again_when_it_is_read(
    pictures, tmp_path, damage, caplog
):
    entry = pictures.draw()
    before, expected = contents(entry), pictures.of("pear", "sketches").copy()
    damage(entry.path("pear.sketches.npy"))
    again = Pictures(SMALL, root=tmp_path, workers=1)
    again.of("cow", "photos")  # a file that is intact
    assert caplog.text == ""
    np.testing.assert_array_equal(again.of("pear", "sketches"), expected)
    assert f"{entry.path('pear.sketches.npy')} is damaged or gone" in caplog.text
    assert contents(entry) == before


def test_a_class_that_cannot_be_drawn_is_an_error_of_its_own(tmp_path):
    wrong = Recipe({"cow": Counts(1, 0, 0), "no such class": Counts(1, 0, 0)})
    with pytest.raises(ZsbirError, match="no such class"):
        Pictures(wrong, root=tmp_path, workers=2).draw()


def test_a_full_disk_is_one_clear_line(pictures, monkeypatch):
    def full(path, arr):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(ZsbirError, match=r"cannot write to the cache .*No space left on device"):
        pictures.draw()


def test_drawing_works_in_a_script_without_a_main_guard(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from zsbir_lib.datasets.toybox.generation import Pictures\n"
        "from zsbir_lib.datasets.toybox.recipe import Counts, Recipe\n"
        "recipe = Recipe({'cow': Counts(1, 1, 1), 'pear': Counts(1, 1, 1)})\n"
        f"Pictures(recipe, root={json.dumps(str(tmp_path / 'box'))}, workers=2).draw()\n"
    )
    subprocess.run([sys.executable, script], check=True, timeout=120)
    assert len(list((tmp_path / "box").rglob("*.npy"))) == 4


def test_the_identity_changes_with_everything_that_changes_a_picture(monkeypatch):
    identities = {
        toybox_recipe("mini").identity,
        toybox_recipe("full").identity,
        toybox_recipe("mini", seed=1).identity,
        toybox_recipe("mini", clutter=0.4).identity,
        toybox_recipe("mini", abstraction=1.0).identity,
        toybox_recipe("mini", image_size=96).identity,
    }
    monkeypatch.setattr(recipe, "DRAWINGS_VERSION", 0)
    identities.add(toybox_recipe("mini").identity)
    monkeypatch.setattr(recipe.metadata, "version", {"pillow": "11.4", "numpy": "3.0"}.get)
    identities.add(toybox_recipe("mini").identity)
    assert len(identities) == 8


def test_the_identity_does_not_change_with_a_comment(tmp_path):
    package = Path(zsbir_lib.__file__).parent
    copied = shutil.copytree(
        package, tmp_path / "zsbir_lib", ignore=shutil.ignore_patterns("__pycache__", "assets")
    )
    for path in (copied / "datasets" / "toybox").rglob("*.py"):
        path.write_text(path.read_text(encoding="utf-8") + "# a comment\n", encoding="utf-8")
    code = (
        "import zsbir_lib; from zsbir_lib.datasets.toybox.recipe import toybox_recipe; "
        "print(zsbir_lib.__file__, toybox_recipe('mini').identity)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(copied / "__init__.py"), toybox_recipe("mini").identity]


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
