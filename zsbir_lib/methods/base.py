"""The one face of every retrieval method: an estimator of scikit-learn that encodes."""

from __future__ import annotations

import copy
import functools
import inspect
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from typing_extensions import Self

from zsbir_lib.errors import (
    ConstantFeaturesError,
    DivergedError,
    NotFiniteError,
    SinglePairError,
    ZsbirError,
    argument,
)
from zsbir_lib.features import Pairs
from zsbir_lib.methods.estimator import Estimator, check_fitted
from zsbir_lib.registry import Registry
from zsbir_lib.retrieval import Index

METHODS: Registry[type[RetrievalMethod]] = Registry("method", "zsbir.methods")
"""Every method by its name, in the order of the paper's Table 3."""


class RetrievalMethod(Estimator, ABC):
    """Maps sketch features and photo features to where they can be compared by cosine distance.

    A subclass declares its hyper-parameters by `zsbir_lib.methods.estimator.hyper`; `fit` learns
    from pairs of seen classes. Ranking, metrics and plots know nothing else about it. A subclass
    that has a `name` is known by it in `METHODS`.

    Features may be on any device. A method that trains does so on its ``device``; what it has
    learnt is kept on the CPU, and what it returns is where the features are that it was given.

    Attributes
    ----------
    name : str
        What the method is called on the command line.
    title : str
        What it is called in tables.
    version : int
        Raised when the same seed gives other results than before, so that kept ones are not
        taken for them.
    needs_pairs : bool
        Whether it learns from pairs; if not, it need not be fitted.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[int] = 1
    needs_pairs: ClassVar[bool] = True
    _learns_from: ClassVar[str] = "pairs"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "name" in vars(cls):
            METHODS.add(cls.name, cls)

    def fit(
        self,
        pairs: Pairs | None,
        *,
        progress: bool | None = None,
        checkpoint: str | os.PathLike | None = None,
    ) -> Self:
        """Learn from pairs of seen classes, and return the method itself.

        Parameters
        ----------
        pairs
            Sketch features, photo features, and which photo each sketch was drawn from. May be
            None for a method that needs none.
        progress
            Show a progress bar; by default on a terminal only.
        checkpoint
            A folder for the state after each epoch of a method that trains, by PyTorch's
            `torch.distributed.checkpoint`. If it holds one of the same method, settings and pairs,
            the training goes on from there, to the same result.

        Raises
        ------
        ZsbirError
            If a hyper-parameter is out of its range, a folder is given to a method that does not
            train, or holds damaged checkpoints or those of another training, or nothing can be
            learnt from the pairs; see `check_pairs`.
        DivergedError
            If what is learnt becomes NaN or infinite; a method that trains then keeps the last
            good state.
        """
        self.check_parameters()
        if pairs is None:
            if self.needs_pairs:
                raise ZsbirError(
                    f"{type(self).__name__} learns from pairs, and there are none: "
                    "name photos and sketches of seen classes alike"
                )
            return self
        if self.needs_pairs:
            check_pairs(pairs)
        with self._checkpointing(checkpoint, pairs):
            self._fit(_at_home(pairs), progress)
        if not all_finite(self._get_state()):
            raise DivergedError(f"{self.name}: what was learnt is NaN or infinite: scale features")
        return self

    def _checkpointing(
        self, folder: str | os.PathLike | None, pairs: Pairs
    ) -> AbstractContextManager[None]:
        if folder is None:
            return nullcontext()
        from zsbir_lib.methods.checkpoints import checkpointing
        from zsbir_lib.methods.kept import contents, identity

        if not hasattr(self, "_train"):
            raise ZsbirError(
                f"{self.name} does not train in epochs: leave out {argument('checkpoint')}"
            )
        return checkpointing(Path(folder), {**identity(self), "pairs": contents(pairs)})

    # ---- what a subclass implements
    @abstractmethod
    def _fit(self, pairs: Pairs, progress: bool | None) -> None:
        """Learn from pairs that have been checked."""

    @abstractmethod
    def encode_sketches(self, features: Tensor) -> Tensor:
        """Map sketch features (n, d) to queries: (n, e), or K centres for each, (n, K, e)."""

    @abstractmethod
    def encode_photos(self, features: Tensor) -> Tensor:
        """Map photo features (m, d) to the gallery (m, e)."""

    def index(self, features: Tensor) -> Index:
        """Return a gallery of photo features (m, d), encoded and ready to be searched many times.

        A method that ranks by more than the cosine of its embeddings returns an index of its own.
        """
        return Index(self.encode_photos(features))

    def query_network(self) -> nn.Module:
        """Return the network that does to one sketch what `encode_sketches` does to many.

        It maps a feature (1, d) to queries (1, e), up to their length, on the CPU. That of a
        generative method takes latent vectors (n, latent_dim) beside it, and returns (n, e).

        Raises
        ------
        ZsbirError
            If there is no such network, or the method is not fitted.
        """
        raise ZsbirError(
            f"a page cannot run {self.name!r}: its queries are not made by one network"
        )

    # ---- what was learnt: a subclass names its tensors in `_learnt`, or implements the three
    _learnt: ClassVar[tuple[str, ...]] = ()

    def _get_state(self) -> dict[str, Tensor]:
        """Return what was learnt, as named tensors."""
        if self._learnt:
            check_fitted(self)
        found = {name.strip("_"): getattr(self, name, None) for name in self._learnt}
        return {name: tensor for name, tensor in found.items() if tensor is not None}

    def _set_state(self, state: dict[str, Tensor]) -> None:
        """Take back what `_get_state` returned."""
        for name in self._learnt:
            setattr(self, name, state.pop(name.strip("_"), None))
        if state:
            raise KeyError(f"{self.name} has not learnt {', '.join(sorted(state))}")

    def _width(self, kind: str) -> int:
        """Return the numbers in a feature of a ``"sketch"`` or a ``"photo"`` it was fitted on."""
        return len(getattr(self, f"_{kind}_mean"))

    def __sklearn_is_fitted__(self) -> bool:
        return not self.needs_pairs or any(k[-1] == "_" and k[0] != "_" for k in vars(self))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = self.needs_pairs
        return tags

    def save(self, path: str | os.PathLike, **metadata: Any) -> None:
        """Write the fitted method to a safetensors file, whole or not at all.

        The file holds a checksum of all else in it. It does not say on which device.

        Parameters
        ----------
        path
            The file.
        **metadata
            What else to keep about it (the backbone it was fitted on, say); JSON values.

        Raises
        ------
        ZsbirError
            If the method is not fitted, or the file cannot be written.
        """
        from zsbir_lib.methods.saving import save_method

        save_method(self, path, metadata)


def create_method(name: str, **parameters: Any) -> RetrievalMethod:
    """Construct the method called `name`.

    Raises
    ------
    ZsbirError
        If there is no such method, or it has no such hyper-parameter; the message lists them.
    """
    METHODS[name].refuse_unknown(parameters)
    return METHODS[name](**parameters)


_ENCODES = """

Raises
------
ZsbirError
    If the method is not fitted, or the features do not fit it.
"""


def encoder(kind: str) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    """Return a decorator for `encode_sketches` or `encode_photos`.

    What it decorates is called on a fitted method only, with finite float32 features of the right
    width on the CPU, and without gradients; what it returns is moved to where the features were.
    Its docstring says what is raised if not.

    Parameters
    ----------
    kind
        ``"sketch"`` or ``"photo"``: what the features are of.
    """

    def decorate(encode: Callable[..., Tensor]) -> Callable[..., Tensor]:
        @functools.wraps(encode)
        @torch.no_grad()
        def checked(self: RetrievalMethod, features: Tensor) -> Tensor:
            check_fitted(self)
            device = getattr(features, "device", "cpu")
            return encode(self, check_features(features, self._width(kind), kind)).to(device)

        if encode.__doc__:
            checked.__doc__ = inspect.cleandoc(encode.__doc__) + _ENCODES
        return checked

    return decorate


def all_finite(state: dict[str, Tensor]) -> bool:
    """Tell whether no tensor holds NaN or infinity."""
    return all(bool(torch.isfinite(tensor).all()) for tensor in state.values())


def _at_home(pairs: Pairs) -> Pairs:
    """Return pairs on the CPU and without gradients, as they were checked before."""
    moved = copy.copy(pairs)
    for name, value in vars(pairs).items():
        if isinstance(value, Tensor):
            object.__setattr__(moved, name, value.detach().cpu())
    return moved


def check_pairs(pairs: Pairs) -> None:
    """Raise unless something can be learnt from pairs.

    That labels match and features are finite was checked when the pairs were made.

    Raises
    ------
    ConstantFeaturesError
        If all sketches, or all photos, have the same features.
    SinglePairError
        If a class has one pair only: what its photos have in common cannot be told from it.
    """
    for name in ("sketches", "photos"):
        features = getattr(pairs, name)
        if torch.equal(features, features[:1].expand_as(features)):
            raise ConstantFeaturesError(
                f"the features of all {len(features)} {name} are the same: "
                "were the images read, and does the backbone have its weights?"
            )
    single = (pairs.labels.bincount() == 1).nonzero().flatten().tolist()
    if single:
        names = ", ".join(pairs.class_names[label] for label in single[:5])
        more = f" and {len(single) - 5} more" if len(single) > 5 else ""
        raise SinglePairError(
            f"one pair only in {names}{more}: add sketches, or leave the class out of the split"
        )


def check_features(features: Tensor, dim: int, what: str) -> Tensor:
    """Return `features` as float32 on the CPU if they have shape (n, dim) and are finite.

    Raises
    ------
    ZsbirError
        If not; the message says `what` they are of and names the first bad row.
    """
    features = torch.as_tensor(features).detach().float().cpu()
    if features.ndim != 2 or features.shape[1] != dim:
        raise ZsbirError(
            f"{what} features have shape {tuple(features.shape)}, expected (n, {dim}): "
            "use the backbone that the method was fitted on"
        )
    finite = torch.isfinite(features).all(dim=1)
    if not finite.all():
        row = int((~finite).nonzero()[0])
        raise NotFiniteError(f"{what} features hold NaN or infinity, first in row {row}")
    return features
