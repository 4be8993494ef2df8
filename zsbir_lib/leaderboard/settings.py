"""What every method of a leaderboard is run with."""

from __future__ import annotations

from dataclasses import dataclass

from zsbir_lib.errors import UnknownNameError, ZsbirError, check_counts
from zsbir_lib.protocols import PROTOCOLS


@dataclass(frozen=True)
class Settings:
    """What every method is run with.

    Attributes
    ----------
    k
        Depth of the measures; None for `default_depth` of each protocol's gallery. Where an inner
        gallery holds fewer photos, settings are chosen at that number.
    seeds
        Each method that has a seed is fitted with 0, 1, ..., seeds - 1.
    protocols
        Some of `zsbir_lib.protocols.PROTOCOLS`.
    budget
        Settings that each method may try on held-out seen classes; 1 for its defaults.
    inner_splits
        Splits of the seen classes that settings are tried on.
    held_out
        Part of the seen classes' drawn photos that the traditional protocol keeps for testing.
    """

    k: int | None = None
    seeds: int = 3
    protocols: tuple[str, ...] = PROTOCOLS
    budget: int = 4
    inner_splits: int = 2
    held_out: float = 0.25

    def __post_init__(self) -> None:
        object.__setattr__(self, "protocols", tuple(self.protocols))
        unknown = [name for name in self.protocols if name not in PROTOCOLS]
        if unknown or not self.protocols:
            raise UnknownNameError(
                f"unknown protocol {', '.join(unknown) or '(none)'}: use {', '.join(PROTOCOLS)}"
            )
        check_counts(seeds=self.seeds, budget=self.budget, inner_splits=self.inner_splits, k=self.k)
        if not 0 < self.held_out < 1:
            raise ZsbirError(f"held_out is {self.held_out}: it must be above 0 and below 1")
