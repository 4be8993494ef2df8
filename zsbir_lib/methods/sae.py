r"""The semantic autoencoder: one linear map from photos to sketches, whose transpose maps back.

Kodirov, Xiang and Gong, *Semantic Autoencoder for Zero-Shot Learning*, CVPR 2017. There the code
of a photo is a vector of class attributes; here it is the feature of the sketch that was drawn
from it, as in the comparison of Yelamarthi et al., ECCV 2018.

The map solves a Sylvester equation. The general solver for such equations (Bartels and Stewart,
1972) works on Schur forms, column after column. Here both coefficients are symmetric, so two
eigendecompositions make the equation diagonal, and one division solves it.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from zsbir_lib.errors import SingularMatrixError, hyper_parameter
from zsbir_lib.features import Pairs
from zsbir_lib.methods.base import RetrievalMethod, encoder
from zsbir_lib.methods.estimator import check_fitted, hyper
from zsbir_lib.methods.linear_algebra import LinearMap, cross, gram, solve_symmetric_sylvester


class SAE(RetrievalMethod):
    r"""Semantic autoencoder: a photo is encoded as its sketch and decoded by the transpose.

    With the sketches of the training pairs as columns of :math:`S` (d × n) and their photos as
    columns of :math:`X` (d' × n), both centred and divided by their root mean square, it minimises

    .. math::

        \frac{1}{n}\Big( \| X - W^\top S \|_F^2 + \lambda \, \| W X - S \|_F^2 \Big)
        + \rho \, \| W \|_F^2 .

    The gradient vanishes where

    .. math::

        A W + W B = C, \qquad A = \tfrac1n S S^\top + \rho I, \quad
        B = \tfrac{\lambda}{n} X X^\top, \quad C = \tfrac{1 + \lambda}{n} S X^\top,

    the Sylvester equation of the paper, which has no :math:`\rho`: it is there for features that
    are linearly dependent, and so small that it changes nothing else.

    Retrieval compares either :math:`W x` with the sketch (``space="sketch"``) or the photo with
    :math:`W^\top s` (``space="photo"``).

    Attributes
    ----------
    weight_ : Tensor of float32, shape (d, d')
        :math:`W`.
    """

    name = "sae"
    title = "SAE"

    encoder_weight: float = hyper(
        default=0.1,
        above=0,
        search=(0.01, 0.1, 1.0, 10.0),
        help=r"The paper's :math:`\lambda`: what an error of the code weighs against one of the "
        "photo.",
    )
    space: str = hyper(
        default="sketch",
        choices=("sketch", "photo"),
        search=("sketch", "photo"),
        help="Where to compare: in the space of sketches, to which photos are mapped, or in that "
        "of photos, to which sketches are.",
    )
    centre: bool = hyper(
        default=True,
        help="Subtract the mean sketch and the mean photo of the training pairs. The paper's "
        "equation takes features as they are; those after a ReLU then lie in a narrow cone, where "
        "all cosines are close to 1.",
    )
    ridge: float = hyper(
        default=1e-6,
        least=0,
        help=r":math:`\rho`, in units of the features' mean square. At 0 the equation is the "
        "paper's.",
    )
    _learnt: ClassVar = ("weight_", "_sketch_mean", "_photo_mean", "_scales")

    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        n, weight = len(pairs), self.encoder_weight
        # Every photo stands in X once for each of its sketches. So X X^T takes the photos once,
        # weighted by their sketches' number, and S X^T takes the sum of the sketches of a photo.
        counts = pairs.photo_index.bincount(minlength=len(pairs.photos))
        of_photo = torch.zeros(len(pairs.photos), pairs.sketches.shape[1])
        of_photo.index_add_(0, pairs.photo_index, pairs.sketches)
        ss, sketch_mean = gram(pairs.sketches)
        xx, photo_mean = gram(pairs.photos, counts)
        sx = cross(of_photo, pairs.photos)
        if self.centre:
            ss -= n * torch.outer(sketch_mean, sketch_mean)
            xx -= n * torch.outer(photo_mean, photo_mean)
            sx -= n * torch.outer(sketch_mean, photo_mean)
        else:
            sketch_mean, photo_mean = sketch_mean.zero_(), photo_mean.zero_()
        sketch_scale = (ss.diagonal().mean() / n).sqrt()
        photo_scale = (xx.diagonal().mean() / n).sqrt()
        a = ss.div_(n * sketch_scale**2)
        a.diagonal().add_(self.ridge)
        b = xx.mul_(weight / (n * photo_scale**2))
        c = sx.mul_((1 + weight) / (n * sketch_scale * photo_scale))
        try:
            solution = solve_symmetric_sylvester(a, b, c)
        except SingularMatrixError as error:
            raise SingularMatrixError(
                f"SAE: {error}; raise {hyper_parameter('ridge')} (it is {self.ridge:g}, "
                "1e-6 will do)"
            ) from None
        self.weight_ = solution.float()
        self._sketch_mean, self._photo_mean = sketch_mean.float(), photo_mean.float()
        self._scales = torch.stack([sketch_scale, photo_scale]).float()

    @encoder("sketch")
    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return queries: the sketches (n, d), or what they decode to (n, d')."""
        centred = (features - self._sketch_mean) / self._scales[0]
        return centred if self.space == "sketch" else centred @ self.weight_

    @encoder("photo")
    def encode_photos(self, features: Tensor) -> Tensor:
        """Return the gallery: the codes of the photos (m, d), or the photos (m, d')."""
        centred = (features - self._photo_mean) / self._scales[1]
        return centred @ self.weight_.T if self.space == "sketch" else centred

    def query_network(self) -> nn.Module:
        """Return the map of sketches as one layer; see `RetrievalMethod.query_network`."""
        check_fitted(self)
        weight = torch.eye(len(self._sketch_mean)) if self.space == "sketch" else self.weight_
        return LinearMap(self._sketch_mean, weight / self._scales[0])
