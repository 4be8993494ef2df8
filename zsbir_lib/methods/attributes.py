"""What is known of classes beside pictures: their attributes, as pairs carry them."""

from __future__ import annotations

from torch import Tensor

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs


def class_attributes(pairs: Pairs, classes: Tensor) -> tuple[tuple[str, ...], Tensor]:
    """Return the attributes of some classes of pairs, in alphabetical order.

    Parameters
    ----------
    pairs
        With `class_attributes`.
    classes
        Numbers of the classes, shape (C,).

    Returns
    -------
    attributes : tuple of str
        Those that some of the classes have, a of them.
    table : Tensor of float64, shape (C, a)
        What each class has of each attribute.

    Raises
    ------
    ZsbirError
        If the pairs carry no attributes.
    """
    if pairs.class_attributes is None:
        raise ZsbirError(
            "no attributes are known of the classes of these pairs: use a data set that has them, "
            "such as the Toybox, or another method"
        )
    table = pairs.class_attributes[classes].double()
    order = sorted(range(table.shape[1]), key=pairs.attribute_names.__getitem__)
    order = [column for column in order if bool((table[:, column] != 0).any())]
    return tuple(pairs.attribute_names[column] for column in order), table[:, order]
