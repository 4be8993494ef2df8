"""What is no file to read is named at once, and what is no text can be shown."""

import os
import socket

import pytest

from zsbir_lib.errors import ZsbirError
from zsbir_lib.reading import check_file, printable


def make_socket(path):
    here = os.getcwd()
    os.chdir(path.parent)  # the name of a socket must be short
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda p: os.mkfifo(p), "it is a named pipe"),
        (make_socket, "it is a socket"),
        (lambda p: p.symlink_to("/dev/zero"), "it is a device"),
        (lambda p: p.mkdir(), "it is a folder"),
        (lambda p: p.symlink_to("/nowhere"), "it is a link to /nowhere, which is not there"),
        (lambda p: p.symlink_to(p), "Too many levels of symbolic links"),
        (lambda p: None, "there is no such file"),
        (lambda p: p.write_bytes(b""), r"the file is empty \(0 bytes\)"),
        (lambda p: p.write_bytes(b"12345"), "it has 5 bytes, more than the 4"),
    ],
)
def test_what_is_no_file_is_named(tmp_path, make, reason):
    path = tmp_path / "file"
    make(path)
    with pytest.raises(ZsbirError, match=f"cannot read the thing: {reason}") as raised:
        check_file(path, "the thing", limit=4)
    assert "\n" not in str(raised.value)


def test_a_name_with_a_null_character_is_no_file():
    with pytest.raises(ZsbirError, match="cannot read the thing: embedded null"):
        check_file("a\0b", "the thing")


def test_the_size_of_a_file(tmp_path):
    (tmp_path / "file").write_bytes(b"1234")
    (tmp_path / "link").symlink_to("file")
    assert check_file(tmp_path / "link", "the thing", limit=4) == 4


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bär ☃ 熊 🐻‍❄️\tand\nmore", "Bär ☃ 熊 🐻‍❄️\tand\nmore"),
        ("\x1b[31mred\x07\r", r"\x1b[31mred\x07\r"),
        ("caf\udce9", r"caf\xe9"),
        ("\ud800", r"\ud800"),
        ("left\u202eright", r"left\u202eright"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text, shown):
    assert printable(text) == shown
    printable(text).encode("utf-8")
