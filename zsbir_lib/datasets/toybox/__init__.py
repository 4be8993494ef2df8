"""The Toybox: an embedded benchmark of pictures and sketches that this package draws itself."""

from zsbir_lib.datasets.toybox.dataset import Toybox
from zsbir_lib.datasets.toybox.instance import Toy
from zsbir_lib.datasets.toybox.registry import ToyClass, toy_class, toy_classes

__all__ = ["Toy", "ToyClass", "Toybox", "toy_class", "toy_classes"]
