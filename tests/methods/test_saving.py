"""A saved method: damaged, altered, of another machine, of an older version."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from zsbir_lib.errors import ZsbirError
from zsbir_lib.methods import CVAE, SAE, Cosine, Siamese1, load_method


def parts(path):
    """The header and the tensors of a model file."""
    with safe_open(path, framework="pt") as file:
        return file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


@pytest.fixture(scope="module")
def sae(small_pairs):
    return SAE(ridge=0.01).fit(small_pairs)


@pytest.fixture
def saved(sae, tmp_path):
    sae.save(tmp_path / "sae.safetensors", backbone="toynet")
    return tmp_path / "sae.safetensors"


def test_every_flipped_byte_is_found(sae, saved, small_pairs):
    original = saved.read_bytes()
    expected = sae.encode_photos(small_pairs.photos)
    for place in range(0, len(original), max(1, len(original) // 150)):
        altered = bytearray(original)
        altered[place] ^= 0x10
        saved.write_bytes(altered)
        try:
            found, metadata = load_method(saved)
        except ZsbirError as error:
            assert "\n" not in str(error)  # noqa: PT017
            continue
        # Only what says nothing may change unseen: blanks that fill the header up.
        assert torch.equal(found.encode_photos(small_pairs.photos), expected)
        assert metadata == {"backbone": "toynet"}


def test_a_damaged_number_is_named_as_such(saved):
    content = bytearray(saved.read_bytes())
    content[-3] ^= 1
    saved.write_bytes(content)
    with pytest.raises(ZsbirError, match=r"is damaged \(its checksum is another\): train it again"):
        load_method(saved)


@pytest.mark.parametrize(
    "header",
    [
        [],
        {"method": 3},
        {"method": "sae", "parameters": ["ridge"]},
        {"method": "sae", "parameters": {"ridge": "much"}},
        {"method": "sae", "parameters": {"depth": 1}},
        {"method": "magic", "parameters": {}},
        {"method": "cvae"},
        {"method": "dsh", "parameters": {"n_bits": 8}},
        {"method": "cosine", "format": 99},
    ],
)
def test_headers_that_mean_nothing_are_refused_in_one_line(saved, header):
    _, state = parts(saved)
    save_file(state, saved, metadata={"zsbir": json.dumps(header)})
    with pytest.raises(ZsbirError) as caught:
        load_method(saved)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.pop("weight"),
        lambda state: state.update(weight=state["weight"][:, :3].contiguous()),
        lambda state: state.update(weight=torch.full_like(state["weight"], torch.nan)),
        lambda state: state.update(scales=torch.ones(())),
        lambda state: state.update(another=torch.ones(2)),
    ],
)
def test_tensors_that_do_not_fit_are_refused_in_one_line(saved, change):
    metadata, state = parts(saved)
    change(state)
    header = {k: v for k, v in json.loads(metadata["zsbir"]).items() if k != "format"}
    save_file(state, saved, metadata={"zsbir": json.dumps(header)})
    with pytest.raises(ZsbirError, match="does not fit this version") as caught:
        load_method(saved)
    assert "\n" not in str(caught.value)


def test_a_file_without_parameters_has_the_defaults(saved):
    _, state = parts(saved)
    save_file(state, saved, metadata={"zsbir": json.dumps({"method": "sae"})})
    assert load_method(saved)[0].get_params() == SAE().get_params()


def test_a_saved_model_names_no_device_and_an_old_one_that_does_loads_here(small_pairs, tmp_path):
    path = tmp_path / "m.safetensors"
    method = Siamese1(epochs=1, device="cpu").fit(small_pairs, progress=False)
    method.save(path)
    metadata, state = parts(path)
    assert "device" not in metadata["zsbir"]
    old = {"method": "siamese-1", "parameters": {"epochs": 1, "device": "cuda:7"}}
    save_file(state, path, metadata={"zsbir": json.dumps(old)})
    loaded, _ = load_method(path)
    assert loaded.device is None
    chosen, _ = load_method(path, device="cpu")
    assert chosen.device == "cpu"
    expected = method.encode_sketches(small_pairs.sketches)
    torch.testing.assert_close(loaded.encode_sketches(small_pairs.sketches), expected)
    assert torch.equal(chosen.encode_sketches(small_pairs.sketches), expected)
    with pytest.raises(ZsbirError, match="device 'cuda:99' is not on this machine"):
        load_method(path, device="cuda:99")


def test_what_is_not_fitted_is_not_saved(tmp_path):
    with pytest.raises(ZsbirError, match="CVAE is not fitted"):
        CVAE().save(tmp_path / "m.safetensors")
    with pytest.raises(ZsbirError, match="keeps JSON values only"):
        Cosine().save(tmp_path / "m.safetensors", fitted_on=object())
    assert not list(tmp_path.iterdir())
