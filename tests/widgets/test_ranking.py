import numpy as np
import pytest
import traitlets
from PIL import Image

from zsbir_lib.errors import ZsbirError
from zsbir_lib.metrics import DEFINITIONS, average_precision
from zsbir_lib.widgets import RankingExplorer

RELEVANCE = [1, 0, 1, 0, 0, 1, 0, 0, 0, 0]


def test_scores_are_those_of_the_library_in_the_present_order():
    widget = RankingExplorer(RELEVANCE, 40, k=6)
    widget.order = [1, 3, 0, 2, 4, 5, 6, 7, 8, 9]
    rel = np.array([[0, 0, 1, 1, 0, 1, 0, 0, 0, 0]])
    np.testing.assert_array_equal(widget.relevance, rel[0])
    for name in DEFINITIONS:
        assert widget.scores[name] == average_precision(rel, 40, 6, name)[0]
    assert widget.scores["precision"] == 0.5
    assert "right at ranks: 3, 4, 6" in widget.figure().alt_text


def test_pictures_reach_the_page_small():
    photos = [Image.new("RGB", (500, 400), (i * 100, 0, 0)) for i in range(2)]
    widget = RankingExplorer([1, 0], photos=photos, sketch=photos[0])
    assert all(item["picture"].startswith("data:image/webp;base64,") for item in widget.items)
    assert max(len(item["picture"]) for item in widget.items) < 2000
    assert widget.figure().alt_text.startswith("A ranking of 2 photos cut at K = 2")


@pytest.mark.parametrize(
    ("relevance", "options", "message"),
    [
        ([], {}, "a ranking of 0 photos"),
        ([1] * 41, {}, "a ranking of 41 photos"),
        ([1, 0], {"names": ["cow"]}, "2 relevances but 1 names"),
        ([1, 1], {"n_relevant": 1}, "n_relevant is 1, but 2"),
        ([1, 0], {"k": 3}, "k is 3"),
        ([1, 0], {"k": 0}, "k is 0"),
    ],
)
def test_bad_input_is_named(relevance, options, message):
    with pytest.raises(ZsbirError, match=message):
        RankingExplorer(relevance, **options)


@pytest.mark.parametrize("order", [[0, 0], [0], [0, 2], [0, 1, 1]])
def test_an_order_that_is_none_is_refused(order):
    widget = RankingExplorer([1, 0])
    with pytest.raises(traitlets.TraitError, match="each place from 0 to 1 once"):
        widget.order = order
    assert widget.order == [0, 1]


@pytest.mark.parametrize("k", [0, 3])
def test_a_cut_outside_is_refused(k):
    widget = RankingExplorer([1, 0])
    with pytest.raises(traitlets.TraitError, match="from 1 to 2"):
        widget.k = k


def test_the_fallback_takes_back_an_order_that_is_none():
    widget = RankingExplorer([1, 0])
    _, order, *_ = widget.fallback().children
    order.value = [0]
    assert order.value == widget.order == [0, 1]
    order.value = [1, 0]
    assert widget.order == [1, 0]
