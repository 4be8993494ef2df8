"""The weights that ship: their card, their checksum, and what they are good for."""

import shutil

import numpy as np
import pytest
import torch.nn.functional as F
from PIL import Image
from torch import nn

from zsbir_lib.datasets.splits import unseen_classes
from zsbir_lib.datasets.toybox import Toy
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import load_backbone
from zsbir_lib.toynet import (
    TOYNET_WEIGHTS,
    ToyNet,
    card_text,
    packaged,
    read_toynet_card,
    save_toynet,
    toynet_classes,
)

UNSEEN = set(unseen_classes("sketchy21")[1])


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A copy of the weights that ship, which the library takes for them."""
    folder = tmp_path / "weights"
    shutil.copytree(TOYNET_WEIGHTS.parent, folder)
    monkeypatch.setattr(packaged, "TOYNET_WEIGHTS", folder / TOYNET_WEIGHTS.name)
    return folder / TOYNET_WEIGHTS.name


@pytest.mark.parametrize("place", [0.001, 0.3, 0.9])
def test_one_flipped_bit_is_found(installed, place):
    content = bytearray(installed.read_bytes())
    content[int(place * len(content))] ^= 1
    installed.write_bytes(content)
    with pytest.raises(ZsbirError, match=r"damaged, .*toynet\.safetensors .*--packaged"):
        load_backbone("toynet", device="cpu")


@pytest.mark.parametrize("name", ["toynet.safetensors", "toynet.sha256"])
def test_a_missing_file_says_how_to_make_it(installed, name):
    installed.with_name(name).unlink()
    with pytest.raises(ZsbirError, match=rf"{name} is missing: .*`zsbir toynet train --packaged`"):
        load_backbone("toynet", device="cpu")


def test_a_card_comes_back(tmp_path):
    path = tmp_path / "t.safetensors"
    save_toynet(path, ToyNet(), {"classes": ["a", "b"], "seconds": 1.5})
    assert read_toynet_card(path) == {"classes": ["a", "b"], "seconds": 1.5}


def test_a_weight_too_large_for_float16_writes_nothing(tmp_path):
    network = ToyNet()
    nn.init.constant_(network.stem[0].weight, 1e6)
    with pytest.raises(ZsbirError, match=r"stem\.0\.weight holds numbers that float16"):
        save_toynet(tmp_path / "w.safetensors", network, {})
    assert list(tmp_path.iterdir()) == []


def test_card_of_a_missing_or_damaged_file(tmp_path):
    with pytest.raises(ZsbirError, match="there is no weight file"):
        read_toynet_card(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"not weights")
    with pytest.raises(ZsbirError, match="is damaged"):
        read_toynet_card(tmp_path / "bad.safetensors")


def test_the_shipped_weights_come_with_their_card():
    card = read_toynet_card(TOYNET_WEIGHTS)
    assert set(card["never_saw_classes"]) == UNSEEN
    assert set(card["saw_classes"]) == set(toynet_classes())
    assert card["saw_sketches"] == 0
    assert card["held_out_accuracy"] > 0.75
    assert TOYNET_WEIGHTS.with_suffix(".md").read_text(encoding="utf-8") == card_text(card)
    assert 1.5e6 < TOYNET_WEIGHTS.stat().st_size < 3e6


def test_the_shipped_weights_know_photos_of_classes_they_never_saw():
    backbone = load_backbone("toynet", device="cpu")
    photos = [Toy(name, i).photo() for name in sorted(UNSEEN) for i in range(6)]
    features = backbone.features([Image.fromarray(photo) for photo in photos])
    features = F.normalize(features, dim=1)
    similarity = (features @ features.T).fill_diagonal_(-1)
    labels = np.arange(len(photos)) // 6
    nearest = labels[similarity.argmax(dim=1).numpy()]
    assert (nearest == labels).mean() > 0.5  # by chance 0.04
