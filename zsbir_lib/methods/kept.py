"""Fitted methods in the store: fitted once for the same method, settings and pairs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from zsbir_lib import __version__
from zsbir_lib.features import FeatureSet, Pairs
from zsbir_lib.files import load_tensors
from zsbir_lib.methods.base import RetrievalMethod
from zsbir_lib.methods.saving import load_method
from zsbir_lib.retrieval import DiffusionIndex, Index
from zsbir_lib.store import Draft, Store

_PIECE, _INDEX = "model.safetensors", "index.safetensors"
_INDICES = (Index, DiffusionIndex)  # whose state is known
SHIPPED = Path(str(files("zsbir_lib"))) / "shipped"
"""A store that comes with the library, of the gallery that a first drawing is answered from.

``tools/ship_gallery.py`` makes it. What is not asked for by the very key is not found there."""

_FORMAT = 1  # of a kept index: raise it when its meaning, or how it is made, changes


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
    key = {**identity(method), "pairs": None if pairs is None else contents(pairs)}
    fitted = []

    def make(draft: Draft) -> None:
        if draft.find(_PIECE) is None:
            fitted.append(method.fit(pairs))
            draft.piece(_PIECE, lambda path: method.save(path, **metadata))

    device = method.get_params().get("device")
    path = Store(root).get("models", key, make, label=method.name).path(_PIECE)
    return (method, path, True) if fitted else (load_method(path, device)[0], path, False)


def keep_gallery(
    method: RetrievalMethod,
    index: Index,
    about: Mapping[str, Any],
    metadata: Mapping[str, Any],
    *,
    root: Path | None = None,
) -> None:
    """Keep a fitted method, and a gallery as it has prepared it, for `kept_gallery`.

    Parameters
    ----------
    method
        Fitted.
    index
        What its `index` returned. One of a kind of its own is not kept.
    about
        All that both depend on beside the method, as JSON values: the features by
        `zsbir_lib.features.extraction.kept_features_id`, say.
    metadata
        What to save beside the model.
    root
        Folder of the store; the library's cache by default. `SHIPPED` is one.
    """
    if type(index) not in _INDICES:
        return

    def make(draft: Draft) -> None:
        draft.piece(_PIECE, lambda path: method.save(path, **metadata))
        state = {name: value.contiguous() for name, value in index.state().items()}
        draft.piece(_INDEX, lambda path: save_file(state, path, {"kind": type(index).__name__}))

    Store(root).get("galleries", _gallery_key(method, about), make, label=method.name)


def kept_gallery(
    method: RetrievalMethod, about: Mapping[str, Any], *, root: Path | None = None
) -> tuple[RetrievalMethod, Index] | None:
    """Return the fitted method and the gallery that `keep_gallery` kept; None if not there.

    Both are compared with their checksums. Nothing else is read: no feature, and no image.

    Parameters
    ----------
    method
        Not fitted.
    about, root
        As for `keep_gallery`.
    """
    entry = Store(root).find("galleries", _gallery_key(method, about))
    if entry is None:
        return None
    device = method.get_params().get("device")
    fitted, _ = load_method(entry.path(_PIECE), device)
    state, metadata = load_tensors(entry.path(_INDEX), "gallery")
    kind = next(one for one in _INDICES if one.__name__ == metadata["kind"])
    # Features lie on the CPU, and a gallery is searched there.
    return fitted, kind.from_state(state, torch.device("cpu"))


def _gallery_key(method: RetrievalMethod, about: Mapping[str, Any]) -> dict[str, Any]:
    return {**identity(method), "about": about, "format": _FORMAT, "zsbir": __version__}


def identity(method: RetrievalMethod) -> dict[str, Any]:
    """Return what a fitted method depends on beside the pairs; the device is none of it."""
    return {
        "method": method.name,
        "class": f"{type(method).__module__}.{type(method).__qualname__}",
        "version": method.version,
        "parameters": {k: v for k, v in method.get_params().items() if k != "device"},
    }


def contents(pairs: Pairs) -> str:
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
