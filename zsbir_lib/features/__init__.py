"""Features: frozen backbones, extraction to disk, and what methods learn from.

.. code-block:: python

    backbone = load_backbone("toynet")
    features = extract_features(dataset, backbone)
    pairs, task = features.pairs(), features.task()
"""

from zsbir_lib.features.backbones import (
    Backbone,
    Recipe,
    available_backbones,
    load_backbone,
    register_backbone,
)
from zsbir_lib.features.extraction import extract_features
from zsbir_lib.features.featureset import FeatureSet, Pairs, RetrievalTask
from zsbir_lib.features.toynet import ToyNet

__all__ = [
    "Backbone",
    "FeatureSet",
    "Pairs",
    "Recipe",
    "RetrievalTask",
    "ToyNet",
    "available_backbones",
    "extract_features",
    "load_backbone",
    "register_backbone",
]
