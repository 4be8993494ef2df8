"""Write a folder that answers drawings in a browser, with no server behind it."""

from __future__ import annotations

import base64
import copy
import inspect
import io
import json
import os
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from zsbir_lib.defaults import DEFAULT_METHOD
from zsbir_lib.devices import threads
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Backbone, FeatureSet, Pairs
from zsbir_lib.methods import RetrievalMethod, create_method
from zsbir_lib.methods.ours import OursGallery
from zsbir_lib.retrieval import DiffusionIndex, kmeans
from zsbir_lib.web.folder import PageFolder, named
from zsbir_lib.web.networks import check_packages, fold_batch_norms, onnx_bytes, round_weights
from zsbir_lib.web.page_format import ENTRY, FORMAT

PAGE_METHODS = (DEFAULT_METHOD, "ours", "cvae", "sae", "triplet-coarse", "cosine")
"""The best on held-out seen classes comes first, since the page begins with it."""
WEIGHTS = (0.0, 1.0, 10.0, 100.0)
SAMPLES = (5, 20, 50, 100, 200)
MOST_CENTRES = 8
THUMBNAIL = 64
COLUMNS = 50
_NARROW = 1024
"""Networks on features with fewer numbers are so small that threads only wait for each other."""


def open_page_folder(folder: str | os.PathLike) -> PageFolder:
    """Return the folder for a page, after looking whether one can be written there.

    Raises
    ------
    ZsbirError
        If not, or the packages of the extra ``web`` are missing.
    """
    check_packages()
    return PageFolder(folder, [*scripts(), ENTRY])


def export_web(
    folder: str | os.PathLike,
    features: FeatureSet,
    backbone: Backbone,
    photos: Sequence[Image.Image],
    labels: Sequence[str],
    *,
    examples: Mapping[str, Image.Image],
    methods: Sequence[str] = PAGE_METHODS,
    weights: Sequence[float] = WEIGHTS,
    seed: int = 0,
    certainty: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Fit methods and write a folder that retrieves with them in a browser.

    Serve it with any static server and open ``index.html``; or let a page of yours load
    ``draw.js``, and call its ``mount(element)``.

    Parameters
    ----------
    folder
        Made, or brought up to date if it was written by this function before: what it holds is
        usable at every moment. Where it is a link, what that leads to.
    features
        What the methods are fitted on: the seen classes of its split.
    backbone
        What made the features; the page runs its network for sketches on drawings.
    photos, labels
        The gallery and the class of each photo. None may be a seen class.
    examples
        Sketches to start from, by name.
    methods
        Names of methods with a `zsbir_lib.methods.RetrievalMethod.query_network`; the first is
        chosen when the page opens.
    weights
        Weights of the regulariser: one generative method is fitted for each.
    seed
        Of training and of the latent vectors.
    certainty
        By method, what `zsbir_lib.web.certainty.Certainty` says of it: below its threshold the
        page says "not sure". Of a method that is not there it says that this was not counted.

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
    target = open_page_folder(folder)
    if len(photos) != len(labels) or not photos:
        raise ZsbirError(f"{len(photos)} photos with {len(labels)} class names")
    if known := sorted(set(labels) & set(features.split.seen)):
        raise ZsbirError(f"{known[0]} is a seen class: the gallery is for unseen ones")
    for name in methods:
        check_runs_in_page(name)
    with threads(1 if backbone.dim < _NARROW else None):
        files, model = _compute(features.pairs(), backbone, photos, labels, methods, weights, seed)
    for name, counted in (certainty or {}).items():
        model["methods"][name]["certainty"] = dict(counted)
    model["examples"] = {name: _png(picture) for name, picture in examples.items()}
    entry = json.dumps(model, separators=(",", ":")).encode("utf-8")
    target.write({**files, **scripts(), ENTRY: entry})
    return model


def check_runs_in_page(name: str) -> None:
    """Raise a `ZsbirError` before any training if a page cannot run a method."""
    method = type(create_method(name))
    if method.query_network is RetrievalMethod.query_network:
        create_method(name).query_network()  # says why
    if method.index not in (RetrievalMethod.index, OursGallery.index):
        raise ZsbirError(
            f"a page cannot run {name!r}: it ranks by more than cosine distances and a graph"
        )


def scripts() -> dict[str, bytes]:
    """Return the files that every page holds, by name."""
    web = resources.files("zsbir_lib.web") / "assets"
    pad = resources.files("zsbir_lib.widgets")
    found = [
        *(pad / name for name in ("sketchpad.js", "sketchpad.css")),
        *sorted((web / "runtime").iterdir(), key=lambda file: file.name),
        *sorted((file for file in web.iterdir() if file.is_file()), key=lambda file: file.name),
    ]
    return {file.name: file.read_bytes() for file in found}


class Files(dict[str, bytes]):
    """Files of a page by name."""

    def keep(self, name: str, data: bytes) -> str:
        """Add a file under a name that tells its contents from others', and return that."""
        self[named(name, data)] = data
        return named(name, data)


def _compute(
    pairs: Pairs,
    backbone: Backbone,
    photos: Sequence[Image.Image],
    labels: Sequence[str],
    methods: Sequence[str],
    weights: Sequence[float],
    seed: int,
) -> tuple[Files, dict[str, Any]]:
    """Return the files of a page, and what ``model.json`` says about them."""
    files, side, names = Files(), backbone.input_size, sorted(set(labels))
    network = round_weights(fold_batch_norms(backbone.for_sketches().module))
    found = backbone.features(photos)
    model: dict[str, Any] = {
        "format": FORMAT,
        "side": side,
        "backbone": files.keep(
            "backbone.onnx", onnx_bytes(network, {"pixels": torch.zeros(1, 3, side, side)})
        ),
        "photos": len(photos),
        "classes": names,
        "labels": [names.index(label) for label in labels],
        "thumbnail": THUMBNAIL,
        "columns": COLUMNS,
        "thumbnails": files.keep("thumbnails.webp", _sprite(photos)),
        "map": _project(files, found),
        "methods": {},
    }
    for name in methods:
        # One for each weight of the regulariser, where a method has one.
        options = create_method(name).get_params()
        own = {"seed": seed} if "seed" in options else {}
        has_weight = "reconstruction_weight" in options
        variants = [{"reconstruction_weight": w} for w in weights] if has_weight else [{}]
        fitted = [create_method(name, **own, **v).fit(pairs, progress=False) for v in variants]
        # A generative method says so by what its network takes.
        if _generates(fitted[0]):
            model["methods"][name] = _common_entry(files, fitted[-1], found) | _generators(
                files, name, fitted, variants, found, model["map"]
            )
        else:
            model["methods"][name] = method_entry(files, fitted[0], found)
    return files, model


def _generates(method: RetrievalMethod) -> bool:
    return "z" in inspect.signature(method.query_network().forward).parameters


def _common_entry(files: Files, method: RetrievalMethod, found: Tensor) -> dict[str, Any]:
    gallery, width = _rows(method.encode_photos(found))
    kept = files.keep(f"{method.name}.gallery", gallery)
    return {"title": method.title, "width": width, "gallery": kept}


def method_entry(files: Files, method: RetrievalMethod, found: Tensor) -> dict[str, Any]:
    """Add the files of a fitted method; return what ``model.json`` says about it.

    Parameters
    ----------
    files
        Where they are added.
    method
        One whose query network takes the feature of a sketch, and nothing else.
    found
        Features of the gallery, shape (n, d).

    Raises
    ------
    ZsbirError
        If its network takes latent vectors, as those of generative methods do.
    """
    if _generates(method):
        raise ZsbirError(
            f"a page of your photos cannot run {method.name!r}, which generates features: use "
            "cosine, sae or ours"
        )
    entry = _common_entry(files, method, found)
    data = onnx_bytes(_rounded_copy(method), {"feature": torch.zeros(1, found.shape[1])})
    entry["network"] = files.keep(f"{method.name}.onnx", data)
    index = method.index(found)
    if isinstance(index, DiffusionIndex):
        entry["diffusion"] = _diffusion(files, method.name, index)
    return entry


def _rounded_copy(method: RetrievalMethod) -> nn.Module:
    """Return a method's query network with rounded weights, on the CPU; the method keeps its."""
    return round_weights(copy.deepcopy(method.query_network()).cpu().eval())


def _generators(
    files: Files,
    name: str,
    fitted: Sequence[Any],
    variants: Sequence[Mapping[str, float]],
    found: Tensor,
    map_: Mapping[str, Any],
) -> dict[str, Any]:
    """Add one decoder for each weight of the regulariser; return what they have in common too."""
    z = fitted[0].latents(max(SAMPLES)).cpu()
    generators = []
    for method, variant in zip(fitted, variants, strict=True):
        weight = variant.get("reconstruction_weight", 0.0)
        inputs = {"feature": torch.zeros(1, found.shape[1]), "z": z}
        # The way back to the sketch, for comparing in the space of sketches.
        back, _ = _rows(method.sketches_of(found))
        network = onnx_bytes(_rounded_copy(method), inputs, ("z",))
        generators.append({
            "weight": weight,
            "network": files.keep(f"{name}-{weight:g}.onnx", network),
            "back": files.keep(f"{name}-{weight:g}.back", back),
        })  # fmt: skip
    # Lloyd's algorithm begins where the library's does: at the centres of the latent vectors.
    starts = [
        kmeans(z[None, :count], k).centres[0]
        for count in SAMPLES
        for k in range(1, MOST_CENTRES + 1)
        if k <= count
    ]
    photo_mean, sketch_mean = fitted[0].means_.cpu()
    return {
        "generators": generators,
        "latents": files.keep("latents.f32", _floats(torch.cat([z, *starts]))),
        "latent_dim": z.shape[1],
        "samples": list(SAMPLES),
        "most_centres": MOST_CENTRES,
        "sketch_mean": _numbers(sketch_mean),
        "sketch_scale": float(fitted[0].scales_[1]),
        # Generated features are about the mean photo of the pairs, the map about the gallery's.
        "map_shift": _numbers(torch.tensor(map_["axes"]) @ (photo_mean - found.mean(dim=0))),
    }


def _diffusion(files: Files, name: str, index: DiffusionIndex) -> dict[str, Any]:
    """Add the graph along which scores spread; return how they do."""
    graph = index.graph
    parts = (graph.indptr.astype("<u4"), graph.indices.astype("<u4"), graph.data.astype("<f4"))
    return {
        "graph": files.keep(f"{name}.graph", b"".join(part.tobytes() for part in parts)),
        "alpha": index.diffusion,
        "temperature": index.temperature,
        "steps": index.n_steps,
    }


def _rows(rows: Tensor) -> tuple[bytes, int]:
    """Return directions as whole numbers, since a cosine needs no lengths, and their width."""
    values = rows.detach().cpu().numpy()
    scale = np.abs(values).max(axis=1, keepdims=True)
    whole = np.rint(values / np.where(scale > 0, scale, 1) * 127).astype(np.int8)
    return whole.tobytes(), values.shape[1]


def _floats(values: Tensor) -> bytes:
    return values.numpy().astype("<f4").tobytes()


def _project(files: Files, found: Tensor) -> dict[str, Any]:
    """Return the two directions in which the gallery varies most, and add where photos lie."""
    mean = found.mean(dim=0)
    axes = torch.linalg.svd(found - mean, full_matrices=False).Vh[:2]
    places = files.keep("map.f32", _floats((found - mean) @ axes.T))
    return {"places": places, "mean": _numbers(mean), "axes": [_numbers(axis) for axis in axes]}


def _sprite(photos: Sequence[Image.Image]) -> bytes:
    rows = -(-len(photos) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * THUMBNAIL, rows * THUMBNAIL))
    for i, photo in enumerate(photos):
        small = photo.convert("RGB").resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
        sheet.paste(small, (i % COLUMNS * THUMBNAIL, i // COLUMNS * THUMBNAIL))
    data = io.BytesIO()
    sheet.save(data, "WEBP", quality=60, method=4)
    return data.getvalue()


def _png(picture: Image.Image) -> str:
    data = io.BytesIO()
    picture.convert("L").save(data, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


def _numbers(vector: Tensor) -> list[float]:
    return [round(float(value), 6) for value in vector]
