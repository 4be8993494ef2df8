"""Processes that share a training: each method as one process trains it, and one fate."""

import os
import signal

import pytest
import torch
from pair_samples import make_pairs
from ranks import in_processes

from zsbir_lib.errors import OptionsChangedError, ZsbirError
from zsbir_lib.methods import SAE, create_method
from zsbir_lib.methods.checkpoints import Checkpoints

# The same batches and noise; sums of floats in another order differ from the seventh digit on, and
# Adam's first steps, which divide by a gradient's size, make more of it.
TOLERANCE = {"rtol": 1e-3, "atol": 1e-4}
TRAINED = [
    "siamese-1", "siamese-2", "triplet-coarse", "triplet-fine", "dsh", "regression", "caae",
    "cvae", "adversarial-metric",
]  # fmt: skip


def fitted(name, checkpoint=None, **settings):
    settings = {"epochs": 2, "batch_size": 32, "device": "cpu"} | settings
    if name == "dsh":
        settings["rounds"] = 2
    method = create_method(name, **settings).fit(make_pairs(), checkpoint=checkpoint)
    return {**method._get_state()}, method.history_


def assert_same(found, expected, **tolerance):
    (state, history), (wanted, before) = found, expected
    assert state.keys() == wanted.keys()
    for name, tensor in wanted.items():
        torch.testing.assert_close(
            state[name], tensor, msg=lambda m, n=name: f"{n}: {m}", **tolerance
        )
    for name, values in before.items():
        assert history[name] == pytest.approx(values, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n == "cvae" else [pytest.mark.slow]) for n in TRAINED]
)
def test_two_processes_learn_what_one_does(name):
    alone = fitted(name)
    first, second = in_processes(lambda rank: fitted(name))
    assert not isinstance(first, Exception), first
    assert_same(first, alone, **TOLERANCE)
    for key, tensor in first[0].items():
        assert torch.equal(tensor, second[0][key]), key


def test_a_share_alone_would_learn_something_else():
    """The tolerance tells a batch from half of it."""
    with pytest.raises(AssertionError):
        assert_same(fitted("cvae", batch_size=16), fitted("cvae"), **TOLERANCE)


def test_a_batch_that_cannot_be_shared_is_refused():
    errors = in_processes(lambda rank: fitted("regression", batch_size=33))
    assert {type(error) for error in errors} == {ZsbirError}
    assert "2 processes cannot share a batch of 33 equally: set batch_size" in str(errors[0])


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[] if n == "cvae" else [pytest.mark.slow]) for n in TRAINED],
)
def test_a_training_goes_on_to_the_very_same_result(name, tmp_path, monkeypatch):
    expected = fitted(name, epochs=3)
    save, saved = Checkpoints.save, []

    def stop_after_the_second(self, epoch, parts, history):
        save(self, epoch, parts, history)
        saved.append(epoch)
        if saved == [1, 2]:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoints, "save", stop_after_the_second)
    with pytest.raises(KeyboardInterrupt):
        fitted(name, tmp_path / "state", epochs=3)
    found = fitted(name, tmp_path / "state", epochs=3)
    assert saved[2] == 3
    assert_same(found, expected, rtol=0, atol=0)
    assert [path.name for path in (tmp_path / "state").iterdir()] == [f"epoch-{saved[-1]:05}"]


@pytest.mark.slow
def test_a_killed_job_goes_on_to_the_same_result(tmp_path, monkeypatch):
    expected = in_processes(lambda rank: fitted("cvae", epochs=3))[0]
    state = tmp_path / "state"
    save = Checkpoints.save

    def train(rank, dies):
        def kill_after_the_first(self, epoch, parts, history):
            if dies and rank == 1 and epoch == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            save(self, epoch, parts, history)

        monkeypatch.setattr(Checkpoints, "save", kill_after_the_first)
        return fitted("cvae", state, epochs=3)

    first, second = in_processes(lambda rank: train(rank, True))
    assert second == -signal.SIGKILL
    assert isinstance(first, Exception)
    assert (state / "epoch-00001" / ".metadata").exists()
    for found in in_processes(lambda rank: train(rank, False)):
        assert_same(found, expected, rtol=0, atol=0)


def test_checkpoints_of_another_training_are_refused(tmp_path):
    fitted("cvae", tmp_path, epochs=1)
    with pytest.raises(OptionsChangedError, match="holds checkpoints of another training"):
        fitted("cvae", tmp_path, epochs=2)


def test_a_method_without_epochs_takes_no_folder(tmp_path):
    with pytest.raises(ZsbirError, match="sae does not train in epochs: leave out checkpoint"):
        SAE().fit(make_pairs(), checkpoint=tmp_path)
