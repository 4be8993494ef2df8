"""Fitted methods in the store: fitted once for the same method, settings and pairs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from torch import Tensor

from zsbir_lib.features import FeatureSet, Pairs
from zsbir_lib.methods.base import RetrievalMethod
from zsbir_lib.methods.saving import load_method
from zsbir_lib.store import Draft, Store

_PIECE = "model.safetensors"


def kept_method(
    method: RetrievalMethod,
    features: FeatureSet,
    metadata: Mapping[str, Any],
    *,
    root: Path | None = None,
) -> tuple[RetrievalMethod, Path, bool]:
    """Return a method fitted on the seen classes: from the store, or fitted now and kept there.

    The key holds the method's version and parameters, and the contents of the pairs. The file is
    compared with its checksum; one that is damaged is named, and the method fitted again.

    Parameters
    ----------
    method
        Not fitted.
    features
        What to fit it on.
    metadata
        What to save beside the model; see `RetrievalMethod.save`.
    root
        Folder of the store; the library's cache by default.

    Returns
    -------
    method : RetrievalMethod
        Fitted.
    path : Path
        Where it is kept.
    fitted_now : bool
        Whether it had to be fitted.
    """
    pairs = features.pairs_for(method)
    key = {
        "method": method.name,
        "class": f"{type(method).__module__}.{type(method).__qualname__}",
        "version": method.version,
        "parameters": {k: v for k, v in method.get_params().items() if k != "device"},
        "pairs": None if pairs is None else _contents(pairs),
    }
    fitted = []

    def make(draft: Draft) -> None:
        if draft.find(_PIECE) is None:
            fitted.append(method.fit(pairs))
            draft.piece(_PIECE, lambda path: method.save(path, **metadata))

    device = method.get_params().get("device")
    path = Store(root).get("models", key, make, label=method.name).path(_PIECE)
    return (method, path, True) if fitted else (load_method(path, device)[0], path, False)


def _contents(pairs: Pairs) -> str:
    """Return a digest of everything that pairs hold."""
    digest = hashlib.sha256()
    for field in fields(pairs):
        value = getattr(pairs, field.name)
        digest.update(field.name.encode())
        if isinstance(value, Tensor):
            digest.update(f"{value.dtype} {tuple(value.shape)}".encode())
            digest.update(value.cpu().contiguous().numpy().data)
        else:
            digest.update(repr(value).encode())
    return digest.hexdigest()
