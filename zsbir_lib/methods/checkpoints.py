"""A training's state after each epoch, as `torch.distributed.checkpoint` keeps it, to go on from.

A checkpoint is a folder ``epoch-00007``, written by all processes of the job, each its part, and
complete when its ``.metadata`` is there, which comes last. That file is a pickle, as PyTorch makes
it: go on from your own checkpoints only.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zsbir_lib.distributed import world
from zsbir_lib.errors import OptionsChangedError, ZsbirError, argument

Parts = Mapping[str, Any]
"""What a training changes, by name, each with ``state_dict``, or a `torch.Generator`."""

_TENSOR, _PAIRS = "tensor", "pairs"
_current: ContextVar[Checkpoints | None] = ContextVar("_current", default=None)


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one training.

    Attributes
    ----------
    folder : Path
        Where they lie.
    about : str
        Everything that the training depends on.
    """

    folder: Path
    about: str

    def save(self, epoch: int, parts: Parts, history: Mapping[str, list[float]]) -> None:
        """Write the state after so many epochs, and remove the one before.

        Parameters
        ----------
        epoch
            How many.
        parts
            What the training changes.
        history
            Its losses so far, by their names.

        Raises
        ------
        ZsbirError
            If it cannot be written.
        """
        import torch.distributed.checkpoint as dcp

        tensors: dict[str, Tensor] = {}
        states = {name: _state(part) for name, part in parts.items()}
        record = {
            "about": self.about,
            "history": history,
            "states": _without_tensors(states, "", tensors),
        }
        text = bytearray(json.dumps(record).encode())
        tensors["record"] = torch.frombuffer(text, dtype=torch.uint8)
        place = self._place(epoch)
        try:
            place.mkdir(parents=True, exist_ok=True)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that one process is no group
                dcp.save(tensors, checkpoint_id=place)
        except (OSError, dcp.api.CheckpointException) as error:
            reason = str(error).strip().splitlines()[-1]
            raise ZsbirError(f"cannot write the checkpoint {place}: {reason}") from None
        if world().rank == 0:
            for old in self.folder.glob("epoch-*"):
                if old != place:
                    _remove(old)

    def load(self, parts: Parts) -> tuple[int, dict[str, list[float]]]:
        """Bring parts to the last complete state; return its epoch and history, 0 if there is none.

        Raises
        ------
        OptionsChangedError
            If the checkpoints are of another training.
        """
        import torch.distributed.checkpoint as dcp

        complete = sorted(self.folder.glob("epoch-*/.metadata"))
        name = world().broadcast(complete[-1].parent.name if complete else "")
        if not name:
            return 0, {}
        place = self.folder / name
        about = dcp.FileSystemReader(place).read_metadata().state_dict_metadata
        tensors = {
            key: torch.empty(one.size, dtype=one.properties.dtype)
            for key, one in about.items()
            if isinstance(one, dcp.TensorStorageMetadata)
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dcp.load(tensors, checkpoint_id=place)
        record = json.loads(bytes(tensors["record"].tolist()))
        if record["about"] != self.about:
            raise OptionsChangedError(
                f"{self.folder} holds checkpoints of another training: give its options and "
                f"features as before, or another folder as {argument('checkpoint')}"
            )
        states = _with_tensors(record["states"], tensors)
        for key, part in parts.items():
            if isinstance(part, torch.Generator):
                part.set_state(states[key])
            else:
                part.load_state_dict(states[key])
        return int(name.removeprefix("epoch-")), record["history"]

    def _place(self, epoch: int) -> Path:
        return self.folder / f"epoch-{epoch:05}"


@contextmanager
def checkpointing(folder: Path, about: Mapping[str, Any]) -> Iterator[None]:
    """Let `zsbir_lib.methods.training.train` keep its state in a folder within the block."""
    token = _current.set(Checkpoints(folder, json.dumps(about, sort_keys=True, default=str)))
    try:
        yield
    finally:
        _current.reset(token)


def current_checkpoints() -> Checkpoints | None:
    """Return where a training is to keep its state at present, if it is to."""
    return _current.get()


def _state(part: Any) -> Any:
    return part.get_state() if isinstance(part, torch.Generator) else part.state_dict()


def _without_tensors(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """Return JSON values that stand for nested ones, with their tensors put aside."""
    if isinstance(value, Tensor):
        tensors[name] = value
        return {_TENSOR: name}
    if isinstance(value, Mapping):
        pairs = value.items()
        return {_PAIRS: [[key, _without_tensors(v, f"{name}/{key}", tensors)] for key, v in pairs]}
    if isinstance(value, (list, tuple)):
        return [_without_tensors(v, f"{name}/{i}", tensors) for i, v in enumerate(value)]
    return value


def _with_tensors(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(value, list):
        return [_with_tensors(one, tensors) for one in value]
    if isinstance(value, dict):
        if _TENSOR in value:
            return tensors[value[_TENSOR]]
        return {key: _with_tensors(one, tensors) for key, one in value[_PAIRS]}
    return value


def _remove(place: Path) -> None:
    """Remove a checkpoint: PyTorch's files, and the folder if nothing else is there."""
    (place / ".metadata").unlink(missing_ok=True)  # first: without it nobody goes on from it
    for path in [*place.glob("*.distcp"), place / ".metadata.tmp"]:
        path.unlink(missing_ok=True)
    with suppress(OSError):
        place.rmdir()
