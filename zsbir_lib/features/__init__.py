"""Features: frozen backbones, extraction to disk, and what methods learn from.

.. code-block:: python

    backbone = load_backbone("toynet")
    features = extract_features(dataset, backbone)
    pairs, task = features.pairs(), features.task()
"""

from zsbir_lib.features.backbones import Backbone, load_backbone
from zsbir_lib.features.extraction import extract_features
from zsbir_lib.features.featureset import PAIRINGS, FeatureSet
from zsbir_lib.features.pairs import Pairs
from zsbir_lib.features.preprocessing import Resize
from zsbir_lib.features.recipes import BACKBONES, Recipe, register_backbone
from zsbir_lib.features.task import RetrievalTask
from zsbir_lib.features.towers import TwoTowers
from zsbir_lib.features.weight_files import read_weights
from zsbir_lib.features.zoos import available_backbones
from zsbir_lib.toynet import ToyNet

__all__ = [
    "BACKBONES",
    "PAIRINGS",
    "Backbone",
    "FeatureSet",
    "Pairs",
    "Recipe",
    "Resize",
    "RetrievalTask",
    "ToyNet",
    "TwoTowers",
    "available_backbones",
    "extract_features",
    "load_backbone",
    "read_weights",
    "register_backbone",
]
