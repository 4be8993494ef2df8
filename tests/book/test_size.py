"""A chapter is read in an hour: what lies open on its page is short."""

import chapter_facts
import nbformat
import pytest
from chapter_facts import visible_lines, words
from colab_cell import BOOK
from test_chapters import CHAPTERS

WORDS = 3000
LINES = 250


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_is_short(chapter):
    notebook = nbformat.read(BOOK.parent / f"{chapter}.ipynb", as_version=4)
    assert words(notebook) <= WORDS
    assert visible_lines(notebook) <= LINES


def test_what_is_folded_is_not_counted():
    nb = nbformat.v4
    notebook = nb.new_notebook(
        cells=[
            nb.new_markdown_cell(
                "Two words.\n\n<details><summary>Hint</summary>\n\nmany more words\n\n</details>"
            ),
            nb.new_markdown_cell("$$a + b$$ and [a link](https://example.org/x)"),
            nb.new_code_cell("x = 1\n\nprint(x)"),
            nb.new_code_cell("y = 1", metadata={"tags": ["hide-input"]}),
        ]
    )
    assert words(notebook) == 6
    assert visible_lines(notebook) == 2


def test_the_table_is_of_these_chapters():
    seconds = chapter_facts.said_seconds()
    assert set(seconds) == {chapter.removeprefix("book/") for chapter in CHAPTERS}
    assert chapter_facts.page(seconds) == chapter_facts.PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_head_says_the_seconds_of_the_table(chapter):
    head = nbformat.read(BOOK.parent / f"{chapter}.ipynb", as_version=4).cells[0].source
    seconds = chapter_facts.said_seconds()[chapter.removeprefix("book/")]
    assert chapter_facts.RUNS.search(head)
    assert chapter_facts.with_seconds(head, seconds) == head
