"""What a page computes with: networks written as files, and their rounded weights."""

import numpy as np
import pytest
import torch
from torch import nn

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs, load_backbone
from zsbir_lib.methods import CVAE, METHODS
from zsbir_lib.web.networks import (
    fold_batch_norms,
    onnx_bytes,
    round_weights,
    rounded,
)


@pytest.fixture(scope="module")
def pairs():
    g = torch.Generator().manual_seed(0)
    labels = torch.arange(6).repeat_interleave(20)
    photos = torch.rand(120, 32, generator=g) + torch.eye(32)[labels]
    sketches = torch.rand(120, 32, generator=g) + 0.5 * torch.eye(32)[labels]
    names = tuple(f"class {i}" for i in range(6))
    return Pairs(sketches, photos, torch.arange(120), labels, labels, names)


def test_rounding_is_off_by_half_a_step_at_most_and_repeats_itself():
    weight = np.random.default_rng(0).normal(size=(40, 20)).astype(np.float32)
    whole, scale = rounded(weight)
    again = whole * scale[:, None]
    assert np.abs(again - weight).max() <= scale.max() / 2 + 1e-7
    assert np.abs(whole).max() == 127
    assert np.array_equal(rounded(again)[0], whole)


def test_rounding_zeros_gives_zeros():
    whole, scale = rounded(np.zeros((3, 4), np.float32))
    assert not whole.any()
    assert np.isfinite(scale).all()


def test_folded_batch_norms_change_nothing():
    backbone = load_backbone("toynet", device="cpu")
    pixels = 255 * torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    folded = fold_batch_norms(backbone.module)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    with torch.no_grad():
        assert torch.allclose(folded(pixels), backbone.module(pixels), atol=1e-4)
    assert any(isinstance(module, nn.BatchNorm2d) for module in backbone.module.modules())


@pytest.mark.parametrize(
    "name", ["cosine", "sae", "ours", "siamese-1", "triplet-coarse", "adversarial-metric"]
)
def test_a_query_network_is_what_encodes_sketches(pairs, name):
    options = {} if name in ("cosine", "sae", "ours") else {"epochs": 1}
    method = METHODS[name](**options).fit(pairs, progress=False)
    expected = torch.nn.functional.normalize(method.encode_sketches(pairs.sketches[:1]), dim=1)
    with torch.no_grad():
        found = method.query_network()(pairs.sketches[:1])
    assert torch.allclose(torch.nn.functional.normalize(found, dim=1), expected, atol=1e-5)


def test_a_generator_generates_what_the_cvae_does_about_the_mean_photo(pairs):
    method = CVAE(epochs=1, n_samples=7).fit(pairs, progress=False)
    with torch.no_grad():
        found = method.query_network()(pairs.sketches[:1], method.latents(7))
    expected = method.generate(pairs.sketches[:1])[0] - pairs.paired_photos().mean(dim=0)
    assert torch.allclose(found, expected, atol=1e-4)


def test_a_method_that_no_page_can_run_is_refused(pairs):
    method = METHODS["dap"]
    with pytest.raises(ZsbirError, match="a page cannot run"):
        method().query_network()


def test_a_written_network_computes_what_pytorch_does_with_rounded_weights(pairs, tmp_path):
    reference = pytest.importorskip("onnx.reference")
    method = CVAE(epochs=1).fit(pairs, progress=False)
    network = round_weights(method.query_network())
    feature, z = pairs.sketches[:1], method.latents(9)
    path = tmp_path / "cvae.onnx"
    path.write_bytes(onnx_bytes(network, {"feature": feature, "z": z[:3]}, dynamic=("z",)))
    session = reference.ReferenceEvaluator(str(path))
    (found,) = session.run(None, {"feature": feature.numpy(), "z": z.numpy()})
    with torch.no_grad():
        assert np.abs(found - network(feature, z).numpy()).max() < 1e-4
