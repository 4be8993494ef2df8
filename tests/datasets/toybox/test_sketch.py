import numpy as np

from zsbir_lib.datasets.toybox.drawing import Part, draw_object
from zsbir_lib.datasets.toybox.geometry import ellipse, polyline, rectangle
from zsbir_lib.datasets.toybox.sketch import Hand, render_sketch, visible_strokes

STEADY = Hand(clumsiness=1, laziness=1, slant=0, pen=0.03, darkness=0, breaks=1)


def part(points, group=None, width=0.0, importance=1.0):
    return Part(points, np.zeros(3), group, importance, False, width)


def visible_points(parts):
    strokes = visible_strokes(parts)
    return np.concatenate(strokes.lines), strokes


def test_a_part_in_front_hides_the_lines_behind_it():
    back, front = rectangle(0, 0, 1, 0.2), rectangle(0, 0, 0.4, 1)
    points, _ = visible_points([part(back), part(front)])
    inside = (np.abs(points[:, 0]) < 0.15) & (np.abs(points[:, 1]) < 0.3)
    assert not inside.any()
    # and not the other way round
    points, _ = visible_points([part(front), part(back)])
    assert ((np.abs(points[:, 0]) < 0.15) & (np.abs(points[:, 1]) < 0.12)).any()


def test_parts_of_a_group_share_one_outline():
    left, right = ellipse(-0.2, 0, 0.4), ellipse(0.2, 0, 0.4)
    loose, _ = visible_points([part(left), part(right)])
    joined, _ = visible_points([part(left, "b"), part(right, "b")])
    assert (np.abs(loose[:, 0]) < 0.1).any()
    middle = joined[np.abs(joined[:, 0]) < 0.1]
    assert (np.abs(middle[:, 1]) > 0.25).all()


def test_a_lone_outline_is_one_unbroken_stroke():
    points, strokes = visible_points([part(ellipse(0, 0, 0.5))])
    assert len(strokes.lines) == 1
    np.testing.assert_array_equal(points[0], points[-1])


def test_lines_hide_nothing():
    _, strokes = visible_points(
        [part(rectangle(0, 0, 1, 1)), part(polyline((-1, 0), (1, 0)), width=0.2)]
    )
    assert strokes.part_numbers.count(0) == 1


def face(drawing):
    drawing.fill(ellipse(0, 0, 1), (255, 255, 255))
    for side in (-1, 1):
        drawing.fill(ellipse(0.4 * side, 0.3, 0.12), (0, 0, 0), importance=1.0)
    drawing.line(polyline((-0.3, -0.4), (0.3, -0.4)), importance=0.3)


def sketches(abstraction, count=60, hand=STEADY, size=64):
    strokes = visible_strokes(draw_object(face, np.random.default_rng(0)))
    return np.stack(
        [
            render_sketch(
                strokes, np.random.default_rng(s), hand, size=size, abstraction=abstraction
            )
            for s in range(count)
        ]
    )


def test_a_sketch_is_dark_on_white_and_centred():
    images = sketches(1.0)
    assert images.shape == (60, 64, 64)
    assert images.dtype == np.uint8
    assert np.median(images) == 255
    assert images.min() < 60
    ink = 255.0 - images
    rows = (ink.sum(axis=2) * np.arange(64)).sum(axis=1) / ink.sum(axis=(1, 2))
    assert abs(rows.mean() - 31.5) < 2


def test_abstraction_leaves_details_out_and_distorts():
    tracing, ordinary, hint = (255.0 - sketches(a) for a in (0.0, 1.0, 2.5))
    assert tracing.mean() > hint.mean()
    # All tracings are alike but for where they stand; abstract sketches differ.
    assert tracing.mean(axis=0).max() > ordinary.mean(axis=0).max() > hint.mean(axis=0).max()


def test_important_parts_are_hardly_ever_left_out():
    images = sketches(1.3, count=100)
    # Both eyes drawn: there is ink well inside the head, above the middle.
    inside = (images[:, 20:30, 18:46] < 128).any(axis=(1, 2))
    assert inside.mean() > 0.95


def test_hands_differ_and_repeat_themselves():
    strokes = visible_strokes(draw_object(face, np.random.default_rng(0)))
    hands = [Hand.draw_one(np.random.default_rng(s)) for s in range(20)]
    darkness = [
        (255.0 - render_sketch(strokes, np.random.default_rng(9), hand)).sum() for hand in hands
    ]
    assert max(darkness) > 1.5 * min(darkness)
    again = render_sketch(strokes, np.random.default_rng(9), hands[0])
    assert (255.0 - again).sum() == darkness[0]


def test_a_hand_that_would_leave_everything_out_still_draws_something():
    thin = visible_strokes([part(polyline((-0.5, 0), (0.5, 0)), width=0.05, importance=0.0)])
    lazy = Hand(1, 5.0, 0, 0.03, 0, 1)
    for seed in range(20):
        image = render_sketch(thin, np.random.default_rng(seed), lazy, abstraction=1.0)
        assert image.min() < 200
