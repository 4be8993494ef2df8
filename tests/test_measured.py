"""What chapters read of long measurements says where it is from."""

import re
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import load_backbone
from zsbir_lib.leaderboard import Leaderboard
from zsbir_lib.leaderboard.run import method_id
from zsbir_lib.measured import measurement
from zsbir_lib.methods import CAAE, CVAE, create_method

ROOT = Path(__file__).resolve().parents[1]
FOLDER = resources.files("zsbir_lib.measured")
# A leaderboard says itself what it is of.
BOARDS = ("table3",)
NAMES = sorted(path.name[:-5] for path in FOLDER.iterdir()
               if path.name.endswith(".json") and path.name[:-5] not in BOARDS)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_measurement_says_what_made_it_and_of_what(name):
    record = measurement(name)
    assert (ROOT / record["made by"]).is_file()
    for key in ("dataset", "weights_id", "measure", "library", "torch", "runs"):
        assert record[key]


@pytest.mark.parametrize(
    "name", ["backbones", "caae_choices", "cvae_sweep", "galleries", "switches"]
)
def test_writing_a_record_again_changes_nothing(name, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    from record import record_text

    assert record_text(measurement(name)) == (FOLDER / f"{name}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", BOARDS)
def test_a_kept_leaderboard_is_of_these_weights_and_methods(name):
    board = Leaderboard.load(str(FOLDER / f"{name}.json"))
    assert board.origin.weights_id == load_backbone("toynet").weights_id
    assert {"cvae", "caae", "ours"} <= set(board.rows)
    for method, row in board.rows.items():
        assert row.method_id == method_id(type(create_method(method))), method


def test_records_are_of_these_methods_and_weights():
    """Whoever changes a method, and its version, has to measure again."""
    choices, sweep = measurement("caae_choices"), measurement("cvae_sweep")
    assert choices["versions"] == {"caae": CAAE.version, "cvae": CVAE.version}
    assert sweep["cvae"] == CVAE.version
    weights = load_backbone("toynet").weights_id
    # What networks cost does not depend on their weights.
    assert {measurement(name)["weights_id"] for name in NAMES if name != "backbones"} == {weights}


def test_the_page_shows_the_costs_that_were_measured():
    record = measurement("backbones")
    page = (ROOT / "book" / "appendix" / "backbones.md").read_text(encoding="utf-8")
    shown = re.search("<!-- costs -->(.*)<!-- /costs -->", page, re.DOTALL)[1]
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in shown.split("\n")
            if line.startswith("| `")]  # fmt: skip
    assert [row[0] for row in rows] == list(record["runs"])
    for name, dim, side, millions, speed, memory in rows:
        run = record["runs"][name]
        assert int(dim.replace(",", "")) == run["dim"]
        assert int(side) == run["input_size"]
        assert float(millions) == round(run["parameters"] / 1e6, 1)
        assert float(speed) == pytest.approx(run["ratio"], rel=0.06)
        assert int(memory.replace(",", "")) == round(run["peak_bytes"] / 1e6)


def test_the_switches_are_of_this_cvae_and_complete():
    record = measurement("switches")
    assert record["cvae"] == CVAE.version
    for by_seed in record["runs"].values():
        assert sorted(by_seed) == ["0", "1", "2"]
        for run in by_seed.values():
            for side, names in record["classes"].items():
                figures = np.array(run[side])
                assert figures.shape == (len(names),)
                assert ((figures >= 0) & (figures <= 1)).all()


def test_a_measurement_that_is_not_there_is_said():
    with pytest.raises(ZsbirError, match="there are"):
        measurement("swiches")
