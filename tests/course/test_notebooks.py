"""Whatever is handed in is read, or refused in one line."""

import json

import pytest

from zsbir_lib.course.notebooks import Cell, Notebook, notebook_text, read_notebook, write_notebook
from zsbir_lib.errors import ZsbirError


def write(path, value, encoding="utf-8"):
    path.write_bytes((value if isinstance(value, str) else json.dumps(value)).encode(encoding))
    return path


def sources(path):
    return [cell.source for cell in read_notebook(path).cells]


def test_what_is_written_is_read(tmp_path):
    cells = (Cell("markdown", "# Ä"), Cell("code", "a = 1\nb", {"tags": ["x"]}))
    notebook = Notebook(cells, {"n": 1})
    write_notebook(tmp_path / "a.ipynb", notebook)
    found = read_notebook(tmp_path / "a.ipynb")
    assert found.cells == notebook.cells
    assert found.metadata["n"] == 1
    assert notebook_text(notebook) == (tmp_path / "a.ipynb").read_text(encoding="utf-8")


def test_other_versions_line_ends_and_marks(tmp_path):
    cells = [{"cell_type": "code", "source": "a = 1\r\nb = 2", "metadata": {}}]
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["a = 1\n", "b = 2"]}]}]}
    for value, encoding in (({"cells": cells}, "utf-8"), ({"cells": cells}, "utf-8-sig"),
                            (old, "utf-8")):  # fmt: skip
        assert sources(write(tmp_path / "a.ipynb", value, encoding)) == ["a = 1\nb = 2"]


def test_large_outputs_are_no_matter(tmp_path):
    outputs = [{"output_type": "stream", "text": "x" * 50_000_000}]
    cells = [{"cell_type": "code", "source": "a", "outputs": outputs}]
    assert sources(write(tmp_path / "a.ipynb", {"cells": cells})) == ["a"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("a = 1", "no notebook"),
        ('{"cells": [', "cut short"),
        ("[1, 2]", "no cells"),
        ('{"cells": 3}', "no cells"),
        ("[" * 100_000, "no notebook"),
    ],
    ids=["empty", "Python", "cut short", "a list", "a number", "nested"],
)
def test_what_is_none_is_refused_in_one_line(tmp_path, content, words):
    with pytest.raises(ZsbirError, match=words) as caught:
        read_notebook(write(tmp_path / "a.ipynb", content))
    assert "\n" not in str(caught.value)


def test_strange_cells_are_read_as_far_as_they_go(tmp_path):
    cells = ["text", {"cell_type": "code"}, {"cell_type": "code", "source": 3, "metadata": "x"},
             {"source": ["a"], "cell_type": "code"}]  # fmt: skip
    assert sources(write(tmp_path / "a.ipynb", {"cells": cells, "metadata": 3})) == ["", "3", "a"]


def test_no_text_is_refused(tmp_path):
    (tmp_path / "a.ipynb").write_bytes(b"\xff\xfe{}")
    with pytest.raises(ZsbirError, match="UTF-8"):
        read_notebook(tmp_path / "a.ipynb")
