"""Things are known by name: the library's own, an installed package's, a notebook's."""

import importlib
import sys

import pytest

from zsbir_lib.errors import NameTakenError, UnknownNameError, ZsbirError
from zsbir_lib.registry import Registry


@pytest.fixture
def tools():
    registry = Registry("tool", "zsbir.test-tools")
    registry.add("saw", "a saw")
    return registry


def install(folder, monkeypatch, module, target):
    """Put a package with one entry point, ``drill``, on the path of Python."""
    info = folder / "others-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[zsbir.test-tools]\ndrill = {target}\n")
    (folder / "others_tools.py").write_text(module)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "others_tools", raising=False)
    importlib.invalidate_caches()


def test_a_name_is_not_taken_unawares(tools):
    with pytest.raises(NameTakenError, match="the tool name 'saw' is taken by 'a saw'"):
        tools.add("saw", "another")
    assert tools["saw"] == "a saw"
    tools.add("saw", "another", replace=True)
    assert tools["saw"] == "another"


def test_a_cell_that_is_executed_again_replaces_what_it_defined(tools):
    cell = "@tools.register('mine')\nclass Mine:\n    size = {}\n"
    for size in (1, 2):
        exec(cell.format(size), {"tools": tools, "__name__": "__main__"})
    assert tools["mine"].size == 2
    with pytest.raises(NameTakenError, match=r"taken by __main__\.Mine"):
        exec(cell.replace("class Mine", "class Other"), {"tools": tools, "__name__": "__main__"})


def test_an_unknown_name_is_answered_with_those_that_there_are(tools):
    tools.add("file", "a file")
    with pytest.raises(UnknownNameError, match=r"'sow' \(did you mean saw\?\): use one of saw"):
        tools["sow"]
    assert "sow" not in tools
    assert tools.get("sow") is None
    assert tools.get("saw") == "a saw"


def test_an_installed_package_adds_to_it_when_its_name_is_asked_for(tmp_path, monkeypatch, tools):
    install(tmp_path, monkeypatch, "drill = 'a drill'\n", "others_tools:drill")
    assert list(tools) == ["saw", "drill"]
    assert len(tools) == 2
    assert "others_tools" not in sys.modules
    assert tools["drill"] == "a drill"
    assert "others_tools" in sys.modules


def test_an_installed_package_that_cannot_be_loaded_is_named(tmp_path, monkeypatch, tools):
    install(tmp_path, monkeypatch, "import no_such_module\n", "others_tools:drill")
    with pytest.raises(ZsbirError, match=r"tool 'drill'.*others_tools:drill.*no_such_module"):
        tools["drill"]
    assert tools["saw"] == "a saw"
