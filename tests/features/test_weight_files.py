"""Weight files as people have them: read without running anything, or named for what they are."""

import argparse
import io
import os
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import load_backbone, read_weights
from zsbir_lib.features.weight_files import StateDict, fit
from zsbir_lib.toynet import ToyNet


@pytest.fixture
def toynet_file(tmp_path):
    torch.manual_seed(0)
    network = ToyNet().eval()
    path = tmp_path / "toynet.safetensors"
    save_file(network.state_dict(), path)
    return network, path


def network():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3))


def state(seed=0):
    torch.manual_seed(seed)
    return network().state_dict()


def prefixed(prefix, tensors):
    return {prefix + key: value for key, value in tensors.items()}


def fitted(path, **options):
    """Read a file as `load_backbone` does."""
    from zsbir_lib.features.weight_files import state_dicts

    return fit(state_dicts(path), network().state_dict(), "mine", **options)


def assert_same(found, wanted):
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[key], wanted[key]) for key in wanted)


def assert_refused(path, *words):
    """One line, which names the file and says all the words."""
    with pytest.raises(ZsbirError) as caught:
        fitted(path)
    message = str(caught.value)
    assert "\n" not in message
    for word in (str(path), *words):
        assert word in message
    return message


@pytest.mark.parametrize(
    "prefix",
    ["module.", "model.", "backbone.", "_orig_mod.", "net.", "module.model.", "a.b.c.d.",
     "_orig_mod.module.", "student.backbone."],
)  # fmt: skip
def test_what_all_names_begin_with_is_taken_off(tmp_path, prefix):
    others = prefixed("head.", {"weight": torch.zeros(9, 5)})  # the file may hold more
    torch.save(prefixed(prefix, state()) | others, tmp_path / "w.pth")
    assert_same(fitted(tmp_path / "w.pth"), state())


def test_wrappers_in_the_middle_of_names_are_taken_off(tmp_path):
    compiled = {key.replace("0.", "0._orig_mod."): value for key, value in state().items()}
    torch.save(prefixed("module.", compiled), tmp_path / "w.pth")
    assert_same(fitted(tmp_path / "w.pth"), state())


def test_a_prefix_of_the_file_meets_one_that_files_may_leave_out():
    wanted = prefixed("features.", state())
    for prefix in ("module.", "features.", "module.features.", ""):
        found = StateDict(prefixed(prefix, state()), "a file")
        assert_same(fit([found], wanted, "mine", "features."), wanted)


@pytest.mark.parametrize(
    "key",
    ["state_dict", "model", "model_state_dict", "net", "network", "state_dict_ema", "teacher",
     "student", "anything"],
)  # fmt: skip
def test_the_one_dictionary_of_tensors_in_a_file_is_found(tmp_path, key):
    trained = network()
    trained.load_state_dict(state())
    optimiser = torch.optim.Adam(trained.parameters())
    trained(torch.zeros(1, 3, 9, 9)).sum().backward()
    optimiser.step()
    content = {"epoch": 1, "best": torch.tensor(0.7), "args": argparse.Namespace(lr=0.1)}
    content |= {key: prefixed("module.", state()), "optimizer": optimiser.state_dict()}
    torch.save(content, tmp_path / "w.pth")
    assert_same(fitted(tmp_path / "w.pth"), state())
    assert_same(read_weights(tmp_path / "w.pth"), prefixed("module.", state()))


def test_an_inner_dictionary_is_named(tmp_path):
    torch.save({"model": {"encoder": {"a.weight": torch.zeros(3)}}}, tmp_path / "w.pth")
    assert_refused(tmp_path / "w.pth", "its ['model']['encoder']", "unexpected a.weight")


def test_of_two_that_fit_none_is_guessed(tmp_path):
    path = tmp_path / "w.pth"
    torch.save({"student": state(1), "teacher": state(2)}, path)
    assert_refused(path, "its ['student']", "its ['teacher']", "torch.save")
    torch.save(prefixed("query.", state(1)) | prefixed("key.", state(2)), path)
    assert_refused(path, "query.*", "key.*")
    torch.save({"student": state(1), "teacher": state(1)}, path)
    assert_same(fitted(path), state(1))
    torch.save({"student": state(1), "head": {"weight": torch.zeros(3)}}, path)
    assert_same(fitted(path), state(1))


def test_names_in_messages_are_those_of_the_file(tmp_path):
    given = prefixed("module.", state())
    del given["module.2.bias"]
    given["module.0.weight"] = torch.zeros(4, 1, 3, 3)
    torch.save({"net": given}, tmp_path / "w.pth")
    assert_refused(
        tmp_path / "w.pth",
        "its ['net'] does not fit mine",
        "missing module.2.bias",
        "of another shape module.0.weight 4x1x3x3 instead of 4x3x3x3",
    )


@pytest.mark.parametrize("name", ["w.bin", "w.pth", "w.ckpt", "weights"])
def test_safetensors_are_known_by_their_content(tmp_path, name):
    save_file(state(), tmp_path / name)
    assert_same(fitted(tmp_path / name), state())


def test_torch_files_are_known_by_their_content(tmp_path):
    torch.save(state(), tmp_path / "w.safetensors")
    assert_same(fitted(tmp_path / "w.safetensors"), state())
    torch.save(state(), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert_same(fitted(tmp_path / "old.pth"), state())


def tar(path, names):
    with tarfile.open(path, "w") as archive:
        for name in names:
            content = pickle.dumps({})
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def text(content):
    return lambda path: path.write_text(content)


OTHER_FILES = {
    "torchscript": (
        lambda path: torch.jit.script(network().eval()).save(path),
        ["TorchScript", "torch.jit.load", "state_dict()"],
    ),
    "legacy tar": (
        lambda path: tar(path, ["sys_info", "pickle", "storages", "tensors"]),
        ["tar format of PyTorch", "weights_only=False"],
    ),
    "tar": (lambda path: tar(path, ["weights.pth"]), ["tar archive", "unpack"]),
    "page": (text("\n<!DOCTYPE html><title>Virus scan warning"), ["web page", "download"]),
    "page with a comment": (text("<!-- x -->\n<html lang=en>"), ["web page"]),
    "xml": (text('<?xml version="1.0"?><Error><Code>NoSuchKey'), ["XML", "download"]),
    "lfs": (text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), ["git lfs pull"]),
    "annex": (text("/annex/objects/SHA256E-s9--0.pth\n"), ["git annex get"]),
    "index": (text('{"metadata": {}, "weight_map": {"a": "1.safetensors"}}'), ["the index of"]),
    "json": (text('{"error": "Unauthorized"}'), ["JSON"]),
    "npy": (lambda path: np.save(path.open("wb"), np.zeros(3)), ["a NumPy array"]),
    "npz": (lambda path: np.savez(path.open("wb"), a=np.zeros(3)), ["NumPy arrays (npz)"]),
    "zip": (lambda path: zipfile.ZipFile(path, "w").writestr("a.txt", "a"), ["zip archive"]),
    "hdf5": (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(99)), ["HDF5"]),
    "gzip": (lambda path: path.write_bytes(b"\x1f\x8b" + bytes(99)), ["gzip", "unpack"]),
    "picture": (lambda path: path.write_bytes(b"\x89PNG\r\n" + bytes(99)), ["PNG"]),
    "folder": (lambda path: path.mkdir(), ["a folder"]),
    "whole network": (
        lambda path: torch.save(network(), path),
        ["torch.nn.modules.container.Sequential", "could run code", "state_dict()"],
    ),
    "pickle": (lambda path: path.write_bytes(pickle.dumps([1])), ["could run code"]),
    "cut off safetensors": (
        lambda path: (save_file(state(), path), os.truncate(path, 60)),
        ["damaged"],
    ),
    "cut off torch": (
        lambda path: (torch.save(state(), path), os.truncate(path, 900)),
        ["cut off"],
    ),
    "one number": (lambda path: torch.save({"loss": torch.tensor(1.0)}, path), ["no state dict"]),
}


@pytest.mark.filterwarnings("ignore:.*torch.jit", "ignore:Detected pickle protocol")
@pytest.mark.parametrize("kind", OTHER_FILES)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_what_is_no_weight_file_is_named(tmp_path, kind, suffix):
    write, words = OTHER_FILES[kind]
    path = tmp_path / f"w{suffix}"
    write(path)
    assert_refused(path, *words)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_special_files_are_refused_and_not_waited_for(tmp_path, kind):
    path = tmp_path / "w.pth"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    assert_refused(path, "not a regular file")


@pytest.mark.skipif(os.name == "nt", reason="links need permissions on Windows")
def test_a_link_into_an_annex_without_the_file(tmp_path):
    (tmp_path / "w.pth").symlink_to(".git/annex/objects/aa/bb/SHA256E-s9--0.pth")
    assert_refused(tmp_path / "w.pth", "git annex get")
    (tmp_path / "x.pth").symlink_to("nowhere")
    assert_refused(tmp_path / "x.pth", "there is no weight file")


def test_a_flipped_bit_is_found(tmp_path):
    path = tmp_path / "w.pth"
    torch.save({"0.weight": torch.ones(5000)}, path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert_refused(path, "damaged", "checksum")


def test_what_differs_is_named_and_shortened(toynet_file, tmp_path):
    _, path = toynet_file
    state = load_file(path)
    for key in list(state):
        if key.startswith("stage3"):
            del state[key]
    state["stem.0.weight"] = torch.zeros(32, 1, 5, 5)
    state["head.weight"] = torch.zeros(2)
    save_file(state, tmp_path / "wrong.safetensors")
    with pytest.raises(ZsbirError, match="does not fit toynet") as caught:
        load_backbone("toynet", tmp_path / "wrong.safetensors", device="cpu")
    message = str(caught.value)
    assert "missing stage3.0.0.weight, stage3.0.1.weight, stage3.0.1.bias and 12 more" in message
    assert "of another shape stem.0.weight 32x1x5x5 instead of 32x3x5x5" in message
    assert "unexpected head.weight" in message
    assert "\n" not in message


def test_nan_weights_are_refused(toynet_file, tmp_path):
    _, path = toynet_file
    state = load_file(path)
    state["stem.0.weight"][0] = float("nan")
    save_file(state, tmp_path / "nan.safetensors")
    with pytest.raises(ZsbirError, match=r"is damaged: stem\.0\.weight holds NaN"):
        load_backbone("toynet", tmp_path / "nan.safetensors", device="cpu")


class Bomb:
    """Unpickling this would create a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (Path(self.path),))


def test_a_file_with_code_is_refused_and_not_run(tmp_path):
    trace = tmp_path / "it-ran"
    torch.save({"features.0.weight": Bomb(trace)}, tmp_path / "bomb.pth")
    (tmp_path / "bomb.pkl").write_bytes(pickle.dumps(Bomb(trace), protocol=2))
    for name in ("bomb.pth", "bomb.pkl"):
        with pytest.raises(ZsbirError) as caught:
            read_weights(tmp_path / name)
        assert "\n" not in str(caught.value)
        assert not trace.exists()
    with pytest.raises(ZsbirError, match="could run code"):
        read_weights(tmp_path / "bomb.pth")


def test_a_pickled_network_is_refused(tmp_path):
    torch.save(nn.Linear(2, 2), tmp_path / "network.pth")
    with pytest.raises(ZsbirError, match=r"save its state_dict\(\) as safetensors"):
        read_weights(tmp_path / "network.pth")


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
def test_missing_empty_and_damaged_files(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(ZsbirError, match="there is no weight file"):
        read_weights(path)
    path.touch()
    with pytest.raises(ZsbirError, match=r"is empty \(0 bytes\)"):
        read_weights(path)
    path.write_bytes(b"certainly not weights " * 20)
    with pytest.raises(ZsbirError, match="damaged") as caught:
        read_weights(path)
    assert "\n" not in str(caught.value)
    if name == "w.pth":
        torch.save({"a": torch.zeros(1000)}, path)
    else:
        save_file({"a": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(ZsbirError, match="damaged"):
        read_weights(path)


def test_a_file_without_a_state_dict_is_refused(tmp_path):
    torch.save(torch.zeros(3), tmp_path / "tensor.pth")
    with pytest.raises(ZsbirError, match="holds no state dict"):
        read_weights(tmp_path / "tensor.pth")
