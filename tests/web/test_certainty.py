"""How often an answer as clear as this one is right: what is counted, and on what."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from zsbir_lib.defaults import TOYBOX_NETWORK
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import load_backbone
from zsbir_lib.web.certainty import (
    _choose,
    clearness,
    count_certainty,
    own_sketches,
    packaged,
    read_drawings,
)
from zsbir_lib.web.export import PAGE_METHODS
from zsbir_lib.web.toybox import certainty


def test_an_answer_is_clear_where_the_first_photo_is_near_and_the_found_resemble_each_other():
    gallery = torch.tensor([[1.0, 0], [3, 0], [0, 1], [-1, 0]])
    found = torch.tensor([[0, 1], [0, 2], [3, 0]])
    queries = torch.tensor([[2.0, 0], [1, 0], [1, 0]])
    assert clearness(queries, gallery, found).tolist() == pytest.approx([1 + 1, 1 + 0, -1 - 1])


def test_the_nearest_of_several_centres_counts():
    gallery, found = torch.eye(3), torch.tensor([[0, 1]])
    centres = torch.tensor([[[0.0, 0, 1], [5, 0, 0]]])
    assert clearness(centres, gallery, found).tolist() == pytest.approx([1])


def test_the_threshold_is_the_one_that_tells_right_from_wrong_best():
    clear = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    right = np.array([False, False, True, False, True, True])
    found = _choose(clear, right, np.array([0.0, 0.9]), "people")
    assert found.threshold in (0.3, 0.5)  # both leave one of six on the wrong side
    assert found.right == 0.5
    assert found.roc_auc == pytest.approx(8 / 9, abs=1e-4)
    assert found.unsure_of_others == 0.5
    sure = clear >= found.threshold
    assert found.right_when_sure == pytest.approx(right[sure].mean(), abs=1e-4)
    assert found.unsure_when_wrong == pytest.approx((~sure[~right]).mean(), abs=1e-4)


def test_answers_that_are_all_wrong_tell_nothing():
    with pytest.raises(ZsbirError, match="0 of 3 answers are right"):
        _choose(np.arange(3.0), np.zeros(3, bool), None, "people")


def test_no_unseen_class_and_no_class_that_a_method_learnt_takes_part(features, monkeypatch):
    from zsbir_lib.methods import METHODS

    learnt, shown = [], []
    fit, index = METHODS["cosine"].fit, METHODS["cosine"].index

    def note_fit(self, pairs, **options):
        learnt.append({pairs.class_names[i] for i in pairs.labels.tolist()})
        return fit(self, pairs, **options)

    def note_index(self, photos):
        rows = [int((features.photos == photo).all(dim=1).nonzero()[0]) for photo in photos]
        shown.append({features.class_names[features.photo_labels[row]] for row in rows})
        return index(self, photos)

    monkeypatch.setattr(METHODS["cosine"], "fit", note_fit)
    monkeypatch.setattr(METHODS["cosine"], "index", note_index)
    names = np.array(features.class_names)[features.sketch_labels.numpy()]
    seen = np.isin(names, features.split.seen)
    found = count_certainty("cosine", features, features.sketches[torch.from_numpy(seen)],
                            names[seen].tolist(), folds=2)  # fmt: skip
    assert found.drawings == seen.sum()
    assert len(learnt) == len(shown) == 2
    for taught, held in zip(learnt, shown, strict=True):
        assert not taught & held
        assert taught | held == set(features.split.seen)


def test_a_drawing_of_an_unseen_class_is_refused(features):
    unseen = features.split.unseen[0]
    with pytest.raises(ZsbirError, match=f"{unseen} is no seen class"):
        count_certainty("cosine", features, features.sketches[:1], [unseen], folds=1)


@pytest.fixture
def scribbles(features):
    """Return features whose sketches say nothing, made by weights that nobody counted with."""
    noise = torch.rand(features.sketches.shape, generator=torch.Generator().manual_seed(0))
    return dataclasses.replace(features, sketches=noise, weights_id="others")


def test_where_nobody_drew_the_own_sketches_say_so(scribbles):
    counted = own_sketches("cosine", scribbles)
    assert counted["source"] == "sketches"
    assert counted["right"] == pytest.approx(0.5, abs=0.3)  # two classes are held out


def test_the_record_is_of_the_backbone_that_ships_and_of_the_methods_of_the_page():
    record = packaged(load_backbone(TOYBOX_NETWORK).weights_id)
    assert set(record) == set(PAGE_METHODS) - {"cvae"}, "run python tools/page_certainty.py"
    for counted in record.values():
        assert counted["source"] == "people"
        assert counted["right_when_unsure"] < counted["right"] < counted["right_when_sure"]
        assert counted["unsure_when_right"] < counted["unsure_when_wrong"]
    assert max(record, key=lambda name: record[name]["right"]) == PAGE_METHODS[0]
    assert packaged("other weights") == {}


def test_other_weights_are_counted_anew_and_generative_methods_are_not(scribbles, features):
    found = certainty(scribbles, ("cosine", "cvae"))
    assert {name: counted["source"] for name, counted in found.items()} == {"cosine": "sketches"}
    shipped = dataclasses.replace(features, weights_id=load_backbone(TOYBOX_NETWORK).weights_id)
    assert certainty(shipped, ("cosine", "cvae"))["cosine"]["source"] == "people"


def test_drawings_are_read_by_class(tmp_path):
    strokes = [[[0, 100], [0, 100]], [[0, 100], [100, 0]]]
    lines = "\n".join(json.dumps({"word": "x", "drawing": strokes}) for _ in range(3))
    (tmp_path / "cat.ndjson").write_text(lines)
    (tmp_path / "ant.ndjson").write_text(lines)
    features, classes = read_drawings(tmp_path, load_backbone("toynet"), most=2)
    assert classes == ["ant", "ant", "cat", "cat"]
    assert features.shape == (4, 192)
    with pytest.raises(ZsbirError, match=r"there is no folder .*none with drawings"):
        read_drawings(tmp_path / "none", load_backbone("toynet"))
    (tmp_path / "bee.ndjson").write_text(lines + "\n{broken\n")
    with pytest.raises(ZsbirError, match=r"cannot read the drawing .*bee\.ndjson, number 3"):
        read_drawings(tmp_path, load_backbone("toynet"))
