import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.leaderboard.boards import NAMES, QUICK
from tests.protocols.test_experiment import make_features
from zsbir_lib.errors import OptionsChangedError, ZsbirError, speaking_command_line
from zsbir_lib.leaderboard import Leaderboard, Settings, run
from zsbir_lib.methods import SAE, Cosine, DirectRegression
from zsbir_lib.store import Store

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = Settings(k=5, seeds=1, budget=1, protocols=("zero-shot",))


@pytest.fixture(scope="module")
def features():
    return make_features()


@pytest.fixture
def fitted(monkeypatch):
    """Return the names of the methods in the order in which they are fitted."""
    names = []
    for kind in (Cosine, SAE, DirectRegression):

        def fit(self, pairs, *, progress=None, real=kind.fit):
            names.append(self.name)
            return real(self, pairs, progress=progress)

        monkeypatch.setattr(kind, "fit", fit)
    return names


def keeping(where, tmp_path):
    if where == "store":
        return {"store": Store(tmp_path / "store")}
    return {"state": tmp_path / "board.json"}


@pytest.mark.parametrize("where", ["store", "state"])
def test_an_interrupted_run_goes_on_where_it_stopped(
    features, tmp_path, monkeypatch, fitted, where
):
    options = {"settings": SETTINGS, "workers": 1, **keeping(where, tmp_path)}

    def interrupted(self, pairs, progress):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(DirectRegression, "_fit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(features, NAMES, **options)
    assert fitted == NAMES
    fitted.clear()
    board = run(features, NAMES, **options)
    assert fitted == ["regression"]
    assert list(board.rows) == NAMES
    fitted.clear()
    assert run(features, NAMES, **options).rows == board.rows
    assert fitted == []
    run(features, ["sae"], fresh=True, **options)
    assert fitted == ["sae"]


@pytest.mark.parametrize("where", ["store", "state"])
def test_a_method_of_another_version_is_run_again(features, tmp_path, monkeypatch, fitted, where):
    options = {"settings": SETTINGS, "workers": 1, **keeping(where, tmp_path)}
    run(features, ["cosine", "sae"], **options)
    fitted.clear()
    monkeypatch.setattr(SAE, "version", 7, raising=False)
    run(features, ["cosine", "sae"], **options)
    assert fitted == ["sae"]


@pytest.mark.parametrize("where", ["store", "state"])
def test_a_method_that_failed_is_tried_again(features, tmp_path, monkeypatch, fitted, where):
    options = {"settings": SETTINGS, "workers": 1, **keeping(where, tmp_path)}

    def full(self, pairs, progress):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(SAE, "_fit", full)
        assert run(features, ["cosine", "sae"], **options).rows["sae"].error == "MemoryError"
    fitted.clear()
    assert run(features, ["cosine", "sae"], **options).rows["sae"].error is None
    assert fitted == ["sae"]


def test_what_a_result_depends_on_is_told_apart_in_the_store(features, tmp_path, fitted):
    store = Store(tmp_path)
    seed, first = make_features(seed=1), features.sketch_photos.clone()
    first[[0, 1]] = first[[1, 0]]  # the same sketches, drawn from other photos of the class
    other = type(features)(**{**vars(features), "sketch_photos": first})
    for found in (features, seed, other):
        run(found, ["cosine"], settings=SETTINGS, store=store, workers=1)
    run(features, ["cosine"], settings=Settings(k=3, protocols=("zero-shot",)), store=store,
        workers=1)  # fmt: skip
    assert len(fitted) == 4
    run(features, ["cosine"], settings=SETTINGS, store=store, workers=1)
    assert len(fitted) == 4


def test_a_file_that_was_begun_otherwise_is_not_gone_on_with(features, tmp_path):
    state = tmp_path / "board.json"
    run(features, ["cosine"], settings=QUICK, state=state, workers=1)
    with pytest.raises(OptionsChangedError, match="k was 5 and is 3"):
        run(features, ["cosine"], settings=Settings(k=3), state=state)
    with pytest.raises(OptionsChangedError, match="digest was"):
        run(make_features(seed=1), ["cosine"], settings=QUICK, state=state)
    shapes = 1.0 - np.eye(48)
    with pytest.raises(OptionsChangedError, match="shapes was None and is"):
        run(features, ["cosine"], settings=QUICK, shapes=shapes, state=state)


@pytest.mark.parametrize("text", ["", "{}", '{"format": "zsbir-leaderboard-1", "rows": {'])
def test_a_truncated_file_says_how_to_begin_anew(features, tmp_path, text):
    state = tmp_path / "board.json"
    state.write_text(text)
    with (
        speaking_command_line(),
        pytest.raises(ZsbirError, match=r"cannot read .*board\.json.*begin it anew with --fresh"),
    ):
        run(features, ["cosine"], settings=SETTINGS, state=state)
    assert state.read_text() == text
    run(features, ["cosine"], settings=SETTINGS, state=state, fresh=True, workers=1)
    assert list(Leaderboard.load(state).rows) == ["cosine"]


@pytest.mark.parametrize("where", ["store", "state"])
def test_where_nothing_can_be_kept_no_method_runs(features, tmp_path, fitted, where):
    blocker = tmp_path / "file"
    blocker.write_text("")
    options = (
        {"store": Store(blocker / "below")} if where == "store" else {"state": blocker / "b.json"}
    )
    with pytest.raises(ZsbirError, match=r"cannot (keep results in|write) .*"):
        run(features, ["cosine"], settings=SETTINGS, workers=1, **options)
    assert fitted == []


SHARING = """
import sys
from tests.protocols.test_experiment import make_features
from zsbir_lib.leaderboard import Settings, run
from zsbir_lib.store import Store

settings = Settings(k=5, seeds=1, budget=1, protocols=("zero-shot",))
features = make_features()
print("ready", flush=True)
sys.stdin.readline()
run(features, [sys.argv[1]], settings=settings, state=sys.argv[2], store=Store(sys.argv[3]),
    workers=1)
"""


def test_processes_that_share_a_state_keep_all_rows(features, tmp_path, fitted):
    names = ["cosine", "sae", "ours"]
    state, folder = tmp_path / "board.json", tmp_path / "store"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SHARING, name, str(state), str(folder)], cwd=ROOT, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in names
    ]  # fmt: skip
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=300)
        assert process.returncode == 0
    assert sorted(json.loads(state.read_text())["rows"]) == sorted(names)
    for keeping in ({"state": state}, {"store": Store(folder)}):
        board = run(features, names, settings=SETTINGS, workers=1, **keeping)
        assert list(board.rows) == names
    assert fitted == []


def test_a_row_that_is_being_kept_anew_is_there_until_the_new_one_is(
    features, tmp_path, monkeypatch, fitted
):
    options = {"settings": SETTINGS, "store": Store(tmp_path), "workers": 1}
    before = run(features, ["cosine"], **options).rows

    def killed(path, value):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("zsbir_lib.store._write_json", killed)
        with pytest.raises(KeyboardInterrupt):
            run(features, ["cosine"], fresh=True, **options)
    assert fitted == ["cosine"] * 2
    assert run(features, ["cosine"], **options).rows == before
    assert fitted == ["cosine"] * 2


# As on a file system without locks, or from two machines, whose caches are not the same.
WITHOUT_LOCKS = """
import zsbir_lib.store
class NoLock:
    def __init__(self, path): pass
    def acquire(self, timeout=-1): raise NotImplementedError
    def release(self): pass
zsbir_lib.store.FileLock = NoLock
"""

MEETING = """
import time
from pathlib import Path
from zsbir_lib.leaderboard.keeping import FileOfRows
write = FileOfRows._write
def meet(self, rows):
    here = Path(sys.argv[2]).parent
    (here / f"read-{sys.argv[1]}").touch()
    deadline = time.monotonic() + 60
    while len(list(here.glob("read-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    FileOfRows._write = write
    write(self, rows)
    os._exit(0)  # as if killed there: a run that goes on puts its rows back when it ends
FileOfRows._write = meet
"""


def both(tmp_path):
    """Run two methods at once, without locks; both read the file before either writes."""
    code = "import os, sys" + WITHOUT_LOCKS + MEETING + SHARING
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, name, tmp_path / "board.json", tmp_path / "store"],
            cwd=ROOT, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for name in ("cosine", "sae")
    ]  # fmt: skip
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=300)
        assert process.returncode == 0
    assert len(list(tmp_path.glob("read-*"))) == 2
    return json.loads((tmp_path / "board.json").read_text())["rows"]


def test_without_locks_no_row_is_lost_from_the_cache(features, tmp_path, fitted):
    """Each ends right after it wrote the file, where the other may have written before."""
    names = ["cosine", "sae"]
    there = both(tmp_path)
    assert set(there) <= set(names)
    store = Store(tmp_path / "store")
    kept = run(features, names, settings=SETTINGS, store=store, workers=1)
    assert fitted == []
    state = tmp_path / "board.json"
    again = run(features, names, settings=SETTINGS, store=store, state=state, workers=1)
    assert fitted == []
    assert Leaderboard.load(state).rows == again.rows == kept.rows


def test_without_locks_and_cache_the_file_stays_whole_and_what_it_lacks_is_run_again(
    features, tmp_path, fitted
):
    there = both(tmp_path)
    state = tmp_path / "board.json"
    before = Leaderboard.load(state).rows
    assert set(before) == set(there)
    assert len(there) == 1  # each wrote what it had read, and its own row
    board = run(features, ["cosine", "sae"], settings=SETTINGS, state=state, workers=1)
    assert fitted == sorted({"cosine", "sae"} - set(there))
    assert before.items() <= Leaderboard.load(state).rows.items()
    assert Leaderboard.load(state).rows == board.rows
