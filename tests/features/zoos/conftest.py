"""Networks of packages with random weights: nothing is ever downloaded."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from zsbir_lib.features.zoos import find_recipe

SHARED = Path(__file__).resolve().parents[4] / "shared"
SKETCHY = Path(os.environ.get("ZSBIR_SKETCHY_ROOT", SHARED / "sketchy25"))


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """What would ask a server fails at once."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def random_weights(tmp_path):
    """Write random weights of a network to a file, and return it."""

    def write(name):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            state = find_recipe(name)[1].build().state_dict()
        path = tmp_path / "weights.safetensors"
        save_file({key: value.contiguous().clone() for key, value in state.items()}, path)
        return path

    return write


@pytest.fixture
def sketchy():
    """The folder of the real sketches and photos."""
    if not SKETCHY.is_dir():
        pytest.skip(f"{SKETCHY} is not here: set ZSBIR_SKETCHY_ROOT")
    return SKETCHY


def _rendered():
    """A picture with slopes and edges, much wider than high."""
    y, x = np.mgrid[:181, :307]
    return np.stack([x * 255 // 306, y * 255 // 180, ((x // 9 + y // 7) % 2) * 255], -1)


@pytest.fixture(params=["rendered", "upright", "photo", "sketch"])
def picture(request):
    """A rendered picture, and a real photo and sketch."""
    drawn = Image.fromarray(_rendered().astype(np.uint8))
    if request.param in ("rendered", "upright"):
        return drawn if request.param == "rendered" else drawn.rotate(90, expand=True)
    if not SKETCHY.is_dir():
        pytest.skip(f"{SKETCHY} is not here: set ZSBIR_SKETCHY_ROOT")
    found = sorted(SKETCHY.glob(f"256x256/{request.param}/*/*/*"))[1000]
    return Image.open(found).convert("RGB")
