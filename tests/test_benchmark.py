import json

import numpy as np
import pytest

import zsbir_lib
from tests.test_evaluation import UNSEEN, make_features
from zsbir_lib.benchmark import PAPER_RESULTS, Leaderboard, Settings, run_method
from zsbir_lib.errors import DivergedError, OptionsChangedError, UnknownNameError, ZsbirError
from zsbir_lib.evaluation import candidates, zero_shot
from zsbir_lib.methods import METHODS, SAE, Cosine
from zsbir_lib.plots import plot_leaderboard

QUICK = Settings(k=5, seeds=2, budget=2, inner_splits=1)
NAMES = ["cosine", "sae", "regression"]


@pytest.fixture(scope="module")
def features():
    return make_features()


@pytest.fixture(scope="module")
def board(features):
    return zsbir_lib.leaderboard(features, NAMES, settings=QUICK, workers=1)


def test_its_figures_are_those_of_the_protocol(board, features):
    assert list(board.rows) == NAMES
    result = zero_shot(Cosine(), features, k=5)
    row = board.rows["cosine"]["protocols"]["zero-shot"]
    assert row["classes"] == list(UNSEEN)
    assert row["map"] == [pytest.approx(result.per_class())]
    assert board.interval("cosine").estimate == pytest.approx(np.mean(result.per_class()))
    parameters = board.rows["sae"]["parameters"]
    assert set(parameters) == set(SAE.search_space)
    again = zero_shot(SAE(**parameters), features, k=5)
    assert board.per_class("sae") == pytest.approx(again.per_class())


def test_a_method_with_a_seed_is_run_several_times(board):
    assert len(board.rows["regression"]["protocols"]["zero-shot"]["map"]) == 2
    first, second = board.rows["regression"]["protocols"]["zero-shot"]["map"]
    assert first != second
    assert board.per_class("regression") == pytest.approx(np.mean([first, second], axis=0))
    assert len(board.rows["sae"]["protocols"]["zero-shot"]["map"]) == 1


def test_settings_are_the_best_of_the_candidates_on_held_out_seen_classes(board):
    row = board.rows["regression"]
    assert len(row["choice"]) == 2
    best = max(row["choice"], key=lambda pair: np.mean(pair[1]))
    assert row["parameters"] == best[0]
    assert board.rows["cosine"]["choice"] == []


def test_generalised_figures_are_parted_by_seen_and_unseen(board, features):
    row = board.rows["sae"]["protocols"]["generalised"]
    unseen = np.array(row["unseen"])
    assert [c for c, u in zip(row["classes"], unseen, strict=True) if u] == list(UNSEEN)
    scores = np.array(row["map"][0])
    a, b = scores[unseen].mean(), scores[~unseen].mean()
    assert row["map_unseen"][0] == pytest.approx(a)
    assert row["harmonic"][0] == pytest.approx(2 * a * b / (a + b))
    assert row["n_gallery"] > board.rows["sae"]["protocols"]["traditional"]["n_gallery"]


def test_differences_are_paired_over_classes(board):
    difference = board.interval("sae", baseline="cosine")
    values = board.per_class("sae") - board.per_class("cosine")
    assert difference.estimate == pytest.approx(values.mean())
    assert board.ranked().index("sae") < board.ranked().index("cosine")
    assert board.best_of_paper() == board.ranked()[0]


def test_the_table_names_every_method_and_the_papers_figures(board):
    text = board.table()
    for title in ("Cosine baseline", "SAE", "Direct regression", "0.238, 0.136"):
        assert title in text
    markdown = board.to_markdown()
    assert markdown.splitlines()[1].startswith("|---|")
    assert "mAP@K is divided by K" in markdown
    widths = {len(line.strip("|").split("|")) for line in markdown.splitlines()[:5]}
    assert len(widths) == 1


def test_contradictions_to_the_paper_are_printed_if_they_are_resolved(board):
    def with_map(**figures):
        rows = {
            name: {
                **board.rows[name],
                "protocols": {"zero-shot": {"k": 5, "map": [values], "precision": [values]}},
            }
            for name, values in figures.items()
        }
        return Leaderboard(board.origin, board.settings, rows)

    # The paper has SAE (0.136) above the baseline (0.054), and regression (0.022) below both.
    low, high = [0.1, 0.2, 0.1, 0.2], [0.4, 0.5, 0.3, 0.5]
    against = with_map(cosine=low, sae=low, regression=high)
    assert [row[:2] for row in against.contradictions()] == [
        ("regression", "cosine"), ("regression", "sae"),
    ]  # fmt: skip
    assert "Direct regression over SAE, by 0.275" in against.legend()
    assert with_map(cosine=low, sae=high).contradictions() == []
    unresolved = with_map(cosine=[0.1, 0.9, 0.3, 0.2], sae=[0.2, 0.7, 0.2, 0.3])
    assert unresolved.contradictions() == []


def test_the_figure_shows_what_the_table_says(board):
    figure = plot_leaderboard(board)
    for name in NAMES:
        assert f"{board.rows[name]['title']} {board.interval(name)}" in figure.alt_text
    empty = Leaderboard(board.origin, board.settings, {})
    with pytest.raises(ZsbirError, match="nothing to plot"):
        plot_leaderboard(empty)


def test_it_survives_json(board):
    again = Leaderboard.from_dict(json.loads(json.dumps(board.to_dict())))
    assert again.table() == board.table()
    with pytest.raises(ZsbirError, match="not the values of a leaderboard"):
        Leaderboard.from_dict({"format": "other"})


def test_several_processes_find_the_same(board, features):
    other = zsbir_lib.leaderboard(features, NAMES, settings=QUICK, workers=2)
    for name in NAMES:
        for protocol in ("zero-shot", "traditional", "generalised"):
            assert other.per_class(name, protocol) == pytest.approx(
                board.per_class(name, protocol), abs=1e-6
            )


def test_an_interrupted_run_goes_on_where_it_stopped(features, tmp_path, monkeypatch):
    state = tmp_path / "board.json"
    done = []

    def run(name, *others):
        if name == "regression" and len(done) < 3:
            done.append("interrupted")
            raise KeyboardInterrupt
        done.append(name)
        return run_method(name, *others)

    monkeypatch.setattr("zsbir_lib.benchmark.run_method", run)
    options = {"settings": QUICK, "state": state, "workers": 1}
    with pytest.raises(KeyboardInterrupt):
        zsbir_lib.leaderboard(features, NAMES, **options)
    assert done == ["cosine", "sae", "interrupted"]
    board = zsbir_lib.leaderboard(features, NAMES, **options)
    assert done == ["cosine", "sae", "interrupted", "regression"]
    assert list(board.rows) == NAMES
    assert sorted(json.loads(state.read_text())["rows"]) == sorted(NAMES)


def test_a_run_with_other_options_is_not_gone_on_with(features, tmp_path):
    state = tmp_path / "board.json"
    zsbir_lib.leaderboard(features, ["cosine"], settings=QUICK, state=state, workers=1)
    with pytest.raises(OptionsChangedError, match="k was 5 and is 3"):
        zsbir_lib.leaderboard(features, ["cosine"], settings=Settings(k=3), state=state)
    with pytest.raises(OptionsChangedError, match="digest was"):
        zsbir_lib.leaderboard(make_features(seed=1), ["cosine"], settings=QUICK, state=state)
    state.write_text("{}")
    with pytest.raises(ZsbirError, match="cannot go on from"):
        zsbir_lib.leaderboard(features, ["cosine"], settings=QUICK, state=state)


def test_results_of_other_code_are_not_shown_as_this_codes(features, tmp_path, monkeypatch):
    state = tmp_path / "board.json"
    zsbir_lib.leaderboard(features, ["cosine"], settings=QUICK, state=state, workers=1)
    monkeypatch.setattr(SAE, "version", 99)
    with pytest.raises(OptionsChangedError, match=r"code was .* and is .*99"):
        zsbir_lib.leaderboard(features, ["cosine"], settings=QUICK, state=state, workers=1)
    monkeypatch.undo()
    shapes = np.zeros((48, 48))
    with pytest.raises(OptionsChangedError, match="shapes was False and is True"):
        zsbir_lib.leaderboard(features, ["cosine"], settings=QUICK, shapes=shapes, state=state)


def test_a_method_that_diverges_is_reported_and_the_others_go_on(features, monkeypatch):
    class Bad(Cosine):
        title = "Bad"

        def _fit(self, pairs, progress):
            raise DivergedError("Bad: loss became nan in epoch 1, batch 1")

    monkeypatch.setattr(METHODS, "_known", {**METHODS._known, "bad": Bad})
    board = zsbir_lib.leaderboard(features, ["bad", "cosine"], settings=QUICK, workers=1)
    assert "failed: Bad: loss became nan" in board.to_markdown()
    assert board.ranked() == ["cosine"]


def test_unknown_names_and_depths_are_refused_before_anything_runs(features):
    with pytest.raises(UnknownNameError, match="unknown method 'magic'"):
        zsbir_lib.leaderboard(features, ["cosine", "magic"])
    with pytest.raises(UnknownNameError, match="unknown protocol sideways"):
        Settings(protocols=("sideways",))
    with pytest.raises(ZsbirError, match="seeds is 0"):
        Settings(seeds=0)
    with pytest.raises(ZsbirError, match="k is 500, but the gallery holds 48"):
        zsbir_lib.leaderboard(features, ["cosine"], settings=Settings(k=500))


def test_every_row_of_the_papers_tables_is_a_method_in_its_order():
    ours = [name for name in METHODS if name in PAPER_RESULTS]
    assert ours == list(PAPER_RESULTS)


def test_candidates_keep_to_the_budget_and_hold_the_defaults():
    everything = candidates("sae")
    assert len(everything) == 8
    few = candidates("sae", budget=3)
    assert len(few) == 3
    defaults = SAE().get_params()
    assert few[0] == {name: defaults[name] for name in SAE.search_space}
    assert few == candidates("sae", budget=3)
    assert candidates("cosine") == [{}]
