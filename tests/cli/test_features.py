"""``zsbir features``."""

from cli_samples import assert_one_line
from safetensors.torch import load_file

from zsbir_lib.datasets import Sketchy
from zsbir_lib.paper import PAPER_RENDERING


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
