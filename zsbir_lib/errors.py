"""The one exception a caller of this library has to know, and names for its kinds."""

from __future__ import annotations


class ZsbirError(ValueError):
    """Bad input: the message says what is wrong, where, and what to do about it.

    The command line prints the message alone, without a traceback, and exits with status 2.
    """


class LabelError(ZsbirError):
    """Labels do not match the features they stand beside."""


class NotFiniteError(ZsbirError):
    """Features hold NaN or infinity."""


class ConstantFeaturesError(ZsbirError):
    """All features are the same, so nothing can be told apart by them."""


class SinglePairError(ZsbirError):
    """A class has one pair only."""


class NoRelevantPhotoError(ZsbirError):
    """No query has a photo of its class in the gallery."""


class SingularMatrixError(ZsbirError):
    """A matrix that must be inverted has no inverse."""


class UnknownNameError(ZsbirError):
    """There is no method, class, data set or hyper-parameter of that name."""


class OptionsChangedError(ZsbirError):
    """An interrupted run was resumed with other options than it was begun with."""


class DivergedError(ZsbirError):
    """A training came upon NaN or infinity.

    Attributes
    ----------
    history : dict of str to list of float
        The terms of the loss up to the last good epoch.
    """

    def __init__(self, message: str, history: dict[str, list[float]] | None = None) -> None:
        super().__init__(message)
        self.history = history or {}
