import pytest
import torch

from tests.protocols.test_experiment import UNSEEN, Centred, make_features
from zsbir_lib.errors import DivergedError, ZsbirError
from zsbir_lib.features import FeatureSet
from zsbir_lib.methods import SAE
from zsbir_lib.protocols import candidates, choose


def test_settings_are_chosen_on_held_out_seen_classes():
    """Whatever lies in the unseen classes, what is tried and what it reaches stay the same."""
    features, other = make_features(), make_features(seed=1)
    unseen = torch.tensor([name in UNSEEN for name in features.class_names])
    swapped = {
        kind: torch.where(
            unseen[getattr(features, labels)][:, None],
            getattr(other, kind),
            getattr(features, kind),
        )
        for kind, labels in (("photos", "photo_labels"), ("sketches", "sketch_labels"))
    }
    of_other = FeatureSet(**{**vars(features), **swapped})
    options = {"inner_splits": 3, "n_unseen": 3}
    choice = choose(Centred, {"amount": [-1.0, 0.0, 1.0]}, features, **options)
    assert choice.parameters == {"amount": 1.0}
    assert len(choice.table) == 3
    assert all(len(scores) == 3 for _, scores in choice.table)
    assert choose(Centred, {"amount": [-1.0, 0.0, 1.0]}, of_other, **options) == choice
    seen = make_features(seed=1)
    assert choose(Centred, {"amount": [-1.0, 0.0, 1.0]}, seen, **options).table != choice.table


def test_an_empty_grid_is_refused():
    with pytest.raises(ZsbirError, match="nothing to choose from"):
        choose(Centred, {}, make_features())
    with pytest.raises(ZsbirError, match="no hyper-parameter speed"):
        choose("cosine", {"speed": [1]}, make_features())


class Picky(Centred):
    """Diverges on amounts below 0, and breaks in its own way on amounts above 2."""

    title = "Picky"

    def _fit(self, pairs, progress):
        if self.amount < 0:
            raise DivergedError("loss became nan")
        if self.amount > 2:
            raise RuntimeError("linalg: not positive definite")
        super()._fit(pairs, progress)


def test_a_candidate_that_fails_scores_nothing_and_the_others_go_on():
    choice = choose(Picky, {"amount": [-1.0, 0.0, 1.0, 3.0]}, make_features(), n_unseen=3)
    assert choice.parameters == {"amount": 1.0}
    reasons = [row.error for row in choice.candidates]
    assert reasons == [
        "loss became nan", None, None, "RuntimeError: linalg: not positive definite",
    ]  # fmt: skip
    assert [len(row.scores) for row in choice.candidates] == [0, 2, 2, 0]
    assert [row for row, _ in choice.table] == [{"amount": 0.0}, {"amount": 1.0}]


def test_if_every_candidate_fails_the_first_reason_is_given():
    with pytest.raises(ZsbirError, match=r"none of the 2 settings.*Picky.*loss became nan"):
        choose(Picky, {"amount": [-1.0, 3.0]}, make_features())


def test_a_depth_beyond_an_inner_gallery_is_lowered_to_it():
    features = make_features()
    choice = choose(Centred, {"amount": [0.0, 1.0]}, features, k=40, n_unseen=2)
    assert choice.k == 24  # two classes of 12 photos
    assert choose(Centred, {"amount": [1.0]}, features, k=7, n_unseen=2).k == 7


def test_candidates_keep_to_the_budget_and_hold_the_defaults():
    everything = candidates("sae")
    assert len(everything) == 8
    few = candidates("sae", budget=3)
    assert len(few) == 3
    defaults = SAE().get_params()
    assert few[0] == {name: defaults[name] for name in SAE.search_space}
    assert few == candidates("sae", budget=3)
    assert candidates("cosine") == [{}]
