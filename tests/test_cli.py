"""The command line: what it prints where, its exit codes, and one line for every bad input."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file
from torch import nn

from zsbir_lib.cli import doctor as doctor_module
from zsbir_lib.cli import main
from zsbir_lib.cli import options as options_module
from zsbir_lib.datasets import Sketchy
from zsbir_lib.datasets.toybox import recipe
from zsbir_lib.datasets.toybox.recipe import Counts
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import backbones
from zsbir_lib.features.backbones import Recipe
from zsbir_lib.paper import PAPER_RENDERING

CLASSES = ("ape", "bear", "camel", "duck", "eyeglasses", "fan", "geyser", "hat")
UNSEEN = ("fan", "geyser", "hat")
COMMANDS = (
    ["toybox", "build"],
    ["toybox", "table"],
    ["toybox", "classes"],
    ["toybox", "sheet"],
    ["toynet", "train"],
    ["features"],
    ["train"],
    ["evaluate"],
    ["leaderboard"],
    ["retrieve"],
    ["doctor"],
)


def draw(number, shift, photo):
    """A polygon: filled with a colour for a photo, its outline for a sketch."""
    image = Image.new("RGB", (48, 48), (90, 160, 200) if photo else "white")
    corners = ImageDraw.Draw(image)
    fill = tuple(int(v) for v in np.random.default_rng(number).integers(0, 256, 3))
    corners.regular_polygon(
        (24 + shift, 24, 16), 3 + number, 10 * shift, fill if photo else None, "black"
    )
    return image


class Tiny(nn.Module):
    """A network that maps 8 x 8 pixels to 12 numbers; good for nothing but speed."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3 * 8 * 8, 12)

    def forward(self, x):
        return torch.relu(self.layer(x.flatten(1)))


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    base = tmp_path_factory.mktemp("sketchy")
    for number, name in enumerate(CLASSES):
        for kind in ("photo", "sketch"):
            (base / "256x256" / kind / PAPER_RENDERING / name).mkdir(parents=True)
        for i in range(4):
            photo = base / "256x256" / "photo" / PAPER_RENDERING / name / f"n01_{i}.jpg"
            draw(number, i, True).save(photo)
            for k in (1, 2):
                sketch = base / "256x256" / "sketch" / PAPER_RENDERING / name / f"n01_{i}-{k}.png"
                draw(number, i + k, False).save(sketch)
    (base / "split.txt").write_text("\n".join(UNSEEN))
    torch.manual_seed(0)
    save_file(Tiny().state_dict(), base / "tiny.safetensors")
    return base


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    recipe_ = Recipe(Tiny, dim=12, input_size=8)
    monkeypatch.setitem(backbones._RECIPES, "tiny", recipe_)
    monkeypatch.delenv("ZSBIR_DEBUG", raising=False)


@pytest.fixture
def data(root):
    return [
        *("--dataset", "sketchy", "--root", str(root), "--split", str(root / "split.txt")),
        *("--backbone", "tiny", "--weights", str(root / "tiny.safetensors"), "--device", "cpu"),
    ]


@pytest.fixture
def drawing(tmp_path):
    path = tmp_path / "drawing.png"
    draw(5, 0, False).resize((300, 300)).save(path)
    return path


@pytest.fixture
def run(capsys):
    """Run a command; return its exit code, and what it wrote to either stream."""

    def run_(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_


@pytest.fixture
def run_json(run):
    def run_(*arguments):
        code, out, err = run(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    return run_


def assert_one_line(result, *words):
    """Exit code 2, nothing on stdout, one line on stderr that says all the words."""
    code, out, err = result
    assert (code, out) == (2, ""), err
    assert err.startswith("zsbir: ")
    assert err.count("\n") == 1, err
    for word in words:
        assert str(word) in err


# ---------------------------------------------------------------------------------------------
# The whole
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_examples(run, command):
    code, out, err = run(*command, "--help")
    assert (code, err) == (0, "")
    assert "--json" in out
    examples = out.partition("Examples:\n")[2].strip().splitlines()
    assert len(examples) >= 2
    assert all(line.strip().startswith("zsbir " + " ".join(command)) for line in examples[:2])


@pytest.mark.parametrize("arguments", [[], ["-h"], ["toybox"], ["toynet"], ["export"]])
def test_help_is_what_incomplete_commands_say(run, arguments):
    code, out, _ = run(*arguments)
    assert code == 0
    assert out.startswith("Usage: zsbir")


def test_commands_stand_in_the_order_of_use(run):
    _, out, _ = run("--help")
    listed = out.partition("Commands:\n")[2].partition("\n\n")[0].split("\n")
    names = [line.split()[0] for line in listed]
    assert names == [
        "toybox",
        "toynet",
        "features",
        "train",
        "evaluate",
        "leaderboard",
        "retrieve",
        "export",
        "doctor",
    ]


def test_help_loads_nothing_heavy():
    code = "import sys, zsbir_lib.cli as c; c.main(['--help']); print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert "zsbir_lib.cli.main" in loaded
    assert not loaded & {"torch", "numpy", "PIL", "matplotlib", "zsbir_lib.datasets"}


def test_it_is_a_module_too():
    command = [sys.executable, "-m", "zsbir_lib"]
    result = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("zsbir 0.")
    result = subprocess.run([*command, "nonsense"], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "nonsense" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["retrieve"], ["features", "--batch-size", "x"], ["evaluate", "--nope"]],
)
def test_wrong_usage_is_said_in_one_line(run, arguments):
    assert_one_line(run(*arguments), "--help")


def fail_with(error):
    def fail(*_, **__):
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "zsbir: interrupted"),
        (ZsbirError("wrong, do this"), 2, "zsbir: wrong, do this"),
        (OSError(28, "No space left on device", "/x/y"), 2, "zsbir: /x/y: No space left on device"),
        (MemoryError(), 2, "zsbir: out of memory: use a smaller --batch-size or data set"),
        (KeyError("x"), 70, "zsbir: an error of zsbir itself, KeyError: 'x' (ZSBIR_DEBUG=1 shows"),
    ],
    ids=["interrupt", "bad input", "disk full", "memory", "bug"],
)
def test_errors_have_a_code_and_no_traceback(run, monkeypatch, error, code, line):
    monkeypatch.setattr(options_module.FeatureOptions, "features", fail_with(error))
    found, out, err = run("features")
    assert (found, out) == (code, "")
    assert err.startswith(line)
    assert err.count("\n") == 1


@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_traceback_is_shown_when_asked_for(run, monkeypatch, by):
    monkeypatch.setattr(options_module.FeatureOptions, "features", fail_with(ZsbirError("wrong")))
    if by == "environment":
        monkeypatch.setenv("ZSBIR_DEBUG", "1")
    code, _, err = run(*(["--debug"] if by == "option" else []), "features")
    assert code == 2
    assert "Traceback" in err
    assert err.endswith("zsbir: wrong\n")
    if by == "option":
        assert "ZSBIR_DEBUG" not in os.environ


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_a_terminated_command_cleans_up(run, monkeypatch, tmp_path, data):
    before = signal.getsignal(signal.SIGTERM)

    def save(path, *_, **__):
        from zsbir_lib.files import atomic_path

        with atomic_path(path) as temporary:
            temporary.write_text("half")
            os.kill(os.getpid(), signal.SIGTERM)
            pytest.fail("the signal was ignored")

    monkeypatch.setattr("zsbir_lib.features.FeatureSet.save", lambda self, path: save(path))
    with pytest.raises(SystemExit) as caught:
        run("features", *data, "--out", tmp_path / "f.safetensors")
    assert caught.value.code == 143
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is before


def test_warnings_go_to_standard_error(run, monkeypatch, data):
    import logging

    def load(*_, **__):
        logging.getLogger("zsbir_lib.features").warning("a damaged file")
        raise ZsbirError("and an error")

    monkeypatch.setattr(options_module.FeatureOptions, "load", load)
    assert run("features", *data) == (2, "", "zsbir: a damaged file\nzsbir: and an error\n")


# ---------------------------------------------------------------------------------------------
# toybox
# ---------------------------------------------------------------------------------------------


class TestToybox:
    def test_the_table_of_a_size_needs_no_drawing(self, run, run_json):
        code, out, err = run("toybox", "table", "--size", "full")
        assert (code, err) == (0, "")
        lines = {line[:23].strip(): line[23:].split() for line in out.splitlines()}
        assert lines["Train images"] == ["10,400", "10,400"]
        assert lines["Test classes"] == ["21", "21"]
        mini = run_json("toybox", "table")["statistics"]
        assert mini["Test sketches"] == 21 * 40
        other = run_json("toybox", "table", "--split", "sketchy25")["statistics"]
        assert other["Test classes"] == 25

    def test_classes_can_be_searched(self, run, run_json):
        rows = run_json("toybox", "classes", "--attribute", "animal", "--attribute", "four legs")
        names = {row["name"] for row in rows["classes"]}
        assert {"cow", "giraffe"} <= names
        assert "car_(sedan)" not in names
        assert all("animal" in row["attributes"] for row in rows["classes"])
        unseen = run_json("toybox", "classes", "--role", "unseen")["classes"]
        assert "giraffe" in {row["name"] for row in unseen}
        code, out, _ = run("toybox", "classes")
        assert code == 0
        assert out.splitlines()[-1].endswith(" classes")

    @pytest.mark.parametrize("option", ["--family", "--attribute", "--role"])
    def test_an_unknown_word_is_refused_with_the_known_ones(self, run, option):
        assert_one_line(run("toybox", "classes", option, "nonsense"), "'nonsense'", "use ")

    def test_a_sheet_is_drawn(self, run_json, tmp_path):
        out = tmp_path / "sheet.png"
        values = run_json(
            *("toybox", "sheet", "--classes", "cow,pear", "--instances", 2, "--sketches", 1),
            *("--columns", 1, "--size", 32, "--scale", 2, "--out", out),
        )
        assert Image.open(out).size == (values["width"], values["height"])
        assert values["height"] == 2 * (64 + 2)

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--classes", "cow,yeti", "--out", "a.png"], ["'yeti'"]),
            (["--out", "a.xyz"], ["a.xyz", ".png"]),
            (["--clutter", 9, "--out", "a.png"], ["--clutter"]),
        ],
    )
    def test_a_sheet_that_cannot_be_drawn_leaves_nothing(
        self, run, tmp_path, monkeypatch, arguments, words
    ):
        monkeypatch.chdir(tmp_path)
        assert_one_line(run("toybox", "sheet", *arguments), *words)
        assert list(tmp_path.iterdir()) == []

    def test_build_draws_once(self, run, run_json, monkeypatch):
        counts = {"seen": Counts(1, 1, 1), "unseen": Counts(2, 1, 1)}
        monkeypatch.setitem(recipe.SIZES, "mini", counts)
        arguments = ("toybox", "build", "--workers", 1)
        values = run_json(*arguments)
        assert (values["photos"], values["sketches"]) == (104 + 42, 125)
        files = list(os.scandir(values["folder"]))
        assert len(files) == 3 * 125
        monkeypatch.setattr("zsbir_lib.datasets.toybox.generation.draw_class", pytest.fail)
        code, out, _ = run(*arguments)
        assert code == 0
        assert values["folder"] in out
        assert "Train classes" in out

    def test_an_unknown_size_is_refused(self, run):
        assert_one_line(run("toybox", "build", "--size", "huge"), "'huge'", "mini or full")


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
        assert calls[-1][0] == backbones.TOYNET_WEIGHTS


# ---------------------------------------------------------------------------------------------
# features, train, evaluate
# ---------------------------------------------------------------------------------------------


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
        from zsbir_lib import evaluation

        splits = []
        real = evaluation.zero_shot

        def watched(method, features, *, split=None, **options):
            splits.append(split)
            return real(method, features, split=split, **options)

        monkeypatch.setattr(evaluation, "zero_shot", watched)
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
            run("train", "--method", "cosine", "--out", tmp_path / "m.safetensors", *one), *words
        )
        assert [path.name for path in tmp_path.iterdir()] == ["one.txt"]

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ([], ["--method", "--model"]),
            (["--method", "nope"], ["'nope'", "cvae"]),
            (["--method", "cosine", "--k", 13], ["K is 13", "12 photos"]),
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


class TestLeaderboard:
    OPTIONS = ("--methods", "cosine,sae", "--k", 3, "--seeds", 1, "--budget", 2, "--workers", 1)

    def test_it_writes_a_table_in_every_form(self, run, data, tmp_path):
        paths = {name: tmp_path / f"board.{name}" for name in ("json", "md", "png")}
        code, out, err = run(
            "leaderboard", *self.OPTIONS, "--out", paths["json"], "--markdown", paths["md"],
            "--figure", paths["png"], *data,
        )  # fmt: skip
        assert code == 0, err
        assert "Cosine baseline" in out
        assert "ZS mAP@3" in out
        values = json.loads(paths["json"].read_text())
        assert list(values["rows"]) == ["cosine", "sae"]
        assert values["settings"]["k"] == 3
        assert paths["md"].read_text().startswith("| method |")
        assert Image.open(paths["png"]).width > 500
        printed = run("leaderboard", *self.OPTIONS, "--json", *data)[1]
        assert json.loads(printed)["rows"] == values["rows"]

    def test_it_goes_on_from_its_file_and_refuses_another_beginning(self, run, data, tmp_path):
        out = tmp_path / "board.json"
        options = ("--protocol", "zero-shot", "--out", out)
        assert run("leaderboard", *self.OPTIONS, *options, *data)[0] == 0
        values = json.loads(out.read_text())
        values["rows"]["sae"]["title"] = "kept, not run again"
        del values["checksum"]
        out.write_text(json.dumps(values))
        assert "kept, not run again" in run("leaderboard", *self.OPTIONS, *options, *data)[1]
        other = ("--protocol", "traditional", "--out", out)
        assert_one_line(
            run("leaderboard", *self.OPTIONS, *other, *data), "protocols was", "another file"
        )
        out.write_text(out.read_text()[:200])
        assert_one_line(run("leaderboard", *self.OPTIONS, *options, *data), "board.json", "--fresh")
        fresh = run("leaderboard", *self.OPTIONS, *options, "--fresh", *data)[1]
        assert "kept, not run again" not in fresh

    def test_a_file_of_test_classes_is_a_split(self, run, data, root, tmp_path):
        classes = tmp_path / "mine.txt"
        classes.write_text("ape\nbear\n")
        state = tmp_path / "board.json"
        others = [*data]
        others[others.index("--split") + 1] = classes
        others[others.index("--split")] = "--test-classes"
        assert run("leaderboard", *self.OPTIONS, "--out", state, *others)[0] == 0
        row = json.loads(state.read_text())["rows"]["cosine"]["protocols"]["zero-shot"]
        assert row["classes"] == ["ape", "bear"]

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--methods", "cosine,magic"], ["unknown method 'magic'", "cvae"]),
            (["--protocol", "sideways"], ["unknown protocol 'sideways'", "all"]),
            (["--methods", "cosine", "--k", 500], ["k is 500", "gallery holds"]),
            (["--figure", "board.txt"], ["board.txt", ".png"]),
            (["--protocol", "traditional", "--figure", "x.png"], ["--figure", "zero-shot"]),
            (["--markdown", "x.png", "--figure", "x.png"], ["x.png", "same file"]),
            (["--json", "board.json"], ["--out board.json"]),
        ],
    )
    def test_bad_input_is_one_line(self, run, data, arguments, words):
        assert_one_line(run("leaderboard", *arguments, *data), *words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"--dataset": "nope"}, ["'nope'", "toybox or sketchy"]),
        ({"--dataset": "toybox"}, ["--root"]),
        ({"--root": None}, ["--root"]),
        ({"--split": "nope"}, ["'nope'", "sketchy21"]),
        ({"--split": "/nowhere/split.txt"}, ["/nowhere/split.txt"]),
        ({"--inner": ""}, ["--inner", "--split"]),
        ({"--backbone": "nope"}, ["'nope'", "vgg16"]),
        ({"--weights": "/nowhere.safetensors"}, ["/nowhere.safetensors"]),
        ({"--device": "abacus"}, ["'abacus'"]),
        ({"--on-error": "shrug"}, ["--on-error", "raise or skip"]),
    ],
    ids=lambda value: (
        " ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else ""
    ),
)
@pytest.mark.parametrize("command", ["features", "evaluate", "retrieve"])
def test_bad_data_options(run, data, drawing, tmp_path, command, changes, words):
    options = dict(zip(data[::2], data[1::2], strict=True)) | changes
    arguments = [
        part
        for name, value in options.items()
        if value is not None
        for part in ([name, value] if value else [name])
    ]
    answer = tmp_path / "answer.png"
    arguments += {
        "features": [],
        "evaluate": ["--method", "cosine"],
        "retrieve": ["--sketch", drawing, "--out", answer],
    }[command]
    assert_one_line(run(command, *arguments), *words)
    assert not answer.exists()


def test_a_folder_that_is_not_sketchy_is_shown_the_layout(run, data, tmp_path):
    arguments = [str(tmp_path) if part == data[3] else part for part in data]
    code, out, err = run("features", *arguments)
    assert (code, out) == (2, "")
    assert "expected:" in err
    assert "Traceback" not in err


# ---------------------------------------------------------------------------------------------
# retrieve
# ---------------------------------------------------------------------------------------------


class TestRetrieve:
    def test_photos_are_ranked_and_shown(self, run, run_json, data, drawing, tmp_path):
        out = tmp_path / "answer.png"
        arguments = ["retrieve", "--sketch", drawing, "--out", out, "--k", 5, *data]
        arguments += ["-p", "epochs=2", "-p", "n_samples=10"]
        values = run_json(*arguments, "--class", "fan")
        photos = values["photos"]
        assert [photo["rank"] for photo in photos] == [1, 2, 3, 4, 5]
        distances = [photo["distance"] for photo in photos]
        assert distances == sorted(distances)
        assert {photo["class"] for photo in photos} <= set(UNSEEN)
        assert all(photo["id"].startswith(photo["class"] + "/") for photo in photos)
        assert values["right"] == sum(photo["class"] == "fan" for photo in photos)
        assert values["gallery_photos"] == 12
        assert f"{values['right']} of them right" in values["alt"]
        assert Image.open(out).info["Description"] == values["alt"]

        code, text, err = run(*arguments)
        assert (code, err) == (0, "")  # the method was kept, so nothing is fitted and said
        assert [line.split()[1] for line in text.splitlines()[:5]] == [p["class"] for p in photos]
        assert "(another class)" not in text

    def test_it_finds_what_the_library_finds(self, run_json, data, root, tmp_path):
        from zsbir_lib.features import load_backbone
        from zsbir_lib.retrieval import rank

        dataset = Sketchy(root, split=root / "split.txt")
        number = dataset.sketch_ids.index("geyser/n01_1-1")
        path = dataset.sketch_path(number)
        out = tmp_path / "a.svg"
        values = run_json(
            *("retrieve", "--sketch", path, "--out", out, "--as-is", "--gallery", "all"),
            *("--method", "cosine", "--k", 10, *data),
        )
        backbone = load_backbone("tiny", root / "tiny.safetensors", "cpu")
        query = backbone.features([dataset.sketch(number)])
        gallery = backbone.features([dataset.photo(i) for i in range(32)])
        ranking = rank(query, gallery, 10)
        expected = [dataset.photo_ids[i] for i in ranking.indices[0].tolist()]
        assert [photo["id"] for photo in values["photos"]] == expected
        assert out.read_text(encoding="utf-8").startswith("<?xml")

    def test_the_style_of_the_drawing_does_not_matter(self, run_json, data, drawing, tmp_path):
        with Image.open(drawing) as image:
            ink = image.convert("L")
        strange = Image.new("RGBA", (900, 900), (0, 0, 0, 0))
        strange.paste((255, 255, 255, 255), (500, 100), ink.point(lambda v: 255 - v))
        strange.save(tmp_path / "strange.png")
        found = []
        for name in ("drawing.png", "strange.png"):
            arguments = ("--sketch", tmp_path / name, "--out", tmp_path / "a.png", "--k", 12)
            values = run_json("retrieve", *arguments, "--method", "cosine", *data)
            found.append({photo["id"]: photo["distance"] for photo in values["photos"]})
        assert found[0].keys() == found[1].keys()
        assert all(found[0][i] == pytest.approx(found[1][i], abs=0.02) for i in found[0])

    def test_a_damaged_cached_model_is_fitted_again(self, run, run_json, data, drawing, tmp_path):
        import zsbir_lib.paths

        arguments = ["retrieve", "--sketch", drawing, "--out", tmp_path / "a.png", *data]
        arguments += ["-p", "epochs=1", "-p", "n_samples=7"]
        models = zsbir_lib.paths.cache_dir("models")
        before = set(models.iterdir())
        first = run_json(*arguments)
        [model] = set(models.iterdir()) - before
        model.write_bytes(b"damaged")
        code, _, err = run(*arguments)
        assert code == 0
        assert "fitting it again" in err
        assert run_json(*arguments)["photos"] == first["photos"]

    def test_a_model_with_nan_is_refused(self, run, data, drawing, tmp_path):
        from safetensors import safe_open

        model = tmp_path / "m.safetensors"
        settings = ["-p", "epochs=1", "-p", "n_samples=10"]
        assert run("train", "--method", "cvae", *settings, "--out", model, *data)[0] == 0
        with safe_open(model, framework="pt") as file:
            metadata = file.metadata()
        state = load_file(model)
        state["decoder.0.weight"][0, 0] = float("nan")
        save_file(state, model, metadata=metadata)
        answer = tmp_path / "a.png"
        result = run("retrieve", "--sketch", drawing, "--out", answer, "--model", model, *data)
        assert_one_line(result, "NaN")
        assert_one_line(run("evaluate", "--model", model, *data), "NaN")
        assert not answer.exists()

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (None, ["no such file"]),
            (b"", ["0 bytes"]),
            (b"not an image", ["no image"]),
            (Image.new("RGB", (50, 50), "white"), ["empty"]),
            (Image.new("RGBA", (50, 50), (0, 0, 0, 0)), ["empty"]),
        ],
        ids=["missing", "0 bytes", "text", "white", "transparent"],
    )
    def test_a_bad_drawing(self, run, data, tmp_path, content, words):
        sketch = tmp_path / "bad.png"
        if isinstance(content, bytes):
            sketch.write_bytes(content)
        elif content is not None:
            content.save(sketch)
        answer = tmp_path / "out" / "answer.png"
        assert_one_line(
            run("retrieve", "--sketch", sketch, "--out", answer, *data), "bad.png", *words
        )
        assert not answer.parent.exists()

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--k", 13], ["K is 13", "12 photos"]),
            (["--k", 0], ["--k"]),
            (["--class", "yeti"], ["'yeti'"]),
            (["--class", "geysir"], ["did you mean geyser"]),
            (["--class", "ape"], ["--gallery all"]),
            (["--gallery", "some"], ["'some'"]),
            (["--method", "nope"], ["'nope'"]),
            (["-p", "epochs=0"], ["epochs"]),
            (["--model", "m.safetensors", "--method", "cvae"], ["not both"]),
            (["--out", "answer.gif"], ["answer.gif", ".svg"]),
            (["--out", "file/answer.png"], ["cannot write"]),
            (["--out", "drawing.png"], ["the drawing itself"]),
        ],
        ids=lambda value: " ".join(map(str, value)) if str(value[0]).startswith("-") else "",
    )
    def test_bad_input_leaves_nothing(
        self, run, data, drawing, tmp_path, monkeypatch, arguments, words
    ):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "file").write_text("")
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        if "--out" not in arguments:
            arguments = [*arguments, "--out", "answer.png"]
        assert_one_line(run("retrieve", "--sketch", drawing, *data, *arguments), *words)
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before

    def test_class_names_may_be_punctuated_otherwise(self, run_json, data, drawing, tmp_path):
        arguments = ["--sketch", drawing, "--out", tmp_path / "a.png", "--method", "cosine", *data]
        assert run_json("retrieve", *arguments, "--class", "Fan")["class"] == "fan"


# ---------------------------------------------------------------------------------------------
# doctor
# ---------------------------------------------------------------------------------------------


class TestDoctor:
    def test_its_code_says_what_its_checks_say(self, run):
        code, out, _ = run("doctor", "--json")
        values = json.loads(out)
        states = {check["name"]: check["state"] for check in values["checks"]}
        assert {"Python", "torch", "torchvision", "device", "cache", "Toybox mini"} <= set(states)
        assert states["torchvision"] == "ok"
        assert values["ok"] == ("wrong" not in states.values())
        assert code == (0 if values["ok"] else 1)

    def test_what_is_wrong_comes_with_a_remedy(self, run, monkeypatch):
        real = doctor_module.import_module

        def import_module(name):
            if name == "torchvision":
                raise RuntimeError("operator torchvision::nms does not exist\nand more")
            return real(name)

        monkeypatch.setattr(doctor_module, "import_module", import_module)
        monkeypatch.setattr(doctor_module, "_LOOKS", (doctor_module._packages,))
        code, out, _ = run("doctor")
        assert code == 1
        assert "wrong  torchvision" in out
        assert "nms does not exist" in out
        assert "-> install torch and torchvision from one source" in out
        assert "1 checks failed" in out

    def test_a_check_that_breaks_is_a_check_that_failed(self, run, monkeypatch):
        def _device():
            raise RuntimeError("no driver")
            yield

        monkeypatch.setattr(doctor_module, "_LOOKS", (_device,))
        code, out, err = run("doctor")
        assert (code, err) == (1, "")
        assert "no driver" in out

    def test_a_cache_that_cannot_be_written(self, run, monkeypatch, tmp_path):
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path / "file" / "cache"))
        monkeypatch.setattr(doctor_module, "_LOOKS", (doctor_module._cache,))
        code, out, _ = run("doctor")
        assert code == 1
        assert "ZSBIR_CACHE" in out

    def test_damaged_toybox_files_are_named(self, run, monkeypatch, tmp_path):
        from zsbir_lib.datasets.toybox.generation import array_path, generate
        from zsbir_lib.datasets.toybox.recipe import toybox_recipe

        monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path))
        monkeypatch.setattr(recipe, "SKETCHY_CLASSES", ("cow", "pear"))
        monkeypatch.setattr(recipe, "SIZES", {"mini": {"seen": Counts(1, 1, 1)}})
        monkeypatch.setitem(recipe.SIZES["mini"], "unseen", Counts(1, 1, 1))
        monkeypatch.setattr(doctor_module, "_LOOKS", (doctor_module._toybox,))
        assert "not drawn yet" in run("doctor")[1]
        made = toybox_recipe("mini")
        folder = tmp_path / "toybox" / f"mini-{made.identity}"
        generate(folder, made, workers=1)
        assert "ok     Toybox mini" in run("doctor")[1]
        array_path(folder, "pear", "photos").write_bytes(b"")
        code, out, _ = run("doctor")
        assert code == 1
        assert "pear.photos.npy" in out
        assert "zsbir toybox build --size mini" in out

    def test_a_part_of_sketchy_is_not_as_published(self, run, root, monkeypatch):
        monkeypatch.setattr(doctor_module, "_LOOKS", ())
        code, out, _ = run("doctor", "--root", root)
        assert code == 1
        assert "not as published" in out
        assert "classes differ" in out
        code, out, _ = run("doctor", "--root", root, "--json")
        assert code == 1
        assert json.loads(out)["sketchy"]["statistics"]["Photos"] == 32

    def test_a_folder_that_is_not_there_is_bad_input(self, run, tmp_path):
        code, out, err = run("doctor", "--root", tmp_path / "nowhere")
        assert (code, out) == (2, "")
        assert "no folder" in err
