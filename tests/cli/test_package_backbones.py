"""Backbones of timm on the command line: index, search, page, features, evaluation, leaderboard."""

import json

import pytest
import torch
from cli_samples import assert_one_line, draw
from safetensors.torch import save_file

from zsbir_lib.features.zoos import find_recipe
from zsbir_lib.gallery import PhotoIndex

pytest.importorskip("timm", reason='timm is missing: pip install -e ".[backbones]"')
NAME = "timm:test_vit.r160_in1k"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("timm") / "weights.safetensors"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        save_file(find_recipe(NAME)[1].build().state_dict(), path)
    return path


@pytest.fixture
def network(weights):
    return ["--backbone", "timm:test_vit", "--weights", weights, "--device", "cpu"]


@pytest.fixture
def index(run, network, tmp_path):
    for number in range(4):
        path = tmp_path / "photos" / ("fans" if number < 2 else "hats") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(number, 1, True).resize((90, 60)).save(path)
    code, out, err = run("index", tmp_path / "photos", "--out", tmp_path / "index", *network)
    assert (code, err) == (0, "")
    assert f"4 read by {NAME}" in out
    return tmp_path / "index"


def test_an_index_names_the_network_in_full_and_is_searched_by_it(
    run_json, index, weights, drawing
):
    assert PhotoIndex(index).backbone == NAME
    found = run_json(
        "retrieve", "--index", index, "--weights", weights, "--sketch", drawing, "--k", 4
    )
    assert found["backbone"] == NAME
    assert len(found["photos"]) == 4


def test_without_its_weights_the_index_says_the_way_with_a_file(run, index, drawing, monkeypatch):
    def fail(*_, pretrained, **__):
        raise OSError("no network")

    monkeypatch.setattr("timm.create_model", fail)
    result = run("retrieve", "--index", index, "--sketch", drawing)
    assert_one_line(result, f"cannot fetch the weights of {NAME}", "--weights PATH")


@pytest.mark.parametrize(
    "command", ["evaluate", pytest.param("leaderboard", marks=pytest.mark.slow)]
)
def test_methods_take_its_features(run_json, root, network, command):
    data = ["--dataset", "sketchy", "--root", root, "--split", root / "split.txt", *network]
    which = ["--method", "sae"] if command == "evaluate" else ["--methods", "cosine,sae"]
    assert run_json(command, *data, *which)


def test_a_misspelt_name_is_one_line(run, root):
    result = run("features", "--dataset", "sketchy", "--root", root, "--backbone", "timm:test_vitt")
    assert_one_line(result, "unknown backbone 'timm:test_vitt'", "timm:test_vit")


@pytest.mark.slow
def test_a_page_runs_the_network_that_cuts_off_what_the_transform_does(
    run, index, weights, tmp_path
):
    pytest.importorskip("onnxscript")
    out = tmp_path / "page"
    code, _, err = run("export", "web", "--index", index, "--weights", weights, "--out", out)
    assert (code, err) == (0, "")
    model = json.loads((out / "model.json").read_text())
    assert model["side"] == 168  # of which the network takes the middle 160


def test_what_no_page_can_run_is_one_line(run, index, weights, tmp_path, monkeypatch):
    pytest.importorskip("onnxscript")

    def fail(*_, **__):
        raise RuntimeError("no such operator\nin ONNX")

    monkeypatch.setattr("zsbir_lib.web.photos.onnx_bytes", fail)
    out = tmp_path / "page"
    result = run("export", "web", "--index", index, "--weights", weights, "--out", out)
    assert_one_line(result, f"{NAME} cannot be written for a page", "zsbir retrieve --index")
