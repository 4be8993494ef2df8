"""Where the book is at home: without one, nothing names an address to install from."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import types

import colab_cell
import home
import nbformat
import pytest
import yaml
from home import Home
from IPython.core.interactiveshell import InteractiveShell
from packaging.requirements import Requirement

AWAY = Home()
SET = Home("https://github.com/somebody/sketches", "v1.2", "https://somebody.github.io/sketches")


@pytest.fixture
def colab(tmp_path, monkeypatch):
    """An IPython that takes itself for Colab's, and only notes what %pip was asked for."""
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    monkeypatch.chdir(tmp_path)
    shell = InteractiveShell()
    shell.asked = []
    shell.register_magic_function(shell.asked.append, magic_name="pip")
    yield shell
    InteractiveShell.clear_instance()


def run(shell, capsys, wheel="", checksum=""):
    """Run the cell of a book without a home as its reader filled it in; return what was said."""
    text = colab_cell.cell_text(AWAY)
    text = text.replace('WHEEL = ""', f"WHEEL = {wheel!r}", 1)
    text = text.replace('SHA256 = ""', f"SHA256 = {checksum!r}", 1)
    done = shell.run_cell(text)
    return str(done.error_in_exec or ""), capsys.readouterr().out


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "zsbir-0.1.0-py3-none-any.whl"
    path.write_bytes(b"a wheel")
    return path, hashlib.sha256(b"a wheel").hexdigest()


class TestCell:
    @pytest.mark.parametrize("home", [AWAY, SET], ids=["away", "at home"])
    def test_does_nothing_elsewhere(self, capsys, home):
        shell = InteractiveShell()
        shell.run_cell(colab_cell.cell_text(home)).raise_error()
        InteractiveShell.clear_instance()
        assert capsys.readouterr().out == ""

    def test_installs_the_tag_of_the_home(self, colab, capsys):
        colab.run_cell(colab_cell.cell_text(SET)).raise_error()
        (asked,) = colab.asked
        (quoted,) = re.findall(r'"(.*)"', asked)
        assert Requirement(quoted).url == "git+https://github.com/somebody/sketches@v1.2"
        said = capsys.readouterr().out
        assert re.search(r"Python 3\.\d+.*, torch \d.*, torchvision \d.*, device \w", said)

    def test_without_a_home_and_a_wheel_nothing_is_fetched(self, colab, capsys, monkeypatch):
        monkeypatch.setattr("urllib.request.urlopen", pytest.fail)
        error, _ = run(colab, capsys)
        assert "make wheel" in error
        assert "\n" not in error
        assert colab.asked == []

    @pytest.mark.parametrize("given", ["uploaded", "path", "address"])
    def test_a_wheel_is_installed_if_it_is_the_right_one(self, colab, capsys, wheel, given):
        path, checksum = wheel
        place = {"uploaded": "", "path": str(path), "address": path.as_uri()}[given]
        error, said = run(colab, capsys, place, f" {checksum.upper()}")
        assert error == ""
        assert colab.asked == [f"install --quiet ./{path.name}"]
        assert "device" in said

    @pytest.mark.parametrize("checksum", ["", "0" * 64])
    def test_another_wheel_is_not(self, colab, capsys, wheel, checksum):
        error, _ = run(colab, capsys, checksum=checksum)
        assert "nothing is installed" in error
        assert colab.asked == []

    @pytest.mark.parametrize("place", ["nowhere.whl", "file:///nowhere.whl", "nonsense://x"])
    def test_what_cannot_be_read_is_named(self, colab, capsys, place):
        error, _ = run(colab, capsys, place)
        assert place in error
        assert "correct WHEEL" in error
        assert colab.asked == []

    def test_says_how_to_get_a_card_where_one_is_wanted(self, monkeypatch):
        from zsbir_lib.devices import describe_runtime

        monkeypatch.setattr("torch.cuda.is_available", lambda: False)
        monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
        assert "Change runtime type" in describe_runtime(wants_card=True)
        assert "Change runtime type" not in describe_runtime()
        for name in ("sketchy", "tour"):
            text = colab_cell.cell_text(AWAY, wants_card=name in colab_cell.WANT_A_CARD)
            assert ("wants_card=True" in text) is (name == "sketchy")


@pytest.fixture
def copy(root, tmp_path):
    """What `make home` rewrites, in a folder of its own."""
    tree = tmp_path / "copy"
    for name in (home.FILE, *home.PLACES):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, tree / name)
    shutil.copytree(root / "book", tree / "book", ignore=shutil.ignore_patterns("_static"))
    home.write(AWAY, tree)
    return tree


def texts(tree):
    return {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}


class TestHome:
    def test_everything_agrees_with_it(self, root):
        now = Home.read(root)
        for name, lines in home.PLACES.items():
            text = (root / name).read_text(encoding="utf-8")
            assert home.rewritten(text, lines(now)) == text, f"{name}: run make home"

    def test_setting_it_changes_everything_and_taking_it_out_changes_it_back(self, copy):
        before = texts(copy)
        home.write(SET, copy)
        assert Home.read(copy) == SET
        config = yaml.safe_load((copy / "_config.yml").read_text(encoding="utf-8"))
        assert config["repository"] == {"url": SET.repository, "branch": "v1.2"}
        assert config["launch_buttons"]["colab_url"] == home.COLAB
        assert config["html"]["use_repository_button"] is True
        assert config["html"]["favicon"]
        citation = yaml.safe_load((copy / "CITATION.cff").read_text(encoding="utf-8"))
        assert (citation["repository-code"], citation["url"]) == (SET.repository, SET.site)
        readme = (copy / "README.md").read_text(encoding="utf-8")
        assert f"<{SET.site}>" in readme
        for page in home.BADGES:
            assert (copy / f"{page}.ipynb").is_file()
            assert f"github/somebody/sketches/blob/v1.2/{page}.ipynb" in readme
        for path in colab_cell.notebooks(copy / "book"):
            cell = colab_cell.first_code_cell(nbformat.read(path, as_version=4))
            assert "git+https://github.com/somebody/sketches@v1.2" in cell.source
        home.write(AWAY, copy)
        assert texts(copy) == before

    def test_nothing_is_installed_by_a_name_that_another_may_hold(self, root):
        """Anybody may take the library's name on a public index; a wheel's path names one file."""
        asked = re.compile(r"pip install[^\n`]*?[ \"']zsbir(?![\w.-]*\.whl)[ \[\"'=<>@]")
        places = [*root.glob("*.md"), *root.glob("book/**/*.md"), *root.glob("zsbir_lib/**/*.py")]
        assert [str(path) for path in places if asked.search(path.read_text("utf-8"))] == []

    def test_without_one_nothing_leads_to_an_address_that_nobody_holds(self, copy):
        for path, data in texts(copy).items():
            if path.suffix in (".ipynb", ".md", ".yml", ".cff"):
                text = data.decode()
                assert "git+" not in text, path
                assert "zsbir/zsbir" not in text, path
        assert "launch_buttons" not in yaml.safe_load((copy / "_config.yml").read_text())

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--url", "https://example.org/book", "--tag", "v1"], "github.com/OWNER/NAME"),
            (["--url", "https://github.com/only", "--tag", "v1"], "github.com/OWNER/NAME"),
            (["--url", SET.repository], "TAG is missing"),
            (["--url", SET.repository, "--tag", 'v1"; evil'], "no name of a tag"),
            (["--url", SET.repository, "--tag", "v1", "--site", "ftp://x"], "SITE=ftp://x"),
        ],
    )
    def test_a_wrong_home_is_told_and_changes_nothing(self, root, arguments, words):
        tool = root / "tools" / "home.py"
        before = (root / home.FILE).read_bytes()
        done = subprocess.run(
            [sys.executable, tool, *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
        assert (root / home.FILE).read_bytes() == before

    def test_it_is_said(self, root):
        tool = root / "tools" / "home.py"
        said = subprocess.run([sys.executable, tool], capture_output=True, text=True, check=True)
        known = json.loads((root / home.FILE).read_text(encoding="utf-8"))["repository"]
        assert (known or "none yet") in said.stdout
