"""Build the book into ``_build/html`` and fail on any warning or missing page.

Jupyter Book keeps each chapter's outputs in ``_build/.jupyter_cache`` and runs a chapter again
only when its own code changed. This tool adds what it does not look at: the outputs also depend
on the library and on the installed versions, and the pages on the book's static files.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
SITE = BUILD / "html"
PLACE = re.compile(r'<p id="zsbir-downloads"[^>]*>.*?</p>', re.S)


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


def fingerprint(paths: Iterable[Path]) -> str:
    """Return one hash over the names and contents of files, and of the files in folders."""
    total = hashlib.sha256(sys.version.encode())
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                total.update(f"{file.relative_to(ROOT)}\0".encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def forget_if_changed(record: Path, current: str, stale: Iterable[Path]) -> None:
    """Remove `stale` folders unless `record` holds the `current` fingerprint."""
    if record.exists() and record.read_text() == current:
        return
    for folder in stale:
        shutil.rmtree(folder, ignore_errors=True)
    record.write_text(current)


def run(command: list[str]) -> int:
    """Run a command, show what it complains about, and return its exit status.

    Every kernel warns that it listens on this machine; that is no fault of the book.
    """
    # The chapters' networks are small: two threads that wait for each other on a busy machine
    # were measured ten to twenty times slower than one.
    env = {"OMP_NUM_THREADS": "1", **os.environ}
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=env, text=True, **pipes) as process:
        for line in process.stderr:
            if line.strip() and not line.startswith("[IPKernelApp]"):
                print(line, end="", file=sys.stderr, flush=True)
    return process.returncode


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


def build() -> int:
    """Bring the book up to date; return 0, or 1 after saying what is wrong."""
    doctrees, outputs = BUILD / ".doctrees", BUILD / ".jupyter_cache"
    code = [ROOT / name for name in ("zsbir_lib", "pyproject.toml", "constraints.txt")]
    book = [ROOT / name for name in ("_config.yml", "_toc.yml", "book/_ext", "book/_static")]
    forget_if_changed(BUILD / ".code", fingerprint(code), [doctrees, outputs, SITE])
    forget_if_changed(BUILD / ".look", fingerprint(book), [doctrees, SITE])
    fill_downloads([])
    # Not the script jupyter-book, whose first line breaks when the project's folder is moved.
    start = "from jupyter_book.cli.main import main; main()"
    options = ["--quiet", "-n", "-W", "--keep-going"]
    command = [sys.executable, "-c", start, "build", str(ROOT), *options]
    print("Executing the chapters that changed and rendering the pages", flush=True)
    status = run(command)
    missing = missing_pages()
    if status or missing:
        # Sphinx would not repeat the warnings of pages that it has already read.
        shutil.rmtree(doctrees, ignore_errors=True)
        what = f"pages are missing: {', '.join(missing)}" if missing else "see the lines above"
        print(f"error: the book was not built cleanly; {what}", file=sys.stderr)
        return 1
    place = (SITE / "index.html").relative_to(ROOT)
    print(f"The book is in {place}: open that file, or run make serve")
    return 0


def main() -> int:
    """Build, one build at a time."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return build()


if __name__ == "__main__":
    sys.exit(main())
