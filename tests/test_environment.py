"""The three lists of packages agree, and what they name really works."""

import re
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def by_name(lines):
    requirements = map(Requirement, lines)
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def main_dependencies():
    return by_name(project()["dependencies"])


def all_dependencies():
    extras = project()["optional-dependencies"]
    return main_dependencies() | by_name(line for extra in extras.values() for line in extra)


def constraint_lines():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def constraints(python):
    """Return the pinned version of each package for one Python."""
    pins = {}
    for requirement in map(Requirement, constraint_lines()):
        marker = requirement.marker
        if marker is None or marker.evaluate({"python_version": python}):
            name = canonicalize_name(requirement.name)
            assert name not in pins, f"{name} is pinned twice for Python {python}"
            (pin,) = requirement.specifier
            assert pin.operator == "==", f"{name} is not pinned"
            pins[name] = Version(pin.version)
    return pins


def conda():
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]


def conda_pip_lines():
    return next(entry["pip"] for entry in conda() if isinstance(entry, dict))


def test_library_names_lower_bounds_only():
    for name, requirement in main_dependencies().items():
        operators = [specifier.operator for specifier in requirement.specifier]
        assert operators == [">="], f"{name}: {requirement.specifier}"


def test_jupyter_book_stays_below_2():
    versions = all_dependencies()["jupyter-book"].specifier
    assert "1.0.4" in versions
    assert not versions.contains("2.0.0", prereleases=True)


def test_conda_lists_the_same_packages_and_bounds():
    lines = conda_pip_lines()
    options = [line for line in lines if line.startswith("-")]
    assert options == ["-c constraints.txt", "-e ."]
    listed = by_name(line for line in lines if line not in options)
    wanted = all_dependencies()
    assert listed.keys() == wanted.keys()
    for name, requirement in wanted.items():
        assert listed[name].specifier == requirement.specifier, name


def test_conda_python_is_accepted_by_the_project():
    (python,) = [line for line in conda() if isinstance(line, str) and line.startswith("python=")]
    version = python.removeprefix("python=")
    assert version in Requirement(f"python{project()['requires-python']}").specifier
    assert version in PYTHONS


@pytest.mark.parametrize("python", PYTHONS)
def test_every_dependency_has_a_tested_version_within_its_bounds(python):
    pins = constraints(python)
    for name, requirement in all_dependencies().items():
        assert name in pins, f"constraints.txt has no {name} for Python {python}"
        assert pins[name] in requirement.specifier, f"{name}=={pins[name]} on Python {python}"


def test_constraints_hold_no_place_and_no_local_version():
    for line in constraint_lines():
        assert not re.search(r"[/@+]", line), line


def test_torchvision_is_the_match_of_torch():
    """A torchvision built for another torch fails at import or has no operators."""
    import torch
    import torchvision

    boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 3.9], [6.0, 6.0, 9.0, 9.0]])
    kept = torchvision.ops.nms(boxes, torch.tensor([0.5, 0.9, 0.1]), 0.5)
    assert kept.tolist() == [1, 2]
