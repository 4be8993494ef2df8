r"""Our own method: a linear Gaussian generative model of sketches and photos, in closed form.

The CVAE generates photo features with a deep network, learns it on the seen classes, and compares
in the space of raw features, where a few loud directions drown the rest. Here everything that it
generates with is linear, so that little can be learnt by heart; features are whitened; and what a
sketch and a photo share is compared, not all that a photo is.

The model is probabilistic canonical correlation analysis: Bach and Jordan, *A Probabilistic
Interpretation of Canonical Correlation Analysis*, 2005, after Hotelling, 1936. Two things are
added that a zero-shot task needs: shrinkage, and a prior that the two views, which come from one
backbone, mean the same by the same feature.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from zsbir_lib.errors import SingularMatrixError, ZsbirError, hyper_parameter
from zsbir_lib.features import Pairs
from zsbir_lib.methods.base import RetrievalMethod, check_features, encoder
from zsbir_lib.methods.estimator import check_fitted, hyper
from zsbir_lib.methods.linear_algebra import LinearMap, cross, gram
from zsbir_lib.retrieval import DiffusionIndex, Index, neighbour_graph, whiten_neighbours


class Ours(RetrievalMethod):
    r"""Shrunken probabilistic CCA with an aligned prior; sees neither gallery nor other queries.

    Features are first made well-behaved: :math:`x \mapsto \operatorname{sign}(x)|x|^p`, then unit
    length, then centred by the mean of the seen sketches, or of the seen photos. The model is

    .. math::

        z \sim \mathcal{N}(0, I), \qquad
        x_s = A_s z + \epsilon_s, \qquad x_p = A_p z + \epsilon_p .

    **Fit.** Each view is whitened by its shrunken covariance on the seen classes,

    .. math::

        \tilde\Sigma = (1 - \eta) \, \frac{\Sigma}{\tau} + \eta I, \qquad
        \tau = \tfrac1d \operatorname{tr} \Sigma, \qquad \tilde x = \tilde\Sigma^{-1/2} x ,

    and the covariance of the two views is mixed of three sources, each scaled to norm 1 before
    the last is added:

    .. math::

        C = \overline{(1 - \mu) \, \tfrac1n \textstyle\sum_i s_i p_i^\top
            + \mu \, \tfrac1n \sum_i s_i \bar p_{c(i)}^\top} \; + \; \alpha \, \overline{I} .

    The first pairs a sketch with its own photo, the second with the mean photo of its class, and
    the third says, before any pair was seen, that a feature of a sketch is worth the same feature
    of a photo. With :math:`\tilde\Sigma_s^{-1/2} C \, \tilde\Sigma_p^{-1/2} = U R V^\top` the
    maximum-likelihood model is :math:`A_s = \tilde\Sigma_s^{1/2} U R^{1/2}` and likewise for
    photos. R is scaled so that its largest entry is 1.

    **Encode.** A sketch and a photo are compared by the posterior means of what they share,

    .. math::

        \mathbb{E}[z \mid x_s] = R^{1/2} U^\top \tilde x_s, \qquad
        \mathbb{E}[z \mid x_p] = R^{1/2} V^\top \tilde x_p .

    Attributes
    ----------
    correlations_ : Tensor of float32, shape (latent_dim,)
        The diagonal of R.
    """

    name = "ours"
    title = "Ours"

    power: float = hyper(
        default=0.6, above=0, help="p. Below 1 it tames the few features that are very large."
    )
    sketch_shrinkage: float = hyper(
        default=0.5,
        least=0,
        most=1,
        search=(0.3, 0.5, 0.8),
        help=r":math:`\eta` of sketches: 0 whitens fully, 1 not at all.",
    )
    photo_shrinkage: float = hyper(
        default=0.9, least=0, most=1, search=(0.7, 0.9), help=r":math:`\eta` of photos."
    )
    class_weight: float = hyper(
        default=0.2,
        least=0,
        most=1,
        help=r":math:`\mu`: 0 looks at objects only, 1 at classes only.",
    )
    alignment: float = hyper(
        default=0.3,
        least=0,
        help=r":math:`\alpha`: 0 for views that come from different backbones.",
    )
    n_components: int = hyper(
        default=1024, least=1, help="At most so many principal components of each view are kept."
    )
    latent_dim: int | None = hyper(
        default=None, least=1, help="Width of z; None for all components."
    )
    _learnt: ClassVar = (
        "correlations_", "_sketch_mean", "_photo_mean", "_sketch_map", "_photo_map",
    )  # fmt: skip

    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        if self.alignment and pairs.sketches.shape[1] != pairs.photos.shape[1]:
            raise ZsbirError(
                f"sketches have {pairs.sketches.shape[1]} numbers and photos "
                f"{pairs.photos.shape[1]}: features of two backbones need "
                f"{hyper_parameter('alignment', 0)}"
            )
        sketches, self._sketch_mean = _centred(_tamed(pairs.sketches, self.power))
        photos, self._photo_mean = _centred(_tamed(pairs.photos, self.power))
        whiten_s = _whitening(sketches, self.sketch_shrinkage, self.n_components, "sketch")
        whiten_p = _whitening(photos, self.photo_shrinkage, self.n_components, "photo")
        # Every sketch has a partner: its own photo, drawn towards the mean photo of its class.
        # Sums over the sketches of one photo come first: there are fewer photos than sketches.
        per_photo = torch.zeros(len(photos), sketches.shape[1])
        per_photo.index_add_(0, pairs.photo_index, sketches)
        means = _class_means(photos, pairs.photo_labels)
        partners = photos.lerp(means, self.class_weight)
        shared = cross(per_photo, partners)
        shared /= shared.norm().clamp(min=torch.finfo(shared.dtype).tiny)
        if self.alignment:
            shared.diagonal().add_(self.alignment / len(shared) ** 0.5)
        u, r, vt = torch.linalg.svd(whiten_s.T @ shared @ whiten_p, full_matrices=False)
        r = (r / r[0])[: self.latent_dim]
        width = len(r)
        half = r.sqrt()
        self._sketch_map = ((whiten_s @ u[:, :width]) * half).float()
        self._photo_map = ((whiten_p @ vt[:width].T) * half).float()
        self.correlations_ = r.float()

    @encoder("sketch")
    def encode_sketches(self, features: Tensor) -> Tensor:
        """Return what each sketch says of the shared latent vector, shape (n, latent_dim)."""
        return (_tamed(features, self.power) - self._sketch_mean) @ self._sketch_map

    @encoder("photo")
    def encode_photos(self, features: Tensor) -> Tensor:
        """Return what each photo says of the shared latent vector, shape (m, latent_dim)."""
        return (_tamed(features, self.power) - self._photo_mean) @ self._photo_map

    def query_network(self) -> nn.Module:
        """Return the map of sketches as one layer; see `RetrievalMethod.query_network`."""
        check_fitted(self)
        return LinearMap(self._sketch_mean, self._sketch_map, self.power)


class OursGallery(Ours):
    r"""`Ours`, with the scores spread over the neighbour graph of the unlabelled gallery.

    Photos of one class resemble each other far more than they resemble any sketch, so a photo
    that the sketch found vouches for its neighbours: see `zsbir_lib.retrieval.DiffusionIndex`. The
    graph joins photos that are near in what they share with sketches, and in their own features.
    It then improves itself: in what do neighbours differ? That cannot matter much for the class, so
    features are whitened by it (`zsbir_lib.retrieval.whiten_neighbours`), and neighbours are looked
    for again, a few times. Other queries are not looked at.
    """

    name = "ours+gallery"
    title = "Ours + gallery"

    n_neighbours: int = hyper(
        default=15, least=1, help="Neighbours that each photo is joined with."
    )
    graph_rounds: int = hyper(
        default=4,
        least=0,
        help="How often the graph is made again from features whitened by the graph before; 0 for "
        "never.",
    )
    graph_shrinkage: float = hyper(
        default=0.1, above=0, most=1, help="Of that whitening; 1 for none."
    )
    diffusion: float = hyper(
        default=0.95, least=0, below=1, help="How far scores travel; 0 for nowhere."
    )
    temperature: float = hyper(
        default=0.05, above=0, help=r"A photo starts with :math:`\exp(\cos / T)`."
    )

    def index(self, features: Tensor) -> Index:
        """Return the gallery, with its neighbour graph, ready to be searched many times.

        The graph takes longer than many searches: index a gallery once.
        """
        check_fitted(self)
        features = check_features(features, self._width("photo"), "photo")
        codes = self.encode_photos(features)
        own = _tamed(features, self.power) - self._photo_mean
        views = [codes, _principal(own, self.n_components)]
        joint = torch.cat([_unit(view) for view in views], dim=1)
        for _ in range(self.graph_rounds):
            graph = neighbour_graph(joint, self.n_neighbours)
            whitened = [whiten_neighbours(view, graph, self.graph_shrinkage) for view in views]
            joint = torch.cat([_unit(view) for view in whitened], dim=1)
        return DiffusionIndex(
            codes,
            joint,
            n_neighbours=self.n_neighbours,
            diffusion=self.diffusion,
            temperature=self.temperature,
        )


def _unit(rows: Tensor) -> Tensor:
    return torch.nn.functional.normalize(rows, dim=1)


def _principal(rows: Tensor, count: int) -> Tensor:
    """Return rows in their first principal components, if they have more than so many numbers."""
    if rows.shape[1] <= count:
        return rows
    scatter, _ = gram(rows)
    return rows @ torch.linalg.eigh(scatter).eigenvectors[:, -count:].float()


def _tamed(features: Tensor, power: float) -> Tensor:
    """Return signed powers of features, at unit length."""
    return _unit(features.sign() * features.abs().pow(power))


def _centred(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows about their mean, and the mean."""
    mean = rows.mean(dim=0)
    return rows - mean, mean


def _class_means(rows: Tensor, labels: Tensor) -> Tensor:
    """Return, for each row, the mean of the rows of its class."""
    _, number = labels.unique(return_inverse=True)
    counts = number.bincount()
    sums = torch.zeros(len(counts), rows.shape[1]).index_add_(0, number, rows)
    return (sums / counts[:, None])[number]


def _whitening(rows: Tensor, shrinkage: float, n_components: int, view: str) -> Tensor:
    """Return the map of centred rows onto whitened principal components, shape (d, k)."""
    covariance, _ = gram(rows)
    values, vectors = torch.linalg.eigh(covariance / covariance.diagonal().mean())
    values = values[-n_components:].clamp(min=0)
    shrunken = (1 - shrinkage) * values + shrinkage
    if shrunken[0] < 1e-10:
        raise SingularMatrixError(
            f"the covariance of the {view} features is singular, as {view}s are fewer than the "
            f"numbers of a feature, or some of these depend on others: raise "
            f"{hyper_parameter(view + '_shrinkage')} above {shrinkage}, or "
            f"lower {hyper_parameter('n_components')}"
        )
    return vectors[:, -n_components:] * shrunken.rsqrt()
