"""A Sketchy folder of eight classes, a network for it, and how a command is run."""

import json
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from zsbir_lib.cli import main
from zsbir_lib.features import BACKBONES, Recipe
from zsbir_lib.paper import PAPER_RENDERING

sys.path.insert(0, str(Path(__file__).parent))

from cli_samples import CLASSES, UNSEEN, Tiny, draw


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
def _tiny(monkeypatch, own_registries):
    BACKBONES.add("tiny", Recipe(Tiny, dim=12, input_size=8))
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
