from dataclasses import replace

import pytest

from tests.leaderboard.boards import make_board
from zsbir_lib.leaderboard import Leaderboard
from zsbir_lib.leaderboard.report import legend, markdown, table


@pytest.fixture(scope="module")
def board():
    return make_board()


def changed(board, name="sae", origin=None, **changes):
    rows = {**board.rows, name: replace(board.rows[name], **changes)}
    return Leaderboard(replace(board.origin, **(origin or {})), board.settings, rows)


def test_the_table_names_every_method_and_the_papers_figures(board):
    text = board.table()
    for words in ("Cosine baseline", "SAE", "Direct regression", "0.238, 0.136", "minus SAE"):
        assert words in text


@pytest.mark.parametrize("width", [80, 100, 120])
def test_a_terminal_is_wide_enough_for_it(board, width):
    lines = table(board, width).splitlines()
    assert max(map(len, lines)) <= width
    # Every block has every method.
    assert sum(line.startswith("method") for line in lines) == sum(
        line.startswith("Direct regression") for line in lines
    )


def test_a_terminal_that_knows_ascii_only_can_show_it(board):
    assert table(changed(board, error="diverged", protocols={})).isascii()


def test_markdown_has_one_cell_a_column(board):
    failed = changed(board, error="a | b\nand so on", protocols={})
    for one in (board, failed):
        text = markdown(one)
        assert text.splitlines()[1].startswith("|---|")
        rows = text.splitlines()[:5]
        assert len({row.replace(r"\|", "").count("|") for row in rows}) == 1
        assert "mAP@K is divided by K" in text
    assert r"failed: a \| b and so on" in markdown(failed)


def test_a_method_that_failed_is_told_below_the_table(board):
    text = table(changed(board, error="loss became nan", protocols={}))
    assert "SAE failed: loss became nan" in text
    everything = Leaderboard(
        board.origin, board.settings,
        {"sae": replace(board.rows["sae"], error="no luck", protocols={})},
    )  # fmt: skip
    assert "SAE failed: no luck" in table(everything)
    assert "failed: no luck" in markdown(everything)


def test_names_cannot_speak_to_the_terminal(board):
    hostile = changed(board, title="S\x1b[31mAE", origin={"dataset": "a\udcffb\x07"})
    for text in (table(hostile), markdown(hostile), legend(hostile)):
        assert all(character.isprintable() or character == "\n" for character in text)
