import numpy as np
import pytest

from zsbir_lib.datasets.toybox import geometry as g


def area(outline):
    x, y = outline.T
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2


def test_a_spline_passes_through_its_points_and_closes():
    corners = [(0, 0), (2, 0), (2, 1), (0, 1)]
    curve = g.closed_curve(*corners, samples=5)
    assert curve.shape == (20, 2)
    np.testing.assert_allclose(curve[::5], corners, atol=1e-12)
    open_one = g.open_curve(*corners, samples=5)
    np.testing.assert_allclose(open_one[::5], corners, atol=1e-12)


def test_a_spline_through_a_straight_line_stays_on_it():
    curve = g.open_curve((0, 0), (1, 1), (2, 2))
    np.testing.assert_allclose(curve[:, 0], curve[:, 1], atol=1e-12)


def test_polyline_keeps_its_corners_and_spaces_points_evenly():
    line = g.polyline((0, 0), (1, 0), (1, 0.5))
    assert {(0.0, 0.0), (1.0, 0.0), (1.0, 0.5)} <= {tuple(p) for p in line}
    assert np.hypot(*np.diff(line, axis=0).T).max() < 0.06


@pytest.mark.parametrize("radius", [0.0, 0.2])
def test_a_rectangle_has_its_size(radius):
    box = g.rectangle(1, 2, 3, 1, radius)
    np.testing.assert_allclose(np.ptp(box, axis=0), [3, 1], atol=1e-9)
    np.testing.assert_allclose((box.min(0) + box.max(0)) / 2, [1, 2], atol=1e-9)
    assert area(box) == pytest.approx(3 - (4 - np.pi) * radius**2, rel=0.01)


def test_an_ellipse_has_its_area_and_turns():
    assert area(g.ellipse(0, 0, 2, 1, samples=200)) == pytest.approx(2 * np.pi, rel=1e-3)
    turned = g.ellipse(0, 0, 2, 1, angle=90, samples=200)
    np.testing.assert_allclose(np.ptp(turned, axis=0), [2, 4], atol=1e-2)


def test_rotate_turns_counter_clockwise_about_the_centre():
    np.testing.assert_allclose(g.rotate([(2, 1)], 90, (1, 1)), [(1, 2)], atol=1e-12)


def test_a_limb_is_as_wide_as_asked():
    outline = g.limb([(0, 0), (1, 0), (2, 0)], [0.4, 0.4])
    assert np.ptp(outline[:, 1]) == pytest.approx(0.4, abs=1e-6)
    assert np.ptp(outline[:, 0]) == pytest.approx(2.4, abs=0.02)  # round ends


def test_a_mirrored_outline_is_symmetric():
    outline = g.mirrored((0, 1), (0.5, 0), (0, -1), cx=3)
    np.testing.assert_allclose(outline[:, 0].mean(), 3)
    assert {tuple(p) for p in np.round(outline, 9)} == {
        (round(6 - x, 9), y) for x, y in np.round(outline, 9)
    }


def test_a_star_alternates_between_its_radii():
    corners = g.star(0, 0, 2, 1, 5)
    radii = np.hypot(*corners.T)
    assert radii.max() == pytest.approx(2)
    assert radii[0] == pytest.approx(2)
    assert corners[0] == pytest.approx((0, 2), abs=1e-9)
