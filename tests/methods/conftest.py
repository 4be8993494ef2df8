"""The methods' tests share what they learn from."""

import sys
from pathlib import Path

import pytest
import torch

from zsbir_lib.features import Pairs

sys.path.insert(0, str(Path(__file__).parent))

WORDS = ("round", "furry", "winged", "striped")


def make_small_pairs() -> Pairs:
    g = torch.Generator().manual_seed(7)
    labels = torch.arange(6).repeat_interleave(20)
    photos = torch.rand(120, 16, generator=g) + torch.eye(16)[labels]
    sketches = torch.rand(120, 16, generator=g) + 0.6 * torch.eye(16)[labels]
    table = torch.tensor([[1, 0, 0, 1], [0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0]])
    return Pairs(
        sketches=sketches,
        photos=photos,
        photo_index=torch.arange(120),
        labels=labels,
        photo_labels=labels,
        class_names=("ape", "bee", "cat", "dog", "eel", "fox"),
        class_attributes=torch.cat([table, torch.tensor([[0, 1, 1, 1]])]).float(),
        attribute_names=WORDS,
    )


@pytest.fixture(scope="session")
def small_pairs() -> Pairs:
    return make_small_pairs()
