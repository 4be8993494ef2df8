"""What every test shares: a cache of its own, and the same random examples each time."""

import pytest
from hypothesis import settings

# Shared machines are slow at times; a test must not fail for that, nor by luck.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def isolated_cache(session_cache, monkeypatch):
    """No test reads or writes the user's cache; within one process tests share one."""
    monkeypatch.setenv("ZSBIR_CACHE", str(session_cache))
