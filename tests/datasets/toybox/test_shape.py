import numpy as np
import pytest

from zsbir_lib.datasets.toybox.instance import Toy
from zsbir_lib.datasets.toybox.shape import shape_distances
from zsbir_lib.datasets.toybox.sketch import Strokes


class Outline:
    """Stands for a toy whose visible lines are given."""

    def __init__(self, *lines):
        self.strokes = Strokes(tuple(np.asarray(line, float) for line in lines), (), ())


def square(x=0.0, y=0.0, side=1.0):
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]


def test_it_is_a_symmetric_distance():
    toys = [Toy(name, i) for name in ("cow", "giraffe", "saw") for i in range(4)]
    found = shape_distances(toys)
    assert found.shape == (12, 12)
    assert found.dtype == np.float32
    assert np.allclose(found, found.T)
    assert np.allclose(found.diagonal(), 0)
    assert (found[~np.eye(12, dtype=bool)] > 0).all()


def test_place_size_and_mirror_image_do_not_count():
    lean = np.array([(0, 0), (2, 0), (0.5, 3), (0, 0)])
    toys = [Outline(lean), Outline(lean * 0.3 + (5, -2)), Outline(lean * [-1, 1])]
    assert shape_distances(toys).max() < 0.01
    assert shape_distances([Outline(lean), Outline(lean * [1, -1])])[0, 1] > 0.03


def test_it_is_the_mean_distance_to_the_nearest_point():
    # A square, and the same with a line across its middle: of the second's length 4 + 1, the last
    # part is off the first by a triangle's profile whose mean is 1/4.
    one = Outline(square())
    two = Outline(square(), [(0, 0.5), (1, 0.5)])
    expected = (0 + (1 / 5) * 0.25) / 2
    assert shape_distances([one, two])[0, 1] == pytest.approx(expected, rel=0.1)


def test_toys_of_one_class_are_nearer_than_those_of_others():
    names = ("giraffe", "saw", "wheelchair", "umbrella")
    toys = [Toy(name, i) for name in names for i in range(6)]
    found = shape_distances(toys)
    same = np.kron(np.eye(4), np.ones((6, 6))).astype(bool)
    off = ~np.eye(24, dtype=bool)
    assert found[same & off].mean() < 0.7 * found[~same].mean()
