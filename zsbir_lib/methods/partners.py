"""Which photos a sketch is compared with in training: of its class, of another, or any but one."""

from __future__ import annotations

import torch
from torch import Tensor


class Partners:
    """Draws photos for sketches: of the same class, of another one, or any but one.

    Parameters
    ----------
    photo_labels
        Class of each photo, shape (m,).
    generator
        Decides the draws.
    """

    def __init__(self, photo_labels: Tensor, generator: torch.Generator) -> None:
        self.generator = generator
        self.order = photo_labels.argsort(stable=True)  # by class
        self.counts = photo_labels.bincount()
        self.first = self.counts.cumsum(0) - self.counts
        self.place = torch.empty_like(self.order)
        self.place[self.order] = torch.arange(len(self.order))

    def _below(self, limits: Tensor) -> Tensor:
        """Return whole numbers from 0 to below each limit, all equally likely."""
        draws = torch.rand(len(limits), generator=self.generator, dtype=torch.float64)
        return (draws * limits).long()

    def same_class(self, labels: Tensor, but: Tensor | None = None) -> Tensor:
        """Return a photo of each class; never photo `but`, if that is given.

        Where a class holds no other photo, one of another class is returned.
        """
        if but is None:
            return self.order[self.first[labels] + self._below(self.counts[labels])]
        inside = self._below((self.counts[labels] - 1).clamp(min=1))
        inside += self.first[labels] + inside >= self.place[but]
        found = self.order[(self.first[labels] + inside).clamp(max=len(self.order) - 1)]
        alone = self.counts[labels] == 1
        return torch.where(alone, self.other_class(labels), found)

    def other_class(self, labels: Tensor) -> Tensor:
        """Return a photo of another class than each of `labels`."""
        place = self._below(len(self.order) - self.counts[labels])
        place += (place >= self.first[labels]) * self.counts[labels]
        return self.order[place]
