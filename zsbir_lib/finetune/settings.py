"""What a fine-tuning is asked to do, checked before anything is computed."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from zsbir_lib.errors import ZsbirError, argument, check_counts
from zsbir_lib.features.tuned import FULL, LORA

RECIPES = (FULL, LORA)
"""What learns, every weight (``"full"``) or low-rank matrices beside linear layers (``"lora"``)."""

TOWERS = ("shared", "two")
"""Whether photos and sketches go through one network, or each through their own."""

_RATES = {FULL: 1e-5, LORA: 1e-3}


@dataclass(frozen=True)
class FineTuning:
    r"""The settings of a fine-tuning.

    Attributes
    ----------
    recipe : str
        What learns, ``"full"`` or ``"lora"``; see ``RECIPES``.
    towers : str
        ``"shared"``, or ``"two"``, which begin alike. A backbone that has two networks keeps both.
    epochs : int
        Times that each sketch is an anchor. The epoch whose network is kept is chosen.
    batch_size : int
        Triplets in a step: three images each.
    learning_rate : float or None
        Of Adam; it falls to 0 along a cosine. None is 1e-5 for ``"full"``, of which convolutional
        networks mostly bear more, and 1e-3 for ``"lora"``.
    margin : float
        m of the triplet loss, between squared distances of unit vectors: between 0 and 4.
    rank : int
        r of LoRA.
    alpha : float
        :math:`\alpha` of LoRA: its products are multiplied by :math:`\alpha / r`.
    layers : str
        A regular expression: LoRA adapts the linear layers in whose names it is found; all by
        default.
    held_out : float
        Part of the seen classes that the epoch is chosen on, above 0 and below 1.
    seed : int
        Of the held-out classes, first weights, batches and triplets.

    Raises
    ------
    ZsbirError
        If one of them is out of range.
    """

    recipe: str = FULL
    towers: str = "shared"
    epochs: int = 5
    batch_size: int = 32
    learning_rate: float | None = None
    margin: float = 0.3
    rank: int = 8
    alpha: float = 16.0
    layers: str = ""
    held_out: float = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        for name, known in (("recipe", RECIPES), ("towers", TOWERS)):
            if (given := getattr(self, name)) not in known:
                raise ZsbirError(f"{argument(name)} must be {' or '.join(known)}, not {given!r}")
        check_counts(epochs=self.epochs, batch_size=self.batch_size, rank=self.rank)
        limits = {"learning_rate": math.inf, "margin": 4.0, "alpha": math.inf, "held_out": 1.0}
        for name, limit in limits.items():
            given = getattr(self, name)
            if given is not None and not 0 < given < limit:
                below = "" if limit == math.inf else f" and below {limit:g}"
                raise ZsbirError(f"{argument(name)} must be above 0{below}, not {given}")
        try:
            re.compile(self.layers)
        except re.error as error:
            raise ZsbirError(f"{argument('layers')} is no regular expression: {error}") from None

    @property
    def rate(self) -> float:
        """The learning rate at the beginning."""
        return _RATES[self.recipe] if self.learning_rate is None else self.learning_rate

    @property
    def scale(self) -> float:
        r"""What LoRA's products are multiplied by, :math:`\alpha / r`."""
        return self.alpha / self.rank
