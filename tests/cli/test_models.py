"""``zsbir train`` and ``zsbir evaluate``."""

import os
import shutil

import numpy as np
import pytest
import torch
from cli_samples import CLASSES, UNSEEN, Tiny, assert_one_line
from safetensors.torch import save_file

from zsbir_lib.cli import options as options_module


class TestTrainAndEvaluate:
    def test_a_saved_model_evaluates_as_the_method_does(self, run, run_json, data, tmp_path):
        model = tmp_path / "cvae.safetensors"
        settings = ["-p", "epochs=2", "-p", "n_samples=10"]
        trained = run_json("train", "--method", "cvae", *settings, "--out", model, *data)
        assert trained["parameters"]["epochs"] == 2
        assert trained["pairs"] == 5 * 8
        assert len(trained["history"]["kl"]) == 2
        saved = run_json("evaluate", "--model", model, *data)
        fresh = run_json("evaluate", "--method", "cvae", *settings, *data)
        assert saved["scores"] == fresh["scores"]
        assert (saved["queries"], saved["gallery"]) == (24, 12)

    def test_scores_are_named_and_have_intervals(self, run, run_json, data):
        values = run_json("evaluate", "--method", "cosine", "--k", 2, *data)
        names = [score["score"] for score in values["scores"]]
        assert names == ["P@2", "mAP@2 (divided by K)", "mAP@all"]
        for score in values["scores"]:
            low, high = score["interval_95"]
            assert 0 <= low <= score["mean_over_classes"] <= high <= 1
        assert {row["class"] for row in values["per_class"]} == set(UNSEEN)
        precision = [row["P@K"] for row in values["per_class"]]
        assert np.mean(precision) == pytest.approx(values["scores"][0]["mean_over_classes"])
        code, out, err = run("evaluate", "--method", "cosine", "--k", 2, "--per-class", *data)
        assert (code, err) == (0, "")
        assert "mAP@2 (divided by K)" in out
        assert "geyser" in out
        assert "geyser" not in run("evaluate", "--method", "cosine", *data)[1]

    def test_a_choice_is_made_on_seen_classes(self, run, run_json, data, monkeypatch):
        from zsbir_lib.protocols import Experiment

        splits = []
        real = Experiment.zero_shot

        def watched(self, *arguments, **options):
            splits.append(self.split)
            return real(self, *arguments, **options)

        monkeypatch.setattr(Experiment, "zero_shot", watched)
        arguments = ["evaluate", "--method", "cvae", "-p", "n_samples=10", "--inner-splits", 1]
        arguments += ["--choose", "epochs=1,3", *data]
        values = run_json(*arguments)
        candidates = values["chosen"]["candidates"]
        assert [c["parameters"]["epochs"] for c in candidates] == [1, 3]
        best = max(candidates, key=lambda c: np.mean(c["mAP@K"]))["parameters"]
        assert values["parameters"] | best == values["parameters"]
        assert len(splits) == 2
        assert not any(set(split.unseen) & set(UNSEEN) for split in splits)
        assert "<- chosen" in run(*arguments)[1]

    def test_a_model_that_knows_the_unseen_classes_is_refused(self, run, data, root, tmp_path):
        (tmp_path / "other.txt").write_text("ape\nbear")
        other = [str(tmp_path / "other.txt") if p.endswith("split.txt") else p for p in data]
        model = tmp_path / "m.safetensors"
        assert run("train", "--method", "cosine", "--out", model, *other)[0] == 0
        result = run("evaluate", "--model", model, *data)
        assert_one_line(result, "fitted on fan, geyser, hat", "zero-shot")

    def test_a_model_of_another_backbone_is_refused(self, run, data, root, tmp_path, drawing):
        model = tmp_path / "m.safetensors"
        assert run("train", "--method", "cosine", "--out", model, *data)[0] == 0
        torch.manual_seed(1)
        save_file(Tiny().state_dict(), tmp_path / "other.safetensors")
        other = [str(tmp_path / "other.safetensors") if "tiny.s" in p else p for p in data]
        assert_one_line(run("evaluate", "--model", model, *other), "--weights")
        answer = tmp_path / "a.png"
        result = run("retrieve", "--sketch", drawing, "--out", answer, "--model", model, *other)
        assert_one_line(result, "--weights")
        assert not answer.exists()

    @pytest.mark.parametrize(
        ("unseen", "words"),
        [
            (CLASSES[1:], ["one class only (ape)"]),
            (CLASSES[:1], ["one class only (ape)", "every ranking"]),
        ],
        ids=["seen", "unseen"],
    )
    def test_one_class_only_is_refused(self, run, data, tmp_path, unseen, words):
        (tmp_path / "one.txt").write_text("\n".join(unseen))
        one = [str(tmp_path / "one.txt") if part.endswith("split.txt") else part for part in data]
        assert_one_line(run("evaluate", "--method", "cosine", *one), *words) if len(
            unseen
        ) == 1 else assert_one_line(
            run("train", "--method", "sae", "--out", tmp_path / "m.safetensors", *one), *words
        )
        assert [path.name for path in tmp_path.iterdir()] == ["one.txt"]

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ([], ["--method", "--model"]),
            (["--method", "nope"], ["'nope'", "cvae"]),
            (["--method", "cosine", "--k", 13], ["k is 13", "12 photos"]),
            (["--method", "cosine", "--k", 0], ["--k"]),
            (["--method", "cvae", "-p", "epochs"], ["name=value"]),
            (["--method", "cvae", "-p", "epochs=many"], ["epochs", "whole number", "'many'"]),
            (["--method", "cvae", "-p", "shared_noise=maybe"], ["true or false"]),
            (["--method", "cvae", "-p", "nope=1"], ["nope", "epochs"]),
            (["--method", "cvae", "-p", "epochs=1", "-p", "epochs=2"], ["twice"]),
            (["--method", "cvae", "-p", "epochs=1", "--choose", "epochs=1,2"], ["leave out one"]),
            (["--model", "nowhere.safetensors"], ["nowhere.safetensors"]),
            (["--model", "nowhere.safetensors", "-p", "epochs=1"], ["--method"]),
        ],
        ids=lambda value: " ".join(map(str, value)) or "nothing" if isinstance(value, list) else "",
    )
    def test_bad_input(self, run, data, arguments, words):
        assert_one_line(run("evaluate", *arguments, *data), *words)

    @pytest.mark.parametrize("place", ["file/model.safetensors", "folder"])
    def test_a_model_that_cannot_be_written_is_not_fitted(
        self, run, data, tmp_path, monkeypatch, place
    ):
        (tmp_path / "file").write_text("")
        (tmp_path / "folder").mkdir()
        monkeypatch.setattr(options_module.FeatureOptions, "features", pytest.fail)
        result = run("train", "--method", "cosine", "--out", tmp_path / place, *data)
        assert_one_line(result, "cannot write")


class TestUnpaired:
    @pytest.fixture
    def unpaired(self, root, tmp_path, data):
        """The same images, with sketches whose names say nothing of a photo."""
        copy = tmp_path / "unpaired"
        shutil.copytree(root, copy)
        for number, path in enumerate(sorted((copy / "256x256" / "sketch").rglob("*.png"))):
            path.rename(path.with_name(f"{10000 + number}.png"))
        return [str(copy) if part == str(root) else part for part in data]

    def test_sketches_are_paired_within_their_class(self, run, run_json, unpaired):
        result = run("evaluate", "--method", "sae", *unpaired)
        assert_one_line(result, "no pairs", "10000", "--pairing class")
        found = run_json("evaluate", "--method", "sae", "--pairing", "class", *unpaired)
        assert found["queries"] == 24
        assert_one_line(
            run("evaluate", "--method", "sae", "--pairing", "x", *unpaired), "--pairing"
        )

    def test_a_method_that_needs_no_pairs_runs(self, run_json, unpaired, tmp_path):
        assert run_json("evaluate", "--method", "cosine", *unpaired)["queries"] == 24
        out = tmp_path / "m.safetensors"
        assert run_json("train", "--method", "cosine", "--out", out, *unpaired)["pairs"] == 0


def test_the_device_is_the_methods_too(run_json, data, monkeypatch):
    """On a machine of one device: what reaches the method is what the option says."""
    from zsbir_lib.methods import CVAE

    devices = []
    real = CVAE.fit

    def fit(self, *arguments, **options):
        devices.append(self.device)
        return real(self, *arguments, **options)

    monkeypatch.setattr(CVAE, "fit", fit)
    few = ["--method", "cvae", "-p", "epochs=1", "-p", "n_samples=10"]
    run_json("evaluate", *few, *data)
    run_json("evaluate", *few, *data[:-2], "--device", "auto", "-p", "device=cpu")
    run_json("evaluate", *few, *data[:-2], "--device", "auto")
    assert devices == ["cpu", "cpu", "auto"]
    devices.clear()
    one = ["--method", "cvae", "-p", "n_samples=10", "--inner-splits", 1]
    run_json("evaluate", *one, "--choose", "epochs=1", *data)
    assert devices == ["cpu", "cpu"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_pipe_as_a_model_is_not_waited_for(run, data, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert_one_line(run("evaluate", "--model", tmp_path / "pipe", *data), "pipe", "regular file")
