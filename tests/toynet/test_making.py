"""How the packaged weights come to be."""

import numpy as np
import pytest

from zsbir_lib.datasets.splits import SKETCHY_CLASSES, unseen_classes
from zsbir_lib.datasets.toybox import Toy
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import load_backbone
from zsbir_lib.files import sha256
from zsbir_lib.toynet import (
    card_text,
    draw_toynet_photos,
    make_toynet,
    read_toynet_card,
    toynet_classes,
)

UNSEEN = set(unseen_classes("sketchy21")[1])


def test_it_never_sees_an_unseen_class():
    names = toynet_classes()
    assert not UNSEEN & set(names)
    assert set(SKETCHY_CLASSES) - UNSEEN <= set(names)
    assert len(names) > 104


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("toynet-cache")


@pytest.fixture(autouse=True)
def _cache(cache, monkeypatch):
    monkeypatch.setenv("ZSBIR_CACHE", str(cache))


def test_its_photos_are_those_of_another_seed():
    data = draw_toynet_photos(1, 1, workers=1)
    assert len(data.photos) == len(data.held_out_photos) == len(data.class_names)
    np.testing.assert_array_equal(data.labels, np.arange(len(data.class_names)))
    place = data.class_names.index("horse")
    np.testing.assert_array_equal(data.photos[place], Toy("horse", 0, seed=1).photo())
    np.testing.assert_array_equal(data.held_out_photos[place], Toy("horse", 1, seed=1).photo())
    assert (data.photos[place] != Toy("horse", 0, seed=0).photo()).any()


def test_weights_and_card_are_written_together(tmp_path):
    out = tmp_path / "small.safetensors"
    card = make_toynet(out, photos_per_class=1, held_out_per_class=1, epochs=1, workers=1)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["small.md", "small.safetensors", "small.sha256"]
    assert out.with_suffix(".sha256").read_text() == f"{sha256(out)}  small.safetensors\n"
    assert read_toynet_card(out) == card
    assert set(card["never_saw_classes"]) == UNSEEN
    assert card["saw_sketches"] == 0
    assert card["saw_photos"] == len(card["saw_classes"])
    assert out.with_suffix(".md").read_text(encoding="utf-8") == card_text(card)
    assert load_backbone("toynet", out, "cpu").dim == card["feature_numbers"]


def test_a_card_says_what_was_never_seen():
    card = {
        "feature_numbers": 192,
        "saw_classes": ["ant", "mushroom house"],
        "never_saw_classes": ["bat", "cow"],
        "saw_photos": 1200,
        "saw_photos_per_class": 600,
        "held_out_photos": 40,
        "held_out_accuracy": 0.825,
        "training_accuracy": 0.7,
        "training_seconds": 12.3,
        "epochs": 8,
        "seed": 0,
        "photo_seed": 1,
        "clutter": 0.5,
        "drawings_version": 1,
        "threads": 2,
        "torch": "2.6",
        "machine": "x86_64",
        "device": "cpu",
    }
    text = card_text(card)
    assert "(bat, cow)" in text
    assert "1,200: 600 of each of 2 classes" in text
    assert "82.5% of 2 classes (chance 50.0%)" in text
    assert "pre-training only** (1): mushroom house." in text


def test_bad_input_is_refused_before_anything_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr("zsbir_lib.toynet.making.Pictures", pytest.fail)
    with pytest.raises(ZsbirError, match=r"must end in \.safetensors"):
        make_toynet(tmp_path / "weights.pt")
    with pytest.raises(ZsbirError, match="0 photos"):
        make_toynet(tmp_path / "weights.safetensors", photos_per_class=0)
    assert list(tmp_path.iterdir()) == []
