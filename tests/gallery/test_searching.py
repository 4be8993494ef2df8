"""What an index is searched by is made anew where it is damaged, and only there."""

import errno
import json
import os
from pathlib import Path

import pytest

from zsbir_lib.errors import DamagedError, ZsbirError
from zsbir_lib.gallery.searching import keep_search, open_search

pytest.importorskip("faiss", reason='FAISS is missing: pip install -e ".[faiss]"')


@pytest.fixture
def kept(index):
    """An index that is searched by HNSW, and all files of that."""
    keep_search(index, "hnsw")
    return index, files(index)


def files(index):
    return {path: path.read_bytes() for path in (index.path / "search").rglob("*~*")}


@pytest.mark.parametrize("name", ["zsbir-gallery.json", "vectors", "entry.json"])
@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.EMFILE])
def test_what_cannot_be_read_now_is_no_damage_and_stays(kept, monkeypatch, name, code):
    index, before = kept

    def refuse(real):
        def refusing(path, *arguments, **options):
            if path.name.startswith(name):
                raise OSError(code, os.strerror(code), str(path))
            return real(path, *arguments, **options)

        return refusing

    with monkeypatch.context() as patch:
        for method in ("open", "read_bytes", "read_text"):
            patch.setattr(Path, method, refuse(getattr(Path, method)))
        for use in (keep_search, open_search):
            with pytest.raises(ZsbirError, match="cannot read") as raised:
                use(index)
            assert not isinstance(raised.value, DamagedError)
            assert os.strerror(code) in str(raised.value)
            assert "\n" not in str(raised.value)
    assert files(index) == before
    assert open_search(index).kind == "hnsw"


def cut(path):
    path.write_bytes(path.read_bytes()[:-9])


def of_another_version(path):
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))


@pytest.mark.parametrize(
    ("name", "spoil", "told"),
    [
        ("vectors*", cut, "has lost bytes"),
        ("vectors*", Path.unlink, "No such file"),
        ("entry.json", Path.unlink, "is gone"),
        ("zsbir-gallery.json", cut, "zsbir-gallery.json is damaged"),
        ("zsbir-gallery.json", of_another_version, "is of another version"),
    ],
)
def test_damage_is_told_and_made_anew(kept, name, spoil, told):
    index, _ = kept
    spoil(next((index.path / "search").rglob(name)))
    with pytest.raises(DamagedError, match=rf"{told}.*: `zsbir index .*` makes it anew") as raised:
        open_search(index)
    assert "\n" not in str(raised.value)
    assert keep_search(index) == "hnsw"
    assert len(open_search(index)) == len(index)
