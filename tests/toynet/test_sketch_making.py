import json

import pytest
import torch

from zsbir_lib.datasets.splits import unseen_classes
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import load_backbone
from zsbir_lib.paper import PAPER_SPLIT
from zsbir_lib.toynet import (
    SKETCH_WEIGHTS,
    make_sketch_network,
    packaged_weights,
    read_toynet_card,
    sketch_card_text,
    sketch_making,
    toynet_classes,
)

CLASSES = ("bear", "cup", "horse", "key")


@pytest.fixture
def few_classes(monkeypatch, tmp_path):
    monkeypatch.setattr(sketch_making, "toynet_classes", lambda: CLASSES)
    monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "people"
    folder.mkdir()
    for name in ("bear", "cup", "horse", "spoon rest"):
        drawing = json.dumps({"drawing": [[[0, 9], [0, 9]], [[9, 0], [0, 9]]]})
        (folder / f"{name}.ndjson").write_text(f"{drawing}\n" * 3, encoding="utf-8")
    return folder


def make(out, **options):
    defaults = {
        "toys_per_class": 3, "inventions": 2, "epochs": 1, "steps": 1, "batch_size": 16,
        "threads": 1, "workers": 1, "progress": False,
    }  # fmt: skip
    return make_sketch_network(out, **{**defaults, **options})


def test_it_writes_both_networks_a_card_and_a_checksum(few_classes, tmp_path):
    out = tmp_path / "made" / "toynet-sketch.safetensors"
    card = make(out, drawings=few_classes, held_out_classes=1)
    assert read_toynet_card(out) == json.loads(json.dumps(card))
    assert packaged_weights(out).keys() == packaged_weights(SKETCH_WEIGHTS).keys()
    backbone = load_backbone("toynet-sketch", out, device="cpu")
    picture = torch.rand(1, 3, 64, 64) * 255
    assert not torch.equal(backbone.for_sketches().module(picture), backbone.module(picture))
    assert (card["saw_toys"], card["saw_inventions"], card["saw_invented_toys"]) == (12, 2, 24)
    assert card["saw_drawings"] == 9
    assert (card["steps"], card["batch_size"]) == (1, 16)
    assert card["other_things"] == 1
    # The held-out class is one that people drew.
    [held] = card["held_out"]["classes"]
    assert held in ("bear", "cup", "horse")
    assert set(card["held_out"]["results"]) == {"frozen", "with drawings", "without drawings"}
    text = out.with_suffix(".md").read_text(encoding="utf-8")
    assert f"Held out: {held}." in text
    assert "learnt from people's drawings too" in text
    assert "Attribution 4.0" in text


def test_without_drawings_it_says_so(few_classes, tmp_path):
    card = make(tmp_path / "toys.safetensors", held_out_classes=1)
    assert set(card["held_out"]["results"]) == {"frozen", "without drawings"}
    text = sketch_card_text(card)
    assert "| people's drawings seen | 0 of 0 of these classes, 0 of 0 other things |" in text
    assert "Quick, Draw!" not in text


def test_more_classes_cannot_be_held_out_than_there_are(few_classes, tmp_path):
    with pytest.raises(ZsbirError, match="2 of 3 classes cannot be held out: use fewer"):
        make(tmp_path / "a.safetensors", held_out_classes=2)
    assert not (tmp_path / "a.safetensors").exists()
    with pytest.raises(ZsbirError, match=r"the name must end in \.safetensors"):
        make(tmp_path / "a.pt")


def test_what_ships_has_met_no_unseen_class():
    card = read_toynet_card(SKETCH_WEIGHTS)
    unseen = set(unseen_classes(PAPER_SPLIT)[1])
    assert set(card["never_saw_classes"]) == unseen
    assert not unseen & {*card["saw_classes"], *card["held_out"]["classes"]}
    assert set(card["saw_classes"]) == set(toynet_classes())
    assert SKETCH_WEIGHTS.with_suffix(".md").read_text(encoding="utf-8") == sketch_card_text(card)


def test_what_ships_answers_held_out_classes_better_than_the_frozen_network():
    results = read_toynet_card(SKETCH_WEIGHTS)["held_out"]["results"]
    for kind in ("drawings", "toys"):
        first, learnt = results["frozen"][kind], results["with drawings"][kind]
        assert learnt[0] > 2 * first[0]
        assert learnt[1] > 2 * first[1]
    assert results["with drawings"]["drawings"][0] > results["without drawings"]["drawings"][0]
    assert results["with drawings"]["photos"][0] > results["with drawings"]["toys"][0]
