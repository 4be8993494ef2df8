"""Embeddings of others: metrics against independent implementations, and what is refused."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from sklearn.metrics import average_precision_score

from zsbir_lib.errors import LabelError, UnknownNameError, ZsbirError, speaking_command_line
from zsbir_lib.protocols.embeddings import evaluate_embeddings, evaluate_rankings


@pytest.fixture
def data():
    """Nine queries and twenty photos of three classes, near their class's centre."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(3, 16))
    query_labels, gallery_labels = np.arange(9) % 3, np.arange(20) % 3
    queries = centres[query_labels] + rng.normal(size=(9, 16)) * 1.5
    gallery = centres[gallery_labels] + rng.normal(size=(20, 16)) * 1.5
    return queries, gallery, query_labels, gallery_labels


def codes(data):
    return [(array > 0).astype(np.uint8) for array in data[:2]]


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_map_over_the_whole_gallery_is_scikit_learns(data, distance):
    queries, gallery, ql, gl = data
    found = evaluate_embeddings(*data, distance=distance)
    wanted = [
        average_precision_score(gl == label, -row)
        for label, row in zip(ql, cdist(queries, gallery, distance), strict=True)
    ]
    np.testing.assert_allclose(found.per_query["mAP@all"], wanted, atol=1e-12)
    by_class = [np.mean(np.array(wanted)[ql == label]) for label in range(3)]
    assert found.over_classes()["mAP@all"] == pytest.approx(np.mean(by_class))
    assert found.over_queries()["mAP@all"] == pytest.approx(np.mean(wanted))


def test_every_convention_by_hand():
    """One query; its photos stand at ranks 1, 3 and 6 of six."""
    gallery = np.array([[1.0], [2], [3], [4], [5], [6]])
    found = evaluate_embeddings([[0.0]], gallery, ["a"], [*"ababba"], k=3, distance="euclidean")
    assert found.n_without_match == 0
    wanted = {
        "P@3": 2 / 3,
        "hit@3 (CMC, or recall of one)": 1,
        "recall@3 (of all R)": 2 / 3,
        "mAP@3 (divided by K)": (1 + 2 / 3) / 3,
        "mAP@3 (divided by min(R, K))": (1 + 2 / 3) / 3,
        "mAP@3 (divided by the hits in the top K)": (1 + 2 / 3) / 2,
        "mAP@3 (divided by R)": (1 + 2 / 3) / 3,
        "mAP@3 (min(R, K), interpolated: SAKE's code)": (1 + 2 / 3) / 3,
        "mAP@all": (1 + 2 / 3 + 3 / 6) / 3,
        "R-precision": 2 / 3,
        "MAP@R": (1 + 2 / 3) / 3,
    }
    assert found.over_queries() == pytest.approx(wanted)
    text = str(found)
    assert all(name in text for name in wanted)


@pytest.mark.parametrize(
    "written",
    [
        lambda x: x,
        lambda x: x.astype(bool),
        lambda x: x.astype(np.float32) * 2 - 1,
        lambda x: torch.tensor(x) * 2.0 - 1,
        lambda x: np.packbits(x, axis=1),
    ],
    ids=["0 and 1", "bool", "-1 and 1", "torch", "packed"],
)
def test_binary_codes_are_ranked_by_hamming_distance(data, written):
    queries, gallery = codes(data)
    found = evaluate_embeddings(written(queries), written(gallery), *data[2:])
    assert found.distance == "hamming"
    order = np.argsort(cdist(queries, gallery, "hamming"), axis=1, kind="stable")
    wanted = evaluate_rankings(order, *data[2:])
    for name, values in wanted.per_query.items():
        np.testing.assert_allclose(found.per_query[name], values, err_msg=name)


def test_codes_may_be_ranked_otherwise(data):
    assert evaluate_embeddings(*codes(data), *data[2:], distance="cosine").distance == "cosine"


@pytest.mark.parametrize("ids", [False, True])
def test_a_query_is_left_out_of_its_own_gallery(data, ids):
    _, gallery, _, labels = data
    names = [f"photo {i}" for i in range(20)]
    options = {"query_ids": names, "gallery_ids": names} if ids else {}
    found = evaluate_embeddings(
        gallery, gallery, labels, labels, exclude_same_id=True, k=[1, 19], **options
    )
    distances = cdist(gallery, gallery, "cosine")
    wanted = []
    for i in range(20):
        others = np.arange(20) != i
        order = np.argsort(distances[i][others])
        wanted.append((labels[others] == labels[i])[order][0])
    assert found.over_queries()["P@1"] == np.mean(wanted) < 1
    assert evaluate_embeddings(gallery, gallery, labels, labels).over_queries()["P@1"] == 1
    # Every other photo of the class is within the last depth: six of seven for most.
    assert found.over_queries()["recall@19 (of all R)"] == 1
    with pytest.raises(ZsbirError, match="20, but 19 photos are ranked"):
        evaluate_embeddings(gallery, gallery, labels, labels, exclude_same_id=True, k=20)


def test_minus_one_in_a_ranking_is_nothing_found():
    found = evaluate_rankings([[0, 2, -1, -1], [1, -1, -1, -1]], ["a", "b"], ["a", "b", "a", "a"])
    assert found.over_queries()["P@1"] == 1
    assert found.per_query["recall@1 (of all R)"].tolist() == [1 / 3, 1]
    # mAP over all: what was not found counts as never found.
    assert found.per_query["mAP@all"].tolist() == pytest.approx([2 / 3, 1])


def test_a_ranking_of_the_first_photos_has_no_figure_of_the_whole():
    found = evaluate_rankings([[0], [1]], ["a", "b"], ["a", "b", "a"])
    assert "mAP@all" not in found.per_query
    assert "R-precision" not in found.per_query  # of the first query's two photos one is ranked
    assert evaluate_rankings([[0]], ["b"], ["b", "a"]).over_queries()["R-precision"] == 1


def test_queries_without_a_photo_of_their_class_count_and_are_told(data):
    labels = np.where(data[2] == 0, 7, data[2])
    found = evaluate_embeddings(*data[:2], labels, data[3])
    assert found.n_without_match == 3
    assert "3 queries have no photo" in str(found)
    assert found.per_class()["7"]["mAP@all"] == 0


def test_blocks_do_not_matter(data, monkeypatch):
    from zsbir_lib.protocols import embeddings

    whole = evaluate_embeddings(*data)
    monkeypatch.setattr(embeddings, "BLOCK", 41)
    found = evaluate_embeddings(*data)
    for name, values in found.per_query.items():
        np.testing.assert_allclose(values, whole.per_query[name], err_msg=name)
    for name, row in found.by_evaluator.items():
        assert row == pytest.approx(whole.by_evaluator[name]), name


def test_equal_distances_are_one_step_where_scikit_learn_scores_them(data):
    queries, gallery = codes(data)
    found = evaluate_embeddings(queries, gallery, *data[2:])
    wanted = np.mean([
        average_precision_score(data[3] == label, -row)
        for label, row in zip(data[2], cdist(queries, gallery, "hamming"), strict=True)
    ])  # fmt: skip
    assert found.by_evaluator["Doodle2Search"]["mAP@all"] == pytest.approx(wanted)
    assert found.over_queries()["mAP@all"] != pytest.approx(wanted)


GOOD = {"queries": np.eye(3), "gallery": np.eye(3) * 2, "query_labels": [1, 2, 3]}
GOOD |= {"gallery_labels": [1, 2, 3]}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"gallery": np.ones((3, 4))}, ZsbirError, "queries have 3 numbers, the gallery 4"),
        ({"queries": np.eye(3) * np.nan}, ZsbirError, "queries hold NaN"),
        ({"query_labels": [1, 2]}, LabelError, "query labels: one label for each of 3 rows"),
        ({"query_labels": list("abc")}, LabelError, "both be names, or both numbers"),
        ({"distance": "hamming"}, ZsbirError, "binary codes"),
        ({"distance": "far"}, UnknownNameError, "unknown distance 'far': use one of cosine"),
        ({"k": 4}, ZsbirError, "k is 4, but 3 photos are ranked"),
        ({"k": 0}, ZsbirError, "k is 0"),
        ({"query_ids": [1, 2, 3]}, ZsbirError, "exclude_same_id"),
        ({"query_ids": [1, 2, 3], "exclude_same_id": True}, ZsbirError, "give both"),
        (
            {"queries": np.eye(2, 3), "query_labels": [1, 2], "exclude_same_id": True},
            ZsbirError,
            "2 queries are not the gallery of 3 itself",
        ),
    ],
)
def test_what_cannot_be_right_gets_one_clear_line(change, error, message):
    evaluate_embeddings(**GOOD)
    with pytest.raises(error, match=message) as caught:
        evaluate_embeddings(**{**GOOD, **change})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("ranking", "message"),
    [
        ([[0, 0], [0, 1]], "row 0 of the ranking names a photo twice"),
        ([[0, 1], [0, 3]], "row 1 of the ranking names a photo outside the 3 given"),
        ([[0, 1], [0, -2]], "row 1 .* outside"),
        ([[0.5, 1], [0, 1]], "whole numbers"),
        ([0, 1], "shape"),
    ],
)
def test_rankings_that_cannot_be_right(ranking, message):
    with pytest.raises(ZsbirError, match=message):
        evaluate_rankings(ranking, ["a", "b"], ["a", "b", "a"])


def test_advice_is_in_the_words_of_the_command_line():
    with speaking_command_line(), pytest.raises(ZsbirError, match="--query-ids and --gallery-ids"):
        evaluate_embeddings(np.eye(2, 3), np.eye(3), [1, 2], [1, 2, 3], exclude_same_id=True)
