"""Real photos, a real network, and real sketches of what is on the photos."""

import os
from pathlib import Path

import numpy as np
import pytest

from zsbir_lib.datasets import Sketchy
from zsbir_lib.drawings import crop_ink, find_ink, redraw_ink
from zsbir_lib.features import load_backbone
from zsbir_lib.gallery import PhotoGallery, PhotoIndex, index_photos

SHARED = Path(__file__).resolve().parents[3] / "shared"
SKETCHY = Path(os.environ.get("ZSBIR_SKETCHY_ROOT", SHARED / "sketchy25"))
SQUEEZENET = Path(
    os.environ.get(
        "ZSBIR_SQUEEZENET_WEIGHTS",
        SHARED / "weights" / "squeezenet1_1_imagenet_features.safetensors",
    )
)
CLASSES, PHOTOS, SKETCHES = 5, 12, 5


@pytest.mark.real_data
@pytest.mark.slow
def test_sketches_find_real_photos_better_than_chance(tmp_path):
    for path in (SKETCHY, SQUEEZENET):
        if not path.exists():
            pytest.skip(f"{path} is not here: set ZSBIR_SKETCHY_ROOT and ZSBIR_SQUEEZENET_WEIGHTS")
    dataset = Sketchy(SKETCHY, split=None)
    held_out = dataset.inner_split().unseen[:CLASSES]
    drawings, names = [], []
    (tmp_path / "photos").mkdir()
    for name in held_out:
        label = dataset.class_names.index(name)
        for row in np.flatnonzero(dataset.photo_labels == label)[:PHOTOS].tolist():
            place = tmp_path / "photos" / name / Path(dataset.photo_path(row)).name
            place.parent.mkdir(exist_ok=True)
            place.symlink_to(dataset.photo_path(row))
        for row in np.flatnonzero(dataset.sketch_labels == label)[:SKETCHES].tolist():
            drawings.append(crop_ink(find_ink(dataset.sketch(row), "it"), "it"))
            names.append(name)
    backbone = load_backbone("squeezenet1_1", SQUEEZENET, device="cpu")
    report = index_photos(tmp_path / "photos", tmp_path / "index", backbone, follow_links=True)
    assert (report.photos, report.unreadable) == (CLASSES * PHOTOS, {})
    gallery = PhotoGallery(PhotoIndex(tmp_path / "index"), backbone)
    size, style = gallery.pen()
    queries = backbone.features([redraw_ink(ink, size=size, style=style) for ink in drawings])
    found = gallery.search(gallery.method.encode_sketches(queries), 5).indices.tolist()
    right = [gallery.class_name(row) == name for name, rows in zip(names, found, strict=True)
             for row in rows]  # fmt: skip
    assert np.mean(right) > 1.25 / CLASSES
