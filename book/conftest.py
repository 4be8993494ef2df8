"""The cells of a notebook run in its order, whatever the seed that shuffles the tests."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Put the cells of each chapter back into their order, before all else."""
    cells = [item for item in items if hasattr(item, "cell_num")]
    others = [item for item in items if not hasattr(item, "cell_num")]
    items[:] = [*sorted(cells, key=lambda cell: (cell.path, cell.cell_num)), *others]
