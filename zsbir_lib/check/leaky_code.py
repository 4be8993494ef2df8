"""An evaluation in nine lines, one of which knows what it must not know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KINDS = {
    "backbone": "that is when the network has met the classes before.",
    "statistics": "that is when a mean or a scale is taken of what is to be tested, too.",
    "choice": "that is when a setting is chosen by the score that is then reported.",
    "gallery": "that is when photos are ranked that the protocol does not have.",
}
"""What a leak may be, and what is told to somebody who takes another for it."""

_CLEAN = (
    "backbone = train_backbone(toybox, classes=toybox.split.seen)",
    "features = extract_features(toybox, backbone)",
    "pairs, task = features.pairs(), features.task()",
    "centre = pairs.sketches.mean(dim=0)",
    "inner = features.split.inner(seed=0)",
    "best = max((0.1, 1, 10), key=lambda ridge: score(ridge, split=inner))",
    "method = Ridge(best, centre).fit(pairs)",
    "ranking = method.rank(task.queries, task.gallery)",
    "print(evaluate(ranking, task, k=20))",
)
# The leak in place of a line, by the line's number.
_LEAKS = {
    "backbone": (1, "backbone = train_backbone(toybox, classes=toybox.class_names)"),
    "statistics": (4, "centre = torch.cat([pairs.sketches, task.queries]).mean(dim=0)"),
    "choice": (
        6,
        "best = max((0.1, 1, 10), key=lambda ridge: score(ridge, split=features.split))",
    ),
    "gallery": (8, "ranking = method.rank(task.queries, torch.cat([task.gallery] * 2))"),
}


@dataclass(frozen=True)
class LeakyCode:
    """The code with its lines numbered, and where the leak is.

    Attributes
    ----------
    text : str
        What is shown.
    line, lines : int
        The number of the leaking line, and how many there are.
    kind : str
        A key of `KINDS`.
    """

    text: str
    line: int
    lines: int
    kind: str


def leaky_code(rng: np.random.Generator) -> LeakyCode:
    """Choose a leak and write the code with it."""
    kind = str(rng.choice(list(_LEAKS)))
    number, leak = _LEAKS[kind]
    lines = [leak if i == number else line for i, line in enumerate(_CLEAN, start=1)]
    text = "\n".join(f"{i}  {line}" for i, line in enumerate(lines, start=1))
    return LeakyCode(text, number, len(lines), kind)
