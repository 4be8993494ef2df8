"""Strokes are drawn as they are meant, or refused: no form is taken for another."""

import numpy as np
import pytest

from zsbir_lib.drawings import TOYBOX_STYLE, render_strokes
from zsbir_lib.errors import ZsbirError

SQUARE = [[(10, 10), (200, 10), (200, 200), (10, 200), (10, 10)]]


def ink(strokes, **options):
    return 255.0 - np.asarray(render_strokes(strokes, **options).convert("L"), dtype=float)


def test_a_square_is_centred_and_as_large_as_the_style_says():
    pixels = ink(SQUARE, size=100)
    y, x = np.nonzero(pixels > 100)
    for places in (x, y):
        assert places.min() + places.max() == 99
        assert np.ptp(places) + 1 == pytest.approx(TOYBOX_STYLE.fill * 100, abs=1)
    assert pixels[40:60, 40:60].max() == 0


def test_pressure_makes_the_pen_wider():
    thin, plain, wide = (ink([[(x, 0, p) for x in (0, 9)]]).sum() for p in (0, 0.5, 1))
    assert plain == ink([[(0, 0), (9, 0)]]).sum()
    assert thin < 0.7 * plain < 0.5 * wide


def test_points_that_are_not_finite_are_left_out():
    broken = [[*SQUARE[0], (float("nan"), 5), (5, float("inf"))], [(float("nan"),) * 2]]
    assert (ink(broken) == ink(SQUARE)).all()
    assert (ink([[(*point, float("nan")) for point in SQUARE[0]]]) == ink(SQUARE)).all()


@pytest.mark.parametrize(
    ("strokes", "reason"),
    [
        ([], "nothing is drawn"),
        ([[]], "nothing is drawn"),
        (
            [[[10, 200, 200, 10, 10], [10, 10, 200, 200, 10]]],
            "stroke 0 has 5 numbers.*Quick, Draw!",
        ),
        ([SQUARE[0], [[1, 2, 3, 4], [1, 2, 3, 4]]], "stroke 1 has 4 numbers"),
        ([[(10, 10, 0), (200, 10, 30)]], "pressure of stroke 0 is 30, not from 0 to 1"),
        ([[(10, 10, -0.1)]], "is -0.1, not from 0 to 1"),
        ([[10, 10, 0], [200, 10, 1]], "stroke 0 is no sequence of points.*pen"),
        (np.array([[10.0, 10, 0], [200, 10, 1]]), "stroke 0 is no sequence of points"),
        ([[(1,)]], "has 1 numbers"),
        ([["ab", "cd"]], "stroke 0 is no sequence of points"),
        ([[(10**400, 1)]], "stroke 0 is no sequence of points"),
        ([None], "stroke 0 is no sequence of points"),
    ],
)
def test_what_are_no_strokes_of_points_is_refused(strokes, reason):
    with pytest.raises(ZsbirError, match=reason) as raised:
        render_strokes(strokes)
    assert "\n" not in str(raised.value)


def test_a_size_out_of_range_is_refused():
    with pytest.raises(ZsbirError, match="size 8 is not from 16 to 1024"):
        render_strokes(SQUARE, size=8)
