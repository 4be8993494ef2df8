"""The error of this library that is scikit-learn's error too; in a room of its own.

Scikit-learn takes a while to import, which only a mistake should cost.
"""

from sklearn.exceptions import NotFittedError as SklearnNotFittedError

from zsbir_lib.errors import ZsbirError


class NotFittedError(ZsbirError, SklearnNotFittedError):
    """Something was asked of an estimator that has not learnt yet."""
