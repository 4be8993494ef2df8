"""Looking at what people bring before it is opened: files that are none, names that are no text."""

from __future__ import annotations

import os
import stat

from zsbir_lib.errors import ZsbirError, reason_of

_SPECIAL = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def check_file(path: str | os.PathLike[str], what: str, *, limit: int | None = None) -> int:
    """Return the size in bytes of a regular file that holds something.

    Opening anything else may wait for ever (a named pipe) or never end (a device).

    Parameters
    ----------
    path
        Where it is; symbolic links are followed.
    what
        What a message calls it: ``"the drawing cat.png"``.
    limit
        The most bytes that it may have.

    Raises
    ------
    ZsbirError
        If there is no such file, or it is a folder, a pipe, a socket, a device, empty or larger
        than `limit`.
    """
    try:
        found = os.stat(path)
    except FileNotFoundError:
        reason = "there is no such file"
        if os.path.islink(path):
            reason = f"it is a link to {os.readlink(path)}, which is not there"
        raise ZsbirError(f"cannot read {what}: {reason}") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise ZsbirError(f"cannot read {what}: {reason_of(error)}") from None
    for is_kind, kind in _SPECIAL:
        if is_kind(found.st_mode):
            raise ZsbirError(f"cannot read {what}: it is {kind}; give a regular file")
    if not found.st_size:
        raise ZsbirError(f"cannot read {what}: the file is empty (0 bytes)")
    if limit is not None and found.st_size > limit:
        raise ZsbirError(
            f"cannot read {what}: it has {found.st_size:,} bytes, more than the {limit:,} that "
            "such a file may have"
        )
    return found.st_size


def printable(text: str | os.PathLike[str]) -> str:
    r"""Write out what a terminal would obey or no encoding can hold; keep all else.

    File names are bytes: they may hold escape codes, or be no UTF-8 at all, which Python keeps as
    lone surrogates.

    Examples
    --------
    >>> printable("kiwi\udce9 \x1b[31m")
    'kiwi\\xe9 \\x1b[31m'
    """
    return "".join(map(_written_out, str(text)))


def _written_out(letter: str) -> str:
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8 (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    if letter.isprintable() or letter in "\n\t" or code in (0x200C, 0x200D, 0xFE0F):
        return letter  # the last ones join letters and choose pictures
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")
