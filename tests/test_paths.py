"""Where the cache is, also for accounts that have no home."""

import os
import subprocess
import sys

import pytest

from zsbir_lib.errors import ZsbirError
from zsbir_lib.paths import cache_dir, cache_root, shared_root


def test_the_variable_names_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path / "there"))
    assert cache_root() == tmp_path / "there"
    assert not cache_root().exists()
    assert cache_dir("a", "b") == tmp_path / "there" / "a" / "b"
    assert cache_dir("a", "b").is_dir()


def test_the_shared_folder_is_named_or_there_is_none(monkeypatch, tmp_path):
    monkeypatch.delenv("ZSBIR_SHARED_CACHE", raising=False)
    assert shared_root() is None
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("ZSBIR_SHARED_CACHE", "~/shared")
    assert shared_root() == tmp_path / "shared"
    assert not (tmp_path / "shared").exists()


def test_a_home_in_the_variable_is_expanded(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("ZSBIR_CACHE", "~/zsbir")
    assert cache_root() == tmp_path / "zsbir"


@pytest.mark.skipif(os.name == "nt", reason="every account of Windows has a home")
@pytest.mark.parametrize("cache", ["", "~/zsbir"])
def test_no_home_and_no_entry_in_the_table_of_users_is_told(cache):
    code = (
        "import os, pwd\n"
        "def nobody(*_): raise KeyError('no such user')\n"
        "pwd.getpwuid = pwd.getpwnam = nobody\n"
        "from zsbir_lib.cli import main\n"
        "raise SystemExit(main(['toybox', 'build']))\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "ZSBIR_CACHE": cache},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("zsbir: this account has no home")
    assert "ZSBIR_CACHE" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ZsbirError, match=r"cannot make the cache folder .*file.*ZSBIR_CACHE"):
        cache_dir("features")
