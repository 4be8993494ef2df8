"""A training's state after each epoch, as `torch.distributed.checkpoint` keeps it, to go on from.

A checkpoint is a folder ``epoch-00007``, written by all processes of the job, each its part. Beside
PyTorch's files lies ``zsbir.json``: what the training depends on, its losses, and a checksum of
each file and of itself. The folder gets its name when all of it is there. Nothing in it is
unpickled, as PyTorch does it, before the checksums agree; that finds damage, not malice: go on from
your own checkpoints only.
"""

from __future__ import annotations

import json
import os
import pickle
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zsbir_lib.distributed import world
from zsbir_lib.errors import OptionsChangedError, ZsbirError, argument
from zsbir_lib.files import digest_of, sha256

Parts = Mapping[str, Any]
"""What a training changes, by name, each with ``state_dict``, or a `torch.Generator`."""

_TENSOR, _PAIRS = "tensor", "pairs"
_RECORD, _METADATA, _UNFINISHED = "zsbir.json", ".metadata", ".unfinished"
_FORMAT = 1
_current: ContextVar[Checkpoints | None] = ContextVar("_current", default=None)


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one training.

    Attributes
    ----------
    folder : Path
        Where they lie.
    about : dict
        Everything that the training depends on, as JSON values.
    """

    folder: Path
    about: Mapping[str, Any]

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
            "format": _FORMAT,
            "about": self.about,
            "epoch": epoch,
            "history": history,
            "states": _without_tensors(states, "", tensors),
        }
        place, draft = self.folder / f"epoch-{epoch:05}", self.folder / _UNFINISHED
        try:
            _first_of_all(lambda: _empty(draft))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that one process is no group
                dcp.save(tensors, checkpoint_id=draft)
            _first_of_all(lambda: self._finish(draft, place, record))
        except (OSError, dcp.api.CheckpointException) as error:
            reason = str(error).strip().splitlines()[-1]
            raise ZsbirError(f"cannot write the checkpoint {place}: {reason}") from None

    def load(self, parts: Parts) -> tuple[int, dict[str, list[float]]]:
        """Bring parts to the last state; return its epoch and history, 0 if there is none.

        Parameters
        ----------
        parts
            As given to `save`.

        Raises
        ------
        OptionsChangedError
            If the checkpoints are of another training.
        ZsbirError
            If a checkpoint is damaged, of another program or version, or cannot be read.
        """
        import torch.distributed.checkpoint as dcp

        found = _first_of_all(self._last)
        if found is None:
            return 0, {}
        place, record = found
        try:
            about = dcp.FileSystemReader(place).read_metadata().state_dict_metadata
            tensors = {
                key: torch.empty(one.size, dtype=one.properties.dtype)
                for key, one in about.items()
                if isinstance(one, dcp.TensorStorageMetadata)
            }
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                dcp.load(tensors, checkpoint_id=place)
        except (
            OSError, EOFError, AttributeError, ImportError, LookupError, TypeError,
            pickle.UnpicklingError, dcp.api.CheckpointException,
        ) as error:  # fmt: skip
            raise _unread(place, error) from None
        try:
            states = _with_tensors(record["states"], tensors)
            for key, part in parts.items():
                if isinstance(part, torch.Generator):
                    part.set_state(states[key])
                else:
                    part.load_state_dict(states[key])
        except (LookupError, RuntimeError, TypeError, ValueError) as error:
            raise _unread(place, error) from None
        return record["epoch"], record["history"]

    def _last(self) -> tuple[Path, dict[str, Any]] | None:
        """Return the last whole checkpoint and its record, compared with its checksums."""
        # A folder that is a checkpoint of PyTorch's itself, or holds them, is somebody's work.
        for other in [self.folder, *sorted(self.folder.glob("epoch-*"))]:
            if (other / _METADATA).exists() and not (other / _RECORD).exists():
                raise ZsbirError(
                    f"{other} is a checkpoint of PyTorch, but not one of this library's "
                    f"trainings, and stays as it is: give another folder as "
                    f"{argument('checkpoint')}"
                )
        places = sorted(path.parent for path in self.folder.glob(f"epoch-*/{_RECORD}"))
        if not places:
            return None
        record = _read(places[-1])
        if differences := _differences(record["about"], self.about):
            raise OptionsChangedError(
                f"{self.folder} holds checkpoints of another training ({differences}): give its "
                f"method, options and features as before, or another folder as "
                f"{argument('checkpoint')}"
            )
        return places[-1], record

    def _finish(self, draft: Path, place: Path, record: dict[str, Any]) -> None:
        """Give a whole checkpoint its checksums and its name, and remove those before."""
        files = sorted(path for path in draft.iterdir() if path.is_file())
        record["files"] = {path.name: sha256(path) for path in files}
        record["sha256"] = digest_of(record)
        with (draft / _RECORD).open("w", encoding="utf-8") as stream:
            json.dump(record, stream)
            stream.flush()
            os.fsync(stream.fileno())
        before = [path.parent for path in self.folder.glob(f"epoch-*/{_RECORD}")]
        draft.rename(place)
        for old in before:
            old.rename(draft)  # half of one must not pass for a checkpoint
            _empty(draft)
        with suppress(OSError):
            draft.rmdir()


@contextmanager
def checkpointing(folder: Path, about: Mapping[str, Any]) -> Iterator[None]:
    """Let `zsbir_lib.methods.training.train` keep its state in a folder within the block.

    Parameters
    ----------
    folder
        Where; it is made.
    about
        Everything that the training depends on.

    Raises
    ------
    ZsbirError
        If there can be no such folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ZsbirError(
            f"cannot write checkpoints to {folder}: {error.strerror}; give another folder as "
            f"{argument('checkpoint')}"
        ) from None
    plain = json.loads(json.dumps(about, sort_keys=True, default=str))
    token = _current.set(Checkpoints(folder, plain))
    try:
        yield
    finally:
        _current.reset(token)


def current_checkpoints() -> Checkpoints | None:
    """Return where a training is to keep its state at present, if it is to."""
    return _current.get()


def _first_of_all(work: Callable[[], Any]) -> Any:
    """Let the first process work, and return what it returns, or raise what it raises, in all."""
    if world().size == 1:
        return work()
    answer: Any = None
    if world().rank == 0:
        try:
            answer = work()
        except (OSError, ZsbirError) as error:
            answer = error
    answer = world().broadcast(answer)
    if isinstance(answer, Exception):
        raise answer
    return answer


def _read(place: Path) -> dict[str, Any]:
    """Return the record of a checkpoint that is as it was written."""
    try:
        record = json.loads((place / _RECORD).read_text(encoding="utf-8"))
        if record["format"] != _FORMAT:
            raise _unread(place, f"its format is {record['format']!r}, not {_FORMAT}")
        if record.pop("sha256") != digest_of(record):
            raise _damaged(place, _RECORD, "is not as it was written")
    except (AttributeError, LookupError, TypeError, UnicodeError, json.JSONDecodeError):
        raise _damaged(place, _RECORD, "is not as it was written") from None
    except OSError as error:
        raise _unread(place, error) from None
    for name, digest in record["files"].items():
        try:
            if sha256(place / name) != digest:
                raise _damaged(place, name, "is not as it was written")
        except FileNotFoundError:
            raise _damaged(place, name, "is missing") from None
        except OSError as error:
            raise _unread(place, error) from None
    return record


def _damaged(place: Path, name: str, how: str) -> ZsbirError:
    # There is one before only where a job was killed between a new one's name and its removal.
    before = [path.parent.name for path in place.parent.glob(f"epoch-*/{_RECORD}")]
    before = sorted(name for name in before if name < place.name)
    then = f"goes on from {before[-1]}" if before else "begins anew"
    return ZsbirError(
        f"the checkpoint {place} is damaged ({name} {how}): remove that folder, and the training "
        f"{then}"
    )


def _unread(place: Path, error: object) -> ZsbirError:
    reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
    return ZsbirError(
        f"cannot go on from the checkpoint {place} with this version of the library and PyTorch "
        f"{torch.__version__} ({reason[0].strip()}): use those that wrote it, or give another "
        f"folder as {argument('checkpoint')}"
    )


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Say in a few words in what a training is another; nothing if it is the same."""
    if before == now:
        return ""
    if before.get("method") != now.get("method"):
        return f"method {before.get('method')}, now {now.get('method')}"
    known, given = before.get("parameters", {}), now.get("parameters", {})
    settings = [
        f"{name}={known.get(name)}, now {given.get(name)}"
        for name in sorted({*known, *given})
        if known.get(name) != given.get(name)
    ]
    if before.get("pairs") != now.get("pairs"):
        settings.append("other features or pairs")
    return "; ".join(settings) or "another version of the method"


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


def _empty(draft: Path) -> None:
    """Make a folder, or empty the one that a killed job has left, of this library's files alone."""
    draft.mkdir(parents=True, exist_ok=True)
    ours = [draft / _RECORD, draft / _METADATA, draft / f"{_METADATA}.tmp"]
    for path in [*ours, *draft.glob("*.distcp")]:
        path.unlink(missing_ok=True)
