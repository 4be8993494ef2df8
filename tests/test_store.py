"""The store: kept whole, checked, continued, whoever else writes at the same time."""

import errno
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zsbir_lib.errors import ZsbirError
from zsbir_lib.store import Draft, Store

KEY = {"version": 1, "of": ["a", 2]}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


@pytest.fixture
def made():
    """The names of the pieces that `make` wrote, in turn."""
    return []


@pytest.fixture
def make(made):
    def write_three(draft):
        for name in ("a.txt", "b.txt", "folder/c.bin"):

            def write(path, name=name):
                made.append(name)
                path.write_bytes(f"this is {name}".encode() * 100)

            draft.piece(name, write)

    return write_three


def numbered(made, stop_at=None):
    """Return what makes five pieces, noting each, and is interrupted before one of them."""

    def make(draft):
        for number in range(5):
            if number == stop_at:
                raise KeyboardInterrupt

            def write(path, number=number):
                made.append(number)
                path.write_text("x" * number)

            draft.piece(f"{number}.txt", write)

    return make


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def test_what_is_kept_is_made_once(store, make, made):
    entry = store.get("things", KEY, make, label="mine: ä/b")
    assert entry.path("a.txt").read_bytes() == b"this is a.txt" * 100
    assert entry.path("folder/c.bin").suffix == ".bin"
    again = store.get("things", {"of": ("a", 2), "version": 1}, make, label="another label")
    assert again == entry
    assert made == ["a.txt", "b.txt", "folder/c.bin"]
    assert store.find("things", KEY) == entry
    assert [found.folder for found in store.entries()] == [entry.folder]
    assert entry.folder.parent == store.root / "things"
    assert entry.folder.name.startswith("mine_")


def test_another_key_or_kind_is_another_entry(store, make, made):
    store.get("things", KEY, make)
    assert store.find("things", {**KEY, "version": 2}) is None
    assert store.find("others", KEY) is None
    store.get("things", {**KEY, "version": 2}, make)
    store.get("others", KEY, make)
    assert len(made) == 9
    assert len(list(store.entries())) == 3


def test_the_default_is_the_cache_folder(make, monkeypatch, tmp_path):
    monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path / "there"))
    assert Store().get("things", KEY, make).folder.is_relative_to(tmp_path / "there")


def test_an_interrupted_making_goes_on_and_ends_with_the_same_bytes(store, made, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        store.get("things", KEY, numbered(made, stop_at=3))
    assert store.find("things", KEY) is None
    (unfinished,) = store.entries()
    assert not unfinished.finished
    entry = store.get("things", KEY, numbered(made))
    assert made == [0, 1, 2, 3, 4]
    other = Store(tmp_path / "other").get("things", KEY, numbered([]))
    assert contents(entry.folder) == contents(other.folder)


KILLED = """
import os, signal, sys
from zsbir_lib.store import Draft, Store
def make(draft):
    for number in range(5):
        def write(path):
            path.write_text("half of it")
            if number == 3:
                os.kill(os.getpid(), signal.SIGKILL)
            path.write_text("x" * number)
        draft.piece(f"{number}.txt", write)
Store(sys.argv[1]).get("things", {"k": 1}, make)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
def test_a_killed_process_leaves_what_the_next_one_continues(store, made):
    child = subprocess.run([sys.executable, "-c", KILLED, str(store.root)], check=False)
    assert child.returncode == -signal.SIGKILL
    (unfinished,) = store.entries()
    (junk,) = unfinished.folder.glob(".zsbir-partial-*")
    entry = store.get("things", {"k": 1}, numbered(made))
    assert made == [3, 4]
    assert entry.verify() == []
    # Young junk may be somebody's work; old junk is swept.
    assert junk.exists()
    os.utime(junk, (time.time() - 1e6,) * 2)
    assert store.sweep() == len("half of it")
    assert not junk.exists()
    assert store.find("things", {"k": 1}) == entry


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"T" + path.read_bytes()[1:]),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
    ],
    ids=["bit", "truncated", "empty", "gone"],
)
def test_a_damaged_piece_is_named_and_made_again(store, make, made, damage, caplog):
    entry = store.get("things", KEY, make)
    before = contents(entry.folder)
    about = entry.path("b.txt").stat()
    damage(entry.path("b.txt"))
    if entry.path("b.txt").exists():  # times tell nothing
        os.utime(entry.path("b.txt"), ns=(about.st_atime_ns, about.st_mtime_ns))
    assert entry.verify() == [entry.path("b.txt")]
    assert store.find("things", KEY) is None
    del made[:]
    with caplog.at_level(logging.WARNING):
        again = store.get("things", KEY, make)
    assert str(entry.path("b.txt")) in caplog.text
    assert "damaged" in caplog.text
    assert made == ["b.txt"]
    assert again == entry
    assert contents(entry.folder) == before


@pytest.mark.parametrize("text", ["{", "[]", '{"pieces": {}}', None])
def test_a_damaged_record_costs_no_piece(store, make, made, text):
    entry = store.get("things", KEY, make)
    record = entry.folder / "entry.json"
    if text is None:  # one digit of a checksum
        text = record.read_text().replace(entry.pieces["a.txt"].sha256, "0" * 64)
    record.write_text(text)
    del made[:]
    (found,) = store.entries()
    assert not found.finished
    assert store.get("things", KEY, make) == entry
    assert made == []


def test_a_damaged_piece_of_a_killed_run_is_not_continued(store, make, made):
    def stop(draft):
        make(draft)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.get("things", KEY, stop)
    (piece,) = (store.root / "things").glob("*/a~*.txt")
    piece.write_bytes(b"something else")
    store.get("things", KEY, make)
    assert made == ["a.txt", "b.txt", "folder/c.bin", "a.txt"]


def test_a_discarded_piece_is_made_again(store, make, made):
    store.get("things", KEY, make)

    def remake(draft):
        draft.discard("b.txt")
        make(draft)

    (store.root / "things").joinpath(next(store.entries()).folder, "entry.json").unlink()
    store.get("things", KEY, remake)
    assert made[3:] == ["b.txt"]


RACER = """
import errno, sys, time
import zsbir_lib.store
from pathlib import Path
root, me, processes = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
no_locks = sys.argv[4] == "True"
if no_locks:
    class NoLock:
        def __init__(self, path): pass
        def acquire(self, timeout=-1): raise OSError(errno.EOPNOTSUPP, "Operation not supported")
        def release(self): pass
    zsbir_lib.store.FileLock = NoLock
def meet(where):
    (root / f"{where}-{me}").touch()
    while len(list(root.glob(f"{where}-*"))) < processes:
        time.sleep(0.005)
def make(draft):
    if no_locks:
        meet("inside")
    for number in range(40):
        # What two runs make may differ in the last digit: a piece is one run's or the other's.
        draft.piece(f"{number}.txt", lambda path: path.write_text(f"{number} of {me}\\n" * 50))
    (root / f"made-{me}").touch()
meet("ready")
entry = zsbir_lib.store.Store(root).get("things", {"k": 1}, make)
for number in range(40):
    lines = entry.path(f"{number}.txt").read_text().splitlines()
    assert len(lines) == 50 and len(set(lines)) == 1 and lines[0].startswith(f"{number} of ")
"""


@pytest.mark.parametrize("processes", [2, 4])
@pytest.mark.parametrize("no_locks", [False, True])
def test_racing_processes_all_end_with_a_right_entry(tmp_path, processes, no_locks):
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, tmp_path, str(n), str(processes), str(no_locks)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(processes)
    ]
    for racer in racers:
        assert racer.communicate(timeout=120)[1] == ""
        assert racer.returncode == 0
    (entry,) = Store(tmp_path).entries()
    assert entry.finished
    assert entry.verify() == []
    # Where there are locks, the work is done once; where there are none, by everybody.
    assert len(list(tmp_path.glob("made-*"))) == (processes if no_locks else 1)


REPLACER = """
import sys
import zsbir_lib.store
from zsbir_lib.store import Store
class NoLock:
    def __init__(self, path): pass
    def acquire(self, timeout=-1): raise NotImplementedError
    def release(self): pass
zsbir_lib.store.FileLock = NoLock
root, me = sys.argv[1:]
for turn in range(100):
    def make(draft):
        draft.piece("a.txt", lambda path: path.write_text(f"{turn} of {me}\\n" * 50))
    entry = Store(root).replace("things", {"k": 1}, make)
    if turn == 0:
        print("begun", flush=True)
"""


def test_while_an_entry_is_replaced_without_locks_every_reader_finds_one(tmp_path):
    command = [sys.executable, "-c", REPLACER, tmp_path]
    writers = [subprocess.Popen([*command, me], stdout=subprocess.PIPE, text=True) for me in "ab"]
    for writer in writers:
        assert writer.stdout.readline() == "begun\n"
    found = set()
    while any(writer.poll() is None for writer in writers):
        entry = Store(tmp_path).find("things", {"k": 1})
        (line,) = set(entry.path("a.txt").read_text().splitlines())
        found.add(line)
    assert [writer.wait() for writer in writers] == [0, 0]
    assert len(found) > 10
    assert {line[-1] for line in found} == {"a", "b"}


@pytest.mark.parametrize("moment", ["before a piece", "before the record"])
def test_a_replacement_that_is_killed_leaves_the_old_entry(store, monkeypatch, moment):
    def make(draft, text="old"):
        draft.piece("a.txt", lambda path: path.write_text(text))

    def killed(*_):
        raise KeyboardInterrupt

    store.get("things", KEY, make)
    with monkeypatch.context() as patch:
        if moment == "before the record":
            patch.setattr("zsbir_lib.store._sorted_pieces", killed)
        with pytest.raises(KeyboardInterrupt):
            store.replace("things", KEY, killed if moment == "before a piece" else
                          lambda draft: make(draft, "new"))  # fmt: skip
    assert store.find("things", KEY).path("a.txt").read_text() == "old"
    new = store.replace("things", KEY, lambda draft: make(draft, "new"))
    assert new.path("a.txt").read_text() == "new"
    assert store.find("things", KEY) == new
    # What nobody lists any more goes after a day, and not before.
    day_ago = time.time() - 25 * 3600
    assert store.sweep() == 0
    for path in new.folder.glob("a~*"):
        os.utime(path, (day_ago, day_ago))
    assert store.sweep() == len("old")
    assert store.find("things", KEY) == new


def test_a_read_only_cache_is_read(store, make, monkeypatch):
    entry = store.get("things", KEY, make)

    def refuse(*args, **options):
        raise PermissionError(errno.EACCES, "Permission denied", str(args[0]))

    for name in ("mkdir", "rename", "replace", "open", "unlink"):
        monkeypatch.setattr(os, name, refuse)
    assert store.get("things", KEY, make) == entry
    assert store.find("things", KEY) == entry
    assert [found.folder for found in store.entries()] == [entry.folder]


@pytest.fixture
def sharing(tmp_path, monkeypatch):
    """Return a cache of others and one's own, as the two variables name them."""
    monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("ZSBIR_SHARED_CACHE", str(tmp_path / "shared"))
    return Store(tmp_path / "shared"), Store()


def test_what_others_share_is_not_made_again_and_nothing_is_written_there(sharing, make, made):
    shared, own = sharing
    entry = shared.get("things", KEY, make)
    before = contents(shared.root)
    assert own.get("things", KEY, make) == own.find("things", KEY) == entry
    assert len(made) == 3
    assert contents(shared.root) == before
    assert not own.root.exists()
    assert list(own.entries()) == []  # one's own, to be listed and cleared


def test_what_is_not_shared_or_is_damaged_there_is_made_in_ones_own_folder(sharing, make, made):
    shared, own = sharing
    entry = shared.get("things", KEY, make)
    entry.path("a.txt").write_text("damaged")
    assert own.get("things", KEY, make, check=False) == entry
    mended = own.get("things", KEY, make)
    assert mended.folder.parents[1] == own.root
    assert entry.path("a.txt").read_text() == "damaged"
    assert own.get("things", KEY, make, check=False) == mended
    other = own.get("things", {"version": 2}, make)
    assert other.folder.parents[1] == own.root


def test_a_folder_that_is_named_shares_nothing(sharing, make, made, tmp_path):
    sharing[0].get("things", KEY, make)
    assert Store(tmp_path / "third").find("things", KEY) is None


# Root may write anywhere, but not without its capabilities.
_AS_A_STUDENT = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or (os.geteuid() == 0 and shutil.which("setpriv") is None),
    reason="no user here whom permissions stop",
)
def test_whoever_may_not_write_reads_the_shared_cache(sharing, make, tmp_path):
    shared, own = sharing
    entry = shared.get("things", KEY, make)
    folders = [shared.root, *(path for path in shared.root.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    code = (
        "import os, sys\nfrom zsbir_lib.store import Store\n"
        "assert not os.access(os.environ['ZSBIR_SHARED_CACHE'], os.W_OK)\n"
        f"found = Store().get('things', {KEY!r}, None)\n"
        "print(found.path('a.txt').read_text()[:9])\n"
        "make = lambda draft: draft.piece('b', lambda path: None)\n"
        "print(Store().get('things', {'n': 1}, make).folder)"
    )
    command = (_AS_A_STUDENT if os.geteuid() == 0 else []) + [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for folder in folders:
        folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.split("\n")[:2]
    assert first == "this is a"
    assert Path(second).parents[1] == own.root
    assert entry.verify() == []


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_read_only_folder_says_so(store, make):
    store.root.mkdir()
    store.root.chmod(0o555)
    with pytest.raises(ZsbirError, match=r"cannot write to the cache .*Permission denied"):
        store.get("things", KEY, make)


def test_a_full_disk_is_one_clear_line_and_nothing_half_written(store, make, made):
    def fill(path):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    def make_all(draft):
        draft.piece("a.txt", lambda path: path.write_bytes(b"whole"))
        draft.piece("b.txt", fill)

    with pytest.raises(ZsbirError, match=r"No space left on device.*ZSBIR_CACHE") as caught:
        store.get("things", KEY, make_all)
    assert "\n" not in str(caught.value)
    (entry,) = store.entries()
    assert {name.partition("~")[0] for name in contents(entry.folder)} == {"a", "begun.json"}
    assert store.find("things", KEY) is None


def test_a_cache_that_is_a_file_is_named(tmp_path, make):
    (tmp_path / "file").write_text("")
    with pytest.raises(ZsbirError, match=r"cannot write to the cache .*file"):
        Store(tmp_path / "file").get("things", KEY, make)


def test_an_error_in_making_is_not_taken_for_the_caches(store):
    def make(draft):
        raise FileNotFoundError(errno.ENOENT, "No such file", "photo.jpg")

    with pytest.raises(FileNotFoundError):
        store.get("things", KEY, make)


def test_removing_takes_what_the_store_made_and_nothing_else(store, make):
    entry = store.get("things", KEY, make)
    other = store.get("things", {"k": 2}, make)
    foreign = entry.folder / "notes.txt"
    foreign.write_text("mine")
    (entry.folder / "a~b.txt").write_text("mine, too")
    assert store.remove(entry)
    assert contents(entry.folder) == {"notes.txt": b"mine", "a~b.txt": b"mine, too"}
    assert store.remove(other)
    assert not other.folder.exists()
    assert list(store.entries()) == []


def test_foreign_folders_are_no_entries(store, make):
    folder = store.root / "somebody" / "else-0123456789abcdef"
    folder.mkdir(parents=True)
    (folder / "entry.json").write_text(json.dumps({"kind": "theirs"}))
    (folder / "model.json").write_text("{}")
    assert list(store.entries()) == []


def test_what_is_being_made_is_not_removed(store, make):
    removed = []

    def make_and_remove(draft):
        make(draft)
        (entry,) = Store(store.root).entries()
        removed.append(subprocess_remove(entry, store.root))

    entry = store.get("things", KEY, make_and_remove)
    assert removed == [False]
    assert entry.verify() == []


def subprocess_remove(entry, root):
    code = (
        "import sys; from zsbir_lib.store import Store; store = Store(sys.argv[1]); "
        "print([store.remove(entry) for entry in store.entries()])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.lower())[0]


def test_pieces_of_other_writers_are_swept_when_they_are_old(store, make):
    entry = store.get("things", KEY, make)
    stray = entry.folder / "a~0123456789abcdef.txt"
    stray.write_text("of another run")
    assert store.sweep() == 0
    os.utime(stray, (time.time() - 1e6,) * 2)
    assert store.sweep() == len("of another run")
    assert entry.verify() == []
    assert Path(stray).exists() is False


def test_the_pieces_that_lie_in_a_folder_have_names(tmp_path):
    draft = Draft(tmp_path)
    for name in ("b.npz", "a.data.npy"):
        draft.piece(name, lambda path: path.write_text("x"))
    (tmp_path / "other~.txt").touch()
    (tmp_path / "notes.txt").touch()
    assert Draft(tmp_path).names() == ["a.data.npy", "b.npz"]
    assert Draft(tmp_path / "absent").names() == []
