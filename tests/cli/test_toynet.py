"""``zsbir toynet``."""

import json

import pytest
from cli_samples import assert_one_line

CARD = {"held_out_accuracy": 0.5, "held_out_photos": 10, "training_seconds": 1}
RESULTS = {"with drawings": {"drawings": (0.41, 0.37), "toys": (0.7, 0.6)}}


@pytest.fixture
def made(monkeypatch):
    """What would have been trained: the file and the options of each network."""
    import zsbir_lib.toynet

    calls = {}

    def make_toynet(out, **options):
        calls["photos"] = out, options
        return {**CARD, "saw_classes": ["cow", "pear"]}

    def make_sketch_network(out, **options):
        calls["sketches"] = out, options
        return {"held_out": {"classes": ["cup", "key"], "results": RESULTS}}

    monkeypatch.setattr(zsbir_lib.toynet, "make_toynet", make_toynet)
    monkeypatch.setattr(zsbir_lib.toynet, "make_sketch_network", make_sketch_network)
    return calls


class TestToynet:
    def test_it_needs_one_place_to_write_to(self, run, tmp_path):
        assert_one_line(run("toynet", "train"), "--out", "--packaged")
        both = run("toynet", "train", "--packaged", "--out", tmp_path / "a")
        assert_one_line(both, "--out", "--packaged")
        assert list(tmp_path.iterdir()) == []

    def test_its_options_reach_the_training(self, run_json, made, tmp_path):
        values = run_json(
            "toynet", "train", "--out", tmp_path, "--epochs", 2, "--photos-per-class", 3,
            "--steps", 5, "--held-out-classes", 2, "--seed", 4, "--inventions", 7,
        )  # fmt: skip
        assert values["cards"]["photos"]["held_out_accuracy"] == 0.5
        path, options = made["photos"]
        assert path == tmp_path / "toynet.safetensors"
        assert (options["epochs"], options["photos_per_class"], options["device"]) == (2, 3, "cpu")
        path, options = made["sketches"]
        assert path == tmp_path / "toynet-sketch.safetensors"
        assert (options["steps"], options["held_out_classes"], options["seed"]) == (5, 2, 4)
        assert (options["epochs"], options["inventions"], options["toys_per_class"]) == (2, 7, 80)
        assert options["drawings"] is None

    def test_the_packaged_weights_are_replaced_on_demand(self, run_json, made):
        from zsbir_lib.toynet import SKETCH_WEIGHTS, TOYNET_WEIGHTS

        run_json("toynet", "train", "--packaged")
        assert made["photos"][0] == TOYNET_WEIGHTS
        assert made["sketches"][0] == SKETCH_WEIGHTS

    def test_one_of_the_two_can_be_trained(self, run, made, tmp_path):
        _, out, _ = run("toynet", "train", "--out", tmp_path, "--network", "sketches")
        assert set(made) == {"sketches"}
        assert "first photo right for 41.0% of drawings of 2 held-out classes" in out
        made.clear()
        run("toynet", "train", "--out", tmp_path, "--network", "photos")
        assert set(made) == {"photos"}

    def test_a_folder_without_drawings_is_named_before_hours_of_work(self, run, made, tmp_path):
        result = run("toynet", "train", "--out", tmp_path / "out", "--drawings", tmp_path)
        assert_one_line(result, "holds no file WORD.ndjson")
        assert made == {}
        drawing = json.dumps({"drawing": [[[0, 9], [0, 9]]]})
        (tmp_path / "cup.ndjson").write_text(drawing, encoding="utf-8")
        run("toynet", "train", "--out", tmp_path / "out", "--drawings", tmp_path)
        assert made["sketches"][1]["drawings"] == tmp_path
        (tmp_path / "cup.ndjson").write_text("{broken\n" + (tmp_path / "cup.ndjson").read_text())
        arguments = ("toynet", "train", "--out", tmp_path / "out", "--drawings", tmp_path)
        assert_one_line(run(*arguments), "cup.ndjson, number 0 (line 1)", "--on-error skip")
        assert run(*arguments, "--on-error", "skip")[0] == 0
        assert made["sketches"][1]["on_error"] == "skip"
