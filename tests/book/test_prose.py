"""Spelling, and one word for one thing, in all that a reader reads."""

import re
import subprocess
import sys

import nbformat
import pytest
import yaml
from build_book import pages
from colab_cell import BOOK

ROOT = BOOK.parent
TERMS = yaml.safe_load((BOOK / "_terms.yml").read_text(encoding="utf-8"))
PAGES = [*pages(), "README", "CONTRIBUTING"]


def blocks(page):
    """Return (where, Markdown) for each piece of a page's prose."""
    path = ROOT / f"{page}.ipynb"
    if path.exists():
        cells = nbformat.read(path, as_version=4).cells
        return [(f"{page}.ipynb, cell {i}", cell.source) for i, cell in enumerate(cells)
                if cell.cell_type == "markdown"]  # fmt: skip
    return [(f"{page}.md", (ROOT / f"{page}.md").read_text(encoding="utf-8"))]


def plain(text):
    """Return prose without what is no prose: code, formulae, addresses, HTML, titles of works."""
    for pattern in (
        r"```.*?```", r"\$\$.*?\$\$", r"`[^`]*`", r"\$[^$\n]*\$", r"<[^>]*>",
        r"\[[^\]]*\]\(https?://[^)]*\)", r"\]\([^)]*\)", r"https?://\S+",
        r"(?<!\*)\*(?![*\s])[^*\n]+(?:\n[^*\n]+)?\*(?!\*)",
        r"\"(?:[^\"\n]|\n(?!\n))*\"", r"\u201c[^\u201d]*\u201d",
    ):  # fmt: skip
        text = re.sub(pattern, " ", text, flags=re.S)
    return text


@pytest.mark.parametrize("page", PAGES)
def test_one_word_for_one_thing(page):
    found = []
    for where, text in blocks(page):
        for use, avoided in TERMS.items():
            for word in avoided:
                if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", plain(text), re.I):
                    found.append(f"{where}: {word!r}, write {use!r}")
    assert found == []


@pytest.mark.parametrize("page", PAGES)
def test_spelling_of_a_page(page, tmp_path):
    path = tmp_path / "page.txt"
    path.write_text("\n".join(f"{where}\n{plain(text)}" for where, text in blocks(page)))
    assert misspelt(path) == ""


def test_spelling_of_the_library():
    assert misspelt(ROOT / "zsbir_lib", "--skip=*.safetensors,*.gz,*.min.js") == ""


def misspelt(*arguments):
    """Return what codespell says; its settings are in pyproject.toml."""
    command = [sys.executable, "-m", "codespell_lib", *map(str, arguments)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode in (0, 65), result.stderr  # 65: words were found
    return result.stdout
