"""The gallery that comes with the library: a first drawing is answered from it."""

import pytest

from zsbir_lib.datasets import load_dataset
from zsbir_lib.datasets.toybox.generation import draw_class
from zsbir_lib.errors import ZsbirError
from zsbir_lib.methods.kept import SHIPPED
from zsbir_lib.store import Store

PEAR = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" fill="none" stroke="black">
<path d="M50 18 C35 20 42 45 30 58 C18 75 30 92 50 92 C70 92 82 75 70 58 C58 45 65 20 50 18 Z"/>
<path d="M50 18 L54 6"/></svg>"""


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def pear(tmp_path):
    path = tmp_path / "pear.svg"
    path.write_text(PEAR)
    return path


def test_a_first_drawing_is_answered_without_drawing_the_toybox(
    run, run_json, empty_cache, pear, tmp_path
):
    # If this fails after a version has changed: python tools/ship_gallery.py
    out = tmp_path / "answer.png"
    values = run_json("retrieve", "--sketch", pear, "--out", out, "--device", "cpu")
    assert values["method"] == "ours+gallery"
    assert values["photos"][0]["class"] == "pear"
    assert out.is_file()
    assert not empty_cache.exists()
    code, text, err = run("retrieve", "--sketch", pear, "--device", "cpu")
    assert (code, err) == (0, "")
    assert text.split()[1] == "pear"


def test_one_entry_is_shipped_and_it_is_whole():
    entries = list(Store(SHIPPED).entries())
    assert [entry.kind for entry in entries] == ["galleries"]
    assert entries[0].verify() == []


def test_another_setting_is_not_answered_from_it(run, empty_cache, pear, monkeypatch):
    def asked(*_, **__):
        raise ZsbirError("features are asked for")

    monkeypatch.setattr("zsbir_lib.cli.options.FeatureOptions.extract", asked)
    for more in (["-p", "n_neighbours=7"], ["--data-seed", 5], ["--method", "sae"]):
        code, _, err = run("retrieve", "--sketch", pear, "--device", "cpu", *more)
        assert code
        assert "features are asked for" in err


def test_a_photo_alone_is_the_photo_that_is_kept(empty_cache):
    alone = load_dataset("toybox")
    pictures = [alone.photo_alone(number).tobytes() for number in (0, 1999, 3900)]
    assert not empty_cache.exists()
    for number, picture in zip((0, 1999, 3900), pictures, strict=True):
        name, instance = alone.photo_ids[number].split("/")
        photos, _ = draw_class(alone.recipe, name)
        assert photos[int(instance)].tobytes() == picture


@pytest.mark.slow
def test_it_is_what_would_be_computed_here(run_json, pear, monkeypatch, tmp_path):
    shipped = run_json("retrieve", "--sketch", pear, "--k", 40, "--device", "cpu")
    monkeypatch.setattr("zsbir_lib.methods.kept.SHIPPED", tmp_path / "none")
    computed = run_json("retrieve", "--sketch", pear, "--k", 40, "--device", "cpu")
    assert [photo["id"] for photo in computed["photos"][:6]] == [
        photo["id"] for photo in shipped["photos"][:6]
    ]
    by_id = {photo["id"]: photo["distance"] for photo in computed["photos"]}
    both = [photo for photo in shipped["photos"] if photo["id"] in by_id]
    assert len(both) >= 38
    assert [photo["distance"] for photo in both] == pytest.approx(
        [by_id[photo["id"]] for photo in both], abs=1e-3
    )
