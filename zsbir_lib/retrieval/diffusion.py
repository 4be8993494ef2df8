r"""Ranking by diffusion: photos that a sketch found vouch for the photos that resemble them.

Zhou, Weston, Gretton, Bousquet and Schölkopf, *Ranking on Data Manifolds*, NIPS 2003. The photos
of a gallery are the nodes of a graph; each is joined with its nearest neighbours. A query gives
every photo a first score, which then spreads along the edges.
"""

from __future__ import annotations

import importlib.util
import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from zsbir_lib.errors import ZsbirError
from zsbir_lib.retrieval.index import Index
from zsbir_lib.retrieval.large import LargeIndex

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scipy import sparse
    from typing_extensions import Self

EXACT_GRAPH = 100_000
"""Photos up to which `neighbour_graph` looks for neighbours exactly."""

_GRAPH_BREADTH = 16  # lists looked into beyond that
_EDGES = 2**18  # whose common neighbours are counted at once
_CSR = ("data", "indices", "indptr")  # the arrays of a sparse matrix


class DiffusionIndex(Index):
    r"""A gallery whose photos share their scores with their neighbours.

    With y the first scores of a query, :math:`y_j = \exp(\cos(q, x_j) / T)`, and W the graph,
    normalised to :math:`D^{-1/2} W D^{-1/2}`, photos are ranked by

    .. math:: f = (I - \alpha W)^{-1} y ,

    the sum over all walks on the graph, weighted by :math:`\alpha` to the power of their length.
    The system is solved by Chebyshev's semi-iterative method (Golub and Varga, 1961), each step
    of which multiplies once with the sparse matrix W. The graph is seen, and no label.

    Parameters
    ----------
    gallery
        Embeddings that queries are compared with, shape (m, D).
    graph
        Embeddings that say which photos are neighbours, shape (m, E); those of `gallery` by
        default.
    n_neighbours
        Edges that each photo begins; the graph is then made symmetric.
    diffusion
        :math:`\alpha`, from 0 (the order is the one without a graph) to below 1.
    temperature
        T: the lower, the more a query trusts the photos nearest to it.
    tolerance
        Relative error to which the system is solved.
    search
        How neighbours are looked for, as for `neighbour_graph`.
    device
        As in `zsbir_lib.retrieval.Index`; scores spread on the CPU.

    Notes
    -----
    The distances of a ranking are minus the logarithm of the score, divided by the query's highest.

    Raises
    ------
    ZsbirError
        As `Index` does, or if an option is out of its range.
    """

    def __init__(
        self,
        gallery: Any,
        graph: Any | None = None,
        *,
        n_neighbours: int = 15,
        diffusion: float = 0.9,
        temperature: float = 0.03,
        tolerance: float = 1e-2,
        search: str | None = None,
        device: str | torch.device | None = None,
    ) -> None:
        super().__init__(gallery, device=device)
        if graph is not None and len(graph) != len(self):
            raise ZsbirError(f"the graph has {len(graph)} photos and the gallery {len(self)}")
        if not (n_neighbours >= 1 and 0 <= diffusion < 1 and temperature > 0 and tolerance > 0):
            raise ZsbirError(
                f"n_neighbours={n_neighbours}, diffusion={diffusion}, temperature={temperature}, "
                f"tolerance={tolerance}: neighbours must be 1 or more, diffusion from 0 to below "
                "1, temperature and tolerance above 0"
            )
        self.diffusion = diffusion
        self.temperature = temperature
        nodes = gallery if graph is None else graph
        self.graph = neighbour_graph(nodes, n_neighbours, search=search)
        self._scaled_graph = _as_factor(self.graph * np.float32(diffusion))
        # The error of Chebyshev's method falls by at least this factor in each step.
        rate = diffusion / (1 + math.sqrt(1 - diffusion**2))
        self.n_steps = math.ceil(math.log(tolerance / 2) / math.log(rate)) if diffusion else 0

    def state(self) -> dict[str, Tensor]:
        """Return all that a search needs, the graph too, as tensors; see `Index.from_state`."""
        graph = {name: torch.from_numpy(getattr(self.graph, name)) for name in _CSR}
        settings = [self.diffusion, self.temperature, self.n_steps]
        return {**super().state(), **graph, "settings": torch.tensor(settings, dtype=torch.float64)}

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor], device: torch.device) -> Self:
        """Return the index whose `state` it was, to the last bit; no neighbour is looked for."""
        from scipy import sparse

        index = super().from_state(state, device)
        index.diffusion, index.temperature, steps = state["settings"].tolist()
        index.n_steps = int(steps)
        values, columns, starts = (state[name].numpy() for name in _CSR)
        index.graph = sparse.csr_array((values, columns, starts), shape=(len(index),) * 2)
        index._scaled_graph = _as_factor(index.graph * np.float32(index.diffusion))
        return index

    def _rescore(self, distances: Tensor) -> Tensor:
        """Turn cosine distances (n, m) into distances of the spread scores."""
        first = torch.exp((distances.amin(dim=1, keepdim=True) - distances) / self.temperature)
        scores = torch.from_numpy(self.spread(first.cpu().numpy())).to(distances.device)
        scores = scores / scores.amax(dim=1, keepdim=True)
        # The logarithm keeps the order of very small scores, which 1 minus the score would round.
        # Subtracted from 0, not negated: the first distance is then 0 and not -0.
        return 0.0 - scores.clamp(min=torch.finfo(scores.dtype).tiny).log()

    def spread(self, first: np.ndarray) -> np.ndarray:
        r"""Solve :math:`(I - \alpha W) f = y` for each query.

        Parameters
        ----------
        first
            The first scores y, shape (n, m), float32.

        Returns
        -------
        ndarray of float32, shape (n, m)
        """
        y = torch.from_numpy(np.ascontiguousarray(first.T, dtype=np.float32))
        if y.shape[1] == 1:
            y = y[:, 0]  # a matrix times a vector takes half the time
        before, now = torch.zeros_like(y), y
        weight = 1.0
        for step in range(self.n_steps):
            weight = (
                2 / (2 - self.diffusion**2)
                if step == 0
                else 1 / (1 - self.diffusion**2 * weight / 4)
            )
            after = self._times_graph(now)
            after += y
            after -= before
            after *= weight
            after += before
            before, now = now, after
        return np.ascontiguousarray(now.numpy().reshape(len(self), -1).T)

    def _times_graph(self, scores: Tensor) -> Tensor:
        if isinstance(self._scaled_graph, Tensor):
            return self._scaled_graph @ scores
        return torch.from_numpy(self._scaled_graph @ scores.numpy())


def _as_factor(matrix: sparse.csr_array) -> Tensor | sparse.csr_array:
    """Return the matrix as what multiplies fastest: as PyTorch's if it has MKL, else as it is."""
    if not (torch.backends.mkl.is_available() and matrix.nnz):
        return matrix
    starts, columns, values = map(torch.from_numpy, (matrix.indptr, matrix.indices, matrix.data))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse ")  # in beta, and unchecked: known
        return torch.sparse_csr_tensor(
            starts, columns, values, size=matrix.shape, check_invariants=False
        )


def neighbour_graph(
    embeddings: Any, n_neighbours: int, *, search: str | None = None
) -> sparse.csr_array:
    r"""Return the symmetric, normalised graph of nearest neighbours.

    The weight of an edge is the cosine of its two photos, times the share of their neighbours that
    they have in common (Jarvis and Patrick, *Clustering Using a Similarity Measure Based on Shared
    Near Neighbors*, 1973): with N(i) photo i and its neighbours,

    .. math:: w_{ij} = \cos(x_i, x_j) \, \frac{|N(i) \cap N(j)|}{|N(i) \cup N(j)|} .

    An edge between two classes, which one photo in between may cause, so weighs little.

    Parameters
    ----------
    embeddings
        Shape (m, E).
    n_neighbours
        Each photo is joined with so many of its nearest (fewer in a smaller gallery). A cosine
        below 0 counts as 0, and an edge that only one of the two chose is halved.
    search
        How neighbours are looked for, as in `zsbir_lib.retrieval.build_index`. By default exactly
        up to 100,000 photos, which takes one thread about a minute at 64 numbers each, and beyond
        by inverted lists: exactly, ten times as many photos take a hundred times as long.

    Returns
    -------
    scipy.sparse.csr_array of float32, shape (m, m)
        Its eigenvalues lie between -1 and 1.

    Raises
    ------
    ZsbirError
        As `zsbir_lib.retrieval.build_index` does: where there are more than 100,000 photos, if
        FAISS is missing.
    """
    from scipy import sparse  # here, since few searches need it, and it takes a while

    index = _neighbour_index(embeddings, search)
    m = len(index)
    k = min(n_neighbours + 1, m)
    rows, columns, weights = [], [], []
    for start, part in index.iter_search(embeddings, k, with_centres=False):
        places = part.indices.numpy().astype(np.int32)  # half the memory to read in every product
        row = np.arange(start, start + len(places), dtype=np.int32)[:, None]
        other = places != row
        # A photo comes first among its own neighbours, unless copies of it stand before it: then
        # the last is dropped in its place.
        other[other.all(axis=1), -1] = False
        rows.append(np.broadcast_to(row, places.shape)[other])
        columns.append(places[other])
        weights.append(np.maximum(1 - part.distances.numpy()[other], 0))
    edges = np.concatenate(rows), np.concatenate(columns)
    directed = sparse.coo_array((np.concatenate(weights), edges), shape=(m, m)).tocsr()
    graph = ((directed + directed.T) / 2).tocoo()
    if not graph.nnz:  # a gallery of one photo, or of opposites
        return sparse.csr_array((m, m), dtype=np.float32)
    members = sparse.coo_array((np.ones(len(edges[0]), np.float32), edges), shape=(m, m)).tocsr()
    members = members + sparse.eye_array(m, dtype=np.float32, format="csr")
    i, j = graph.coords
    # Of the edges only: the product of all rows would have hundreds of entries for each photo.
    common = np.concatenate(
        [
            np.asarray(members[i[part]].multiply(members[j[part]]).sum(axis=1)).ravel()
            for part in (slice(start, start + _EDGES) for start in range(0, len(i), _EDGES))
        ]
    )
    size = np.asarray(members.sum(axis=1)).ravel()
    shared = graph.data * common / (size[i] + size[j] - common)
    graph = sparse.coo_array((shared, (i, j)), shape=(m, m)).tocsr()
    degree = np.asarray(graph.sum(axis=1)).ravel()
    scale = np.divide(1, np.sqrt(degree), out=np.zeros_like(degree), where=degree > 0)
    diagonal = sparse.diags_array(scale)
    return (diagonal @ graph @ diagonal).tocsr().astype(np.float32)


def _neighbour_index(embeddings: Any, search: str | None) -> Index:
    if search is None:
        search = "exact" if len(embeddings) <= EXACT_GRAPH else "ivf"
        if search == "ivf" and importlib.util.find_spec("faiss") is None:
            raise ZsbirError(
                f"a graph of {len(embeddings):,} photos, more than {EXACT_GRAPH:,}, takes FAISS: "
                "pip install faiss-cpu, or choose a method without a graph, such as ours"
            )
    if search == "exact":
        return Index(embeddings)
    return LargeIndex(embeddings, search, breadth=_GRAPH_BREADTH if search == "ivf" else None)


def whiten_neighbours(embeddings: Tensor, graph: sparse.csr_array, shrinkage: float) -> Tensor:
    r"""Whiten embeddings by how neighbours differ: what varies among neighbours counts less.

    Relevant component analysis (Bar-Hillel, Hertz, Shental and Weinshall, *Learning Distance
    Functions using Equivalence Relations*, ICML 2003), with the neighbours of a graph in place of
    photos that are known to be of one class. With the scatter along the edges

    .. math:: \Sigma = \tfrac12 \sum_{ij} w_{ij} (x_i - x_j)(x_i - x_j)^\top

    scaled to mean eigenvalue 1, it returns
    :math:`\big((1 - \eta) \Sigma + \eta I\big)^{-1/2} x`, up to a rotation.

    Parameters
    ----------
    embeddings
        Shape (m, E).
    graph
        Symmetric weights w, shape (m, m).
    shrinkage
        :math:`\eta`, above 0; 1 changes nothing.

    Returns
    -------
    Tensor of float32, shape (m, E)
    """
    x = embeddings.double()
    degree = torch.from_numpy(np.asarray(graph.sum(axis=1)).ravel()).double()
    spread = torch.from_numpy(graph.astype(np.float64) @ x.numpy())
    scatter = x.T @ (degree[:, None] * x - spread)
    scatter /= scatter.diagonal().mean().clamp(min=torch.finfo(scatter.dtype).tiny)
    values, vectors = torch.linalg.eigh((scatter + scatter.T) / 2)
    values = (1 - shrinkage) * values.clamp(min=0) + shrinkage
    return (x @ (vectors * values.rsqrt())).float()
