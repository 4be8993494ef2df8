"""A fitted method as a file: safetensors, with hyper-parameters and a checksum in its header."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from zsbir_lib.devices import choose_device
from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import atomic_path, load_tensors
from zsbir_lib.methods.base import RetrievalMethod, all_finite, create_method

_FORMAT = 2  # the first one had no checksum, and named a device


def save_method(
    method: RetrievalMethod, path: str | os.PathLike, metadata: Mapping[str, Any]
) -> None:
    """Write a fitted method; see `RetrievalMethod.save`.

    Parameters
    ----------
    method
        The method.
    path
        The file.
    metadata
        What else to keep about it, JSON values.

    Raises
    ------
    ZsbirError
        If the method is not fitted, or the file cannot be written.
    """
    parameters = {name: v for name, v in method.get_params().items() if name != "device"}
    header = {"format": _FORMAT, "method": method.name, "parameters": parameters, **metadata}
    text = json.dumps(header, sort_keys=True, default=_as_json)
    # An empty file of tensors is not valid everywhere, so one number is always there.
    state = {"format": torch.tensor([_FORMAT]), **method._get_state()}
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    try:
        with atomic_path(path) as temporary:
            save_file(state, temporary, metadata={"zsbir": text, "sha256": _checksum(text, state)})
    except (OSError, SafetensorError) as error:
        raise ZsbirError(f"cannot write the model {path}: {error}") from None


def load_method(
    path: str | os.PathLike, device: str | torch.device | None = None
) -> tuple[RetrievalMethod, dict[str, Any]]:
    """Read a method that `RetrievalMethod.save` wrote.

    Parameters
    ----------
    path
        The file.
    device
        Where a method with a network is to compute; see `zsbir_lib.devices.choose_device`.
        Wherever it was fitted, it loads on any machine.

    Returns
    -------
    method : RetrievalMethod
        Ready to encode.
    metadata : dict
        What else was saved about it.

    Raises
    ------
    ZsbirError
        If the file is absent, damaged, or holds something else, or the device is not there.
    """
    path = Path(path)
    if device is not None:
        choose_device(device)
    text, checksum, state = _read(path)
    try:
        header = json.loads(text or "null")
    except ValueError:
        raise _damaged(path) from None
    if not isinstance(header, dict) or not isinstance(header.get("method"), str):
        raise ZsbirError(f"{path} holds no model: write one with `zsbir train --out {path}`")
    version = header.pop("format", 1)
    if version not in (1, _FORMAT):
        raise ZsbirError(f"the model {path} has format {version!r}: update this library")
    if (checksum or version == _FORMAT) and checksum != _checksum(text, state):
        raise _damaged(path)
    name, parameters = header.pop("method"), header.pop("parameters", {})
    if not isinstance(parameters, dict):
        raise _damaged(path)
    parameters.pop("device", None)
    method = create_method(name, **parameters)
    if device is not None and "device" in method.get_params():
        method.set_params(device=str(device))
    state.pop("format", None)
    try:
        method.check_parameters()
        method._set_state(state)
        if not all_finite(method._get_state()):
            raise ValueError("it holds NaN or infinity")
        _try_out(method)
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as e:
        reason = str(e).split("\n")[0]
        raise ZsbirError(f"the model {path} does not fit this version: {reason}") from None
    return method, header


def _read(path: Path) -> tuple[str | None, str | None, dict[str, Tensor]]:
    """Return the header, the checksum, and the tensors of a file."""
    state, metadata = load_tensors(path, "model")
    return metadata.get("zsbir"), metadata.get("sha256"), state


def _try_out(method: RetrievalMethod) -> None:
    """Encode one blank feature of each kind: parts that do not fit each other show themselves."""
    if method.needs_pairs:
        for kind, encode in (("sketch", "encode_sketches"), ("photo", "encode_photos")):
            try:
                width = method._width(kind)
            except AttributeError:
                return  # a method of someone else, which need not say
            getattr(method, encode)(torch.zeros(1, width))


def _checksum(text: str | None, state: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of the header and of all tensors, with their names, types and shapes."""
    digest = hashlib.sha256((text or "").encode())
    for name, tensor in sorted(state.items()):
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _damaged(path: Path) -> ZsbirError:
    return ZsbirError(f"the model {path} is damaged (its checksum is another): train it again")


def _as_json(value: Any) -> Any:
    """Return the number of the standard library for one of NumPy or PyTorch."""
    if hasattr(value, "item"):
        return value.item()
    raise ZsbirError(f"a model keeps JSON values only, not {value!r}")
