"""`make colab-check`: what it imitates of Colab, what it calls a fault, how it goes on."""

import importlib.util
import json
import subprocess
import sys

import colab_check
import nbformat
import pytest
from colab_check import CheckError, Environment, Image, Passed, check, chosen, faults, filled, moved
from IPython.core.interactiveshell import InteractiveShell
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RUNNER = colab_check.HERE / "run_notebook.py"
IMAGES = sorted((colab_check.HERE / "images").glob("*.txt"))
HEAD = "# image: 1\n# date: 2026-01-01\n# python: 3.12.1\n# source: https://example.org/list\n"


@pytest.fixture
def recorded(tmp_path):
    path = tmp_path / "image.txt"
    path.write_text(HEAD + "# absent: jedi\n# A sentence.\n\ntorch==2.11.0\nJupyter_Core==5.9.1\n"
                    "ipython==7.34.0\nipywidgets==7.7.1\n")  # fmt: skip
    return path


class TestImage:
    def test_is_read(self, recorded):
        image = Image.read(recorded)
        assert (image.name, image.date, image.python, image.series) == (
            "1", "2026-01-01", "3.12.1", "3.12",
        )  # fmt: skip
        assert image.packages["jupyter-core"] == "5.9.1"
        assert image.absent == ("jedi",)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (HEAD + "torch>=2\n", "line 5: 'torch>=2' is not NAME==VERSION"),
            ("# image: 1\n# python: 3.12.1\n", "does not say date, source"),
        ],
    )
    def test_a_wrong_list_is_told(self, tmp_path, text, words):
        (tmp_path / "image.txt").write_text(text)
        with pytest.raises(CheckError, match=words):
            Image.read(tmp_path / "image.txt")

    @pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.stem)
    def test_the_library_is_content_with_what_a_recorded_image_holds(self, root, path):
        """A lower bound above the image's version would move that package in Colab."""
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        image = Image.read(path)
        needed = {canonicalize_name(Requirement(line).name): Requirement(line).specifier
                  for line in project["dependencies"]}  # fmt: skip
        known = needed.keys() & image.packages.keys()
        assert known >= {"torch", "torchvision", "numpy", "ipywidgets", "matplotlib"}
        assert {name: image.packages[name] for name in known
                if image.packages[name] not in needed[name]} == {}  # fmt: skip
        assert image.series in ("3.12", "3.13")

    def test_another_python_than_the_images_is_said(self, recorded, monkeypatch):
        monkeypatch.setattr(colab_check, "python_version", lambda python: "3.11.7")
        assert "here under Python 3.11.7: NOT Python 3.12" in Environment(recorded, None).describe()
        monkeypatch.setattr(colab_check, "python_version", lambda python: "3.12.9")
        assert "another patch" in Environment(recorded, None).describe()

    def test_the_images_python_is_taken_where_it_is(self, recorded, monkeypatch):
        here = {"python3.12": "3.12.1", sys.executable: "3.11.7"}
        monkeypatch.setattr(colab_check, "python_version", here.get)
        assert Environment(recorded, None).base == "python3.12"
        del here["python3.12"]
        assert Environment(recorded, None).base == sys.executable
        with pytest.raises(CheckError, match="PYTHON=python9 does not run"):
            Environment(recorded, "python9")


def test_what_the_wheel_moved_is_named():
    before = {"torch": "2.11.0+cpu", "numpy": "2.0.2", "pip": "24.1"}
    after = {"torch": "2.15.0", "numpy": "2.0.2", "zsbir": "0.1.0"}
    assert moved(before, after) == ["pip 24.1 -> gone", "torch 2.11.0+cpu -> 2.15.0"]


def cell(source, *outputs, tags=(), number=0):
    nb = nbformat.v4
    made = nb.new_code_cell(source, id=f"c{number}", metadata={"tags": list(tags)})
    made.outputs = list(outputs)
    return made


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title"), *cells])


def told(text):
    return nbformat.v4.new_output("stream", name="stdout", text=text)


class TestFaults:
    def test_a_cell_that_fails_is_named_and_nothing_behind_it(self):
        wrong = nbformat.v4.new_output("error", ename="TypeError", evalue="bad\nvery bad")
        checked = cell("print(1)", told("1"), tags=["nbval-check-output"], number=2)
        committed = notebook(cell("x", number=1), checked)
        ran = notebook(cell("x", wrong, number=1), cell("print(1)", number=2))
        assert faults(committed, ran) == ["cell 1 (c1): TypeError: very bad"]

    def test_another_output_is_a_fault_where_outputs_are_compared(self):
        for tags, found in [
            ((), []),
            (["nbval-check-output"], ["cell 1 (c0) prints something else"]),
        ]:
            committed, ran = (notebook(cell("x", told(text), tags=tags)) for text in "12")
            assert faults(committed, ran) == found

    def test_a_widget_that_colab_would_not_show_is_one(self):
        def shown(metadata):
            data = {colab_check.VIEW: {"model_id": "1"}}
            return notebook(
                cell("w", nbformat.v4.new_output("display_data", data, metadata=metadata))
            )

        allowed = {colab_check.VIEW: {"colab": {"custom_widget_manager": {"url": "x"}}}}
        assert faults(shown(allowed), shown(allowed)) == []
        assert "was not enabled" in faults(shown({}), shown({}))[0]


class TestChapters:
    def test_are_those_of_the_book(self):
        names = [path.stem for path in chosen([])]
        assert {"tour", "sketchy", "toybox", "capstone"} <= set(names)
        assert [path.name for path in chosen(["book/tour", "toybox"])] == [
            "tour.ipynb",
            "toybox.ipynb",
        ]
        with pytest.raises(CheckError, match="ONLY=nowhere: no notebook"):
            chosen(["nowhere"])

    def test_the_form_is_filled_in(self, root, tmp_path):
        wheel = tmp_path / "zsbir-0.1.0-py3-none-any.whl"
        wheel.write_bytes(b"a wheel")
        book = filled(root / "book" / "tour.ipynb", wheel)
        first = next(one for one in book.cells if one.cell_type == "code").source
        assert f'WHEEL = "{wheel.name}"  #@param' in first
        assert f'SHA256 = "{colab_check.digest(wheel)}"  #@param' in first
        assert "git+" not in first


class Runs:
    """Stands for the environment: notes what was asked to be run."""

    def __init__(self, folder, image):
        self.folder, self.list, self.asked = folder, image, []
        self.fails = ()

    def __call__(self, environment, path, wheel):
        self.asked.append(path.stem)
        if self.fails == path.stem:
            return ["cell 3 (c): wrong"]
        if self.fails == f"stop at {path.stem}":
            raise KeyboardInterrupt
        return []


class TestRun:
    @pytest.fixture
    def runs(self, tmp_path, recorded):
        return Runs(tmp_path, recorded)

    @pytest.fixture
    def wheel(self, tmp_path):
        path = tmp_path / "zsbir-0.1.0-py3-none-any.whl"
        path.write_bytes(b"a wheel")
        return path

    def go(self, runs, wheel):
        paths = chosen(["tour", "measuring", "vae"])
        record = Passed(runs.folder / "passed.json")
        return check(paths, wheel, runs, record, run=runs)

    def test_says_a_line_for_each_and_how_many_failed(self, runs, wheel, capsys):
        runs.fails = "measuring"
        assert self.go(runs, wheel) == 1
        said = capsys.readouterr().out.splitlines()
        assert [line.split()[:2] for line in said[:2]] == [
            ["book/tour", "passed"], ["book/measuring", "FAILED"],
        ]  # fmt: skip
        assert said[2] == "    cell 3 (c): wrong"
        assert said[-1].startswith("2 passed, 1 failed, 0 passed before")

    def test_goes_on_behind_what_has_passed(self, runs, wheel, capsys):
        runs.fails = "stop at measuring"
        with pytest.raises(KeyboardInterrupt):
            self.go(runs, wheel)
        runs.fails, runs.asked = "", []
        assert self.go(runs, wheel) == 0
        assert runs.asked == ["measuring", "vae"]
        assert "book/tour" in (said := capsys.readouterr().out)
        assert "passed before" in said

    def test_another_wheel_begins_anew(self, runs, wheel):
        self.go(runs, wheel)
        wheel.write_bytes(b"another wheel")
        runs.asked = []
        self.go(runs, wheel)
        assert runs.asked == ["tour", "measuring", "vae"]

    def test_a_damaged_record_is_no_record(self, runs, wheel):
        (runs.folder / "passed.json").write_text("{")
        assert self.go(runs, wheel) == 0
        assert len(json.loads((runs.folder / "passed.json").read_text())) == 3


@pytest.fixture
def imitated(monkeypatch):
    """Load the imitated package into an IPython, as Colab's kernel does."""
    for name in [name for name in sys.modules if name.startswith("google.colab")]:
        monkeypatch.delitem(sys.modules, name)
    spec = importlib.util.spec_from_file_location(
        "google.colab",
        colab_check.HERE / "stub/google/colab/__init__.py",
        submodule_search_locations=[str(colab_check.HERE / "stub/google/colab")],
    )
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "google.colab", module)
    spec.loader.exec_module(module)
    shell = InteractiveShell.instance()
    shell.asked = []
    shell.system = shell.asked.append
    module.load_ipython_extension(shell)
    yield shell, module
    InteractiveShell.clear_instance()
    for name in [name for name in sys.modules if name.startswith("google.colab")]:
        sys.modules.pop(name)


class TestStub:
    def test_pip_is_a_command_of_the_shell(self, imitated):
        shell, _ = imitated
        shell.run_cell("name = 'x.whl'\n%pip install --quiet ./{name}").raise_error()
        assert shell.asked == ["pip install --quiet ./x.whl"]

    def test_anywidget_allows_its_widgets_by_itself(self, imitated):
        anywidget = pytest.importorskip("anywidget._util")
        shell, _ = imitated
        hooks = []
        shell.display_pub.register_hook = hooks.append
        anywidget.enable_custom_widget_manager_once.cache_clear()
        data = anywidget.get_repr_metadata()
        anywidget.enable_custom_widget_manager_once.cache_clear()
        assert data[colab_check.VIEW]["colab"]["custom_widget_manager"]["url"]
        message = {"content": {"data": {colab_check.VIEW: {}}}}
        assert "colab" in hooks[0](message)["content"]["metadata"][colab_check.VIEW]

    def test_a_drive_is_a_folder_and_there_are_no_secrets(self, imitated, tmp_path):
        _, module = imitated
        module.drive.mount(str(tmp_path / "drive"))
        assert (tmp_path / "drive" / "MyDrive").is_dir()
        assert module.files.upload() == {}
        with pytest.raises(FileNotFoundError):
            module.files.download(str(tmp_path / "nothing"))
        with pytest.raises(module.userdata.SecretNotFoundError):
            module.userdata.get("TOKEN")


@pytest.mark.slow  # a kernel is started
def test_a_notebook_finds_itself_in_colab(tmp_path):
    work = tmp_path / "content"
    work.mkdir()
    book = notebook(
        cell(
            "import os, sys\n"
            "print('google.colab' in sys.modules, os.listdir(), '__file__' in globals())\n"
            "print('COLAB_RELEASE_TAG' in os.environ, os.environ['MPLBACKEND'])\n"
            "%pip --version"
        ),
        cell("import anywidget\nanywidget.AnyWidget()", number=1),
    )
    nbformat.write(book, tmp_path / "toy.ipynb")
    done = subprocess.run(
        [sys.executable, RUNNER, tmp_path / "toy.ipynb", work, tmp_path / "out.ipynb"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ran = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    said, _ = colab_check.printed(ran.cells[1])
    assert said.splitlines()[0] == "True [] False"
    assert said.splitlines()[1] == "True module://matplotlib_inline.backend_inline"
    assert f"python {sys.version_info[0]}.{sys.version_info[1]}" in said
    assert faults(book, ran) == []


def test_what_a_killed_run_left_is_taken_out_before_the_next(recorded, tmp_path, monkeypatch):
    monkeypatch.setattr(colab_check, "python_version", lambda python: "3.12.1")
    environment = Environment(recorded, None)
    environment.folder = tmp_path
    (tmp_path / "packages.json").write_text('{"torch": "2.11.0", "ipywidgets": "7.7.1"}')
    now = {"torch": "2.11.0", "ipywidgets": "8.1.9", "zsbir": "0.1.0"}
    monkeypatch.setattr(colab_check, "installed", lambda python: now)
    asked = []
    monkeypatch.setattr(environment, "pip", lambda *words: asked.append(words))
    assert environment.restore() == {"torch": "2.11.0", "ipywidgets": "7.7.1"}
    assert asked == [
        ("uninstall", "--yes", "zsbir"),
        ("install", "--no-deps", "ipywidgets==7.7.1"),
    ]
