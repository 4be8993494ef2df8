r"""Embarrassingly simple zero-shot learning: a bilinear compatibility in closed form.

Romera-Paredes and Torr, *An Embarrassingly Simple Approach to Zero-Shot Learning*, ICML 2015. It
was made to name classes of which only a description is known. Here the descriptions are a space
to meet in, as in the comparison of Yelamarthi et al., ECCV 2018: what a feature says about every
attribute is what is compared.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from zsbir_lib.errors import SingularMatrixError, hyper_parameter
from zsbir_lib.features import Pairs
from zsbir_lib.methods.attributes import class_attributes
from zsbir_lib.methods.base import RetrievalMethod, encoder
from zsbir_lib.methods.estimator import check_fitted, hyper
from zsbir_lib.methods.linear_algebra import LinearMap, cholesky, gram


class ESZSL(RetrievalMethod):
    r"""Bilinear map from features to class semantics, with squared error and two ridges.

    With features as columns of :math:`X` (d × n), :math:`Y` (n × C) holding 1 where a row is of
    the class and -1 elsewhere, and the semantics of the C seen classes as columns of :math:`S`
    (a × C),

    .. math::

        W = \Big(\tfrac1n X X^\top + \gamma I\Big)^{-1} \tfrac1{nC} X Y S^\top
            \Big(\tfrac1C S S^\top + \lambda I\Big)^{-1} .

    It minimises :math:`\frac{1}{nC} \|X^\top W S - Y\|_F^2` with the paper's regulariser
    :math:`\frac{\gamma}{C} \|W S\|_F^2 + \frac{\lambda}{n} \|X^\top W\|_F^2
    + \gamma\lambda \|W\|_F^2`. The divisions by n and C are not in the paper: with them, good
    :math:`\gamma` and :math:`\lambda` do not depend on how many pairs and classes there are.

    A feature becomes :math:`W^\top x`, a vector of semantics. With ``semantics="attributes"`` one
    map is learnt from the sketches and another from the photos, and their images are compared.
    With ``semantics="class-means"`` the semantics of a class is the mean feature of its photos:
    photos are in that space already and stay as they are, and sketches are mapped to them.

    Features are centred and divided by their root mean square, and so are the semantics: what all
    classes have in common tells none of them apart.

    Attributes
    ----------
    sketch_weight_ : Tensor of float32, shape (d, a)
        :math:`W` for sketches.
    photo_weight_ : Tensor of float32, shape (d', a), or None
        :math:`W` for photos; None where they are compared as they are.
    """

    name = "eszsl"
    title = "ESZSL"

    feature_ridge: float = hyper(
        default=1.0,
        least=0,
        search=(0.1, 1.0, 10.0),
        help=r":math:`\gamma`, in units of the features' mean square.",
    )
    semantic_ridge: float = hyper(
        default=10.0,
        least=0,
        search=(1.0, 10.0, 100.0),
        help=r":math:`\lambda`, in units of the semantics' mean square.",
    )
    semantics: str = hyper(
        default="class-means",
        choices=("class-means", "attributes"),
        help="What describes a class: the mean feature of its photos, or the attributes that come "
        "with the pairs.",
    )
    _learnt: ClassVar = (
        "sketch_weight_", "photo_weight_", "_sketch_mean", "_photo_mean", "_scales",
    )  # fmt: skip

    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        seen = pairs.labels.unique()
        # Photos of a class without sketches are not of the seen classes: they are left out.
        weights = torch.isin(pairs.photo_labels, seen).float()
        photo_sums = _class_sums(pairs.photos, pairs.photo_labels, seen)
        if self.semantics == "attributes":
            _, semantics = class_attributes(pairs, seen)
            xx, photo_mean = gram(pairs.photos, weights)
        else:
            semantics = photo_sums / _class_counts(pairs.photo_labels, seen)[:, None]
            photo_mean = photo_sums.sum(dim=0) / weights.double().sum()
            xx = None
        semantics = semantics - semantics.mean(dim=0)
        scale = semantics.pow(2).mean().sqrt()
        if not scale > 0:
            raise SingularMatrixError(
                "ESZSL: all classes have the same semantics, and no ridge can tell them apart: "
                f"use the other value of {hyper_parameter('semantics')}"
            )
        semantics /= scale

        ss, sketch_mean = gram(pairs.sketches)
        sketch_sums = _class_sums(pairs.sketches, pairs.labels, seen)
        counts = _class_counts(pairs.labels, seen)
        weight, sketch_scale = self._solve(ss, sketch_mean, sketch_sums, counts, semantics)
        self.photo_weight_ = None
        if xx is None:
            photo_scale = scale
        else:
            counts = _class_counts(pairs.photo_labels, seen)
            photo_weight, photo_scale = self._solve(xx, photo_mean, photo_sums, counts, semantics)
            self.photo_weight_ = photo_weight.float()
        self.sketch_weight_ = weight.float()
        self._sketch_mean, self._photo_mean = sketch_mean.float(), photo_mean.float()
        self._scales = torch.stack([sketch_scale, photo_scale]).float()

    def _solve(
        self, moments: Tensor, mean: Tensor, sums: Tensor, counts: Tensor, semantics: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return W and the root mean square of the centred features, all in float64.

        Parameters
        ----------
        moments, mean
            X X^T and the mean of x, before centring.
        sums, counts
            Sum of the features of each class, shape (C, d), and their number.
        semantics
            Shape (C, a).
        """
        n, n_classes = counts.sum(), len(semantics)
        covariance = moments / n - torch.outer(mean, mean)
        scale = covariance.diagonal().mean().sqrt()
        # Row x of X Y is, for each class, the sum over its members less the sum over all others;
        # all together they are 0, as features are centred.
        xy = 2 * (sums - counts[:, None] * mean).T / (scale * n)
        left = _solve_with_ridge(
            covariance / scale**2, self.feature_ridge, xy @ semantics / n_classes, "feature_ridge"
        )
        inner = semantics.T @ semantics / n_classes
        right = _solve_with_ridge(inner, self.semantic_ridge, left.T, "semantic_ridge")
        return right.T, scale

    @encoder("sketch")
    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return the semantics that each sketch is mapped to, shape (n, a)."""
        return (features - self._sketch_mean) / self._scales[0] @ self.sketch_weight_

    @encoder("photo")
    def encode_photos(self, features: Tensor) -> Tensor:
        """Return the semantics of each photo, shape (m, a): by its map, or the photo as it is."""
        centred = (features - self._photo_mean) / self._scales[1]
        return centred if self.photo_weight_ is None else centred @ self.photo_weight_

    def query_network(self) -> nn.Module:
        """Return the map of sketches as one layer; see `RetrievalMethod.query_network`."""
        check_fitted(self)
        return LinearMap(self._sketch_mean, self.sketch_weight_ / self._scales[0])


def _class_counts(labels: Tensor, seen: Tensor) -> Tensor:
    return labels.bincount(minlength=int(seen.max()) + 1)[seen].double()


def _class_sums(features: Tensor, labels: Tensor, seen: Tensor) -> Tensor:
    """Return the sum of the features of each class of `seen`, float64, shape (C, d)."""
    return torch.stack([features[labels == label].double().sum(dim=0) for label in seen])


def _solve_with_ridge(matrix: Tensor, ridge: float, right: Tensor, name: str) -> Tensor:
    """Return (matrix + ridge I)^-1 right by Cholesky.

    Raises
    ------
    SingularMatrixError
        If there is no inverse, up to rounding; the message names the hyper-parameter to raise.
    """
    matrix = matrix.clone()
    matrix.diagonal().add_(ridge)
    try:
        factor = cholesky(matrix)
    except SingularMatrixError as error:
        advice = f"raise {hyper_parameter(name)} (it is {ridge:g})"
        raise SingularMatrixError(f"ESZSL: {error}; {advice}") from None
    return torch.cholesky_solve(right, factor)
