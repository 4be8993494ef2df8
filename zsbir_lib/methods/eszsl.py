r"""Embarrassingly simple zero-shot learning: a bilinear compatibility in closed form.

Romera-Paredes and Torr, *An Embarrassingly Simple Approach to Zero-Shot Learning*, ICML 2015. It
was made to name classes of which only a description is known. Here the descriptions are a space
to meet in, as in the comparison of Yelamarthi et al., ECCV 2018: what a feature says about every
attribute is what is compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from zsbir_lib.errors import SingularMatrixError, UnknownNameError, ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods.base import RetrievalMethod, check_features, check_fitted
from zsbir_lib.methods.linear_algebra import cholesky, gram
from zsbir_lib.methods.training import check_not_negative


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

    Parameters
    ----------
    feature_ridge
        :math:`\gamma`, in units of the features' mean square.
    semantic_ridge
        :math:`\lambda`, in units of the semantics' mean square.
    semantics
        ``"class-means"``, or ``"attributes"``: the Toybox's table, which by name also describes
        the 125 classes of Sketchy.

    Attributes
    ----------
    sketch_weight_ : Tensor of float32, shape (d, a)
        :math:`W` for sketches.
    photo_weight_ : Tensor of float32, shape (d', a), or None
        :math:`W` for photos; None where they are compared as they are.
    """

    name = "eszsl"
    title = "ESZSL"
    search_space: ClassVar = {
        "feature_ridge": (0.1, 1.0, 10.0),
        "semantic_ridge": (1.0, 10.0, 100.0),
    }

    def __init__(
        self,
        *,
        feature_ridge: float = 1.0,
        semantic_ridge: float = 10.0,
        semantics: str = "class-means",
    ) -> None:
        self.feature_ridge = feature_ridge
        self.semantic_ridge = semantic_ridge
        self.semantics = semantics
        self.sketch_weight_: Tensor | None = None
        self.photo_weight_: Tensor | None = None

    def _check(self) -> None:
        check_not_negative(self, "feature_ridge", "semantic_ridge")
        if self.semantics not in ("class-means", "attributes"):
            raise ZsbirError(
                f"semantics is {self.semantics!r}: it must be 'class-means' or 'attributes'"
            )

    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        seen = pairs.labels.unique()
        names = [pairs.class_names[label] for label in seen.tolist()]
        # Photos of a class without sketches are not of the seen classes: they are left out.
        weights = torch.isin(pairs.photo_labels, seen).float()
        photo_sums = _class_sums(pairs.photos, pairs.photo_labels, seen)
        if self.semantics == "attributes":
            described = toybox_attributes(names)
            _, semantics = attribute_table(names, described)
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
                "use the other value of semantics"
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

    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return the semantics that each sketch is mapped to, shape (n, a).

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        check_fitted(self, "sketch_weight_")
        features = check_features(features, self.sketch_weight_.shape[0], "sketch")
        return (features - self._sketch_mean) / self._scales[0] @ self.sketch_weight_

    def encode_photos(self, features: Tensor) -> Tensor:
        """Return the semantics of each photo, shape (m, a): by its map, or the photo as it is.

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        check_fitted(self, "sketch_weight_")
        features = check_features(features, len(self._photo_mean), "photo")
        centred = (features - self._photo_mean) / self._scales[1]
        return centred if self.photo_weight_ is None else centred @ self.photo_weight_

    def _get_state(self) -> dict[str, Tensor]:
        check_fitted(self, "sketch_weight_")
        state = {
            "sketch_weight": self.sketch_weight_,
            "sketch_mean": self._sketch_mean,
            "photo_mean": self._photo_mean,
            "scales": self._scales,
        }
        if self.photo_weight_ is not None:
            state["photo_weight"] = self.photo_weight_
        return state

    def _set_state(self, state: dict[str, Tensor]) -> None:
        self.sketch_weight_ = state["sketch_weight"]
        self._sketch_mean, self._photo_mean = state["sketch_mean"], state["photo_mean"]
        self._scales = state["scales"]
        self.photo_weight_ = state.get("photo_weight")


def toybox_attributes(class_names: Sequence[str]) -> dict[str, list[str]]:
    """Return the attributes of classes by the Toybox's table, sorted.

    Raises
    ------
    UnknownNameError
        If the table lacks a class.
    """
    from zsbir_lib.datasets.toybox.registry import toy_classes

    table = toy_classes()
    _refuse_unknown(class_names, table, "the Toybox's table")
    return {name: sorted(table[name].attributes) for name in class_names}


def attribute_table(
    class_names: Sequence[str], described: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], Tensor]:
    """Return all attributes that occur in `described`, and which of them each class has.

    Parameters
    ----------
    class_names
        The classes, C of them.
    described
        The attributes of these classes, and maybe of others.

    Returns
    -------
    attributes : tuple of str
        In alphabetical order, a of them.
    table : Tensor of float64, shape (C, a)
        1 where a class has the attribute, else 0.

    Raises
    ------
    UnknownNameError
        If a class is not described.
    """
    _refuse_unknown(class_names, described, "the class attributes given")
    attributes = tuple(sorted({word for words in described.values() for word in words}))
    rows = [[word in set(described[name]) for word in attributes] for name in class_names]
    return attributes, torch.tensor(rows, dtype=torch.float64).view(len(rows), len(attributes))


def _refuse_unknown(
    class_names: Sequence[str], described: Mapping[str, object], source: str
) -> None:
    unknown = [name for name in class_names if name not in described]
    if unknown:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise UnknownNameError(
            f"no attributes are known of {', '.join(unknown[:5])}{more}: "
            f"{source} must describe every class"
        )


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
        raise SingularMatrixError(f"ESZSL: {error}; raise {name} (it is {ridge:g})") from None
    return torch.cholesky_solve(right, factor)
