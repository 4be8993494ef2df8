"""Figures in print beside one's own: shown where both are of one kind, else refused."""

import json

import numpy as np
import pytest

from zsbir_lib.datasets.splits import SKETCHY_CLASSES, unseen_classes
from zsbir_lib.errors import UnknownNameError, ZsbirError, speaking_command_line
from zsbir_lib.protocols import published
from zsbir_lib.protocols.embeddings import evaluate_embeddings
from zsbir_lib.protocols.published import compare

UNSEEN = {n: unseen_classes(f"sketchy{n}")[1] for n in (21, 25)}
EACH = 12  # photos of a class


def measured(classes=UNSEEN[21], k=200, also=(), **options):
    """Return what random embeddings score: two sketches and a dozen photos of each class."""
    rng = np.random.default_rng(0)
    queries = [name for name in classes for _ in range(2)]
    gallery = [name for name in (*classes, *also) for _ in range(EACH)]
    return evaluate_embeddings(
        rng.normal(size=(len(queries), 3)), rng.normal(size=(len(gallery), 3)),
        queries, gallery, k=k, **options,
    )  # fmt: skip


@pytest.fixture
def small(monkeypatch):
    """A Sketchy with so few photos, each of them listed once or twice."""
    sizes = {n: (2 * n, EACH * n, EACH * n) for n in UNSEEN}
    monkeypatch.setattr(published, "SKETCHY_TEST", sizes)


@pytest.mark.usefixtures("small")
def test_a_figure_in_print_stands_beside_what_its_evaluator_prints_of_this_ranking():
    table = measured()
    found = compare(table, "SAKE")
    own = table.by_evaluator["SAKE"]
    assert ("mAP@200", own["mAP@200"], 0.497, "as the table of CLIP-AT has it") in found.rows
    assert ("P@200", own["P@200"], 0.598, "as the table of CLIP-AT has it") in found.rows
    assert ("mAP@200", own["mAP@200"], 0.356, "as the table of ICFRR has it") in found.rows
    assert "as the table of ICFRR has it" in str(found)
    (row, _) = compare(table, "CVAE").rows
    assert row[:3] == ("mAP@200", table.by_evaluator["CVAE"]["mAP@200"], 0.225)


@pytest.mark.usefixtures("small")
def test_a_figure_that_the_code_does_not_print_is_left_out_and_said():
    table = measured()
    found = compare(table, "Doodle2Search")
    assert {row[0] for row in found.rows} == {"mAP@all"}
    assert "P@200 0.370 is in print, but Doodle2Search's code has none" in str(found)


@pytest.mark.usefixtures("small")
def test_on_the_25_classes_the_columns_are_map_at_all_and_p_at_100():
    found = compare(measured(UNSEEN[25], k=100), "ZSE-SBIR")
    assert [row[0] for row in found.rows] == ["mAP@all", "P@100"]


def test_classes_may_be_punctuated_otherwise(small):
    names = [name.replace("_", " ") for name in UNSEEN[25]]
    assert names != UNSEEN[25]
    assert compare(measured(names, k=100), "SEM-PCYC").rows


@pytest.mark.parametrize(
    ("made", "system", "message"),
    [
        ({"classes": UNSEEN[21][1:]}, "SAKE", "other split: SAKE's figures .* sketchy21 or "),
        ({"classes": sorted(SKETCHY_CLASSES)[:21]}, "CVAE", "other split"),
        ({"classes": UNSEEN[25], "k": 100}, "CVAE", "other split: .* sketchy21, by their names"),
        ({"also": ["cat"]}, "SAKE", "other gallery: it holds 1 classes beside .* generalised"),
        ({"k": 100}, "SAKE", r"other K: .* at 200, these at 100: give k=200"),
        ({"classes": UNSEEN[25]}, "SAKE", "other K: .* at 100"),
        ({}, "CLIP-AT", "CLIP-AT cannot be compared with: its public code .* bag"),
        ({}, "TVT", "TVT cannot be compared with: evaluator not known to us"),
        ({}, "MA-SBIR", "MA-SBIR cannot be compared with: mAP@200 divided by min"),
        ({}, "COP", "no row of COP was read"),
        ({}, "Nobody", "'Nobody' is neither a published system nor a file"),
    ],
)
@pytest.mark.usefixtures("small")
def test_a_comparison_that_does_not_hold_is_refused_in_one_line(made, system, message):
    with pytest.raises(ZsbirError, match=message) as caught:
        compare(measured(**made), system)
    assert "\n" not in str(caught.value)


def test_another_gallery_is_refused():
    with pytest.raises(ZsbirError, match=r"12,694 sketches and 10,453 photos; these are of 42 and"):
        compare(measured(), "CVAE")
    with pytest.raises(ZsbirError, match=r"12,553 photos, those that were drawn listed twice"):
        compare(measured(), "SAKE")


def test_a_query_that_was_left_out_of_its_gallery_compares_with_nobody():
    labels = [name for name in UNSEEN[21] for _ in range(10)]
    features = np.random.default_rng(0).normal(size=(210, 3))
    table = evaluate_embeddings(features, features, labels, labels, k=200, exclude_same_id=True)
    assert table.by_evaluator == {}
    with speaking_command_line(), pytest.raises(ZsbirError, match="with --exclude-same-id nothing"):
        compare(table, "SAKE")


class TestAnEarlierRun:
    @pytest.fixture
    def earlier(self, tmp_path):
        path = tmp_path / "earlier.json"
        path.write_text(json.dumps(measured(k=[100, 200], distance="euclidean").to_dict()))
        return path

    def test_figures_of_one_name_stand_side_by_side(self, earlier):
        found = compare(measured(), str(earlier))
        names = [row[0] for row in found.rows]
        assert "mAP@200 (divided by K)" in names
        assert "mAP@100 (divided by K)" not in names
        assert found.to_dict()["figures"][0]["from"] == str(earlier)

    @pytest.mark.parametrize(
        ("made", "message"),
        [
            ({"classes": UNSEEN[21][1:]}, "other split"),
            ({"also": ["cat"]}, "other gallery"),
        ],
    )
    def test_of_other_classes_or_photos_it_is_refused(self, earlier, made, message):
        with pytest.raises(ZsbirError, match=message):
            compare(measured(**made), str(earlier))

    def test_another_k_or_another_way_to_divide_is_refused(self, earlier):
        run = json.loads(earlier.read_text())
        run["mean over queries"] = {"mAP@50": 0.5}
        earlier.write_text(json.dumps(run))
        with pytest.raises(ZsbirError, match="other K, or divided by something else"):
            compare(measured(), str(earlier))

    @pytest.mark.parametrize("content", ["", "[]", "{}", '{"queries": 1', "\x00"])
    def test_another_file_is_said(self, earlier, content):
        earlier.write_text(content)
        with pytest.raises(ZsbirError, match=r"earlier\.json"):
            compare(measured(), str(earlier))

    def test_one_that_is_not_there_is_said(self, tmp_path):
        with pytest.raises(ZsbirError, match="no such file"):
            compare(measured(), str(tmp_path / "none.json"))


def test_an_unknown_name_has_the_error_of_unknown_names():
    with pytest.raises(UnknownNameError):
        compare(measured(), "Nobody")
