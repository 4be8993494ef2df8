"""How a copy of a data set differs from what was published about it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class VerificationReport:
    """How a copy of a data set differs from the published one; `str` makes it a page.

    Attributes
    ----------
    source
        Which folders were looked at.
    classes
        The classes present.
    statistics
        The counts found.
    published
        The accepted values of each; empty where it was not compared.
    differing
        The names of the statistics that differ.
    problems
        For each class that differs, what about it: ``{"bat": {"photos": "25 of 100"}}``.
    """

    source: str
    classes: tuple[str, ...]
    statistics: Mapping[str, int | float]
    published: Mapping[str, tuple[int | float, ...]]
    differing: tuple[str, ...]
    problems: Mapping[str, Mapping[str, str]]

    @property
    def ok(self) -> bool:
        """Whether all that was compared is as published."""
        return not self.differing and not self.problems

    def __str__(self) -> str:
        lines = [self.source, "", f"{'':<26}{'here':>10}  published"]
        for name, value in self.statistics.items():
            published = " or ".join(f"{v:,}" for v in self.published[name]) or "not compared"
            mark = "  (differs)" if name in self.differing else ""
            lines.append(f"{name:<26}{value:>10,}  {published}{mark}")
        lines.append("")
        if self.ok:
            lines.append("As published.")
            return "\n".join(lines)
        lines.append(f"Not as published; {len(self.problems)} classes differ:")
        # One paragraph for each kind of problem, and in it the classes that share a figure.
        kinds: dict[str, dict[str, list[str]]] = {}
        for class_name, problems in sorted(self.problems.items()):
            for kind, figure in problems.items():
                kinds.setdefault(kind, {}).setdefault(figure, []).append(class_name)
        for kind, figures in sorted(kinds.items(), key=lambda item: item[0] != "class"):
            groups = [
                f"{figure} ({self._name_group(names)})"
                for figure, names in sorted(figures.items(), key=_by_number)
            ]
            lines += textwrap.wrap(
                f"{kind}: {'; '.join(groups)}",
                width=98,
                initial_indent="- ",
                subsequent_indent="  ",
                break_on_hyphens=False,
            )
        return "\n".join(lines)

    def _name_group(self, names: list[str]) -> str:
        if len(names) > 1 and set(names) >= set(self.classes):
            return f"all {len(names)} classes present"
        return ", ".join(names)


def _by_number(item: tuple[str, list[str]]) -> tuple[int, str]:
    """Sort figures such as "9 of 100" and "25 of 100" by their numbers, words first."""
    leading = re.match(r"\d+", item[0])
    return (int(leading[0]) if leading else -1), item[0]


@dataclass(frozen=True)
class Published:
    """What is published about a data set.

    Attributes
    ----------
    classes
        The names of all classes.
    unseen
        Of each unseen class of its split, how many sketches and photos it has.
    photos, sketches
        How many there are in all; None where sources say only about how many.
    sketches_per_class
        How many each class has, seen ones too; None where that is not known.
    """

    classes: Sequence[str]
    unseen: Mapping[str, tuple[int, int]]
    photos: int | None = None
    sketches: int | None = None
    sketches_per_class: int | None = None


@dataclass(frozen=True)
class ClassFiles:
    """What was found of one class.

    Attributes
    ----------
    photos, sketches
        How many.
    empty
        Files of 0 bytes.
    unread
        Files of formats that are not read.
    """

    photos: int = 0
    sketches: int = 0
    empty: int = 0
    unread: int = 0


def compare_classes(
    counts: Mapping[str, ClassFiles], published: Published, source: str, *, sketches: bool
) -> VerificationReport:
    """Compare counts by class with the published ones.

    Parameters
    ----------
    counts
        What was found of each class.
    published
        What is published.
    source
        Where it was found, for the report's heading.
    sketches
        Whether to compare the sketches, too: those in use may be others than the published ones,
        or a part of them.
    """
    test = [counts[name] for name in counts if name in published.unseen]
    statistics = {
        "Classes": len(counts),
        "Photos": sum(n.photos for n in counts.values()),
        "Sketches": sum(n.sketches for n in counts.values()),
        "Test classes": len(test),
        "Test photos": sum(n.photos for n in test),
        "Test sketches": sum(n.sketches for n in test),
    }
    known = {
        "Classes": len(published.classes),
        "Photos": published.photos,
        "Sketches": published.sketches if sketches else None,
        "Test classes": len(published.unseen),
        "Test photos": sum(photos for _, photos in published.unseen.values()),
        "Test sketches": sum(n for n, _ in published.unseen.values()) if sketches else None,
    }
    problems = {
        name: found
        for name in sorted({*published.classes, *counts})
        if (found := _class_problems(name, counts.get(name), published, sketches))
    }
    return VerificationReport(
        source,
        tuple(sorted(counts)),
        statistics,
        {name: () if value is None else (value,) for name, value in known.items()},
        tuple(name for name, value in known.items() if value not in (None, statistics[name])),
        problems,
    )


def _class_problems(
    name: str, counts: ClassFiles | None, published: Published, sketches: bool
) -> dict[str, str]:
    """Say how one class differs: {kind: figure}."""
    if counts is None:
        return {"class": "absent"}
    problems = {}
    if name not in published.classes:
        problems["class"] = "not one of the data set"
    n_sketches, n_photos = published.unseen.get(name, (published.sketches_per_class, None))
    for kind, found, wanted in (
        ("photos", counts.photos, n_photos),
        ("sketches", counts.sketches, n_sketches if sketches else None),
    ):
        if wanted not in (None, found):
            problems[kind] = f"{found} of {wanted}"
        elif not found:
            problems[kind] = "none"
    return problems | damaged_files(counts.empty, counts.unread)


def damaged_files(empty: int, unread: int) -> dict[str, str]:
    """Say how many files of a class have 0 bytes, and how many are not read: {kind: figure}."""
    found = {"empty files": empty, "files that are not read": unread}
    return {kind: str(count) for kind, count in found.items() if count}
