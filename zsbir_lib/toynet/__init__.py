"""ToyNet, the backbone of the Toybox: the network, its training, and the weights that ship."""

from zsbir_lib.toynet.making import (
    ToynetPhotos,
    card_text,
    draw_toynet_photos,
    make_toynet,
    toynet_classes,
)
from zsbir_lib.toynet.network import FEATURE_DIM, INPUT_SIZE, ToyNet, normalise
from zsbir_lib.toynet.packaged import (
    TOYNET_WEIGHTS,
    packaged_weights,
    read_toynet_card,
    save_toynet,
)
from zsbir_lib.toynet.training import accuracy, augment, train_toynet

__all__ = [
    "FEATURE_DIM",
    "INPUT_SIZE",
    "TOYNET_WEIGHTS",
    "ToyNet",
    "ToynetPhotos",
    "accuracy",
    "augment",
    "card_text",
    "draw_toynet_photos",
    "make_toynet",
    "normalise",
    "packaged_weights",
    "read_toynet_card",
    "save_toynet",
    "toynet_classes",
    "train_toynet",
]
