"""The retrieval methods of the paper's tables, one file each, all with one face."""

from typing import TYPE_CHECKING, Any

# The order of these imports is that of the paper's Table 3, and of every table of this library.
# isort: off
from zsbir_lib.methods.base import METHODS, RetrievalMethod, create_method
from zsbir_lib.methods.estimator import hyper
from zsbir_lib.methods.cosine import Cosine
from zsbir_lib.methods.siamese import Siamese1, Siamese2
from zsbir_lib.methods.triplet import CoarseTriplet, FineTriplet
from zsbir_lib.methods.dsh import DSH
from zsbir_lib.methods.regression import DirectRegression
from zsbir_lib.methods.eszsl import ESZSL
from zsbir_lib.methods.sae import SAE
from zsbir_lib.methods.caae import CAAE
from zsbir_lib.methods.cvae import CVAE, CVAENetwork
from zsbir_lib.methods.dap import DAP
from zsbir_lib.methods.adversarial_metric import AdversarialMetric
from zsbir_lib.methods.ours import Ours, OursGallery
from zsbir_lib.methods.saving import load_method
# isort: on

if TYPE_CHECKING:
    from zsbir_lib.methods.not_fitted import NotFittedError

__all__ = [
    "CAAE",
    "CVAE",
    "DAP",
    "DSH",
    "ESZSL",
    "METHODS",
    "SAE",
    "AdversarialMetric",
    "CVAENetwork",
    "CoarseTriplet",
    "Cosine",
    "DirectRegression",
    "FineTriplet",
    "NotFittedError",
    "Ours",
    "OursGallery",
    "RetrievalMethod",
    "Siamese1",
    "Siamese2",
    "create_method",
    "hyper",
    "load_method",
]


def __getattr__(name: str) -> Any:
    if name == "NotFittedError":
        from zsbir_lib.methods.not_fitted import NotFittedError

        return NotFittedError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
