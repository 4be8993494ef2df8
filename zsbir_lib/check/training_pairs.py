"""Pairs on which a conditional VAE of matrices is trained and asked, made-up and of the Toybox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch

from zsbir_lib.check.capstone_data import packaged
from zsbir_lib.check.linear_cvae import VARIANCE, Matrices
from zsbir_lib.metrics import precision_at_k
from zsbir_lib.protocols import Interval, class_bootstrap
from zsbir_lib.retrieval import kmeans

REGULARISERS = (0.0, 1.0, 30.0)
"""Weights of the regulariser that are tried."""
STEPS = 80
"""Of the training."""
_LESS = 0.7  # at first z is used, and not to the full, so that fewer steps are enough either way


class TrainingPairs:
    """Pairs to learn from, and groups of others that are asked; the base of the two kinds.

    Parameters
    ----------
    sketches, photos
        Pairs to learn from, shapes (n, d) and (n, p), each with mean 0.
    queries, gallery
        Sketches that are asked, and photos; both in order of their groups.
    groups
        How many sketches, and how many photos, of each group there are.
    latent_dim
        Of z.
    rng
        From which the noise of the training, and the matrix R to begin with, are drawn.

    Attributes
    ----------
    weights : tuple of float
        Of the divergence, those that are tried.
    noise : ndarray, shape (steps, n, l)
        Standard normal. Its mean, covariance, and correlation with the pairs are those of
        infinitely many draws, so that the mean over all pairs is the expectation.
    first : dict of str to ndarray
        A model to begin with, in which all numbers of z are used.
    kappa : ndarray, shape (p,)
        Variance of the photos in each direction when the sketch's part is subtracted, the
        largest first.
    """

    weights: ClassVar[tuple[float, ...]]

    def __init__(
        self, sketches: np.ndarray, photos: np.ndarray, queries: np.ndarray, gallery: np.ndarray,
        groups: tuple[int, int], latent_dim: int, rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self.sketches, self.photos = sketches, photos
        self.queries, self.gallery = queries, gallery
        self._asked, self._right = groups
        seen = np.hstack([photos, sketches])
        self.noise = _whitened(rng.normal(size=(STEPS, len(seen), latent_dim)), seen)
        to_photo = np.linalg.lstsq(sketches, photos, rcond=None)[0]
        rest = photos - sketches @ to_photo
        kappa, axes = np.linalg.eigh(rest.T @ rest / len(rest))
        self.kappa, axes = kappa[::-1], axes[:, ::-1][:, :latent_dim]
        root = np.sqrt(self.kappa[:latent_dim])
        # A linear autoencoder of what a regression on the sketches leaves.
        self.first = {
            "A": _LESS * np.vstack([axes / root, -to_photo @ axes / root]),
            "c": np.full(latent_dim, -3.0),
            "W": _LESS * (axes * root).T,
            "V": to_photo,
            "R": rng.normal(0, 0.1, (photos.shape[1], sketches.shape[1])),
        }

    def posterior(self, model: Matrices) -> tuple[np.ndarray, np.ndarray]:
        """Return nats of each number of z, and the variance of its posterior mean, each (l,)."""
        mean = np.hstack([self.photos, self.sketches]) @ np.asarray(model["A"])
        c = np.asarray(model["c"])
        return 0.5 * (mean**2 + np.exp(c) - 1 - c).mean(axis=0), mean.var(axis=0)

    def generate(self, model: Matrices, sketches: np.ndarray, count: int) -> np.ndarray:
        """Return what `model` makes for `sketches` of the same `count` z, shape (n, count, p)."""
        W = np.asarray(model["W"])
        z = np.random.default_rng(0).normal(size=(count, len(W)))
        return (sketches @ np.asarray(model["V"]))[:, None] + z @ W

    def precision(self, model: Matrices) -> np.ndarray:
        """Return P@K of each group, by cosine to the nearest of five K-means centres.

        K is the number of photos in a group.
        """
        samples = torch.as_tensor(self.generate(model, self.queries, 60))
        centres = kmeans(samples, 5).centres.numpy()
        centres = centres / np.linalg.norm(centres, axis=2, keepdims=True)
        photos = self.gallery / np.linalg.norm(self.gallery, axis=1, keepdims=True)
        nearest = (centres @ photos.T).max(axis=1)
        order = np.argsort(-nearest, axis=1, kind="stable")
        asked = np.arange(len(self.queries))[:, None] // self._asked
        found = precision_at_k(order // self._right == asked, self._right)
        return found.reshape(-1, self._asked).mean(axis=1)

    def spread(self, model: Matrices) -> float:
        """Return the variance among the samples of a sketch over that of the sketches' means."""
        made = self.generate(model, self.queries, 60)
        return float(made.var(axis=1).mean(axis=0).sum() / made.mean(axis=1).var(axis=0).sum())

    def difference(self, model: Matrices, reference: Matrices) -> Interval:
        """Return P@K of `model` less that of `reference`, with an interval over the groups."""
        return class_bootstrap(self.precision(model), self.precision(reference), n_resamples=2000)


class LinearPairs(TrainingPairs):
    """Made-up pairs, in which what a sketch leaves open varies by known amounts.

    A group is one sketch and its eight photos. No ``kappa`` lies near a weight times the
    decoder's variance, so that the training comes close to the closed form in few steps.

    Parameters
    ----------
    rng
        From which all is drawn.
    """

    weights = (0.1, 0.6, 4.0, 24.0)

    def __init__(self, rng: np.random.Generator) -> None:
        p, d, latent_dim, n_learnt, n_asked, each = 8, 4, 6, 20, 40, 8
        kappa = _variances(rng, self.weights, latent_dim, p)
        basis = np.linalg.qr(rng.normal(size=(p, p)))[0]
        way = 1.5 * np.linalg.qr(rng.normal(size=(p, d)))[0].T
        asked = rng.normal(size=(n_asked, d))
        learnt = rng.normal(size=(n_learnt, d))
        learnt -= learnt.mean(axis=0)
        learnt /= np.sqrt((learnt**2).mean())
        sketches = learnt.repeat(each, axis=0)
        rest = _whitened(rng.normal(size=(1, n_learnt * each, p)), sketches)[0]
        photos = sketches @ way + rest * np.sqrt(kappa) @ basis
        other = rng.normal(size=(n_asked * each, p))
        gallery = asked.repeat(each, axis=0) @ way + other * np.sqrt(kappa) @ basis
        super().__init__(sketches, photos, asked, gallery, (1, each), latent_dim, rng)


class ToyboxPairs(TrainingPairs):
    """Pairs of the Toybox's seen classes, some of them held out to be asked.

    Photos and sketches are ToyNet's features, as they ship with the library, along the principal
    components of what is learnt from, in units of their root mean square: three pairs of each of
    80 classes. A group is one of the other 24, with six sketches and six photos.

    Parameters
    ----------
    rng
        Chooses which classes are held out, and draws the rest.

    Attributes
    ----------
    held_out : tuple of str
        Names of the classes that are asked.
    """

    weights = (0.2, 1.5, 2.3, 5.0)

    def __init__(self, rng: np.random.Generator) -> None:
        n_components, latent_dim, n_held = 32, 16, 24
        features = packaged()
        each = features.photos.shape[1]
        order = rng.permutation(len(features.classes))
        held, learnt = np.sort(order[:n_held]), np.sort(order[n_held:])
        self.held_out = tuple(features.classes[at] for at in held)
        (sketches, queries), (photos, gallery) = (
            _components(of[learnt, : each // 2], of[held], n_components)
            for of in (features.sketches.numpy(), features.photos.numpy())
        )
        super().__init__(sketches, photos, queries, gallery, (each, each), latent_dim, rng)


def _components(learnt: np.ndarray, held: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return principal components of features of two sets of classes, by those of the first."""
    first, second = (part.reshape(-1, part.shape[2]).astype(float) for part in (learnt, held))
    mean = first.mean(axis=0)
    axes = np.linalg.svd(first - mean, full_matrices=False)[2][:count].T
    first, second = (first - mean) @ axes, (second - mean) @ axes
    scale = np.sqrt((first**2).mean())
    return first / scale, second / scale


def _variances(
    rng: np.random.Generator, weights: Sequence[float], latent_dim: int, p: int
) -> np.ndarray:
    """Draw variances between the limits that the weights set, at least one between any two."""
    limits = np.log(np.array(weights) * VARIANCE)
    gaps = len(limits) - 1
    place = np.concatenate([np.arange(gaps), rng.integers(0, gaps, latent_dim - gaps)])
    inside = rng.uniform(0.4, 0.6, latent_dim)
    drawn = np.exp(limits[place] + inside * (limits[place + 1] - limits[place]))
    return np.concatenate([np.sort(drawn)[::-1], np.full(p - latent_dim, 0.01)])


def _whitened(draws: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return draws (m, n, k) with mean 0 and covariance I, uncorrelated with `known` (n, j)."""
    span = np.linalg.qr(np.hstack([np.ones((len(known), 1)), known]))[0]
    draws = draws - span @ (span.T @ draws)
    root = np.linalg.cholesky(draws.transpose(0, 2, 1) @ draws / draws.shape[1])
    return draws @ np.linalg.inv(root).transpose(0, 2, 1)
