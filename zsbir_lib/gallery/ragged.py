"""Many short runs of bytes in two arrays, so that a file of them can be mapped into memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Ragged:
    """Runs of bytes, one behind the other.

    Attributes
    ----------
    data : ndarray of uint8
        All bytes.
    ends : ndarray of int64, shape (n,)
        Where each run ends.
    """

    data: np.ndarray
    ends: np.ndarray

    @classmethod
    def pack(cls, runs: Iterable[bytes]) -> Ragged:
        """Return some runs as arrays."""
        runs = list(runs)
        ends = np.cumsum([len(run) for run in runs], dtype=np.int64)
        return cls(np.frombuffer(b"".join(runs), dtype=np.uint8), ends)

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, row: int) -> bytes:
        begin = self.ends[row - 1] if row else 0
        return self.data[begin : self.ends[row]].tobytes()

    def __iter__(self) -> Iterator[bytes]:
        return (self[row] for row in range(len(self)))

    @property
    def lengths(self) -> np.ndarray:
        """Bytes of each run, int64 of shape (n,)."""
        return np.diff(self.ends, prepend=0)
