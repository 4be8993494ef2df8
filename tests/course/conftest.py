"""The source of assignment 1, and one sandbox for all tests: libraries are loaded once."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from zsbir_lib.course import Sandbox, build_assignment

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "book" / "assignments" / "sources" / "retrieval.ipynb"
LIBRARY = "https://example.org/zsbir-0.1.0-py3-none-any.whl"


@pytest.fixture(scope="session")
def source_path():
    return SOURCE


@pytest.fixture(scope="session")
def library():
    """Where a machine of Gradescope would install the library from."""
    return LIBRARY


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    return build_assignment(SOURCE, tmp_path_factory.mktemp("built"), 7, library=LIBRARY)


@pytest.fixture(scope="session")
def sandbox():
    """Knows the whole library."""
    with Sandbox() as made:
        yield made
