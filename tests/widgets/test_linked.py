import numpy as np
import pytest
import samples
import traitlets

from zsbir_lib.errors import ZsbirError
from zsbir_lib.widgets import AdversarialReplay, GameFrame, LinkedFigure, TripletPlayground

X = np.linspace(0, 2, 41)


def test_the_mark_goes_where_the_other_widget_stands_and_leads_it():
    figure = samples.linked()
    assert figure.at == 12
    figure.linked.margin = 1.51  # between two places: the nearest is marked, and the margin stays
    assert (figure.at, figure.linked.margin) == (30, 1.51)
    figure.at = 20
    assert figure.linked.margin == 1.0
    assert figure.figure().alt_text == "margin 1: square 1, </script><b> 3"


def test_a_widget_that_counts_its_frames_is_followed_by_their_values():
    codes, heights = np.eye(3, 2), np.full((3, 3), 0.5)
    replay = AdversarialReplay(
        {"a": [GameFrame(step, codes, heights) for step in (0, 10, 100)]}, (-3, 3), start=10
    )
    figure = LinkedFigure([0, 10, 100], {"a": [3, 2, 1]}, replay, "place", values=range(3))
    assert figure.at == 1
    figure.at = 2
    assert replay.step == 100


def test_a_mark_beside_the_curves_is_refused():
    figure = samples.linked()
    with pytest.raises(traitlets.TraitError, match="at must be from 0 to 40"):
        figure.at = 41


@pytest.mark.parametrize(
    ("x", "curves", "options", "message"),
    [
        (X, {}, {}, "0 curves: give 1 to 4"),
        (X, {str(i): X for i in range(5)}, {}, "5 curves: give 1 to 4"),
        (X, {"a": X[1:]}, {}, "a has 40 numbers, and x has 41"),
        (X, {"a": X * np.nan}, {}, "a must be finite"),
        (X[::-1], {"a": X}, {}, "x must be two numbers or more that rise"),
        (X[:1], {"a": X[:1]}, {}, "x must be two numbers or more that rise"),
        (X, {"a": X}, {"values": range(40)}, "40 values, and x has 41"),
        (X, {"a": X}, {"values": [0] * 41}, "values must be two numbers or more that rise"),
        (X, {"a": X}, {"trait": "caption"}, "has no number called 'caption'"),
        (X, {"a": X}, {"trait": "beta"}, "has no number called 'beta'"),
    ],
)
def test_bad_input_is_named(x, curves, options, message):
    with pytest.raises(ZsbirError, match=message):
        LinkedFigure(x, curves, TripletPlayground(), **({"trait": "margin"} | options))
