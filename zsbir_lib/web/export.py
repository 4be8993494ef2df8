"""Write a folder that answers drawings in a browser, with no server behind it."""

from __future__ import annotations

import base64
import io
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Backbone, FeatureSet
from zsbir_lib.methods import CVAE, create_method
from zsbir_lib.methods.base import RetrievalMethod
from zsbir_lib.retrieval import kmeans
from zsbir_lib.web.networks import fold_batch_norms, round_weights, write_network

METHODS = ("cvae", "cosine", "triplet-coarse", "sae", "ours")
WEIGHTS = (0.0, 1.0, 10.0, 100.0)
SAMPLES = (5, 20, 50, 100, 200)
MOST_CENTRES = 8
THUMBNAIL = 64
COLUMNS = 50
SCRIPTS = ("draw.js", "draw.css", "worker.js", "engine.js", "index.html", "sw.js")
_FORMAT = "zsbir-web-1"


def export_web(
    folder: str | Path,
    features: FeatureSet,
    backbone: Backbone,
    photos: Sequence[Image.Image],
    labels: Sequence[str],
    *,
    examples: Mapping[str, Image.Image],
    methods: Sequence[str] = METHODS,
    weights: Sequence[float] = WEIGHTS,
    seed: int = 0,
) -> dict[str, Any]:
    """Fit methods and write a folder that retrieves with them in a browser.

    Serve it with any static server and open ``index.html``; or let a page of yours load
    ``draw.js``, and call its ``mount(element)``.

    Parameters
    ----------
    folder
        Made, or replaced if it was written by this function before.
    features
        What the methods are fitted on: the seen classes of its split.
    backbone
        The network that made the features; the page runs it on drawings.
    photos, labels
        The gallery and the class of each photo. None may be a seen class.
    examples
        Sketches to start from, by name.
    methods
        Some of `METHODS`; the first is chosen when the page opens.
    weights
        Weights of the regulariser, one conditional VAE for each.
    seed
        Of training and of the latent vectors.

    Returns
    -------
    dict
        What ``model.json`` holds.

    Raises
    ------
    ZsbirError
        If the folder holds something else, a photo is of a seen class, a method cannot run in a
        page, or the packages of the extra ``web`` are missing.
    """
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()) and not (folder / "model.json").exists():
        raise ZsbirError(f"{folder} holds other files: give a new folder for the page")
    if len(photos) != len(labels) or not photos:
        raise ZsbirError(f"{len(photos)} photos with {len(labels)} class names")
    if known := sorted(set(labels) & set(features.split.seen)):
        raise ZsbirError(f"{known[0]} is a seen class: the gallery is for unseen ones")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        new = Path(temporary, "new")
        new.mkdir()
        network = round_weights(fold_batch_norms(backbone.module.cpu()))
        side = backbone.input_size
        write_network(new / "backbone.onnx", network, {"pixels": torch.zeros(1, 3, side, side)})
        found = backbone.features(photos)
        names = sorted(set(labels))
        pairs = features.pairs()
        model: dict[str, Any] = {
            "format": _FORMAT,
            "side": side,
            "classes": names,
            "labels": [names.index(label) for label in labels],
            "thumbnail": THUMBNAIL,
            "columns": COLUMNS,
            "examples": {name: _png(picture) for name, picture in examples.items()},
            "methods": {},
            "map": _project(new, found),
        }
        for name in methods:
            model["methods"][name] = (
                _write_generators(new, pairs, found, model["map"], weights, seed)
                if name == "cvae"
                else _write_method(new, create_method(name).fit(pairs, progress=False), found)
            )
        _write_sprite(new / "thumbnails.webp", photos)
        (new / "model.json").write_text(json.dumps(model, separators=(",", ":")), "utf-8")
        assets = resources.files("zsbir_lib.web") / "assets"
        for name in SCRIPTS:
            (new / name).write_bytes((assets / name).read_bytes())
        pad = resources.files("zsbir_lib.widgets")
        for name in ("sketchpad.js", "sketchpad.css"):
            (new / name).write_bytes((pad / name).read_bytes())
        for entry in (assets / "runtime").iterdir():
            (new / entry.name).write_bytes(entry.read_bytes())
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    return model


def _write_method(folder: Path, method: RetrievalMethod, found: Tensor) -> dict[str, Any]:
    """Write the network of a method and its gallery; return what the page needs to know."""
    network = round_weights(method.query_network())
    example = torch.zeros(1, found.shape[1])
    write_network(folder / f"{method.name}.onnx", network, {"feature": example})
    width = _write_rows(folder / f"{method.name}.gallery", method.encode_photos(found))
    return {"title": method.title, "network": f"{method.name}.onnx",
            "gallery": f"{method.name}.gallery", "width": width}  # fmt: skip


def _write_generators(
    folder: Path,
    pairs: Any,
    found: Tensor,
    map_: dict[str, Any],
    weights: Sequence[float],
    seed: int,
) -> dict[str, Any]:
    """Write one decoder for each weight of the regulariser, and what they have in common."""
    entries = []
    for weight in weights:
        method = CVAE(reconstruction_weight=weight, seed=seed).fit(pairs, progress=False)
        name = f"cvae-{weight:g}"
        z = method.latents(max(SAMPLES))
        write_network(
            folder / f"{name}.onnx", round_weights(method.query_network()),
            {"feature": torch.zeros(1, found.shape[1]), "z": z}, dynamic=("z",),
        )  # fmt: skip
        # The way back to the sketch, for comparing in the space of sketches.
        _write_rows(folder / f"{name}.back", method.sketches_of(found))
        entries.append({"weight": weight, "network": f"{name}.onnx", "back": f"{name}.back"})
    width = _write_rows(folder / "cvae.gallery", method.encode_photos(found))
    # Lloyd's algorithm begins where the library's does: at the centres of the latent vectors.
    starts = [
        kmeans(z[None, :count], k).centres[0]
        for count in SAMPLES
        for k in range(1, MOST_CENTRES + 1)
        if k <= count
    ]
    latents = torch.cat([z, *starts]).numpy().astype("<f4")
    (folder / "latents.f32").write_bytes(latents.tobytes())
    sketch_mean, sketch_scale = method.means_[1], method.scales_[1]
    return {
        "title": method.title, "gallery": "cvae.gallery", "width": width, "generators": entries,
        "latents": "latents.f32", "latent_dim": z.shape[1], "samples": list(SAMPLES),
        "most_centres": MOST_CENTRES, "sketch_mean": _numbers(sketch_mean),
        "sketch_scale": float(sketch_scale),
        # Generated features are about the mean photo of the pairs, the map about the gallery's.
        "map_shift": _numbers(torch.tensor(map_["axes"]) @ (method.means_[0] - found.mean(dim=0))),
    }  # fmt: skip


def _write_rows(path: Path, rows: Tensor) -> int:
    """Write directions as whole numbers: a cosine needs no lengths. Return their width."""
    values = rows.detach().numpy()
    scale = np.abs(values).max(axis=1, keepdims=True)
    whole = np.rint(values / np.where(scale > 0, scale, 1) * 127).astype(np.int8)
    path.write_bytes(whole.tobytes())
    return values.shape[1]


def _project(folder: Path, found: Tensor) -> dict[str, Any]:
    """Return the two directions in which the gallery varies most, and write where photos lie."""
    mean = found.mean(dim=0)
    axes = torch.linalg.svd(found - mean, full_matrices=False).Vh[:2]
    places = ((found - mean) @ axes.T).numpy().astype("<f4")
    (folder / "map.f32").write_bytes(places.tobytes())
    return {"mean": _numbers(mean), "axes": [_numbers(axis) for axis in axes]}


def _write_sprite(path: Path, photos: Sequence[Image.Image]) -> None:
    rows = -(-len(photos) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * THUMBNAIL, rows * THUMBNAIL))
    for i, photo in enumerate(photos):
        small = photo.convert("RGB").resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
        sheet.paste(small, (i % COLUMNS * THUMBNAIL, i // COLUMNS * THUMBNAIL))
    sheet.save(path, quality=60, method=4)


def _png(picture: Image.Image) -> str:
    data = io.BytesIO()
    picture.convert("L").save(data, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


def _numbers(vector: Tensor) -> list[float]:
    return [round(float(value), 6) for value in vector]
