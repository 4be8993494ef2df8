import numpy as np

from zsbir_lib.datasets.toybox.drawing import Drawing, draw_object
from zsbir_lib.datasets.toybox.geometry import ellipse, polyline, rectangle


def lollipop(drawing):
    drawing.fill(rectangle(0, -0.6, 0.1, 1.0), drawing.colour("wood"), "all")
    drawing.fill(ellipse(0, 0.3, drawing.vary(0.4)), drawing.colour("red", "blue"), "all")
    drawing.line(polyline((-0.2, 0.3), (0.2, 0.3)), width=0.05)


def test_objects_fit_the_frame_and_depend_on_the_seed_alone():
    sizes = []
    for seed in range(50):
        parts = draw_object(lollipop, np.random.default_rng(seed))
        again = draw_object(lollipop, np.random.default_rng(seed))
        points = np.concatenate([part.points for part in parts])
        assert np.abs(points).max() <= 1.0
        sizes.append(np.ptp(points, axis=0).max())
        for a, b in zip(parts, again, strict=True):
            np.testing.assert_array_equal(a.points, b.points)
            np.testing.assert_array_equal(a.colour, b.colour)
    assert 1.2 < min(sizes) < max(sizes) <= 2.0


def test_the_picture_has_y_down():
    parts = draw_object(lollipop, np.random.default_rng(0))
    stick, sweet = parts[0].points.mean(axis=0), parts[1].points.mean(axis=0)
    assert sweet[1] < stick[1]


def test_line_widths_scale_with_the_object():
    parts = draw_object(lollipop, np.random.default_rng(0))
    drawn = np.ptp(parts[2].points, axis=0).max()
    assert abs(parts[2].width / drawn - 0.05 / 0.4) < 0.03
    assert not parts[2].filled
    assert parts[0].filled


def test_choices_stay_within_their_bounds():
    drawing = Drawing(np.random.default_rng(3))
    values = [drawing.vary(2.0, 0.1) for _ in range(500)]
    assert 1.6 <= min(values) < 1.8
    assert 2.2 < max(values) <= 2.4
    assert {drawing.pick("a", "b") for _ in range(50)} == {"a", "b"}
    colours = np.array([drawing.colour("white") for _ in range(200)])
    assert colours.min() >= 0
    assert colours.max() <= 255
