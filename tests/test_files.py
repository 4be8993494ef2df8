"""Writing whole or not at all, to what can be written to."""

import errno
import os
import stat
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from safetensors.numpy import save_file

from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import atomic_path, check_outputs, load_array, sweep, write_json


def write(target, text="new"):
    with atomic_path(target) as path:
        assert path.suffix == target.suffix
        path.write_text(text)


def write_half(target, error):
    with atomic_path(target) as path:
        path.write_text("half")
        raise error


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    target = tmp_path / "new" / "folder" / "a.txt"
    write(target)
    with pytest.raises(KeyboardInterrupt):
        write_half(target, KeyboardInterrupt())
    assert target.read_text() == "new"
    assert names(target.parent) == ["a.txt"]


def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "other").mkdir()
    target, link = tmp_path / "other" / "real.txt", tmp_path / "link.txt"
    target.write_text("old")
    link.symlink_to(target)
    write(link)
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert names(tmp_path / "other") == ["real.txt"]
    target.unlink()
    write(link, "made where the link points to")
    assert target.read_text() == "made where the link points to"


@pytest.fixture(params=["folder", "pipe", "link to a pipe", "device"])
def special(request, tmp_path):
    if request.param != "folder" and not hasattr(os, "mkfifo"):
        pytest.skip("this system has no such files")
    path = tmp_path / "special"
    if request.param == "folder":
        path.mkdir()
    elif request.param == "device":
        return type(path)(os.devnull)
    else:
        os.mkfifo(path)
    if request.param == "link to a pipe":
        link = tmp_path / "link"
        link.symlink_to(path)
        return link
    return path


def test_what_is_no_regular_file_is_refused_and_stays(special):
    before = special.stat().st_mode
    with pytest.raises(ZsbirError, match=r"cannot write .*it is a (folder|device or a pipe)"):
        write(special)
    with pytest.raises(ZsbirError, match=r"it is a (folder|device or a pipe)"):
        check_outputs(special)
    assert special.stat().st_mode == before


def test_the_umask_and_the_mode_of_an_old_file_hold(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "new.txt")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.txt").stat().st_mode) == 0o640
    (tmp_path / "new.txt").chmod(0o600)
    write(tmp_path / "new.txt")
    assert stat.S_IMODE((tmp_path / "new.txt").stat().st_mode) == 0o600


def test_a_writer_that_puts_a_private_file_in_place_makes_it_no_less_readable(tmp_path):
    before = os.umask(0o027)
    try:
        with atomic_path(tmp_path / "a.safetensors") as path:
            save_file({"a": np.zeros(2)}, path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.safetensors").stat().st_mode) == 0o640


def test_the_umask_of_the_process_is_never_touched(tmp_path, monkeypatch):
    # Another thread that makes a file at that moment would make it with the wrong permissions.
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("the umask was changed"))
    write(tmp_path / "a.txt")


def test_threads_write_the_same_file_in_turn(tmp_path):
    texts = [str(n) * 1000 for n in range(8)]
    threads = [threading.Thread(target=write, args=(tmp_path / "a.txt", text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "a.txt").read_text() in texts
    assert names(tmp_path) == ["a.txt"]


def test_a_full_disk_is_one_clear_line(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(ZsbirError, match=r"cannot write .*a\.txt: No space left") as caught:
        write_half(target, OSError(errno.ENOSPC, "No space left on device"))
    assert "\n" not in str(caught.value)
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


LIMITED = """
import resource, sys
import numpy as np
from pathlib import Path
from safetensors.numpy import save_file
from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import atomic_path
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    with atomic_path(Path(sys.argv[1])) as path:
        save_file({"a": np.zeros(100_000)}, path)
except ZsbirError as error:
    print("refused:", error)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no such limit on Windows")
def test_a_model_that_does_not_fit_the_disk_is_one_clear_line(tmp_path):
    target = tmp_path / "model.safetensors"
    save_file({"a": np.ones(3)}, target)
    before = target.read_bytes()
    command = [sys.executable, "-c", LIMITED, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"refused: cannot write {target}: ")
    assert target.read_bytes() == before
    assert names(tmp_path) == ["model.safetensors"]


def test_an_error_about_another_file_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "out" / "a.txt"):
        (tmp_path / "absent.jpg").read_bytes()


def test_leftovers_of_killed_runs_are_swept_when_old_and_nothing_else(tmp_path):
    code = (
        "import os, sys\n"
        "from zsbir_lib.files import atomic_path\n"
        "with atomic_path(sys.argv[1]) as path:\n"
        "    path.write_text('half')\n"
        "    os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "a.txt"], check=False)
    (junk,) = tmp_path.iterdir()
    for foreign in (".partial-1234", "tmpabc", ".zsbir-partial-mine.txt", "x" + junk.name):
        (tmp_path / foreign).write_text("not ours")
        os.utime(tmp_path / foreign, (0, 0))
    assert sweep(tmp_path) == 0
    os.utime(junk, (time.time() - 1e6,) * 2)
    write(tmp_path / "a.txt")
    assert not junk.exists()
    assert len(names(tmp_path)) == 5


@pytest.mark.parametrize("other", ["a.json", "./a.json", "link.json", "hard.json"])
def test_two_outputs_that_are_the_same_file_are_refused(tmp_path, other, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.json").write_text("")
    (tmp_path / "link.json").symlink_to("a.json")
    os.link("a.json", "hard.json")
    with pytest.raises(ZsbirError, match=r"a\.json and .* are the same file"):
        check_outputs("b.json", None, "a.json", os.path.join(tmp_path, other))


def test_different_outputs_are_accepted(tmp_path):
    check_outputs()
    check_outputs(None)
    check_outputs(tmp_path / "a", tmp_path / "b" / "a", None)
    assert names(tmp_path) == []


def test_json_is_sorted_and_ends_with_a_line(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": [2]})
    assert (tmp_path / "a.json").read_text() == '{\n  "a": [\n    2\n  ],\n  "b": 1\n}\n'


class TestArrays:
    @pytest.mark.parametrize("mapped", [None, "r", "c"])
    def test_an_array_is_read(self, tmp_path, mapped):
        np.save(tmp_path / "a.npy", np.arange(6).reshape(2, 3))
        found = load_array(tmp_path / "a.npy", mapped=mapped)
        assert found.tolist() == [[0, 1, 2], [3, 4, 5]]
        assert isinstance(found, np.memmap) == (mapped is not None)

    @pytest.mark.parametrize("mapped", [None, "r"])
    @pytest.mark.parametrize("head", [b"{", b"[" * 100, b"\x00", b"'descr", b"\xff", b"\n", b"(\\"])
    def test_every_damaged_head_is_one_kind_of_error(self, tmp_path, mapped, head):
        """NumPy raises what its tokenizer and its parser do."""
        path = tmp_path / "a.npy"
        np.save(path, np.arange(6))
        data = bytearray(path.read_bytes())
        data[10 : 10 + len(head)] = head
        data[10 + len(head) : 80] = b" " * (70 - len(head)) if len(head) < 70 else b""
        path.write_bytes(data)
        with pytest.raises(ValueError, match=r"no \.npy file, or is damaged") as caught:
            load_array(path, mapped=mapped)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 200

    def test_an_archive_is_no_array(self, tmp_path):
        np.savez(tmp_path / "a.npz", a=np.arange(3))
        with pytest.raises(ValueError, match="it is an archive of arrays"):
            load_array(tmp_path / "a.npz")
