"""The retrieval methods of the paper's tables, one file each, all with one face."""

from zsbir_lib.methods.base import METHODS, RetrievalMethod, create_method, load_method
from zsbir_lib.methods.cosine import Cosine
from zsbir_lib.methods.cvae import CVAE, CVAENetwork

__all__ = [
    "CVAE",
    "METHODS",
    "CVAENetwork",
    "Cosine",
    "RetrievalMethod",
    "create_method",
    "load_method",
]
