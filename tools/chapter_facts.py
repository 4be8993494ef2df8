"""How long a chapter is, how long it runs, and what its conclusions rest on: one table.

The table stands in `book/appendix/reproducibility.md`, and the seconds in the head of each chapter
too. Words, lines and conclusions are counted; the seconds are those of the last `make book`::

    python tools/chapter_facts.py            # check that table and heads are of these chapters
    python tools/chapter_facts.py --write    # write both, with the seconds of the last build
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml
from build_book import BUILD
from colab_cell import BOOK
from jupyter_cache import get_cache

PAGE = BOOK / "appendix" / "reproducibility.md"
FOLDED = ("hide-input", "hide-cell", "remove-input", "remove-cell")
BEGIN, END = "<!-- written by tools/chapter_facts.py -->", "<!-- end -->"
HEAD = (
    "| chapter | words | visible lines of code | seconds | conclusions |\n|---|---|---|---|---|\n"
)
RUNS = re.compile(
    r"([Tt])he code (?:runs|takes)[^.;,]*?o[nf] one\s+(?:slow\s+)?(?:processor\s+core|thread)"
)


def chapters() -> list[str]:
    """Return the chapters of `_toc.yml`, without appendix and assignments, as paths."""
    toc = yaml.safe_load((BOOK.parent / "_toc.yml").read_text(encoding="utf-8"))
    return [
        entry["file"]
        for part in toc["parts"]
        if part["caption"] not in ("Start here", "Assignments", "Appendix")
        for entry in part["chapters"]
    ]


def words(notebook: nbformat.NotebookNode) -> int:
    """Count the words that lie open: hints and answers are folded, a formula is one word."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    text = re.sub(r"<details>.*?</details>", "", text, flags=re.S)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$", "x", text, flags=re.S)
    # Where a link leads is not read.
    return len(re.sub(r"\]\([^)\s]*\)", "]", text).split())


def visible_lines(notebook: nbformat.NotebookNode) -> int:
    """Count the lines of code that lie open, empty ones left out."""
    return sum(
        len([line for line in cell.source.splitlines() if line.strip()])
        for cell in notebook.cells
        if cell.cell_type == "code" and not {*FOLDED} & {*cell.metadata.get("tags", ())}
    )


def conclusions(chapter: str) -> list[dict[str, str]]:
    """Return what is listed of a chapter in `book/claims`."""
    path = BOOK / "claims" / f"{Path(chapter).name}.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else []


def rounded(seconds: float) -> int:
    """Return seconds as a head says them."""
    return max(10, 10 * round(seconds / 10))


@dataclass(frozen=True)
class Facts:
    """A row of the table."""

    title: str
    name: str
    words: int
    lines: int
    seconds: int | None
    conclusions: int

    def row(self) -> str:
        """Return it in Markdown."""
        return (
            f"| [{self.title}](../{self.name}.ipynb) | {self.words} | {self.lines} | "
            f"{'' if self.seconds is None else self.seconds} | {self.conclusions} |\n"
        )


def facts(chapter: str, seconds: int | None) -> Facts:
    """Count what can be counted of a chapter."""
    notebook = nbformat.read(BOOK.parent / f"{chapter}.ipynb", as_version=4)
    title = notebook.cells[0].source.partition("\n")[0].lstrip("# ")
    return Facts(title, Path(chapter).name, words(notebook), visible_lines(notebook), seconds,
                 len(conclusions(chapter)))  # fmt: skip


def said_seconds() -> dict[str, int]:
    """Return the seconds of each chapter, by its name, that the table says."""
    found = re.findall(
        r"\]\(\.\./(\w+)\.ipynb\) \| \d+ \| \d+ \| (\d+) \|", PAGE.read_text("utf-8")
    )
    return {name: int(seconds) for name, seconds in found}


def measured_seconds() -> dict[str, int]:
    """Return the seconds of each chapter whose outputs the last build kept."""
    cache = get_cache(BUILD / ".jupyter_cache")
    found = {}
    for chapter in chapters():
        try:
            record = cache.match_cache_notebook(
                nbformat.read(BOOK.parent / f"{chapter}.ipynb", as_version=4)
            )
        except KeyError:
            continue
        found[Path(chapter).name] = rounded(record.data["execution_seconds"])
    return found


def page(seconds: dict[str, int]) -> str:
    """Return the page with the table."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = [facts(chapter, seconds.get(Path(chapter).name)).row() for chapter in chapters()]
    return f"{before}{BEGIN}\n{HEAD}{''.join(rows)}{END}{after}"


def with_seconds(text: str, seconds: int) -> str:
    """Return the head of a chapter with these seconds."""
    return RUNS.sub(rf"\1he code takes about {seconds} seconds on one slow processor core", text)


def write() -> None:
    """Write the table and the heads."""
    seconds = said_seconds() | measured_seconds()
    for chapter in chapters():
        path = BOOK.parent / f"{chapter}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        if (known := seconds.get(path.stem)) is not None:
            head = notebook.cells[0]
            head.source = with_seconds(head.source, known)
            path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    PAGE.write_text(page(seconds), encoding="utf-8")


def main() -> int:
    """Check, or write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="write the table and the heads")
    if parser.parse_args().write:
        write()
        return 0
    if page(said_seconds()) != PAGE.read_text(encoding="utf-8"):
        print("the table is of other chapters: run python tools/chapter_facts.py --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
