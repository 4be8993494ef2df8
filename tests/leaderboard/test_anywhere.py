"""A leaderboard in several processes, called from where users call it."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]

# A data set as three arrays, and a method of one's own.
BEGIN = """
import torch
from zsbir_lib import leaderboard
from zsbir_lib.datasets import ZeroShotSplit
from zsbir_lib.features import FeatureSet
from zsbir_lib.leaderboard import Settings
from zsbir_lib.methods import Cosine

names = tuple("abcdef")
labels = torch.arange(6).repeat_interleave(6)
generator = torch.Generator().manual_seed(0)
photos = torch.randn(6, 8, generator=generator)[labels] + torch.randn(36, 8, generator=generator)
ids = tuple(str(i) for i in range(36))
features = FeatureSet(photos, photos + 0.1, labels, labels, torch.arange(36), ids, ids, names,
                      ZeroShotSplit("mine", names[:4], names[4:]), "mine", "none", "0")
settings = Settings(seeds=1, budget=2, inner_splits=1)

class Mine(Cosine):
    name, title = "mine", "Mine"
    def __init__(self, *, sign: float = 1.0):
        self.sign = sign
    search_space = {"sign": (1.0, -1.0)}
    def encode_sketches(self, features):
        return self.sign * features
"""
CALL = """
board = leaderboard(features, ["cosine", "mine"], settings=settings, workers=2)
print(sorted(board.rows), board.rows["mine"].error, board.rows["mine"].parameters)
alone = leaderboard(features, ["cosine", "mine"], settings=settings, workers=1)
print(all(abs(board.per_class(name, protocol) - alone.per_class(name, protocol)).max() < 1e-6
          for name in board.rows for protocol in settings.protocols))
"""
SAID = "['cosine', 'mine'] None {'sign': 1.0}\nTrue\n"


def test_a_plain_script_needs_no_main_guard(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(BEGIN + CALL, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=900,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == SAID


@pytest.mark.slow
def test_a_method_of_a_notebook_runs_beside_another(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    cells = [nbformat.v4.new_code_cell(source) for source in (BEGIN, CALL)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=900).execute()
    outputs = notebook.cells[1].outputs
    assert "".join(out.text for out in outputs if out.get("name") == "stdout") == SAID
    assert [out for out in outputs if out.get("name") != "stdout"] == []
