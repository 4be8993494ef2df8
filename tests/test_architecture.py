"""The house: which room may know which, what only one room does, and how large a room may be."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import zsbir_lib
from zsbir_lib.defaults import DEFAULT_METHOD, TOYBOX_NETWORK

LIBRARY = Path(zsbir_lib.__file__).parent
MODULES = {path.relative_to(LIBRARY).as_posix(): path for path in sorted(LIBRARY.rglob("*.py"))}
MOST = 350  # lines of a room with one idea
# Longer ones, each with the reason why it is left whole.
LONG = {
    "cli/options.py": "every option that commands share, once",
    "features/featureset.py": "one class, its checks and its file",
    "features/weight_files.py": "every form of a weight file, told apart",
    "store.py": "one idea: whole pieces",
    "vae.py": "the chapter's model, whole",
}
DRAWINGS = "datasets/toybox/families/"  # of the Toybox: coordinates, as many as there are classes
# Where something is done that no other room does.
OPENS_IMAGES = ("drawings/images.py",)
WRITES_TO_THE_CACHE = ("paths.py", "store.py")
NAMES_THE_CACHE = ("cli/",)  # where a command says where things are


def calls(path):
    """Return what a module calls, as it is written there: ``Image.open``, say."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def calling(name):
    """Return the modules that call a function, whatever it is imported from."""
    return {place for place, path in MODULES.items()
            if any(f".{call}".endswith(f".{name}") for call in calls(path))}  # fmt: skip


def test_imports_run_downwards_only():
    # In a process of its own: import-linter sets up logging, and silences every logger there is.
    lint = "import sys, importlinter.cli as cli; sys.exit(cli.lint_imports(no_cache=True))"
    command = [sys.executable, "-c", lint]
    done = subprocess.run(command, cwd=LIBRARY.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("function", "rooms"),
    [
        ("Image.open", OPENS_IMAGES),
        ("cache_root", WRITES_TO_THE_CACHE),
        ("cache_dir", NAMES_THE_CACHE),
    ],
    ids=["one reader of images", "one store", "the command line names it"],
)
def test_one_room_does_it(function, rooms):
    found = calling(function)
    assert {place for place in found if not place.startswith(rooms)} == set()
    idle = {room for room in rooms if not any(place.startswith(room) for place in found)}
    assert idle == set(), f"these need not be named any more, or {function} has another name"


@pytest.mark.parametrize(
    ("name", "own"),
    [(DEFAULT_METHOD, "methods/ours.py"), (TOYBOX_NETWORK, "features/recipes.py")],
)
def test_what_answers_where_nobody_chose_is_named_once(name, own):
    naming = {
        place
        for place, path in MODULES.items()
        if not place.startswith("toynet/")  # the network's own card
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value == name
    }
    assert naming == {"defaults.py", own}


@pytest.mark.parametrize("place", [one for one in MODULES if not one.startswith(DRAWINGS)])
def test_a_room_holds_one_idea(place):
    lines = len(MODULES[place].read_text(encoding="utf-8").splitlines())
    if place in LONG:
        assert lines > MOST, f"{place} is short now: take it off the list"
    else:
        assert lines <= MOST


def test_every_room_that_may_be_long_is_there():
    assert set(LONG) <= set(MODULES)
