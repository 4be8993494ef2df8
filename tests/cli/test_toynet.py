"""``zsbir toynet``."""

from cli_samples import assert_one_line


class TestToynet:
    def test_it_needs_one_place_to_write_to(self, run, tmp_path):
        assert_one_line(run("toynet", "train"), "--out", "--packaged")
        both = run("toynet", "train", "--packaged", "--out", tmp_path / "a.safetensors")
        assert_one_line(both, "--out", "--packaged")
        assert list(tmp_path.iterdir()) == []

    def test_its_options_reach_the_training(self, run_json, monkeypatch, tmp_path):
        import zsbir_lib.toynet

        calls = []

        def make_toynet(out, **options):
            calls.append((out, options))
            card = {"held_out_accuracy": 0.5, "held_out_photos": 10, "training_seconds": 1}
            return {**card, "saw_classes": ["cow", "pear"]}

        monkeypatch.setattr(zsbir_lib.toynet, "make_toynet", make_toynet)
        out = tmp_path / "t.safetensors"
        values = run_json("toynet", "train", "--out", out, "--epochs", 2, "--photos-per-class", 3)
        assert values["card"]["held_out_accuracy"] == 0.5
        [(path, options)] = calls
        assert path == out
        assert (options["epochs"], options["photos_per_class"], options["device"]) == (2, 3, "cpu")
        run_json("toynet", "train", "--packaged")
        assert calls[-1][0] == zsbir_lib.toynet.TOYNET_WEIGHTS
