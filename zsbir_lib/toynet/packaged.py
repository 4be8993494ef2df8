"""The weights of ToyNet that ship with the library: a file, its model card, and its checksum.

The card stands in the file's header, for programs, and beside it as ``.md``, for people. The
checksum stands beside it as ``.sha256``, in the form that ``sha256sum --check`` reads.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import atomic_path, load_tensors, sha256, write_text

#: The weights of ToyNet that ship with the library.
TOYNET_WEIGHTS = Path(__file__).parent / "weights" / "toynet.safetensors"
#: The weights of ``toynet-sketch``: ToyNet for photos, and its twin for sketches.
SKETCH_WEIGHTS = TOYNET_WEIGHTS.with_name("toynet-sketch.safetensors")


def packaged_weights(path: Path | None = None) -> dict[str, Tensor]:
    """Return the state dict of a file that ships, having compared it with its checksum.

    Parameters
    ----------
    path
        ``SKETCH_WEIGHTS``, say; by default ``TOYNET_WEIGHTS``.

    Raises
    ------
    ZsbirError
        If the file or its checksum is missing, or they do not agree.
    """
    path = path or TOYNET_WEIGHTS
    checksum = path.with_suffix(".sha256")
    for file in (path, checksum):
        if not file.is_file():
            raise ZsbirError(
                f"{path.stem}'s weights are not complete, {file} is missing: install zsbir anew, "
                "or run `zsbir toynet train --packaged` to make them"
            )
    promised = checksum.read_text(encoding="utf-8", errors="replace").split()[:1]
    if promised != [sha256(path)]:
        raise ZsbirError(
            f"{path.stem}'s weights are damaged, {path} does not have the checksum in "
            f"{checksum.name}: install zsbir anew, or run `zsbir toynet train --packaged`"
        )
    return load_file(path)


def write_checksum(path: Path) -> None:
    """Write the SHA-256 of a weight file beside it."""
    write_text(path.with_suffix(".sha256"), f"{sha256(path)}  {path.name}\n")


def save_toynet(path: str | os.PathLike, network: nn.Module, card: Mapping[str, Any]) -> None:
    """Write the weights as float16 safetensors, with a model card in the header.

    Parameters
    ----------
    path
        Where to; written beside it first, so it is never half-written.
    network
        ToyNet with or without its classifier, or a ``ModuleDict`` of ``photo`` and ``sketch``.
    card
        What the network saw, how well it does, ...: anything that JSON can hold.

    Raises
    ------
    ZsbirError
        If a weight is NaN or too large for float16, or the file cannot be written.
    """
    state = {}
    for name, tensor in network.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue  # Used by nothing after training.
        state[name] = tensor.detach().cpu().half().contiguous()
        if not torch.isfinite(state[name]).all():
            raise ZsbirError(f"{name} holds numbers that float16 cannot hold: nothing is written")
    metadata = {"format": "pt", "card": json.dumps(dict(card), sort_keys=True)}
    try:
        with atomic_path(path) as temporary:
            save_file(state, temporary, metadata=metadata)
    except (OSError, SafetensorError) as error:
        raise ZsbirError(f"cannot write the weights to {path}: {error}") from None


def read_toynet_card(path: str | os.PathLike) -> dict[str, Any]:
    """Return the model card that `save_toynet` put into a weight file.

    Raises
    ------
    ZsbirError
        If the file is missing, damaged, or has no card.
    """
    _, metadata = load_tensors(path, "weight file")
    try:
        return json.loads(metadata["card"])
    except KeyError:
        raise ZsbirError(f"{path} has no model card: `zsbir toynet train` writes one") from None
    except ValueError as error:
        raise ZsbirError(f"the model card in {path} is damaged: {error}") from None
