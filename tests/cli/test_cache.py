"""``zsbir cache``."""

import os
import time

import pytest
from cli_samples import assert_one_line

from zsbir_lib.store import Store


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A cache with two finished entries and an unfinished one."""
    monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path))
    store = Store()

    def make(draft, interrupted=False):
        draft.piece("a.txt", lambda path: path.write_bytes(b"a" * 1500))
        if interrupted:
            raise KeyboardInterrupt
        draft.piece("b.txt", lambda path: path.write_bytes(b"b"))

    store.get("models", {"k": 1}, make, label="sae")
    store.get("features", {"k": 1}, make)
    with pytest.raises(KeyboardInterrupt):
        store.get("features", {"k": 2}, lambda draft: make(draft, interrupted=True))
    return store


def kinds(store):
    return sorted((entry.kind, entry.finished) for entry in store.entries())


def test_what_is_kept_is_listed(run, run_json, store):
    values = run_json("cache", "list")
    assert [row["kind"] for row in values["entries"]] == ["features", "features", "models"]
    assert [row["finished"] for row in values["entries"]].count(False) == 1
    assert values["entries"][2]["key"] == {"k": 1}
    assert values["entries"][2]["folder"].startswith(os.path.join("models", "sae-"))
    assert values["bytes"] == sum(entry.size for entry in store.entries())
    code, out, err = run("cache", "list", "--kind", "models")
    assert (code, err) == (0, "")
    assert "sae-" in out
    assert "features" not in out
    assert out.splitlines()[-1].startswith("1 entries, 2 kB")


def test_an_empty_cache(run, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path / "absent"))
    code, out, _ = run("cache", "list")
    assert code == 0
    assert out.startswith("0 entries")
    assert run("cache", "verify")[0] == 0
    assert not (tmp_path / "absent").exists()


def test_damage_is_named_and_the_code_says_so(run, run_json, store):
    assert run_json("cache", "verify")["damaged"] == []
    entry = store.find("models", {"k": 1})
    entry.path("b.txt").write_bytes(b"c")
    code, out, err = run("cache", "verify")
    assert (code, err) == (1, "")
    assert f"damaged  {entry.path('b.txt')}" in out
    assert run("cache", "verify", "--kind", "features")[0] == 0


def test_clearing_says_what_and_takes_nothing_else(run, run_json, store, tmp_path):
    foreign = tmp_path / "models" / "mine.safetensors"
    foreign.write_text("mine")
    values = run_json("cache", "clear", "--kind", "models", "--dry-run")
    assert len(values["removed"]) == 1
    assert len(kinds(store)) == 3
    assert run_json("cache", "clear", "--kind", "models")["removed"] == values["removed"]
    assert kinds(store) == [("features", False), ("features", True)]
    assert run("cache", "clear", "--unfinished")[0] == 0
    assert kinds(store) == [("features", True)]
    code, out, _ = run("cache", "clear", "--all")
    assert code == 0
    assert "are free again" in out
    assert kinds(store) == []
    assert foreign.read_text() == "mine"


def test_old_entries_only(run_json, store):
    old = store.find("models", {"k": 1})
    for path in old.folder.iterdir():
        os.utime(path, (time.time() - 40 * 24 * 3600,) * 2)
    assert run_json("cache", "clear", "--older-than", 30)["removed"] == [str(old.folder)]
    assert len(kinds(store)) == 2


def test_leftovers_of_killed_runs_go_when_old(run_json, store):
    entry = store.find("models", {"k": 1})
    junk = entry.folder / ".zsbir-partial-0123456789abcdef.txt"
    junk.write_bytes(b"four")
    run_json("cache", "clear", "--older-than", 30)
    assert junk.exists()
    os.utime(junk, (time.time() - 2 * 24 * 3600,) * 2)
    assert run_json("cache", "clear", "--older-than", 30)["bytes"] == 4
    assert not junk.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["clear"], ["--all", "--kind"]),
        (["clear", "--all", "--unfinished"], ["--all"]),
        (["list", "--kind", "pages"], ["'pages'", "features, models"]),
        (["clear", "--older-than", "-1"], ["--older-than"]),
    ],
)
def test_what_is_no_choice_is_refused(run, store, arguments, words):
    assert_one_line(run("cache", *arguments), *words)
    assert len(kinds(store)) == 3
