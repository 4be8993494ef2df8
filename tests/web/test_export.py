"""The folder that `zsbir export web` writes."""

import json

import numpy as np
import pytest
from PIL import Image

from zsbir_lib.cli import main
from zsbir_lib.datasets import load_dataset
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import extract_features, load_backbone
from zsbir_lib.web import export_toybox_page, export_web
from zsbir_lib.web.export import SAMPLES, THUMBNAIL


@pytest.fixture(scope="module")
def toybox():
    return load_dataset("toybox", progress=False)


@pytest.fixture(scope="module")
def backbone():
    return load_backbone("toynet")


@pytest.fixture(scope="module")
def features(toybox, backbone):
    return extract_features(toybox, backbone, progress=False)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    pytest.importorskip("onnxscript")
    folder = tmp_path_factory.mktemp("web") / "page"
    return folder, export_toybox_page(folder, per_class=3, methods=("cosine", "sae"))


def test_the_page_is_complete_and_says_what_it_holds(page):
    folder, model = page
    assert json.loads((folder / "model.json").read_text()) == model
    assert set(model["methods"]) == {"cosine", "sae"}
    assert len(model["labels"]) == 63
    for entry in model["methods"].values():
        assert (folder / entry["network"]).stat().st_size > 100
        rows = np.fromfile(folder / entry["gallery"], np.int8)
        assert rows.size == 63 * entry["width"]
        assert np.abs(rows.reshape(63, -1)).max(axis=1).min() == 127
    for name in ("index.html", "draw.js", "worker.js", "engine.js", "sw.js", "sketchpad.js"):
        assert (folder / name).is_file()
    with Image.open(folder / "thumbnails.webp") as sprite:
        assert sprite.size == (model["columns"] * THUMBNAIL, 2 * THUMBNAIL)


def test_the_page_asks_nothing_of_other_machines(page):
    folder, _ = page
    for name in ("index.html", "draw.js", "worker.js", "engine.js", "sw.js", "draw.css"):
        assert "//" not in "".join(
            line.split("// ")[0] for line in (folder / name).read_text().splitlines()
        ), name


def test_directions_of_the_map_are_orthonormal(page):
    _, model = page
    axes = np.array(model["map"]["axes"])
    assert np.allclose(axes @ axes.T, np.eye(2), atol=1e-4)


def test_writing_again_replaces_the_page_and_nothing_else(page, features, backbone, toybox):
    folder, _ = page
    rows = [i for i, label in enumerate(toybox.photo_labels)
            if toybox.class_names[label] == "pear"][:2]  # fmt: skip
    model = export_web(
        folder, features, backbone, [toybox.photo(i) for i in rows], ["pear", "pear"],
        examples={}, methods=("cosine",),
    )  # fmt: skip
    assert not (folder / "sae.onnx").exists()
    assert model["labels"] == [0, 0]
    other = folder.parent / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("years of work")
    with pytest.raises(ZsbirError, match="holds other files"):
        export_web(other, features, backbone, [toybox.photo(0)], ["pear"], examples={})
    assert [file.name for file in other.iterdir()] == ["thesis.tex"]


def test_a_seen_class_in_the_gallery_is_refused(features, backbone, toybox, tmp_path):
    with pytest.raises(ZsbirError, match="camel is a seen class"):
        export_web(tmp_path / "x", features, backbone, [toybox.photo(0)], ["camel"], examples={})
    assert not (tmp_path / "x").exists()


def test_photos_and_labels_must_match(features, backbone, toybox, tmp_path):
    with pytest.raises(ZsbirError, match="1 photos with 2 class names"):
        export_web(tmp_path / "x", features, backbone, [toybox.photo(0)], ["pear"] * 2, examples={})


def test_every_start_of_kmeans_has_its_place(features, backbone, toybox, tmp_path):
    pytest.importorskip("onnxscript")
    photo = toybox.photo(0)
    model = export_web(
        tmp_path / "x", features, backbone, [photo], ["pear"], examples={}, methods=("cvae",),
        weights=(1.0,),
    )  # fmt: skip
    entry = model["methods"]["cvae"]
    numbers = np.fromfile(tmp_path / "x" / "latents.f32", "<f4")
    starts = sum(min(entry["most_centres"], count) * (min(entry["most_centres"], count) + 1) // 2
                 for count in SAMPLES)  # fmt: skip
    assert numbers.size == (max(SAMPLES) + starts) * entry["latent_dim"]


def test_the_command_refuses_a_folder_with_other_files(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["export", "web", "--out", str(tmp_path), "--per-class", "1"]) == 2
    assert "holds other files" in capsys.readouterr().err
