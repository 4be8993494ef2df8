import numpy as np
import pytest
import traitlets
from PIL import Image

from zsbir_lib.errors import ZsbirError
from zsbir_lib.widgets import CollapseExplorer, LatentRun

PHOTOS = np.arange(8.0).reshape(4, 2)
OWN = [True, False, False, True]


def run(nats=(0.5, 0.1), variances=(0.4, 0.005), samples=((0, 0), (2, 0)), found=()):
    return LatentRun(nats, variances, samples, found)


def test_numbers_follow_the_choices():
    quiet = run((0.0, 0.0), (0.0, 0.0), ((1, 1), (1, 1)))
    widget = CollapseExplorer({"beta": {0.5: run(), 4: quiet}, "lambda": {1: run()}}, PHOTOS, OWN)
    assert (widget.nats, widget.active) == (pytest.approx(0.6), 1)
    assert widget.width == pytest.approx(np.sqrt(2))
    widget.threshold = 0.001
    assert widget.active == 2
    widget.place = 1
    assert (widget.nats, widget.active, widget.width) == (0, 0, 0)
    assert "beta 4: the divergence is 0.00 nats, 0 of 2" in widget.figure().alt_text
    # A term with fewer weights shows its last.
    widget.sweep = "lambda"
    assert widget.run["weight"] == 1


def test_starts_where_it_is_told():
    widget = CollapseExplorer({"beta": {0.5: run(), 4: run()}}, PHOTOS, OWN, start=4)
    assert widget.place == 1


def test_photos_that_are_found_are_asked_for_once_and_counted():
    asked = []

    def picture(number):
        asked.append(number)
        return Image.new("RGB", (300, 200), (number, 0, 0))

    first = LatentRun([0.5], [0.4], ((0, 0), (2, 0)), found=(3, 1))
    runs = {"beta": {1: first, 2: LatentRun([0.5], [0.4], ((0, 0), (2, 0)), found=[1, 2])}}
    widget = CollapseExplorer(runs, PHOTOS, OWN, picture=picture, sketch=Image.new("L", (9, 9)))
    assert asked == [1, 2, 3]
    assert list(widget.pictures) == ["1", "2", "3"]
    assert widget.right == 1
    assert widget.figure().alt_text.endswith("1 of the 2 photos found are right.")
    widget.place = 1
    assert widget.right == 0


@pytest.mark.parametrize(
    ("sweeps", "options", "message"),
    [
        ({}, {}, "give a sweep or more"),
        ({"beta": {}}, {}, "give a sweep or more"),
        ({"beta": {1: run(nats=(0.5,))}}, {}, "beta 1: 1 nats but 2 variances"),
        ({"beta": {1: run(nats=(0.5, np.nan))}}, {}, "nats of beta 1 must be finite"),
        ({"beta": {1: run(samples=((0, 0, 0), (1, 1, 1)))}}, {}, "samples of beta 1 must have"),
        ({"beta": {1: run()}}, {"own": [True]}, "4 photos, but own has 1 marks"),
        ({"beta": {1: run()}}, {"start": 2}, "start is 2"),
        ({"beta": {1: run()}}, {"photos": PHOTOS[:, :1]}, "photos must have shape"),
        ({"beta": {1: run(found=[4])}}, {}, r"beta 1 found photos \[4\]: they must be from 0 to 3"),
        ({"beta": {1: run(found=[1])}}, {}, "runs found photos: give picture"),
    ],
)
def test_bad_input_is_named(sweeps, options, message):
    given = {"photos": PHOTOS, "own": OWN} | options
    with pytest.raises(ZsbirError, match=message):
        CollapseExplorer(sweeps, **given)


@pytest.mark.parametrize(("trait", "value"), [("sweep", "no"), ("place", 2), ("threshold", 0.5)])
def test_choices_that_are_none_are_refused(trait, value):
    widget = CollapseExplorer({"beta": {1: run(), 2: run()}}, PHOTOS, OWN)
    before = getattr(widget, trait)
    with pytest.raises(traitlets.TraitError, match=f"{trait} must be"):
        setattr(widget, trait, value)
    assert getattr(widget, trait) == before
