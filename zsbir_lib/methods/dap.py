r"""Direct attribute prediction: tell attributes from features, and classes from attributes.

Lampert, Nickisch and Harmeling, *Learning to Detect Unseen Object Classes by Between-Class
Attribute Transfer*, CVPR 2009. What "striped" looks like is learnt from the seen classes that are
striped; an unseen class is then named by its list of attributes alone. The paper predicts each
attribute by a support vector machine with calibrated output; here it is logistic regression,
whose output is a probability as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from zsbir_lib.errors import ConstantFeaturesError, UnknownNameError, ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods.attributes import class_attributes
from zsbir_lib.methods.base import RetrievalMethod, check_features, encoder
from zsbir_lib.methods.estimator import check_fitted, hyper
from zsbir_lib.methods.logistic import fit_logistic

__all__ = ["DAP", "fit_logistic"]

_KINDS = ("sketch", "photo")


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

    The attributes of the classes, seen or to be named, come with the pairs.

    Attributes
    ----------
    attributes_ : tuple of str
        The attributes that could be learnt.
    class_names_ : tuple of str
        The classes of the pairs, seen or not.
    table_ : Tensor of bool, shape (classes, a)
        Which of these attributes each of them has.
    priors_ : Tensor of float32, shape (a,)
        :math:`p(a_m = 1)`.
    weights_ : dict of str to Tensor
        For ``"sketch"`` and ``"photo"``: the :math:`w_m` as columns, shape (d, a).
    biases_ : dict of str to Tensor
        For both: the :math:`b_m`, shape (a,).
    """

    name = "dap"
    title = "DAP"

    ridge: float = hyper(
        default=0.1,
        least=0,
        search=(0.01, 0.03, 0.1, 0.3),
        help=r":math:`\rho`, in units of the features' mean square.",
    )

    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        seen = pairs.labels.unique()
        words, table = class_attributes(pairs, torch.arange(len(pairs.class_names)))
        has = table > 0
        table = has[seen]
        varies = table.any(dim=0) & ~table.all(dim=0)
        if not varies.any():
            raise ConstantFeaturesError(
                "DAP: no attribute is had by some of the seen classes and not by others: "
                "give attributes that tell classes apart"
            )
        table = table[:, varies].double()
        # Photos of a class without sketches are not of the seen classes: they are left out.
        known = torch.isin(pairs.photo_labels, seen)
        photos, photo_labels = pairs.photos, pairs.photo_labels
        if not known.all():
            photos, photo_labels = photos[known], photo_labels[known]
        weights, biases, evidence = {}, {}, {}
        views = (pairs.sketches, pairs.labels), (photos, photo_labels)
        for kind, (features, labels) in zip(_KINDS, views, strict=True):
            targets = table[torch.searchsorted(seen, labels)].float()
            weights[kind], biases[kind] = fit_logistic(features, targets, self.ridge)
            logits = features @ weights[kind] + biases[kind]
            spread = logits.std(dim=0, correction=0)
            # A classifier that answers the same to all has no evidence to give.
            evidence[kind] = torch.stack([logits.mean(dim=0), torch.where(spread > 0, spread, 1)])
        self.attributes_ = tuple(
            word for word, kept in zip(words, varies.tolist(), strict=True) if kept
        )
        self.class_names_, self.table_ = pairs.class_names, has[:, varies]
        self.priors_ = table.mean(dim=0).float()
        self.weights_, self.biases_, self._moments = weights, biases, evidence

    def _logits(self, features: Tensor, kind: str) -> Tensor:
        check_fitted(self)
        if kind not in _KINDS:
            raise UnknownNameError(f"kind is {kind!r}: it must be 'sketch' or 'photo'")
        features = check_features(features, self._width(kind), kind)
        return features @ self.weights_[kind] + self.biases_[kind]

    def _width(self, kind: str) -> int:
        return len(self.weights_[kind])

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
        unknown = [name for name in class_names if name not in self.class_names_]
        if unknown:
            more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
            raise UnknownNameError(
                f"no attributes are known of {', '.join(unknown[:5])}{more}: "
                "the data set that the method was fitted on has no such class"
            )
        has = self.table_[[self.class_names_.index(name) for name in class_names]]
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

    def _evidence(self, features: Tensor, kind: str) -> Tensor:
        mean, spread = self._moments[kind]
        return (self._logits(features, kind) - mean) / spread

    @encoder("sketch")
    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return the evidence of sketches for each attribute, shape (n, a)."""
        return self._evidence(features, "sketch")

    @encoder("photo")
    def encode_photos(self, features: Tensor) -> Tensor:
        """Return the evidence of photos for each attribute, shape (m, a)."""
        return self._evidence(features, "photo")

    def _get_state(self) -> dict[str, Tensor]:
        check_fitted(self)
        state = {
            "attributes": _as_bytes(self.attributes_),
            "class_names": _as_bytes(self.class_names_),
            "table": self.table_,
            "priors": self.priors_,
        }
        for kind in _KINDS:
            state[f"{kind}_weight"] = self.weights_[kind]
            state[f"{kind}_bias"] = self.biases_[kind]
            state[f"{kind}_evidence"] = self._moments[kind]
        return state

    def _set_state(self, state: dict[str, Tensor]) -> None:
        self.priors_, self.table_ = state["priors"], state["table"]
        self.weights_ = {kind: state[f"{kind}_weight"] for kind in _KINDS}
        self.biases_ = {kind: state[f"{kind}_bias"] for kind in _KINDS}
        self._moments = {kind: state[f"{kind}_evidence"] for kind in _KINDS}
        self.attributes_ = _as_words(state["attributes"])
        self.class_names_ = _as_words(state["class_names"])


def _as_bytes(words: Sequence[str]) -> Tensor:
    """Return words as their bytes: a file of tensors holds nothing else."""
    return torch.tensor(list("\n".join(words).encode()), dtype=torch.uint8)


def _as_words(found: Tensor) -> tuple[str, ...]:
    return tuple(bytes(found.tolist()).decode().split("\n"))
