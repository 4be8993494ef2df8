import pytest

from tests.protocols.test_experiment import UNSEEN, Centred, make_features
from zsbir_lib.errors import DivergedError, ZsbirError
from zsbir_lib.features import FeatureSet
from zsbir_lib.methods import SAE
from zsbir_lib.protocols import candidates, choose


def test_settings_are_chosen_on_held_out_seen_classes(monkeypatch):
    features = make_features()
    fitted_on, evaluated_on = [], []
    real_fit = Centred.fit

    def spy(self, pairs, *, progress=None):
        result = real_fit(self, pairs, progress=progress)
        fitted_on.append(self.classes_)
        return result

    monkeypatch.setattr(Centred, "fit", spy)
    real_task = FeatureSet.task

    def task(self, split=None, **options):
        evaluated_on.append(set((split or self.split).unseen))
        return real_task(self, split, **options)

    monkeypatch.setattr(FeatureSet, "task", task)
    choice = choose(Centred, {"amount": [-1.0, 0.0, 1.0]}, features, inner_splits=3, n_unseen=3)
    assert choice.parameters == {"amount": 1.0}
    assert len(choice.table) == 3
    assert all(len(scores) == 3 for _, scores in choice.table)
    assert len(fitted_on) == 9
    for classes in fitted_on + evaluated_on:
        assert not classes & set(UNSEEN)


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
