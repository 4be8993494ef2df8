"""LoRA: only its matrices learn, and what they add is (alpha / r) B A."""

import re
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from tests.finetune.conftest import TwoLayers
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import load_backbone
from zsbir_lib.finetune import FineTuning, fine_tune
from zsbir_lib.finetune.classes import seen_parts
from zsbir_lib.finetune.lora import Adapters, linear_weights
from zsbir_lib.finetune.run import _Run

LORA = FineTuning(
    recipe="lora", epochs=1, batch_size=16, learning_rate=1e-2, held_out=0.25, rank=3, alpha=6.0
)
LINEAR = ["attention.in_proj_weight", "attention.out_proj.weight", "head.0.weight", "head.3.weight"]


def adapted(layers="", rank=2, scale=0.5):
    torch.manual_seed(0)
    network = TwoLayers().eval().requires_grad_(False)
    return network, Adapters(network, layers, rank, scale, torch.Generator().manual_seed(1))


def test_linear_layers_and_packed_weights_are_found_and_nothing_else():
    assert list(linear_weights(TwoLayers())) == LINEAR
    assert list(linear_weights(nn.Linear(2, 2))) == ["weight"]


def test_a_network_begins_as_it_was_and_computes_with_the_sum():
    plain = TwoLayers().eval()
    network, adapters = adapted()
    plain.load_state_dict(TwoLayers().state_dict() | {
        re.sub(r"parametrizations\.(\w+)\.original", r"\1", name): tensor
        for name, tensor in network.state_dict().items() if not re.search(r"\.\d+\.(up|down)", name)
    })  # fmt: skip
    images = torch.randn(3, 3, 16, 16)
    assert torch.equal(network(images), plain(images))
    for part in adapters.parts:
        nn.init.normal_(part.up)
    for name, part in zip(adapters.names, adapters.parts, strict=True):
        weight = plain.get_parameter(name)
        weight.data += 0.5 * part.up @ part.down
    # The packed weight of attention too: without it the features would differ.
    torch.testing.assert_close(network(images), plain(images))
    with torch.inference_mode():
        torch.testing.assert_close(network(images), plain(images))


def test_rank_and_scale_are_what_they_say():
    network, adapters = adapted(rank=2, scale=0.5)
    for part in adapters.parts:
        assert part.down.shape[0] == part.up.shape[1] == 2
        nn.init.normal_(part.up)
    module = network.head[0]
    delta = module.weight - module.parametrizations.weight.original
    part = adapters.parts[LINEAR.index("head.0.weight")]
    torch.testing.assert_close(delta, 0.5 * part.up @ part.down)
    assert torch.linalg.matrix_rank(delta) == 2


def test_only_named_layers_are_adapted():
    _, adapters = adapted("attention")
    assert adapters.names == LINEAR[:2]
    with pytest.raises(ZsbirError, match=r"layers='mlp' is in the name of none of the 4 linear"):
        adapted("mlp")


def test_a_network_without_linear_layers_says_so(stripes, toynet, tmp_path):
    with pytest.raises(ZsbirError, match=r"no linear layers .*recipe='full'"):
        fine_tune(stripes, toynet, tmp_path / "t.safetensors", LORA)


def test_only_its_matrices_learn_and_base_weights_keep_every_bit(stripes, two_layers):
    learning, choosing = seen_parts(stripes, 0.25, 0)
    run = _Run(learning, choosing, two_layers, LORA, None, False, False, 1)
    network = run.module.network
    base = {
        name: tensor.clone()
        for name, tensor in network.state_dict().items()
        if not name.endswith(("up", "down"))
    }
    first = [part.detach().clone() for part in run.learning]
    assert {id(part) for part in run.learning} == {
        id(part) for part in network.parameters() if part.requires_grad
    }
    run.train(progress=False)
    after = network.state_dict()
    assert all(torch.equal(tensor, after[name]) for name, tensor in base.items())
    assert not any(torch.equal(a, b) for a, b in zip(first, run.learning, strict=True))


def test_the_file_holds_the_matrices_alone_and_they_are_merged(
    stripes, two_layers, two_layers_file, tmp_path
):
    out = tmp_path / "t.safetensors"
    done = fine_tune(stripes, two_layers, out, LORA)
    tensors = load_file(out)
    assert set(tensors) == {f"{name}.lora_{side}" for name in LINEAR for side in "AB"}
    assert done.trained == sum(tensor.numel() for tensor in tensors.values())
    tuned = load_backbone(str(out), two_layers_file, device="cpu").module.network
    base = two_layers.module.network
    changed = []
    for name, weight in base.state_dict().items():
        delta = tuned.state_dict()[name] - weight
        if name in LINEAR:
            changed.append(name)
            a, b = tensors[f"{name}.lora_A"], tensors[f"{name}.lora_B"]
            assert (a.shape[0], b.shape[1]) == (3, 3)
            torch.testing.assert_close(delta, 6.0 / 3 * b @ a, rtol=1e-4, atol=1e-6)
        else:
            assert not delta.any()
    assert changed == LINEAR
    with safe_open(out, framework="pt") as file:
        assert "two-layers" in file.metadata()["zsbir"]


def test_other_weights_than_it_was_trained_from_are_refused(stripes, two_layers, tmp_path):
    out = tmp_path / "t.safetensors"
    fine_tune(stripes, two_layers, out, LORA)
    save_file(TwoLayers().state_dict(), tmp_path / "other.safetensors")
    with pytest.raises(
        ZsbirError, match=r"trained from other weights of two-layers .*weights=PATH"
    ):
        load_backbone(str(out), tmp_path / "other.safetensors", device="cpu")
    with pytest.raises(ZsbirError, match=r"two-layers\+lora has no default .*weights=PATH"):
        load_backbone(str(out), device="cpu")


@pytest.mark.parametrize("towers", ["shared", "two"])
def test_the_image_tower_of_clip_is_adapted_in_its_packed_attention(
    stripes, tiny_clip, tmp_path, measured, towers
):
    backbone = load_backbone("clip:tiny-clip", tiny_clip, device="cpu")
    out = tmp_path / "t.safetensors"
    fine_tune(stripes, backbone, out, replace(LORA, towers=towers, layers="attn"))
    names = set(load_file(out))
    # Two matrices for each of two layers in each of two blocks, of each tower.
    assert len(names) == 2 * 2 * 2 * (2 if towers == "two" else 1)
    assert any("in_proj_weight" in name for name in names)
    assert out.stat().st_size < tiny_clip.stat().st_size / 4
    tuned = load_backbone(str(out), tiny_clip, device="cpu")
    torch.testing.assert_close(measured(tuned), measured.found[-1], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(measured(tuned), measured.found[0], atol=1e-3)
