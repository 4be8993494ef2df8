"""Settings that were chosen on held-out classes, and whether the record bears the choice out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from zsbir_lib.check.questions import Reply, Verdict
from zsbir_lib.errors import ZsbirError

SETTINGS, SPLITS = 4, 3
"""That have to be tried, at least, and inner splits on each."""
_REPEATS = 0.01  # how far a score may be from the recorded one

Tried = list[tuple[dict[str, Any], list[float]]]


def judge_choice(tried: Reply, settings: Reply, again: Callable[[], float | None]) -> Verdict:
    """Judge a record of what was tried, and the settings that were taken.

    Parameters
    ----------
    tried
        ``[[settings, [score, ...]], ...]``, a score for each inner split.
    settings
        Those taken.
    again
        Runs the method with them on the first inner split; None where that is not done.

    Raises
    ------
    ZsbirError
        If something is of another form; the message ends a sentence for the student.
    """
    record, taken = _record(tried), settings.value
    if settings.is_blank:
        raise ZsbirError("`settings` is not chosen yet")
    if not isinstance(taken, dict):
        raise ZsbirError("`settings` must be a mapping, such as one of those tried")
    if len(record) < SETTINGS:
        raise ZsbirError(f"{len(record)} settings were tried; a choice is made among {SETTINGS} or "
                         "more that differ")  # fmt: skip
    counts = {len(scores) for _, scores in record}
    if len(counts) > 1 or min(counts) < SPLITS:
        raise ZsbirError(f"each is to be scored on the same inner splits, {SPLITS} or more: on one "
                         "split, its classes choose, not the settings")  # fmt: skip
    scores = np.array([row for _, row in record])
    if not ((scores >= 0) & (scores <= 1)).all():
        raise ZsbirError("a score lies between 0 and 1")
    if np.ptp(scores, axis=0).max() == 0:
        raise ZsbirError("all settings have the same scores: does the method use them?")
    places = [place for place, (one, _) in enumerate(record) if one == taken]
    if not places:
        raise ZsbirError("`settings` is none of those that were tried")
    means, place = scores.mean(axis=1), places[0]
    best = int(means.argmax())
    # Paired: the same inner splits for both.
    behind = scores[best] - scores[place]
    error = behind.std(ddof=1) / math.sqrt(len(behind))
    if behind.mean() > error:
        raise ZsbirError("other settings did better on the held-out classes, by more than the "
                         "standard error of the difference")  # fmt: skip
    score = again()
    if score is not None and abs(score - scores[place, 0]) > _REPEATS:
        raise ZsbirError("the method does not reach the score that stands in `tried` for the first "
                         "inner split: choose again after the last change to it")  # fmt: skip
    if at_end := _at_end(record, place):
        return Verdict(0.5, f"the choice is made as it should be, but {at_end} is at the end of "
                            "what was tried: try further.")  # fmt: skip
    return Verdict(1.0, f"right: {len(record)} settings on {counts.pop()} inner splits.")


def _record(reply: Reply) -> Tried:
    wanted = "`tried` must be a list of [settings, [score of each inner split]]"
    if reply.error is not None or not isinstance(reply.value, list):
        raise ZsbirError(wanted)
    found: Tried = []
    for row in reply.value:
        settings, scores = row if isinstance(row, list) and len(row) == 2 else (None, None)
        if not (isinstance(settings, dict) and isinstance(scores, list) and scores):
            raise ZsbirError(wanted)
        if not all(map(_is_number, scores)):
            raise ZsbirError(wanted)
        if settings not in [one for one, _ in found]:
            found.append((settings, [float(score) for score in scores]))
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _at_end(record: Sequence[tuple[Mapping[str, Any], Any]], place: int) -> str | None:
    """Name a number that was varied, and of which the largest or smallest was taken."""
    for name, value in record[place][0].items():
        values = {one[name] for one, _ in record if name in one and _is_number(one[name])}
        if _is_number(value) and len(values) >= 3 and value in (min(values), max(values)):
            return name[:40]
    return None
