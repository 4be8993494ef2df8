"""What every test shares: a cache of its own, the same random examples, and one browser."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
sys.path.append(str(Path(__file__).resolve().parent))

# Shared machines are slow at times; a test must not fail for that, nor by luck.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what is marked
def pytest_collection_modifyitems(items):
    """What drives JupyterLab is slow, and static pages drive the same widgets."""
    for item in items:
        if "lab" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def isolated_cache(session_cache, monkeypatch):
    """No test reads or writes the user's cache; within one process tests share one."""
    monkeypatch.setenv("ZSBIR_CACHE", str(session_cache))
    monkeypatch.delenv("ZSBIR_SHARED_CACHE", raising=False)


@pytest.fixture
def own_registries(monkeypatch):
    """What a test adds to the registries is known to that test only."""
    from zsbir_lib.datasets import DATASETS
    from zsbir_lib.features import BACKBONES
    from zsbir_lib.methods import METHODS

    for registry in (DATASETS, BACKBONES, METHODS):
        monkeypatch.setattr(registry, "_known", dict(registry._known))


@pytest.fixture(scope="session")
def browser():
    """Start the Chromium of this machine.

    One for all tests of a process, as Playwright runs but once in a thread.
    """
    from chromium import BROWSERS, FLAGS, browser_path

    found = browser_path()
    if found is None:
        reason = f"no Chromium: none of {', '.join(BROWSERS)} is installed"
        if os.environ.get("ZSBIR_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield started
        started.close()
