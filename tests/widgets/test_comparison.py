import pytest
import samples
import traitlets
from PIL import Image
from scipy.stats import kendalltau

from zsbir_lib.errors import ZsbirError
from zsbir_lib.widgets import RankingComparison

PHOTOS = [Image.new("RGB", (16, 16), (60 * i, 90, 160)) for i in range(4)]


def test_agreement_counts_the_pairs_that_both_put_the_same_way_round():
    widget = RankingComparison(
        PHOTOS, PHOTOS[0], {"same": [2, 0, 1, 3], "turned": [3, 1, 0, 2], "near": [0, 2, 1, 3]}
    )
    widget.order = [2, 0, 1, 3]
    assert widget.agreement == pytest.approx({"same": 1, "turned": -1, "near": 4 / 6})


def test_agreement_is_of_places_and_not_of_the_lists_of_photos():
    widget = RankingComparison(PHOTOS, PHOTOS[0], {"other": [0, 1, 2, 3]})
    widget.order = [1, 2, 3, 0]  # one photo moved past three: three pairs of six turned
    assert widget.agreement["other"] == pytest.approx(0)
    assert kendalltau([0, 1, 2, 3], [3, 0, 1, 2]).statistic == pytest.approx(0)


def test_the_others_are_told_only_when_asked_for():
    widget = samples.comparison()
    widget.order = [1, 0, 2, 3]
    assert widget.figure().alt_text == "4 photos ranked for a sketch: B A C D."
    widget.compared = True
    assert "outline: A B C D, Kendall's tau 0.67" in widget.figure().alt_text


@pytest.mark.parametrize(
    ("photos", "rankings", "message"),
    [
        (PHOTOS[:1], {"one": [0]}, "1 photos to rank: give 2 to 26"),
        (PHOTOS * 7, {"one": list(range(28))}, "28 photos to rank"),
        (PHOTOS, {}, "rankings is empty"),
        (PHOTOS, {"one": [0, 1, 2]}, "'one' must hold each place from 0 to 3 once"),
        (PHOTOS, {"one": [0, 1, 2, 2]}, "'one' must hold each place from 0 to 3 once"),
    ],
)
def test_bad_input_is_named(photos, rankings, message):
    with pytest.raises(ZsbirError, match=message):
        RankingComparison(photos, PHOTOS[0], rankings)


def test_an_order_that_is_none_is_refused():
    widget = samples.comparison()
    with pytest.raises(traitlets.TraitError, match="each place from 0 to 3 once"):
        widget.order = [0, 1, 2, 2]
