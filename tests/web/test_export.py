"""The folder that `zsbir export web` writes."""

import json
import re
import time

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from zsbir_lib.cli import main
from zsbir_lib.errors import ZsbirError
from zsbir_lib.methods import METHODS, RetrievalMethod
from zsbir_lib.web import export_toybox_page, export_web
from zsbir_lib.web.export import SAMPLES, THUMBNAIL
from zsbir_lib.web.folder import PageFolder


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
    for name, entry in model["methods"].items():
        assert (folder / entry["network"]).stat().st_size > 100
        assert entry["network"].startswith(name)
        rows = np.fromfile(folder / entry["gallery"], np.int8)
        assert rows.size == 63 * entry["width"]
        assert np.abs(rows.reshape(63, -1)).max(axis=1).min() == 127
    for name in ("index.html", "draw.js", "worker.js", "engine.js", "sw.js", "sketchpad.js"):
        assert (folder / name).is_file()
    assert PageFolder(folder).damaged() == []
    with Image.open(folder / model["thumbnails"]) as sprite:
        assert sprite.size == (model["columns"] * THUMBNAIL, 2 * THUMBNAIL)


def test_the_page_asks_nothing_of_other_machines(page):
    folder, _ = page
    own = [path for path in folder.iterdir() if path.suffix in (".js", ".html", ".css")]
    assert {"index.html", "draw.js", "asking.js", "map.js"} <= {path.name for path in own}
    for path in own:
        if path.name != "ort.wasm.bundle.min.js":
            text = re.sub(r"//( .*)?$", "", path.read_text(), flags=re.MULTILINE)
            assert "//" not in text, path.name


def test_directions_of_the_map_are_orthonormal(page):
    _, model = page
    axes = np.array(model["map"]["axes"])
    assert np.allclose(axes @ axes.T, np.eye(2), atol=1e-4)


def test_writing_again_replaces_the_page_and_nothing_else(export, tmp_path):
    folder = tmp_path / "page"
    export(folder, "cosine", "sae")
    (folder / "CNAME").write_text("example.org")
    export(folder, "cosine")
    assert not list(folder.glob("sae*"))
    assert (folder / "CNAME").read_text() == "example.org"
    assert PageFolder(folder).damaged() == []


def test_a_foreign_model_is_not_touched_and_nothing_is_trained(export, tmp_path, monkeypatch):
    """A shard of somebody's model is called model.json, too."""
    (tmp_path / "model.json").write_text('{"weights": "years of work"}')
    monkeypatch.setattr(METHODS["sae"], "fit", lambda *a, **k: pytest.fail("it was trained"))
    with pytest.raises(ZsbirError, match=r"holds other files \(model\.json\)"):
        export(tmp_path, "sae")
    assert [file.name for file in tmp_path.iterdir()] == ["model.json"]


def test_the_same_export_writes_the_same_bytes(export, tmp_path):
    for name in ("a", "b"):
        export(tmp_path / name, "cvae", "triplet-coarse", weights=(1.0,), seed=3, anew=True)
    files = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}


def test_a_seed_is_that_of_every_method(export, tmp_path):
    models = [export(tmp_path / "x", "triplet-coarse", "cvae", weights=(1.0,), seed=seed)["methods"]
              for seed in (0, 1)]  # fmt: skip
    assert models[0]["triplet-coarse"]["gallery"] != models[1]["triplet-coarse"]["gallery"]
    assert models[0]["cvae"]["latents"] != models[1]["cvae"]["latents"]


def test_a_seen_class_in_the_gallery_is_refused(features, backbone, squares, tmp_path):
    with pytest.raises(ZsbirError, match="camel is a seen class"):
        export_web(tmp_path / "x", features, backbone, [squares.photo(0)], ["camel"], examples={})
    assert not (tmp_path / "x").exists()


def test_photos_and_labels_must_match(features, backbone, squares, tmp_path):
    with pytest.raises(ZsbirError, match="1 photos with 2 class names"):
        export_web(tmp_path / "x", features, backbone, [squares.photo(0)], ["pear"] * 2,
                   examples={})  # fmt: skip


@pytest.mark.parametrize(
    ("name", "reason"),
    [("dap", "a page cannot run"), ("nobody", "unknown")],
)
def test_a_method_that_no_page_can_run_is_refused_before_training(
    export, tmp_path, monkeypatch, name, reason
):
    monkeypatch.setattr(METHODS["sae"], "fit", lambda *a, **k: pytest.fail("it was trained"))
    with pytest.raises(ZsbirError, match=reason):
        export(tmp_path / "x", "sae", name)
    assert not (tmp_path / "x").exists()


def test_every_start_of_kmeans_has_its_place(export, tmp_path):
    model = export(tmp_path / "x", "cvae", weights=(1.0,))
    entry = model["methods"]["cvae"]
    numbers = np.fromfile(tmp_path / "x" / entry["latents"], "<f4")
    starts = sum(min(entry["most_centres"], count) * (min(entry["most_centres"], count) + 1) // 2
                 for count in SAMPLES)  # fmt: skip
    assert numbers.size == (max(SAMPLES) + starts) * entry["latent_dim"]


class Halves(nn.Module):
    def forward(self, feature):
        return feature[:, ::2] * 2


@pytest.fixture
def half_features(own_registries):
    """Register a method that this library does not know, for one test."""

    class HalfFeatures(RetrievalMethod):
        """Every other number of a feature."""

        name = "half/features"
        title = "Half"
        needs_pairs = False  # it learns nothing

        def __init__(self):
            pass

        def _fit(self, pairs, progress):
            pass

        def encode_sketches(self, features):
            return features[:, ::2]

        def encode_photos(self, features):
            return features[:, ::2]

        def query_network(self):
            return Halves()

    return HalfFeatures


def test_a_method_from_elsewhere_appears_in_the_page(export, features, tmp_path, half_features):
    reference = pytest.importorskip("onnx.reference")
    model = export(tmp_path / "x", half_features.name)
    entry = model["methods"][half_features.name]
    assert (entry["title"], entry["width"]) == ("Half", features.dim // 2)
    feature = torch.rand(1, features.dim)
    network = reference.ReferenceEvaluator(str(tmp_path / "x" / entry["network"]))
    (found,) = network.run(None, {"feature": feature.numpy()})
    assert np.allclose(found, 2 * feature[:, ::2].numpy(), atol=1e-5)


def test_every_generative_method_has_its_decoders_in_the_page(export, tmp_path):
    model = export(tmp_path / "x", "caae", "cosine", weights=(0.0, 1.0))
    entry = model["methods"]["caae"]
    assert [one["weight"] for one in entry["generators"]] == [0, 1]
    assert (tmp_path / "x" / entry["generators"][0]["network"]).is_file()


def test_the_backbone_stays_as_and_where_it_was(export, backbone, tmp_path):
    before = {name: value.clone() for name, value in backbone.module.state_dict().items()}
    modules = list(map(id, backbone.module.modules()))
    export(tmp_path / "x", "cosine", anew=True)
    after = backbone.module.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert list(map(id, backbone.module.modules())) == modules


def test_threads_are_as_before_after_an_export(export, tmp_path):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        export(tmp_path / "x", "cosine")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_command_refuses_a_folder_with_other_files_at_once(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "link")
    begun = time.perf_counter()
    for out, reason in ((tmp_path, "holds other files"), (tmp_path / "link", "link")):
        assert main(["export", "web", "--out", str(out), "--per-class", "1"]) == 2
        error = capsys.readouterr().err
        assert reason in error
        assert error.count("\n") == 1
    assert time.perf_counter() - begun < 30  # no Toybox was drawn for it
