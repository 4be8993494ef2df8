"""Every public part of the library is documented, as numpydoc says, and typed."""

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
from pathlib import Path

import pytest

import zsbir_lib

HERE = Path(zsbir_lib.__file__).parent
MANY = 3  # parameters; below that, the sentence says what they are


def modules():
    """Return the names of the public modules."""
    walked = pkgutil.walk_packages(zsbir_lib.__path__, "zsbir_lib.")
    return ["zsbir_lib", *(one.name for one in walked if "._" not in one.name)]


def public(module):
    """Yield (name, object) for the functions and classes of a module, and the classes' methods."""
    for name, found in vars(importlib.import_module(module)).items():
        if name.startswith("_") or getattr(found, "__module__", None) != module:
            continue
        if inspect.isclass(found):
            yield f"{module}.{name}", found
            for method, member in vars(found).items():
                member = getattr(member, "fget", getattr(member, "__func__", member))
                # Not what matplotlib adds to its subclasses.
                written = getattr(member, "__module__", None) == module
                if inspect.isfunction(member) and not method.startswith("_") and written:
                    yield f"{module}.{name}.{method}", member
        elif inspect.isfunction(found):
            yield f"{module}.{name}", found


PUBLIC = {name: found for module in modules() for name, found in public(module)}


def section(found, title):
    """Return the names in a section of the docstring, or None if there is no such section."""
    lines = inspect.cleandoc(found.__doc__ or "").splitlines()
    for i in range(len(lines) - 1):
        if lines[i] == title and lines[i + 1] == "-" * len(title):
            break
    else:
        return None
    names = []
    for line, below in zip(lines[i + 2 :], [*lines[i + 3 :], ""], strict=True):
        if line and set(below) == {"-"}:
            break
        if line and not line.startswith(" "):
            names += [name.strip().lstrip("*") for name in line.split(" : ")[0].split(",")]
    return names


def parameters(found):
    """Return the names of the parameters, or None where the library does not say them."""
    if inspect.isclass(found):
        own = [one for one in found.__mro__ if one.__module__.startswith("zsbir_lib")]
        if getattr(found, "_is_protocol", False):
            return []
        if not any("__init__" in vars(one) for one in own):
            return None
    return [name for name in inspect.signature(found).parameters if name not in ("self", "cls")]


def test_there_is_much_to_look_at():
    assert len(PUBLIC) > 500


def test_everything_public_has_a_summary():
    """One line, a sentence; a dataclass without a docstring would get its signature for one."""
    wrong = []
    for name, found in PUBLIC.items():
        first, *rest = inspect.cleandoc(found.__doc__ or "").splitlines() or [""]
        if len(first.split()) < 2 or not first.endswith((".", ":")) or (rest and rest[0]):
            wrong.append((name, first))
    assert wrong == []


@pytest.mark.parametrize("title", ["Parameters", "Attributes"])
def test_sections_name_things_once(title):
    named = {name: section(found, title) or [] for name, found in PUBLIC.items()}
    assert {name: one for name, one in named.items() if len(set(one)) < len(one)} == {}


def test_parameters_are_those_of_the_code():
    wrong = {}
    for name, found in PUBLIC.items():
        named = section(found, "Parameters")
        if named is not None:
            real = parameters(found)
            if real is None or set(named) != set(real):
                wrong[name] = {"named": named, "real": real}
    assert wrong == {}


def test_attributes_are_those_of_the_code():
    wrong = {}
    for name, found in PUBLIC.items():
        if named := section(found, "Attributes"):
            missing = set(named) - attributes(found)
            if missing:
                wrong[name] = missing
    assert wrong == {}


def attributes(found):
    """Return what an object of a class has: class attributes, fields, and what methods set."""
    names = set(dir(found))
    for one in found.__mro__:
        names |= set(vars(one).get("__annotations__", ()))
        if one.__module__.startswith("zsbir_lib"):
            tree = ast.parse(textwrap.dedent(inspect.getsource(one)))
            stored = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
            names |= {node.attr for node in stored if isinstance(node.ctx, ast.Store)}
    return names


def test_no_parameter_of_many_goes_unnamed():
    """What takes several parameters names each, in a section or in the text."""
    wrong = {}
    for name, found in PUBLIC.items():
        real = parameters(found) or []
        if len(real) < MANY or ".cli." in name:
            continue  # a command names its options to those who ask it for --help
        words = documentation(name)
        if unnamed := [one for one in real if not re.search(rf"(?<!\w){one}(?!\w)", words)]:
            wrong[name] = unnamed
    assert wrong == {}


def documentation(name):
    """Return a docstring, and for a method those of the methods that it overrides."""
    holder, own = name.rsplit(".", 1)
    above = PUBLIC[holder].__mro__ if holder in PUBLIC else ()
    overridden = [getattr(one, own, None) for one in above]
    return "\n".join(one.__doc__ or "" for one in [PUBLIC[name], *filter(None, overridden)])


def untyped():
    """Yield what has no annotation: read from the code, since decorators may hide it."""
    for path in sorted(HERE.rglob("*.py")):
        module = ".".join(("zsbir_lib", *path.relative_to(HERE).with_suffix("").parts))
        holders = [(module, ast.parse(path.read_text(encoding="utf-8")))]
        for holder, tree in holders:
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    holders.append((f"{holder}.{node.name}", node))
                if not isinstance(node, ast.FunctionDef):
                    continue
                if node.name.startswith("_") and node.name != "__init__":
                    continue
                name = f"{holder}.{node.name}"
                taken = node.args
                own = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs]
                own += filter(None, (taken.vararg, taken.kwarg))
                for one in own:
                    if one.annotation is None and one.arg not in ("self", "cls"):
                        yield name, one.arg
                if node.returns is None:
                    yield name, "return"


def test_everything_public_is_typed():
    assert list(untyped()) == []


def before_colons():
    """Yield (file, line, words) of first lines of values' and properties' texts with a colon."""
    for path in sorted(HERE.rglob("*.py")):
        bodies = [ast.parse(path.read_text(encoding="utf-8")).body]
        for body in bodies:
            bodies += [node.body for node in body if isinstance(node, ast.ClassDef)]
            for node, below in zip(body, [*body[1:], None], strict=True):
                text = ""
                if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(below, ast.Expr):
                    text = getattr(below.value, "value", "")
                elif isinstance(node, ast.FunctionDef):
                    marks = {ast.unparse(mark) for mark in node.decorator_list}
                    text = (
                        ast.get_docstring(node) if marks & {"property", "cached_property"} else ""
                    )
                first = str(text or "").split("\n")[0]
                if ": " in first:
                    yield path.name, node.lineno, first


def test_values_and_properties_say_nothing_before_a_colon():
    """Sphinx would print it as the type."""
    assert list(before_colons()) == []
