"""The commands behind the Makefile: what they say when something is wrong, and what they redo."""

import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace

import build_book
import pytest
import vendor


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


def test_serving_says_in_one_line_that_a_port_is_taken(root, site):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, root / "tools" / "serve.py", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert is_one_line(done.stderr)
    assert f"cannot use port {port}" in done.stderr


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small project whose build is a stand-in that leaves a page."""
    monkeypatch.setattr(build_book, "ROOT", tmp_path)
    monkeypatch.setattr(build_book, "BUILD", tmp_path / "_build")
    monkeypatch.setattr(build_book, "SITE", tmp_path / "_build" / "html")
    (tmp_path / "_toc.yml").write_text("root: intro\nparts: [{chapters: [{file: a/tour}]}]\n")
    for name in ("zsbir_lib/a.py", "_config.yml", "pyproject.toml", "constraints.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")

    def render(command):
        for name in (".jupyter_cache/x", ".doctrees/x", "html/intro.html", "html/a/tour.html"):
            path = tmp_path / "_build" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return 0

    monkeypatch.setattr(build_book, "run", render)
    assert build_book.main() == 0
    return tmp_path


@pytest.mark.parametrize(
    ("name", "outputs_stay", "pages_stay"),
    [("zsbir_lib/a.py", False, False), ("_config.yml", True, False), ("README.md", True, True)],
)
def test_what_a_change_makes_stale_is_dropped(project, monkeypatch, name, outputs_stay, pages_stay):
    seen = {}

    def look(command):
        seen["outputs"] = (project / "_build/.jupyter_cache").exists()
        seen["pages"] = (project / "_build/html").exists()
        return 1

    monkeypatch.setattr(build_book, "run", look)
    (project / name).write_text("changed")
    build_book.main()
    assert seen == {"outputs": outputs_stay, "pages": pages_stay}


def test_a_missing_page_fails_the_build(project, capsys):
    (project / "_toc.yml").write_text("root: intro\nparts: [{chapters: [{file: lost}]}]\n")
    assert build_book.main() == 1
    assert "pages are missing: lost" in capsys.readouterr().err


def test_a_warning_fails_the_build_and_is_told_again_next_time(project, monkeypatch, capsys):
    monkeypatch.setattr(build_book, "run", lambda command: 1)
    assert build_book.main() == 1
    assert is_one_line(capsys.readouterr().err)
    assert not (project / "_build/.doctrees").exists()


@pytest.mark.parametrize("root", vendor.ROOTS, ids=lambda root: root.name)
def test_vendored_files_match_their_manifest(root):
    assert vendor.problems(root) == []


def test_a_changed_lost_or_added_vendored_file_is_noticed(tmp_path, monkeypatch):
    copy = tmp_path / "vendor"
    shutil.copytree(vendor.VENDOR, copy)
    packages = [replace(package, root=copy) for package in vendor.PACKAGES[:3]]
    monkeypatch.setattr(vendor, "PACKAGES", packages)
    (copy / "widgets/require.js").write_text("changed")
    (copy / "mathjax/LICENSE").unlink()
    (copy / "new.js").write_text("")
    assert vendor.problems(copy) == [
        "mathjax/LICENSE is missing",
        "new.js is not recorded",
        "widgets/require.js differs from its checksum",
    ]
