"""`make bench`: every script has a row or a reason; killed, it goes on; a failure is a row."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "benchmarks"


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    import measures
    import results

    return measures, results


def test_every_script_has_rows_or_a_reason(parts):
    measures, _ = parts
    listed = {one.script for one in measures.BENCHMARKS}
    left_out, inner = set(measures.LEFT_OUT), set(measures.PARTS)
    assert listed | left_out | inner == {path.name for path in FOLDER.glob("*.py")}
    assert not listed & left_out
    for one in measures.BENCHMARKS:
        keys = [row.key for row in one.rows]
        assert len(keys) == len(set(keys)), one.name


def test_there_is_one_source_of_goals(parts):
    measures, results = parts
    rows = [row for one in measures.BENCHMARKS for row in one.rows]
    used = {key for row in rows for key in (row.goal, row.card) if key}
    assert used == set(measures.GOALS)
    assert (FOLDER / "README.md").read_text() == results.readme((FOLDER / "README.md").read_text())
    record = results.read_results(FOLDER)
    assert (FOLDER / "RESULTS.md").read_text() == results.results_page(record)


def test_a_goal_is_judged(parts):
    measures, _ = parts
    least, most = measures.Goal(2, least=True), measures.Goal(3, unit="s")
    assert (str(least), str(most)) == ("at least 2", "at most 3 s")
    assert (least.reached(2), least.reached(1.9)) == (True, False)
    assert (most.reached(3), most.reached(3.1)) == (True, False)


STUB = """import json, sys, time
from pathlib import Path
with open(Path(__file__).parent / "log", "a") as log:
    log.write("{name}\\n")
{body}
Path(sys.argv[sys.argv.index("--json") + 1]).write_text(json.dumps({found!r}))
"""
KMEANS = {
    "sketches": 1, "samples": 2, "dim": 3, "k": 1, "largest difference of inertia": 0.5,
    "scikit-learn / ours, all at once": 2.0, "FAISS / ours, all at once": 0.25,
    "scikit-learn / ours, one by one": 1.0,
}  # fmt: skip
EXACT = {"queries": 1, "gallery": 2, "dim": 3, "k": 1, "FAISS / ours": 1.5}


def stub(folder, name, found, body=""):
    text = STUB.format(name=name, body=body, found=found)
    (folder / f"{name}.py").write_text(text)


def bench(scripts, out, *more, only=("exact", "kmeans", "closed form")):
    command = [sys.executable, FOLDER / "bench.py", "--out", out, "--only", *only, *more]
    if scripts is not None:
        command += ["--scripts", scripts]
    return subprocess.Popen(
        list(map(str, command)), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def rows_of(out):
    text = (out / "RESULTS.md").read_text()
    lines = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {f"{cells[0][2:]} | {cells[1]}": [one.strip(" |") for one in cells] for cells in lines}


def test_killed_it_goes_on_and_a_failure_is_a_row(tmp_path, parts):
    scripts, out = tmp_path / "scripts", tmp_path / "out"
    scripts.mkdir()
    stub(scripts, "exact", EXACT)
    stub(scripts, "kmeans", KMEANS, "time.sleep(600)")
    stub(scripts, "closed_form", {}, f"sys.exit('error: no {ROOT}/here.txt')")
    first = bench(scripts, out)
    deadline = time.monotonic() + 120
    while not (scripts / "log").exists() or "kmeans" not in (scripts / "log").read_text():
        assert first.poll() is None, first.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert rows_of(out)["exact: the nearest K by exact search, times as fast | FAISS, flat index"]
    kept = json.loads((out / "results.json").read_text())

    stub(scripts, "kmeans", KMEANS)
    again = bench(scripts, out)
    said, complaint = again.communicate(timeout=120)
    assert again.returncode == 0, complaint
    assert "exact: kept" in said
    assert (scripts / "log").read_text().split() == ["exact", "kmeans", "kmeans", "closed_form"]
    record = json.loads((out / "results.json").read_text())
    (name,) = record["machines"]
    assert record["runs"][name]["exact"] == kept["runs"][name]["exact"]
    rows = rows_of(out)
    about = "kmeans: K-means, all sketches at once, times as fast"
    fast, slow = (
        rows[f"{about} | scikit-learn, same start"],
        rows[f"{about} | FAISS, same start and rounds"],
    )
    assert fast[2:6] == [
        "1 sketches of 2 samples of 3 numbers, 1 centres",
        "2",
        "at least 1",
        "yes",
    ]
    assert slow[3:6] == ["0.25", "at least 1", "**no**"]
    equation = rows["closed form: the largest difference of its solution | SciPy's solve_sylvester"]
    assert equation[3] == "no here.txt"  # why, without a path of this machine
    measures, _ = parts
    assert len(rows) == 1 + sum(len(one.rows) for one in measures.BENCHMARKS)
    assert str(ROOT) not in (out / "RESULTS.md").read_text()

    # Other code is measured anew, and so is what failed.
    (scripts / "exact.py").write_text((scripts / "exact.py").read_text() + "# changed\n")
    last = bench(scripts, out)
    said, complaint = last.communicate(timeout=120)
    assert last.returncode == 0, complaint
    assert re.findall(r"(.*): kept", said) == ["kmeans"]
    assert [path.name for path in sorted(out.iterdir())] == ["RESULTS.md", "results.json"]


def test_the_smallest_sizes_are_not_for_the_page_that_is_kept():
    process = bench(None, FOLDER, "--smallest")
    assert "say nothing about speed" in process.communicate(timeout=120)[1]
    assert process.returncode == 2


@pytest.mark.slow
def test_the_scripts_run_at_their_smallest(tmp_path, parts):
    """Those that need no data set, as they are, interrupted and resumed."""
    pytest.importorskip("faiss")
    only = ("ranking", "exact", "kmeans", "closed form", "Toybox", "extraction")
    first = bench(None, tmp_path, "--smallest", only=only)
    assert "figures" in first.stdout.readline()
    first.send_signal(signal.SIGINT)
    said, complaint = first.communicate(timeout=300)
    assert first.returncode == 130, complaint
    second = bench(None, tmp_path, "--smallest", only=only)
    said, complaint = second.communicate(timeout=900)
    assert second.returncode == 0, complaint
    assert "ranking: kept" in said
    record = json.loads((tmp_path / "results.json").read_text())
    (runs,) = record["runs"].values()
    assert set(runs) == set(only)
    assert not [run["reason"] for run in runs.values() if run["reason"]]
    measures, _ = parts
    for one in measures.BENCHMARKS:
        if one.name in only:
            missing = {row.key for row in one.rows if row.absent == "none"}
            missing -= set(runs[one.name]["values"])
            assert missing <= {"the size `mini`, all processors"}, one.name
    shutil.rmtree(tmp_path)
