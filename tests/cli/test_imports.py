"""``--import``: what other people's modules register is known to the command."""

import sys

import pytest
from cli_samples import UNSEEN, assert_one_line

EXTENSION = """
import torch
from torch import nn

from zsbir_lib.datasets import DATASETS, Sketchy
from zsbir_lib.features import Recipe, register_backbone
from zsbir_lib.methods import Cosine


class Flat(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3 * 8 * 8, 7)

    def forward(self, x):
        return self.layer(x.flatten(1))


class Turned(Cosine):
    \"\"\"Ranks by the opposite of the features.\"\"\"

    name = "turned_{stem}"
    title = "Turned"

    def encode_sketches(self, features):
        return -features


weights = Flat().state_dict()
register_backbone("flat_{stem}", Recipe(Flat, 7, 8, default_weights=lambda: weights))
DATASETS.add("folder_{stem}", lambda root, split="sketchy21": Sketchy(root, split=split))
"""


@pytest.fixture
def extension(tmp_path, monkeypatch, request, own_registries):
    """A module of three registrations, forgotten after the test; its path."""
    stem = f"extension_{abs(hash(request.node.name))}"
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = tmp_path / f"{stem}.py"
    path.write_text(EXTENSION.replace("{stem}", stem))
    yield path
    sys.modules.pop(stem, None)


@pytest.mark.parametrize("by", ["path", "name"])
def test_a_module_brings_a_data_set_a_backbone_and_a_method(
    run, run_json, root, extension, monkeypatch, by
):
    stem = extension.stem
    monkeypatch.chdir(extension.parent)
    arguments = ["--dataset", f"folder_{stem}", "--root", root, "--split", root / "split.txt"]
    arguments += ["--backbone", f"flat_{stem}", "--device", "cpu"]
    arguments += ["--import", extension if by == "path" else stem]
    found = run_json("evaluate", "--method", f"turned_{stem}", *arguments)
    assert found["method"] == f"turned_{stem}"
    assert found["backbone"] == f"flat_{stem}"
    assert {row["class"] for row in found["per_class"]} == set(UNSEEN)
    # Again in the same process: what was imported once is not executed again.
    assert run("features", *arguments)[0] == 0


def test_without_it_the_names_are_not_known(run, extension):
    for option in ("--dataset", "--backbone"):
        assert_one_line(run("features", option, f"flat_{extension.stem}"), "unknown", "use one of")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["there is no such file"]),
        ("x = 1", ["registers no method, backbone or data set"]),
        ("1 / 0", ["fails, ZeroDivisionError: division by zero", "mend the module"]),
        ("import nonexistent_thing", ["fails, ModuleNotFoundError", "nonexistent_thing"]),
        ("raise SystemExit(3)", ["fails, SystemExit"]),
    ],
)
def test_a_module_that_does_not_serve(run, extension, content, words):
    if content is None:
        extension.unlink()
    else:
        extension.write_text(content)
    assert_one_line(run("features", "--import", extension), "--import", *words)


def test_a_module_that_is_not_there(run):
    assert_one_line(run("features", "--import", "no_such.module"), "there is no module no_such")


def test_a_file_called_as_another_module_is_refused(run, tmp_path):
    (tmp_path / "json.py").write_text("")
    assert_one_line(run("features", "--import", tmp_path / "json.py"), "rename the file")
