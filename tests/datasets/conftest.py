"""The samples that tests of data sets share."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
import torch
from torch import nn

from zsbir_lib.features import BACKBONES, Recipe, load_backbone


class Tiny(nn.Module):
    """Maps 8 x 8 pixels to 12 numbers; good for nothing but speed."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3 * 8 * 8, 12)

    def forward(self, x):
        return torch.relu(self.layer(x.flatten(1)))


@pytest.fixture
def tiny_backbone(monkeypatch):
    torch.manual_seed(0)
    weights = Tiny().state_dict()
    recipe = Recipe(Tiny, dim=12, input_size=8, default_weights=lambda: weights)
    monkeypatch.setitem(BACKBONES._known, "tiny", recipe)
    return load_backbone("tiny", device="cpu")
