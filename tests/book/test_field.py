"""The chapter on what came after tells every system of `zsbir_lib.field`, with its work."""

import nbformat
import pytest
from colab_cell import BOOK
from test_chapters import addresses, prose

from zsbir_lib.field import FIELD, PRINTED, TABLES


@pytest.fixture(scope="module")
def text():
    return prose(nbformat.read(BOOK / "what_came_after.ipynb", as_version=4))


@pytest.mark.parametrize("system", FIELD, ids=lambda system: system.name)
def test_each_system_is_told_and_linked(system, text):
    assert system.name in text
    assert f"]({system.work})" in text
    assert system.work in addresses()


def test_figures_in_the_prose_stand_in_a_table(text):
    """Of the column that the chapter is about; each is typed in the data, with its source."""
    known = {f"{row.average:.3f}"[1:] for row in PRINTED if row.average}
    for figure in (".225", ".790", ".373", ".369", ".497", ".356", ".723"):
        assert figure in text
        assert figure in known


def test_every_table_that_was_read_has_a_row():
    assert {row.table for row in PRINTED} == {*TABLES}
