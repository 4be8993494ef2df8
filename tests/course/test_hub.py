"""What a class installs: an image for a hub, an environment, and lines for each system."""

import re
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import zsbir_lib
from zsbir_lib.course.otter import CPU_WHEELS

ROOT = Path(__file__).resolve().parents[2]
HUB = ROOT / "book" / "assignments" / "hub"
WHEEL = f"./zsbir-{zsbir_lib.__version__}-py3-none-any.whl"  # as `make wheel` names it
TEACHERS = (ROOT / "book" / "appendix" / "teachers.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def dockerfile():
    """The steps of the image: each the word of its kind, and the rest in one line."""
    lines = (HUB / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    kept = [" ".join(line.split()) for line in lines if line and not line.startswith("#")]
    return [tuple(line.split(" ", 1)) for line in kept]


def test_the_image_holds_the_library_and_no_answer(dockerfile):
    copied = [source for kind, rest in dockerfile if kind == "COPY" for source in rest.split()[:-1]]
    assert "zsbir_lib" in copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert not (ROOT / source / "book").exists(), f"{source} holds the book"
        assert not source.startswith("book")
    assert "ADD" not in {kind for kind, _ in dockerfile}


def test_the_image_has_all_that_a_wheel_of_the_library_is_made_of(dockerfile):
    copied = {source for kind, rest in dockerfile if kind == "COPY" for source in rest.split()}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert {"pyproject.toml", re.search(r'readme = "(.*)"', project)[1]} <= copied


def test_the_image_is_for_the_cpu_and_serves_a_hub_as_no_root(dockerfile):
    (install,) = [rest for kind, rest in dockerfile if kind == "RUN" and "pip install" in rest]
    assert CPU_WHEELS in install
    named = [Requirement(one).name for one in re.findall(r'"(.+?)"', install)]
    assert named == ["jupyterhub", "jupyterlab", "nbgitpuller"]
    assert [rest for kind, rest in dockerfile if kind == "USER"][-1] != "root"
    assert dockerfile[-1] == ("CMD", '["jupyterhub-singleuser", "--ip=0.0.0.0"]')


def test_the_image_fills_a_cache_for_all_and_names_it(dockerfile):
    (shared,) = [rest.split("=")[1] for kind, rest in dockerfile
                 if kind == "ENV" and rest.startswith("ZSBIR_SHARED_CACHE=")]  # fmt: skip
    (filled,) = [rest for kind, rest in dockerfile if "ZSBIR_CACHE=" in rest and kind == "RUN"]
    assert f"ZSBIR_CACHE={shared} zsbir toybox build" in filled
    assert f"chmod -R a=rX {shared}" in filled


def test_the_environment_is_for_the_cpu_and_names_the_library():
    found = yaml.safe_load((HUB / "environment.yml").read_text(encoding="utf-8"))
    pip = next(one["pip"] for one in found["dependencies"] if isinstance(one, dict))
    assert pip[0] == CPU_WHEELS
    assert Requirement(pip[1]).name == "jupyterlab"
    assert pip[2:] == [WHEEL]


def test_bounds_and_python_are_the_projects_own(dockerfile):
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    jupyterlab = re.search(r'"(jupyterlab>=[\d.]+)"', project)[1]
    for name in ("Dockerfile", "environment.yml"):
        assert jupyterlab in (HUB / name).read_text(encoding="utf-8")
    (base,) = [rest for kind, rest in dockerfile if kind == "FROM"]
    wanted = re.search(r'requires-python = ">=3\.(\d+)"', project)[1]
    assert int(re.fullmatch(r"python:3\.(\d+)-slim", base)[1]) >= int(wanted)


def test_the_page_for_teachers_gives_these_lines():
    whole = TEACHERS.replace("\\\n", "").splitlines()  # commands that go on in the next line
    lines = [line for line in whole if line.startswith("pip install")]
    installs = [line for line in lines if WHEEL in line]
    assert len(installs) == 2  # Linux; macOS and Windows
    assert sum(CPU_WHEELS in line for line in installs) == 1
    assert "docker build -f book/assignments/hub/Dockerfile -t zsbir-hub ." in TEACHERS
    assert "ZSBIR_SHARED_CACHE" in TEACHERS
