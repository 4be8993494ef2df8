"""Every method is fitted, asked, saved and loaded wherever its tensors are.

On a card, or a pretended one (``python tests/pretend -m pytest``), the device that a method chooses
for itself is CUDA, while features stay on the CPU.
"""

from dataclasses import replace

import pytest
import torch
from pair_samples import make_pairs

from zsbir_lib.methods import METHODS, create_method, load_method

# As little training as a method allows, and attributes of classes for those that need them.
SHORT = {"epochs": 1, "rounds": 1, "n_bits": 8, "n_samples": 6, "n_centres": 2}


@pytest.fixture(scope="module")
def pairs():
    attributes = torch.eye(6)[:, :4] + torch.eye(6)[:, 2:]
    made = make_pairs(drawing_noise=0.2)
    return replace(made, class_attributes=attributes, attribute_names=tuple("wxyz"))


def short(name, **options):
    known = create_method(name).get_params()
    return create_method(name, **{k: v for k, v in SHORT.items() if k in known}, **options)


def answers(method, pairs):
    sketches, photos = pairs.sketches[:9], pairs.photos
    return method.encode_sketches(sketches), method.encode_photos(photos)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_goes_from_device_to_device(name, pairs, tmp_path):
    method = short(name).fit(pairs, progress=False)
    found = answers(method, pairs)
    assert [one.device.type for one in found] == ["cpu", "cpu"]
    assert method.index(pairs.photos).search(found[0], 3).indices.shape == (9, 3)
    path = tmp_path / "model.safetensors"
    method.save(path)
    for device in (None, "cpu"):
        loaded, _ = load_method(path, device=device)
        for one, other in zip(answers(loaded, pairs), found, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no card, and none is pretended")
@pytest.mark.parametrize("name", METHODS)
def test_the_device_changes_the_last_digits_only(name, pairs):
    """Initial weights, batches, noise and dropout are drawn alike."""
    chosen = answers(short(name).fit(pairs, progress=False), pairs)
    known = create_method(name).get_params()
    on_cpu = short(name, **({"device": "cpu"} if "device" in known else {}))
    for one, other in zip(chosen, answers(on_cpu.fit(pairs, progress=False), pairs), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-2, atol=1e-2)
