"""From features to a ranked gallery: K-means centres, ranking by cosine, by diffusion, by bits."""

from zsbir_lib.retrieval.diffusion import DiffusionIndex, neighbour_graph, whiten_neighbours
from zsbir_lib.retrieval.faiss_search import KINDS
from zsbir_lib.retrieval.hamming import hamming_distances, hamming_rank, pack_codes
from zsbir_lib.retrieval.index import DEFAULT_MEMORY, Index, Ranking
from zsbir_lib.retrieval.kmeans import Clusters, kmeans
from zsbir_lib.retrieval.large import LargeIndex
from zsbir_lib.retrieval.ranking import build_index, iter_rank, rank

__all__ = [
    "DEFAULT_MEMORY",
    "KINDS",
    "Clusters",
    "DiffusionIndex",
    "Index",
    "LargeIndex",
    "Ranking",
    "build_index",
    "hamming_distances",
    "hamming_rank",
    "iter_rank",
    "kmeans",
    "neighbour_graph",
    "pack_codes",
    "rank",
    "whiten_neighbours",
]
