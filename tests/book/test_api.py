"""The API pages: all that readers can import, nothing that is not there, and links that lead on."""

import ast
import importlib
import inspect
import logging
import pkgutil
import re
import textwrap
import types
import typing
from html.parser import HTMLParser

import nbformat
import pytest
import yaml
from build_book import pages
from sphinx.util.inventory import InventoryFile

import zsbir_lib

# Its face is the command line, and each command explains itself with --help.
COMMANDS = "zsbir_lib.cli"


@pytest.fixture(scope="module")
def documented(site):
    """Return every Python name that the book documents, and the page that does."""
    with (site / "objects.inv").open("rb") as stream:
        found = InventoryFile.load(stream, "", lambda base, place: place)
    return {name: entry[2] for kind, names in found.items() if kind.startswith("py:")
            for name, entry in names.items()}  # fmt: skip


def top_modules():
    walked = pkgutil.iter_modules(zsbir_lib.__path__, "zsbir_lib.")
    found = [one for one in walked if "._" not in one.name and one.name != COMMANDS]
    assert len(found) > 10
    return found


def constants(module):
    """Return the names that a module assigns, from its code."""
    targets = []
    for node in ast.parse(inspect.getsource(module)).body:
        targets += node.targets if isinstance(node, ast.Assign) else []
        targets += [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def public():
    """Return (module, name) for all that a reader may import."""
    found = set()
    packages = ["zsbir_lib.datasets.toybox"]
    for one in top_modules():
        module = importlib.import_module(one.name)
        if one.ispkg:
            packages.append(one.name)
            continue
        made = {name for name, value in vars(module).items() if is_made_in(one.name, value)}
        found |= {(one.name, name) for name in made | constants(module) if name[0] != "_"}
    for package in packages:
        found |= {(package, name) for name in importlib.import_module(package).__all__}
    return found


def is_made_in(module, value):
    return (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__ == module


def imported(root):
    """Return (module, name) for all that the chapters import from the library."""
    found = set()
    for page in pages():
        path = root / f"{page}.ipynb"
        cells = nbformat.read(path, as_version=4).cells if path.exists() else []
        for cell in cells:
            if cell.cell_type != "code" or "zsbir_lib" not in cell.source:
                continue
            source = re.sub(r"^( *)[%!].*", r"\1pass", cell.source, flags=re.M)  # Jupyter's own
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.ImportFrom) and node.module.startswith("zsbir_lib"):
                    found |= {(node.module, alias.name) for alias in node.names}
    assert len(found) > 40
    return found


def value_of(module, name):
    return getattr(importlib.import_module(module), name)


def places(module, name):
    """Return the names under which a thing may be documented: in a package that hands it on too."""
    value = value_of(module, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        module, name = value.__module__, value.__qualname__
    parts = module.split(".")
    return {f"{'.'.join(parts[:n])}.{name}" for n in range(1, len(parts) + 1)}


@pytest.mark.parametrize("kind", ["public", "imported by chapters"])
def test_all_that_can_be_imported_is_documented(documented, root, kind):
    wanted = public() if kind == "public" else imported(root)
    no_things = (types.ModuleType, typing.TypeVar, logging.Logger)
    things = {one for one in wanted if not isinstance(value_of(*one), no_things)}
    lost = [".".join(one) for one in things if not places(*one) & documented.keys()]
    assert sorted(lost) == []


def test_all_that_is_documented_is_there(documented):
    assert len(documented) > 300
    assert [name for name in documented if not is_there(name)] == []


def is_there(name):
    """Whether a dotted name can be had: imported, or an attribute that the code gives an object."""
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:n]))
        except ModuleNotFoundError:
            continue
        break
    for part in parts[n:]:
        if inspect.isclass(value) and part in set_by(value):
            return True
        if not hasattr(value, part):
            return False
        value = getattr(value, part)
    return True


def set_by(holder):
    """Return the fields of a class and what its own methods set."""
    names = set()
    for one in holder.__mro__:
        names |= set(vars(one).get("__annotations__", ()))
        if one.__module__.startswith("zsbir_lib"):
            for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(one)))):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                    names.add(node.attr)
    return names


def texts(root):
    """Yield (where, text) for the docstrings and comments of the library, and for all prose."""
    own = (root / "zsbir_lib").rglob("*.py")
    for path in [*own, *root.glob("*.md"), *(root / "book").rglob("*.md")]:
        yield path.name, path.read_text(encoding="utf-8")
    for path in (root / "book").glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                yield path.name, cell.source


def test_full_names_in_any_text_are_there(root):
    named = [(where, name) for where, text in texts(root)
             for name in re.findall(r"`(zsbir_lib(?:\.\w+)+)(?:\(\))?`", text)]  # fmt: skip
    assert len(named) > 50
    assert [(where, name) for where, name in named if not is_there(name)] == []


def test_the_contents_name_the_modules(root, documented):
    """The table of the first API page leads to each page, and names what it documents."""
    text = (root / "book/appendix/api.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\((api/\w+)\.md\)", text)) == {
        page.removeprefix("book/appendix/") for page in pages() if "/api/" in page
    }
    named = set(re.findall(r"`(zsbir_lib[.\w]*)`", text))
    assert {one.name for one in top_modules()} <= named
    assert named <= documented.keys()


def test_only_names_of_others_go_unchecked(root):
    """Sphinx warns of a reference that leads nowhere, unless it is told not to look."""
    settings = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["sphinx"][
        "config"
    ]
    ignored = settings["nitpick_ignore_regex"]
    assert settings.get("nitpick_ignore", []) == []

    def looked_at(name, kind):
        return not any(re.fullmatch(kinds, kind) and re.fullmatch(names, name)
                       for kinds, names in ignored)  # fmt: skip

    own = [one for one in public() if inspect.isclass(value_of(*one))]
    assert len(own) > 40
    for module, name in own:
        assert looked_at(name, "py:class")
        assert looked_at(f"{module}.{name}", "py:class")
    for module, name in public():
        assert looked_at(name, "py:obj")
        assert looked_at(f"{module}.{name}", "py:func")
    assert not looked_at("torch.Tensor", "py:class")


def test_no_measure_is_taken_for_an_address(site):
    """Mail to mAP at all, say."""
    texts = {page: (site / f"{page}.html").read_text("utf-8") for page in pages() if "/api" in page}
    assert [page for page, text in texts.items() if "mailto:" in text] == []


class Links(HTMLParser):
    """The addresses that a page's documentation of one name links to."""

    def __init__(self, text, name):
        super().__init__()
        self.name, self.depth, self.inside, self.found = name, 0, None, set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "dl":
            self.depth += 1
        if tag == "dt" and attributes.get("id") == self.name:
            self.inside = self.depth
        if tag == "a" and self.inside is not None and "internal" in attributes.get("class", ""):
            self.found.add(attributes["href"])

    def handle_endtag(self, tag):
        if tag == "dl":
            if self.inside == self.depth:
                self.inside = None
            self.depth -= 1


LINKS = {
    # A type hint by the defining module, a name of another module, a method, a name handed on.
    "methods: zsbir_lib.methods.create_method": "#zsbir_lib.methods.RetrievalMethod",
    "retrieval: zsbir_lib.metrics.evaluate_retrieval": "#zsbir_lib.retrieval.Index",
    "evaluation: zsbir_lib.protocols.choose": "data.html#zsbir_lib.features.FeatureSet",
    "tools: zsbir_lib.plots.plot_leaderboard": "evaluation.html#module-zsbir_lib.leaderboard",
}


@pytest.mark.parametrize("place", LINKS)
def test_own_names_are_links(site, place):
    page, name = place.split(": ")
    text = (site / f"book/appendix/api/{page}.html").read_text(encoding="utf-8")
    assert LINKS[place] in Links(text, name).found
