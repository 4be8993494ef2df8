"""Checkpoints that cannot be gone on from: each is one clear line, and stays as it is."""

import json
import os
import shutil

import numpy as np
import pytest
import torch
import torch.distributed.checkpoint as dcp
from pair_samples import make_pairs

from zsbir_lib.errors import OptionsChangedError, ZsbirError, speaking_command_line
from zsbir_lib.methods import create_method
from zsbir_lib.methods.checkpoints import Checkpoints

SETTINGS = {"epochs": 1, "batch_size": 32, "device": "cpu"}


def fit(folder, name="cvae", pairs=None, **settings):
    method = create_method(name, **(SETTINGS | settings))
    return method.fit(pairs or make_pairs(), checkpoint=folder)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    fit(folder)
    return folder


@pytest.fixture
def state(written, tmp_path):
    """A copy of a training's checkpoints, and the files of the last one."""
    shutil.copytree(written, tmp_path / "state")
    return tmp_path / "state"


def kept(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def refusal(folder, error=ZsbirError, **settings):
    """Return the line that a training is refused with; nothing is written or removed."""
    before = kept(folder)
    with pytest.raises(error) as raised, speaking_command_line():
        fit(folder, **settings)
    assert kept(folder) == before
    message = str(raised.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


FILES = (".metadata", "__0_0.distcp", "zsbir.json")


def test_a_checkpoint_is_these_files(state):
    assert [path.name for path in state.iterdir()] == ["epoch-00001"]
    assert sorted(path.name for path in (state / "epoch-00001").iterdir()) == sorted(FILES)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_file_that_was_cut_off_is_named(state, name, share):
    path = state / "epoch-00001" / name
    os.truncate(path, int(share * path.stat().st_size))
    message = refusal(state)
    assert f"is damaged ({name} is not as it was written): remove that folder" in message


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_anywhere_is_found(state, name):
    path = state / "epoch-00001" / name
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    places = {0, len(content) - 1, *rng.choice(len(content), 40, replace=False).tolist()}
    for place in sorted(places):
        flipped = bytearray(content)
        flipped[place] ^= 1 << int(rng.integers(8))
        if name == "zsbir.json" and _same_json(flipped, content):
            continue  # 1e-05 for 1E-05
        path.write_bytes(flipped)
        message = refusal(state)
        named = f"is damaged ({name} is not as it was written)" in message
        # The number of the format lies in the record: another one is another version's.
        assert named or (name == "zsbir.json" and "its format is" in message)
    path.write_bytes(content)
    fit(state)


def _same_json(one, other):
    try:
        return json.loads(bytes(one)) == json.loads(other)
    except ValueError:
        return False


@pytest.mark.parametrize("name", [".metadata", "__0_0.distcp"])
def test_a_missing_file_is_named(state, name):
    (state / "epoch-00001" / name).unlink()
    assert f"is damaged ({name} is missing)" in refusal(state)


def damage(place):
    with open(place / "__0_0.distcp", "r+b") as file:
        file.write(b"?")


def test_what_is_done_about_damage_helps(state):
    damage(state / "epoch-00001")
    assert refusal(state).endswith("remove that folder, and the training begins anew")
    shutil.rmtree(state / "epoch-00001")
    fit(state)
    assert [path.name for path in state.iterdir()] == ["epoch-00001"]


def test_a_checkpoint_before_a_damaged_one_is_named_and_gone_on_from(tmp_path, monkeypatch):
    """The power went when the second had its name, and the first was still there."""
    import zsbir_lib.methods.checkpoints as module

    class PowerCut(BaseException):
        pass

    def in_the_second(draft, empty=module._empty):
        if (tmp_path / "epoch-00002").exists():
            draft.rename(tmp_path / "epoch-00001")  # what it was called a moment ago
            raise PowerCut
        empty(draft)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_empty", in_the_second)
        with pytest.raises(PowerCut):
            fit(tmp_path, epochs=2)
    damage(tmp_path / "epoch-00002")
    message = refusal(tmp_path, epochs=2)
    assert message.endswith("remove that folder, and the training goes on from epoch-00001")
    shutil.rmtree(tmp_path / "epoch-00002")
    done = fit(tmp_path, epochs=2)
    undisturbed = create_method("cvae", **SETTINGS | {"epochs": 2}).fit(make_pairs())
    assert done.history_ == undisturbed.history_


@pytest.mark.filterwarnings("ignore:torch.distributed is disabled")
@pytest.mark.parametrize("below", ["", "epoch-00003", "epoch-best"])
def test_the_checkpoint_of_another_program_is_refused_and_stays(tmp_path, below):
    place = tmp_path / "theirs" / below
    dcp.save({"model": {"weight": torch.ones(3)}}, checkpoint_id=place)
    message = refusal(tmp_path / "theirs")
    assert message == (
        f"{place} is a checkpoint of PyTorch, but not one of this library's trainings, and stays "
        "as it is: give another folder as --checkpoint"
    )


def test_folders_of_another_program_without_one_are_left_alone(tmp_path):
    for name in ("epoch-00002", "epoch-last"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.pt").write_bytes(b"theirs")
        (tmp_path / name / "__0_0.distcp").write_bytes(b"theirs too")
    before = kept(tmp_path)
    fit(tmp_path)
    assert before.items() <= kept(tmp_path).items()


@pytest.mark.parametrize(
    ("settings", "difference"),
    [
        ({"name": "regression"}, "method cvae, now regression"),
        ({"epochs": 2}, "epochs=1, now 2"),
        ({"latent_dim": 5, "seed": 3}, "latent_dim=None, now 5; seed=0, now 3"),
        ({"pairs": make_pairs(seed=1)}, "other features or pairs"),
    ],
)
def test_what_is_another_training_is_said(state, settings, difference):
    message = refusal(state, OptionsChangedError, **settings)
    assert message == (
        f"{state} holds checkpoints of another training ({difference}): give its method, options "
        "and features as before, or another folder as --checkpoint"
    )


def test_another_version_of_a_method_is_another_training(state, monkeypatch):
    from zsbir_lib.methods import CVAE

    monkeypatch.setattr(CVAE, "version", CVAE.version + 1)
    assert "(another version of the method)" in refusal(state, OptionsChangedError)


def test_a_later_format_is_not_taken_for_damage(state, monkeypatch):
    monkeypatch.setattr("zsbir_lib.methods.checkpoints._FORMAT", 2)
    message = refusal(state)
    assert f"cannot go on from the checkpoint {state / 'epoch-00001'}" in message
    assert "its format is 1, not 2" in message


def test_a_network_of_another_shape_does_not_fit(state, monkeypatch):
    """As when a method was changed and its version forgotten."""
    from zsbir_lib.methods import CVAE

    monkeypatch.setattr(
        CVAE, "_new_network", lambda *_, **__: torch.nn.Linear(2, 2).requires_grad_(True)
    )
    assert "cannot go on from the checkpoint" in refusal(state)


@pytest.mark.parametrize("moment", ["written", "named", "old one removed"])
def test_whenever_the_power_goes_the_training_goes_on(tmp_path, monkeypatch, moment):
    """Of two epochs, in the second: before it has its name, after that, and half-way through."""
    expected = create_method("cvae", **SETTINGS | {"epochs": 2}).fit(make_pairs())._get_state()
    import zsbir_lib.methods.checkpoints as module

    class PowerCut(BaseException):
        pass

    def cut(*_):
        raise PowerCut

    finish, empty = Checkpoints._finish, module._empty

    def in_the_second(self, draft, place, record):
        if record["epoch"] == 2:
            if moment == "written":
                raise PowerCut
            # `_finish` empties what it has moved aside.
            monkeypatch.setattr(module, "_empty", cut if moment == "named" else half)
        finish(self, draft, place, record)

    def half(draft):
        (draft / "zsbir.json").unlink()
        raise PowerCut

    monkeypatch.setattr(Checkpoints, "_finish", in_the_second)
    with pytest.raises(PowerCut):
        fit(tmp_path, epochs=2)
    monkeypatch.setattr(Checkpoints, "_finish", finish)
    monkeypatch.setattr(module, "_empty", empty)
    found = fit(tmp_path, epochs=2)._get_state()
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())
    assert (tmp_path / "epoch-00002" / "zsbir.json").exists()
    assert not (tmp_path / "epoch-00001").exists()


def test_a_folder_that_cannot_be_made_is_said_before_the_first_epoch(tmp_path, monkeypatch):
    from zsbir_lib.methods import CVAE

    monkeypatch.setattr(CVAE, "_fit", lambda *_: pytest.fail("it has begun"))
    (tmp_path / "state").write_text("no folder")
    with pytest.raises(ZsbirError, match=r"cannot write checkpoints to .*state: File exists"):
        fit(tmp_path / "state")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk_is_one_line_and_the_last_state_stays(tmp_path, monkeypatch):
    fit(tmp_path, epochs=1)
    about = json.loads((tmp_path / "epoch-00001" / "zsbir.json").read_text())["about"]
    before = kept(tmp_path)
    (tmp_path / ".unfinished").mkdir()
    (tmp_path / ".unfinished" / "zsbir.json").symlink_to("/dev/full")
    monkeypatch.setattr("zsbir_lib.methods.checkpoints._empty", lambda draft: None)
    with pytest.raises(ZsbirError) as raised:
        Checkpoints(tmp_path, about).save(2, {"network": torch.nn.Linear(2, 2)}, {})
    monkeypatch.undo()
    assert str(raised.value).startswith(f"cannot write the checkpoint {tmp_path / 'epoch-00002'}: ")
    assert "No space left" in str(raised.value)
    assert before.items() <= kept(tmp_path).items()
    fit(tmp_path, epochs=1)
