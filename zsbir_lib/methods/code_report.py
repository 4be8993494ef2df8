"""Whether the codes of an adversarial autoencoder fill their prior, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class CodeReport:
    """How well the codes of pairs fill the prior, and whether the decoder listens to them.

    Attributes
    ----------
    mean
        Root mean square of the codes' mean over the numbers of z; the prior has 0.
    smallest, largest
        Least and greatest variance of the codes in any direction (the extreme eigenvalues of
        their covariance); the prior has 1 in all.
    distance
        Fréchet distance, squared and per number of z, between the Gaussian that has the codes'
        mean and covariance, and the prior; 0 if they are the same.
    accuracy
        Share of codes and of draws from the prior, in equal numbers, that D tells right; 0.5 is
        chance.
    variation
        Variance of the features generated for one sketch over z, as a share of the variance of
        all photos.
    """

    mean: float
    smallest: float
    largest: float
    distance: float
    accuracy: float
    variation: float

    def faults(self) -> list[str]:
        """Return what has collapsed, in words: nothing, if the training was sound.

        The codes' mean must lie within half a standard deviation of the prior's, their spread in
        every direction within half and twice the prior's, D must not tell nine in ten of them
        right, and z must account for a hundredth of the photos' variance or more.
        """
        rules = (
            (self.mean <= 0.5, f"the codes' mean is off the prior's by {self.mean:.2f}"),
            (self.smallest >= 0.25, f"the codes' variance falls to {self.smallest:.3f}"),
            (self.largest <= 4, f"the codes' variance rises to {self.largest:.2f}"),
            (self.accuracy <= 0.9, f"the discriminator is right on {self.accuracy:.0%}"),
            (self.variation >= 0.01, f"z makes {self.variation:.1%} of the photos' variance"),
        )
        return [fault for holds, fault in rules if not holds]


def gap_to_prior(codes: Tensor) -> dict[str, float]:
    """Return the first four numbers of a `CodeReport` for codes, shape (n, latent_dim)."""
    codes = codes.double()
    mean = codes.mean(dim=0)
    spread = torch.linalg.eigvalsh(codes.T.cov().reshape(len(mean), -1)).clamp(min=0)
    distance = (mean.pow(2).sum() + (spread.sqrt() - 1).pow(2).sum()) / len(mean)
    return {
        "mean": float(mean.pow(2).mean().sqrt()),
        "smallest": float(spread[0]),
        "largest": float(spread[-1]),
        "distance": float(distance),
    }
