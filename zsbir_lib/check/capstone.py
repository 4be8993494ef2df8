"""Assignment 6, the capstone: a method of one's own, its settings, its score, and a report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zsbir_lib.check import capstone_functions as functions
from zsbir_lib.check.assignment import Assignment
from zsbir_lib.check.capstone_choice import judge_choice
from zsbir_lib.check.capstone_contract import contract_requests, judge_contract
from zsbir_lib.check.capstone_data import FIELDS, PAIRS, Ground, Round, brought_drawings
from zsbir_lib.check.capstone_scores import (
    BASELINES,
    Codes,
    Compared,
    compare,
    per_class,
    read_codes,
)
from zsbir_lib.check.questions import BLANK, Question, Reply, Request, TextQuestion, Verdict
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import FeatureSet, Pairs
from zsbir_lib.methods import RetrievalMethod

WIDEST = 0.25
"""Of the interval in which one expects the score on the hidden classes."""


@dataclass(frozen=True)
class MethodQuestion(Question):
    """A question whose answer is what a method returns.

    Attributes
    ----------
    key, names
        As every question has them.
    asked : callable
        Given the seed, returns what is requested.
    judged : callable
        Given the seed and the replies, returns the verdict.
    """

    key: str
    names: tuple[str, ...]
    asked: Callable[[Sequence[int]], list[Request]] = field(repr=False)
    judged: Callable[[Sequence[int], Sequence[Reply]], Verdict] = field(repr=False)

    def requests(self, seed: Sequence[int]) -> list[Request]:
        """Return what is requested."""
        return self.asked(seed)

    def judge(self, seed: Sequence[int], replies: Sequence[Reply]) -> Verdict:
        """Judge what came back; a question that was left as it was is not answered."""
        if all(reply.is_blank for reply in replies[: len(self.names)]):
            return BLANK
        try:
            return self.judged(seed, replies)
        except ZsbirError as error:
            return Verdict(0.0, f"not yet: {error}.")


@lru_cache(maxsize=4)
def _ground(variant: int) -> Ground:
    return Ground(variant)


class Capstone(Assignment):
    """Data and questions of assignment 6.

    Attributes
    ----------
    k : int
        Depth of mAP@K.
    """

    name = "capstone"
    k = PAIRS
    _drawings: Mapping[str, Tensor] | None = None

    def _questions(self) -> tuple[Question, ...]:
        self._ground = _ground(self.variant)
        return (
            functions.INTERVAL,
            functions.RIDGE,
            MethodQuestion("6.3", ("encode",), self._contract, self._judge_contract),
            MethodQuestion("6.4", ("tried", "settings"), self._choice, self._judge_choice),
            MethodQuestion("6.5", ("embed",), self._final, self._judge_final),
            MethodQuestion("6.6", ("expected",), self._prediction, self._judge_prediction),
            TextQuestion("6.7", "report", words=150),
        )

    @property
    def features(self) -> FeatureSet:
        """The classes to learn from, as seen ones, and those to rehearse on, as unseen ones.

        The hidden classes are not in it.
        """
        return self._ground.features

    def bring(self, folder: Path) -> str:
        """Ask for the hidden classes with people's drawings, too; return what identifies them.

        Parameters
        ----------
        folder
            As ``zsbir course grade --drawings`` takes it.

        Raises
        ------
        ZsbirError
            If it does not suit, or no hidden class is among them.
        """
        found = brought_drawings(folder.resolve())
        if not set(found) & set(self._ground.hidden):
            raise ZsbirError(f"{folder} has no drawing of a class that is hidden in this variant")
        self._drawings = found
        digest = hashlib.sha256()
        for name in sorted(found):
            digest.update(f"{name} {len(found[name])}".encode())
            digest.update(found[name].numpy().tobytes())
        return digest.hexdigest()[:12]

    def encode(
        self, method: type[RetrievalMethod], settings: Any, train: Mapping[str, Any],
        sketches: Sequence, photos: Sequence,
    ) -> dict[str, Any] | None:  # fmt: skip
        """Fit a method, and return what it makes of sketches and photos; the grader calls this.

        Parameters
        ----------
        method
            The class.
        settings
            Its hyper-parameters; ``...`` where they are not chosen yet.
        train
            Fields of `zsbir_lib.features.Pairs`: features, classes by number, and which photo
            belongs to which sketch.
        sketches, photos
            Features of other classes, shape (q, d) and (g, d).

        Returns
        -------
        dict or None
            ``"sketches"`` and ``"photos"``, the codes; ``"changed"``, the inputs that the method
            wrote into. None where the method is not written yet.
        """
        if settings is Ellipsis:
            return None
        given = {"sketches": torch.tensor(sketches), "photos": torch.tensor(photos)}
        pairs = _pairs(train)
        given |= {f"pairs.{name}": getattr(pairs, name) for name in ("sketches", "photos")}
        before = {name: tensor.clone() for name, tensor in given.items()}
        fitted = method(**settings)
        fitted.fit(pairs, progress=False)
        made = {
            "sketches": fitted.encode_sketches(given["sketches"]),
            "photos": fitted.encode_photos(given["photos"]),
        }
        if all(codes is None for codes in made.values()):
            return None
        changed = [name for name, tensor in given.items() if not torch.equal(tensor, before[name])]
        return {**made, "changed": changed}

    # ---- rounds: the grader's seed has a third number, which no notebook knows
    def _round(self, seed: Sequence[int]) -> Round:
        ground = self._ground
        return ground.final(tuple(seed)) if len(seed) > 2 else ground.rehearsal

    def _contract(self, seed: Sequence[int]) -> list[Request]:
        return contract_requests(self._ground.small(tuple(seed)))

    def _judge_contract(self, seed: Sequence[int], replies: Sequence[Reply]) -> Verdict:
        return judge_contract(self._ground.small(tuple(seed)), replies)

    def _choice(self, seed: Sequence[int]) -> list[Request]:
        return [Request("tried"), Request("settings"),
                Request("embed", self._ground.held_out.arguments)]  # fmt: skip

    def _judge_choice(self, seed: Sequence[int], replies: Sequence[Reply]) -> Verdict:
        tried, settings, again = replies
        return judge_choice(tried, settings, lambda: self._again(seed, again))

    def _again(self, seed: Sequence[int], again: Reply) -> float | None:
        """Return the score on the first inner split, for which a notebook's check does not wait."""
        asked = self._ground.held_out
        if len(seed) < 3 and again.is_blank:
            return None
        return float(np.mean(per_class(asked, _read(asked, again))))

    def _final(self, seed: Sequence[int]) -> list[Request]:
        asked = [self._round(seed)]
        if self._drawings is not None and len(seed) > 2:
            asked.append(self._ground.final(tuple(seed), self._drawings))
        return [Request("embed", one.arguments) for one in asked]

    def _judge_final(self, seed: Sequence[int], replies: Sequence[Reply]) -> Verdict:
        asked = self._round(seed)
        found = compare(asked, _read(asked, replies[0]))
        figures, text = {"hidden": found.as_json()}, _in_words(found)
        if len(replies) > 1 and self._drawings is not None:
            drawn = self._ground.final(tuple(seed), self._drawings)
            try:
                people = compare(drawn, _read(drawn, replies[1]))
            except ZsbirError as error:
                text += f" On drawings by people: {error}."
            else:
                figures["drawings"] = people.as_json()
                text += (f" On drawings by people, of {len(people.scores)} of the classes, "
                         f"{people.interval}.")  # fmt: skip
        return Verdict(found.share, text, figures)

    def _prediction(self, seed: Sequence[int]) -> list[Request]:
        return [Request("expected"), Request("embed", self._round(seed).arguments)]

    def _judge_prediction(self, seed: Sequence[int], replies: Sequence[Reply]) -> Verdict:
        low, high = _bounds(replies[0])
        if high - low > WIDEST + 1e-9:
            return Verdict(0.0, f"not yet: {low:.3f} to {high:.3f} is wider than {WIDEST}: what "
                                "would it exclude?")  # fmt: skip
        figures = {"expected": [low, high]}
        if len(seed) < 3:
            return Verdict(1.0, "noted: whether it comes out so is seen on the hidden classes.",
                           figures)  # fmt: skip
        asked = self._round(seed)
        score = float(np.mean(per_class(asked, _read(asked, replies[1]))))
        if low <= score <= high:
            return Verdict(1.0, f"it came out so: {score:.3f}.", figures)
        side = "below" if score < low else "above"
        return Verdict(0.0, f"it came out {side}: {score:.3f}. An interval for the mean of your "
                            "classes is narrower than one for the mean of other classes.",
                       figures)  # fmt: skip


def _pairs(train: Mapping[str, Any]) -> Pairs:
    sketches, photos, photo_index, labels, photo_labels = (
        torch.tensor(train[name]) for name in FIELDS
    )
    names = tuple(f"class {number}" for number in range(int(photo_labels.max()) + 1))
    return Pairs(sketches, photos, photo_index, labels, photo_labels, names)


def _read(asked: Round, reply: Reply) -> Codes:
    if reply.is_blank:
        raise ZsbirError("the method returns nothing: the given function `embed` has to be there, "
                         "and to find `Mine` and `settings`")  # fmt: skip
    return read_codes(reply, len(asked.task.queries), len(asked.task.gallery))


def _in_words(found: Compared) -> str:
    parts = []
    for name, title in BASELINES.items():
        gain, other = found.gain(name), float(np.mean(found.others[name]))
        how = ("surely above" if gain.low > 0 else "above, but not surely,"
               if gain.estimate > 0 else "not above")  # fmt: skip
        parts.append(f"{how} {title}, {other:.3f}")
    return f"mAP@{PAIRS} {found.interval}: {'; '.join(parts)}."


def _bounds(reply: Reply) -> tuple[float, float]:
    value = reply.value
    if reply.error is not None or not isinstance(value, dict):
        raise ZsbirError('`expected` must be {"low": ..., "high": ...}')
    ends = [end for end in (value.get("low"), value.get("high"))
            if isinstance(end, int | float) and not isinstance(end, bool)]  # fmt: skip
    if len(ends) < 2:
        raise ZsbirError('`expected` must be {"low": ..., "high": ...}, two numbers')
    low, high = (float(min(max(end, -9), 9)) for end in ends)  # an integer may be of any size
    if not 0 <= low < high <= 1:
        raise ZsbirError("a score lies between 0 and 1, and low below high")
    return low, high
