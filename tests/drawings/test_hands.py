import numpy as np
import pytest

from zsbir_lib.drawings.hands import StrokeAugmentation, StrokeDrawing, draw_lines
from zsbir_lib.errors import ZsbirError

NONE = dict.fromkeys(vars(StrokeAugmentation()), 0.0)
BOX = [[(0, 0), (40, 0), (40, 20), (0, 20)], [(5, 5), (10, 5)], [(20, 10), (30, 15, 0.5)]]


@pytest.fixture
def box():
    return StrokeDrawing.of(BOX)


def only(**habits):
    return StrokeAugmentation(**{**NONE, **habits})


def drawn(augmentation, drawing, count=60, seed=0):
    rng = np.random.default_rng(seed)
    return [augmentation.strokes(drawing, rng) for _ in range(count)]


def test_strokes_are_sampled_at_equal_distances_about_the_middle(box):
    assert np.ptp(box.points, axis=0).max() == pytest.approx(1.7)
    assert box.points.max(axis=0) == pytest.approx(-box.points.min(axis=0))
    for stroke in box.strokes:
        steps = np.hypot(*np.diff(stroke, axis=0).T)
        assert steps.max() < 0.08
    assert box.counts.sum() == len(box.points)
    assert len(box.strokes) == 3
    # The longer a stroke, the seldomer it is left out.
    assert box.omission[0] < box.omission[2] < box.omission[1]


def test_one_point_is_a_dot():
    dot = StrokeDrawing.of([[(3, 3)], []])
    assert dot.points.tolist() == [[0, 0]]
    assert (draw_lines(dot.strokes) < 128).sum() > 0
    for strokes in drawn(StrokeAugmentation(), dot):
        assert np.isfinite(np.concatenate(strokes)).all()


def test_an_empty_stroke_takes_no_part_with_it():
    found = StrokeDrawing.of([[], *BOX], parts=[9, 0, 1, 1], omission=[0.9, 0.1, 0.2, 0.3])
    assert found.parts.tolist() == [0, 1, 1]
    assert found.omission.tolist() == [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ([], "nothing is drawn"),
        ([[], [(0, np.nan)]], "nothing is drawn"),
        ([[(0, 1, 200)]], "a pressure of stroke 0 is 200"),
    ],
)
def test_what_is_no_drawing_is_refused(strokes, message):
    with pytest.raises(ZsbirError, match=message):
        StrokeDrawing.of(strokes)


def test_without_any_habit_the_drawing_stays(box):
    for strokes in drawn(StrokeAugmentation(**NONE), box, count=5):
        for found, wanted in zip(strokes, box.strokes, strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_the_same_generator_gives_the_same_drawing(box):
    one, other = (
        StrokeAugmentation().picture(box, np.random.default_rng(3), size=32) for _ in range(2)
    )
    np.testing.assert_array_equal(one, other)
    assert one.shape == (32, 32)
    assert one.dtype == np.uint8
    assert one.min() < 160
    assert np.median(one) == 255


def test_omission_leaves_whole_parts_out_and_never_all():
    parts = StrokeDrawing.of(BOX, parts=[0, 1, 1], omission=[0.0, 0.9, 0.9])
    sizes = {len(strokes) for strokes in drawn(only(omission=1.0), parts, count=200)}
    assert {1, 3} <= sizes
    hasty = StrokeDrawing.of(BOX, omission=[0.95] * 3)
    assert min(len(strokes) for strokes in drawn(only(omission=2.0), hasty, count=200)) == 1


def test_mirror_turns_half_of_the_drawings_round(box):
    sides = [strokes[1][0, 0] < 0 for strokes in drawn(only(mirror=1.0), box, count=100)]
    assert 25 < sum(sides) < 75


def test_simplification_keeps_the_ends(box):
    simpler = [s for s in drawn(only(simplification=1.0), box) if len(s[0]) < len(box.strokes[0])]
    assert 10 < len(simpler) < 50
    for strokes in simpler:
        for found, wanted in zip(strokes, box.strokes, strict=True):
            np.testing.assert_allclose(found[[0, -1]], wanted[[0, -1]], atol=1e-6)


def test_closing_closes_what_is_nearly_closed():
    angles = np.linspace(0.1, 2 * np.pi - 0.1, 60)
    open_ring = StrokeDrawing.of([np.stack([np.cos(angles), np.sin(angles)], axis=1)])
    rings = [strokes[0] for strokes in drawn(only(closing=1.0), open_ring, count=100)]
    closed = [np.allclose(ring[0], ring[-1]) for ring in rings]
    assert 10 < sum(closed) < 50


def test_doubling_draws_some_strokes_twice(box):
    lengths = [len(strokes) for strokes in drawn(only(doubling=2.0), box, count=200)]
    assert min(lengths) == 3
    assert max(lengths) > 3


@pytest.mark.parametrize("habit", ["proportions", "slant", "wobble"])
def test_a_habit_moves_points_further_the_stronger_it_is(box, habit):
    def moved(strength):
        found = drawn(only(**{habit: strength}), box)
        return np.mean([np.abs(np.concatenate(s) - box.points).mean() for s in found])

    assert pytest.approx(moved(0.0), abs=1e-6) == 0
    assert 0 < moved(0.5) < moved(1.5)


def test_pens_differ_in_width(box):
    def ink(augmentation):
        rng = np.random.default_rng(0)
        return np.ptp([(augmentation.picture(box, rng) < 128).sum() for _ in range(20)])

    assert ink(only()) == 0
    assert ink(only(pens=1.0)) > 20


def test_a_strength_that_makes_no_sense_is_named():
    with pytest.raises(ZsbirError, match=r"wobble -1 is not from 0 to 2"):
        StrokeAugmentation(wobble=-1)


def test_lines_are_drawn_where_render_strokes_draws_them():
    from zsbir_lib.drawings import render_strokes

    exact = np.asarray(render_strokes(BOX).convert("L"), dtype=int)
    quick = draw_lines([np.array([p[:2] for p in s], dtype=float) for s in BOX]).astype(int)
    assert np.abs(exact - quick).mean() < 3
    assert np.corrcoef(exact.ravel(), quick.ravel())[0, 1] > 0.9
