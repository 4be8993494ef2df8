"""From features to a ranked gallery: K-means centres, ranking by cosine, by diffusion, by bits."""

from zsbir_lib.retrieval.diffusion import DiffusionIndex, neighbour_graph, whiten_neighbours
from zsbir_lib.retrieval.hamming import hamming_distances, hamming_rank, pack_codes
from zsbir_lib.retrieval.index import DEFAULT_MEMORY, Index, Ranking, iter_rank, rank
from zsbir_lib.retrieval.kmeans import Clusters, kmeans

__all__ = [
    "DEFAULT_MEMORY",
    "Clusters",
    "DiffusionIndex",
    "Index",
    "Ranking",
    "hamming_distances",
    "hamming_rank",
    "iter_rank",
    "kmeans",
    "neighbour_graph",
    "pack_codes",
    "rank",
    "whiten_neighbours",
]
