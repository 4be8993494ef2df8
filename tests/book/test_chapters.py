"""Every chapter has what a reader may count on, in the same order."""

import itertools
import math
import re

import nbformat
import pytest
import yaml
from chapter_facts import chapters
from colab_cell import BOOK
from pybtex.database import parse_file

from zsbir_lib import widgets

ROOT = BOOK.parent
PARTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
CHAPTERS = chapters()
ENDING = ["Exercises", "What you have seen", "Check yourself", "Further reading"]
REFERENCES = parse_file(str(BOOK / "references.bib")).entries
# Lines of code that fit the column of a desktop, and a folded cell, which has a frame.
LONGEST, LONGEST_FOLDED = 85, 83
# The target of a Markdown link; a DOI may hold brackets.
TARGET = r"\]\(((?:[^()\s]|\([^()\s]*\))+)\)"


@pytest.fixture(params=CHAPTERS)
def notebook(request):
    return nbformat.read(ROOT / f"{request.param}.ipynb", as_version=4)


def prose(notebook):
    """Return the Markdown of a notebook, without code and formulae."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    return re.sub(r"`[^`\n]*`", "", text)


def headings(notebook):
    return [(len(marks), title) for marks, title in
            re.findall(r"^(#+) +(.*)$", prose(notebook), flags=re.M)]  # fmt: skip


def with_code():
    """Return every notebook that the book shows."""
    return sorted(path for path in BOOK.rglob("*.ipynb") if path.parent.name != "sources")


def addresses():
    """Return every address under which the bibliography knows a work."""
    found = set()
    for entry in REFERENCES.values():
        found.add(entry.fields.get("url"))
        if "doi" in entry.fields:
            found.add(f"https://doi.org/{entry.fields['doi']}")
    return found - {None}


def test_there_are_chapters():
    assert len(CHAPTERS) >= 18


def test_begins_with_goals_prerequisites_and_time(notebook):
    first = notebook.cells[0].source
    for word in ("**You will**", "**You need**", "**Time**"):
        assert word in first
    assert first.index("**You will**") < first.index("**You need**") < first.index("**Time**")


def test_ends_with_exercises_summary_questions_and_reading(notebook):
    titles = [title for level, title in headings(notebook) if level == 2]
    assert titles[-4:] == ENDING


def test_headings_nest(notebook):
    levels = [level for level, _ in headings(notebook)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    for before, after in itertools.pairwise(levels):
        assert after <= before + 1


def test_three_exercises_or_more_each_with_a_hint_and_a_solution_that_runs(notebook):
    text = prose(notebook).split("\n## Exercises")[1].split("\n## What you have seen")[0]
    exercises = re.findall(r"^\*\*(\d+)\. .*?\*\* \((easy|medium|hard)\)", text, flags=re.M)
    numbers = [int(number) for number, _ in exercises]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 3
    assert len({grade for _, grade in exercises}) >= 2
    assert len(re.findall(r"<details><summary>Hint</summary>", text)) >= len(numbers)
    assert text.count("<details>") == text.count("</details>")
    solutions = {}
    for cell in notebook.cells:
        found = re.match(r"#@title Solution to exercise (\d+)\n", cell.source)
        if cell.cell_type == "code" and found:
            solutions[int(found[1])] = cell
    assert sorted(solutions) == numbers
    for cell in solutions.values():
        assert cell.metadata.get("cellView") == "form"
        assert "hide-cell" in cell.metadata.tags
        assert len(cell.source.splitlines()) > 2


def answers_of(notebook):
    """Return what stands before the questions, the questions, and the folded answers."""
    before, _, check = prose(notebook).partition("\n## Check yourself\n")
    questions, fold, folded = check.partition("\n## Further")[0].partition("\n<details>")
    answers = re.findall(
        r"<details><summary>Answer (\d+)</summary>\n\n(.*?)\n\n</details>",
        fold + folded,
        flags=re.S,
    )
    return before, questions, [(int(number), text) for number, text in answers]


def test_each_solution_ends_with_its_conclusion(notebook):
    ends = [
        cell.source.strip().splitlines()[-1]
        for cell in notebook.cells
        if cell.source.startswith("#@title Solution to exercise")
    ]
    assert [end for end in ends if not end.startswith("# ")] == []


@pytest.mark.parametrize("page", ["book/tour", *CHAPTERS])
def test_each_question_to_oneself_has_an_answer_folded_away(page):
    _, questions, answers = answers_of(nbformat.read(ROOT / f"{page}.ipynb", as_version=4))
    asked = re.findall(r"^(\d+)\. ", questions, flags=re.M)
    assert len(asked) >= 4
    assert [number for number, _ in answers] == list(range(1, len(asked) + 1)) == [*map(int, asked)]
    for _, answer in answers:
        assert 5 <= len(answer.split()) <= 120


@pytest.mark.parametrize("page", ["book/tour", *CHAPTERS])
def test_figures_in_answers_are_those_of_the_chapter(page):
    """A figure outside of a formula was measured: the chapter shows it."""
    notebook = nbformat.read(ROOT / f"{page}.ipynb", as_version=4)
    before, questions, answers = answers_of(notebook)
    shown = before + questions
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for output in cell.outputs:
                shown += output.get("text", "") + output.get("data", {}).get("text/plain", "")
    known = set(re.findall(r"\d*\.\d+", shown))
    for _, answer in answers:
        measured = re.findall(r"\d*\.\d+", re.sub(r"\(\d+\.\d+\)|\$[^$]*\$", "", answer))
        assert set(measured) - known == set(), answer


@pytest.mark.parametrize(
    ("page", "said", "value"),
    [
        ("book/measuring", "= 0.988$", 1 / math.sqrt(1 + 1 / 40)),
        ("book/metric_learning", "m + 0.5 - 0.9 = -0.1$", 0.3 + 0.5 - 0.9),
        ("book/table_2", "2 \\cdot 16 / 128 = 0.25$", 2 * 16 / 128),
        ("book/adversary", "-16 \\log 0.5 = 11.1$", -16 * math.log(0.5)),
        ("book/adversary", "\\log 4160 = 8.3$", math.log(4160)),
    ],
)
def test_figures_in_formulae_of_answers_are_computed_right(page, said, value):
    answers = answers_of(nbformat.read(ROOT / f"{page}.ipynb", as_version=4))[2]
    assert any(said in " ".join(text.split()) for _, text in answers)
    printed = said.split("= ")[-1].rstrip("$")
    assert f"{value:.{len(printed.partition('.')[2])}f}" == printed


def test_has_a_figure_that_moves(notebook):
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert re.search(rf"\b({'|'.join(widgets.__all__)})\(", code)


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_next_chapter_is_the_next_one(name):
    text = prose(nbformat.read(ROOT / f"{name}.ipynb", as_version=4))
    at = CHAPTERS.index(name)
    for words, step in (("the next chapter", 1), ("the (?:last chapter|chapter before)", -1)):
        for target in re.findall(rf"(?i)\[{words}\]\(([\w/]+)\.ipynb\)", text):
            assert f"book/{target}" == CHAPTERS[at + step]


def test_uses_nothing_that_only_sphinx_understands(notebook):
    """In Colab a directive or a role shows as its source."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert not re.search(r"^:::|\{[a-z:]+\}`|^\(\S+\)=$|```\{", text, flags=re.M)


def test_cites_real_works(notebook):
    links = {link for link in re.findall(TARGET, prose(notebook))
             if re.match(r"https?://(arxiv|doi)\.org", link)}  # fmt: skip
    assert links - addresses() == set()


def test_further_reading_cites(notebook):
    text = prose(notebook).split("\n## Further reading")[1]
    assert len(set(re.findall(TARGET, text)) & addresses()) >= 2


@pytest.mark.parametrize("path", with_code(), ids=lambda path: path.stem)
def test_lines_of_code_are_short(path):
    for cell in nbformat.read(path, as_version=4).cells:
        tags = cell.metadata.get("tags", ())
        if cell.cell_type == "code" and "remove-cell" not in tags:
            folded = {"hide-cell", "hide-input"} & {*tags}
            for line in cell.source.splitlines():
                assert len(line) <= (LONGEST_FOLDED if folded else LONGEST), line


def test_lines_of_commands_are_short():
    for path in BOOK.rglob("*.md"):
        block = ""  # or what kind of block the line is in
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip().startswith("```"):
                block = "" if block else "directive" if "{" in line else "code"
            elif block == "code":
                assert len(line) <= LONGEST, f"{path.name}: {line}"


@pytest.mark.parametrize("key", REFERENCES)
def test_references_are_complete(key):
    entry = REFERENCES[key]
    assert entry.persons["author"]
    assert {"title", "year"} <= set(entry.fields)
    assert {"url", "doi"} & set(entry.fields), "a reader cannot follow it"


def test_every_reference_is_cited():
    pages = [one for one in BOOK.rglob("*") if one.suffix in (".ipynb", ".md")]
    text = "".join(one.read_text(encoding="utf-8") for one in pages)
    unused = [
        key
        for key, entry in REFERENCES.items()
        if not any(mark in text for mark in (key, *map(entry.fields.get, ("doi", "url"))) if mark)
    ]
    assert unused == []


def test_every_reference_is_listed():
    assert ":all:" in (BOOK / "appendix" / "references.md").read_text(encoding="utf-8")
