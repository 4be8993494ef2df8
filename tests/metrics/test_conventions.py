"""The rule of each evaluator of the field, on rankings whose right value is computed by hand."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from zsbir_lib.errors import ZsbirError
from zsbir_lib.field import EVALUATORS, FIELD, PRINTED
from zsbir_lib.metrics import average_precision
from zsbir_lib.metrics.conventions import FIELD_EVALUATORS, field_figures, printed_with

GALLERY = [*"aaabbb"]
QUERIES = [*"aab"]
# What stands at the six ranks:  a.a..a   aaa...   .bb..b
RANKING = [[0, 3, 1, 4, 5, 2], [0, 1, 2, 3, 4, 5], [0, 3, 4, 1, 2, 5]]


@pytest.fixture(scope="module")
def figures():
    return field_figures(RANKING, QUERIES, GALLERY, k=4)


def test_cvae_divides_by_k(figures):
    # Precisions at the hits: 1, 2/3; 1, 1, 1; 1/2, 2/3. Each sum over 4.
    wanted = ((1 + 2 / 3) / 4 + 3 / 4 + (1 / 2 + 2 / 3) / 4) / 3
    assert figures["CVAE"] == pytest.approx({"mAP@4": wanted, "P@4": (2 + 3 + 2) / 4 / 3})


def test_sem_pcyc_divides_by_the_hits(figures):
    wanted = {
        "mAP@4": ((1 + 2 / 3) / 2 + 1 + (1 / 2 + 2 / 3) / 2) / 3,
        "P@4": 7 / 12,
        "mAP@all": ((1 + 2 / 3 + 1 / 2) / 3 + 1 + (1 / 2 + 2 / 3 + 1 / 2) / 3) / 3,
    }
    assert figures["SEM-PCYC"] == pytest.approx(wanted)


def test_sake_divides_by_r_or_k_under_an_envelope_and_by_class(figures):
    # min(3, 4) = 3. In the third ranking the precision 1/2 is lifted to the later 2/3.
    first, second, third = (1 + 2 / 3) / 3, 1, (2 / 3 + 2 / 3) / 3
    wanted = {
        "mAP@4": ((first + second) / 2 + third) / 2,
        "P@4": ((2 / 4 + 3 / 4) / 2 + 2 / 4) / 2,
        "mAP@all": (((1 + 2 / 3 + 1 / 2) / 3 + 1) / 2 + (2 / 3 + 2 / 3 + 1 / 2) / 3) / 2,
    }
    assert figures["SAKE"] == pytest.approx(wanted)


def test_doodle2search_has_the_whole_ranking_only(figures):
    assert figures["Doodle2Search"] == {"mAP@all": figures["SEM-PCYC"]["mAP@all"]}


def test_zse_sbir_looks_no_deeper_than_the_class_reaches(figures):
    # Of three photos of the class, two, three and two stand among the first three.
    wanted = {
        "mAP@4": ((1 + 2 / 3) / 3 + 1 + (2 / 3 + 2 / 3) / 3) / 3,
        "P@4": (2 / 3 + 3 / 3 + 2 / 3) / 3,
        "mAP@all": ((1 + 2 / 3 + 1 / 2) / 3 + 1 + (2 / 3 + 2 / 3 + 1 / 2) / 3) / 3,
    }
    assert figures["ZSE-SBIR"] == pytest.approx(wanted)


def test_clip_at_ranks_a_bag_of_a_photo_for_each_sketch():
    """With one photo in a class the bag is known: photo 0 twice, for both sketches of a, and 1."""
    found = field_figures([[0, 1], [1, 0], [0, 1]], [*"aab"], [*"ab"], k=1)
    # In the bag: a a b for the first sketch, b a a for the second, a a b for the third.
    wanted = (1 + (1 / 2 + 2 / 3) / 2 + 1 / 3) / 3
    assert found["CLIP-AT"] == pytest.approx({"mAP@all": wanted})
    # The gallery itself is another: 1, 1/2, 1/2.
    assert found["Doodle2Search"]["mAP@all"] == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)


def test_the_bag_holds_any_photo_of_the_class_and_depends_on_the_seed():
    order = np.array([np.random.default_rng(i).permutation(60) for i in range(40)])
    queries, gallery = np.arange(40) % 3, np.arange(60) % 3
    found = [field_figures(order, queries, gallery, 5, seed=s)["CLIP-AT"] for s in (0, 0, 1, 2)]
    assert found[0] == found[1]
    assert len({one["mAP@all"] for one in found}) == 3


def test_scikit_learn_takes_equal_distances_as_one_step():
    """a a b at distances 1, 2, 2: the second hit is found with the b beside it."""
    found = field_figures([[0, 1, 2]], ["a"], [*"aab"], 3, distances=np.array([[1.0, 2, 2]]))
    assert found["SEM-PCYC"]["mAP@all"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["Doodle2Search"] == {"mAP@all": found["SEM-PCYC"]["mAP@all"]}
    assert found["ZSE-SBIR"]["mAP@all"] == 1  # those that sort take the gallery's order
    cut = field_figures([[0, 1, 2]], ["a"], [*"aab"], 2, distances=np.array([[1.0, 2, 2]]))
    assert cut["SEM-PCYC"]["mAP@2"] == 1  # cut off first, then scored


def test_many_ties_are_as_scikit_learn_scores_them():
    rng = np.random.default_rng(0)
    distances = rng.integers(0, 6, size=(20, 40)).astype(float)
    order = distances.argsort(axis=1, kind="stable")
    queries, gallery = np.arange(20) % 4, np.arange(40) % 4
    wanted = np.mean([average_precision_score(gallery == q, -row)
                      for q, row in zip(queries, distances, strict=True)])  # fmt: skip
    ranked = np.take_along_axis(distances, order, axis=1)
    found = field_figures(order, queries, gallery, 10, distances=ranked)
    assert found["Doodle2Search"]["mAP@all"] == pytest.approx(wanted)


def test_a_sketch_whose_class_has_no_photo():
    """CVAE and SEM-PCYC count 0 for it; SAKE and ZSE-SBIR pass it over; CLIP-AT can draw none."""
    found = field_figures([[0, 1], [0, 1]], [*"ac"], [*"ab"], k=1)
    assert found["CVAE"] == {"mAP@1": 0.5, "P@1": 0.5}
    assert found["SEM-PCYC"]["mAP@1"] == 0.5
    assert found["SAKE"]["mAP@1"] == found["ZSE-SBIR"]["mAP@1"] == found["ZSE-SBIR"]["P@1"] == 1
    assert found["SAKE"]["P@1"] == 0.5  # a precision needs no photo of the class
    assert found["CLIP-AT"] == {}


def test_a_ranking_of_the_first_photos_has_no_figure_of_the_whole():
    found = field_figures(np.array(RANKING)[:, :4], QUERIES, GALLERY, k=4)
    assert found["Doodle2Search"] == found["CLIP-AT"] == {}
    assert set(found["SEM-PCYC"]) == {"mAP@4", "P@4"}


def test_blocks_do_not_matter(figures, monkeypatch):
    from zsbir_lib.metrics import conventions

    monkeypatch.setattr(
        conventions, "blocks", lambda order: ((i, order[i : i + 1]) for i in range(3))
    )
    assert field_figures(RANKING, QUERIES, GALLERY, k=4) == figures


def test_rules_that_have_a_definition_here_agree_with_it():
    order = np.array([np.random.default_rng(i).permutation(90) for i in range(9)])
    queries, gallery = np.arange(9) % 3, np.arange(90) % 3
    found = field_figures(order, queries, gallery, k=50)
    relevance = gallery[order] == queries[:, None]
    for name, definition, envelope in (
        ("CVAE", "k", False), ("SEM-PCYC", "hits", False), ("ZSE-SBIR", "min", True),
    ):  # fmt: skip
        wanted = average_precision(relevance, 30, 50, definition, envelope=envelope).mean()
        assert found[name]["mAP@50"] == pytest.approx(wanted), name


def test_distances_are_those_of_the_ranking():
    with pytest.raises(ZsbirError, match="nearest first"):
        field_figures([[0, 1]], ["a"], [*"ab"], 1, distances=np.array([[2.0, 1]]))


@pytest.mark.parametrize("evaluator", FIELD_EVALUATORS, ids=lambda one: one.name)
def test_an_evaluator_is_that_of_a_system_whose_code_was_read(evaluator):
    (system,) = (one for one in FIELD if one.name == evaluator.name)
    assert evaluator.code.startswith(system.code + "/blob/")
    assert evaluator.divides_by in EVALUATORS
    # What stands for "mAP@200" in `zsbir_lib.field` is what the rules compute.
    assert ("mAP@K" in evaluator.rules) == (evaluator.divides_by in ("K", "min", "hits"))


def test_every_printed_row_is_of_one_way_to_divide():
    named = [(system, table) for key in EVALUATORS
             for system, tables in printed_with(key).items() for table in tables]  # fmt: skip
    assert sorted(named) == sorted({(row.system, row.table) for row in PRINTED})
    assert printed_with("K")["CVAE"] == ("the paper",)
