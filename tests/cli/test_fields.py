"""Every command on the data sets of the field, with one word changed."""

import json
import sys
from pathlib import Path

import pytest
from cli_samples import CLASSES, UNSEEN, assert_one_line, draw

from zsbir_lib.cli import doctor as doctor_module

sys.path.insert(0, str(Path(__file__).parents[1] / "datasets"))

from field_samples import SVG, line


@pytest.fixture(scope="module")
def folders(tmp_path_factory, root):
    """Return the folders of both data sets: photos of eight classes, three sketches of each."""
    base = tmp_path_factory.mktemp("fields")
    (base / "split.txt").write_text("\n".join(UNSEEN))
    (base / "tiny.safetensors").write_bytes((root / "tiny.safetensors").read_bytes())
    for data_set, photos in (("quickdraw", "QuickDraw_images_final"), ("tuberlin", "ImageResized")):
        for number, name in enumerate(CLASSES):
            folder = base / data_set / photos / name
            folder.mkdir(parents=True)
            for i in range(4):
                draw(number, i, True).save(folder / f"image_{i}.jpg")
            if data_set == "quickdraw":
                (base / "quickdraw" / "raw").mkdir(exist_ok=True)
                path = base / "quickdraw" / "raw" / f"{name}.ndjson"
                corners = [((0, 30 * number, 255), (0, 255, 40 * i)) for i in range(3)]
                path.write_text("".join(line([corner], raw=True) for corner in corners))
            else:
                (base / "tuberlin" / "svg" / name).mkdir(parents=True)
                for i in range(3):
                    path = base / "tuberlin" / "svg" / name / f"{3 * number + i}.svg"
                    path.write_text(SVG.replace("600 700", f"{300 + 40 * number} 700"))
    return base


@pytest.fixture(params=["quickdraw", "tuberlin"])
def field(request, folders):
    """The options of a command; one word tells the two data sets apart."""
    word = request.param
    return [
        *("--dataset", word, "--root", str(folders / word), "--split", str(folders / "split.txt")),
        *("--backbone", "tiny", "--weights", str(folders / "tiny.safetensors"), "--device", "cpu"),
    ]


def test_features(run_json, field):
    values = run_json("features", *field)
    assert values["dataset"] == field[1]
    assert (values["photos"], values["sketches"]) == ([32, 12], [24, 12])
    fewer = run_json("features", *field, "--sketches-per-class", 2)
    assert fewer["sketches"] == [16, 12]


def test_evaluate(run, run_json, field):
    values = run_json("evaluate", "--method", "cosine", "--k", 2, *field)
    assert (values["dataset"], values["split"]) == (field[1], "split")
    assert_one_line(run("evaluate", "--method", "sae", *field), "no pairs", "--pairing class")
    values = run_json("evaluate", "--method", "sae", "--k", 2, "--pairing", "class", *field)
    assert (values["queries"], values["gallery"]) == (9, 12)


@pytest.mark.slow
@pytest.mark.parametrize("field", ["quickdraw"], indirect=True)
def test_leaderboard(run_json, field):
    values = run_json(
        "leaderboard", "--methods", "cosine,sae", "--seeds", 1, "--budget", 1, "--k", 2,
        "--protocol", "zero-shot", "--workers", 1, "--pairing", "class", *field,
    )  # fmt: skip
    assert values["rows"].keys() == {"cosine", "sae"}


def test_inner_serves_for_a_part(run_json, field):
    del field[4:6]
    published = {"quickdraw": "quickdraw30", "tuberlin": "tuberlin30"}[field[1]]
    assert run_json("features", *field, "--inner")["split"].startswith(f"{published}/inner-")


def test_doctor_counts(run, folders, monkeypatch):
    monkeypatch.setattr(doctor_module, "LOOKS", {})
    for word, name in (("quickdraw", "QuickDraw"), ("tuberlin", "TUBerlin")):
        code, out, _ = run("doctor", "--dataset", word, "--root", folders / word)
        assert code == 1
        assert f"wrong  {name}" in out
        assert "Not as published" in out
        code, out, _ = run("doctor", "--dataset", word, "--root", folders / word, "--json")
        assert json.loads(out)[word]["statistics"]["Photos"] == 32
    result = run("doctor", "--dataset", "toybox", "--root", folders)
    assert_one_line(result, "nothing is published to compare", "--dataset toybox")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dataset", "quickdraw"], ["needs --root", "QuickDraw_images_final/"]),
        (["--dataset", "tuberlin"], ["needs --root", "ImageResized/"]),
        (
            ["--dataset", "sketchy", "--root", "x", "--form", "png"],
            ["--form is not for", "sketchy"],
        ),
        (["--dataset", "quickdraw", "--root", "x", "--photo-rendering", "y"], ["is not for"]),
    ],
)
def test_options_that_are_missing_or_of_another_data_set(run, arguments, words):
    assert_one_line(run("features", *arguments, "--backbone", "tiny"), *words)


def test_a_wrong_form_is_named(run, folders, field):
    result = run("features", *field, "--form", "binary")
    if field[1] == "quickdraw":
        assert_one_line(result, "no sketches of the form 'binary', but raw", "--form raw")
    else:
        assert_one_line(result, "no sketches of the form 'binary': use png, svg")
