"""Options that several commands share."""

import shutil

import pytest
from cli_samples import assert_one_line

from zsbir_lib.paper import PAPER_RENDERING


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"--dataset": "nope"}, ["'nope'", "toybox, sketchy"]),
        ({"--dataset": "toybox"}, ["--root"]),
        ({"--root": None}, ["--root"]),
        ({"--split": "nope"}, ["'nope'", "sketchy21"]),
        ({"--split": "/nowhere/split.txt"}, ["/nowhere/split.txt"]),
        ({"--inner": ""}, ["--inner", "--split"]),
        ({"--backbone": "nope"}, ["'nope'", "vgg16"]),
        ({"--weights": "/nowhere.safetensors"}, ["/nowhere.safetensors"]),
        ({"--device": "abacus"}, ["'abacus'"]),
        ({"--on-error": "shrug"}, ["--on-error", "raise or skip"]),
        ({"--mixed-precision": "", "--tf32": ""}, ["--mixed-precision", "--tf32", "exclude"]),
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


@pytest.mark.parametrize("kind", ["photo", "sketch"])
def test_the_rendering_can_be_chosen(run, run_json, data, root, tmp_path, kind):
    copy = tmp_path / "copy"
    shutil.copytree(root / "256x256", copy)
    tree = copy / kind
    shutil.copytree(tree / PAPER_RENDERING, tree / "tx_1")
    next((tree / "tx_1" / "fan").iterdir()).unlink()
    data = [str(copy) if part == str(root) else part for part in data]
    arguments = ["evaluate", "--method", "cosine", *data]
    counted = {"photo": "gallery", "sketch": "queries"}[kind]
    whole = run_json(*arguments)[counted]
    assert run_json(*arguments, f"--{kind}-rendering", PAPER_RENDERING)[counted] == whole
    assert run_json(*arguments, f"--{kind}-rendering", "tx_1")[counted] == whole - 1
    assert_one_line(run(*arguments, f"--{kind}-rendering", "tx_2"), "'tx_2'", "tx_1")
    assert_one_line(run("evaluate", "--method", "cosine", f"--{kind}-rendering", "tx_1"), "toybox")


def test_what_is_not_read_is_said_on_standard_error(run, data, root, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(root / "256x256", copy)
    bear = copy / "photo" / PAPER_RENDERING / "bear"
    for path in list(bear.glob("*.jpg")):
        path.rename(path.with_suffix(".heic"))
    data = [str(copy) if part == str(root) else part for part in data]
    code, out, err = run("evaluate", "--method", "cosine", *data)
    assert code == 0
    assert "no photo of their class" not in out
    assert "not read, by class: bear (4 .heic)" in err
    assert "sketches but no photos, by class: bear" in err


def test_queries_that_nothing_can_answer_are_counted(run, run_json, data, root, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(root / "256x256", copy)
    shutil.rmtree(copy / "photo" / PAPER_RENDERING / "fan")
    data = [str(copy) if part == str(root) else part for part in data]
    asked = run_json("evaluate", "--method", "cosine", *data)["queries_without_match"]
    assert asked == 8
    _, out, _ = run("evaluate", "--method", "cosine", *data)
    assert "8 of the sketches have no photo of their class in the gallery: they score 0" in out


def test_a_folder_that_is_not_sketchy_is_shown_the_layout(run, data, tmp_path):
    arguments = [str(tmp_path) if part == data[3] else part for part in data]
    code, out, err = run("features", *arguments)
    assert (code, out) == (2, "")
    assert "expected:" in err
    assert "Traceback" not in err
