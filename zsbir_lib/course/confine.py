"""What the kernel takes away from a submission's process: files, TCP, signals, resources.

Landlock (Linux 5.13 and newer) needs no privileges: a process gives up rights, for itself and all
that it starts, and cannot take them back. Without it, only the resource limits hold.
Imports nothing but the standard library, since it runs where a submission will.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every architecture
_NO_NEW_PRIVILEGES, _SUBREAPER = 38, 36  # of prctl
_READ_FILE, _READ_DIR, _EXECUTE = 1 << 2, 1 << 3, 1 << 0
_OF_FILES = _EXECUTE | 1 << 1 | _READ_FILE | 1 << 14 | 1 << 15
# Rights over files that each version of the interface knows: 13 bits, then one more at a time.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_LATEST_FILE_RIGHTS = 16
# Opened by libraries for a terminal, randomness, or a place to throw things.
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Attributes
    ----------
    seconds : float
        For each cell, and for each question.
    total_seconds : float
        For the whole notebook.
    memory : int
        Bytes, beyond what the libraries take.
    file_size : int
        Bytes of a file that it writes.
    processes : int
        That it may start.
    answer_bytes : int
        Of all that it answers.
    """

    seconds: float = 20.0
    total_seconds: float = 180.0
    memory: int = 2**31
    file_size: int = 2**26
    processes: int = 16
    answer_bytes: int = 2**24


def landlock_version() -> int:
    """Return the version of Landlock's interface that this kernel has, 0 where it has none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(ctypes.CDLL(None).syscall(_CREATE, None, 0, 1)))


def adopt_orphans() -> None:
    """Make this process the parent of all that its descendants leave behind, where it can be."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def limit_resources(limits: Limits) -> None:
    """Limit memory, processor time and files of this process and its children; not on Windows."""
    import resource

    with suppress(OSError, ValueError):
        # Address space. What is mapped already, libraries mostly, does not count.
        with open("/proc/self/statm", encoding="ascii") as stream:
            mapped = int(stream.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + limits.memory,) * 2)
    for what, most in (
        (resource.RLIMIT_CPU, int(limits.total_seconds) + 5),
        (resource.RLIMIT_FSIZE, limits.file_size),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))


def shut_in(folder: str, readable: Iterable[str]) -> bool:
    """Leave this process one folder to write to, a few to read, no TCP and no signals to others.

    Returns whether the kernel confines it at all; older ones leave TCP or signals open.
    """
    version = landlock_version()
    if not version:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    rights = (1 << _FILE_RIGHTS.get(version, _LATEST_FILE_RIGHTS)) - 1
    # Listening and connecting (from version 4); abstract sockets and signals to others (from 6).
    wanted = struct.pack("QQQ", rights, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(_CREATE, wanted[:size], size, 0)
    if ruleset < 0:
        return False
    reading = _READ_FILE | _READ_DIR | _EXECUTE
    places = [(folder, rights), *((place, reading) for place in readable)]
    places += [(device, _READ_FILE | 1 << 1) for device in _DEVICES]
    for place, allowed in places:
        with suppress(OSError):
            opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
            allowed &= rights if os.path.isdir(place) else rights & _OF_FILES
            rule = struct.pack("=Qi", allowed, opened)
            libc.syscall(_ADD, ruleset, 1, rule, 0)
            os.close(opened)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    done = libc.syscall(_RESTRICT, ruleset, 0) == 0
    os.close(ruleset)
    return done
