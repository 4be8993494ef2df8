"""``zsbir features``."""

from pathlib import Path

import pytest
from cli_samples import assert_one_line
from safetensors.torch import load_file

from zsbir_lib.datasets import Sketchy
from zsbir_lib.paper import PAPER_RENDERING
from zsbir_lib.store import Store


class TestFeatures:
    def test_shapes_and_place(self, run, run_json, data, tmp_path):
        out = tmp_path / "f.safetensors"
        values = run_json("features", *data, "--out", out)
        assert (values["photos"], values["sketches"]) == ([32, 12], [64, 12])
        assert values["skipped"] == []
        assert values["split"] == "split"
        assert load_file(out)["photos"].shape == (32, 12)
        code, text, err = run("features", *data)
        assert (code, err) == (0, "")
        assert "32 x 12" in text
        assert values["cache"] in text

    def test_the_place_is_where_they_are_kept(self, run_json, data, tmp_path, monkeypatch):
        monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path / "all"))
        made = run_json("features", *data)["cache"]
        assert Path(made).parent == tmp_path / "all" / "features"
        # A student of a server where somebody else has computed them.
        monkeypatch.setenv("ZSBIR_SHARED_CACHE", str(tmp_path / "all"))
        monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path / "own"))
        assert run_json("features", *data)["cache"] == made
        assert not (tmp_path / "own").exists()

    @pytest.mark.parametrize("precision", ["--tf32", "--mixed-precision"])
    def test_a_precision_has_features_of_its_own(
        self, run_json, data, tmp_path, monkeypatch, precision
    ):
        monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path))
        for count, options in enumerate([[], [precision], [precision]], start=1):
            run_json("features", *data, *options)
            assert len(list(Store().entries())) == min(count, 2)

    def test_inner_leaves_the_unseen_classes_alone(self, run_json, root):
        arguments = ["--dataset", "sketchy", "--root", root, "--inner", "--backbone", "tiny"]
        values = run_json("features", *arguments, "--weights", root / "tiny.safetensors")
        assert values["split"] == Sketchy(root, split=None).split.name

    def test_an_unreadable_image_stops_or_is_skipped(self, run, run_json, data, root, tmp_path):
        import shutil

        copy = tmp_path / "copy"
        shutil.copytree(root, copy)
        (copy / "256x256" / "photo" / PAPER_RENDERING / "ape" / "n01_2.jpg").write_bytes(b"")
        arguments = [str(copy) if part == str(root) else part for part in data]
        assert_one_line(run("features", *arguments), "photo ape/n01_2", "skip")
        values = run_json("features", *arguments, "--on-error", "skip")
        assert values["skipped"] == ["photo ape/n01_2"]
        assert values["photos"] == [31, 12]


class TestFromAFile:
    @pytest.fixture
    def file(self, run, data, tmp_path):
        path = tmp_path / "f.safetensors"
        assert run("features", *data, "--out", path)[0] == 0
        return path

    def test_they_are_what_the_images_gave(self, run_json, data, file, root):
        options = ["--method", "sae", "--device", "cpu"]
        found = run_json("evaluate", *options, "--features", file)
        wanted = run_json("evaluate", *options, *data[:-2])
        for name in ("scores", "per_class", "dataset", "backbone", "split"):
            assert found[name] == wanted[name]

    def test_under_another_split(self, run_json, file, tmp_path):
        (tmp_path / "mine.txt").write_text("ape\nbear\n")
        found = run_json("features", "--features", file, "--test-classes", tmp_path / "mine.txt")
        assert (found["split"], found["cache"]) == ("mine", None)
        inner = run_json("features", "--features", file, "--inner")["split"]
        assert inner.startswith("split/inner-")

    @pytest.mark.parametrize(
        "extra",
        [["--dataset", "sketchy"], ["--root", "x"], ["--backbone", "tiny"], ["--size", "full"]],
    )
    def test_options_of_images_are_refused(self, run, file, extra):
        result = run("evaluate", "--method", "cosine", "--features", file, *extra)
        assert_one_line(result, "holds features already", f"leave out {extra[0]}")

    def test_they_hold_no_photos_to_show(self, run, file, drawing, tmp_path):
        result = run(
            "retrieve", "--sketch", drawing, "--out", tmp_path / "a.png", "--features", file
        )
        assert_one_line(result, "holds no images")

    @pytest.mark.parametrize("content", [None, b"", b"no features"])
    def test_what_is_no_file_of_features(self, run, tmp_path, content):
        path = tmp_path / "x.safetensors"
        if content is not None:
            path.write_bytes(content)
        assert_one_line(run("features", "--features", path), "x.safetensors")
