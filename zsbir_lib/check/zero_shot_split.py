"""Question 2.5 of assignment 2: a split chosen by its scores, and one drawn before any was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zsbir_lib.check.capstone_data import PAIRS, packaged, turned_features
from zsbir_lib.check.questions import Verdict
from zsbir_lib.protocols import SplitScores

CANDIDATES, UNSEEN = 16, 6
_GAP = 0.1  # that a score rises at least from the split by lot to the one that was chosen


class HonestSplit:
    """The classes of the question, their scores, and what is said about answers.

    Parameters
    ----------
    variant
        Chooses the candidates and the lot.

    Attributes
    ----------
    candidates : list of str
        Classes that may be unseen. They are seen classes of the paper's split.
    features : FeatureSet
        Of these, and of the other seen classes, from which methods always learn.
    lot : int
        The seed from which the honest split is drawn.
    goal : float
        A score of ridge regression that a chosen split reaches.
    """

    def __init__(self, variant: int) -> None:
        rng = np.random.default_rng([variant, 3])
        names = packaged().classes
        self.candidates = sorted(rng.choice(names, CANDIDATES, replace=False).tolist())
        others = [name for name in names if name not in self.candidates]
        self.features = turned_features(others, self.candidates, rng)
        self._scores = SplitScores.of(
            self.features, self.candidates, n_sketches=PAIRS, n_photos=PAIRS
        )
        alone = self._scores.per_class(self.candidates)["ridge"]
        easy = sorted(self.candidates, key=lambda name: alone[name])[-UNSEEN:]
        self.goal = np.floor(100 * self.score(easy) - 1) / 100
        while True:
            self.lot = int(rng.integers(1000, 10_000))
            if self.goal - self.score(self.drawn()) >= _GAP:
                break

    def score(self, unseen: Sequence[str]) -> float:
        """Return mAP@K of ridge regression with `unseen` classes, which the widget shows, too."""
        return float(np.mean(list(self._scores.per_class(unseen)["ridge"].values())))

    def drawn(self, seed: int | None = None) -> list[str]:
        """Return the classes that the lot draws, or another `seed`."""
        rng = np.random.default_rng(self.lot if seed is None else seed)
        return rng.choice(self.candidates, UNSEEN, replace=False).tolist()

    def judge(self, chosen: Any, drawn: Any) -> Verdict:
        """Give half of the points for each of the two splits, `chosen` and `drawn`."""
        told = (self._form_told("chosen", chosen) or self._chosen_told(chosen),
                self._form_told("drawn", drawn) or self._drawn_told(drawn, chosen))  # fmt: skip
        wrong = [text for text in told if text]
        if not wrong:
            return Verdict(1.0, "right, both: the same method, and two scores.")
        return Verdict(1 - len(wrong) / 2, f"not yet: {wrong[0]}")

    def _form_told(self, name: str, classes: Any) -> str | None:
        if not isinstance(classes, list) or not all(isinstance(one, str) for one in classes):
            return f"`{name}` must be a list of names."
        if strangers := set(classes) - set(self.candidates):
            return f"`{name}`: {min(strangers)[:40]!r} is no candidate."
        if len(classes) != UNSEEN or len(set(classes)) != UNSEEN:
            return f"`{name}` must name {UNSEEN} different classes."
        return None

    def _chosen_told(self, chosen: list[str]) -> str | None:
        score, lot = self.score(chosen), self.score(self.drawn())
        if score >= self.goal:
            return None
        if set(chosen) == set(self.drawn()):
            return "`chosen`: that is the split by lot; choose one by its score."
        if score <= lot:
            return ("`chosen`: the lot did better than that. Make those classes unseen that the "
                    "method finds easy, not those that you find hard.")  # fmt: skip
        return (f"`chosen`: ridge regression scores {score:.2f} there. Look at the score of each "
                "unseen class: which of them pulls the mean down?")  # fmt: skip

    def _drawn_told(self, drawn: list[str], chosen: Any) -> str | None:
        if set(drawn) == set(self.drawn()):
            return None
        if isinstance(chosen, list) and set(drawn) == set(map(str, chosen)):
            return "`drawn`: that split was chosen by its scores. A lot does not look at them."
        if set(drawn) == set(self.candidates[:UNSEEN]):
            return "`drawn`: the first of a list are no lot: the list has an order."
        if any(set(drawn) == set(self.drawn(seed)) for seed in range(100)):
            return "`drawn`: drawn from another seed than the one that was announced, `work.lot`."
        return ("`drawn`: not what the announced line draws. If a draw may be repeated until it "
                "pleases, it is no lot.")  # fmt: skip
