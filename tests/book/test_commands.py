"""The commands behind the Makefile: what they say when something is wrong, and what they redo."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import build_book
import nbformat
import pytest
import serve
import vendor
from jupyter_cache import get_cache


@pytest.fixture
def clone(root, tmp_path):
    """A folder that holds just what setting up reads."""
    for name in ("pyproject.toml", "constraints.txt", "tools/setup_venv.sh"):
        target = tmp_path / "clone" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, target)
    return tmp_path / "clone"


def set_up(clone, **variables):
    """Run the set-up without a network and return its exit status and its line of complaint."""
    # The discard port answers nobody; no configuration of this machine offers another way.
    offline = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_RETRIES": "0",
        "PIP_NO_INDEX": "",
        "PIP_FIND_LINKS": "",
    }
    defaults = {"PYTHON": sys.executable, "NEEDED_GB": "0"}
    done = subprocess.run(
        [clone / "tools" / "setup_venv.sh"],
        env=os.environ | offline | defaults | variables,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


def is_one_line(complaint):
    return complaint.startswith("error: ") and complaint.count("\n") == 1


def fake_python(folder, version, *, ensurepip=True):
    """Write a script that answers the questions asked of a Python as `version` would."""
    path = folder / "python"
    answers = {
        "print": f"echo {version}",
        "version_info <": f"exit {int(version in ('2.7', '3.6', '3.8', '3.9'))}",
        "ensurepip": f"exit {int(not ensurepip)}",
    }
    cases = "\n".join(f"*'{word}'*) {answer} ;;" for word, answer in answers.items())
    path.write_text(f'#!/bin/sh\ncase "$2" in\n{cases}\n*) exit 1 ;;\nesac\n')
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("version", ["2.7", "3.9"])
def test_an_old_python_is_refused_in_one_line(clone, tmp_path, version):
    status, complaint = set_up(clone, PYTHON=fake_python(tmp_path, version))
    assert status == 1
    assert is_one_line(complaint)
    assert f"is Python {version}, and 3.10 or newer is needed" in complaint
    assert not (clone / ".venv").exists()


def test_a_missing_python_is_named_in_one_line(clone):
    status, complaint = set_up(clone, PYTHON="python-of-nobody")
    assert status == 1
    assert is_one_line(complaint)
    assert "python-of-nobody is not here" in complaint


def test_a_python_without_ensurepip_is_refused_in_one_line(clone, tmp_path):
    status, complaint = set_up(clone, PYTHON=fake_python(tmp_path, "3.12", ensurepip=False))
    assert status == 1
    assert is_one_line(complaint)
    assert "apt install python3.12-venv" in complaint


def test_a_small_disk_is_refused_in_one_line(clone):
    status, complaint = set_up(clone, NEEDED_GB="1000000")
    assert status == 1
    assert is_one_line(complaint)
    assert "GB free, and 1000000 GB are needed" in complaint


def test_a_dead_network_is_told_in_one_line_and_leaves_no_stamp(clone):
    status, complaint = set_up(clone)
    assert status == 1
    assert is_one_line(complaint)
    assert "the network failed" in complaint
    assert "install.log" in complaint
    assert (clone / ".venv" / "install.log").stat().st_size > 0
    assert not (clone / ".venv" / ".installed").exists()
    assert not (clone / ".venv" / "tmp").exists()


def test_serving_says_in_one_line_that_a_port_is_taken(tmp_path, monkeypatch, capsys):
    touch(tmp_path / "index.html")
    monkeypatch.setattr(serve, "SITE", tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(sys, "argv", ["serve.py", "--port", str(port)])
        assert serve.main() == 1
    complaint = capsys.readouterr().err
    assert is_one_line(complaint)
    assert f"cannot use port {port}" in complaint


def touch(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def notebook(path, *cells):
    """Write a notebook of code cells."""
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(text, id=f"c{i}") for i, text in enumerate(cells)],
        metadata={"kernelspec": {"name": "python3", "display_name": "", "language": "python"}},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)


class Project:
    """A small project whose programs are stand-ins: they leave pages and outputs, and are noted."""

    def __init__(self, root, monkeypatch):
        self.root, self.build, self.run = root, root / "_build", []
        self.lock = threading.Lock()
        for name, value in (("ROOT", root), ("BUILD", self.build), ("SITE", self.build / "html")):
            monkeypatch.setattr(build_book, name, value)
        monkeypatch.setattr(build_book, "run", self.stand_in)
        touch(
            root / "_toc.yml",
            "format: jb-book\nroot: intro\nparts: [{chapters: [{file: a/tour}, {file: a/vae}]}]\n",
        )
        for name in ("zsbir_lib/a.py", "_config.yml", "pyproject.toml", "constraints.txt",
                     "book/_static/a.css", "tools/build_book.py", "intro.md"):  # fmt: skip
            touch(root / name, name)
        notebook(root / "a" / "tour.ipynb", "1 + 1")
        notebook(root / "a" / "vae.ipynb", "2 + 2", "3 + 3")

    def stand_in(self, command, lock=None):
        """Render what is outdated as Sphinx does: what has no doctree, or no page."""
        code = " ".join(command)
        if "jupyter_book" not in code:
            self.run.append(next((n for n in ("tour", "vae") if f"{n}.ipynb" in code), "draw"))
            if self.run[-1] != "draw":
                path = self.root / "a" / f"{self.run[-1]}.ipynb"
                with self.lock:
                    get_cache(self.build / ".jupyter_cache").cache_notebook_file(
                        path, check_validity=False, overwrite=True
                    )
            return 0
        self.run.append("render")
        for page in ("intro", "a/tour", "a/vae"):
            source = next(self.root.glob(f"{page}.*"))
            doctree, html = self.build / ".doctrees" / f"{page}.doctree", f"html/{page}.html"
            if not doctree.exists() or not (self.build / html).exists():
                touch(doctree)
                touch(self.build / html, source.read_text())
        return 0

    def rebuild(self):
        """Build again and return what was run for it."""
        self.run.clear()
        assert build_book.main() == 0
        return sorted(self.run)

    def shown(self, page):
        return (self.build / "html" / f"{page}.html").read_text()


@pytest.fixture
def project(tmp_path, monkeypatch):
    made = Project(tmp_path, monkeypatch)
    assert made.rebuild() == ["draw", "render", "tour", "vae"]
    return made


def test_nothing_is_done_again_for_nothing(project):
    touch(project.root / "README.md", "changed")
    for path in project.root.rglob("*.*"):
        os.utime(path)  # a newer time alone says nothing
    assert project.rebuild() == []


@pytest.mark.parametrize(
    ("name", "run", "pages_stay"),
    [
        ("zsbir_lib/a.py", ["draw", "render", "tour", "vae"], False),
        ("constraints.txt", ["draw", "render", "tour", "vae"], False),
        ("_config.yml", ["draw", "render"], False),
        ("book/_static/a.css", ["draw", "render"], False),
        ("book/references.bib", ["draw", "render"], False),
        ("intro.md", ["draw", "render"], True),
    ],
)
def test_what_a_change_makes_stale_is_dropped(project, name, run, pages_stay):
    left = project.build / "html" / "left.html"
    left.touch()
    assert build_book.state() == "built"
    touch(project.root / name, "changed")
    assert build_book.state() == "of other files than those that are here"
    assert project.rebuild() == run
    assert build_book.state() == "built"
    assert left.exists() == pages_stay


def test_a_change_is_seen_whatever_the_time_of_the_file(project):
    notebook(project.root / "a" / "tour.ipynb", "1 + 5")
    touch(project.root / "intro.md", "another text")
    for name in ("a/tour.ipynb", "intro.md"):
        os.utime(project.root / name, (1e9, 1e9))  # in 2001
    assert project.rebuild() == ["draw", "render", "tour"]
    assert "1 + 5" in project.shown("a/tour")
    assert project.shown("intro") == "another text"


@pytest.mark.parametrize("name", ["html/a/tour.html", ".doctrees/intro.doctree"])
@pytest.mark.parametrize("harm", [lambda path: path.write_text("<ht"), os.unlink])
def test_a_truncated_or_lost_page_is_rendered_again(project, name, harm):
    before = project.shown("a/tour")
    harm(project.build / name)
    assert project.rebuild() == ["draw", "render"]
    assert project.shown("a/tour") == before
    assert project.rebuild() == []


def executed(project, page):
    """Return the file of a chapter's kept outputs."""
    (record,) = [r for r in get_cache(project.build / ".jupyter_cache").list_cache_records()
                 if page in r.uri]  # fmt: skip
    return project.build / ".jupyter_cache" / "executed" / record.hashkey / "base.ipynb"


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize("harm", [lambda path: path.write_text('{"cells": ['), os.unlink])
def test_damaged_outputs_are_made_again(project, harm, finished, capsys):
    harm(executed(project, "tour"))
    if not finished:  # as a killed build leaves it
        (project.build / ".record.json").unlink()
    assert project.rebuild() == ["draw", "render", "tour"]
    assert "outputs of tour.ipynb are damaged" in capsys.readouterr().out
    assert project.rebuild() == []


def test_changed_outputs_are_made_again(project):
    path = executed(project, "vae")
    path.write_text(path.read_text().replace("2 + 2", "2 + 3"))
    assert project.rebuild() == ["draw", "render", "vae"]


@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(b"SQLite" * 99), os.unlink])
def test_a_broken_index_of_the_outputs_is_replaced(project, harm):
    harm(project.build / ".jupyter_cache" / "global.db")
    (project.build / ".record.json").unlink()
    assert project.rebuild() == ["draw", "render", "tour", "vae"]
    assert project.rebuild() == []


def test_a_missing_page_fails_the_build(project, capsys):
    touch(
        project.root / "_toc.yml",
        "format: jb-book\nroot: intro\nparts: [{chapters: [{file: lost}]}]\n",
    )
    assert build_book.main() == 1
    assert "pages are missing: lost" in capsys.readouterr().err
    assert build_book.state() == "not built"


@pytest.mark.parametrize("name", ["jupyter_book", "vae.ipynb", "draw_page"])
def test_what_fails_fails_the_build_and_is_told_again_next_time(project, monkeypatch, name, capsys):
    touch(project.root / "zsbir_lib" / "a.py", "changed")

    def run(command, lock=None):
        return int(name in " ".join(command)) or project.stand_in(command, lock)

    monkeypatch.setattr(build_book, "run", run)
    for _ in range(2):
        assert build_book.main() == 1
        assert "error: " in capsys.readouterr().err
    monkeypatch.setattr(build_book, "run", project.stand_in)
    assert "render" in project.rebuild()


def test_pages_are_rendered_by_as_many_processes_as_asked(project, monkeypatch):
    from jupyter_book import sphinx

    commands, asked = [], {}
    touch(project.root / "_config.yml", "title: changed\n")
    monkeypatch.setattr(build_book, "run", lambda command, lock=None: commands.append(command) or 0)
    build_book.main(["--jobs", "3"])
    monkeypatch.setattr(sphinx, "build_sphinx", lambda *_, **options: asked.update(options))
    monkeypatch.setattr(sys, "argv", ["jupyter-book", *commands[-1][2:]])
    with pytest.raises(SystemExit, match="0"):
        exec(commands[-1][1], {})
    assert asked["jobs"] == 3
    assert asked["warningiserror"]


@pytest.mark.parametrize(("code", "told"), [("print(6 * 7)", ""), ("1 / 0", "ZeroDivisionError")])
def test_an_executed_chapter_is_kept_and_a_failed_one_is_told(
    tmp_path, monkeypatch, capfd, code, told
):
    monkeypatch.setattr(build_book, "BUILD", tmp_path / "_build")
    path = tmp_path / "a.ipynb"
    notebook(path, code)
    wrong = build_book.execute(path)
    complaint = capfd.readouterr().err
    assert (wrong == "") == (told == "")
    assert told in complaint
    assert "\x1b" not in complaint
    outputs = build_book.Outputs(tmp_path / "_build" / ".jupyter_cache")
    assert outputs.has(path) == (not told)
    if not told:
        (record,) = outputs.cache.list_cache_records()
        made = outputs.cache.get_cache_bundle(record.pk).nb
        assert made.cells[0].outputs[0].text == "42\n"


BUILDER = """
import sys; sys.path.insert(0, {tools!r})
import build_book; from pathlib import Path
build_book.BUILD = Path({build!r})
def build(lock, jobs):
    print("begun", flush=True)
    return build_book.run(["-c", "import os, time; from pathlib import Path\\n"
        "Path({build!r}, 'builder').write_text(str(os.getpid())); time.sleep({seconds})"], lock)
build_book.build = build
sys.exit(build_book.main())
"""


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_build_leaves_no_builder_and_does_not_keep_the_next_one(root, tmp_path, number):
    def start(seconds):
        text = BUILDER.format(tools=str(root / "tools"), build=str(tmp_path), seconds=seconds)
        return subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True,
                                # A shell that runs us in the background has it ignored.
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                                )  # fmt: skip

    first, second = start(600), None
    try:
        assert first.stdout.readline() == "begun\n"
        noted = tmp_path / "builder"
        while not noted.exists() or not noted.read_text():
            time.sleep(0.05)
        builder = int(noted.read_text())
        second = start(0)  # while the first one is at work, it waits
        assert "waiting" in second.stdout.readline()
        assert alive(builder)
        first.send_signal(number)
        assert second.stdout.readline() == "begun\n"
        until = time.monotonic() + 30
        while alive(builder) and time.monotonic() < until:
            time.sleep(0.05)  # it has let go of the lock, and is on its way out
        assert not alive(builder)
        assert second.wait(120) == 0
    finally:
        for process in filter(None, (first, second)):
            process.kill()
            process.wait()
            process.stdout.close()


@pytest.mark.parametrize("root", vendor.ROOTS, ids=lambda root: root.name)
def test_vendored_files_match_their_manifest(root):
    assert vendor.problems(root) == []


def test_a_changed_lost_or_added_vendored_file_is_noticed(tmp_path, monkeypatch):
    copy = tmp_path / "vendor"
    shutil.copytree(vendor.VENDOR, copy)
    packages = [replace(package, root=copy) for package in vendor.PACKAGES[:1]]
    monkeypatch.setattr(vendor, "PACKAGES", packages)
    (copy / "mathjax/tex-chtml-full.js").write_text("changed")
    (copy / "mathjax/LICENSE").unlink()
    (copy / "new.js").write_text("")
    assert vendor.problems(copy) == [
        "mathjax/LICENSE is missing",
        "new.js is not recorded",
        "mathjax/tex-chtml-full.js differs from its checksum",
    ]
