"""The page of the Toybox: methods learn from seen classes, the gallery holds unseen ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from zsbir_lib.datasets import load_dataset
from zsbir_lib.datasets.toybox.generation import Pictures
from zsbir_lib.datasets.toybox.recipe import Counts, Recipe
from zsbir_lib.defaults import TOYBOX_NETWORK
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import FeatureSet, extract_features, load_backbone
from zsbir_lib.methods import METHODS
from zsbir_lib.methods.generative import GenerativeMethod
from zsbir_lib.web.certainty import own_sketches, packaged
from zsbir_lib.web.export import PAGE_METHODS, export_web, open_page_folder

EXAMPLES = ("giraffe", "windmill", "pear", "scissors", "rhinoceros", "wheelchair", "tree", "bat")


def gallery(
    classes: tuple[str, ...], per_class: int, progress: bool | None = None
) -> tuple[list[Image.Image], list[str]]:
    """Return photos of some classes and the class of each; drawn once, then read from the cache.

    Parameters
    ----------
    classes
        Which.
    per_class
        Photos of each: the first instances of the Toybox, so those of its sizes are among them.
    progress
        Show a progress bar while drawing; by default on a terminal only.
    """
    recipe = Recipe({name: Counts(per_class, 1, 1) for name in classes})
    pictures = Pictures(recipe, "gallery", progress=progress)
    photos, labels = [], []
    for name in classes:
        stack = pictures.of(name, "photos")
        photos += [Image.fromarray(pixels) for pixels in stack]
        labels += [name] * len(stack)
    return photos, labels


def export_toybox_page(
    folder: str | Path, *, per_class: int = 100, progress: bool | None = None, **options: Any
) -> dict[str, Any]:
    """Write the page of the Toybox; see `zsbir_lib.web.export_web`.

    Parameters
    ----------
    folder
        Where to.
    per_class
        Photos of each of the 21 unseen classes.
    progress
        Show progress bars; by default on a terminal only.
    **options
        Of `export_web`: ``methods``, ``weights``, ``seed``.

    Raises
    ------
    ZsbirError
        If `per_class` is below 1, or as `export_web` does.
    """
    if per_class < 1:
        raise ZsbirError(f"{per_class} photos of each class: it must be 1 or more")
    open_page_folder(folder)  # before pictures are drawn for it
    toybox = load_dataset("toybox", progress=progress)
    backbone = load_backbone(TOYBOX_NETWORK)
    features = extract_features(toybox, backbone, progress=progress)
    photos, labels = gallery(tuple(sorted(toybox.split.unseen)), per_class, progress)
    first = {
        name: int(np.argmax(toybox.sketch_labels == toybox.class_names.index(name)))
        for name in EXAMPLES
    }
    counted = certainty(features, options.get("methods", PAGE_METHODS))
    return export_web(
        folder, features, backbone, photos, labels, certainty=counted,
        examples={name: toybox.sketch(i) for name, i in first.items()}, **options,
    )  # fmt: skip


def certainty(features: FeatureSet, methods: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return when a page has to say "not sure", by method.

    It was counted on people's drawings for the backbone that ships; for another one, or another
    method, the Toybox's own sketches have to do. A generative method has settings that the reader
    changes, for each of which it would have to be counted: it is left out.

    Parameters
    ----------
    features
        Of the Toybox.
    methods
        Names.
    """
    known = packaged(features.weights_id)
    found: dict[str, Mapping[str, Any]] = {}
    for name in methods:
        if not issubclass(METHODS[name], GenerativeMethod):
            found[name] = known.get(name) or own_sketches(name, features)
    return found
