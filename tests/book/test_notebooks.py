"""Every chapter is committed as the project's rules for notebooks ask; nbval runs the cells."""

import re
import subprocess
import sys
from pathlib import Path

import colab_cell
import nbformat
import pytest
import strip_notebook
from build_book import pages
from home import Home

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = colab_cell.chapters()
CHECKED = "nbval-check-output"
# Colab's own folder counts too: a chapter must run from wherever it lies.
PLACES = re.compile(r"(?<![\w./~-])/(home|root|Users|tmp|var|mnt|content)/|[A-Z]:\\|localhost")


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def tagged(notebook):
    return [cell for cell in code_cells(notebook) if CHECKED in cell.metadata.get("tags", ())]


def test_there_is_a_chapter_to_check():
    assert CHAPTERS


def test_is_listed_in_the_contents(path):
    assert path.relative_to(ROOT).with_suffix("").as_posix() in pages()


def test_is_valid_and_stripped(path):
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert nbformat.writes(strip_notebook.strip(notebook)) + "\n" == text, (
        f"run python tools/strip_notebook.py {path.relative_to(ROOT)}"
    )


def test_begins_with_a_title(notebook):
    first = notebook.cells[0]
    assert first.cell_type == "markdown"
    assert re.match(r"# \S", first.source)


def test_begins_with_the_colab_cell(path):
    assert colab_cell.is_right(path, Home.read()), "run python tools/colab_cell.py --write"


def test_stores_no_error(notebook):
    unexpected = [
        output.ename
        for cell in code_cells(notebook)
        for output in cell.outputs
        if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", ())
    ]
    assert unexpected == []


def test_names_no_place_of_one_machine(notebook):
    texts = [cell.source for cell in notebook.cells]
    texts += [str(output.get("text", "")) for output in outputs(notebook)]
    texts += [str(output.get("data", "")) for output in outputs(notebook)]
    assert [text for text in texts if PLACES.search(text) or str(Path.home()) in text] == []


def test_has_outputs_that_nbval_compares(notebook):
    assert len(tagged(notebook)) >= 3
    for cell in tagged(notebook):
        assert cell.outputs, f"no output is stored below: {cell.source}"
        assert cell.execution_count, f"nbval compares only cells with a number: {cell.source}"


def test_described_pictures_are_described_in_a_sentence(notebook):
    """That every picture is described at all is seen on the built page."""
    for cell in code_cells(notebook):
        if "image" in cell.metadata.get("mystnb", {}):
            assert len(strip_notebook.alt_text(cell).split()) >= 4, cell.source


# The tools that keep the chapters so.


def drawn(alt=None):
    """Return a notebook as Jupyter leaves it after running a cell that prints and draws."""
    nb = nbformat.v4
    cell = nb.new_code_cell("plot()", execution_count=7)
    if alt:
        cell.metadata["mystnb"] = {"image": {"alt": alt}}
    cell.metadata["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00Z"}
    cell.metadata["tags"] = [CHECKED]
    cell.outputs = [
        nb.new_output("stream", name="stdout", text="P@10 0.5\n"),
        nb.new_output("stream", name="stderr", text="50%|"),
        nb.new_output("display_data", {"image/png": "aGk=", "text/plain": "<Figure>"}),
        nb.new_output("display_data", {"text/html": '<img src="data:image/png;base64,aGk=">'}),
        nb.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}}),
        nb.new_output("execute_result", {"text/plain": "3"}, execution_count=7),
    ]
    return nb.new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})


def test_strip_keeps_the_text_and_nothing_else():
    stripped = strip_notebook.strip(drawn("A line that rises from left to right"))
    (cell,) = stripped.cells
    assert set(stripped.metadata) == {"kernelspec", "language_info"}
    assert set(cell.metadata) == {"tags", "mystnb"}
    assert [output.output_type for output in cell.outputs] == ["stream", "execute_result"]
    assert cell.outputs[0].text == "P@10 0.5\n"
    assert (cell.execution_count, cell.outputs[1].execution_count) == (1, 1)


def test_strip_refuses_a_picture_without_words():
    with pytest.raises(strip_notebook.AuthorNeeded, match="cell 0 draws a picture"):
        strip_notebook.strip(drawn())


def test_strip_refuses_a_pasted_picture():
    notebook = drawn("A line that rises from left to right")
    pasted = nbformat.v4.new_markdown_cell("![](attachment:a.png)")
    pasted["attachments"] = {"a.png": {"image/png": "aGk="}}
    notebook.cells.append(pasted)
    with pytest.raises(strip_notebook.AuthorNeeded, match="cell 1 holds a pasted picture"):
        strip_notebook.strip(notebook)


def test_strip_command_checks_and_mends(tmp_path):
    path = tmp_path / "a.ipynb"
    nbformat.write(drawn("A line that rises from left to right"), path)
    before = path.read_bytes()

    def run(*options):
        command = [sys.executable, ROOT / "tools" / "strip_notebook.py", *options, path]
        return subprocess.run(command, capture_output=True, text=True)

    checked = run("--check")
    assert checked.returncode == 1
    assert "run python tools/strip_notebook.py" in checked.stdout
    assert path.read_bytes() == before
    assert run().returncode == 0
    assert path.read_bytes() != before
    assert run("--check").returncode == 0


def test_colab_cell_is_put_below_the_title_once():
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# Title"), nbformat.v4.new_code_cell("1 + 1")]
    )
    text = colab_cell.cell_text(Home())
    colab_cell.put(notebook, text)
    colab_cell.put(notebook, text)
    assert colab_cell.first_code_cell(notebook).source == text
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "code"]
