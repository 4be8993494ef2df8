"""Scores of two quick methods for any choice of unseen classes, without training anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zsbir_lib.errors import UnknownNameError, ZsbirError
from zsbir_lib.features import FeatureSet


@dataclass(frozen=True)
class SplitScores:
    r"""What two methods score, whichever of some classes are unseen.

    Features are reduced to main axes of the photos of classes that are always seen. Both methods
    centre sketches x and photos y at the means of the training pairs and rank by the cosine: the
    baseline takes x as it is, ridge regression takes :math:`W^\top x` with

    .. math::

        W = \Big(\tfrac1n X^\top X + \lambda I\Big)^{-1} \tfrac1n X^\top Y .

    The sums over pairs that are always learnt from are kept, so that a choice adds a few rows.

    Attributes
    ----------
    candidates : tuple of str
        Classes that may be unseen.
    sketches, photos : mapping of str to list of list of float
        Rows of each candidate; the first photos are those of its sketches.
    sums : mapping of str to list or int
        Over the pairs of classes that are always seen: ``"n"``, how many; ``"x"`` and ``"y"``, the
        sums of sketches and photos; ``"xx"`` and ``"xy"``, those of their products.
    ridge : float
        :math:`\lambda`.
    """

    candidates: tuple[str, ...]
    sketches: Mapping[str, list[list[float]]]
    photos: Mapping[str, list[list[float]]]
    sums: Mapping[str, object]
    ridge: float

    @classmethod
    def of(
        cls,
        features: FeatureSet,
        candidates: Sequence[str],
        *,
        dim: int = 32,
        n_sketches: int = 8,
        n_photos: int = 12,
        ridge: float = 0.03,
    ) -> SplitScores:
        """Reduce features to what the scores need.

        Parameters
        ----------
        features
            Of a data set in which every candidate has ``n_photos`` photos, ``n_sketches`` of them
            with a sketch.
        candidates
            Classes that may be unseen; those of the others that have sketches are always seen.
        dim
            Numbers that a feature is reduced to.
        n_sketches, n_photos
            Of each candidate: pairs to learn from, or queries and gallery if it is unseen.
        ridge
            The penalty, in units of the features' mean square.

        Raises
        ------
        UnknownNameError
            If a class is not in the data set.
        ZsbirError
            If a candidate has too few photos or sketches, fewer than two classes are always seen,
            or a number is out of range.
        """
        names = [str(name) for name in candidates]
        unknown = [name for name in names if name not in features.class_names]
        if unknown or len(set(names)) < len(names):
            raise UnknownNameError(
                f"candidates must be different classes of {features.dataset}"
                + (f", which has no {', '.join(unknown)}" if unknown else "")
            )
        if not 1 <= n_sketches <= n_photos:
            raise ZsbirError(f"n_sketches is {n_sketches}: it must be from 1 to n_photos, "
                             f"{n_photos}")  # fmt: skip
        if not ridge > 0:
            raise ZsbirError(f"ridge is {ridge}: it must be above 0")
        numbers = {name: features.class_names.index(name) for name in names}
        paired = (features.sketch_photos >= 0).numpy()
        labels = features.sketch_labels.numpy()
        always = paired & ~np.isin(labels, list(numbers.values()))
        if len(np.unique(labels[always])) < 2:
            raise ZsbirError("fewer than two classes with sketches are no candidates: leave some")
        owner = features.sketch_photos.numpy()
        base = np.isin(features.photo_labels.numpy(), np.unique(labels[always]))
        if not 1 <= dim <= min(features.dim, base.sum() - 1):
            raise ZsbirError(f"dim is {dim}: it must be from 1 to {features.dim}")
        x, y = _reduce(features, base, dim)
        sketches, photos = {}, {}
        for name, number in numbers.items():
            rows = np.flatnonzero(paired & (labels == number))
            _, first = np.unique(owner[rows], return_index=True)
            rows = rows[np.sort(first)]  # one sketch of each photo
            own = np.flatnonzero(features.photo_labels.numpy() == number)
            # Photos that were drawn come first, in the order of their sketches.
            own = np.concatenate([owner[rows], np.setdiff1d(own, owner[rows])])[:n_photos]
            if len(rows) < n_sketches or len(own) < n_photos:
                raise ZsbirError(
                    f"{name} has {len(own)} photos, {len(rows)} of them with a sketch: n_photos, "
                    f"{n_photos}, and n_sketches, {n_sketches}, may not be more"
                )
            sketches[name] = x[rows[:n_sketches]].round(3).tolist()
            photos[name] = y[own].round(3).tolist()
        u, v = x[always], y[owner[always]]
        sums = {"n": len(u), "x": u.sum(axis=0), "y": v.sum(axis=0), "xx": u.T @ u, "xy": u.T @ v}
        return cls(
            tuple(names),
            sketches,
            photos,
            {name: np.round(value, 4).tolist() for name, value in sums.items()},
            float(ridge),
        )

    def per_class(self, unseen: Sequence[str]) -> dict[str, dict[str, float]]:
        """Return mAP@K of each class of `unseen`, by ``"cosine"`` and ``"ridge"`` and its name.

        K is the number of photos of each class in the gallery, so that all definitions of mAP@K
        agree.
        """
        asked = [name for name in self.candidates if name in unseen]
        if not asked:
            return {"cosine": {}, "ridge": {}}
        total = {name: np.asarray(value) for name, value in self.sums.items()}
        for name in self.candidates:
            if name not in unseen:
                x = np.asarray(self.sketches[name])
                y = np.asarray(self.photos[name])[: len(x)]
                for key, value in (("n", len(x)), ("x", x.sum(axis=0)), ("y", y.sum(axis=0)),
                                   ("xx", x.T @ x), ("xy", x.T @ y)):  # fmt: skip
                    total[key] = total[key] + value
        n, mx, my = total["n"], total["x"] / total["n"], total["y"] / total["n"]
        left = total["xx"] / n - np.outer(mx, mx) + self.ridge * np.eye(len(mx))
        weights = np.linalg.solve(left, total["xy"] / n - np.outer(mx, my))
        queries = np.concatenate([self.sketches[name] for name in asked]) - mx
        gallery = np.concatenate([self.photos[name] for name in asked]) - my
        return {
            "cosine": _scores(queries, gallery, asked),
            "ridge": _scores(queries @ weights, gallery, asked),
        }


def _reduce(features: FeatureSet, base: np.ndarray, dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sketches and photos on the main axes of the base photos, in units of their RMS."""
    photos = features.photos.double().numpy()
    middle = photos[base].mean(axis=0)
    _, _, axes = np.linalg.svd(photos[base] - middle, full_matrices=False)
    axes = axes[:dim].T
    # The sign of an axis is arbitrary: let its largest number be positive.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), range(dim)])
    unit = np.sqrt((((photos[base] - middle) @ axes) ** 2).mean())
    if not unit > 0:
        raise ZsbirError("the photos of the classes that are always seen are all alike")
    sketches = features.sketches.double().numpy()
    return (sketches - middle) @ axes / unit, (photos - middle) @ axes / unit


def _scores(queries: np.ndarray, gallery: np.ndarray, names: Sequence[str]) -> dict[str, float]:
    """Return mAP@K of each class; rows stand by class, equally many of each."""
    count = len(names)
    depth = len(gallery) // count
    queries, gallery = (
        rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        for rows in (queries, gallery)
    )
    found = np.argsort(-(queries @ gallery.T), axis=1, kind="stable")[:, :depth] // depth
    hits = found == np.repeat(np.arange(count), len(queries) // count)[:, None]
    precision = hits.cumsum(axis=1) / np.arange(1, depth + 1)
    values = (hits * precision).sum(axis=1) / depth
    return dict(zip(names, values.reshape(count, -1).mean(axis=1).tolist(), strict=True))
