"""Build the book into ``_build/html`` and fail on any warning or missing page.

Jupyter Book keeps each chapter's outputs in ``_build/.jupyter_cache``, runs a chapter again only
when its own code changed, and does so one chapter after another. Here chapters, and the page that
retrieves, are made two at a time before it begins, and two processes render the pages. What is
stale is known by contents, never by the times of files, and what is damaged by its checksum: a
record of everything that a build made is written when it ends, and taken away when the next one
begins.
"""

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import nbformat
import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
SITE = BUILD / "html"
PLACE = re.compile(r'<p id="zsbir-downloads"[^>]*>.*?</p>', re.S)

# How the programs begin that work for a build: they end when it does, however that ends. Their
# standard input is a pipe that nobody else holds the other end of.
LIFELINE = """
import os, sys, threading
def watch():
    os.read(0, 1)
    os._exit(1)
threading.Thread(target=watch, daemon=True).start()
"""


def pages() -> list[str]:
    """Return every page that ``_toc.yml`` names, without suffix, in the book's order."""
    found = []

    def walk(node: dict) -> None:
        found.extend(node[key] for key in ("root", "file") if key in node)
        for key in ("parts", "chapters", "sections"):
            for child in node.get(key, ()):
                walk(child)

    walk(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))
    return found


def missing_pages() -> list[str]:
    """Return the pages of ``_toc.yml`` that are not in the built book."""
    return [page for page in pages() if not (SITE / f"{page}.html").is_file()]


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files_in(paths: Iterable[Path]) -> list[Path]:
    """Return files, and the files in folders, without what Python and Jupyter leave there."""
    found = []
    for path in paths:
        found += sorted(path.rglob("*")) if path.is_dir() else [path]
    made = {"__pycache__", ".ipynb_checkpoints"}
    return [file for file in found if file.is_file() and not made & set(file.parts)]


def fingerprint(paths: Iterable[Path]) -> str:
    """Return one hash over the names and contents of files, and of the files in folders."""
    total = hashlib.sha256(sys.version.encode())
    for file in files_in(paths):
        total.update(f"{file.relative_to(ROOT)}\0{digest(file)}".encode())
    return total.hexdigest()


def sources() -> dict[str, str]:
    """Return the hash of each page's source, by the page's name; of none that is not there."""
    places = [(page, ROOT / f"{page}{end}") for page in pages() for end in (".ipynb", ".md")]
    return {page: digest(path) for page, path in places if path.is_file()}


class Record:
    """What the last build made, and of what; empty while one is under way or after a failure."""

    def __init__(self) -> None:
        self.path = BUILD / ".record.json"
        try:
            told = json.loads(self.path.read_text(encoding="utf-8"))
            self.code, self.look = told["code"], told["look"]
            self.pages, self.files = dict(told["pages"]), dict(told["files"])
        except (OSError, ValueError, KeyError, TypeError):
            self.code, self.look, self.pages, self.files = "", "", {}, {}

    def damaged(self) -> list[Path]:
        """Return files that the last build made, and that are gone or changed since."""
        found = []
        for name, expected in self.files.items():
            path = BUILD / name
            if not path.is_file() or digest(path) != expected:
                found.append(path)
        return found

    def forget(self) -> None:
        """Remove the record, so that an interrupted build is not taken for a finished one."""
        self.path.unlink(missing_ok=True)

    def write(self, code: str, look: str, pages: dict[str, str]) -> None:
        """Record a finished build."""
        made = files_in([SITE, BUILD / ".doctrees", BUILD / ".jupyter_cache" / "executed"])
        files = {str(path.relative_to(BUILD)): digest(path) for path in made}
        told = {"code": code, "look": look, "pages": pages, "files": files}
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(told), encoding="utf-8")
        os.replace(part, self.path)
        self.__init__()

    def write_again(self) -> None:
        """Record what has changed since in the files of a finished build."""
        if self.code:
            self.write(self.code, self.look, self.pages)


def run(command: list[str], lock: int | None = None) -> int:
    """Run a Python program, show what it complains about, and return its exit status.

    Parameters
    ----------
    command
        Arguments of Python; the code after ``-c`` gets the `LIFELINE`.
    lock
        An open file, locked: the program holds the lock too, so that it is free only when both
        have ended.
    """
    command = [sys.executable, "-c", LIFELINE + command[1], *command[2:]]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    kept = () if lock is None else (lock,)
    with subprocess.Popen(command, cwd=ROOT, text=True, pass_fds=kept, **pipes) as process:
        for line in process.stderr:
            # Every kernel warns that it listens on this machine; that is no fault of the book.
            if line.strip() and not line.startswith("[IPKernelApp]"):
                print(line, end="", file=sys.stderr, flush=True)
    return process.returncode


# Its function reads and writes pages in several processes, for which its command has no option.
JUPYTER_BOOK = """
from functools import partial
from jupyter_book import sphinx
from jupyter_book.cli.main import main
sphinx.build_sphinx = partial(sphinx.build_sphinx, jobs={jobs})
main()
"""


def jupyter_book(*arguments: str, jobs: int = 1) -> list[str]:
    """Return a command for `run`; not the script, whose first line breaks in a moved folder."""
    return ["-c", JUPYTER_BOOK.format(jobs=jobs), *arguments]


class Outputs:
    """The outputs of chapters that are kept, in the form in which Jupyter Book looks for them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache = folder, get_cache(folder)

    def drop_damaged(self, damaged: Iterable[Path]) -> None:
        """Drop what cannot be read or has changed; with the index go all outputs."""
        changed = {path.parent.name for path in damaged if self.folder in path.parents}
        try:
            for record in self.cache.list_cache_records():
                try:
                    self.cache.get_cache_bundle(record.pk)
                    sound = record.hashkey not in changed
                except (OSError, ValueError, KeyError):
                    sound = False
                if not sound:
                    name = Path(record.uri).name
                    print(f"The kept outputs of {name} are damaged: it is executed again")
                    place = self.folder / "executed" / record.hashkey / "base.ipynb"
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.touch()  # it has to be there to be removed
                    self.cache.remove_cache(record.pk)
        except Exception:  # whatever SQLite, and what lies above it, makes of a damaged file
            print("The kept outputs cannot be read: all chapters are executed again")
            shutil.rmtree(self.folder, ignore_errors=True)
            self.cache = get_cache(self.folder)

    def has(self, path: Path) -> bool:
        """Return whether the outputs of a notebook, as it is now, are kept."""
        try:
            self.cache.match_cache_notebook(nbformat.read(path, as_version=4))
        except KeyError:
            return False
        return True

    def execute(self, path: Path) -> str:
        """Execute a notebook and keep its outputs; return what went wrong, or nothing."""
        notebook = nbformat.read(path, as_version=4)
        timeout = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["execute"]["timeout"]
        result = single_nb_execution(
            notebook, cwd=str(path.parent), timeout=timeout, allow_errors=False
        )
        if result.err is not None:
            return re.sub("\x1b[^m]*m", "", str(result.err))
        data = {"execution_seconds": result.time}
        bundle = CacheBundleIn(notebook, str(path), data=data)
        # Two processes that write to its index at once come upon each other's unfinished entries.
        with (self.cache.path / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
        return ""


def execute(path: Path) -> str:
    """Execute a notebook in a process of its own; return what went wrong, or nothing."""
    outputs = f"Outputs(Path({str(BUILD / '.jupyter_cache')!r}))"
    code = (
        "sys.path.insert(0, 'tools'); from build_book import *; "
        f"sys.exit({outputs}.execute(Path({str(path)!r})) or 0)"
    )
    return f"{path.name} could not be executed" if run(["-c", code]) else ""


def export_page() -> str:
    """Export the page that retrieves; return what went wrong, or nothing."""
    code = "sys.path.insert(0, 'book/_ext'); import draw_page, pathlib; draw_page.export({})"
    place = f"pathlib.Path({str(BUILD / 'draw')!r})"
    return "the page that retrieves could not be made" if run(["-c", code.format(place)]) else ""


def side_by_side(jobs: list[Callable[[], str]], count: int) -> list[str]:
    """Do jobs, `count` at a time, and return what went wrong."""
    with ThreadPoolExecutor(count) as pool:
        return [wrong for wrong in pool.map(lambda job: job(), jobs) if wrong]


def fill_downloads(made: list[Path]) -> None:
    """Name the files for readers without a network on the landing page; with none, remove them.

    They show the book as it was when they were made, so a build of the book begins without them.
    """
    if not made:
        shutil.rmtree(SITE / "downloads", ignore_errors=True)
    links = " or ".join(
        f'<a href="../downloads/{path.name}" download>{path.suffix[1:].upper()}</a> '
        f"({path.stat().st_size / 1e6:.0f} MB)"
        for path in made
    )
    text = f">Take it with you: the whole book as {links}." if made else " hidden>"
    page = SITE / "book" / "intro.html"
    if page.exists():
        html = PLACE.sub(f'<p id="zsbir-downloads"{text}</p>', page.read_text(encoding="utf-8"))
        page.write_text(html, encoding="utf-8")
    Record().write_again()


def made_of() -> tuple[str, str, dict[str, str]]:
    """Return the hashes of what a book is made of: code, looks, and each page's source."""
    own = {ROOT / f"{page}{end}" for page in pages() for end in (".ipynb", ".md")}
    code = fingerprint([ROOT / name for name in ("zsbir_lib", "pyproject.toml", "constraints.txt")])
    look = fingerprint([
        *(ROOT / name for name in ("_config.yml", "_toc.yml", "tools/build_book.py")),
        *(path for path in files_in([ROOT / "book"]) if path not in own),
    ])  # fmt: skip
    return code, look, sources()


def state() -> str:
    """Return ``"built"`` if the book is of the files that are here, else what it is."""
    record = Record()
    if not record.code or missing_pages():
        return "not built"
    same = (record.code, record.look, record.pages) == made_of()
    return "built" if same else "of other files than those that are here"


def build(lock: int, jobs: int) -> int:
    """Bring the book up to date; return 0, or 1 after saying what is wrong."""
    doctrees = BUILD / ".doctrees"
    code, look, texts = made_of()
    record = Record()
    damaged = record.damaged()
    same = (record.code, record.look, record.pages) == (code, look, texts)
    if same and not damaged and not missing_pages():
        return tell_place()
    record.forget()
    known = BUILD / ".code"  # whose outputs are kept, also by a build that did not end
    if not known.exists() or known.read_text() != code:
        shutil.rmtree(BUILD / ".jupyter_cache", ignore_errors=True)
        known.write_text(code)
    outputs = Outputs(BUILD / ".jupyter_cache")
    outputs.drop_damaged(damaged)
    if (record.code, record.look) != (code, look) or any(
        SITE in path.parents or doctrees in path.parents for path in damaged
    ):
        shutil.rmtree(doctrees, ignore_errors=True)
        shutil.rmtree(SITE, ignore_errors=True)
    for page in pages():
        if record.pages.get(page) != texts.get(page):
            # Sphinx would go by the time of the source.
            (doctrees / f"{page}.doctree").unlink(missing_ok=True)
    fill_downloads([])
    print("Executing the chapters that changed and rendering the pages", flush=True)
    notebooks = [path for page in pages() if (path := ROOT / f"{page}.ipynb").exists()]
    changed = [path for path in notebooks if not outputs.has(path)]
    # The longest first, so that none is left to run alone at the end.
    chapters = [partial(execute, p) for p in sorted(changed, key=lambda p: -p.stat().st_size)]
    if wrong := side_by_side([export_page, *chapters], jobs):
        print("\n".join(wrong), file=sys.stderr)
        print("error: the book was not built; see the lines above", file=sys.stderr)
        return 1
    options = ["--quiet", "-n", "-W", "--keep-going"]
    status = run(jupyter_book("build", str(ROOT), *options, jobs=jobs), lock)
    missing = missing_pages()
    if status or missing:
        # Sphinx would not repeat the warnings of pages that it has already read.
        shutil.rmtree(doctrees, ignore_errors=True)
        what = f"pages are missing: {', '.join(missing)}" if missing else "see the lines above"
        print(f"error: the book was not built cleanly; {what}", file=sys.stderr)
        return 1
    record.write(code, look, texts)
    return tell_place()


def tell_place() -> int:
    """Say where the book is."""
    place = (SITE / "index.html").relative_to(ROOT)
    print(f"The book is in {place}: open that file, or run make serve")
    return 0


def main(arguments: Sequence[str] = ()) -> int:
    """Build, one build at a time."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    text = "chapters that are executed, and pages that are rendered, at once (default: %(default)s)"
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help=text)
    jobs = max(1, parser.parse_args(arguments).jobs)
    # The chapters' networks are small: two threads that wait for each other on a busy machine
    # were measured ten to twenty times slower than one.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    BUILD.mkdir(exist_ok=True)
    with (BUILD / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Another build is under way: waiting for its end", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        return build(lock.fileno(), jobs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
