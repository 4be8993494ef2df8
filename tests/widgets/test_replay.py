import numpy as np
import pytest
import traitlets

from zsbir_lib.errors import ZsbirError
from zsbir_lib.widgets import AdversarialReplay, GameFrame

CODES = np.array([[3.0, 4.0], [3.0, 6.0], [3.0, 2.0]])
HEIGHTS = np.linspace(0, 1, 9).reshape(3, 3)


def moment(step=0, codes=CODES, heights=HEIGHTS):
    return GameFrame(step, codes, heights)


def test_moments_are_those_of_the_frame_on_show():
    widget = AdversarialReplay({"a": [moment(), moment(7, 0 * CODES)]}, (-7, 7), start=7)
    assert (widget.step, widget.moments) == (7, (0, 0, 0))
    widget.place = 0
    assert widget.moments == pytest.approx((5, 0, 4))
    assert "a, step 0: the codes' middle is 5.00" in widget.figure().alt_text


def test_a_discriminator_that_knows_nothing_has_no_lines():
    widget = AdversarialReplay({"a": [moment(heights=np.full((3, 3), 0.05))]}, (-7, 7))
    assert widget.figure().alt_text


@pytest.mark.parametrize(
    ("games", "options", "message"),
    [
        ({}, {}, "give a game or more"),
        ({"a": []}, {}, "give a game or more"),
        ({"a": [moment(1), moment(0)]}, {}, "the steps of every game"),
        ({"a": [moment(0)], "b": [moment(1)]}, {}, "the steps of every game"),
        ({"a": [moment(codes=CODES[:2])]}, {}, "codes of a, step 0 must have shape"),
        ({"a": [moment(codes=CODES * np.nan)]}, {}, "codes of a, step 0 must be finite"),
        ({"a": [moment(heights=HEIGHTS[:2])]}, {}, "must be a square grid"),
        ({"a": [moment(heights=HEIGHTS + 1)]}, {}, "must be from 0 to 1"),
        ({"a": [moment()]}, {"extent": (1, 1)}, "extent is"),
        ({"a": [moment()]}, {"start": 3}, "start is 3"),
    ],
)
def test_bad_input_is_named(games, options, message):
    with pytest.raises(ZsbirError, match=message):
        AdversarialReplay(games, **({"extent": (-7, 7)} | options))


@pytest.mark.parametrize(("trait", "value"), [("game", "b"), ("place", 1), ("place", -1)])
def test_choices_that_are_none_are_refused(trait, value):
    widget = AdversarialReplay({"a": [moment()]}, (-7, 7))
    before = getattr(widget, trait)
    with pytest.raises(traitlets.TraitError, match=f"{trait} must be"):
        setattr(widget, trait, value)
    assert getattr(widget, trait) == before
