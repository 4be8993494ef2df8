"""The field's figures are of systems that are listed, from tables that are named."""

import itertools

import pytest

from zsbir_lib.field import EVALUATORS, FIELD, PRINTED, TABLES
from zsbir_lib.paper import PAPER_RESULTS


def test_systems_are_named_once_and_stand_by_year():
    names = [system.name for system in FIELD]
    assert len(set(names)) == len(names)
    assert all(a.year <= b.year for a, b in itertools.pairwise(FIELD))
    assert {system.evaluator for system in FIELD} == {*EVALUATORS}


@pytest.mark.parametrize("system", FIELD, ids=lambda system: system.name)
def test_what_code_computes_is_said_with_the_code(system):
    assert system.code or not system.evaluator
    assert system.work.startswith("https://")


@pytest.mark.parametrize("row", PRINTED, ids=lambda row: f"{row.system}-{row.unseen}")
def test_a_printed_row_can_be_true(row):
    assert row.system in {system.name for system in FIELD}
    assert TABLES[row.table].startswith("https://")
    assert row.unseen in (21, 25)
    assert all(0 < value < 1 for value in (row.average, row.precision) if value is not None)


def test_a_table_has_one_row_for_a_system_and_a_split():
    rows = [(row.system, row.table, row.unseen) for row in PRINTED]
    assert len(set(rows)) == len(rows)


def test_the_paper_itself_is_not_typed_twice():
    (row,) = (row for row in PRINTED if row.system == "CVAE")
    assert (row.precision, row.average) == PAPER_RESULTS["cvae"]["zero-shot"]
