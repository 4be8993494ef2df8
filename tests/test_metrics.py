import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from zsbir_lib.errors import ZsbirError
from zsbir_lib.metrics import (
    DEFINITIONS,
    average_precision,
    evaluate_ranking,
    evaluate_retrieval,
    precision_at_k,
)
from zsbir_lib.retrieval import Index, rank

# --- a naive reference -------------------------------------------------------------------------


def naive_scores(ranked_labels, label, k):
    """Score one query from the labels of the whole gallery in ranked order."""
    n_relevant = ranked_labels.count(label)

    def precision_sum(depth):
        total = 0.0
        for i in range(1, depth + 1):
            if ranked_labels[i - 1] == label:
                total += ranked_labels[:i].count(label) / i
        return total

    hits = ranked_labels[:k].count(label)
    divide = {"k": k, "min": min(n_relevant, k), "hits": hits, "relevant": n_relevant}
    scores = {name: precision_sum(k) / d if d else 0.0 for name, d in divide.items()}
    scores["precision"] = hits / k
    scores["all"] = precision_sum(len(ranked_labels)) / n_relevant if n_relevant else 0.0
    return scores


def naive_voc(ranked_labels, label, k):
    """Area under the envelope of precision over recall, by the steps of the curve."""
    relevant = min(ranked_labels.count(label), k)
    curve = []
    for i in range(1, k + 1):
        found = ranked_labels[:i].count(label)
        curve.append((found / relevant if relevant else 0.0, found / i))
    area = reached = 0.0
    for place, (recall, _) in enumerate(curve):
        area += (recall - reached) * max(precision for _, precision in curve[place:])
        reached = recall
    return area


@st.composite
def problems(draw):
    """Labels of queries and gallery, a complete ranking for each query, and a K."""
    n_classes = draw(st.integers(1, 5))
    n_gallery = draw(st.integers(1, 30))
    n_queries = draw(st.integers(1, 8))
    labels = st.integers(-2, n_classes - 3)
    gallery = draw(st.lists(labels, min_size=n_gallery, max_size=n_gallery))
    queries = draw(st.lists(labels, min_size=n_queries, max_size=n_queries))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ranking = np.stack([rng.permutation(n_gallery) for _ in queries])
    return queries, gallery, ranking, draw(st.integers(1, n_gallery))


@given(problems())
@settings(max_examples=150, deadline=None)
def test_every_score_equals_the_naive_one(problem):
    queries, gallery, ranking, k = problem
    report = evaluate_ranking(ranking, queries, gallery, k)
    expected = [
        naive_scores([gallery[i] for i in row], label, k)
        for row, label in zip(ranking, queries, strict=True)
    ]
    for name, values in report.per_query.items():
        np.testing.assert_allclose(values, [row[name] for row in expected], atol=1e-12)
    assert report.precision == pytest.approx(np.mean([row["precision"] for row in expected]))
    assert report.map_all == pytest.approx(np.mean([row["all"] for row in expected]))
    assert [row.label for row in report.per_class] == sorted(set(queries))
    for row in report.per_class:
        own = [e for e, label in zip(expected, queries, strict=True) if label == row.label]
        assert (row.n_queries, row.n_photos) == (len(own), gallery.count(row.label))
        assert row.precision == pytest.approx(np.mean([e["precision"] for e in own]))
        assert row.map_all == pytest.approx(np.mean([e["all"] for e in own]))
        for name in DEFINITIONS:
            assert row.mean_average_precision[name] == pytest.approx(
                np.mean([e[name] for e in own])
            )
    for name in DEFINITIONS:
        assert report.mean_average_precision[name] == pytest.approx(
            np.mean([e[name] for e in expected])
        )
        assert report.macro.mean_average_precision[name] == pytest.approx(
            np.mean([row.mean_average_precision[name] for row in report.per_class])
        )
    assert report.n_without_match == sum(label not in gallery for label in queries)


@given(problems())
@settings(max_examples=80, deadline=None)
def test_the_definitions_are_ordered(problem):
    queries, gallery, ranking, k = problem
    scores = evaluate_ranking(ranking, queries, gallery, k).per_query
    a_little_more = 1 + 1e-12
    assert (scores["k"] <= scores["precision"] * a_little_more).all()
    assert (scores["k"] <= scores["min"] * a_little_more).all()
    assert (scores["relevant"] <= scores["min"] * a_little_more).all()
    assert (scores["min"] <= scores["hits"] * a_little_more).all()
    assert (scores["relevant"] <= scores["all"] * a_little_more).all()
    for values in scores.values():
        assert ((values >= 0) & (values <= a_little_more)).all()


@given(problems())
@settings(max_examples=80, deadline=None)
def test_the_envelope_equals_the_naive_one(problem):
    queries, gallery, ranking, k = problem
    relevance = np.array(gallery)[ranking] == np.array(queries)[:, None]
    n_relevant = relevance.sum(axis=1)
    found = average_precision(relevance, n_relevant, k, "min", envelope=True)
    expected = [
        naive_voc([gallery[i] for i in row], label, k)
        for row, label in zip(ranking, queries, strict=True)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert (found >= average_precision(relevance, n_relevant, k, "min")).all()


@given(problems())
@settings(max_examples=60, deadline=None)
def test_names_of_classes_do_not_matter(problem):
    queries, gallery, ranking, k = problem
    names = {label: f"class {-label} ~é" for label in range(-2, 3)}
    as_numbers = evaluate_ranking(torch.tensor(ranking), torch.tensor(queries), gallery, k)
    as_names = evaluate_ranking(
        ranking, [names[q] for q in queries], np.array([names[g] for g in gallery], dtype=object), k
    )
    for name, values in as_numbers.per_query.items():
        np.testing.assert_array_equal(values, as_names.per_query[name])
    by_name = {row.label: row.mean_average_precision for row in as_names.per_class}
    assert by_name == {names[row.label]: row.mean_average_precision for row in as_numbers.per_class}


# --- by hand -----------------------------------------------------------------------------------


def test_worked_by_hand():
    # Hits at ranks 1, 3 and 6: precisions 1, 2/3, 1/2. The gallery has 5 of the class.
    relevance = [[1, 0, 1, 0, 0, 1, 0, 0]]
    total = 1 + 2 / 3 + 1 / 2
    assert precision_at_k(relevance, 6) == pytest.approx([3 / 6])
    assert precision_at_k(relevance, 8) == pytest.approx([3 / 8])
    assert average_precision(relevance, [5], 6) == pytest.approx([total / 6])
    assert average_precision(relevance, [5], 6, "min") == pytest.approx([total / 5])
    assert average_precision(relevance, [5], 4, "min") == pytest.approx([(1 + 2 / 3) / 4])
    assert average_precision(relevance, [5], 6, "hits") == pytest.approx([total / 3])
    assert average_precision(relevance, [5], 6, "relevant") == pytest.approx([total / 5])
    assert average_precision(relevance, 5, definition="relevant") == pytest.approx([total / 5])
    # Misses before the first hit are lifted: 0 0 1 1 has precisions 1/3, 1/2, both become 1/2.
    assert average_precision([[0, 0, 1, 1]], [2], 4, "min", envelope=True) == pytest.approx([0.5])


def test_a_class_smaller_than_k_has_a_ceiling():
    """Skyscraper in the paper's gallery: 161 photos, so that 200 can never all be right."""
    gallery = ["skyscraper"] * 161 + ["tree"] * 300
    report = evaluate_ranking(np.arange(461)[None], ["skyscraper"], gallery, 200)
    assert report.precision == report.mean_average_precision["k"] == pytest.approx(0.805)
    assert report.mean_average_precision["min"] == pytest.approx(1)
    assert report.mean_average_precision["hits"] == pytest.approx(1)
    assert report.mean_average_precision["relevant"] == pytest.approx(1)
    assert report.map_all == pytest.approx(1)


def test_the_papers_ceiling():
    """A perfect ranking of the paper's test set scores 0.9916, not 1 (545 of 12,694 queries)."""
    photos = {"skyscraper": 161, "bat": 443, "sword": 276}
    sketches = {"skyscraper": 545, "bat": 12_149 - 605, "sword": 605}
    gallery = np.repeat(list(photos), list(photos.values()))
    queries = np.repeat(list(sketches), list(sketches.values()))
    orders = {name: np.argsort(gallery != name, kind="stable")[:200] for name in photos}
    report = evaluate_ranking(np.stack([orders[q] for q in queries]), queries, gallery, 200)
    assert report.n_queries == 12_694
    assert report.mean_average_precision["k"] == pytest.approx(0.9916, abs=5e-5)
    assert report.mean_average_precision["k"] == pytest.approx(1 - 545 / 12_694 * 0.195)
    assert report.macro.precision == pytest.approx((0.805 + 1 + 1) / 3)
    assert report.map_all is None


def test_queries_without_a_photo_count_as_zero():
    ranking = [[0, 1, 2], [2, 1, 0]]
    report = evaluate_ranking(ranking, ["cow", "bat"], ["cow", "cow", "tree"], 2)
    assert report.n_without_match == 1
    assert report.precision == pytest.approx(0.5)
    for values in report.per_query.values():
        assert values.tolist() == [1, 0]
    bat = report.per_class[0]
    assert (bat.label, bat.n_photos, bat.precision, bat.map_all) == ("bat", 0, 0, 0)
    assert "2 queries, 3 photos; 1 of them without a photo of their class" in str(report)


# --- from features -----------------------------------------------------------------------------


def features(n_queries=60, n_gallery=300, width=16, n_classes=7, centres=None, seed=0):
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(n_classes, width))
    query_labels = rng.integers(0, n_classes, n_queries)
    gallery_labels = rng.integers(0, n_classes, n_gallery)
    shape = (n_queries, width) if centres is None else (n_queries, centres, width)
    of_class = means[query_labels]
    queries = (of_class if centres is None else of_class[:, None]) + 1.5 * rng.normal(size=shape)
    gallery = means[gallery_labels] + 1.5 * rng.normal(size=(n_gallery, width))
    return queries, query_labels, gallery, gallery_labels


def test_map_all_equals_sklearn():
    queries, query_labels, gallery, gallery_labels = features()
    report = evaluate_retrieval(queries, query_labels, gallery, gallery_labels, 50)
    norm = np.linalg.norm
    cosines = queries @ gallery.T / norm(queries, axis=1)[:, None] / norm(gallery, axis=1)
    expected = [
        average_precision_score(gallery_labels == label, row)
        for label, row in zip(query_labels, cosines, strict=True)
    ]
    np.testing.assert_allclose(report.per_query["all"], expected, atol=1e-9)
    assert 0.2 < report.map_all < 0.9


@pytest.mark.parametrize("centres", [None, 3])
def test_evaluation_by_blocks_equals_that_of_a_ranking(centres):
    queries, query_labels, gallery, gallery_labels = features(centres=centres)
    whole = evaluate_ranking(rank(queries, gallery), query_labels, gallery_labels, 20)
    short = evaluate_ranking(rank(queries, gallery, 20), query_labels, gallery_labels, 20)
    index = Index(gallery)
    for options in ({}, {"memory": 400_000}, {"device": "cpu"}):
        found = evaluate_retrieval(queries, query_labels, gallery, gallery_labels, 20, **options)
        assert found.to_dict() == whole.to_dict()
    found = evaluate_retrieval(queries, query_labels, index, gallery_labels, 20, with_map_all=False)
    assert found.map_all is None
    assert found.to_dict() == short.to_dict()
    for name, values in found.per_query.items():
        np.testing.assert_array_equal(values, whole.per_query[name])


def test_ties_are_scored_in_gallery_order():
    gallery = np.tile([[1.0, 0.0]], (4, 1))
    report = evaluate_retrieval([[1.0, 0.0]], [1], gallery, [0, 1, 1, 0], 2)
    assert report.precision == 0.5
    assert report.mean_average_precision["k"] == pytest.approx((1 / 2) / 2)
    assert report.map_all == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_a_ranking_may_be_longer_than_k_or_partial():
    queries, query_labels, gallery, gallery_labels = features()
    ranking = rank(queries, gallery, 30)
    report = evaluate_ranking(ranking, query_labels, gallery_labels, 10)
    assert report.k == 10
    assert report.map_all is None
    assert set(report.per_query) == {"precision", *DEFINITIONS}


# --- the report --------------------------------------------------------------------------------


def test_print_names_the_definition():
    queries, query_labels, gallery, gallery_labels = features()
    names = np.array(["bat", "cabin", "cow", "dolphin", "door", "giraffe", "mouse"])
    report = evaluate_retrieval(queries, names[query_labels], gallery, names[gallery_labels], 20)
    text = str(report)
    for line in ("P@20 ", "mAP@20 (divided by K) ", "mAP@20 (divided by min(R, K)) ", "mAP@all "):
        assert f"\n{line}" in text
    assert "per class, mAP@20 divided by K:" in text
    assert f"{report.mean_average_precision['hits']:.4f}" in text
    assert sum(line.startswith(tuple(names)) for line in text.splitlines()) == 7
    assert "without" not in text
    # JSON gives every number back.
    values = json.loads(json.dumps(report.to_dict()))
    assert values["mean over queries"]["mAP@20 (divided by K)"] == pytest.approx(
        report.mean_average_precision["k"]
    )
    assert values["per class"][1]["class"] == "cabin"
    assert values["per class"][1]["photos"] == int((gallery_labels == 1).sum())
    short = evaluate_retrieval(
        queries, query_labels, gallery, gallery_labels, 20, with_map_all=False
    )
    assert "mAP@all" not in str(short)
    assert "mAP@all" not in json.dumps(short.to_dict())


# --- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ranking", "query_labels", "gallery_labels", "k", "message"),
    [
        ([[0, 1]], [1], [1, 2], 3, "K must be .* from 1 to the 2 photos of the gallery, not 3"),
        ([[0, 1]], [1], [1, 2, 3], 3, "from 1 to the 2 photos ranked for each query, not 3"),
        ([[0, 1]], [1], [1, 2], 0, "not 0"),
        ([[0, 1]], [1], [1, 2], True, "not True"),
        ([[0, 1]], [1, 1], [1, 2], 1, "queries: 1 rows but 2 labels"),
        ([[0, 2]], [1], [1, 2], 1, "row 0 of the ranking names a photo outside the 2 given"),
        ([[0, 1], [0, -1]], [1, 1], [1, 2], 1, "row 1 of the ranking names a photo outside"),
        ([[0, 1], [1, 1]], [1, 1], [1, 2], 1, "row 1 of the ranking names a photo twice"),
        ([[0.0, 1.0]], [1], [1, 2], 1, "whole numbers of shape .* not float64"),
        ([0, 1], [1], [1, 2], 1, r"of shape \(2,\)"),
        ([[0, 1]], [1], ["1", "2"], 1, "query labels are integers and gallery labels strings"),
        ([[0, 1]], [1.0], [1, 2], 1, "query labels must be integers or strings, not float64"),
        ([[0, 1]], [1], np.array([1, "a"], dtype=object), 1, "gallery labels must be .* object"),
        ([[0, 1]], [[1]], [1, 2], 1, r"query labels must be a list .* not of shape \(1, 1\)"),
        ([[0, 1]], [1], [], 1, "gallery labels must be a list of at least one"),
    ],
)
def test_rankings_are_checked(ranking, query_labels, gallery_labels, k, message):
    with pytest.raises(ZsbirError, match=message):
        evaluate_ranking(ranking, query_labels, gallery_labels, k)


def test_features_are_checked():
    queries, query_labels, gallery, gallery_labels = features()
    with pytest.raises(ZsbirError, match=r"K must be .* 300 photos of the gallery, not 301"):
        evaluate_retrieval(queries, query_labels, gallery, gallery_labels, 301)
    with pytest.raises(ZsbirError, match=r"gallery: 300 rows but 299 labels"):
        evaluate_retrieval(queries, query_labels, gallery, gallery_labels[1:], 10)
    queries[41, 3] = np.nan
    with pytest.raises(ZsbirError, match="queries: row 41 holds NaN"):
        evaluate_retrieval(queries, query_labels, gallery, gallery_labels, 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1, 0]], [1], 3), "from 1 to the 2 ranks given, not 3"),
        (([1, 0], [1], 1), r"shape \(queries, ranks\), not \(2,\)"),
        (([[1, 2]], [1], 1), "truth values, or 0 and 1"),
        (([[1, 0]], [1], 1, "voc"), "unknown definition 'voc' .* k, min, hits, relevant"),
        (([[0, 1], [1, 1]], [1, 1], 2), "query 1 has 2 relevant .* only 1 in the gallery"),
        (([[0, 1], [1, 1]], [1, 2, 3], 2), "2 queries but n_relevant of shape"),
    ],
)
def test_relevance_is_checked(arguments, message):
    with pytest.raises(ZsbirError, match=message):
        average_precision(*arguments)
