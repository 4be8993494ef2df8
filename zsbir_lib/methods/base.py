"""The one face of every retrieval method, in scikit-learn's manner."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from zsbir_lib.errors import (
    ConstantFeaturesError,
    NotFiniteError,
    SinglePairError,
    UnknownNameError,
    ZsbirError,
)
from zsbir_lib.features import Pairs
from zsbir_lib.files import atomic_path
from zsbir_lib.retrieval import Index

if TYPE_CHECKING:
    from typing_extensions import Self

METHODS: dict[str, type[RetrievalMethod]] = {}
"""Every method by its name, in the order of the paper's Table 3."""


class RetrievalMethod(ABC):
    """Maps sketch features and photo features to where they can be compared by cosine distance.

    A subclass is constructed with hyper-parameters only, as keyword arguments that it keeps under
    their own names; `fit` learns from pairs of seen classes. Ranking, metrics and plots know
    nothing else about it.

    Attributes
    ----------
    name : str
        What the method is called on the command line.
    title : str
        What it is called in tables.
    search_space : mapping of str to sequence
        For each hyper-parameter that `zsbir_lib.protocols.choose` may set: the values to try,
        the default among them.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    search_space: ClassVar[Mapping[str, Sequence[Any]]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "name" in vars(cls):
            METHODS[cls.name] = cls

    def fit(self, pairs: Pairs, *, progress: bool | None = None) -> Self:
        """Learn from pairs of seen classes, and return the method itself.

        Parameters
        ----------
        pairs
            Sketch features, photo features, and which photo each sketch was drawn from.
        progress
            Show a progress bar; by default on a terminal only.

        Raises
        ------
        ZsbirError
            If a hyper-parameter is out of its range, or nothing can be learnt from the pairs; see
            `check_pairs`.
        DivergedError
            If a training comes upon NaN; the method then keeps the last good state.
        """
        self._check()
        check_pairs(pairs)
        self._fit(pairs, progress)
        return self

    # ---- what a subclass implements
    def _check(self) -> None:  # noqa: B027 (a method without hyper-parameters has none to check)
        """Raise a `ZsbirError` if a hyper-parameter is out of its range."""

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
        """Return a gallery of photo features (m, d), encoded and ready to be searched.

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

    def get_params(self) -> dict[str, Any]:
        """Return the hyper-parameters by name."""
        names = inspect.signature(type(self).__init__).parameters
        return {name: getattr(self, name) for name in names if name != "self"}

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = {k: v for k, v in self.get_params().items() if v != defaults[k].default}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in changed.items())})"

    # ---- saving: a subclass with something learnt implements these two
    def _get_state(self) -> dict[str, Tensor]:
        """Return what was learnt, as named tensors."""
        return {}

    def _set_state(self, state: dict[str, Tensor]) -> None:
        """Take back what `_get_state` returned."""
        if state:
            raise KeyError(f"{self.name} has learnt nothing, but the file holds {sorted(state)}")

    def save(self, path: str | os.PathLike, **metadata: Any) -> None:
        """Write the fitted method to a safetensors file, whole or not at all.

        Parameters
        ----------
        path
            The file.
        **metadata
            What else to keep about it (the backbone it was fitted on, say); JSON values.
        """
        header = {"method": self.name, "parameters": self.get_params(), **metadata}
        # An empty file of tensors is not valid everywhere, so one number is always there.
        state = {"format": torch.tensor([1]), **self._get_state()}
        state = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
        with atomic_path(path) as temporary:
            save_file(state, temporary, metadata={"zsbir": json.dumps(header, sort_keys=True)})


def create_method(name: str, **parameters: Any) -> RetrievalMethod:
    """Construct the method called `name`.

    Raises
    ------
    ZsbirError
        If there is no such method, or it has no such hyper-parameter; the message lists them.
    """
    if name not in METHODS:
        raise UnknownNameError(f"unknown method {name!r}: use one of {', '.join(METHODS)}")
    known = set(inspect.signature(METHODS[name].__init__).parameters) - {"self"}
    unknown = sorted(set(parameters) - known)
    if unknown:
        raise UnknownNameError(
            f"method {name!r} has no hyper-parameter {', '.join(unknown)}: "
            f"it has {', '.join(sorted(known)) or 'none'}"
        )
    return METHODS[name](**parameters)


def load_method(path: str | os.PathLike) -> tuple[RetrievalMethod, dict[str, Any]]:
    """Read a method that `RetrievalMethod.save` wrote.

    Returns
    -------
    method : RetrievalMethod
        Ready to encode.
    metadata : dict
        What else was saved about it.

    Raises
    ------
    ZsbirError
        If the file is absent, damaged, or holds something else.
    """
    path = Path(path)
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {}).get("zsbir", "null"))
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise ZsbirError(f"cannot read the model {path}: {reason}") from None
    if not isinstance(header, dict) or "method" not in header:
        raise ZsbirError(f"{path} holds no model: write one with `zsbir train --out {path}`")
    state.pop("format", None)
    method = create_method(header.pop("method"), **header.pop("parameters"))
    try:
        method._set_state(state)
    except (KeyError, RuntimeError) as error:
        raise ZsbirError(f"the model {path} does not fit this version: {error}") from None
    return method, header


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return a digest of the code of all methods and of what they share with the library's root.

    A result that is kept belongs to one of these: retrieval, diffusion and metrics count too.
    """
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for path in sorted([*here.glob("*.py"), *here.parent.glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def check_fitted(method: RetrievalMethod, attribute: str) -> None:
    """Raise a `ZsbirError` if `method` has not learnt `attribute` yet."""
    if getattr(method, attribute, None) is None:
        raise ZsbirError(f"{type(method).__name__} is not fitted: call fit(pairs) first")


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
    """Return `features` as float32 if they have shape (n, dim) and are finite.

    Raises
    ------
    ZsbirError
        If not; the message says `what` they are of and names the first bad row.
    """
    features = torch.as_tensor(features).float()
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
