"""The drawings are those of their version: no picture changes unless `DRAWINGS_VERSION` does.

Compared are coarse thumbnails of a photo and a sketch of every class, so that the rounding of
another Pillow or NumPy makes no difference. Where a picture is meant to change, raise the version
in ``zsbir_lib/datasets/toybox/recipe.py`` and run ``python tests/datasets/toybox/test_golden.py``.
"""

from pathlib import Path

import numpy as np
import pytest

from zsbir_lib.datasets.toybox import Toy, toy_classes
from zsbir_lib.datasets.toybox.recipe import DRAWINGS_VERSION

GOLDEN = Path(__file__).with_name("golden.npz")
CELLS = 8
# Grey levels of a cell of 64 pixels. An edge moved by a pixel changes a cell by ten and more.
TOLERANCE = 3


def thumbnails(name):
    """Return a photo and a sketch as the means of 8 x 8 cells, uint8 of shape (2, 8, 8)."""
    toy = Toy(name, instance=0, seed=0)
    pictures = np.stack([toy.photo().mean(axis=2), toy.sketch()])
    side = pictures.shape[1] // CELLS
    cells = pictures.reshape(2, CELLS, side, CELLS, side).mean(axis=(2, 4))
    return cells.round().astype(np.uint8)


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN) as file:
        return dict(file)


def changed(golden, names):
    """Return the classes of which a picture is not what it was."""
    rows = dict(zip(golden["names"].tolist(), golden["thumbnails"].astype(int), strict=True))
    return [name for name in names if np.abs(thumbnails(name) - rows[name]).max() > TOLERANCE]


def test_every_class_is_there(golden):
    assert golden["names"].tolist() == sorted(toy_classes())
    assert golden["version"] == DRAWINGS_VERSION


def test_no_picture_has_changed(golden):
    assert changed(golden, sorted(toy_classes())) == []


def test_a_change_of_one_pixel_is_noticed(golden, monkeypatch):
    whole = Toy.sketch
    monkeypatch.setattr(Toy, "sketch", lambda toy: np.roll(whole(toy), 1, axis=1))
    some = sorted(toy_classes())[::20]
    assert changed(golden, some) == some


if __name__ == "__main__":
    with np.load(GOLDEN) as before:
        if before["version"] == DRAWINGS_VERSION:
            raise SystemExit("raise DRAWINGS_VERSION first: these pictures are its version's")
    names = sorted(toy_classes())
    np.savez_compressed(
        GOLDEN,
        version=DRAWINGS_VERSION,
        names=names,
        thumbnails=np.stack([thumbnails(name) for name in names]),
    )
