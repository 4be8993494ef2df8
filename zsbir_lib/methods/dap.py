r"""Direct attribute prediction: tell attributes from features, and classes from attributes.

Lampert, Nickisch and Harmeling, *Learning to Detect Unseen Object Classes by Between-Class
Attribute Transfer*, CVPR 2009. What "striped" looks like is learnt from the seen classes that are
striped; an unseen class is then named by its list of attributes alone. The paper predicts each
attribute by a support vector machine with calibrated output; here it is logistic regression,
whose output is a probability as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from zsbir_lib.errors import (
    ConstantFeaturesError,
    SingularMatrixError,
    UnknownNameError,
    ZsbirError,
)
from zsbir_lib.features import Pairs
from zsbir_lib.methods.base import RetrievalMethod, check_features, check_fitted
from zsbir_lib.methods.eszsl import attribute_table, toybox_attributes
from zsbir_lib.methods.linear_algebra import cholesky, gram
from zsbir_lib.methods.training import check_not_negative

_ITERATIONS = 200
_TOLERANCE = 1e-5  # of the largest number in the gradient


class DAP(RetrievalMethod):
    r"""Direct attribute prediction, with one set of classifiers for sketches and one for photos.

    For each attribute m, logistic regression models :math:`p(a_m = 1 \mid x) = \sigma(w_m^\top x +
    b_m)` and minimises, over the n images of the seen classes,

    .. math::

        -\frac1n \sum_{i=1}^{n} \log p(a_m^{y_i} \mid x_i) + \frac{\rho}{2} \| w_m \|^2 ,

    where :math:`a_m^{y}` tells whether class y has the attribute; features are centred and divided
    by their root mean square. A class c is then named by

    .. math::

        \arg\max_c \prod_m \frac{p(a_m^c \mid x)}{p(a_m^c)} ,

    with :math:`p(a_m)` the share of the seen classes that have the attribute. Attributes that all
    seen classes have, or none, cannot be learnt and are left out.

    For retrieval, an image is encoded as its evidence for each attribute: the log-odds
    :math:`w_m^\top x + b_m`, less their mean over the training images and divided by their
    standard deviation there, so that every attribute counts the same and sketches are compared
    with photos by what is unusual about them. No class is named on the way.

    Parameters
    ----------
    ridge
        :math:`\rho`, in units of the features' mean square.
    class_attributes
        The attributes of every class, seen or to be named: words by class name. None for the
        Toybox's table, which by name also describes the 125 classes of Sketchy.

    Attributes
    ----------
    attributes_ : tuple of str
        The attributes that could be learnt.
    priors_ : Tensor of float32, shape (a,)
        :math:`p(a_m = 1)`.
    weights_ : dict of str to Tensor
        For ``"sketch"`` and ``"photo"``: the :math:`w_m` as columns, shape (d, a).
    biases_ : dict of str to Tensor
        For both: the :math:`b_m`, shape (a,).
    """

    name = "dap"
    title = "DAP"
    search_space: ClassVar = {"ridge": (0.01, 0.03, 0.1, 0.3)}

    def __init__(
        self,
        *,
        ridge: float = 0.1,
        class_attributes: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.ridge = ridge
        self.class_attributes = class_attributes
        self.attributes_: tuple[str, ...] | None = None

    def _check(self) -> None:
        check_not_negative(self, "ridge")
        for name, words in (self.class_attributes or {}).items():
            if isinstance(words, str) or not all(isinstance(word, str) for word in words):
                raise ZsbirError(
                    f"class_attributes of {name!r} is {words!r}: give a list of words for a class"
                )

    def _table(self, class_names: Sequence[str]) -> tuple[tuple[str, ...], Tensor]:
        described = self.class_attributes
        if described is None:
            described = toybox_attributes(class_names)
        return attribute_table(class_names, described)

    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        seen = pairs.labels.unique()
        attributes, table = self._table([pairs.class_names[k] for k in seen.tolist()])
        varies = table.amin(dim=0) < table.amax(dim=0)
        if not varies.any():
            raise ConstantFeaturesError(
                "DAP: no attribute is had by some of the seen classes and not by others: "
                "give class_attributes that tell classes apart"
            )
        table = table[:, varies]
        # Photos of a class without sketches are not of the seen classes: they are left out.
        known = torch.isin(pairs.photo_labels, seen)
        photos, photo_labels = pairs.photos, pairs.photo_labels
        if not known.all():
            photos, photo_labels = photos[known], photo_labels[known]
        weights, biases, evidence = {}, {}, {}
        for kind, features, labels in (
            ("sketch", pairs.sketches, pairs.labels),
            ("photo", photos, photo_labels),
        ):
            targets = table[torch.searchsorted(seen, labels)].float()
            weights[kind], biases[kind] = fit_logistic(features, targets, self.ridge)
            logits = features @ weights[kind] + biases[kind]
            spread = logits.std(dim=0, correction=0)
            # A classifier that answers the same to all has no evidence to give.
            evidence[kind] = torch.stack([logits.mean(dim=0), torch.where(spread > 0, spread, 1)])
        self.attributes_ = tuple(
            word for word, kept in zip(attributes, varies.tolist(), strict=True) if kept
        )
        self.priors_ = table.mean(dim=0).float()
        self.weights_, self.biases_, self._evidence = weights, biases, evidence

    def _logits(self, features: Tensor, kind: str) -> Tensor:
        check_fitted(self, "attributes_")
        if kind not in self.weights_:
            raise UnknownNameError(f"kind is {kind!r}: it must be 'sketch' or 'photo'")
        features = check_features(features, len(self.weights_[kind]), kind)
        return features @ self.weights_[kind] + self.biases_[kind]

    def predict_attributes(self, features: Tensor, kind: str = "sketch") -> Tensor:
        """Return the probability of each attribute in `attributes_`, shape (n, a).

        Parameters
        ----------
        features
            Of sketches or photos, shape (n, d).
        kind
            ``"sketch"`` or ``"photo"``: which they are.

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        return self._logits(features, kind).sigmoid()

    def class_scores(
        self, features: Tensor, class_names: Sequence[str], kind: str = "sketch"
    ) -> Tensor:
        r"""Return :math:`\sum_m \log p(a_m^c | x) - \log p(a_m^c)`, shape (n, classes).

        Parameters
        ----------
        features
            Of sketches or photos, shape (n, d).
        class_names
            The classes c to choose from; none of them need have been seen.
        kind
            ``"sketch"`` or ``"photo"``.

        Raises
        ------
        UnknownNameError
            If a class has no attributes, or `kind` is another.
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        logits = self._logits(features, kind)
        words, table = self._table(class_names)
        column = {word: i for i, word in enumerate(words)}
        has = torch.zeros(len(class_names), len(self.attributes_), dtype=torch.bool)
        for m, word in enumerate(self.attributes_):
            if word in column:
                has[:, m] = table[:, column[word]] > 0
        # The logs of p(a|x) and p(a) for a = 1 where the class has the attribute, else for a = 0.
        log_prior = torch.where(has, self.priors_.log(), (-self.priors_).log1p()).sum(dim=1)
        sign = torch.where(has, 1.0, -1.0)
        scores = [nn.functional.logsigmoid(logits * row).sum(dim=1) for row in sign]
        return torch.stack(scores, dim=1) - log_prior

    def classify(
        self, features: Tensor, class_names: Sequence[str], kind: str = "sketch"
    ) -> list[str]:
        """Name the class of each image; see `class_scores` for errors.

        Parameters
        ----------
        features
            Of sketches or photos, shape (n, d).
        class_names
            The classes to choose from; none of them need have been seen.
        kind
            ``"sketch"`` or ``"photo"``.

        Returns
        -------
        list of str
            For each image, the one of `class_names` with the highest score, the first of equals.
        """
        if not len(class_names):
            raise ZsbirError("class_names is empty: name the classes to choose from")
        best = self.class_scores(features, class_names, kind).argmax(dim=1)
        return [class_names[i] for i in best.tolist()]

    def _encode(self, features: Tensor, kind: str) -> Tensor:
        logits = self._logits(features, kind)
        mean, spread = self._evidence[kind]
        return (logits - mean) / spread

    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return the evidence of sketches for each attribute, shape (n, a).

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        return self._encode(features, "sketch")

    def encode_photos(self, features: Tensor) -> Tensor:
        """Return the evidence of photos for each attribute, shape (m, a).

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the features do not fit it.
        """
        return self._encode(features, "photo")

    def _get_state(self) -> dict[str, Tensor]:
        check_fitted(self, "attributes_")
        # Words as their bytes: a file of tensors holds nothing else.
        words = torch.tensor(list("\n".join(self.attributes_).encode()), dtype=torch.uint8)
        state = {"attributes": words, "priors": self.priors_}
        for kind in ("sketch", "photo"):
            state[f"{kind}_weight"] = self.weights_[kind]
            state[f"{kind}_bias"] = self.biases_[kind]
            state[f"{kind}_evidence"] = self._evidence[kind]
        return state

    def _set_state(self, state: dict[str, Tensor]) -> None:
        kinds = ("sketch", "photo")
        self.priors_ = state["priors"]
        self.weights_ = {kind: state[f"{kind}_weight"] for kind in kinds}
        self.biases_ = {kind: state[f"{kind}_bias"] for kind in kinds}
        self._evidence = {kind: state[f"{kind}_evidence"] for kind in kinds}
        self.attributes_ = tuple(bytes(state["attributes"].tolist()).decode().split("\n"))


def fit_logistic(features: Tensor, targets: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    r"""Fit logistic regressions, one for each column of the targets, by L-BFGS.

    The curvature of the loss is nowhere above :math:`\frac{1}{4n} X^\top X + \rho I` (Böhning,
    1992). In coordinates where this bound is the identity, few steps are enough.

    Parameters
    ----------
    features
        Shape (n, d); the fit is to their centred and scaled values, the result is for them as
        they are.
    targets
        0 and 1, shape (n, a).
    ridge
        :math:`\rho`, in units of the features' mean square; biases are free.

    Returns
    -------
    weights : Tensor of float32, shape (d, a)
        For the features as they are.
    biases : Tensor of float32, shape (a,)
        For the same.

    Raises
    ------
    SingularMatrixError
        If the bound has no inverse.
    ZsbirError
        If the fit does not converge: features separate an attribute, and the ridge is too small
        to hold the weights.
    """
    n = len(features)
    moments, mean = gram(features)
    covariance = moments / n - torch.outer(mean, mean)
    scale = covariance.diagonal().mean().sqrt()
    bound = covariance / (4 * scale**2)
    bound.diagonal().add_(ridge)
    try:
        factor = cholesky(bound)
    except SingularMatrixError as error:
        raise SingularMatrixError(f"DAP: {error}; raise ridge (it is {ridge:g})") from None

    def as_they_are(point: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        w = torch.linalg.solve_triangular(factor.T, point[1:], upper=True)
        return w, w / scale, 2 * point[0] - mean @ w / scale

    share = targets.double().mean(dim=0).clamp(1 / (2 * n), 1 - 1 / (2 * n))
    point = torch.zeros(1 + features.shape[1], targets.shape[1], dtype=torch.float64)
    point[0] = share.logit() / 2
    optimiser = torch.optim.LBFGS(
        [point], max_iter=_ITERATIONS, tolerance_grad=_TOLERANCE, tolerance_change=0,
        history_size=10, line_search_fn="strong_wolfe",
    )  # fmt: skip

    def closure() -> Tensor:
        w, weights, biases = as_they_are(point)
        logits = features @ weights.float() + biases.float()
        losses = nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        residuals = logits.sigmoid_().sub_(targets)
        total = residuals.sum(dim=0, dtype=torch.float64)
        slope = (features.T @ residuals).double() - torch.outer(mean, total)
        slope = slope / (n * scale) + ridge * w
        point.grad = torch.empty_like(point)
        point.grad[0] = 2 * total / n
        point.grad[1:] = torch.linalg.solve_triangular(factor, slope, upper=False)
        return losses.sum(dtype=torch.float64) / n + ridge / 2 * w.pow(2).sum()

    optimiser.step(closure)
    closure()
    if not point.grad.abs().max() < 100 * _TOLERANCE:
        raise ZsbirError(
            f"DAP: the attribute classifiers did not converge in {_ITERATIONS} steps: "
            f"raise ridge (it is {ridge:g})"
        )
    _, weights, biases = as_they_are(point)
    return weights.float(), biases.float()
