"""Writing so that nothing is ever half-written, and knowing when something was damaged."""

import hashlib
import json
import os
import re
import secrets
import stat
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from safetensors import SafetensorError, safe_open

from zsbir_lib.errors import ZsbirError, reason_of

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


def list_own_folder(folder: str | os.PathLike, ours: Collection[str], what: str) -> list[str]:
    """Return what lies in a folder for results, before anything is written there.

    Parameters
    ----------
    folder
        It need not be there yet.
    ours
        The names that may lie in it.
    what
        What is to be written: ``"an index"``.

    Raises
    ------
    ZsbirError
        If it is a file, cannot be listed, or holds anything else.
    """
    try:
        there = sorted(os.listdir(folder)) if os.path.lexists(folder) else []
    except OSError as error:
        reason = "it is a file" if isinstance(error, NotADirectoryError) else error.strerror
        raise ZsbirError(f"cannot write {what} to {folder}: {reason}; give a folder") from None
    if other := [name for name in there if name not in (*ours, "lost+found")]:
        more = f" and {len(other) - 3} more" if len(other) > 3 else ""
        raise ZsbirError(
            f"{folder} holds other files ({', '.join(other[:3])}{more}): give a new or empty "
            f"folder for {what}"
        )
    return there


def write_text(target: str | os.PathLike, text: str) -> None:
    """Write a text as UTF-8, atomically, with the same ends of lines on every system."""
    with atomic_path(target) as path:
        path.write_text(text, encoding="utf-8", newline="\n")


def write_json(target: str | os.PathLike, value: Any) -> None:
    """Write `value` as JSON, atomically and with sorted keys."""
    write_text(target, json.dumps(value, indent=2, sort_keys=True) + "\n")


def sha256(path: str | os.PathLike) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def digest_of(value: Any) -> str:
    """Return the SHA-256 of a JSON value, as hexadecimal digits; the order of keys is no matter."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def load_tensors(path: str | os.PathLike, what: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Read a safetensors file.

    Parameters
    ----------
    path
        Where it is.
    what
        What a message calls it: ``"model"``.

    Returns
    -------
    tensors : dict of str to Tensor
        By name.
    metadata : dict of str to str
        Of its header; empty where it has none.

    Raises
    ------
    ZsbirError
        If there is none, it cannot be read, or it is damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, file.metadata() or {}
    except FileNotFoundError:
        raise ZsbirError(f"there is no {what} {path}") from None
    except OSError as error:
        raise ZsbirError(f"cannot read the {what} {path}: {reason_of(error)}") from None
    except (SafetensorError, ValueError) as error:
        raise ZsbirError(
            f"cannot read the {what} {path}: it is damaged, or no safetensors file ({error})"
        ) from None


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
