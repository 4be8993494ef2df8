"""Writing so that nothing is ever half-written, and knowing when something was damaged."""

import hashlib
import json
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from safetensors import SafetensorError

from zsbir_lib.errors import ZsbirError

if TYPE_CHECKING:
    import numpy as np

# What a killed run leaves behind is known as ours by this name, and by nothing else.
_TEMPORARY = re.compile(r"\.zsbir-partial-[0-9a-f]{16}(\..*)?")
# Seconds after which no run is taken to be writing what it began.
ABANDONED = 24 * 3600.0


@contextmanager
def atomic_path(target: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside `target`, moved onto it only if the block succeeds.

    The temporary name keeps the target's suffix, since many writers choose a format by it. Where
    `target` is a symbolic link, what it points to is replaced and the link stays. What killed
    runs left in that folder more than a day ago is removed.

    Raises
    ------
    ZsbirError
        If `target` is anything but a regular file, or cannot be written: a full disk, say. What
        was there before is then untouched.
    """
    target = Path(os.path.realpath(target))
    check_outputs(target)
    with _told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target.parent)
        with temporary_file(target.parent, target.suffix) as temporary:
            with suppress(FileNotFoundError):
                temporary.chmod(stat.S_IMODE(target.stat().st_mode))
            with same_mode(temporary):
                yield temporary
            os.replace(temporary, target)


@contextmanager
def temporary_file(folder: Path, suffix: str) -> Iterator[Path]:
    """Give an empty new file in `folder`, removed in the end unless it was moved away."""
    path = folder / f".zsbir-partial-{secrets.token_hex(8)}{suffix}"
    try:
        # Made like any new file, so that the umask and the folder's own rules apply to it.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield path
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


@contextmanager
def same_mode(path: Path) -> Iterator[None]:
    """Give a file the mode that it has now, whatever the block puts in its place.

    Some writers, safetensors among them, rename a file of their own onto it that nobody else may
    read.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    yield
    if stat.S_IMODE(path.stat().st_mode) != mode:
        path.chmod(mode)


@contextmanager
def _told(target: Path) -> Iterator[None]:
    """Turn what went wrong in writing `target` into one clear line."""
    try:
        yield
    except SafetensorError as error:
        raise ZsbirError(f"cannot write {target}: {error}") from None
    except OSError as error:
        name = error.filename
        if isinstance(name, str | os.PathLike) and target.parent not in (
            Path(name),
            *Path(name).parents,
        ):
            raise  # about another file, which the block read
        raise ZsbirError(f"cannot write {target}: {error.strerror or error}") from None


def is_temporary(name: str) -> bool:
    """Tell whether a file's name is one that `temporary_file` gives, and nothing else does."""
    return _TEMPORARY.fullmatch(name) is not None


def sweep(folder: Path) -> int:
    """Remove what killed runs left in a folder more than a day ago; return the bytes set free.

    Only regular files that this module named are touched.
    """
    freed = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not (is_temporary(entry.name) and entry.is_file(follow_symlinks=False)):
                continue
            with suppress(OSError):
                about = entry.stat(follow_symlinks=False)
                if time.time() - about.st_mtime > ABANDONED:
                    os.unlink(entry.path)
                    freed += about.st_size
    return freed


def check_outputs(*paths: str | os.PathLike | None) -> None:
    """Raise unless a file can be written at each path; found out before hours of work, not after.

    Parameters
    ----------
    *paths
        What is to be written; None, for an output that nobody asked for, is passed over.

    Raises
    ------
    ZsbirError
        If a path is a folder, a device, a pipe or the like, its folder cannot be written, or two
        of the paths are the same file.
    """
    given = [Path(path) for path in paths if path is not None]
    for path in given:
        real = Path(os.path.realpath(path))
        try:
            mode = real.stat().st_mode
        except FileNotFoundError:
            mode = stat.S_IFREG
        except OSError as error:
            raise ZsbirError(f"cannot write {path}: {error.strerror}") from None
        if stat.S_ISDIR(mode):
            raise ZsbirError(f"cannot write {path}: it is a folder; give a file name")
        if not stat.S_ISREG(mode):
            raise ZsbirError(f"cannot write {path}: it is a device or a pipe; give a file name")
        parent = real.parent
        while not os.path.lexists(parent):
            parent = parent.parent
        if not parent.is_dir():
            raise ZsbirError(f"cannot write {path}: {parent} is not a folder")
        if not os.access(parent, os.W_OK | os.X_OK):
            raise ZsbirError(f"cannot write {path}: no permission to write in {parent}")
    for one, other in combinations(given, 2):
        if os.path.realpath(one) == os.path.realpath(other) or (
            one.exists() and other.exists() and one.samefile(other)
        ):
            raise ZsbirError(f"{one} and {other} are the same file: give each output its own")


def write_json(target: str | os.PathLike, value: Any) -> None:
    """Write `value` as JSON, atomically and with sorted keys."""
    with atomic_path(target) as path:
        path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def sha256(path: str | os.PathLike) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def load_array(path: str | os.PathLike, *, mapped: Literal["r", "c"] | None = None) -> "np.ndarray":
    """Read the array of a ``.npy`` file, whatever became of the file.

    Parameters
    ----------
    path
        Where it is.
    mapped
        Map it into memory: to be read, or changed in memory only (``"c"``).

    Raises
    ------
    OSError
        If it cannot be opened.
    ValueError
        If it is damaged, or anything else than one array of plain values. NumPy itself raises
        what its tokenizer and its parser of the header do: nearly anything.
    """
    import numpy as np  # here, since the command line's help does without

    try:
        found = np.load(path, mmap_mode=mapped, allow_pickle=False)
    except OSError:
        raise
    except Exception as error:
        reason = str(error).split("\n")[0][:80] if isinstance(error, ValueError) else "its header"
        raise ValueError(f"it is no .npy file, or is damaged ({reason})") from None
    if not isinstance(found, np.ndarray):
        found.close()
        raise ValueError("it is an archive of arrays")
    return found
