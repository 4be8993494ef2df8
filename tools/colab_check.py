"""Run every chapter as Colab would: its packages, the library as a wheel, an empty folder.

Nobody of us can run Colab's own machines in a test. What can be had is what they are made of: the
packages of a recorded image (`tools/colab/images`), its IPython and kernel, the package
``google.colab`` imitated (`tools/colab/stub`). In such an environment each notebook of `_toc.yml`
is run from its first cell, whose form is filled in with a wheel of the library and its checksum. A
chapter passes when no cell fails, the wheel has moved no package of the image, every widget is
allowed to appear, and the cells whose outputs are compared print what is committed::

    make colab-check                                  # all; what has passed is not run again
    make colab-check ONLY=tour PYTHON=python3.12      # one, under this Python
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import colab_cell
import nbformat
from build_book import BUILD, ROOT, pages
from filelock import FileLock, Timeout
from home import Home

HERE = ROOT / "tools" / "colab"
IMAGE = HERE / "images" / "2026.07.txt"
PLACE = BUILD / "colab"
CHECKED = "nbval-check-output"
VIEW = "application/vnd.jupyter.widget-view+json"


class CheckError(Exception):
    """Nothing can be checked: one line says why."""


@dataclass(frozen=True)
class Image:
    """A recorded image: what it is called, its Python, and the packages that matter to a notebook.

    A file of them is a list for ``pip install -r``, headed by lines ``# KEY: VALUE``. What other
    packages ask for and the image lacks all the same stands there as ``absent``.
    """

    name: str
    date: str
    python: str
    source: str
    packages: dict[str, str]
    absent: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Image:
        """Read a list.

        Raises
        ------
        CheckError
            If a line is not ``NAME==VERSION``, or the head lacks something.
        """
        head: dict[str, str] = {}
        packages: dict[str, str] = {}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.startswith("#"):
                key, colon, value = line.lstrip("# ").partition(": ")
                if colon:
                    head[key] = value.strip()
            elif line.strip():
                name, equals, version = line.strip().partition("==")
                if not (name and equals and version):
                    raise CheckError(f"{path.name}, line {number}: {line!r} is not NAME==VERSION")
                packages[normalised(name)] = version
        missing = [key for key in ("image", "date", "python", "source") if key not in head]
        if missing:
            raise CheckError(f"{path.name}: the head does not say {', '.join(missing)}")
        absent = tuple(map(normalised, head.get("absent", "").split()))
        return cls(head["image"], head["date"], head["python"], head["source"], packages, absent)

    @property
    def series(self) -> str:
        """Return major and minor version of its Python."""
        return ".".join(self.python.split(".")[:2])


def normalised(name: str) -> str:
    """Return a package's name as pip compares them."""
    return name.lower().replace("_", "-").replace(".", "-")


def python_version(python: str | Path) -> str | None:
    """Return the version of a Python, or None if it does not run or has no venv."""
    command = [str(python), "-c", "import ensurepip, platform; print(platform.python_version())"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def choose_python(image: Image, asked: str | None) -> tuple[str, str]:
    """Return a Python and its version: the one asked for, the image's, or the one that runs this.

    Raises
    ------
    CheckError
        If the one asked for does not run.
    """
    if asked:
        version = python_version(asked)
        if version is None:
            raise CheckError(f"PYTHON={asked} does not run, or has no venv: name another")
        return asked, version
    for candidate in (f"python{image.series}", sys.executable):
        version = python_version(candidate)
        if version is not None:
            return candidate, version
    raise CheckError("no Python with venv and ensurepip is here")


def installed(python: str | Path) -> dict[str, str]:
    """Return name and version of every package that a Python has, pip and setuptools too."""
    ask = (
        "import importlib.metadata as about, json;"
        "print(json.dumps([(one.metadata['Name'], one.version) for one in about.distributions()]))"
    )
    # -I: neither the folder that this runs in nor PYTHONPATH are looked at.
    told = subprocess.run([str(python), "-I", "-c", ask], capture_output=True, check=True)
    return {normalised(name): version for name, version in json.loads(told.stdout)}


def public(packages: dict[str, str]) -> dict[str, str]:
    """Return the versions without what tells builds apart: ``2.11.0+cpu`` is 2.11.0."""
    return {name: version.split("+")[0] for name, version in packages.items()}


def moved(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return what has become of packages that were there before, in words."""
    return [
        f"{name} {version} -> {after.get(name, 'gone')}"
        for name, version in sorted(before.items())
        if after.get(name) != version
    ]


class Environment:
    """The image's packages in a folder of their own, below `_build/colab`."""

    def __init__(self, image: Path, asked: str | None) -> None:
        self.list = image
        self.image = Image.read(image)
        self.base, self.version = choose_python(self.image, asked)
        self.folder = PLACE / f"{self.image.name}-python{self.version}"
        self.python = self.folder / "env" / "bin" / "python"

    def describe(self) -> str:
        """Say which image this is, and how its Python differs from the one here."""
        image = self.image
        text = (
            f"image {image.name} of {image.date}: Python {image.python}, "
            f"torch {image.packages['torch']}, IPython {image.packages['ipython']}, "
            f"ipywidgets {image.packages['ipywidgets']}"
        )
        if self.version == image.python:
            return text
        series = ".".join(self.version.split(".")[:2])
        other = "another patch" if series == image.series else f"NOT Python {image.series}"
        return f"{text}\nhere under Python {self.version}: {other}"

    def prepare(self) -> None:
        """Install the image's packages unless they are there.

        Raises
        ------
        CheckError
            If pip fails, or has installed other versions.
        """
        stamp, log = self.folder / "installed", self.folder / "install.log"
        wanted = self.list.read_text(encoding="utf-8")
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return
        stamp.unlink(missing_ok=True)
        shutil.rmtree(self.folder / "env", ignore_errors=True)
        (self.folder / "tmp").mkdir(exist_ok=True)
        print(f"installing the image's packages: 2.5 GB to fetch the first time (log: {log})")
        subprocess.run([self.base, "-m", "venv", str(self.folder / "env")], check=True)
        with log.open("w") as out:
            done = subprocess.run(
                [str(self.python), "-m", "pip", "install", "--no-input", "--no-compile",
                 "--disable-pip-version-check", "--requirement", str(self.list)],
                stdout=out, stderr=subprocess.STDOUT, check=False,
                env=os.environ | {"TMPDIR": str(self.folder / "tmp")},
            )  # fmt: skip
        shutil.rmtree(self.folder / "tmp")
        if done.returncode:
            raise CheckError(f"pip could not install the image's packages; {log} says why")
        self.pip("uninstall", "--yes", *self.image.absent)
        packages = installed(self.python)
        other = moved(self.image.packages, public(packages))
        if other:
            raise CheckError(f"not the image's packages: {'; '.join(other)}")
        (self.folder / "packages.json").write_text(json.dumps(packages), encoding="utf-8")
        stamp.write_text(wanted, encoding="utf-8")

    def restore(self) -> dict[str, str]:
        """Make it the image's packages and no others again, whatever ended a run; return them."""
        before = json.loads((self.folder / "packages.json").read_text(encoding="utf-8"))
        now = installed(self.python)
        self.pip("uninstall", "--yes", *sorted(set(now) - set(before)))
        lost = [f"{name}=={before[name]}" for name in before if now.get(name) != before[name]]
        self.pip("install", "--no-deps", *lost)
        return before

    def pip(self, command: str, *arguments: str) -> None:
        """Run pip in the environment, if there is anything to do.

        Raises
        ------
        CheckError
            If it fails.
        """
        if all(one.startswith("--") for one in arguments):
            return
        program = [str(self.python), "-m", "pip", command, "--disable-pip-version-check"]
        done = subprocess.run([*program, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise CheckError(f"pip {command} failed: {done.stderr.strip().splitlines()[-1]}")


class Passed:
    """Which chapters have passed, each under a key of everything that could change that."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.seconds = dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            self.seconds = {}

    def add(self, key: str, seconds: float) -> None:
        """Note a chapter: an interrupted run has noted all before it."""
        self.seconds[key] = round(seconds, 1)
        part = self.path.with_name(f".{self.path.name}.part")
        part.write_text(json.dumps(self.seconds, indent=1) + "\n", encoding="utf-8")
        part.replace(self.path)


def chapters() -> list[Path]:
    """Return the notebooks of `_toc.yml`, in the book's order."""
    paths = [ROOT / f"{page}.ipynb" for page in pages()]
    return [path for path in paths if path.is_file()]


def chosen(names: list[str]) -> list[Path]:
    """Return the notebooks of these names (``tour`` or ``book/tour``), or all.

    Raises
    ------
    CheckError
        If there is none of that name.
    """
    every = {path.relative_to(ROOT).with_suffix("").as_posix(): path for path in chapters()}
    found = []
    for name in names:
        fits = [page for page in every if page == name or page.endswith(f"/{name}")]
        if not fits:
            raise CheckError(f"ONLY={name}: no notebook of _toc.yml; there are {', '.join(every)}")
        found += [every[page] for page in fits]
    return found or list(every.values())


def newest_wheel() -> Path:
    """Return the wheel that was built last.

    Raises
    ------
    CheckError
        If there is none.
    """
    built = sorted((ROOT / "dist").glob("zsbir-*.whl"), key=lambda path: path.stat().st_mtime)
    if not built:
        raise CheckError("there is no wheel in dist/: make wheel builds it")
    return built[-1]


def filled(path: Path, wheel: Path) -> nbformat.NotebookNode:
    """Return a notebook whose first cell is told the wheel and its checksum, as in the form.

    Where the book has a home, the cell that a reader without one has takes its place: what is
    checked is this wheel, not the tag that is published.
    """
    notebook = nbformat.read(path, as_version=4)
    text = colab_cell.cell_text(Home(), wants_card=path.stem in colab_cell.WANT_A_CARD)
    for name, value in {"WHEEL": wheel.name, "SHA256": digest(wheel)}.items():
        empty = f'{name} = ""'
        assert empty in text
        text = text.replace(empty, f'{name} = "{value}"', 1)
    colab_cell.put(notebook, text)
    return notebook


def digest(*paths: Path) -> str:
    """Return the SHA-256 of a file, or of several."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


def printed(cell: nbformat.NotebookNode) -> tuple[str, list[str]]:
    """Return what a cell printed, and the text of what it returned."""
    texts = [one.text for one in cell.outputs if one.get("name") == "stdout"]
    returned = [
        one.data["text/plain"] for one in cell.outputs if "text/plain" in one.get("data", "")
    ]
    return "".join(texts).strip(), returned


def faults(committed: nbformat.NotebookNode, ran: nbformat.NotebookNode) -> list[str]:
    """Return what a reader in Colab would have seen go wrong, in words."""
    found = []
    for number, (cell, after) in enumerate(zip(committed.cells, ran.cells, strict=True)):
        if cell.cell_type != "code":
            continue
        place = f"cell {number} ({cell.get('id', '')})"
        for one in after.outputs:
            if one.output_type == "error":
                lines = one.evalue.strip().splitlines() or [""]
                found.append(f"{place}: {one.ename}: {lines[-1]}")
            if VIEW in one.get("data", {}) and "colab" not in one.metadata.get(VIEW, {}):
                found.append(f"{place}: a widget is shown, but the widget manager was not enabled")
        if found:
            break
        if CHECKED in cell.metadata.get("tags", ()) and printed(cell) != printed(after):
            found.append(f"{place} prints something else")
    return found


def run_chapter(environment: Environment, path: Path, wheel: Path) -> list[str]:
    """Run one notebook from its first cell, and return what went wrong."""
    before = environment.restore()
    reports, home = environment.folder / "reports", environment.folder / "home"
    reports.mkdir(exist_ok=True)
    home.mkdir(exist_ok=True)
    name = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "--")
    out = reports / f"{name}.ipynb"
    notebook = filled(path, wheel)
    with tempfile.TemporaryDirectory(prefix="colab-") as folder:
        given, work = Path(folder, "notebook.ipynb"), Path(folder, "content")
        nbformat.write(notebook, given)
        work.mkdir()
        shutil.copy(wheel, work)
        variables = {"HOME": str(home), "ZSBIR_CACHE": str(home / ".cache" / "zsbir")}
        done = subprocess.run(
            [str(environment.python), str(HERE / "run_notebook.py"), given, work, out],
            env=os.environ | variables,
            capture_output=True,
            text=True,
            check=False,
        )
    (reports / f"{name}.txt").write_text(done.stderr, encoding="utf-8")
    after = installed(environment.python)
    found = [f"the wheel moved {what}" for what in moved(before, after)]
    if "zsbir" not in after:
        found.append("the first cell did not install the library")
    if done.returncode not in (0, 1):
        last = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        return [*found, f"the notebook was not run: {last}"]
    return found + faults(notebook, nbformat.read(out, as_version=4))


def check(
    paths: list[Path],
    wheel: Path,
    environment: Environment,
    passed: Passed,
    run: Callable[[Environment, Path, Path], list[str]] = run_chapter,
) -> int:
    """Run what has not passed yet, a line for each; return how many failed."""
    about = digest(wheel, environment.list, *sorted(HERE.rglob("*.py")))
    tally = {"passed": 0, "failed": 0, "before": 0}
    for path in paths:
        page = path.relative_to(ROOT).with_suffix("").as_posix()
        key = f"{page} {hashlib.sha256((about + digest(path)).encode()).hexdigest()[:16]}"
        if key in passed.seconds:
            tally["before"] += 1
            print(f"{page:32} passed before, in {passed.seconds[key]:.0f} s", flush=True)
            continue
        start = time.monotonic()
        found = run(environment, path, wheel)
        seconds = time.monotonic() - start
        tally["failed" if found else "passed"] += 1
        print(f"{page:32} {'FAILED' if found else 'passed'} {seconds:6.0f} s", flush=True)
        for fault in found:
            print(f"    {fault}", flush=True)
        if not found:
            passed.add(key, seconds)
    print(
        f"{tally['passed']} passed, {tally['failed']} failed, {tally['before']} passed before "
        f"with this wheel (reports: {environment.folder / 'reports'})"
    )
    return tally["failed"]


def main() -> int:
    """Run the chapters: 1 if one failed, 2 if nothing could be run, 130 if interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--wheel", type=Path, help="instead of the last one in dist/")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these chapters")
    parser.add_argument("--image", type=Path, default=IMAGE, help="another recorded image")
    parser.add_argument("--python", help="the Python to run it under")
    asked = parser.parse_args()
    try:
        paths = chosen(asked.only)
        wheel = asked.wheel or newest_wheel()
        if not wheel.is_file():
            raise CheckError(f"{wheel} is not here: make wheel builds it")
        environment = Environment(asked.image, asked.python)
        print(environment.describe(), flush=True)
        environment.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(environment.folder / "lock", timeout=0):
            environment.prepare()
            print(f"wheel {wheel.name}, SHA256 {digest(wheel)}", flush=True)
            record = Passed(environment.folder / "passed.json")
            failed = check(paths, wheel, environment, record)
    except Timeout:
        print(f"error: another make colab-check uses {environment.folder}", file=sys.stderr)
        return 2
    except CheckError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted: the same command goes on behind the last chapter that passed")
        return 130
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
