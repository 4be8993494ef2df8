"""The baseline: a sketch is looked up by its backbone features as they are."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from zsbir_lib.features import Pairs
from zsbir_lib.methods.base import RetrievalMethod


class SameFeature(nn.Module):
    """The query is the feature of the sketch."""

    def forward(self, feature: Tensor) -> Tensor:
        """Return the feature (1, d)."""
        return feature * 1.0  # a graph without any operation has no output of its own


class Cosine(RetrievalMethod):
    """Rank photos by the cosine distance of raw backbone features.

    The "Baseline" row of Tables 2 and 3 of Yelamarthi et al. (ECCV 2018). Nothing is learnt.
    """

    name = "cosine"
    title = "Cosine baseline"
    needs_pairs: ClassVar[bool] = False

    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        """Do nothing: there is nothing to learn."""

    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return the features, shape (n, d)."""
        return features

    def encode_photos(self, features: Tensor) -> Tensor:
        """Return the features, shape (m, d)."""
        return features

    def query_network(self) -> nn.Module:
        """Return a network that changes nothing."""
        return SameFeature()
