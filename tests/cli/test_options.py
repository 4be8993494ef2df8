"""Options that several commands share."""

import pytest
from cli_samples import assert_one_line


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
