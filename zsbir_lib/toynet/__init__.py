"""ToyNet, the backbone of the Toybox, and its twin for sketches: networks, training, weights."""

from zsbir_lib.toynet.inventions import InventedToy, Invention
from zsbir_lib.toynet.making import (
    ToynetPhotos,
    card_text,
    draw_toynet_photos,
    make_toynet,
    toynet_classes,
)
from zsbir_lib.toynet.network import FEATURE_DIM, INPUT_SIZE, ToyNet, normalise
from zsbir_lib.toynet.packaged import (
    SKETCH_WEIGHTS,
    TOYNET_WEIGHTS,
    packaged_weights,
    read_toynet_card,
    save_toynet,
)
from zsbir_lib.toynet.sketch_making import make_sketch_network, sketch_card_text
from zsbir_lib.toynet.sketch_material import (
    SketchMaterial,
    draw_sketch_material,
    read_people,
    toy_drawing,
)
from zsbir_lib.toynet.sketch_training import train_photo_network, train_towers
from zsbir_lib.toynet.towers import Towers, sketch_accuracy
from zsbir_lib.toynet.training import accuracy, augment, train_toynet

__all__ = [
    "FEATURE_DIM",
    "INPUT_SIZE",
    "SKETCH_WEIGHTS",
    "TOYNET_WEIGHTS",
    "InventedToy",
    "Invention",
    "SketchMaterial",
    "Towers",
    "ToyNet",
    "ToynetPhotos",
    "accuracy",
    "augment",
    "card_text",
    "draw_sketch_material",
    "draw_toynet_photos",
    "make_sketch_network",
    "make_toynet",
    "normalise",
    "packaged_weights",
    "read_people",
    "read_toynet_card",
    "save_toynet",
    "sketch_accuracy",
    "sketch_card_text",
    "toy_drawing",
    "toynet_classes",
    "train_photo_network",
    "train_towers",
    "train_toynet",
]
