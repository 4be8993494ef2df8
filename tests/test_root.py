"""What a program finds at the root of the library."""

import subprocess
import sys
from importlib import resources

import pytest

import zsbir_lib


@pytest.mark.parametrize("name", zsbir_lib.__all__)
def test_each_name_is_there_and_listed(name):
    assert name in dir(zsbir_lib)
    assert getattr(zsbir_lib, name) is getattr(zsbir_lib, name)


def test_what_is_not_there_is_said():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        zsbir_lib.nothing  # noqa: B018


def test_the_root_loads_nothing_before_it_is_asked():
    script = "import sys, zsbir_lib; dir(zsbir_lib); print('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ran.stdout == "False\n"


def test_type_checkers_are_told_that_the_library_has_types():
    assert (resources.files(zsbir_lib) / "py.typed").is_file()
