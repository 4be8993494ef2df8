from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.features.conftest import SIZE, Means, make_backbone
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import (
    BACKBONES,
    Recipe,
    TwoTowers,
    extract_features,
    load_backbone,
    register_backbone,
)
from zsbir_lib.features.backbones import Normalised


@pytest.fixture
def towers():
    network = TwoTowers(Means(seed=0), Means(seed=1))
    module = Normalised(network, (0.5,) * 3, (0.25,) * 3).eval().requires_grad_(False)
    return replace(make_backbone(), name="towers", module=module, weights_id="w01")


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_photos_and_sketches_go_through_their_own_networks(
    drawer, towers, means, other_means, batch_size
):
    found, photo, sketch = (
        extract_features(drawer, backbone, batch_size=batch_size, cache=False)
        for backbone in (towers, means, other_means)
    )
    torch.testing.assert_close(found.photos, photo.photos)
    torch.testing.assert_close(found.sketches, sketch.sketches)


def test_a_drawing_goes_through_the_network_for_sketches(drawer, towers, means, other_means):
    image = drawer.sketch(0)
    found = towers.for_sketches()
    torch.testing.assert_close(found.features([image]), other_means.features([image]))
    torch.testing.assert_close(towers.features([image]), means.features([image]))
    assert found.for_sketches() is found
    assert not found.module.training
    assert not any(parameter.requires_grad for parameter in found.module.parameters())


def test_a_single_network_serves_both(means):
    assert means.for_sketches() is means


@pytest.fixture(autouse=True)
def only_here(monkeypatch):
    monkeypatch.setattr(BACKBONES, "_known", dict(BACKBONES._known))


def load(tmp_path, photo, sketch):
    recipe = Recipe(lambda: TwoTowers(Means(), Means()), dim=6, input_size=SIZE)
    register_backbone("two towers", recipe, replace=True)
    state = {
        **{f"photo.{name}": tensor for name, tensor in Means(seed=photo).state_dict().items()},
        **{f"sketch.{name}": tensor for name, tensor in Means(seed=sketch).state_dict().items()},
    }
    save_file(state, tmp_path / "towers.safetensors")
    return load_backbone("two towers", tmp_path / "towers.safetensors", device="cpu")


def test_a_weight_file_holds_both(tmp_path, drawer):
    first, second = load(tmp_path, 2, 3), load(tmp_path, 2, 4)
    image = drawer.sketch(0)
    np.testing.assert_array_equal(first.features([image]), second.features([image]))
    assert not torch.equal(
        first.for_sketches().features([image]), second.for_sketches().features([image])
    )
    # Sketches' features alone differ, and what is kept of one must not serve the other.
    assert first.weights_id != second.weights_id
    assert first.probe_id != second.probe_id


def test_both_prove_themselves(tmp_path):
    class Flat(nn.Module):
        def forward(self, images):
            return images.flatten(1)

    register_backbone("half wrong", Recipe(lambda: TwoTowers(Means(), Flat()), 6, SIZE))
    state = {f"photo.{name}": tensor for name, tensor in Means().state_dict().items()}
    save_file(state, tmp_path / "half.safetensors")
    with pytest.raises(ZsbirError, match=r"half wrong returns \(1, 192\), the recipe says dim=6"):
        load_backbone("half wrong", tmp_path / "half.safetensors", device="cpu")
