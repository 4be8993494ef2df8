import numpy as np
import pytest

import zsbir_lib
from tests.leaderboard.boards import NAMES, QUICK, make_board
from tests.protocols.test_experiment import SEEN, UNSEEN, make_features
from zsbir_lib.datasets import ZeroShotSplit
from zsbir_lib.errors import DivergedError, UnknownNameError, ZsbirError
from zsbir_lib.leaderboard import Leaderboard, Settings, run
from zsbir_lib.methods import METHODS, SAE, Cosine, OursGallery
from zsbir_lib.protocols import zero_shot


@pytest.fixture(scope="module")
def features():
    return make_features()


@pytest.fixture(scope="module")
def board():
    return make_board()


def test_the_package_is_called_like_a_function(features):
    board = zsbir_lib.leaderboard(
        features, ["cosine"], settings=Settings(protocols=("zero-shot",)), workers=1
    )
    assert isinstance(board, Leaderboard)
    assert zsbir_lib.leaderboard.Settings is Settings


def test_its_figures_are_those_of_the_protocol(board, features):
    assert list(board.rows) == NAMES
    result = zero_shot(Cosine(), features, k=5)
    found = board.scores("cosine")
    assert found.classes == UNSEEN
    assert found.map == (tuple(result.per_class()),)
    assert board.interval("cosine").estimate == pytest.approx(np.mean(result.per_class()))
    parameters = board.rows["sae"].parameters
    assert set(parameters) == set(SAE.search_space)
    again = zero_shot(SAE(**parameters), features, k=5)
    assert board.per_class("sae") == pytest.approx(again.per_class())


def test_a_method_with_a_seed_is_run_several_times(board):
    first, second = board.scores("regression").map
    assert first != second
    assert board.per_class("regression") == pytest.approx(np.mean([first, second], axis=0))
    assert len(board.scores("sae").map) == 1


def test_settings_are_the_best_of_the_candidates_on_held_out_seen_classes(board):
    row = board.rows["regression"]
    assert len(row.choice) == 2
    best = max(row.choice, key=lambda candidate: np.mean(candidate.scores))
    assert row.parameters == best.parameters
    assert row.choice_k == 5
    assert board.rows["cosine"].choice == ()


def test_generalised_figures_are_parted_by_seen_and_unseen(board):
    found = board.scores("sae", "generalised")
    unseen = np.array(found.unseen)
    assert tuple(np.array(found.classes)[unseen]) == UNSEEN
    scores = np.array(found.map[0])
    a, b = scores[unseen].mean(), scores[~unseen].mean()
    assert found.map_unseen[0] == pytest.approx(a)
    assert found.map_seen[0] == pytest.approx(b)
    assert found.harmonic[0] == pytest.approx(2 * a * b / (a + b))
    assert found.n_gallery > board.scores("sae", "traditional").n_gallery


def test_single_photos_are_told_apart_where_queries_have_theirs(board):
    fine = board.scores("sae").fine_grained
    assert fine.n_queries == 24
    assert set(fine.recall_in_class) == {"1", "5", "10"}
    assert fine.shape_correlation is None
    assert board.scores("sae", "traditional").fine_grained is None


class Bad(Cosine):
    title = "Bad"
    error: Exception

    def encode_photos(self, features):
        raise self.error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DivergedError("loss became nan in epoch 1"), "loss became nan in epoch 1"),
        (ZsbirError("classes without\nattributes"), "classes without attributes"),
        (RuntimeError("expected two tensors"), "RuntimeError: expected two tensors"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_a_method_that_fails_has_a_row_that_says_why(
    features, monkeypatch, own_registries, error, reason
):
    monkeypatch.setattr(Bad, "error", error, raising=False)
    METHODS.add("bad", Bad)
    board = run(features, ["bad", "cosine"], settings=QUICK, workers=1)
    assert board.rows["bad"].error == reason
    assert board.ranked() == ["cosine"]
    with pytest.raises(UnknownNameError, match=r"'bad' .*under 'zero-shot'"):
        board.interval("bad")


def test_one_unseen_class_has_figures_without_an_interval(features):
    split = ZeroShotSplit("one", SEEN, UNSEEN[:1])
    board = run(features.with_split(split), ["cosine", "sae"], settings=QUICK, workers=1)
    assert board.scores("sae").classes == UNSEEN[:1]
    assert not board.interval("sae").defined
    assert "[undefined]" in board.table()
    assert "undefined for one class" in board.table(10**4)


def test_a_depth_beyond_the_inner_galleries_is_lowered_there_only(features):
    settings = Settings(k=40, budget=2, inner_splits=1, seeds=1, protocols=("zero-shot",))
    board = run(features, ["sae"], settings=settings, workers=1)
    assert board.scores("sae").k == 40
    assert board.rows["sae"].choice_k == 12
    assert "by mAP@12" in board.table(10**4)


def test_what_the_data_cannot_give_is_said_before_a_method_runs(features, monkeypatch):
    monkeypatch.setattr(Cosine, "encode_sketches", None)
    with pytest.raises(UnknownNameError, match="unknown method 'magic'"):
        run(features, ["cosine", "magic"])
    for protocol in ("zero-shot", "traditional", "generalised"):
        with pytest.raises(ZsbirError, match=r"k is 500, but the gallery holds \d+ photos"):
            run(features, ["cosine"], settings=Settings(k=500, protocols=(protocol,)))


def test_the_neighbours_of_a_gallery_are_looked_for_once_in_a_row(features, monkeypatch):
    indexed = []

    def index(self, gallery):
        indexed.append(len(gallery))
        return Cosine().index(gallery)

    monkeypatch.setattr(OursGallery, "index", index)
    board = run(features, ["ours+gallery"], settings=Settings(budget=1), workers=1)
    galleries = [
        board.scores("ours+gallery", protocol).n_gallery for protocol in board.settings.protocols
    ]
    assert indexed == galleries
