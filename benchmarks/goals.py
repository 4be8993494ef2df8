"""The goals of all benchmarks, in one place: scripts, table and README take them from here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A figure that is to be reached.

    Attributes
    ----------
    limit : float
        The figure.
    least : bool
        Whether it is the smallest that will do; otherwise the largest.
    unit : str
        What is counted, as in a sentence; nothing for a ratio.
    """

    limit: float
    least: bool = False
    unit: str = ""

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"at {'least' if self.least else 'most'} {self.limit:g}{unit}"

    def reached(self, value: float) -> bool:
        """Tell whether a figure does."""
        return value >= self.limit if self.least else value <= self.limit


GOALS: dict[str, Goal] = {
    "ranking: nearest": Goal(1.3),
    # On a card the nearest K may take more of a product that is so much faster.
    "ranking: nearest, card": Goal(1.5),
    "ranking: whole order": Goal(3),
    "ranking: memory": Goal(2, unit="GB"),
    "ranking: mAP@all": Goal(8, least=True),
    "closed form: Sylvester": Goal(10, least=True),
    "closed form: difference": Goal(1e-8),
    "closed form: seconds": Goal(180, unit="s"),
    "closed form: memory": Goal(12, unit="GB"),
    "extraction": Goal(0.9, least=True),
    "toybox: prototype": Goal(2, least=True),
    "toybox: mini": Goal(45, unit="s"),
    "ours: milliseconds": Goal(5, unit="ms"),
    "retrieve": Goal(1.3),
    "grading: seconds": Goal(3, unit="s"),
    "grading: wrong": Goal(0, unit="submissions"),
    "caae: collapsed": Goal(0, unit="seeds"),
    "kmeans: scikit-learn / ours, all at once": Goal(1, least=True),
    "kmeans: FAISS / ours, all at once": Goal(1, least=True),
    "kmeans: inertia": Goal(1e-4),
    "exact: FAISS / ours": Goal(1, least=True),
    "chapters: seconds": Goal(150, unit="s"),
    "pages: ready": Goal(4, unit="s"),
    "pages: blocked": Goal(2, unit="s"),
    "draw page: answer": Goal(50, unit="ms"),
    "draw page: answer, slower": Goal(150, unit="ms"),
    "draw page: ready": Goal(3, unit="s"),
    "draw page: weight": Goal(8, unit="MB"),
}
