"""How good a ranking is: precision, and mean average precision by its four definitions."""

from zsbir_lib.metrics.average_precision import DEFINITIONS, average_precision, precision_at_k
from zsbir_lib.metrics.evaluation import evaluate_ranking, evaluate_retrieval
from zsbir_lib.metrics.report import ClassScores, RetrievalReport

__all__ = [
    "DEFINITIONS",
    "ClassScores",
    "RetrievalReport",
    "average_precision",
    "evaluate_ranking",
    "evaluate_retrieval",
    "precision_at_k",
]
