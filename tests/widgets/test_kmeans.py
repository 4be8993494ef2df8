import numpy as np
import pytest
import traitlets
from sklearn.cluster import KMeans

from zsbir_lib.errors import ZsbirError
from zsbir_lib.widgets import KMeansStepper

POINTS = np.random.default_rng(1).normal(size=(60, 2)).round(3)


def test_steps_never_raise_the_distortion_and_end_where_scikit_learn_does():
    widget = KMeansStepper(POINTS, 4)
    trace = [widget.distortion]
    for _ in range(50):
        widget.assign()
        trace.append(widget.distortion)
        widget.move()
        trace.append(widget.distortion)
    assert np.diff(trace).max() < 1e-9
    known = KMeans(4, init=POINTS[:4], n_init=1, tol=0).fit(POINTS)
    np.testing.assert_allclose(widget.centres, known.cluster_centers_, atol=1e-6)
    assert widget.distortion == pytest.approx(known.inertia_)
    assert "the points are assigned" in widget.figure().alt_text


def test_a_centre_without_points_stays():
    widget = KMeansStepper([[0, 0], [0, 1]], centres=[[0, 0.5], [9, 9]])
    widget.assign()
    widget.move()
    assert widget.centres == [[0, 0.5], [9, 9]]


def test_an_assignment_of_more_centres_than_there_are_counts_for_none():
    widget = KMeansStepper(POINTS, 3)
    widget.assign()
    widget.centres = [[0.0, 0.0]]
    assert widget.distortion == pytest.approx((POINTS**2).sum())
    assert widget.figure().alt_text


@pytest.mark.parametrize(
    ("points", "options", "message"),
    [
        (np.zeros((3, 3)), {}, "points must have shape"),
        (np.zeros((401, 2)), {}, "points must have shape"),
        (np.full((3, 2), np.nan), {}, "points must be finite"),
        (POINTS, {"k": 0}, "k is 0"),
        (POINTS, {"k": 9}, "k is 9"),
        (POINTS[:2], {"k": 3}, "k is 3"),
        (POINTS, {"centres": [[0, 0, 0]]}, "centres must have shape"),
    ],
)
def test_bad_input_is_named(points, options, message):
    with pytest.raises(ZsbirError, match=message):
        KMeansStepper(points, **options)


@pytest.mark.parametrize(
    ("trait", "value"),
    [("centres", []), ("centres", [[0.0]]), ("centres", [[0.0, float("inf")]]),
     ("centres", [["a", "b"]]), ("assignment", [0]), ("assignment", [9] * 60)],
)  # fmt: skip
def test_choices_that_are_none_are_refused(trait, value):
    widget = KMeansStepper(POINTS)
    before = getattr(widget, trait)
    with pytest.raises(traitlets.TraitError):
        setattr(widget, trait, value)
    assert getattr(widget, trait) == before


def test_buttons_of_the_fallback_take_the_steps():
    widget = KMeansStepper(POINTS)
    assign, move, picture, *_ = widget.fallback().children
    empty = picture.value
    assign.click()
    assert len(widget.assignment) == 60
    assert picture.value != empty
    move.click()
    known = KMeans(3, init=POINTS[:3], n_init=1, max_iter=1).fit(POINTS).cluster_centers_
    np.testing.assert_allclose(widget.centres, known, atol=1e-6)
